//! How an intruder moved: the logons that tie, the places where things happened, and what is no gap.

use blanik_case::Case;
use blanik_case::link::Reason;
use blanik_case::place::Site;
use blanik_model::record::{Addressed, Covered, LoggedOn, Span};
use blanik_model::{Fact, Finding, Level, Record};

use crate::invented::{WEEK, case, finding, found, intruder, ordinary, record, time};

const HOUR: i64 = 3600;

/// A logon of `svc-x`, in these hours of the week, ten minutes before the full hour.
fn logged_on(from: &str, to: &str, hours: &[i64]) -> Record {
    let at = |hour: &i64| time(WEEK + hour * HOUR - 600);
    let spans = hours.iter().map(|h| Span { first: at(h), last: at(h), events: 1 });
    record(Fact::LoggedOn(Box::new(LoggedOn {
        host: to.into(),
        account: "svc-x".into(),
        from: from.into(),
        first: at(hours.first().expect("an hour")),
        last: at(hours.last().expect("an hour")),
        records: hours.len() as u64,
        hours: spans.collect(),
        more: false,
    })))
}

fn addressed(host: &str, address: &str) -> Record {
    record(Fact::Addressed(Addressed {
        host: host.into(),
        address: address.into(),
        first: time(WEEK),
        last: time(WEEK),
        records: 1,
    }))
}

/// Two that have nothing in common: on host1 from hour 60, on host4 from hour 120 of the week.
fn strangers() -> Vec<Record> {
    let mut records = ordinary();
    records.extend(intruder("mole", "203.0.113.9", &["host1", "host2"], 60));
    records.extend(intruder("rat", "198.51.100.7", &["host4", "host5"], 120));
    // Backups come by every day, so that routes are known for the week.
    records.push(logged_on("host0", "host3", &(0..160).step_by(24).collect::<Vec<_>>()));
    records
}

fn routes_of(case: &Case) -> Vec<String> {
    let links = case.intrusions.found.iter().flat_map(|i| &i.links);
    let of_routes = links.filter(|l| matches!(l.reason, Reason::Route(_)));
    of_routes.map(|l| l.sentence(&case.observations).text().to_owned()).collect()
}

#[test]
fn a_rare_logon_leads_from_one_host_to_another() {
    assert_eq!(case(strangers()).intrusions.found.len(), 2);
    let mut records = strangers();
    records.push(addressed("host2.mzv.example", "10.0.0.2"));
    records.push(logged_on("10.0.0.2", "HOST4.mzv.example", &[120]));
    let route = records.len() as u64 - 1;
    let case = case(records);
    assert_eq!(case.intrusions.found.len(), 1);
    let said = &routes_of(&case)[0];
    assert!(said.starts_with("svc-x logged on from host2 to host4 at "), "{said}");
    let view = &case.views()[0];
    let moved = view.timeline.story.moved.iter().find(|s| s.text().contains("svc-x"));
    let moved = moved.expect("the logon is told");
    assert!(moved.text().contains("svc-x logged on from host2 to host4."));
    assert_eq!(moved.rests_on().indexes(), [route]);
    assert!(view.graph.edges.iter().any(|e| {
        let name = |at: usize| &*view.graph.nodes[at].entity.name;
        (name(e.host), name(e.other)) == ("host2", "host4")
    }));
}

#[test]
fn a_way_taken_every_day_leads_nowhere() {
    let mut records = strangers();
    let daily: Vec<i64> = (0..160).step_by(12).collect();
    records.push(logged_on("host2", "host4", &daily));
    let case = case(records);
    assert_eq!(routes_of(&case), Vec::<String>::new());
    assert_eq!(case.intrusions.found.len(), 2);
}

