//! The hunt: blocks of logs → batches → findings, on as many threads as asked for.
//!
//! One reader cuts the inputs into blocks; each worker takes a block, decodes it into batches by kind,
//! scans these when they have grown, and spools what it finds. What comes out does not depend on the
//! number of workers: findings are ordered by time and place, counts are sums.

pub mod spool;
mod tally;
mod worker;

use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context, Result};
use blanik_detect::Rules;
use blanik_ingest::{Feeder, Input, Normaliser, Options, Rejection, Severity};
use blanik_model::Timestamp;

use crate::progress::Progress;
use crate::summary::{Accounting, Count, ReadingStats};
use spool::{Sorted, Spool};
use tally::Tally;
use worker::Worker;

/// What to hunt for, and in what.
pub struct Hunt {
    /// Where the logs are.
    pub inputs: Vec<Input>,
    /// How to read them.
    pub reading: Options,
    /// The rules.
    pub rules: Arc<Rules>,
    /// Which findings to keep.
    pub filter: Filter,
    /// Keep each finding's record as it stood in the log.
    pub with_raw: bool,
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

    /// True if an event of this host is asked for.
    pub fn has_host(&self, host: Option<&str>) -> bool {
        self.hosts.is_empty()
            || host.is_some_and(|host| {
                let label = host.split('.').next().unwrap_or(host);
                self.hosts
                    .iter()
                    .any(|h| h.eq_ignore_ascii_case(host) || h.eq_ignore_ascii_case(label))
            })
    }
}

/// What a hunt found and what it read.
pub struct Outcome {
    /// The findings, in order.
    pub findings: Sorted,
    /// What was read.
    pub reading: ReadingStats,
    /// What could not be read, in order of place.
    pub rejections: Vec<PlacedRejection>,
    /// Inputs named by the user that cannot be opened, each with the reason.
    pub missing: Vec<String>,
}

/// A rejection with its log's name.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PlacedRejection {
    /// The log.
    pub source: String,
    /// Where in it.
    pub place: String,
    /// `note`, `skipped`, `loss` or `missing`.
    pub severity: &'static str,
    /// Records lost, where known.
    pub lost: u64,
    /// Why.
    pub reason: String,
}

/// What workers share.
struct Shared<'h> {
    hunt: &'h Hunt,
    feeder: Mutex<Feeder>,
    spool: Mutex<Spool>,
    normaliser: Arc<Normaliser>,
    progress: &'h Progress,
}

/// Rejections kept one by one by each worker and log; more of them are counted.
const REJECTIONS_MAX: usize = 100_000;
/// Rejections a summary may show.
const REJECTIONS_SHOWN: usize = 100;

impl Hunt {
    /// Hunts. Errors only where the machine fails (temporary files); what is wrong with the inputs is
    /// in the outcome.
    pub fn run(&self, progress: &Progress) -> Result<Outcome> {
        let shared = Shared {
            hunt: self,
            feeder: Mutex::new(Feeder::new(self.inputs.clone(), self.reading.clone())),
            spool: Mutex::new(Spool::new().context("cannot make a temporary file for findings")?),
            normaliser: Arc::new(Normaliser::new()),
            progress,
        };
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
        self.outcome(shared, tally)
    }

    fn outcome(&self, shared: Shared<'_>, mut tally: Tally) -> Result<Outcome> {
        let no_poison = "workers catch what panics";
        let feeder = shared.feeder.into_inner().expect(no_poison);
        let spool = shared.spool.into_inner().expect(no_poison);
        let from_reader = feeder.rejections();
        tally.rejected += from_reader.iter().map(|r| r.lost).sum::<u64>();
        tally.rejections.extend(from_reader);
        tally
            .rejections
            .sort_by(|a, b| (a.source, a.place, &a.reason).cmp(&(b.source, b.place, &b.reason)));
        let sources = feeder.sources();
        let name = |r: &Rejection| {
            sources.get(r.source.0 as usize).map_or_else(String::new, |s| s.to_string())
        };
        let rejections: Vec<PlacedRejection> = tally
            .rejections
            .iter()
            .map(|r| PlacedRejection {
                source: name(r),
                place: r.place.to_string(),
                severity: r.severity.as_str(),
                lost: r.lost,
                reason: r.reason.clone(),
            })
            .collect();
        let reading = self.reading_stats(&feeder, &tally, &rejections, sources.len() as u64);
        let findings = spool.into_sorted().context("cannot read the temporary file of findings")?;
        let missing = rejections
            .iter()
            .filter(|r| r.severity == Severity::Missing.as_str())
            .map(|r| format!("{}: {}", r.source, r.reason))
            .collect();
        Ok(Outcome { findings, reading, rejections, missing })
    }

    fn reading_stats(
        &self,
        feeder: &Feeder,
        tally: &Tally,
        rejections: &[PlacedRejection],
        sources: u64,
    ) -> ReadingStats {
        let read = feeder.progress();
        // What cost something comes first; notes may be many.
        let mut shown: Vec<&PlacedRejection> =
            rejections.iter().filter(|r| r.severity != "note").collect();
        shown.extend(rejections.iter().filter(|r| r.severity == "note"));
        ReadingStats {
            files: read.files_done,
            sources,
            bytes: read.bytes_read,
            duration: None,
            hosts: tally
                .hosts
                .iter()
                .map(|(name, count)| Count { name: name.clone(), count: *count })
                .collect(),
            kinds: tally
                .kinds
                .iter()
                .map(|(name, count)| Count { name: name.clone(), count: *count })
                .collect(),
            first: tally.first,
            last: tally.last,
            accounting: Accounting {
                events_read: tally.decoded + tally.rejected,
                evaluated: tally.evaluated,
                not_evaluated: tally.not_evaluated,
                rejected: tally.rejected,
                events_with_findings: tally.with_findings,
            },
            rules: self.rules.len() as u64,
            rejections: shown
                .iter()
                .take(REJECTIONS_SHOWN)
                .map(|r| crate::summary::Rejection {
                    place: format!("{}: {}", r.source, r.place),
                    reason: r.reason.clone(),
                })
                .collect(),
            rejections_total: rejections.len() as u64 + tally.rejections_not_kept,
            exercise: false,
        }
    }
}
