//! A record's fields in one pass over its text. What JSON is, is `serde_json`'s to say: whatever this takes,
//! [`super::walk`] takes, too, and reads the same of it; of the rest, that says what is wrong.

use std::fmt::Write;

use super::walk::{self, DEPTH_MAX, Text};
use super::{FIELDS_MAX, FieldType, Taker, escaped};
use crate::error::{Error, Result};

/// Hands on a record's fields in its order. After an error, what was handed on says nothing.
pub(super) fn each_field(record: &str, take: Taker<'_>) -> Result<()> {
    let mut scan = Scan { record, at: 0, path: String::with_capacity(128), taken: 0, take };
    match scan.record() {
        Some(()) => Ok(()),
        None => {
            walk::each_field(record, &mut |_, _, _| {})?;
            Err(Error::Record("not read".into()))
        }
    }
}

/// A way through a record, and where on it we are. `None` of its steps: this is no record.
struct Scan<'r, 't> {
    record: &'r str,
    at: usize,
    path: String,
    taken: usize,
    take: Taker<'t>,
}

impl<'r> Scan<'r, '_> {
    fn record(&mut self) -> Option<()> {
        if self.peek()? != b'{' {
            return None;
        }
        self.value(0)?;
        self.skip_blanks();
        (self.at == self.record.len()).then_some(())
    }

    fn value(&mut self, depth: usize) -> Option<()> {
        if depth == DEPTH_MAX {
            return None;
        }
        match self.peek()? {
            b'{' => self.object(depth),
            b'[' => self.list(depth),
            b'"' => {
                let (text, is_plain) = self.string()?;
                if is_plain {
                    return self.take(FieldType::String, &text[1..text.len() - 1]);
                }
                let Text(text) = serde_json::from_str(text).ok()?;
                self.take(FieldType::String, &text)
            }
            b'n' => self.word("null", FieldType::Null, ""),
            b't' => self.word("true", FieldType::Bool, "true"),
            b'f' => self.word("false", FieldType::Bool, "false"),
            _ => {
                let number = self.number()?;
                self.take(FieldType::Number, number)
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        if self.peek()? == b'}' {
            self.at += 1;
            return self.take(FieldType::EmptyObject, "");
        }
        let above = self.path.len();
        loop {
            self.key()?;
            self.value(depth + 1)?;
            self.path.truncate(above);
            if self.is_last(b'}')? {
                return Some(());
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<()> {
        self.at += 1;
        if self.peek()? == b']' {
            self.at += 1;
            return self.take(FieldType::EmptyList, "");
        }
        let above = self.path.len();
        for i in 0.. {
            write!(self.path, "/#{i}").ok()?;
            self.value(depth + 1)?;
            self.path.truncate(above);
            if self.is_last(b']')? {
                break;
            }
        }
        Some(())
    }

    /// The next key, onto the path, up to behind its colon.
    fn key(&mut self) -> Option<()> {
        if self.peek()? != b'"' {
            return None;
        }
        let (text, is_plain) = self.string()?;
        self.path.push('/');
        if is_plain {
            self.path.push_str(&escaped(&text[1..text.len() - 1]));
        } else {
            let Text(key) = serde_json::from_str(text).ok()?;
            self.path.push_str(&escaped(&key));
        }
        (self.peek()? == b':').then(|| self.at += 1)
    }

    /// Behind a member: whether it was the last, or a comma tells of another.
    fn is_last(&mut self, end: u8) -> Option<bool> {
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b',' => Some(false),
            byte => (byte == end).then_some(true),
        }
    }

    /// A string with its quotes, and whether it stands there as it is: without escapes.
    fn string(&mut self) -> Option<(&'r str, bool)> {
        let bytes = self.record.as_bytes();
        let (from, mut at, mut is_plain) = (self.at, self.at + 1, true);
        loop {
            match *bytes.get(at)? {
                b'"' => break,
                b'\\' => {
                    is_plain = false;
                    at += 1;
                }
                0..b' ' => return None,
                _ => {}
            }
            at += 1;
        }
        self.at = at + 1;
        Some((self.record.get(from..self.at)?, is_plain))
    }

    fn word(&mut self, word: &str, ty: FieldType, text: &str) -> Option<()> {
        let is_there = self.record.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        is_there.then(|| self.take(ty, text))?
    }

    /// A number as it is written (RFC 8259, 6).
    fn number(&mut self) -> Option<&'r str> {
        let from = self.at;
        self.pass(b"-");
        if !self.pass(b"0") {
            self.digits()?;
        }
        if self.pass(b".") {
            self.digits()?;
        }
        if self.pass(b"eE") {
            self.pass(b"+-");
            self.digits()?;
        }
        self.record.get(from..self.at)
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let rest = &self.record.as_bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        (count > 0).then_some(())
    }

    /// Passes the next byte, if it is one of these.
    fn pass(&mut self, bytes: &[u8]) -> bool {
        let is_one = self.record.as_bytes().get(self.at).is_some_and(|byte| bytes.contains(byte));
        self.at += usize::from(is_one);
        is_one
    }

    /// The next byte that is no blank.
    fn peek(&mut self) -> Option<u8> {
        self.skip_blanks();
        self.record.as_bytes().get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while self.pass(b" \t\n\r") {}
    }

    fn take(&mut self, ty: FieldType, text: &str) -> Option<()> {
        if self.taken == FIELDS_MAX {
            return None;
        }
        self.taken += 1;
        (self.take)(&self.path, ty, text);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Field;
    use super::*;

    type Reader = fn(&str, Taker<'_>) -> Result<()>;

    fn read(record: &str, each_field: Reader) -> std::result::Result<Vec<Field>, String> {
        let mut fields = Vec::new();
        let read = each_field(record, &mut |path, ty, text| {
            fields.push(Field { path: path.to_owned(), ty, text: text.to_owned() });
        });
        read.map(|()| fields).map_err(|error| error.to_string())
    }

    fn check(record: &str) {
        assert_eq!(read(record, each_field), read(record, walk::each_field), "{record}");
    }

    /// A string as it may be written, whole or broken.
    fn string() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            4 => "[a-z/~#-]{0,6}",
            2 => prop::sample::select(vec![
                "\\n", "\\\"", "\\\\", "\\/", "\\u0000", "\\u00e9", "\\ud83d\\ude00", "ž", "\u{1f600}", "\u{7f}",
            ]).prop_map(str::to_owned),
            1 => prop::sample::select(vec![
                "", "\\ud800", "\\udc00x", "\\ud83d\\u0041", "\\u12", "\\x", "\u{1}", "\t", "\\",
            ]).prop_map(str::to_owned),
        ];
        let whole = prop_oneof![
            9 => "[a-z/~#]{0,4}",
            1 => prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat()),
        ];
        whole.prop_map(|text| format!("\"{text}\""))
    }

    fn scalar() -> impl Strategy<Value = String> {
        let words = [
            "null",
            "true",
            "false",
            "0",
            "-0",
            "1.10",
            "1e400",
            "-12.5E-07",
            "9007199254740993",
            "123456789012345678901",
        ];
        let broken = ["nul", "True", "01", "1.", ".5", "+1", "-", "1e", "0x1", "1e+", "NaN", ""];
        prop_oneof![
            30 => string(),
            30 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
            1 => prop::sample::select(broken.to_vec()).prop_map(str::to_owned),
        ]
    }

    fn blank() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["", "", "", "", "", "", " ", "\t\r", "\n"])
    }

    /// A value of any shape; a name may stand twice.
    fn value() -> impl Strategy<Value = String> {
        scalar().prop_recursive(6, 40, 5, |inner| {
            let member = (string(), blank(), inner.clone(), blank());
            let member = member.prop_map(|(key, a, value, b)| format!("{a}{key}{b}:{a}{value}{b}"));
            let list = prop::collection::vec(inner, 0..4);
            prop_oneof![
                prop::collection::vec(member, 0..5).prop_map(|m| format!("{{{}}}", m.join(","))),
                (blank(), list).prop_map(|(a, m)| format!("[{a}{}{a}]", m.join(","))),
            ]
        })
    }

    fn record() -> impl Strategy<Value = String> {
        let member = (string(), value()).prop_map(|(key, value)| format!("{key}:{value}"));
        let members = prop::collection::vec(member, 0..6);
        (blank(), members).prop_map(|(a, m)| format!("{a}{{{a}{}{a}}}{a}", m.join(",")))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_scan_reads_what_the_walk_reads(record in record()) {
            check(&record);
        }

        /// Bytes that are JSON's own, put in, taken out or put in place of others.
        #[test]
        fn damage_is_named_by_the_walk(
            record in record(),
            at in any::<prop::sample::Index>(),
            by in prop::sample::select(vec!["", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "-", ".", "e", " ", "\u{b}", "ž"]),
            cut in 0usize..2,
        ) {
            let mut chars: Vec<String> = record.chars().map(String::from).collect();
            let at = at.index(chars.len());
            chars.splice(at..at + cut, [by.to_owned()]);
            check(&chars.concat());
        }
    }

    #[test]
    fn what_is_at_a_bound_is_read_the_same() {
        for depth in [1, 61, 62, 63, 64, 65, 200, 100_000] {
            check(&format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth)));
            check(&format!("{{\"a\":{}1{}}}", "{\"b\":".repeat(depth), "}".repeat(depth)));
        }
        for count in [FIELDS_MAX, FIELDS_MAX + 1] {
            check(&format!("{{\"a\":[{}]}}", vec!["1"; count].join(",")));
        }
        for record in [
            "",
            " ",
            "1",
            "[1]",
            "\"a\"",
            "{",
            "{}",
            "{}x",
            "\u{feff}{}",
            "{\"a\":1,}",
            "{\"a\":1 \"b\":2}",
        ] {
            check(record);
        }
    }
}
