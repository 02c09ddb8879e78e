//! `blanik attribution bench`: reads the files, shares the work out among processors, writes what came of it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use blanik_attribution::bench::{Bench, Files};
use blanik_attribution::fitted::{self, FOLDS, Fitted};
use blanik_attribution::knowledge::Knowledge;

use crate::cli::attribution::{AttributionCommand, BenchArgs, FitArgs};
use crate::outfile::Target;

/// Does what the command line says.
pub fn run(command: &AttributionCommand) -> Result<ExitCode> {
    match command {
        AttributionCommand::Bench(args) => bench(args),
        AttributionCommand::Fit(args) => fit(args),
    }
}

fn bench(args: &BenchArgs) -> Result<ExitCode> {
    let target = Target::new(&args.out, &[args.docs.clone(), args.cases.clone()])?;
    let known = Knowledge::builtin();
    let bench = Bench::read(&files(args)?, &known)?;
    let lines = on_all(bench.units.len(), |i| bench.run(&bench.units[i]));
    let mut file = target.create()?;
    for line in lines.iter().flatten() {
        writeln!(file, "{line}").with_context(|| format!("cannot write {}", args.out.display()))?;
    }
    file.finish()?;
    println!("{} posteriors: {}", lines.iter().map(Vec::len).sum::<usize>(), args.out.display());
    Ok(ExitCode::SUCCESS)
}

fn fit(args: &FitArgs) -> Result<ExitCode> {
    let target = Target::new(&args.out, &[])?;
    let corpus = Knowledge::builtin().corpus();
    let outcomes = on_all(FOLDS, |fold| fitted::outcomes(&corpus, fold)).concat();
    let fitted = Fitted::new(fitted::fit(&corpus, None), &outcomes);
    let mut file = target.create()?;
    serde_json::to_writer_pretty(&mut file, &fitted).context("cannot write the weights")?;
    writeln!(file)?;
    file.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// Does each of `n` tasks, on all processors; the answers are in the tasks' order.
fn on_all<T: Send>(n: usize, task: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= n {
                        break;
                    }
                    let answer = task(i);
                    done.lock().expect("no thread panics").insert(i, answer);
                }
            });
        }
    });
    done.into_inner().expect("no thread panics").into_values().collect()
}

fn files(args: &BenchArgs) -> Result<Files> {
    let read = |path: &Path| {
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let folder = args.cases.parent().unwrap_or(Path::new("."));
    let beside = |name: &str| {
        let path = folder.join(name);
        path.exists().then(|| read(&path)).transpose()
    };
    let given = |path: &Option<std::path::PathBuf>, name: &str| match path {
        Some(path) => read(path).map(Some),
        None => beside(name),
    };
    Ok(Files {
        docs: read(&args.docs)?,
        cases: read(&args.cases)?,
        releases: releases(&[folder, args.docs.parent().unwrap_or(Path::new("."))])?,
        base: beside("bench_b_cases.jsonl")?,
        splits: given(&args.splits, "open_set_splits.json")?,
        countries: given(&args.countries, "group_country.json")?,
    })
}

/// `docs_vX.jsonl` in the folders, by X.
fn releases(folders: &[&Path]) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for folder in folders {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let Ok(entries) = folder.read_dir() else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let release = name.strip_prefix("docs_v").and_then(|n| n.strip_suffix(".jsonl"));
            if let Some(release) = release {
                let path = entry.path();
                let text = fs::read_to_string(&path)
                    .with_context(|| format!("cannot read {}", path.display()))?;
                found.insert(release.to_owned(), text);
            }
        }
    }
    Ok(found)
}
