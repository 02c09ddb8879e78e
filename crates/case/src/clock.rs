//! Clocks that go wrong: what two hosts say of the same thing differs by more than a moment. Times are shown as they
//! were recorded; by how much a host's are off is said beside them.

use std::collections::BTreeMap;

use blanik_model::record::Clocked;
use serde::Serialize;

use crate::citation::{Citations, Sentence};
use crate::entity;
use crate::timeline::span;

/// Milliseconds below which two clocks go alike: mail and sessions take as long to be recorded.
const AHEAD_MS_MIN: u64 = 30_000;
/// The difference is so many times what differences differ by.
const OF_SPREAD: u64 = 3;
/// What records of the network's sensor are known by.
const SENSOR: &str = "zeek";

/// A host's clock goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Skew {
    /// The host, as [`entity::host`] has it.
    pub host: String,
    /// The host whose clock it is held against.
    pub against: String,
    /// By how many milliseconds it is ahead; behind, if negative.
    pub ahead_ms: i64,
    /// As a sentence.
    pub what: Sentence,
}

/// Of all pairs of hosts whose clocks differ, by the host whose clock is wrong.
pub(crate) fn skews<'r>(records: impl Iterator<Item = (u64, &'r Clocked)>) -> Vec<Skew> {
    let apart: Vec<(u64, &Clocked)> = records.filter(|(_, c)| is_apart(c)).collect();
    // Who differs from several is wrong rather than each of them.
    let mut differs: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, c) in &apart {
        *differs.entry(&c.host).or_default() += 1;
        *differs.entry(&c.against).or_default() += 1;
    }
    // The sensor is right, as all hosts are held against it; else who is ahead is named.
    let weight = |name: &str| if name == SENSOR { 0 } else { differs[name] };
    let skew = |(index, c): &(u64, &Clocked)| {
        let (a, b) = (weight(&c.host), weight(&c.against));
        let first = a > b || (a == b && c.ahead_ms >= 0);
        let (host, against, ahead_ms) = match first {
            true => (&c.host, &c.against, c.ahead_ms),
            false => (&c.against, &c.host, -c.ahead_ms),
        };
        let (host, against) = (entity::host(host), entity::host(against));
        let what = Sentence::new(sentence(c, &host, &against, ahead_ms), Citations::one(*index));
        Skew { host, against, ahead_ms, what }
    };
    let mut skews: Vec<Skew> = apart.iter().map(skew).collect();
    skews.sort_by(|a, b| (&a.host, &a.against).cmp(&(&b.host, &b.against)));
    skews
}

fn is_apart(c: &Clocked) -> bool {
    let ahead = c.ahead_ms.unsigned_abs();
    ahead >= AHEAD_MS_MIN && ahead >= OF_SPREAD.saturating_mul(c.spread_ms.unsigned_abs())
}

fn sentence(c: &Clocked, host: &str, against: &str, ahead_ms: i64) -> String {
    let seconds = (ahead_ms.unsigned_abs() + 500) / 1000;
    let about = span(seconds as i64);
    let shown = if seconds < 120 { about } else { format!("{seconds} s ({about})") };
    let word = if ahead_ms >= 0 { "ahead of" } else { "behind" };
    let of =
        if against == SENSOR { "the network sensor's".to_owned() } else { format!("{against}'s") };
    format!(
        "{host}'s clock is {shown} {word} {of}, by {} {} that both recorded; half of these agree to {} ms.",
        c.pairs, c.things, c.spread_ms
    )
}
