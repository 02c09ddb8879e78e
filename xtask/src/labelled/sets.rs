//! The sets that have labels, and where each keeps them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Label, Set};
use crate::tree;

/// All sets of the data. What has to be made of them is written to `scratch`.
pub fn all(data: &Path, scratch: &Path) -> Result<Vec<Set>> {
    Ok(vec![
        panther(data, scratch)?,
        invictus(data)?,
        otrf(data)?,
        evtx_samples(data)?,
        splunk(data),
        mail(data)?,
        web(data)?,
        linux(data)?,
        malware_traffic(data)?,
    ])
}

/// The tests of Panther's rules: each holds an event and says if the rule shall fire on it.
fn panther(data: &Path, scratch: &Path) -> Result<Set> {
    let tests = read(&data.join("cloud/panther-rule-tests-dev.jsonl"))?;
    let (mut logs, mut labels) = (String::new(), BTreeMap::new());
    for line in tests.lines() {
        let test: Value = serde_json::from_str(line)?;
        if !test["log"].is_object() {
            continue;
        }
        logs += &format!("{}\n", test["log"]);
        let attack = test["expected"].as_bool().context("a test expects nothing")?;
        let label = if attack { Label::Attack(panther_techniques(&test)) } else { Label::Benign };
        labels.insert((labels.len() + 1).to_string(), label);
    }
    let path = scratch.join("panther.jsonl");
    fs::write(&path, logs)?;
    Ok(Set {
        name: "cloud/panther-rule-tests-dev",
        unit: "event",
        paths: vec![path],
        labels,
        unit_of: Box::new(|_, record| Some(record.to_string())),
    })
}

/// `TA0007:T1078` → `T1078`.
fn panther_techniques(test: &Value) -> Vec<String> {
    let all = test["attack"].as_array().into_iter().flatten().filter_map(Value::as_str);
    all.filter_map(|attack| attack.split(':').nth(1)).map(str::to_owned).collect()
}

/// Stratus Red Team writes a number of each run into its user agent; the tenant's other user is benign.
fn invictus(data: &Path) -> Result<Set> {
    let folder = data.join("cloud/aws-invictus-cloudtrail");
    let mut units = BTreeMap::new();
    let mut labels = BTreeMap::new();
    for path in tree::files(&folder)? {
        let name = path.file_name().context("a file has a name")?.to_string_lossy().into_owned();
        let log: Value = serde_json::from_str(&read(&path)?)?;
        for (i, record) in log["Records"].as_array().into_iter().flatten().enumerate() {
            let place = (name.clone(), i as u64 + 1);
            let agent = record["userAgent"].as_str().unwrap_or_default();
            let run = agent.split("stratus-red-team_").nth(1).and_then(|rest| rest.get(..36));
            if let Some(run) = run {
                labels.insert(run.to_owned(), Label::Attack(Vec::new()));
                units.insert(place, run.to_owned());
            } else if record["userIdentity"]["userName"] == "benjamin" {
                let unit = format!("{name}:{}", i + 1);
                labels.insert(unit.clone(), Label::Benign);
                units.insert(place, unit);
            }
        }
    }
    Ok(Set {
        name: "cloud/aws-invictus-cloudtrail",
        unit: "run; event",
        paths: vec![folder],
        labels,
        unit_of: Box::new(move |source, record| {
            let name = source.rsplit('/').next()?.to_owned();
            units.get(&(name, record)).cloned()
        }),
    })
}

/// Each archive is one attack, with the techniques that its authors name.
fn otrf(data: &Path) -> Result<Set> {
    let truth = read(&data.join("truth/otrf.tsv"))?;
    let mut labels = BTreeMap::new();
    for line in truth.lines().skip(1) {
        let mut cells = line.split('\t');
        let (Some(file), Some(techniques)) = (cells.next(), cells.nth(2)) else { continue };
        let techniques = techniques.split(',').filter(|t| t.starts_with('T')).map(str::to_owned);
        labels.insert(archive(file).to_owned(), Label::Attack(techniques.collect()));
    }
    let folder = data.join("windows-json-otrf");
    let root = format!("{}/", folder.display());
    let units: BTreeSet<String> = labels.keys().cloned().collect();
    Ok(Set {
        name: "windows-json-otrf",
        unit: "archive",
        paths: vec![folder],
        labels,
        // The data set's script unpacks each archive into a folder of its name.
        unit_of: Box::new(move |source, _| {
            let (folder, _) = source.strip_prefix(&root)?.rsplit_once(['/', '!'])?;
            let mut unit = archive(folder);
            while !units.contains(unit) {
                unit = unit.rsplit_once('/')?.0;
            }
            Some(unit.to_owned())
        }),
    })
}

