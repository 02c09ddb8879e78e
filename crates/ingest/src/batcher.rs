//! Blocks → batches by kind: decoding, normalising and gathering, one batcher a thread.

use std::borrow::Cow;
use std::sync::Arc;

use blanik_model::{EventBatch, Interests, RawBlock};

use crate::block::Block;
use crate::decode::Decoder;
use crate::gather::Gather;
use crate::normalise::Normaliser;
use crate::rejection::Rejection;
use crate::reread::Reread;

/// Bytes of a value that are taken: a longer one is cut there, and counted. Its record has the rest.
pub const VALUE_BYTES_MAX: usize = 1 << 20;
/// Bytes of columns and raw records after which a batcher is full.
const HELD_BYTES_MAX: usize = 4 << 20;
/// Events after which it is.
const HELD_EVENTS_MAX: usize = 1 << 16;
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

impl Batcher {
    /// A batcher that holds nothing yet, and makes columns of the fields that somebody is interested
    /// in.
    pub fn new(normaliser: Arc<Normaliser>, interests: Arc<dyn Interests>) -> Self {
        Batcher {
            decoder: Decoder::new(),
            reread: Reread::new(Arc::clone(&normaliser)),
            gather: Gather::new(normaliser, interests, VALUE_BYTES_MAX),
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
        self.gather.drain()
    }

    /// Takes a batch that is done with, to gather in its memory again. Gives back the blocks that its
    /// records lie in.
    pub fn recycle(&mut self, mut batch: EventBatch) -> Vec<RawBlock> {
        let worth_it = batch.is_partial()
            && batch.memory() <= SPARE_BYTES_MAX
            && batch.columns().len() <= SPARE_COLUMNS_MAX;
        let blocks = batch.clear();
        if worth_it {
            self.gather.reuse(batch);
        }
        blocks
    }

    /// The event with all its fields, as a batch of one row: read again from its record. `None` if the
    /// batch has them all, or was handed out before the last one.
    pub fn whole(&mut self, batch: &EventBatch, row: usize) -> Option<EventBatch> {
        if !batch.is_partial() {
            return None;
        }
        self.reread.whole(batch, row)
    }

    /// The text of a row's record: as it stands in the log; of a binary log, as JSON. Empty if the batch
    /// was handed out before the last one and the log is binary.
    pub fn text<'b>(&self, batch: &'b EventBatch, row: usize) -> Cow<'b, [u8]> {
        self.reread.text(batch, row)
    }

    /// Takes such a batch back, for its memory.
    pub fn recycle_whole(&mut self, whole: EventBatch) {
        self.reread.recycle(whole);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use blanik_model::{Everything, SourceId};

    use super::*;
    use crate::block::Framing;
    use crate::record::RECORD_FIELDS_MAX;
    use crate::rejection::Place;

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
