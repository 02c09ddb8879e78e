//! Where a case's records come from: the evidence log of a workspace, in which a record's number is its
//! index; or a file of records, or of findings as `hunt --json` writes them, one JSON object a line. What
//! analysts say of a file goes into a file beside it; a record's number is its place in both, from 0.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use blanik_evidence::Workspace;
use blanik_model::text::for_terminal;
use blanik_model::{Fact, Finding, Record, Timestamp};

use crate::cli::evidence::KeyArgs;
use crate::evidence;

/// See the module.
pub enum Journal {
    /// A case of a workspace's log.
    Log(Log),
    /// A file.
    File(Lines),
}

impl Journal {
    /// Of this file, if there is one; else of the workspace's case of that name.
    pub fn open(case: &Path, workspace: &Path) -> Self {
        if case.is_file() {
            Journal::File(Lines::new(case))
        } else {
            let name = case.to_string_lossy().into_owned();
            Journal::Log(Log { workspace: workspace.to_owned(), case: name })
        }
    }

    /// All records with their numbers.
    pub fn records(&self) -> Result<Vec<(u64, Record)>> {
        match self {
            Journal::Log(log) => log.records(),
            Journal::File(lines) => lines.records(),
        }
    }

    /// Adds a record, which is about those. Returns its number.
    pub fn append(
        &self,
        by: Option<&str>,
        fact: Fact,
        about: &[u64],
        key: &KeyArgs,
    ) -> Result<u64> {
        match self {
            Journal::Log(log) => log.append(by, fact, about, key),
            Journal::File(lines) => lines.append(by, fact, about),
        }
    }
}

/// That what an analyst says can be said of such a record: it stays in the log for good.
fn goes_with(said: &Fact, on: u64, of: &Fact) -> Result<()> {
    let what = || serde_json::to_value(of).ok().and_then(|v| Some(v["type"].as_str()?.to_owned()));
    let what = || what().unwrap_or_default();
    match said {
        Fact::Confirmed(_) | Fact::Dismissed(_) | Fact::Linked(_) | Fact::Unlinked(_) => {
            let is_finding = matches!(of, Fact::Found(_));
            ensure!(is_finding, "record {on} is no finding, but of type {}", what());
        }
        Fact::Undone(_) => {
            let is_said = matches!(
                of,
                Fact::Noted(_)
                    | Fact::Confirmed(_)
                    | Fact::Dismissed(_)
                    | Fact::Linked(_)
                    | Fact::Unlinked(_)
                    | Fact::Assigned(_)
                    | Fact::Undone(_)
                    | Fact::Observed(_)
                    | Fact::Assessed(_)
                    | Fact::Learnt(_)
            );
            ensure!(
                is_said,
                "record {on} is of type {}, which cannot be undone: it was found",
                what()
            );
        }
        _ => {}
    }
    if let Fact::Linked(tied) | Fact::Unlinked(tied) = said {
        ensure!(tied.a != tied.b, "record {on} is one: name two");
    }
    Ok(())
}

/// A case of a workspace's log.
pub struct Log {
    workspace: PathBuf,
    case: String,
}

impl Log {
    fn records(&self) -> Result<Vec<(u64, Record)>> {
        let (mut records, mut others) = (Vec::new(), BTreeSet::new());
        for unsealed in evidence::reader(&self.workspace)?.unsealed() {
            let unsealed = unsealed.context("the log is damaged: `blanik verify` says where")?;
            let place = || format!("record {} of the log", unsealed.index);
            let record: Record = serde_json::from_str(&unsealed.record).with_context(place)?;
            if record.case == self.case {
                records.push((unsealed.index, record));
            } else {
                others.insert(record.case);
            }
        }
        if records.is_empty() {
            let others: Vec<String> = others.into_iter().collect();
            let shown = for_terminal(&others.join(", ")).into_owned();
            let has = if others.is_empty() { "none".to_owned() } else { shown };
            bail!(
                "{} is no file, and no case of {}, which has {has}",
                for_terminal(&self.case),
                self.workspace.display()
            );
        }
        Ok(records)
    }

