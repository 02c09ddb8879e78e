//! A JSON object → a flat record.
//!
//! Objects become dotted names. A list of scalars is a list. A name that crosses a list of objects
//! gathers the values of all elements in order: one list, or the value itself if it is the only one.
//! A number keeps the text it has in the log.

mod index;
mod known;
mod numbers;

use std::borrow::Cow;
use std::collections::HashMap;

use blanik_model::{ListBuilder, OwnedValue, Value};
use simd_json::{Buffers, ErrorType, Node, Tape};

pub(crate) use self::known::Met;
use self::known::{Known, Walked};
use self::numbers::Numbers;
use super::DEPTH_MAX;
use crate::layout::{LayoutId, Leaves, Unread};
use crate::record::{Overfull, RECORD_FIELDS_MAX, RECORD_TEXT_BYTES_MAX, Record};

/// Why a text is no record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JsonError {
    #[error("invalid JSON: {reason}")]
    Invalid { reason: String },
    #[error("valid JSON, but no object: a record is an object")]
    NotAnObject,
    #[error("nested more than {DEPTH_MAX} levels deep (limit)")]
    TooDeep,
    #[error(transparent)]
    Overfull(#[from] Overfull),
}

/// Reads one object after another, in buffers it keeps.
pub(crate) struct JsonReader {
    scratch: Vec<u8>,
    buffers: Buffers,
    tape: Tape<'static>,
    path: String,
    number: String,
    list: ListBuilder,
    known: Known,
    needed: Vec<usize>,
}

/// What became of a text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Got {
    /// Its values were taken, by its layout.
    Row,
    /// It stands in the record; and if its layout may be learnt, where to note it.
    Record(Option<Met>),
}

/// Takes records by their layouts.
pub(crate) trait TakesLayouts {
    /// The leaves that are asked for, where that is known.
    fn needs(&self, layout: LayoutId) -> Option<&[usize]>;
    /// Takes one.
    fn row(&mut self, layout: LayoutId, leaves: Leaves<'_>) -> Result<(), Unread>;
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
            known: Known::default(),
            needed: Vec::new(),
        }
    }
}

impl JsonReader {
    /// Reads `text` into `record`. `Ok(false)` if it held bytes that are not UTF-8.
    pub fn read(&mut self, text: &[u8], record: &mut Record) -> Result<bool, JsonError> {
        self.read_or_take(text, record, None).map(|(_, clean)| clean)
    }

    /// The same, but hands the values to `take` where their layout is known; if it takes them, the
    /// record stays empty.
    pub fn read_or_take(
        &mut self,
        text: &[u8],
        record: &mut Record,
        take: Option<&mut dyn TakesLayouts>,
    ) -> Result<(Got, bool), JsonError> {
        let mut learn = None;
        if let Some(take) = take
            && let Ok(text) = std::str::from_utf8(text)
        {
            match self.known.walk(text) {
                Walked::Layout(layout, met) => match self.hand_over(layout, text, take) {
                    Ok(()) => {
                        record.clear();
                        return Ok((Got::Row, true));
                    }
                    Err(Unread::ByName | Unread::WithoutText) => {}
                    Err(Unread::Forgotten) => learn = Some(met),
                },
                Walked::New(met) => learn = Some(met),
                Walked::Away => {}
            }
        }
        let got = |record: &Record| {
            // What the walk takes for the names, the parser must take for them too.
            Got::Record(learn.filter(|met| met.values == record.len()))
        };
        match self.read_utf8(text, record) {
            Ok(()) => Ok((got(record), true)),
            // The parser checks UTF-8 itself; only where it objects is the text repaired.
            Err(error) => match String::from_utf8_lossy(text) {
                Cow::Borrowed(_) => Err(error),
                Cow::Owned(repaired) => {
                    self.read_utf8(repaired.as_bytes(), record)?;
                    Ok((Got::Record(None), false))
                }
            },
        }
    }

    fn hand_over(
        &mut self,
        layout: LayoutId,
        text: &str,
        take: &mut dyn TakesLayouts,
    ) -> Result<(), Unread> {
        self.needed.clear();
        let needed = take.needs(layout).map(|needed| {
            self.needed.extend_from_slice(needed);
            &self.needed[..]
        });
        self.known.with_leaves(text, needed, |leaves| take.row(layout, leaves))
    }

