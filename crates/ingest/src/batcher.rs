//! Blocks → batches by kind: decoding, normalising and gathering, one batcher a thread.

use std::sync::Arc;

use blanik_model::{EventBatch, Kind};
use hashbrown::HashMap;

use crate::block::Block;
use crate::decode::{Decoder, Origin, RecordSink};
use crate::normalise::{Normalised, Normaliser};
use crate::record::{Hint, Record};
use crate::rejection::{Place, Rejection};

/// Bytes of columns and raw records after which a batcher is full.
const HELD_BYTES_MAX: usize = 16 << 20;
/// Events after which it is.
const HELD_EVENTS_MAX: usize = 1 << 16;
/// Rows times columns of one batch after which a new one is begun: records that share no names make
/// a table of mostly nothing. Dense batches have few columns, and may grow longer.
const CELLS_MAX: usize = 4 << 20;
const COLUMNS_DENSE: usize = 256;
const CELLS_SPARSE_MAX: usize = 256 << 10;
/// What a column costs before anything is in it: its name, a dictionary, a table.
const COLUMN_BYTES: usize = 400;
/// Records that one block may hold, for their place in the total order: more than a block has bytes.
const ORDER_BITS: u32 = 28;

/// See the module.
pub struct Batcher {
    decoder: Decoder,
    gather: Gather,
}

struct Gather {
    normaliser: Arc<Normaliser>,
    normalised: Normalised,
    batches: HashMap<Arc<Kind>, EventBatch>,
    // Batches that had grown too wide.
    closed: Vec<EventBatch>,
    rejections: Vec<Rejection>,
    held_bytes: usize,
    held_events: usize,
    order: u64,
    records: u64,
}

impl Batcher {
    /// A batcher that holds nothing yet.
    pub fn new(normaliser: Arc<Normaliser>) -> Self {
        Batcher {
            decoder: Decoder::new(),
            gather: Gather {
                normaliser,
                normalised: Normalised::default(),
                batches: HashMap::new(),
                closed: Vec::new(),
                rejections: Vec::new(),
                held_bytes: 0,
                held_events: 0,
                order: 0,
                records: 0,
            },
        }
    }

    /// Decodes a block's records into the batches of their kinds.
    pub fn take(&mut self, block: &Block) {
        self.gather.order = block.seq << ORDER_BITS;
        self.gather.held_bytes += block.bytes.len();
        self.decoder.decode(block, &mut self.gather);
    }

    /// Records decoded so far.
    pub fn records(&self) -> u64 {
        self.gather.records
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
        batches.extend(self.gather.batches.drain().map(|(_, batch)| batch));
        // Stable: of one kind, what was closed comes first.
        batches.sort_by(|a, b| a.kind().cmp(b.kind()));
        batches
    }
}

fn is_wide(batch: &EventBatch) -> bool {
    let columns = batch.columns().len();
    let cells = batch.len() * columns;
    cells > CELLS_MAX || columns > COLUMNS_DENSE && cells > CELLS_SPARSE_MAX
}

impl RecordSink for Gather {
    fn record(&mut self, record: &Record, hint: Hint<'_>, origin: Origin<'_>) {
        self.normaliser.normalise(record, hint, &mut self.normalised);
        let Normalised { kind, time, fields, .. } = &self.normalised;
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
        let batch = match self.batches.get_mut(kind) {
            Some(batch) => batch,
            None => self
                .batches
                .entry(Arc::clone(kind))
                .or_insert_with(|| EventBatch::new(Arc::clone(kind))),
        };
        batch.begin_row(*time, origin.source, origin.number, self.order, origin.raw, origin.span);
        let columns = batch.columns().len();
        for (name, value) in fields.iter() {
            batch.set(name, value);
            self.held_bytes += value.text.len() / 4 + 8;
        }
        self.held_bytes += (batch.columns().len() - columns) * COLUMN_BYTES;
        if is_wide(batch) {
            self.closed.extend(self.batches.remove(kind));
        }
        self.order += 1;
        self.records += 1;
        self.held_events += 1;
    }

    fn reject(&mut self, rejection: Rejection) {
        self.rejections.push(rejection);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use blanik_model::SourceId;

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
        let mut batcher = Batcher::new(Arc::new(Normaliser::new()));
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
        let mut batcher = Batcher::new(Arc::new(Normaliser::new()));
        batcher.take(&block("{\"EventID\":4624.0,\"Channel\":\"Security\"}".into()));
        let batches = batcher.drain();
        assert_eq!(batches[0].kind().event_id, Some(4624));
    }

    #[test]
    fn wide_records_soon_fill_a_batcher() {
        let mut batcher = Batcher::new(Arc::new(Normaliser::new()));
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
        let mut batcher = Batcher::new(Arc::new(Normaliser::new()));
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
