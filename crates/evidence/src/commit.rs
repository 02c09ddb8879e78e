//! Stage → log → rely: how records come to stand in the log, whatever fails.
//!
//! 1. *Stage*: the sealed pack and the entries are written, and durable.
//! 2. *Log*: the checkpoint over them is signed, and replaces `committed`: from here they stand.
//! 3. *Rely*: tiles and bundles are made of what was staged, and the checkpoint is published.
//!
//! Opening after a crash does step 3 again, by the same code, for what is committed and not yet
//! published; what was staged and not committed is garbage. So no tile ever holds what no checkpoint
//! covers, and no two checkpoints of one size are signed for anybody to see.

use std::ops::Range;

use crate::batches::Seals;
use crate::checkpoint::{Checkpoint, decimal};
use crate::disk::{Disk, TEMPORARY, get, get_text, put};
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::key::SigningKey;
use crate::log_keys::LogKeys;
use crate::pack::{self, PackName};
use crate::seal::Seed;
use crate::tile::{
    Edge, Tile, WIDTH, bundle_path, push_entry, read_bundle, read_tile, tile_bytes, tile_path,
};

/// The newest checkpoint that is signed.
pub const COMMITTED: &str = "committed";
/// The newest checkpoint whose tiles are there.
pub const PUBLISHED: &str = "log/checkpoint";
/// The log's public keys.
pub const LOG_KEY: &str = "log.vkey";
const STAGING: &str = "staging";
const STAGED_HEADER: &str = "blanik-staged/v1";

/// The one writer of a log.
pub struct Log<D> {
    disk: D,
    key: SigningKey,
    edge: Edge,
    /// A write failed: what stands on disk is known only to who opens it anew.
    uncertain: bool,
}

impl<D: Disk> Log<D> {
    /// Makes an empty log of the key's name.
    pub fn create(disk: &D, key: &SigningKey) -> Result<()> {
        let checkpoint = sign(key, 0, Hash::of_nothing());
        put(disk, &[(LOG_KEY.to_owned(), key.log_keys().to_string().into_bytes())])?;
        put(disk, &[(PUBLISHED.to_owned(), checkpoint.clone().into_bytes())])?;
        put(disk, &[(COMMITTED.to_owned(), checkpoint.into_bytes())])
    }

    /// Opens a log for writing, and ends what a crash may have left undone.
    pub fn open(disk: D, key: SigningKey) -> Result<Self> {
        let keys = key.log_keys();
        if get_text(&disk, LOG_KEY)? != keys.to_string() {
            return Err(Error::NotSigned(keys.name().to_owned()));
        }
        let (committed, text) = signed(&disk, COMMITTED, &keys)?;
        let (published, published_text) = signed(&disk, PUBLISHED, &keys)?;
        if published.size > committed.size
            || (published.size == committed.size && text != published_text)
        {
            let reason = "not the checkpoint that is committed";
            return Err(Error::wrong(PUBLISHED, 0, reason));
        }
        let edge = Edge::load(published.size, |level, index, width| {
            tile(&disk, level, index, width, published.size)
        })?;
        if edge.root() != published.root {
            return Err(Error::wrong(PUBLISHED, 0, "not the root of the tiles"));
        }
        let mut log = Log { disk, key, edge, uncertain: false };
        if committed.size > published.size {
            let staged = Staged::read(&log.disk, &committed)?;
            log.apply(&staged, &text)?;
        }
        log.clean()?;
        Ok(log)
    }

    /// Records so far.
    pub fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The disk.
    pub fn disk(&self) -> &D {
        &self.disk
    }

    /// The key that signs.
    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Appends records, JSON objects of one line each, under one checkpoint. When it returns, they stand
    /// in the log, and no crash takes them away. Their indices.
    ///
    /// # Errors
    /// After an error of the disk, whether they stand is known when the log is opened anew; until
    /// then this refuses with [`Error::Uncertain`].
    pub fn append<T: AsRef<str> + Sync>(&mut self, records: &[T]) -> Result<Range<u64>> {
        // Nothing is sealed in vain.
        if self.uncertain {
            return Err(Error::Uncertain);
        }
        self.append_sealed(records, Seals::of(records)?)
    }

