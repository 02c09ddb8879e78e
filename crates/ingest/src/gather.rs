//! Records → batches by kind: what a decoder gives is normalised, and what is wanted of it kept.

use std::sync::Arc;

use blanik_model::{EventBatch, Interests, Kind, Value};
use hashbrown::HashMap;

use crate::decode::{Origin, RecordSink};
use crate::layout::{LayoutId, Leaves, Unread, Written};
use crate::normalise::reading::Layouts;
use crate::normalise::{Normalised, Normaliser};
use crate::record::{Hint, Record};
use crate::rejection::{Place, Rejection};
use crate::wanted::{AsColumn, Wanted};

/// Rows times columns of one batch after which a new one is begun: records that share no names make
/// a table of mostly nothing. Dense batches have few columns, and may grow longer.
const CELLS_MAX: usize = 4 << 20;
const COLUMNS_DENSE: usize = 256;
const CELLS_SPARSE_MAX: usize = 256 << 10;
/// What a column costs before anything is in it: its name, a dictionary, a table.
const COLUMN_BYTES: usize = 400;
/// Names of a kind of which is remembered whether they are wanted.
const ASKED_MAX: usize = 4096;

/// See the module.
pub(crate) struct Gather {
    normaliser: Arc<Normaliser>,
    interests: Arc<dyn Interests>,
    normalised: Normalised,
    layouts: Layouts,
    // By the kind's entry in the tables.
    open: Vec<Open>,
    // Emptied batches.
    spare: HashMap<Arc<Kind>, EventBatch>,
    // Batches that had grown too wide.
    closed: Vec<EventBatch>,
    // The entry of the record taken last.
    last: usize,
    value_bytes_max: usize,
    pub rejections: Vec<Rejection>,
    /// Bytes of what is gathered, roughly.
    pub held_bytes: usize,
    /// Its events.
    pub held_events: usize,
    /// The next record's place among all.
    pub order: u64,
    /// Records taken so far.
    pub records: u64,
    /// Values of which not all was taken, so far.
    pub truncated: u64,
}

/// What is gathered of a kind.
#[derive(Default)]
struct Open {
    wanted: Option<Wanted>,
    batch: Option<EventBatch>,
    // Names that had to be asked for one by one, and the answers.
    asked: HashMap<Box<str>, bool>,
}

impl Gather {
    /// One that holds nothing yet; of a value it takes so many bytes.
    pub fn new(
        normaliser: Arc<Normaliser>,
        interests: Arc<dyn Interests>,
        value_bytes_max: usize,
    ) -> Self {
        let mut open = Vec::new();
        open.resize_with(normaliser.entries(), Open::default);
        Gather {
            normaliser,
            interests,
            normalised: Normalised::default(),
            layouts: Layouts::default(),
            open,
            spare: HashMap::new(),
            closed: Vec::new(),
            last: 0,
            value_bytes_max,
            rejections: Vec::new(),
            held_bytes: 0,
            held_events: 0,
            order: 0,
            records: 0,
            truncated: 0,
        }
    }

    /// Hands out what was gathered, ordered by kind.
    pub fn drain(&mut self) -> Vec<EventBatch> {
        self.held_bytes = 0;
        self.held_events = 0;
        let mut batches = std::mem::take(&mut self.closed);
        batches.extend(self.open.iter_mut().filter_map(|open| open.batch.take()));
        // Stable: of one kind, what was closed comes first.
        batches.sort_by(|a, b| a.kind().cmp(b.kind()));
        batches
    }

    /// Hands out the batch of the record taken last.
    pub fn take_last(&mut self) -> Option<EventBatch> {
        self.held_bytes = 0;
        self.held_events = 0;
        self.closed.pop().or_else(|| self.open[self.last].batch.take())
    }

    /// Takes an emptied batch, to gather in its memory again.
    pub fn reuse(&mut self, batch: EventBatch) {
        self.spare.insert(Arc::clone(batch.kind()), batch);
    }

    /// What is wanted of a kind's events: what the interests name, and the machines they are about.
    fn wanted<'w>(open: &'w mut Open, interests: &dyn Interests, kind: &Kind) -> &'w Wanted {
        open.wanted.get_or_insert_with(|| Wanted::new(interests.of(kind), kind))
    }

    fn close_if_wide(&mut self, entry: usize) {
        if self.open[entry].batch.as_ref().is_some_and(is_wide) {
            self.closed.extend(self.open[entry].batch.take());
        }
    }

    fn taken(&mut self, entry: usize) {
        self.last = entry;
        self.order += 1;
        self.records += 1;
        self.held_events += 1;
    }
}

fn is_wide(batch: &EventBatch) -> bool {
    let columns = batch.columns().len();
    let cells = batch.len() * columns;
    cells > CELLS_MAX || columns > COLUMNS_DENSE && cells > CELLS_SPARSE_MAX
}

impl Open {
    /// True if a field of that name is to be a column.
    fn is_column(asked: &mut HashMap<Box<str>, bool>, wanted: &Wanted, name: &str) -> bool {
        let Wanted::Columns(names, _, also) = wanted else { return true };
        if names.binary_search_by(|n| (**n).cmp(name)).is_ok() {
            return true;
        }
        if also.is_none() {
            return false;
        }
        if let Some(&known) = asked.get(name) {
            return known;
        }
        let is = wanted.column(name) != AsColumn::No;
        if asked.len() < ASKED_MAX {
            asked.insert(name.into(), is);
        }
        is
    }