    fn append(&self, by: Option<&str>, fact: Fact, about: &[u64], key: &KeyArgs) -> Result<u64> {
        let records = self.records()?;
        for on in about {
            let of = records.iter().find(|(index, _)| index == on);
            let (_, record) = of.with_context(|| {
                format!("record {on} is none of case {}", for_terminal(&self.case))
            })?;
            goes_with(&fact, *on, &record.fact)?;
        }
        let key = evidence::key(&self.workspace, key)?;
        // The key is what a reader can trust; a name beside it is the analyst's own word.
        let by = match by {
            Some(name) => format!("{name} by {}", key.name()),
            None => key.name().to_owned(),
        };
        let record = Record { case: self.case.clone(), at: evidence::now()?, by, fact };
        let mut workspace = Workspace::open_with(&self.workspace, key)?;
        let index = workspace.size();
        workspace.append_json(&[serde_json::to_string(&record)?])?;
        Ok(index)
    }
}

/// A file, and beside it what analysts say of it.
pub struct Lines {
    file: PathBuf,
    said: PathBuf,
    case: String,
}

impl Lines {
    fn new(file: &Path) -> Self {
        let case = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut said = file.as_os_str().to_owned();
        said.push(".analysts.jsonl");
        Lines { file: file.to_owned(), said: said.into(), case }
    }

    fn records(&self) -> Result<Vec<(u64, Record)>> {
        let mut records = Vec::new();
        self.read(&self.file, &mut records)?;
        if self.said.exists() {
            self.read(&self.said, &mut records)?;
        }
        Ok(records)
    }

    fn read(&self, path: &Path, records: &mut Vec<(u64, Record)>) -> Result<()> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        for (i, line) in BufReader::new(file).lines().enumerate() {
            let place = || format!("{}:{}", path.display(), i + 1);
            let line = line.with_context(place)?;
            if line.trim().is_empty() {
                bail!("{}: an empty line: records are numbered by their lines", place());
            }
            let record = self.record(&line).with_context(place)?;
            records.push((records.len() as u64, record));
        }
        Ok(())
    }

    /// A line is a record if it says of which case it is, else a finding.
    fn record(&self, line: &str) -> Result<Record> {
        #[derive(serde::Deserialize)]
        struct Named {
            case: Option<serde::de::IgnoredAny>,
        }
        let named: Named = serde_json::from_str(line).context("not a JSON object")?;
        if named.case.is_some() {
            return serde_json::from_str(line).context("not a record");
        }
        let finding: Finding =
            serde_json::from_str(line).context("neither a record nor a finding")?;
        let at = finding.time.unwrap_or(Timestamp::from_nanos(0));
        let fact = Fact::Found(Box::new(finding));
        Ok(Record { case: self.case.clone(), at, by: "hunt".into(), fact })
    }

    fn append(&self, by: Option<&str>, fact: Fact, about: &[u64]) -> Result<u64> {
        let records = self.records()?;
        let index = records.len() as u64;
        for on in about {
            let of = usize::try_from(*on).ok().and_then(|on| records.get(on));
            let (_, record) = of.with_context(|| {
                format!("there is no record {on}: the last is {}", index.saturating_sub(1))
            })?;
            goes_with(&fact, *on, &record.fact)?;
        }
        let user = || std::env::var("USER").unwrap_or_else(|_| "analyst".into());
        let by = by.map_or_else(user, str::to_owned);
        let record = Record { case: self.case.clone(), at: evidence::now()?, by, fact };
        let mut line = serde_json::to_vec(&record).context("a record cannot be written as JSON")?;
        line.push(b'\n');
        let context = || format!("cannot write {}", self.said.display());
        let file = OpenOptions::new().create(true).append(true).open(&self.said);
        file.and_then(|mut file| file.write_all(&line)).with_context(context)?;
        Ok(index)
    }
}
