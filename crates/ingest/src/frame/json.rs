//! JSON that is not an object a line: arrays, pretty-printed objects one after another, and
//! wrappers around an array (`{"Records":[…]}`).
//!
//! One pass, aware of strings and depth, that never holds more than a block and one record. A
//! record that breaks off is noticed where what follows cannot be JSON, and reading goes on there.

use blanik_model::SourceId;
use memchr::{memchr, memchr3};

use crate::block::{BLOCK_BYTES, Element, Framing};
use crate::feeder::{Outlet, Stopped};
use crate::rejection::{Place, Rejection};
use crate::sniff::record_number;
use crate::window::Window;

/// Keys that wrap the events in what clouds and search engines export.
const WRAPPERS: &[&[u8]] = &[
    b"Records",
    b"records",
    b"Events",
    b"events",
    b"value",
    b"logs",
    b"Logs",
    b"items",
    b"data",
    b"results",
    b"logEvents",
    b"entries",
];

/// Levels of nesting that are kept apart; deeper brackets are only counted. Decoding refuses such
/// records anyway.
const STACK_MAX: usize = 1024;

/// True if the object wraps events: its first key that holds no plain value is one of [`WRAPPERS`],
/// and holds an array of objects.
pub(crate) fn wrapper_prefix(text: &[u8]) -> bool {
    let mut rest = text[1..].trim_ascii_start();
    loop {
        let Some((key, after)) = string(rest) else { return false };
        let Some(value) = after.trim_ascii_start().strip_prefix(b":") else { return false };
        let value = value.trim_ascii_start();
        match value.first() {
            Some(b'[') => {
                let inner = value[1..].trim_ascii_start();
                let objects = matches!(inner.first(), None | Some(b'{'));
                return objects && WRAPPERS.contains(&key);
            }
            Some(b'{') | None => return false,
            _ => {}
        }
        let after = match string(value) {
            Some((_, after)) => after,
            None => {
                let end = value.iter().position(|b| matches!(b, b',' | b'}' | b'\n'));
                &value[end.unwrap_or(value.len())..]
            }
        };
        let Some(next) = after.trim_ascii_start().strip_prefix(b",") else { return false };
        rest = next.trim_ascii_start();
    }
}

fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"\"")?;
    let mut at = 0;
    loop {
        match inner.get(at)? {
            b'"' => return Some((&inner[..at], &inner[at + 1..])),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Cuts the whole log.
pub(crate) fn run(
    source: SourceId,
    wrapper: bool,
    window: &mut Window<'_>,
    record_bytes_max: usize,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    let mut scan = Scanner { wrapper, ..Scanner::default() };
    let mut want = BLOCK_BYTES;
    loop {
        window.fill(want);
        scan.scan(window.bytes(), window.ended());
        scan.tell(source, outlet);
        if window.ended() {
            scan.end(window.bytes().len());
            scan.tell(source, outlet);
            let elements = std::mem::take(&mut scan.elements);
            if !elements.is_empty() {
                let bytes = window.take(window.bytes().len());
                outlet.block(source, bytes, 0, Framing::Json(elements), true)?;
            }
            return Ok(());
        }
        let keep_from = scan.keep_from(window.bytes().len());
        if keep_from > 0 {
            let elements = std::mem::take(&mut scan.elements);
            if elements.is_empty() {
                window.skip(keep_from);
            } else {
                let bytes = window.take(keep_from);
                outlet.block(source, bytes, 0, Framing::Json(elements), false)?;
            }
            scan.shift(keep_from);
            want = BLOCK_BYTES;
        } else if window.bytes().len() >= record_bytes_max {
            scan.overlong(record_bytes_max);
        } else {
            want = (want * 2).min(record_bytes_max);
        }
    }
}

/// Where in the text we are.
#[derive(Default)]
struct Scanner {
    wrapper: bool,
    /// The brackets open.
    stack: Vec<u8>,
    deeper: usize,
    in_string: bool,
    escaped: bool,
    /// The last byte outside strings that is no blank.
    before: u8,
    line_start: bool,
    /// How far the window was scanned.
    at: usize,
    /// The record we are in: where it starts in the window, or `None` in `Some` if it is too long.
    record: Option<Record>,
    number: u64,
    /// From a `Record 7` line.
    named: Option<u64>,
    elements: Vec<Element>,
    problems: Vec<(Place, u64, String)>,
    stray: Stray,
}

#[derive(Clone, Copy)]
struct Record {
    start: usize,
    /// Brackets open around it.
    base: usize,
    overlong: bool,
}

/// Text between records, told once a run.
#[derive(Default)]
struct Stray {
    bytes: usize,
    scalars: u64,
}

impl Scanner {
    fn scan(&mut self, text: &[u8], ended: bool) {
        if self.at == 0 && self.before == 0 {
            self.line_start = true;
        }
        while self.at < text.len() {
            let byte = text[self.at];
            if self.in_string {
                self.string(text);
                continue;
            }
            if byte == b'\n' {
                self.line_start = true;
                self.at += 1;
                continue;
            }
            if byte.is_ascii_whitespace() || byte == 0 {
                self.line_start = false;
                self.at += 1;
                continue;
            }
            let at_line_start = std::mem::take(&mut self.line_start);
            let known = if self.record.is_some() {
                if at_line_start && self.breaks_off(byte) {
                    self.cut_off();
                    self.line_start = true;
                    continue;
                }
                self.inside(byte);
                true
            } else {
                self.between(text, byte, ended)
            };
            if !known {
                self.line_start = at_line_start;
                return;
            }
        }
    }

    /// Goes on to the end of the string, or of the text there is.
    fn string(&mut self, text: &[u8]) {
        if self.escaped {
            self.escaped = false;
            self.at += 1;
            return;
        }
        let Some(next) = memchr3(b'"', b'\\', b'\n', &text[self.at..]) else {
            self.at = text.len();
            return;
        };
        self.at += next;
        match text[self.at] {
            b'"' => self.in_string = false,
            b'\\' => self.escaped = true,
            // Strings do not span lines (RFC 8259, 7): the record was cut off here.
            _ => {
                self.in_string = false;
                if self.record.is_some() {
                    self.cut_off();
                }
                return;
            }
        }
        self.at += 1;
    }

    /// True if a byte at a line's start cannot belong to the record we are in.
    fn breaks_off(&self, byte: u8) -> bool {
        let Some(record) = self.record else { return false };
        if record.base > 0 {
            return false;
        }
        let in_array = self.stack.last() == Some(&b'[');
        match byte {
            b'{' => !(self.before == b':' || in_array && matches!(self.before, b'[' | b',')),
            b'R' => true,
            _ => false,
        }
    }

    fn cut_off(&mut self) {
        let Some(record) = self.record.take() else { return };
        self.stack.truncate(record.base);
        self.deeper = 0;
        self.push(record, self.at, false);
    }

    fn inside(&mut self, byte: u8) {
        self.before = byte;
        self.at += 1;
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => self.open(byte),
            b'}' | b']' => {
                self.close();
                if let Some(record) = self.record
                    && self.deeper == 0
                    && self.stack.len() <= record.base
                {
                    self.record = None;
                    self.push(record, self.at, true);
                }
            }
            _ => {}
        }
    }

    fn open(&mut self, byte: u8) {
        if self.stack.len() < STACK_MAX {
            self.stack.push(byte);
        } else {
            self.deeper += 1;
        }
    }

    fn close(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else {
            self.stack.pop();
        }
    }

    /// True where a `{` begins a record.
    fn awaits_element(&self) -> bool {
        match (&self.stack[..], self.wrapper) {
            ([], wrapper) => !wrapper,
            ([b'['], _) | ([b'{', b'['], true) => true,
            _ => false,
        }
    }

    /// A byte outside records. False if more text is needed to judge it.
    fn between(&mut self, text: &[u8], byte: u8, ended: bool) -> bool {
        let before = std::mem::replace(&mut self.before, byte);
        let element = self.awaits_element();
        match byte {
            b'{' if element => self.begin(),
            b'[' if element && !self.stack.is_empty() => self.begin(),
            b'{' | b'[' => {
                self.open(byte);
                self.at += 1;
            }
            b'}' | b']' if !self.stack.is_empty() => {
                self.close();
                self.at += 1;
            }
            b',' | b':' => self.at += 1,
            _ if self.stack.is_empty() => {
                if !self.stray_line(text, ended) {
                    self.before = before;
                    return false;
                }
            }
            _ => {
                if element && matches!(before, b'[' | b',') {
                    self.stray.scalars += 1;
                    self.number += 1;
                }
                self.in_string = byte == b'"';
                self.at += 1;
            }
        }
        true
    }

    fn begin(&mut self) {
        self.settle();
        self.record = Some(Record { start: self.at, base: self.stack.len(), overlong: false });
        self.inside(if self.before == b'[' { b'[' } else { b'{' });
    }

    /// Text outside all brackets: a `Record 7` line, or something that should not be there.
    fn stray_line(&mut self, text: &[u8], ended: bool) -> bool {
        let rest = &text[self.at..];
        let end = match memchr(b'\n', rest) {
            Some(end) => end,
            None if ended || self.at == 0 => rest.len(),
            None => return false,
        };
        match record_number(&rest[..end]) {
            Some(number) => self.named = Some(number),
            None => self.stray.bytes += end,
        }
        self.before = 0;
        self.at += end;
        true
    }

    fn push(&mut self, record: Record, end: usize, complete: bool) {
        self.number += 1;
        let number = self.named.take().unwrap_or(self.number);
        if record.overlong {
            return;
        }
        let at = |n| u32::try_from(n).expect("blocks are bounded far below 4 GiB");
        let span = at(record.start)..at(end);
        self.elements.push(Element { number, span, complete });
    }

    /// Forgets the record we are in, but for its brackets.
    fn overlong(&mut self, record_bytes_max: usize) {
        if let Some(record) = &mut self.record
            && !record.overlong
        {
            record.overlong = true;
            let number = self.named.unwrap_or(self.number + 1);
            let reason = format!("has more than {record_bytes_max} bytes (limit)");
            self.problems.push((Place::Record(number), 1, reason));
        }
    }

    /// What of the window is done with: all before the record we are in.
    fn keep_from(&self, len: usize) -> usize {
        match self.record {
            Some(record) if !record.overlong => record.start,
            _ => self.at.min(len),
        }
    }

    fn shift(&mut self, by: usize) {
        self.at -= by;
        if let Some(record) = &mut self.record {
            record.start = record.start.saturating_sub(by);
        }
    }

    fn end(&mut self, len: usize) {
        self.at = len;
        self.cut_off();
        self.settle();
    }

    /// Closes a run of stray text.
    fn settle(&mut self) {
        let stray = std::mem::take(&mut self.stray);
        let place = Place::Record(self.named.unwrap_or(self.number + 1));
        if stray.scalars > 0 {
            let reason = format!("{} values of the array are no objects", stray.scalars);
            self.problems.push((place, stray.scalars, reason));
        }
        if stray.bytes > 0 {
            let reason = format!("{} bytes before this record are no JSON", stray.bytes);
            self.problems.push((place, 0, reason));
        }
    }

    fn tell(&mut self, source: SourceId, outlet: &mut Outlet) {
        for (place, lost, reason) in self.problems.drain(..) {
            outlet.reject(Rejection::loss(source, place, lost, reason));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(text: &str, wrapper: bool) -> Vec<String> {
        let mut scan = Scanner { wrapper, ..Scanner::default() };
        scan.scan(text.as_bytes(), true);
        scan.end(text.len());
        let show = |e: &Element| {
            let cut = &text[e.span.start as usize..e.span.end as usize];
            format!("{}{}{}", e.number, if e.complete { ":" } else { "!" }, cut.trim_end())
        };
        let problems = scan.problems.iter().map(|(place, ..)| format!("? {place}"));
        scan.elements.iter().map(show).chain(problems).collect()
    }

    #[test]
    fn layouts() {
        for (text, wrapper, expected) in [
            ("[{\"a\":1}, {\"b\":\"]}\\\"\"}]", false, vec!["1:{\"a\":1}", "2:{\"b\":\"]}\\\"\"}"]),
            ("{\n \"a\": {}\n}\n{}", false, vec!["1:{\n \"a\": {}\n}", "2:{}"]),
            ("Record 7\n{\"a\":1}\nRecord 9\n{}", false, vec!["7:{\"a\":1}", "9:{}"]),
            (
                "{\"n\":2,\"Records\":[{\"a\":[1]},{}],\"x\":{\"y\":[{}]}}",
                true,
                vec!["1:{\"a\":[1]}", "2:{}"],
            ),
            ("[1,{\"a\":1},\"{\"]", false, vec!["2:{\"a\":1}", "? record 2", "? record 4"]),
            ("[[{}]]", false, vec!["1:[{}]"]),
        ] {
            assert_eq!(spans(text, wrapper), expected, "{text}");
        }
    }

    #[test]
    fn goes_on_after_a_record_that_breaks_off() {
        for (text, expected) in [
            ("{\n \"a\": 1,\n{\n \"b\": 2\n}", vec!["1!{\n \"a\": 1,", "2:{\n \"b\": 2\n}"]),
            ("{\n \"a\": \"x\n{\"b\":2}", vec!["1!{\n \"a\": \"x", "2:{\"b\":2}"]),
            ("{\"a\":\nRecord 2\n{}", vec!["1!{\"a\":", "2:{}"]),
            ("{\"a\":[\n{\"b\":1}]}", vec!["1:{\"a\":[\n{\"b\":1}]}"]),
            ("{\"a\":1", vec!["1!{\"a\":1"]),
        ] {
            assert_eq!(spans(text, false), expected, "{text}");
        }
    }
}
