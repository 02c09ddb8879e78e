//! `csv`

use blanik::output::OutputFormat;
use blanik_model::text::is_unsafe_char;

use super::{golden, sample};

fn rows(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|r| r.expect("valid").iter().map(str::to_owned).collect()).collect()
}

#[test]
fn a_finding_a_row() {
    let mut findings = sample::findings(6, 86_400);
    findings.push(sample::finding(9, 8, "VPN-EDGE", "", None));
    let text = golden::plain(OutputFormat::Csv, &findings);
    golden::check("findings.csv", &text);
    let rows = rows(&text);
    assert_eq!(rows.len(), 8);
    assert!(rows.iter().all(|row| row.len() == 13));
    assert_eq!(rows[7][0], "");
}

#[test]
fn no_cell_is_a_formula_or_holds_a_control_character() {
    let rows = rows(&golden::plain(OutputFormat::Csv, &[sample::hostile()]));
    for cell in &rows[1] {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{cell}");
        assert!(!cell.chars().any(is_unsafe_char), "{cell}");
    }
    assert!(rows[1][3].starts_with("'=cmd"), "{}", rows[1][3]);
    serde_json::from_str::<serde_json::Value>(&rows[1][12]).expect("the event is JSON");
}

#[test]
fn without_findings_there_is_a_header() {
    assert_eq!(rows(&golden::plain(OutputFormat::Csv, &[])).len(), 1);
}
