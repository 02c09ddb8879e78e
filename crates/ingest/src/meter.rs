//! Readers that count: what a file expands to, how far it was read, and members that end early.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::input::Limits;

/// What one input file has cost so far, over all its layers.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    expanded: Cell<u64>,
    read: Cell<u64>,
}

impl Budget {
    fn spend(&self, bytes: usize, limits: &Limits) -> io::Result<()> {
        let expanded = self.expanded.get() + bytes as u64;
        self.expanded.set(expanded);
        if expanded > limits.expanded_bytes_max {
            let max = limits.expanded_bytes_max;
            return Err(io::Error::other(format!("expands to more than {max} bytes (limit)")));
        }
        let max = limits.ratio_max;
        if expanded > limits.ratio_from_bytes && expanded / self.read.get().max(1) > max {
            return Err(io::Error::other(format!("expands more than {max}-fold (limit)")));
        }
        Ok(())
    }
}

/// Charges what a decompressor gives out.
pub(crate) struct Expanding<'a> {
    pub inner: Box<dyn Read + 'a>,
    pub budget: &'a Budget,
    pub limits: &'a Limits,
}

impl Read for Expanding<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.budget.spend(n, self.limits)?;
        Ok(n)
    }
}

/// A file on disk (or a pipe), counted for progress and for the expansion ratio.
pub(crate) struct Counted<'a, R> {
    pub inner: R,
    pub budget: &'a Budget,
    pub total: &'a AtomicU64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.budget.read.set(self.budget.read.get() + n as u64);
        self.total.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl Seek for Counted<'_, &File> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.inner.seek(to)
    }
}

/// A member whose archive says how long it is: ending early is an error.
pub(crate) struct Exact<R> {
    pub inner: R,
    pub left: u64,
}

impl<R: Read> Read for Exact<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        self.left = self.left.saturating_sub(n as u64);
        if n == 0 && self.left > 0 && !out.is_empty() {
            let left = std::mem::take(&mut self.left);
            let reason = format!("the archive ends {left} bytes before this member does");
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
        }
        Ok(n)
    }
}

/// A reader whose first bytes were looked at already.
pub(crate) struct Peeked<'a> {
    head: Vec<u8>,
    at: usize,
    failed: Option<io::Error>,
    inner: &'a mut dyn Read,
}

impl<'a> Peeked<'a> {
    /// Looks at up to `max` bytes.
    pub fn new(inner: &'a mut dyn Read, max: usize) -> Self {
        let mut head = Vec::new();
        let failed = Read::take(&mut *inner, max as u64).read_to_end(&mut head).err();
        Peeked { head, at: 0, failed, inner }
    }

    /// The bytes looked at.
    pub fn head(&self) -> &[u8] {
        &self.head
    }
}

impl Read for Peeked<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at < self.head.len() {
            let n = (&self.head[self.at..]).read(out)?;
            self.at += n;
            return Ok(n);
        }
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.inner.read(out),
        }
    }
}
