//! Whole lines, about a mebibyte at a time. Overlong lines and NUL padding are left out and named.

use blanik_model::SourceId;
use memchr::{memchr, memchr_iter, memrchr};

use crate::block::{BLOCK_BYTES, Framing};
use crate::feeder::{Outlet, Stopped};
use crate::rejection::{Place, Rejection};
use crate::window::Window;

/// Cuts a log of JSON lines.
pub(crate) fn run(
    source: SourceId,
    window: &mut Window<'_>,
    record_bytes_max: usize,
    outlet: &mut Outlet,
) -> Result<(), Stopped> {
    let mut lines = Lines::new(source, record_bytes_max);
    while let Some(piece) = lines.next(window, outlet) {
        let Piece { bytes, first, last } = piece;
        outlet.block(source, bytes, first, Framing::JsonLines, last)?;
    }
    Ok(())
}

/// Some whole lines.
pub(crate) struct Piece {
    pub bytes: Vec<u8>,
    /// Number of the first one, from 1.
    pub first: u64,
    /// True if the log ends with them.
    pub last: bool,
}

/// Cuts pieces of whole lines off a window.
pub(crate) struct Lines {
    source: SourceId,
    record_bytes_max: usize,
    line: u64,
}

impl Lines {
    pub fn new(source: SourceId, record_bytes_max: usize) -> Self {
        Lines { source, record_bytes_max, line: 1 }
    }

    pub fn next(&mut self, window: &mut Window<'_>, outlet: &mut Outlet) -> Option<Piece> {
        self.next_at(window, outlet, |lines| Some(lines.len()))
    }

    /// The same, cut where `cut` says: it is given whole lines, and says how many of their bytes to
    /// take, or nothing where it must see more. What it does not cut in the bytes of one record is
    /// taken whole.
    pub fn next_at(
        &mut self,
        window: &mut Window<'_>,
        outlet: &mut Outlet,
        mut cut: impl FnMut(&[u8]) -> Option<usize>,
    ) -> Option<Piece> {
        let mut want = BLOCK_BYTES;
        loop {
            window.fill(want);
            if window.ended() {
                return self.end(window, outlet);
            }
            if let Some(newline) = memrchr(b'\n', window.bytes()) {
                let at = cut(&window.bytes()[..=newline]).filter(|at| *at > 0);
                if let Some(at) = at.or((want >= self.record_bytes_max).then_some(newline + 1)) {
                    return Some(self.cut(window, at, false));
                }
            }
            if want < self.record_bytes_max {
                want = (want * 2).min(self.record_bytes_max);
                continue;
            }
            self.skip_line(window, outlet);
            want = BLOCK_BYTES;
        }
    }

    fn cut(&mut self, window: &mut Window<'_>, n: usize, last: bool) -> Piece {
        let bytes = window.take(n);
        let first = self.line;
        self.line += memchr_iter(b'\n', &bytes).count() as u64;
        Piece { bytes, first, last }
    }

    fn end(&mut self, window: &mut Window<'_>, outlet: &mut Outlet) -> Option<Piece> {
        let text = window.bytes().iter().rposition(|&b| b != 0).map_or(0, |i| i + 1);
        let padding = window.bytes().len() - text;
        window.truncate(text);
        let piece = (text > 0).then(|| self.cut(window, text, true));
        if padding > 0 {
            self.note_padding(padding as u64, outlet);
        }
        piece
    }

    /// Goes past a line of more than the bytes allowed.
    fn skip_line(&mut self, window: &mut Window<'_>, outlet: &mut Outlet) {
        let mut skipped = 0;
        let mut zeroes = true;
        loop {
            window.fill(BLOCK_BYTES);
            let newline = memchr(b'\n', window.bytes());
            let n = newline.unwrap_or(window.bytes().len());
            zeroes &= window.bytes()[..n].iter().all(|&b| b == 0);
            skipped += n as u64;
            window.skip(n + usize::from(newline.is_some()));
            if newline.is_some() || window.ended() && window.bytes().is_empty() {
                break;
            }
        }
        if zeroes {
            self.note_padding(skipped, outlet);
        } else {
            let max = self.record_bytes_max;
            let reason = format!("the line has {skipped} bytes, more than {max} (limit)");
            outlet.reject(Rejection::loss(self.source, Place::Line(self.line), 1, reason));
        }
        self.line += 1;
    }

    fn note_padding(&self, bytes: u64, outlet: &mut Outlet) {
        let reason = format!("{bytes} NUL bytes here: space that was reserved and never written");
        outlet.reject(Rejection::note(self.source, Place::Line(self.line), reason));
    }
}
