//! STIX patterns that need several events: who saw what is gathered while reading; what belongs
//! together is worked out when all is read, and told like what a correlation found.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use blanik_detect::indicators::Index;
use blanik_detect::indicators::pattern::{PatternIx, Sighting};
use blanik_model::finding::{Correlated, CorrelatedEvent, Fields};
use blanik_model::{Finding, SourceId, Value};

use super::TEMPORARY;
use super::met_indicators::{self, KEY_BASE};
use super::spool::{FindingEntry, Key, Spool};
use crate::output::json;

/// Sightings kept of one observation of a pattern: the first of them. A list can be written that every
/// event is a part of, and what is common must not crowd out what is rare.
const SIGHTINGS_MAX: usize = 2_000;
/// Observations of which sightings are kept.
const OBSERVATIONS_MAX: usize = 10_000;

/// An event that is a part of a pattern, and what will be said of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// When, which event, and which part.
    pub sighting: Sighting,
    /// The log.
    pub source: SourceId,
    /// Where in it.
    pub record: u64,
    /// The machine it is about.
    pub host: Option<String>,
    /// The account that acted.
    pub account: Option<String>,
}

/// See the module. Which sightings are kept does not depend on how the work was shared.
#[derive(Debug, Default)]
pub struct Sightings {
    /// By pattern and observation of it.
    of: BTreeMap<(PatternIx, u32), Vec<Seen>>,
    /// Parts of patterns in events without a time: they are before and after nothing.
    pub without_time: u64,
    /// True if there was more to see than is kept.
    pub cut: bool,
}

impl Sightings {
    /// Keeps a sighting.
    pub fn push(&mut self, pattern: PatternIx, seen: Seen) {
        let of = self.of.entry((pattern, seen.sighting.observation)).or_default();
        of.push(seen);
        if of.len() >= 2 * SIGHTINGS_MAX {
            self.cut |= shorten(of);
        }
        self.bound();
    }

    /// Takes what another worker saw.
    pub fn merge(&mut self, other: Sightings) {
        self.without_time += other.without_time;
        self.cut |= other.cut;
        for (observation, seen) in other.of {
            let of = self.of.entry(observation).or_default();
            of.extend(seen);
            self.cut |= shorten(of);
        }
        self.bound();
    }

    fn bound(&mut self) {
        while self.of.len() > OBSERVATIONS_MAX {
            self.of.pop_last();
            self.cut = true;
        }
    }

    /// Spools a finding for each time that a pattern was met by several events. True if there may be
    /// more than were told.
    pub fn tell(
        self,
        index: &Index,
        sources: &[Arc<str>],
        spool: &mut Spool<FindingEntry>,
    ) -> Result<bool> {
        let (mut gave_up, mut line) = (self.cut, Vec::new());
        let mut patterns: BTreeMap<PatternIx, Vec<Seen>> = BTreeMap::new();
        for ((pattern, _), mut seen) in self.of {
            gave_up |= shorten(&mut seen);
            patterns.entry(pattern).or_default().append(&mut seen);
        }
        for (pattern, mut seen) in patterns {
            seen.sort_unstable();
            let sightings: Vec<Sighting> = seen.iter().map(|seen| seen.sighting).collect();
            let joined = index.pattern(pattern).pattern.join(&sightings);
            gave_up |= joined.gave_up;
            for (tie, met) in joined.met.iter().enumerate() {
                let events: Vec<&Seen> = met.iter().map(|&at| &seen[at]).collect();
                let finding = finding(index, pattern, &events, sources);
                line.clear();
                json::write(&mut line, &finding, json::Place::Line)
                    .context("a finding cannot be written as JSON")?;
                let last = events[events.len() - 1].sighting;
                let rule = KEY_BASE + index.pattern(pattern).entry;
                // Behind the finding that the last event is a part.
                let key = Key::new(finding.time, last.order, rule).with_tie(tie as u32 + 1);
                spool.push(key, finding.level, &line).context(TEMPORARY)?;
            }
        }
        Ok(gave_up)
    }
}

