//! Rules on bitmaps of rows.

use blanik_model::EventBatch;
use hashbrown::HashMap;

use super::bitmap::Bitmap;
use super::columns::Columns;
use super::hit_sets::{HitSetId, HitSets};
use crate::expr::Expr;
use crate::predicate::{Predicate, PredicateId, Predicates, Target};
use crate::reference::{self, BatchRow};

/// What was found out about a batch; kept from batch to batch for its memory.
#[derive(Default)]
pub struct Evaluation {
    /// Of the fields.
    pub columns: Columns,
    /// Of keywords: rows, and the predicates that one of their values meets.
    pub keyword_rows: Vec<(u32, HitSetId)>,
    /// Predicates that held somewhere and that rules are entered by.
    pub hit: Vec<PredicateId>,
    round: u32,
    // By predicate: the last round in which it held somewhere, and its first place.
    hit_in: Vec<(u32, u32)>,
    places: Vec<Place>,
    rows: HashMap<PredicateId, Bitmap>,
    spare: Vec<Bitmap>,
}

/// Where a predicate held: for a field's, the slot of its column; for keywords, the row.
#[derive(Clone, Copy)]
struct Place {
    at: u32,
    next: u32,
}

/// The end of a chain of places.
const END: u32 = u32::MAX;
/// Bitmaps kept for the next batch.
const SPARE_MAX: usize = 256;

/// What an expression is evaluated on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The batch.
    pub batch: &'a EventBatch,
    /// The rules' predicates.
    pub predicates: &'a Predicates,
}

