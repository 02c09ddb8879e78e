//! Where a case's records come from: a file of records, or of findings as `hunt --json` writes them,
//! one JSON object a line. What analysts say goes into a file beside it. A record's number is its
//! place in both, from 0.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use blanik_model::{Fact, Finding, Record, Timestamp};

/// See the module.
pub struct Journal {
    file: PathBuf,
    said: PathBuf,
    case: String,
}

impl Journal {
    /// Of this file.
    pub fn new(file: &Path) -> Self {
        let case = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut said = file.as_os_str().to_owned();
        said.push(".analysts.jsonl");
        Journal { file: file.to_owned(), said: said.into(), case }
    }

    /// All records with their numbers.
    pub fn records(&self) -> Result<Vec<(u64, Record)>> {
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

    /// Adds a record, which is about those. Returns its number.
    pub fn append(&self, by: String, at: Timestamp, fact: Fact, about: &[u64]) -> Result<u64> {
        let index = self.records()?.len() as u64;
        for on in about {
            ensure!(
                *on < index,
                "there is no record {on}: the last is {}",
                index.saturating_sub(1)
            );
        }
        let record = Record { case: self.case.clone(), at, by, fact };
        let mut line = serde_json::to_vec(&record).context("a record cannot be written as JSON")?;
        line.push(b'\n');
        let context = || format!("cannot write {}", self.said.display());
        let file = OpenOptions::new().create(true).append(true).open(&self.said);
        file.and_then(|mut file| file.write_all(&line)).with_context(context)?;
        Ok(index)
    }
}
