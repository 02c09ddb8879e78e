//! What is wrong with a correlation or filter rule is said, with its line; and costs no other rule
//! anything.

use super::hunt::compile;

/// Two rules to refer to; the document under test begins on line 12.
const BASE: &str = "title: A\nid: id-a\nname: a\nlogsource: {product: p}\ndetection: {s: {K: a}, condition: s}\n---\n\
                    title: B\nname: b\nlogsource: {product: p}\ndetection: {s: {K: b}, condition: s}\n---\n";

/// A correlation with these lines in its section.
fn correlation(section: &str) -> String {
    format!("title: Many\nid: m1\ncorrelation:\n{section}")
}

const GOOD: [&str; 5] = [
    "    type: event_count\n",
    "    rules:\n        - a\n",
    "    group-by:\n        - User\n",
    "    timespan: 10m\n",
    "    condition:\n        gte: 10\n",
];

/// The section with one of its lines replaced.
fn with(line: usize, text: &str) -> String {
    let mut lines = GOOD.map(str::to_owned);
    lines[line] = text.to_owned();
    correlation(&lines.concat())
}

/// Each is refused with this reason at this line, and the rules before it are used.
#[track_caller]
fn refused(document: &str, line: u32, reason: &str) {
    let (rules, problems) = compile(&format!("{BASE}{document}"));
    assert_eq!(rules.len(), 2, "{problems:?}");
    assert_eq!(rules.correlations().count(), 0, "{document}");
    let [problem] = problems.as_slice() else { panic!("{document}: {problems:#?}") };
    assert!(problem.starts_with(&format!("error rules.yml:{line}: m1: ")), "{problem}");
    assert!(problem.contains(reason), "{problem}");
    assert!(rules.iter().all(|(_, rule)| rule.reports), "a refused correlation swallows nothing");
}

#[test]
fn the_section_as_it_should_be_is_taken() {
    let (rules, problems) = compile(&format!("{BASE}{}", correlation(&GOOD.concat())));
    assert!(problems.is_empty(), "{problems:?}");
    let (_, correlation) = rules.correlations().next().expect("it is there");
    assert_eq!(correlation.to_string(), "event_count of a by User within 10m: ≥ 10");
}

#[test]
fn what_is_missing() {
    refused(&with(0, ""), 14, "correlation has no 'type'");
    refused(&with(1, ""), 14, "correlation has no 'rules'");
    refused(&with(1, "    rules: []\n"), 14, "correlation has no 'rules'");
    refused(&with(2, ""), 14, "correlation has no 'group-by'");
    refused(&with(3, ""), 14, "correlation has no 'timespan'");
    refused(&with(4, ""), 14, "correlation has no 'condition'");
    refused(&with(4, "    condition: {}\n"), 21, "compares with nothing");
    refused("id: m1\ntitle: Many\ncorrelation: x\n", 14, "'correlation' of the rule is no mapping");
}

#[test]
fn what_is_wrong() {
    refused(&with(0, "    type: event_sum\n"), 15, "'event_sum' is no type");
    refused(&with(3, "    timespan: ten minutes\n"), 20, "'ten minutes' is no time span");
    refused(&with(3, "    timespan: 0m\n"), 20, "'0m' is no time span");
    refused(&with(3, "    timespan: 1m\n    window: tumbling\n"), 21, "has no 'window' in Sigma");
    refused(&with(4, "    condition: {gte: many}\n"), 21, "'gte' of condition is no number");
    refused(&with(4, "    condition: {atleast: 3}\n"), 21, "condition has no 'atleast'");
    refused(&with(4, "    condition: {gt: 5, lt: 3}\n"), 21, "no number is > 5 and < 3");
    refused(&with(4, "    condition: a and b\n"), 21, "is a comparison");
    refused(&with(4, "    condition: {gte: 3, field: User}\n"), 21, "does not look at a field");
    refused(&with(0, "    type: value_count\n"), 21, "value_count has no 'field'");
    refused(&with(0, "    type: temporal\n"), 21, "there are 1");
    refused(
        &correlation(&GOOD.concat()).replace("title: Many\n", "title: Many\nsigma-version: 3\n"),
        13,
        "Sigma 3",
    );
    refused(
        &correlation(&GOOD.concat()).replace("title: Many\n", "title: Many\ntaxonomy: ecs\n"),
        13,
        "taxonomy 'ecs'",
    );
    let of_fields = with(4, "    condition: {gte: 3, field: [A, B]}\n");
    refused(&of_fields.replace("event_count", "value_sum"), 21, "works on one field");
    let percentile = with(4, "    condition: {gte: 3, field: A, percentile: 101}\n");
    refused(&percentile.replace("event_count", "value_percentile"), 21, "101 is no percentile");
    let temporal = |text: &str| with(4, text).replace("event_count", "temporal");
    refused(&temporal("    condition: a and c\n"), 21, "names 'c', which is not in 'rules'");
    refused(&temporal("    condition: a an b\n"), 21, "Condition parse error");
    refused(&temporal("    condition: not a\n"), 21, "met where no rule is");
}

