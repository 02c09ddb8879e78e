//! How well a hunt did by the answer key: which steps were found, which were missed and why, and how many
//! findings point at ordinary work. All of it is computed from the key, the findings' places and the rules' tags.

use std::collections::{BTreeMap, BTreeSet};

use blanik_detect::Rules;
use blanik_model::Finding;
use blanik_model::attack::{AttackTag, parse_tag};
use serde::Serialize;

use super::answer::{AnswerKey, Step};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Score {
    /// Steps to which at least one finding points.
    pub found: u64,
    /// Steps to which none does, by intrusion and time.
    pub missed: Vec<Missed>,
    /// Findings of which a record belongs to a step.
    pub findings_true: u64,
    /// Findings that point at ordinary work alone.
    pub findings_false: u64,
    /// Steps by intrusion.
    pub intrusions: BTreeMap<String, Steps>,
    /// Steps and findings by format. A step counts in each format that tells of it.
    pub formats: BTreeMap<String, OfFormat>,
    /// Findings that point at ordinary work, by rule.
    pub false_by_rule: BTreeMap<String, u64>,
}

/// How many steps there are, and were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Steps {
    /// Found.
    pub found: u64,
    /// All.
    pub steps: u64,
}

/// What a format's records gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OfFormat {
    /// Steps that its records tell of.
    pub steps: u64,
    /// Of these, those that a finding in this format points to.
    pub found: u64,
    /// Findings that point at ordinary work.
    pub findings_false: u64,
}

/// A step that was not found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// `A` or `B`.
    pub intrusion: String,
    /// The step.
    #[serde(flatten)]
    pub step: Step,
    /// Why.
    pub reason: Reason,
}

/// Why a step was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No log that was collected tells of it.
    NoTelemetry,
    /// No rule is tagged with its technique.
    NoRule,
    /// There are rules for its technique; none of them met its records.
    RulesSilent,
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Reason::NoTelemetry => "no telemetry",
            Reason::NoRule => "no rule for the technique",
            Reason::RulesSilent => "its rules saw nothing",
        })
    }
}

/// Holds findings against the key: a step is found if a finding rests on a record that tells of it. `techniques`
/// are those that the rules name, such as `T1059.001`.
pub fn score<'a>(
    key: &AnswerKey,
    techniques: &BTreeSet<String>,
    findings: impl Iterator<Item = &'a Finding>,
) -> Score {
    let index = Index::of(key);
    let mut score = Score::default();
    let mut found: BTreeSet<(usize, String)> = BTreeSet::new();
    for finding in findings {
        let hits = index.hits(finding);
        if hits.is_empty() {
            score.findings_false += 1;
            *score.false_by_rule.entry(finding.rule_title.clone()).or_default() += 1;
            let format = index.format_of(&finding.source);
            score.formats.entry(format).or_default().findings_false += 1;
        } else {
            score.findings_true += 1;
            found.extend(hits);
        }
    }
    for (at, (intrusion, step)) in index.steps.iter().enumerate() {
        let of_step: BTreeSet<&String> =
            found.iter().filter(|(step, _)| *step == at).map(|(_, format)| format).collect();
        let is_found = !of_step.is_empty();
        let formats: BTreeSet<String> = step
            .records
            .iter()
            .filter_map(|place| Some(key.format_of(&place.file)?.to_owned()))
            .collect();
        for format in formats {
            let seen = of_step.contains(&format);
            let counts = score.formats.entry(format).or_default();
            counts.steps += 1;
            counts.found += u64::from(seen);
        }
        let counts = score.intrusions.entry((*intrusion).to_owned()).or_default();
        counts.steps += 1;
        counts.found += u64::from(is_found);
        score.found += u64::from(is_found);
        if !is_found {
            let reason = reason(step, techniques);
            let (intrusion, step) = ((*intrusion).to_owned(), (*step).clone());
            score.missed.push(Missed { intrusion, step, reason });
        }
    }
    score
}

