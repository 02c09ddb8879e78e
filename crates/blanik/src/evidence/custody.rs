//! A hunt on record: the files that came into custody, with what they were hunted, what could not be
//! read, every finding, and what a case wants to know of all events, committed field by field.
//!
//! `hunted` is the last record: where it stands, all findings before it are there.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use blanik_detect::builtin;
use blanik_evidence::{SigningKey, Workspace};
use blanik_ingest::files_below;
use blanik_model::record::{Acquired, Hunted, Opened};
use blanik_model::{Fact, Record};
use sha2::{Digest, Sha256};

use crate::case::gathering;
use crate::cli::HuntArgs;
use crate::hunt::{Hunt, Outcome};
use crate::rules;

/// Records under one checkpoint, and their bytes, at most.
const RECORDS_AT_ONCE: usize = 8_192;
const BYTES_AT_ONCE: usize = 16 << 20;
const HASHED_AT_ONCE: usize = 1 << 20;

/// What a hunt reads, and by which rules: the built-in ones if none are named.
#[derive(Clone, Copy)]
pub struct Sources<'p> {
    /// Files and folders of logs.
    pub logs: &'p [PathBuf],
    /// Files and folders of rules.
    pub rules: &'p [PathBuf],
}

/// What is to be put on record, from before the hunt until its end.
pub struct Custody {
    case: String,
    workspace: PathBuf,
    key: SigningKey,
    rules: String,
    acquired: JoinHandle<Result<Vec<Acquired>>>,
}

impl Custody {
    /// Before anything is read: that it can be put on record at all. Files are hashed meanwhile.
    pub fn begin(args: &HuntArgs) -> Result<Option<Self>> {
        let Some(case) = &args.case.case else { return Ok(None) };
        if args.logs.paths.iter().any(|path| path.as_os_str() == "-") {
            bail!("standard input cannot be taken into custody: name a file");
        }
        let key = super::key(&args.case.workspace, &args.case.key)?;
        let read = Sources { logs: &args.logs.paths, rules: &args.rule_files.rules };
        Self::of(case, &args.case.workspace, key, read).map(Some)
    }

    /// For a case of a workspace, whose key this is.
    pub fn of(case: &str, workspace: &Path, key: SigningKey, read: Sources<'_>) -> Result<Self> {
        // Fails now, and not after hours of reading.
        drop(Workspace::open_with(workspace, key.clone())?);
        let paths = read.logs.to_vec();
        let acquired = thread::spawn(move || acquired(&paths));
        let rules = rules_digest(read.rules)?;
        Ok(Custody { case: case.to_owned(), workspace: workspace.to_owned(), key, rules, acquired })
    }

    /// Puts the hunt on record.
    pub fn log(self, hunt: &Hunt, outcome: &mut Outcome, quiet: bool) -> Result<()> {
        let waited = Instant::now();
        let acquired = self.acquired.join().expect("hashing does not panic")?;
        let waited = waited.elapsed();
        let started = Instant::now();
        let opened = is_opened(&self.workspace, &self.case)?;
        let mut workspace = Workspace::open_with(&self.workspace, self.key.clone())?;
        let mut writer = Writer {
            first: workspace.size(),
            workspace: &mut workspace,
            case: &self.case,
            by: self.key.name(),
            waiting: Vec::new(),
            bytes: 0,
        };
        if !opened {
            writer.fact(Fact::Opened(Opened { title: self.case.clone() }))?;
        }
        for file in acquired {
            writer.fact(Fact::Acquired(file))?;
        }
        let found = writer.head("found")?;
        for i in 0..outcome.findings.len() {
            let json =
                outcome.findings.json(i).context("cannot read the temporary file of findings")?;
            let json = std::str::from_utf8(json).context("a finding is no UTF-8")?;
            writer.push(format!("{found}{}", &json[1..]))?;
        }
        for fact in gathering::facts(outcome) {
            writer.fact(fact)?;
        }
        writer.fact(Fact::Hunted(Hunted {
            program: concat!("blanik ", env!("CARGO_PKG_VERSION")).to_owned(),
            rules: self.rules,
            rule_count: (hunt.rules.len() + hunt.rules.correlations().count()) as u64,
            read: outcome.reading.accounting.events_read,
            rejected: outcome.reading.accounting.rejected,
            findings: outcome.findings.len() as u64,
        }))?;
        let first = writer.first;
        let last = writer.finish()?;
        if !quiet {
            eprintln!(
                "blanik: on record as {first} to {} of case {} (logged in {:.2} s, waited {:.2} s for digests)",
                last - 1,
                self.case,
                started.elapsed().as_secs_f64(),
                waited.as_secs_f64(),
            );
        }
        Ok(())
    }
}