#[test]
fn references_that_lead_nowhere() {
    refused(
        &with(1, "    rules:\n        - a\n        - failed_login\n"),
        18,
        "no rule has the id or name 'failed_login'",
    );
    refused(
        &with(1, "    rules:\n        - a\n        - id-a\n"),
        18,
        "'a' and 'id-a' are one rule",
    );
    refused(&with(1, "    rules:\n        - Many\n"), 17, "no rule has the id or name 'Many'");
    refused(&with(1, "    rules:\n        - m1\n"), 12, "a circle of references: m1");
}

#[test]
fn circles_and_what_leads_into_them() {
    let chained = |name: &str, rules: &str| {
        format!(
            "---\ntitle: {name}\nname: {name}\ncorrelation: {{type: temporal, rules: [{rules}], group-by: [], \
             timespan: 1m}}\n"
        )
    };
    let text = [
        BASE,
        "title: Good\nname: good\ncorrelation: {type: temporal, rules: [a, b], group-by: [], timespan: 1m}\n",
        &chained("x", "y, a"),
        &chained("y", "z"),
        &chained("z", "x"),
        &chained("above", "x, good"),
        &chained("above-good", "good, a"),
    ]
    .concat();
    let (rules, problems) = compile(&text);
    let titles: Vec<&str> = rules.correlations().map(|(_, c)| c.title.as_str()).collect();
    assert_eq!(titles, ["Good", "above-good"]);
    for (problem, expected) in problems.iter().zip([
        "a circle of references: y → z → x",
        "a circle of references: z → x → y",
        "a circle of references: x → y → z",
        "a circle of references: x → y → z",
    ]) {
        assert!(problem.contains(expected), "{problems:#?}");
    }
    assert_eq!(problems.len(), 4, "{problems:#?}");
}

#[test]
fn what_refers_to_a_broken_rule_is_refused() {
    let text = format!(
        "{}---\n{}",
        "title: A\nname: a\nlogsource: {product: p}\ndetection: {s: {K|nonsense: a}, condition: s}\n",
        correlation(&GOOD.concat())
    );
    let (rules, problems) = compile(&text);
    assert_eq!(rules.correlations().count(), 0);
    // The parser refuses the first rule before its name is known.
    assert!(problems.iter().any(|p| p.contains("m1: ") && p.contains("'a'")), "{problems:#?}");
    let text = format!(
        "{BASE}{}---\ntitle: Above\ncorrelation: {{type: temporal, rules: [m1], group-by: [], timespan: 1m}}\n",
        with(3, "    timespan: soon\n")
    );
    let (_, problems) = compile(&text);
    assert!(problems[1].contains("'m1' does not compile"), "{problems:#?}");
}

#[test]
fn what_is_remarked_on_costs_nothing() {
    let remark = |document: &str, expected: &str| {
        let (rules, problems) = compile(&format!("{BASE}{document}"));
        assert_eq!(rules.correlations().count(), 1, "{problems:?}");
        let [problem] = problems.as_slice() else { panic!("{document}: {problems:#?}") };
        assert!(problem.starts_with("remark") && problem.contains(expected), "{problem}");
    };
    remark(&with(1, "    rules: [a, a]\n"), "'a' stands twice");
    remark(&format!("{}level: huge\n", correlation(&GOOD.concat())), "invalid level");
    remark(
        &with(3, "    timespan: 1m\n    aliases: {x: {a: F}}\n"),
        "the alias 'x' is not in group-by",
    );
    remark(
        &with(2, "    group-by: [x]\n    aliases: {x: {a: F, zz: G}}\n"),
        "the alias 'x': no rule has the id or name 'zz'",
    );
}

