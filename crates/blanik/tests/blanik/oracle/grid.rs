//! Each part of a selection, on each of a row of telling events: what real telemetry may never show.

use std::collections::BTreeSet;
use std::sync::Arc;

use blanik_detect::{Document, Options, Rules, Scanner};
use blanik_model::{EventBatch, Kind, ListBuilder, RawBlock, SourceId, Value};
use rsigma_eval::{JsonEvent, compile_rule, evaluate_rule};
use rsigma_parser::parse_sigma_yaml;

use super::settled::{CLASSES, Class, GRID};

/// What stands under `s:` in a rule with the condition `s`.
const SELECTIONS: &[&str] = &[
    "{A: whoami}",
    "{A: ''}",
    "{A: null}",
    "{A: [null, '']}",
    "{A: 7}",
    "{A: 7.5}",
    "{A: '7'}",
    "{A: true}",
    "{A: 'true'}",
    "{A: '*'}",
    "{A: '?*'}",
    "{A: 'a*c'}",
    "{A: 'a?c'}",
    r"{A: 'a\*c'}",
    r"{A: 'C:\\*'}",
    r"{A: '*\cmd.exe'}",
    "{A: 'ŽLUŤ*'}",
    "{A: 'straße'}",
    "{A|contains: ab}",
    "{A|contains: 7}",
    "{A|contains: 'a*c'}",
    "{A|contains: ''}",
    "{A|contains|all: [a, c]}",
    "{A|startswith: ab}",
    "{A|startswith: 'ab*c'}",
    "{A|endswith: bc}",
    "{A|endswith: 'y*c'}",
    "{A|cased: abc}",
    "{A|contains|cased: AB}",
    "{A|re: '^a.c$'}",
    "{A|re: 'A.C'}",
    "{A|re|i: 'A.C'}",
    "{A|re|s: 'a.c'}",
    "{A|re|m: '^c$'}",
    r"{A|re: '\\cmd\.exe'}",
    r"{A|re: 'a\*c'}",
    "{A|exists: true}",
    "{A|exists: false}",
    "{A|neq: abc}",
    "{A|neq: [abc, whoami]}",
    "{A|contains|neq: a}",
    "{A|neq: 7}",
    "{A|gt: 7}",
    "{A|gte: 7}",
    "{A|lt: 7}",
    "{A|lte: 7.5}",
    "{A|cidr: 10.0.0.0/8}",
    "{A|cidr: fe80::/10}",
    "{A|fieldref: B}",
    "{A|fieldref|neq: B}",
    "{A|fieldref|startswith: B}",
    "{A|fieldref|contains: B}",
    "{A|cased|fieldref: B}",
    "{A|contains|windash: ' -x'}",
    "{A|contains|windash: ' /x'}",
    "{A|contains|windash: 'a-b'}",
    "{A|windash: '* -x*'}",
    "{A|base64: abc}",
    "{A|contains|base64: abc}",
    "{A|base64offset|contains: http}",
    "{A|wide|base64offset|contains: ab}",
    "{A|utf16be|base64: a}",
    "{A|utf16|base64: a}",
    "{A|hour: 14}",
    "{A|minute: 5}",
    "{A|day: 3}",
    "{A|week: 1}",
    "{A|month: 1}",
    "{A|year: 2022}",
    "{A: abc, B: abc}",
    "[{A: abc}, {B: abc}]",
    "[abc]",
    "['a*c']",
    "[70]",
    "{'|all': [xab, bcx]}",
    "{'|all': [abc, whoami]}",
    "{'|contains|all': [ab, bc]}",
    "{'|re': 'a.c'}",
    "{A|all: abc}",
    "{A|contains|all: [abc]}",
    "{A|cidr: 10.0.0.1}",
    "{A|re: '(?=a)b'}",
    "{A|i: abc}",
    "{A|re|contains: abc}",
    "{A|gt: abc}",
    "{A|exists: maybe}",
    "{A|contains: null}",
    "{A|base64: 'a*c'}",
];

