//! Names that are kept, where there may be too many: a sample that depends on nothing but the names.

use std::collections::BTreeMap;

use twox_hash::XxHash3_64;

/// Names of one digest that are kept: two is chance already, more is somebody's work.
const SAME_MAX: usize = 8;

/// A name as it is looked for, borrowed. What is kept owns its texts.
pub(super) trait Name: Copy {
    /// The name, kept.
    type Owned: Ord;

    /// The name, to be kept.
    fn owned(self) -> Self::Owned;

    /// True if this is the name that is kept.
    fn is(self, kept: &Self::Owned) -> bool;

    /// Writes what its digest is made of: as no other name is written.
    fn spell(self, to: &mut Spelling);
}

/// Names and values that are kept: the `max` of smallest digest; of one digest the first few.
#[derive(Clone, Debug)]
pub(super) struct Kept<K: Ord, V> {
    max: usize,
    // No greater digest is kept any more.
    digest_max: u64,
    count: usize,
    // By digest, names that share one in their order: hardly ever more than one. What is passed on the way to a name is
    // numbers alone, and a name is copied only to be kept.
    values: BTreeMap<u64, Vec<(K, V)>>,
    spelling: Spelling,
}

impl<K: Ord, V> Kept<K, V> {
    pub(super) fn new(max: usize) -> Self {
        Kept {
            max,
            digest_max: u64::MAX,
            count: 0,
            values: BTreeMap::new(),
            spelling: Spelling::default(),
        }
    }

    /// The value of that name; `None` if it is beyond what is kept. Of a large log, one number tells that of most
    /// names, before a name is copied or compared with another.
    pub(super) fn entry<N: Name<Owned = K>>(
        &mut self,
        name: N,
        new: impl FnOnce() -> V,
    ) -> Option<&mut V> {
        let digest = self.spelling.digest(name);
        if digest > self.digest_max {
            return None;
        }
        let known = self.values.get(&digest);
        match known.and_then(|same| same.iter().position(|(kept, _)| name.is(kept))) {
            Some(at) => Some(&mut self.values.get_mut(&digest)?[at].1),
            None => self.add((digest, name.owned()), new),
        }
    }

    /// The same of a name that another kept, with its digest.
    pub(super) fn ranked(
        &mut self,
        (digest, name): (u64, K),
        new: impl FnOnce() -> V,
    ) -> Option<&mut V> {
        if digest > self.digest_max {
            return None;
        }
        let known = self.values.get(&digest);
        match known.and_then(|same| same.binary_search_by(|(kept, _)| kept.cmp(&name)).ok()) {
            Some(at) => Some(&mut self.values.get_mut(&digest)?[at].1),
            None => self.add((digest, name), new),
        }
    }

    /// Keeps a name that is not there yet, in place of the last, if it comes before that.
    fn add(&mut self, (digest, name): (u64, K), new: impl FnOnce() -> V) -> Option<&mut V> {
        let is_full = |same: &Vec<(K, V)>| same.len() == SAME_MAX;
        if self.values.get(&digest).is_some_and(is_full) {
            let same = self.values.get_mut(&digest)?;
            same.pop_if(|(last, _)| name < *last)?;
            return Some(insert(same, name, new()));
        }
        if self.count >= self.max {
            let mut last = self.values.last_entry()?;
            if (digest, &name) > (*last.key(), &last.get().last()?.0) {
                self.digest_max = *last.key();
                return None;
            }
            last.get_mut().pop();
            if last.get().is_empty() {
                last.remove();
            }
            self.count -= 1;
            self.digest_max =
                self.values.last_key_value().map_or(digest, |(last, _)| digest.max(*last));
        }
        self.count += 1;
        Some(insert(self.values.entry(digest).or_default(), name, new()))
    }

    /// What is kept, in order of digests, which stand with the names.
    pub(super) fn into_ranked(self) -> impl Iterator<Item = ((u64, K), V)> {
        self.values.into_iter().flat_map(|(digest, same)| {
            same.into_iter().map(move |(name, value)| ((digest, name), value))
        })
    }

    /// The values, in no order that means anything.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.values.values().flatten().map(|(_, value)| value)
    }

    /// What is kept, in order of names.
    pub(super) fn into_sorted(self) -> Vec<(K, V)> {
        let mut all: Vec<(K, V)> = self.values.into_values().flatten().collect();
        all.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        all
    }
}

/// Where a name of that digest belongs among others.
fn insert<K: Ord, V>(same: &mut Vec<(K, V)>, name: K, value: V) -> &mut V {
    let at = same.partition_point(|(kept, _)| *kept < name);
    same.insert(at, (name, value));
    &mut same[at].1
}

/// How a name is written: its parts one behind the other, before each text how long it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Spelling(Vec<u8>);

impl Spelling {
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.number(text.len() as i64).0.extend_from_slice(text.as_bytes());
        self
    }

    /// A text that may not be there.
    pub(super) fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.number(-1),
        }
    }

    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    /// XXH3 of how a name is written: the same everywhere. Who writes into the logs can make names that push others out; the
    /// case then says how many records it does not list, and promises no upper bound.
    fn digest(&mut self, name: impl Name) -> u64 {
        self.0.clear();
        name.spell(self);
        XxHash3_64::oneshot(&self.0)
    }
}

