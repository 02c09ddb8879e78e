//! From when to when which host was watched, and where telemetry is missing: what was not recorded
//! cannot have been seen.

use std::collections::BTreeMap;

use blanik_model::Timestamp;
use blanik_model::record::{Covered, Span};
use serde::Serialize;

use crate::citation::{Citations, Sentence};
use crate::entity;
use crate::timeline::span;

const HOUR_NS: i64 = 3600 * 1_000_000_000;
/// A host that says nothing for less is only quiet.
const GAP_NS: i64 = 6 * HOUR_NS;
/// A host is often silent: a gap is longer than its silences are, so many times.
const GAP_OF_TYPICAL: i64 = 6;
/// Silences that tell what is typical.
const SILENCES_MIN: usize = 8;
/// However often a host is silent, for longer nobody knows what it did.
const GAP_NS_MAX: i64 = 72 * HOUR_NS;

/// Telemetry is missing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gap {
    /// The host.
    pub host: String,
    /// The last event before.
    pub from: Timestamp,
    /// The first event behind.
    pub to: Timestamp,
    /// As a sentence.
    pub what: Sentence,
}

/// When a host was watched.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Watched {
    /// Ascending, apart.
    pub spans: Vec<Span>,
    /// The kinds of records, ascending.
    pub kinds: Vec<String>,
    /// The records that say so.
    pub rests_on: Citations,
}

/// Of all hosts, by name.
pub(crate) fn watched<'r>(
    records: impl Iterator<Item = (u64, &'r Covered)>,
) -> BTreeMap<String, Watched> {
    #[derive(Default)]
    struct Gathered {
        spans: Vec<Span>,
        kinds: Vec<String>,
        indexes: Vec<u64>,
    }
    let mut gathered: BTreeMap<String, Gathered> = BTreeMap::new();
    for (index, covered) in records {
        let Some(host) = &covered.host else { continue };
        let of = gathered.entry(entity::host(host)).or_default();
        of.spans.extend(&covered.spans);
        of.kinds.push(covered.kind.clone());
        of.indexes.push(index);
    }
    let watched = |(host, mut of): (String, Gathered)| {
        of.kinds.sort();
        of.kinds.dedup();
        let rests_on = Citations::of(of.indexes)?;
        Some((host, Watched { spans: merged(of.spans), kinds: of.kinds, rests_on }))
    };
    gathered.into_iter().filter_map(watched).collect()
}

fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_by_key(|s| (s.first, s.last));
    let mut merged: Vec<Span> = Vec::new();
    for next in spans {
        match merged.last_mut() {
            Some(last) if next.first.as_nanos() <= last.last.as_nanos().saturating_add(HOUR_NS) => {
                last.last = last.last.max(next.last);
                last.events += next.events;
            }
            _ => merged.push(next),
        }
    }
    merged
}

impl Watched {
    /// Where telemetry is missing between these times.
    pub fn gaps(&self, host: &str, from: Timestamp, to: Timestamp) -> Vec<Gap> {
        let mut silences: Vec<i64> =
            self.spans.windows(2).map(|s| s[1].first.as_nanos() - s[0].last.as_nanos()).collect();
        silences.sort_unstable();
        let known = silences.len() >= SILENCES_MIN;
        let typical = silences.get(silences.len() / 2).copied().filter(|_| known).unwrap_or(0);
        let long = typical.saturating_mul(GAP_OF_TYPICAL).clamp(GAP_NS, GAP_NS_MAX);
        let mut edges = vec![from];
        for s in &self.spans {
            edges.extend([s.first.clamp(from, to), s.last.clamp(from, to)]);
        }
        edges.push(to);
        let gap = |pair: &[Timestamp]| {
            let ns = pair[1].as_nanos() - pair[0].as_nanos();
            (ns >= long).then(|| Gap {
                host: host.to_owned(),
                from: pair[0],
                to: pair[1],
                what: Sentence::new(
                    format!(
                        "No telemetry from {host} for {}, from {} on.",
                        span(ns / 1_000_000_000),
                        pair[0].to_seconds_string()
                    ),
                    self.rests_on.clone(),
                ),
            })
        };
        edges.chunks_exact(2).filter_map(gap).collect()
    }
}
