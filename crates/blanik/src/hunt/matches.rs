//! Matches on their way from the workers to the correlations, which want them in order of time.
//!
//! There may be as many as there are events. Each worker gathers some, sorts them and writes them to a
//! temporary file as one *run*; at the end the runs are read side by side. What is held in memory is
//! what a worker gathers, and a little of each run.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::Mutex;

use blanik_detect::RuleIx;
use blanik_model::{OwnedValue, SourceId, Timestamp, Type, Value};

/// Bytes a worker gathers before it writes a run.
const RUN_BYTES: usize = 16 << 20;
/// Bytes of a run that are read at once.
const READ_BYTES: usize = 1 << 15;
/// Bytes of a value that are kept; of longer ones, the first.
const VALUE_BYTES_MAX: usize = 1024;

/// A match of a detection rule, with what is told of its event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub time: Timestamp,
    /// The event's place among all records read.
    pub order: u64,
    /// The rule.
    pub rule: RuleIx,
    /// The log.
    pub source: SourceId,
    /// Where in the log.
    pub record: u64,
    /// The machine that the event is about.
    pub host: Option<String>,
    /// The account that acted.
    pub account: Option<String>,
    /// The values that the rule's matches carry.
    pub values: Vec<Option<OwnedValue>>,
}

/// What matches are ordered by: time, place, rule.
type Key = (i64, u64, u32);

/// What a worker has gathered.
#[derive(Default)]
pub struct Gathered {
    bytes: Vec<u8>,
    places: Vec<(Key, Range<u32>)>,
    /// Values of which only the beginning is kept.
    pub cut: u64,
}

/// The runs of all workers, in one file without a name, which is gone with the process.
pub struct Runs {
    file: File,
    end: u64,
    runs: Vec<Range<u64>>,
    /// Matches in them.
    pub matches: u64,
}

const LOCK: &str = "no one panics while holding it";

impl Gathered {
    /// Adds a match; `values` are those its rule carries. Writes a run when there are many.
    pub fn push<'v>(
        &mut self,
        record: &Record,
        values: impl Iterator<Item = Option<Value<'v>>>,
        runs: &Mutex<Runs>,
    ) -> io::Result<()> {
        let start = self.bytes.len();
        self.number(&record.time.as_nanos().to_le_bytes());
        self.number(&record.order.to_le_bytes());
        self.number(&record.rule.0.to_le_bytes());
        self.number(&record.source.0.to_le_bytes());
        self.number(&record.record.to_le_bytes());
        for text in [&record.host, &record.account] {
            self.value(text.as_deref().map(Value::string));
        }
        for value in values {
            self.value(value);
        }
        let key = (record.time.as_nanos(), record.order, record.rule.0);
        self.places.push((key, start as u32..self.bytes.len() as u32));
        if self.bytes.len() >= RUN_BYTES { self.write(runs) } else { Ok(()) }
    }

    fn number(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn value(&mut self, value: Option<Value<'_>>) {
        let Some(value) = value else { return self.bytes.push(b'-') };
        let mut end = value.text.len().min(VALUE_BYTES_MAX);
        while !value.text.is_char_boundary(end) {
            end -= 1;
        }
        self.cut += u64::from(end < value.text.len());
        self.bytes.push(tag(value.ty));
        self.number(&(end as u16).to_le_bytes());
        self.number(&value.text.as_bytes()[..end]);
    }

    /// Writes what is gathered as a run.
    pub fn write(&mut self, runs: &Mutex<Runs>) -> io::Result<()> {
        if self.places.is_empty() {
            return Ok(());
        }
        self.places.sort_unstable_by_key(|(key, _)| *key);
        let mut sorted = Vec::with_capacity(self.bytes.len() + 4 * self.places.len());
        for (_, place) in &self.places {
            sorted.extend_from_slice(&(place.len() as u32).to_le_bytes());
            sorted.extend_from_slice(&self.bytes[place.start as usize..place.end as usize]);
        }
        let mut runs = runs.lock().expect(LOCK);
        runs.file.write_all(&sorted)?;
        let start = runs.end;
        runs.end += sorted.len() as u64;
        let end = runs.end;
        runs.runs.push(start..end);
        runs.matches += self.places.len() as u64;
        self.bytes.clear();
        self.places.clear();
        Ok(())
    }
}

