//! Blocks → batches by kind: decoding, normalising and gathering, one batcher a thread.

use std::sync::Arc;

use blanik_model::{EventBatch, Kind};
use hashbrown::HashMap;

use crate::block::Block;
use crate::decode::{Decoder, Origin, RecordSink};
use crate::normalise::{Normalised, Normaliser};
use crate::record::{Hint, Record};
use crate::rejection::Rejection;

/// Bytes of columns and raw records after which a batcher is full.
const HELD_BYTES_MAX: usize = 16 << 20;
/// Events after which it is.
const HELD_EVENTS_MAX: usize = 1 << 16;
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
        let mut batches: Vec<EventBatch> = self.gather.batches.drain().map(|(_, b)| b).collect();
        batches.sort_by(|a, b| a.kind().cmp(b.kind()));
        batches
    }
}

impl RecordSink for Gather {
    fn record(&mut self, record: &Record, hint: Hint<'_>, origin: Origin<'_>) {
        self.normaliser.normalise(record, hint, &mut self.normalised);
        let Normalised { kind, time, fields, .. } = &self.normalised;
        let batch = match self.batches.get_mut(kind) {
            Some(batch) => batch,
            None => self
                .batches
                .entry(Arc::clone(kind))
                .or_insert_with(|| EventBatch::new(Arc::clone(kind))),
        };
        batch.begin_row(*time, origin.source, origin.number, self.order, origin.raw, origin.span);
        for (name, value) in fields.iter() {
            batch.set(name, value);
            self.held_bytes += value.text.len() / 4 + 8;
        }
        self.order += 1;
        self.records += 1;
        self.held_events += 1;
    }

    fn reject(&mut self, rejection: Rejection) {
        self.rejections.push(rejection);
    }
}
