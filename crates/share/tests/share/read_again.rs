//! What we publish is read again: by our own intake of intelligence, and by our own loader of rules.

use std::collections::BTreeSet;

use blanik_detect::{Document, Rules, compile::Options};
use blanik_model::IndicatorType;
use blanik_share::{Intake, ListAs, export};

use crate::example::{indicators, publication};

type Found = BTreeSet<(IndicatorType, String)>;

fn file(name: &str) -> Vec<u8> {
    export::all(&publication()).into_iter().find(|(n, _)| n == name).unwrap().1
}

fn taken(name: &str) -> Found {
    let mut intake = Intake::new();
    intake.read(name, &file(name), &ListAs::default());
    let set = intake.set.finish();
    set.firsts().map(|ix| (set.ty(ix), set.value(ix).to_owned())).collect()
}

/// All of the example but those kinds, and what is written as a formula would be.
fn all_but(left_out: &[IndicatorType]) -> Found {
    let kept = indicators().into_iter().filter(|i| !left_out.contains(&i.kind));
    kept.map(|i| (i.kind, i.value)).collect()
}

fn missing(found: &Found, expected: &Found) -> Vec<(IndicatorType, String)> {
    expected.difference(found).cloned().collect()
}

#[test]
fn of_stix() {
    use IndicatorType::*;
    // No path of a pattern is a JA3 or JA4; a path, a URL of either scheme are patterns of several values.
    let expected = all_but(&[Ja3, Ja4, FilePath, Url, Pattern]);
    let found = taken("stix/bundle.json");
    assert_eq!(missing(&found, &expected), []);
    assert_eq!(found.len(), indicators().len() - 2, "{found:?}");
}

#[test]
fn of_misp() {
    use IndicatorType::*;
    let expected = all_but(&[Ja4, Pattern, Network, FilePath, Certificate]);
    assert_eq!(missing(&taken("misp/event.json"), &expected), []);
}

#[test]
fn of_the_table() {
    let mut expected = all_but(&[IndicatorType::Pattern]);
    expected.remove(&(IndicatorType::FileName, "=cmd.exe".to_owned()));
    assert_eq!(missing(&taken("indicators/indicators.csv"), &expected), []);
}

#[test]
fn sigma_rules_are_rules() {
    let rules: Vec<Document> = export::all(&publication())
        .into_iter()
        .filter(|(name, _)| name.starts_with("indicators/sigma/"))
        .map(|(origin, text)| Document { origin, text: String::from_utf8(text).unwrap() })
        .collect();
    assert_eq!(rules.len(), 4);
    let (compiled, problems) = Rules::compile(&rules, &Options::default());
    assert_eq!(problems, []);
    assert_eq!(compiled.len(), 4);
    for document in &rules {
        let rule: serde_json::Value = yaml_serde::from_str(&document.text).unwrap();
        let id: uuid::Uuid = rule["id"].as_str().unwrap().parse().unwrap();
        assert_eq!(id.get_version_num(), 5);
        assert!(document.text.contains("tlp.green"), "{}", document.text);
    }
    assert!(rules[0].text.contains("compatible; \\*"), "a wildcard is plain: {}", rules[0].text);
}
