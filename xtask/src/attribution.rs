//! The benchmarks of attribution in one go: fits, judges and scores every kind of case of a folder, and prints the table
//! of `docs/BENCHMARKS.md` with what was to be reached. A target that is missed stands with its difference and interval.
//!
//! The same model, in the same code, as `blanik attribute` uses; beside it naive Bayes, fitted and judged likewise.

mod bands;
mod score;
mod speed;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use blanik_attribution::bench::{Bench, Files};
use blanik_attribution::knowledge::Knowledge;
use blanik_attribution::model::Kind;
use serde_json::Value;

use score::{Measure, Scored, auroc, interval};

/// A posterior as the benchmark writes it.
struct Line {
    id: String,
    mode: String,
    view: String,
    split: Option<u64>,
    planted: Option<u64>,
    known: BTreeMap<String, f64>,
    unknown: f64,
}

/// What the cases are scored by.
struct Truth {
    labels: BTreeMap<String, Vec<String>>,
    folds: BTreeMap<String, u64>,
    /// Groups with a document outside each fold.
    outside: BTreeMap<u64, BTreeSet<String>>,
    groups: BTreeSet<String>,
    held: BTreeMap<u64, BTreeSet<String>>,
    countries: BTreeMap<String, String>,
    framed: BTreeMap<String, String>,
}

const GOALS: &[(&str, &[(Measure, f64)])] = &[
    (
        "B all",
        &[
            (Measure::Top1, 0.65),
            (Measure::LogLoss, 1.75),
            (Measure::Ece, 0.03),
            (Measure::Answerable, 0.60),
        ],
    ),
    (
        "B tech",
        &[
            (Measure::Top1, 0.42),
            (Measure::LogLoss, 2.80),
            (Measure::Ece, 0.04),
            (Measure::Answerable, 0.22),
        ],
    ),
    ("B 5", &[(Measure::Top1, 0.33), (Measure::LogLoss, 3.28)]),
    ("B 10", &[(Measure::Top1, 0.36), (Measure::LogLoss, 3.10)]),
    ("B 20", &[(Measure::Top1, 0.40), (Measure::LogLoss, 3.00)]),
    ("A-T all", &[(Measure::Top1, 0.53), (Measure::LogLoss, 2.30)]),
    ("A-T tech", &[(Measure::Top1, 0.34), (Measure::LogLoss, 3.15)]),
    ("A lenient", &[(Measure::Top5, 0.65), (Measure::LogLoss, 2.75)]),
    ("A temporal", &[(Measure::LogLoss, 4.10)]),
    ("nation", &[(Measure::Top1, 0.76), (Measure::Ece, 0.04)]),
    ("planted 2", &[(Measure::Top1, 0.52)]),
];
const UNKNOWN_GOALS: &[(&str, f64)] = &[("A-T all", 0.70), ("open all", 0.80), ("open tech", 0.68)];
/// How many clean cases may lose their right answer to caution about planted tools.
const CLEAN_LOSS_MAX: f64 = 0.01;
/// How often a framed actor may be named, with two tools planted.
const FRAMED_MAX: f64 = 0.18;

const FILES: [&str; 5] = [
    "bench_b_cases.jsonl",
    "bench_at_cases.jsonl",
    "bench_a_cases.jsonl",
    "open_set_cases.jsonl",
    "false_flag_cases.jsonl",
];

/// Of these a model stands beside that takes nothing for planted.
const PLANTED: &str = "false_flag_cases.jsonl";

/// Of these naive Bayes stands beside.
const COMPARED: [&str; 2] = ["bench_b_cases.jsonl", "bench_at_cases.jsonl"];

/// Runs what is in the folder, or some of it.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let (folder, only) = match args {
        [flag, folder, only @ ..] if flag == "--bench" => (PathBuf::from(folder), only),
        _ => bail!("usage: cargo xtask attribution --bench FOLDER [CASES.jsonl…]"),
    };
    let wanted = |name: &&str| only.is_empty() || only.iter().any(|o| o == name);
    let truth = Truth::read(&folder)?;
    let (mut model, mut textbook, mut trusting) = (Vec::new(), Vec::new(), Vec::new());
    for name in FILES.into_iter().filter(wanted) {
        let start = Instant::now();
        let bench = Bench::read(&files(&folder, name)?, &Knowledge::builtin())?;
        model.extend(judge(&bench, Kind::Whole)?);

        println!("{name}: {:.0} s", start.elapsed().as_secs_f64());
        if name == PLANTED {
            trusting.extend(judge(&bench, Kind::Trusting)?);
        }
        if COMPARED.contains(&name) {
            textbook.extend(judge(&bench, Kind::NaiveBayes)?);
        }
    }
    println!(
        "\n| benchmark | n | measure | naive Bayes | here (95 %) | to reach | missing (95 %) |"
    );
    println!("|---|--:|---|--:|---|--:|---|");
    let (ours, theirs) = (truth.buckets(&model), truth.buckets(&textbook));
    for (name, goals) in GOALS {
        let Some(cases) = ours.get(*name) else { continue };
        for (measure, goal) in *goals {
            row(name, cases, theirs.get(*name), *measure, *goal);
        }
    }
    for (name, goal) in UNKNOWN_GOALS {
        truth.unknown(&model, name, *goal);
    }
    truth.framed(&model);
    clean_loss(&ours, &truth.buckets(&trusting));
    bands::print(&ours);
    speed::measure()?;
    Ok(ExitCode::SUCCESS)
}

