//! Names that are kept, where there may be too many: a sample that depends on nothing but the names.

use std::collections::BTreeMap;
use std::fmt::Write;

/// A name as it is looked for, borrowed. What is kept owns its texts.
pub(super) trait Name: Copy {
    /// The name, kept.
    type Owned: Ord;

    /// The name, to be kept.
    fn owned(self) -> Self::Owned;

    /// Writes what its digest is made of: what `{:?}` writes of the name that is kept.
    fn spell(self, digest: &mut Digest);
}

/// Names and values that are kept: the `max` of smallest digest.
#[derive(Clone, Debug)]
pub(super) struct Kept<K: Ord, V> {
    max: usize,
    // No greater digest is kept any more.
    digest_max: u64,
    values: BTreeMap<(u64, K), V>,
}

impl<K: Ord, V> Kept<K, V> {
    pub(super) fn new(max: usize) -> Self {
        Kept { max, digest_max: u64::MAX, values: BTreeMap::new() }
    }

    /// The value of that name; `None` if it is beyond what is kept. Of a large log, one number tells that of most
    /// names, before a name is copied or compared with another.
    pub(super) fn entry<N: Name<Owned = K>>(
        &mut self,
        name: N,
        new: impl FnOnce() -> V,
    ) -> Option<&mut V> {
        let digest = Digest::of(name);
        if digest > self.digest_max {
            return None;
        }
        self.ranked((digest, name.owned()), new)
    }

    /// The same of a name that another kept, with its digest.
    pub(super) fn ranked(&mut self, name: (u64, K), new: impl FnOnce() -> V) -> Option<&mut V> {
        if self.values.len() >= self.max && !self.values.contains_key(&name) {
            let (last, _) = self.values.last_key_value()?;
            self.digest_max = last.0;
            if name > *last {
                return None;
            }
            self.values.pop_last();
        }
        Some(self.values.entry(name).or_insert_with(new))
    }

    /// What is kept, in order of digests, which stand with the names.
    pub(super) fn into_ranked(self) -> impl Iterator<Item = ((u64, K), V)> {
        self.values.into_iter()
    }

    /// The values, in no order that means anything.
    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.values.values()
    }

    /// What is kept, in order of names.
    pub(super) fn into_sorted(self) -> Vec<(K, V)> {
        let mut all: Vec<(K, V)> =
            self.values.into_iter().map(|((_, name), value)| (name, value)).collect();
        all.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        all
    }
}

/// FNV-1a of how a name is written: the same everywhere. Who writes into the logs can make names that push others out; the case then
/// says how many records it does not list, and promises no upper bound.
pub(super) struct Digest(u64);

impl Digest {
    pub(super) fn of(name: impl Name) -> u64 {
        let mut digest = Digest(0xcbf2_9ce4_8422_2325);
        name.spell(&mut digest);
        digest.0
    }

    /// Text as it stands.
    pub(super) fn plain(&mut self, text: &str) -> &mut Self {
        text.bytes().for_each(|byte| self.byte(byte));
        self
    }

    /// Text in quotes, with escapes where there have to be some.
    pub(super) fn quoted(&mut self, text: &str) -> &mut Self {
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\')) {
            return self.plain("\"").plain(text).plain("\"");
        }
        self.written(text)
    }

    /// The same of a text that may not be there.
    pub(super) fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.plain("Some(").quoted(text).plain(")"),
            None => self.plain("None"),
        }
    }

    /// A number in decimal.
    pub(super) fn number(&mut self, number: i64) -> &mut Self {
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
        digits[at..].iter().for_each(|digit| self.byte(*digit));
        self
    }

    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }

    /// What `{:?}` writes.
    pub(super) fn written(&mut self, value: impl std::fmt::Debug) -> &mut Self {
        write!(self, "{value:?}").expect("a digest takes every text");
        self
    }
}

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.plain(text);
        Ok(())
    }
}

impl Name for &str {
    type Owned = String;

    fn owned(self) -> String {
        self.to_owned()
    }

    fn spell(self, digest: &mut Digest) {
        digest.quoted(self);
    }
}

impl Name for (&str, &str) {
    type Owned = (String, String);

    fn owned(self) -> (String, String) {
        (self.0.to_owned(), self.1.to_owned())
    }

    fn spell(self, digest: &mut Digest) {
        digest.plain("(").quoted(self.0).plain(", ").quoted(self.1).plain(")");
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
        let mut slow = Digest(0xcbf2_9ce4_8422_2325);
        slow.written(name.owned());
        assert_eq!(Digest::of(name), slow.0, "{:?}", name.owned());
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
