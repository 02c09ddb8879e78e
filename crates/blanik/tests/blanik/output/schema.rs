//! `docs/FINDINGS.md` names every field of a finding, and nothing else.

use std::collections::BTreeSet;

use blanik_model::{IndicatorHit, IndicatorType};

use super::sample;

fn documented() -> Vec<(String, String)> {
    let page = include_str!("../../../../../docs/FINDINGS.md");
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        (cells[1].trim_matches('`').to_owned(), cells[2].to_owned())
    })
    .collect()
}

#[test]
fn every_field_is_documented_with_its_type() {
    let mut full = sample::findings(200, 60)
        .into_iter()
        .find(|f| f.raw.is_some() && f.status.is_some() && f.account.is_some())
        .expect("one has it all");
    full.indicator = Some(Box::new(IndicatorHit {
        ty: IndicatorType::Domain,
        value: "evil.example".into(),
        partial: false,
        statements: vec![],
    }));
    full.correlation = sample::correlated().correlation;
    full.tool = Some("suricata".into());
    let with_all = serde_json::to_value(&full).expect("serializes");
    full.indicator = None;
    (full.status, full.time, full.host, full.account, full.raw) = (None, None, None, None, None);
    (full.correlation, full.tool) = (None, None);
    let with_least = serde_json::to_value(&full).expect("serializes");

    let names: BTreeSet<String> = documented().into_iter().map(|(name, _)| name).collect();
    let actual: BTreeSet<String> =
        with_all.as_object().expect("an object").keys().cloned().collect();
    assert_eq!(names, actual);

    for (name, ty) in documented() {
        let (all, least) = (&with_all[&name], with_least.get(&name));
        let expected = match all {
            serde_json::Value::String(_) => "string",
            serde_json::Value::Number(_) => "number",
            serde_json::Value::Array(_) => "list of strings",
            serde_json::Value::Object(_) => "object",
            other => panic!("{name}: {other}"),
        };
        let expected = match least {
            None => format!("{expected}, may be absent"),
            Some(serde_json::Value::Null) => format!("{expected} or null"),
            Some(_) => expected.to_owned(),
        };
        assert_eq!(ty, expected, "{name}");
    }
}

#[test]
fn the_example_is_a_finding() {
    let page = include_str!("../../../../../docs/FINDINGS.md");
    let example = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
    let example = example.expect("the page has an example");
    let finding: blanik_model::Finding = serde_json::from_str(example).expect("it is a finding");
    let written = serde_json::to_value(&finding).expect("serializes");
    assert_eq!(written, serde_json::from_str::<serde_json::Value>(example).expect("JSON"));
}
