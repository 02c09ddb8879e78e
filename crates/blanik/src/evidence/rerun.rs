//! `blanik rerun`: what is on record hunted again, by whoever has it, and what comes out held against the
//! findings. What an ally does before they cosign with the grade *re-run*.
//!
//! With the files, each hunt is done again whole. Without them, the sealed events are hunted: an event that
//! a finding cites stands in it with all its fields. What only the files can decide is said to be open.

mod again;
mod recorded;
mod sealed;

use std::process::ExitCode;

use anyhow::{Result, bail};
use blanik_model::text::for_terminal;

use crate::cli::evidence::{AgainArgs, RerunArgs};
use crate::output::counted;
use again::Hunter;
use recorded::Recorded;

/// Findings and differences of a kind that are listed.
const SHOWN: usize = 20;

/// Hunts again. 1 if not every finding was met again.
pub fn run(args: &RerunArgs) -> Result<ExitCode> {
    let again = again(&args.workspace, args.case.as_deref(), &args.with)?;
    again.tell();
    Ok(if again.is_same() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Hunts all hunts of a workspace again, or those of a case.
pub(super) fn again(
    workspace: &std::path::Path,
    case: Option<&str>,
    with: &AgainArgs,
) -> Result<Again> {
    let (hunts, withheld) = recorded::read(workspace, case)?;
    if hunts.is_empty() {
        match case {
            Some(case) => bail!("no hunt of case {case} is on record"),
            None => bail!("no hunt is on record"),
        }
    }
    let mut hunter = Hunter::new(with)?;
    let mut again = Again { by_files: !with.files.is_empty(), ..Again::default() };
    again.differences.extend(hunter.strange_files(&hunts));
    let withheld = withheld.into_iter();
    again.open.extend(withheld.map(|(from, to)| (from, format!("withheld, up to record {to}"))));
    for hunt in &hunts {
        hunter.hunt(hunt, &mut again)?;
    }
    Ok(again)
}

/// What came out.
#[derive(Debug, Default)]
pub(super) struct Again {
    by_files: bool,
    /// Findings that came out again.
    met: u64,
    /// Findings that did not, by their index, with what they say.
    not_met: Vec<(u64, String)>,
    /// Findings that nobody could decide who has no more than this, with the reason.
    open: Vec<(u64, String)>,
    /// What else is not as it is on record.
    differences: Vec<String>,
}

impl Again {
    /// True if every finding came out again, and nothing else did.
    pub(super) fn is_same(&self) -> bool {
        self.not_met.is_empty() && self.open.is_empty() && self.differences.is_empty()
    }

    /// How many findings did not come out again, or are open.
    pub(super) fn others(&self) -> usize {
        self.not_met.len() + self.open.len() + self.differences.len()
    }

    fn leave_open(&mut self, finding: &Recorded, reason: &str) {
        self.open.push((finding.index, format!("{}: {reason}", finding.title)));
    }

    /// Prints it.
    pub(super) fn tell(&self) {
        tell("NOT MET", &self.not_met, |(index, title)| format!("record {index}: {title}"));
        tell("OPEN", &self.open, |(index, what)| format!("record {index}: {what}"));
        tell("DIFFERS", &self.differences, Clone::clone);
        let by = if self.by_files { "in the same files" } else { "in their sealed events" };
        if self.is_same() {
            println!("Same       {}, by the same rules, {by}", counted(self.met, "finding"));
        } else {
            let (not_met, open) = (self.not_met.len(), self.open.len());
            println!(
                "Again      {} met {by}, {not_met} not met, {open} open",
                counted(self.met, "finding")
            );
        }
    }
}

fn tell<T>(word: &str, all: &[T], line: impl Fn(&T) -> String) {
    for one in all.iter().take(SHOWN) {
        println!("{word:<10} {}", for_terminal(&line(one)));
    }
    if all.len() > SHOWN {
        println!("{word:<10} {} in all", all.len());
    }
}