impl Evaluation {
    /// Forgets the last batch.
    pub fn begin(&mut self, predicates: usize) {
        self.columns.begin();
        self.keyword_rows.clear();
        self.hit.clear();
        self.spare.extend(self.rows.drain().map(|(_, bits)| bits));
        self.spare.truncate(SPARE_MAX);
        self.places.clear();
        self.hit_in.resize(predicates, (0, END));
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.hit_in.fill((0, END));
            self.round = 1;
        }
    }

    /// Takes note of where predicates held, once all columns and keywords are known.
    pub fn note_hits(&mut self, sets: &HitSets, is_entry: impl Fn(PredicateId) -> bool) {
        let rows = self.keyword_rows.iter().map(|(row, set)| (*row, *set));
        for (at, set) in self.columns.sets().chain(rows) {
            for id in sets.get(set) {
                let (round, first) = &mut self.hit_in[id.0 as usize];
                if *round != self.round {
                    (*round, *first) = (self.round, END);
                    if is_entry(*id) {
                        self.hit.push(*id);
                    }
                }
                let next = std::mem::replace(first, self.places.len() as u32);
                self.places.push(Place { at, next });
            }
        }
    }

    /// True if the predicate held for a value of the batch.
    pub fn is_hit(&self, id: PredicateId) -> bool {
        self.hit_in[id.0 as usize].0 == self.round
    }

    /// Calls with the rows for which the expression holds, ascending.
    pub fn rows(&mut self, expr: &Expr, on: Ground<'_>, met: impl FnMut(usize)) {
        if self.cannot_hold(expr, on.predicates) {
            return;
        }
        let mut bits = self.bitmap(on.batch.len(), true);
        self.narrow(expr, &mut bits, on);
        bits.ones().for_each(met);
        self.spare.push(bits);
    }

    /// Keeps of the rows those for which the expression holds.
    fn narrow(&mut self, expr: &Expr, bits: &mut Bitmap, on: Ground<'_>) {
        match expr {
            Expr::Is(id) => self.narrow_to_predicate(*id, bits, on),
            Expr::Const(true) => {}
            Expr::Const(false) => bits.clear(),
            Expr::Not(part) => {
                if self.cannot_hold(part, on.predicates) {
                    return;
                }
                let mut held = self.copy_of(bits);
                self.narrow(part, &mut held, on);
                bits.and_not(&held);
                self.spare.push(held);
            }
            Expr::All(parts) => {
                if parts.iter().any(|p| self.cannot_hold(p, on.predicates)) {
                    return bits.clear();
                }
                for part in parts {
                    self.narrow(part, bits, on);
                    if bits.is_empty() {
                        return;
                    }
                }
            }
            Expr::Any(parts) => {
                let mut held = self.bitmap(on.batch.len(), false);
                for part in parts {
                    if !self.cannot_hold(part, on.predicates) {
                        let mut of_part = self.copy_of(bits);
                        self.narrow(part, &mut of_part, on);
                        held.or(&of_part);
                        self.spare.push(of_part);
                    }
                }
                self.spare.push(std::mem::replace(bits, held));
            }
            Expr::AtLeast(n, parts) => {
                let mut counts = vec![0usize; on.batch.len()];
                for part in parts {
                    let mut of_part = self.copy_of(bits);
                    self.narrow(part, &mut of_part, on);
                    of_part.ones().for_each(|row| counts[row] += 1);
                    self.spare.push(of_part);
                }
                bits.retain(|row| counts[row] >= *n);
            }
        }
    }

    fn narrow_to_predicate(&mut self, id: PredicateId, bits: &mut Bitmap, on: Ground<'_>) {
        let predicate = on.predicates.get(id);
        if predicate.test.needs_other_field() {
            let batch = on.batch;
            return bits
                .retain(|row| reference::holds(on.predicates, id, &BatchRow { batch, row }));
        }
        if let Some(rows) = self.rows.get(&id) {
            return bits.and(rows);
        }
        let mut rows = self.bitmap(on.batch.len(), false);
        self.find_rows(id, predicate, on, &mut rows);
        bits.and(&rows);
        self.rows.insert(id, rows);
    }

    /// Sets the rows for which a predicate that needs no other field holds.
    fn find_rows(
        &mut self,
        id: PredicateId,
        predicate: &Predicate,
        on: Ground<'_>,
        bits: &mut Bitmap,
    ) {
        let (round, first) = self.hit_in[id.0 as usize];
        let mut next = if round == self.round { first } else { END };
        let places = std::iter::from_fn(|| {
            let place = self.places.get(next as usize)?;
            next = place.next;
            Some(place.at)
        });
        match predicate.target {
            Target::Field(field) => {
                let absent = predicate.holds_for_absent();
                self.columns.rows(field, places, absent, on.batch, bits);
            }
            Target::Keywords => places.for_each(|row| bits.set(row as usize)),
        }
    }

    /// True if a predicate is asked for that no value of the batch meets.
    fn cannot_hold(&self, expr: &Expr, predicates: &Predicates) -> bool {
        match expr {
            Expr::Is(id) => {
                if self.is_hit(*id) {
                    return false;
                }
                let predicate = predicates.get(*id);
                !predicate.holds_for_absent() && !predicate.test.needs_other_field()
            }
            Expr::All(parts) => parts.iter().any(|p| self.cannot_hold(p, predicates)),
            Expr::Any(parts) => parts.iter().all(|p| self.cannot_hold(p, predicates)),
            Expr::Const(b) => !b,
            Expr::Not(_) | Expr::AtLeast(..) => false,
        }
    }

    fn bitmap(&mut self, len: usize, value: bool) -> Bitmap {
        let mut bits = self.spare.pop().unwrap_or_default();
        bits.reset(len, value);
        bits
    }

    fn copy_of(&mut self, bits: &Bitmap) -> Bitmap {
        let mut copy = self.spare.pop().unwrap_or_default();
        copy.clone_from(bits);
        copy
    }

    /// Bytes held, about.
    pub fn memory(&self) -> usize {
        let bitmaps = self.spare.iter().map(Bitmap::memory).sum::<usize>();
        let places = self.keyword_rows.capacity() + self.hit_in.len() + self.places.capacity();
        self.columns.memory() + 8 * places + bitmaps
    }
}
