//! A sentence that says when names the record that says so.

use blanik_case::Case;
use blanik_model::{Record, Tlp};
use blanik_share::publication::{
    Log, Material, Names, Order, Publication, Publisher, Redactions, publication,
};
use serde_json::json;

use crate::example::at;

/// Findings of two rules, forty of each rule in ten minutes; later ones were put on record first.
fn records() -> Vec<(u64, Record)> {
    let found = |n: u64| {
        let (rule, minute) = match n {
            0..40 => ("Log cleared", 9 - n / 4),
            _ => ("LSASS read", 59 - (n - 40) / 4),
        };
        let time = format!("2026-03-02T08:{minute:02}:{:02}Z", 40 - (n % 4) * 10);
        let record = json!({
            "case": "c", "at": "2026-03-03T00:00:00Z", "by": "t", "type": "found",
            "rule_id": rule, "rule_title": rule, "level": "critical",
            "tags": ["attack.credential-access", "attack.t1003.001"], "kind": "windows/security",
            "time": time, "host": "ws1", "account": "svc", "matched": {}, "source": "x.evtx", "record": n, "event": {},
        });
        (n, serde_json::from_value(record).expect("a record"))
    };
    let confirmed = |(n, on): (u64, u64)| {
        let record = json!({"case": "c", "at": "2026-03-03T00:00:00Z", "by": "t", "type": "confirmed", "on": on, "why": "seen"});
        (n, serde_json::from_value(record).expect("a record"))
    };
    (0..80).map(found).chain([(80, 0), (81, 40)].map(confirmed)).collect()
}

fn published() -> Publication {
    let records = records();
    let case = Case::fold(records.iter().cloned());
    let names = Names::new([], Tlp::Red, Redactions::default(), "").expect("no names");
    let order = Order {
        intrusion: 1,
        title: None,
        publisher: Publisher { name: "CERT".into(), contact: None },
        published: at("2026-03-04T00:00:00Z"),
        victim: None,
        exercise: true,
        attributes: true,
        cosigned: Vec::new(),
        log: Log { origin: "log".into(), key: "log+0+0".into() },
    };
    let material = Material { case: &case, records: &records, names: &names };
    publication(&material, &order).expect("an intrusion")
}

#[test]
fn what_says_when_rests_on_the_records_of_that_time() {
    let p = published();
    let claim = |part: &str| {
        let claim = p.claims().find(|c| c.text.en.contains(part));
        claim.unwrap_or_else(|| panic!("{part}: {:?}", p.claims().collect::<Vec<_>>()))
    };
    let times = |part: &str| {
        let grounds = claim(part).grounds.iter().filter(|g| g.path == "/time");
        grounds.map(|g| (g.record, g.value.clone())).collect::<Vec<_>>()
    };
    let last = claim("the last that was seen");
    assert!(last.text.en.starts_with("2026-03-02 08:59 UTC"), "{}", last.text.en);
    assert_eq!((&last.cites.records[..], last.cites.further), (&[40][..], 0));
    assert_eq!(times("the last that was seen"), [(40, "2026-03-02T08:59:40Z".to_owned())]);
    let when = claim("an intruder was active");
    assert_eq!(when.cites.records, [39, 40], "{}", when.text.en);
    assert_eq!(times("an intruder was active").len(), 2);
    let first = times("the intruder was first seen");
    assert_eq!(first.iter().map(|(record, _)| *record).collect::<Vec<_>>(), [39], "{first:?}");
    assert_eq!(claim("the intruder was first seen").cites.further, 24);
}
