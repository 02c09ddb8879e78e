//! `timesketch`

use blanik::output::{OutputFormat, Style};
use serde_json::Value;

use super::{golden, sample};

#[test]
fn lines_the_importer_takes() {
    let text = golden::plain(OutputFormat::Timesketch, &sample::findings(5, 86_400));
    golden::check("findings.timesketch.jsonl", &text);
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).expect("an object");
        for mandatory in ["message", "datetime", "timestamp_desc"] {
            assert!(line[mandatory].as_str().is_some_and(|t| !t.is_empty()), "{mandatory}");
        }
        let datetime = line["datetime"].as_str().expect("text");
        let time: jiff::Timestamp = datetime.parse().expect("ISO 8601");
        assert!(datetime.ends_with("+00:00"));
        assert_eq!(line["timestamp"].as_i64(), Some(time.as_microsecond()));
        assert!(line["tag"].as_array().is_some_and(|tags| tags[0] == "exercise"));
        let flat = line.as_object().expect("an object");
        assert!(
            flat.iter().all(|(n, v)| !v.is_object() && !n.contains('.') && !n.starts_with('_'))
        );
    }
}

#[test]
fn findings_without_a_time_are_left_out_and_said_so() {
    let findings = [
        sample::finding(1, 1, "DC01", "SYSTEM", None),
        sample::finding(2, 1, "DC01", "SYSTEM", "2024-01-01T00:00:00Z".parse().ok()),
    ];
    let (text, note) = golden::written(
        OutputFormat::Timesketch,
        Style::plain(100),
        &findings,
        sample::reading(&findings),
    );
    assert_eq!(text.lines().count(), 1);
    assert!(note.expect("a note").starts_with("1 finding without a time left out"));
}
