//! Histories of shells that keep times: bash's (`#1380630977`, then the command) and zsh's
//! (`: 1457771210:0;command`).

use blanik_model::{Timestamp, Value};

use super::Is;
use crate::record::Record;

/// Whether a line begins an entry.
pub(super) fn begins(line: &[u8]) -> bool {
    seconds(line).is_some()
}

/// Whether a text line is the beginning of one.
pub(super) fn is_entry(line: &str) -> bool {
    begins(line.as_bytes())
}

/// The time of the entry that begins with this line, and what stands behind it.
fn seconds(line: &[u8]) -> Option<(i64, &[u8])> {
    let (digits, zsh) = match line.strip_prefix(b"#") {
        Some(rest) => (rest, false),
        None => (line.strip_prefix(b": ")?, true),
    };
    let count = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    let number = std::str::from_utf8(&digits[..count]).ok()?.parse().ok()?;
    let rest = &digits[count..];
    let ends = match zsh {
        true => rest.starts_with(b":"),
        false => rest.first().is_none_or(|b| matches!(b, b'\n' | b'\r')),
    };
    (count == 10 && ends).then_some((number, rest))
}

/// Reads an entry.
pub(super) fn read(text: &str, record: &mut Record) -> Option<Is> {
    let (seconds, rest) = seconds(text.as_bytes())?;
    let rest = &text[text.len() - rest.len()..];
    let command = match rest.strip_prefix(':') {
        Some(zsh) => zsh.split_once(';').map_or("", |(_, command)| command),
        None => rest,
    };
    record.push("CommandLine", Value::string(command.trim()));
    Some(("history", Timestamp::from_seconds(seconds)))
}
