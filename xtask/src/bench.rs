//! How long hunts take, and how much memory: each row beside a comparator that is run in the same go.
//! Nothing here judges in a way that could fail a build; a claim of speed cites a run.

mod inputs;
mod measure;
mod record;
mod report;
mod rows;
pub mod tools;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail, ensure};

use crate::tree;
use report::Run;
use rows::Bench;
use tools::Tools;

/// SigmaHQ's detection rules in the data set.
const SIGMA: &str = "rules/sigma-rules/rules";
/// Rows beside those that compare with parsing.
const OTHERS: &[&str] =
    &["rules", "threads", "record", "startup", "memory", "linear", "rsigma", "pathological"];
/// Packages that may have micro-benchmarks.
const MICRO: &[(&str, &str)] =
    &[("blanik-ingest", "crates/ingest/benches"), ("blanik-detect", "crates/detect/benches")];

/// What the command line asks for.
#[derive(Debug, Default)]
pub struct Options {
    data: Option<PathBuf>,
    corpus: Option<PathBuf>,
    program: Option<PathBuf>,
    runs: Option<usize>,
    size: Option<String>,
    only: Vec<String>,
    date: Option<String>,
    micro: bool,
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
                "--corpus" => options.corpus = Some(value()?.into()),
                "--program" => options.program = Some(value()?.into()),
                "--runs" => options.runs = Some(value()?.parse().context("--runs needs a number")?),
                "--size" => options.size = Some(value()?.clone()),
                "--only" => options.only.extend(value()?.split(',').map(str::to_owned)),
                "--date" => options.date = Some(value()?.clone()),
                "--micro" => options.micro = true,
                "--write" => options.write = true,
                _ => bail!("unknown: {arg}"),
            }
        }
        ensure!(options.runs != Some(0), "--runs needs a number from 1");
        let words: Vec<&str> =
            rows::PARSING.iter().map(|row| row.word).chain(OTHERS.to_vec()).collect();
        for word in &options.only {
            ensure!(words.contains(&word.as_str()), "no row {word}: they are {}", words.join(", "));
        }
        Ok(options)
    }

    fn wants(&self, word: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == word)
    }

    fn size(&self) -> &str {
        self.size.as_deref().unwrap_or("1GB")
    }

    fn runs(&self) -> usize {
        self.runs.unwrap_or(5)
    }

    /// The command as it can be given again; folders are those of whoever does.
    fn command(&self) -> String {
        let mut command =
            format!("cargo xtask bench --size {} --runs {}", self.size(), self.runs());
        if !self.only.is_empty() {
            command.push_str(&format!(" --only {}", self.only.join(",")));
        }
        if self.micro {
            command.push_str(" --micro");
        }
        command
    }
}

/// Builds the program (or takes the one named), measures, prints the tables, and writes them where asked.
pub fn run(options: &Options) -> Result<ExitCode> {
    let root = tree::root();
    let data = tree::data(options.data.as_deref())?;
    let corpus = options.corpus.clone().unwrap_or_else(|| root.join("target/corpus"));
    ensure!(corpus.is_dir(), "{} is not there: `cargo xtask corpus` makes it", corpus.display());
    let scratch = measure::Scratch::new()?;
    let bench = Bench {
        tools: Tools::build(options.program.as_deref())?,
        rules: data.join(SIGMA),
        rules10: corpus.join("rules10"),
        data: &data,
        corpus: &corpus,
        size: options.size(),
        runs: options.runs(),
        scratch: scratch.path(),
    };
    let mut run = Run {
        date: date(options)?,
        machine: report::machine(),
        command: options.command(),
        installed: tools::INSTALLED,
        ..Run::default()
    };
    measure_all(options, &bench, &mut run)?;
    ensure!(!run.is_empty(), "nothing was measured: {} holds none of the inputs", corpus.display());
    println!("{}", run.text());
    if options.write {
        let page = root.join("docs/BENCHMARKS.md");
        let old = std::fs::read_to_string(&page).context("docs/BENCHMARKS.md cannot be read")?;
        std::fs::write(&page, run.into_page(&old)?)
            .context("docs/BENCHMARKS.md cannot be written")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A package of the workspace in release mode.
pub fn release(name: &str) -> Result<PathBuf> {
    tools::release(name)
}

/// This program in release mode.
pub fn release_of_this() -> Result<PathBuf> {
    tools::release("xtask")
}

fn measure_all(options: &Options, bench: &Bench, run: &mut Run) -> Result<()> {
    for row in rows::PARSING.iter().filter(|row| options.wants(row.word)) {
        eprintln!("bench: {} …", row.word);
        run.lines.extend(bench.beside_parsing(row).with_context(|| row.word)?);
    }
    for word in OTHERS.iter().filter(|word| options.wants(word)) {
        eprintln!("bench: {word} …");
        match *word {
            "pathological" => {
                run.cases = bench.pathological().context("pathological")?;
                continue;
            }
            "record" => {
                run.recorded = bench.on_record().context("record")?;
                continue;
            }
            _ => {}
        }
        let lines = match *word {
            "rules" => bench.more_rules(),
            "threads" => bench.threads(),
            "startup" => bench.start_up(),
            "memory" => bench.memory(),
            "linear" => bench.linear(),
            _ => bench.rsigma_rows(),
        };
        run.lines.extend(lines.with_context(|| *word)?);
    }
    if options.micro {
        run.micro = micro()?;
    }
    Ok(())
}

/// What the micro-benchmarks write, of the packages that have some.
fn micro() -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for (package, folder) in MICRO {
        if !tree::root().join(folder).is_dir() {
            eprintln!("bench: SKIPPED {package}: it has no micro-benchmarks");
            continue;
        }
        eprintln!("bench: cargo bench -p {package} …");
        let out = tools::cargo()
            .args(["bench", "--quiet", "--package", package])
            .current_dir(tree::root())
            .output()
            .context("cannot run cargo")?;
        let said = String::from_utf8_lossy(&out.stderr);
        ensure!(out.status.success(), "cargo bench -p {package}: {said}");
        all.push(((*package).to_owned(), String::from_utf8_lossy(&out.stdout).into_owned()));
    }
    Ok(all)
}

/// The day of the run: as asked, or by the machine's `date`.
fn date(options: &Options) -> Result<String> {
    if let Some(date) = &options.date {
        return Ok(date.clone());
    }
    let out = Command::new("date").args(["-u", "+%Y-%m-%d"]).output().context("cannot run date")?;
    Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
}
