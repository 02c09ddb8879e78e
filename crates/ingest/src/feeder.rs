//! Walks the inputs, opens what they are wrapped in, and cuts the logs into blocks.
//!
//! The reading runs on a thread of its own, so that archives inside archives are a plain recursion
//! there; a short queue bounds how far it runs ahead. Blocks come in one order, always the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use blanik_model::{RawBlock, SourceId};

use crate::block::{Block, Framing};
use crate::digested::Digested;
use crate::input::{Input, Options};
use crate::open::Opener;
use crate::rejection::{Place, Rejection, Severity};
use crate::turns::Turns;
use crate::window::Spares;

/// Blocks that may wait to be taken.
const QUEUE_BLOCKS: usize = 4;

/// Rejections of one log that are kept one by one; more of them are counted.
const REJECTIONS_PER_SOURCE: u64 = 10_000;

/// See the module.
pub struct Feeder {
    blocks: Option<Receiver<Block>>,
    reader: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

/// How far the reading has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Files of the inputs read to their end (members of archives are not counted).
    pub files_done: u64,
    /// Files of the inputs found so far.
    pub files_total: u64,
    /// Bytes read from them.
    pub bytes_read: u64,
    /// Their sizes on disk; 0 for standard input.
    pub bytes_total: u64,
}

/// See [`Feeder::recycler`].
#[derive(Clone, Debug)]
pub struct Recycler(Arc<Spares>);

impl Recycler {
    /// Takes a block's memory, if nobody else has it.
    pub fn take(&self, block: RawBlock) {
        if let Some(bytes) = Arc::into_inner(block) {
            self.0.give(bytes);
        }
    }
}

/// What the reading thread leaves for others to see.
#[derive(Default)]
pub(crate) struct Shared {
    sources: Mutex<Vec<Arc<str>>>,
    rejections: Mutex<Vec<Rejection>>,
    digests: Mutex<Vec<Digested>>,
    spares: Arc<Spares>,
    pub files_done: AtomicU64,
    pub files_total: AtomicU64,
    pub bytes_read: AtomicU64,
    pub bytes_total: AtomicU64,
}

/// Nobody takes blocks any more.
#[derive(Debug)]
pub(crate) struct Stopped;

impl Feeder {
    /// Starts reading. Problems, a missing input among them, become [`Rejection`]s.
    pub fn new(inputs: Vec<Input>, options: Options) -> Self {
        Self::in_turns(inputs, options, Arc::new(Turns::unlimited()))
    }

    /// The same, but reads only while it has a turn.
    pub fn in_turns(inputs: Vec<Input>, options: Options, turns: Arc<Turns>) -> Self {
        let shared = Arc::new(Shared::default());
        let (sender, blocks) = sync_channel(QUEUE_BLOCKS);
        let per_source = (0, 0, 0);
        let outlet = Outlet {
            sender,
            shared: Arc::clone(&shared),
            turns: Arc::clone(&turns),
            seq: 0,
            per_source,
        };
        let reader = std::thread::Builder::new()
            .name("reader".into())
            .spawn(move || {
                let _turn = turns.take();
                // An error here only says that the feeder was dropped: there is nobody to tell.
                let _ = Opener::new(options, outlet).run(&inputs);
            })
            .expect("the system can start one more thread");
        Feeder { blocks: Some(blocks), reader: Some(reader), shared }
    }

    /// The next block; `None` when all inputs are read. Waits for the disk.
    pub fn next_block(&mut self) -> Option<Block> {
        if let Ok(block) = self.blocks.as_ref()?.recv() {
            return Some(block);
        }
        self.blocks = None;
        if self.reader.take().is_some_and(|thread| thread.join().is_err()) {
            let source = self.shared.last_source();
            self.shared.reject(Rejection::loss(
                source,
                Place::File,
                0,
                "the reader failed on this file (a defect of this program); it and all that \
                 follows is unread",
            ));
        }
        None
    }

    /// The logs opened so far, by [`SourceId`]: a path; members of archives joined by `!`.
    pub fn sources(&self) -> Vec<Arc<str>> {
        lock(&self.shared.sources).clone()
    }

