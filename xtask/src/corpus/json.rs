//! The leaves of a JSON object, where they stand in its text: what the generator replaces without
//! touching anything between them. Not a validator: it is given what a parser has accepted.

use std::collections::HashMap;
use std::ops::Range;

/// Deeper objects are left as they are.
const DEPTH_MAX: usize = 32;

/// A string or a number of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Leaf {
    /// Its dotted name, as [`Names`] numbers them. The elements of a list have the list's name.
    pub field: usize,
    /// Where it stands, without quotation marks.
    pub at: Range<usize>,
    /// True for a string.
    pub is_text: bool,
}

/// Dotted names, numbered as they come.
#[derive(Debug)]
pub struct Names {
    names: Vec<String>,
    children: Vec<HashMap<Box<[u8]>, usize>>,
    top: HashMap<Box<[u8]>, usize>,
}

impl Names {
    /// None yet.
    pub fn new() -> Names {
        Names { names: Vec::new(), children: Vec::new(), top: HashMap::new() }
    }

    /// The name of a number.
    pub fn name(&self, field: usize) -> &str {
        &self.names[field]
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// The number of a name below another.
    pub fn number(&mut self, parent: Option<usize>, key: &[u8]) -> usize {
        let level = parent.map_or(&self.top, |parent| &self.children[parent]);
        if let Some(&number) = level.get(key) {
            return number;
        }
        let number = self.names.len();
        let key_text = String::from_utf8_lossy(key);
        self.names.push(match parent {
            Some(parent) => format!("{}.{key_text}", self.names[parent]),
            None => key_text.into_owned(),
        });
        self.children.push(HashMap::new());
        let level = parent.map_or(&mut self.top, |parent| &mut self.children[parent]);
        level.insert(key.into(), number);
        number
    }

    /// The leaves of an object, in order. False if the text breaks off or is no object.
    pub fn leaves(&mut self, text: &[u8], leaves: &mut Vec<Leaf>) -> bool {
        leaves.clear();
        let mut walk = Walk { text, at: 0, names: self, leaves };
        walk.space();
        walk.peek() == Some(b'{') && walk.value(None, 0).is_some()
    }
}

struct Walk<'a> {
    text: &'a [u8],
    at: usize,
    names: &'a mut Names,
    leaves: &'a mut Vec<Leaf>,
}

impl Walk<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        self.space();
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    fn value(&mut self, field: Option<usize>, depth: usize) -> Option<()> {
        self.space();
        match self.peek()? {
            _ if depth > DEPTH_MAX => None,
            b'{' => self.object(field, depth),
            b'[' => self.list(field, depth),
            b'"' => {
                let at = self.string()?;
                self.leaf(field, at, true)
            }
            _ => {
                let from = self.at;
                let rest = &self.text[from..];
                self.at += rest.iter().take_while(|b| !b",]} \t\r\n".contains(b)).count();
                // true, false and null have no variants.
                let is_number = rest[0] == b'-' || rest[0].is_ascii_digit();
                if is_number { self.leaf(field, from..self.at, false) } else { Some(()) }
            }
        }
    }

    fn leaf(&mut self, field: Option<usize>, at: Range<usize>, is_text: bool) -> Option<()> {
        self.leaves.push(Leaf { field: field?, at, is_text });
        Some(())
    }

    fn object(&mut self, field: Option<usize>, depth: usize) -> Option<()> {
        self.at += 1;
        self.space();
        if self.peek()? == b'}' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.space();
            let key = self.string()?;
            let below = self.names.number(field, &self.text[key]);
            self.take(b':')?;
            self.value(Some(below), depth + 1)?;
            if self.take(b',').is_none() {
                return self.take(b'}');
            }
        }
    }

    fn list(&mut self, field: Option<usize>, depth: usize) -> Option<()> {
        self.at += 1;
        self.space();
        if self.peek()? == b']' {
            self.at += 1;
            return Some(());
        }
        loop {
            self.value(field, depth + 1)?;
            if self.take(b',').is_none() {
                return self.take(b']');
            }
        }
    }

    /// Where the string that begins here stands, without its quotation marks.
    fn string(&mut self) -> Option<Range<usize>> {
        if self.peek()? != b'"' {
            return None;
        }
        let from = self.at + 1;
        let mut at = from;
        loop {
            at += memchr::memchr2(b'"', b'\\', self.text.get(at..)?)?;
            if self.text[at] == b'"' {
                self.at = at + 1;
                return Some(from..at);
            }
            at += 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<(String, String)>> {
        let (mut names, mut leaves) = (Names::new(), Vec::new());
        let whole = names.leaves(text.as_bytes(), &mut leaves);
        let show = |l: &Leaf| (names.name(l.field).to_owned(), text[l.at.clone()].to_owned());
        whole.then(|| leaves.iter().map(show).collect())
    }

    #[test]
    fn strings_and_numbers_with_their_names() {
        let text =
            r#" {"a": "x\"y\\", "b":{"c":-1.5e3,"d":[1,{"e":"f"},null]},"g":true, "h":[], "i":{}}"#;
        let expected = [("a", r#"x\"y\\"#), ("b.c", "-1.5e3"), ("b.d", "1"), ("b.d.e", "f")];
        let expected: Vec<_> =
            expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(read(text), Some(expected));
    }

    #[test]
    fn what_breaks_off_is_told() {
        let text = r#"{"a":{"b":[1,"c"]}}"#;
        for end in 0..text.len() {
            assert_eq!(read(&text[..end]), None, "{}", &text[..end]);
        }
        assert_eq!(read("[1]"), None);
        assert_eq!(read(r#"{"a" 1}"#), None);
    }
}
