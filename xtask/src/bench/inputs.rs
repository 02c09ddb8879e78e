//! The inputs: what `cargo xtask corpus` made, and a tiny one of each for start-up.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::tree::files;

/// An input of the corpus.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name: `ndjson-1GB`.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its logs, sorted.
    pub logs: Vec<PathBuf>,
    /// Events in it.
    pub events: u64,
    /// Its size.
    pub bytes: u64,
}

impl Input {
    /// An input by name. None if it was not made.
    pub fn find(corpus: &Path, name: &str) -> Result<Option<Input>> {
        Input::at(corpus, name, &corpus.join(name))
    }

    /// A pathological case. None if it was not made.
    pub fn case(corpus: &Path, case: &str) -> Result<Option<Input>> {
        let folder = corpus.join("pathological").join(case);
        Input::at(corpus, &format!("pathological-{case}"), &folder)
    }

    fn at(corpus: &Path, name: &str, folder: &Path) -> Result<Option<Input>> {
        let told = corpus.join(format!("{name}.json"));
        if !folder.is_dir() || !told.is_file() {
            return Ok(None);
        }
        let text = fs::read(&told).with_context(|| format!("cannot read {}", told.display()))?;
        let told: Value = serde_json::from_slice(&text).context("no JSON")?;
        let logs: Vec<PathBuf> = files(folder)?
            .into_iter()
            .filter(|path| {
                !path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"."))
            })
            .collect();
        let bytes = logs.iter().filter_map(|log| Some(fs::metadata(log).ok()?.len())).sum();
        let events = told["events"].as_u64().context("no number of events")?;
        ensure!(!logs.is_empty(), "{} is empty", folder.display());
        Ok(Some(Input { name: name.to_owned(), folder: folder.to_owned(), logs, events, bytes }))
    }

    /// Reads all of it once, so that no run finds it on the disk alone.
    pub fn warm(&self) -> Result<()> {
        for log in &self.logs {
            let mut file = fs::File::open(log).context("cannot read the input")?;
            std::io::copy(&mut file, &mut std::io::sink()).context("cannot read the input")?;
        }
        Ok(())
    }

    /// The first record of its first log of text, as a log of its own.
    pub fn first_record(&self, scratch: &Path) -> Result<PathBuf> {
        let log = &self.logs[0];
        let file = fs::File::open(log).with_context(|| format!("cannot read {}", log.display()))?;
        let mut text = String::new();
        for line in std::io::BufRead::lines(std::io::BufReader::new(file)) {
            let line = line.with_context(|| format!("cannot read {}", log.display()))?;
            text.push_str(&line);
            text.push('\n');
            if !line.starts_with('#') {
                break;
            }
        }
        let path = scratch.join(format!("tiny-{}", self.name));
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

/// The smallest of a folder's logs with this extension.
pub fn smallest(folder: &Path, extension: &str) -> Result<PathBuf> {
    let mut logs = files(folder)?;
    logs.retain(|path| path.extension().is_some_and(|e| e == extension));
    let size = |path: &PathBuf| fs::metadata(path).map_or(u64::MAX, |m| m.len());
    logs.into_iter().min_by_key(size).with_context(|| format!("{} is empty", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_what_the_corpus_tells_of_it() {
        let corpus = tempfile::tempdir().expect("a folder");
        assert!(Input::find(corpus.path(), "zeek-1MB").expect("no error").is_none());
        fs::create_dir(corpus.path().join("zeek-1MB")).expect("made");
        fs::write(corpus.path().join("zeek-1MB/.mark"), "").expect("written");
        fs::write(corpus.path().join("zeek-1MB/conn.log"), "#path\tconn\n1\ta\n2\tb\n")
            .expect("written");
        fs::write(corpus.path().join("zeek-1MB.json"), r#"{"events": 2}"#).expect("written");
        let input = Input::find(corpus.path(), "zeek-1MB").expect("no error").expect("an input");
        assert_eq!((input.logs.len(), input.events, input.bytes), (1, 2, 19));
        let tiny = input.first_record(corpus.path()).expect("written");
        assert_eq!(fs::read_to_string(tiny).expect("read"), "#path\tconn\n1\ta\n");
    }
}
