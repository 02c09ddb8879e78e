//! Reading a workspace: what is published, without keys and without keeping anybody from writing.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::checkpoint::Checkpoint;
use crate::commit::{LOG_KEY, PUBLISHED, bundle, signed, tile};
use crate::disclosure::Disclosure;
use crate::disk::{Disk, Folder, get, get_text};
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::log_keys::LogKeys;
use crate::note::{Note, VerifierKey};
use crate::pack::{self, PackName};
use crate::proof::LogProof;
use crate::seal::{self, Seed};
use crate::tile::{TileNodes, WIDTH, read_bundle, tile_width};
use crate::tree::{self, Nodes};

/// Where checkpoints with cosignatures lie, each named by its size.
pub const COSIGNED: &str = "cosigned";

/// A workspace as it was when this was opened; what is appended later is not seen.
pub struct Reader<D = Folder> {
    disk: D,
    keys: LogKeys,
    checkpoint: Checkpoint,
    note: Note,
}

/// A record and what seals it.
#[derive(Clone)]
pub struct Unsealed {
    /// Its index.
    pub index: u64,
    /// Its JSON.
    pub record: String,
    seed: Seed,
}

impl Reader {
    /// Opens the workspace in this folder.
    pub fn open(path: &Path) -> Result<Self> {
        Self::new(Folder::new(path))
    }
}

impl<D: Disk> Reader<D> {
    /// Opens the workspace on this disk.
    pub fn new(disk: D) -> Result<Self> {
        let keys: LogKeys = get_text(&disk, LOG_KEY)?.parse()?;
        let (checkpoint, text) = signed(&disk, PUBLISHED, &keys)?;
        Ok(Reader { disk, keys, checkpoint, note: Note::parse(&text)? })
    }

    /// The log's Ed25519 key, as the workspace names it.
    pub fn key(&self) -> &VerifierKey {
        &self.keys.ed25519
    }

    /// Both of its keys.
    pub fn keys(&self) -> &LogKeys {
        &self.keys
    }

    /// The log's tree.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The signed checkpoint.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Where it reads.
    pub fn disk(&self) -> &D {
        &self.disk
    }

    /// The tree's hashes.
    pub fn nodes(&self) -> impl Nodes {
        let size = self.checkpoint.size;
        TileNodes::new(size, move |level, index, width| tile(&self.disk, level, index, width, size))
    }

    /// The entry at an index: what stands in the log itself.
    pub fn entry(&self, index: u64) -> Result<Vec<u8>> {
        let size = self.checkpoint.size;
        if index >= size {
            return Err(Error::NotInTree);
        }
        let width = tile_width(0, index / WIDTH, size);
        let bytes = bundle(&self.disk, index / WIDTH, width)?;
        let entries = read_bundle(&bytes).expect("it was read before");
        let at = usize::try_from(index % WIDTH).expect("less than 256");
        entries.get(at).map(|(_, entry)| entry.to_vec()).ok_or(Error::NotInTree)
    }

    /// The packs of what is published, in order. Not whether they are whole.
    pub fn packs(&self) -> Result<Vec<PackName>> {
        let names = self.disk.list(pack::FOLDER).map_err(Error::io(pack::FOLDER))?;
        let packs = names.iter().filter_map(|name| PackName::parse(name));
        Ok(packs.filter(|pack| pack.end() <= self.checkpoint.size).collect())
    }

