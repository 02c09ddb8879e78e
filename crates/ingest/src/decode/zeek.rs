//! A line of a Zeek log → a flat record, by the columns its header names.

use std::borrow::Cow;

use blanik_model::{ListBuilder, Type, Value};

use super::{Origin, RecordSink, lines};
use crate::block::{Block, ZeekHeader, ZeekType};
use crate::record::{Hint, Record};
use crate::rejection::{Place, Rejection};

/// Reads lines, in a buffer it keeps.
#[derive(Default)]
pub(crate) struct ZeekReader {
    list: ListBuilder,
}

impl ZeekReader {
    pub fn decode(
        &mut self,
        block: &Block,
        header: &ZeekHeader,
        record: &mut Record,
        sink: &mut impl RecordSink,
    ) {
        let bytes = &block.bytes[..];
        for (number, span) in lines(block) {
            let line = &bytes[span.start as usize..span.end as usize];
            let unfinished = block.last && span.end as usize == bytes.len();
            if line.starts_with(b"#") {
                continue;
            }
            let expected = header.fields.len();
            let mut columns = line.split(|&b| b == header.separator).count();
            // Some writers end each line with a separator.
            if columns == expected + 1 && line.last() == Some(&header.separator) {
                columns = expected;
            }
            let place = Place::Line(number);
            let count = || format!("has {columns} columns where the header names {expected}");
            if columns != expected && !(unfinished && columns < expected) {
                sink.reject(Rejection::loss(block.source, place, 1, count()));
                continue;
            }
            if columns < expected {
                let reason =
                    format!("the log breaks off in this line, which {}; read so far", count());
                sink.reject(Rejection::note(block.source, place, reason));
            }
            self.line(line, header, record);
            if let Err(overfull) = record.whole() {
                sink.reject(Rejection::loss(block.source, place, 1, overfull.to_string()));
                continue;
            }
            let hint = Hint::Zeek { path: &header.path };
            let source = block.source;
            sink.record(record, hint, Origin { source, number, raw: &block.bytes, span });
        }
    }

    fn line(&mut self, line: &[u8], header: &ZeekHeader, record: &mut Record) {
        record.clear();
        let columns = line.split(|&b| b == header.separator);
        let types = header.types.iter().chain(std::iter::repeat(&ZeekType::Text));
        for ((column, name), ty) in columns.zip(&header.fields[..]).zip(types) {
            if column == header.unset_field {
                continue;
            }
            match ty {
                ZeekType::Text | ZeekType::Number | ZeekType::Bool => {
                    let empty = column == header.empty_field;
                    let text = if empty { Cow::Borrowed("") } else { text(column) };
                    record.push(name, value(*ty, &text));
                }
                ZeekType::Texts => self.members(ZeekType::Text, column, name, header, record),
                ZeekType::Numbers => self.members(ZeekType::Number, column, name, header, record),
                ZeekType::Bools => self.members(ZeekType::Bool, column, name, header, record),
            }
        }
    }

    fn members(
        &mut self,
        ty: ZeekType,
        column: &[u8],
        name: &str,
        header: &ZeekHeader,
        record: &mut Record,
    ) {
        self.list.clear();
        if column != header.empty_field {
            for member in split(column, &header.set_separator) {
                if member == header.unset_field {
                    self.list.push(Value::NULL);
                } else {
                    self.list.push(value(ty, &text(member)));
                }
            }
        }
        record.push(name, self.list.value());
    }
}

fn split<'a>(column: &'a [u8], separator: &[u8]) -> impl Iterator<Item = &'a [u8]> {
    // Zeek's set separator is one byte; an empty one would separate nothing.
    let separator = separator.first().copied();
    column.split(move |&b| Some(b) == separator)
}

fn value(ty: ZeekType, text: &str) -> Value<'_> {
    match ty {
        ZeekType::Bool if text == "T" => Value::bool(true),
        ZeekType::Bool if text == "F" => Value::bool(false),
        ZeekType::Number if text.parse::<f64>().is_ok() => {
            Value { ty: Type::Number, text: without_trailing_zeroes(text) }
        }
        _ => Value::string(text),
    }
}

/// `60.000000`, as Zeek pads every such number to six digits, is `60`.
fn without_trailing_zeroes(text: &str) -> &str {
    if !text.contains('.') || text.contains(['e', 'E']) {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.')
}

fn text(column: &[u8]) -> Cow<'_, str> {
    if memchr::memmem::find(column, b"\\x").is_none() {
        return String::from_utf8_lossy(column);
    }
    String::from_utf8_lossy(&unescape(column)).into_owned().into()
}

/// The bytes that `\x09` and its like stand for. Zeek writes a backslash before these as `\x5c`.
pub(crate) fn unescape(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let hex = after.strip_prefix(b"x").and_then(|digits| digits.get(..2));
        let code = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(code) if byte == b'\\' => {
                out.push(code);
                rest = &after[3..];
            }
            _ => {
                out.push(byte);
                rest = after;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_numbers() {
        assert_eq!(unescape(b"a\\x09b\\x5cx09\\xzz\\x4"), b"a\tb\\x09\\xzz\\x4");
        assert_eq!(unescape(b"\\x09"), b"\t");
        assert_eq!(without_trailing_zeroes("60.000000"), "60");
        assert_eq!(without_trailing_zeroes("0.069980"), "0.06998");
        assert_eq!(without_trailing_zeroes("100"), "100");
    }
}
