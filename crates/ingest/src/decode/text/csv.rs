//! A row of a table → a record, by the names of its columns.
//!
//! What it is, its names tell (`mapping/shapes.tsv`), as they do for JSON. A cell that holds nothing is
//! null. Cells beyond the columns are `column_N`.

use std::borrow::Cow;

use blanik_model::{Timestamp, Value};

use super::Is;
use super::audit::AuditReader;
use crate::block::Table;
use crate::record::Record;

/// Columns that a table may have, as a record may have fields.
const COLUMNS_MAX: usize = 1 << 14;

/// The cells of a row.
pub(crate) fn cells(row: &[u8], separator: u8) -> Cells<'_> {
    Cells { rest: Some(row), separator }
}

/// See [`cells`].
pub(crate) struct Cells<'r> {
    rest: Option<&'r [u8]>,
    separator: u8,
}

impl<'r> Iterator for Cells<'r> {
    type Item = Cow<'r, [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rest?;
        let Some(inner) = row.strip_prefix(b"\"") else {
            let end = memchr::memchr(self.separator, row);
            self.rest = end.map(|n| &row[n + 1..]);
            return Some(Cow::Borrowed(&row[..end.unwrap_or(row.len())]));
        };
        let mut at = 0;
        let mut doubled = false;
        let close = loop {
            match memchr::memchr(b'"', &inner[at..]) {
                None => break inner.len(),
                Some(n) if inner.get(at + n + 1) == Some(&b'"') => {
                    doubled = true;
                    at += n + 2;
                }
                Some(n) => break at + n,
            }
        };
        // What stands between the quote and the separator belongs to the cell.
        let behind = inner.get(close + 1..).unwrap_or_default();
        let end = memchr::memchr(self.separator, behind);
        self.rest = end.map(|n| &behind[n + 1..]);
        let tail = &behind[..end.unwrap_or(behind.len())];
        let cell = &inner[..close];
        if !doubled && tail.is_empty() {
            return Some(Cow::Borrowed(cell));
        }
        let mut out = Vec::with_capacity(cell.len() + tail.len());
        let mut quote = false;
        for &byte in cell {
            quote = byte == b'"' && !quote;
            if byte != b'"' || quote {
                out.push(byte);
            }
        }
        out.extend_from_slice(tail);
        Some(Cow::Owned(out))
    }
}

/// The names of columns, from the first row.
pub(crate) fn columns(row: &[u8], separator: u8) -> Vec<String> {
    let names = cells(row, separator).take(COLUMNS_MAX);
    distinct(names.map(|name| String::from_utf8_lossy(name.trim_ascii()).into_owned()))
}

/// The names, none of them empty and none twice: the second `a` is `a_2`, the fourth column `column_4`.
pub(crate) fn distinct(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = std::collections::HashSet::new();
    let mut out = Vec::new();
    for name in names.take(COLUMNS_MAX) {
        let column = out.len() + 1;
        let mut name = if name.is_empty() { format!("column_{column}") } else { name };
        if !seen.insert(name.clone()) {
            name = format!("{name}_{column}");
            seen.insert(name.clone());
        }
        out.push(name);
    }
    out
}

/// Reads a row.
pub(super) fn read(text: &str, table: &Table, record: &mut Record) {
    let beyond = (table.columns.len() + 1..).map(|n| Cow::Owned(format!("column_{n}")));
    let names = table.columns.iter().map(Cow::Borrowed).chain(beyond);
    for (cell, name) in cells(text.as_bytes(), table.separator).zip(names) {
        let cell = String::from_utf8_lossy(&cell);
        record.push(&name, typed(&cell));
    }
}

/// A table knows no types: what is written as JSON writes a number or a truth value is one.
fn typed(cell: &str) -> Value<'_> {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let padded = whole.len() > 1 && whole.starts_with('0');
    match cell {
        "" => Value::NULL,
        "true" | "True" | "TRUE" => Value::bool(true),
        "false" | "False" | "FALSE" => Value::bool(false),
        _ if is_digits(whole) && is_digits(fraction) && !padded => Value::number(cell),
        _ => Value::string(cell),
    }
}

/// The audit event that a table of Azure's Linux agent carries in `AuditdMessage`: a list of
/// `{'TYPE': ['name=value', …]}`, as Python writes it.
pub(super) fn auditd(record: &mut Record, audit: &mut AuditReader) -> Option<Is> {
    let message = record.get("AuditdMessage")?.text.to_owned();
    let host = record.get("Computer").map(|v| v.text.to_owned());
    let time = record.get("mssg_id").and_then(|id| {
        let seconds = id.text.split(':').next()?;
        Timestamp::from_decimal_seconds(seconds)
    });
    let parts = python(&message)?;
    record.clear();
    if let Some(host) = host {
        record.push("node", Value::string(&host));
    }
    let parts = parts.iter().map(|(ty, fields)| (ty.as_str(), fields.join(" ")));
    Some(audit.parts(parts, time, record))
}

/// Types and fields of such a list. Texts before a colon are types.
fn python(text: &str) -> Option<Vec<(String, Vec<String>)>> {
    let mut out: Vec<(String, Vec<String>)> = Vec::new();
    let mut rest = text.trim().strip_prefix('[')?;
    while let Some(start) = rest.find(['\'', '"']) {
        let quote = rest.as_bytes()[start];
        let inner = &rest[start + 1..];
        let (text, behind) = literal(inner, quote)?;
        if behind.trim_start().starts_with(':') {
            out.push((text, Vec::new()));
        } else {
            out.last_mut()?.1.push(text);
        }
        rest = behind;
    }
    (!out.is_empty()).then_some(out)
}

fn literal(inner: &str, quote: u8) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => text.extend(chars.next().map(|(_, c)| c)),
            c if c as u32 == u32::from(quote) => return Some((text, &inner[at + 1..])),
            c => text.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_with_quotes_and_without() {
        let of = |row: &str| -> Vec<String> {
            let text = |c: Cow<'_, [u8]>| String::from_utf8_lossy(&c).into_owned();
            cells(row.as_bytes(), b',').map(text).collect()
        };
        assert_eq!(of(r#"a,"b,""c""",,d"e"#), ["a", r#"b,"c""#, "", r#"d"e"#]);
        assert_eq!(of(r#""a"b,"open,c"#), ["ab", "open,c"]);
        assert_eq!(of(""), [""]);
    }

    #[test]
    fn names_stand_once() {
        assert_eq!(columns(b",a,a,\"b c\"", b','), ["column_1", "a", "a_3", "b c"]);
    }

    #[test]
    fn cells_have_the_types_that_json_would_give_them() {
        for (cell, want) in [
            ("12", Value::number("12")),
            ("-1.5", Value::number("-1.5")),
            ("007", Value::string("007")),
            ("1.2.3", Value::string("1.2.3")),
            ("True", Value::bool(true)),
            ("-", Value::string("-")),
        ] {
            assert_eq!(typed(cell), want, "{cell}");
        }
    }
}
