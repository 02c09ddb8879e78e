//! Findings written out: one writer per format, all of them streams that hold a bounded amount.
//!
//! A writer takes findings in order of time and, at the end, the [`Summary`] of them all. What it
//! shows of a log is made safe for where it is shown.

pub mod cell;
mod csv;
pub(crate) mod html;
pub mod json;
mod jsonl;
mod table;
mod timesketch;

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;

use blanik_model::level::UnknownWord;
use blanik_model::{Finding, Level, OwnedValue};

pub use self::cell::{Style, counted};
pub use self::html::Text;
use crate::summary::Summary;

/// What stands over everything that is shown of invented data.
pub const EXERCISE: &str = " EXERCISE: this data is invented ";

/// A format findings can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputFormat {
    /// A line per finding, for a terminal.
    Table,
    /// The full finding, a JSON object a line.
    Jsonl,
    /// For spreadsheets.
    Csv,
    /// For Timesketch's importer.
    Timesketch,
    /// One self-contained page.
    Html,
}

impl OutputFormat {
    /// All of them.
    pub const ALL: &'static [OutputFormat] =
        &[Self::Table, Self::Jsonl, Self::Csv, Self::Timesketch, Self::Html];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Timesketch => "timesketch",
            Self::Html => "html",
        }
    }
}

impl fmt::Display for OutputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for OutputFormat {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        Self::ALL.iter().copied().find(|f| f.as_str() == word).ok_or_else(|| UnknownWord {
            of: "output format",
            word: word.into(),
            known: "table, jsonl, csv, timesketch, html",
        })
    }
}

/// What a writer is told beside the findings.
#[derive(Clone, Copy, Debug)]
pub struct WriteOptions {
    /// Width and colour, for `table`.
    pub style: Style,
    /// The data is invented, and whatever shows it says so.
    pub exercise: bool,
}

/// Writes findings in one format. `begin` once, `write` for each, `finish` once.
pub trait FindingWriter {
    /// Writes what stands before the first finding.
    fn begin(&mut self) -> io::Result<()>;

    /// Writes one finding; they come in order of time.
    fn write(&mut self, finding: &Finding) -> io::Result<()>;

    /// The same of a finding's JSON, as [`json::write`] wrote it for a [line](json::Place::Line).
    fn write_json(&mut self, finding: &[u8]) -> io::Result<()> {
        self.write(&serde_json::from_slice(finding)?)
    }

    /// Writes what stands after the last finding, and flushes. What it returns is for the user: a
    /// sentence about findings that the format could not hold.
    fn finish(&mut self, summary: &Summary) -> io::Result<Option<String>>;
}

/// The writer of a format. `out` is written in small pieces: buffer it.
pub fn writer(
    format: OutputFormat,
    out: Box<dyn Write>,
    options: WriteOptions,
) -> Box<dyn FindingWriter> {
    match format {
        OutputFormat::Table => Box::new(table::Table::new(out, options.style, options.exercise)),
        OutputFormat::Jsonl => Box::new(jsonl::Jsonl::new(out)),
        OutputFormat::Csv => Box::new(csv::Csv::new(out)),
        OutputFormat::Timesketch => Box::new(timesketch::Timesketch::new(out, options.exercise)),
        OutputFormat::Html => Box::new(html::Html::new(out)),
    }
}

/// Four letters for a level.
fn short_level(level: Level) -> &'static str {
    match level {
        Level::Informational => "info",
        Level::Low => "low",
        Level::Medium => "med",
        Level::High => "high",
        Level::Critical => "crit",
    }
}

fn field_text(name: &str, value: &OwnedValue) -> String {
    format!("{name}={}", value.get().display())
}

/// Fields that only say which log was looked at; a reader learns nothing from them.
const ROUTING: &[&str] = &["EventID", "Channel", "Provider_Name", "event_type", "event.code"];

/// The matched fields, those that tell a reader most first: a field that only says which log it is
/// comes last, and so does a value that another field repeats; else in the rule's order.
fn telling(finding: &Finding) -> Vec<(&str, &OwnedValue)> {
    let mut seen: Vec<&OwnedValue> = Vec::new();
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for (name, value) in &finding.matched.0 {
        if ROUTING.contains(&name.as_str()) || seen.contains(&value) {
            last.push((name.as_str(), value));
        } else {
            first.push((name.as_str(), value));
        }
        seen.push(value);
    }
    first.extend(last);
    first
}
