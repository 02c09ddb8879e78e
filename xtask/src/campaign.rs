//! The case's acceptance on an emulated campaign: APT29 day 1 as Zeek saw it, 38 minutes, one intruder, two hosts. The
//! plan of the emulation is the truth: its steps in order, each with the techniques it names.
//!
//! The plan has names and ids of the year 2020: each is led to what replaced it, by ATT&CK's own relations.

mod plan;

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use blanik_case::order::spearman;
use blanik_case::{Case, EntityKind, Intrusion, Observation};
use blanik_model::Record;
use blanik_model::attack::TACTICS;

use crate::subject::Subject;
use crate::tree;
use plan::Plan;

const FOLDER: &str = "campaign-apt29";
const LOGS: &str = "day1/individual_zeek_logs";
/// The hosts that were taken, in that order, by name and address.
const HOSTS: [(&str, &str); 2] = [("scranton", "10.0.1.4"), ("nashua", "10.0.1.6")];

/// `campaign [--data FOLDER] [--program FILE]`.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let Subject { data, program } = Subject::parse("campaign", args)?;
    let case = case(&data, &program)?;
    let plan = Plan::read(&data.join(FOLDER).join("day1/plan.tsv"), &data)?;
    println!(
        "{} records, {} findings in {} observations; {} intrusions (truth: 1), {} leads",
        case.records,
        case.findings,
        case.observations.len(),
        case.intrusions.found.len(),
        case.intrusions.leads.len()
    );
    println!("plan: {} steps that name a technique", plan.steps());
    for (i, intrusion) in case.intrusions.found.iter().enumerate() {
        println!("\nIntrusion {}", i + 1);
        tell(&case, &plan, intrusion);
    }
    for (i, lead) in case.intrusions.leads.iter().enumerate() {
        println!("\nLead {}", i + 1);
        tell(&case, &plan, lead);
    }
    let all: Vec<usize> = (0..case.observations.len()).collect();
    println!("\nAll observations, whether they are part of an intrusion or not");
    list(&case, &all);
    order(&case, &plan, &all);
    movement(&case, &all);
    let main = case.intrusions.found.first();
    let good = case.intrusions.found.len() == 1
        && main.is_some_and(|x| HOSTS.iter().all(|h| names(&case, &x.observations, h)));
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// The case that the program makes of the capture, by SigmaHQ's, our own and the hackathon's rules.
fn case(data: &Path, program: &Path) -> Result<Case> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("records.jsonl");
    let campaign = data.join(FOLDER);
    let rules = [
        data.join("rules/sigma-rules"),
        tree::root().join("crates/detect/rules"),
        campaign.join("hackathon-rules/rules/sigma"),
    ];
    let mut hunt = Command::new(program);
    hunt.args(["hunt", "--quiet", "--json", "--records"]).arg(&out);
    hunt.arg("--output").arg(folder.path().join("findings.jsonl"));
    for folder in &rules {
        ensure!(folder.is_dir(), "no rules in {}", folder.display());
        hunt.arg("--rules").arg(folder);
    }
    let status = hunt.arg(campaign.join(LOGS)).status().context("cannot run blanik")?;
    ensure!(status.success(), "blanik hunt failed");
    let text = fs::read_to_string(&out)?;
    let record = |(index, line): (usize, &str)| -> Result<(u64, Record)> {
        Ok((index as u64, serde_json::from_str(line).context("not a record")?))
    };
    Ok(Case::fold(text.lines().enumerate().map(record).collect::<Result<Vec<_>>>()?))
}

fn tell(case: &Case, plan: &Plan, intrusion: &Intrusion) {
    println!("  strength {:.1}", intrusion.strength);
    list(case, &intrusion.observations);
    order(case, plan, &intrusion.observations);
    movement(case, &intrusion.observations);
}

fn list(case: &Case, observations: &[usize]) {
    for &i in observations {
        let o = &case.observations[i];
        let tactic = o.tactics.first().map_or("-", |t| TACTICS[*t].0);
        println!(
            "  {} {:<6} surprise {:>5.2} {:<10} {:<20} {} ({})",
            o.first.to_seconds_string(),
            o.level.to_string(),
            case.surprise[i],
            o.host,
            tactic,
            o.title,
            o.techniques.iter().cloned().collect::<Vec<_>>().join(", ")
        );
    }
}

/// How well the order of these observations is the plan's.
fn order(case: &Case, plan: &Plan, observations: &[usize]) {
    let mut of: Vec<&Observation> = observations.iter().map(|i| &case.observations[*i]).collect();
    of.sort_by_key(|o| o.first);
    let by_technique = |o: &Observation, by_host: bool| {
        let host = HOSTS.iter().find(|h| is(&o.host, h)).map(|(name, _)| *name);
        plan.place(&o.techniques, host.filter(|_| by_host))
    };
    let told = |place: &dyn Fn(&Observation) -> Option<f64>| {
        let pairs = of.iter().enumerate();
        let pairs: Vec<(f64, f64)> =
            pairs.filter_map(|(told, o)| Some((told as f64, place(o)?))).collect();
        let shown = spearman(&pairs).map_or_else(|| "-".to_owned(), |rho| format!("{rho:.3}"));
        format!("{shown} over {} of {} steps", pairs.len(), of.len())
    };
    println!(
        "  order against the plan's steps, as a person reads what was done: rank correlation {}",
        told(&|o| plan.place_read(&o.title))
    );
    println!(
        "  by the techniques alone, most of which several steps name: {}",
        told(&|o| by_technique(o, false))
    );
    println!("  by the techniques on that host: {}", told(&|o| by_technique(o, true)));
}

/// Which of the two hosts are named, and whether the way from the one to the other is.
fn movement(case: &Case, observations: &[usize]) {
    for host in &HOSTS {
        let word = if names(case, observations, host) { "named" } else { "NOT named" };
        println!("  {} ({}): {word}", host.0, host.1);
    }
    let lateral = |o: &&Observation| {
        let is_lateral = o.tactics.iter().any(|t| TACTICS[*t].0 == "lateral-movement");
        is_lateral && is(&o.host, &HOSTS[0]) && o.entities.iter().any(|e| is(&e.name, &HOSTS[1]))
    };
    let mut of = observations.iter().map(|i| &case.observations[*i]);
    match of.find(lateral) {
        Some(o) => println!("  movement from the first to the second: found, \"{}\"", o.title),
        None => println!("  movement from the first to the second: NOT found"),
    }
}

fn names(case: &Case, observations: &[usize], host: &(&str, &str)) -> bool {
    let mut of = observations.iter().map(|i| &case.observations[*i]);
    of.any(|o| {
        let other = o.entities.iter().filter(|e| e.kind != EntityKind::Process);
        is(&o.host, host) || other.into_iter().any(|e| is(&e.name, host))
    })
}

fn is(name: &str, (short, address): &(&str, &str)) -> bool {
    name == *short || name == *address
}
