//! Runs of programs, measured by GNU time: it asks the kernel what its child used. What is compared is
//! run alternately, so that what else the machine does falls on all alike.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

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
        let start = Instant::now();
        let out = Command::new(TIME)
            .args(["--quiet", "-f", "%e %U %S %M", "-o"])
            .arg(&file)
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .output()
            .context("cannot run GNU time")?;
        // Finer than the hundredths of GNU time, which matters for start-up.
        let wall_s = start.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&out.stderr);
        ensure!(matches!(out.status.code(), Some(0 | 1)), "it ended with {}: {said}", out.status);
        let text = fs::read_to_string(&file).context("GNU time wrote nothing")?;
        let sample = Sample::parse(&text).with_context(|| format!("GNU time wrote {text:?}"))?;
        Ok(Sample { wall_s, ..sample })
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

/// Commands that do one piece of work together, one after another.
#[derive(Debug, Default)]
pub struct Job {
    /// What is done before each run, and not measured.
    pub before: Vec<Command>,
    /// The commands.
    pub commands: Vec<Command>,
    /// The same command on an input so small that nothing but its start-up is seen.
    pub tiny: Option<Command>,
}

/// What a job took: times are medians of its runs, memory is the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// Seconds from start to end.
    pub wall_s: f64,
    /// Seconds of processor, start-up included.
    pub whole_cpu_s: f64,
    /// Seconds of processor that start-up takes, of all commands.
    pub start_cpu_s: f64,
    /// Most memory resident at once, in KiB.
    pub rss_kib: u64,
}

impl Measured {
    /// Seconds of processor, start-up excluded.
    pub fn cpu_s(&self) -> f64 {
        (self.whole_cpu_s - self.start_cpu_s).max(0.0)
    }
}

/// Runs all jobs in turn, `runs` times.
pub fn alternately(jobs: &[&Job], runs: usize, scratch: &Path) -> Result<Vec<Measured>> {
    let mut samples = vec![Vec::new(); jobs.len()];
    let mut starts = vec![Vec::new(); jobs.len()];
    for _ in 0..runs {
        for (index, job) in jobs.iter().enumerate() {
            job.before.iter().try_for_each(run)?;
            if let Some(tiny) = &job.tiny {
                starts[index].push(Sample::take(tiny, scratch)?.cpu_s);
            }
            let each = job.commands.iter().map(|command| Sample::take(command, scratch));
            samples[index].push(sum(&each.collect::<Result<Vec<_>>>()?));
        }
    }
    let measured = |index: usize| {
        let runs: &[Sample] = &samples[index];
        let start = median(starts[index].iter().copied()).unwrap_or(0.0);
        Measured {
            wall_s: median(runs.iter().map(|s| s.wall_s)).unwrap_or(0.0),
            whole_cpu_s: median(runs.iter().map(|s| s.cpu_s)).unwrap_or(0.0),
            start_cpu_s: start * jobs[index].commands.len() as f64,
            rss_kib: runs.iter().map(|s| s.rss_kib).max().unwrap_or(0),
        }
    };
    Ok((0..jobs.len()).map(measured).collect())
}

/// Runs a command that has to succeed, and measures nothing.
pub fn run(command: &Command) -> Result<()> {
    let done = Command::new(command.get_program()).args(command.get_args()).output();
    let done = done.with_context(|| format!("cannot run {command:?}"))?;
    ensure!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    Ok(())
}

/// Of commands run one after another.
fn sum(samples: &[Sample]) -> Sample {
    Sample {
        wall_s: samples.iter().map(|s| s.wall_s).sum(),
        cpu_s: samples.iter().map(|s| s.cpu_s).sum(),
        rss_kib: samples.iter().map(|s| s.rss_kib).max().unwrap_or(0),
    }
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
    fn commands_of_a_job_add_up() {
        let one = Sample { wall_s: 1.0, cpu_s: 2.0, rss_kib: 7 };
        let two = Sample { wall_s: 3.0, cpu_s: 4.0, rss_kib: 5 };
        assert_eq!(sum(&[one, two]), Sample { wall_s: 4.0, cpu_s: 6.0, rss_kib: 7 });
        let measured = Measured { whole_cpu_s: 5.0, start_cpu_s: 2.0, ..Measured::default() };
        assert_eq!(measured.cpu_s(), 3.0);
    }

    #[test]
    fn the_median_is_one_of_the_values() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0].into_iter()), Some(1.0));
        assert_eq!(median(std::iter::empty()), None);
    }
}
