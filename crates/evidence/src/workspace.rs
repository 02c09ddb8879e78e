//! A workspace: a folder with a log, the sealed records, and the keys. What is written goes through
//! here; reading is [`Reader`](crate::Reader)'s.

use std::ops::Range;
use std::path::Path;

use serde_json::Value;

use crate::batches::Batches;
use crate::commit::Log;
use crate::disk::{Disk, Folder, Lock, get_text, put};
use crate::error::{Error, Result};
use crate::key::{SigningKey, name_in_file};
use crate::reader::Reader;

/// The file of the key that signs the log.
pub const KEY_FILE: &str = "keys/log.key";
/// The file that says which witnesses are asked, and how many are enough.
pub const POLICY_FILE: &str = "policy";

/// A workspace, held for writing: no other process writes it meanwhile.
pub struct Workspace {
    log: Log<Folder>,
    _lock: Lock,
}

impl Workspace {
    /// Makes a workspace in a new or empty folder, with an empty log of the key's name.
    pub fn init(path: &Path, key: &SigningKey, passphrase: &str) -> Result<()> {
        let taken = path.read_dir().is_ok_and(|mut entries| entries.next().is_some());
        if taken {
            return Err(Error::NotEmpty(path.display().to_string()));
        }
        let shown = path.display().to_string();
        std::fs::create_dir_all(path).map_err(Error::io(&shown))?;
        let folder = Folder::new(path);
        let _lock = folder.lock()?;
        let secret = key.encrypt(passphrase)?.into_bytes();
        put(&folder, &[(KEY_FILE.to_owned(), secret)])?;
        Log::create(&folder, key)
    }

    /// The name of the key that the workspace signs with.
    pub fn key_name(path: &Path) -> Result<String> {
        let file = get_text(&Folder::new(path), KEY_FILE)?;
        let name = name_in_file(&file).ok_or_else(|| Error::malformed("key file", 2, "no name"));
        name.map(str::to_owned)
    }

    /// Opens a workspace for writing, with the passphrase of its key.
    pub fn open(path: &Path, passphrase: &str) -> Result<Self> {
        let file = get_text(&Folder::new(path), KEY_FILE)?;
        Self::open_with(path, SigningKey::decrypt(&file, passphrase)?)
    }

    /// Opens a workspace for writing, with its key.
    pub fn open_with(path: &Path, key: SigningKey) -> Result<Self> {
        let folder = Folder::new(path);
        if folder
            .list("")
            .is_ok_and(|names| !names.iter().any(|name| name == crate::commit::LOG_KEY))
        {
            return Err(Error::Missing(format!("{}: {}", path.display(), crate::commit::LOG_KEY)));
        }
        let lock = folder.lock()?;
        Ok(Workspace { log: Log::open(folder, key)?, _lock: lock })
    }

    /// Opens a workspace for reading; needs no key, and hinders nobody.
    pub fn open_read(path: &Path) -> Result<Reader> {
        Reader::open(path)
    }

    /// Appends records under one checkpoint. When it returns, they stand in the log. Their indices.
    pub fn append(&mut self, records: &[Value]) -> Result<Range<u64>> {
        let texts: Vec<String> = records.iter().map(Value::to_string).collect();
        self.log.append(&texts)
    }

    /// The same of JSON objects that are text already, each on one line.
    pub fn append_json<T: AsRef<str> + Sync>(&mut self, records: &[T]) -> Result<Range<u64>> {
        self.log.append(records)
    }

    /// [`Log::append_batches`].
    pub fn append_batches<T, E>(
        &mut self,
        feed: impl FnOnce(&Batches<T>) -> Result<(), E>,
    ) -> Result<Range<u64>, E>
    where
        T: AsRef<str> + Send + Sync,
        E: From<Error>,
    {
        self.log.append_batches(feed)
    }

    /// Records so far.
    pub fn size(&self) -> u64 {
        self.log.size()
    }

    /// The key that signs.
    pub fn key(&self) -> &SigningKey {
        self.log.key()
    }

    /// Writes a file of the workspace that is no part of the log, whole or not at all.
    pub fn put(&self, path: &str, bytes: Vec<u8>) -> Result<()> {
        put(self.log.disk(), &[(path.to_owned(), bytes)])
    }
}
