//! A JSON object → a flat record.
//!
//! Objects become dotted names. A list of scalars is a list. A name that crosses a list of objects
//! gathers the values of all elements in order: one list, or the value itself if it is the only one.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;

use blanik_model::{ListBuilder, OwnedValue, Type, Value};
use simd_json::{Buffers, Node, StaticNode, Tape};

use super::DEPTH_MAX;
use crate::record::{RECORD_TEXT_BYTES_MAX, Record};

/// Why a text is no record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsonError {
    #[error("invalid JSON: {reason}")]
    Invalid { reason: String },
    #[error("valid JSON, but no object: a record is an object")]
    NotAnObject,
    #[error("nested more than {DEPTH_MAX} levels deep (limit)")]
    TooDeep,
    #[error("its names and values come to more than {RECORD_TEXT_BYTES_MAX} bytes (limit)")]
    TooLong,
}

/// Reads one object after another, in buffers it keeps.
pub(crate) struct JsonReader {
    scratch: Vec<u8>,
    buffers: Buffers,
    tape: Tape<'static>,
    path: String,
    number: String,
    list: ListBuilder,
}

impl Default for JsonReader {
    fn default() -> Self {
        JsonReader {
            scratch: Vec::new(),
            buffers: Buffers::new(0),
            tape: Tape(Vec::new()),
            path: String::new(),
            number: String::new(),
            list: ListBuilder::default(),
        }
    }
}

impl JsonReader {
    /// Reads `text` into `record`. `Ok(false)` if it held bytes that are not UTF-8.
    pub fn read(&mut self, text: &[u8], record: &mut Record) -> Result<bool, JsonError> {
        match self.read_utf8(text, record) {
            Ok(()) => Ok(true),
            // The parser checks UTF-8 itself; only where it objects is the text repaired.
            Err(error) => match String::from_utf8_lossy(text) {
                Cow::Borrowed(_) => Err(error),
                Cow::Owned(repaired) => self.read_utf8(repaired.as_bytes(), record).map(|()| false),
            },
        }
    }

    fn read_utf8(&mut self, text: &[u8], record: &mut Record) -> Result<(), JsonError> {
        record.clear();
        self.scratch.clear();
        self.scratch.extend_from_slice(text);
        let mut tape = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
        let result = simd_json::fill_tape(&mut self.scratch, &mut self.buffers, &mut tape);
        let result = match result {
            Ok(()) => {
                self.path.clear();
                let (path, number) = (&mut self.path, &mut self.number);
                let out = Out::Record(record);
                Flattener { nodes: &tape.0, at: 0, path, number, list: &mut self.list, out }.root()
            }
            Err(error) => Err(JsonError::Invalid { reason: error.to_string() }),
        };
        self.tape = tape.reset();
        let whole = if record.is_overfull() { Err(JsonError::TooLong) } else { Ok(()) };
        let result = result.and(whole);
        if result.is_err() {
            record.clear();
        }
        result
    }
}

/// Where values go: to the record, or together by name while within a list.
enum Out<'a> {
    Record(&'a mut Record),
    Gathered(Gathered),
}

#[derive(Default)]
struct Gathered {
    index: HashMap<String, usize>,
    names: Vec<(String, Vec<OwnedValue>)>,
    // Of names and values as they came, a name counted each time.
    bytes: usize,
}

struct Flattener<'t, 'a> {
    nodes: &'t [Node<'t>],
    at: usize,
    path: &'a mut String,
    number: &'a mut String,
    list: &'a mut ListBuilder,
    out: Out<'a>,
}

