//! The plain part of YAML that most rules are written in, read without a YAML library.
//!
//! Maps and lists in block style, scalars on one line, literal blocks. What is anything else, or in any
//! doubt, is `None`, and the caller asks the library: where a tree comes out of here, the library makes
//! the same of the text. It borrows from the text, and looks at each byte a few times.

use std::borrow::Cow;

/// A value of YAML.
#[derive(Clone, Debug, PartialEq)]
pub enum Node<'t> {
    /// Nothing, or a word for it.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(Cow<'t, str>),
    /// Entries in their order; no key stands twice.
    Map(Vec<(&'t str, Node<'t>)>),
    /// A list; not empty.
    List(Vec<Node<'t>>),
}

/// Maps and lists in each other.
const DEPTH_MAX: usize = 8;
/// Entries of a map: each is compared with each.
const ENTRIES_MAX: usize = 64;
/// Bytes of a key. YAML ends at 1024.
const KEY_BYTES_MAX: usize = 128;

/// Reads a document that is a map.
pub fn map(text: &str) -> Option<Vec<(&str, Node<'_>)>> {
    if !text.chars().all(is_plain) {
        return None;
    }
    let mut reader = Reader { text, line: None, rest: text };
    reader.advance();
    let map = reader.map(0, DEPTH_MAX)?;
    reader.line.is_none().then_some(map)
}

/// Characters that end no line but `\n`, and mean the same to every reader of YAML.
fn is_plain(c: char) -> bool {
    match c {
        '\n' | ' '..='~' => true,
        '\u{2028}' | '\u{2029}' | '\u{feff}' => false,
        _ => ('\u{a0}'..='\u{fffd}').contains(&c) || c >= '\u{10000}',
    }
}

/// A line that is neither blank nor a comment.
#[derive(Clone, Copy)]
struct Line<'t> {
    /// Spaces before it.
    indent: usize,
    /// What follows them, without spaces at the end.
    content: &'t str,
}

struct Reader<'t> {
    text: &'t str,
    /// The line to be read next.
    line: Option<Line<'t>>,
    /// What stands behind it.
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn raw_line(&mut self) -> Option<&'t str> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest.as_bytes());
        let line = &self.rest[..end.unwrap_or(self.rest.len())];
        self.rest = end.map_or("", |end| &self.rest[end + 1..]);
        Some(line)
    }

    fn advance(&mut self) {
        self.line = loop {
            let Some(raw) = self.raw_line() else { break None };
            let content = raw.trim_start_matches(' ');
            if !content.is_empty() && !content.starts_with('#') {
                let indent = raw.len() - content.len();
                break Some(Line { indent, content: content.trim_end_matches(' ') });
            }
        };
    }

    /// The map whose keys stand at `indent`, from the line to be read next.
    fn map(&mut self, indent: usize, depth: usize) -> Option<Vec<(&'t str, Node<'t>)>> {
        let depth = depth.checked_sub(1)?;
        let mut entries: Vec<(&str, Node<'_>)> = Vec::new();
        while let Some(line) = self.line.filter(|l| l.indent >= indent) {
            let (key, rest) = key(line.content).filter(|_| line.indent == indent)?;
            if entries.len() == ENTRIES_MAX || entries.iter().any(|(k, _)| *k == key) {
                return None;
            }
            let node = self.entry(rest, indent, depth)?;
            entries.push((key, node));
        }
        (!entries.is_empty()).then_some(entries)
    }

    /// The value of a key at `indent`, behind which `rest` stands.
    fn entry(&mut self, rest: &'t str, indent: usize, depth: usize) -> Option<Node<'t>> {
        if rest == "|" {
            return self.literal(indent);
        }
        self.advance();
        if !rest.is_empty() && !rest.starts_with('#') {
            return self.alone(scalar(rest)?, indent);
        }
        match self.line {
            Some(line) if line.indent > indent && item(line.content).is_some() => {
                self.list(line.indent, depth)
            }
            Some(line) if line.indent > indent => Some(Node::Map(self.map(line.indent, depth)?)),
            // The items of a list may stand below its key.
            Some(line) if line.indent == indent && item(line.content).is_some() => {
                self.list(indent, depth)
            }
            _ => Some(Node::Null),
        }
    }

    /// A value on one line of something at `indent`, if the next line does not go on with it.
    fn alone(&self, node: Node<'t>, indent: usize) -> Option<Node<'t>> {
        self.line.is_none_or(|next| next.indent <= indent).then_some(node)
    }

    /// The list whose dashes stand at `indent`.
    fn list(&mut self, indent: usize, depth: usize) -> Option<Node<'t>> {
        let depth = depth.checked_sub(1)?;
        let mut items = Vec::new();
        while let Some(line) = self.line.filter(|l| l.indent >= indent) {
            let Some(rest) = item(line.content) else {
                // The next key of the map that the list stands in.
                return (line.indent == indent).then_some(Node::List(items));
            };
            if line.indent > indent {
                return None;
            }
            items.push(match key(rest) {
                Some(_) => {
                    // A map that begins behind the dash: its keys stand below the first.
                    let inner = indent + line.content.len() - rest.len();
                    self.line = Some(Line { indent: inner, content: rest });
                    Node::Map(self.map(inner, depth)?)
                }
                None => {
                    self.advance();
                    self.alone(scalar(rest)?, indent)?
                }
            });
        }
        Some(Node::List(items))
    }

    /// The lines below `key: |`, whose key stands at `indent`.
    fn literal(&mut self, indent: usize) -> Option<Node<'t>> {
        let mut out = String::new();
        let mut inner = None;
        // Line breaks that count only if text follows.
        let mut breaks = 0;
        loop {
            let before = self.rest;
            let raw = self.raw_line();
            let content = raw.map_or("", |raw| raw.trim_start_matches(' '));
            let spaces = raw.map_or(0, |raw| raw.len() - content.len());
            match raw {
                Some(_) if content.is_empty() => {
                    // A blank line before the text, or longer than its margin, is a matter of its own.
                    if inner.is_none_or(|inner| spaces > inner) {
                        return None;
                    }
                    breaks += 1;
                }
                Some(raw) if spaces >= inner.unwrap_or(indent + 1) => {
                    let inner = *inner.get_or_insert(spaces);
                    out.extend(std::iter::repeat_n('\n', breaks));
                    out.push_str(&raw[inner..]);
                    breaks = 1;
                }
                // The end of the text must end its last line.
                None if inner.is_none() || !self.text.ends_with('\n') => return None,
                _ => {
                    inner?;
                    self.rest = before;
                    self.advance();
                    out.push('\n');
                    return self.alone(Node::Text(out.into()), indent);
                }
            }
        }
    }
}