#[test]
fn what_ties_for_long_does_not_end_at_something_lesser() {
    let bad = |rule: &str, level, hour: i64| {
        found(finding(rule, level, "execution", "host3", WEEK + hour * HOUR, &[("User", "x")]))
    };
    let mut records = ordinary();
    records.extend([
        bad("a", Level::High, 20),
        bad("b", Level::Medium, 60),
        bad("c", Level::High, 130),
    ]);
    let case = case(records);
    let lead = &case.intrusions.leads[0];
    let rules: Vec<&str> = lead.core.iter().map(|i| &*case.observations[*i].rule).collect();
    assert_eq!(rules, ["a", "c"]);
}

fn in_the_cloud(rule: &str, account: Option<&str>, hour: i64) -> Record {
    let mut of = finding(rule, Level::High, "collection", "mzv.example", WEEK + hour * HOUR, &[]);
    of.kind = "m365/exchange".into();
    of.account = account.map(str::to_owned);
    found(of)
}

#[test]
fn a_tenant_is_no_host_and_its_accounts_are_places() {
    let mut records = ordinary();
    records.push(in_the_cloud("a", Some("Novak@mzv.example"), 100));
    records.push(in_the_cloud("b", Some("novak@mzv.example"), 100));
    records.push(in_the_cloud("c", Some("svoboda@mzv.example"), 100));
    records.push(in_the_cloud("d", None, 100));
    let case = case(records);
    let of = |rule: &str| case.observations.iter().find(|o| o.rule == rule).expect("it was found");
    assert_eq!((of("a").host.as_str(), of("a").site), ("novak@mzv.example", Site::Account));
    assert_eq!((of("d").host.as_str(), of("d").site), ("mzv", Site::Elsewhere));
    let sizes: Vec<usize> = case.intrusions.leads.iter().map(|l| l.core.len()).collect();
    assert_eq!(sizes, [2, 1, 1]);
}

/// Of what two intruders leave in a week; and then a lead of these records.
fn with_lead(lead: impl IntoIterator<Item = Record>) -> Case {
    let mut records = strangers();
    records.push(addressed("host2.mzv.example", "10.0.0.2"));
    records.push(logged_on("10.0.0.2", "HOST3.mzv.example", &[70]));
    let on_host3 = finding("c", Level::Medium, "persistence", "host3", WEEK + 70 * HOUR, &[]);
    records.push(found(on_host3));
    records.extend(lead);
    case(records)
}

/// To which of the intrusions the lead of rule `x` belongs, for it held what the lead is about; and the reason.
fn taken_into(case: &Case) -> Option<(usize, String)> {
    case.intrusions.found.iter().enumerate().find_map(|(at, intrusion)| {
        let of_lead = intrusion
            .links
            .iter()
            .find(|l| matches!(l.reason, Reason::Held(..)) && case.observations[l.b].rule == "x")?;
        Some((at, of_lead.sentence(&case.observations).text().to_owned()))
    })
}

/// The intrusion that the address's owner made.
fn of_address(case: &Case, address: &str) -> Option<usize> {
    let names = |o: &usize| case.observations[*o].entities.iter().any(|e| *e.name == *address);
    case.intrusions.found.iter().position(|i| i.core.iter().any(names))
}

#[test]
fn the_account_by_which_somebody_moved_is_theirs_in_the_cloud_too() {
    let mail = |account| in_the_cloud("x", Some(account), 150);
    let moved = with_lead([mail("svc-x@mzv.example")]);
    let (into, said) = taken_into(&moved).expect("a reason");
    assert_eq!(Some(into), of_address(&moved, "203.0.113.9"));
    assert!(said.contains("account svc-x, which was the intruder's"), "{said}");
    assert_eq!(taken_into(&with_lead([mail("svc-y@mzv.example")])), None);
}

