//! Events of one kind, in columns.
//!
//! A column is dictionary-coded: each distinct value stands once, rows hold codes. Logs repeat
//! themselves, so what is computed once per distinct value (a rule's predicate, above all) costs
//! almost nothing per event. A row knows where it came from, and the batch keeps the very bytes.

use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

use crate::{Kind, Rest, Timestamp, Type, Value};

/// Names a log that was opened: an index into the list its reader keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// Index of a distinct value in a column's dictionary.
pub type Code = u32;

/// The code of a row that lacks the field altogether (unlike [`Type::Null`], which is a value).
pub const ABSENT: Code = Code::MAX;

/// Bytes that several rows' raw records lie in.
pub type RawBlock = Arc<Vec<u8>>;

/// Seeded per process, so that a log cannot be written to collide; nothing depends on its order. One
/// for all dictionaries, so that what one has hashed need not be hashed again.
static HASHER: LazyLock<DefaultHashBuilder> = LazyLock::new(DefaultHashBuilder::default);

/// The distinct values of a column, numbered in the order in which they first came.
#[derive(Clone)]
pub struct Dictionary {
    text: String,
    ends: Vec<u32>,
    types: Vec<Type>,
    hashes: Vec<u64>,
    hasher: DefaultHashBuilder,
    table: HashTable<Code>,
}

impl Default for Dictionary {
    fn default() -> Self {
        Dictionary {
            text: String::new(),
            ends: Vec::new(),
            types: Vec::new(),
            hashes: Vec::new(),
            hasher: HASHER.clone(),
            table: HashTable::new(),
        }
    }
}

impl Dictionary {
    /// Number of distinct values.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The text of all values behind each other, by code, without separators.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The code of the value that holds the byte of [`text`](Self::text) at `offset`.
    pub fn code_at(&self, offset: usize) -> Code {
        self.ends.partition_point(|end| *end as usize <= offset) as Code
    }

    /// Where the value's text ends in [`text`](Self::text). Panics on a code of another dictionary.
    pub fn end_of(&self, code: Code) -> usize {
        self.ends[code as usize] as usize
    }

    /// The value of a code given out by [`intern`](Self::intern). Panics on any other.
    pub fn get(&self, code: Code) -> Value<'_> {
        value_at(&self.text, &self.ends, &self.types, code)
    }

    /// The hash of a value: the same in all dictionaries of the process, and another in the next.
    /// Panics on a code of another dictionary.
    pub fn hash(&self, code: Code) -> u64 {
        self.hashes[code as usize]
    }

    /// All values, by code.
    pub fn iter(&self) -> impl Iterator<Item = Value<'_>> {
        (0..self.len() as Code).map(|code| self.get(code))
    }

    /// Forgets all values, keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.types.clear();
        self.hashes.clear();
        self.table.clear();
    }

    /// The code of a value, new or known. Type and text together make a value distinct.
    pub fn intern(&mut self, value: Value<'_>) -> Code {
        let hash = self.hasher.hash_one((value.ty as u8, value.text));
        let (text, ends, types, hashes) = (&self.text, &self.ends, &self.types, &self.hashes);
        let same =
            |&c: &Code| hashes[c as usize] == hash && value_at(text, ends, types, c) == value;
        if let Some(&code) = self.table.find(hash, same) {
            return code;
        }
        let code = self.ends.len() as Code;
        self.text.push_str(value.text);
        self.ends
            .push(u32::try_from(self.text.len()).expect("a batch is flushed long before 4 GiB"));
        self.types.push(value.ty);
        self.hashes.push(hash);
        let hashes = &self.hashes;
        self.table.insert_unique(hash, code, |&c| hashes[c as usize]);
        code
    }
}

fn value_at<'a>(text: &'a str, ends: &[u32], types: &[Type], code: Code) -> Value<'a> {
    let i = code as usize;
    let start = if i == 0 { 0 } else { ends[i - 1] as usize };
    Value { ty: types[i], text: &text[start..ends[i] as usize] }
}

/// One field of a batch's events.
#[derive(Clone)]
pub struct Column {
    name: Arc<str>,
    dictionary: Dictionary,
    // May be shorter than the batch: rows past the end lack the field.
    codes: Vec<Code>,
}

impl Column {
    /// The field's name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The distinct values.
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// The codes of the first rows; rows past the slice's end are [`ABSENT`].
    pub fn codes(&self) -> &[Code] {
        &self.codes
    }

