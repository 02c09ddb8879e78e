//! How far pulling from a server has come, in the workspace. Written when what came is taken in: a pull that breaks off goes on with
//! what was not, and what is taken in twice is on record once.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::attribute::intel::sha256;
use crate::outfile::write_whole;

const FOLDER: &str = "exchange";
const NAME_DIGITS: usize = 16;

/// See the module.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The collection's or the feed's address.
    pub url: String,
    /// All that was added up to then is taken in.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub added_after: Option<String>,
    /// And the pages before this one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<String>,
    /// The newest time among those pages.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub newest: Option<String>,
    /// Events of a feed, with the time of the version that was taken in.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub events: BTreeMap<String, String>,
    #[serde(skip)]
    path: PathBuf,
}

impl Place {
    /// The place of an address: as it was left, or the beginning.
    ///
    /// # Errors
    /// If its file cannot be read, or is none of ours.
    pub fn open(workspace: &Path, url: &str) -> Result<Place> {
        let name = &sha256(url.as_bytes())[..NAME_DIGITS];
        let path = workspace.join(FOLDER).join(format!("{name}.json"));
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Place { url: url.to_owned(), path, ..Place::default() });
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let place: Place = serde_json::from_str(&text).with_context(|| {
            format!("{} is damaged: delete it, and everything is pulled again", path.display())
        })?;
        Ok(Place { path, ..place })
    }

    /// Writes it down, whole or not at all.
    ///
    /// # Errors
    /// If the disk does not let it.
    pub fn keep(&self) -> Result<()> {
        let json = serde_json::to_vec_pretty(self).context("a place makes JSON")?;
        write_whole(&self.path, &json)
    }

    /// The folder for what came in, beside the places.
    pub fn folder(workspace: &Path) -> PathBuf {
        workspace.join(FOLDER).join("in")
    }
}