/// Fields of events, as JSON.
const EVENTS: &[&str] = &[
    "{}",
    r#"{"B": "abc"}"#,
    r#"{"A": null}"#,
    r#"{"A": ""}"#,
    r#"{"A": "whoami"}"#,
    r#"{"A": "WhoAmI"}"#,
    r#"{"A": "abc"}"#,
    r#"{"A": "ABC"}"#,
    r#"{"A": "xabcx"}"#,
    r#"{"A": "abc xyz"}"#,
    r#"{"A": "xyz abc"}"#,
    r#"{"A": "a\nc"}"#,
    r#"{"A": "a\nb\nc"}"#,
    r#"{"A": "b\nc"}"#,
    r#"{"A": "a*c"}"#,
    r#"{"A": "C:\\cmd.exe"}"#,
    r#"{"A": "žluťoučký"}"#,
    r#"{"A": "STRASSE"}"#,
    r#"{"A": "STRAẞE"}"#,
    r#"{"A": 7}"#,
    r#"{"A": 7.0}"#,
    r#"{"A": 7.5}"#,
    r#"{"A": 70}"#,
    r#"{"A": "7"}"#,
    r#"{"A": "07"}"#,
    r#"{"A": "7.0"}"#,
    r#"{"A": "0x7"}"#,
    r#"{"A": 1}"#,
    r#"{"A": true}"#,
    r#"{"A": "True"}"#,
    r#"{"A": "yes"}"#,
    r#"{"A": []}"#,
    r#"{"A": [null]}"#,
    r#"{"A": ["abc", "whoami"]}"#,
    r#"{"A": ["ab", "bc"]}"#,
    r#"{"A": [6, 8]}"#,
    r#"{"A": "10.1.2.3"}"#,
    r#"{"A": "fe80::1"}"#,
    r#"{"A": "::ffff:10.1.2.3"}"#,
    r#"{"A": "abc", "B": "ABC"}"#,
    r#"{"A": "abc", "B": "ab"}"#,
    r#"{"A": "abc", "B": ""}"#,
    r#"{"A": "abc", "B": null}"#,
    r#"{"A": null, "B": null}"#,
    r#"{"A": 7, "B": "7"}"#,
    r#"{"A": 7, "B": 7.0}"#,
    r#"{"A": ["x", "abc"], "B": "abc"}"#,
    r#"{"A": "abc", "B": ["x", "abc"]}"#,
    r#"{"A": "ab", "B": "bc"}"#,
    r#"{"A": "abc", "B": "whoami"}"#,
    r#"{"A": "c -x"}"#,
    r#"{"A": "c /x"}"#,
    r#"{"A": "c \u2013x"}"#,
    r#"{"A": "a-b"}"#,
    r#"{"A": "a/b"}"#,
    r#"{"A": "YWJj"}"#,
    r#"{"A": "ywjj"}"#,
    r#"{"A": "xYWJjx"}"#,
    r#"{"A": "aHR0cDovL2E="}"#,
    r#"{"A": "eGh0dHA6Ly9h"}"#,
    r#"{"A": "YQBiAGMA"}"#,
    r#"{"A": "AGE="}"#,
    r#"{"A": "//5hAA=="}"#,
    r#"{"A": "2022-01-03T14:05:06Z"}"#,
    r#"{"A": "2022-01-03 14:05:06"}"#,
    r#"{"A": "2022-01-03T16:05:06+02:00"}"#,
    r#"{"A": 1641218706}"#,
    r#"{"A": 1641218706000}"#,
    r#"{"A": "1641218706"}"#,
];

type Object = serde_json::Map<String, serde_json::Value>;

/// Which events meet the selection; `None` if it is refused.
type Answer = Option<BTreeSet<usize>>;

fn rule(selection: &str) -> String {
    format!(
        "title: t\nid: t\nlogsource: {{product: p}}\ndetection:\n    s: {selection}\n    condition: s\n"
    )
}

