//! JSON that is safe where it is shown.
//!
//! `serde_json` escapes what JSON demands: C0 controls, quotes. A terminal also obeys C1 controls, a
//! reader is fooled by bidirectional ones, and inside a page `</script>` ends the script. Inside JSON
//! all of these can only stand in strings, where `\u001b` means the same, so the text stays valid.

use std::io::{self, Write};

use blanik_model::text::is_unsafe_char;
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Where the JSON will stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file or a terminal.
    Line,
    /// Inside `<script type="application/json">`: `<`, `>` and `&` are escaped too.
    Page,
}

/// The value as compact JSON.
pub fn to_string<T: Serialize>(value: &T, place: Place) -> io::Result<String> {
    let mut out = Vec::new();
    write(&mut out, value, place)?;
    Ok(String::from_utf8(out).expect("serde_json writes UTF-8"))
}

/// Writes the value as compact JSON, without a newline.
pub fn write<W, T>(out: &mut W, value: &T, place: Place) -> io::Result<()>
where
    W: Write + ?Sized,
    T: Serialize,
{
    value.serialize(&mut Serializer::with_formatter(out, Safe(place))).map_err(io::Error::from)
}

struct Safe(Place);

impl Safe {
    fn escapes(&self, c: char) -> bool {
        is_unsafe_char(c) || (self.0 == Place::Page && matches!(c, '<' | '>' | '&'))
    }
}

impl Formatter for Safe {
    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        // Nearly all text is this.
        let plain =
            |b: u8| matches!(b, b' '..=b'~') && !(self.0 == Place::Page && self.escapes(b.into()));
        if fragment.bytes().all(plain) {
            return out.write_all(fragment.as_bytes());
        }
        let mut rest = fragment;
        while let Some(at) = rest.find(|c| self.escapes(c)) {
            out.write_all(&rest.as_bytes()[..at])?;
            let c = rest[at..].chars().next().expect("found at this place");
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        out.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NASTY: &str = "</script>&\u{9b}31m\u{202e}\u{2028}\u{e0041}\u{1b}\"\\ž";

    #[test]
    fn escaped_text_reads_back_as_it_was() {
        for place in [Place::Line, Place::Page] {
            let json = to_string(&NASTY, place).expect("writes to memory");
            assert!(!json.chars().any(is_unsafe_char), "{json}");
            assert_eq!(serde_json::from_str::<String>(&json).expect("valid"), NASTY);
            assert_eq!(json.contains(['<', '>', '&']), place == Place::Line);
        }
    }
}