    fn batch(
        &mut self,
        kind: &Arc<Kind>,
        spare: &mut HashMap<Arc<Kind>, EventBatch>,
    ) -> &mut EventBatch {
        self.batch.get_or_insert_with(|| {
            spare.remove(kind).unwrap_or_else(|| match &self.wanted {
                Some(Wanted::Columns(names, ..)) => EventBatch::of_columns(Arc::clone(kind), names),
                _ => EventBatch::new(Arc::clone(kind)),
            })
        })
    }
}

/// The value, or as much of it as is taken, which is counted.
fn bounded<'v>(value: Value<'v>, bytes_max: usize, truncated: &mut u64) -> Value<'v> {
    *truncated += u64::from(value.text.len() > bytes_max);
    cut(value, bytes_max)
}

/// The value, or as much of it as is taken.
fn cut(value: Value<'_>, bytes_max: usize) -> Value<'_> {
    if value.text.len() <= bytes_max {
        return value;
    }
    Value { text: &value.text[..value.text.floor_char_boundary(bytes_max)], ..value }
}

impl RecordSink for Gather {
    fn record(&mut self, record: &Record, hint: Hint<'_>, origin: Origin<'_>) {
        self.normaliser.normalise(record, hint, &mut self.normalised);
        let Normalised { kind, time, fields, entry, .. } = &self.normalised;
        let entry = *entry;
        if let Err(overfull) = fields.whole() {
            let reason = format!("once its fields were named, {overfull}");
            self.rejections.push(Rejection::loss(
                origin.source,
                Place::Record(origin.number),
                1,
                reason,
            ));
            return;
        }
        let open = &mut self.open[entry];
        let wanted = Self::wanted(open, &*self.interests, kind).clone();
        let mut asked = std::mem::take(&mut open.asked);
        let batch = open.batch(kind, &mut self.spare);
        batch.begin_row(*time, origin.source, origin.number, self.order, origin.raw, origin.span);
        let columns = batch.columns().len();
        for (name, value) in fields.iter() {
            match &wanted {
                Wanted::Columns(_, rest, _) if !Open::is_column(&mut asked, &wanted, name) => {
                    if let Some(rest) = rest {
                        // Counted only where it matters, or the count would depend on what was
                        // read by layout.
                        let told =
                            value.text.len() > self.value_bytes_max && rest.is_in(value.text);
                        self.truncated += u64::from(told);
                        batch.push_rest(cut(value, self.value_bytes_max));
                    }
                }
                _ => batch.set(name, bounded(value, self.value_bytes_max, &mut self.truncated)),
            }
            self.held_bytes += value.text.len() / 4 + 8;
        }
        self.held_bytes += (batch.columns().len() - columns) * COLUMN_BYTES;
        self.open[entry].asked = asked;
        self.close_if_wide(entry);
        self.taken(entry);
    }

    fn reject(&mut self, rejection: Rejection) {
        self.rejections.push(rejection);
    }

    fn learn(&mut self, record: &Record, hint: Hint<'_>, complete: bool) -> Option<LayoutId> {
        self.layouts.learn(&self.normaliser, record, hint, complete)
    }

    fn needs(&self, layout: LayoutId) -> Option<&[usize]> {
        self.layouts.needs(layout)
    }

    fn row(
        &mut self,
        layout: LayoutId,
        leaves: Leaves<'_>,
        origin: Origin<'_>,
    ) -> Result<(), Unread> {
        let written = leaves.written;
        let Gather { layouts, normaliser, interests, open, spare, .. } = self;
        let mut wanted = |entry: usize, kind: &Arc<Kind>| {
            Self::wanted(&mut open[entry], &**interests, kind).clone()
        };
        let read = layouts.read(normaliser, layout, leaves, &mut wanted)?;
        let reading = read.reading;
        let entry = reading.entry;
        if let Some(Wanted::Columns(_, Some(rest), _)) = &self.open[entry].wanted {
            if written == Written::Absent {
                return Err(Unread::WithoutText);
            }
            if rest.may_be_in(written) {
                return Err(Unread::ByName);
            }
        }
        let batch = self.open[entry].batch(&reading.kind, spare);
        batch.begin_row(
            read.time,
            origin.source,
            origin.number,
            self.order,
            origin.raw,
            origin.span,
        );
        let before = batch.columns().len();
        let mut bytes = 0;
        let columns = reading.columns.iter().zip(&reading.names).zip(&reading.near);
        for (((slot, column), name), near) in columns {
            let Some(value) = read.value(*slot) else { continue };
            let value = bounded(value, self.value_bytes_max, &mut self.truncated);
            bytes += value.text.len() / 4 + 8;
            match *column {
                usize::MAX => near.set(batch.set_near(near.get(), name, value)),
                column => batch.set_at(column, value),
            }
        }
        for slot in &reading.rest {
            let Some(value) = read.value(*slot) else { continue };
            batch.push_rest(cut(value, self.value_bytes_max));
        }
        self.held_bytes += bytes + (batch.columns().len() - before) * COLUMN_BYTES;
        self.close_if_wide(entry);
        self.taken(entry);
        Ok(())
    }
}
