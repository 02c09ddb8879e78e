//! Rules and values made to be slow or large: work stays linear, memory bounded. Counted, not timed.

use std::sync::Arc;

use blanik_detect::predicate::{PredicateId, Target};
use blanik_detect::scan::field_matcher::{FieldMatcher, Scratch};
use blanik_detect::{Document, Options, Rules, Scanner};
use blanik_model::{EventBatch, Kind, RawBlock, SourceId, Value};

fn compile(text: String) -> (Rules, Vec<String>) {
    let document = Document { origin: "r.yml".into(), text };
    let (rules, problems) = Rules::compile([&document], &Options::default());
    (rules, problems.iter().map(ToString::to_string).collect())
}

/// One rule a line: `A|contains: x`.
fn rules(items: impl Iterator<Item = String>) -> Rules {
    let rule = |(n, item): (usize, String)| {
        format!(
            "title: r{n}\nid: r{n}\nlogsource: {{product: p}}\ndetection:\n    s:\n        {item}\n    \
             condition: s\n"
        )
    };
    let text: Vec<String> = items.enumerate().map(rule).collect();
    let (rules, problems) = compile(text.join("---\n"));
    assert!(problems.is_empty(), "{problems:?}");
    rules
}

fn matcher(rules: &Rules) -> FieldMatcher {
    let field = rules.predicates().field_id("A").expect("rules ask for it");
    let of_field = |id: &PredicateId| rules.predicates().get(*id).target == Target::Field(field);
    let ids: Vec<PredicateId> = rules.predicates().ids().filter(of_field).collect();
    FieldMatcher::new(&ids, rules.predicates())
}

/// How many predicates hold, and the steps that took.
fn hits(rules: &Rules, value: &str) -> (usize, u64) {
    let mut out = Vec::new();
    let steps = matcher(rules).hits(
        Value::string(value),
        rules.predicates(),
        &mut Scratch::default(),
        &mut out,
    );
    (out.len(), steps)
}

#[test]
fn a_long_value_of_one_letter_against_texts_of_that_letter() {
    let value = "a".repeat(1 << 20);
    let contains = |tail: &'static str| {
        rules((1..300).map(move |n| format!("A|contains: '{}{tail}'", "a".repeat(n))))
    };
    let (count, steps) = hits(&contains(""), &value);
    assert_eq!(count, 299);
    assert!(steps < 32 << 20, "{steps}");
    let (count, steps) = hits(&contains("ab"), &value);
    assert_eq!(count, 0);
    assert!(steps < 32 << 20, "{steps}");
}

#[test]
fn globs_of_one_letter_are_candidates_once() {
    let value = "a".repeat(1 << 20);
    let glob = |n: usize| format!("A: '*{}*b'", vec!["a"; n].join("*"));
    let (count, steps) = hits(&rules((2..100).map(glob)), &value);
    assert_eq!(count, 0);
    assert!(steps < 32 << 20, "{steps}");
    let lists = |n: usize| format!("A|contains|all: ['{}', '{}']", "a".repeat(n), "aa".repeat(n));
    let (count, steps) = hits(&rules((2..100).map(lists)), &value);
    assert_eq!(count, 98);
    assert!(steps < 32 << 20, "{steps}");
}

#[test]
fn a_regular_expression_of_huge_repetition_is_refused_and_named() {
    let item = |source: &str| {
        format!(
            "title: t\nlogsource: {{product: p}}\ndetection:\n    s:\n        A|re: '{source}'\n    condition: s\n"
        )
    };
    for source in ["(?:a{1000}){1000}", "(((x{100}){100}){100}){100}", "[\\w]{100000}"] {
        let (rules, problems) = compile(item(source));
        assert_eq!((rules.len(), problems.len()), (0, 1), "{source}");
        assert!(problems[0].contains("the regular expression cannot be used"), "{problems:?}");
    }
    // What backtracking would never finish.
    let (rules, problems) = compile(item("(a+)+(a|a)*(a*a*)*$b"));
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(hits(&rules, &"a".repeat(1 << 20)).0, 0);
}

#[test]
fn a_scanner_holds_a_bounded_memory_however_many_values_it_sees() {
    let texts = ('a'..='z').flat_map(|x| ('a'..='z').map(move |y| format!("A|contains: '{x}{y}'")));
    let mut scanner = Scanner::new(Arc::new(rules(texts)));
    let kind = Arc::new(Kind { product: Some("p".into()), ..Kind::default() });
    let block: RawBlock = Arc::new(Vec::new());
    let mut state = 1u64;
    for _ in 0..12 {
        let mut batch = EventBatch::new(Arc::clone(&kind));
        for row in 0..20_000 {
            batch.begin_row(None, SourceId(0), row, row, &block, 0..0);
            // Letters at random: each value is new, and so is the set of texts in it.
            let letter = |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (b'a' + (state >> 33) as u8 % 26) as char
            };
            let text: String = (0..24).map(letter).collect();
            batch.set("A", Value::string(&text));
        }
        scanner.scan(&batch, |_, _| {});
        assert!(scanner.memory() < 24 << 20, "{}", scanner.memory());
    }
}
