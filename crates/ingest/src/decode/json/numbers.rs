//! The numbers of a JSON text as they are written there: `7.0`, `1.50`, more digits than any machine
//! number has.
//!
//! The parser gives machine numbers. Each of them stands for one number of the text, in the same
//! order, so that the text is read alongside; only up to where somebody asks, and most records have
//! no number that would need it. Nothing is checked here that the parser has checked.

use std::fmt::Write;
use std::ops::Range;

use blanik_model::Value;
use memchr::memchr2;
use simd_json::StaticNode;

/// Reads a text's numbers in step with the parser's nodes.
pub(super) struct Numbers<'t> {
    text: &'t [u8],
    at: usize,
    // Numbers of the text from `at` on whose nodes were met, and did not need it.
    behind: usize,
    blanked: bool,
}

impl<'t> Numbers<'t> {
    /// The numbers of `text`. If they were [blanked](blank), the nodes say nothing.
    pub fn new(text: &'t [u8], blanked: bool) -> Self {
        Numbers { text, at: 0, behind: 0, blanked }
    }

    /// The value of the next node that is no object, list or string.
    pub fn scalar<'a>(&mut self, node: StaticNode, buffer: &'a mut String) -> Value<'a>
    where
        't: 'a,
    {
        buffer.clear();
        let told = match node {
            StaticNode::Null => return Value::NULL,
            StaticNode::Bool(b) => return Value::bool(b),
            StaticNode::I64(n) => write!(buffer, "{n}"),
            StaticNode::U64(n) => write!(buffer, "{n}"),
            StaticNode::F64(n) => write!(buffer, "{n}"),
        };
        told.expect("writing to a String cannot fail");
        self.behind += 1;
        // Of whole numbers, all but `-0` are written in one way.
        let one_way = matches!(node, StaticNode::U64(_) | StaticNode::I64(..=-1 | 1..));
        let written = if one_way && !self.blanked { None } else { self.written() };
        Value::number(written.unwrap_or(buffer))
    }

    /// The text of the number whose node was met last.
    fn written(&mut self) -> Option<&'t str> {
        let mut number = 0..0;
        for _ in 0..std::mem::take(&mut self.behind) {
            number = next_number(self.text, self.at)?;
            self.at = number.end;
        }
        std::str::from_utf8(&self.text[number]).ok()
    }
}

/// Overwrites each number by a plain `0` and blanks: a number that no float holds is a number all the
/// same, though no parser takes it. What is no number stays, and so does what is wrong elsewhere.
pub(super) fn blank(text: &mut [u8]) {
    let mut at = 0;
    while let Some(number) = next_number(text, at) {
        at = number.end;
        let number = &mut text[number];
        if is_number(number) {
            number.fill(b' ');
            number[0] = b'0';
        }
    }
}

/// The next run of a number's characters outside of strings.
fn next_number(text: &[u8], mut at: usize) -> Option<Range<usize>> {
    loop {
        match *text.get(at)? {
            b'"' => at = string_end(text, at + 1)?,
            b'-' | b'0'..=b'9' => {
                let inside = |b: &u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                let len = text[at..].iter().take_while(|b| inside(b)).count();
                return Some(at..at + len);
            }
            _ => at += 1,
        }
    }
}

fn string_end(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let n = memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at + n] == b'"' {
            return Some(at + n + 1);
        }
        at += n + 2;
    }
}

/// RFC 8259, 6.
pub(super) fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let (whole, rest) = digits(text);
    if whole.is_empty() || whole.len() > 1 && whole[0] == b'0' {
        return false;
    }
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(rest) => digits(rest),
        None => (whole, rest),
    };
    let (exponent, rest) = match rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        Some(rest) => digits(rest.strip_prefix(b"-").or(rest.strip_prefix(b"+")).unwrap_or(rest)),
        None => (whole, rest),
    };
    !fraction.is_empty() && !exponent.is_empty() && rest.is_empty()
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|b| b.is_ascii_digit()).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_number() {
        for text in ["0", "-0", "7", "-12", "0.5", "1.50", "1e5", "1E-05", "-2.5e+999", "10"] {
            assert!(is_number(text.as_bytes()), "{text}");
        }
        for text in ["", "-", "01", "1.", ".5", "1e", "1e+", "1.5.2", "--1", "1-2", "+1", "1e5.5"] {
            assert!(!is_number(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn blanking_leaves_everything_else() {
        let mut text = br#"{"a1":-1e999,"b\"2":"3\\","c":[4,5.5],"d":06,"e":7}"#.to_vec();
        blank(&mut text);
        assert_eq!(
            String::from_utf8_lossy(&text),
            r#"{"a1":0     ,"b\"2":"3\\","c":[0,0  ],"d":06,"e":0}"#
        );
    }
}
