//! A hunt on record: the files that came into custody, with what they were hunted, what could not be
//! read, every finding, and what a case wants to know of all events, committed field by field.
//!
//! `hunted` is the last record: where it stands, all findings before it are there.

use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use blanik_evidence::batches::Batches;
use blanik_evidence::{Hash, SigningKey, Workspace};
use blanik_ingest::{Digested, files_below};
use blanik_model::Fact;
use blanik_model::record::{Acquired, Hunted, Opened, Settings};

use crate::case::gathering::Lines;
use crate::cli::HuntArgs;
use crate::hunt::{Hunt, Outcome};
use crate::rules::Texts;

use super::opened::OpenedCases;
use super::settings;

/// Records under one checkpoint, and their bytes, at most.
const RECORDS_AT_ONCE: usize = 8_192;
const BYTES_AT_ONCE: usize = 16 << 20;

/// What is to be put on record, from before the hunt until its end.
pub struct Custody {
    case: String,
    workspace: PathBuf,
    key: SigningKey,
    rules: String,
    settings: Settings,
}

/// A custody that is made while the rules are loaded: the key takes a quarter of a second to open.
pub struct Waiting {
    case: String,
    workspace: PathBuf,
    opened: JoinHandle<Result<SigningKey>>,
}

impl Waiting {
    /// Asks for the passphrase, and begins to open the key with it.
    pub fn begin(args: &HuntArgs) -> Result<Option<Self>> {
        let Some(case) = &args.case.case else { return Ok(None) };
        if args.logs.paths.iter().any(|path| path.as_os_str() == "-") {
            bail!("standard input cannot be taken into custody: name a file");
        }
        let (case, workspace) = (case.clone(), args.case.workspace.clone());
        let locked = super::locked_key(&workspace, &args.case.key)?;
        let opened = thread::spawn(move || locked.open());
        Ok(Some(Waiting { case, workspace, opened }))
    }

    /// Before anything is read: that it can be put on record at all. The texts are those that the hunt's
    /// rules were made of.
    pub fn end(self, args: &HuntArgs, texts: &Texts, hunt: &Hunt) -> Result<Custody> {
        let (mappings, indicators) = (&hunt.logs.mappings, hunt.indicators.as_ref());
        let settings = settings::of(args, &texts.placeholders, mappings, indicators);
        let key = self.opened.join().expect("opening a key does not panic")?;
        Custody::new(self.case, self.workspace, key, texts, settings)
    }
}

impl Custody {
    /// For a case of a workspace, whose key this is, and a hunt by the rules of these texts.
    pub fn new(
        case: String,
        workspace: PathBuf,
        key: SigningKey,
        texts: &Texts,
        settings: Settings,
    ) -> Result<Self> {
        let rules = settings::of_texts(&texts.rules);
        // Fails now, and not after hours of reading.
        drop(Workspace::open_with(&workspace, key.clone())?);
        Ok(Custody { case, workspace, key, rules, settings })
    }

    /// Puts the hunt on record.
    pub fn log(self, hunt: &Hunt, outcome: &mut Outcome, quiet: bool) -> Result<()> {
        ensure!(hunt.logs.options.digests, "the files were read without their digests");
        let started = Instant::now();
        let mut workspace = Workspace::open_with(&self.workspace, self.key.clone())?;
        let opened = OpenedCases::of(&super::reader(&self.workspace)?);
        let is_opened = opened.has(&self.case);
        let written = workspace.append_batches(|batches| {
            let lines = Lines { case: &self.case, by: self.key.name() };
            let mut writer = Writer { batches, lines, waiting: Vec::new(), bytes: 0 };
            if !is_opened {
                writer.fact(Fact::Opened(Opened { title: self.case.clone() }))?;
            }
            writer.hunt(outcome)?;
            writer.fact(self.hunted(hunt, outcome))?;
            writer.flush()
        })?;
        let grown = super::reader(&self.workspace);
        // All is on record: without the view, the next hunt reads more, and that is all.
        let _ = grown.and_then(|grown| opened.store(&workspace, &grown, &self.case));
        if !quiet {
            eprintln!(
                "blanik: on record as {} to {} of case {} (logged in {:.2} s)",
                written.start,
                written.end - 1,
                self.case,
                started.elapsed().as_secs_f64(),
            );
        }
        Ok(())
    }

    /// The last record of a hunt.
    fn hunted(&self, hunt: &Hunt, outcome: &Outcome) -> Fact {
        Fact::Hunted(Hunted {
            program: concat!("blanik ", env!("CARGO_PKG_VERSION")).to_owned(),
            rules: self.rules.clone(),
            rule_count: (hunt.rules.len() + hunt.rules.correlations().count()) as u64,
            read: outcome.reading.accounting.events_read,
            rejected: outcome.reading.accounting.rejected,
            findings: outcome.findings.len() as u64,
            settings: self.settings.clone(),
        })
    }
}

/// Hands records on to the log, many under a checkpoint.
struct Writer<'w> {
    batches: &'w Batches<String>,
    lines: Lines<'w>,
    waiting: Vec<String>,
    bytes: usize,
}

impl Writer<'_> {
    /// All but the last record of a hunt.
    fn hunt(&mut self, outcome: &mut Outcome) -> Result<()> {
        for file in &outcome.digests {
            self.fact(Fact::Acquired(acquired(file)))?;
        }
        self.lines.each(outcome, |record| self.push(record))
    }

    fn fact(&mut self, fact: Fact) -> Result<()> {
        self.push(self.lines.of(fact)?)
    }

    fn push(&mut self, record: String) -> Result<()> {
        self.bytes += record.len();
        self.waiting.push(record);
        if self.waiting.len() >= RECORDS_AT_ONCE || self.bytes >= BYTES_AT_ONCE {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.bytes = 0;
        Ok(self.batches.push(std::mem::take(&mut self.waiting))?)
    }
}

/// The files that reading these paths opens, each with size and digest, without a hunt. What cannot be
/// read is the hunt's to tell.
pub(super) fn files(paths: &[PathBuf]) -> Vec<Acquired> {
    let depth = blanik_ingest::Limits::default().folder_depth_max;
    let files = paths.iter().flat_map(|path| files_below(path, depth));
    files.filter_map(|path| Digested::of(&path).ok()).map(|file| acquired(&file)).collect()
}

fn acquired(file: &Digested) -> Acquired {
    let path = file.path.display().to_string();
    Acquired { path, size: file.size, sha256: Hash(file.sha256).to_hex() }
}