    /// Notes what was learnt of records whose names are those of that text.
    pub fn learnt(&mut self, met: Met, layout: Option<LayoutId>) {
        self.known.learnt(met, layout);
    }

    fn read_utf8(&mut self, text: &[u8], record: &mut Record) -> Result<(), JsonError> {
        record.clear();
        self.scratch.clear();
        self.scratch.extend_from_slice(text);
        let mut tape = std::mem::replace(&mut self.tape, Tape(Vec::new())).reset();
        let mut blanked = false;
        let mut parsed = simd_json::fill_tape(&mut self.scratch, &mut self.buffers, &mut tape);
        if parsed.as_ref().is_err_and(is_of_number) {
            blanked = true;
            tape = tape.reset();
            self.scratch.clear();
            self.scratch.extend_from_slice(text);
            numbers::blank(&mut self.scratch);
            parsed = simd_json::fill_tape(&mut self.scratch, &mut self.buffers, &mut tape);
        }
        let result = match parsed {
            Ok(()) => {
                self.path.clear();
                let flattener = Flattener {
                    nodes: &tape.0,
                    at: 0,
                    numbers: Numbers::new(text, blanked),
                    path: &mut self.path,
                    number: &mut self.number,
                    list: &mut self.list,
                    out: Out::Record(record),
                };
                flattener.root()
            }
            Err(error) => Err(JsonError::Invalid { reason: error.to_string() }),
        };
        self.tape = tape.reset();
        let result = result.and_then(|()| Ok(record.whole()?));
        if result.is_err() {
            record.clear();
        }
        result
    }
}

/// True for what the parser says of numbers it cannot hold (and of what is no number).
fn is_of_number(error: &simd_json::Error) -> bool {
    use ErrorType::{InvalidExponent, InvalidNumber, Overflow};
    matches!(error.error(), InvalidNumber | InvalidExponent | Overflow)
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
    overfull: Option<Overfull>,
}

struct Flattener<'t, 'a> {
    nodes: &'t [Node<'t>],
    at: usize,
    numbers: Numbers<'t>,
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
                push(&mut self.out, self.path, Value::string(text));
                Ok(())
            }
            Some(Node::Static(node)) => {
                push(&mut self.out, self.path, self.numbers.scalar(node, self.number));
                Ok(())
            }
            None => Ok(()),
        }
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
                Some(Node::Static(node)) => {
                    self.list.push(self.numbers.scalar(node, self.number));
                }
                // An empty object or list has no nodes below it either.
                _ => {}
            }
        }
        push(&mut self.out, self.path, self.list.value());
    }

    fn hand_over(&mut self, gathered: Gathered) -> Result<(), JsonError> {
        if let Some(overfull) = gathered.overfull {
            return Err(overfull.into());
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
        Out::Gathered(gathered) => gathered.push(name, value),
    }
}

