//! The command line's promises: exit codes, what goes to which stream, filters, and that the same
//! input gives the same bytes.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{Ran, blanik, run};

const RULES: &str = "\
title: Program named evil
id: 11111111-1111-4111-8111-111111111111
status: test
level: high
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\\evil.exe'}
  condition: selection
---
title: Program asked to go
id: 22222222-2222-4222-8222-222222222222
status: experimental
level: low
logsource: {product: windows, category: process_creation}
detection:
  selection: {CommandLine|contains: ' -go'}
  condition: selection
";

/// A process that starts; `n` is the minute.
fn process(n: u32, host: &str, image: &str, arguments: &str) -> Value {
    json!({
        "EventID": 1,
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "SourceName": "Microsoft-Windows-Sysmon",
        "Hostname": host,
        "@timestamp": format!("2024-02-{:02}T{:02}:{:02}:00.000Z", 1 + n / 1440, n / 60 % 24, n % 60),
        "Image": format!("C:\\ProgramData\\{image}"),
        "CommandLine": format!("{image}{arguments}"),
        "User": "MZV\\novak",
    })
}

/// A folder with `rules.yml` and `logs/a.json` of these events.
fn folder(events: &[Value]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lines: String = events.iter().map(|e| format!("{e}\n")).collect();
    fs::create_dir(folder.path().join("logs")).expect("a folder");
    fs::write(folder.path().join("logs/a.json"), lines).expect("a file");
    fs::write(folder.path().join("rules.yml"), RULES).expect("a file");
    folder
}

/// Three events: high; low; nothing.
fn three() -> TempDir {
    folder(&[
        process(10, "WS-1.mzv.example", "evil.exe", ""),
        process(20, "WS-2.mzv.example", "good.exe", " -go"),
        process(30, "WS-1.mzv.example", "good.exe", ""),
    ])
}

fn hunt(folder: &Path, more: &[&str]) -> Ran {
    run(folder, &[&["hunt", "logs", "--rules", "rules.yml"], more].concat())
}

