//! What is wrong with a rule is said with its place and a hint, and costs no other rule.

use blanik_detect::{Document, Options, Rules};

fn compile(text: &str) -> (Rules, Vec<String>) {
    let document = Document { origin: "r.yml".into(), text: text.into() };
    let (rules, problems) = Rules::compile([&document], &Options::default());
    (rules, problems.iter().map(ToString::to_string).collect())
}

fn rule(title: &str, detection: &str) -> String {
    format!(
        "title: {title}\nid: {title}\nlogsource:\n    product: windows\ndetection:\n{detection}    condition: s\n"
    )
}

#[test]
fn each_problem_names_its_line() {
    for (detection, expected) in [
        (
            "    s:\n        A|re: '(?=x)'\n",
            "r.yml:7: t: 'A|re': the regular expression cannot be used: look-around",
        ),
        ("    s:\n        A|cidr: nonsense\n", "r.yml:7: t: 'A|cidr': 'nonsense' is no network"),
        (
            "    s:\n        A|contains|re: x\n",
            "r.yml:7: t: 'A|contains|re': modifiers that compare in different",
        ),
        ("    s:\n        A|i: x\n", "r.yml:7: t: 'A|i': 'i' is a flag of 're'"),
        (
            "    s:\n        A|expand: '%admins%'\n",
            "there are no values for the placeholder %admins%",
        ),
        ("    s:\n        A|gt: many\n", "'many' is no number"),
        (
            "    t:\n        A: x\n",
            "the condition names 's', which is not in the detection section (there is: t)",
        ),
        ("    s: []\n", "'s' is empty"),
        ("    s: {}\n", "'s' is empty"),
        ("    s: null\n", "null is no keyword"),
        ("    s:\n        A|re: null\n", "null is no regular expression"),
        ("    s:\n        A|base64: null\n", "null is no text"),
        ("    s:\n        A|base64|base64: x\n", "'base64' stands twice"),
        ("    s:\n        A|exists|neq: true\n", "'exists' stands with another modifier"),
        ("    s:\n        '|neq': x\n", "keywords have no 'neq'"),
        ("    s: {A: x}\n    1: {A: x}\n", "a selection's name is no text"),
        ("    s: ['']\n", "an empty keyword stands in every event"),
        ("    s:\n        A: []\n", "there is no value"),
        (
            "    s:\n        A: {B: x}\n",
            "r.yml:7: t: 'A': a list, a map or a tag stands where a value is",
        ),
        ("    s:\n        A: [[x]]\n", "a list, a map or a tag stands where a value is expected"),
        ("    s:\n        A: !x y\n", "a list, a map or a tag stands where a value is expected"),
        ("    s:\n        4688: x\n", "a value stands without the name of a field"),
        ("    s:\n        A|base64: 'a*'\n", "has wildcards"),
        ("    s:\n        A|base64|wide: x\n", "stand in an order that makes no sense"),
        ("    s:\n        A|base64|windash: x\n", "stand in an order that makes no sense"),
        ("    s:\n        A|base64|base64offset: x\n", "base64 and base64offset stand together"),
        ("    s:\n        A|wide|utf16be: x\n", "two UTF-16 encodings stand together"),
        ("    s:\n        A|re|base64: x\n", "'base64' changes text and cannot stand with"),
        ("    s:\n        A|windash|base64: '-a -b -c -d -e'\n", "more than 4 dashes"),
        ("    s:\n        A|contains: null\n", "null is no text"),
        ("    s:\n        A|exists: maybe\n", "'exists' takes true or false"),
        ("    s:\n        A|hour: 7.5\n", "'7.5' is no whole number"),
        ("    s:\n        A|hour|day: 7\n", "modifiers that compare in different ways"),
        ("    s:\n        A|fieldref: 'B*'\n", "'B*' is no field name"),
        ("    s:\n        '|fieldref': B\n", "keywords belong to no field"),
        (
            "    s:\n        A|re: '(a)\\1'\n",
            "the regular expression cannot be used: backreferences",
        ),
    ] {
        let (rules, problems) = compile(&rule("t", detection));
        assert!(rules.is_empty(), "{detection}");
        assert!(problems.len() == 1 && problems[0].contains(expected), "{detection}: {problems:?}");
    }
}

#[test]
fn a_broken_document_costs_nothing_but_itself() {
    let good = rule("good", "    s:\n        A: x\n");
    let text = format!("{good}---\ntitle: [broken\n---\n{}", good.replace("good", "better"));
    let (rules, problems) = compile(&text);
    assert_eq!(rules.iter().map(|(_, r)| r.title.as_str()).collect::<Vec<_>>(), ["good", "better"]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("r.yml:1"), "{problems:?}");
}

#[test]
fn correlation_and_filter_rules_among_actions_are_refused_by_name() {
    let (rules, problems) = compile(
        "action: global\nlevel: high\n---\ntitle: Many\nid: c1\ncorrelation:\n    type: event_count\n    \
         rules: [x]\n    group-by: [User]\n    timespan: 1h\n    condition:\n        gte: 10\n---\ntitle: Quiet\n\
         id: f1\nlogsource:\n    product: windows\nfilter:\n    rules: [x]\n    selection:\n        A: b\n    \
         condition: not selection\n",
    );
    assert!(rules.is_empty());
    assert!(problems[0].contains("c1: correlation and filter rules are not read"), "{problems:?}");
    assert!(problems[1].contains("f1: correlation and filter rules are not read"), "{problems:?}");
}

#[test]
fn an_id_is_given_once() {
    let one = rule("same", "    s:\n        A: x\n");
    let (rules, problems) = compile(&format!("{one}---\n{one}"));
    assert_eq!(rules.len(), 1);
    assert!(problems[0].contains("the id same is taken by the rule at r.yml:"), "{problems:?}");
}

