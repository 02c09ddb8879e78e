//! What could not be read: where, why, and what it cost. Nothing is lost in silence.

use std::fmt;

use blanik_model::SourceId;

/// Where in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The file as a whole.
    File,
    /// Bytes from its start, after decompression.
    Offset(u64),
    /// Line, from 1.
    Line(u64),
    /// Record number, as the log has it, or the element's number from 1.
    Record(u64),
    /// EVTX chunk, from 0.
    Chunk(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File => f.write_str("file"),
            Place::Offset(n) => write!(f, "byte {n}"),
            Place::Line(n) => write!(f, "line {n}"),
            Place::Record(n) => write!(f, "record {n}"),
            Place::Chunk(n) => write!(f, "chunk {n}"),
        }
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing was lost.
    Note,
    /// A file that is none of the logs we read.
    Skipped,
    /// Records were lost, or may have been.
    Loss,
    /// An input named by the caller cannot be opened at all.
    Missing,
}

impl Severity {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Skipped => "skipped",
            Severity::Loss => "loss",
            Severity::Missing => "missing",
        }
    }
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// In which log.
    pub source: SourceId,
    /// Where in it.
    pub place: Place,
    /// How bad it is.
    pub severity: Severity,
    /// Why, in words. May quote the log: escape it before showing it.
    pub reason: String,
    /// Records known to be lost; 0 for a note, and where nobody can know.
    pub lost: u64,
}

impl Rejection {
    /// Something that cost no record.
    pub fn note(source: SourceId, place: Place, reason: impl Into<String>) -> Self {
        Rejection { source, place, severity: Severity::Note, reason: reason.into(), lost: 0 }
    }

    /// A file that is no log we read.
    pub fn skipped(source: SourceId, reason: impl Into<String>) -> Self {
        let (place, severity) = (Place::File, Severity::Skipped);
        Rejection { source, place, severity, reason: reason.into(), lost: 0 }
    }

    /// Something that cost `lost` records, or an unknown number of them if 0.
    pub fn loss(source: SourceId, place: Place, lost: u64, reason: impl Into<String>) -> Self {
        Rejection { source, place, severity: Severity::Loss, reason: reason.into(), lost }
    }

    /// An input that cannot be opened.
    pub fn missing(source: SourceId, reason: impl Into<String>) -> Self {
        let (place, severity) = (Place::File, Severity::Missing);
        Rejection { source, place, severity, reason: reason.into(), lost: 0 }
    }
}
