//! The exercise's hunt on record: a workspace with a key of its own, the case that its log comes to, and what anybody
//! finds who verifies it. Said in sentences, each with the numbers of the records in the log that it rests on.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use blanik_case::{Case, View};
use blanik_evidence::verify::{Report, verify_workspace};
use blanik_evidence::{Folder, SigningKey, Workspace};
use blanik_model::Record;
use blanik_model::record::Settings;
use blanik_model::text::for_terminal;

use super::answer::AnswerKey;
use super::case_score::{self, CaseScore};
use crate::case::brief;
use crate::case::journal::Journal;
use crate::evidence::{self, Custody};
use crate::hunt::{Hunt, Outcome};
use crate::rules::Texts;

/// The case's name.
pub(super) const CASE: &str = "exercise";
/// The workspace, in the exercise's folder.
const WORKSPACE: &str = "workspace";

/// A workspace that waits for what the hunt finds.
pub struct Waiting {
    workspace: PathBuf,
    passphrase: String,
    custody: Custody,
}

/// See the module.
pub struct OnRecord {
    /// The workspace.
    pub workspace: PathBuf,
    /// What opens its key: made for this exercise, and told to everyone.
    pub passphrase: String,
    /// The records of the case with their numbers in the log.
    pub records: Vec<(u64, Record)>,
    /// What they come to.
    pub case: Case,
    /// Its intrusions.
    pub views: Vec<View>,
    /// What anybody finds who verifies the log.
    pub report: Report,
}

impl Waiting {
    /// Makes a workspace in the exercise's folder, for a hunt by the rules of these texts.
    pub fn new(folder: &Path, texts: &Texts) -> Result<Self> {
        let workspace = folder.join(WORKSPACE);
        let key = SigningKey::generate(&evidence::invented_origin(&workspace)?)?;
        let digits = SigningKey::generate("passphrase")?.verifier().id();
        let passphrase = format!("exercise-{:08x}", u32::from_be_bytes(digits));
        Workspace::init(&workspace, &key, &passphrase)?;
        let settings = Settings::default();
        let custody = Custody::new(CASE.to_owned(), workspace.clone(), key, texts, settings)?;
        Ok(Waiting { workspace, passphrase, custody })
    }

    /// Puts the hunt on record, folds the case of the log as it then stands, and verifies that.
    pub fn log(self, hunt: &Hunt, outcome: &mut Outcome) -> Result<OnRecord> {
        let Waiting { workspace, passphrase, custody } = self;
        custody.log(hunt, outcome, true)?;
        let records = Journal::open(Path::new(CASE), &workspace).records()?;
        let case = Case::fold(records.iter().cloned());
        let report = verify_workspace(&Folder::new(&workspace), None);
        Ok(OnRecord { workspace, passphrase, records, views: case.views(), case, report })
    }
}

impl OnRecord {
    /// Writes the case: headings, and sentences that each end with the records they rest on.
    pub fn tell(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{:-<110}", "The case ")?;
        for view in &self.views {
            writeln!(out, "Intrusion {}", view.number)?;
            writeln!(out, "  {}", for_terminal(&view.summary.to_string()))?;
            for chapter in brief::chapters(view) {
                writeln!(out, "  {}", chapter.title)?;
                for sentence in &chapter.sentences {
                    writeln!(out, "    {}", for_terminal(&sentence.to_string()))?;
                }
            }
            writeln!(out)?;
        }
        if !self.case.clocks.is_empty() {
            writeln!(out, "Clocks that go wrong")?;
        }
        for clock in &self.case.clocks {
            writeln!(out, "  {}", for_terminal(&clock.what.to_string()))?;
        }
        writeln!(out, "{:-<110}", "")?;
        self.tell_verified(out)
    }

    fn tell_verified(&self, out: &mut impl Write) -> io::Result<()> {
        let (size, workspace) = (self.report.records_verified, &self.workspace);
        writeln!(
            out,
            "Numbers in brackets are records of the log: `blanik log show {workspace:?}`"
        )?;
        match self.report.faults.first() {
            None => writeln!(
                out,
                "Verified: the log's {size} records, their signature, tree and seals agree (`blanik verify {workspace:?}`)"
            ),
            Some(fault) => {
                let fault = format!("{}, byte {}: {}", fault.path, fault.offset, fault.reason);
                writeln!(out, "WRONG: {}", for_terminal(&fault))
            }
        }?;
        writeln!(
            out,
            "All of it: `blanik case {CASE} show --workspace {workspace:?}`; its key's passphrase: {}",
            self.passphrase
        )
    }

    /// Holds the case against the answer key.
    pub fn score(&self, key: &AnswerKey) -> CaseScore {
        case_score::score(key, &self.records, &self.case, &self.views)
    }

    /// An error if the log does not verify.
    pub fn check(&self) -> Result<()> {
        let fault = self.report.faults.first().map(|f| f.reason.clone());
        fault.map_or(Ok(()), |reason| {
            Err(anyhow::anyhow!(reason)).context("the log does not verify")
        })
    }
}
