//! Names that are kept, where there may be too many: a sample that depends on nothing but the names.

use std::collections::{BTreeMap, BTreeSet};

/// Names and values that are kept: the `max` of smallest digest.
#[derive(Clone, Debug)]
pub(super) struct Kept<K: Ord, V> {
    max: usize,
    by_digest: BTreeSet<(u64, K)>,
    pub(super) values: BTreeMap<K, V>,
}

impl<K: Ord + Clone + std::fmt::Debug, V> Kept<K, V> {
    pub(super) fn new(max: usize) -> Self {
        Kept { max, by_digest: BTreeSet::new(), values: BTreeMap::new() }
    }

    /// The value of that name; `None` if it is beyond what is kept.
    pub(super) fn entry(&mut self, key: K, new: impl FnOnce() -> V) -> Option<&mut V> {
        if !self.values.contains_key(&key) {
            let ranked = (digest(&format!("{key:?}")), key.clone());
            if self.by_digest.len() >= self.max {
                if self.by_digest.last().is_some_and(|last| ranked > *last) {
                    return None;
                }
                if let Some((_, out)) = self.by_digest.pop_last() {
                    self.values.remove(&out);
                }
            }
            self.by_digest.insert(ranked);
            self.values.insert(key.clone(), new());
        }
        self.values.get_mut(&key)
    }
}

/// FNV-1a: the same everywhere, and a name made to be kept harms nobody.
fn digest(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}
