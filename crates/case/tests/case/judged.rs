//! What analysts say, what goes with what they dismiss, and what is undone.

use blanik_model::finding::{Correlated, CorrelatedEvent, Fields};
use blanik_model::record::{Judged, Noted, Tied};
use blanik_model::{Fact, Level, OwnedValue, Record};

use crate::invented::{WEEK, case, finding, found, intruder, json, ordinary, record, time};

fn dismissed(on: u64) -> Record {
    record(Fact::Dismissed(Judged { on, why: "a test".into() }))
}

fn undone(on: u64) -> Record {
    record(Fact::Undone(Judged { on, why: String::new() }))
}

fn correlation(of: &blanik_model::Finding) -> blanik_model::Finding {
    let mut finding = finding("many", Level::High, "discovery", "host1", WEEK + 9_000, &[]);
    finding.correlation = Some(Box::new(Correlated {
        ty: "event_count".into(),
        group_by: Fields::default(),
        timespan: "10m".into(),
        condition: "≥ 1".into(),
        value: OwnedValue::from("1"),
        value_max: OwnedValue::from("1"),
        first: time(WEEK),
        last: time(WEEK),
        events: vec![CorrelatedEvent {
            rule_id: of.rule_id.clone(),
            time: time(WEEK),
            source: of.source.clone(),
            record: of.record,
        }],
        further_events: 0,
    }));
    finding
}

#[test]
fn dismissing_takes_along_what_rested_on_it_and_can_be_undone() {
    let one = finding("one", Level::High, "execution", "host1", WEEK + 8_000, &[]);
    let base = vec![found(one.clone()), found(correlation(&one))];
    let before = case(base.clone());
    let mut records = base;
    records.push(dismissed(0));
    let without = case(records.clone());
    assert_eq!((without.observations.len(), &without.taken_along[..]), (0, &[1][..]));
    records.push(undone(2));
    let back = case(records.clone());
    assert_eq!(back.observations, before.observations);
    // Undoing is undone, too.
    records.push(undone(3));
    assert_eq!(case(records).observations.len(), 0);
}

#[test]
fn dismissing_all_of_an_intruder_leaves_no_intrusion() {
    let mut records = ordinary();
    let first = records.len() as u64;
    records.extend(intruder("mole", "203.0.113.9", &["host1", "host2"], 100));
    let last = records.len() as u64;
    assert_eq!(case(records.clone()).intrusions.found.len(), 1);
    records.extend((first..last).map(dismissed));
    assert_eq!(case(records).intrusions.found.len(), 0);
}

#[test]
fn an_analyst_ties_and_unties() {
    let mut records = ordinary();
    let mole = records.len() as u64;
    records.extend(intruder("mole", "203.0.113.9", &["host1", "host2"], 60));
    let rat = records.len() as u64;
    records.extend(intruder("rat", "198.51.100.7", &["host3", "host4"], 120));
    assert_eq!(case(records.clone()).intrusions.found.len(), 2);
    let tied = Tied { a: mole, b: rat, why: "the same tool".into() };
    records.push(record(Fact::Linked(tied.clone())));
    let one = case(records.clone());
    assert_eq!(one.intrusions.found.len(), 1);
    assert!(one.views()[0].links.iter().any(|l| l.text().contains("the same tool")));
    records.push(record(Fact::Unlinked(tied)));
    assert_eq!(case(records).intrusions.found.len(), 2);
}

#[test]
fn what_is_held_for_true_is_an_intrusion_however_weak() {
    let mut records = ordinary();
    let at = records.len() as u64;
    records.push(found(finding("faint", Level::Low, "execution", "host5", WEEK + 90 * 3600, &[])));
    assert_eq!(case(records.clone()).intrusions.found.len(), 0);
    records.push(record(Fact::Confirmed(Judged { on: at, why: String::new() })));
    assert_eq!(case(records).intrusions.found.len(), 1);
}

#[test]
fn a_note_changes_nothing_but_the_notes() {
    let mut records = ordinary();
    let before = case(records.clone());
    records.push(record(Fact::Noted(Noted { on: None, text: "hm".into() })));
    let after = case(records.clone());
    assert_eq!(after.observations, before.observations);
    assert_eq!(after.notes(None).count(), 1);
    assert_eq!(json(&after), json(&case(records)));
}
