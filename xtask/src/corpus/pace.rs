//! New values at the measured rate, at every size: of a hundred megabytes as of ten gigabytes.
//!
//! For each field it knows from the originals how many distinct values there are per occurrence. A value
//! is made new where the originals have a new one (first met, or first met in another round), unless the
//! field is ahead of its rate: then it keeps the variant it had, or another value of the same kind of
//! event stands in its place. A field that is behind gets new variants of whatever occurs next, so that
//! what occurs often is renewed often.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::draw;
use super::tally::{Already, Hashes, Rate};
use super::variant;

/// How far a field may be from its rate.
const AHEAD: f64 = 1.03;
const BEHIND: f64 = 0.98;
/// Values of a kind that may stand in for others.
const RECENT_MAX: usize = 64;
/// Fewer distinct values are no rate; which there are matters more.
const DUE_MIN: f64 = 20.0;
/// Variants tried before one is taken that another value has, too: there are only so many ports.
const TRIES_MAX: u32 = 16;

type ByHash<T> = HashMap<u64, T, BuildHasherDefault<Already>>;

#[derive(Clone, Copy, Debug)]
struct Met {
    variant: u32,
    round: u32,
}

#[derive(Debug, Default)]
struct Field {
    rate: f64,
    values: f64,
    /// The least digits of a fresh number.
    digits_min: usize,
    /// Hashes of what was written.
    written: Hashes,
    met: ByHash<Met>,
    recent: ByHash<Vec<Vec<u8>>>,
}

/// See the module.
#[derive(Debug)]
pub struct Pacer {
    seed: u64,
    fields: Vec<Field>,
}

impl Pacer {
    /// For fields with these rates, and the least digits that fresh numbers of them have.
    pub fn new(seed: u64, fields: impl Iterator<Item = (Rate, usize)>) -> Pacer {
        let field = |(rate, digits_min): (Rate, _)| Field {
            rate: rate.rate(),
            digits_min,
            ..Field::default()
        };
        Pacer { seed, fields: fields.map(field).collect() }
    }

    /// Writes what stands for `value` in this round behind `out`. `kind` tells events apart whose values
    /// should not stand for each other's; where its last bit differs, they never do.
    pub fn write(&mut self, field: usize, kind: u64, round: u32, value: &[u8], out: &mut Vec<u8>) {
        let field = &mut self.fields[field];
        field.values += 1.0;
        let hash = draw::hash(0, value);
        let met = field.met.get(&hash).copied();
        let due = field.rate * field.values;
        let distinct = field.written.len() as f64;
        let ahead = distinct + 1.0 > due * AHEAD + 1.0;
        let behind = distinct + 1.0 <= due * BEHIND;
        let first = match met {
            Some(met) if ahead || met.round == round && !behind => {
                variant::write(self.seed, value, met.variant, field.digits_min, out);
                return;
            }
            Some(met) => met.variant + 1,
            None => {
                if ahead && let Some(other) = field.other(kind, hash, due) {
                    out.extend_from_slice(other);
                    return;
                }
                0
            }
        };
        let from = out.len();
        let variant = field.fresh(self.seed, value, first, out);
        field.met.insert(hash, Met { variant, round });
        field.remember(kind, hash, &out[from..]);
    }
}

impl Field {
    /// Writes the first variant from `first` on that no value has yet; returns its number.
    fn fresh(&mut self, seed: u64, value: &[u8], first: u32, out: &mut Vec<u8>) -> u32 {
        let from = out.len();
        let mut number = first;
        loop {
            variant::write(seed, value, number, self.digits_min, out);
            let is_new = self.written.insert(draw::hash(0, &out[from..]));
            if is_new || number - first == TRIES_MAX {
                return number;
            }
            out.truncate(from);
            number += 1;
        }
    }

    /// A value of the same kind of event; of any, where so many are due that there is a rate to keep.
    fn other(&self, kind: u64, hash: u64, due: f64) -> Option<&[u8]> {
        let of_any = || self.recent.get(&(kind & 1)).filter(|_| due >= DUE_MIN);
        let recent = self.recent.get(&kind).or_else(of_any)?;
        recent.get((hash % recent.len().max(1) as u64) as usize).map(Vec::as_slice)
    }

    fn remember(&mut self, kind: u64, hash: u64, value: &[u8]) {
        for kind in [kind, kind & 1] {
            let recent = self.recent.entry(kind).or_default();
            if recent.len() < RECENT_MAX {
                recent.push(value.to_vec());
            } else {
                recent[(hash % RECENT_MAX as u64) as usize] = value.to_vec();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// Values as logs have them: a few often, many seldom.
    fn occurrences() -> impl Iterator<Item = String> {
        let mut draw = draw::Draw::of(3, b"", 0);
        (0..20_000).map(move |_| {
            let scale = 1 << draw.below(11);
            format!("C:\\\\dir\\\\program{}.exe", draw.below(scale))
        })
    }

    fn distinct_rate(rounds: u32, take: usize) -> (f64, f64) {
        let all: HashSet<String> = occurrences().collect();
        let rate = Rate { values: 20_000, distinct: all.len() as u64 };
        let mut pacer = Pacer::new(1, std::iter::once((rate, 5)));
        let (mut seen, mut count) = (HashSet::new(), 0);
        for round in 0..rounds {
            for value in occurrences().take(take) {
                let mut out = Vec::new();
                pacer.write(0, 0, round, value.as_bytes(), &mut out);
                seen.insert(out);
                count += 1;
            }
        }
        (rate.rate(), seen.len() as f64 / f64::from(count))
    }

    #[test]
    fn the_rate_is_kept_at_every_size() {
        for (rounds, take) in [(1, 2_000), (1, 20_000), (3, 20_000), (7, 5_000)] {
            let (original, here) = distinct_rate(rounds, take);
            assert!((here / original - 1.0).abs() < 0.1, "{rounds} × {take}: {original} {here}");
        }
    }
}