#[test]
fn a_rare_address_outside_ties_whatever_tells_of_it() {
    let sent = |to: &str| {
        let ends = [("id.orig_h", "10.0.0.77"), ("id.resp_h", to)];
        let at = WEEK + 150 * HOUR;
        found(finding("x", Level::Medium, "exfiltration", "host7", at, &ends))
    };
    let case = with_lead([sent("198.51.100.7")]);
    let (into, said) = taken_into(&case).expect("a reason");
    assert_eq!(Some(into), of_address(&case, "198.51.100.7"));
    assert!(said.contains("address 198.51.100.7, which was the intruder's"), "{said}");
    assert_eq!(taken_into(&with_lead([sent("198.51.100.8")])), None);
    let ours = [addressed("host5.mzv.example", "198.51.100.7"), sent("198.51.100.7")];
    assert_eq!(taken_into(&with_lead(ours)), None);
}

#[test]
fn what_leaves_a_held_machine_is_the_intruders() {
    let after = |tactic: &str, host: &str| {
        found(finding("x", Level::Medium, tactic, host, WEEK + 150 * HOUR, &[]))
    };
    let case = with_lead([after("exfiltration", "host2")]);
    let (into, said) = taken_into(&case).expect("a reason");
    assert_eq!(Some(into), of_address(&case, "203.0.113.9"));
    assert!(said.contains("host host2, which was the intruder's"), "{said}");
    assert_eq!(taken_into(&with_lead([after("discovery", "host2")])), None);
    assert_eq!(taken_into(&with_lead([after("exfiltration", "host0")])), None);
    let earlier = |hour: i64| {
        found(finding("x", Level::Medium, "exfiltration", "host2", WEEK + hour * HOUR, &[]))
    };
    assert_eq!(taken_into(&with_lead([earlier(30)])), None);
    assert!(taken_into(&with_lead([earlier(90)])).is_some());
}

#[test]
fn an_account_on_which_passwords_were_tried_is_nobodys_yet() {
    let in_account = |rule: &str, level, tactic: &str, hour: i64, address: &str| {
        let fields = [("src_ip", address)];
        let mut of = finding(rule, level, tactic, "mzv.example", WEEK + hour * HOUR, &fields);
        of.kind = "m365/exchange".into();
        of.account = Some("novak@mzv.example".into());
        found(of)
    };
    let later = || in_account("x", Level::High, "collection", 150, "192.0.2.55");
    let before = |tactic| in_account("b", Level::Medium, tactic, 61, "203.0.113.9");
    let tried = with_lead([before("credential-access"), later()]);
    assert_eq!(taken_into(&tried), None);
    // Who read the mail may come back from another address.
    let case = with_lead([before("collection"), later()]);
    let (into, said) = taken_into(&case).expect("a reason");
    assert_eq!(Some(into), of_address(&case, "203.0.113.9"));
    assert!(said.contains("account novak, which was the intruder's"), "{said}");
}

#[test]
fn an_account_of_which_each_machine_has_its_own_is_not_held_by_a_way() {
    let mut records = strangers();
    records.push(addressed("host2.mzv.example", "10.0.0.2"));
    let Fact::LoggedOn(mut logon) = logged_on("10.0.0.2", "HOST3.mzv.example", &[70]).fact else {
        unreachable!("a logon");
    };
    logon.account = "root".into();
    records.push(record(Fact::LoggedOn(logon)));
    let at = |hour| WEEK + hour * HOUR;
    records.push(found(finding("c", Level::Medium, "persistence", "host3", at(70), &[])));
    let by_root = [("User", "root")];
    records.push(found(finding("x", Level::High, "discovery", "host0", at(150), &by_root)));
    let case = case(records);
    assert!(routes_of(&case).iter().any(|said| said.starts_with("root logged on")));
    assert_eq!(taken_into(&case), None);
}

#[test]
fn what_many_name_is_one_reason_and_counts_each_record_once() {
    let case = case(strangers());
    let views = case.views();
    let reasons = &views[0].links;
    let said: Vec<&str> = reasons.iter().map(blanik_case::Sentence::text).collect();
    let named = said.iter().filter(|text| text.starts_with("They name address")).count();
    assert_eq!(named, 1, "{said:?}");
    let of_address = reasons.iter().find(|s| s.text().starts_with("They name address"));
    let rests_on = of_address.expect("it ties").rests_on();
    let records = rests_on.indexes().len() as u64 + rests_on.further();
    let core = &case.intrusions.found[0].core;
    assert!(records <= core.len() as u64, "{records} of {}", core.len());
    let places = ["They name", "Both happened on", "\""];
    let rank = |text: &str| places.iter().position(|begin| text.starts_with(begin));
    assert!(said.is_sorted_by_key(|text| rank(text)), "{said:?}");
}

