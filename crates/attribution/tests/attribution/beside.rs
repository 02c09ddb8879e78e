//! Where agencies' assessments and the model disagree, and on which evidence.

use std::collections::BTreeMap;

use blanik_attribution::disagreement::{MODEL, disagreements};
use blanik_attribution::fitted::Fitted;
use blanik_attribution::knowledge::Knowledge;
use blanik_attribution::observe::Observation;
use blanik_attribution::pool::{Assessment, pool};
use blanik_attribution::verdict::Judge;
use serde_json::json;

#[test]
fn who_disagrees_is_shown_the_evidence_between_them() {
    let judge = Judge::new(Knowledge::builtin(), Fitted::builtin());
    let items: Vec<Observation> = serde_json::from_value(json!([
        {"id": "t", "feature": {"technique": "T1059.001"}, "grade": "B2", "source": "hunt"},
        {"id": "relay", "feature": {"infrastructure": {"value": "relays", "to": ["G0128"]}}, "grade": "A1", "source": "ally"},
        {"id": "claim", "feature": {"claim": {"value": "they say so", "to": ["G0016"]}}, "grade": "B2", "source": "agency"},
    ]))
    .unwrap();
    let verdict = judge.judge(&items, None, false).unwrap();
    let agency = |name: &str, of: &[(&str, f64)]| Assessment {
        agency: name.into(),
        probabilities: of.iter().map(|(h, p)| ((*h).to_owned(), *p)).collect::<BTreeMap<_, _>>(),
    };
    let pooled = pool(&[
        agency("A", &[("G0128", 0.9), ("G0016", 0.1)]),
        agency("B", &[("G0016", 0.9), ("G0128", 0.1)]),
    ]);
    let found = disagreements(&verdict, &pooled);
    assert_eq!(found.len(), 3);
    let between = found.iter().find(|d| d.one == "A" && d.other == "B").unwrap();
    assert_eq!((between.more.0.as_str(), between.less.0.as_str()), ("G0128", "G0016"));
    let on: Vec<&str> = between.on.iter().map(|t| t.item.as_str()).collect();
    assert_eq!(on[0], "relay");
    assert!(on.contains(&"claim") && between.on[0].decibans > 0.0);
    assert!(found.iter().any(|d| d.other == MODEL));
    // The same words: nothing to disagree on.
    let same = pool(&[agency("A", &[("G0128", 1.0)]), agency("B", &[("G0128", 1.0)])]);
    assert!(!disagreements(&verdict, &same).iter().any(|d| d.other == "B"));
}
