//! The hunt: blocks of logs → batches → findings, on as many threads as asked for.
//!
//! One reader cuts the inputs into blocks; each worker takes a block, decodes it into batches by kind,
//! scans these when they have grown, and spools what it finds. What comes out does not depend on the
//! number of workers: findings are ordered by time and place, counts are sums.

pub(crate) mod correlate;
mod joined;
pub mod losses;
pub(crate) mod matches;
mod met_indicators;
pub mod spool;
mod tally;
mod worker;

use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result};
use blanik_detect::Rules;
use blanik_detect::indicators::scan::WithIndicators;
use blanik_ingest::alert::Alert;
use blanik_ingest::{Digested, Feeder, Normaliser, Recycler, Turns, VALUE_BYTES_MAX, entity};
use blanik_model::{EventBatch, Interest, Interests, Kind, Level, Status, Timestamp};

use crate::indicators::Indicators;
use crate::logs::Logs;
use crate::output::counted;
use crate::progress::Progress;
use crate::summary::{Accounting, CorrelationStats, Count, ReadingStats, Rejection};
use blanik_case::gather::{self, Gatherer};
use correlate::WithAccounts;
use losses::{LossEntry, Losses};
use matches::Runs;
use spool::{FindingEntry, Sorted, Spool};
use tally::Tally;
use worker::Worker;

/// What to hunt for, and in what.
pub struct Hunt {
    /// What to read.
    pub logs: Logs,
    /// The rules.
    pub rules: Arc<Rules>,
    /// The indicators, if there are any.
    pub indicators: Option<Indicators>,
    /// Which findings to keep.
    pub filter: Filter,
    /// Which findings of other tools to keep, if any are asked for.
    pub tools: Option<ToolFilter>,
    /// Keep each finding's record as it stood in the log.
    pub with_raw: bool,
    /// Gather what a case wants to know of all events: coverage, and what of value was reached.
    pub gather: bool,
    /// Workers.
    pub threads: usize,
}

/// Which findings to keep. Rules are chosen before, when they are loaded.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Events at or after this; those without a time are not.
    pub from: Option<Timestamp>,
    /// Events before this; those without a time are not.
    pub to: Option<Timestamp>,
    /// Hosts, as their name or its first label, without case; any if empty.
    pub hosts: Vec<String>,
}

impl Filter {
    /// True if an event of this time is asked for.
    pub fn has_time(&self, time: Option<Timestamp>) -> bool {
        self.from.is_none_or(|from| time.is_some_and(|t| t >= from))
            && self.to.is_none_or(|to| time.is_some_and(|t| t < to))
    }

    /// True if an event of this host is asked for. A name and a full name are of one host if their
    /// first labels agree; addresses have no labels.
    pub fn has_host(&self, host: Option<&str>) -> bool {
        self.hosts.is_empty()
            || host.is_some_and(|host| self.hosts.iter().any(|asked| same_host(asked, host)))
    }

    /// True if it asks for a time at all.
    pub fn asks_for_time(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }
}

fn same_host(asked: &str, host: &str) -> bool {
    if asked.eq_ignore_ascii_case(host) {
        return true;
    }
    let is_address = |name: &str| name.parse::<std::net::IpAddr>().is_ok();
    let label = |name: &'_ str| name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    let one_is_short = asked.contains('.') != host.contains('.');
    one_is_short && !is_address(asked) && !is_address(host) && label(asked) == label(host)
}

/// Which findings of other tools to keep. Our rules are chosen before; of theirs, only alerts are seen.
#[derive(Clone, Debug, Default)]
pub struct ToolFilter {
    /// Of this level or above.
    pub level: Option<Level>,
    /// With one of these ids, or whose title contains one of these, in lower case; any if empty.
    pub rules: Vec<String>,
    /// No finding of a tool has a status.
    pub with_status: bool,
}

impl ToolFilter {
    /// What filters on rules ask of the findings of other tools.
    pub fn new(level: Option<Level>, words: &[String], statuses: &[Status]) -> Self {
        let rules = words.iter().map(|word| word.to_lowercase()).collect();
        ToolFilter { level, rules, with_status: !statuses.is_empty() }
    }

    /// True if the alert is asked for.
    pub fn has(&self, alert: &Alert) -> bool {
        let is = |asked: &String| {
            alert.rule.as_ref().is_some_and(|rule| rule.eq_ignore_ascii_case(asked))
                || alert.title.to_lowercase().contains(asked.as_str())
        };
        !self.with_status
            && self.level.is_none_or(|level| alert.level >= level)
            && (self.rules.is_empty() || self.rules.iter().any(is))
    }
}

