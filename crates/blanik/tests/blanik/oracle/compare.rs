//! Our findings in a batch against the oracle's.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use blanik_detect::{RuleIx, Scanner};
use blanik_model::batch::ABSENT;
use blanik_model::{Column, EventBatch};

use super::theirs::{Desk, Oracle, Part, json};

/// Whose finding the other side does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Only we find it.
    Ours,
    /// Only `rsigma-eval` does.
    Theirs,
}

/// Events that only one side finds by a rule.
pub struct Difference {
    /// How many.
    pub events: u64,
    /// One of them.
    pub example: String,
}

/// What was compared.
#[derive(Default)]
pub struct Count {
    /// Events compared.
    pub events: u64,
    /// Different ones among them, in what rules ask for.
    pub distinct: u64,
    /// Events whose kind no rule names.
    pub unrouted: u64,
    /// Findings that both have.
    pub findings: u64,
    /// The rules of these.
    pub rules: BTreeSet<u32>,
    /// By rule id.
    pub differences: BTreeMap<(String, Side), Difference>,
}

impl Count {
    /// Adds up.
    pub fn add(&mut self, other: Count) {
        self.events += other.events;
        self.distinct += other.distinct;
        self.unrouted += other.unrouted;
        self.findings += other.findings;
        self.rules.extend(other.rules);
        for (key, difference) in other.differences {
            match self.differences.get_mut(&key) {
                Some(known) => known.events += difference.events,
                None => drop(self.differences.insert(key, difference)),
            }
        }
    }
}

/// One thread's.
pub struct Comparer<'o> {
    oracle: &'o Oracle,
    scanner: Scanner,
    count: Count,
}

impl<'o> Comparer<'o> {
    /// One that has compared nothing.
    pub fn new(oracle: &'o Oracle) -> Self {
        let scanner = Scanner::new(Arc::clone(&oracle.rules));
        Comparer { oracle, scanner, count: Count::default() }
    }

    /// What it counted.
    pub fn finish(self) -> Count {
        self.count
    }

    /// Compares the findings in a batch.
    pub fn compare(&mut self, batch: &EventBatch) {
        let desk = self.oracle.desk(batch.kind());
        let mut ours: Vec<BTreeSet<u32>> = vec![BTreeSet::new(); batch.len()];
        self.scanner.scan(batch, |row, RuleIx(ix)| {
            if desk.rules.contains(&ix) {
                ours[row].insert(ix);
            }
        });
        if desk.parts.is_empty() {
            self.count.unrouted += batch.len() as u64;
            return;
        }
        let keys: Vec<Vec<u128>> = desk.parts.iter().map(|part| keys(batch, part)).collect();
        for (row, ours) in ours.iter().enumerate() {
            let theirs = self.theirs(&desk, &keys, batch, row);
            self.settle(batch, row, ours, &theirs);
        }
    }

    fn theirs(
        &mut self,
        desk: &Desk,
        keys: &[Vec<u128>],
        batch: &EventBatch,
        row: usize,
    ) -> BTreeSet<u32> {
        let mut theirs = BTreeSet::new();
        let mut any_new = false;
        for (part, keys) in desk.parts.iter().zip(keys) {
            let (met, new) = part.answer(batch, row, keys[row]);
            theirs.extend(met.iter().copied());
            any_new |= new;
        }
        self.count.distinct += u64::from(any_new);
        theirs
    }

    fn settle(
        &mut self,
        batch: &EventBatch,
        row: usize,
        ours: &BTreeSet<u32>,
        theirs: &BTreeSet<u32>,
    ) {
        self.count.events += 1;
        self.count.findings += ours.intersection(theirs).count() as u64;
        self.count.rules.extend(ours.intersection(theirs));
        for (side, only) in [(Side::Ours, ours - theirs), (Side::Theirs, theirs - ours)] {
            for ix in only {
                let id = self.oracle.rules.get(RuleIx(ix)).id.clone();
                let difference = self
                    .count
                    .differences
                    .entry((id, side))
                    .or_insert_with(|| Difference { events: 0, example: shown(batch, row) });
                difference.events += 1;
            }
        }
    }
}

fn shown(batch: &EventBatch, row: usize) -> String {
    let fields: serde_json::Map<_, _> =
        batch.fields(row).map(|(name, value)| (name.to_string(), json(value))).collect();
    format!("{}: {}", batch.kind(), serde_json::Value::Object(fields))
}

/// For each row, a number that is alike for rows alike in what the part's rules ask for.
fn keys(batch: &EventBatch, part: &Part) -> Vec<u128> {
    let mut keys = vec![0u128; batch.len()];
    for column in batch.columns().iter().filter(|c| part.asks_for(c.name())) {
        let by_code: Vec<u128> = column.dictionary().iter().map(|v| hash(column, v)).collect();
        for (key, code) in keys.iter_mut().zip(column.codes()) {
            if *code != ABSENT {
                // Columns stand in another order in another batch: a sum does not mind.
                *key = key.wrapping_add(by_code[*code as usize]);
            }
        }
    }
    keys
}

fn hash(column: &Column, value: blanik_model::Value<'_>) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, column.name(), value).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    (half(0) << 64) | half(1)
}
