//! What a scanner remembers: for each value seen, the predicates it meets.
//!
//! A memo belongs to a route and a target, so that kinds which the same rules are about share it.
//! Bounded: past its limit a memo forgets everything, which costs time and changes nothing.

use std::sync::Arc;

use blanik_model::{Dictionary, Value};
use hashbrown::HashMap;

use super::field_matcher::{FieldMatcher, Seen};
use super::plan::Route;
use crate::predicate::{PredicateId, Predicates, Target};

/// Text that one scanner's memos may hold together.
const MEMOS_BYTES_MAX: usize = 64 << 20;
/// Text that one memo may hold.
const MEMO_BYTES_MAX: usize = 4 << 20;
/// Values one memo may hold.
const MEMO_VALUES_MAX: usize = 1 << 16;
/// A longer value is not remembered: it hardly comes back.
const VALUE_BYTES_MAX: usize = 4 << 10;
/// Distinct sets of predicates kept.
const SETS_MAX: usize = 1 << 18;

/// Names an interned set of predicates; 0 is the empty one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HitSetId(u32);

/// The distinct sets of predicates that values met.
#[derive(Debug)]
pub struct HitSets {
    sets: Vec<Arc<[PredicateId]>>,
    ids: HashMap<Arc<[PredicateId]>, HitSetId>,
}

impl Default for HitSets {
    fn default() -> Self {
        let empty: Arc<[PredicateId]> = Arc::from([]);
        HitSets { sets: vec![Arc::clone(&empty)], ids: HashMap::from([(empty, HitSetId(0))]) }
    }
}

impl HitSets {
    /// The predicates of a set, ascending.
    pub fn get(&self, id: HitSetId) -> &[PredicateId] {
        &self.sets[id.0 as usize]
    }

    fn intern(&mut self, set: &[PredicateId]) -> HitSetId {
        if let Some(&id) = self.ids.get(set) {
            return id;
        }
        let id = HitSetId(self.sets.len() as u32);
        let set: Arc<[PredicateId]> = set.into();
        self.sets.push(Arc::clone(&set));
        self.ids.insert(set, id);
        id
    }
}

/// All memos of a scanner.
#[derive(Default)]
pub struct Memos {
    by_target: HashMap<(usize, Target), Memo>,
}

impl Memos {
    /// Called between batches: forgets if too much is held. Set ids given out before are void then.
    pub fn make_room(&mut self, sets: &mut HitSets) {
        let held: usize = self.by_target.values().map(|m| m.dictionary.text_len()).sum();
        if held > MEMOS_BYTES_MAX || sets.sets.len() > SETS_MAX {
            self.by_target.clear();
            *sets = HitSets::default();
        }
    }

    /// The memo of a route and a target.
    pub fn get(&mut self, route: &Route, target: Target) -> &mut Memo {
        self.by_target.entry((route.number(), target)).or_default()
    }
}

/// See the module.
#[derive(Default)]
pub struct Memo {
    dictionary: Dictionary,
    hits: Vec<HitSetId>,
    seen: Seen,
    found: Vec<PredicateId>,
}

impl Memo {
    /// The predicates that hold for the value.
    pub fn hits(
        &mut self,
        value: Value<'_>,
        matcher: &FieldMatcher,
        predicates: &Predicates,
        sets: &mut HitSets,
    ) -> HitSetId {
        if value.text.len() > VALUE_BYTES_MAX {
            matcher.hits(value, predicates, &mut self.seen, &mut self.found);
            return sets.intern(&self.found);
        }
        let full =
            self.dictionary.text_len() > MEMO_BYTES_MAX || self.hits.len() >= MEMO_VALUES_MAX;
        if full {
            self.dictionary = Dictionary::default();
            self.hits.clear();
        }
        let code = self.dictionary.intern(value) as usize;
        if code == self.hits.len() {
            matcher.hits(value, predicates, &mut self.seen, &mut self.found);
            self.hits.push(sets.intern(&self.found));
        }
        self.hits[code]
    }
}
