//! What a worker counts; sums over workers do not depend on how the work was shared.

use std::collections::BTreeMap;

use blanik_ingest::Rejection;
use blanik_model::Timestamp;

use super::REJECTIONS_MAX;

/// Hosts counted by name; a log can be written to name more.
const HOSTS_MAX: usize = 50_000;

/// See the module.
#[derive(Debug, Default)]
pub struct Tally {
    /// Records that decoders handed out.
    pub decoded: u64,
    /// Events that at least one rule was matched against.
    pub evaluated: u64,
    /// Events of kinds that no rule is about.
    pub not_evaluated: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Events that met at least one rule.
    pub with_findings: u64,
    /// Events by kind.
    pub kinds: BTreeMap<String, u64>,
    /// Events by host.
    pub hosts: BTreeMap<String, u64>,
    /// Time of the first event.
    pub first: Option<Timestamp>,
    /// Time of the last.
    pub last: Option<Timestamp>,
    /// What could not be read.
    pub rejections: Vec<Rejection>,
    /// Rejections that were only counted.
    pub rejections_not_kept: u64,
}

impl Tally {
    /// Counts events of a host.
    pub fn host(&mut self, name: &str, events: u64) {
        if let Some(count) = self.hosts.get_mut(name) {
            *count += events;
        } else if self.hosts.len() < HOSTS_MAX {
            self.hosts.insert(name.to_owned(), events);
        }
    }

    /// Widens the time read.
    pub fn time(&mut self, time: Timestamp) {
        self.first = Some(self.first.map_or(time, |t| t.min(time)));
        self.last = Some(self.last.map_or(time, |t| t.max(time)));
    }

    /// Keeps a rejection, or counts it.
    pub fn reject(&mut self, rejection: Rejection) {
        self.rejected += rejection.lost;
        if self.rejections.len() < REJECTIONS_MAX {
            self.rejections.push(rejection);
        } else {
            self.rejections_not_kept += 1;
        }
    }

    /// Adds what another worker counted.
    pub fn merge(&mut self, other: Tally) {
        self.decoded += other.decoded;
        self.evaluated += other.evaluated;
        self.not_evaluated += other.not_evaluated;
        self.rejected += other.rejected;
        self.with_findings += other.with_findings;
        self.rejections_not_kept += other.rejections_not_kept;
        self.rejections.extend(other.rejections);
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        for (host, count) in other.hosts {
            self.host(&host, count);
        }
        for time in [other.first, other.last].into_iter().flatten() {
            self.time(time);
        }
    }
}
