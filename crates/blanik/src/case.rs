//! `blanik case`: what the findings come to, and the analysts' work on it.
//!
//! Reads a journal of records ([`journal`]), the evidence log or a file, folds it into a case, and
//! shows it. Each act of an analyst is one more record; nothing is ever changed.

pub mod allies;
pub mod brief;
pub mod chart;
pub mod export;
pub mod gathering;
pub mod journal;
pub mod network;
pub mod page;
pub mod text;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use blanik_case::{Case, View};
use blanik_model::Fact;
use blanik_model::record::{Assigned, Judged, Noted, Tied};
use clap::{Args, Subcommand, ValueEnum};

use crate::cli::evidence::KeyArgs;
use crate::evidence::{self, allies::Cosigned};
use crate::outfile::Target;
use journal::Journal;

const CASE_HELP: &str = "\
Examples:
  blanik hunt logs --case 17                    what a case is made of, in the evidence log
  blanik case 17 show                           the intrusions: story, scope, what was taken
  blanik case 17 timeline -f svg -o timeline.svg
  blanik case 17 dismiss 170 --why \"the backup does that every night\"
  blanik case 17 undo 4711                      takes back the record with that number
  blanik case findings.jsonl show               the same of findings that are not on record

Numbers in brackets are those of the records that a sentence rests on.";

/// What the findings come to, and the analysts' work on it.
#[derive(Debug, Args)]
#[command(after_help = CASE_HELP)]
pub struct CaseArgs {
    /// A case of the workspace; or a file of records or of findings (JSON lines, as `hunt --json`
    /// writes them)
    #[arg(value_name = "CASE")]
    pub case: PathBuf,

    /// The workspace that holds the record
    #[arg(long, value_name = "FOLDER", default_value = ".", global = true)]
    pub workspace: PathBuf,

    /// The workspace's key, for what analysts say.
    #[command(flatten)]
    pub key: KeyArgs,

    /// What to do.
    #[command(subcommand)]
    pub what: CaseCommand,
}

/// What to do with a case.
#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    /// All of it: the intrusions with their story, scope and what was taken, and what else stands out
    Show(ShowArgs),
    /// When what happened
    Timeline(ShowArgs),
    /// Who and what has to do with each other
    Graph(ShowArgs),
    /// Which hosts, accounts and mailboxes are confirmed, suspected or cleared
    Scope(ShowArgs),
    /// What was taken, as bounds
    Exposure(ShowArgs),
    /// Remark on a record, or on the case
    Note(NoteArgs),
    /// Hold a finding for true
    Confirm(JudgeArgs),
    /// Hold a finding for false; what rested on it goes with it
    Dismiss(DismissArgs),
    /// Tie two records together
    Link(TieArgs),
    /// Say that two records have nothing to do with each other
    Unlink(TieArgs),
    /// Give somebody a record to work on
    Assign(AssignArgs),
    /// Take back a record of an analyst
    Undo(JudgeArgs),
}

/// How a case is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CaseFormat {
    /// For a terminal.
    Text,
    /// One self-contained page.
    Html,
    /// A picture (timeline and graph).
    Svg,
    /// Everything, for programs.
    Json,
    /// The steps, for Timesketch's importer.
    Timesketch,
    /// The steps, for spreadsheets.
    Csv,
}

/// How to show it.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// How to write it
    #[arg(long, short = 'f', value_name = "FORMAT", value_enum, default_value = "text")]
    pub format: CaseFormat,

    /// Write to this file [default: standard output]
    #[arg(long, short = 'o', value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Only this intrusion; the strongest is 1
    #[arg(long, value_name = "NUMBER")]
    pub intrusion: Option<usize>,
}

/// Who says so.
#[derive(Debug, Args)]
pub struct ByArgs {
    /// Who says so [default: the name of the key; in a file, the user's name on this machine]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

/// A remark.
#[derive(Debug, Args)]
pub struct NoteArgs {
    /// What to say
    pub text: String,
    /// The record it is about [default: the case]
    #[arg(long, value_name = "RECORD")]
    pub on: Option<u64>,
    /// Who.
    #[command(flatten)]
    pub by: ByArgs,
}

/// A judgement.
#[derive(Debug, Args)]
pub struct JudgeArgs {
    /// The record's number
    pub on: u64,
    /// The reason
    #[arg(long, default_value = "")]
    pub why: String,
    /// Who.
    #[command(flatten)]
    pub by: ByArgs,
}

/// A judgement that needs a reason.
#[derive(Debug, Args)]
pub struct DismissArgs {
    /// The record's number
    pub on: u64,
    /// The reason
    #[arg(long)]
    pub why: String,
    /// Who.
    #[command(flatten)]
    pub by: ByArgs,
}

/// Two records.
#[derive(Debug, Args)]
pub struct TieArgs {
    /// The one record's number
    pub a: u64,
    /// The other's
    pub b: u64,
    /// The reason
    #[arg(long, default_value = "")]
    pub why: String,
    /// Who.
    #[command(flatten)]
    pub by: ByArgs,
}

/// Whose a record is.
#[derive(Debug, Args)]
pub struct AssignArgs {
    /// The record's number
    pub on: u64,
    /// Whom to give it to
    pub to: String,
    /// Who gives it.
    #[command(flatten)]
    pub by: ByArgs,
}

/// Which part is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    All,
    /// When what happened.
    Timeline,
    /// Who has to do with whom.
    Graph,
    /// How far it reaches.
    Scope,
    /// What was taken.
    Exposure,
}

