//! A pattern's words.

use blanik_model::Timestamp;

use super::PatternError;

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub enum Word {
    /// A name or a keyword.
    Name(String),
    /// `'text'`.
    Text(String),
    /// `t'2024-01-01T00:00:00Z'`.
    Time(Timestamp),
    /// `h'ffc3'`, `b'ABI='`: as hexadecimal digits, or as it stands.
    Bytes(String),
    /// A number as written.
    Number(f64),
    /// A mark or a comparison's sign.
    Mark(&'static str),
}

const MARKS: &[&str] =
    &["!=", "<>", "<=", ">=", "==", "=", "<", ">", "[", "]", "(", ")", ":", ".", ",", "*"];

/// The words of a pattern, each with the byte it begins at.
pub fn words(text: &str) -> Result<Vec<(usize, Word)>, PatternError> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
        } else if rest.starts_with("/*") {
            at += rest.find("*/").ok_or_else(|| error(at, "a comment that does not end"))? + 2;
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if c == '\'' {
            let (string, length) = string(rest).ok_or_else(|| error(at, "a text without end"))?;
            words.push((at, Word::Text(string)));
            at += length;
        } else if rest.len() > 1 && rest.as_bytes()[1] == b'\'' && matches!(c, 't' | 'h' | 'b') {
            let (string, length) =
                string(&rest[1..]).ok_or_else(|| error(at, "a text without end"))?;
            let word = match c {
                't' => Word::Time(
                    Timestamp::parse(&string).ok_or_else(|| error(at, "a time that is none"))?,
                ),
                _ => Word::Bytes(string),
            };
            words.push((at, word));
            at += length + 1;
        } else if c.is_ascii_digit() || matches!(c, '-' | '+') {
            let length = number_length(rest);
            let number = rest[..length].parse();
            words.push((at, Word::Number(number.map_err(|_| error(at, "a number that is none"))?)));
            at += length;
        } else if c.is_alphabetic() || c == '_' {
            let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
            let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            words.push((at, Word::Name(rest[..length].to_owned())));
            at += length;
        } else {
            let mark = MARKS.iter().find(|mark| rest.starts_with(**mark));
            let mark = mark.ok_or_else(|| error(at, &format!("'{c}', which has no meaning")))?;
            words.push((at, Word::Mark(mark)));
            at += mark.len();
        }
    }
    Ok(words)
}

/// A text in quotes, and how many bytes it takes with them.
fn string(text: &str) -> Option<(String, usize)> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => return Some((out, at + 1)),
            '\\' => out.push(chars.next()?.1),
            c => out.push(c),
        }
    }
    None
}

fn number_length(text: &str) -> usize {
    let sign = usize::from(text.starts_with(['-', '+']));
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = sign + digits(&text[sign..]);
    match text[whole..].strip_prefix('.') {
        Some(fraction) if digits(fraction) > 0 => whole + 1 + digits(fraction),
        _ => whole.max(1),
    }
}

fn error(at: usize, what: &str) -> PatternError {
    PatternError { at, what: what.to_owned() }
}
