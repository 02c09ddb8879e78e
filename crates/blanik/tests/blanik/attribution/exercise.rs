//! The exercise's two intruders through the real commands: the one whose relays, malware and victims are those of a known actor,
//! and the invented one, who has to come out as unknown.

use std::path::Path;

use serde_json::{Value, json};

use super::{ok, p, record, run};

/// What analysts of the exercise know of intrusion A, beside its findings. CERT-FR published the relays and the implant in
/// 2021 (CERTFR-2021-CTI-012, -013, CERTFR-2021-IOC-003); that any of it was here is invented.
fn actors() -> Value {
    json!({"type": "bundle", "id": "bundle--b1a11c00-0000-4000-8000-0000000000aa", "objects": [
        {"type": "intrusion-set", "id": "intrusion-set--1", "name": "APT31",
            "external_references": [{"source_name": "mitre-attack", "external_id": "G0128"}]},
        {"type": "malware", "id": "malware--1", "name": "Pakdoor", "is_family": true},
        {"type": "attack-pattern", "id": "attack-pattern--1", "name": "Network Devices",
            "external_references": [{"source_name": "mitre-attack", "external_id": "T1584.008"}]},
        {"type": "report", "id": "report--1", "name": "CERTFR-2021-CTI-013", "published": "2021-12-15T00:00:00Z",
            "object_refs": ["intrusion-set--1", "malware--1", "attack-pattern--1"],
            "external_references": [{"source_name": "CERT-FR", "url": "https://www.cert.ssi.gouv.fr/cti/CERTFR-2021-CTI-013/"}]},
    ]})
}

fn verdict(folder: &Path, number: &str) -> Value {
    let args = [
        "attribute",
        "ministry",
        "--workspace",
        "w",
        "--intrusion",
        number,
        "-f",
        "json",
        "--pool",
    ];
    serde_json::from_str(&ok(folder, &args)).expect("JSON")
}

/// Numbers of the intrusions of A and B: where the patient one steals the directory in 2023, and where the noisy one opens
/// its letter in February 2024.
fn numbers(folder: &Path) -> (String, String) {
    let shown = ok(folder, &["case", "ministry", "show", "--workspace", "w", "-f", "json"]);
    let case: Value = serde_json::from_str(&shown).expect("JSON");
    let number = |host: &str, month: &str| {
        let intrusions = case["intrusions"].as_array().expect("a list");
        let has = |step: &Value| {
            step["core"] == true
                && step["host"].as_str().is_some_and(|h| h.starts_with(host))
                && step["first"].as_str().is_some_and(|t| t.starts_with(month))
        };
        let of = intrusions
            .iter()
            .find(|i| i["timeline"]["steps"].as_array().expect("a list").iter().any(has));
        of.unwrap_or_else(|| panic!("{host} {month}"))["number"].to_string()
    };
    (number("dc01", "2023-06"), number("pc-pro04", "2024-02"))
}