impl Gathered {
    fn push(&mut self, name: &str, value: Value<'_>) {
        self.bytes += name.len() + value.text.len();
        if self.bytes > RECORD_TEXT_BYTES_MAX {
            self.overfull = Some(Overfull::Text);
        }
        if self.overfull.is_some() {
            return;
        }
        let next = self.names.len();
        let i = *self.index.entry(name.to_owned()).or_insert(next);
        if i == next {
            if next == RECORD_FIELDS_MAX {
                self.overfull = Some(Overfull::Fields);
                return;
            }
            self.names.push((name.to_owned(), Vec::new()));
        }
        self.names[i].1.push(value.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use blanik_model::Type;

    use super::*;

    fn flat(text: &str) -> Result<String, JsonError> {
        let mut record = Record::default();
        JsonReader::default().read(text.as_bytes(), &mut record)?;
        let fields = record.iter().map(|(name, value)| format!("{name}={}", shown(value)));
        Ok(fields.collect::<Vec<_>>().join(" "))
    }

    /// As JSON, but numbers with their own text.
    fn shown(value: Value<'_>) -> String {
        match value.ty {
            Type::Number => value.text.to_owned(),
            Type::List => {
                let members: Vec<String> = value.members().map(shown).collect();
                format!("[{}]", members.join(","))
            }
            _ => serde_json::to_string(&value).expect("ok"),
        }
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
                "a=-0.5 b=18446744073709551615 c=1.50",
            ),
            (r#"{"a":"\u010d\n\u0000"}"#, r#"a="č\n\u0000""#),
        ] {
            assert_eq!(flat(text).expect("valid"), expected, "{text}");
        }
    }

    #[test]
    fn numbers_keep_their_text() {
        for text in
            ["0", "7.0", "1.50", "0.1000", "-0", "-0.0", "1E5", "1.0e-05", "1e999", "-1e999"]
        {
            let got = flat(&format!("{{\"a\":{text}}}")).expect("valid");
            assert_eq!(got, format!("a={text}"));
        }
        for (text, expected) in [
            (
                r#"{"n":18446744073709551617,"s":"\\\"1.5","m":[1, 2.50,null,{"x1":3e0}],"k": 4 ,"l":5.0}"#,
                r#"n=18446744073709551617 s="\\\"1.5" m=[1,2.50,null] m.x1=3e0 k=4 l=5.0"#,
            ),
            (
                r#"{"a":1,"b":[1e999,{"c":-7,"1":"2"}],"d":1e-999 ,"e":12345678901234567890123}"#,
                r#"a=1 b=1e999 b.c=-7 b.1="2" d=1e-999 e=12345678901234567890123"#,
            ),
            (r#"{"a":1,"b":["3 \"4",1e400,5],"c":6}"#, r#"a=1 b=["3 \"4",1e400,5] c=6"#),
        ] {
            assert_eq!(flat(text).expect("valid"), expected, "{text}");
        }
        let long = "9".repeat(400);
        assert_eq!(flat(&format!("{{\"a\":{long}}}")).expect("valid"), format!("a={long}"));
    }

    /// Documents in which each number says where it stands.
    #[test]
    fn numbers_are_not_taken_for_one_another() {
        let mut seed = 7_u64;
        let mut below = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
            (seed >> 33) % n
        };
        for _ in 0..300 {
            let (mut text, mut expected) = (String::from("{"), Vec::new());
            for n in 0..below(40) {
                let number = match below(6) {
                    0 => format!("{n}"),
                    1 => format!("-{n}"),
                    2 => format!("{n}.{}0", below(99)),
                    3 => format!("1e{n}"),
                    4 => format!("1{n}{}", "0".repeat(30)),
                    _ => format!("1{n}e999"),
                };
                let between = ["", " ", "\t\r"][below(3) as usize];
                let other = [r#""-1\"2":"\\","#, "", "\"t\":[true,\"4\"],"][below(3) as usize];
                let comma = if n == 0 { "" } else { "," };
                text.push_str(&format!("{comma}{other}\"n\":{between}{number}{between}"));
                expected.push(number);
            }
            text.push('}');
            let mut record = Record::default();
            JsonReader::default().read(text.as_bytes(), &mut record).expect(&text);
            let got: Vec<&str> =
                record.iter().filter(|(name, _)| *name == "n").map(|(_, v)| v.text).collect();
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn refuses() {
        for text in ["01", "1.", "1e", "-", "1.5.2", "1e999 1e999", "1e999x", "x1e999", "NaN"] {
            let result = flat(&format!("{{\"a\":{text}}}"));
            assert!(matches!(result, Err(JsonError::Invalid { .. })), "{text}");
        }
        let wide = |n| (0..n).map(|n| format!("\"a{n}\":1")).collect::<Vec<_>>().join(",");
        for (open, close) in [("", ""), ("\"l\":[{", "}]")] {
            let of = |n| format!("{{{open}{}{close}}}", wide(n));
            assert!(flat(&of(RECORD_FIELDS_MAX)).is_ok());
            let result = flat(&of(RECORD_FIELDS_MAX + 1));
            assert!(matches!(result, Err(JsonError::Overfull(Overfull::Fields))));
        }
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
            assert!(matches!(flat(&text), Err(JsonError::Overfull(Overfull::Text))));
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