/// What a hunt found and what it read.
pub struct Outcome {
    /// The findings, in order.
    pub findings: Sorted<FindingEntry>,
    /// What was read.
    pub reading: ReadingStats,
    /// What could not be read, in order of place.
    pub rejections: Sorted<LossEntry>,
    /// Inputs named by the user that cannot be opened, each with the reason.
    pub missing: Vec<String>,
    /// What the user should know beside it: a sentence each.
    pub remarks: Vec<String>,
    /// The files that were read, as they were read, if their digests were asked for.
    pub digests: Vec<Digested>,
    /// What a case wants to know of all events, if it was asked for.
    pub gathered: Option<Gatherer>,
}

/// What is asked of events where a case gathers of them all: what the rules ask, and that.
struct WithGathered(Arc<dyn Interests>);

impl Interests for WithGathered {
    fn of(&self, kind: &Kind) -> Interest {
        let who = gather::asks_who_acted(kind).then(|| entity::account_fields(kind));
        self.0.of(kind).with(gather::fields(kind).chain(who.into_iter().flatten()))
    }
}

/// What workers share.
struct Shared<'h> {
    hunt: &'h Hunt,
    feeder: Mutex<Feeder>,
    recycler: Recycler,
    turns: Arc<Turns>,
    spool: Mutex<Spool<FindingEntry>>,
    /// Of what correlations want, if there are any.
    matches: Option<Mutex<Runs>>,
    losses: Mutex<Losses>,
    normaliser: Arc<Normaliser>,
    interests: Arc<dyn Interests>,
    progress: &'h Progress,
}

const TEMPORARY: &str = "cannot use a temporary file";
const PARTS_LEFT: &str = "of patterns that need several events, not all sightings were joined: there were \
                          too many, or their events bear no time";
/// Rejections a summary may show.
const REJECTIONS_SHOWN: usize = 100;

impl Hunt {
    /// Hunts. Errors only where the machine fails (temporary files); what is wrong with the inputs is
    /// in the outcome.
    pub fn run(&self, progress: &Progress) -> Result<Outcome> {
        let shared = self.shared(progress)?;
        let tallies: Vec<Result<Tally>> = thread::scope(|scope| {
            let workers: Vec<_> = (0..self.threads.max(1))
                .map(|_| scope.spawn(|| Worker::new(&shared).run()))
                .collect();
            workers.into_iter().map(|w| w.join().expect("workers catch what panics")).collect()
        });
        let mut tally = Tally::default();
        for part in tallies {
            tally.merge(part?);
        }
        progress.finish();
        let sources = shared.feeder.lock().expect(worker::LOCK).sources();
        self.outcome(shared, tally, &sources)
    }

    /// Hunts events that are there already, with all their fields, and not those of the logs; `sources`
    /// names the logs that they stood in.
    pub fn run_on(&self, events: &[EventBatch], sources: Vec<Arc<str>>) -> Result<Outcome> {
        let progress = Progress::hidden();
        let shared = self.shared(&progress)?;
        let tally = Worker::new(&shared).run_on(events, sources.clone())?;
        self.outcome(shared, tally, &sources)
    }

    fn shared<'h>(&'h self, progress: &'h Progress) -> Result<Shared<'h>> {
        let turns = Arc::new(Turns::new(self.threads));
        let feeder = self.logs.feeder_in_turns(Arc::clone(&turns));
        Ok(Shared {
            hunt: self,
            recycler: feeder.recycler(),
            feeder: Mutex::new(feeder),
            turns,
            spool: Mutex::new(Spool::new().context(TEMPORARY)?),
            matches: self.matches().context(TEMPORARY)?,
            losses: Mutex::new(Losses::new().context(TEMPORARY)?),
            normaliser: Arc::clone(&self.logs.normaliser),
            interests: self.interests(),
            progress,
        })
    }

    fn matches(&self) -> std::io::Result<Option<Mutex<Runs>>> {
        let wanted = self.rules.correlations().next().is_some();
        wanted.then(Runs::new).transpose().map(|runs| runs.map(Mutex::new))
    }

    /// What rules, a case and indicators ask of events.
    fn interests(&self) -> Arc<dyn Interests> {
        let mut asked: Arc<dyn Interests> = Arc::new(WithAccounts(Arc::clone(&self.rules)));
        if self.gather {
            asked = Arc::new(WithGathered(asked));
        }
        if let Some(indicators) = &self.indicators {
            asked = Arc::new(WithIndicators::new(asked, Arc::clone(&indicators.index)));
        }
        asked
    }

