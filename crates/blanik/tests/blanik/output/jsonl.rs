//! `jsonl`

use blanik::output::OutputFormat;
use blanik_model::Finding;
use blanik_model::text::is_unsafe_char;

use super::{golden, sample};

#[test]
fn a_finding_a_line_and_back() {
    let mut findings = sample::findings(6, 86_400);
    findings.push(sample::finding(9, 1, "DC01", "SYSTEM", None));
    let text = golden::plain(OutputFormat::Jsonl, &findings);
    golden::check("findings.jsonl", &text);
    let back: Vec<Finding> =
        text.lines().map(|line| serde_json::from_str(line).expect("a finding")).collect();
    assert_eq!(back, findings);
}

#[test]
fn what_a_terminal_obeys_is_escaped_and_still_the_same_text() {
    let text = golden::plain(OutputFormat::Jsonl, &[sample::hostile()]);
    assert!(!text.trim_end().chars().any(is_unsafe_char));
    let back: Finding = serde_json::from_str(&text).expect("a finding");
    assert_eq!(back, sample::hostile());
}
