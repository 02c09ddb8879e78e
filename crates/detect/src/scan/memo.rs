//! What a scanner remembers: for each value seen, the predicates it meets.
//!
//! A memo belongs to a target, so that all kinds share it. It has two generations: what is asked for
//! moves to the younger one, and when that is full the older is dropped. So memory is bounded, and what
//! keeps coming back stays. Where hardly any value comes back, a memo stops writing for a while.

use blanik_model::{Type, Value};
use hashbrown::{HashMap, HashTable};

use super::hit_sets::HitSetId;

/// Bytes that one scanner's memos may hold together.
pub const MEMOS_BYTES_MAX: usize = 18 << 20;
/// Bytes that one generation of one memo may hold.
const GENERATION_BYTES_MAX: usize = 2 << 20;
/// A longer value is not remembered: it hardly comes back.
const VALUE_BYTES_MAX: usize = 4 << 10;
/// So many look-ups tell whether values come back.
const TRIAL: u32 = 4096;
/// If not one in so many did, the memo rests …
const WORTH: u32 = 32;
/// … for so many look-ups.
const REST: u32 = 32_768;

/// All memos of a scanner.
pub struct Memos<K> {
    by_target: HashMap<K, Memo>,
    // Bytes held, but for what the memo handed out last has grown by since.
    held: usize,
    last: Option<(K, usize)>,
}

impl<K> Default for Memos<K> {
    fn default() -> Self {
        Memos { by_target: HashMap::new(), held: 0, last: None }
    }
}

impl<K: Copy + Eq + std::hash::Hash> Memos<K> {
    /// The memo of a target. If too much is held, older generations are dropped before.
    pub fn get(&mut self, target: K) -> &mut Memo {
        self.settle();
        if self.held > MEMOS_BYTES_MAX {
            self.by_target.values_mut().for_each(Memo::age);
            self.held = self.by_target.values().map(Memo::memory).sum();
        }
        if self.held > MEMOS_BYTES_MAX {
            self.clear();
        }
        let memo = self.by_target.entry(target).or_default();
        self.last = Some((target, memo.memory()));
        memo
    }

    fn settle(&mut self) {
        if let Some((target, before)) = self.last.take() {
            let now = self.by_target.get(&target).map_or(0, Memo::memory);
            self.held = self.held + now - before;
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Memos::default();
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.by_target.values().map(Memo::memory).sum()
    }
}

/// See the module.
#[derive(Default)]
pub struct Memo {
    young: Generation,
    old: Generation,
    asked: u32,
    known: u32,
    resting: u32,
}

impl Memo {
    /// What was remembered of a value. `hash` is its [hash](blanik_model::Dictionary::hash).
    pub fn recall(&mut self, hash: u64, value: Value<'_>) -> Option<HitSetId> {
        self.take_stock();
        let set = match self.young.find(hash, value) {
            Some(set) => set,
            None => {
                let set = self.old.find(hash, value)?;
                self.write(hash, value, set);
                set
            }
        };
        if self.resting == 0 {
            self.known += 1;
        }
        Some(set)
    }

    /// Remembers a value that was not remembered, unless it is too long or the memo rests.
    pub fn remember(&mut self, hash: u64, value: Value<'_>, set: HitSetId) {
        if value.text.len() <= VALUE_BYTES_MAX && self.resting == 0 {
            self.write(hash, value, set);
        }
    }

    fn write(&mut self, hash: u64, value: Value<'_>, set: HitSetId) {
        if self.young.memory() + value.text.len() > GENERATION_BYTES_MAX {
            self.age();
        }
        self.young.insert(hash, value, set);
    }

    fn age(&mut self) {
        self.old = std::mem::take(&mut self.young);
    }

    fn take_stock(&mut self) {
        if self.resting > 0 {
            self.resting -= 1;
            return;
        }
        if self.asked == TRIAL {
            if self.known < TRIAL / WORTH {
                self.resting = REST;
            }
            (self.asked, self.known) = (0, 0);
        }
        self.asked += 1;
    }

