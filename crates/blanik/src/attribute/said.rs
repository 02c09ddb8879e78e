//! What analysts and agencies put on record of who it was: `blanik observe`, `blanik assess CASE --as AGENCY`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use blanik_attribution::fitted::Fitted;
use blanik_attribution::knowledge::Knowledge;
use blanik_attribution::observe::{Feature, Grade};
use blanik_attribution::verdict::Judge;
use blanik_case::Case;
use blanik_model::Fact;
use blanik_model::record::{Assessed, Observed};
use blanik_model::text::for_terminal;
use clap::ValueEnum;

use super::{inputs, intel};
use crate::case::journal::Journal;
use crate::cli::attribution::{AssessArgs, ObserveArgs};

/// Longest text that goes on record.
const TEXT_CHARS_MAX: usize = 10_000;

/// Puts an analyst's evidence on record.
pub fn observe(args: &ObserveArgs) -> Result<ExitCode> {
    let grade: Grade = args.grade.parse()?;
    let class = word(args.class);
    let feature = Feature::of(&class, &args.what, &args.actor)?;
    ensure!(!args.what.trim().is_empty(), "--what is empty");
    ensure!(args.what.chars().count() <= TEXT_CHARS_MAX, "--what is too long for a record");
    let points = feature.is_pointing();
    if !points && !args.actor.is_empty() {
        bail!("--actor goes with what points to somebody; whose a {class} is, knowledge says");
    }
    let needs_actor = points && !matches!(feature, Feature::Victimology(_));
    ensure!(
        !needs_actor || !args.actor.is_empty(),
        "{class} needs --actor: whom does it point to?"
    );
    let journal = Journal::open(&args.case, &args.workspace);
    let on = about(&journal, args.intrusion)?;
    unknown_names(&journal, &args.workspace, &args.actor)?;
    let observed = Observed {
        on,
        class,
        what: args.what.clone(),
        to: args.actor.clone(),
        grade: grade.to_string(),
        source: args.source.clone(),
        origin: args.origin.clone(),
        block: args.block.clone(),
        forgeable: word(args.forgeable),
    };
    let about: Vec<u64> = on.into_iter().collect();
    let fact = Fact::Observed(Box::new(observed));
    let index = journal.append(args.by.as_deref(), fact, &about, &args.key)?;
    println!("record {index}");
    Ok(ExitCode::SUCCESS)
}

/// Puts an agency's probabilities on record.
pub fn assess(args: &AssessArgs, agency: &str) -> Result<ExitCode> {
    let [case] = args.paths.as_slice() else { bail!("--as goes with one case") };
    ensure!(!args.probabilities.is_empty(), "no probability is given: -p APT31=0.6");
    let mut probabilities = BTreeMap::new();
    for given in &args.probabilities {
        let (hypothesis, p) = given
            .rsplit_once('=')
            .with_context(|| format!("{given:?} is no HYPOTHESIS=P, as APT31=0.6"))?;
        let number: f64 = p.trim().parse().with_context(|| format!("{p:?} is no number"))?;
        // That they do not sum up to one is theirs to say, and shown; what is none is a slip of the pen.
        ensure!((0.0..=1.0).contains(&number), "{p:?} is no probability: it is 0 to 1");
        if probabilities.insert(hypothesis.trim().to_owned(), p.trim().to_owned()).is_some() {
            bail!("{} is given twice", hypothesis.trim());
        }
    }
    let journal = Journal::open(case, &args.workspace);
    let on = about(&journal, args.intrusion)?;
    let named: Vec<String> = probabilities.keys().cloned().collect();
    unknown_names(&journal, &args.workspace, &named)?;
    let assessed = Assessed { agency: agency.to_owned(), on, probabilities, why: args.why.clone() };
    let about: Vec<u64> = on.into_iter().collect();
    let index = journal.append(None, Fact::Assessed(assessed), &about, &args.key)?;
    println!("record {index}");
    Ok(ExitCode::SUCCESS)
}

fn word(value: impl ValueEnum) -> String {
    let value = value.to_possible_value().expect("no value of ours is hidden");
    value.get_name().to_owned()
}

/// The record by which the intrusion of that number is named.
fn about(journal: &Journal, intrusion: Option<usize>) -> Result<Option<u64>> {
    let Some(number) = intrusion else { return Ok(None) };
    inputs::anchor(&Case::fold(journal.records()?), number).map(Some)
}

/// Says of whom nothing is known: a slip of the pen would count for nobody.
fn unknown_names(journal: &Journal, workspace: &Path, names: &[String]) -> Result<()> {
    let known = match journal {
        Journal::Log(_) => intel::known(workspace, u64::MAX)?.0,
        Journal::File(_) => Knowledge::builtin(),
    };
    let judge = Judge::new(known, Fitted::builtin());
    for name in names {
        let meant = name.strip_prefix("nation:").map(|n| format!("UNKNOWN:{n}"));
        if judge.hypothesis(meant.as_deref().unwrap_or(name)).is_none() {
            eprintln!("blanik: nobody is known as {}", for_terminal(name));
        }
    }
    Ok(())
}