/// Sorts, and drops all but the first. True if any were dropped.
fn shorten(seen: &mut Vec<Seen>) -> bool {
    seen.sort_unstable();
    let too_many = seen.len() > SIGHTINGS_MAX;
    seen.truncate(SIGHTINGS_MAX);
    too_many
}

fn finding(index: &Index, pattern: PatternIx, events: &[&Seen], sources: &[Arc<str>]) -> Finding {
    let (first, last) = (events[0], events[events.len() - 1]);
    let time = Some(last.sighting.time);
    let hit = met_indicators::hit(index, index.pattern(pattern).entry, false, time);
    let source = |seen: &Seen| {
        sources.get(seen.source.0 as usize).map_or_else(String::new, |name| name.to_string())
    };
    // Whom all events are about; else nobody.
    let common = |of: fn(&Seen) -> &Option<String>| {
        let same = events.iter().all(|seen| of(seen) == of(last));
        of(last).clone().filter(|_| same)
    };
    let rule_id = format!("indicator:{}:{}", hit.ty, hit.value);
    let number = Value::number(&events.len().to_string()).to_owned();
    let correlated = Correlated {
        ty: "stix_pattern".to_owned(),
        group_by: Fields::default(),
        timespan: String::new(),
        condition: hit.value.clone(),
        value: number.clone(),
        value_max: number,
        first: first.sighting.time,
        last: last.sighting.time,
        events: events
            .iter()
            .map(|seen| CorrelatedEvent {
                rule_id: rule_id.clone(),
                time: seen.sighting.time,
                source: source(seen),
                record: seen.record,
            })
            .collect(),
        further_events: 0,
    };
    Finding {
        rule_id,
        rule_title: met_indicators::title(&hit),
        level: met_indicators::level(&hit),
        status: None,
        tags: met_indicators::tags(&hit),
        kind: Finding::CORRELATION.to_owned(),
        time,
        host: common(|seen| &seen.host),
        account: common(|seen| &seen.account),
        matched: Fields::default(),
        source: source(last),
        record: last.record,
        event: Fields::default(),
        tool: None,
        raw: None,
        correlation: Some(Box::new(correlated)),
        indicator: Some(Box::new(hit)),
    }
}

#[cfg(test)]
mod tests {
    use blanik_model::Timestamp;

    use super::*;

    fn seen(order: u64) -> Seen {
        let time = Timestamp::from_nanos(1_000_000 - order as i64);
        let sighting = Sighting { time, order, observation: 0 };
        Seen { sighting, source: SourceId(0), record: order, host: None, account: None }
    }

    #[test]
    fn what_is_common_crowds_out_nothing() {
        let mut all = Sightings::default();
        for order in 0..5_000 {
            all.push(3, seen(order));
        }
        let mut rare = seen(9_999);
        rare.sighting.observation = 1;
        rare.sighting.time = Timestamp::from_nanos(2_000_000);
        all.push(3, rare.clone());
        assert_eq!(all.of[&(3, 1)], [rare]);
    }

    #[test]
    fn the_first_are_kept_however_work_is_shared() {
        let share = |workers: u64| {
            let mut parts: Vec<Sightings> = (0..workers).map(|_| Sightings::default()).collect();
            for order in 0..5_000 {
                parts[(order % workers) as usize].push(3, seen(order));
            }
            let mut all = Sightings::default();
            parts.into_iter().for_each(|part| all.merge(part));
            all
        };
        let (one, three) = (share(1), share(3));
        assert_eq!(one.of, three.of);
        assert_eq!(one.of[&(3, 0)].len(), SIGHTINGS_MAX);
        assert_eq!(one.of[&(3, 0)][0].record, 4_999);
        assert!(one.cut && three.cut);
    }
}