impl Runs {
    /// None yet.
    pub fn new() -> io::Result<Self> {
        Ok(Runs { file: tempfile::tempfile()?, end: 0, runs: Vec::new(), matches: 0 })
    }

    /// All matches in order, and a way to find one again.
    pub fn into_sorted(self) -> io::Result<(Sorted, Places)> {
        let places = Places { file: self.file.try_clone()? };
        let mut sorted = Sorted { file: self.file, runs: Vec::new(), next: BinaryHeap::new() };
        for (i, place) in self.runs.into_iter().enumerate() {
            sorted.runs.push(Run { unread: place, bytes: Vec::new(), at: 0 });
            sorted.queue(i)?;
        }
        Ok((sorted, places))
    }
}

/// Matches in order of time and place.
pub struct Sorted {
    file: File,
    runs: Vec<Run>,
    next: BinaryHeap<Reverse<(Key, usize)>>,
}

struct Run {
    unread: Range<u64>,
    bytes: Vec<u8>,
    at: usize,
}

/// A match that was written to a file cannot be read back from it.
fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the temporary file of matches is damaged")
}

impl Sorted {
    /// The next match, with its place in the file.
    pub fn next(&mut self) -> io::Result<Option<(u64, Record)>> {
        let Some(Reverse((_, i))) = self.next.pop() else { return Ok(None) };
        let run = &mut self.runs[i];
        let place = run.unread.start - (run.bytes.len() - run.at) as u64;
        let len = run.len().ok_or_else(damaged)?;
        let record = Reader(&run.bytes[run.at + 4..run.at + 4 + len]).record();
        run.at += 4 + len;
        self.queue(i)?;
        Ok(Some((place, record.ok_or_else(damaged)?)))
    }

    /// Puts the next match of a run in its place among those of the others.
    fn queue(&mut self, i: usize) -> io::Result<()> {
        let run = &mut self.runs[i];
        if !run.fill(4, &mut self.file)? {
            return Ok(());
        }
        let len = run.len().ok_or_else(damaged)?;
        if !run.fill(4 + len, &mut self.file)? {
            return Err(damaged());
        }
        let mut reader = Reader(&run.bytes[run.at + 4..]);
        let key = reader.key().ok_or_else(damaged)?;
        self.next.push(Reverse((key, i)));
        Ok(())
    }
}

impl Run {
    /// Reads on until so many bytes are there; false if the run ends before.
    fn fill(&mut self, bytes: usize, file: &mut File) -> io::Result<bool> {
        if self.bytes.len() - self.at >= bytes {
            return Ok(true);
        }
        self.bytes.drain(..self.at);
        self.at = 0;
        let left = self.unread.end - self.unread.start;
        let more = (bytes.max(READ_BYTES) as u64).min(left) as usize;
        let held = self.bytes.len();
        self.bytes.resize(held + more, 0);
        file.seek(SeekFrom::Start(self.unread.start))?;
        file.read_exact(&mut self.bytes[held..])?;
        self.unread.start += more as u64;
        Ok(self.bytes.len() >= bytes)
    }

    fn len(&self) -> Option<usize> {
        let bytes = self.bytes.get(self.at..self.at + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    }
}

/// Finds matches again by their places.
pub struct Places {
    file: File,
}

impl Places {
    /// The match at a place that [`Sorted::next`] gave.
    pub fn get(&mut self, place: u64) -> io::Result<Record> {
        self.file.seek(SeekFrom::Start(place))?;
        let mut len = [0; 4];
        self.file.read_exact(&mut len)?;
        let mut bytes = vec![0; u32::from_le_bytes(len) as usize];
        self.file.read_exact(&mut bytes)?;
        Reader(&bytes).record().ok_or_else(damaged)
    }
}

/// Reads what was written; `None` where it is something else.
struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn number<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (number, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*number)
    }

    fn key(&mut self) -> Option<Key> {
        let time = i64::from_le_bytes(self.number()?);
        let order = u64::from_le_bytes(self.number()?);
        Some((time, order, u32::from_le_bytes(self.number()?)))
    }

    fn record(&mut self) -> Option<Record> {
        let (time, order, rule) = self.key()?;
        let source = SourceId(u32::from_le_bytes(self.number()?));
        let record = u64::from_le_bytes(self.number()?);
        let text = |value: Option<OwnedValue>| value.map(|value| value.get().text.to_owned());
        let (host, account) = (text(self.value()?), text(self.value()?));
        let mut values = Vec::new();
        while !self.0.is_empty() {
            values.push(self.value()?);
        }
        let time = Timestamp::from_nanos(time);
        Some(Record { time, order, rule: RuleIx(rule), source, record, host, account, values })
    }

    fn value(&mut self) -> Option<Option<OwnedValue>> {
        let [tag] = self.number()?;
        if tag == b'-' {
            return Some(None);
        }
        let len = usize::from(u16::from_le_bytes(self.number()?));
        let (text, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        let text = std::str::from_utf8(text).ok()?;
        Some(Some(Value { ty: type_of(tag)?, text }.to_owned()))
    }
}