impl<'t> Flattener<'t, '_> {
    fn root(mut self) -> Result<(), JsonError> {
        match self.nodes.first() {
            Some(Node::Object { len, .. }) => {
                self.at = 1;
                self.object(*len, DEPTH_MAX)
            }
            _ => Err(JsonError::NotAnObject),
        }
    }

    fn step(&mut self) -> Option<Node<'t>> {
        let node = self.nodes.get(self.at).copied();
        self.at += 1;
        node
    }

    fn object(&mut self, len: usize, depth_left: usize) -> Result<(), JsonError> {
        let depth_left = depth_left.checked_sub(1).ok_or(JsonError::TooDeep)?;
        let outer = self.path.len();
        for _ in 0..len {
            let Some(Node::String(key)) = self.step() else { break };
            if outer > 0 {
                self.path.push('.');
            }
            self.path.push_str(key);
            self.value(depth_left)?;
            self.path.truncate(outer);
        }
        Ok(())
    }

    fn value(&mut self, depth_left: usize) -> Result<(), JsonError> {
        match self.step() {
            Some(Node::Object { len, .. }) => self.object(len, depth_left),
            Some(Node::Array { len, count }) => self.array(len, count, depth_left),
            Some(Node::String(text)) => {
                self.push(Value::string(text));
                Ok(())
            }
            Some(Node::Static(node)) => {
                let mut text = std::mem::take(self.number);
                let value = scalar(node, &mut text);
                self.push(value);
                *self.number = text;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn push(&mut self, value: Value<'_>) {
        push(&mut self.out, self.path, value);
    }

    fn array(&mut self, len: usize, count: usize, depth_left: usize) -> Result<(), JsonError> {
        let depth_left = depth_left.checked_sub(1).ok_or(JsonError::TooDeep)?;
        let gathers = matches!(self.out, Out::Gathered(_));
        if gathers {
            return (0..len).try_for_each(|_| self.value(depth_left));
        }
        // Only a list of scalars has as many nodes as members.
        if count == len {
            self.scalars(len);
            return Ok(());
        }
        let outer = std::mem::replace(&mut self.out, Out::Gathered(Gathered::default()));
        let result = (0..len).try_for_each(|_| self.value(depth_left));
        let gathered = std::mem::replace(&mut self.out, outer);
        if let Out::Gathered(gathered) = gathered {
            result?;
            return self.hand_over(gathered);
        }
        result
    }

    fn scalars(&mut self, len: usize) {
        self.list.clear();
        for _ in 0..len {
            match self.step() {
                Some(Node::String(text)) => self.list.push(Value::string(text)),
                Some(Node::Static(node)) => self.list.push(scalar(node, self.number)),
                // An empty object or list has no nodes below it either.
                _ => {}
            }
        }
        push(&mut self.out, self.path, self.list.value());
    }

    fn hand_over(&mut self, gathered: Gathered) -> Result<(), JsonError> {
        if gathered.bytes > RECORD_TEXT_BYTES_MAX {
            return Err(JsonError::TooLong);
        }
        if gathered.names.is_empty() {
            self.list.clear();
            push(&mut self.out, self.path, self.list.value());
        }
        for (name, values) in gathered.names {
            if let [only] = &values[..] {
                push(&mut self.out, &name, only.get());
                continue;
            }
            self.list.clear();
            values.iter().for_each(|value| self.list.push(value.get()));
            push(&mut self.out, &name, self.list.value());
        }
        Ok(())
    }
}

fn push(out: &mut Out<'_>, name: &str, value: Value<'_>) {
    match out {
        Out::Record(record) => record.push(name, value),
        Out::Gathered(gathered) => {
            gathered.bytes += name.len() + value.text.len();
            if gathered.bytes > RECORD_TEXT_BYTES_MAX {
                return;
            }
            let next = gathered.names.len();
            let i = *gathered.index.entry(name.to_owned()).or_insert(next);
            if i == next {
                gathered.names.push((name.to_owned(), Vec::new()));
            }
            gathered.names[i].1.push(value.to_owned());
        }
    }
}

fn scalar(node: StaticNode, text: &mut String) -> Value<'_> {
    text.clear();
    let written = match node {
        StaticNode::Null => return Value::NULL,
        StaticNode::Bool(b) => return Value::bool(b),
        StaticNode::I64(n) => write!(text, "{n}"),
        StaticNode::U64(n) => write!(text, "{n}"),
        StaticNode::F64(n) => write!(text, "{n}"),
    };
    written.expect("writing to a String cannot fail");
    Value { ty: Type::Number, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(text: &str) -> Result<String, JsonError> {
        let mut record = Record::default();
        JsonReader::default().read(text.as_bytes(), &mut record)?;
        let fields = record
            .iter()
            .map(|(name, value)| format!("{name}={}", serde_json::to_string(&value).expect("ok")));
        Ok(fields.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn flattens() {
        for (text, expected) in [
            (r#"{"a":{"b":{"c":1},"d":"x"},"e":null}"#, r#"a.b.c=1 a.d="x" e=null"#),
            (r#"{"a":[1,"x",true]}"#, r#"a=[1,"x",true]"#),
            (r#"{"a":["x"],"b":[],"c":{}}"#, r#"a=["x"] b=[]"#),
            (r#"{"a":[{"b":1,"c":2},{"b":3}]}"#, "a.b=[1,3] a.c=2"),
            (r#"{"a":[{"b":[1,2]},{"b":[{"c":4}]},5]}"#, "a.b=[1,2] a.b.c=4 a=5"),
            (r#"{"a":[{"b":[]}]}"#, "a=[]"),
            (r#"{"a":1,"a":2,"id.orig_h":"h"}"#, r#"a=1 a=2 id.orig_h="h""#),
            (
                r#"{"a":-0.5,"b":18446744073709551615,"c":1.50}"#,
                "a=-0.5 b=18446744073709551615 c=1.5",
            ),
            (r#"{"a":"\u010d\n\u0000"}"#, r#"a="č\n\u0000""#),
        ] {
            assert_eq!(flat(text).expect("valid"), expected, "{text}");
        }
    }

    #[test]
    fn refuses() {
        assert!(matches!(flat("123"), Err(JsonError::NotAnObject)));
        assert!(matches!(flat("[1]"), Err(JsonError::NotAnObject)));
        assert!(matches!(flat(r#"{"a":"#), Err(JsonError::Invalid { .. })));
        let deep = |n| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
        assert!(flat(&deep(DEPTH_MAX)).is_ok());
        assert!(flat(&deep(DEPTH_MAX + 1)).is_err());
        assert!(flat(&format!("{{\"a\":{}", "[".repeat(100_000))).is_err());
    }

    #[test]
    fn a_long_name_before_many_values_does_not_multiply() {
        let name = "x".repeat(400_000);
        let many = |one: &str| one.repeat(100_000);
        for text in [
            format!("{{\"{name}\":{{{}\"z\":1}}}}", many("\"a\":1,")),
            format!("{{\"{name}\":[{{\"a\":1}}{}]}}", many(",1")),
            format!("{{\"{name}\":[{{{}\"z\":1}}]}}", many("\"a\":1,")),
            format!("{{\"{name}\":{{{}\"z\":1}}}}", many("\"a\":[1],")),
        ] {
            assert!(matches!(flat(&text), Err(JsonError::TooLong)));
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_become_replacement_characters() {
        let mut record = Record::default();
        let clean = JsonReader::default().read(b"{\"a\":\"\xff\"}", &mut record).expect("read");
        assert!(!clean);
        assert_eq!(record.get("a"), Some(Value::string("\u{FFFD}")));
    }
}
