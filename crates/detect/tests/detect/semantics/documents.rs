//! Rules specification: "Yaml File", "Identification", "LogSource", "Status", "Level", "Tags", and
//! collections of rules in one file.

use blanik_detect::{Document, LogSource, Options, Rules};
use blanik_model::{Kind, Level, Status};

use super::{S, rule_meets};

fn compile(text: &str) -> Rules {
    let document = Document { origin: "rules/name of file.yml".into(), text: text.into() };
    let (rules, problems) = Rules::compile([&document], &Options::default());
    assert!(problems.is_empty(), "{problems:?}\n{text}");
    rules
}

const BODY: &str = "logsource: {product: p}\ndetection:\n    s: {A: x}\n    condition: s\n";

#[test]
fn what_a_rule_says_of_itself() {
    let rules = compile(&format!(
        "title: Whole\nid: 929a690e-bef0-4204-a928-ef5e620d6fcc\nname: whole\nrelated:\n    - id: other\n      \
         type: similar\ntaxonomy: sigma\nstatus: test\ndescription: What it finds\nlicense: MIT\nreferences:\n    \
         - https://example.org\nauthor: Me, you\ndate: 2025-01-02\nmodified: 2025-02-03\nfields: [A]\n\
         falsepositives: [Unknown]\nlevel: high\ntags: [attack.t1003.001, tlp.amber]\nscope: [server]\n\
         custom: {{a: [1]}}\n{BODY}"
    ));
    let (_, rule) = rules.iter().next().expect("one");
    assert_eq!(rule.title, "Whole");
    assert_eq!(rule.id, "929a690e-bef0-4204-a928-ef5e620d6fcc");
    assert_eq!((rule.status, rule.level), (Some(Status::Test), Level::High));
    assert_eq!(rule.description.as_deref(), Some("What it finds"));
    assert_eq!(rule.tags, ["attack.t1003.001", "tlp.amber"]);
}

#[test]
fn what_a_rule_leaves_out() {
    let rules = compile(&format!("title: Bare\n{BODY}"));
    let (_, rule) = rules.iter().next().expect("one");
    assert_eq!(rule.id, "name of file");
    assert_eq!((rule.status, rule.level), (None, Level::Medium));
    assert!(rule.tags.is_empty());
}

#[test]
fn words_of_status_and_level() {
    for word in Status::ALL {
        let rules = compile(&format!("title: t\nstatus: {word}\n{BODY}"));
        assert_eq!(rules.iter().next().expect("one").1.status, Some(*word));
    }
    for word in Level::ALL {
        let rules = compile(&format!("title: t\nlevel: {word}\n{BODY}"));
        assert_eq!(rules.iter().next().expect("one").1.level, *word);
    }
}

#[test]
fn a_log_source_asks_for_the_parts_it_names() {
    let kind = Kind {
        product: Some("windows".into()),
        services: vec!["sysmon".into()],
        categories: vec!["registry_set".into(), "registry_event".into()],
        event_id: Some(13),
    };
    for (source, expected) in [
        ("product: windows", true),
        ("service: sysmon", true),
        ("category: registry_event", true),
        ("product: windows, category: registry_set", true),
        ("product: windows, service: sysmon, category: registry_event", true),
        ("product: Windows, category: Registry_Set", true),
        ("product: linux, category: registry_set", false),
        ("product: windows, service: security", false),
        ("category: process_creation", false),
        // `definition` and fields of one's own are for readers.
        ("product: windows, definition: 'enable auditing', team: blue", true),
    ] {
        let rules = compile(&format!(
            "title: t\nlogsource: {{{source}}}\ndetection:\n    s: {{A: x}}\n    condition: s\n"
        ));
        let (ix, rule) = rules.iter().next().expect("one");
        assert_eq!(rule.log_source.names(&kind), expected, "{source}");
        assert_eq!(rules.can_match(ix, &kind), expected, "{source}");
    }
    let dotted = LogSource { service: Some("onelogin.events".into()), ..LogSource::default() };
    assert_eq!(dotted.to_string(), "service: onelogin.events");
}

#[test]
fn yaml_as_editors_write_it() {
    let rule = format!("title: t\n{BODY}");
    let event = [("A", S("x"))];
    assert!(rule_meets(&rule.replace('\n', "\r\n"), &event), "line ends of Windows");
    assert!(rule_meets(&format!("\u{feff}{rule}"), &event), "byte order mark");
    assert!(rule_meets(&format!("%YAML 1.2\n---\n{rule}...\n"), &event), "directive and end");
    assert!(rule_meets(&format!("# comment\n---\n{rule}---\n"), &event), "empty document");
    let anchored = rule.replace("{A: x}", "{A: &value x, B: *value}");
    assert!(rule_meets(&anchored, &[("A", S("x")), ("B", S("x"))]), "anchors");
}

#[test]
fn several_rules_in_one_file() {
    let rules = compile(&format!("title: A\n{BODY}---\ntitle: B\nid: b\n{BODY}"));
    let ids: Vec<&str> = rules.iter().map(|(_, r)| r.id.as_str()).collect();
    assert_eq!(ids, ["name of file", "b"]);
}

#[test]
fn actions_of_a_collection() {
    let rules = compile(
        "action: global\ntitle: G\nlevel: high\nlogsource: {product: p}\ndetection:\n    condition: s\n---\n\
         id: a\ndetection:\n    s: {A: x}\n---\n\
         action: repeat\nid: b\nlevel: low\n---\n\
         action: reset\n---\n\
         title: Own\nid: c\nlogsource: {product: q}\ndetection:\n    s: {A: y}\n    condition: s\n",
    );
    let seen: Vec<(&str, &str, Level, String)> = rules
        .iter()
        .map(|(_, r)| (r.id.as_str(), r.title.as_str(), r.level, r.log_source.to_string()))
        .collect();
    assert_eq!(
        seen,
        [
            ("a", "G", Level::High, "product: p".to_owned()),
            // What is global stands under what is repeated.
            ("b", "G", Level::Low, "product: p".to_owned()),
            ("c", "Own", Level::Medium, "product: q".to_owned()),
        ]
    );
}
