//! What a hunt on record costs: beside the same hunt off the record, what gathering for a case takes by itself, and
//! SHA-256 of the same logs by itself. A workspace is new for each run; one more grows from run to run and from
//! log to log, as that of an office does.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::inputs::Input;
use super::measure::{Job, Measured, alternately, run};
use super::rows::Bench;
use crate::tree::files;

/// At most so many times the hunt.
const AT_MOST: f64 = 1.1;
/// A set of logs of the data set that is hunted as it is.
const AS_IT_IS: &str = "windows-json-otrf";

/// A row: what each of the runs took.
#[derive(Clone, Debug)]
pub struct Recorded {
    name: String,
    bytes: u64,
    hunt: Measured,
    gathered: Measured,
    fresh: Measured,
    grown: Measured,
    digests: Measured,
}

impl Recorded {
    /// The head of the table.
    pub const HEAD: &'static str = "\
        | logs | MB | hunt, CPU | `--records` | on record | ratio | in a grown workspace | ratio | SHA-256 alone | \
        hunt, wall | on record | ratio | ≤ 1.1 × |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|\n";

    /// The row.
    pub fn cells(&self) -> String {
        let cpu = |of: &Measured| of.whole_cpu_s / self.hunt.whole_cpu_s.max(0.01);
        let wall = self.fresh.wall_s / self.hunt.wall_s.max(0.01);
        let met = match (cpu(&self.fresh) <= AT_MOST, wall <= AT_MOST) {
            (true, true) => "yes",
            (true, false) => "by CPU",
            (false, true) => "by wall",
            (false, false) => "no",
        };
        format!(
            "| {} | {:.0} | {:.2} s | {:.2} s | {:.2} s | {:.2} | {:.2} s | {:.2} | {:.2} s | {:.2} s | {:.2} s | {wall:.2} | {met} |",
            self.name,
            self.bytes as f64 / 1e6,
            self.hunt.whole_cpu_s,
            self.gathered.whole_cpu_s,
            self.fresh.whole_cpu_s,
            cpu(&self.fresh),
            self.grown.whole_cpu_s,
            cpu(&self.grown),
            self.digests.whole_cpu_s,
            self.hunt.wall_s,
            self.fresh.wall_s,
        )
    }
}

impl Bench<'_> {
    /// All rows of which there is an input.
    pub fn on_record(&self) -> Result<Vec<Recorded>> {
        std::fs::write(self.passphrase(), "bench").context("cannot write a passphrase")?;
        let grown = self.scratch.join("workspace-grown");
        run(&self.new_workspace(&grown))?;
        let mut inputs = vec![self.as_it_is()?];
        for name in ["ndjson", "evtx", "zeek", "eve"] {
            inputs.push(self.input(name, self.size)?);
        }
        inputs.into_iter().flatten().map(|input| self.recorded(&input, &grown)).collect()
    }

    fn recorded(&self, input: &Input, grown: &Path) -> Result<Recorded> {
        eprintln!("bench: record, {} …", input.name);
        let hunt = || self.hunt(&input.folder, &[&self.rules], 2);
        let with = |args: &[&str], path: &Path| {
            let mut command = hunt();
            command.args(args).arg(path).arg("--passphrase-file").arg(self.passphrase());
            command
        };
        let job = |command| Job { commands: vec![command], ..Job::default() };
        let mut gathered = hunt();
        gathered.arg("--records").arg(self.scratch.join("records.jsonl"));
        let fresh = self.scratch.join("workspace-fresh");
        let mut removed = Command::new("rm");
        removed.arg("-rf").arg(&fresh);
        let before = vec![removed, self.new_workspace(&fresh)];
        let case = ["--case", "bench", "--workspace"];
        let mut digests = Command::new(&self.tools.xtask);
        digests.args(["compare", "digest"]).args(&input.logs);
        let jobs = [
            job(hunt()),
            job(gathered),
            Job { before, ..job(with(&case, &fresh)) },
            job(with(&["--case", &input.name, "--workspace"], grown)),
            job(digests),
        ];
        let measured = alternately(&jobs.each_ref(), self.runs, self.scratch)?;
        let [hunt, gathered, fresh, grown, digests] = measured[..] else {
            anyhow::bail!("as many figures as jobs");
        };
        let (name, bytes) = (input.name.clone(), input.bytes);
        Ok(Recorded { name, bytes, hunt, gathered, fresh, grown, digests })
    }

    fn as_it_is(&self) -> Result<Option<Input>> {
        let folder = self.data.join(AS_IT_IS);
        if !folder.is_dir() {
            eprintln!("bench: SKIPPED {AS_IT_IS}: the data set has none");
            return Ok(None);
        }
        let logs = files(&folder)?;
        let bytes = logs.iter().filter_map(|log| Some(std::fs::metadata(log).ok()?.len())).sum();
        // How many events it has is nobody's question here.
        let input = Input { name: AS_IT_IS.to_owned(), folder, logs, events: 0, bytes };
        input.warm()?;
        Ok(Some(input))
    }

    fn passphrase(&self) -> PathBuf {
        self.scratch.join("passphrase")
    }

    /// Makes a workspace.
    fn new_workspace(&self, folder: &Path) -> Command {
        let mut init = Command::new(&self.tools.program);
        init.arg("init").arg(folder).arg("--passphrase-file").arg(self.passphrase());
        init
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_by_which_measure_the_aim_is_met() {
        let took = |cpu: f64, wall: f64| Measured {
            whole_cpu_s: cpu,
            wall_s: wall,
            ..Measured::default()
        };
        let cells = |cpu, wall| {
            let hunt = took(10.0, 5.0);
            let fresh = took(cpu, wall);
            let (gathered, grown, digests) = (hunt, fresh, took(1.0, 1.0));
            let name = "n".to_owned();
            Recorded { name, bytes: 1_500_000, hunt, gathered, fresh, grown, digests }.cells()
        };
        assert!(
            cells(10.9, 5.4).ends_with("| 5.00 s | 5.40 s | 1.08 | yes |"),
            "{}",
            cells(10.9, 5.4)
        );
        assert!(cells(12.0, 5.4).starts_with("| n | 2 | 10.00 s | 10.00 s | 12.00 s | 1.20 |"));
        assert!(cells(12.0, 5.4).ends_with("| by wall |") && cells(12.0, 6.0).ends_with("| no |"));
    }
}
