//! Logs of lines, cut into units: each unit holds a stretch of every log, as long as its share. So any
//! number of units, however small, has the mixture of the whole.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Stretches of each log.
pub const UNITS: usize = 128;
/// Units are taken in strides of this, which visits each once: captures begin with what is usual and
/// end with the attack, and a part of the units should hold a part of both.
const STRIDE: usize = 47;

/// A log.
#[derive(Debug)]
pub struct Log {
    /// Where it is.
    pub path: PathBuf,
    /// Where its units begin, and where the last ends.
    cuts: Vec<u64>,
}

impl Log {
    /// Reads a log once, giving every line to `line`, and cuts it.
    pub fn survey(path: &Path, mut line: impl FnMut(&[u8])) -> Result<Log> {
        let file = open(path)?;
        let length = file.metadata().map_or(0, |m| m.len());
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let (mut text, mut at, mut cuts) = (Vec::new(), 0, Vec::with_capacity(UNITS + 1));
        loop {
            while cuts.len() < UNITS && at >= length * cuts.len() as u64 / UNITS as u64 {
                cuts.push(at);
            }
            text.clear();
            let read = reader.read_until(b'\n', &mut text).with_context(|| name(path))?;
            if read == 0 {
                break;
            }
            at += read as u64;
            line(trimmed(&text));
        }
        cuts.resize(UNITS, at);
        cuts.push(at);
        Ok(Log { path: path.to_owned(), cuts })
    }

    /// The lines of the unit that is `turn`th in a round.
    pub fn read(&self, turn: usize, text: &mut Vec<u8>) -> Result<()> {
        let unit = turn * STRIDE % UNITS;
        let (from, to) = (self.cuts[unit], self.cuts[unit + 1]);
        text.clear();
        if from == to {
            return Ok(());
        }
        let mut file = open(&self.path)?;
        file.seek(SeekFrom::Start(from)).with_context(|| name(&self.path))?;
        file.take(to - from).read_to_end(text).with_context(|| name(&self.path))?;
        Ok(())
    }
}

/// The lines of a text that hold something.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|&b| b == b'\n').map(trimmed).filter(|line| !line.is_empty())
}

fn trimmed(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn open(path: &Path) -> Result<File> {
    File::open(path).with_context(|| name(path))
}

fn name(path: &Path) -> String {
    format!("cannot read {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_units_are_the_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        for count in [0, 1, 5, 1000] {
            let all: Vec<String> = (0..count).map(|n| format!("line {n}")).collect();
            std::fs::write(&path, all.join("\n")).expect("written");
            let mut seen = Vec::new();
            let log = Log::survey(&path, |line| seen.push(line.to_vec())).expect("read");
            assert_eq!(seen.len(), count);
            let (mut text, mut cut) = (Vec::new(), Vec::new());
            for turn in 0..UNITS {
                log.read(turn, &mut text).expect("read");
                cut.extend(lines(&text).map(<[u8]>::to_vec));
            }
            cut.sort();
            seen.sort();
            assert_eq!(cut, seen);
        }
    }
}
