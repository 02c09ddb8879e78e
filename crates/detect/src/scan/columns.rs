//! What is known of a batch being scanned: which predicates each distinct value meets, and from that,
//! which rows meet a predicate.

use blanik_model::EventBatch;
use blanik_model::batch::ABSENT;
use hashbrown::HashMap;

use super::bitmap::Bitmap;
use super::hit_sets::HitSetId;
use crate::predicate::FieldId;

/// See the module. Kept from batch to batch for its memory.
#[derive(Default)]
pub struct Columns {
    columns: Vec<ColumnHits>,
    used: usize,
    // A field's name stands for at most one column of a batch.
    by_field: HashMap<FieldId, usize>,
    slots: Slots,
}

/// For one column: the distinct sets of predicates that its values meet.
#[derive(Default)]
pub struct ColumnHits {
    column: usize,
    sets: Vec<HitSetId>,
    // By code: index into `sets`.
    slots: Vec<u32>,
    // Rows by slot, those that lack the field last: `rows[starts[i]..starts[i + 1]]`. Made when first
    // asked for.
    starts: Vec<u32>,
    rows: Vec<u32>,
}

/// By set: the slot that the column at hand gave it.
#[derive(Default)]
struct Slots {
    round: u32,
    slots: Vec<(u32, u32)>,
}

impl Columns {
    /// Forgets the last batch.
    pub fn begin(&mut self) {
        self.used = 0;
        self.by_field.clear();
    }

    /// Takes note of a column of the batch: of each of its codes, the set of predicates its value meets.
    pub fn add(&mut self, field: FieldId, column: usize, sets: impl Iterator<Item = HitSetId>) {
        if self.used == self.columns.len() {
            self.columns.push(ColumnHits::default());
        }
        let hits = &mut self.columns[self.used];
        self.by_field.insert(field, self.used);
        self.used += 1;
        hits.column = column;
        hits.sets.clear();
        hits.slots.clear();
        hits.starts.clear();
        self.slots.begin();
        hits.slots.extend(sets.map(|set| self.slots.of(set, &mut hits.sets)));
    }

    /// The distinct sets of predicates that values of the batch met, column by column, each with its
    /// slot there.
    pub fn sets(&self) -> impl Iterator<Item = (u32, HitSetId)> {
        let columns = self.columns[..self.used].iter();
        columns.flat_map(|c| (0..c.sets.len() as u32).zip(c.sets.iter().copied()))
    }

    /// Sets the rows whose value of the field has one of these slots, and if `absent`, those that lack
    /// the field. `bits` is empty before.
    pub fn rows(
        &mut self,
        field: FieldId,
        slots: impl Iterator<Item = u32>,
        absent: bool,
        batch: &EventBatch,
        bits: &mut Bitmap,
    ) {
        let Some(&i) = self.by_field.get(&field) else {
            if absent {
                bits.invert();
            }
            return;
        };
        let hits = &mut self.columns[i];
        hits.arrange(batch);
        let absent = absent.then_some(hits.sets.len());
        for slot in slots.map(|slot| slot as usize).chain(absent) {
            hits.rows_of(slot).iter().for_each(|row| bits.set(*row as usize));
        }
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        let column = |c: &ColumnHits| {
            4 * (c.sets.capacity() + c.slots.capacity() + c.starts.capacity() + c.rows.capacity())
        };
        self.columns.iter().map(column).sum::<usize>() + 8 * self.slots.slots.capacity()
    }
}

impl ColumnHits {
    /// Sorts the rows by slot.
    fn arrange(&mut self, batch: &EventBatch) {
        if !self.starts.is_empty() {
            return;
        }
        let absent = self.sets.len();
        let codes = batch.columns()[self.column].codes();
        let slot = |slots: &[u32], row: usize| match codes.get(row) {
            None | Some(&ABSENT) => absent,
            Some(&code) => slots[code as usize] as usize,
        };
        self.starts.resize(absent + 3, 0);
        for row in 0..batch.len() {
            self.starts[slot(&self.slots, row) + 2] += 1;
        }
        for i in 2..self.starts.len() {
            self.starts[i] += self.starts[i - 1];
        }
        self.rows.resize(batch.len(), 0);
        for row in 0..batch.len() {
            let next = &mut self.starts[slot(&self.slots, row) + 1];
            self.rows[*next as usize] = row as u32;
            *next += 1;
        }
    }

    fn rows_of(&self, slot: usize) -> &[u32] {
        &self.rows[self.starts[slot] as usize..self.starts[slot + 1] as usize]
    }
}

impl Slots {
    fn begin(&mut self) {
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.slots.fill((0, 0));
            self.round = 1;
        }
    }

    fn of(&mut self, set: HitSetId, sets: &mut Vec<HitSetId>) -> u32 {
        let i = set.0 as usize;
        if i >= self.slots.len() {
            self.slots.resize((i + 1).next_power_of_two(), (0, 0));
        }
        let (round, slot) = &mut self.slots[i];
        if *round != self.round {
            (*round, *slot) = (self.round, sets.len() as u32);
            sets.push(set);
        }
        *slot
    }
}