/// The techniques that rules are tagged with, such as `T1059.001`.
pub fn techniques(rules: &Rules) -> BTreeSet<String> {
    let detections = rules.iter().flat_map(|(_, rule)| &rule.tags);
    let correlations = rules.correlations().flat_map(|(_, rule)| &rule.tags);
    let named = detections.chain(correlations).filter_map(|tag| match parse_tag(tag) {
        Some(AttackTag::Technique(technique)) => Some(technique),
        _ => None,
    });
    named.collect()
}

fn reason(step: &Step, techniques: &BTreeSet<String>) -> Reason {
    // A rule for a technique as a whole speaks of its parts, too.
    let whole = step.technique.split('.').next().unwrap_or_default();
    match () {
        () if step.records.is_empty() => Reason::NoTelemetry,
        () if techniques.contains(&step.technique) || techniques.contains(whole) => {
            Reason::RulesSilent
        }
        () => Reason::NoRule,
    }
}

/// The key by record.
pub(super) struct Index<'k> {
    key: &'k AnswerKey,
    /// All intruders' steps, each with whose it is.
    pub(super) steps: Vec<(&'k str, &'k Step)>,
    by_record: BTreeMap<u64, Vec<(&'k str, usize)>>,
}

impl<'k> Index<'k> {
    pub(super) fn of(key: &'k AnswerKey) -> Self {
        let steps: Vec<(&str, &Step)> = key
            .intrusions
            .iter()
            .flat_map(|one| one.steps.iter().map(|step| (one.id.as_str(), step)))
            .collect();
        let mut by_record: BTreeMap<u64, Vec<(&str, usize)>> = BTreeMap::new();
        for (index, (_, step)) in steps.iter().enumerate() {
            for place in &step.records {
                by_record.entry(place.record).or_default().push((place.file.as_str(), index));
            }
        }
        Index { key, steps, by_record }
    }

    /// The steps on whose records a finding rests, each with the record's format.
    pub(super) fn hits(&self, finding: &Finding) -> Vec<(usize, String)> {
        let own = std::iter::once((finding.source.as_str(), finding.record));
        let correlated = finding.correlation.iter().flat_map(|of| &of.events);
        let places = own.chain(correlated.map(|event| (event.source.as_str(), event.record)));
        let mut hits = vec![];
        for (source, record) in places {
            let source = source.replace('\\', "/");
            for (file, step) in self.by_record.get(&record).map_or(&[][..], Vec::as_slice) {
                if is_at(&source, file) {
                    let format = self.key.format_of(file).unwrap_or("unknown").to_owned();
                    hits.push((*step, format));
                }
            }
        }
        hits
    }

