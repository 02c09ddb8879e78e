//! Blocks → batches by kind: decoding, normalising and gathering, one batcher a thread.

use std::sync::Arc;

use blanik_model::{EventBatch, Interests, Kind, RawBlock, Value};
use hashbrown::HashMap;

use crate::block::Block;
use crate::decode::{Decoder, Origin, RecordSink};
use crate::layout::{LayoutId, Leaves, Unread};
use crate::normalise::reading::Layouts;
use crate::normalise::{Normalised, Normaliser};
use crate::record::{Hint, Record};
use crate::rejection::{Place, Rejection};
use crate::reread::Reread;
use crate::wanted::{AsColumn, Wanted};

/// Bytes of a value that are taken: a longer one is cut there, and counted. Its record has the rest.
pub const VALUE_BYTES_MAX: usize = 1 << 20;
/// Bytes of columns and raw records after which a batcher is full.
const HELD_BYTES_MAX: usize = 4 << 20;
/// Events after which it is.
const HELD_EVENTS_MAX: usize = 1 << 16;
/// Rows times columns of one batch after which a new one is begun: records that share no names make
/// a table of mostly nothing. Dense batches have few columns, and may grow longer.
const CELLS_MAX: usize = 4 << 20;
const COLUMNS_DENSE: usize = 256;
const CELLS_SPARSE_MAX: usize = 256 << 10;
/// What a column costs before anything is in it: its name, a dictionary, a table.
const COLUMN_BYTES: usize = 400;
/// Names of a kind of which is remembered whether they are wanted.
const ASKED_MAX: usize = 4096;
/// Columns of a batch whose memory is worth keeping: a log can be written to have ever new ones.
const SPARE_COLUMNS_MAX: usize = 512;
/// Bytes of a batch whose memory is worth keeping.
const SPARE_BYTES_MAX: usize = 8 << 20;
/// Records that one block may hold, for their place in the total order: more than a block has bytes.
const ORDER_BITS: u32 = 28;

/// See the module.
pub struct Batcher {
    decoder: Decoder,
    reread: Reread,
    gather: Gather,
}

struct Gather {
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
    rejections: Vec<Rejection>,
    held_bytes: usize,
    held_events: usize,
    order: u64,
    records: u64,
    truncated: u64,
}

/// What is gathered of a kind.
#[derive(Default)]
struct Open {
    wanted: Option<Wanted>,
    batch: Option<EventBatch>,
    // Names that had to be asked for one by one, and the answers.
    asked: HashMap<Box<str>, bool>,
}

impl Batcher {
    /// A batcher that holds nothing yet, and makes columns of the fields that somebody is interested
    /// in.
    pub fn new(normaliser: Arc<Normaliser>, interests: Arc<dyn Interests>) -> Self {
        let mut open = Vec::new();
        open.resize_with(normaliser.entries(), Open::default);
        Batcher {
            decoder: Decoder::new(),
            reread: Reread::default(),
            gather: Gather {
                normaliser,
                interests,
                normalised: Normalised::default(),
                layouts: Layouts::default(),
                open,
                spare: HashMap::new(),
                closed: Vec::new(),
                rejections: Vec::new(),
                held_bytes: 0,
                held_events: 0,
                order: 0,
                records: 0,
                truncated: 0,
            },
        }
    }

    /// Decodes a block's records into the batches of their kinds.
    pub fn take(&mut self, block: &Block) {
        if self.gather.held_events == 0 {
            self.reread.clear();
        }
        self.reread.note(block);
        self.gather.order = block.seq << ORDER_BITS;
        self.gather.held_bytes += block.bytes.len();
        self.decoder.decode(block, &mut self.gather);
    }

    /// Records decoded so far.
    pub fn records(&self) -> u64 {
        self.gather.records
    }

    /// Values asked for so far of which only the first [`VALUE_BYTES_MAX`] bytes were taken; of those
    /// asked for by a text, those in which it stands.
    pub fn truncated(&self) -> u64 {
        self.gather.truncated
    }

