//! One run of a program, measured by GNU time: it asks the kernel what its child used.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

const TIME: &str = "/usr/bin/time";

/// What a run took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Seconds from start to end.
    pub wall_s: f64,
    /// Seconds of processor, all threads, user and system.
    pub cpu_s: f64,
    /// Most memory resident at once, in KiB.
    pub rss_kib: u64,
}

impl Sample {
    /// Runs the command. Its exit code must be 0 or 1.
    pub fn take(command: &Command, scratch: &Path) -> Result<Sample> {
        ensure!(
            Path::new(TIME).exists(),
            "{TIME} is missing (Debian's package `time` has it): it measures memory"
        );
        let file = scratch.join("time");
        let out = Command::new(TIME)
            .args(["--quiet", "-f", "%e %U %S %M", "-o"])
            .arg(&file)
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .output()
            .context("cannot run GNU time")?;
        let said = String::from_utf8_lossy(&out.stderr);
        ensure!(matches!(out.status.code(), Some(0 | 1)), "it ended with {}: {said}", out.status);
        let text = fs::read_to_string(&file).context("GNU time wrote nothing")?;
        Sample::parse(&text).with_context(|| format!("GNU time wrote {text:?}"))
    }

    fn parse(text: &str) -> Option<Sample> {
        let mut words = text.split_whitespace();
        let mut seconds = || words.next()?.parse::<f64>().ok();
        let (wall_s, user, system) = (seconds()?, seconds()?, seconds()?);
        let rss_kib = words.next()?.parse().ok()?;
        Some(Sample { wall_s, cpu_s: user + system, rss_kib })
    }
}

/// The median; of an even number, the lower of the two in the middle. None of nothing.
pub fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().checked_sub(1)? / 2).copied()
}

/// A folder for what the runs write, gone when dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new one.
    pub fn new() -> Result<Scratch> {
        let path = std::env::temp_dir().join(format!("blanik-bench-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Scratch(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind lies in the system's folder for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_gnu_time_writes() {
        let sample = Sample { wall_s: 1.5, cpu_s: 2.5, rss_kib: 2048 };
        assert_eq!(Sample::parse("1.50 2.25 0.25 2048\n"), Some(sample));
        assert_eq!(Sample::parse("1.50 2.25"), None);
    }

    #[test]
    fn the_median_is_one_of_the_values() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0].into_iter()), Some(1.0));
        assert_eq!(median(std::iter::empty()), None);
    }
}