#[test]
fn global_action_fills_in_the_documents_behind_it() {
    let (rules, problems) = compile(
        "action: global\ntitle: G\nlevel: high\nlogsource:\n    product: windows\n---\nid: a\ndetection:\n    s:\n        \
         A: x\n    condition: s\n---\nid: b\ndetection:\n    s:\n        B: y\n    condition: s\n",
    );
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(
        rules.iter().map(|(_, r)| (r.id.as_str(), r.level.as_str())).collect::<Vec<_>>(),
        [("a", "high"), ("b", "high")]
    );
}

/// What the parser refuses, and we pass on.
#[test]
fn what_is_no_sigma_is_refused() {
    let condition = |c: &str| {
        format!(
            "title: t\nlogsource: {{product: p}}\ndetection:\n    s: {{A: x}}\n    condition: {c}\n"
        )
    };
    for (text, reason, hint) in [
        (rule("t", "    s:\n        A|near: x\n"), "near", "see the list of modifiers"),
        (rule("t", "    s:\n        A|not: x\n"), "not", ""),
        ("title: t\n".to_owned(), "detection", "add it"),
        ("Title: t\nlogsource: {product: p}\n".to_owned(), "title", "add it"),
        (condition("''"), "", ""),
        (condition("[]"), "the rule has no condition", "add `condition:`"),
        (condition("s AND s"), "", "see `condition`"),
        (condition("s and"), "", "see `condition`"),
        (condition("(s"), "", "see `condition`"),
        (condition("s | count() > 5"), "", "correlation rules"),
        (condition("s | near s"), "", "correlation rules"),
        (condition("1 of filter*"), "'1 of filter*' names no selection", "check the selections"),
        (condition("0 of s*"), "'0 of s*' holds always", ""),
        (condition("1 of them and _s"), "the condition names '_s'", "there is: s"),
        ("- a\n- b\n".to_owned(), "not a YAML mapping", "a Sigma rule is a mapping"),
        ("action: nonsense\ntitle: t\n".to_owned(), "Unknown collection action: nonsense", ""),
        ("action: repeat\ntitle: t\n".to_owned(), "without a previous document", ""),
    ] {
        let (rules, problems) = compile(&text);
        assert!(rules.is_empty(), "{text}");
        let said = problems.iter().any(|p| p.contains(reason) && p.contains(hint));
        assert!(said, "{text}: {problems:?} lacks {reason} ({hint})");
    }
}

#[test]
fn rules_in_another_dialect_are_refused() {
    let sigma = rule("t", "    s:\n        A: x\n");
    for (line, expected) in [
        ("taxonomy: ocsf", "r.yml:1: t: the rule uses the names of the taxonomy 'ocsf'"),
        ("sigma-version: 3", "r.yml:1: t: the rule is written for Sigma 3"),
    ] {
        let (rules, problems) = compile(&format!("{line}\n{sigma}"));
        assert!(rules.is_empty(), "{line}");
        assert!(problems.len() == 1 && problems[0].starts_with(expected), "{problems:?}");
    }
    for line in ["taxonomy: sigma", "sigma-version: 2.1.0", "sigma-version: 1"] {
        let (rules, problems) = compile(&format!("{line}\n{sigma}"));
        assert!(rules.len() == 1 && problems.is_empty(), "{line}: {problems:?}");
    }
}

#[test]
fn remarks_cost_no_rule() {
    let detection = "detection:\n    s: {A: x}\n    condition: s\n";
    for (text, expected) in [
        (format!("title: t\n{detection}"), "r.yml:1: r: the rule names no log source"),
        (
            format!("title: t\nlogsource: {{}}\n{detection}"),
            "r.yml:2: r: the rule names no log source",
        ),
        (
            format!("title: t\nlogsource: {{product: p}}\n{detection}    timeframe: 5m\n"),
            "r.yml:6: r: the timeframe is not looked at",
        ),
        (
            format!("title: t\nlevel: severe\nlogsource: {{product: p}}\n{detection}"),
            "r.yml:2: invalid level: 'severe'",
        ),
        (
            format!("title: t\nstatus: done\nlogsource: {{product: p}}\n{detection}"),
            "r.yml:2: invalid status: 'done'",
        ),
        (
            format!(
                "title: t\nrelated:\n    - {{id: x, type: cousin}}\nlogsource: {{product: p}}\n{detection}"
            ),
            "r.yml:2: related[0] invalid type 'cousin'",
        ),
    ] {
        let document = Document { origin: "r.yml".into(), text };
        let (rules, problems) = Rules::compile([&document], &Options::default());
        assert_eq!(rules.len(), 1, "{problems:?}");
        assert!(problems.len() == 1 && !problems[0].fatal, "{problems:?}");
        assert!(problems[0].to_string().starts_with(expected), "{problems:?} is not {expected}");
    }
}

/// In a file whose documents depend on each other, one that is lost is not taken for a remark.
#[test]
fn a_rule_lost_among_others_is_named_as_lost() {
    let text = "action: global\ntitle: G\nlogsource: {product: p}\n---\nid: a\ndetection:\n    s: {A: x}\n    \
                condition: s\n---\nid: b\ndetection:\n    s: {A|nonsense: x}\n    condition: s\n";
    let document = Document { origin: "r.yml".into(), text: text.into() };
    let (rules, problems) = Rules::compile([&document], &Options::default());
    assert_eq!(rules.len(), 1);
    assert!(problems.len() == 1 && problems[0].fatal, "{problems:?}");
}