    /// All records in order, each with its index. Packs are held against their names and against the
    /// log's entries; where records are missing there is one [`Error::Withheld`], and it goes on
    /// behind them.
    pub fn records(&self) -> Records<'_, D> {
        Records { inner: self.unsealed() }
    }

    /// The same with what seals them.
    pub fn unsealed(&self) -> UnsealedRecords<'_, D> {
        let (packs, problem) = match self.packs() {
            Ok(packs) => (packs, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        let end = if problem.is_some() { 0 } else { self.checkpoint.size };
        let waiting = problem.map(Err).into_iter().collect::<Vec<_>>().into_iter();
        UnsealedRecords { reader: self, packs: packs.into_iter().peekable(), next: 0, end, waiting }
    }

    /// The same of those from an index on; the pack that holds it is read whole.
    pub fn unsealed_from(&self, index: u64) -> UnsealedRecords<'_, D> {
        let mut records = self.unsealed();
        while records.packs.next_if(|pack| pack.end() <= index).is_some() {}
        records.next = records.packs.peek().map_or(index, |pack| pack.first.min(index));
        records
    }

    /// The record at an index.
    pub fn record(&self, index: u64) -> Result<Unsealed> {
        let packs = self.packs()?;
        let pack = packs.iter().find(|pack| (pack.first..pack.end()).contains(&index));
        let pack = pack.ok_or(Error::Withheld { from: index, to: index })?;
        let at = usize::try_from(index - pack.first).unwrap_or(usize::MAX);
        let all = self.open_pack(pack)?;
        all.into_iter().nth(at).ok_or(Error::Withheld { from: index, to: index })
    }

    /// The records at some indexes, ascending; each pack is opened once.
    pub fn records_at(&self, indexes: &BTreeSet<u64>) -> Result<Vec<Unsealed>> {
        let packs = self.packs()?;
        let mut found = Vec::new();
        let mut left = indexes.iter().copied().peekable();
        for pack in &packs {
            let within = pack.first..pack.end();
            if left.peek().is_none_or(|index| !within.contains(index)) {
                continue;
            }
            let wanted: BTreeSet<u64> =
                std::iter::from_fn(|| left.next_if(|index| within.contains(index))).collect();
            let all = self.open_pack(pack)?.into_iter();
            found.extend(all.filter(|unsealed| wanted.contains(&unsealed.index)));
        }
        let missing = indexes.iter().find(|i| !found.iter().any(|u: &Unsealed| u.index == **i));
        match missing {
            Some(&index) => Err(Error::Withheld { from: index, to: index }),
            None => Ok(found),
        }
    }

    /// That the entry at an index stands in the log. By the checkpoint that most have cosigned of those
    /// that cover it, else by the newest.
    pub fn prove(&self, index: u64) -> Result<LogProof> {
        let entry = self.entry(index)?;
        let note = self.best_checkpoint(index)?;
        let size = Checkpoint::parse(&note.text)?.size;
        let hashes = tree::inclusion_proof(&self.nodes(), index, size)?;
        let proof = LogProof { extra: Some(entry.clone()), index, hashes, checkpoint: note };
        proof.verify(&entry)?;
        Ok(proof)
    }

    /// That the log grew from one size to another.
    pub fn prove_growth(&self, old: u64, new: u64) -> Result<Vec<Hash>> {
        tree::consistency_proof(&self.nodes(), old, new)
    }

    /// Some fields of a record, to be verified without the rest. A path chooses its field and those
    /// below it.
    pub fn disclose(&self, index: u64, paths: &[String]) -> Result<Disclosure> {
        self.disclose_of(&self.record(index)?, paths)
    }

    /// The same of a record that was read.
    pub fn disclose_of(&self, unsealed: &Unsealed, paths: &[String]) -> Result<Disclosure> {
        let proof = self.prove(unsealed.index)?;
        Disclosure::of(&unsealed.record, unsealed.seed, paths, self.key(), &proof)
    }

    /// The newest checkpoint with cosignatures of this size or more; none if nobody cosigned one.
    fn best_checkpoint(&self, index: u64) -> Result<Note> {
        let mut best = self.note.clone();
        for (checkpoint, note) in self.cosigned()? {
            let covers = (index + 1..=self.checkpoint.size).contains(&checkpoint.size);
            if covers && note.signatures.len() >= best.signatures.len() {
                best = note;
            }
        }
        Ok(best)
    }

    /// Checkpoints that others have cosigned, by size.
    pub fn cosigned(&self) -> Result<Vec<(Checkpoint, Note)>> {
        let read = |name: &String| {
            Checkpoint::parse_signed(&get_text(&self.disk, &format!("{COSIGNED}/{name}"))?)
        };
        self.cosigned_names()?.iter().map(read).collect()
    }

    /// Names of the files of cosigned checkpoints, but for those that are being written.
    pub(crate) fn cosigned_names(&self) -> Result<Vec<String>> {
        let mut names = self.disk.list(COSIGNED).map_err(Error::io(COSIGNED))?;
        names.retain(|name| !name.contains('.'));
        Ok(names)
    }

    /// The records of a pack, held against its name and, the first and the last, against the log.
    fn open_pack(&self, pack: &PackName) -> Result<Vec<Unsealed>> {
        let path = pack.path();
        let bytes = get(&self.disk, &path)?;
        if Hash::of(&bytes) != pack.digest {
            return Err(Error::wrong(
                &path,
                0,
                "not the bytes that its name says: `blanik verify` says where",
            ));
        }
        let mut records = Vec::new();
        for sealed in pack::read(&path, &bytes)? {
            let sealed = sealed?;
            let record = sealed.record.to_owned();
            records.push(Unsealed { index: sealed.index, record, seed: sealed.seed });
        }
        let whole = records.first().is_some_and(|record| record.index == pack.first)
            && records.len() as u64 == pack.count;
        if !whole {
            return Err(Error::wrong(&path, 0, "not the records that its name says"));
        }
        for record in [records.first(), records.last()].into_iter().flatten() {
            let entry = seal::entry(seal::commitment(&record.record, record.seed)?);
            if self.entry(record.index)? != entry {
                let reason = format!("record {} is not what the log commits to", record.index);
                return Err(Error::wrong(&path, 0, reason));
            }
        }
        Ok(records)
    }
}

/// See [`Reader::unsealed`].
pub struct UnsealedRecords<'r, D> {
    reader: &'r Reader<D>,
    packs: std::iter::Peekable<std::vec::IntoIter<PackName>>,
    next: u64,
    end: u64,
    waiting: std::vec::IntoIter<Result<Unsealed>>,
}

impl<D: Disk> Iterator for UnsealedRecords<'_, D> {
    type Item = Result<Unsealed>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.waiting.next() {
                return Some(record);
            }
            if self.next >= self.end {
                return None;
            }
            let Some(pack) = self.packs.next_if(|pack| pack.first <= self.next) else {
                let (from, behind) =
                    (self.next, self.packs.peek().map_or(self.end, |pack| pack.first));
                self.next = behind;
                return Some(Err(Error::Withheld { from, to: behind - 1 }));
            };
            if pack.first < self.next {
                continue; // Covers what another pack did: `verify` names it.
            }
            self.next = pack.end();
            self.waiting = match self.reader.open_pack(&pack) {
                Ok(records) => records.into_iter().map(Ok).collect::<Vec<_>>().into_iter(),
                Err(error) => vec![Err(error)].into_iter(),
            };
        }
    }
}

/// See [`Reader::records`].
pub struct Records<'r, D> {
    inner: UnsealedRecords<'r, D>,
}

impl<D: Disk> Iterator for Records<'_, D> {
    type Item = Result<(u64, Value)>;

    fn next(&mut self) -> Option<Self::Item> {
        let parsed = |unsealed: Unsealed| {
            let value = serde_json::from_str(&unsealed.record);
            Ok((unsealed.index, value.map_err(|error| Error::Record(error.to_string()))?))
        };
        Some(self.inner.next()?.and_then(parsed))
    }
}
