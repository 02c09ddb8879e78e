//! Text on its way into markup.

use std::fmt;

use crate::text::is_unsafe_char;

/// Text for an element or a quoted attribute: markup is escaped, and characters that reorder or hide
/// text are written out.
pub struct Text<'a>(pub &'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c if is_unsafe_char(c) => write!(f, "{}", c.escape_default())?,
                c => fmt::Write::write_char(f, c)?,
            }
        }
        Ok(())
    }
}

/// A raw record, safe to show: its own lines and tabs stay, all else as in [`Text`] (unescaped).
pub fn lines(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for c in raw.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            '\r' => {}
            c if is_unsafe_char(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_text_is_markup_or_moves_it() {
        let text = Text("\"><img onerror='x'>&\u{202e}\u{1b}[2J").to_string();
        assert_eq!(text, "&quot;&gt;&lt;img onerror=&#39;x&#39;&gt;&amp;\\u{202e}\\u{1b}[2J");
        assert_eq!(lines("a\r\nb\u{1b}\u{2066}"), "a\nb\\u{1b}\\u{2066}");
    }
}
