//! How many intruders there are, and what ties or parts them.

use proptest::prelude::*;

use crate::invented::{WEEK, case, finding, found, intruder, json, numbered, ordinary};
use blanik_case::Case;
use blanik_case::scope::Standing;
use blanik_model::Level;

fn hosts_of(case: &Case, number: usize) -> Vec<String> {
    let mut hosts: Vec<String> = case.intrusions.found[number]
        .core
        .iter()
        .map(|i| case.observations[*i].host.clone())
        .collect();
    hosts.sort();
    hosts.dedup();
    hosts
}

#[test]
fn an_ordinary_week_holds_no_intrusion() {
    assert_eq!(case(ordinary()).intrusions.found.len(), 0);
}

#[test]
fn one_intruder_is_one_intrusion_from_host_to_host() {
    let mut records = ordinary();
    records.extend(intruder("mole", "203.0.113.9", &["host1", "host2", "host4"], 100));
    let case = case(records);
    assert_eq!(case.intrusions.found.len(), 1);
    assert_eq!(hosts_of(&case, 0), ["host1", "host2", "host4"]);
    let view = &case.views()[0];
    let moved: Vec<&str> = view.timeline.story.moved.iter().take(3).map(|s| s.text()).collect();
    assert!(moved[0].contains("First seen on host1"), "{moved:?}");
    assert!(moved[2].contains("Then seen on host4"), "{moved:?}");
    let confirmed: Vec<String> = view
        .scope
        .iter()
        .filter(|s| s.standing == Standing::Confirmed)
        .map(|s| s.entity.to_string())
        .collect();
    assert_eq!(confirmed, ["host host1", "host host2", "host host4", "account mole"]);
}

#[test]
fn two_intruders_stay_two() {
    let mut records = ordinary();
    records.extend(intruder("mole", "203.0.113.9", &["host1", "host2"], 100));
    records.extend(intruder("rat", "198.51.100.7", &["host3", "host4"], 101));
    let case = case(records);
    assert_eq!(case.intrusions.found.len(), 2);
    let mut both = [hosts_of(&case, 0), hosts_of(&case, 1)];
    both.sort();
    assert_eq!(both, [["host1", "host2"], ["host3", "host4"]]);
}

#[test]
fn two_intruders_on_one_host_at_other_times_stay_two() {
    let mut records = ordinary();
    records.extend(intruder("mole", "203.0.113.9", &["host1", "host2"], 60));
    records.extend(intruder("rat", "198.51.100.7", &["host2", "host4"], 120));
    assert_eq!(case(records).intrusions.found.len(), 2);
}

#[test]
fn what_everyone_names_ties_nothing() {
    let mut records = ordinary();
    // The same resolver in the findings of all hosts.
    for host in 0..6 {
        for i in 0..4 {
            let name = format!("host{host}");
            let at = WEEK + (90 + 10 * host) * 3600 + i * 60;
            let rule = format!("odd-{host}-{i}");
            records.push(found(finding(
                &rule,
                Level::High,
                "discovery",
                &name,
                at,
                &[("dest_ip", "10.0.0.53")],
            )));
        }
    }
    let case = case(records);
    for intrusion in case.intrusions.found.iter().chain(&case.intrusions.leads) {
        let hosts: std::collections::BTreeSet<_> =
            intrusion.core.iter().map(|i| &case.observations[*i].host).collect();
        assert_eq!(hosts.len(), 1, "{hosts:?}");
    }
}

#[test]
fn what_happens_every_day_surprises_nobody() {
    let mut records = ordinary();
    for day in 0..7 {
        records.push(found(finding(
            "backup",
            Level::High,
            "collection",
            "host1",
            WEEK + day * 86_400 + 7200,
            &[],
        )));
    }
    let case = case(records);
    let backup = case.observations.iter().zip(&case.surprise).filter(|(o, _)| o.rule == "backup");
    assert!(backup.clone().count() == 7);
    assert!(backup.map(|(_, s)| *s).fold(0.0, f64::max) < 3.2);
    assert_eq!(case.intrusions.found.len(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn any_order_of_records_makes_the_same_case(seed in any::<u64>()) {
        let mut records = ordinary();
        records.extend(intruder("mole", "203.0.113.9", &["host1", "host2"], 100));
        records.extend(intruder("rat", "198.51.100.7", &["host3", "host4"], 90));
        let in_order = numbered(records);
        let mut shuffled = in_order.clone();
        let mut state = seed | 1;
        for i in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(i, (state >> 33) as usize % (i + 1));
        }
        prop_assert_eq!(json(&Case::fold(shuffled)), json(&Case::fold(in_order)));
    }

    #[test]
    fn every_sentence_rests_on_records_that_are_there(from in 30i64..140, hosts in 1usize..4) {
        let mut records = ordinary();
        let names = ["host1", "host2", "host3"];
        records.extend(intruder("mole", "203.0.113.9", &names[..hosts], from));
        let all = records.len() as u64;
        let text = json(&case(records));
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let mut stack = vec![&value];
        while let Some(value) = stack.pop() {
            match value {
                serde_json::Value::Object(map) => {
                    if let Some(rests_on) = map.get("rests_on") {
                        let indexes = rests_on["indexes"].as_array().expect("indexes");
                        prop_assert!(!indexes.is_empty());
                        prop_assert!(indexes.iter().all(|i| i.as_u64().is_some_and(|i| i < all)));
                    }
                    stack.extend(map.values());
                }
                serde_json::Value::Array(list) => stack.extend(list),
                _ => {}
            }
        }
    }
}
