//! Maps from names to what a table says of them, made for speed.
//!
//! Every field of every event is looked up here. The keys come from the embedded tables alone, so
//! nobody can make them collide, and the hash need not be keyed.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, PoisonError};

/// A map whose keys come from the embedded tables.
pub(crate) type NameMap<V> = HashMap<Box<str>, V, BuildHasherDefault<NameHasher>>;

/// A name that a table looks for in records, with its hash made beforehand: most names of a record
/// are told from it by one comparison of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The name.
    pub name: &'static str,
    /// Its [`hash`].
    pub hash: u32,
}

impl From<&'static str> for Key {
    fn from(name: &'static str) -> Self {
        Key { name, hash: hash(name) }
    }
}

/// Keeps a text until the program ends, each once: what a user maps is looked up like the tables, whose
/// texts are part of the program.
pub(crate) fn forever(text: &str) -> &'static str {
    static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = kept.get(text) {
        return known;
    }
    let text: &'static str = Box::leak(text.into());
    kept.insert(text);
    text
}

/// Hash of a name.
pub(crate) fn hash(name: &str) -> u32 {
    let mut hasher = NameHasher::default();
    hasher.write(name.as_bytes());
    hasher.finish() as u32
}

/// Multiplies and rotates, eight bytes at a time.
#[derive(Clone, Default)]
pub(crate) struct NameHasher(u64);

impl NameHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            self.add(u64::from_le_bytes(word.try_into().expect("eight bytes")));
        }
        let mut last = [0; 8];
        let rest = words.remainder();
        last[..rest.len()].copy_from_slice(rest);
        self.add(u64::from_le_bytes(last) ^ ((bytes.len() as u64) << 56));
    }

    fn write_u8(&mut self, _: u8) {
        // The end mark of a string; the length is mixed in above.
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}
