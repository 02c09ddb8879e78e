//! What a sentence rests on: indexes of records in the log. A sentence without one cannot be made.

use serde::Serialize;

/// Indexes that are kept of many.
const INDEXES_MAX: usize = 16;

/// Indexes of records in the log: at least one, ascending, each once; of many the first are named
/// and the others counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Citations {
    indexes: Vec<u64>,
    further: u64,
}

impl Citations {
    /// One record.
    pub fn one(index: u64) -> Self {
        Citations { indexes: vec![index], further: 0 }
    }

    /// Those records; `None` if there are none.
    pub fn of(indexes: impl IntoIterator<Item = u64>) -> Option<Self> {
        let mut indexes: Vec<u64> = indexes.into_iter().collect();
        indexes.sort_unstable();
        indexes.dedup();
        let further = indexes.len().saturating_sub(INDEXES_MAX) as u64;
        indexes.truncate(INDEXES_MAX);
        (!indexes.is_empty()).then_some(Citations { indexes, further })
    }

    /// The records of all of them; `None` if there are none.
    pub fn join<'c>(parts: impl IntoIterator<Item = &'c Citations>) -> Option<Self> {
        let mut further = 0;
        let mut indexes = Vec::new();
        for part in parts {
            further += part.further;
            indexes.extend_from_slice(&part.indexes);
        }
        let mut all = Self::of(indexes)?;
        all.further += further;
        Some(all)
    }

    /// The same records, that one of them among those that are named.
    #[must_use]
    pub fn naming(&self, index: u64) -> Self {
        let mut named = self.clone();
        if named.indexes.contains(&index) {
            return named;
        }
        // It was one of those further on; now one that was named is.
        if named.further > 0 {
            named.indexes.pop();
        }
        named.indexes.push(index);
        named.indexes.sort_unstable();
        named
    }

    /// The indexes that are named.
    pub fn indexes(&self) -> &[u64] {
        &self.indexes
    }

    /// The first.
    pub fn first(&self) -> u64 {
        self.indexes[0]
    }

    /// How many more there are.
    pub fn further(&self) -> u64 {
        self.further
    }
}

/// `[12, 15]`, or `[12, 13, 14 and 310 more]`: as many as fit in a line.
impl std::fmt::Display for Citations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const SHOWN: usize = 4;
        let shown: Vec<String> = self.indexes.iter().take(SHOWN).map(u64::to_string).collect();
        let more = self.further + self.indexes.len().saturating_sub(SHOWN) as u64;
        match more {
            0 => write!(f, "[{}]", shown.join(", ")),
            more => write!(f, "[{} and {more} more]", shown.join(", ")),
        }
    }
}

/// A sentence and the records it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sentence {
    text: String,
    rests_on: Citations,
}

impl Sentence {
    /// The sentence that rests on these.
    pub fn new(text: impl Into<String>, rests_on: Citations) -> Self {
        Sentence { text: text.into(), rests_on }
    }

    /// What it says.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it rests on.
    pub fn rests_on(&self) -> &Citations {
        &self.rests_on
    }
}

impl std::fmt::Display for Sentence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.text, self.rests_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_records_no_citations() {
        assert_eq!(Citations::of([]), None);
        assert_eq!(Citations::join([]), None);
        let many = Citations::of((0..100).rev()).expect("some");
        assert_eq!((many.first(), many.indexes().len(), many.further()), (0, 16, 84));
        assert_eq!(many.to_string(), "[0, 1, 2, 3 and 96 more]");
        let both = Citations::join([&many, &Citations::one(3)]).expect("some");
        assert_eq!(both.further(), 84);
    }
}