/// Does what the command line says.
pub fn run(args: &CaseArgs) -> Result<ExitCode> {
    let journal = Journal::open(&args.case, &args.workspace);
    let (part, how) = match &args.what {
        CaseCommand::Show(how) => (Part::All, how),
        CaseCommand::Timeline(how) => (Part::Timeline, how),
        CaseCommand::Graph(how) => (Part::Graph, how),
        CaseCommand::Scope(how) => (Part::Scope, how),
        CaseCommand::Exposure(how) => (Part::Exposure, how),
        act => return say(&journal, act, &args.key),
    };
    let target =
        how.output.as_ref().map(|path| Target::new(path, std::slice::from_ref(&args.case)));
    let target = target.transpose()?;
    let records = journal.records()?;
    let cosigned = match journal {
        Journal::Log(_) => evidence::allies::cosigned(&args.workspace, &records)?,
        Journal::File(_) => Vec::new(),
    };
    let case = Case::fold(records);
    let mut views = case.views();
    if let Some(number) = how.intrusion {
        views.retain(|view| view.number == number);
        if views.is_empty() {
            bail!("there is no intrusion {number}: the case has {}", case.intrusions.found.len());
        }
    }
    let text = render((&case, &cosigned), &views, part, how.format)?;
    match target {
        Some(target) => {
            let mut file = target.create()?;
            file.write_all(text.as_bytes())
                .with_context(|| format!("cannot write {}", target.path().display()))?;
            file.finish()?;
        }
        None => {
            io::stdout().write_all(text.as_bytes()).context("cannot write to standard output")?
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The part of the case in that format, with the cosignatures that cover it.
fn render(
    (case, cosigned): (&Case, &[Cosigned]),
    views: &[View],
    part: Part,
    format: CaseFormat,
) -> Result<String> {
    Ok(match (format, part) {
        (CaseFormat::Text, _) => text::render((case, cosigned), views, part),
        (CaseFormat::Json, _) => export::json((case, cosigned), views, part)?,
        (CaseFormat::Html, _) => page::render((case, cosigned), views, part),
        (CaseFormat::Svg, Part::Graph) => network::svg(first(views)?),
        (CaseFormat::Svg, Part::Timeline | Part::All) => chart::svg(first(views)?),
        (CaseFormat::Svg, _) => bail!("pictures are of the timeline and the graph"),
        (CaseFormat::Timesketch, _) => export::timesketch(views)?,
        (CaseFormat::Csv, _) => export::csv(views)?,
    })
}

fn first(views: &[View]) -> Result<&View> {
    views.first().context("the case has no intrusion to draw, only leads: `confirm` a finding of one that is true, and it is an intrusion")
}

/// An analyst's record.
fn say(journal: &Journal, act: &CaseCommand, key: &KeyArgs) -> Result<ExitCode> {
    let judged = |args: &JudgeArgs| Judged { on: args.on, why: args.why.clone() };
    let tied = |args: &TieArgs| Tied { a: args.a, b: args.b, why: args.why.clone() };
    let (by, fact, about) = match act {
        CaseCommand::Note(n) => (
            &n.by,
            Fact::Noted(Noted { on: n.on, text: n.text.clone() }),
            n.on.into_iter().collect(),
        ),
        CaseCommand::Confirm(j) => (&j.by, Fact::Confirmed(judged(j)), vec![j.on]),
        CaseCommand::Dismiss(d) => {
            (&d.by, Fact::Dismissed(Judged { on: d.on, why: d.why.clone() }), vec![d.on])
        }
        CaseCommand::Link(t) => (&t.by, Fact::Linked(tied(t)), vec![t.a, t.b]),
        CaseCommand::Unlink(t) => (&t.by, Fact::Unlinked(tied(t)), vec![t.a, t.b]),
        CaseCommand::Assign(a) => {
            (&a.by, Fact::Assigned(Assigned { on: a.on, to: a.to.clone() }), vec![a.on])
        }
        CaseCommand::Undo(j) => (&j.by, Fact::Undone(judged(j)), vec![j.on]),
        CaseCommand::Show(_)
        | CaseCommand::Timeline(_)
        | CaseCommand::Graph(_)
        | CaseCommand::Scope(_)
        | CaseCommand::Exposure(_) => unreachable!("shown, not said"),
    };
    let index = journal.append(by.by.as_deref(), fact, &about, key)?;
    println!("record {index}");
    Ok(ExitCode::SUCCESS)
}