/// Judges all units on two threads; the lines are in the units' order.
fn judge(bench: &Bench, kind: Kind) -> Result<Vec<Line>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(unit) = bench.units.get(i) else { return done };
            done.push((i, bench.run_as(unit, kind)));
        }
    };
    let mut done = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(work)).collect();
        let joined = threads.into_iter().map(|t| t.join().expect("judging does not panic"));
        joined.collect::<Vec<_>>().concat()
    });
    done.sort_by_key(|(i, _)| *i);
    done.iter().flat_map(|(_, lines)| lines).map(|l| Line::read(l)).collect()
}

impl Line {
    fn read(line: &str) -> Result<Line> {
        let value: Value = serde_json::from_str(line)?;
        let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let case = text("case_id");
        let (id, mode) = case.split_once('#').unwrap_or((&case, ""));
        let posterior = value["posterior"].as_object().context("no posterior")?;
        let mut known: BTreeMap<String, f64> =
            posterior.iter().map(|(g, p)| (g.clone(), p.as_f64().unwrap_or(0.0))).collect();
        let unknown = known.remove("UNKNOWN").unwrap_or(0.0);
        Ok(Line {
            id: id.to_owned(),
            mode: mode.to_owned(),
            view: text("view"),
            split: value["split"].as_u64(),
            planted: value["planted"].as_u64(),
            known,
            unknown,
        })
    }

    /// Shares among known actors; what is missing is spread over the groups not listed.
    fn shares(&self, groups: &BTreeSet<String>) -> BTreeMap<String, f64> {
        let listed: f64 = self.known.values().sum();
        let missing: Vec<&String> =
            groups.iter().filter(|g| !self.known.contains_key(*g)).collect();
        let rest = (1.0 - listed - self.unknown).max(0.0);
        let each = if missing.is_empty() { 0.0 } else { rest / missing.len() as f64 };
        let total = listed + each * missing.len() as f64;
        let known = self.known.iter().map(|(g, p)| (g.clone(), p / total));
        known.chain(missing.into_iter().map(|g| (g.clone(), each / total))).collect()
    }
}

impl Truth {
    fn read(folder: &Path) -> Result<Truth> {
        let mut truth = Truth {
            labels: BTreeMap::new(),
            folds: BTreeMap::new(),
            outside: BTreeMap::new(),
            groups: BTreeSet::new(),
            held: BTreeMap::new(),
            countries: serde_json::from_str(&read(folder, "group_country.json")?)?,
            framed: BTreeMap::new(),
        };
        for name in &FILES[..3] {
            for case in lines(folder, name)? {
                let id = case["case_id"].as_str().unwrap_or_default().to_owned();
                truth.folds.extend(case["fold"].as_u64().map(|f| (id.clone(), f)));
                truth.labels.insert(id, serde_json::from_value(case["label"].clone())?);
            }
        }
        for (release, _) in releases(folder)? {
            for d in lines(folder, &format!("docs_v{release}.jsonl"))? {
                let group = d["group"].as_str().unwrap_or_default().to_owned();
                for fold in (0..10).filter(|k| d["fold"].as_u64().is_some_and(|f| f != *k)) {
                    truth.outside.entry(fold).or_default().insert(group.clone());
                }
                truth.groups.insert(group);
            }
        }
        let splits: Vec<Value> = serde_json::from_str(&read(folder, "open_set_splits.json")?)?;
        for split in splits {
            let held = serde_json::from_value(split["held_out_groups"].clone())?;
            truth.held.insert(split["split"].as_u64().unwrap_or(0), held);
        }
        for flag in lines(folder, "false_flag_cases.jsonl")? {
            let text = |key: &str| flag[key].as_str().unwrap_or_default().to_owned();
            truth.framed.insert(text("case_id"), text("framed_group"));
        }
        Ok(truth)
    }

