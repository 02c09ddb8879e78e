//! The exercise's case published: a verdict on record, a pack for everyone (TLP:CLEAR), and what anybody finds who
//! verifies that.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use blanik_model::Tlp;
use blanik_verify::{Report, Trust, verify};

use super::OnRecord;
use crate::cli::attribution::{AttributeArgs, VerdictFormat};
use crate::cli::evidence::KeyArgs;
use crate::cli::publish::PublishArgs;
use crate::publish::Draft;
use crate::{attribute, evidence};

/// The pack, in the exercise's folder.
const PACK: &str = "pack.zip";
/// The file with the passphrase of the exercise's key.
const PASSPHRASE: &str = "passphrase.txt";

/// See the module.
pub struct Published {
    /// The pack's file.
    pub pack: PathBuf,
    /// What anybody finds who verifies it.
    pub report: Report,
}

/// Publishes the strongest intrusion of the exercise.
pub fn publish(folder: &Path, on_record: &OnRecord) -> Result<Published> {
    let file = folder.join(PASSPHRASE);
    fs::write(&file, format!("{}\n", on_record.passphrase))
        .with_context(|| format!("cannot write {}", file.display()))?;
    let key = KeyArgs { passphrase_file: Some(file) };
    let case = PathBuf::from(super::on_record::CASE);
    let workspace = on_record.workspace.clone();
    attribute::conclude(&AttributeArgs {
        case: case.clone(),
        workspace: workspace.clone(),
        intrusion: 1,
        format: VerdictFormat::Text,
        output: None,
        pool: false,
        pool_file: Vec::new(),
        knowledge: Vec::new(),
        // The exercise is of years for which the program may know no actors yet; the verdict says so.
        accept_old_knowledge: true,
        exercise: true,
        record: true,
        check: None,
        key: key.clone(),
    })?;
    let key = evidence::key(&workspace, &key)?;
    let draft = Draft::of(&PublishArgs::of_exercise(case, workspace))?;
    let made = draft.publish(Tlp::Clear, key)?;
    let pack = folder.join(PACK);
    fs::write(&pack, &made.bytes).with_context(|| format!("cannot write {}", pack.display()))?;
    let report = verify(&made.bytes, &Trust::default())?;
    Ok(Published { pack, report })
}

impl Published {
    /// Says where it lies and whether it holds.
    pub fn tell(&self, out: &mut impl Write) -> io::Result<()> {
        let (n, pack) = (self.report.sentences.len(), &self.pack);
        let said = match self.report.holds() {
            true => "all green",
            false => "NOT all green",
        };
        writeln!(
            out,
            "Published for everyone: {n} sentences with their proofs, {said} (`blanik verify {pack:?}`); names inside are withheld"
        )
    }

    /// An error if anything of it does not hold.
    pub fn check(&self) -> Result<()> {
        if !self.report.holds() {
            bail!("the pack does not verify: `blanik verify` says where");
        }
        Ok(())
    }
}
