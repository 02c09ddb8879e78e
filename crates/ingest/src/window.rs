//! A buffer that slides over a log: framers look at its front and cut pieces off.

use std::io::{self, Read};

/// See the module.
pub(crate) struct Window<'r> {
    reader: &'r mut dyn Read,
    buf: Vec<u8>,
    offset: u64,
    ended: bool,
    damage: Option<io::Error>,
}

impl<'r> Window<'r> {
    pub fn new(reader: &'r mut dyn Read) -> Self {
        Window { reader, buf: Vec::new(), offset: 0, ended: false, damage: None }
    }

    /// Reads until `want` bytes are there or the log has ended. A read error ends the log; see
    /// [`damage`](Self::damage).
    pub fn fill(&mut self, want: usize) {
        if self.ended || self.buf.len() >= want {
            return;
        }
        let missing = (want - self.buf.len()) as u64;
        match Read::take(&mut *self.reader, missing).read_to_end(&mut self.buf) {
            Ok(_) => self.ended = self.buf.len() < want,
            Err(error) => {
                self.ended = true;
                self.damage = Some(error);
            }
        }
    }

    /// What is there.
    pub fn bytes(&self) -> &[u8] {
        &self.buf
    }

    /// The same, to be repaired in place.
    pub fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.buf
    }

    /// True if nothing follows [`bytes`](Self::bytes).
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Offset of the end of [`bytes`](Self::bytes) in the log.
    pub fn end(&self) -> u64 {
        self.offset + self.buf.len() as u64
    }

    /// Cuts the first `n` bytes off.
    pub fn take(&mut self, n: usize) -> Vec<u8> {
        let rest = self.buf[n..].to_vec();
        self.offset += n as u64;
        self.buf.truncate(n);
        std::mem::replace(&mut self.buf, rest)
    }

    /// Drops the first `n` bytes.
    pub fn skip(&mut self, n: usize) {
        self.buf.drain(..n);
        self.offset += n as u64;
    }

    /// Why the log ended before its time.
    pub fn damage(&self) -> Option<&io::Error> {
        self.damage.as_ref()
    }
}