/// What stands behind the dash of a list's item; something must.
fn item(content: &str) -> Option<&str> {
    Some(content.strip_prefix("- ")?.trim_start_matches(' '))
}

/// A key without quotes, and what stands behind its colon.
fn key(content: &str) -> Option<(&str, &str)> {
    let is_part = |b: u8| b.is_ascii_alphanumeric() || b"_-.|@()/".contains(&b);
    let end = content.bytes().position(|b| !is_part(b))?;
    let (key, rest) = content.split_at(end);
    let rest = rest.strip_prefix(':').filter(|r| r.is_empty() || r.starts_with(' '))?;
    let is_name = key.starts_with(|c: char| c.is_ascii_alphabetic()) && end <= KEY_BYTES_MAX;
    (is_name && !is_special(key)).then(|| (key, rest.trim_start_matches(' ')))
}

/// A scalar that takes the rest of its line, but for a comment.
fn scalar(rest: &str) -> Option<Node<'_>> {
    match rest.as_bytes().first()? {
        b'\'' => quoted(&rest[1..]),
        b'"' => {
            let (text, after) = rest[1..].split_once('"')?;
            // Escapes are left to the library.
            (ends_there(after) && !text.contains('\\')).then_some(Node::Text(text.into()))
        }
        _ => bare(rest),
    }
}

/// What stands behind an opening single quote.
fn quoted(rest: &str) -> Option<Node<'_>> {
    let mut from = 0;
    loop {
        let end = from + rest[from..].find('\'')?;
        if rest[end + 1..].starts_with('\'') {
            from = end + 2;
            continue;
        }
        let text = &rest[..end];
        let text = if from > 0 { text.replace("''", "'").into() } else { Cow::Borrowed(text) };
        return ends_there(&rest[end + 1..]).then_some(Node::Text(text));
    }
}

/// True if behind a closing quote nothing stands but a comment.
fn ends_there(after: &str) -> bool {
    after.is_empty() || after.starts_with(' ') && after.trim_start_matches(' ').starts_with('#')
}

/// A scalar without quotes.
fn bare(rest: &str) -> Option<Node<'_>> {
    let text = rest.split_once(" #").map_or(rest, |(text, _)| text).trim_end_matches(' ');
    let first = *text.as_bytes().first()?;
    let begins_text = first.is_ascii_alphanumeric() || b"\\/_($<^=;".contains(&first);
    if !begins_text || text.contains(": ") || text.ends_with(':') {
        return None;
    }
    if first.is_ascii_digit() {
        return number(text);
    }
    match text {
        "null" | "Null" | "NULL" => Some(Node::Null),
        "true" | "True" | "TRUE" => Some(Node::Bool(true)),
        "false" | "False" | "FALSE" => Some(Node::Bool(false)),
        _ => (!is_special(text)).then_some(Node::Text(text.into())),
    }
}

/// Digits, or text that begins with one and can be no number in any notation.
fn number(text: &str) -> Option<Node<'_>> {
    let is_digits = text.bytes().all(|b| b.is_ascii_digit());
    if is_digits && text.len() <= 18 && (text.len() == 1 || !text.starts_with('0')) {
        return text.parse().ok().map(Node::Integer);
    }
    let has_base = ["0x", "0o", "0b"].iter().any(|base| text.starts_with(base));
    let is_text = !has_base && text.parse::<f64>().is_err();
    is_text.then_some(Node::Text(text.into()))
}

/// Words that one version of YAML or another takes for something else than text.
fn is_special(word: &str) -> bool {
    const WORDS: [&str; 12] =
        ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan", "infinity"];
    word.len() <= 8 && WORDS.iter().any(|w| word.eq_ignore_ascii_case(w))
}