fn ours(selection: &str, events: &[Object]) -> Answer {
    let document = Document { origin: "t".into(), text: rule(selection) };
    let (rules, problems) = Rules::compile([&document], &Options::default());
    if problems.iter().any(|p| p.fatal) {
        return None;
    }
    let kind = Kind { product: Some("p".into()), ..Kind::default() };
    let mut batch = EventBatch::new(Arc::new(kind));
    let block: RawBlock = Arc::new(Vec::new());
    for (i, event) in events.iter().enumerate() {
        batch.begin_row(None, SourceId(0), i as u64, i as u64, &block, 0..0);
        event.iter().for_each(|(name, value)| with(value, &mut |v| batch.set(name, v)));
    }
    let mut met = BTreeSet::new();
    Scanner::new(Arc::new(rules)).scan(&batch, |row, _| met.extend([row]));
    Some(met)
}

/// Calls with the value as batches have it.
fn with(json: &serde_json::Value, f: &mut dyn FnMut(Value<'_>)) {
    match json {
        serde_json::Value::Null => f(Value::NULL),
        serde_json::Value::Bool(b) => f(Value::bool(*b)),
        serde_json::Value::Number(n) => f(Value::number(&n.to_string())),
        serde_json::Value::String(s) => f(Value::string(s)),
        serde_json::Value::Array(members) => {
            let mut list = ListBuilder::default();
            members.iter().for_each(|m| with(m, &mut |v| list.push(v)));
            f(list.value());
        }
        serde_json::Value::Object(_) => unreachable!("events are flat"),
    }
}

fn theirs(selection: &str, events: &[Object]) -> Answer {
    let parsed = parse_sigma_yaml(&rule(selection)).ok()?;
    let rule = compile_rule(parsed.rules.first()?).ok()?;
    let meets = |event: &Object| {
        let event = serde_json::Value::Object(event.clone());
        evaluate_rule(&rule, &JsonEvent::borrow(&event)).is_some()
    };
    Some((0..events.len()).filter(|i| meets(&events[*i])).collect())
}

/// The selection and the event (or `refused`) for which the two differ, and who says yes.
type Cell = (String, String, bool);

fn differences() -> BTreeSet<Cell> {
    let events: Vec<Object> =
        EVENTS.iter().map(|e| serde_json::from_str(e).expect("JSON objects")).collect();
    let mut found = BTreeSet::new();
    for selection in SELECTIONS {
        let (ours, theirs) = (ours(selection, &events), theirs(selection, &events));
        let (Some(ours), Some(theirs)) = (&ours, &theirs) else {
            if ours.is_some() != theirs.is_some() {
                found.insert(((*selection).to_owned(), "compiles".to_owned(), ours.is_some()));
            }
            continue;
        };
        for i in ours.symmetric_difference(theirs) {
            found.insert(((*selection).to_owned(), EVENTS[*i].to_owned(), ours.contains(i)));
        }
    }
    found
}

#[test]
fn both_read_selections_alike_but_where_settled() {
    let settled: BTreeSet<Cell> = GRID
        .iter()
        .flat_map(|s| s.events.iter().map(|e| (s.selection.to_owned(), (*e).to_owned(), s.ours)))
        .collect();
    let found = differences();
    let show = |cells: Vec<&Cell>| -> String {
        cells.iter().map(|(s, e, o)| format!("{s}\t{e}\tours {o}\n")).collect()
    };
    let new = show(found.difference(&settled).collect());
    assert!(new.is_empty(), "differences that nobody settled:\n{new}");
    let gone = show(settled.difference(&found).collect());
    assert!(gone.is_empty(), "settled differences that are no more:\n{gone}");
}

#[test]
fn each_class_of_differences_has_an_example() {
    for class in CLASSES {
        assert!(GRID.iter().any(|s| s.class.name == class.name), "{}", class.name);
    }
}

#[test]
fn the_page_on_conformance_lists_the_differences() {
    let page = include_str!("../../../../../docs/CONFORMANCE.md");
    for class in CLASSES {
        let Class { name, right, clause, why } = class;
        let row = format!("| {name} | {right:?} | {clause} | {why} |");
        assert!(page.contains(&row), "docs/CONFORMANCE.md should have the line\n{row}");
    }
}
