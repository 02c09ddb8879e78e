//! The Linux audit log: the records of one event are put side by side.
//!
//! The kernel writes an event as several records that share a time and a serial number; those of
//! events on other processors come in between. An event ends with `EOE`, or when the log has gone on by
//! two seconds (`auparse` in the audit project waits as long), or by many events. Lines that are
//! no audit records (the log may be a syslog) pass as they are.

use memchr::memchr;

use super::About;
use super::text::{Years, offset, trimmed};
use crate::block::{Element, Framing, TextHead};
use crate::decode::text::audit::{self, Id};
use crate::feeder::{Outlet, Stopped};
use crate::frame::lines::{Lines, Piece};
use crate::text_format::TextFormat;
use crate::window::Window;

/// Events that may be open at a time.
const OPEN_MAX: usize = 64;
/// Bytes of one event's records.
const EVENT_BYTES_MAX: usize = 1 << 20;
/// Milliseconds after which an event is over.
const OVER_MILLIS: u64 = 2_000;

/// An event whose records are being gathered.
struct Open {
    id: Id,
    number: u64,
    text: Vec<u8>,
}

/// Cuts the whole log.
pub(crate) fn run(
    about: About,
    window: &mut Window<'_>,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    let format = TextFormat::Auditd;
    let mut lines = Lines::new(about.source, about.record_bytes_max);
    let mut years = Years::new(about);
    let mut open: Vec<Open> = Vec::new();
    while let Some(piece) = lines.next(window, outlet) {
        let Piece { bytes, first, last } = &piece;
        let mut joined = Joined { bytes: Vec::with_capacity(bytes.len()), elements: Vec::new() };
        gather(bytes, *first, &mut open, &mut joined);
        if *last {
            open.drain(..).for_each(|event| joined.add(event));
        }
        let Joined { bytes, elements } = joined;
        let whole = Piece { bytes, first: *first, last: *last };
        let clock = years.follow(format, &whole, &elements, outlet);
        let head = TextHead { format, clock, table: None };
        let framing = Framing::Text(head, elements);
        outlet.block(about.source, whole.bytes, *first, framing, *last)?;
    }
    // The log may end with an overlong line, or with padding.
    if !open.is_empty() {
        let first = open[0].number;
        let mut joined = Joined { bytes: Vec::new(), elements: Vec::new() };
        open.drain(..).for_each(|event| joined.add(event));
        let head = TextHead { format, clock: Default::default(), table: None };
        let framing = Framing::Text(head, joined.elements);
        outlet.block(about.source, joined.bytes, first, framing, true)?;
    }
    years.tell(outlet);
    Ok(())
}

/// Finished events, side by side.
struct Joined {
    bytes: Vec<u8>,
    elements: Vec<Element>,
}

impl Joined {
    fn add(&mut self, event: Open) {
        self.line(event.number, &event.text);
    }

    fn line(&mut self, number: u64, text: &[u8]) {
        let start = offset(self.bytes.len());
        self.bytes.extend_from_slice(text);
        let span = start..offset(self.bytes.len());
        self.elements.push(Element { number, span, complete: true });
        self.bytes.push(b'\n');
    }
}

fn gather(bytes: &[u8], first: u64, open: &mut Vec<Open>, joined: &mut Joined) {
    let (mut at, mut number) = (0, first);
    while at < bytes.len() {
        let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n + 1);
        let line = trimmed(&bytes[at..end]);
        match audit::id(line) {
            _ if line.is_empty() => {}
            Some(id) => take(id, number, line, open, joined),
            None => joined.line(number, line),
        }
        (at, number) = (end, number + 1);
    }
}

fn take(id: Id, number: u64, line: &[u8], open: &mut Vec<Open>, joined: &mut Joined) {
    let over = |old: &Open| old.id.millis.saturating_add(OVER_MILLIS) < id.millis;
    while open.first().is_some_and(over) || open.len() > OPEN_MAX {
        joined.add(open.remove(0));
    }
    let ends = audit::is_end(line);
    let Some(i) = open.iter().rposition(|old| old.id == id) else {
        let event = Open { id, number, text: line.to_vec() };
        // The end of an event that is over already.
        return if ends { joined.add(event) } else { open.push(event) };
    };
    if open[i].text.len() + line.len() > EVENT_BYTES_MAX {
        joined.add(open.remove(i));
        return open.push(Open { id, number, text: line.to_vec() });
    }
    if !ends {
        open[i].text.push(b'\n');
        open[i].text.extend_from_slice(line);
        return;
    }
    let event = open.remove(i);
    joined.add(event);
}
