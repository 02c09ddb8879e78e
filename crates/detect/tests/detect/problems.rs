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
        ("    s:\n        A|base64: 'a*'\n", "has wildcards"),
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
fn correlation_and_filter_rules_are_refused_by_name() {
    let (rules, problems) = compile(
        "title: Many\nid: c1\ncorrelation:\n    type: event_count\n    rules: [x]\n    group-by: [User]\n    \
         timespan: 1h\n    condition:\n        gte: 10\n---\ntitle: Quiet\nid: f1\nlogsource:\n    product: windows\n\
         filter:\n    rules: [x]\n    selection:\n        A: b\n    condition: selection\n",
    );
    assert!(rules.is_empty());
    assert!(problems[0].contains("c1: correlation rules are not supported"), "{problems:?}");
    assert!(problems[1].contains("f1: filter rules are not supported"), "{problems:?}");
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
