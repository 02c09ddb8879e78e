//! One JSON object after another through decoding, normalising and the search for host and account.

#![no_main]

use std::cell::RefCell;
use std::sync::Arc;

use blanik_fuzz::reading::look_at;
use blanik_ingest::{Batcher, Block, Framing, Normaliser};
use blanik_model::{Everything, SourceId};

thread_local! {
    static BATCHER: RefCell<Batcher> =
        RefCell::new(Batcher::new(Arc::new(Normaliser::new()), Arc::new(Everything)));
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let block = Block {
        source: SourceId(0),
        seq: 0,
        bytes: Arc::new(bytes.to_vec()),
        first: 1,
        framing: Framing::JsonLines,
        last: true,
    };
    BATCHER.with_borrow_mut(|batcher| {
        let before = batcher.records();
        batcher.take(&block);
        let batches = batcher.drain();
        let rows: usize = batches.iter().map(|b| b.len()).sum();
        assert_eq!(rows as u64, batcher.records() - before, "each record is a row");
        batches.iter().for_each(look_at);
        batcher.take_rejections();
    });
});
