//! Reads bytes as the program does: feeder, decoder, normaliser, batches.

use std::sync::{Arc, LazyLock};

use blanik_ingest::{
    Batcher, Feeder, Format, Input, Limits, Normaliser, Options, Rejection, Severity, alert, entity,
};
use blanik_model::{EventBatch, Everything};

static NORMALISER: LazyLock<Arc<Normaliser>> = LazyLock::new(|| Arc::new(Normaliser::new()));

/// Bounds small enough for the fuzzer to meet them.
pub fn small_limits() -> Limits {
    Limits {
        nesting_max: 4,
        record_bytes_max: 1 << 20,
        expanded_bytes_max: 8 << 20,
        ratio_max: 100,
        ratio_from_bytes: 1 << 20,
        members_max: 64,
        spool_bytes_max: 1 << 20,
        folder_depth_max: 4,
    }
}

/// Reads the bytes to the end. Panics where a promise of the readers is broken.
pub fn read(bytes: &[u8], format: Option<Format>) -> Vec<EventBatch> {
    read_with(bytes, Options { format, ..Options::default() }, &NORMALISER)
}

/// The same, with these options but for their limits.
pub fn read_with(bytes: &[u8], options: Options, normaliser: &Arc<Normaliser>) -> Vec<EventBatch> {
    let input = Input::Bytes { name: "fuzz".into(), bytes: bytes.into() };
    let mut feeder = Feeder::new(vec![input], Options { limits: small_limits(), ..options });
    let mut batcher = Batcher::new(Arc::clone(normaliser), Arc::new(Everything));
    let mut batches = Vec::new();
    let mut rejections = Vec::new();
    for (seq, block) in (0..).zip(&mut feeder) {
        assert_eq!(block.seq, seq, "blocks are numbered without gaps");
        batcher.take(&block);
        rejections.extend(batcher.take_rejections());
        if batcher.is_full() {
            batches = batcher.drain();
            batches.iter().for_each(look_at);
        }
    }
    let rest = batcher.drain();
    rest.iter().for_each(look_at);
    batches.extend(rest);
    rejections.extend(feeder.rejections());
    let sources = feeder.sources().len();
    rejections.iter().for_each(|r| check(r, sources));
    batches
}

/// Asks for everything that the program asks of a batch.
pub fn look_at(batch: &EventBatch) {
    let mut named = 0;
    for row in 0..batch.len() {
        named += u64::from(entity::host(batch, row).is_some());
        entity::account(batch, row);
        alert::alert(batch, row);
        batch.raw(row);
        for (name, value) in batch.fields(row) {
            assert!(is_text(name) && is_text(value.text), "row {row}");
            value.display();
        }
    }
    assert_eq!(entity::hosts(batch).values().sum::<u64>(), named, "hosts counts what host finds");
}

/// Parsers of speed make `str`s out of bytes that they say they have checked.
fn is_text(text: &str) -> bool {
    std::str::from_utf8(std::hint::black_box(text.as_bytes())).is_ok()
}

fn check(rejection: &Rejection, sources: usize) {
    assert!((rejection.source.0 as usize) < sources, "a rejection names its log: {rejection:?}");
    assert!(!rejection.reason.is_empty(), "a rejection says why: {rejection:?}");
    assert!(rejection.severity == Severity::Loss || rejection.lost == 0, "{rejection:?}");
    assert!(!rejection.reason.contains("a defect of this program"), "{rejection:?}");
}
