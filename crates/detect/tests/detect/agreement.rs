//! The scanner and the slow evaluator give the same answers: random rules, random events, several
//! batches through one scanner, so that what it remembers is used. The same events answer the same
//! where only the fields that rules ask for have columns.

use std::sync::Arc;

use blanik_detect::reference::{self, BatchRow};
use blanik_detect::{Document, Options, RuleIx, Rules, Scanner};
use blanik_model::{
    EventBatch, Interest, Interests, Kind, ListBuilder, RawBlock, SourceId, Type, Value,
};
use proptest::prelude::*;

const FIELDS: [&str; 4] = ["EventID", "Image", "CommandLine", "Count"];

fn text() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "",
        "a",
        "B",
        "ab",
        "AB c",
        "cmd.exe",
        "C:\\x\\CMD.exe",
        "-enc",
        "/enc x",
        "10.0.0.7",
        "7",
        "7.0",
        "4688",
        "true",
        "čau",
        "ČAU",
        "K",
        "\u{212A}elvin",
        "a*b",
        "2024-05-06T07:08:09Z",
        "dGVzdA==",
        "-",
        "null",
    ])
    .prop_map(str::to_owned)
}

fn pattern() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => text(),
        1 => "[aBc*?\\\\]{0,5}",
        1 => prop::sample::select(vec!["*\\cmd.exe", "a*", "*b", "*", "?", "* -enc*", "čau*"]).prop_map(str::to_owned),
    ]
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// One detection item as YAML.
fn item() -> impl Strategy<Value = String> {
    let field = prop::sample::select(FIELDS.to_vec());
    let modifiers = prop::sample::select(vec![
        "",
        "|contains",
        "|startswith",
        "|endswith",
        "|contains|all",
        "|cased",
        "|contains|cased",
        "|windash",
        "|contains|windash",
        "|neq",
        "|base64offset|contains",
        "|wide|base64offset|contains",
    ]);
    let textual = (field.clone(), modifiers, prop::collection::vec(pattern(), 1..4))
        .prop_filter_map("base64 takes no wildcards", |(field, modifiers, values)| {
            if modifiers.contains("base64")
                && values.iter().any(|v| v.contains(['*', '?']) || v.len() < 2)
            {
                return None;
            }
            let values: Vec<String> = values.iter().map(|v| quoted(v)).collect();
            Some(format!("{field}{modifiers}: [{}]", values.join(", ")))
        });
    let other = (
        field,
        prop::sample::select(vec![
            ": 7",
            ": 4688",
            ": null",
            ": true",
            ": ''",
            "|exists: true",
            "|exists: false",
            "|gt: 6",
            "|lte: 7",
            "|re: '^a.*b$'",
            "|re|i: 'CMD'",
            "|re|i: '[k-]E|\\.exe'",
            "|re: '(?i)sk?|.{3,}'",
            "|cidr: 10.0.0.0/8",
            "|hour: 7",
            "|hour|gte: 7",
            "|fieldref: Image",
            "|fieldref|contains: Count",
            ": [null, 'a']",
            "|neq: [7, 'a']",
        ]),
    )
        .prop_map(|(field, rest)| format!("{field}{rest}"));
    prop_oneof![3 => textual, 2 => other]
}

/// A selection: a map, a list of maps, or keywords.
fn selection() -> impl Strategy<Value = String> {
    let map = prop::collection::vec(item(), 1..4)
        .prop_map(|items| {
            let mut keys = std::collections::BTreeSet::new();
            let unique: Vec<String> = items
                .into_iter()
                .filter(|i| keys.insert(i.split(':').next().map(str::to_owned)))
                .collect();
            format!("{{ {} }}", unique.join(", "))
        })
        .boxed();
    let keyword = || pattern().prop_filter("a keyword is not empty", |p| !p.is_empty());
    prop_oneof![
        4 => map.clone(),
        1 => prop::collection::vec(map, 1..3).prop_map(|maps| format!("[{}]", maps.join(", "))),
        1 => prop::collection::vec(keyword(), 1..3).prop_map(|words| {
            format!("[{}]", words.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(", "))
        }),
        1 => prop::sample::select(vec!["'|re': 'a.*b'", "'|cased': 'AB'", "'|startswith': 'cmd'"])
            .prop_map(|item| format!("{{ {item} }}")),
        1 => prop::collection::vec(keyword(), 2..3).prop_map(|words| {
            format!("{{ '|all': [{}] }}", words.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(", "))
        }),
    ]
}

fn rule() -> impl Strategy<Value = String> {
    let conditions = prop::sample::select(vec![
        "s1",
        "s1 and s2",
        "s1 or s2",
        "s1 and not s2",
        "not s1",
        "not (s1 or s2) and s3",
        "1 of s*",
        "all of them",
        "2 of them",
        "s1 and not 1 of s2*",
        "not all of them",
    ]);
    let source = prop::sample::select(vec![
        "product: windows",
        "category: process_creation",
        "service: security",
    ]);
    (selection(), selection(), selection(), conditions, source).prop_map(|(s1, s2, s3, condition, source)| {
        format!(
            "title: t\nlogsource:\n    {source}\ndetection:\n    s1: {s1}\n    s2: {s2}\n    s3: {s3}\n    \
             condition: {condition}\n"
        )
    })
}

