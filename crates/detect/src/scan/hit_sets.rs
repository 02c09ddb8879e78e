//! The distinct sets of predicates that values met, numbered.
//!
//! A few thousand sets say it all for millions of values.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::predicate::PredicateId;

/// Bytes of sets after which a scanner forgets them, and every memo that names them.
pub const SETS_BYTES_MAX: usize = 4 << 20;

/// Names a set of a scanner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HitSetId(pub u32);

impl HitSetId {
    /// The empty set.
    pub const EMPTY: HitSetId = HitSetId(0);
}

/// See the module.
#[derive(Debug)]
pub struct HitSets {
    predicates: Vec<PredicateId>,
    ends: Vec<u32>,
    hashes: Vec<u64>,
    // Seeded, so that a log cannot be written to collide; nothing depends on its order.
    hasher: DefaultHashBuilder,
    table: HashTable<HitSetId>,
}

impl Default for HitSets {
    fn default() -> Self {
        let mut sets = HitSets {
            predicates: Vec::new(),
            ends: Vec::new(),
            hashes: Vec::new(),
            hasher: DefaultHashBuilder::default(),
            table: HashTable::new(),
        };
        let empty = sets.intern(&[]);
        debug_assert_eq!(empty, HitSetId::EMPTY);
        sets
    }
}

impl HitSets {
    /// The predicates of a set, ascending.
    pub fn get(&self, id: HitSetId) -> &[PredicateId] {
        let i = id.0 as usize;
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        &self.predicates[start as usize..self.ends[i] as usize]
    }

    /// The name of a set, ascending, new or known.
    pub fn intern(&mut self, set: &[PredicateId]) -> HitSetId {
        let hash = self.hasher.hash_one(set);
        let same = |id: &HitSetId| self.hashes[id.0 as usize] == hash && self.get(*id) == set;
        if let Some(id) = self.table.find(hash, same) {
            return *id;
        }
        let id = HitSetId(self.ends.len() as u32);
        self.predicates.extend_from_slice(set);
        self.ends.push(u32::try_from(self.predicates.len()).expect("sets are bounded"));
        self.hashes.push(hash);
        let hashes = &self.hashes;
        self.table.insert_unique(hash, id, |id| hashes[id.0 as usize]);
        id
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        4 * self.predicates.capacity() + 18 * self.ends.capacity()
    }
}
