//! The rows of the table: which work is run beside which comparator, and how much is at most wanted.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::inputs::{self, Input};
use super::measure::{Job, Measured, alternately};
use super::report::{Line, Rate, Target};
use super::tools::Tools;

/// Everything a row needs.
pub struct Bench<'a> {
    /// The programs.
    pub tools: Tools,
    /// The unpacked data set.
    pub data: &'a Path,
    /// What `cargo xtask corpus` made.
    pub corpus: &'a Path,
    /// SigmaHQ's rules.
    pub rules: PathBuf,
    /// Ten times as many.
    pub rules10: PathBuf,
    /// The size of the inputs: `1GB`.
    pub size: &'a str,
    /// Runs, of which the median is shown.
    pub runs: usize,
    /// Where the runs may write.
    pub scratch: &'a Path,
}

/// The sizes whose cost per event is compared.
const SIZES: &[&str] = &["100MB", "1GB", "10GB"];
/// The size for comparators that would take minutes.
const SMALL: &str = "100MB";

impl Bench<'_> {
    /// An input of the size asked for; says where there is none.
    pub(super) fn input(&self, name: &str, size: &str) -> Result<Option<Input>> {
        let name = format!("{name}-{size}");
        let input = Input::find(self.corpus, &name)?;
        match &input {
            Some(input) => input.warm()?,
            None => eprintln!("bench: SKIPPED {name}: `cargo xtask corpus` has not made it"),
        }
        Ok(input)
    }

    fn has_rules10(&self) -> bool {
        let has = self.rules10.is_dir();
        if !has {
            eprintln!("bench: SKIPPED ten times the rules: `cargo xtask corpus` has not made them");
        }
        has
    }

    /// A hunt of ours.
    pub(super) fn hunt(&self, logs: &Path, rules: &[&Path], threads: usize) -> Command {
        let mut command = Command::new(&self.tools.program);
        command.arg("hunt").arg(logs);
        command.args(["--quiet", "--format", "jsonl", "--threads", &threads.to_string()]);
        command.arg("--output").arg(self.scratch.join("findings.jsonl"));
        for rules in rules {
            command.arg("--rules").arg(rules);
        }
        command
    }

    fn ours(&self, input: &Input, tiny: &Path, rules: &[&Path], threads: usize) -> Job {
        let tiny = Some(self.hunt(tiny, rules, threads));
        Job { commands: vec![self.hunt(&input.folder, rules, threads)], tiny, ..Job::default() }
    }

    /// Parsing alone, in one process for all logs.
    fn parse(&self, what: &str, input: &Input, tiny: &Path) -> Job {
        let command = |logs: &[PathBuf]| {
            let mut command = Command::new(&self.tools.xtask);
            command.args(["compare", what]).args(logs);
            command
        };
        Job {
            commands: vec![command(&input.logs)],
            tiny: Some(command(&[tiny.to_owned()])),
            ..Job::default()
        }
    }

    fn evtx_dump(&self, input: &Input, tiny: &Path) -> Result<Job> {
        let program = self.tools.evtx_dump()?;
        let command = |log: &Path| {
            let mut command = Command::new(&program);
            command.args(["-t", "1", "-o", "jsonl"]).arg(log);
            command
        };
        let commands = input.logs.iter().map(|log| command(log)).collect();
        Ok(Job { commands, tiny: Some(command(tiny)), ..Job::default() })
    }

    fn rsigma(&self, input: &Input, tiny: &Path) -> Result<Job> {
        let program = self.tools.rsigma()?;
        let command = |log: &Path| {
            let mut event = std::ffi::OsString::from("@");
            event.push(log);
            let mut command = Command::new(&program);
            command.args(["engine", "eval", "--logsource-routing", "--input-format", "json"]);
            command.args(["--event-logsource", "product=windows", "--rules"]);
            command.arg(&self.rules).arg("--event").arg(event);
            command
        };
        let commands = input.logs.iter().map(|log| command(log)).collect();
        Ok(Job { commands, tiny: Some(command(tiny)), ..Job::default() })
    }

    fn tiny(&self, input: &Input) -> Result<PathBuf> {
        if input.name.starts_with("evtx") {
            return inputs::smallest(&self.data.join("windows-evtx"), "evtx");
        }
        input.first_record(self.scratch)
    }

    fn pair(&self, ours: &Job, other: &Job) -> Result<(Measured, Measured)> {
        let measured = alternately(&[ours, other], self.runs, self.scratch)?;
        Ok((measured[0], measured[1]))
    }

    /// Hunting beside reading alone.
    pub fn beside_parsing(&self, row: &Parsing) -> Result<Vec<Line>> {
        let Some(input) = self.input(row.input, self.size)? else { return Ok(Vec::new()) };
        let tiny = self.tiny(&input)?;
        let ours = self.ours(&input, &tiny, &[&self.rules], 1);
        let other = match row.comparator {
            "evtx_dump" => self.evtx_dump(&input, &tiny)?,
            what => self.parse(what, &input, &tiny),
        };
        let (ours, other) = self.pair(&ours, &other)?;
        let work = format!("{}, {}", row.work, self.size);
        let target = Target { at_most: row.at_most, stretch: row.stretch };
        Ok(vec![Line::cpu(&work, &input, ours, row.named, other, Some(target))])
    }

    /// Ten times the rules beside one time.
    pub fn more_rules(&self) -> Result<Vec<Line>> {
        let Some(input) = self.input("ndjson", self.size)? else { return Ok(Vec::new()) };
        if !self.has_rules10() {
            return Ok(Vec::new());
        }
        let tiny = self.tiny(&input)?;
        let ten = self.ours(&input, &tiny, &[&self.rules10], 1);
        let one = self.ours(&input, &tiny, &[&self.rules], 1);
        let (ten, one) = self.pair(&ten, &one)?;
        let work = format!("NDJSON, {}, ten times the rules", self.size);
        let target = Target { at_most: 1.5, stretch: 1.2 };
        Ok(vec![Line::cpu(&work, &input, ten, "one time the rules", one, Some(target))])
    }

    /// Two threads beside one.
    pub fn threads(&self) -> Result<Vec<Line>> {
        let Some(input) = self.input("ndjson", self.size)? else { return Ok(Vec::new()) };
        let tiny = self.tiny(&input)?;
        let two = self.ours(&input, &tiny, &[&self.rules], 2);
        let one = self.ours(&input, &tiny, &[&self.rules], 1);
        let (two, one) = self.pair(&two, &one)?;
        let target = Target { at_most: 0.55, stretch: 0.52 };
        let work = format!("NDJSON, {}, two threads, wall", self.size);
        Ok(vec![Line::wall(&work, two, "one thread", one, target)])
    }

    /// Start-up, with one and with ten times the rules.
    pub fn start_up(&self) -> Result<Vec<Line>> {
        let Some(input) = self.input("ndjson", SMALL)? else { return Ok(Vec::new()) };
        let tiny = self.tiny(&input)?;
        let job = |rules: &Path, threads: usize| Job {
            commands: vec![self.hunt(&tiny, &[rules], threads)],
            ..Job::default()
        };
        let (two, one) = self.pair(&job(&self.rules, 2), &job(&self.rules, 1))?;
        let target = Target { at_most: 0.25, stretch: 0.1 };
        let mut lines = vec![
            Line::seconds("start-up, one small file, two threads", two, Some(target)),
            Line::seconds("start-up, one small file, one thread", one, None),
        ];
        if self.has_rules10() {
            let ten = alternately(&[&job(&self.rules10, 2)], self.runs, self.scratch)?;
            lines.push(Line::seconds("start-up, ten times the rules", ten[0], None));
        }
        Ok(lines)
    }

    /// The most memory, at this size and with ten times the rules.
    pub fn memory(&self) -> Result<Vec<Line>> {
        let Some(input) = self.input("ndjson", self.size)? else { return Ok(Vec::new()) };
        let tiny = self.tiny(&input)?;
        let mut jobs = vec![
            ("", self.ours(&input, &tiny, &[&self.rules], 1), 400.0, 250.0),
            (", two threads", self.ours(&input, &tiny, &[&self.rules], 2), 400.0, 250.0),
        ];
        if self.has_rules10() {
            let ten = self.ours(&input, &tiny, &[&self.rules10], 1);
            jobs.push((", ten times the rules", ten, 1000.0, 600.0));
        }
        let all: Vec<&Job> = jobs.iter().map(|(_, job, ..)| job).collect();
        // Memory hardly differs from run to run.
        let measured = alternately(&all, self.runs.min(2), self.scratch)?;
        let line = |(at, measured): (usize, &Measured)| {
            let (what, _, at_most, stretch) = &jobs[at];
            let work = format!("memory, NDJSON, {}{what}", self.size);
            Line::memory(&work, *measured, Target { at_most: *at_most, stretch: *stretch })
        };
        Ok(measured.iter().enumerate().map(line).collect())
    }

    /// The cost of an event at each size there is, beside that at the smallest.
    pub fn linear(&self) -> Result<Vec<Line>> {
        let mut inputs = Vec::new();
        let largest = SIZES.iter().position(|size| *size == self.size).unwrap_or(1);
        for size in &SIZES[..=largest] {
            inputs.extend(self.input("ndjson", size)?);
        }
        let jobs = inputs
            .iter()
            .map(|input| Ok(self.ours(input, &self.tiny(input)?, &[&self.rules], 1)))
            .collect::<Result<Vec<Job>>>()?;
        let measured = alternately(&jobs.iter().collect::<Vec<_>>(), self.runs, self.scratch)?;
        let all: Vec<(&Input, Measured)> = inputs.iter().zip(measured).collect();
        let Some((first, rest)) = all.split_first() else { return Ok(Vec::new()) };
        let line =
            |(input, measured): &(&Input, Measured)| Line::per_event(input, *measured, first);
        Ok(rest.iter().map(line).collect())
    }

    /// rsigma on the small inputs, for it takes long.
    pub fn rsigma_rows(&self) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        for (name, work) in [("ndjson", "NDJSON"), ("evtx", "EVTX")] {
            let Some(input) = self.input(name, SMALL)? else { continue };
            let tiny = self.tiny(&input)?;
            let ours = self.ours(&input, &tiny, &[&self.rules], 1);
            let other = self.rsigma(&input, &tiny).context("rsigma")?;
            let measured = alternately(&[&ours, &other], self.runs.min(3), self.scratch)?;
            let work = format!("{work}, {SMALL}");
            lines.push(Line::cpu(&work, &input, measured[0], "rsigma", measured[1], None));
        }
        Ok(lines)
    }

    /// The worst cases beside the tape of the same bytes.
    pub fn pathological(&self) -> Result<Vec<Rate>> {
        let mut rates = Vec::new();
        for (case, words) in CASES {
            let Some(input) = Input::case(self.corpus, case)? else {
                eprintln!("bench: SKIPPED {case}: `cargo xtask corpus` has not made it");
                continue;
            };
            input.warm()?;
            let tiny = input.first_record(self.scratch)?;
            let own = self.corpus.join("pathological").join(format!("{case}-rules"));
            let mut rules = vec![self.rules.as_path()];
            rules.extend(own.is_dir().then_some(own.as_path()));
            let ours = self.ours(&input, &tiny, &rules, 1);
            let tape = self.parse("tape", &input, &tiny);
            let (ours, tape) = self.pair(&ours, &tape)?;
            rates.push(Rate::new(words, &input, ours, tape));
        }
        Ok(rates)
    }
}

