//! Any values against rules with every modifier: the scanner and the slow evaluator agree, batch
//! after batch, so that what the scanner remembers is used.

#![no_main]

use std::cell::RefCell;
use std::sync::Arc;

use arbitrary::Arbitrary;
use blanik_detect::{Document, Options, Rules, Scanner};
use blanik_fuzz::agreement;
use blanik_model::{EventBatch, ListBuilder, RawBlock, Value};

const RULES: &str = include_str!("../rules/every-modifier.yml");
const FIELDS: &[&str] = &["EventID", "A", "B", "C"];

#[derive(Arbitrary, Debug)]
enum Cell<'a> {
    Absent,
    Null,
    Bool(bool),
    Integer(i16),
    Number(f64),
    Text(&'a str),
    Known(u8),
    List(Vec<&'a str>),
    Nested(Vec<Vec<&'a str>>),
}

/// Texts that the rules ask for, so that they are met.
const KNOWN: &[&str] = &[
    "alpha",
    "ALPHA beta",
    "-enc alpha",
    "/enc",
    "10.1.2.3",
    "fe80::1",
    "2024-05-06T07:08:09Z",
    "YWxwaGE=",
    "a*b",
    "7",
    "\u{10d}\u{e1}p",
    "\u{10c}\u{c1}P",
    "",
    "C:\\x\\cmd.exe",
];

struct State {
    rules: Arc<Rules>,
    scanner: Scanner,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new({
        let document = Document { origin: "every-modifier.yml".into(), text: RULES.into() };
        let placeholders = [("names".to_owned(), vec!["alpha".into(), "b?ta".into()])].into();
        let (rules, problems) = Rules::compile([&document], &Options { placeholders });
        assert!(problems.is_empty(), "{problems:#?}");
        let rules = Arc::new(rules);
        State { scanner: Scanner::new(Arc::clone(&rules)), rules }
    });
}

libfuzzer_sys::fuzz_target!(|input: (bool, Vec<[Cell<'_>; 4]>)| {
    let (with_id, rows) = input;
    let mut batch = EventBatch::new(agreement::kind(with_id.then_some(4688)));
    let block: RawBlock = Arc::new(Vec::new());
    for row in rows.iter().take(200) {
        agreement::begin_row(&mut batch, &block);
        for (name, cell) in FIELDS.iter().zip(row) {
            if with_id && *name == "EventID" {
                batch.set(name, Value::number("4688"));
            } else {
                set(&mut batch, name, cell);
            }
        }
    }
    STATE.with_borrow_mut(|state| agreement::check(&state.rules, &mut state.scanner, &batch));
});

fn set(batch: &mut EventBatch, name: &str, cell: &Cell<'_>) {
    let list = |members: &[&str]| {
        let mut list = ListBuilder::default();
        members.iter().for_each(|m| list.push(Value::string(m)));
        list
    };
    match cell {
        Cell::Absent => {}
        Cell::Null => batch.set(name, Value::NULL),
        Cell::Bool(b) => batch.set(name, Value::bool(*b)),
        Cell::Integer(n) => batch.set(name, Value::number(&n.to_string())),
        Cell::Number(n) => batch.set(name, Value::number(&n.to_string())),
        Cell::Text(text) => batch.set(name, Value::string(text)),
        Cell::Known(n) => batch.set(name, Value::string(KNOWN[*n as usize % KNOWN.len()])),
        Cell::List(members) => batch.set(name, list(members).value()),
        Cell::Nested(lists) => {
            let mut outer = ListBuilder::default();
            lists.iter().for_each(|members| outer.push(list(members).value()));
            batch.set(name, outer.value());
        }
    }
}