#[test]
fn names_may_be_given_in_several_files() {
    use blanik_detect::{Document, Options, Rules};
    let file = |origin: &str, text: &str| Document { origin: origin.into(), text: text.into() };
    let rule = |id: &str| {
        format!(
            "title: {id}\nid: {id}\nname: same\nlogsource: {{product: p}}\ndetection: {{s: {{K: a}}, condition: s}}\n"
        )
    };
    let over = |id: &str| {
        format!(
            "---\ntitle: over {id}\ncorrelation: {{type: temporal, rules: [same], group-by: [], timespan: 1m}}\n"
        )
    };
    let documents = [
        file("one.yml", &(rule("r1") + &over("r1"))),
        file("two.yml", &(rule("r2") + &over("r2"))),
        file("three.yml", &over("three")),
    ];
    let (rules, problems) = Rules::compile(&documents, &Options::default());
    let near: Vec<String> = rules
        .correlations()
        .map(|(_, c)| match c.rules[0].to {
            blanik_detect::correlation::Referent::Rule(ix) => rules.get(ix).title.clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(near, ["r1", "r2"]);
    let [problem] = problems.as_slice() else { panic!("{problems:#?}") };
    assert!(problem.reason.contains("names 2 rules: one.yml, two.yml"), "{problem}");
}

/// The problems of a filter behind the two rules, and how many rules are narrowed.
fn filter(section: &str) -> (Vec<String>, usize) {
    let (rules, problems) =
        compile(&format!("{BASE}title: F\nid: f1\nlogsource: {{product: p}}\nfilter:\n{section}"));
    assert_eq!(rules.len(), 2, "{problems:?}");
    (problems, rules.filters().iter().map(|f| f.rules).sum())
}

const SELECTION: &str = "    selection: {User: x}\n    condition: not selection\n";

#[test]
fn filters_that_cannot_be_used() {
    for (section, expected) in [
        (
            format!("    rules: [zz]\n{SELECTION}"),
            "error rules.yml:12: f1: the filter narrows no rule",
        ),
        (SELECTION.to_owned(), "error rules.yml:15: f1: filter has no 'rules'"),
        (
            "    rules: [a]\n    selection: {User: x}\n".to_owned(),
            "error rules.yml:15: f1: filter has no 'condition'",
        ),
        ("    rules: [a]\n    condition: not gone\n".to_owned(), "names 'gone', which is not in"),
        (
            "    rules: [a]\n    s: {U|nonsense: x}\n    condition: not s\n".to_owned(),
            "Unknown modifier 'nonsense'",
        ),
    ] {
        let (problems, narrowed) = filter(&section);
        assert_eq!(narrowed, 0, "{problems:#?}");
        assert!(problems.last().is_some_and(|p| p.contains(expected)), "{section}: {problems:#?}");
    }
}

#[test]
fn filters_that_do_less_or_other_than_one_may_think() {
    let (problems, narrowed) = filter(&format!("    rules: [a, zz]\n{SELECTION}"));
    assert_eq!(narrowed, 1);
    assert!(
        problems[0].starts_with("remark rules.yml:16: f1: no rule has the id or name 'zz'"),
        "{problems:#?}"
    );
    let (problems, narrowed) =
        filter("    rules: [a]\n    selection: {User: x}\n    condition: selection\n");
    assert_eq!(narrowed, 1);
    assert!(problems[0].contains("keeps only events that meet 'selection'"), "{problems:#?}");
    let other = "title: C\nname: c\nlogsource: {product: q}\ndetection: {s: {K: c}, condition: s}\n---\n\
                 title: F\nid: f1\nlogsource: {product: p}\nfilter:\n    rules: [a, c]\n";
    let (rules, problems) = compile(&format!("{BASE}{other}{SELECTION}"));
    assert_eq!(rules.filters()[0].rules, 1);
    assert!(
        problems[0].contains("'c' looks at product: q, the filter at product: p"),
        "{problems:#?}"
    );
}
