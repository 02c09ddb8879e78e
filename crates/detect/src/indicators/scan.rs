//! One thread's scanner for indicators: which row of a batch met which.
//!
//! Each distinct value is asked once a batch, and values that had nothing are remembered across
//! batches by their hash, which is another in each process and of 64 bits: that two values of a hunt
//! share one is less likely than that the machine errs.

use std::sync::Arc;

use blanik_model::batch::ABSENT;
use blanik_model::{
    Code, Column, EventBatch, Interest, Interests, Kind, SharedNames, Timestamp, Value,
};
use hashbrown::HashMap;

use super::canonical;
use super::fields::{FieldsOf, Holds, holds};
use super::finder::Finder;
use super::index::{Found, Index};
use super::pattern::{EventFields, Outcome, PatternIx};
use super::set::EntryIx;

/// Values remembered to have nothing: a power of two.
const NOTHING_IN: usize = 1 << 16;
/// Kinds whose fields are remembered.
const KINDS_MAX: usize = 4096;

/// A row met an indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Met {
    /// The row.
    pub row: u32,
    /// The indicator that stands first of its type and value.
    pub entry: EntryIx,
    /// The column whose value it is; `None` for a pattern.
    pub column: Option<u32>,
    /// True if only a part of a pattern was met.
    pub partial: bool,
}

/// See the module.
pub struct IndicatorScanner {
    index: Arc<Index>,
    finder: Finder,
    nothing_in: Box<[u64]>,
    kinds: HashMap<Arc<Kind>, HashMap<Arc<str>, Option<Holds>>>,
    found: Vec<Found>,
    by_code: Vec<(Code, Found)>,
}

impl IndicatorScanner {
    /// A scanner that has seen nothing yet.
    pub fn new(index: Arc<Index>) -> Self {
        IndicatorScanner {
            index,
            finder: Finder::default(),
            nothing_in: vec![0; NOTHING_IN].into(),
            kinds: HashMap::new(),
            found: Vec::new(),
            by_code: Vec::new(),
        }
    }

    /// The indicators it scans for.
    pub fn index(&self) -> &Arc<Index> {
        &self.index
    }

    /// Adds what rows of the batch met, ascending, each once. Of patterns only that a value of theirs was
    /// met: [`confirm`](Self::confirm) says whether the event meets them.
    pub fn scan(
        &mut self,
        batch: &EventBatch,
        met: &mut Vec<Met>,
        asked: &mut Vec<(u32, PatternIx)>,
    ) {
        let start = met.len();
        let mut paths = Vec::new();
        let columns = self.columns(batch);
        for &(at, of) in &columns {
            let column = &batch.columns()[at];
            self.values(column, of);
            if self.by_code.is_empty() {
                continue;
            }
            for (row, code) in column.codes().iter().enumerate().filter(|(_, c)| **c != ABSENT) {
                let from = self.by_code.partition_point(|(of, _)| of < code);
                let own = self.by_code[from..].iter().take_while(|(of, _)| of == code);
                for (_, found) in own {
                    let (row, column) = (row as u32, Some(at as u32));
                    match *found {
                        Found::Indicator(entry) => {
                            met.push(Met { row, entry, column, partial: false });
                        }
                        Found::PathOf(entry) => {
                            paths.push(Met { row, entry, column, partial: false })
                        }
                        Found::Trigger(pattern) => asked.push((row, pattern)),
                    }
                }
            }
        }
        met.extend(paths.into_iter().filter(|met| self.has_host(batch, &columns, *met)));
        met[start..].sort_unstable();
        for &pattern in self.index.always() {
            asked.extend((0..batch.len() as u32).map(|row| (row, pattern)));
        }
        asked.sort_unstable();
        asked.dedup();
    }

    /// The columns that hold something, and what.
    fn columns(&mut self, batch: &EventBatch) -> Vec<(usize, Holds)> {
        if self.kinds.len() >= KINDS_MAX && !self.kinds.contains_key(batch.kind()) {
            self.kinds.clear();
        }
        let names = self.kinds.entry(Arc::clone(batch.kind())).or_default();
        let mut columns = Vec::new();
        for (at, column) in batch.columns().iter().enumerate() {
            let of = match names.get(column.name()) {
                Some(known) => *known,
                None => {
                    let of = holds(batch.kind(), column.name()).filter(|of| self.index.asks(*of));
                    if names.len() < KINDS_MAX {
                        names.insert(Arc::clone(column.name()), of);
                    }
                    of
                }
            };
            columns.extend(of.map(|of| (at, of)));
        }
        columns
    }