    fn set(&mut self, row: usize, value: Value<'_>) {
        // Logs repeat themselves, most of all from one event to the next.
        let last = self.codes.last().filter(|&&last| last != ABSENT);
        let code = match last {
            Some(&last) if self.dictionary.get(last) == value => last,
            _ => self.dictionary.intern(value),
        };
        if self.codes.len() > row {
            self.codes[row] = code;
        } else {
            self.codes.resize(row, ABSENT);
            self.codes.push(code);
        }
    }

    /// The row's value, if it has the field.
    pub fn value(&self, row: usize) -> Option<Value<'_>> {
        match self.codes.get(row) {
            None | Some(&ABSENT) => None,
            Some(&code) => Some(self.dictionary.get(code)),
        }
    }
}

/// Where an event came from and when it happened.
#[derive(Clone, Debug)]
pub struct Row {
    /// When, by the record's own word.
    pub time: Option<Timestamp>,
    /// The log it stood in.
    pub source: SourceId,
    /// Record number or line in that log, as people find it again. Need not be unique.
    pub record: u64,
    /// Place among all records of all logs: unique, and the same on every run.
    pub order: u64,
    /// Index of the raw block (see [`EventBatch::raw`]), and where in it the record lies.
    pub block: u32,
    /// See `block`.
    pub span: Range<u32>,
}

/// Events of one kind. Build with [`begin_row`](Self::begin_row) and [`set`](Self::set).
#[derive(Clone)]
pub struct EventBatch {
    kind: Arc<Kind>,
    columns: Vec<Column>,
    index: HashMap<Arc<str>, usize>,
    rows: Vec<Row>,
    raw: Vec<RawBlock>,
    rest: Rest,
    partial: bool,
    // Where the next field of this row is expected, as records of a kind list them in one order.
    cursor: usize,
}

impl EventBatch {
    /// An empty batch.
    pub fn new(kind: Arc<Kind>) -> Self {
        EventBatch {
            kind,
            columns: Vec::new(),
            index: HashMap::new(),
            rows: Vec::new(),
            raw: Vec::new(),
            rest: Rest::default(),
            partial: false,
            cursor: 0,
        }
    }

    /// An empty batch that will have these columns only, in this order, each name once: its events
    /// are [partial](Self::is_partial).
    pub fn of_columns(kind: Arc<Kind>, names: &[Arc<str>]) -> Self {
        let mut batch = EventBatch { partial: true, ..EventBatch::new(kind) };
        for name in names {
            batch.column_for(name);
        }
        batch
    }

    /// True if its events may have fields that no column holds.
    pub fn is_partial(&self) -> bool {
        self.partial
    }

    /// What all its events are.
    pub fn kind(&self) -> &Arc<Kind> {
        &self.kind
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True if it has no events.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The events' origins.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The columns, in the order in which their fields first came.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column of that field.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.column_index(name).map(|i| &self.columns[i])
    }