    /// What could not be decoded since this was last asked.
    pub fn take_rejections(&mut self) -> Vec<Rejection> {
        std::mem::take(&mut self.gather.rejections)
    }

    /// True if enough is held to be worth scanning, and no more should be taken before it is.
    pub fn is_full(&self) -> bool {
        self.gather.held_bytes >= HELD_BYTES_MAX || self.gather.held_events >= HELD_EVENTS_MAX
    }

    /// Hands out what was gathered, ordered by kind.
    pub fn drain(&mut self) -> Vec<EventBatch> {
        self.gather.held_bytes = 0;
        self.gather.held_events = 0;
        let mut batches = std::mem::take(&mut self.gather.closed);
        batches.extend(self.gather.open.iter_mut().filter_map(|open| open.batch.take()));
        // Stable: of one kind, what was closed comes first.
        batches.sort_by(|a, b| a.kind().cmp(b.kind()));
        batches
    }

    /// Takes a batch that is done with, to gather in its memory again. Gives back the blocks that its
    /// records lie in.
    pub fn recycle(&mut self, mut batch: EventBatch) -> Vec<RawBlock> {
        let worth_it = batch.is_partial()
            && batch.memory() <= SPARE_BYTES_MAX
            && batch.columns().len() <= SPARE_COLUMNS_MAX;
        let blocks = batch.clear();
        if worth_it {
            self.gather.spare.insert(Arc::clone(batch.kind()), batch);
        }
        blocks
    }

    /// The event with all its fields, as a batch of one row: read again from its record. `None` if the
    /// batch has them all, or was handed out before the last one.
    pub fn whole(&mut self, batch: &EventBatch, row: usize) -> Option<EventBatch> {
        if !batch.is_partial() {
            return None;
        }
        self.reread.whole(&self.gather.normaliser, batch, row)
    }

    /// Takes such a batch back, for its memory.
    pub fn recycle_whole(&mut self, whole: EventBatch) {
        self.reread.recycle(whole);
    }
}

fn is_wide(batch: &EventBatch) -> bool {
    let columns = batch.columns().len();
    let cells = batch.len() * columns;
    cells > CELLS_MAX || columns > COLUMNS_DENSE && cells > CELLS_SPARSE_MAX
}

impl Gather {
    /// What is wanted of a kind's events: what the interests name, and the machines they are about.
    fn wanted<'w>(open: &'w mut Open, interests: &dyn Interests, kind: &Kind) -> &'w Wanted {
        open.wanted.get_or_insert_with(|| Wanted::new(interests.of(kind), kind))
    }

    fn close_if_wide(&mut self, entry: usize) {
        if self.open[entry].batch.as_ref().is_some_and(is_wide) {
            self.closed.extend(self.open[entry].batch.take());
        }
    }

    fn taken(&mut self) {
        self.order += 1;
        self.records += 1;
        self.held_events += 1;
    }
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
        self.batch.get_or_insert_with(|| match &self.wanted {
            Some(Wanted::Columns(names, ..)) => spare
                .remove(kind)
                .unwrap_or_else(|| EventBatch::of_columns(Arc::clone(kind), names)),
            _ => EventBatch::new(Arc::clone(kind)),
        })
    }
}

/// The value, or as much of it as is taken, which is counted.
fn bounded<'v>(value: Value<'v>, truncated: &mut u64) -> Value<'v> {
    *truncated += u64::from(value.text.len() > VALUE_BYTES_MAX);
    cut(value)
}