const TYPES: [(u8, Type); 5] = [
    (b'n', Type::Null),
    (b'b', Type::Bool),
    (b'd', Type::Number),
    (b's', Type::String),
    (b'l', Type::List),
];

fn tag(ty: Type) -> u8 {
    TYPES.iter().find(|(_, known)| *known == ty).map_or(b'n', |(tag, _)| *tag)
}

fn type_of(tag: u8) -> Option<Type> {
    TYPES.iter().find(|(known, _)| *known == tag).map(|(_, ty)| *ty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(time: i64, order: u64) -> Record {
        Record {
            time: Timestamp::from_nanos(time),
            order,
            rule: RuleIx((order % 3) as u32),
            source: SourceId(7),
            record: order + 1,
            host: order.is_multiple_of(2).then(|| format!("host {order}")),
            account: None,
            values: vec![None, Some(Value::number("7").to_owned()), Some("čau".into())],
        }
    }

    #[test]
    fn matches_of_several_workers_come_back_in_order_and_are_found_again() {
        let runs = Mutex::new(Runs::new().expect("a temporary file"));
        let time = |order: u64| (order.wrapping_mul(0x9e37_79b9_7f4a_7c15) % 1_000) as i64 - 500;
        for worker in 0..3 {
            let mut gathered = Gathered::default();
            for order in (0..3_000).filter(|order| order % 3 == worker) {
                let record = record(time(order), order);
                let values = record.values.iter().map(|v| v.as_ref().map(OwnedValue::get));
                gathered.push(&record, values, &runs).expect("written");
                if order % 400 == worker {
                    gathered.write(&runs).expect("written");
                }
            }
            gathered.write(&runs).expect("written");
        }
        let runs = runs.into_inner().expect("no one panicked");
        assert!(runs.runs.len() > 10 && runs.matches == 3_000);
        let (mut sorted, mut places) = runs.into_sorted().expect("readable");
        let mut expected: Vec<Record> =
            (0..3_000).map(|order| record(time(order), order)).collect();
        expected.sort_by_key(|record| (record.time, record.order));
        for expected in expected {
            let (place, read) = sorted.next().expect("readable").expect("there is one more");
            assert_eq!(read, expected);
            assert_eq!(places.get(place).expect("readable"), expected);
        }
        assert_eq!(sorted.next().expect("readable"), None);
    }

    #[test]
    fn long_values_are_cut_at_a_character_and_counted() {
        let runs = Mutex::new(Runs::new().expect("a temporary file"));
        let long = "č".repeat(VALUE_BYTES_MAX);
        let mut gathered = Gathered::default();
        let given = [Some(Value::string("x")), Some(Value::string(&long))];
        gathered.push(&record(1, 2), given.into_iter(), &runs).expect("gathered");
        gathered.write(&runs).expect("written");
        assert_eq!(gathered.cut, 1);
        let (mut sorted, _) =
            runs.into_inner().expect("no one panicked").into_sorted().expect("readable");
        let (_, read) = sorted.next().expect("readable").expect("there is one");
        let kept = read.values[1].as_ref().expect("it has a value").get().text.to_owned();
        assert_eq!(kept, "č".repeat(VALUE_BYTES_MAX / 2));
    }
}