    /// The format of a finding's source, whatever folder the logs lie in.
    fn format_of(&self, source: &str) -> String {
        let source = source.replace('\\', "/");
        let mut tails = source.match_indices('/').map(|(at, _)| &source[at + 1..]);
        let format =
            self.key.format_of(&source).or_else(|| tails.find_map(|tail| self.key.format_of(tail)));
        format.unwrap_or("unknown").to_owned()
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
    use blanik_model::finding::{Correlated, CorrelatedEvent, Fields};
    use blanik_model::{Level, OwnedValue, Timestamp};

    use super::*;
    use crate::demo::answer::{Intrusion, LogFormat, Place};

    fn moment() -> Timestamp {
        "2024-02-13T08:41:00Z".parse().expect("a time")
    }

    fn step(records: &[(&str, u64)]) -> Step {
        let place = |(file, record): &(&str, u64)| Place {
            file: (*file).into(),
            record: *record,
            time: moment(),
        };
        Step {
            time: moment(),
            host: "PC".into(),
            from: None,
            account: String::new(),
            tactic: "execution".into(),
            technique: "T1059.001".into(),
            what: "Something.".into(),
            records: records.iter().map(place).collect(),
        }
    }

    fn key(steps: Vec<Step>) -> AnswerKey {
        let intrusion = Intrusion {
            id: "A".into(),
            name: "A".into(),
            first: moment(),
            last: moment(),
            steps,
            addresses: vec![],
            taken: Default::default(),
        };
        let formats = [("zeek/", "Zeek"), ("web01/", "Sysmon")];
        let format =
            |(logs, format): (&str, &str)| LogFormat { logs: logs.into(), format: format.into() };
        AnswerKey {
            exercise: String::new(),
            seed: 0,
            records: 0,
            intrusions: vec![intrusion],
            damage: vec![],
            clocks: vec![],
            gaps: vec![],
            formats: formats.map(format).into(),
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

    fn scored(steps: Vec<Step>, findings: &[Finding]) -> Score {
        score(&key(steps), &BTreeSet::from(["T1059".to_owned()]), findings.iter())
    }

    fn numbers(score: &Score) -> (u64, usize, u64) {
        (score.found, score.missed.len(), score.findings_false)
    }

    #[test]
    fn a_step_is_found_by_path_and_line() {
        let steps =
            vec![step(&[("zeek/2022-08/http.log.gz", 12)]), step(&[("web01/Sysmon.jsonl", 3)])];
        let found = [
            finding("/tmp/x/logs/zeek/2022-08/http.log.gz!http.log", 12),
            finding("logs\\web01\\Sysmon.jsonl", 3),
            finding("web01/Sysmon.jsonl", 3),
        ];
        let score = scored(steps.clone(), &found);
        assert_eq!(numbers(&score), (2, 0, 0));
        assert_eq!(score.formats["Zeek"], OfFormat { steps: 1, found: 1, findings_false: 0 });
        let beside = [
            finding("logs/web01/Sysmon.jsonl", 4),
            finding("logs/otherweb01/Sysmon.jsonl", 3),
            finding("logs/web01/Sysmon.jsonl.bak", 3),
        ];
        let score = scored(steps, &beside);
        assert_eq!(numbers(&score), (0, 2, 3));
        assert_eq!(score.formats["Sysmon"], OfFormat { steps: 1, found: 0, findings_false: 2 });
        assert_eq!(score.false_by_rule["R"], 3);
    }

    #[test]
    fn any_of_its_records_finds_a_step_once() {
        let one = step(&[("a.zip!m.json", 5), ("b.json", 9)]);
        let found = [finding("logs/b.json", 9), finding("logs/a.zip!m.json", 5)];
        let score = scored(vec![one, step(&[("c.json", 1)])], &found);
        assert_eq!(numbers(&score), (1, 1, 0));
        assert_eq!(score.intrusions["A"], Steps { found: 1, steps: 2 });
    }

    #[test]
    fn an_event_of_a_correlation_finds_a_step() {
        let mut correlated = finding("logs/c.json", 7);
        let event = CorrelatedEvent {
            rule_id: "x".into(),
            time: moment(),
            source: "logs/web01/Sysmon.jsonl".into(),
            record: 3,
        };
        correlated.correlation = Some(std::boxed::Box::new(Correlated {
            ty: "event_count".into(),
            group_by: Fields::default(),
            timespan: "1h".into(),
            condition: ">= 3".into(),
            value: OwnedValue::from("3"),
            value_max: OwnedValue::from("3"),
            first: moment(),
            last: moment(),
            events: vec![event],
            further_events: 0,
        }));
        let steps = vec![step(&[("web01/Sysmon.jsonl", 3)])];
        assert_eq!(numbers(&scored(steps, &[correlated])), (1, 0, 0));
    }

    #[test]
    fn why_a_step_was_missed() {
        let mut strange = step(&[("web01/Sysmon.jsonl", 4)]);
        strange.technique = "T1999".into();
        let score = scored(vec![step(&[]), step(&[("web01/Sysmon.jsonl", 3)]), strange], &[]);
        let reasons: Vec<Reason> = score.missed.iter().map(|missed| missed.reason).collect();
        assert_eq!(reasons, [Reason::NoTelemetry, Reason::RulesSilent, Reason::NoRule]);
    }
}
