//! The fonts that a document may use: those that the program carries, and a user's own.

use std::fmt;

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

/// Fonts: Libertinus Serif, New Computer Modern and DejaVu Sans Mono, with their licences in the typesetter's assets, after
/// those that are added.
#[derive(Clone)]
pub struct Fonts {
    pub(crate) book: LazyHash<FontBook>,
    pub(crate) all: Vec<Font>,
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all.iter().map(|font| &font.info().family)).finish()
    }
}

impl Fonts {
    /// The program's own fonts and before them those of the given files (OpenType, TrueType, collections), as far as they can
    /// be read.
    pub fn with<'a>(files: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let own = typst_assets::fonts().map(Bytes::new);
        let given = files.into_iter().map(|bytes| Bytes::new(bytes.to_vec()));
        let all: Vec<Font> = given.chain(own).flat_map(Font::iter).collect();
        Fonts { book: LazyHash::new(FontBook::from_fonts(&all)), all }
    }

    /// The text with each letter that no font has, and that would be a box on paper, written out as `[U+4E2D]`; and so
    /// each control character. Archives (PDF/A) forbid letters without a shape.
    pub fn printable(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            if matches!(c, '\n' | '\t') || (!c.is_control() && !reorders(c) && self.has(c)) {
                out.push(c);
            } else {
                out.push_str(&format!("[U+{:04X}]", u32::from(c)));
            }
        }
        out
    }

    fn has(&self, c: char) -> bool {
        c.is_whitespace()
            || !is_private(c)
                && self.all.iter().any(|font| font.info().coverage.contains(u32::from(c)))
    }

    /// The data with all of its text, not the names of its fields, made printable. A picture is text, too: what stands in it for
    /// a letter is no markup.
    pub(crate) fn printable_data(&self, data: &serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match data {
            Value::String(text) => Value::String(self.printable(text)),
            Value::Array(all) => all.iter().map(|v| self.printable_data(v)).collect(),
            Value::Object(all) => Value::Object(
                all.iter().map(|(k, v)| (k.clone(), self.printable_data(v))).collect(),
            ),
            other => other.clone(),
        }
    }
}

/// Characters that mean what two parties agree on: archives forbid them, whatever a font draws.
fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{ffffd}' | '\u{100000}'..='\u{10fffd}')
}

/// Marks that reorder or hide the text around them.
fn reorders(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
