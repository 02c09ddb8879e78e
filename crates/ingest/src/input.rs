//! What the caller asks to be read, and how far a hostile input may go.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use crate::mapping::Mapping;
use crate::text_format::TextFormat;

/// One thing to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file, an archive or a folder, which is walked.
    Path(PathBuf),
    /// Standard input.
    Stdin,
    /// A log or an archive in memory.
    Bytes {
        /// What to call it.
        name: String,
        /// All of it.
        bytes: Arc<[u8]>,
    },
}

/// How to read the inputs.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The format of every log, instead of what its content says. Archives are still opened.
    pub format: Option<Format>,
    /// Formats of the user's own: those that are text are told by their lines.
    pub mapping: Mapping,
    /// The year that logs begin in whose times name none; without it, that is told from when a file
    /// was last written to.
    pub year: Option<i32>,
    /// Make the digest of each file while it is read.
    pub digests: bool,
    /// See there.
    pub limits: Limits,
}

/// A log format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Windows event log files, whole or from their first chunk on.
    Evtx,
    /// JSON: objects a line, an array, pretty-printed, or a wrapper around an array.
    Json,
    /// Windows events as XML.
    Xml,
    /// Zeek's tab-separated logs.
    ZeekTsv,
    /// Text of that format.
    Text(TextFormat),
}

/// The name is none of a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown input format `{name}`: use evtx, json, xml, zeek, {}", text_words())]
pub struct UnknownFormat {
    /// What was given.
    pub name: String,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        match name {
            "evtx" => Ok(Format::Evtx),
            "json" => Ok(Format::Json),
            "xml" => Ok(Format::Xml),
            "zeek" => Ok(Format::ZeekTsv),
            _ => {
                let found = TextFormat::ALL.iter().find(|(word, _)| *word == name);
                let unknown = || UnknownFormat { name: name.to_owned() };
                found.map(|(_, format)| Format::Text(*format)).ok_or_else(unknown)
            }
        }
    }
}

/// The word by which a user names it.
impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Evtx => "evtx",
            Format::Json => "json",
            Format::Xml => "xml",
            Format::ZeekTsv => "zeek",
            Format::Text(text) => text.as_str(),
        })
    }
}

fn text_words() -> String {
    let words: Vec<&str> = TextFormat::ALL.iter().map(|(word, _)| *word).collect();
    words.join(", ")
}

/// Bounds on what an input may make us do. Meeting one is a rejection that names it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Archives inside archives, and compressed files inside these.
    pub nesting_max: usize,
    /// Bytes of one record of text (a line, a JSON object, an XML event).
    pub record_bytes_max: usize,
    /// Bytes that one file may expand to, over all its members and layers.
    pub expanded_bytes_max: u64,
    /// Expanded bytes per byte of the file, looked at once it has expanded to
    /// `ratio_from_bytes`: pre-allocated logs compress extremely well, and are honest.
    pub ratio_max: u64,
    /// See `ratio_max`.
    pub ratio_from_bytes: u64,
    /// Members of one archive.
    pub members_max: u64,
    /// Bytes of an archive inside another one that has to be spooled to disk to be read.
    pub spool_bytes_max: u64,
    /// Folders below the one given.
    pub folder_depth_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            nesting_max: 8,
            record_bytes_max: 16 << 20,
            expanded_bytes_max: 64 << 30,
            ratio_max: 2_000,
            ratio_from_bytes: 4 << 30,
            members_max: 1_000_000,
            spool_bytes_max: 8 << 30,
            folder_depth_max: 128,
        }
    }
}
