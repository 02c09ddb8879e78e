//! NDJSON → more NDJSON: the OTRF sets' Windows events, Suricata's EVE.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::fields::{self, Role};
use super::report::{Compared, Made};
use super::rewrite::{Rewriter, Survey};
use super::sink::Sink;
use super::units::{self, Log, UNITS};
use crate::tree;

/// What to expand, and into what.
pub struct Task<'a> {
    /// The folder of the originals.
    pub from: PathBuf,
    /// Which lines of them.
    pub only: &'a dyn Fn(&[u8]) -> bool,
    /// The file to write.
    pub to: &'a Path,
    /// Its size.
    pub bytes: u64,
    /// What all draws depend on.
    pub seed: u64,
}

/// Expands until the next event would not fit.
pub fn expand(task: &Task) -> Result<Made> {
    let (logs, survey) = survey(task)?;
    ensure!(survey.events > 0, "{} holds no event that is wanted", task.from.display());
    let mut rewriter = Rewriter::new(task.seed, survey);
    let mut sink = Sink::create(task.to, task.bytes)?;
    let rounds = write(task, &logs, &mut rewriter, &mut sink)?;
    let survey = &rewriter.survey;
    let original = survey.tally.rates(|field| survey.name(field));
    let here = rewriter.tally.rates(|field| survey.name(field));
    let kept = |name: &str, rate| fields::role(name, rate) == Role::Kept;
    let note = format!(
        "from {} files, {} events ({} lines are none), {rounds:.2} times",
        logs.len(),
        survey.events,
        survey.others
    );
    Ok(Made {
        events: rewriter.events,
        files: vec![sink.finish()?],
        rates: Compared::all(&original, &here, kept),
        notes: vec![note],
        ..Made::default()
    })
}

fn survey(task: &Task) -> Result<(Vec<Log>, Survey)> {
    let mut survey = Survey::new();
    let mut logs = Vec::new();
    let is_json = |path: &PathBuf| path.extension().is_some_and(|e| e == "json");
    for path in tree::files(&task.from)?.iter().filter(|path| is_json(path)) {
        let log = Log::survey(path, |line| {
            if (task.only)(line) {
                survey.add(line);
            }
        })?;
        logs.push(log);
    }
    Ok((logs, survey))
}

/// Writes until the sink is full; returns how many times the originals went into it.
fn write(task: &Task, logs: &[Log], rewriter: &mut Rewriter, sink: &mut Sink) -> Result<f64> {
    let (mut text, mut record) = (Vec::new(), Vec::new());
    for round in 0.. {
        rewriter.begin_round(round);
        for turn in 0..UNITS {
            for log in logs {
                log.read(turn, &mut text)?;
                for line in units::lines(&text).filter(|line| (task.only)(line)) {
                    if !rewriter.write(line, &mut record) {
                        continue;
                    }
                    if !sink.write(&record)? {
                        return Ok(rewriter.events as f64 / rewriter.survey.events as f64);
                    }
                    rewriter.count(&record);
                }
            }
        }
    }
    unreachable!("a round writes an event at least, and the sink is bounded")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(folder: &Path, seed: u64) -> (Made, Vec<u8>) {
        let to = folder.join("out");
        let from = folder.join("in");
        let task = Task { from, only: &|_| true, to: &to, bytes: 300_000, seed };
        let made = expand(&task).expect("made");
        (made, std::fs::read(&to).expect("read"))
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes_of_the_size_asked() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("in")).expect("made");
        for file in 0..3 {
            let events: String = (0..400)
                .map(|n| format!("{{\"EventID\":{file},\"CommandLine\":\"run {n}\",\"Image\":\"a\\\\b{}.exe\"}}\n", n % 90))
                .collect();
            std::fs::write(folder.path().join(format!("in/{file}.json")), events).expect("written");
        }
        let (made, bytes) = make(folder.path(), 1);
        let (again, same) = make(folder.path(), 1);
        assert_eq!((made.digest(), &bytes), (again.digest(), &same));
        assert_ne!(bytes, make(folder.path(), 2).1);
        assert!((299_900..=300_000).contains(&bytes.len()));
        assert_eq!(units::lines(&bytes).count() as u64, made.events);
        let text = made.text();
        assert!(text.contains("2 fields with a rate to keep, 0 further off"), "{text}");
    }
}
