//! The store: lists as they were added, and the set that was made of them.
//!
//! `lists/` and `lists.jsonl` are the ground; `set.bin` and `set.json` are made from them, can be deleted, and are
//! made anew where they are missing, damaged, or of other lists or another version.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use blanik_detect::indicators::warnings::WarningList;
use blanik_detect::indicators::{IndicatorSet, WarningLists};
use blanik_evidence::Hash;
use blanik_model::Tlp;
use blanik_share::{Intake, ListAs};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::outfile::write_whole;

/// What is made of the same lists differs between versions of the readers: to be raised with them.
const READERS: u32 = 1;

/// A line of `lists.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ListEntry {
    /// Its path as people know it.
    list: String,
    /// SHA-256 of its bytes, and its name in `lists/`.
    sha256: String,
    /// Whether it is a warning list.
    warnings: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    tlp: Option<Tlp>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    grade: Option<String>,
}

impl ListEntry {
    fn said(&self) -> ListAs {
        ListAs { source: self.source.clone(), tlp: self.tlp, grade: self.grade.clone() }
    }
}

/// What stands beside the set.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Made {
    /// Of which lists, by which readers.
    key: String,
    /// Distinct values that were muted, by list.
    muted: BTreeMap<String, u64>,
}

/// What the store's lists come to.
#[derive(Debug, Default)]
pub struct Stored {
    /// The indicators, without those that are muted.
    pub set: IndicatorSet,
    /// Distinct values that were muted, by list.
    pub muted: BTreeMap<String, u64>,
}

/// See the module.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    lists: Vec<ListEntry>,
}

/// Where the store is, if it is not named: of the environment, and of nothing else.
fn default_folder() -> Option<PathBuf> {
    let of = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    of("BLANIK_HOME")
        .or_else(|| Some(of("XDG_DATA_HOME")?.join("blanik")))
        .or_else(|| Some(of("HOME")?.join(".local/share/blanik")))
}

fn folder_of(named: Option<&Path>) -> Option<PathBuf> {
    Some(named.map(Path::to_owned).or_else(default_folder)?.join("indicators"))
}

impl Store {
    /// The store that is there. `None` if there is none.
    pub fn open(named: Option<&Path>) -> Option<Store> {
        let folder = folder_of(named)?;
        let text = fs::read_to_string(folder.join("lists.jsonl")).ok()?;
        let lists = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Some(Store { folder, lists })
    }

    /// The store that is there, or a new one.
    pub fn create(named: Option<&Path>) -> Result<Store> {
        if let Some(store) = Store::open(named) {
            return Ok(store);
        }
        let folder = folder_of(named)
            .context("no place for the store: set BLANIK_HOME or name one with --store")?;
        let lists = folder.join("lists");
        fs::create_dir_all(&lists).with_context(|| format!("cannot make {}", lists.display()))?;
        Ok(Store { folder, lists: Vec::new() })
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The lists' paths as people know them.
    pub fn lists(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().map(|entry| entry.list.as_str())
    }

    /// Keeps a list; one of the same path is replaced. [`finish`](Self::finish) makes it count.
    pub fn keep(&mut self, list: &str, bytes: &[u8], said: &ListAs, warnings: bool) -> Result<()> {
        let sha256 = sha256(bytes);
        let path = self.folder.join("lists").join(&sha256);
        if !path.exists() {
            write_whole(&path, bytes)?;
        }
        let ListAs { source, tlp, grade } = said.clone();
        self.lists.retain(|entry| entry.list != list);
        self.lists.push(ListEntry { list: list.to_owned(), sha256, warnings, source, tlp, grade });
        Ok(())
    }

    /// Writes down which lists there are.
    pub fn finish(&self) -> Result<()> {
        write_whole(&self.folder.join("lists.jsonl"), self.index().as_bytes())
    }

    fn index(&self) -> String {
        let line = |entry| serde_json::to_string(entry).expect("strings make JSON") + "\n";
        self.lists.iter().map(line).collect()
    }

    fn key(&self) -> String {
        let text = format!("{READERS} {}\n{}", env!("CARGO_PKG_VERSION"), self.index());
        sha256(text)
    }

    /// What the lists come to: as it was made before, or made now. `tell` is called where what was made is
    /// damaged.
    pub fn load(&self, tell: &mut dyn FnMut(&str)) -> Result<Stored> {
        match self.made() {
            Ok(Some(stored)) => return Ok(stored),
            Ok(None) => {}
            Err(damage) => tell(&format!(
                "{} is damaged: {damage}; it is made anew from the lists",
                self.folder.join("set.bin").display()
            )),
        }
        let stored = self.make()?;
        let made = Made { key: self.key(), muted: stored.muted.clone() };
        let json = serde_json::to_vec(&made).context("counts make JSON")?;
        let written = write_whole(&self.folder.join("set.bin"), &stored.set.to_bytes())
            .and_then(|()| write_whole(&self.folder.join("set.json"), &json));
        if let Err(error) = written {
            // The hunt goes on: the next one makes it again.
            tell(&format!("the indicators are not remembered: {error:#}"));
        }
        Ok(stored)
    }

    /// What was made before, if it was of these lists by these readers. An error says how it is damaged.
    fn made(&self) -> Result<Option<Stored>, String> {
        let Ok(json) = fs::read(self.folder.join("set.json")) else { return Ok(None) };
        let made: Made = serde_json::from_slice(&json).map_err(|error| error.to_string())?;
        if made.key != self.key() {
            return Ok(None);
        }
        let bytes = fs::read(self.folder.join("set.bin")).map_err(|error| error.to_string())?;
        let set = IndicatorSet::from_bytes(&bytes).map_err(|error| error.to_string())?;
        Ok(Some(Stored { set, muted: made.muted }))
    }

    fn make(&self) -> Result<Stored> {
        let mut intake = Intake::new();
        for entry in &self.lists {
            intake.read(&entry.list, &self.bytes(entry)?, &entry.said());
        }
        let mut lists = WarningLists::builtin();
        intake.warnings.iter().for_each(|list| lists.add(list));
        let (set, muted) = lists.apply(&intake.set.finish());
        Ok(Stored { set, muted })
    }

    /// The warning lists.
    pub fn warnings(&self) -> Result<Vec<WarningList>> {
        let mut intake = Intake::new();
        for entry in self.lists.iter().filter(|entry| entry.warnings) {
            intake.read(&entry.list, &self.bytes(entry)?, &entry.said());
        }
        Ok(intake.warnings)
    }

    fn bytes(&self, entry: &ListEntry) -> Result<Vec<u8>> {
        let path = self.folder.join("lists").join(&entry.sha256);
        fs::read(&path).with_context(|| {
            format!("cannot read {}, the copy of {}: add it again", path.display(), entry.list)
        })
    }
}

/// In lower-case hex.
fn sha256(bytes: impl AsRef<[u8]>) -> String {
    Hash(Sha256::digest(bytes).into()).to_hex()
}