    /// Cases of known actors by benchmark; the same order for the same cases.
    fn buckets(&self, lines: &[Line]) -> BTreeMap<String, Vec<Scored>> {
        let mut buckets: BTreeMap<String, Vec<Scored>> = BTreeMap::new();
        for line in lines {
            let Some(label) = self.labels.get(&line.id) else { continue };
            let (kind, _) = line.id.split_once(':').unwrap_or_default();
            let closed =
                self.folds.get(&line.id).is_none_or(|f| self.outside[f].contains(&label[0]));
            let name = match (kind, line.planted, line.mode.as_str()) {
                _ if !closed || label[0] == "UNKNOWN" || line.mode == "open" => continue,
                ("B", Some(n), _) => format!("planted {n}"),
                ("B", None, _) => format!("B {}", line.view),
                ("AT", ..) => format!("A-T {}", line.view),
                (_, _, mode) => format!("A {mode}"),
            };
            let shares = line.shares(&self.groups);
            if name == "B all"
                && let Some(country) = self.countries.get(&label[0])
            {
                let mut nations: BTreeMap<String, f64> = BTreeMap::new();
                for (group, p) in &shares {
                    let nation = self.countries.get(group).map_or("?", String::as_str);
                    *nations.entry(nation.to_owned()).or_default() += p;
                }
                let right = std::slice::from_ref(country);
                buckets.entry("nation".into()).or_default().push(scored(&nations, right));
            }
            buckets.entry(name).or_default().push(scored(&shares, label));
        }
        buckets
    }

    /// How well an unknown actor is told: cases of actors held out, or that a release did not know.
    fn unknown(&self, lines: &[Line], name: &str, goal: f64) {
        let (mut unknown, mut known) = (Vec::new(), Vec::new());
        for line in lines {
            let Some(label) = self.labels.get(&line.id) else { continue };
            let is_open = line.mode == "open";
            let kind = if is_open { "open" } else { "A-T" };
            if format!("{kind} {}", line.view) != name || !(is_open || line.id.starts_with("AT:")) {
                continue;
            }
            let held = line.split.and_then(|s| self.held.get(&s));
            let is_unknown = held.map_or(label[0] == "UNKNOWN", |held| held.contains(&label[0]));
            if is_unknown { unknown.push(line.unknown) } else { known.push(line.unknown) }
        }
        let area = auroc(&unknown, &known);
        let n = unknown.len() + known.len();
        if unknown.is_empty() || known.is_empty() {
            return;
        }
        let (low, high) = interval(n, |drawn| {
            let of = |i: &&usize| **i < unknown.len();
            let us: Vec<f64> = drawn.iter().filter(of).map(|i| unknown[*i]).collect();
            let ks = drawn.iter().filter(|i| !of(i)).map(|i| known[*i - unknown.len()]);
            auroc(&us, &ks.collect::<Vec<_>>())
        });
        let missing = missing(area, (low, high), goal, false);
        println!(
            "| {name} | {n} | AUROC of unknown | – | {area:.3} ({low:.3} to {high:.3}) | {goal} | {missing} |"
        );
    }

    /// How often the actor whose tools were planted is named.
    fn framed(&self, lines: &[Line]) {
        for n in 1..=3 {
            let leads = |line: &Line| {
                let top = line.known.iter().max_by(|a, b| a.1.total_cmp(b.1));
                top.map(|(g, _)| g) == self.framed.get(&line.id)
            };
            let flags = lines.iter().filter(|l| l.planted == Some(n));
            let named: Vec<f64> = flags.map(|l| f64::from(u8::from(leads(l)))).collect();
            let mean = |of: &mut dyn Iterator<Item = usize>| {
                of.map(|i| named[i]).sum::<f64>() / named.len().max(1) as f64
            };
            if named.is_empty() {
                continue;
            }
            let rate = mean(&mut (0..named.len()));
            let (low, high) = interval(named.len(), |drawn| mean(&mut drawn.iter().copied()));
            let (goal, missing) = if n == 2 {
                (FRAMED_MAX.to_string(), missing(rate, (low, high), FRAMED_MAX, true))
            } else {
                ("–".into(), "–".into())
            };
            println!(
                "| planted {n} | {} | framed actor named | – | {rate:.3} ({low:.3} to {high:.3}) | {goal} | {missing} |",
                named.len()
            );
        }
    }
}