    /// Takes the memory of blocks that are done with, to read into it again.
    pub fn recycler(&self) -> Recycler {
        Recycler(Arc::clone(&self.shared.spares))
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        let load = |n: &AtomicU64| n.load(Ordering::Relaxed);
        Progress {
            files_done: load(&self.shared.files_done),
            files_total: load(&self.shared.files_total),
            bytes_read: load(&self.shared.bytes_read),
            bytes_total: load(&self.shared.bytes_total),
        }
    }

    /// What could not be opened or cut into blocks so far. Complete once `next` has said `None`.
    pub fn rejections(&self) -> Vec<Rejection> {
        lock(&self.shared.rejections).clone()
    }

    /// The files read so far, in order, if their digests are asked for. Those that cannot be read to their
    /// ends are not among them: they are among the [`rejections`](Self::rejections).
    pub fn digests(&self) -> Vec<Digested> {
        lock(&self.shared.digests).clone()
    }

    /// True if an input named by the caller does not exist or cannot be opened.
    pub fn any_missing(&self) -> bool {
        lock(&self.shared.rejections).iter().any(|r| r.severity == Severity::Missing)
    }
}

/// The blocks, in order.
impl Iterator for Feeder {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        self.next_block()
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        // The reader may wait for a place in the queue: without the queue it stops.
        self.blocks = None;
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

impl Shared {
    fn last_source(&self) -> SourceId {
        SourceId(lock(&self.sources).len().saturating_sub(1) as u32)
    }

    fn reject(&self, rejection: Rejection) {
        lock(&self.rejections).push(rejection);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The lists are whole at every moment, whatever panicked meanwhile.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The reading thread's end of the queue.
pub(crate) struct Outlet {
    sender: SyncSender<Block>,
    pub shared: Arc<Shared>,
    turns: Arc<Turns>,
    seq: u64,
    // The source last complained about, how often, and the records lost beyond the limit.
    per_source: (u32, u64, u64),
}

impl Outlet {
    /// Enters a log into the table.
    pub fn source(&mut self, name: &str) -> SourceId {
        let mut sources = lock(&self.shared.sources);
        sources.push(name.into());
        SourceId(u32::try_from(sources.len() - 1).expect("members per input are bounded"))
    }

    /// Hands a block on.
    pub fn block(
        &mut self,
        source: SourceId,
        bytes: Vec<u8>,
        first: u64,
        framing: Framing,
        last: bool,
    ) -> Result<(), Stopped> {
        let block = Block { source, seq: self.seq, bytes: Arc::new(bytes), first, framing, last };
        self.seq += 1;
        // Whoever waits needs no turn.
        self.turns.without(|| self.sender.send(block)).map_err(|_| Stopped)
    }

    /// Where buffers come from.
    pub fn spares(&self) -> Arc<Spares> {
        Arc::clone(&self.shared.spares)
    }

    /// Keeps a file's digest.
    pub fn digest(&mut self, digested: Digested) {
        lock(&self.shared.digests).push(digested);
    }

    /// Keeps a rejection; beyond a number a log its rejections are only counted.
    pub fn reject(&mut self, rejection: Rejection) {
        if self.per_source.0 != rejection.source.0 {
            self.settle();
            self.per_source = (rejection.source.0, 0, 0);
        }
        self.per_source.1 += 1;
        if self.per_source.1 > REJECTIONS_PER_SOURCE {
            self.per_source.2 += rejection.lost;
        } else {
            self.shared.reject(rejection);
        }
    }

    /// Says how many rejections were only counted.
    pub fn settle(&mut self) {
        let (source, count, lost) = self.per_source;
        if count > REJECTIONS_PER_SOURCE {
            let more = count - REJECTIONS_PER_SOURCE;
            let reason = format!("and {more} more problems of this file, not listed");
            self.shared.reject(Rejection::loss(SourceId(source), Place::File, lost, reason));
        }
        self.per_source = (u32::MAX, 0, 0);
    }
}
