//! What `attribute` writes: each format says the confidence beside any state, and what an intruder or a source wrote stays text.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::ok;

/// Markup, a formula, the end of a script, and characters that turn or hide text.
const EVIL: &str = "=1+1</script><img src=x onerror=alert(1)>\u{202e}\u{1b}[2J\"'&";

fn written(folder: &Path, format: &str) -> String {
    let observations = json!({"observations": [
        {"id": EVIL, "feature": {"technique": "T1059.001"}, "grade": "B2", "source": EVIL, "block": EVIL, "citation": 12},
        {"id": "c", "feature": {"claim": {"value": EVIL, "to": ["APT29", "nation:KP"]}}, "grade": "B2", "source": EVIL},
        {"id": "d", "feature": {"technique": "T1566.002"}, "grade": "B2", "source": "s"},
    ]});
    fs::write(folder.join("o.json"), observations.to_string()).expect("writable");
    let assessment = json!({"agency": EVIL, "probabilities": {EVIL: 0.5, "UNKNOWN:CN": 0.7}});
    fs::write(folder.join("a.json"), assessment.to_string()).expect("writable");
    ok(folder, &["attribute", "o.json", "--pool-file", "a.json", "-f", format])
}

/// Lines on which a state stands, as the outputs write states.
fn naming_states(text: &str) -> Vec<&str> {
    let states = ["an unknown actor of ", "UNKNOWN:"];
    text.lines().filter(|l| states.iter().any(|s| l.contains(s))).collect()
}

#[test]
fn in_every_format_nothing_is_markup_and_no_state_is_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    for format in ["text", "html", "json", "svg", "csv"] {
        let text = written(folder.path(), format);
        assert!(text.contains("We have low confidence in this judgement"), "{format}");
        if format != "json" {
            assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'), "{format}");
        }
        match format {
            "html" | "svg" => assert!(!text.contains("<img"), "{format}"),
            "csv" => {
                assert!(!text.lines().any(|l| l.starts_with('=') || l.contains(",=")), "{text}")
            }
            _ => {}
        }
        if format == "text" {
            for line in naming_states(&text).iter().filter(|l| l.contains("an unknown actor of ")) {
                assert!(line.contains("(low confidence)"), "{line}");
            }
        }
    }
}

#[test]
fn the_board_has_a_switch_an_item_and_carries_the_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let page = written(folder.path(), "html");
    assert_eq!(page.matches("<input type=\"checkbox\"").count(), 3);
    assert_eq!(page.matches("</script>").count(), 1, "the data ends no script");
    assert!(page.contains("default-src 'none'") && !page.contains("://"), "it fetches nothing");
    let data =
        page.split("const M=").nth(1).and_then(|t| t.split(";\n").next()).expect("the model");
    let model: serde_json::Value = serde_json::from_str(data).expect("JSON");
    let (names, base) = (model["names"].as_array().expect("a list"), model["base"].as_array());
    assert_eq!(base.map(Vec::len), Some(names.len()));
    let items = model["items"].as_array().expect("a list");
    assert!(
        items.len() == 3
            && items.iter().all(|i| i.as_array().map(Vec::len) == Some(names.len() - 1))
    );
    // With all switches on, the bars are the verdict's.
    let verdict: serde_json::Value =
        serde_json::from_str(&written(folder.path(), "json")).expect("JSON");
    let sum = |k: usize| -> f64 {
        let parts = items.iter().filter_map(|i| i.get(k).and_then(serde_json::Value::as_f64));
        model["base"][k].as_f64().expect("a number") + parts.sum::<f64>()
    };
    let scores: Vec<f64> = (0..names.len()).map(sum).collect();
    let all: f64 = scores.iter().map(|s| s.exp()).sum();
    let unknown = scores.last().expect("the unknown actor").exp() / all;
    let said = verdict["verdict"]["unknown"].as_f64().expect("a number");
    assert!((unknown - said).abs() < 0.01, "{unknown} {said}");
}

#[test]
fn the_table_and_the_picture_hold_what_they_should() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = written(folder.path(), "csv");
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let heads = reader.headers().expect("a head").clone();
    assert!(heads.iter().any(|h| h == "citation") && heads.iter().any(|h| h == "confidence"));
    let rows: Vec<_> = reader.records().map(|r| r.expect("a row")).collect();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|r| r.len() == heads.len()));
    let picture = written(folder.path(), "svg");
    assert!(picture.starts_with("<svg xmlns=") && picture.trim_end().ends_with("</svg>"));
    assert_eq!(picture.matches("<rect ").count(), 9, "a ground and eight bars");
}

#[test]
fn an_exercise_says_so_in_every_format_and_minus_nothing_is_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    for format in ["text", "html", "json", "svg", "csv"] {
        assert!(!written(folder.path(), format).contains("EXERCISE"), "{format}");
        let said = ok(folder.path(), &["attribute", "o.json", "--exercise", "-f", format]);
        assert!(said.contains("EXERCISE"), "{format}");
        assert!(!said.contains("-0 dB") && !said.contains(" -0.0\n"), "{said}");
        if format == "csv" {
            let mut reader = csv::Reader::from_reader(said.as_bytes());
            let width = reader.headers().expect("a head").len();
            for row in reader.records().map(|r| r.expect("a row")) {
                assert!(row.len() == width && row.iter().any(|cell| cell.starts_with("EXERCISE")));
            }
        }
        if format == "text" {
            let cells = said.split_whitespace();
            assert!(cells.clone().all(|cell| cell != "-0.0"), "{said}");
        }
    }
}

#[test]
fn what_is_not_there_is_said_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let observations = json!({"observations": [
        {"id": "a", "feature": {"technique": "T1059.001"}, "grade": "B2", "source": "hunt"},
        {"id": "b", "feature": {"absence": "T1102.002"}, "grade": "A1", "source": "second hunt"},
    ]});
    fs::write(folder.path().join("o.json"), observations.to_string()).expect("writable");
    let text = ok(folder.path(), &["attribute", "o.json"]);
    assert!(text.contains("not there: T1102.002"), "{text}");
    assert!(text.contains("one class of evidence only"), "{text}");
}
