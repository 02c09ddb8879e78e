//! Names that are kept, where there may be too many: a sample that depends on nothing but the names.

use std::collections::BTreeMap;

/// A name as it is looked for, borrowed. What is kept owns its texts.
pub(super) trait Name: Copy {
    /// The name, kept.
    type Owned: Ord;

    /// The name, to be kept.
    fn owned(self) -> Self::Owned;

    /// True if this is the name that is kept.
    fn is(self, kept: &Self::Owned) -> bool;

    /// Writes what its digest is made of: what `{:?}` writes of the name that is kept.
    fn spell(self, to: &mut impl Spelling);
}

/// Names and values that are kept: the `max` of smallest digest.
#[derive(Clone, Debug)]
pub(super) struct Kept<K: Ord, V> {
    max: usize,
    // No greater digest is kept any more.
    digest_max: u64,
    count: usize,
    // By digest, names that share one in their order: hardly ever more than one. What is passed on the way to a name is
    // numbers alone, and a name is copied only to be kept.
    values: BTreeMap<u64, Vec<(K, V)>>,
}

impl<K: Ord, V> Kept<K, V> {
    pub(super) fn new(max: usize) -> Self {
        Kept { max, digest_max: u64::MAX, count: 0, values: BTreeMap::new() }
    }

    /// The value of that name; `None` if it is beyond what is kept. Of a large log, one number tells that of most
    /// names, before a name is copied or compared with another.
    pub(super) fn entry<N: Name<Owned = K>>(
        &mut self,
        name: N,
        new: impl FnOnce() -> V,
    ) -> Option<&mut V> {
        self.entry_of(Digest::of(name), name, new)
    }

    /// The same of a name whose digest is known.
    pub(super) fn entry_of<N: Name<Owned = K>>(
        &mut self,
        digest: u64,
        name: N,
        new: impl FnOnce() -> V,
    ) -> Option<&mut V> {
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
        let same = self.values.entry(digest).or_default();
        let at = same.partition_point(|(kept, _)| *kept < name);
        same.insert(at, (name, new()));
        Some(&mut same[at].1)
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

/// Takes how a name is written: what `{:?}` writes of it.
pub(super) trait Spelling {
    /// Text as it stands.
    fn plain(&mut self, text: &str) -> &mut Self;

    /// Text in quotes, with escapes where there have to be some.
    fn quoted(&mut self, text: &str) -> &mut Self {
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
            return self.plain("\"").plain(text).plain("\"");
        }
        self.plain(&format!("{text:?}"))
    }

    /// The same of a text that may not be there.
    fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.plain("Some(").quoted(text).plain(")"),
            None => self.plain("None"),
        }
    }

    /// A number in decimal.
    fn number(&mut self, number: i64) -> &mut Self {
        let mut digits = [0; 20];
        let (mut at, mut left) = (digits.len(), number.unsigned_abs());
        loop {
            at -= 1;
            digits[at] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        self.plain(if number < 0 { "-" } else { "" });
        self.plain(std::str::from_utf8(&digits[at..]).expect("digits"))
    }
}

/// FNV-1a of how a name is written: the same everywhere. Who writes into the logs can make names that push others out; the case then
/// says how many records it does not list, and promises no upper bound.
#[derive(Clone, Copy)]
pub(super) struct Digest(u64);

impl Digest {
    const EMPTY: Digest = Digest(0xcbf2_9ce4_8422_2325);

    pub(super) fn of(name: impl Name) -> u64 {
        let mut digest = Digest::EMPTY;
        name.spell(&mut digest);
        digest.0
    }

    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
}

impl Spelling for Digest {
    fn plain(&mut self, text: &str) -> &mut Self {
        text.bytes().for_each(|byte| self.byte(byte));
        self
    }
}

impl Spelling for Vec<u8> {
    fn plain(&mut self, text: &str) -> &mut Self {
        self.extend_from_slice(text.as_bytes());
        self
    }
}

/// Names whose digests are made at a time: a byte waits for the byte before it, but not for another name's.
pub(super) const LANES: usize = 4;

/// Makes the digests of long names, several at a time.
#[derive(Default)]
pub(super) struct Lanes([Vec<u8>; LANES]);

impl Lanes {
    /// What [`Digest::of`] makes of each of the names, of which there are no more than [`LANES`].
    pub(super) fn digests<N: Name>(&mut self, names: &[N]) -> [u64; LANES] {
        self.0.iter_mut().for_each(Vec::clear);
        names.iter().zip(&mut self.0).for_each(|(name, text)| name.spell(text));
        let together = self.0.iter().map(Vec::len).min().unwrap_or(0);
        let [a, b, c, d] = self.0.each_ref().map(|text| &text[..together]);
        let mut digests = [Digest::EMPTY; LANES];
        for (((a, b), c), d) in a.iter().zip(b).zip(c).zip(d) {
            digests.iter_mut().zip([a, b, c, d]).for_each(|(digest, byte)| digest.byte(*byte));
        }
        for (digest, text) in digests.iter_mut().zip(&self.0) {
            text[together..].iter().for_each(|byte| digest.byte(*byte));
        }
        digests.map(|digest| digest.0)
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

    fn spell(self, to: &mut impl Spelling) {
        to.quoted(self);
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

    fn spell(self, to: &mut impl Spelling) {
        to.plain("(").quoted(self.0).plain(", ").quoted(self.1).plain(")");
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// That a name's digest is that of the name as it is kept.
    pub(in super::super) fn check_spelling<N: Name>(name: N)
    where
        N::Owned: std::fmt::Debug,
    {
        let written = format!("{:?}", name.owned());
        let mut slow = Digest::EMPTY;
        let slow = slow.plain(&written).0;
        assert_eq!(Digest::of(name), slow, "{written}");
        for count in 0..=LANES {
            let digests = Lanes::default().digests(&vec![name; count]);
            assert!(digests[..count].iter().all(|digest| *digest == slow), "{written}");
        }
        assert!(name.is(&name.owned()), "{:?}", name.owned());
    }

    /// Texts of every sort that is written in a way of its own.
    pub(in super::super) const TEXTS: [&str; 8] =
        ["", "DC01", "it's", "a \"b\"", "c:\\d", "ž\u{301}", "\u{200b}\n\0", "~\u{7f}"];

    #[test]
    fn names_are_spelled_as_they_are_written() {
        for text in TEXTS {
            check_spelling(text);
            check_spelling((text, "x"));
            check_spelling(("x", text));
        }
    }

    #[test]
    fn names_of_different_lengths_have_their_own_digests() {
        let mut lanes = Lanes::default();
        for names in [["a", "", "abc", "ab"], ["", "", "", ""], ["long", "long", "longer", "long"]]
        {
            assert_eq!(lanes.digests(&names), names.map(Digest::of));
        }
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

        fn spell(self, to: &mut impl Spelling) {
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
        ranked.sort_by_key(|n| (Digest::of(OfFew(*n)), *n));
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
        ranked.sort_by_key(|name| Digest::of(name.as_str()));
        let smallest: BTreeSet<&String> = ranked[..20].iter().copied().collect();
        assert_eq!(forwards.iter().map(|(name, _)| name).collect::<BTreeSet<_>>(), smallest);
        assert!(forwards.iter().all(|(_, n)| *n == 2) && backwards == forwards);
    }
}