fn archive(path: &str) -> &str {
    let path = path.strip_suffix(".zip").unwrap_or(path);
    path.strip_suffix(".tar.gz").unwrap_or(path)
}

/// Each log is one attack; its folder names a tactic only.
fn evtx_samples(data: &Path) -> Result<Set> {
    let truth = read(&data.join("truth/evtx-attack-samples.tsv"))?;
    let members = truth.lines().skip(1).filter_map(|line| line.split('\t').next());
    let labels = members.map(|m| (m.to_owned(), Label::Attack(Vec::new()))).collect();
    let folder = data.join("windows-evtx/evtx-attack-samples");
    let root = format!("{}/", folder.display());
    Ok(Set {
        name: "windows-evtx/evtx-attack-samples",
        unit: "log",
        paths: vec![folder],
        labels,
        unit_of: Box::new(move |source, _| source.strip_prefix(&root).map(str::to_owned)),
    })
}

/// Each log is one technique in hours of background that nobody has labelled.
fn splunk(data: &Path) -> Set {
    let logs = [("T1027-attack_data.txt", "T1027"), ("T1053.005-attack_data.txt", "T1053.005")];
    let label = |technique: &str| Label::Attack(vec![technique.to_owned()]);
    Set {
        name: "windows-splunk",
        unit: "log",
        paths: vec![data.join("windows-splunk")],
        labels: logs.map(|(log, technique)| (log.to_owned(), label(technique))).into(),
        unit_of: Box::new(|source, _| source.rsplit('/').next().map(str::to_owned)),
    }
}

/// Each message is a phish.
fn mail(data: &Path) -> Result<Set> {
    logs_that_are_attacks("mail/phishing-pot-dev", "message", data)
}

/// Each log is an infection.
fn malware_traffic(data: &Path) -> Result<Set> {
    logs_that_are_attacks("suricata/malware-traffic-eve-dev", "log", data)
}

fn logs_that_are_attacks(name: &'static str, unit: &'static str, data: &Path) -> Result<Set> {
    let folder = data.join(name);
    let files = tree::files(&folder)?;
    let label = |path: &std::path::PathBuf| (path.display().to_string(), Label::Attack(Vec::new()));
    Ok(Set {
        name,
        unit,
        labels: files.iter().map(label).collect(),
        paths: vec![folder],
        unit_of: Box::new(|source, _| Some(source.to_owned())),
    })
}

/// Each line of a scanner's log is an attack, each line of the others is not.
fn web(data: &Path) -> Result<Set> {
    let mut labels = BTreeMap::new();
    for path in tree::files(&data.join("web"))? {
        let label = match path.to_string_lossy().contains("scanner-") {
            true => Label::Attack(Vec::new()),
            false => Label::Benign,
        };
        each_line(&path, &label, &mut labels)?;
    }
    Ok(Set {
        name: "web",
        unit: "line",
        paths: vec![data.join("web")],
        labels,
        unit_of: Box::new(|source, record| Some(format!("{source}:{record}"))),
    })
}

/// Administrators at work.
fn linux(data: &Path) -> Result<Set> {
    let path = data.join("linux/msticpy-auditd_log.txt");
    let mut labels = BTreeMap::new();
    each_line(&path, &Label::Benign, &mut labels)?;
    Ok(Set {
        name: "linux/msticpy-auditd_log",
        unit: "line",
        paths: vec![path],
        labels,
        unit_of: Box::new(|source, record| Some(format!("{source}:{record}"))),
    })
}

fn each_line(path: &Path, label: &Label, labels: &mut BTreeMap<String, Label>) -> Result<()> {
    let lines = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    for i in 1..=lines.split(|&b| b == b'\n').filter(|line| !line.is_empty()).count() {
        labels.insert(format!("{}:{i}", path.display()), label.clone());
    }
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
