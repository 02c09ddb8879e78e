//! The case's acceptance on AIT's alert sets: alerts of three tools over days, one intruder, every
//! alert labelled. The program reads the alerts; only the scorer here reads the labels.
//!
//! Alerts of one name on one host within ten minutes are a group; it is the attack's when most of its
//! alerts are. Recall is the mean over the attack's steps, so that a step with thousands of alerts
//! counts as much as one with three.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use blanik_case::Case;
use blanik_model::{Fact, Finding, Record, Timestamp};

use crate::subject::Subject;

/// Seconds of a group.
const GROUP_S: i64 = 600;

/// Which of the two labels of an alert says which step it is of.
#[derive(Clone, Copy)]
enum Labels {
    /// By the time at which the step ran.
    Time,
    /// By the event itself.
    Event,
}

/// An alert with its labels.
struct Alert {
    time: i64,
    name: String,
    host: String,
    by_time: Option<String>,
    by_event: Option<String>,
}

/// Name, host, ten minutes.
type Group = (String, String, i64);

/// What is in a scenario.
struct Truth {
    /// Of each group the steps of its alerts, each with how many; `None` is no step.
    steps_of: BTreeMap<Group, BTreeMap<Option<String>, u64>>,
}

/// Scores all scenarios that are there.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let Subject { data, program } = Subject::parse("ait", args)?;
    let folder = data.join("alerts-ait");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .with_context(|| format!("cannot read {}", folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|e| e == "csv"))
        .collect();
    files.sort();
    ensure!(!files.is_empty(), "no scenario in {}", folder.display());
    println!(
        "| scenario | labels | of | F1 | precision | recall | groups | steps without an alert |"
    );
    println!("|---|---|---|--:|--:|--:|--:|---|");
    let mut good = true;
    for file in &files {
        good &= scenario(file, &program)?;
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Prints a scenario's rows. True if the case is better than the baselines, and misses one step at most.
fn scenario(file: &Path, program: &Path) -> Result<bool> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = stem.trim_end_matches("_alerts");
    let alerts = alerts(file)?;
    let case = case(file, program)?;
    let main = main_groups(&case, &alerts);
    let rank = rank(&case, &Truth::of(&alerts, Labels::Time));
    let mut good = true;
    for (labels, word) in [(Labels::Time, "time"), (Labels::Event, "event")] {
        let truth = Truth::of(&alerts, labels);
        let of_case = truth.score(&main);
        let baselines = [
            ("busiest host-hour", truth.score(&busiest(&alerts))),
            ("unseen before", truth.score(&unseen(&alerts))),
        ];
        if matches!(labels, Labels::Time) {
            good &=
                of_case.missed.len() <= 1 && baselines.iter().all(|(_, b)| of_case.f1() > b.f1());
        }
        println!("| {name} | {word} | **main intrusion** | {of_case} |");
        for (what, score) in &baselines {
            println!("| {name} | {word} | {what} | {score} |");
        }
    }
    let (found, leads) = (case.intrusions.found.len(), case.intrusions.leads.len());
    println!(
        "| {name} | | {found} intrusions, {leads} leads; first true group at rank {rank} | | | | | |"
    );
    Ok(good && found == 1)
}

/// The alerts of a table, in its order.
fn alerts(file: &Path) -> Result<Vec<Alert>> {
    let text =
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let label = |cell: &str| (!matches!(cell, "-" | "false_positive")).then(|| cell.to_owned());
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let [time, name, _, host, _, by_time, by_event] = cells[..] else { return None };
        Some(Alert {
            time: time.parse().ok()?,
            name: name.to_owned(),
            host: host.to_owned(),
            by_time: label(by_time),
            by_event: label(by_event),
        })
    };
    text.lines()
        .skip(1)
        .map(|line| row(line).with_context(|| format!("not a row: {line}")))
        .collect()
}

/// The case that the program makes of the table.
fn case(file: &Path, program: &Path) -> Result<Case> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("findings.jsonl");
    let status = Command::new(program)
        .args(["hunt", "--tool-findings", "--json", "--quiet", "-o"])
        .arg(&out)
        .arg(file)
        .status()
        .context("cannot run blanik")?;
    ensure!(status.success(), "blanik hunt failed");
    let text = fs::read_to_string(&out)?;
    let record = |(index, line): (usize, &str)| -> Result<(u64, Record)> {
        let finding: Finding = serde_json::from_str(line)?;
        let fact = Fact::Found(Box::new(finding));
        let at = Timestamp::from_nanos(0);
        Ok((index as u64, Record { case: "ait".into(), at, by: "xtask".into(), fact }))
    };
    let records = text.lines().enumerate().map(record).collect::<Result<Vec<_>>>()?;
    Ok(Case::fold(records))
}

/// The groups of the main intrusion's observations, under the alerts' own names.
fn main_groups(case: &Case, alerts: &[Alert]) -> BTreeSet<Group> {
    let groups: BTreeMap<(String, String, i64), Group> = alerts
        .iter()
        .map(|a| {
            (
                (spelled(&a.name), blanik_case::entity::host(&a.host), a.time.div_euclid(GROUP_S)),
                a.group(),
            )
        })
        .collect();
    let main = case.intrusions.found.first().or(case.intrusions.leads.first());
    let of = |i: &usize| {
        let o = &case.observations[*i];
        groups.get(&(o.title.clone(), o.host.clone(), o.window)).cloned()
    };
    main.iter().flat_map(|intrusion| &intrusion.observations).filter_map(of).collect()
}

