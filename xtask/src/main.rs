//! The project's own chores: `cargo xtask check`, `cargo xtask bench`.

mod bench;
mod check;
mod tree;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
The project's own chores.

cargo xtask check
    Layers, house rules, links between documents, built-in rules: what CI asks beside the tests.

cargo xtask bench [--data FOLDER] [--runs N] [--program FILE] [--date YYYY-MM-DD] [--write]
    Hunts the data set and prints time and memory. --data: the unpacked data [default: $BLANIK_DATA,
    or target/data]; --runs: of which the median is shown [default: 3]; --program: measure this one
    [default: a release build]; --date: the day to print [default: today]; --write: into
    docs/BENCHMARKS.md, too.

Exit codes: 0 done; 1 the check found something; 2 error.";

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some("check") if args.len() == 1 => check::run(),
        Some("bench") => bench::run(&bench::Options::parse(&args[1..])?),
        None | Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("unknown: {}\n\n{USAGE}", args.join(" ")),
    }
}