/// Titles of the findings that a hunt with these arguments writes.
fn titles(folder: &Path, more: &[&str]) -> Vec<String> {
    let ran = hunt(folder, &[&["--json", "--quiet"], more].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let title = |line: &str| {
        let finding: Value = serde_json::from_str(line).expect("a line is JSON");
        finding["rule_title"].as_str().expect("it has a title").to_owned()
    };
    ran.out.lines().map(title).collect()
}

const HIGH: &str = "Program named evil";
const LOW: &str = "Program asked to go";

#[test]
fn findings_alone_are_no_failure_and_fail_on_makes_them_one() {
    let folder = three();
    assert_eq!(hunt(folder.path(), &[]).code, Some(0));
    assert_eq!(hunt(folder.path(), &["--fail-on", "high"]).code, Some(1));
    assert_eq!(hunt(folder.path(), &["--fail-on", "low"]).code, Some(1));
    assert_eq!(hunt(folder.path(), &["--fail-on", "critical"]).code, Some(0));
}

#[test]
fn an_error_exits_with_2_and_names_the_thing() {
    let folder = three();
    fs::write(folder.path().join("empty.yml"), "title: x\n").expect("a file");
    let cases: &[(&[&str], &str)] = &[
        (&["hunt"], "<PATH>"),
        (&["hunt", "logs", "--no-such-flag"], "--no-such-flag"),
        (&["hunt", "logs", "--level", "terrible"], "terrible"),
        (&["hunt", "logs", "--format", "pdf"], "pdf"),
        (&["hunt", "logs", "--from", "yesterday"], "yesterday"),
        (&["hunt", "logs", "--threads", "0"], "--threads"),
        (&["hunt", "logs", "--rules", "no-such-rules"], "no-such-rules"),
        (&["hunt", "logs", "--rules", "empty.yml"], "blanik rules check"),
        (&["hunt", "logs", "--rules", "rules.yml", "--rule", "no such rule"], "--rule"),
        (&["hunt", "logs", "--rules", "rules.yml", "--explain", "no-such-id"], "no-such-id"),
        (&["hunt", "logs", "--rules", "rules.yml", "-o", "no-such-folder/x"], "no-such-folder"),
        (&["hunt", "logs", "--placeholders", "no-such-list.txt"], "no-such-list.txt"),
        (&["rules", "check", "no-such-rules"], "no-such-rules"),
        (&["demo", "--keep", "logs"], "logs is not empty: name a new folder"),
    ];
    for (args, named) in cases {
        let ran = run(folder.path(), args);
        assert_eq!(ran.code, Some(2), "{args:?}: {}", ran.err);
        assert!(ran.err.contains(named), "{args:?}: {}", ran.err);
        assert!(ran.out.is_empty(), "{args:?} writes to standard output: {}", ran.out);
    }
}

#[test]
fn a_missing_input_is_an_error_and_the_others_are_read() {
    let folder = three();
    let args = ["hunt", "no-such-log", "logs", "--rules", "rules.yml", "--format", "jsonl"];
    let ran = run(folder.path(), &args);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("no-such-log"), "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
}

#[test]
fn help_and_version_go_to_standard_output() {
    let folder = three();
    for args in [&["--help"][..], &["hunt", "--help"], &["demo", "-h"], &["--version"]] {
        let ran = run(folder.path(), args);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{args:?}");
        assert!(ran.out.contains("blanik"), "{args:?}: {}", ran.out);
    }
    assert!(run(folder.path(), &["--help"]).out.contains("Exit codes:"));
}

#[test]
fn quiet_leaves_the_findings_alone() {
    let folder = three();
    let loud = hunt(folder.path(), &["--json"]);
    let quiet = hunt(folder.path(), &["--json", "--quiet"]);
    assert_eq!(loud.out, quiet.out);
    assert!(loud.err.contains("events read 3 = "), "{}", loud.err);
    assert_eq!(quiet.err, "");
    let table = hunt(folder.path(), &["--quiet"]);
    assert_eq!((table.out.lines().count(), table.err.as_str()), (3, ""), "{}", table.out);
}

#[test]
fn json_is_jsonl() {
    let folder = three();
    let short = hunt(folder.path(), &["--json", "--quiet"]);
    assert_eq!(short.out, hunt(folder.path(), &["--format", "jsonl", "--quiet"]).out);
    assert_eq!(hunt(folder.path(), &["--json", "--format", "csv"]).code, Some(2));
}

#[test]
fn each_filter_leaves_what_it_says() {
    let folder = three();
    let folder = folder.path();
    assert_eq!(titles(folder, &[]), [HIGH, LOW]);
    assert_eq!(titles(folder, &["--level", "medium"]), [HIGH]);
    assert_eq!(titles(folder, &["--status", "experimental"]), [LOW]);
    assert_eq!(titles(folder, &["--rule", "asked to GO"]), [LOW]);
    assert_eq!(titles(folder, &["--rule", "11111111-1111-4111-8111-111111111111"]), [HIGH]);
    assert_eq!(titles(folder, &["--from", "2024-02-01T00:15:00Z"]), [LOW]);
    assert_eq!(titles(folder, &["--to", "2024-02-01T00:20:00Z"]), [HIGH]);
    assert_eq!(titles(folder, &["--from", "2024-02-02"]), [""; 0]);
    assert_eq!(titles(folder, &["--host", "ws-2"]), [LOW]);
    assert_eq!(titles(folder, &["--host", "WS-1.mzv.example", "--host", "ws-2"]), [HIGH, LOW]);
    assert_eq!(titles(folder, &["--host", "WS-3"]), [""; 0]);
}

#[test]
fn explain_says_which_part_holds_and_which_does_not() {
    let folder = three();
    let id = "11111111-1111-4111-8111-111111111111";
    let met = hunt(folder.path(), &["--explain", id, "--record", "1"]);
    assert_eq!(met.code, Some(0), "{}", met.err);
    assert!(met.out.contains("logs/a.json:1  MATCHES"), "{}", met.out);
    let not = hunt(folder.path(), &["--explain", id, "--record", "3"]);
    assert!(not.out.contains("logs/a.json:3  does not match"), "{}", not.out);
    assert!(not.out.contains(r"C:\ProgramData\good.exe"), "{}", not.out);
}

#[test]
fn every_rejection_is_listed_with_its_place() {
    let folder = three();
    let log = folder.path().join("logs/a.json");
    let text = fs::read_to_string(&log).expect("it is there");
    fs::write(&log, text.replacen("{\"EventID\":1", "{\"EventID\":", 1)).expect("a file");
    let ran = hunt(folder.path(), &["--rejections", "lost.jsonl", "--summary", "summary.json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("events read 3 = "), "{}", ran.out);
    assert!(ran.out.contains("rejected 1"), "{}", ran.out);
    let lost = fs::read_to_string(folder.path().join("lost.jsonl")).expect("it was written");
    let lost: Value = serde_json::from_str(lost.trim_end()).expect("one line of JSON");
    assert_eq!((&lost["source"], &lost["lost"]), (&json!("logs/a.json"), &json!(1)));
    assert_eq!(lost["place"], json!("line 1"));
    let summary = fs::read(folder.path().join("summary.json")).expect("it was written");
    let summary: Value = serde_json::from_slice(&summary).expect("it is JSON");
    assert_eq!(summary["read"]["accounting"]["rejected"], json!(1));
}

#[test]
fn standard_input_is_a_log_like_any_other() {
    let folder = three();
    let log = fs::read(folder.path().join("logs/a.json")).expect("it is there");
    let mut child = blanik(folder.path(), &["hunt", "-", "--rules", "rules.yml", "--json", "-q"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("it is piped").write_all(&log).expect("it reads");
    let ran: Ran = child.wait_with_output().expect("it ends").into();
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let many: Vec<Value> = (0..2_000).map(|n| process(n, "WS-1", "evil.exe", " -go")).collect();
    let folder = folder(&many);
    let mut child = blanik(folder.path(), &["hunt", "logs", "--rules", "rules.yml", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut first = [0; 16];
    child.stdout.take().expect("it is piped").read_exact(&mut first).expect("it writes");
    let ran: Ran = child.wait_with_output().expect("it ends").into();
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(!ran.err.contains("panicked") && !ran.err.contains("cannot write"), "{}", ran.err);
}

#[test]
fn no_colour_in_a_pipe_whatever_the_environment() {
    let folder = three();
    for (name, value) in [("NO_COLOR", "1"), ("NO_COLOR", ""), ("TERM", "xterm-256color")] {
        let output = blanik(folder.path(), &["hunt", "logs", "--rules", "rules.yml"])
            .env(name, value)
            .output()
            .expect("the program starts");
        assert!(!output.stdout.contains(&0x1b), "{name}={value}");
        assert!(!output.stderr.contains(&0x1b), "{name}={value}");
    }
}

#[test]
fn the_same_bytes_on_every_run_and_for_every_number_of_threads() {
    let host = |n: u32| format!("WS-{}.mzv.example", n % 7);
    let many: Vec<Value> =
        (0..3_000).map(|n| process(n / 3, &host(n), "evil.exe", " -go")).collect();
    let folder = folder(&many);
    for n in 1..4 {
        let to = folder.path().join(format!("logs/{n}.json"));
        fs::copy(folder.path().join("logs/a.json"), to).expect("a copy");
    }
    for format in ["table", "jsonl", "csv", "timesketch"] {
        let ran = |threads| hunt(folder.path(), &["-q", "-f", format, "--threads", threads]);
        let first = ran("1");
        assert!(first.out.lines().count() >= 24_000, "{format}: {}", first.err);
        assert_eq!(first.out, ran("4").out, "{format}: 1 and 4 threads differ");
    }
    let page = |threads, file| {
        hunt(folder.path(), &["-q", "--raw", "-f", "html", "-o", file, "--threads", threads]);
        fs::read(folder.path().join(file)).expect("it was written")
    };
    assert!(page("1", "1.html") == page("4", "4.html"), "html: 1 and 4 threads differ");
    let first = page("4", "4.html");
    assert!(first == page("4", "again.html"), "html: two runs differ");
}

#[test]
fn what_an_intruder_writes_stays_text() {
    let hostile =
        " \u{1b}[2J\u{1b}]0;owned\u{7}\r\n\u{202e}=cmd|' /C calc'!A0 <script>alert(1)</script>";
    let event = process(1, "WS\u{1b}[31m-1", "evil.exe", hostile);
    let folder = folder(&[event]);
    let ran = hunt(folder.path(), &[]);
    let obeyed = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    for (text, stream) in [(&ran.out, "standard output"), (&ran.err, "standard error")] {
        assert!(!text.contains(obeyed), "{stream}: {text:?}");
    }
    for format in ["jsonl", "csv", "timesketch", "html"] {
        let out = hunt(folder.path(), &["--raw", "-q", "-f", format]).out;
        let safe = |c: char| {
            c == '\n' || (c == '\r' && format == "csv") || (c == '\t' && format == "html")
        };
        assert!(!out.contains(|c| obeyed(c) && !safe(c)), "{format}: {out:?}");
        assert!(format != "html" || !out.contains("<script>alert"), "html: a script of the log's");
    }
    let explained = hunt(folder.path(), &["--explain", "11111111-1111-4111-8111-111111111111"]).out;
    assert!(!explained.contains(obeyed), "{explained:?}");
}

#[test]
fn rules_check_names_what_is_wrong_and_where() {
    let folder = three();
    let good = run(folder.path(), &["rules", "check", "rules.yml"]);
    assert_eq!(good.code, Some(0), "{}", good.err);
    assert!(good.out.contains("2 rules compile into 2 predicates"), "{}", good.out);
    let bad = RULES.replacen("condition: selection", "condition: nothing", 1);
    fs::write(folder.path().join("bad.yml"), bad).expect("a file");
    let ran = run(folder.path(), &["rules", "check", "bad.yml", "--problems"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("fail  bad.yml:") && ran.out.contains("nothing"), "{}", ran.out);
    let json = run(folder.path(), &["rules", "check", "bad.yml", "--json"]).out;
    let verdicts: Vec<Value> =
        json.lines().map(|l| serde_json::from_str(l).expect("a line is JSON")).collect();
    let ok: Vec<&Value> = verdicts.iter().map(|v| &v["ok"]).collect();
    assert_eq!(ok.len(), 2, "{json}");
    assert!(ok.contains(&&json!(true)) && ok.contains(&&json!(false)), "{json}");
}

#[test]
fn the_built_in_rules_all_work() {
    let folder = three();
    let ran = run(folder.path(), &["rules", "check", "--problems"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
}

#[test]
fn evidence_is_never_overwritten() {
    let folder = three();
    let before = fs::read(folder.path().join("logs/a.json")).expect("the log");
    for option in ["-o", "--rejections", "--summary"] {
        let ran = hunt(folder.path(), &[option, "logs/a.json", "--quiet"]);
        assert_eq!(ran.code, Some(2), "{option}");
        assert!(ran.err.contains("will not overwrite logs/a.json"), "{}", ran.err);
    }
    assert_eq!(fs::read(folder.path().join("logs/a.json")).expect("the log"), before);
}

#[test]
fn what_cannot_be_written_is_said_before_reading() {
    let folder = three();
    let ran = hunt(folder.path(), &["-f", "jsonl", "-o", "no/such/folder/x.jsonl"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("cannot write no/such/folder/x.jsonl"), "{}", ran.err);
    assert_eq!(ran.out, "");
}

#[test]
fn accounting_follows_the_filters_and_the_timeless_are_told() {
    let mut timeless = process(40, "WS-1.mzv.example", "evil.exe", "");
    timeless.as_object_mut().expect("an object").remove("@timestamp");
    let folder = folder(&[process(10, "WS-1.mzv.example", "evil.exe", ""), timeless]);
    let accounting = |more: &[&str]| {
        let ran = hunt(folder.path(), &[&["--summary", "s.json", "-o", "f"], more].concat());
        let text = fs::read(folder.path().join("s.json")).expect("the summary");
        let summary: Value = serde_json::from_slice(&text).expect("JSON");
        (summary["read"]["accounting"]["events_with_findings"].as_u64(), ran.err)
    };
    assert_eq!(accounting(&[]).0, Some(2));
    assert_eq!(accounting(&["--host", "elsewhere"]).0, Some(0));
    let (kept, err) = accounting(&["--from", "2020-01-01"]);
    assert_eq!(kept, Some(1));
    assert!(err.contains("1 finding left out by --from/--to"), "{err}");
}

#[test]
fn a_value_too_long_to_compare_whole_is_told() {
    let mib = 1 << 20;
    let long = |end: &str| format!("{}{end}", " ".repeat(mib));
    let folder = folder(&[
        process(10, "WS-1.mzv.example", "good.exe", &long(" -go")),
        process(20, "WS-1.mzv.example", "good.exe", &format!(" -go{}", long(""))),
        process(30, "WS-1.mzv.example", "good.exe", " -go"),
    ]);
    let ran = hunt(folder.path(), &["--json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let told = "2 values longer than 1 MiB, compared by the first 1 MiB only";
    assert!(ran.err.contains(told), "{}", ran.err);
    let times = |line: &str| {
        let finding: Value = serde_json::from_str(line).expect("a line is JSON");
        // A finding shows its event whole.
        let length = finding["event"]["CommandLine"].as_str().expect("text").len();
        (finding["record"].as_u64(), length > mib)
    };
    let found: Vec<_> = ran.out.lines().map(times).collect();
    assert_eq!(found, [(Some(2), true), (Some(3), false)]);
    let ran = hunt(three().path(), &["--json"]);
    assert!(!ran.err.contains("MiB"), "{}", ran.err);
}

#[test]
fn explain_takes_a_part_of_a_title_and_fails_on_what_it_cannot_open() {
    let folder = three();
    let ran = hunt(folder.path(), &["--explain", "named evil"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("MATCHES"), "{}", ran.out);
    let ran = hunt(folder.path(), &["--explain", "Program"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("names 2 rules"), "{}", ran.err);
    let ran = run(
        folder.path(),
        &["hunt", "nothing-here", "--rules", "rules.yml", "--explain", "named evil"],
    );
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("cannot open nothing-here"), "{}", ran.err);
}

#[test]
fn raw_records_are_refused_where_there_is_no_room_for_them() {
    let ran = hunt(three().path(), &["--raw", "-f", "csv"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("--raw goes with"), "{}", ran.err);
}

#[test]
fn nothing_read_is_no_all_clear() {
    let folder = three();
    fs::write(folder.path().join("junk"), [0x80, 0xff, 0x00, 0x17]).expect("a file");
    let ran = run(folder.path(), &["hunt", "junk", "--quiet", "--json"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("no event could be read"), "{}", ran.err);
}
