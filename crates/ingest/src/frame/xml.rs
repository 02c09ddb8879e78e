//! Windows events as XML: each `<Event …>…</Event>`, whatever stands around it.

use blanik_model::SourceId;
use memchr::memmem::Finder;

use crate::block::{BLOCK_BYTES, Element, Framing};
use crate::feeder::{Outlet, Stopped};
use crate::rejection::{Place, Rejection};
use crate::sniff::record_number;
use crate::window::Window;

/// Cuts the whole log.
pub(crate) fn run(
    source: SourceId,
    window: &mut Window<'_>,
    record_bytes_max: usize,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    let mut cutter = Cutter::new(source);
    let mut want = BLOCK_BYTES;
    loop {
        window.fill(want);
        cutter.scan(window.bytes(), window.ended(), outlet);
        let last = window.ended();
        let done = if last { window.bytes().len() } else { cutter.done };
        let elements = std::mem::take(&mut cutter.elements);
        if !elements.is_empty() {
            outlet.block(source, window.take(done), 0, Framing::Xml(elements), last)?;
        } else {
            window.skip(done);
        }
        cutter.done = 0;
        if last {
            cutter.end(outlet);
            return Ok(());
        }
        if done > 0 {
            want = BLOCK_BYTES;
        } else if window.bytes().len() >= record_bytes_max {
            let reason = format!("has more than {record_bytes_max} bytes (limit)");
            let place = Place::Record(cutter.number + 1);
            outlet.reject(Rejection::loss(source, place, 1, reason));
            cutter.number += 1;
            // Past its beginning, so that the next event is looked for.
            window.skip(1);
        } else {
            want = (want * 2).min(record_bytes_max);
        }
    }
}

struct Cutter {
    source: SourceId,
    open: Finder<'static>,
    close: Finder<'static>,
    number: u64,
    /// How far the window is done with.
    done: usize,
    elements: Vec<Element>,
}

const OPEN: &[u8] = b"<Event";
const CLOSE: &[u8] = b"</Event>";

impl Cutter {
    fn new(source: SourceId) -> Self {
        let (open, close) = (Finder::new(OPEN), Finder::new(CLOSE));
        Cutter { source, open, close, number: 0, done: 0, elements: Vec::new() }
    }

    fn scan(&mut self, text: &[u8], ended: bool, outlet: &mut Outlet) {
        // Many events may wait for the same end, or for one that is not there.
        let closes = self.close.clone();
        let mut closes = closes.find_iter(text).map(|n| n + CLOSE.len()).peekable();
        while let Some(start) = self.next_open(text, self.done) {
            while closes.next_if(|&close| close <= start).is_some() {}
            let close = closes.peek().copied();
            let next = self.next_open(text, start + 1);
            let (end, complete) = match (close, next) {
                (Some(close), Some(next)) if next < close => (next, false),
                (Some(close), _) => (close, true),
                (None, Some(next)) => (next, false),
                (None, None) if ended => (text.len(), false),
                (None, None) => {
                    self.gap(&text[self.done..start], outlet);
                    self.done = start;
                    return;
                }
            };
            let named = self.gap(&text[self.done..start], outlet);
            self.number += 1;
            let at = |n| u32::try_from(n).expect("blocks are bounded far below 4 GiB");
            let number = named.unwrap_or(self.number);
            self.elements.push(Element { number, span: at(start)..at(end), complete });
            self.done = end;
        }
        // The end may be half of a tag, or of a `Record 7` line.
        let rest = &text[self.done..];
        let tail = if ended { 0 } else { 64 };
        let done = text.len().saturating_sub(tail).max(self.done);
        self.gap(&rest[..done - self.done], outlet);
        self.done = done;
    }

    fn next_open(&self, text: &[u8], from: usize) -> Option<usize> {
        let found = self.open.find_iter(text.get(from..)?).map(|n| from + n);
        found.into_iter().find(|n| {
            text.get(n + OPEN.len()).is_some_and(|b| b.is_ascii_whitespace() || *b == b'>')
        })
    }

    /// What stands between events: `Record 7` lines, tags around them; anything else is named.
    fn gap(&mut self, gap: &[u8], outlet: &mut Outlet) -> Option<u64> {
        let mut named = None;
        let mut stray = 0;
        for line in gap.split(|&b| b == b'\n').map(|l| l.trim_ascii()) {
            let plain = line.is_empty() || line.starts_with(b"<") || line.iter().all(|&b| b == 0);
            match record_number(line) {
                Some(number) => named = Some(number),
                None if plain => {}
                None => stray += line.len(),
            }
        }
        if stray > 0 {
            let reason = format!("{stray} bytes before this event are no event");
            let place = Place::Record(self.number + 1);
            outlet.reject(Rejection::loss(self.source, place, 0, reason));
        }
        named
    }

    fn end(&self, outlet: &mut Outlet) {
        if self.number == 0 {
            let reason = "XML without Windows events";
            outlet.reject(Rejection::skipped(self.source, reason));
        }
    }
}