    /// Asks for each distinct value of the column what it has.
    fn values(&mut self, column: &Column, of: Holds) {
        self.by_code.clear();
        let dictionary = column.dictionary();
        let salt = (of as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        for code in 0..dictionary.len() as Code {
            let hash = dictionary.hash(code) ^ salt;
            let slot = &mut self.nothing_in[hash as usize & (NOTHING_IN - 1)];
            if *slot == hash {
                continue;
            }
            self.found.clear();
            self.finder.find(&self.index, of, dictionary.get(code), &mut self.found);
            if self.found.is_empty() {
                *slot = hash;
            }
            self.by_code.extend(self.found.iter().map(|found| (code, *found)));
        }
    }

    /// True if a field of the row says the host of the URL whose path was met.
    fn has_host(&self, batch: &EventBatch, columns: &[(usize, Holds)], met: Met) -> bool {
        let host = canonical::url_host(self.index.set().value(met.entry));
        let endpoints = columns.iter().filter(|(_, of)| *of == Holds::Endpoint);
        endpoints.into_iter().any(|(at, _)| {
            let value = batch.columns()[*at].value(met.row as usize);
            value.is_some_and(|value| {
                value.scalars().any(|value| {
                    let text = value.text.trim_end_matches('.');
                    let name = match text.rsplit_once(':') {
                        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
                        _ => text,
                    };
                    name.eq_ignore_ascii_case(host)
                })
            })
        })
    }

    /// What the event, with all its fields, is to a pattern.
    pub fn confirm(&self, pattern: PatternIx, batch: &EventBatch, row: usize) -> Option<Met> {
        let known = self.index.pattern(pattern);
        let outcome = known.pattern.meets(&RowFields { batch, row });
        let partial = outcome == Outcome::Part;
        (outcome != Outcome::No).then_some(Met {
            row: row as u32,
            entry: known.entry,
            column: None,
            partial,
        })
    }

    /// Of a pattern that needs several events: calls with each of its observations that holds of this one.
    pub fn observations(
        &self,
        pattern: PatternIx,
        batch: &EventBatch,
        row: usize,
        f: &mut dyn FnMut(u32),
    ) {
        let known = &self.index.pattern(pattern).pattern;
        if known.needs_several() {
            known.observations_of(&RowFields { batch, row }, f);
        }
    }
}

struct RowFields<'b> {
    batch: &'b EventBatch,
    row: usize,
}

impl EventFields for RowFields<'_> {
    fn each(&self, f: &mut dyn FnMut(&str, Option<Holds>, Value<'_>)) {
        for (name, value) in self.batch.fields(self.row) {
            f(name, holds(self.batch.kind(), name), value);
        }
    }

    fn time(&self) -> Option<Timestamp> {
        self.batch.rows()[self.row].time
    }
}

/// What rules ask of events, and the fields that indicators are about.
pub struct WithIndicators {
    rules: Arc<dyn Interests>,
    index: Arc<Index>,
}

impl WithIndicators {
    /// What these rules and these indicators ask.
    pub fn new(rules: Arc<dyn Interests>, index: Arc<Index>) -> Self {
        WithIndicators { rules, index }
    }
}

impl Interests for WithIndicators {
    fn of(&self, kind: &Kind) -> Interest {
        // A pattern that must be asked of every event needs all fields.
        if !self.index.always().is_empty() || kind.is_generic() {
            return Interest::All;
        }
        match self.rules.of(kind) {
            Interest::All => Interest::All,
            Interest::Fields { names, rest, also: _ } => Interest::Fields {
                names,
                rest,
                also: Some(SharedNames(Arc::new(FieldsOf::new(
                    kind.clone(),
                    Arc::clone(&self.index),
                )))),
            },
        }
    }
}
