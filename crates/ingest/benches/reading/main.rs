//! What reading costs, stage by stage: framing, decoding to records, normalising them, gathering
//! batches of all fields and of the few that rules ask for. `cargo bench -p blanik-ingest`.
//!
//! The logs are made up, the same on each run. With `BLANIK_DATA` set, EVTX logs are read too.

mod synthetic;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use blanik_ingest::{
    Batcher, Block, Decoder, Feeder, Hint, Input, Normalised, Normaliser, Options, Origin, Record,
    RecordSink, Rejection,
};
use blanik_model::{Everything, Interest, Interests, Kind, TextSearch};

/// Fields that a set of rules asks for.
const FEW: [&str; 8] = [
    "CommandLine",
    "EventID",
    "Hashes",
    "Image",
    "ParentImage",
    "TargetObject",
    "User",
    "id.resp_h",
];
/// Texts that its keywords look for.
const TEXTS: [&str; 4] = ["mimikatz", "lsadump::", "meterpreter", "invoke-"];
const RECORDS: usize = 20_000;

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, log) in
        [("windows.ndjson", synthetic::windows(RECORDS)), ("conn.log", synthetic::conn(RECORDS))]
    {
        let path = folder.path().join(name);
        std::fs::write(&path, log).expect("room for a log");
        stages(name, &path);
    }
    match std::env::var_os("BLANIK_DATA") {
        Some(data) => stages("windows-evtx", &Path::new(&data).join("windows-evtx")),
        None => println!("windows-evtx: skipped, as BLANIK_DATA is not set"),
    }
}

/// The time of the fastest of five rounds.
fn best(mut work: impl FnMut()) -> Duration {
    let mut round = || {
        let started = Instant::now();
        work();
        started.elapsed()
    };
    (0..5).map(|_| round()).min().unwrap_or_default()
}

fn stages(name: &str, path: &Path) {
    let frame = || {
        let mut feeder = Feeder::new(vec![Input::Path(path.to_owned())], Options::default());
        std::iter::from_fn(|| feeder.next_block()).collect::<Vec<Block>>()
    };
    let blocks = frame();
    let normaliser = Arc::new(Normaliser::new());
    let mut counted = Count::default();
    blocks.iter().for_each(|block| Decoder::new().decode(block, &mut counted));
    let records = counted.records.max(1);
    let tell = |stage: &str, time: Duration| {
        println!("  {stage:<34} {:>7.0} ns a record", time.as_nanos() as f64 / records as f64);
    };
    println!("{name}: {records} records, {} KiB", size(&blocks) >> 10);
    tell("framed, with another thread", best(|| drop(black_box(frame()))));
    let mut decoder = Decoder::new();
    tell("decoded by name", best(|| decode(&mut decoder, &blocks, &mut Count::default())));
    let mut by_name = ByName::new(&normaliser);
    tell("… and normalised", best(|| decode(&mut decoder, &blocks, &mut by_name)));
    for (stage, interests) in [
        ("batches of all fields", Arc::new(Everything) as Arc<dyn Interests>),
        ("batches of 8 fields", Arc::new(Few(None))),
        ("… with 4 texts looked for", Arc::new(Few(Some(texts())))),
    ] {
        let mut batcher = Batcher::new(Arc::clone(&normaliser), interests);
        tell(stage, best(|| gather(&mut batcher, &blocks)));
    }
}

fn size(blocks: &[Block]) -> usize {
    blocks.iter().map(|block| block.bytes.len()).sum()
}

fn decode(decoder: &mut Decoder, blocks: &[Block], sink: &mut impl RecordSink) {
    blocks.iter().for_each(|block| decoder.decode(block, sink));
}

fn gather(batcher: &mut Batcher, blocks: &[Block]) {
    for block in blocks {
        batcher.take(block);
        if batcher.is_full() {
            empty(batcher);
        }
    }
    empty(batcher);
}

fn empty(batcher: &mut Batcher) {
    batcher.take_rejections();
    for batch in batcher.drain() {
        batcher.recycle(black_box(batch));
    }
}

fn texts() -> Arc<TextSearch> {
    Arc::new(TextSearch::new(TEXTS.iter().map(|text| text.as_bytes().into()).collect()))
}

/// A few fields of each kind.
struct Few(Option<Arc<TextSearch>>);

impl Interests for Few {
    fn of(&self, _: &Kind) -> Interest {
        let names = FEW.iter().map(|name| Arc::from(*name)).collect();
        Interest::Fields { names, rest: self.0.clone(), also: None }
    }
}

/// Counts records, and has no use for layouts.
#[derive(Default)]
struct Count {
    records: u64,
}

impl RecordSink for Count {
    fn record(&mut self, record: &Record, _: Hint<'_>, _: Origin<'_>) {
        black_box(record);
        self.records += 1;
    }

    fn reject(&mut self, _: Rejection) {}
}

/// Normalises each record by its names.
struct ByName<'n> {
    normaliser: &'n Normaliser,
    normalised: Normalised,
}

impl<'n> ByName<'n> {
    fn new(normaliser: &'n Normaliser) -> Self {
        ByName { normaliser, normalised: Normalised::default() }
    }
}

impl RecordSink for ByName<'_> {
    fn record(&mut self, record: &Record, hint: Hint<'_>, _: Origin<'_>) {
        self.normaliser.normalise(record, hint, &mut self.normalised);
        black_box(&self.normalised);
    }

    fn reject(&mut self, _: Rejection) {}
}
