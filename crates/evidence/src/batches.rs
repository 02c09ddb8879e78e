//! Batches of records on their way to a log: what takes the processor's time is done before the log's turn comes, so that
//! one batch is sealed while the batch before it is written.
//!
//! What is sealed is acknowledged to nobody. A batch stands when the log says so ([`crate::commit`]), and the log takes one
//! after the other.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use crate::commit::Log;
use crate::disk::Disk;
use crate::error::{Error, Result};
use crate::key::random_seeds;
use crate::seal::{self, Seed};

/// Records that a thread seals at a time.
const SEALED_AT_ONCE: usize = 128;

/// Takes batches; they are sealed here, and then wait for the log.
pub struct Batches<T>(SyncSender<(Vec<T>, Seals)>);

impl<T: AsRef<str> + Sync> Batches<T> {
    /// Seals records, JSON objects of one line each, on all processors, and hands them on: as soon as the log has taken
    /// the batch before them.
    ///
    /// # Errors
    /// That the log takes no more; why, it says itself.
    pub fn push(&self, records: Vec<T>) -> Result<()> {
        let seals = Seals::of(&records)?;
        self.0.send((records, seals)).map_err(|_| Error::Uncertain)
    }
}

impl<D: Disk + Send> Log<D> {
    /// Appends what `feed` hands on, batch by batch, each under a checkpoint of its own: while one is written, the next
    /// is sealed. When it returns, all of it stands in the log, as after [`Log::append`] of each. The indices.
    ///
    /// # Errors
    /// Of the log, or else what `feed` returned. What was handed on before stands, as far as the log took it.
    pub fn append_batches<T, E>(
        &mut self,
        feed: impl FnOnce(&Batches<T>) -> Result<(), E>,
    ) -> Result<Range<u64>, E>
    where
        T: AsRef<str> + Send + Sync,
        E: From<Error>,
    {
        let first = self.size();
        // No room: there is one that is written, and one that waits.
        let (sender, batches) = sync_channel::<(Vec<T>, Seals)>(0);
        let log = &mut *self;
        let (appended, fed) = thread::scope(|scope| {
            let appended = scope.spawn(move || {
                let mut batches = batches.into_iter();
                batches
                    .try_for_each(|(records, seals)| log.append_sealed(&records, seals).map(drop))
            });
            let fed = feed(&Batches(sender));
            (appended.join().expect("appending does not panic"), fed)
        });
        appended?;
        fed?;
        Ok(first..self.size())
    }
}

/// What is made of records before the log's turn: a seed of its own for each, and its entry.
pub(crate) struct Seals {
    pub(crate) seeds: Vec<Seed>,
    pub(crate) entries: Vec<[u8; 33]>,
}

impl Seals {
    /// Seals on all processors, where records are many.
    pub(crate) fn of<T: AsRef<str> + Sync>(records: &[T]) -> Result<Self> {
        let seeds: Vec<Seed> = random_seeds(records.len())?.into_iter().map(Seed).collect();
        let mut entries = vec![[0; 33]; records.len()];
        // Records differ in length, and processors have other work: who is done takes the next lot.
        let of_lots = records.chunks(SEALED_AT_ONCE).zip(seeds.chunks(SEALED_AT_ONCE));
        let lots = Mutex::new(of_lots.zip(entries.chunks_mut(SEALED_AT_ONCE)));
        let next = || lots.lock().expect("no one panics while holding it").next();
        let work = || -> Result<()> {
            while let Some(((records, seeds), entries)) = next() {
                seal_lot(records, seeds, entries)?;
            }
            Ok(())
        };
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let others = threads.min(records.len().div_ceil(SEALED_AT_ONCE)).saturating_sub(1);
        thread::scope(|scope| {
            let others: Vec<_> = (0..others).map(|_| scope.spawn(work)).collect();
            let own = work();
            let joined = others.into_iter().map(|t| t.join().expect("sealing does not panic"));
            joined.fold(own, |all, one| all.and(one))
        })?;
        Ok(Seals { seeds, entries })
    }
}

fn seal_lot<T: AsRef<str>>(records: &[T], seeds: &[Seed], entries: &mut [[u8; 33]]) -> Result<()> {
    for ((record, seed), entry) in records.iter().zip(seeds).zip(entries) {
        let record = record.as_ref();
        if record.contains('\n') {
            return Err(Error::Record("more than one line".into()));
        }
        *entry = seal::entry(seal::commitment(record, *seed)?);
    }
    Ok(())
}