impl Name for &str {
    type Owned = String;

    fn owned(self) -> String {
        self.to_owned()
    }

    fn is(self, kept: &String) -> bool {
        self == kept
    }

    fn spell(self, to: &mut Spelling) {
        to.text(self);
    }
}

impl Name for (&str, &str) {
    type Owned = (String, String);

    fn owned(self) -> (String, String) {
        (self.0.to_owned(), self.1.to_owned())
    }

    fn is(self, kept: &(String, String)) -> bool {
        self == (&kept.0, &kept.1)
    }

    fn spell(self, to: &mut Spelling) {
        to.text(self.0).text(self.1);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// That each of the names, all of which differ, is written as no other, and is itself alone.
    pub(in super::super) fn check_apart<N: Name>(names: &[N]) {
        let spelled = |name: &N| {
            let mut spelling = Spelling::default();
            name.spell(&mut spelling);
            spelling.0
        };
        for (i, a) in names.iter().enumerate() {
            for (j, b) in names.iter().enumerate() {
                assert_eq!(spelled(a) == spelled(b), i == j, "{i} and {j}");
                assert_eq!(a.is(&b.owned()), i == j, "{i} and {j}");
            }
        }
    }

    #[test]
    fn names_that_differ_are_written_differently() {
        check_apart(&["", "a", "\0", "ž"]);
        check_apart(&[("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", "")]);
    }

    /// Python's `xxhash.xxh3_64_intdigest((4).to_bytes(8, "little") + b"DC01")`: what is kept of a log may not
    /// depend on a library's version.
    #[test]
    fn a_digest_is_xxh3() {
        assert_eq!(Spelling::default().digest("DC01"), 0xaa06_77e5_f491_9dc4);
    }

    /// A name whose digest others have, too.
    #[derive(Clone, Copy)]
    struct OfFew(u64);

    impl Name for OfFew {
        type Owned = u64;

        fn owned(self) -> u64 {
            self.0
        }

        fn is(self, kept: &u64) -> bool {
            self.0 == *kept
        }

        fn spell(self, to: &mut Spelling) {
            to.number((self.0 % 3).cast_signed());
        }
    }

    #[test]
    fn names_of_one_digest_are_kept_in_their_order() {
        let mut kept = Kept::new(5);
        for name in [20, 4, 7, 2, 11, 1, 20, 8, 5, 0, 3, 17, 2, 6].map(OfFew) {
            if let Some(n) = kept.entry(name, || 0) {
                *n += 1;
            }
        }
        let mut ranked: Vec<u64> = vec![20, 4, 7, 2, 11, 1, 8, 5, 0, 3, 17, 6];
        ranked.sort_by_key(|n| (Spelling::default().digest(OfFew(*n)), *n));
        let names: Vec<u64> = kept.clone().into_ranked().map(|((_, name), _)| name).collect();
        assert_eq!(names, ranked[..5]);
        let mut merged = Kept::new(5);
        for (name, n) in kept.clone().into_ranked().chain(kept.clone().into_ranked()) {
            *merged.ranked(name, || 0).expect("kept before") += n;
        }
        let twice: Vec<(u64, i32)> = kept.into_sorted().iter().map(|(k, n)| (*k, 2 * n)).collect();
        assert_eq!(merged.into_sorted(), twice);
    }

    #[test]
    fn of_one_digest_no_more_than_a_few_are_kept() {
        let kept = |names: &mut dyn Iterator<Item = u64>| {
            let mut kept = Kept::new(100);
            for n in names {
                if let Some(of) = kept.entry(OfFew(n), || 0) {
                    *of += 1;
                }
            }
            kept.into_sorted()
        };
        let first: Vec<(u64, i32)> = (0..3 * SAME_MAX as u64).map(|n| (n, 1)).collect();
        assert_eq!(kept(&mut (0..90)), first);
        assert_eq!(kept(&mut (0..90).rev()), first);
    }

    #[test]
    fn what_is_kept_depends_on_the_names_alone() {
        let names: Vec<String> = (0..200).map(|n| format!("name {n}")).collect();
        let kept = |names: &mut dyn Iterator<Item = &String>| {
            let mut kept = Kept::new(20);
            for name in names {
                if let Some(n) = kept.entry(name.as_str(), || 0) {
                    *n += 1;
                }
            }
            kept.into_sorted()
        };
        let forwards = kept(&mut names.iter().chain(&names));
        let backwards = kept(&mut names.iter().rev().chain(names.iter().rev()));
        let mut ranked: Vec<&String> = names.iter().collect();
        ranked.sort_by_key(|name| Spelling::default().digest(name.as_str()));
        let smallest: BTreeSet<&String> = ranked[..20].iter().copied().collect();
        assert_eq!(forwards.iter().map(|(name, _)| name).collect::<BTreeSet<_>>(), smallest);
        assert!(forwards.iter().all(|(_, n)| *n == 2) && backwards == forwards);
    }
}
