//! `table`

use blanik::output::cell::width;
use blanik::output::{OutputFormat, Style};

use super::{golden, sample};

#[test]
fn lines_fit_every_width() {
    let mut findings = sample::findings(12, 40_000_000);
    findings.push(sample::hostile());
    findings.push(sample::finding(9, 8, "日本語のホスト名です", "", None));
    let mut all = String::new();
    for columns in [60, 80, 100, 140, 200] {
        let reading = sample::reading(&findings);
        let style = Style::plain(columns);
        let (text, _) = golden::written(OutputFormat::Table, style, &findings, reading);
        for line in text.lines() {
            assert!(width(line) <= columns, "{columns}: {line}");
        }
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
        assert_eq!(text.lines().count(), findings.len() + 2);
        all += &text;
        all.push('\n');
    }
    golden::check("table.txt", &all);
}

#[test]
fn colour_marks_the_level_and_nothing_from_the_log() {
    let findings = [sample::hostile()];
    let style = Style { width: 140, colour: true };
    let reading = sample::reading(&findings);
    let (text, _) = golden::written(OutputFormat::Table, style, &findings, reading);
    assert!(text.contains("\u{1b}[1;31mcrit\u{1b}[0m"));
    assert!(!text.contains("\u{1b}[2J") && !text.contains("\u{1b}]0"));
}