/// The pathological cases, in words.
const CASES: &[(&str, &str)] = &[
    ("values", "every value new"),
    ("regex", "60 regular expressions without literals, every value new"),
    ("long", "command lines of 10,000 characters, each new"),
    ("one-kind", "one kind only (Sysmon 10)"),
    ("kinds", "5,000 kinds, and 5,000 rules of as many log sources"),
];

/// Hunting beside reading alone: one row of the table.
pub struct Parsing {
    /// Its word for `--only`.
    pub word: &'static str,
    /// The work.
    pub work: &'static str,
    /// The input of the corpus.
    pub input: &'static str,
    /// The comparator, and what it is called.
    pub comparator: &'static str,
    /// See `comparator`.
    pub named: &'static str,
    /// The target.
    pub at_most: f64,
    /// What would be better still.
    pub stretch: f64,
}

/// All of them.
pub const PARSING: &[Parsing] = &[
    Parsing {
        word: "evtx",
        work: "EVTX",
        input: "evtx",
        comparator: "evtx_dump",
        named: "`evtx_dump -t 1 -o jsonl`",
        at_most: 2.5,
        stretch: 1.5,
    },
    Parsing {
        word: "ndjson",
        work: "NDJSON",
        input: "ndjson",
        comparator: "tape",
        named: "simd-json's tape",
        at_most: 2.0,
        stretch: 1.4,
    },
    Parsing {
        word: "zeek",
        work: "Zeek TSV",
        input: "zeek",
        comparator: "split",
        named: "splitting it",
        at_most: 3.0,
        stretch: 2.0,
    },
    Parsing {
        word: "eve",
        work: "Suricata EVE",
        input: "eve",
        comparator: "tape",
        named: "simd-json's tape",
        at_most: 3.0,
        stretch: 2.0,
    },
];
