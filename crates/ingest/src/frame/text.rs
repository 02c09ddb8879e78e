//! Records of text logs: one line, or one and those that continue it.
//!
//! Where the format says what begins a record, lines that begin none belong to the one before them.
//! Logs whose times name no year get it here, as it follows from the log's beginning.

use memchr::{memchr, memrchr};

use super::About;
use crate::block::{Element, Framing, TextHead};
use crate::clock::{Clock, Stamp};
use crate::decode::text::{begins, is_heading, stamp};
use crate::feeder::{Outlet, Stopped};
use crate::frame::lines::{Lines, Piece};
use crate::rejection::{Place, Rejection};
use crate::text_format::TextFormat;
use crate::window::Window;

/// Lines of one record, and their bytes: text of another kind in a log must not become one record.
const RECORD_LINES_MAX: usize = 1024;
const RECORD_BYTES_MAX: usize = 128 << 10;

/// Cuts the whole log.
pub(crate) fn run(
    format: TextFormat,
    about: About,
    window: &mut Window<'_>,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    let mut lines = Lines::new(about.source, about.record_bytes_max);
    let mut years = Years::new(about);
    while let Some(piece) = lines.next_at(window, outlet, |text| last_begin(format, text)) {
        let elements = records(format, &piece);
        let clock = years.follow(format, &piece, &elements, outlet);
        let head = TextHead { format, clock, table: None };
        let Piece { bytes, first, last } = piece;
        outlet.block(about.source, bytes, first, Framing::Text(head, elements), last)?;
    }
    years.tell(outlet);
    Ok(())
}

/// Where the last record of these lines begins, as more of it may follow. All of them, if that is
/// far back.
fn last_begin(format: TextFormat, text: &[u8]) -> Option<usize> {
    if is_line_a_record(format) {
        return Some(text.len());
    }
    let mut end = text.len();
    for _ in 0..RECORD_LINES_MAX {
        let start = memrchr(b'\n', &text[..end.saturating_sub(1)]).map_or(0, |n| n + 1);
        if start == 0 || text.len() - start > RECORD_BYTES_MAX {
            break;
        }
        if begins(format, &text[start..end]) {
            return Some(start);
        }
        end = start;
    }
    Some(text.len())
}

/// Formats whose lines are never continued.
fn is_line_a_record(format: TextFormat) -> bool {
    !matches!(
        format,
        TextFormat::Syslog
            | TextFormat::Lines
            | TextFormat::History
            | TextFormat::Journal
            | TextFormat::Dns
    )
}

/// The records of some lines.
fn records(format: TextFormat, piece: &Piece) -> Vec<Element> {
    let text = &piece.bytes[..];
    let alone = is_line_a_record(format);
    let mut out: Vec<Element> = Vec::new();
    let (mut at, mut number, mut joined) = (0, piece.first, 0);
    while at < text.len() {
        let end = memchr(b'\n', &text[at..]).map_or(text.len(), |n| at + n + 1);
        let line = trimmed(&text[at..end]);
        if line.is_empty() || is_heading(format, line) {
            // Blank lines part the records of an export, and are nothing elsewhere.
            (at, number) = (end, number + 1);
            continue;
        }
        let stop = at + line.len();
        match out.last_mut() {
            Some(record)
                if !alone
                    && joined < RECORD_LINES_MAX
                    && stop - (record.span.start as usize) < RECORD_BYTES_MAX
                    && !begins(format, line) =>
            {
                record.span.end = offset(stop);
                joined += 1;
            }
            _ => {
                let span = offset(at)..offset(stop);
                out.push(Element { number, span, complete: true });
                joined = 0;
            }
        }
        (at, number) = (end, number + 1);
    }
    out
}

/// A line without its end; empty if there is nothing to see in it.
pub(super) fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let blank = line.iter().all(|b| b.is_ascii_whitespace() || *b == 0);
    if blank { &[] } else { line }
}

pub(super) fn offset(n: usize) -> u32 {
    u32::try_from(n).expect("blocks are bounded far below 4 GiB")
}

/// The year, from the log's beginning on.
pub(super) struct Years {
    about: About,
    clock: Clock,
    started: bool,
    // Where a year should have begun that has no room.
    refused: Option<u64>,
}

impl Years {
    pub fn new(about: About) -> Self {
        Years { about, clock: Clock::default(), started: false, refused: None }
    }

    /// The clock at the beginning of these records; goes on to their end.
    pub fn follow(
        &mut self,
        format: TextFormat,
        piece: &Piece,
        elements: &[Element],
        outlet: &mut Outlet,
    ) -> Clock {
        let begin = self.clock;
        let mut start = None;
        for element in elements {
            let text = &piece.bytes[element.span.start as usize..element.span.end as usize];
            let Some(stamp @ Stamp::Yearless(time)) = stamp(format, text) else { continue };
            if !self.started {
                self.started = true;
                self.clock = self.first(time, element.number, outlet);
                start = Some(self.clock);
            }
            let _ = self.clock.read(stamp);
            if self.clock.refused() {
                self.refused.get_or_insert(element.number);
            }
        }
        start.unwrap_or(begin)
    }

    fn first(&self, time: crate::clock::Yearless, line: u64, outlet: &mut Outlet) -> Clock {
        let (clock, how) = match (self.about.year, self.about.written) {
            (Some(year), _) => (Clock::of_year(year), "as given"),
            (None, Some(written)) => (Clock::before(written, time), "by when the file was written"),
            (None, None) => (Clock::default(), ""),
        };
        let reason = match clock.year() {
            Some(year) => format!(
                "its times name no year: taken to begin in {year}, {how}; `--year` says another"
            ),
            None => "its times name no year, and nothing says which: its events have no time; \
                     `--year` gives it"
                .to_owned(),
        };
        outlet.reject(Rejection::note(self.about.source, Place::Line(line), reason));
        clock
    }

    /// Says at the log's end whether the year can be right.
    pub fn tell(&self, outlet: &mut Outlet) {
        if let Some(line) = self.refused {
            let reason = "here its times fall back by half a year, and another year would end after \
                          the log was last written to: it is put together of several, or begins \
                          earlier than was taken; `--year` says when";
            outlet.reject(Rejection::note(self.about.source, Place::Line(line), reason));
        }
    }
}
