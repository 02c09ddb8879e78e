//! Occurrences and distinct values of each field: the rates that an expansion must keep.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use super::draw;

/// Hashes of values, in a set that does not hash them again.
pub type Hashes = HashSet<u64, BuildHasherDefault<Already>>;

/// A hasher for what is a hash already.
#[derive(Default)]
pub struct Already(u64);

impl Hasher for Already {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        // Only `u64` is ever hashed with this.
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// How often a field occurs, and with how many values.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// Occurrences.
    pub values: u64,
    /// Distinct ones.
    pub distinct: u64,
}

impl Rate {
    /// Distinct values per occurrence.
    pub fn rate(self) -> f64 {
        self.distinct as f64 / self.values.max(1) as f64
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Tally {
    values: Vec<u64>,
    distinct: Vec<Hashes>,
}

impl Tally {
    /// Counts a value of a field; returns its hash.
    pub fn add(&mut self, field: usize, value: &[u8]) -> u64 {
        if self.values.len() <= field {
            self.values.resize(field + 1, 0);
            self.distinct.resize(field + 1, Hashes::default());
        }
        let hash = draw::hash(0, value);
        self.values[field] += 1;
        self.distinct[field].insert(hash);
        hash
    }

    /// What was counted of a field.
    pub fn rate(&self, field: usize) -> Rate {
        match self.values.get(field) {
            Some(&values) => Rate { values, distinct: self.distinct[field].len() as u64 },
            None => Rate::default(),
        }
    }

    /// All fields that occurred, by name.
    pub fn rates<'a>(&self, name: impl Fn(usize) -> &'a str) -> BTreeMap<String, Rate> {
        let all = (0..self.values.len()).filter(|&field| self.values[field] > 0);
        all.map(|field| (name(field).to_owned(), self.rate(field))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_values_and_distinct_ones() {
        let mut tally = Tally::default();
        for value in ["a", "b", "a"] {
            tally.add(1, value.as_bytes());
        }
        assert_eq!(tally.rate(1), Rate { values: 3, distinct: 2 });
        assert_eq!(tally.rate(7), Rate::default());
        let rates = tally.rates(|_| "name");
        assert_eq!(rates.keys().collect::<Vec<_>>(), ["name"]);
    }
}
