//! Formats of the user's own, what `fields` says of logs, and the findings of other tools.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::run;

const RULE: &str = "\
title: Door opened at night
id: 33333333-3333-4333-8333-333333333333
level: high
logsource: {product: acme, category: door}
detection:
  selection: {Action: open, Badge|startswith: X}
  other: {NeverThere|contains: y}
  condition: selection or other
---
title: Asks for what never comes
id: 44444444-4444-4444-8444-444444444444
level: low
logsource: {product: acme}
detection:
  selection: {NeverThere: y}
  condition: selection
";

const MAPPING: &str = r#"
[[format]]
name = "gate"
match = { kind = "gate", "who.badge" = true }
product = "acme"
category = "door"
host = "door"
account = ["login", "who.name"]
[format.fields]
Action = "what"
Badge = "who.badge"
[format.time]
field = "at"
format = "%d.%m.%Y %H:%M:%S"

[[format]]
name = "old gate"
product = "acme"
category = "door"
account = "who"
[format.lines]
pattern = '^(?<at>\d+) (?<door>\S+) (?<Action>\w+) by (?<who>\S+) with (?<Badge>\S+)$'
[format.time]
field = "at"
format = "epoch"
"#;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let json = r#"{"kind":"gate","at":"01.02.2024 23:00:00","door":"d1","what":"open","who":{"badge":"X1","name":"eve"}}
{"kind":"gate","at":"01.02.2024 23:00:01","door":"d1","what":"open","who":{"badge":"A1","name":"ann"}}
{"kind":"else","what":"open"}
"#;
    let text =
        "1706828400 d2 open by bob with X2\nnot a line of it\n1706828401 d2 close by bob with X2\n";
    let eve = r#"{"event_type":"alert","timestamp":"2024-02-01T23:30:00Z","src_ip":"192.0.2.1","alert":{"signature":"Bad \u001b[2J thing","signature_id":7,"severity":1}}
{"event_type":"alert","timestamp":"2024-02-01T23:31:00Z","src_ip":"192.0.2.1","alert":{"signature":"Small thing","signature_id":8,"severity":3}}
"#;
    for (name, text) in [
        ("gate.json", json),
        ("old.log", text),
        ("eve.json", eve),
        ("rules.yml", RULE),
        ("own.toml", MAPPING),
    ] {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

fn findings(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let fixed = ["hunt", "--rules", "rules.yml", "--json", "--quiet"];
    let ran = run(folder, &[&fixed, arguments].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn a_format_of_ones_own_is_one_file() {
    let folder = folder();
    let found = findings(folder.path(), &["gate.json", "old.log", "--mapping", "own.toml"]);
    let text = |finding: &'_ Value, name: &str| finding[name].as_str().unwrap_or("").to_owned();
    let names = ["kind", "time", "host", "account", "source"];
    let said: Vec<_> = found.iter().map(|f| names.map(|name| text(f, name))).collect();
    assert_eq!(
        said,
        [
            ["acme/door", "2024-02-01T23:00:00Z", "d1", "eve", "gate.json"],
            ["acme/door", "2024-02-01T23:00:00Z", "", "bob", "old.log"],
        ]
    );
    assert_eq!(found[1]["record"], 1);
    assert_eq!(found[1]["event"]["line"], "1706828400 d2 open by bob with X2");
    let without = findings(folder.path(), &["gate.json"]);
    assert!(without.is_empty(), "{without:?}");
}

#[test]
fn a_mapping_that_is_wrong_is_told_with_its_line() {
    let folder = folder();
    fs::write(folder.path().join("own.toml"), "[[format]]\nname = \"x\"\ncolour = 1\n")
        .expect("a file");
    let ran = run(folder.path(), &["hunt", "gate.json", "--mapping", "own.toml"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("own.toml:3: `colour`"), "{}", ran.err);
}

#[test]
fn fields_of_logs_and_what_rules_ask_in_vain() {
    let folder = folder();
    let ran = run(
        folder.path(),
        &["fields", "gate.json", "--mapping", "own.toml", "--rules", "rules.yml", "--json"],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let page: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&page["events"], &page["events_of_known_kind"]), (&3.into(), &2.into()));
    let gate = page["kinds"].as_array().and_then(|k| k.iter().find(|k| k["kind"] == "acme/door"));
    let fields = gate.expect("it is there")["fields"].as_array().expect("a list").clone();
    let badge = fields.iter().find(|f| f["name"] == "Badge").expect("it is there");
    assert_eq!(
        (&badge["filled"], &badge["examples"]),
        (&2.into(), &serde_json::json!(["X1", "A1"]))
    );
    assert_eq!(page["missing"][0]["field"], "NeverThere");
    assert_eq!(page["missing"][0]["rules"].as_array().map(Vec::len), Some(2));
    assert_eq!(page["rules_that_can_meet_nothing"][0]["title"], "Asks for what never comes");

    let ran = run(folder.path(), &["fields", "eve.json", "--rules", "rules.yml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("100 % of the events are of a known kind"), "{}", ran.out);
    assert!(ran.out.contains("Bad \\u{1b}[2J thing"), "no escape of the log is one: {}", ran.out);
    assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
}

#[test]
fn findings_of_other_tools_are_shown_where_asked_for() {
    let folder = folder();
    let ask = |more: &[&str]| findings(folder.path(), &[&["eve.json"], more].concat());
    assert!(ask(&[]).is_empty());
    let all = ask(&["--tool-findings"]);
    assert_eq!(all.len(), 2);
    let first = &all[0];
    assert_eq!((&first["tool"], &first["level"]), (&"suricata".into(), &"high".into()));
    assert_eq!(first["rule_id"], "suricata:7");
    assert_eq!(first["rule_title"], "suricata: Bad \u{1b}[2J thing");
    assert_eq!(first["matched"]["alert.severity"], 1);
    assert_eq!(ask(&["--tool-findings", "--level", "high"]), all[..1]);
    assert_eq!(ask(&["--tool-findings", "--host", "192.0.2.9"]), all[..0]);
    let ran = run(folder.path(), &["hunt", "eve.json", "--rules", "rules.yml"]);
    assert!(ran.out.contains("alerts of other tools: suricata 2"), "{}", ran.out);
}
