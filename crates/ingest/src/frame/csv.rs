//! Tables whose first record names the columns (RFC 4180, and with `;` or tab for the comma).
//!
//! A record goes on over line ends within quotes. A quote that nobody closes would make one record
//! of all that follows: past a size, a line is one, whatever it quotes.

use std::sync::Arc;

use blanik_model::SourceId;
use memchr::{memchr, memchr2, memchr3};

use super::About;
use super::text::{offset, trimmed};
use crate::block::{Element, Framing, Table, TextHead};
use crate::decode::text::csv::{cells, columns};
use crate::feeder::{Outlet, Stopped};
use crate::frame::lines::Lines;
use crate::rejection::{Place, Rejection};
use crate::text_format::TextFormat;
use crate::window::Window;

/// Bytes of a record within which a quote must be closed.
const QUOTED_BYTES_MAX: usize = 2 << 20;

/// Cuts the whole log.
pub(crate) fn run(
    about: About,
    window: &mut Window<'_>,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    let mut lines = Lines::new(about.source, about.record_bytes_max);
    let mut table: Option<Arc<Table>> = None;
    window.fill(crate::block::BLOCK_BYTES);
    let separator = separator(window.bytes());
    while let Some(piece) = lines.next_at(window, outlet, |text| last_end(text, separator)) {
        let mut elements = records(&piece.bytes, piece.first, separator, piece.last);
        unclosed(about.source, &elements, &piece.bytes, separator, outlet);
        let table = match &table {
            Some(table) => Arc::clone(table),
            None if elements.is_empty() => continue,
            None => {
                let head = elements.remove(0);
                let text = &piece.bytes[head.span.start as usize..head.span.end as usize];
                let columns = columns(text, separator);
                Arc::clone(table.insert(Arc::new(Table {
                    separator,
                    columns,
                    day: None,
                    log: "other",
                })))
            }
        };
        let (format, clock) = (TextFormat::Csv, Default::default());
        let framing = Framing::Text(TextHead { format, clock, table: Some(table) }, elements);
        outlet.block(about.source, piece.bytes, piece.first, framing, piece.last)?;
    }
    Ok(())
}

/// What parts the columns: what stands most often in the first line, outside of quotes.
pub(crate) fn separator(text: &[u8]) -> u8 {
    let line = &text[..memchr(b'\n', text).unwrap_or(text.len())];
    let count = |separator: &u8| cells(line, *separator).count();
    // Of as many, the first.
    [b',', b';', b'\t', b'|'].into_iter().rev().max_by_key(count).unwrap_or(b',')
}

/// Where the record ends that begins the text: behind its line end. `None` if it goes on, or may.
fn end_of_record(text: &[u8], separator: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        if text.get(at) == Some(&b'"') {
            at = end_of_quoted(text, at + 1)?;
        }
        at += memchr2(separator, b'\n', &text[at..])? + 1;
        if text[at - 1] == b'\n' {
            return Some(at);
        }
    }
}

/// Behind the quote that closes.
fn end_of_quoted(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr(b'"', &text[at..])? + 1;
        if text.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

/// The end of a record, or of a line where a quote is not closed in time. `None` if more must be
/// seen.
fn next_end(text: &[u8], separator: u8) -> Option<usize> {
    let end = end_of_record(text, separator);
    match end {
        Some(end) if end <= QUOTED_BYTES_MAX => Some(end),
        None if text.len() <= QUOTED_BYTES_MAX => None,
        _ => memchr(b'\n', text).map(|n| n + 1),
    }
}

/// The first whole records of a text.
pub(crate) fn first_rows(text: &[u8], separator: u8, most: usize) -> Vec<&[u8]> {
    let mut out = Vec::new();
    let mut rest = text;
    while out.len() < most {
        let Some(end) = next_end(rest, separator) else { break };
        let line = trimmed(&rest[..end]);
        if !line.is_empty() {
            out.push(line);
        }
        rest = &rest[end..];
    }
    out
}

fn last_end(text: &[u8], separator: u8) -> Option<usize> {
    let mut at = 0;
    while let Some(end) = next_end(&text[at..], separator) {
        at += end;
        if at == text.len() {
            break;
        }
    }
    (at > 0).then_some(at)
}

fn records(text: &[u8], first: u64, separator: u8, last: bool) -> Vec<Element> {
    let mut out = Vec::new();
    let (mut at, mut number) = (0, first);
    while at < text.len() {
        let rest = &text[at..];
        let end = next_end(rest, separator);
        // The log's last record has no line end; one whose quote stays open is read line by line.
        let open = end.is_none() && memchr(b'\n', rest).is_some();
        let end = end.or_else(|| memchr(b'\n', rest).map(|n| n + 1)).unwrap_or(rest.len());
        let line = trimmed(&rest[..end]);
        if !line.is_empty() {
            let span = offset(at)..offset(at + line.len());
            let unfinished =
                last && !open && at + end == text.len() && ends_quoted(line, separator);
            out.push(Element { number, span, complete: !unfinished });
        }
        number += memchr::memchr_iter(b'\n', &rest[..end]).count() as u64;
        at += end;
    }
    out
}

/// True if the text ends within quotes.
fn ends_quoted(text: &[u8], separator: u8) -> bool {
    let mut at = 0;
    loop {
        if text.get(at) == Some(&b'"') {
            match end_of_quoted(text, at + 1) {
                Some(end) => at = end,
                None => return true,
            }
        }
        match memchr3(separator, b'\n', b'\n', &text[at..]) {
            Some(n) => at += n + 1,
            None => return false,
        }
    }
}

/// Says where a quote is not closed.
fn unclosed(
    source: SourceId,
    elements: &[Element],
    text: &[u8],
    separator: u8,
    outlet: &mut Outlet,
) {
    let quoted = |e: &&Element| {
        e.complete && ends_quoted(&text[e.span.start as usize..e.span.end as usize], separator)
    };
    let mut open = elements.iter().filter(quoted);
    if let Some(first) = open.next() {
        let count = 1 + open.count();
        let reason =
            format!("{count} lines from here on open a quote that is not closed; read as they are");
        outlet.reject(Rejection::note(source, Place::Line(first.number), reason));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(text: &str) -> Vec<(u64, &str)> {
        let records = records(text.as_bytes(), 1, b',', true);
        let cut = |e: &Element| (e.number, &text[e.span.start as usize..e.span.end as usize]);
        records.iter().map(cut).collect()
    }

    #[test]
    fn records_go_on_within_quotes_and_only_there() {
        assert_eq!(
            spans("a,\"b\r\nc\",d\r\n\r\n1,2\"3,\"\"\"\n\"\"\"\nx"),
            [(1, "a,\"b\r\nc\",d"), (4, "1,2\"3,\"\"\"\n\"\"\""), (6, "x")]
        );
        // Nobody closes it.
        assert_eq!(spans("a\n\"b\nc\n"), [(1, "a"), (2, "\"b"), (3, "c")]);
    }

    #[test]
    fn the_separator_is_what_parts_the_first_line() {
        for (line, want) in
            [("a,b;c,d", b','), ("a;b;c", b';'), ("\"a,b\";c", b';'), ("a\tb", b'\t')]
        {
            assert_eq!(separator(line.as_bytes()), want, "{line}");
        }
    }
}
