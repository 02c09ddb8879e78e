//! Findings of one rule on one host within ten minutes are one observation: a scanner's thousand
//! findings say once what they say. What is kept of each is what the case needs.

use std::collections::{BTreeMap, BTreeSet};

use blanik_model::{Finding, Level, Timestamp};
use serde::Serialize;

use crate::citation::Citations;
use crate::entity::{self, Entity};
use crate::place::{self, Place, Places, Site};
use crate::tactic;

/// Nanoseconds of a window.
pub(crate) const WINDOW_NS: i64 = 600 * 1_000_000_000;
/// Windows of an hour.
pub(crate) const WINDOWS_PER_HOUR: i64 = 6;
/// Entities that are kept of an observation.
const ENTITIES_MAX: usize = 64;

/// Findings of one rule on one host within ten minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Observation {
    /// The rule's id.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// The place: a host as [`entity::host`] has it, an account; `-` where findings name none.
    pub host: String,
    /// What kind of place it is.
    pub site: Site,
    /// The first finding's time.
    pub first: Timestamp,
    /// The last finding's time.
    pub last: Timestamp,
    /// Ten minutes since 1970 in which they are.
    pub window: i64,
    /// The worst level among the findings.
    pub level: Level,
    /// Findings.
    pub findings: u64,
    /// ATT&CK's tactics, as indexes into `model::attack::TACTICS`.
    pub tactics: BTreeSet<usize>,
    /// Techniques that the rules name.
    pub techniques: BTreeSet<String>,
    /// What the findings name, beside the host.
    pub entities: BTreeSet<Entity>,
    /// True if an analyst holds one of the findings for true.
    pub confirmed: bool,
    /// The findings' records.
    pub rests_on: Citations,
    /// The record of the first finding by time.
    pub first_record: u64,
    /// The record of the last finding by time.
    pub last_record: u64,
}

impl Observation {
    /// What is found: the rule's id, and its title, as other tools give one id to several.
    pub(crate) fn name(&self) -> (&str, &str) {
        (&self.rule, &self.title)
    }

    /// The entity that the place is, if it is one.
    pub(crate) fn seat(&self) -> Option<Entity> {
        place::entity(&self.host, self.site)
    }

    /// The hour since 1970.
    pub(crate) fn hour(&self) -> i64 {
        self.window.div_euclid(WINDOWS_PER_HOUR)
    }
}

/// Observations, and where each finding went.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observations {
    /// By time, then host and rule.
    pub all: Vec<Observation>,
    // Index of a record and the observation that it is part of, ascending.
    of_record: Vec<(u64, u32)>,
    /// Findings without a time.
    pub without_time: Vec<u64>,
}

/// What is gathered of an observation.
struct Gathered {
    observation: Observation,
    indexes: Vec<u64>,
}

impl Observations {
    /// Of findings with their records' indexes; those held for true by an analyst are `confirmed`. Where
    /// they happened, `places` knows.
    pub fn of<'f>(
        findings: impl Iterator<Item = (u64, &'f Finding)>,
        confirmed: impl Fn(u64) -> bool,
        places: &Places,
    ) -> Self {
        let mut groups: BTreeMap<(i64, String, String, String), Gathered> = BTreeMap::new();
        let mut without_time = Vec::new();
        for (index, finding) in findings {
            let Some(time) = finding.time else {
                without_time.push(index);
                continue;
            };
            let window = time.as_nanos().div_euclid(WINDOW_NS);
            let place = places.of_finding(finding);
            // Other tools give one id to what they name differently.
            let name = place.name.clone();
            let key = (window, name, finding.rule_id.clone(), finding.rule_title.clone());
            let gathered =
                groups.entry(key).or_insert_with(|| Gathered::new(index, finding, place, time));
            gathered.take(index, finding, time, confirmed(index), places);
        }
        let mut gathered: Vec<Gathered> = groups.into_values().collect();
        gathered.sort_by(|a, b| a.observation.order().cmp(&b.observation.order()));
        let mut observations = Observations { without_time, ..Observations::default() };
        for Gathered { mut observation, indexes } in gathered {
            let id = observations.all.len() as u32;
            observations.of_record.extend(indexes.iter().map(|index| (*index, id)));
            observation.rests_on = Citations::of(indexes).expect("a group has a finding");
            observations.all.push(observation);
        }
        observations.of_record.sort_unstable();
        observations
    }

    /// The observation that a record is part of.
    pub fn of_record(&self, index: u64) -> Option<usize> {
        let at = self.of_record.binary_search_by_key(&index, |(record, _)| *record).ok()?;
        Some(self.of_record[at].1 as usize)
    }
}

impl Observation {
    fn order(&self) -> (Timestamp, &str, &str, &str) {
        (self.first, &self.host, &self.rule, &self.title)
    }
}

impl Gathered {
    fn new(index: u64, finding: &Finding, place: Place, time: Timestamp) -> Self {
        let observation = Observation {
            rule: finding.rule_id.clone(),
            title: finding.rule_title.clone(),
            host: place.name,
            site: place.site,
            first: time,
            last: time,
            window: time.as_nanos().div_euclid(WINDOW_NS),
            level: finding.level,
            findings: 0,
            tactics: tactic::of(finding).into_iter().collect(),
            techniques: tactic::techniques(finding).into_iter().collect(),
            entities: BTreeSet::new(),
            confirmed: false,
            rests_on: Citations::one(index),
            first_record: index,
            last_record: index,
        };
        Gathered { observation, indexes: Vec::new() }
    }

    fn take(
        &mut self,
        index: u64,
        finding: &Finding,
        time: Timestamp,
        confirmed: bool,
        places: &Places,
    ) {
        let o = &mut self.observation;
        if time < o.first {
            (o.first, o.first_record) = (time, index);
        }
        if time > o.last {
            (o.last, o.last_record) = (time, index);
        }
        o.level = o.level.max(finding.level);
        o.findings += 1;
        o.confirmed |= confirmed;
        self.indexes.push(index);
        // Millions of findings may be one observation: what they name is soon all known.
        if o.entities.len() < ENTITIES_MAX && o.findings <= 10_000 {
            o.entities.extend(entity::of(finding).into_iter().filter(|e| places.tells(e)));
        }
    }
}
