//! The inputs that speed is measured on: of any size, made from the unpacked data set and a seed.
//!
//! The same data, seed and size give the same bytes on every machine. An expansion is no repetition:
//! values are new at the rate at which they are new in the originals, so that whatever remembers values
//! has as much to learn from its last megabyte as from its first.

mod binxml;
mod draw;
mod evtx;
mod fields;
mod json;
mod lines;
mod moment;
mod pace;
mod pathological;
mod report;
mod rewrite;
mod rules;
mod sink;
mod tally;
mod units;
mod variant;
mod zeek;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};

use crate::tree;
use report::Made;

/// The inputs that can be made.
const NAMES: &[&str] = &["ndjson", "evtx", "eve", "zeek", RULES, PATHOLOGICAL];

const RULES: &str = "rules10";
const PATHOLOGICAL: &str = "pathological";
/// SigmaHQ's detection rules in the data set.
const SIGMA: &str = "rules/sigma-rules/rules";
/// Bytes of each pathological case, whatever the size of the others.
const CASE_BYTES: u64 = 100_000_000;

const DEFAULT_SEED: u64 = 1;

/// What the command line asks for.
#[derive(Debug)]
pub struct Options {
    data: PathBuf,
    out: PathBuf,
    sizes: Vec<Size>,
    seed: u64,
    names: Vec<String>,
}

/// A size as it is written: `100MB`, `1GB`. Decimal units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// As written; part of folders' names.
    pub name: String,
    /// In bytes.
    pub bytes: u64,
}

impl Size {
    /// From the command line.
    pub fn parse(text: &str) -> Result<Size> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            _ => bail!("{text}: a size is a number with MB or GB"),
        };
        let number: u64 = digits.parse().with_context(|| format!("{text}: no size"))?;
        ensure!((1..=1000).contains(&number), "{text}: a size is between 1 and 1000 of its unit");
        Ok(Size { name: text.to_owned(), bytes: number * unit })
    }
}

impl Options {
    /// From the arguments behind `corpus`.
    pub fn parse(args: &[String]) -> Result<Options> {
        let root = tree::root();
        let (mut data, mut sizes, mut names) = (None, Vec::new(), Vec::new());
        let (mut out, mut seed) = (root.join("target/corpus"), DEFAULT_SEED);
        let mut args = args.iter();
        while let Some(arg) = args.next() {
            let mut value = || args.next().with_context(|| format!("{arg} needs a value"));
            match arg.as_str() {
                "--data" => data = Some(PathBuf::from(value()?)),
                "--out" => out = value()?.into(),
                "--size" => sizes.push(Size::parse(value()?)?),
                "--seed" => seed = value()?.parse().context("--seed needs a number")?,
                "only" => {}
                name if NAMES.contains(&name) => names.push(name.to_owned()),
                _ => bail!("unknown: {arg}; inputs are {}", NAMES.join(", ")),
            }
        }
        if sizes.is_empty() {
            sizes = vec![Size::parse("100MB")?, Size::parse("1GB")?];
        }
        if names.is_empty() {
            names = NAMES.iter().map(|&name| name.to_owned()).collect();
        }
        Ok(Options { data: tree::data(data.as_deref())?, out, sizes, seed, names })
    }
}

/// Makes what was asked for, and tells of each.
pub fn run(options: &Options) -> Result<ExitCode> {
    for name in &options.names {
        match name.as_str() {
            RULES => {
                let folder = prepare(options, RULES, 200_000_000)?;
                let made = rules::multiply(&options.data.join(SIGMA), &folder, options.seed);
                tell(options, RULES, made.context("making the rules")?)?;
            }
            PATHOLOGICAL => {
                let bytes = CASE_BYTES * pathological::CASES.len() as u64;
                let folder = prepare(options, PATHOLOGICAL, bytes)?;
                for case in pathological::CASES {
                    let (data, seed) = (&options.data, options.seed);
                    let made = pathological::make(case, data, &folder, CASE_BYTES, seed);
                    let made = made.with_context(|| format!("making {case}"))?;
                    tell(options, &format!("{PATHOLOGICAL}-{case}"), made)?;
                }
            }
            name => {
                for size in &options.sizes {
                    let name_and_size = format!("{name}-{}", size.name);
                    let folder = prepare(options, &name_and_size, size.bytes)?;
                    let made = expand(options, name, size.bytes, &folder)
                        .with_context(|| format!("making {}", folder.display()))?;
                    tell(options, &name_and_size, made)?;
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// An empty folder with room for so many bytes.
fn prepare(options: &Options, name: &str, bytes: u64) -> Result<PathBuf> {
    let folder = options.out.join(name);
    eprintln!("corpus: {} …", folder.display());
    sink::fresh_folder(&folder)?;
    sink::ensure_space(&folder, bytes)?;
    Ok(folder)
}

fn expand(options: &Options, name: &str, bytes: u64, folder: &Path) -> Result<Made> {
    let seed = options.seed;
    let lines = |from: &str, to: &str| {
        let from = options.data.join(from);
        let to = folder.join(to);
        lines::expand(&lines::Task { from, only: &|_| true, to: &to, bytes, seed })
    };
    match name {
        "ndjson" => lines("windows-json-otrf", "otrf.json"),
        "eve" => lines("suricata", "eve.json"),
        "evtx" => evtx::expand(&options.data.join("windows-evtx"), folder, bytes, seed),
        "zeek" => zeek::expand(&options.data.join("zeek"), folder, bytes, seed),
        _ => bail!("unknown input: {name}"),
    }
}

/// Prints what was made, and writes it beside for programs.
fn tell(options: &Options, name: &str, made: Made) -> Result<()> {
    let made = Made { name: name.to_owned(), ..made };
    println!("{}", made.text());
    let path = options.out.join(format!("{name}.json"));
    let text = serde_json::to_string_pretty(&made.json()).context("no JSON")?;
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal() {
        assert_eq!(Size::parse("100MB").expect("a size").bytes, 100_000_000);
        assert_eq!(Size::parse("10GB").expect("a size").bytes, 10_000_000_000);
        for wrong in ["", "GB", "1", "1GiB", "0MB", "1001GB", "-1GB"] {
            assert!(Size::parse(wrong).is_err(), "{wrong}");
        }
    }
}
