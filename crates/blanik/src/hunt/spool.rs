//! Findings (and rejections) on their way from the workers to the output.
//!
//! There may be millions, and they come in the order in which threads finish. So each is written to a
//! temporary file as it comes, and only its place and sort key stay in memory; at the end they are
//! read back in order of time. The order is total: it does not depend on threads.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};

use blanik_model::finding::Brief;
use blanik_model::{Finding, Level, Timestamp};

/// Bytes read at once.
const READ_BYTES: usize = 1 << 14;

/// What findings are ordered by. Those without a time come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Nanoseconds since 1970; `i64::MAX` without a time.
    time: i64,
    /// The event's place among all records read.
    order: u64,
    /// The rule's index.
    rule: u32,
    /// What makes a difference between findings of one rule and event.
    tie: u32,
}

impl Key {
    /// The key of a rule meeting the event that stands at `order`.
    pub fn new(time: Option<Timestamp>, order: u64, rule: u32) -> Self {
        Key { time: time.map_or(i64::MAX, Timestamp::as_nanos), order, rule, tie: 0 }
    }

    /// The same for one of several findings of a rule and an event.
    pub fn with_tie(self, tie: u32) -> Self {
        Key { tie, ..self }
    }
}

/// What a finding's place in the output depends on, and what is asked of it before it is read back.
#[derive(Clone, Copy, Debug)]
pub struct FindingEntry {
    key: Key,
    level: Level,
}

#[derive(Clone, Copy, Debug)]
struct Stored<E> {
    entry: E,
    offset: u64,
    len: u32,
}

/// Takes records as JSON, in any order; of each, only an entry `E` stays in memory.
pub struct Spool<E> {
    file: BufWriter<File>,
    stored: Vec<Stored<E>>,
    offset: u64,
}

impl<E> Spool<E> {
    /// An empty one, in the system's folder for temporary files. The file has no name, and is gone
    /// with the process.
    pub fn new() -> io::Result<Self> {
        let file = BufWriter::with_capacity(1 << 18, tempfile::tempfile()?);
        Ok(Spool { file, stored: Vec::new(), offset: 0 })
    }

    /// Adds a record, as its JSON.
    pub fn push_entry(&mut self, entry: E, json: &[u8]) -> io::Result<()> {
        let too_long = || io::Error::new(io::ErrorKind::InvalidData, "a record of over 4 GiB");
        let len = u32::try_from(json.len()).map_err(|_| too_long())?;
        self.file.write_all(json)?;
        self.stored.push(Stored { entry, offset: self.offset, len });
        self.offset += u64::from(len);
        Ok(())
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.stored.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.stored.is_empty()
    }

    /// All records, ordered by what `by` makes of their entries.
    pub fn into_sorted_by<K: Ord>(mut self, by: impl Fn(&E) -> K) -> io::Result<Sorted<E>> {
        self.stored.sort_unstable_by_key(|s| by(&s.entry));
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let file = BufReader::with_capacity(READ_BYTES, file);
        Ok(Sorted { file, at: self.offset, stored: self.stored, buffer: Vec::new() })
    }
}

impl Spool<FindingEntry> {
    /// Adds a finding, as its JSON.
    pub fn push(&mut self, key: Key, level: Level, json: &[u8]) -> io::Result<()> {
        self.push_entry(FindingEntry { key, level }, json)
    }

    /// All findings, in order.
    pub fn into_sorted(self) -> io::Result<Sorted<FindingEntry>> {
        self.into_sorted_by(|entry| entry.key)
    }
}

/// Records in their order.
pub struct Sorted<E> {
    file: BufReader<File>,
    at: u64,
    stored: Vec<Stored<E>>,
    buffer: Vec<u8>,
}

impl<E> Sorted<E> {
    /// Number of records.
    pub fn len(&self) -> usize {
        self.stored.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.stored.is_empty()
    }

    /// The JSON of the record at an index.
    pub fn json(&mut self, i: usize) -> io::Result<&[u8]> {
        let (offset, len) = (self.stored[i].offset, self.stored[i].len);
        self.buffer.resize(len as usize, 0);
        // What follows in time often follows in the file, and is in the reader's buffer already.
        self.file.seek_relative(offset.cast_signed() - self.at.cast_signed())?;
        self.file.read_exact(&mut self.buffer)?;
        self.at = offset + u64::from(len);
        Ok(&self.buffer)
    }

    /// The entries, in order.
    pub fn entries(&self) -> impl Iterator<Item = &E> {
        self.stored.iter().map(|s| &s.entry)
    }
}

impl Sorted<FindingEntry> {
    /// The worst level of all.
    pub fn worst(&self) -> Option<Level> {
        self.entries().map(|e| e.level).max()
    }

    /// The `n` worst findings (the earliest among equals), by index, in order of time.
    pub fn worst_indices(&self, n: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..self.len()).collect();
        all.sort_by_key(|i| (std::cmp::Reverse(self.stored[*i].entry.level), *i));
        all.truncate(n);
        all.sort_unstable();
        all
    }

    /// What is counted of the finding at an index, and its JSON.
    pub fn brief(&mut self, i: usize) -> io::Result<(Brief<'_>, &[u8])> {
        let json = self.json(i)?;
        Ok((serde_json::from_slice(json)?, json))
    }

    /// The finding at an index.
    pub fn get(&mut self, i: usize) -> io::Result<Finding> {
        Ok(serde_json::from_slice(self.json(i)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use blanik_model::finding::Fields;

    fn finding(title: &str, level: Level) -> Vec<u8> {
        let finding = Finding {
            rule_id: "r".into(),
            rule_title: title.into(),
            level,
            status: None,
            tags: vec![],
            tool: None,
            kind: "k".into(),
            time: None,
            host: None,
            account: None,
            matched: Fields::default(),
            source: "s".into(),
            record: 1,
            event: Fields::default(),
            raw: None,
            indicator: None,
            correlation: None,
        };
        serde_json::to_vec(&finding).expect("serializes")
    }

    #[test]
    fn findings_come_back_in_order_of_time_and_the_timeless_last() {
        let mut spool = Spool::new().expect("a temporary file");
        for (title, seconds, order, rule, level) in [
            ("d", None, 0, 0, Level::Low),
            ("c", Some(9), 1, 0, Level::Critical),
            ("b", Some(5), 3, 1, Level::Low),
            ("a", Some(5), 3, 0, Level::High),
        ] {
            let key = Key::new(seconds.and_then(Timestamp::from_seconds), order, rule);
            spool.push(key, level, &finding(title, level)).expect("written");
        }
        let mut sorted = spool.into_sorted().expect("flushed");
        let titles: Vec<String> =
            (0..sorted.len()).map(|i| sorted.get(i).expect("read").rule_title).collect();
        assert_eq!(titles, ["a", "b", "c", "d"]);
        assert_eq!(sorted.worst(), Some(Level::Critical));
        assert_eq!(sorted.worst_indices(2), [0, 2]);
    }
}