#[test]
fn the_known_intruder_may_be_named_and_the_invented_one_is_unknown() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    ok(path, &["demo", "--keep", "exercise", "-q"]);
    ok(path, &["init", "w"]);
    ok(path, &["hunt", "exercise/logs", "--case", "ministry", "--workspace", "w", "-q"]);
    let (a, b) = numbers(path);
    assert_ne!(a, b);

    // From techniques alone: low confidence whatever the number, and what would raise it.
    let alone = verdict(path, &a)["verdict"].clone();
    let classes: std::collections::BTreeSet<&str> = alone["matrix"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|r| r["class"].as_str())
        .collect();
    assert!(classes.iter().all(|c| ["techniques", "timing"].contains(c)), "{classes:?}");
    assert_eq!(alone["confidence"], "low");
    let missing = alone["missing"].to_string();
    assert!(missing.contains("vertices of the Diamond model"), "{missing}");
    assert!(missing.contains("an unknown actor under 5 %"), "{missing}");
    assert!(p(&alone, "G0128") < 0.5);
    assert!(alone["matrix"].as_array().expect("rows").iter().all(|r| r["citation"].is_u64()));

    // With relays, malware, victims and a partner's word it rises, and hangs on named items.
    std::fs::write(path.join("actors.json"), actors().to_string()).expect("writable");
    ok(
        path,
        &[
            "intel",
            "add",
            "actors.json",
            "--workspace",
            "w",
            "--source",
            "CERT-FR",
            "--grade",
            "A2",
        ],
    );
    let observe = |args: &[&str]| {
        let all = [&["observe", "ministry", "--workspace", "w", "--intrusion", &a], args].concat();
        format!("r{}", record(&ok(path, &all)))
    };
    let relays = observe(&[
        "--class",
        "infrastructure",
        "--what",
        "relays of small-office routers",
        "--actor",
        "APT31",
        "--grade",
        "A2",
        "--source",
        "CERT-FR",
        "--origin",
        "CERTFR-2021-CTI-012",
    ]);
    let malware = observe(&[
        "--class",
        "software",
        "--what",
        "Pakdoor",
        "--grade",
        "B2",
        "--source",
        "forensic laboratory",
    ]);
    observe(&[
        "--class",
        "victimology",
        "--what",
        "a ministry of foreign affairs",
        "--actor",
        "APT31",
        "--actor",
        "APT15",
        "--grade",
        "B2",
        "--source",
        "CERT",
    ]);
    observe(&[
        "--what",
        "they hold it to be APT31",
        "--actor",
        "APT31",
        "--grade",
        "B2",
        "--source",
        "partner service",
    ]);
    for (agency, of) in [
        ("Agency A", ["APT31=0.75", "APT40=0.1", "UNKNOWN=0.15"]),
        ("Agency B", ["APT31=0.6", "APT40=0.1", "UNKNOWN=0.5"]),
    ] {
        let said = of.map(|of| ["-p", of]).concat();
        let all = [
            &["assess", "ministry", "--workspace", "w", "--intrusion", &a, "--as", agency],
            said.as_slice(),
        ]
        .concat();
        record(&ok(path, &all));
    }
    let all = verdict(path, &a);
    let with = &all["verdict"];
    assert_eq!(with["hypotheses"][0]["id"], "G0128", "{}", with["likelihood"]);
    assert!(p(with, "G0128") > 0.5 && p(with, "G0128") > p(&alone, "G0128"));
    assert!(
        with["missing"].as_array().expect("a list").len()
            < alone["missing"].as_array().expect("a list").len()
    );
    let smallest: Vec<&str> =
        with["smallest_set"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(
        smallest.contains(&malware.as_str()) || smallest.contains(&relays.as_str()),
        "{smallest:?}"
    );
    let denied = with["denial"].as_array().expect("a list");
    assert!(denied.iter().any(|d| d["without"] == malware.as_str()));
    // The agencies stand beside it: who was incoherent, and on which evidence they disagree.
    let pool = &all["pool"];
    assert_eq!(pool["assessments"].as_array().map(Vec::len), Some(2));
    assert!(
        pool["remarks"].to_string().contains("Agency B: incoherent, the probabilities sum to 1.20"),
        "{pool}"
    );
    let apart = all["disagreements"].to_string();
    assert!(apart.contains(&malware) && apart.contains("the model"), "{apart}");
    let sum: f64 =
        pool["probabilities"].as_object().expect("a map").values().filter_map(Value::as_f64).sum();
    assert!((sum - 1.0).abs() < 1e-9);

    // The other intruder is nobody's: what was said of the first does not count for it.
    let other = verdict(path, &b)["verdict"].clone();
    assert!(
        other["hypotheses"][0]["id"].as_str().is_some_and(|id| id.starts_with("UNKNOWN")),
        "{}",
        other["hypotheses"][0]
    );
    assert_eq!(other["confidence"], "low");
    assert!(!other["matrix"].to_string().contains("Pakdoor"));
    assert!(
        other["likelihood"].as_str().is_some_and(|l| l.contains("no actor known to us")),
        "{}",
        other["likelihood"]
    );

    // On record, and anybody gives it again.
    let ran = run(
        path,
        &[
            "attribute",
            "ministry",
            "--workspace",
            "w",
            "--intrusion",
            &a,
            "--record",
            "-o",
            "verdict.txt",
        ],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let index = ran.err.split_whitespace().last().expect("a number").to_owned();
    let same = ok(path, &["attribute", "ministry", "--workspace", "w", "--check", &index]);
    assert!(same.starts_with("Same"), "{same}");
    let none = run(path, &["attribute", "ministry", "--workspace", "w", "--intrusion", "99"]);
    assert!(none.code == Some(2) && none.err.contains("no intrusion 99"), "{}", none.err);
}