/// True if the case has begun.
fn is_opened(workspace: &Path, case: &str) -> Result<bool> {
    let reader = super::reader(workspace)?;
    for unsealed in reader.unsealed() {
        let Ok(unsealed) = unsealed else { continue };
        // Most records are findings: only what can be it is read as JSON.
        if unsealed.record.contains(r#""type":"opened""#) {
            let record: Result<Record, _> = serde_json::from_str(&unsealed.record);
            let is_it = |r: Record| r.case == case && matches!(r.fact, Fact::Opened(_));
            if record.is_ok_and(is_it) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Appends records, many under a checkpoint.
struct Writer<'w> {
    workspace: &'w mut Workspace,
    first: u64,
    case: &'w str,
    by: &'w str,
    waiting: Vec<String>,
    bytes: usize,
}

impl Writer<'_> {
    fn fact(&mut self, fact: Fact) -> Result<()> {
        let (case, by) = (self.case.to_owned(), self.by.to_owned());
        self.push(serde_json::to_string(&Record { case, at: super::now()?, by, fact })?)
    }

    /// How a record of that type begins: what follows is its fact's fields.
    fn head(&self, ty: &str) -> Result<String> {
        let head = serde_json::json!({
            "case": self.case, "at": super::now()?.to_string(), "by": self.by, "type": ty,
        });
        let mut head = head.to_string();
        head.pop();
        head.push(',');
        Ok(head)
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
        self.workspace.append_json(&self.waiting)?;
        self.waiting.clear();
        self.bytes = 0;
        Ok(())
    }

    fn finish(mut self) -> Result<u64> {
        self.flush()?;
        Ok(self.workspace.size())
    }
}

/// The files that reading these paths opens, each with size and digest. What cannot be read is the
/// hunt's to tell.
pub(super) fn acquired(paths: &[PathBuf]) -> Result<Vec<Acquired>> {
    let depth = blanik_ingest::Limits::default().folder_depth_max;
    let files = paths.iter().flat_map(|path| files_below(path, depth));
    Ok(files.filter_map(|path| digest(&path).ok()).collect())
}

fn digest(path: &Path) -> io::Result<Acquired> {
    let mut file = BufReader::with_capacity(HASHED_AT_ONCE, File::open(path)?);
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; HASHED_AT_ONCE];
    let mut size = 0;
    loop {
        let n = file.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
        size += n as u64;
    }
    let path = path.display().to_string();
    Ok(Acquired { path, size, sha256: blanik_evidence::Hash(hasher.finalize().into()).to_hex() })
}

/// SHA-256 over the rule documents in order of their text, each with its length before it: the same
/// rules have the same digest wherever they lie.
pub(super) fn rules_digest(paths: &[PathBuf]) -> Result<String> {
    let documents = if paths.is_empty() { builtin::documents() } else { rules::documents(paths)? };
    let mut texts: Vec<String> = documents.into_iter().map(|document| document.text).collect();
    texts.sort_unstable();
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    }
    Ok(blanik_evidence::Hash(hasher.finalize().into()).to_hex())
}
