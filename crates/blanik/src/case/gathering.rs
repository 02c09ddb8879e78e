//! What a hunt found and gathered, as the records of a case: findings, coverage, what of value was
//! reached. One JSON object a line; the log takes the same records.

use std::io::Write;

use anyhow::{Context, Result};
use blanik_model::record::Opened;
use blanik_model::{Fact, Record};

use crate::evidence;
use crate::hunt::Outcome;
use crate::outfile::Target;

/// Writes them.
pub fn write(target: &Target, outcome: &mut Outcome) -> Result<()> {
    let context = || format!("cannot write {}", target.path().display());
    let case = target.path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let at = evidence::now()?;
    let mut out = target.create()?;
    let mut put = |fact: Fact| -> Result<()> {
        let record = Record { case: case.clone(), at, by: "hunt".into(), fact };
        serde_json::to_writer(&mut out, &record).with_context(context)?;
        out.write_all(b"\n").with_context(context)
    };
    put(Fact::Opened(Opened { title: case.clone() }))?;
    for i in 0..outcome.findings.len() {
        put(Fact::Found(Box::new(outcome.findings.get(i)?)))?;
    }
    facts(outcome).into_iter().try_for_each(&mut put)?;
    out.finish()
}

/// What was gathered of all events.
pub fn facts(outcome: &mut Outcome) -> Vec<Fact> {
    let Some(gathered) = outcome.gathered.take() else { return Vec::new() };
    let not_kept = gathered.not_kept();
    if not_kept > 0 {
        eprintln!(
            "blanik: {not_kept} records of what was reached are beyond what a case keeps; what was taken has no upper bound"
        );
    }
    gathered.facts()
}