    /// The same of records that these are the seals of.
    pub(crate) fn append_sealed<T: AsRef<str>>(
        &mut self,
        records: &[T],
        seals: Seals,
    ) -> Result<Range<u64>> {
        if self.uncertain {
            return Err(Error::Uncertain);
        }
        let first = self.size();
        if records.is_empty() {
            return Ok(first..first);
        }
        let sealed: Vec<(Seed, &str)> =
            seals.seeds.into_iter().zip(records.iter().map(AsRef::as_ref)).collect();
        let (name, pack) = pack::write(first, &sealed);
        let staged = Staged { first, entries: seals.entries };
        let (size, root) = staged.tree(self.edge.clone());
        let checkpoint = sign(&self.key, size, root);
        self.uncertain = true;
        put(&self.disk, &[(name.path(), pack), (staged_path(size, root), staged.bytes())])?;
        put(&self.disk, &[(COMMITTED.to_owned(), checkpoint.clone().into_bytes())])?;
        self.apply(&staged, &checkpoint)?;
        // Garbage from here on; if it stays, the next who opens the log clears it away.
        let _ = self.disk.remove(&staged_path(size, root));
        self.uncertain = false;
        Ok(first..size)
    }

    /// Makes tiles and bundles of what is committed, and publishes its checkpoint.
    fn apply(&mut self, staged: &Staged, checkpoint: &str) -> Result<()> {
        let mut edge = self.edge.clone();
        let mut tiles = Vec::new();
        for entry in &staged.entries {
            edge.push(Hash::leaf(entry), &mut tiles);
        }
        let before: Vec<Tile> = self.edge.partial().collect();
        tiles.extend(edge.partial().filter(|tile| !before.contains(tile)));
        let mut files = bundles(&self.disk, staged)?;
        files.extend(tiles.into_iter().map(|tile| {
            let path = tile_path(tile.level, tile.index, tile.hashes.len() as u64);
            (format!("log/{path}"), tile_bytes(&tile.hashes))
        }));
        put(&self.disk, &files)?;
        put(&self.disk, &[(PUBLISHED.to_owned(), checkpoint.as_bytes().to_vec())])?;
        self.edge = edge;
        Ok(())
    }

    /// Removes what no checkpoint covers.
    fn clean(&self) -> Result<()> {
        let size = self.size();
        let garbage = |folder: &str, name: &str| {
            name.ends_with(TEMPORARY)
                || folder == STAGING
                || PackName::parse(name).is_some_and(|pack| pack.first >= size)
        };
        for folder in [STAGING, pack::FOLDER] {
            let names = self.disk.list(folder).map_err(Error::io(folder))?;
            for name in names.iter().filter(|name| garbage(folder, name)) {
                let path = format!("{folder}/{name}");
                self.disk.remove(&path).map_err(Error::io(&path))?;
            }
        }
        Ok(())
    }
}

fn sign(key: &SigningKey, size: u64, root: Hash) -> String {
    let origin = key.name().to_owned();
    let checkpoint = Checkpoint { origin, size, root, extensions: Vec::new() };
    key.sign(checkpoint.to_string()).to_string()
}

/// Reads a checkpoint that these keys signed, and its text.
pub(crate) fn signed<D: Disk + ?Sized>(
    disk: &D,
    path: &str,
    keys: &LogKeys,
) -> Result<(Checkpoint, String)> {
    let text = get_text(disk, path)?;
    let (checkpoint, note) = Checkpoint::parse_signed(&text)?;
    keys.verify(&note)?;
    if checkpoint.origin != keys.name() {
        return Err(Error::wrong(path, 0, "the checkpoint of another log"));
    }
    Ok((checkpoint, text))
}

/// The hashes of a tile; of the full one, if the partial one has given way to it.
pub(crate) fn tile<D: Disk + ?Sized>(
    disk: &D,
    level: u32,
    index: u64,
    width: u64,
    size: u64,
) -> Result<Vec<Hash>> {
    debug_assert!(width > 0 && size > 0);
    let path = format!("log/{}", tile_path(level, index, width));
    let full = format!("log/{}", tile_path(level, index, WIDTH));
    let (path, bytes, held) = match get(disk, &path) {
        Err(Error::Missing(_)) if width < WIDTH => match get(disk, &full) {
            Err(Error::Missing(_)) => return Err(Error::Missing(path)),
            bytes => (full, bytes?, WIDTH),
        },
        bytes => (path, bytes?, width),
    };
    let hashes = read_tile(&bytes, held);
    let mut hashes = hashes.ok_or_else(|| Error::wrong(&path, 0, "a tile of the wrong length"))?;
    hashes.truncate(usize::try_from(width).expect("at most 256"));
    Ok(hashes)
}

