//! What was taken, as bounds: what widens them and what does not; who is cleared.

use blanik_case::exposure::{Bounds, Exposure};
use blanik_case::scope::Standing;
use blanik_model::record::{Covered, Span, Touched};
use blanik_model::{Fact, Record};

use crate::invented::{WEEK, case, intruder, ordinary, record, time};

const HOUR: i64 = 3600;
const INTRUDER: &str = "203.0.113.9";

fn touched(act: &str, address: &str, hour: i64, items: &[&str], further: u64) -> Record {
    record(Fact::Touched(Box::new(Touched {
        act: act.into(),
        first: time(WEEK + hour * HOUR),
        last: time(WEEK + hour * HOUR + 60),
        object: "minister@mzv.example".into(),
        host: None,
        account: Some("minister".into()),
        address: Some(address.into()),
        session: None,
        records: 1,
        items: items.iter().map(|s| (*s).to_owned()).collect(),
        further_items: further,
        bytes: 10,
        source: "log".into(),
        record: 1,
    })))
}

fn covered(host: &str, spans: &[(i64, i64)]) -> Record {
    covered_by("windows/security/4624", host, spans)
}

fn covered_by(kind: &str, host: &str, spans: &[(i64, i64)]) -> Record {
    let span = |(from, to): &(i64, i64)| Span {
        first: time(WEEK + from * HOUR),
        last: time(WEEK + to * HOUR),
        events: 9,
    };
    record(Fact::Covered(Covered {
        host: Some(host.into()),
        kind: kind.into(),
        spans: spans.iter().map(span).collect(),
    }))
}

fn mail(touches: Vec<Record>) -> Exposure {
    let mut records = ordinary();
    records.extend(intruder("minister", INTRUDER, &["host1", "host2"], 100));
    records.extend(touches);
    let case = case(records);
    let exposure = case.views()[0].exposure.clone();
    exposure.into_iter().find(|e| e.act == "mail").expect("mail was touched")
}

#[test]
fn mails_that_records_name_are_confirmed_and_counted_ones_possible() {
    let e = mail(vec![
        touched("mail-bind", INTRUDER, 100, &["a", "b"], 0),
        touched("mail-bind", INTRUDER, 101, &["b", "c"], 4),
    ]);
    assert_eq!(e.items, Bounds { confirmed: 3, possible: Some(7) });
}

#[test]
fn the_owners_own_reading_at_the_time_is_possible_and_no_more() {
    let e = mail(vec![
        touched("mail-bind", INTRUDER, 100, &["a"], 0),
        touched("mail-bind", "192.0.2.200", 101, &["b", "c"], 0),
    ]);
    assert_eq!(e.items, Bounds { confirmed: 1, possible: Some(3) });
}

#[test]
fn before_the_intruder_came_nothing_is_theirs() {
    let e = mail(vec![
        touched("mail-bind", INTRUDER, 100, &["a"], 0),
        touched("mail-bind", INTRUDER, 20, &["b", "c"], 0),
    ]);
    assert_eq!(e.items, Bounds { confirmed: 1, possible: Some(1) });
}

#[test]
fn a_synchronised_folder_and_throttling_have_no_upper_bound() {
    let sync = mail(vec![touched("mail-sync", INTRUDER, 100, &["\\Inbox"], 0)]);
    assert_eq!(sync.items.possible, None);
    assert!(sync.why.iter().any(|s| s.text().contains("synchronised")));
    let throttled = mail(vec![
        touched("mail-bind", INTRUDER, 100, &["a"], 0),
        touched("mail-throttled", INTRUDER, 100, &[], 0),
    ]);
    assert_eq!(throttled.items, Bounds { confirmed: 1, possible: None });
    let until = time(WEEK + 124 * HOUR).to_seconds_string();
    assert!(throttled.why.iter().any(|s| s.text().contains(&until)), "{:?}", throttled.why);
}

#[test]
fn who_was_watched_is_cleared_and_who_was_not_is_open() {
    let mut records = ordinary();
    records.extend(intruder("mole", INTRUDER, &["host1", "host2"], 100));
    records.push(covered("quiet", &[(0, 167)]));
    records.push(covered_by("zeek/conn/firewall", "heard", &[(0, 167)]));
    records.push(covered_by("zeek/conn/firewall", INTRUDER, &[(0, 167)]));
    records.push(covered("host0", &[(0, 167)]));
    records.push(covered("host4", &[(0, 40), (160, 167)]));
    let case = case(records);
    let scope = &case.views()[0].scope;
    let standing = |host: &str| {
        let found = scope.iter().find(|s| &*s.entity.name == host);
        found.map(|s| s.standing)
    };
    assert_eq!(standing("quiet"), Some(Standing::Cleared));
    // What is seen from the network alone may have anything running on it.
    assert_eq!(standing("heard"), Some(Standing::Open));
    assert_ne!(standing(INTRUDER), Some(Standing::Cleared), "an end of what was found");
    // It has findings of level medium, as ever.
    assert_ne!(standing("host0"), Some(Standing::Cleared));
    // Two hours without telemetry are not a gap, but these were all that the intruder needed.
    assert_ne!(standing("host4"), Some(Standing::Confirmed));
    assert_eq!(standing("host1"), Some(Standing::Confirmed));
}

#[test]
fn missing_telemetry_of_a_host_is_a_gap() {
    let mut records = ordinary();
    records.extend(intruder("mole", INTRUDER, &["host1", "host2"], 60));
    records.extend(intruder("mole", INTRUDER, &["host1", "host2"], 120));
    records.push(covered("host1", &[(0, 70), (118, 167)]));
    let case = case(records);
    let gaps = &case.views()[0].gaps;
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(
        gaps[0].what.text().contains("No telemetry from host1 for 48 hours")
            || gaps[0].what.text().contains("2 days"),
        "{}",
        gaps[0].what
    );
}

#[test]
fn a_mailbox_in_which_they_were_may_be_read_again_from_elsewhere() {
    let other = |hour| {
        let mut of = touched("mail-bind", "198.51.100.80", hour, &["d", "e"], 0);
        if let Fact::Touched(t) = &mut of.fact {
            t.account = Some("application".into());
        }
        of
    };
    let before = mail(vec![other(100), touched("mail-bind", INTRUDER, 101, &["a"], 0)]);
    assert_eq!(before.items, Bounds { confirmed: 1, possible: Some(1) });
    let behind = mail(vec![touched("mail-bind", INTRUDER, 100, &["a"], 0), other(101)]);
    assert_eq!(behind.items, Bounds { confirmed: 1, possible: Some(3) });
}
