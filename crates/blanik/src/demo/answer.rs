//! The answer key: what the intruders did and which record tells of it; and how well a hunt did by
//! it.
//!
//! Files are named relative to the exercise's folder of logs, `/` between folders and `!` between an
//! archive and its member; records are lines, from 1.

use std::collections::{BTreeMap, BTreeSet};

use blanik_model::{Finding, Timestamp};
use serde::{Deserialize, Serialize};

/// All the answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerKey {
    /// Says that this is an exercise.
    pub exercise: String,
    /// The seed from which it was made.
    pub seed: u64,
    /// How many records there are in all, damaged ones included.
    pub records: u64,
    /// The intrusions.
    pub intrusions: Vec<Intrusion>,
    /// What was broken on purpose, as happens in real collections.
    pub damage: Vec<Damage>,
}

/// What one actor did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intrusion {
    /// A name for it.
    pub name: String,
    /// Its first step.
    pub first: Timestamp,
    /// Its last step.
    pub last: Timestamp,
    /// Its steps, by time.
    pub steps: Vec<Step>,
}

/// One thing that an intruder did, and where the logs tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub time: Timestamp,
    /// Where: a full host name, or the mail service.
    pub host: String,
    /// The account used, if one was.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub account: String,
    /// The ATT&CK technique.
    pub technique: String,
    /// One plain sentence.
    pub what: String,
    /// The file that tells it best.
    pub file: String,
    /// The line there.
    pub record: u64,
    /// Further records of the same step.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub also: Vec<Place>,
}

impl Step {
    /// Every record that tells of it, the best first.
    pub fn places(&self) -> impl Iterator<Item = (&str, u64)> {
        let also = self.also.iter().map(|place| (place.file.as_str(), place.record));
        std::iter::once((self.file.as_str(), self.record)).chain(also)
    }
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub record: u64,
}

/// Something broken on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// The file.
    pub file: String,
    /// The line, where it is one line that is broken.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub record: Option<u64>,
    /// What is broken.
    pub what: String,
}

/// How well a hunt did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Steps to which at least one finding points.
    pub found: u64,
    /// Steps to which none does, in the key's order.
    pub missed: Vec<Step>,
    /// Findings that point to no step.
    pub other: u64,
}

/// Holds findings against the key: a step is found if a finding points to a record that tells of it.
pub fn score<'a>(key: &AnswerKey, findings: impl Iterator<Item = &'a Finding>) -> Score {
    let steps: Vec<&Step> = key.intrusions.iter().flat_map(|one| &one.steps).collect();
    let mut by_record: BTreeMap<u64, Vec<(&str, usize)>> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        for (file, record) in step.places() {
            by_record.entry(record).or_default().push((file, index));
        }
    }
    let mut found = BTreeSet::new();
    let mut other = 0;
    for finding in findings {
        let source = finding.source.replace('\\', "/");
        let candidates = by_record.get(&finding.record).map_or(&[][..], Vec::as_slice);
        let hit = candidates.iter().filter(|(file, _)| is_at(&source, file));
        let hits: Vec<usize> = hit.map(|(_, index)| *index).collect();
        other += u64::from(hits.is_empty());
        found.extend(hits);
    }
    let missed = (0..steps.len()).filter(|index| !found.contains(index));
    Score {
        found: u64::try_from(found.len()).expect("a count fits"),
        missed: missed.map(|index| steps[index].clone()).collect(),
        other,
    }
}

/// True if a source's path ends with the file's. A compressed file may be named alone or with its
/// only content (`conn.log.gz!conn.log`): both are it.
fn is_at(source: &str, file: &str) -> bool {
    let ends = |path: &str| {
        path.strip_suffix(file).is_some_and(|rest| rest.is_empty() || rest.ends_with(['/', '!']))
    };
    ends(source) || source.rsplit_once('!').is_some_and(|(outer, _)| ends(outer))
}

#[cfg(test)]
mod tests {
    use blanik_model::Level;
    use blanik_model::finding::Fields;

    use super::*;

    fn step(file: &str, record: u64) -> Step {
        Step {
            time: "2024-02-13T08:41:00Z".parse().expect("a time"),
            host: "PC".into(),
            account: String::new(),
            technique: "T1059".into(),
            what: "Something.".into(),
            file: file.into(),
            record,
            also: vec![],
        }
    }

    fn key(steps: Vec<Step>) -> AnswerKey {
        let time = steps[0].time;
        let intrusion = Intrusion { name: "A".into(), first: time, last: time, steps };
        AnswerKey {
            exercise: String::new(),
            seed: 0,
            records: 0,
            intrusions: vec![intrusion],
            damage: vec![],
        }
    }

    fn finding(source: &str, record: u64) -> Finding {
        Finding {
            rule_id: "r".into(),
            rule_title: "R".into(),
            level: Level::High,
            status: None,
            tags: vec![],
            tool: None,
            kind: "other".into(),
            time: None,
            host: None,
            account: None,
            matched: Fields::default(),
            source: source.into(),
            record,
            event: Fields::default(),
            raw: None,
            indicator: None,
            correlation: None,
        }
    }

    fn scored(steps: Vec<Step>, findings: &[Finding]) -> (u64, usize, u64) {
        let score = score(&key(steps), findings.iter());
        (score.found, score.missed.len(), score.other)
    }

    #[test]
    fn a_step_is_found_by_path_and_line() {
        let steps = vec![step("zeek/2022-08/http.log.gz", 12), step("web01/Sysmon.jsonl", 3)];
        let found = [
            finding("/tmp/x/logs/zeek/2022-08/http.log.gz!http.log", 12),
            finding("logs\\web01\\Sysmon.jsonl", 3),
            finding("web01/Sysmon.jsonl", 3),
        ];
        assert_eq!(scored(steps.clone(), &found), (2, 0, 0));
        let beside = [
            finding("logs/web01/Sysmon.jsonl", 4),
            finding("logs/otherweb01/Sysmon.jsonl", 3),
            finding("logs/web01/Sysmon.jsonl.bak", 3),
        ];
        assert_eq!(scored(steps, &beside), (0, 2, 3));
    }

    #[test]
    fn any_of_its_records_finds_a_step_once() {
        let mut one = step("a.zip!m.json", 5);
        one.also = vec![Place { file: "b.json".into(), record: 9 }];
        let found = [finding("logs/b.json", 9), finding("logs/a.zip!m.json", 5)];
        assert_eq!(scored(vec![one, step("c.json", 1)], &found), (1, 1, 0));
    }
}
