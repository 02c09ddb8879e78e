//! `csv`: a finding a row, for spreadsheets. Every cell is quoted, freed of control characters, and
//! disarmed, so that nothing an intruder wrote into a log becomes a formula.

use std::io::{self, Write};

use blanik_model::Finding;
use blanik_model::text::{for_spreadsheet, for_terminal};

use super::json::{self, Place};
use super::{FindingWriter, field_text};
use crate::summary::Summary;

/// The header row.
pub const COLUMNS: &[&str] = &[
    "time",
    "level",
    "rule_id",
    "rule_title",
    "status",
    "tags",
    "host",
    "account",
    "kind",
    "matched",
    "source",
    "record",
    "event",
];

/// See the module.
pub struct Csv {
    out: csv::Writer<Box<dyn Write>>,
}

impl Csv {
    /// Writes to `out`.
    pub fn new(out: Box<dyn Write>) -> Self {
        let out = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(out);
        Csv { out }
    }
}

impl FindingWriter for Csv {
    fn begin(&mut self) -> io::Result<()> {
        self.out.write_record(COLUMNS).map_err(plain)
    }

    fn write(&mut self, f: &Finding) -> io::Result<()> {
        let cells = [
            f.time.map(|t| t.to_string()).unwrap_or_default(),
            f.level.to_string(),
            f.rule_id.clone(),
            f.rule_title.clone(),
            f.status.map(|s| s.to_string()).unwrap_or_default(),
            f.tags.join(" "),
            f.host.clone().unwrap_or_default(),
            f.account.clone().unwrap_or_default(),
            f.kind.clone(),
            f.matched.0.iter().map(|(n, v)| field_text(n, v)).collect::<Vec<_>>().join("; "),
            f.source.clone(),
            f.record.to_string(),
            json::to_string(&f.event, Place::Line)?,
        ];
        let cells = cells.iter().map(|cell| for_spreadsheet(&for_terminal(cell)).into_owned());
        self.out.write_record(cells).map_err(plain)
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<Option<String>> {
        self.out.flush()?;
        Ok(None)
    }
}

/// The error beneath, so that a closed pipe is still seen to be one.
fn plain(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