    /// Index into [`columns`](Self::columns) of the column of that field.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// The value of a field in a row.
    pub fn value(&self, row: usize, name: &str) -> Option<Value<'_>> {
        self.column(name)?.value(row)
    }

    /// The row's fields, in column order: that of their first coming in the batch, so what is shown of
    /// one row must be put into an order of its own.
    pub fn fields(&self, row: usize) -> impl Iterator<Item = (&Arc<str>, Value<'_>)> {
        self.columns.iter().filter_map(move |c| Some((&c.name, c.value(row)?)))
    }

    /// The bytes of the row's record, as they stood in the log.
    pub fn raw(&self, row: usize) -> &[u8] {
        let row = &self.rows[row];
        &self.raw[row.block as usize][row.span.start as usize..row.span.end as usize]
    }

    /// The bytes that the row's record lies in.
    pub fn raw_block(&self, row: usize) -> &RawBlock {
        &self.raw[self.rows[row].block as usize]
    }

    /// Forgets the events; the kind, the columns' names and the memory stay. Gives back the blocks.
    pub fn clear(&mut self) -> Vec<RawBlock> {
        for column in &mut self.columns {
            column.dictionary.clear();
            column.codes.clear();
        }
        self.rows.clear();
        self.rest.clear();
        self.cursor = 0;
        std::mem::take(&mut self.raw)
    }

    /// Starts an event. Its raw record is `span` of `block`; consecutive rows of one block share it.
    /// Panics if `span` does not lie in `block`.
    pub fn begin_row(
        &mut self,
        time: Option<Timestamp>,
        source: SourceId,
        record: u64,
        order: u64,
        block: &RawBlock,
        span: Range<u32>,
    ) {
        assert!(
            span.start <= span.end && span.end as usize <= block.len(),
            "span lies in its block"
        );
        if !self.raw.last().is_some_and(|last| Arc::ptr_eq(last, block)) {
            self.raw.push(Arc::clone(block));
        }
        let block = (self.raw.len() - 1) as u32;
        self.rows.push(Row { time, source, record, order, block, span });
        self.cursor = 0;
    }

    /// Sets a field of the event begun last. A field set twice keeps its last value.
    pub fn set(&mut self, name: &str, value: Value<'_>) {
        let row = self.rows.len().checked_sub(1).expect("begin_row comes first");
        let i = self.column_for(name);
        self.columns[i].set(row, value);
        self.cursor = i + 1;
    }

    /// The same, where the column may be the one of index `near`. Returns the index it has.
    pub fn set_near(&mut self, near: usize, name: &str, value: Value<'_>) -> usize {
        let row = self.rows.len().checked_sub(1).expect("begin_row comes first");
        let i = match self.columns.get(near) {
            Some(column) if *column.name == *name => near,
            _ => self.column_for(name),
        };
        self.columns[i].set(row, value);
        self.cursor = i + 1;
        i
    }

    /// The same, by the column's index. Panics if there is none.
    pub fn set_at(&mut self, column: usize, value: Value<'_>) {
        let row = self.rows.len().checked_sub(1).expect("begin_row comes first");
        self.columns[column].set(row, value);
    }

    /// Adds a value of a field that has no column to the event begun last.
    pub fn push_rest(&mut self, value: Value<'_>) {
        let row = self.rows.len().checked_sub(1).expect("begin_row comes first");
        self.rest.push(row, value);
    }

    /// The values that no column holds, where the reader was asked to keep them.
    pub fn rest(&self) -> &Rest {
        &self.rest
    }

    fn column_for(&mut self, name: &str) -> usize {
        if self.columns.get(self.cursor).is_some_and(|c| *c.name == *name) {
            return self.cursor;
        }
        if let Some(&i) = self.index.get(name) {
            return i;
        }
        let name: Arc<str> = name.into();
        let i = self.columns.len();
        self.columns.push(Column {
            name: Arc::clone(&name),
            dictionary: Dictionary::default(),
            codes: Vec::new(),
        });
        self.index.insert(name, i);
        i
    }

    /// Bytes that the batch keeps alive in its dictionaries and codes (raw blocks not counted).
    pub fn memory(&self) -> usize {
        let columns: usize = self
            .columns
            .iter()
            .map(|c| c.dictionary.text.len() + 4 * c.codes.len() + 24 * c.dictionary.len())
            .sum();
        columns + self.rows.len() * size_of::<Row>() + self.rest.memory()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(rows: &[&[(&str, &str)]]) -> EventBatch {
        let mut batch = EventBatch::new(Arc::new(Kind::default()));
        let block: RawBlock = Arc::new(b"raw record".to_vec());
        for (i, fields) in rows.iter().enumerate() {
            batch.begin_row(None, SourceId(0), i as u64 + 1, i as u64, &block, 0..3);
            for (name, value) in *fields {
                batch.set(name, Value::string(value));
            }
        }
        batch
    }

    #[test]
    fn rows_come_back_as_they_went_in() {
        let b = batch(&[&[("a", "1"), ("b", "x")], &[("b", "y"), ("c", "z")], &[], &[("a", "1")]]);
        let row =
            |r| b.fields(r).map(|(n, v)| format!("{n}={}", v.text)).collect::<Vec<_>>().join(" ");
        assert_eq!(
            (row(0), row(1), row(2), row(3)),
            ("a=1 b=x".into(), "b=y c=z".into(), "".into(), "a=1".into())
        );
        assert_eq!(b.column("a").expect("set").dictionary().len(), 1);
        assert_eq!(b.raw(1), b"raw");
    }

    #[test]
    fn type_and_text_together_are_distinct() {
        let mut d = Dictionary::default();
        let a = d.intern(Value::string("1"));
        let b = d.intern(Value::number("1"));
        assert_ne!(a, b);
        assert_eq!(d.intern(Value::string("1")), a);
        assert_eq!(d.get(b), Value::number("1"));
    }
}
