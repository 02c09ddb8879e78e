//! Names that are kept, where there may be too many: a sample that depends on nothing but the names.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

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
        let is_full = self.by_digest.len() >= self.max;
        let own = is_full.then(|| digest(&key));
        // What ranks behind all that are kept is none of them: of a large log, one number tells that of most rows.
        if own.zip(self.by_digest.last()).is_some_and(|(own, (last, _))| own > *last) {
            return None;
        }
        if !self.values.contains_key(&key) {
            let ranked = (own.unwrap_or_else(|| digest(&key)), key.clone());
            if is_full {
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

/// FNV-1a of how a name is written: the same everywhere, and a name made to be kept harms nobody.
fn digest(name: &impl std::fmt::Debug) -> u64 {
    struct Fnv(u64);
    impl Write for Fnv {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            for byte in text.bytes() {
                self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
            Ok(())
        }
    }
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    write!(hash, "{name:?}").expect("a hash takes every text");
    hash.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_depends_on_the_names_alone() {
        let names: Vec<String> = (0..200).map(|n| format!("name {n}")).collect();
        let kept = |names: &mut dyn Iterator<Item = &String>| {
            let mut kept = Kept::new(20);
            for name in names {
                if let Some(n) = kept.entry(name.clone(), || 0) {
                    *n += 1;
                }
            }
            kept.values
        };
        let forwards = kept(&mut names.iter().chain(&names));
        let backwards = kept(&mut names.iter().rev().chain(names.iter().rev()));
        let mut ranked: Vec<&String> = names.iter().collect();
        ranked.sort_by_key(digest);
        let smallest: BTreeSet<&String> = ranked[..20].iter().copied().collect();
        assert_eq!(forwards.keys().collect::<BTreeSet<_>>(), smallest);
        assert_eq!(backwards.keys().collect::<BTreeSet<_>>(), smallest);
        assert!(forwards.values().all(|n| *n == 2) && backwards == forwards);
    }
}
