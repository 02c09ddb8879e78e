//! What could not be read, kept like findings: on disk, in order of place, all of it.

use std::io;

use blanik_ingest::{Place, Rejection, Severity};
use blanik_model::SourceId;
use serde::{Deserialize, Serialize};

use super::spool::{Sorted, Spool};

/// Rejections listed one by one; what a hostile input adds to these is counted.
const LISTED_MAX: usize = 2_000_000;

/// A rejection with its log's name, as `--rejections` lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// The log.
    pub source: String,
    /// Where in it.
    pub place: String,
    /// `note`, `skipped`, `loss` or `missing`.
    pub severity: String,
    /// Records lost, where known.
    pub lost: u64,
    /// Why.
    pub reason: String,
}

/// What a rejection is ordered by, and what is asked of it before it is read back.
#[derive(Clone, Copy, Debug)]
pub struct LossEntry {
    source: SourceId,
    place: Place,
    severity: Severity,
    // Two rejections of one place stand in an order that does not depend on threads.
    tie: u64,
}

/// Takes rejections in any order.
pub struct Losses {
    spool: Spool<LossEntry>,
    /// Records lost, all in all.
    pub records: u64,
    /// Rejections that are only counted.
    pub not_listed: u64,
}

impl Losses {
    /// None yet.
    pub fn new() -> io::Result<Self> {
        Ok(Losses { spool: Spool::new()?, records: 0, not_listed: 0 })
    }

    /// Adds one. `source` is its log's name.
    pub fn push(&mut self, rejection: &Rejection, source: &str) -> io::Result<()> {
        self.records += rejection.lost;
        if self.spool.len() >= LISTED_MAX {
            self.not_listed += 1;
            return Ok(());
        }
        let loss = Loss {
            source: source.to_owned(),
            place: rejection.place.to_string(),
            severity: rejection.severity.as_str().to_owned(),
            lost: rejection.lost,
            reason: rejection.reason.clone(),
        };
        let json = serde_json::to_vec(&loss)?;
        let entry = LossEntry {
            source: rejection.source,
            place: rejection.place,
            severity: rejection.severity,
            tie: fnv1a(&json),
        };
        self.spool.push_entry(entry, &json)
    }

    /// All of them, by log and place.
    pub fn into_sorted(self) -> io::Result<Sorted<LossEntry>> {
        self.spool.into_sorted_by(|e| (e.source, e.place, e.tie))
    }
}

impl Sorted<LossEntry> {
    /// The loss at an index.
    pub fn get(&mut self, i: usize) -> io::Result<Loss> {
        Ok(serde_json::from_slice(self.json(i)?)?)
    }

    /// The first `n`, those that cost something before mere notes.
    pub fn first(&mut self, n: usize) -> io::Result<Vec<Loss>> {
        let mut order: Vec<(bool, usize)> =
            self.entries().enumerate().map(|(i, e)| (e.severity == Severity::Note, i)).collect();
        order.sort_unstable();
        order.into_iter().take(n).map(|(_, i)| self.get(i)).collect()
    }

    /// Inputs named by the user that cannot be opened.
    pub fn missing(&mut self) -> io::Result<Vec<Loss>> {
        let missing: Vec<usize> = self
            .entries()
            .enumerate()
            .filter(|(_, e)| e.severity == Severity::Missing)
            .map(|(i, _)| i)
            .collect();
        missing.into_iter().map(|i| self.get(i)).collect()
    }
}

/// Fowler–Noll–Vo, 64 bits: the same on every run.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3))
}