/// What caution about planted tools costs cases that nobody tampered with.
fn clean_loss(ours: &BTreeMap<String, Vec<Scored>>, trusting: &BTreeMap<String, Vec<Scored>>) {
    let (Some(ours), Some(trusting)) = (ours.get("planted 0"), trusting.get("planted 0")) else {
        return;
    };
    let all: Vec<usize> = (0..ours.len()).collect();
    let of = |measure: Measure, cases: &[Scored], drawn: &[usize]| {
        measure.of(&drawn.iter().map(|i| &cases[*i]).collect::<Vec<_>>())
    };
    let lost =
        |drawn: &[usize]| of(Measure::Top1, trusting, drawn) - of(Measure::Top1, ours, drawn);
    let (low, high) = interval(ours.len(), lost);
    let loss = lost(&all);
    let missing = missing(loss, (low, high), CLEAN_LOSS_MAX, true);
    println!(
        "| planted 0 | {} | top-1 lost by caution | – | {loss:+.3} ({low:+.3} to {high:+.3}) | {CLEAN_LOSS_MAX} | {missing} |",
        ours.len()
    );
    let dearer =
        |drawn: &[usize]| of(Measure::LogLoss, ours, drawn) - of(Measure::LogLoss, trusting, drawn);
    let (low, high) = interval(ours.len(), dearer);
    println!(
        "| planted 0 | {} | log-loss more by caution | – | {:+.3} ({low:+.3} to {high:+.3}) | – | without: {:.3} |",
        ours.len(),
        dearer(&all),
        of(Measure::LogLoss, trusting, &all)
    );
}

fn row(name: &str, cases: &[Scored], textbook: Option<&Vec<Scored>>, measure: Measure, goal: f64) {
    let of = |cases: &[Scored], drawn: &[usize]| {
        measure.of(&drawn.iter().map(|i| &cases[*i]).collect::<Vec<_>>())
    };
    let all: Vec<usize> = (0..cases.len()).collect();
    let value = of(cases, &all);
    let (low, high) = interval(cases.len(), |drawn| of(cases, drawn));
    let beside = textbook.filter(|t| t.len() == cases.len()).map_or("–".into(), |textbook| {
        let (low, high) = interval(cases.len(), |drawn| of(cases, drawn) - of(textbook, drawn));
        format!("{:.3} (here {low:+.3} to {high:+.3})", of(textbook, &all))
    });
    let missing = missing(value, (low, high), goal, measure.less_is_better());
    println!(
        "| {name} | {} | {} | {beside} | {value:.3} ({low:.3} to {high:.3}) | {goal} | {missing} |",
        cases.len(),
        measure.name()
    );
}

/// What is missing to a goal, with its interval; nothing where it is reached.
fn missing(value: f64, (low, high): (f64, f64), goal: f64, less: bool) -> String {
    let reached = if less { value <= goal } else { value >= goal };
    if reached {
        return "reached".into();
    }
    format!("{:+.3} ({:+.3} to {:+.3})", value - goal, low - goal, high - goal)
}

fn scored(shares: &BTreeMap<String, f64>, label: &[String]) -> Scored {
    let p = |g: &String| shares.get(g).copied().unwrap_or(0.0);
    let best = label.iter().map(p).fold(0.0, f64::max);
    let above = shares.values().filter(|q| **q > best).count() as f64;
    let ties = shares.values().filter(|q| (**q - best).abs() <= 1e-9 * best).count() as f64;
    let top = shares.iter().max_by(|a, b| a.1.total_cmp(b.1));
    Scored {
        right: label.iter().map(p).sum(),
        top: top.map_or(0.0, |(_, p)| *p),
        rank: 1.0 + above + (ties - 1.0) / 2.0,
        hit: top.is_some_and(|(g, _)| label.contains(g)),
    }
}

fn read(folder: &Path, name: &str) -> Result<String> {
    let path = folder.join(name);
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

fn lines(folder: &Path, name: &str) -> Result<Vec<Value>> {
    let text = read(folder, name)?;
    text.lines()
        .enumerate()
        .map(|(i, l)| serde_json::from_str(l).with_context(|| format!("{name}, line {}", i + 1)))
        .collect()
}

fn releases(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let release = name.strip_prefix("docs_v").and_then(|n| n.strip_suffix(".jsonl"));
        if let Some(release) = release {
            found.insert(release.to_owned(), read(folder, &name)?);
        }
    }
    Ok(found)
}

fn files(folder: &Path, cases: &str) -> Result<Files> {
    Ok(Files {
        docs: read(folder, "docs_v18.1.jsonl")?,
        cases: read(folder, cases)?,
        releases: releases(folder)?,
        base: Some(read(folder, "bench_b_cases.jsonl")?),
        splits: Some(read(folder, "open_set_splits.json")?),
        countries: Some(read(folder, "group_country.json")?),
    })
}
