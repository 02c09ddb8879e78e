//! Indicators as a table (CSV, RFC 4180) that a spreadsheet may open, and as Sigma rules.

pub mod sigma;

use blanik_model::text::{for_spreadsheet, for_terminal};

use crate::publication::Publication;

/// The header row. The names are those by which `blanik indicators add` and others read a list.
pub const COLUMNS: &[&str] =
    &["type", "value", "first_seen", "last_seen", "findings", "source", "tlp", "records"];

/// The table: every cell quoted, freed of control characters, and disarmed.
pub fn table(publication: &Publication) -> String {
    let mut out = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let header: Vec<String> = COLUMNS.iter().map(|name| (*name).to_owned()).collect();
    let rows = publication.indicators.iter().map(|indicator| {
        let records = indicator.cites.records.iter().map(u64::to_string);
        vec![
            indicator.kind.to_string(),
            indicator.value.clone(),
            indicator.first.to_string(),
            indicator.last.to_string(),
            indicator.findings.to_string(),
            indicator.sources.join("; "),
            indicator.marking.to_string(),
            records.collect::<Vec<_>>().join(" "),
        ]
    });
    for row in std::iter::once(header).chain(rows) {
        let cells = row.iter().map(|cell| for_spreadsheet(&for_terminal(cell)).into_owned());
        out.write_record(cells).expect("rows of equal length go into memory");
    }
    let bytes = out.into_inner().expect("memory takes all");
    String::from_utf8(bytes).expect("texts are UTF-8")
}