    fn memory(&self) -> usize {
        self.young.memory() + self.old.memory()
    }
}

#[derive(Default)]
struct Generation {
    text: String,
    entries: Vec<Entry>,
    table: HashTable<u32>,
}

#[derive(Clone, Copy)]
struct Entry {
    hash: u64,
    end: u32,
    set: HitSetId,
    ty: Type,
}

impl Generation {
    fn find(&self, hash: u64, value: Value<'_>) -> Option<HitSetId> {
        let same = |i: &u32| {
            let entry = &self.entries[*i as usize];
            entry.hash == hash && entry.ty == value.ty && self.text(*i) == value.text
        };
        self.table.find(hash, same).map(|i| self.entries[*i as usize].set)
    }

    fn insert(&mut self, hash: u64, value: Value<'_>, set: HitSetId) {
        let i = self.entries.len() as u32;
        self.text.push_str(value.text);
        self.entries.push(Entry { hash, end: self.text.len() as u32, set, ty: value.ty });
        let entries = &self.entries;
        self.table.insert_unique(hash, i, |i| entries[*i as usize].hash);
    }

    fn text(&self, i: u32) -> &str {
        let start = if i == 0 { 0 } else { self.entries[i as usize - 1].end };
        &self.text[start as usize..self.entries[i as usize].end as usize]
    }

    fn memory(&self) -> usize {
        // A place in the table and its tag, at seven eighths of fullness.
        self.text.capacity()
            + self.entries.capacity() * size_of::<Entry>()
            + self.table.capacity() * 6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u64) -> u64 {
        n.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    /// Asks for a value; remembers it if it was not.
    fn ask(memos: &mut Memos<u32>, target: u32, n: u64, text: &str) -> bool {
        let memo = memos.get(target);
        let known = memo.recall(hash(n), Value::string(text));
        if known.is_none() {
            memo.remember(hash(n), Value::string(text), HitSetId::EMPTY);
        }
        known.is_some()
    }

    #[test]
    fn millions_of_values_are_held_within_the_bound_and_what_comes_back_stays() {
        let mut memos = Memos::default();
        let mut forgotten = 0;
        for n in 0..2_000_000u64 {
            let target = (n % 40) as u32;
            if n % 2 == 0 {
                let n = n % 1000;
                forgotten += u64::from(!ask(&mut memos, target, n, &format!("common value {n}")));
            } else {
                assert!(!ask(&mut memos, target, n, &format!("value number {n}, never seen")));
            }
            if n % 1000 == 0 {
                assert_eq!(memos.held + memos.by_target[&target].memory(), {
                    let (_, before) = memos.last.expect("asked before");
                    memos.memory() + before
                });
                assert!(memos.memory() < MEMOS_BYTES_MAX + 3 * GENERATION_BYTES_MAX);
            }
        }
        assert!(forgotten < 10_000, "{forgotten}");
    }

    #[test]
    fn a_hash_alone_is_no_value() {
        let mut memo = Memo::default();
        memo.remember(7, Value::string("1"), HitSetId::EMPTY);
        assert_eq!(memo.recall(7, Value::string("1")), Some(HitSetId::EMPTY));
        assert_eq!(memo.recall(7, Value::string("2")), None);
        assert_eq!(memo.recall(7, Value::number("1")), None);
    }

    #[test]
    fn where_nothing_comes_back_nothing_is_written() {
        let mut memo = Memo::default();
        let mut n = 0;
        let mut new = |memo: &mut Memo, count: u32| {
            for _ in 0..count {
                n += 1;
                let text = n.to_string();
                assert_eq!(memo.recall(hash(n), Value::string(&text)), None);
                memo.remember(hash(n), Value::string(&text), HitSetId::EMPTY);
            }
        };
        new(&mut memo, TRIAL + 1);
        let held = memo.memory();
        new(&mut memo, REST - 10);
        assert_eq!(memo.memory(), held);
        new(&mut memo, 2000);
        assert!(memo.young.entries.len() > TRIAL as usize + 1000);
    }
}