/// Entries on their way into the log.
struct Staged {
    first: u64,
    entries: Vec<[u8; 33]>,
}

fn staged_path(size: u64, root: Hash) -> String {
    format!("{STAGING}/{size:016}-{}", root.to_hex())
}

impl Staged {
    fn bytes(&self) -> Vec<u8> {
        let head = format!("{STAGED_HEADER} {} {}\n", self.first, self.entries.len());
        [head.as_bytes(), self.entries.as_flattened()].concat()
    }

    fn read<D: Disk + ?Sized>(disk: &D, committed: &Checkpoint) -> Result<Self> {
        let path = staged_path(committed.size, committed.root);
        let bytes = get(disk, &path)?;
        let fail = || Error::wrong(&path, 0, "not what was staged");
        let end = bytes.iter().position(|b| *b == b'\n').ok_or_else(fail)?;
        let head = std::str::from_utf8(&bytes[..end]).map_err(|_| fail())?;
        let words: Vec<&str> = head.split(' ').collect();
        let [STAGED_HEADER, first, count] = words[..] else { return Err(fail()) };
        let (entries, rest) = bytes[end + 1..].as_chunks::<33>();
        let first = decimal(first).ok_or_else(fail)?;
        let whole = rest.is_empty()
            && decimal(count) == Some(entries.len() as u64)
            && first.checked_add(entries.len() as u64) == Some(committed.size);
        whole.then(|| Staged { first, entries: entries.to_vec() }).ok_or_else(fail)
    }

    /// Size and root of the tree that they make of this one.
    fn tree(&self, mut edge: Edge) -> (u64, Hash) {
        let mut full = Vec::new();
        for entry in &self.entries {
            edge.push(Hash::leaf(entry), &mut full);
            full.clear();
        }
        (edge.size(), edge.root())
    }
}

/// The bundles that staged entries make, the first after what stands in it already.
fn bundles<D: Disk + ?Sized>(disk: &D, staged: &Staged) -> Result<Vec<(String, Vec<u8>)>> {
    let (mut index, held) = (staged.first / WIDTH, staged.first % WIDTH);
    let mut bundle = if held == 0 { Vec::new() } else { bundle(disk, index, held)? };
    let mut width = held;
    let mut files = Vec::new();
    for entry in &staged.entries {
        push_entry(&mut bundle, entry);
        width += 1;
        if width == WIDTH {
            let path = format!("log/{}", bundle_path(index, WIDTH));
            files.push((path, std::mem::take(&mut bundle)));
            (index, width) = (index + 1, 0);
        }
    }
    if width > 0 {
        files.push((format!("log/{}", bundle_path(index, width)), bundle));
    }
    Ok(files)
}

/// The first `width` entries of a bundle, as bytes.
pub(crate) fn bundle<D: Disk + ?Sized>(disk: &D, index: u64, width: u64) -> Result<Vec<u8>> {
    let path = format!("log/{}", bundle_path(index, width));
    let full = format!("log/{}", bundle_path(index, WIDTH));
    let (path, mut bytes) = match get(disk, &path) {
        Err(Error::Missing(_)) if width < WIDTH => match get(disk, &full) {
            Err(Error::Missing(_)) => return Err(Error::Missing(path)),
            bytes => (full, bytes?),
        },
        bytes => (path, bytes?),
    };
    let entries = read_bundle(&bytes).map_err(|at| Error::wrong(&path, at, "breaks off"))?;
    let width = usize::try_from(width).expect("at most 256");
    let Some((at, entry)) = entries.get(width - 1) else {
        return Err(Error::wrong(&path, bytes.len(), "fewer entries than its name says"));
    };
    let end = at + entry.len();
    bytes.truncate(end);
    Ok(bytes)
}
