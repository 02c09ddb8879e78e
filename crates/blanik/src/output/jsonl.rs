//! `jsonl`: the full finding, an object a line. Its schema is `docs/FINDINGS.md`.

use std::io::{self, Write};

use blanik_model::Finding;

use super::FindingWriter;
use super::json::{self, Place};
use crate::summary::Summary;

/// See the module.
pub struct Jsonl {
    out: Box<dyn Write>,
}

impl Jsonl {
    /// Writes to `out`.
    pub fn new(out: Box<dyn Write>) -> Self {
        Jsonl { out }
    }
}

impl FindingWriter for Jsonl {
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn write(&mut self, finding: &Finding) -> io::Result<()> {
        json::write(&mut *self.out, finding, Place::Line)?;
        self.out.write_all(b"\n")
    }

    fn write_json(&mut self, finding: &[u8]) -> io::Result<()> {
        self.out.write_all(finding)?;
        self.out.write_all(b"\n")
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<Option<String>> {
        self.out.flush()?;
        Ok(None)
    }
}
