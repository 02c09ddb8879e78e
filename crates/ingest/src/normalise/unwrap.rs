//! Takes an event out of the envelope an export put it in: `mapping/wrappers.tsv`.
//!
//! What cannot be taken out stays as it is: the record is then an event of whatever it looks like.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use blanik_model::{Type, Value};

use super::table::{members, rows};
use crate::decode::json::JsonReader;
use crate::record::Record;

const TABLE: &str = include_str!("../../mapping/wrappers.tsv");

#[derive(Clone, Copy, Debug)]
enum How {
    /// The names have the envelope's name in front.
    Strip,
    /// The event is the text of a field.
    Json,
}

#[derive(Debug)]
struct Wrapper {
    how: How,
    field: &'static str,
    has: Vec<&'static str>,
}

/// The table.
#[derive(Debug)]
pub(crate) struct Wrappers(Vec<Wrapper>);

/// What was taken out, and the memory for doing so; reused from record to record.
#[derive(Default)]
pub(crate) struct Unwrapped {
    reader: JsonReader,
    inner: Record,
    event: Record,
    next: Record,
}

impl fmt::Debug for Unwrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unwrapped").field("event", &self.event).finish_non_exhaustive()
    }
}

impl Wrappers {
    pub fn new() -> Self {
        let read = |[how, field, has]: [&'static str; 3]| {
            let how = match how {
                "strip" => How::Strip,
                "json" => How::Json,
                _ => panic!("strip or json: {how}"),
            };
            Wrapper { how, field, has: members(has) }
        };
        Wrappers(rows(TABLE, ["how", "field", "has"]).into_iter().map(read).collect())
    }

    /// True if a record of these names may be an envelope.
    pub fn may_open(&self, record: &Record) -> bool {
        self.0.iter().any(|wrapper| wrapper.fits(record))
    }

    /// The event that the record is an envelope of, if it is one.
    pub fn open<'a>(&self, record: &Record, out: &'a mut Unwrapped) -> Option<&'a Record> {
        let mut opened = false;
        for wrapper in &self.0 {
            let from = if opened { &out.event } else { record };
            if !wrapper.fits(from) {
                continue;
            }
            out.next.clear();
            let done = match wrapper.how {
                How::Strip => strip(from, wrapper.field, &mut out.next),
                How::Json => {
                    expand(from, wrapper.field, &mut out.reader, &mut out.inner, &mut out.next)
                }
            };
            if done && out.next.whole().is_ok() {
                std::mem::swap(&mut out.event, &mut out.next);
                opened = true;
            }
        }
        opened.then_some(&out.event)
    }
}

impl Wrapper {
    fn fits(&self, record: &Record) -> bool {
        record.iter().any(|(name, _)| self.names(name))
            && self.has.iter().all(|name| record.get(name).is_some())
    }

    fn names(&self, name: &str) -> bool {
        match self.how {
            How::Strip => name.len() > self.field.len() && name.starts_with(self.field),
            How::Json => name == self.field,
        }
    }
}

fn strip(record: &Record, prefix: &str, out: &mut Record) -> bool {
    let inside = |name| str::strip_prefix(name, prefix).filter(|rest| !rest.is_empty());
    let inner: HashSet<&str> = record.iter().filter_map(|(name, _)| inside(name)).collect();
    for (name, value) in record.iter() {
        match inside(name) {
            Some(rest) => out.push(rest, value),
            None if inner.contains(name) => {}
            None => out.push(name, value),
        }
    }
    true
}

/// False if the field is no JSON object.
fn expand(
    record: &Record,
    field: &str,
    reader: &mut JsonReader,
    inner: &mut Record,
    out: &mut Record,
) -> bool {
    let Some(Value { ty: Type::String, text }) = record.get(field) else { return false };
    if reader.read(with_empty_texts(text).as_bytes(), inner).is_err() {
        return false;
    }
    let names: HashSet<&str> = inner.iter().map(|(name, _)| name).collect();
    for (name, value) in record.iter() {
        if name != field && !names.contains(name) {
            out.push(name, value);
        }
    }
    for (name, value) in inner.iter() {
        out.push(name, value);
    }
    true
}

/// What a converter from XML makes of `<Data Name="x"></Data>`: a name, and no text.
const NAME: &str = "\"@Name\":\"";

/// The same JSON with an empty text where one was left out: else names and texts, once they are two
/// lists, could not be put together again. (Inside a JSON string there is no such run of quotes.)
fn with_empty_texts(json: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = json;
    while let Some(at) = rest.find(NAME) {
        let name = &rest[at + NAME.len()..];
        let Some(end) = end_of_string(name) else { break };
        let (done, after) = rest.split_at(at + NAME.len() + end);
        out.push_str(done);
        if after.starts_with('}') {
            out.push_str(",\"#text\":\"\"");
        }
        rest = after;
    }
    if out.is_empty() {
        return Cow::Borrowed(json);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Where the string ends that began before `text`: behind its quotation mark.
fn end_of_string(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (i, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(i + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(fields: &[(&str, &str)]) -> Option<String> {
        let mut record = Record::default();
        for (name, value) in fields {
            record.push(name, Value::string(value));
        }
        let mut memory = Unwrapped::default();
        let event = Wrappers::new().open(&record, &mut memory)?;
        let fields = event.iter().map(|(name, value)| format!("{name}={}", value.display()));
        Some(fields.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn envelopes_are_opened_also_inside_each_other() {
        for (fields, want) in [
            (&[("_index", "i"), ("_source.a.b", "1")][..], Some("_index=i a.b=1")),
            (&[("a", "outer"), ("_source.a", "1")], Some("a=1")),
            (&[("AuditData", r#"{"Operation":"x","a":1}"#)], Some("Operation=x a=1")),
            (&[("AuditData.Operation", "x"), ("AuditData.a", "1")], Some("Operation=x a=1")),
            (&[("_source.AuditData", r#"{"a":{"b":2}}"#)], Some("a.b=2")),
            (&[("Operation", "outer"), ("AuditData", r#"{"Operation":"x"}"#)], Some("Operation=x")),
            (&[("AuditData", "no JSON")], None),
            (&[("AuditData", r#"{"a":"#)], None),
            (&[("AuditData.a", "1")], None),
            (&[("_source.", "1"), ("_source", "2")], None),
            (&[("Payload", r#"{"a":1}"#)], None),
        ] {
            assert_eq!(open(fields).as_deref(), want, "{fields:?}");
        }
    }

    #[test]
    fn a_text_left_out_is_empty() {
        for (json, want) in [
            (
                r#"[{"@Name":"a"},{"@Name":"b","x":1}]"#,
                r##"[{"@Name":"a","#text":""},{"@Name":"b","x":1}]"##,
            ),
            (r#"{"@Name":"a\"}"}"#, r##"{"@Name":"a\"}","#text":""}"##),
            (r#"{"x":"\"@Name\":\"a\"}"}"#, r#"{"x":"\"@Name\":\"a\"}"}"#),
            (r#"{"@Name":"a"#, r#"{"@Name":"a"#),
        ] {
            assert_eq!(with_empty_texts(json), want);
        }
    }
}
