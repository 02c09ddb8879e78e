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
    let lines = Lines { case: &case, by: "hunt" };
    let mut out = target.create()?;
    let mut put = |line: String| writeln!(out, "{line}").with_context(context);
    put(lines.of(Fact::Opened(Opened { title: case.clone() }))?)?;
    lines.each(outcome, put)?;
    out.finish()
}

/// Records as lines of JSON: of which case they are, and who says so.
#[derive(Clone, Copy)]
pub struct Lines<'a> {
    /// The case's name.
    pub case: &'a str,
    /// The name of the key of who says so.
    pub by: &'a str,
}

impl Lines<'_> {
    /// The record that says this.
    pub fn of(self, fact: Fact) -> Result<String> {
        let (case, by) = (self.case.to_owned(), self.by.to_owned());
        Ok(serde_json::to_string(&Record { case, at: evidence::now()?, by, fact })?)
    }

    /// Hands on the record of each finding, and those of what was gathered of all events.
    pub fn each(
        self,
        outcome: &mut Outcome,
        mut take: impl FnMut(String) -> Result<()>,
    ) -> Result<()> {
        let found = self.head("found")?;
        for i in 0..outcome.findings.len() {
            let json =
                outcome.findings.json(i).context("cannot read the temporary file of findings")?;
            let json = std::str::from_utf8(json).context("a finding is no UTF-8")?;
            take([&found, &json[1..]].concat())?;
        }
        facts(outcome).into_iter().try_for_each(|fact| take(self.of(fact)?))
    }

    /// How a record of that type begins: what follows is its fact's fields.
    fn head(self, ty: &str) -> Result<String> {
        let head = serde_json::json!({
            "case": self.case, "at": evidence::now()?.to_string(), "by": self.by, "type": ty,
        });
        let mut head = head.to_string();
        head.pop();
        head.push(',');
        Ok(head)
    }
}

/// What was gathered of all events.
fn facts(outcome: &mut Outcome) -> Vec<Fact> {
    let Some(gathered) = outcome.gathered.take() else { return Vec::new() };
    let not_kept = gathered.not_kept();
    if not_kept > 0 {
        eprintln!(
            "blanik: {not_kept} records of what was reached are beyond what a case keeps; what was taken has no upper bound"
        );
    }
    gathered.facts()
}
