//! What goes wrong with the server's folder. What a request gets wrong is an answer, not an error: see `taxii`.

use std::io;
use std::path::{Path, PathBuf};

/// See the module.
pub type Result<T> = std::result::Result<T, Error>;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk said no.
    #[error("cannot {doing} {}: {cause}", path.display())]
    Io {
        /// As "read".
        doing: &'static str,
        /// What.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// A file is not what this program writes.
    #[error("{}: {reason}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// How it differs.
        reason: String,
    },
    /// Two servers of one folder would lose each other's objects.
    #[error("another server serves {}", .0.display())]
    Locked(PathBuf),
    /// No such collection.
    #[error("no collection {0}")]
    NoCollection(String),
    /// Nothing to serve.
    #[error("{} holds no collection: `blanik serve collection add` makes one", .0.display())]
    Empty(PathBuf),
    /// What is to be made is there.
    #[error("there is a {what} {name} already")]
    Exists {
        /// As "token".
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A name that cannot stand in an address or a list.
    #[error("{0:?} is no name: letters, digits, `-`, `_` and `.`, at most 64")]
    Name(String),
    /// A write failed before, and what is on disk is not known.
    #[error("the collection takes nothing until the server starts again: a write failed")]
    Stuck,
    /// A certificate or key that TLS cannot use.
    #[error("TLS: {0}")]
    Tls(String),
}

impl Error {
    /// For `map_err`.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |cause| Error::Io { doing, path, cause }
    }
}
