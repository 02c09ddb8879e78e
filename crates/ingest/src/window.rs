//! A buffer that slides over a log: framers look at its front and cut pieces off.

use std::io::{self, ErrorKind, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// Buffers that were cut off and are done with, to be read into again: new memory must be cleared
/// first, page by page, which costs more than filling it.
#[derive(Debug, Default)]
pub(crate) struct Spares(Mutex<Vec<Vec<u8>>>);

/// Buffers kept.
const SPARES_MAX: usize = 32;
/// Bytes of a buffer worth keeping: not those that held one long record.
const SPARE_BYTES_MAX: usize = 2 << 20;

impl Spares {
    /// Gives a buffer back.
    pub fn give(&self, buffer: Vec<u8>) {
        let mut spares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if spares.len() < SPARES_MAX && buffer.capacity() <= SPARE_BYTES_MAX {
            spares.push(buffer);
        }
    }

    fn take(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }
}

/// See the module.
pub(crate) struct Window<'r> {
    reader: &'r mut dyn Read,
    spares: Arc<Spares>,
    // What is read stands in front; behind it is room.
    buf: Vec<u8>,
    have: usize,
    offset: u64,
    ended: bool,
    damage: Option<io::Error>,
}

impl<'r> Window<'r> {
    pub fn new(reader: &'r mut dyn Read, spares: Arc<Spares>) -> Self {
        Window { reader, spares, buf: Vec::new(), have: 0, offset: 0, ended: false, damage: None }
    }

    /// Reads until `want` bytes are there or the log has ended. A read error ends the log; see
    /// [`damage`](Self::damage).
    pub fn fill(&mut self, want: usize) {
        while !self.ended && self.have < want {
            // A small log must not cost the room of a large one.
            let room = want.min((2 * self.have).max(FIRST_BYTES));
            if self.buf.len() < room {
                self.buf.resize(room, 0);
            }
            let end = want.min(self.buf.len());
            match self.reader.read(&mut self.buf[self.have..end]) {
                Ok(0) => self.ended = true,
                Ok(n) => self.have += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.damage = Some(error);
                }
            }
        }
    }

    /// What is there.
    pub fn bytes(&self) -> &[u8] {
        &self.buf[..self.have]
    }

    /// Drops what is behind the first `n` bytes.
    pub fn truncate(&mut self, n: usize) {
        self.have = self.have.min(n);
    }

    /// True if nothing follows [`bytes`](Self::bytes).
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Offset of the end of [`bytes`](Self::bytes) in the log.
    pub fn end(&self) -> u64 {
        self.offset + self.have as u64
    }

    /// Cuts the first `n` bytes off.
    pub fn take(&mut self, n: usize) -> Vec<u8> {
        let rest = &self.buf[n..self.have];
        let mut next = if self.ended { Vec::new() } else { self.spares.take() };
        if next.len() < rest.len() {
            next.resize(rest.len(), 0);
        }
        next[..rest.len()].copy_from_slice(rest);
        self.offset += n as u64;
        self.have = rest.len();
        let mut taken = std::mem::replace(&mut self.buf, next);
        taken.truncate(n);
        taken
    }

    /// Drops the first `n` bytes.
    pub fn skip(&mut self, n: usize) {
        self.buf.copy_within(n..self.have, 0);
        self.have -= n;
        self.offset += n as u64;
    }

    /// Why the log ended before its time.
    pub fn damage(&self) -> Option<&io::Error> {
        self.damage.as_ref()
    }
}

/// Room made for a log of which nothing is known yet.
const FIRST_BYTES: usize = 64 << 10;
