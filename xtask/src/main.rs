//! The project's own chores: checks, inputs and benchmarks, scores on labelled data, foreign proofs.

mod ait;
mod attribution;
mod bench;
mod campaign;
mod check;
mod compare;
mod corpus;
mod interop;
mod knowledge;
mod labelled;
mod ordeal;
mod subject;
mod taxii_load;
mod tree;

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

const USAGE: &str = "\
The project's own chores.

cargo xtask check
    Layers, house rules, links between documents, built-in rules: what CI asks beside the tests.

cargo xtask corpus [--data FOLDER] [--out FOLDER] [--size SIZE]… [--seed N] [only] [INPUT…]
    Makes the inputs that speed is measured on, the same bytes for the same data and seed, and prints
    their digests and how often their values are new. --data: the unpacked data set [default:
    $BLANIK_DATA, or target/data]; --out [default: target/corpus]; --size: 10MB, 10GB … [default:
    100MB and 1GB]; --seed [default: 1]; INPUT: ndjson, evtx, eve, zeek, rules10, pathological
    [default: all].

cargo xtask knowledge [--data FOLDER]
    Derives the table of facts that attribution works with from ATT&CK and MISP galaxies in the data set.

cargo xtask bench [--data FOLDER] [--corpus FOLDER] [--size SIZE] [--runs N] [--only ROW,…]
                  [--program FILE] [--micro] [--date YYYY-MM-DD] [--write]
    Hunts the corpus, each row in turn with what it is compared with, and prints time and memory.
    --size: of the inputs [default: 1GB]; --runs: of which the median is shown [default: 5]; --only:
    evtx, ndjson, zeek, eve, rules, threads, record, startup, memory, linear, rsigma, pathological; --program:
    measure this one [default: a release build]; --micro: run the micro-benchmarks, too; --date: the
    day to print [default: today]; --write: into docs/BENCHMARKS.md, too.

cargo xtask labelled [--data FOLDER] [--program FILE]
    Hunts the sets whose attacks others have labelled, with SigmaHQ's rules and with the built-in ones, and
    prints how many of the attacks have a finding, and how many findings lie on what is benign.

cargo xtask interop [--strict] [--program FILE] [--files FOLDER]
    Has Go's golang.org/x/mod/sumdb, OpenSSL and pyca/cryptography verify an evidence log of ours, and
    aics-witness (PyPI) cosign it; has validators and readers of others (stix2-validator, PyMISP, misp-stix …,
    in target/interop-venv) read what we publish. --strict: fail where one of them is not installed;
    --program: the log is made by this one [default: a build]; --files: an unpacked pack [default: the
    example of share's tests, and the pack of the exercise].

cargo xtask taxii-load [--program FILE] [--seconds N] [--writes 0..40]
    A hundred requests a second for five minutes at our TAXII server on loopback, and its memory before and after.

cargo xtask ordeal
    The evidence log's tests that take minutes: 1,000 kills, 10,000 flipped bytes, each step of storage failing.

cargo xtask ait [--data FOLDER] [--program FILE]
    Scores the case on AIT's labelled alert sets (alerts-ait/*.csv) beside two baselines.

cargo xtask campaign [--data FOLDER] [--program FILE]
    Holds the case of an emulated campaign (campaign-apt29, day 1, Zeek) against the plan of the emulation.

cargo xtask attribution --bench FOLDER [CASES.jsonl…]
    Fits, judges and scores all benchmarks of attribution in the folder, or those named, and prints the table of
    docs/BENCHMARKS.md.

cargo xtask knowledge
    Makes the table of facts of ATT&CK that the program carries from the data set.

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
        // Made for gigabytes: a build for debugging would take ten times as long.
        Some("corpus") if cfg!(debug_assertions) => optimised(&args),
        Some("corpus") => corpus::run(&corpus::Options::parse(&args[1..])?),
        Some("interop") => interop::run(&args[1..]),
        Some("taxii-load") => taxii_load::run(&args[1..]),
        Some("ordeal") => ordeal::run(&args[1..]),
        // Fits a hundred times: a build for debugging would take ten times as long.
        Some("attribution") if cfg!(debug_assertions) => optimised(&args),
        Some("attribution") => attribution::run(&args[1..]),
        Some("ait") => ait::run(&args[1..]),
        Some("campaign") => campaign::run(&args[1..]),
        Some("knowledge") => knowledge::run(&args[1..]),
        Some("compare") => compare::run(&args[1..]),
        Some("labelled") => labelled::run(&args[1..]),
        Some("bench") => bench::run(&bench::Options::parse(&args[1..])?),
        None | Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("unknown: {}\n\n{USAGE}", args.join(" ")),
    }
}

/// Runs the same command in a release build of this program.
fn optimised(args: &[String]) -> Result<ExitCode> {
    let program = bench::release_of_this()?;
    let status =
        Command::new(program).args(args).status().context("cannot run the release build")?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(2.into(), ExitCode::from))
}
