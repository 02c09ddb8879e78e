//! The folder of a server: its collections, its tokens, and a lock, so that one server at a time writes.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use blanik_model::Tlp;
use serde::{Deserialize, Serialize};

use crate::collection::{self, Collection};
use crate::error::{Error, Result};
use crate::marking::Markings;
use crate::token::{check_name, write_whole};
use crate::uuid;

const COLLECTIONS: &str = "collections";
const SETTINGS: &str = "collection.json";
const LOCK: &str = "lock";

/// What a collection is called, and how it treats markings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// A UUID.
    pub id: String,
    /// The name it has in addresses beside its id (TAXII 2.1, 5.2.1).
    pub alias: String,
    /// For people.
    pub title: String,
    /// What it holds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub description: Option<String>,
    /// What an object without marking needs to be seen.
    pub unmarked: Tlp,
    /// Marking definitions beside TLP's, and what they need.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub markings: BTreeMap<String, Tlp>,
}

impl Settings {
    /// True if this is its id or its alias.
    pub fn is_called(&self, name: &str) -> bool {
        self.id.eq_ignore_ascii_case(name) || self.alias == name
    }

    pub(crate) fn markings(&self) -> Markings {
        Markings { unmarked: self.unmarked, known: self.markings.clone() }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// That of a path.
    pub fn new(path: &Path) -> Folder {
        Folder(path.to_owned())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Adds a collection; `random` makes its id. A server that runs knows it when it is started again.
    ///
    /// # Errors
    /// If there is one of this alias, or the disk does not let it.
    pub fn add_collection(&self, mut settings: Settings, random: [u8; 16]) -> Result<Settings> {
        check_name(&settings.alias)?;
        if self.collections()?.iter().any(|other| other.is_called(&settings.alias)) {
            return Err(Error::Exists { what: "collection", name: settings.alias });
        }
        settings.id = uuid::from_random(random);
        let folder = self.0.join(COLLECTIONS).join(&settings.id);
        collection::make(&folder)?;
        let json = serde_json::to_vec_pretty(&settings).expect("settings make JSON");
        write_whole(&folder.join(SETTINGS), &json)?;
        Ok(settings)
    }

    /// The collections' settings, by alias.
    ///
    /// # Errors
    /// If one cannot be read.
    pub fn collections(&self) -> Result<Vec<Settings>> {
        let folder = self.0.join(COLLECTIONS);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("read", &folder)(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry.map_err(Error::io("read", &folder))?.path().join(SETTINGS);
            // A folder without settings was never finished.
            if path.exists() {
                found.push(read_settings(&path)?);
            }
        }
        found.sort_by(|a, b| a.alias.cmp(&b.alias));
        Ok(found)
    }

    /// The collection of this id or alias.
    ///
    /// # Errors
    /// If there is none.
    pub fn collection(&self, name: &str) -> Result<Settings> {
        let found = self.collections()?.into_iter().find(|settings| settings.is_called(name));
        found.ok_or_else(|| Error::NoCollection(name.to_owned()))
    }

    /// Opens all collections. What of them could not be read is told in `remarks`.
    pub(crate) fn open(&self, remarks: &mut Vec<String>) -> Result<Vec<Collection>> {
        let mut collections = Vec::new();
        for settings in self.collections()? {
            let folder = self.0.join(COLLECTIONS).join(&settings.id);
            collections.push(Collection::open(&folder, settings, remarks)?);
        }
        Ok(collections)
    }

    /// Held as long as the file is open.
    pub(crate) fn lock(&self) -> Result<File> {
        let path = self.0.join(LOCK);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(Error::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(Error::Locked(self.0.clone())),
            Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
        }
    }
}

fn read_settings(path: &Path) -> Result<Settings> {
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    let damaged = |reason: String| Error::Damaged { path: path.to_owned(), reason };
    let settings: Settings =
        serde_json::from_str(&text).map_err(|error| damaged(error.to_string()))?;
    let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy());
    match uuid::is_uuid(&settings.id) && folder.is_some_and(|name| name == settings.id.as_str()) {
        true => Ok(settings),
        false => Err(damaged("its id is not its folder's name".into())),
    }
}