/// The value, or as much of it as is taken.
fn cut(value: Value<'_>) -> Value<'_> {
    if value.text.len() <= VALUE_BYTES_MAX {
        return value;
    }
    Value { text: &value.text[..value.text.floor_char_boundary(VALUE_BYTES_MAX)], ..value }
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
                        let told = value.text.len() > VALUE_BYTES_MAX && rest.is_in(value.text);
                        self.truncated += u64::from(told);
                        batch.push_rest(cut(value));
                    }
                }
                _ => batch.set(name, bounded(value, &mut self.truncated)),
            }
            self.held_bytes += value.text.len() / 4 + 8;
        }
        self.held_bytes += (batch.columns().len() - columns) * COLUMN_BYTES;
        self.open[entry].asked = asked;
        self.close_if_wide(entry);
        self.taken();
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
        if let Some(Wanted::Columns(_, Some(rest), _)) = &self.open[entry].wanted
            && rest.may_be_in(written)
        {
            return Err(Unread::ByName);
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
            let value = bounded(value, &mut self.truncated);
            bytes += value.text.len() / 4 + 8;
            match *column {
                usize::MAX => near.set(batch.set_near(near.get(), name, value)),
                column => batch.set_at(column, value),
            }
        }
        for slot in &reading.rest {
            let Some(value) = read.value(*slot) else { continue };
            batch.push_rest(cut(value));
        }
        self.held_bytes += bytes + (batch.columns().len() - before) * COLUMN_BYTES;
        self.close_if_wide(entry);
        self.taken();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use blanik_model::{Everything, SourceId};

    use super::*;
    use crate::block::Framing;
    use crate::record::RECORD_FIELDS_MAX;

    fn block(text: String) -> Block {
        Block {
            source: SourceId(0),
            seq: 0,
            bytes: Arc::new(text.into_bytes()),
            first: 1,
            framing: Framing::JsonLines,
            last: true,
        }
    }

    fn wide(names: std::ops::Range<usize>) -> String {
        let fields: Vec<String> = names.map(|n| format!("\"n{n}\":1")).collect();
        format!("{{{}}}\n", fields.join(","))
    }

    #[test]
    fn a_record_of_too_many_names_is_refused_and_named() {
        let mut batcher = Batcher::new(Arc::new(Normaliser::new()), Arc::new(Everything));
        batcher.take(&block(wide(0..RECORD_FIELDS_MAX + 1) + "{\"a\":1}\n"));
        assert_eq!(batcher.records(), 1);
        let rejections = batcher.take_rejections();
        assert_eq!(rejections.len(), 1);
        assert_eq!((rejections[0].place, rejections[0].lost), (Place::Line(1), 1));
        assert!(rejections[0].reason.contains("more than 65536 fields"), "{rejections:?}");
        assert!(batcher.drain().iter().map(EventBatch::memory).sum::<usize>() < 1 << 20);
    }

    #[test]
    fn an_event_id_with_a_fraction_of_zero_is_one() {
        let mut batcher = Batcher::new(Arc::new(Normaliser::new()), Arc::new(Everything));
        batcher.take(&block("{\"EventID\":4624.0,\"Channel\":\"Security\"}".into()));
        let batches = batcher.drain();
        assert_eq!(batches[0].kind().event_id, Some(4624));
    }

    #[test]
    fn wide_records_soon_fill_a_batcher() {
        let mut batcher = Batcher::new(Arc::new(Normaliser::new()), Arc::new(Everything));
        let mut at = 0;
        while !batcher.is_full() {
            batcher.take(&block(wide(at..at + 10_000)));
            at += 10_000;
        }
        let memory: usize = batcher.drain().iter().map(EventBatch::memory).sum();
        assert!(memory < 64 << 20, "{memory}");
    }

    #[test]
    fn records_that_share_no_names_do_not_multiply() {
        let mut text = String::new();
        for n in 0..20_000 {
            writeln!(text, "{{\"n{n}\":1}}").expect("to memory");
        }
        let mut batcher = Batcher::new(Arc::new(Normaliser::new()), Arc::new(Everything));
        batcher.take(&block(text));
        let batches = batcher.drain();
        let memory: usize = batches.iter().map(EventBatch::memory).sum();
        // One batch would take 800 MB.
        assert!(memory < 64 << 20, "{memory}");
        let orders: Vec<u64> =
            batches.iter().flat_map(|b| b.rows().iter().map(|row| row.order)).collect();
        assert_eq!(orders, (0..20_000).collect::<Vec<u64>>());
    }
}
