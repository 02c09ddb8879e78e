//! Which cases have begun, as a view of a workspace: nobody has to read all of its records to know it.
//!
//! The view is derived: it names the tree that it was made of and bears its own digest. Where it is not there, is
//! damaged, or is of another tree, the records are read again; so it may be deleted at any time.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use blanik_evidence::{Disk, Hash, Reader, Workspace, tree};
use blanik_model::{Fact, Record};
use serde::{Deserialize, Serialize};

/// Where it lies in a workspace.
const PATH: &str = "views/opened.json";
const FORMAT: &str = "blanik-opened/v1";

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenedCases {
    format: String,
    /// The tree that it was made of: how many records, and its root in hex.
    size: u64,
    root: String,
    /// The cases' names.
    cases: BTreeSet<String>,
    /// SHA-256 in hex of all of the above, as [`OpenedCases::digest`] puts it together.
    digest: String,
    /// Some records could not be read: they may be there again, and are asked again.
    #[serde(skip)]
    is_partial: bool,
}

impl OpenedCases {
    /// All that have begun in a workspace as it is read.
    pub(super) fn of(reader: &Reader) -> Self {
        let stored = Self::stored(reader);
        let (from, cases) =
            stored.map_or((0, BTreeSet::new()), |stored| (stored.size, stored.cases));
        let mut view = Self::made(reader, cases);
        for unsealed in reader.unsealed_from(from) {
            match unsealed {
                Ok(unsealed) => view.cases.extend(opened(&unsealed.record)),
                Err(_) => view.is_partial = true,
            }
        }
        view
    }

    /// True if the case has begun.
    pub(super) fn has(&self, case: &str) -> bool {
        self.cases.contains(case)
    }

    /// Keeps it in the workspace, which has grown meanwhile: none but this case was begun.
    pub(super) fn store(
        mut self,
        workspace: &Workspace,
        reader: &Reader,
        case: &str,
    ) -> Result<()> {
        if self.is_partial {
            return Ok(());
        }
        self.cases.insert(case.to_owned());
        let mut view = Self::made(reader, self.cases);
        view.digest = view.digest();
        let text = serde_json::to_vec(&view).context("names are JSON")?;
        Ok(workspace.put(PATH, text)?)
    }

    fn made(reader: &Reader, cases: BTreeSet<String>) -> Self {
        let checkpoint = reader.checkpoint();
        OpenedCases {
            format: FORMAT.to_owned(),
            size: checkpoint.size,
            root: checkpoint.root.to_hex(),
            cases,
            digest: String::new(),
            is_partial: false,
        }
    }

    /// The view that is kept, if it is whole and of a tree that the log has grown from.
    fn stored(reader: &Reader) -> Option<Self> {
        let view: Self = serde_json::from_slice(&reader.disk().read(PATH).ok()?).ok()?;
        let is_whole = view.format == FORMAT && view.digest == view.digest();
        let is_past = view.size <= reader.checkpoint().size;
        let root = || tree::root(&reader.nodes(), view.size).ok();
        let of_this_log = || is_past && root().is_some_and(|root| root.to_hex() == view.root);
        (is_whole && of_this_log()).then_some(view)
    }

    fn digest(&self) -> String {
        let said = serde_json::to_vec(&(&self.format, self.size, &self.root, &self.cases));
        Hash::of(&said.expect("names are JSON")).to_hex()
    }
}

/// The case that a record says begins.
fn opened(record: &str) -> Option<String> {
    // Most records are findings: only what can be it is read as JSON.
    if !record.contains(r#""type":"opened""#) {
        return None;
    }
    let record: Record = serde_json::from_str(record).ok()?;
    matches!(record.fact, Fact::Opened(_)).then_some(record.case)
}
