//! What a hunt finds of attacks that others have labelled, and how much of what it finds lies on what
//! they call benign. It reads the labels; the program that hunts never does.

mod sets;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::subject::Subject;

/// What somebody says of a log, or of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Label {
    /// An attack, and the ATT&CK techniques that they name.
    Attack(Vec<String>),
    /// Nothing of the kind.
    Benign,
}

/// Which unit a record of a log belongs to.
pub type UnitOf = Box<dyn Fn(&str, u64) -> Option<String>>;

/// Logs, and what is said of them.
pub struct Set {
    /// The folder or file below the data set.
    pub name: &'static str,
    /// What has a label: a record, a log, a run of a tool.
    pub unit: &'static str,
    /// What is hunted.
    pub paths: Vec<PathBuf>,
    /// The label of each unit.
    pub labels: BTreeMap<String, Label>,
    /// Which unit a finding is about, by its log and record.
    pub unit_of: UnitOf,
}

/// What was found of a set.
#[derive(Debug, Default, PartialEq, Eq)]
struct Score {
    attacks: u64,
    found: u64,
    /// Attacks of which a technique is named, and those with a finding that names it, too.
    techniques: u64,
    by_technique: u64,
    benign: u64,
    disturbed: u64,
    /// Findings on benign units.
    false_findings: u64,
    /// All findings.
    findings: u64,
}

/// `labelled [--data FOLDER] [--program FILE]`.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let Subject { data, program } = Subject::parse("labelled", args)?;
    let scratch = tempfile::tempdir().context("no room for temporary files")?;
    let rules = sigma_rules(&data)?;
    println!(
        "| set | unit | attacks | with a finding | naming its technique | benign | with a finding | findings there | findings | rules |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|--:|--:|---|");
    for set in sets::all(&data, scratch.path())? {
        for (name, rules) in [("SigmaHQ", &rules[..]), ("built-in", &[])] {
            let score = hunt(&program, rules, &set).with_context(|| set.name)?;
            println!("{}", score.row(&set, name));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The folders of rules that SigmaHQ calls fit for use, emerging threats and hunting among them.
fn sigma_rules(data: &Path) -> Result<Vec<PathBuf>> {
    let folder = data.join("rules/sigma-rules");
    ensure!(folder.is_dir(), "{} is not there", folder.display());
    Ok(vec![folder])
}

fn hunt(program: &Path, rules: &[PathBuf], set: &Set) -> Result<Score> {
    let mut command = Command::new(program);
    command.args(["hunt", "--json", "--quiet"]).args(&set.paths);
    for folder in rules {
        command.arg("--rules").arg(folder);
    }
    let mut child = command.stdout(Stdio::piped()).spawn().context("cannot run blanik")?;
    let findings = BufReader::new(child.stdout.take().expect("it was asked for"));
    let mut tally = Tally::new(set);
    for line in findings.lines() {
        let finding: Value = serde_json::from_str(&line.context("cannot read findings")?)?;
        tally.add(&finding);
    }
    let status = child.wait()?;
    ensure!(status.success(), "blanik ended with {status}");
    Ok(tally.score())
}

struct Tally<'a> {
    set: &'a Set,
    found: BTreeSet<String>,
    by_technique: BTreeSet<String>,
    false_findings: u64,
    findings: u64,
}

impl<'a> Tally<'a> {
    fn new(set: &'a Set) -> Self {
        Tally {
            set,
            found: BTreeSet::new(),
            by_technique: BTreeSet::new(),
            false_findings: 0,
            findings: 0,
        }
    }

    fn add(&mut self, finding: &Value) {
        self.findings += 1;
        let source = finding["source"].as_str().unwrap_or_default();
        let record = finding["record"].as_u64().unwrap_or_default();
        let Some(unit) = (self.set.unit_of)(source, record) else { return };
        match self.set.labels.get(&unit) {
            Some(Label::Attack(techniques)) => {
                let tags = finding["tags"].as_array().into_iter().flatten();
                let mut tags = tags.filter_map(Value::as_str);
                if tags.any(|tag| techniques.iter().any(|t| names(tag, t))) {
                    self.by_technique.insert(unit.clone());
                }
            }
            Some(Label::Benign) => self.false_findings += 1,
            None => return,
        }
        self.found.insert(unit);
    }

    fn score(&self) -> Score {
        let mut score = Score {
            false_findings: self.false_findings,
            findings: self.findings,
            ..Score::default()
        };
        for (unit, label) in &self.set.labels {
            let found = u64::from(self.found.contains(unit));
            match label {
                Label::Attack(techniques) => {
                    score.attacks += 1;
                    score.found += found;
                    score.techniques += u64::from(!techniques.is_empty());
                    score.by_technique += u64::from(self.by_technique.contains(unit));
                }
                Label::Benign => {
                    score.benign += 1;
                    score.disturbed += found;
                }
            }
        }
        score
    }
}

/// Does a rule's tag name this technique, or one above or below it?
fn names(tag: &str, technique: &str) -> bool {
    let Some(tag) = tag.strip_prefix("attack.") else { return false };
    let (tag, technique) = (tag.to_ascii_lowercase(), technique.to_ascii_lowercase());
    let root = |id: &str| id.split('.').next().map(str::to_owned);
    tag == technique
        || (root(&tag) == root(&technique) && (!tag.contains('.') || !technique.contains('.')))
}

impl Score {
    fn row(&self, set: &Set, rules: &str) -> String {
        let of = |n: u64, all: u64| if all == 0 { "–".to_owned() } else { n.to_string() };
        let technique = match self.techniques {
            0 => "–".to_owned(),
            n => format!("{} of {n}", self.by_technique),
        };
        format!(
            "| {} | {} | {} | {} | {technique} | {} | {} | {} | {} | {rules} |",
            set.name,
            set.unit,
            self.attacks,
            of(self.found, self.attacks),
            self.benign,
            of(self.disturbed, self.benign),
            of(self.false_findings, self.benign),
            self.findings,
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_technique_is_named_by_itself_and_by_its_parent() {
        assert!(names("attack.t1003.001", "T1003.001"));
        assert!(names("attack.t1003", "T1003.001"));
        assert!(names("attack.t1003.001", "T1003"));
        assert!(!names("attack.t1003.002", "T1003.001"));
        assert!(!names("attack.execution", "T1003"));
        assert!(!names("car.t1003", "T1003"));
    }

    #[test]
    fn a_unit_counts_once_and_findings_on_benign_ones_count_each() {
        let labels = [
            ("a:1", Label::Attack(vec!["T1078".to_owned()])),
            ("a:2", Label::Attack(Vec::new())),
            ("a:3", Label::Benign),
            ("a:4", Label::Benign),
        ];
        let set = Set {
            name: "set",
            unit: "record",
            paths: Vec::new(),
            labels: labels.map(|(unit, label)| (unit.to_owned(), label)).into(),
            unit_of: Box::new(|source, record| Some(format!("{source}:{record}"))),
        };
        let mut tally = Tally::new(&set);
        for record in [1, 1, 3, 3, 9] {
            tally.add(&json!({"source": "a", "record": record, "tags": ["attack.t1078.004"]}));
        }
        let expected = Score {
            attacks: 2,
            found: 1,
            techniques: 1,
            by_technique: 1,
            benign: 2,
            disturbed: 1,
            false_findings: 2,
            findings: 5,
        };
        assert_eq!(tally.score(), expected);
    }
}