    fn outcome(
        &self,
        shared: Shared<'_>,
        mut tally: Tally,
        sources: &[Arc<str>],
    ) -> Result<Outcome> {
        let no_poison = "workers catch what panics";
        let feeder = shared.feeder.into_inner().expect(no_poison);
        let mut spool = shared.spool.into_inner().expect(no_poison);
        let mut losses = shared.losses.into_inner().expect(no_poison);
        for rejection in feeder.rejections() {
            let source = sources.get(rejection.source.0 as usize).map_or("", |s| s);
            losses.push(&rejection, source).context(TEMPORARY)?;
        }
        let (lost, not_listed) = (losses.records, losses.not_listed);
        let mut rejections = losses.into_sorted().context(TEMPORARY)?;
        let missing = rejections.missing().context(TEMPORARY)?;
        let mut reading = self.reading_stats(&feeder, &tally, sources.len() as u64);
        if let Some(runs) = shared.matches {
            let runs = runs.into_inner().expect(no_poison);
            let mut stats = correlate::fold(&self.rules, runs, sources, &mut spool)?;
            stats.without_time = tally.uncorrelated;
            stats.values_cut = tally.uncorrelated_values;
            reading.correlations = Some(stats);
        }
        let joined_all = self.tell_joined(&mut tally, sources, &mut spool)?;
        let mut remarks = remarks(&tally, not_listed);
        remarks.extend((!joined_all).then(|| PARTS_LEFT.to_owned()));
        remarks.extend(reading.correlations.iter().flat_map(CorrelationStats::remarks));
        reading.accounting.rejected = lost;
        reading.accounting.events_read = tally.decoded + lost;
        reading.rejections_total = rejections.len() as u64 + not_listed;
        reading.rejections = rejections
            .first(REJECTIONS_SHOWN)
            .context(TEMPORARY)?
            .into_iter()
            .map(|l| Rejection { place: format!("{}: {}", l.source, l.place), reason: l.reason })
            .collect();
        Ok(Outcome {
            gathered: tally.gathered,
            digests: feeder.digests(),
            findings: spool.into_sorted().context(TEMPORARY)?,
            reading,
            rejections,
            missing: missing.iter().map(|l| format!("{}: {}", l.source, l.reason)).collect(),
            remarks,
        })
    }

    /// Spools what patterns were met by several events together. False if that may not be all.
    fn tell_joined(
        &self,
        tally: &mut Tally,
        sources: &[Arc<str>],
        spool: &mut Spool<FindingEntry>,
    ) -> Result<bool> {
        let sightings = std::mem::take(&mut tally.sightings);
        let complete = sightings.without_time == 0;
        match &self.indicators {
            Some(indicators) => Ok(!sightings.tell(&indicators.index, sources, spool)? && complete),
            None => Ok(true),
        }
    }

    fn reading_stats(&self, feeder: &Feeder, tally: &Tally, sources: u64) -> ReadingStats {
        let read = feeder.progress();
        let counts = |map: &std::collections::BTreeMap<String, u64>| {
            map.iter().map(|(name, count)| Count { name: name.clone(), count: *count }).collect()
        };
        ReadingStats {
            files: read.files_done,
            sources,
            bytes: read.bytes_read,
            duration: None,
            hosts: counts(&tally.hosts),
            events_of_further_hosts: tally.further_hosts,
            kinds: counts(&tally.kinds),
            first: tally.first,
            last: tally.last,
            accounting: Accounting {
                evaluated: tally.evaluated,
                not_evaluated: tally.not_evaluated,
                events_with_findings: tally.with_findings,
                ..Accounting::default()
            },
            rules: (self.rules.len() + self.rules.correlations().count()) as u64,
            tool_alerts: if self.tools.is_some() { vec![] } else { counts(&tally.tool_alerts) },
            indicators: self.indicators.as_ref().map(|indicators| indicators.stats.clone()),
            ..ReadingStats::default()
        }
    }
}

fn remarks(tally: &Tally, not_listed: u64) -> Vec<String> {
    let mut remarks = Vec::new();
    if tally.without_time > 0 {
        let n = tally.without_time;
        remarks.push(format!(
            "{} left out by --from/--to, whose events bear no time",
            counted(n, "finding")
        ));
    }
    if tally.truncated > 0 {
        let (n, mib) = (tally.truncated, VALUE_BYTES_MAX >> 20);
        remarks.push(format!(
            "{} longer than {mib} MiB, compared by the first {mib} MiB only",
            counted(n, "value")
        ));
    }
    if tally.indicators_left_out > 0 {
        let n = tally.indicators_left_out;
        let left_out = counted(n, "finding");
        remarks.push(format!("{left_out} of indicators left out: one event met too many"));
    }
    if not_listed > 0 {
        remarks.push(format!(
            "{} that could not be read counted, but not listed",
            counted(not_listed, "more place")
        ));
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_by_its_name_or_its_full_name() {
        let asks = |asked: &str, host: &str| {
            Filter { hosts: vec![asked.to_owned()], ..Filter::default() }.has_host(Some(host))
        };
        assert!(asks("dc01", "DC01.mzv.example"));
        assert!(asks("DC01.mzv.example", "dc01"));
        assert!(!asks("dc01.mzv.example", "dc01.other.example"));
        assert!(!asks("10", "10.0.0.1"));
        assert!(asks("10.0.0.1", "10.0.0.1"));
        assert!(!asks("dc0", "dc01"));
        assert!(!Filter { hosts: vec!["x".into()], ..Filter::default() }.has_host(None));
    }
}
