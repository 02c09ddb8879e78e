//! Zeek's tab-separated logs: lines below `#` lines that say what the columns are.
//!
//! The `#` lines may come again, and may change: rotated logs are often concatenated.

use std::sync::Arc;

use blanik_model::SourceId;
use memchr::{memchr_iter, memmem};

use crate::block::{Framing, ZeekHeader, ZeekType};
use crate::feeder::{Outlet, Stopped};
use crate::frame::lines::{Lines, Piece};
use crate::rejection::{Place, Rejection};
use crate::window::Window;

/// Cuts the whole log.
pub(crate) fn run(
    source: SourceId,
    window: &mut Window<'_>,
    record_bytes_max: usize,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    let mut lines = Lines::new(source, record_bytes_max);
    let mut header = HeaderLines::default();
    while let Some(piece) = lines.next(window, outlet) {
        for Segment { text, first, heads, last } in segments(&piece) {
            if heads {
                text.split(|&b| b == b'\n').for_each(|line| header.read(line));
                continue;
            }
            match header.header() {
                Some(header) => {
                    let framing = Framing::Zeek(header);
                    outlet.block(source, text.to_vec(), first, framing, last)?;
                }
                None => without_header(source, first, count(text), outlet),
            }
        }
    }
    Ok(())
}

/// Counts the lines of a log without `#` lines.
pub(crate) fn headless(source: SourceId, window: &mut Window<'_>, outlet: &mut Outlet) {
    const PIECE_BYTES: usize = 1 << 20;
    let mut lines = 0;
    let mut unfinished = false;
    loop {
        window.fill(PIECE_BYTES);
        let text = window.bytes();
        if text.is_empty() {
            break;
        }
        lines += memchr_iter(b'\n', text).count() as u64;
        unfinished = !text.ends_with(b"\n");
        window.skip(window.bytes().len());
    }
    without_header(source, 1, lines + u64::from(unfinished), outlet);
}

fn without_header(source: SourceId, first: u64, lines: u64, outlet: &mut Outlet) {
    if lines > 0 {
        let reason = format!(
            "{lines} lines of a Zeek log without its header: put the #separator, #fields and \
             #types lines of a log of the same type above them"
        );
        outlet.reject(Rejection::loss(source, Place::Line(first), lines, reason));
    }
}

/// Lines that are not blank.
fn count(text: &[u8]) -> u64 {
    text.split(|&b| b == b'\n').filter(|l| !l.trim_ascii().is_empty()).count() as u64
}

/// Lines of one sort.
struct Segment<'a> {
    text: &'a [u8],
    first: u64,
    /// True if these are `#` lines.
    heads: bool,
    last: bool,
}

fn segments(piece: &Piece) -> Vec<Segment<'_>> {
    let text = &piece.bytes[..];
    let mut out: Vec<Segment<'_>> = Vec::new();
    let (mut at, mut line) = (0, piece.first);
    while at < text.len() {
        let heads = is_head(&text[at..]);
        let end = if heads { line_end(text, at) } else { next_head(text, at) };
        out.push(Segment { text: &text[at..end], first: line, heads, last: false });
        line += memchr_iter(b'\n', &text[at..end]).count() as u64;
        at = end;
    }
    if let Some(segment) = out.last_mut() {
        segment.last = piece.last;
    }
    out
}

fn is_head(line: &[u8]) -> bool {
    // Some collectors indent the first line.
    line.starts_with(b"#") || line.trim_ascii_start().starts_with(b"#separator")
}

fn line_end(text: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n + 1)
}

fn next_head(text: &[u8], at: usize) -> usize {
    memmem::find(&text[at..], b"\n#").map_or(text.len(), |n| at + n + 1)
}

/// The `#` lines read so far.
struct HeaderLines {
    current: ZeekHeader,
    shared: Option<Arc<ZeekHeader>>,
}

impl Default for HeaderLines {
    fn default() -> Self {
        let current = ZeekHeader {
            separator: b'\t',
            set_separator: b",".to_vec(),
            empty_field: b"(empty)".to_vec(),
            unset_field: b"-".to_vec(),
            path: String::new(),
            fields: Arc::default(),
            types: Arc::default(),
        };
        HeaderLines { current, shared: None }
    }
}

impl HeaderLines {
    fn header(&mut self) -> Option<Arc<ZeekHeader>> {
        if self.current.fields.is_empty() {
            return None;
        }
        Some(Arc::clone(self.shared.get_or_insert_with(|| Arc::new(self.current.clone()))))
    }

    fn read(&mut self, line: &[u8]) {
        let line = line.trim_ascii_start();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(separator) = line.strip_prefix(b"#separator ") {
            // A new log begins: what is not said again has its default.
            *self = HeaderLines::default();
            self.current.separator = separator_byte(separator);
            return;
        }
        let mut columns = line.split(|&b| b == self.current.separator);
        let key = columns.next().unwrap_or_default();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut first = || columns.next().unwrap_or_default().to_vec();
        match key {
            b"#set_separator" => self.current.set_separator = first(),
            b"#empty_field" => self.current.empty_field = first(),
            b"#unset_field" => self.current.unset_field = first(),
            b"#path" => self.current.path = text(&first()),
            b"#fields" => {
                self.current.fields = columns.map(text).collect();
                self.current.types = Arc::default();
            }
            b"#types" => self.current.types = columns.map(zeek_type).collect(),
            _ => return,
        }
        self.shared = None;
    }
}

/// `\x09`, by the book; hand-made logs write `\t`, or the tab itself.
fn separator_byte(written: &[u8]) -> u8 {
    match crate::decode::zeek::unescape(written)[..] {
        [byte] => byte,
        _ => b'\t',
    }
}

fn zeek_type(name: &[u8]) -> ZeekType {
    let scalar = |name: &[u8]| match name {
        b"count" | b"int" | b"port" | b"double" | b"interval" | b"time" => ZeekType::Number,
        b"bool" => ZeekType::Bool,
        _ => ZeekType::Text,
    };
    let member = name
        .strip_suffix(b"]")
        .and_then(|n| n.strip_prefix(b"set[").or_else(|| n.strip_prefix(b"vector[")));
    match member.map(scalar) {
        None => scalar(name),
        Some(ZeekType::Number) => ZeekType::Numbers,
        Some(ZeekType::Bool) => ZeekType::Bools,
        Some(_) => ZeekType::Texts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_shared_however_often_a_header_changes() {
        let mut lines = HeaderLines::default();
        lines.read(b"#fields\ta\tb");
        lines.read(b"#types\tcount");
        lines.read(b"#path\tx");
        let first = lines.header().expect("it names columns");
        lines.read(b"#path\ty");
        let second = lines.header().expect("it names columns");
        assert_eq!((&*first.path, &*second.path), ("x", "y"));
        assert!(Arc::ptr_eq(&first.fields, &second.fields));
        assert!(Arc::ptr_eq(&first.types, &second.types));
        lines.read(b"#open\t2020");
        assert!(Arc::ptr_eq(&second, &lines.header().expect("it names columns")));
    }
}
