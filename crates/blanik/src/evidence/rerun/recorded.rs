//! The hunts that are on record: what was hunted, what it was told, and what it found.

use std::collections::BTreeMap;
use std::mem;
use std::path::Path;

use anyhow::Result;
use blanik_evidence::{Error, Hash};
use blanik_model::record::{Acquired, Hunted};
use blanik_model::{Fact, Finding, Record};

use super::super::file_name;
use super::sealed::Events;

/// What a finding says, but for where its log lies: an ally has it elsewhere.
pub(super) type Saying = Hash;

/// A hunt.
#[derive(Default)]
pub(super) struct RecordedHunt {
    /// What it was, and what it was told; none if it was interrupted.
    pub hunted: Option<Hunted>,
    /// The files.
    pub files: Vec<Acquired>,
    /// The findings, in order.
    pub findings: Vec<Recorded>,
    /// The events that they cite.
    pub events: Events,
}

/// A finding.
pub(super) struct Recorded {
    /// Its index in the log.
    pub index: u64,
    /// The rule's title.
    pub title: String,
    /// What it says.
    pub saying: Saying,
    /// Its event's kind; of a correlation, the events that it rests on, and how many are not listed.
    pub rests_on: RestsOn,
    /// It is an indicator's.
    pub by_indicator: bool,
}

/// What a finding rests on.
pub(super) enum RestsOn {
    /// An event of this kind, which the finding holds.
    Event(String),
    /// Events, by log and record, which it does not hold, and how many more.
    Events(Vec<(String, u64)>, u64),
}

/// Records that are not here, from one index to another.
pub(super) type Withheld = (u64, u64);

/// The hunts of a case, or of all, in order, and what is withheld.
pub(super) fn read(
    workspace: &Path,
    case: Option<&str>,
) -> Result<(Vec<RecordedHunt>, Vec<Withheld>)> {
    // A hunt's records stand behind one another; `hunted` is the last.
    let mut begun: BTreeMap<String, RecordedHunt> = BTreeMap::new();
    let (mut hunts, mut withheld) = (Vec::new(), Vec::new());
    for unsealed in super::super::reader(workspace)?.unsealed() {
        let unsealed = match unsealed {
            Err(Error::Withheld { from, to }) => {
                withheld.push((from, to));
                continue;
            }
            other => other?,
        };
        let Ok(record) = serde_json::from_str::<Record>(&unsealed.record) else { continue };
        if case.is_some_and(|case| case != record.case) {
            continue;
        }
        let hunt = begun.entry(record.case).or_default();
        match record.fact {
            Fact::Acquired(file) => {
                if !hunt.findings.is_empty() {
                    hunts.push(mem::take(hunt)); // It was interrupted, and this is the next.
                }
                hunt.files.push(file);
            }
            Fact::Found(finding) => hunt.find(unsealed.index, &finding)?,
            Fact::Hunted(hunted) => {
                hunt.hunted = Some(hunted);
                hunts.push(mem::take(hunt));
            }
            _ => {}
        }
    }
    hunts.extend(begun.into_values().filter(|hunt| !hunt.findings.is_empty()));
    Ok((hunts, withheld))
}

impl RecordedHunt {
    fn find(&mut self, index: u64, finding: &Finding) -> Result<()> {
        let rests_on = match &finding.correlation {
            Some(correlated) => {
                let events = correlated.events.iter();
                let events = events.map(|event| (event.source.clone(), event.record)).collect();
                RestsOn::Events(events, correlated.further_events)
            }
            None => {
                self.events.add(finding)?;
                RestsOn::Event(finding.kind.clone())
            }
        };
        self.findings.push(Recorded {
            index,
            title: finding.rule_title.clone(),
            saying: saying(finding)?,
            rests_on,
            by_indicator: finding.indicator.is_some(),
        });
        Ok(())
    }
}

/// What a finding says.
pub(super) fn saying(finding: &Finding) -> Result<Saying> {
    let mut finding = finding.clone();
    finding.raw = None;
    finding.source = file_name(&finding.source).to_owned();
    for event in finding.correlation.iter_mut().flat_map(|c| &mut c.events) {
        event.source = file_name(&event.source).to_owned();
    }
    for statement in finding.indicator.iter_mut().flat_map(|hit| &mut hit.statements) {
        let list = &mut statement.provenance.list;
        *list = file_name(list).to_owned();
    }
    Ok(Hash::of(&serde_json::to_vec(&finding)?))
}
