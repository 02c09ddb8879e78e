//! The same log twice through one batcher: once read by names, once by the layouts then known. Both
//! give the same events.

#![no_main]

use std::sync::{Arc, LazyLock};

use blanik_ingest::{Batcher, Block, Framing, Normaliser};
use blanik_model::{EventBatch, Everything, SourceId};

static NORMALISER: LazyLock<Arc<Normaliser>> = LazyLock::new(|| Arc::new(Normaliser::new()));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // Each line by a batcher that has met none before.
    let by_name: Vec<String> =
        bytes.split(|b| *b == b'\n').flat_map(|line| read(&mut new(), line)).collect();
    let mut batcher = new();
    for _ in 0..3 {
        assert_eq!(read(&mut batcher, bytes), by_name);
    }
});

fn new() -> Batcher {
    Batcher::new(Arc::clone(&NORMALISER), Arc::new(Everything))
}

/// The events in their order, as text.
fn read(batcher: &mut Batcher, bytes: &[u8]) -> Vec<String> {
    batcher.take(&Block {
        source: SourceId(0),
        seq: 0,
        bytes: Arc::new(bytes.to_vec()),
        first: 1,
        framing: Framing::JsonLines,
        last: true,
    });
    batcher.take_rejections();
    let batches = batcher.drain();
    let mut events: Vec<(u64, String)> = Vec::new();
    for batch in &batches {
        events.extend((0..batch.len()).map(|row| (batch.rows()[row].order, shown(batch, row))));
    }
    events.sort();
    events.into_iter().map(|(_, event)| event).collect()
}

/// One event, its fields by name.
fn shown(batch: &EventBatch, row: usize) -> String {
    let mut fields: Vec<_> = batch.fields(row).collect();
    fields.sort_by(|a, b| a.0.cmp(b.0));
    format!("{} {:?} {fields:?}", batch.kind(), batch.rows()[row].time)
}
