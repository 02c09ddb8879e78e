//! What came in, handed on: kept as it came, its digest on record, then knowledge of actors and indicators are taken from it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use blanik_evidence::SigningKey;

use super::place::Place;
use crate::attribute::intel::{self, Coming, sha256};
use crate::cli::AddArgs;
use crate::cli::exchange::PullArgs;
use crate::outfile::write_whole;
use crate::{evidence, indicators};

/// Whoever takes in.
pub struct Taking<'t> {
    args: &'t PullArgs,
    key: SigningKey,
    source: String,
}

/// A file that came.
pub struct Part {
    /// What it is called in the workspace: letters, digits, dashes and dots.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl<'t> Taking<'t> {
    /// Opens the workspace's key, before hours of pulling.
    ///
    /// # Errors
    /// If there is no workspace, or the passphrase is not its key's.
    pub fn new(args: &'t PullArgs, host: &str) -> Result<Taking<'t>> {
        let _: blanik_attribution::observe::Grade = args.grade.parse()?;
        let key = evidence::key(&args.workspace, &args.key)?;
        let source = args.source.clone().unwrap_or_else(|| host.to_owned());
        Ok(Taking { args, key, source })
    }

    /// The workspace.
    pub fn workspace(&self) -> &Path {
        &self.args.workspace
    }

    /// Takes them in. Those whose digest is on record already are not put there again.
    ///
    /// # Errors
    /// If the disk does not let it.
    pub fn take(&self, parts: Vec<Part>) -> Result<()> {
        let folder = Place::folder(&self.args.workspace);
        let mut paths: Vec<PathBuf> = Vec::new();
        let mut coming = Vec::new();
        for part in parts {
            let path = folder.join(&part.name);
            write_whole(&path, part.text.as_bytes())?;
            paths.push(path);
            let (source, grade) = (self.source.clone(), self.args.grade.clone());
            coming.push(Coming { name: part.name, text: part.text, source, grade });
        }
        intel::learn(&self.args.workspace, &self.key, coming)?;
        let args = AddArgs {
            paths,
            source: Some(self.source.clone()),
            tlp: None,
            grade: Some(self.args.grade.clone()),
            losses: None,
            store: self.args.store.clone(),
        };
        indicators::keep(&args)?;
        Ok(())
    }
}

/// A name for what came: where from, and the beginning of its digest.
pub fn name_of(from: &str, text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' };
    let from: String = from.chars().map(plain).take(64).collect();
    format!("{from}-{}.json", &sha256(text.as_bytes())[..16])
}