#[test]
fn a_correlation_over_a_tenant_is_on_no_machine() {
    let correlated = |host: &str| {
        let mut of = finding("x", Level::High, "credential-access", host, WEEK + 100 * HOUR, &[]);
        of.kind = "correlation".into();
        found(of)
    };
    let mut records = ordinary();
    records.push(in_the_cloud("a", Some("novak@mzv.example"), 100));
    records.extend([correlated("mzv.example"), correlated("host3.mzv.example")]);
    let case = case(records);
    let places = case.observations.iter().filter(|o| o.rule == "x");
    let places: Vec<(&str, Site)> = places.map(|o| (o.host.as_str(), o.site)).collect();
    assert_eq!(places, [("host3", Site::Machine), ("mzv", Site::Elsewhere)]);
}

fn connection(rule: &str, from: &str, to: &str) -> Finding {
    let ends = [("id.orig_h", from), ("id.resp_h", to)];
    finding(rule, Level::High, "initial-access", from, WEEK + 100 * HOUR, &ends)
}

#[test]
fn a_connection_from_outside_happened_on_the_end_inside() {
    let mut records = ordinary();
    records.push(found(connection("in", "203.0.113.9", "10.0.0.4")));
    records.push(found(connection("past", "203.0.113.9", "198.51.100.1")));
    records.push(addressed("WEB", "10.0.0.4"));
    let case = case(records);
    let place = |rule: &str| {
        let o = case.observations.iter().find(|o| o.rule == rule).expect("it was found");
        (o.host.clone(), o.site)
    };
    assert_eq!(place("in"), ("web".to_owned(), Site::Machine));
    assert_eq!(place("past"), ("203.0.113.9".to_owned(), Site::Elsewhere));
}

#[test]
fn an_address_from_which_everyone_acts_ties_nothing() {
    let two = || {
        let mut records = ordinary();
        for (host, hour) in [("host1", 60), ("host4", 66)] {
            let at = WEEK + hour * HOUR;
            let fields = [("src_ip", "192.0.2.1")];
            records.push(found(finding(host, Level::High, "collection", host, at, &fields)));
        }
        records
    };
    assert_eq!(case(two()).intrusions.leads[0].core.len(), 2);
    let mut records = two();
    for n in 0..8 {
        let mut of = logged_on("192.0.2.1", "host1", &[n]);
        if let Fact::LoggedOn(l) = &mut of.fact {
            l.account = format!("person{n}");
        }
        records.push(of);
    }
    assert!(case(records).intrusions.leads.iter().all(|l| l.core.len() == 1));
}

#[test]
fn who_is_silent_every_night_is_silent_for_longer_if_telemetry_is_missing() {
    let day = |d: i64| Span {
        first: time(WEEK + d * 24 * HOUR + 8 * HOUR),
        last: time(WEEK + d * 24 * HOUR + 16 * HOUR),
        events: 9,
    };
    let gaps = |days: &[i64]| {
        let mut records = ordinary();
        records.push(record(Fact::Covered(Covered {
            host: Some("host1".into()),
            kind: "windows/security".into(),
            spans: days.iter().map(|d| day(*d)).collect(),
        })));
        let case = case(records);
        let last = days.last().expect("a day");
        case.watched["host1"].gaps("host1", day(0).first, day(*last).last).len()
    };
    assert_eq!(gaps(&(0..20).collect::<Vec<_>>()), 0);
    assert_eq!(gaps(&(0..10).chain(15..20).collect::<Vec<_>>()), 1);
}
