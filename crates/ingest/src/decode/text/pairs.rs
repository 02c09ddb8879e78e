//! `name=value` in a sentence, in the few ways that logs write it.

use std::borrow::Cow;

/// Pairs parted by blanks, whose values hold none.
pub(super) fn plain(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split([' ', '\t', ';']).filter_map(|word| word.split_once('='))
}

/// The same, where a value with blanks stands in double quotes, `\"` being one.
pub(super) fn quoted(text: &str) -> Quoted<'_> {
    Quoted { rest: text }
}

/// See [`quoted`].
pub(super) struct Quoted<'t> {
    rest: &'t str,
}

impl<'t> Iterator for Quoted<'t> {
    type Item = (&'t str, Cow<'t, str>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.rest = self.rest.trim_start_matches([' ', ',', '\t']);
            if self.rest.is_empty() {
                return None;
            }
            let end = self.rest.find(['=', ' ']).unwrap_or(self.rest.len());
            let name = &self.rest[..end];
            if !self.rest[end..].starts_with('=') || name.is_empty() {
                self.rest = self.rest.get(end + 1..).unwrap_or("");
                continue;
            }
            let (value, rest) = value(&self.rest[end + 1..]);
            self.rest = rest;
            return Some((name, value));
        }
    }
}

fn value(text: &str) -> (Cow<'_, str>, &str) {
    let Some(inner) = text.strip_prefix('"') else {
        let end = text.find([' ', ',']).unwrap_or(text.len());
        return (text[..end].into(), &text[end..]);
    };
    let bytes = inner.as_bytes();
    let mut at = 0;
    while let Some(n) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        at += n;
        if bytes[at] == b'"' {
            let value = &inner[..at];
            let value = if value.contains('\\') {
                value.replace("\\\"", "\"").into()
            } else {
                value.into()
            };
            return (value, &inner[at + 1..]);
        }
        at = (at + 2).min(bytes.len());
    }
    (inner.into(), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_quotes_and_without() {
        let got: Vec<_> = quoted(r#"a=1 junk b="x \"y\" z" c= d="open"#)
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        assert_eq!(got, ["a=1", r#"b=x "y" z"#, "c=", "d=open"]);
        assert_eq!(plain("x IN=eth0 OUT= y").collect::<Vec<_>>(), [("IN", "eth0"), ("OUT", "")]);
    }
}
