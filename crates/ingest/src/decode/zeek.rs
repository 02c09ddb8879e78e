//! A line of a Zeek log → a flat record, by the columns its header names.

use std::borrow::Cow;
use std::sync::Arc;

use blanik_model::{ListBuilder, Type, Value};

use super::{Origin, RecordSink, lines};
use crate::block::{Block, ZeekHeader, ZeekType};
use crate::layout::{LayoutId, Leaf, Leaves, Unread, Written, emptied, hold};
use crate::record::{Hint, Record};
use crate::rejection::{Place, Rejection};

/// Reads lines, in buffers it keeps.
#[derive(Default)]
pub(crate) struct ZeekReader {
    list: ListBuilder,
    known: Option<Known>,
    // Of the present line: where each column ends.
    ends: Vec<usize>,
    leaves: Vec<Leaf<'static>>,
    held: String,
}

/// What was learnt of lines below a header.
struct Known {
    header: Arc<ZeekHeader>,
    layout: Option<LayoutId>,
}

/// How many columns a line has, and where each ends.
fn columns(line: &[u8], header: &ZeekHeader, ends: &mut Vec<usize>) -> usize {
    ends.clear();
    ends.extend(memchr::memchr_iter(header.separator, line));
    ends.push(line.len());
    // Some writers end each line with a separator.
    let one_more = ends.len() == header.fields.len() + 1;
    if one_more && line.last() == Some(&header.separator) { ends.len() - 1 } else { ends.len() }
}

impl ZeekReader {
    pub fn decode(
        &mut self,
        block: &Block,
        header: &Arc<ZeekHeader>,
        record: &mut Record,
        sink: &mut impl RecordSink,
    ) {
        // Nearly all logs are text; the lines of others are read one by one.
        let text = std::str::from_utf8(&block.bytes).ok();
        let mut ends = std::mem::take(&mut self.ends);
        for (number, span) in lines(block) {
            let bytes = &block.bytes[span.start as usize..span.end as usize];
            if bytes.starts_with(b"#") {
                continue;
            }
            let expected = header.fields.len();
            let columns = columns(bytes, header, &mut ends);
            let whole = columns == expected;
            if whole && let Some(text) = text {
                let line = &text[span.start as usize..span.end as usize];
                let origin =
                    Origin { source: block.source, number, raw: &block.bytes, span: span.clone() };
                if self.row(line, &ends, header, origin, sink) {
                    continue;
                }
            }
            let unfinished = block.last && span.end as usize == block.bytes.len();
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
            self.line(bytes, header, record);
            if let Err(overfull) = record.whole() {
                sink.reject(Rejection::loss(block.source, place, 1, overfull.to_string()));
                continue;
            }
            let hint = Hint::Zeek { path: &header.path };
            let source = block.source;
            sink.record(record, hint, Origin { source, number, raw: &block.bytes, span });
            if whole {
                self.learn(header, record, sink);
            }
        }
        self.ends = ends;
    }

    /// Reads one line once more.
    pub fn again(
        &mut self,
        header: &Arc<ZeekHeader>,
        record: &mut Record,
        sink: &mut impl RecordSink,
        origin: Origin<'_>,
    ) {
        let bytes = &origin.raw[origin.span.start as usize..origin.span.end as usize];
        let mut ends = std::mem::take(&mut self.ends);
        let whole = columns(bytes, header, &mut ends) == header.fields.len();
        let text = std::str::from_utf8(bytes).ok().filter(|_| whole);
        let taken = text.is_some_and(|line| self.row(line, &ends, header, origin.clone(), sink));
        self.ends = ends;
        if taken {
            return;
        }
        self.line(bytes, header, record);
        sink.record(record, Hint::Zeek { path: &header.path }, origin);
        if whole {
            self.learn(header, record, sink);
        }
    }

    /// Learns the header's columns, once.
    fn learn(&mut self, header: &Arc<ZeekHeader>, record: &mut Record, sink: &mut impl RecordSink) {
        if self.known.as_ref().is_some_and(|known| Arc::ptr_eq(&known.header, header)) {
            return;
        }
        record.clear();
        header.fields.iter().for_each(|name| record.push(name, Value::NULL));
        let hint = Hint::Zeek { path: &header.path };
        let layout = record.whole().ok().and_then(|()| sink.learn(record, hint, false));
        self.known = Some(Known { header: Arc::clone(header), layout });
    }

    /// Reads a line by the layout of its header. False if it must be read by names.
    fn row(
        &mut self,
        line: &str,
        ends: &[usize],
        header: &Arc<ZeekHeader>,
        origin: Origin<'_>,
        sink: &mut impl RecordSink,
    ) -> bool {
        let Some(known) = &self.known else { return false };
        let (true, Some(layout)) = (Arc::ptr_eq(&known.header, header), known.layout) else {
            return false;
        };
        let mut leaves = emptied(std::mem::take(&mut self.leaves));
        leaves.resize(header.fields.len(), Leaf::Absent);
        self.held.clear();
        let mut fill = |i: usize| {
            let start = if i == 0 { 0 } else { ends[i - 1] + 1 };
            leaves[i] = self.column(&line[start..ends[i]], i, header);
        };
        match sink.needs(layout) {
            Some(needed) => needed.iter().for_each(|&i| fill(i)),
            None => (0..header.fields.len()).for_each(fill),
        }
        let escaped = memchr::memmem::find(line.as_bytes(), b"\\x").is_some();
        let written = if escaped { Written::Otherwise } else { Written::Plain(line) };
        let leaves_of = Leaves { leaves: &leaves, held: &self.held, written };
        let taken = sink.row(layout, leaves_of, origin);
        self.leaves = emptied(leaves);
        if taken == Err(Unread::Forgotten) {
            self.known = None;
        }
        taken.is_ok()
    }

    /// The value that stands in a column.
    fn column<'l>(&mut self, column: &'l str, i: usize, header: &ZeekHeader) -> Leaf<'l> {
        if column.as_bytes() == header.unset_field {
            return Leaf::Absent;
        }
        let member = match header.types.get(i).unwrap_or(&ZeekType::Text) {
            ZeekType::Texts => ZeekType::Text,
            ZeekType::Numbers => ZeekType::Number,
            ZeekType::Bools => ZeekType::Bool,
            ty => {
                let text = if column.as_bytes() == header.empty_field { "" } else { column };
                if memchr::memmem::find(text.as_bytes(), b"\\x").is_none() {
                    return Leaf::Value(value(*ty, text));
                }
                let unescaped = String::from_utf8_lossy(&unescape(text.as_bytes())).into_owned();
                return hold(&mut self.held, value(*ty, &unescaped));
            }
        };
        self.gather(member, column.as_bytes(), header);
        hold(&mut self.held, self.list.value())
    }

    /// Reads one line.
    pub fn line(&mut self, line: &[u8], header: &ZeekHeader, record: &mut Record) {
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
        self.gather(ty, column, header);
        record.push(name, self.list.value());
    }

    /// Makes the list of a column's members.
    fn gather(&mut self, ty: ZeekType, column: &[u8], header: &ZeekHeader) {
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
        ZeekType::Number if is_plain(text) || text.parse::<f64>().is_ok() => {
            Value { ty: Type::Number, text: without_trailing_zeroes(text) }
        }
        _ => Value::string(text),
    }
}

/// True for digits with at most one point among them: a number, without asking further.
fn is_plain(text: &str) -> bool {
    let mut points = 0;
    let digits = text.bytes().all(|b| match b {
        b'.' => {
            points += 1;
            points == 1
        }
        b => b.is_ascii_digit(),
    });
    digits && text.len() > points
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
