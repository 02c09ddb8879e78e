//! Text in a column of a terminal: made safe, measured as a terminal draws it, cut or padded to fit.

use std::borrow::Cow;

use blanik_model::Level;
use blanik_model::text::for_terminal;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How wide the terminal is, and whether it may be coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns. Lines are cut to fit.
    pub width: usize,
    /// ANSI colours.
    pub colour: bool,
}

/// What is assumed where nobody knows the width: a file, a pipe.
pub const WIDTH_UNKNOWN: usize = 160;

impl Style {
    /// The style for a stream: colour only on a terminal, and not if `NO_COLOR` is set
    /// (<https://no-color.org>: to anything but the empty string).
    pub fn new(is_terminal: bool, no_color: Option<&str>, width: Option<usize>) -> Self {
        let colour = is_terminal && no_color.is_none_or(str::is_empty);
        Style { width: width.unwrap_or(WIDTH_UNKNOWN).max(40), colour }
    }

    /// No colours, this wide.
    pub fn plain(width: usize) -> Self {
        Style { width, colour: false }
    }

    /// The text between the ANSI codes of that ink.
    pub fn ink(self, ink: Ink, text: &str) -> String {
        if !self.colour || text.is_empty() {
            return text.to_owned();
        }
        format!("\x1b[{}m{text}\x1b[0m", ink.code())
    }
}

/// What a piece of text means, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// A heading.
    Heading,
    /// Less important than its neighbours.
    Faint,
    /// Something is wrong, or must not be overlooked.
    Alarm,
    /// A finding of that level.
    Level(Level),
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Ink::Heading => "1",
            Ink::Faint => "2",
            Ink::Alarm => "1;7",
            Ink::Level(Level::Critical) => "1;31",
            Ink::Level(Level::High) => "31",
            Ink::Level(Level::Medium) => "33",
            Ink::Level(Level::Low) => "36",
            Ink::Level(Level::Informational) => "2",
        }
    }
}

/// Columns that the text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The text made safe and cut to at most `max` columns, `…` where something was cut off its end.
pub fn cut(text: &str, max: usize) -> String {
    let safe = for_terminal(text);
    if width(&safe) <= max {
        return safe.into_owned();
    }
    let mut out = take(safe.chars(), max.saturating_sub(1));
    if max > 0 {
        out.push('…');
    }
    out
}

/// The text made safe and cut to at most `max` columns, `…` where something was cut off its start:
/// for paths, whose end says most.
pub fn cut_start(text: &str, max: usize) -> String {
    let safe: Cow<'_, str> = for_terminal(text);
    if width(&safe) <= max {
        return safe.into_owned();
    }
    let kept = take(safe.chars().rev(), max.saturating_sub(1));
    let mark = if max > 0 { "…" } else { "" };
    mark.chars().chain(kept.chars().rev()).collect()
}

/// [`cut`], then filled up with blanks to exactly `columns`.
pub fn fit(text: &str, columns: usize) -> String {
    pad(cut(text, columns), columns)
}

/// Blanks up to `columns`.
pub fn pad(mut text: String, columns: usize) -> String {
    let missing = columns.saturating_sub(width(&text));
    text.extend(std::iter::repeat_n(' ', missing));
    text
}

fn take(chars: impl Iterator<Item = char>, max: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= max
        })
        .collect()
}

/// `1234567` as `1,234,567`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 rule`, `2 rules`; the plural is the word with an `s`.
pub fn counted(n: u64, noun: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {noun}{s}", count(n))
}

/// Bytes in the unit people read: `1.4 GB`.
pub fn bytes(n: u64) -> String {
    const UNITS: &[&str] = &["kB", "MB", "GB", "TB", "PB", "EB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_columns_not_by_characters() {
        assert_eq!(cut("žluťoučký kůň", 7), "žluťou…");
        assert_eq!(cut("日本語のログ", 6), "日本…");
        assert_eq!(cut_start("/var/log/Security.evtx:12", 10), "…y.evtx:12");
        assert_eq!(fit("ab", 4), "ab  ");
        assert_eq!(fit("日本", 3), "日 ".replace(' ', "…"));
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn cutting_happens_after_escaping_so_no_control_survives() {
        for max in 0..12 {
            let text = cut("a\u{1b}[31mb\u{202e}", max);
            assert!(!text.contains(['\u{1b}', '\u{202e}']));
            assert!(width(&text) <= max, "{text:?}");
        }
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!((count(0), count(999), count(1000)), ("0".into(), "999".into(), "1,000".into()));
        assert_eq!(count(12_345_678), "12,345,678");
        assert_eq!((bytes(999), bytes(1_400_000_000)), ("999 B".into(), "1.4 GB".into()));
        assert_eq!(bytes(999_990), "1.0 MB");
        assert_eq!((counted(1, "rule"), counted(0, "rule")), ("1 rule".into(), "0 rules".into()));
    }

    #[test]
    fn colour_only_where_it_was_asked_for() {
        assert!(Style::new(true, None, Some(80)).colour);
        assert!(Style::new(true, Some(""), Some(80)).colour);
        assert!(!Style::new(true, Some("1"), Some(80)).colour);
        assert!(!Style::new(false, None, Some(80)).colour);
        assert_eq!(Style::plain(80).ink(Ink::Alarm, "x"), "x");
    }
}
