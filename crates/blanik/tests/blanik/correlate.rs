//! Correlation rules through the whole program: logs in several files and in no order, findings out.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::run;

const RULES: &str = "\
title: Failed logon
name: failed_logon
logsource: {product: windows, service: security}
detection: {s: {EventID: 4625}, condition: s}
level: low
tags: [attack.credential-access]
---
title: Successful logon
name: successful_logon
logsource: {product: windows, service: security}
detection: {s: {EventID: 4624}, condition: s}
level: informational
---
title: Many failed logons of an account
id: many-failed
name: many_failed
correlation:
    type: event_count
    rules: [failed_logon]
    group-by: [TargetUserName]
    timespan: 10m
    condition: {gte: 3}
---
title: Failed logons, then a successful one
id: guessed
level: high
generate: true
correlation:
    type: temporal_ordered
    rules: [many_failed, successful_logon]
    group-by: [TargetUserName]
    timespan: 10m
";

/// A Windows event as JSON; without a time if there is none.
fn event(id: u32, minute: Option<u32>, host: &str, user: &str) -> String {
    let time = minute.map_or(String::new(), |m| {
        format!(r##""TimeCreated":{{"#attributes":{{"SystemTime":"2024-03-01T10:{m:02}:00Z"}}}},"##)
    });
    format!(
        r##"{{"Event":{{"System":{{"Provider":{{"#attributes":{{"Name":"Microsoft-Windows-Security-Auditing"}}}},"EventID":{id},{time}"Channel":"Security","Computer":"{host}"}},"EventData":{{"TargetUserName":"{user}"}}}}}}"##
    )
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, events: &[String]| {
        fs::write(folder.path().join(name), events.join("\n") + "\n").expect("written");
    };
    fs::write(folder.path().join("rules.yml"), RULES).expect("written");
    fs::create_dir(folder.path().join("logs")).expect("made");
    // The latest stand in the first file, and one file is written backwards.
    write(
        "logs/a.json",
        &[event(4624, Some(9), "DC1", "NOVAK"), event(4624, Some(30), "DC1", "svoboda")],
    );
    write(
        "logs/b.json",
        &[
            event(4625, Some(5), "DC1", "novak"),
            event(4625, Some(1), "DC1", "novak"),
            event(4625, None, "DC1", "novak"),
            event(4625, Some(2), "DC1", "svoboda"),
        ],
    );
    write("logs/c.json", &[event(4625, Some(3), "DC1", "Novak"), event(4625, Some(4), "DC1", "")]);
    folder
}

fn findings(folder: &Path, more: &[&str]) -> (Vec<Value>, String) {
    let args = [&["hunt", "logs", "--rules", "rules.yml", "--json"], more].concat();
    let ran = run(folder, &args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let parse = |line: &str| serde_json::from_str(line).expect("JSON");
    (ran.out.lines().map(parse).collect(), ran.err)
}

#[test]
fn events_of_several_files_make_one_finding_that_names_them() {
    let folder = folder();
    let (found, said) = findings(folder.path(), &["--threads", "1"]);
    let of = |title: &str| -> Vec<&Value> {
        found
            .iter()
            .filter(|f| f["rule_title"].as_str().is_some_and(|t| t.contains(title)))
            .collect()
    };
    // `many_failed` keeps its own finding, as what refers to it says `generate`; the failures do not.
    assert!(of("Failed logon").iter().all(|f| f["kind"] == "correlation"));
    assert_eq!(of("Successful logon").len(), 2);
    let [many] = of("Many failed")[..] else { panic!("{found:#?}") };
    assert_eq!(
        (&many["level"], &many["tags"][0]),
        (&"low".into(), &"attack.credential-access".into())
    );
    assert_eq!(many["time"], "2024-03-01T10:05:00Z");
    let [guessed] = of("then a successful")[..] else { panic!("{found:#?}") };
    assert_eq!(guessed["matched"]["TargetUserName"], "novak");
    assert_eq!((&guessed["host"], &guessed["record"]), (&"DC1".into(), &1.into()));
    assert!(guessed["source"].as_str().is_some_and(|s| s.ends_with("a.json")), "{guessed:#?}");
    let correlation = &guessed["correlation"];
    assert_eq!(correlation["type"], "temporal_ordered");
    assert_eq!(correlation["timespan"], "10m");
    let events: Vec<String> = correlation["events"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|e| {
            let source = e["source"].as_str().expect("a text").rsplit('/').next().expect("a name");
            format!("{source}:{} {}", e["record"], e["time"].as_str().expect("a text"))
        })
        .collect();
    assert_eq!(
        events,
        [
            "b.json:2 2024-03-01T10:01:00Z",
            "c.json:1 2024-03-01T10:03:00Z",
            "b.json:1 2024-03-01T10:05:00Z",
            "a.json:1 2024-03-01T10:09:00Z"
        ]
    );
    assert_eq!(correlation["further_events"], 0);
    assert!(
        said.contains("1 match took no part in correlations because their events bear no time"),
        "{said}"
    );
    for threads in ["2", "5"] {
        assert_eq!(findings(folder.path(), &["--threads", threads]).0, found);
    }
}

#[test]
fn choosing_a_correlation_keeps_what_it_refers_to_without_its_findings() {
    let folder = folder();
    let (found, _) = findings(folder.path(), &["--level", "high", "--quiet"]);
    let titles: Vec<&str> = found.iter().filter_map(|f| f["rule_title"].as_str()).collect();
    assert_eq!(titles, ["Failed logons, then a successful one"]);
    let (found, _) =
        findings(folder.path(), &["--from", "2024-03-01T10:02:00Z", "--rule", "guessed"]);
    assert!(found.is_empty(), "one of the failures is not asked for: {found:#?}");
}

#[test]
fn rules_check_says_what_they_do() {
    let folder = folder();
    let filter = "---\ntitle: Not the scanner\nlogsource: {product: windows}\n\
                  filter: {rules: [failed_logon], s: {TargetUserName: scanner}, condition: not s}\n";
    fs::write(folder.path().join("rules.yml"), format!("{RULES}{filter}")).expect("written");
    let ran = run(folder.path(), &["rules", "check", "rules.yml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    for expected in [
        "event_count of failed_logon by TargetUserName within 10m: ≥ 3 → windows/security",
        "makes no findings of its own: it is for Many failed logons of an account",
        "filters 1 rule",
        "do not compile; beside them 2 correlations and 1 filter",
    ] {
        assert!(ran.out.contains(expected), "{expected}: {}", ran.out);
    }
}

#[test]
fn explain_shows_the_moments_that_count() {
    let folder = folder();
    let args = ["hunt", "logs", "--rules", "rules.yml", "--explain", "many-failed"];
    let ran = run(folder.path(), &args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for expected in [
        "event_count of failed_logon by TargetUserName within 10m: ≥ 3",
        "6 events met Failed logon",
        "1 of these bear no time and take no part",
        "2024-03-01T10:05:00Z  TargetUserName=novak  FINDS: 3",
        "b.json:2  Failed logon",
        "2024-03-01T10:02:00Z  TargetUserName=svoboda  does not find: 1",
        "condition: ≥ 3",
    ] {
        assert!(ran.out.contains(expected), "{expected}: {}", ran.out);
    }
}
