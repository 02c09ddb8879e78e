//! From when to when which host was watched, and where telemetry is missing: what was not recorded
//! cannot have been seen.

use std::collections::BTreeMap;

use blanik_model::Timestamp;
use blanik_model::record::{Covered, Span};
use serde::Serialize;

use crate::citation::{Citations, Sentence};
use crate::place::Places;
use crate::timeline::span;

const HOUR_NS: i64 = 3600 * 1_000_000_000;
/// A host that says nothing for less is only quiet.
const GAP_NS: i64 = 6 * HOUR_NS;
/// A host is often silent: a gap is longer than its long silences are, so many times.
const GAP_OF_HABIT: i64 = 3;
/// Of its other silences, the share that a long one is longer than.
const LONG_SHARE: f64 = 0.95;

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
    places: &Places,
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
        let of = gathered.entry(places.machine(host)).or_default();
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
    /// Nanoseconds from which on a silence of that length is a gap: measured by the others. Whoever
    /// works by day is silent every night, and on Sundays.
    fn habit(&self) -> impl Fn(i64) -> i64 {
        let apart = |s: &[Span]| s[1].first.as_nanos() - s[0].last.as_nanos();
        let mut silences: Vec<i64> = self.spans.windows(2).map(apart).collect();
        silences.sort_unstable();
        move |length| {
            // The silence itself is none of the others.
            let itself = silences.binary_search(&length).is_ok();
            let others = silences.len() - usize::from(itself);
            let at = (others as f64 * LONG_SHARE).ceil() as usize;
            let at = at.saturating_sub(1);
            let passed = itself && silences.partition_point(|s| *s < length) <= at;
            let long = silences.get(at + usize::from(passed)).copied().filter(|_| others > 0);
            long.unwrap_or(0).saturating_mul(GAP_OF_HABIT).max(GAP_NS)
        }
    }

    /// Where telemetry is missing between these times.
    pub fn gaps(&self, host: &str, from: Timestamp, to: Timestamp) -> Vec<Gap> {
        let long = self.habit();
        let mut edges = vec![from];
        for s in &self.spans {
            edges.extend([s.first.clamp(from, to), s.last.clamp(from, to)]);
        }
        edges.push(to);
        let gap = |pair: &[Timestamp]| {
            let ns = pair[1].as_nanos() - pair[0].as_nanos();
            (ns >= long(ns)).then(|| Gap {
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