/// An alert's name as a finding's title has it.
fn spelled(name: &str) -> String {
    match name.split_once(": ") {
        Some((tool, rest)) => format!("{}: {rest}", tool.to_lowercase()),
        None => name.to_owned(),
    }
}

/// Position, from 1, of the first intrusion or lead most of whose groups are the attack's.
fn rank(case: &Case, truth: &Truth) -> usize {
    let attack: BTreeSet<(String, String, i64)> = truth
        .attack()
        .into_keys()
        .map(|(name, host, window)| (spelled(&name), blanik_case::entity::host(&host), window))
        .collect();
    let is_true = |i: &&usize| {
        let o = &case.observations[**i];
        attack.contains(&(o.title.clone(), o.host.clone(), o.window))
    };
    let mut all = case.intrusions.found.iter().chain(&case.intrusions.leads);
    all.position(|i| 2 * i.observations.iter().filter(is_true).count() > i.observations.len())
        .map_or(0, |at| at + 1)
}

impl Alert {
    fn group(&self) -> Group {
        (self.name.clone(), self.host.clone(), self.time.div_euclid(GROUP_S))
    }
}

/// Groups of the hour in which a host has most alerts.
fn busiest(alerts: &[Alert]) -> BTreeSet<Group> {
    let hour = |a: &Alert| (a.host.clone(), a.time.div_euclid(3600));
    let mut counts: BTreeMap<(String, i64), u64> = BTreeMap::new();
    for alert in alerts {
        *counts.entry(hour(alert)).or_default() += 1;
    }
    let most = counts.iter().max_by_key(|(_, count)| **count).map(|(hour, _)| hour.clone());
    alerts.iter().filter(|a| Some(hour(a)) == most).map(Alert::group).collect()
}

/// Groups whose name was not seen on that host before.
fn unseen(alerts: &[Alert]) -> BTreeSet<Group> {
    let mut first: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for alert in alerts {
        let time = first.entry((&alert.name, &alert.host)).or_insert(alert.time);
        *time = (*time).min(alert.time);
    }
    let group = |((name, host), time): (&(&str, &str), &i64)| {
        ((*name).to_owned(), (*host).to_owned(), time.div_euclid(GROUP_S))
    };
    first.iter().map(group).collect()
}

impl Truth {
    fn of(alerts: &[Alert], labels: Labels) -> Self {
        let mut steps_of: BTreeMap<Group, BTreeMap<Option<String>, u64>> = BTreeMap::new();
        for alert in alerts {
            let step = match labels {
                Labels::Time => alert.by_time.clone(),
                Labels::Event => alert.by_event.clone(),
            };
            *steps_of.entry(alert.group()).or_default().entry(step).or_default() += 1;
        }
        Truth { steps_of }
    }

    /// The attack's groups, each with the step of most of its alerts.
    fn attack(&self) -> BTreeMap<Group, String> {
        let step = |(group, steps): (&Group, &BTreeMap<Option<String>, u64>)| {
            let all: u64 = steps.values().sum();
            let of_none = steps.get(&None).copied().unwrap_or(0);
            let named = steps.iter().filter_map(|(step, n)| Some((n, step.as_ref()?)));
            let most = named.max_by_key(|(n, _)| **n)?.1;
            (2 * of_none < all).then(|| (group.clone(), most.clone()))
        };
        self.steps_of.iter().filter_map(step).collect()
    }

    fn score(&self, groups: &BTreeSet<Group>) -> Score {
        let attack = self.attack();
        let mut of_step: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (group, step) in &attack {
            let (hit, all) = of_step.entry(step).or_default();
            *hit += u64::from(groups.contains(group));
            *all += 1;
        }
        let recalls = of_step.values().map(|(hit, all)| *hit as f64 / *all as f64);
        let true_ones = groups.iter().filter(|g| attack.contains_key(*g)).count();
        let steps = |groups: &mut dyn Iterator<Item = &Group>| -> BTreeSet<String> {
            groups
                .filter_map(|g| self.steps_of.get(g))
                .flat_map(|s| s.keys().flatten().cloned())
                .collect()
        };
        let hit = steps(&mut groups.iter());
        Score {
            precision: true_ones as f64 / groups.len().max(1) as f64,
            recall: recalls.sum::<f64>() / of_step.len().max(1) as f64,
            groups: groups.len(),
            missed: steps(&mut self.steps_of.keys()).difference(&hit).cloned().collect(),
        }
    }
}

/// How well groups are the attack's.
struct Score {
    precision: f64,
    recall: f64,
    groups: usize,
    missed: Vec<String>,
}

impl Score {
    fn f1(&self) -> f64 {
        let sum = self.precision + self.recall;
        if sum == 0.0 { 0.0 } else { 2.0 * self.precision * self.recall / sum }
    }
}

/// Cells of a table.
impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Score { precision, recall, groups, missed } = self;
        let f1 = self.f1();
        let missed = if missed.is_empty() { "none".to_owned() } else { missed.join(", ") };
        write!(f, "{f1:.3} | {precision:.3} | {recall:.3} | {groups} | {missed}")
    }
}
