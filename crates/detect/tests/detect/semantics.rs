//! What each part of a rule means, value by value. `docs/CONFORMANCE.md` maps the clauses of the Sigma
//! specification to these tests.

mod conditions;
mod documents;
mod modifiers;
mod patterns;
mod selections;
mod values;

use std::sync::Arc;

use blanik_detect::{Document, Options, Rules, Scanner};
use blanik_model::{EventBatch, Kind, ListBuilder, OwnedValue, RawBlock, SourceId, Type, Value};

/// Whether a selection (YAML, one line) meets an event of these fields.
fn meets(selection: &str, fields: &[(&str, Given)]) -> bool {
    let text = format!(
        "title: t\nlogsource: {{product: p}}\ndetection:\n    s: {selection}\n    condition: s\n"
    );
    rule_meets(&text, fields)
}

/// Whether a rule meets an event of these fields.
fn rule_meets(text: &str, fields: &[(&str, Given)]) -> bool {
    let document = Document { origin: "t".into(), text: text.into() };
    let options = Options {
        placeholders: [
            ("admins".to_owned(), vec!["Novak".to_owned(), "svc-*".to_owned()]),
            ("name".to_owned(), vec!["Novak".to_owned()]),
        ]
        .into(),
    };
    let (rules, problems) = Rules::compile([&document], &options);
    assert!(problems.is_empty(), "{text}: {problems:?}");
    let mut batch =
        EventBatch::new(Arc::new(Kind { product: Some("p".into()), ..Kind::default() }));
    let block: RawBlock = Arc::new(Vec::new());
    batch.begin_row(None, SourceId(0), 1, 0, &block, 0..0);
    for (name, given) in fields {
        batch.set(name, given.value().get());
    }
    let mut found = false;
    Scanner::new(Arc::new(rules)).scan(&batch, |_, _| found = true);
    found
}

#[derive(Clone, Copy, Debug)]
enum Given {
    S(&'static str),
    N(&'static str),
    B(bool),
    Null,
    L(&'static [&'static str]),
    /// A list of numbers.
    Ns(&'static [&'static str]),
}
use Given::{B, L, N, Ns, Null, S};

impl Given {
    fn value(self) -> OwnedValue {
        match self {
            S(text) => Value::string(text).to_owned(),
            N(text) => Value { ty: Type::Number, text }.to_owned(),
            B(b) => Value::bool(b).to_owned(),
            Null => Value::NULL.to_owned(),
            L(members) => {
                let mut list = ListBuilder::default();
                members.iter().for_each(|m| list.push(Value::string(m)));
                list.value().to_owned()
            }
            Ns(members) => {
                let mut list = ListBuilder::default();
                members.iter().for_each(|m| list.push(Value::number(m)));
                list.value().to_owned()
            }
        }
    }
}

/// Each line: a selection, the value of field `A`, and whether they meet.
fn check(cases: &[(&str, Given, bool)]) {
    let differs = |(selection, given, expected): &&(&str, Given, bool)| {
        meets(selection, &[("A", *given)]) != *expected
    };
    let wrong: Vec<_> = cases.iter().filter(differs).collect();
    assert!(wrong.is_empty(), "not so: {wrong:#?}");
}