#[derive(Clone, Debug)]
enum Cell {
    Absent,
    Null,
    Number(i64),
    Bool(bool),
    Text(String),
    List(Vec<String>),
}

fn cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        2 => Just(Cell::Absent),
        1 => Just(Cell::Null),
        1 => prop::sample::select(vec![7i64, 6, 4688]).prop_map(Cell::Number),
        1 => any::<bool>().prop_map(Cell::Bool),
        5 => text().prop_map(Cell::Text),
        1 => prop::collection::vec(text(), 0..3).prop_map(Cell::List),
    ]
}

fn kind(with_id: bool) -> Arc<Kind> {
    Arc::new(Kind {
        product: Some("windows".into()),
        services: vec!["security".into()],
        categories: vec!["process_creation".into()],
        event_id: with_id.then_some(4688),
    })
}

fn batch(kind: Arc<Kind>, rows: &[Vec<Cell>]) -> EventBatch {
    let with_id = kind.event_id.is_some();
    let mut batch = EventBatch::new(kind);
    let block: RawBlock = Arc::new(Vec::new());
    for (i, cells) in rows.iter().enumerate() {
        batch.begin_row(None, SourceId(0), i as u64 + 1, i as u64, &block, 0..0);
        for (name, cell) in FIELDS.iter().zip(cells) {
            if with_id && *name == "EventID" {
                batch.set(name, Value::number("4688"));
                continue;
            }
            match cell {
                Cell::Absent => {}
                Cell::Null => batch.set(name, Value::NULL),
                Cell::Number(n) => {
                    batch.set(name, Value { ty: Type::Number, text: &n.to_string() })
                }
                Cell::Bool(b) => batch.set(name, Value::bool(*b)),
                Cell::Text(t) => batch.set(name, Value::string(t)),
                Cell::List(members) => {
                    let mut list = ListBuilder::default();
                    members.iter().for_each(|m| list.push(Value::string(m)));
                    batch.set(name, list.value());
                }
            }
        }
    }
    batch
}

/// The batch as a reader gives it that heeds what the rules ask for.
fn projected(batch: &EventBatch, interests: &dyn Interests) -> EventBatch {
    let interest = interests.of(batch.kind());
    let mut projected = EventBatch::new(Arc::clone(batch.kind()));
    let block: RawBlock = Arc::new(Vec::new());
    for row in 0..batch.len() {
        projected.begin_row(None, SourceId(0), row as u64 + 1, row as u64, &block, 0..0);
        for (name, value) in batch.fields(row) {
            if interest.names(name) {
                projected.set(name, value);
            } else if wants_rest(&interest, batch, row) {
                projected.push_rest(value);
            }
        }
    }
    projected
}

/// True if the values that are not named are wanted too: a text stands in one of the event's.
fn wants_rest(interest: &Interest, batch: &EventBatch, row: usize) -> bool {
    let Interest::Fields { rest: Some(search), .. } = interest else { return false };
    let texts: Vec<&str> =
        search.texts().map(|text| std::str::from_utf8(text).expect("texts are UTF-8")).collect();
    batch.fields(row).flat_map(|(_, value)| value.scalars()).any(|value| {
        let lower = value.text.to_lowercase();
        texts.iter().any(|text| lower.contains(text))
    })
}

fn found(scanner: &mut Scanner, batch: &EventBatch) -> Vec<(RuleIx, usize)> {
    let mut found = Vec::new();
    scanner.scan(batch, |row, ix| found.push((ix, row)));
    found
}

fn rows() -> impl Strategy<Value = Vec<Vec<Cell>>> {
    prop::collection::vec(prop::collection::vec(cell(), FIELDS.len()), 1..70)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn the_scanner_finds_what_the_rules_mean(
        texts in prop::collection::vec(rule(), 1..12),
        batches in prop::collection::vec((any::<bool>(), rows()), 1..4),
    ) {
        let documents: Vec<Document> = texts
            .iter()
            .enumerate()
            .map(|(i, text)| Document { origin: format!("rule{i}.yml"), text: text.clone() })
            .collect();
        let (rules, problems) = Rules::compile(&documents, &Options::default());
        prop_assert!(problems.is_empty(), "{problems:?}\n{texts:?}");
        let rules = Arc::new(rules);
        let mut scanner = Scanner::new(Arc::clone(&rules));
        for (with_id, rows) in &batches {
            let batch = batch(kind(*with_id), rows);
            let mut expected = Vec::new();
            for (ix, rule) in rules.iter() {
                for row in 0..batch.len() {
                    if reference::meets(&rules, rule, &BatchRow { batch: &batch, row }) {
                        expected.push((ix, row));
                    }
                }
            }
            prop_assert_eq!(&found(&mut scanner, &batch), &expected, "{:?}", texts);
            let projected = projected(&batch, &*rules);
            prop_assert_eq!(found(&mut scanner, &projected), expected, "projected: {:?}", texts);
        }
    }
}
