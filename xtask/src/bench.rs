//! How long a hunt takes, and how much memory: the data set's Windows, Zeek and Suricata logs, with
//! SigmaHQ's rules and with the built-in ones. Nothing here judges; a claim of speed cites a run.

mod measure;
mod report;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};

use crate::tree;
use measure::Sample;
use report::{Row, Run};

/// The logs: a name for people, and the data set's folder.
const LOGS: &[(&str, &str)] = &[
    ("OTRF Windows JSON", "windows-json-otrf"),
    ("Windows EVTX", "windows-evtx"),
    ("Zeek", "zeek"),
    ("Suricata EVE", "suricata"),
];

/// SigmaHQ's rules in the data set: detection rules, without those that need placeholders.
const SIGMA: &[&str] = &[
    "rules/sigma-rules/rules",
    "rules/sigma-rules/rules-emerging-threats",
    "rules/sigma-rules/rules-threat-hunting",
];

/// What the command line asks for.
#[derive(Debug, Default)]
pub struct Options {
    data: Option<PathBuf>,
    program: Option<PathBuf>,
    runs: Option<usize>,
    date: Option<String>,
    write: bool,
}

impl Options {
    /// From the arguments behind `bench`.
    pub fn parse(args: &[String]) -> Result<Options> {
        let mut options = Options::default();
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--data" => options.data = Some(value()?.into()),
                "--program" => options.program = Some(value()?.into()),
                "--runs" => options.runs = Some(value()?.parse().context("--runs needs a number")?),
                "--date" => options.date = Some(value()?.clone()),
                "--write" => options.write = true,
                _ => bail!("unknown: {arg}"),
            }
        }
        ensure!(options.runs != Some(0), "--runs needs a number from 1");
        Ok(options)
    }
}

/// Builds the program (or takes the one named), hunts, prints the table, and writes it where asked.
pub fn run(options: &Options) -> Result<ExitCode> {
    let root = tree::root();
    let data = data(options, &root)?;
    let program = options.program.clone().map_or_else(|| build(&root), Ok)?;
    let runs = options.runs.unwrap_or(3);
    let mut rows = Vec::new();
    for (name, folder) in LOGS {
        let logs = data.join(folder);
        if !logs.exists() {
            eprintln!("bench: SKIPPED {name}: {} is not there", logs.display());
            continue;
        }
        for (rules, paths) in [("SigmaHQ", sigma(&data)), ("built-in", Vec::new())] {
            eprintln!("bench: {name}, {rules} rules, {runs} runs");
            let row = hunt(&program, &logs, &paths, runs)
                .with_context(|| format!("hunting {name} with {rules} rules"))?;
            rows.push(row.named(name, folder, rules));
        }
    }
    ensure!(!rows.is_empty(), "nothing was measured: {} holds none of the logs", data.display());
    let run = Run { date: date(options)?, machine: report::machine(), runs, rows };
    println!("{}", run.table());
    if options.write {
        let page = root.join("docs/BENCHMARKS.md");
        let old = std::fs::read_to_string(&page).context("docs/BENCHMARKS.md cannot be read")?;
        std::fs::write(&page, run.into_page(&old)?)
            .context("docs/BENCHMARKS.md cannot be written")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn data(options: &Options, root: &Path) -> Result<PathBuf> {
    let from_environment = || std::env::var_os("BLANIK_DATA").map(PathBuf::from);
    let data =
        options.data.clone().or_else(from_environment).unwrap_or_else(|| root.join("target/data"));
    ensure!(
        data.is_dir(),
        "{} is not there: unpack the data set, and name its folder with --data or BLANIK_DATA",
        data.display()
    );
    Ok(data)
}

fn build(root: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "--package", "blanik"])
        .current_dir(root)
        .status()
        .context("cannot run cargo")?;
    ensure!(built.success(), "the release build failed");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    Ok(target.join("release/blanik"))
}

fn sigma(data: &Path) -> Vec<PathBuf> {
    SIGMA.iter().map(|folder| data.join(folder)).filter(|p| p.is_dir()).collect()
}

/// Hunts `runs` times; times are medians, memory is the largest.
fn hunt(program: &Path, logs: &Path, rules: &[PathBuf], runs: usize) -> Result<Row> {
    let folder = measure::Scratch::new()?;
    let summary = folder.path().join("summary.json");
    let mut samples = Vec::new();
    for _ in 0..runs {
        let mut command = Command::new(program);
        command.arg("hunt").arg(logs).arg("--quiet").arg("--summary").arg(&summary);
        command.args(["--format", "jsonl", "--output"]).arg(folder.path().join("findings.jsonl"));
        for path in rules {
            command.arg("--rules").arg(path);
        }
        samples.push(Sample::take(&command, folder.path())?);
    }
    let text = std::fs::read(&summary).context("the hunt wrote no summary")?;
    let read: serde_json::Value =
        serde_json::from_slice(&text).context("the summary is not JSON")?;
    Row::new(&samples, &read)
}

/// The day of the run: as asked, or by the machine's `date`.
fn date(options: &Options) -> Result<String> {
    if let Some(date) = &options.date {
        return Ok(date.clone());
    }
    let out = Command::new("date").args(["-u", "+%Y-%m-%d"]).output().context("cannot run date")?;
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}
