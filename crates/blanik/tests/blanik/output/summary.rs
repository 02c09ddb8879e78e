//! The summary.

use blanik::output::Style;
use blanik::output::cell::width;
use blanik::summary::{ReadingStats, Summary};
use blanik_model::{Finding, Timestamp};

use super::{golden, sample};

const DAY: i64 = 86_400;

fn summary(findings: &[Finding], reading: ReadingStats) -> Summary {
    let mut summary = Summary::new();
    findings.iter().for_each(|f| summary.add(&f.into()));
    summary.reading(reading);
    summary
}

fn rendered(summary: &Summary, style: Style) -> String {
    let mut out = Vec::new();
    summary.render(&mut out, style).expect("writes to memory");
    String::from_utf8(out).expect("UTF-8")
}

fn of(findings: &[Finding], columns: usize) -> String {
    rendered(&summary(findings, sample::reading(findings)), Style::plain(columns))
}

#[test]
fn spans_of_seconds_days_and_years() {
    golden::check("summary-seconds.txt", &of(&sample::findings(30, 45), 100));
    golden::check("summary-days.txt", &of(&sample::findings(300, 9 * DAY), 100));
    golden::check("summary-years.txt", &of(&sample::findings(3_000, 1_170 * DAY), 120));
    golden::check("summary-narrow.txt", &of(&sample::findings(3_000, 1_170 * DAY), 60));
}

#[test]
fn nothing_found() {
    golden::check("summary-none.txt", &of(&[], 100));
}

#[test]
fn findings_without_a_time_are_counted_and_not_drawn() {
    let findings = [sample::finding(1, 1, "DC01", "SYSTEM", None)];
    let text = of(&findings, 100);
    assert!(text.contains("1 without a time"));
    assert!(!text.contains("Over time"));
    let old = sample::finding(1, 1, "DC01", "SYSTEM", Some(Timestamp::from_nanos(0)));
    let new = sample::finding(1, 1, "DC01", "SYSTEM", "2024-01-01T00:00:00Z".parse().ok());
    assert!(of(&[old, new], 100).contains("1 with a time before 1990"));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let mut findings = sample::findings(500, 400 * DAY);
    findings.push(sample::hostile());
    for columns in [50, 64, 80, 100, 133, 220] {
        let text = of(&findings, columns);
        // The accounting line is never cut.
        for line in text.lines().filter(|l| !l.starts_with("events read")) {
            assert!(width(line) <= columns, "{columns}: {line}");
        }
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}']));
    }
}

#[test]
fn the_accounting_line_is_literal_and_checked() {
    let findings = sample::findings(3, 60);
    let line =
        "events read 12,345 = matched against rules 12,000 + not matched 300 + rejected 45\n";
    let text = of(&findings, 100);
    assert!(text.contains(line) && !text.contains("do not add up"));
    let mut reading = sample::reading(&findings);
    reading.accounting.rejected = 44;
    assert!(rendered(&summary(&findings, reading), Style::plain(100)).contains("do not add up"));
}

#[test]
fn an_exercise_says_so_and_real_data_does_not() {
    let findings = sample::findings(3, 60);
    assert!(of(&findings, 100).contains("EXERCISE"));
    let reading = ReadingStats { exercise: false, ..sample::reading(&findings) };
    assert!(!rendered(&summary(&findings, reading), Style::plain(100)).contains("EXERCISE"));
}

#[test]
fn the_order_of_findings_changes_nothing() {
    let findings = sample::findings(2_000, 900 * DAY);
    let mut backwards = findings.clone();
    backwards.reverse();
    let style = Style { width: 120, colour: true };
    let reading = sample::reading(&findings);
    let forth = summary(&findings, reading.clone());
    let back = summary(&backwards, reading);
    assert_eq!(rendered(&forth, style), rendered(&back, style));
    let json = |s: &Summary| serde_json::to_value(s.for_programs()).expect("serializes");
    assert_eq!(json(&forth), json(&back));
}

#[test]
fn the_json_counts_what_the_page_counts() {
    let findings = sample::findings(40, DAY);
    let json = serde_json::to_value(summary(&findings, sample::reading(&findings)).for_programs())
        .expect("serializes");
    assert_eq!(json["findings"], 40);
    let rules = json["rules"].as_array().expect("a list");
    let sum: u64 = rules.iter().map(|r| r["findings"].as_u64().expect("a number")).sum();
    assert_eq!(sum, 40);
    assert_eq!(json["read"]["accounting"]["events_read"], 12_345);
    assert_eq!(json["exercise"], true);
}
