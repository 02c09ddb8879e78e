//! The documents in `tests/correlation`: under each heading rules, events and the findings expected.
//! `UPDATE_EXPECT=1` writes into them what is found.
//!
//! A case is a heading of any depth with, below it, a block `yaml` of rules (they stay in force for the
//! headings below until the next such block), a block `events` with one event a line, and a block
//! `findings`. Each case is hunted with its events in several orders.

use std::fs;
use std::path::{Path, PathBuf};

use blanik_detect::correlate::Limits;

use super::hunt::{Event, compile, event, hunt, lines};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/correlation")
}

/// A document in pieces: text as it is, and the blocks of cases.
#[derive(Debug)]
enum Piece<'t> {
    Text(&'t str),
    Block { tag: &'t str, body: &'t str },
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("```") {
        let after = &rest[at + 3..];
        let line = after.find('\n').expect("a block has lines");
        let end = after[line..].find("```").expect("a block ends") + line;
        pieces.push(Piece::Text(&rest[..at]));
        pieces.push(Piece::Block { tag: after[..line].trim(), body: &after[line + 1..end] });
        rest = &after[end + 3..];
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// The events in some other orders: turned round, and dealt into so many heaps.
fn orders(events: &[Event]) -> Vec<Vec<Event>> {
    let mut orders = vec![events.to_vec(), events.iter().rev().cloned().collect()];
    for heaps in [2, 3, 7] {
        let heap = |n: usize| events.iter().skip(n).step_by(heaps).cloned();
        orders.push((0..heaps).rev().flat_map(heap).collect());
    }
    orders
}

/// What is found, in each order; they must agree.
fn found(name: &str, rules: &str, events: &str) -> String {
    let (rules, problems) = compile(rules);
    let events: Vec<Event> =
        (1..).zip(events.lines()).map(|(number, line)| event(number, line)).collect();
    let mut answers = orders(&events).into_iter().map(|events| {
        let hunted = hunt(&rules, &events, Limits::default());
        lines(&rules, &hunted)
    });
    let first = answers.next().expect("there is one order");
    for answer in answers {
        assert_eq!(answer, first, "{name}: events in another order");
    }
    problems.into_iter().chain(first).map(|line| line + "\n").collect()
}

/// The document with what is found in place of what stands there, and how many cases it has.
fn renewed(name: &str, text: &str) -> (String, usize) {
    let (mut rules, mut events) = ("", "");
    let (mut out, mut cases) = (String::new(), 0);
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Block { tag, body } => {
                let mut body = body.to_owned();
                match tag {
                    "yaml" => rules = piece_body(&piece),
                    "events" => events = piece_body(&piece),
                    "findings" => {
                        body = found(name, rules, events);
                        cases += 1;
                    }
                    other => panic!("{name}: a block `{other}`"),
                }
                out.push_str(&format!("```{tag}\n{body}```"));
            }
        }
    }
    (out, cases)
}

fn piece_body<'t>(piece: &Piece<'t>) -> &'t str {
    match piece {
        Piece::Text(text) => text,
        Piece::Block { body, .. } => body,
    }
}

/// Checks a document; at least so many cases must stand in it.
fn check(name: &str, cases_min: usize) {
    let path = folder().join(name);
    let text = fs::read_to_string(&path).expect("the document is there");
    let (renewed, cases) = renewed(name, &text);
    assert!(cases >= cases_min, "{name}: {cases} cases");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        return fs::write(&path, renewed).expect("the document can be written");
    }
    let differing = text.lines().zip(renewed.lines()).find(|(stands, is)| stands != is);
    assert!(text == renewed, "{name}: first difference (stands, is): {differing:#?}");
}

#[test]
fn the_specifications_examples_behave_as_its_text_says() {
    check("specification.md", 12);
}

#[test]
fn windows_groups_and_runs() {
    check("windows.md", 12);
}

#[test]
fn correlations_of_correlations() {
    check("chains.md", 6);
}

#[test]
fn conditions_of_each_type() {
    check("conditions.md", 10);
}

#[test]
fn filters_narrow_the_rules_they_name() {
    check("filters.md", 6);
}
