//! What the logs were found to hold, kind by kind. Bounded, whatever they say: of fields beyond the
//! bounds only the number is kept, of values the first few, cut short.

use std::collections::BTreeMap;
use std::sync::Arc;

use blanik_model::batch::ABSENT;
use blanik_model::text::shorten;
use blanik_model::{Column, EventBatch, Kind, Type, Value};

/// Fields told apart, in all kinds together.
const FIELDS_MAX: usize = 50_000;
/// Different values kept of a field.
const EXAMPLES_MAX: usize = 3;
/// Characters kept of a value.
const EXAMPLE_CHARS_MAX: usize = 80;

/// See the module.
#[derive(Debug, Default)]
pub struct Gathered {
    /// Events read.
    pub events: u64,
    /// Of these, those of a kind of which more is known than that it is a record.
    pub known: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Files read to the end.
    pub files: u64,
    /// An input that was named cannot be opened.
    pub any_missing: bool,
    /// By kind.
    pub kinds: BTreeMap<Arc<Kind>, OfKind>,
    fields: usize,
}

/// A kind's events.
#[derive(Debug, Default)]
pub struct OfKind {
    /// How many.
    pub events: u64,
    /// Their fields, by name.
    pub fields: BTreeMap<Arc<str>, Field>,
    /// A number of fields that are not told apart: at least so many, each counted once a batch.
    pub further: u64,
}

/// A field.
#[derive(Debug, Default)]
pub struct Field {
    /// Events in which it has a value that says something.
    pub filled: u64,
    /// Its first different values.
    pub examples: Vec<String>,
}

impl Gathered {
    /// Counts a batch that has all its events' fields.
    pub fn add(&mut self, batch: &EventBatch) {
        let events = batch.len() as u64;
        self.events += events;
        self.known += if batch.kind().is_generic() { 0 } else { events };
        let of_kind = self.kinds.entry(Arc::clone(batch.kind())).or_default();
        of_kind.events += events;
        for column in batch.columns() {
            if !of_kind.fields.contains_key(column.name()) {
                if self.fields >= FIELDS_MAX {
                    of_kind.further += 1;
                    continue;
                }
                self.fields += 1;
            }
            of_kind.fields.entry(Arc::clone(column.name())).or_default().add(column);
        }
    }
}

impl Field {
    fn add(&mut self, column: &Column) {
        let dictionary = column.dictionary();
        let says: Vec<bool> =
            (0..dictionary.len() as u32).map(|code| says_something(dictionary.get(code))).collect();
        let filled = |code: &&u32| **code != ABSENT && says[**code as usize];
        self.filled += column.codes().iter().filter(filled).count() as u64;
        for (code, _) in says.iter().enumerate().filter(|(_, says)| **says) {
            if self.examples.len() >= EXAMPLES_MAX {
                break;
            }
            let shown = shown(dictionary.get(code as u32));
            if !self.examples.contains(&shown) {
                self.examples.push(shown);
            }
        }
    }
}

/// False for null, nothing, and Windows' word for it.
fn says_something(value: Value<'_>) -> bool {
    value.ty != Type::Null && !value.text.is_empty() && value.text != "-"
}

/// The value, cut short before it is put together: a list may be long.
fn shown(value: Value<'_>) -> String {
    let mut out = String::new();
    for member in value.scalars() {
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(&shorten(member.text, EXAMPLE_CHARS_MAX));
        if out.len() > EXAMPLE_CHARS_MAX * 4 {
            break;
        }
    }
    shorten(&out, EXAMPLE_CHARS_MAX).into_owned()
}

#[cfg(test)]
mod tests {
    use blanik_model::{RawBlock, SourceId};

    use super::*;

    fn batch(kind: Kind, rows: &[&[(&str, Value<'_>)]]) -> EventBatch {
        let mut batch = EventBatch::new(Arc::new(kind));
        let block: RawBlock = Arc::new(Vec::new());
        for (i, row) in rows.iter().enumerate() {
            batch.begin_row(None, SourceId(0), i as u64, i as u64, &block, 0..0);
            row.iter().for_each(|(name, value)| batch.set(name, *value));
        }
        batch
    }

    #[test]
    fn counts_what_is_filled_and_keeps_the_first_values() {
        let known = Kind { product: Some("aws".into()), ..Kind::default() };
        let long = "x".repeat(200);
        let (s, mut gathered) = (Value::string, Gathered::default());
        gathered.add(&batch(known.clone(), &[&[("a", s("1"))], &[("a", s("-")), ("b", s(&long))]]));
        gathered.add(&batch(known, &[&[("a", s("1"))], &[("a", s("2"))], &[("c", Value::NULL)]]));
        gathered.add(&batch(Kind::default(), &[&[]]));
        assert_eq!((gathered.events, gathered.known), (6, 5));
        let (_, aws) = gathered.kinds.iter().next_back().expect("two kinds");
        let field = |name: &str| (aws.fields[name].filled, aws.fields[name].examples.clone());
        assert_eq!(field("a"), (3, vec!["1".into(), "2".into()]));
        assert_eq!(field("b").1[0].chars().count(), EXAMPLE_CHARS_MAX);
        assert_eq!(field("c"), (0, vec![]));
    }

    #[test]
    fn names_without_end_are_counted() {
        let mut gathered = Gathered::default();
        for from in (0..FIELDS_MAX + 10_000).step_by(10_000) {
            let names: Vec<String> = (from..from + 10_000).map(|n| format!("n{n}")).collect();
            let row: Vec<_> = names.iter().map(|n| (n.as_str(), Value::bool(true))).collect();
            gathered.add(&batch(Kind::default(), &[&row]));
        }
        let (_, other) = gathered.kinds.iter().next().expect("one kind");
        assert_eq!((other.fields.len(), other.further), (FIELDS_MAX, 10_000));
    }
}
