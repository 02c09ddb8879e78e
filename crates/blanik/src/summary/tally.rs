//! Counting by name in bounded memory, and honestly: what is not counted by name is counted.

use std::collections::BTreeMap;

use blanik_model::Level;
use blanik_model::text::shorten;
use serde::Serialize;
use serde::ser::SerializeMap;

/// Longest name kept, in characters.
const NAME_CHARS_MAX: usize = 256;

/// How many findings of each level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelCounts([u64; Level::ALL.len()]);

impl LevelCounts {
    /// Counts one.
    pub fn add(&mut self, level: Level) {
        self.0[level as usize] += 1;
    }

    /// Adds another's counts.
    pub fn merge(&mut self, other: &LevelCounts) {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a += b;
        }
    }

    /// How many of that level.
    pub fn of(&self, level: Level) -> u64 {
        self.0[level as usize]
    }

    /// How many in all.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The highest level that occurs.
    pub fn worst(&self) -> Option<Level> {
        Level::ALL.iter().rev().copied().find(|l| self.of(*l) > 0)
    }
}

/// As `{"critical": 1, …}`, from the highest level.
impl Serialize for LevelCounts {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut map = s.serialize_map(Some(self.0.len()))?;
        for level in Level::ALL.iter().rev() {
            map.serialize_entry(level.as_str(), &self.of(*level))?;
        }
        map.end()
    }
}

/// Findings by name, with something more of type `T` kept for each.
#[derive(Clone, Debug)]
pub struct Tally<T> {
    names_max: usize,
    names: BTreeMap<String, (LevelCounts, T)>,
    not_named: u64,
}

/// One name's counts.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a, T> {
    /// The name, untrusted as the log had it.
    pub name: &'a str,
    /// Its findings.
    pub levels: &'a LevelCounts,
    /// What else is known of it.
    pub extra: &'a T,
}

impl<T> Tally<T> {
    /// One that knows at most `names_max` names: those that come first.
    pub fn new(names_max: usize) -> Self {
        Tally { names_max, names: BTreeMap::new(), not_named: 0 }
    }

    /// Counts a finding for a name; `extra` makes what is kept of a new name. Returns that, or
    /// `None` if there is no room for another name.
    pub fn add(&mut self, name: &str, level: Level, extra: impl FnOnce() -> T) -> Option<&mut T> {
        let name = shorten(name, NAME_CHARS_MAX);
        if !self.names.contains_key(&*name) {
            if self.names.len() >= self.names_max {
                self.not_named += 1;
                return None;
            }
            self.names.insert(name.to_string(), (LevelCounts::default(), extra()));
        }
        let (levels, extra) = self.names.get_mut(&*name).expect("inserted if it was missing");
        levels.add(level);
        Some(extra)
    }

    /// Names known.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// True if nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Findings of names that there was no room for.
    pub fn not_named(&self) -> u64 {
        self.not_named
    }

    /// All entries, from the most findings; equal ones by worst level, then by name.
    pub fn top(&self) -> Vec<Entry<'_, T>> {
        self.sorted(|e| (e.levels.total(), e.levels.worst()))
    }

    /// All entries, from the worst level; equal ones by number of findings, then by name.
    pub fn worst_first(&self) -> Vec<Entry<'_, T>> {
        self.sorted(|e| (e.levels.worst(), e.levels.total()))
    }

    fn sorted<K: Ord>(&self, key: impl Fn(&Entry<'_, T>) -> K) -> Vec<Entry<'_, T>> {
        let mut all: Vec<Entry<'_, T>> = self
            .names
            .iter()
            .map(|(name, (levels, extra))| Entry { name, levels, extra })
            .collect();
        all.sort_by(|a, b| key(b).cmp(&key(a)).then_with(|| a.name.cmp(b.name)));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_the_bound_are_counted_together() {
        let mut tally = Tally::new(2);
        for (name, level) in [
            ("b", Level::Low),
            ("a", Level::Low),
            ("c", Level::High),
            ("c", Level::High),
            ("a", Level::High),
        ] {
            tally.add(name, level, || ());
        }
        let names: Vec<_> = tally.top().iter().map(|e| (e.name, e.levels.total())).collect();
        assert_eq!(names, [("a", 2), ("b", 1)]);
        assert_eq!((tally.len(), tally.not_named()), (2, 2));
    }

    #[test]
    fn equal_counts_go_by_worst_level_then_name() {
        let mut tally = Tally::new(9);
        for (name, level) in [("z", Level::High), ("b", Level::Low), ("a", Level::Low)] {
            tally.add(name, level, || ());
        }
        let names = |entries: Vec<Entry<'_, ()>>| {
            entries.iter().map(|e| e.name.to_owned()).collect::<String>()
        };
        assert_eq!(names(tally.top()), "zab");
        tally.add("b", Level::Low, || ());
        assert_eq!((names(tally.top()), names(tally.worst_first())), ("bza".into(), "zba".into()));
    }

    #[test]
    fn a_name_is_kept_to_a_bound() {
        let mut tally = Tally::new(9);
        tally.add(&"x".repeat(100_000), Level::Low, || ());
        assert_eq!(tally.top()[0].name.chars().count(), NAME_CHARS_MAX);
    }
}
