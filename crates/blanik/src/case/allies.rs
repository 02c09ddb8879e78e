//! What allies say of a case, as it is shown: their positions on what was published, which are on record, and their cosignatures,
//! which stand under the log's checkpoints.

use std::fmt::Write;

use blanik_case::Case;
use blanik_model::text::for_terminal;

use crate::evidence::allies::{self, Cosigned};
use crate::exchange::replies;
use crate::output::Text;

/// A line each: the sentence, and the record behind it where there is one.
fn lines(case: &Case, cosigned: &[Cosigned]) -> Vec<(String, Option<u64>)> {
    let opinion = |(index, opined): &(u64, blanik_model::record::Opined)| {
        let why = if opined.why.is_empty() { String::new() } else { format!(": {}", opined.why) };
        (format!("{}{why}", replies::said(opined)), Some(*index))
    };
    let signature = |one: &Cosigned| {
        let at = one.at.map(|at| format!(", {}", at.to_seconds_string())).unwrap_or_default();
        let what = allies::said(one.grade);
        (format!("{}{at}: cosigned the log's first {} records: {what}", one.agency, one.size), None)
    };
    let opinions = case.judgements.opinions.iter().map(opinion);
    opinions.chain(cosigned.iter().map(signature)).collect()
}

/// For a terminal.
pub fn text(out: &mut String, case: &Case, cosigned: &[Cosigned]) {
    let lines = lines(case, cosigned);
    if !lines.is_empty() {
        out.push_str("What allies say\n");
    }
    for (line, record) in lines {
        let record = record.map(|record| format!(" [{record}]")).unwrap_or_default();
        let _ = writeln!(out, "  {}{record}", for_terminal(&line));
    }
}

/// For a page.
pub fn page(out: &mut String, case: &Case, cosigned: &[Cosigned]) {
    let lines = lines(case, cosigned);
    if lines.is_empty() {
        return;
    }
    out.push_str("<h2>What allies say</h2><ul>");
    for (line, record) in lines {
        let record = record.map(|record| format!("[{record}]")).unwrap_or_default();
        let _ = write!(out, "<li>{} <span class=\"n\">{record}</span>", Text(&line));
    }
    out.push_str("</ul>");
}
