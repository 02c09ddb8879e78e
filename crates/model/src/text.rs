//! Making untrusted text safe to show.
//!
//! A log line is written by the intruder as often as by the machine. What it contains must not move
//! the cursor, recolour the screen, reorder the line or become a formula.

use std::borrow::Cow;

/// True for characters that a terminal obeys or that make a line read otherwise than it is:
/// control characters, and Unicode's bidirectional and invisible format controls.
pub fn is_unsafe_char(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{061C}' | '\u{180E}' | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}')
}

/// The text with unsafe characters written out as `\u{1b}`; tab and newlines as `\t`, `\n`, `\r`.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe_char) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe_char(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The text for a cell of a CSV file: what a spreadsheet would run as a formula is disarmed with a
/// leading apostrophe (OWASP, "CSV Injection"). Quoting is the CSV writer's part.
pub fn for_spreadsheet(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        return Cow::Owned(format!("'{text}"));
    }
    Cow::Borrowed(text)
}

/// At most `max` characters, with `…` where something was cut.
pub fn shorten(text: &str, max: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max) {
        None => Cow::Borrowed(text),
        Some(_) => {
            let kept: String = text.chars().take(max.saturating_sub(1)).collect();
            Cow::Owned(kept + "…")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_a_terminal_obeys() {
        assert_eq!(for_terminal("a\u{1b}[2Jb\n"), "a\\u{1b}[2Jb\\n");
        assert_eq!(for_terminal("gpj\u{202e}exe"), "gpj\\u{202e}exe");
        assert_eq!(for_terminal("žluťoučký kůň"), "žluťoučký kůň");
    }

    #[test]
    fn disarms_formulas() {
        assert_eq!(for_spreadsheet("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0");
        assert_eq!(for_spreadsheet("C:\\x"), "C:\\x");
    }

    #[test]
    fn shortens_by_characters() {
        assert_eq!(shorten("čau čau", 4), "čau…");
        assert_eq!(shorten("čau", 3), "čau");
    }
}
