//! What can go wrong, with the place where it did.

use std::io;

/// The result of what this crate does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk failed.
    #[error("{path}: {source}")]
    Io {
        /// The file, as the workspace names it.
        path: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// A text is not in the format that it should be in.
    #[error("no {format}: line {line}: {reason}")]
    Malformed {
        /// The format's name.
        format: &'static str,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// No such leaf, or no tree of that size.
    #[error("the log is not that long")]
    NotInTree,
    /// A file that the log needs is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// A file's bytes are not what the log says they are.
    #[error("{path}, byte {offset}: {reason}")]
    Wrong {
        /// The file, as the workspace names it.
        path: String,
        /// The first byte that is wrong, or of what is wrong.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// No signature by a key that is trusted.
    #[error("not signed by {0}")]
    NotSigned(String),
    /// A signature by a key that is trusted does not hold.
    #[error("the signature by {0} does not hold")]
    BadSignature(String),
    /// The policy's quorum has not signed.
    #[error("cosigned by {have} of {known} witnesses: the policy asks for more")]
    NoQuorum {
        /// Witnesses that signed.
        have: usize,
        /// Witnesses that the policy names.
        known: usize,
    },
    /// Another process writes this log.
    #[error("another process is writing this log")]
    Locked,
    /// A write failed before; what was written of it is known when the workspace is opened again.
    #[error("an earlier write failed: open the workspace again")]
    Uncertain,
    /// The folder holds something.
    #[error("{0} is not empty")]
    NotEmpty(String),
    /// The passphrase does not open the key.
    #[error("the passphrase does not open the key {0}")]
    Passphrase(String),
    /// A name that no key may have.
    #[error("'{0}' is no name for a key: no spaces, no plus signs, not empty")]
    KeyName(String),
    /// A record cannot be logged or read.
    #[error("record: {0}")]
    Record(String),
    /// No fields of the record have this path.
    #[error("the record has no field {0}")]
    NoField(String),
    /// What a record says is not there to be read, though the log holds its commitment.
    #[error("records {from} to {to} are withheld: their pack is not here")]
    Withheld {
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// The machine has no randomness.
    #[error("no randomness: {0}")]
    Random(getrandom::Error),
    /// A witness or a time-stamping authority did not do what was asked.
    #[error("{from}: {reason}")]
    Refused {
        /// Who.
        from: String,
        /// What they said.
        reason: String,
    },
}

impl Error {
    pub(crate) fn malformed(format: &'static str, line: usize, reason: &'static str) -> Self {
        Error::Malformed { format, line, reason }
    }

    /// For `map_err` on what touches a file.
    pub(crate) fn io(path: &str) -> impl FnOnce(io::Error) -> Self {
        move |source| Error::Io { path: path.to_owned(), source }
    }

    pub(crate) fn wrong(path: &str, offset: usize, reason: impl Into<String>) -> Self {
        Error::Wrong { path: path.to_owned(), offset: offset as u64, reason: reason.into() }
    }
}
