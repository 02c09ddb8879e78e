//! W3C extended logs: lines below `#` lines that name the columns, and may name others farther down.

use std::sync::Arc;

use super::About;
use super::text::{offset, trimmed};
use crate::block::{Element, Framing, Table, TextHead};
use crate::clock::{self, Stamp};
use crate::decode::text::csv::distinct;
use crate::decode::text::w3c::log_of;
use crate::feeder::{Outlet, Stopped};
use crate::frame::lines::Lines;
use crate::text_format::TextFormat;
use crate::window::Window;

/// Cuts the whole log.
pub(crate) fn run(
    about: About,
    window: &mut Window<'_>,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    let mut lines = Lines::new(about.source, about.record_bytes_max);
    let mut directives = Directives::default();
    while let Some(piece) = lines.next(window, outlet) {
        let bytes = piece.bytes;
        let mut elements = Vec::new();
        let (mut at, mut number, mut start) = (0, piece.first, 0);
        while at < bytes.len() {
            let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n + 1);
            let line = trimmed(&bytes[at..end]);
            if line.starts_with(b"#") {
                flush(&directives, &about, &bytes[start..at], &mut elements, false, outlet)?;
                directives.read(line);
                start = end;
            } else if !line.is_empty() {
                let span = offset(at - start)..offset(at - start + line.len());
                elements.push(Element { number, span, complete: true });
            }
            (at, number) = (end, number + 1);
        }
        let rest = &bytes[start.min(bytes.len())..];
        flush(&directives, &about, rest, &mut elements, piece.last, outlet)?;
    }
    Ok(())
}

/// Hands on the lines below the same directives.
fn flush(
    directives: &Directives,
    about: &About,
    text: &[u8],
    elements: &mut Vec<Element>,
    last: bool,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    let Some(first) = elements.first().map(|e| e.number) else { return Ok(()) };
    let head = TextHead {
        format: TextFormat::W3c,
        clock: Default::default(),
        table: directives.table.clone(),
    };
    let framing = Framing::Text(head, std::mem::take(elements));
    outlet.block(about.source, text.to_vec(), first, framing, last)
}

/// The `#` lines read so far.
#[derive(Default)]
struct Directives {
    day: Option<(i32, u8, u8)>,
    table: Option<Arc<Table>>,
}

impl Directives {
    fn read(&mut self, line: &[u8]) {
        if let Some(date) = line.strip_prefix(b"#Date:") {
            self.day = day(date.trim_ascii());
            let table =
                self.table.as_ref().map(|table| Table { day: self.day, ..(**table).clone() });
            self.table = table.map(Arc::new);
        }
        let Some(fields) = line.strip_prefix(b"#Fields:") else { return };
        let fields = fields.trim_ascii();
        let separator = match () {
            () if fields.contains(&b'\t') => b'\t',
            () if fields.contains(&b',') => b',',
            () => b' ',
        };
        let names = fields.split(|&b| b == separator).map(<[u8]>::trim_ascii);
        let names = names.filter(|n| !n.is_empty());
        let names = names.map(|n| String::from_utf8_lossy(n).into_owned());
        let columns = distinct(names);
        // The same directive before every line must not cost a table each.
        let same =
            |t: &Arc<Table>| t.columns == columns && t.separator == separator && t.day == self.day;
        if !self.table.as_ref().is_some_and(same) {
            self.table =
                Some(Arc::new(Table { separator, log: log_of(&columns), columns, day: self.day }));
        }
    }
}

/// The day of a `#Date` line.
fn day(date: &[u8]) -> Option<(i32, u8, u8)> {
    // Some write the day alone.
    let whole = [date, b" 00:00:00"].concat();
    let found = clock::at_start(date).or_else(|| clock::at_start(&whole));
    let (Stamp::At(_), _) = found? else { return None };
    let text = std::str::from_utf8(date).ok()?;
    let mut parts = text.get(..10)?.split(['-', '/']);
    let year = parts.next()?.parse().ok()?;
    Some((year, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
