//! Indicators for a hunt: those of the store, and those of files that the command line names.

mod files;
mod store;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use blanik_detect::indicators::{Index, IndicatorSet, WarningLists};
use blanik_model::text::for_terminal;
use blanik_share::{Intake, ListAs, Loss};
use serde::Serialize;

use crate::cli::{AddArgs, IndicatorArgs, ListArgs};
use crate::outfile::Target;
use crate::output::counted;
use crate::summary::IndicatorStats;
use store::{Store, Stored};

/// Reasons for losses that are shown.
const REASONS_SHOWN: usize = 12;

/// Indicators, ready to be looked for.
#[derive(Clone, Debug)]
pub struct Indicators {
    /// Where they are found.
    pub index: Arc<Index>,
    /// What they are.
    pub stats: IndicatorStats,
}

impl Indicators {
    /// Of a set from which warning lists have taken what they mute.
    pub fn new(set: IndicatorSet, muted: BTreeMap<String, u64>) -> Self {
        let stats = IndicatorStats {
            indicators: set.firsts().count() as u64,
            statements: set.len() as u64,
            muted,
        };
        Indicators { index: Arc::new(Index::new(set)), stats }
    }
}

/// The indicators that a hunt looks for. `None` if there are none.
///
/// # Errors
/// If a file cannot be read, or those that were named hold nothing at all.
pub fn for_hunt(args: &IndicatorArgs, quiet: bool) -> Result<Option<Indicators>> {
    let store = if args.no_store { None } else { Store::open(args.store.as_deref()) };
    if args.store.is_some() && store.is_none() {
        bail!(
            "there is no store of indicators in the folder of --store: `blanik indicators add` makes one"
        );
    }
    let stored = match &store {
        Some(store) => store.load(&mut |remark| tell(quiet, remark))?,
        None => Stored::default(),
    };
    if args.indicators.is_empty() {
        return Ok(match stored.set.is_empty() && stored.muted.is_empty() {
            true => None,
            false => Some(Indicators::new(stored.set, stored.muted)),
        });
    }
    let mut intake = Intake::new();
    for file in files::of(&args.indicators)? {
        intake.read(&file.list, &file.read()?, &ListAs::default());
    }
    if intake.set.is_empty() && intake.warnings.is_empty() {
        bail!("no indicator in what --indicators names: {}", first_reasons(&intake.losses));
    }
    if !intake.losses.is_empty() {
        let lost = intake.losses.len() as u64 + intake.losses_not_listed;
        let reasons = first_reasons(&intake.losses);
        tell(quiet, &format!("{lost} places in the indicators' files hold none: {reasons}"));
    }
    let mut lists = WarningLists::builtin();
    if let Some(store) = &store {
        store.warnings()?.iter().for_each(|list| lists.add(list));
    }
    intake.warnings.iter().for_each(|list| lists.add(list));
    if !intake.set.extend(&stored.set) {
        bail!("more indicators than can be held");
    }
    let (set, mut muted) = lists.apply(&intake.set.finish());
    for (list, count) in stored.muted {
        *muted.entry(list).or_default() += count;
    }
    Ok(Some(Indicators::new(set, muted)))
}

fn tell(quiet: bool, remark: &str) {
    if !quiet {
        eprintln!("blanik: {}", for_terminal(remark));
    }
}

/// Adds lists to the store, and says what was taken.
pub fn add(args: &AddArgs) -> Result<ExitCode> {
    if keep(args)? == 0 {
        bail!("no indicator and no warning list in what was named");
    }
    Ok(ExitCode::SUCCESS)
}

/// Adds lists to the store, and says what was taken. How many files held some.
pub(crate) fn keep(args: &AddArgs) -> Result<usize> {
    let losses = args.losses.as_ref().map(|path| Target::new(path, &args.paths)).transpose()?;
    let said = ListAs { source: args.source.clone(), tlp: args.tlp, grade: args.grade.clone() };
    let mut store = Store::create(args.store.as_deref())?;
    let mut out = io::stdout().lock();
    let mut lost = Vec::new();
    let mut taken = 0;
    for file in files::of(&args.paths)? {
        let bytes = file.read()?;
        let mut intake = Intake::new();
        intake.read(&file.list, &bytes, &said);
        let (indicators, warnings) = (intake.set.len(), intake.warnings.len());
        if indicators + warnings > 0 {
            taken += 1;
            store.keep(&file.list, &bytes, &said, warnings > 0)?;
            let what = match warnings {
                0 => counted(indicators as u64, "indicator"),
                _ => format!("warning list: {}", intake.warnings[0].name),
            };
            let not_taken = intake.losses.len() as u64 + intake.losses_not_listed;
            let not_taken = match not_taken {
                0 => String::new(),
                n => format!(", {n} not taken"),
            };
            writeln!(out, "{}  {}{not_taken}", for_terminal(&file.list), for_terminal(&what))?;
        }
        lost.append(&mut intake.losses);
    }
    if let Some(target) = losses {
        write_losses(&target, &lost)?;
    }
    write_reasons(&mut out, &lost)?;
    if taken > 0 {
        store.finish()?;
        let stored = store.load(&mut |_| ())?;
        write_store(&mut out, &store, &stored)?;
    }
    Ok(taken)
}

/// Shows what the store holds.
pub fn list(args: &ListArgs) -> Result<ExitCode> {
    let Some(store) = Store::open(args.store.as_deref()) else {
        bail!("there is no store of indicators yet: `blanik indicators add` makes one");
    };
    let stored = store.load(&mut |remark| tell(false, remark))?;
    let mut out = io::stdout().lock();
    for list in store.lists() {
        writeln!(out, "{}", for_terminal(list))?;
    }
    write_store(&mut out, &store, &stored)?;
    Ok(ExitCode::SUCCESS)
}

fn write_store(out: &mut dyn Write, store: &Store, stored: &Stored) -> Result<()> {
    let folder = store.folder().display().to_string();
    let values = counted(stored.set.firsts().count() as u64, "indicator");
    let lists = counted(store.lists().count() as u64, "list");
    writeln!(out, "{}: {values} of {lists}", for_terminal(&folder))?;
    for (list, count) in &stored.muted {
        writeln!(out, "  {count} muted by {}", for_terminal(list))?;
    }
    Ok(())
}

/// How often what was the reason, the most frequent first.
fn reasons(losses: &[Loss]) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for loss in losses {
        *counts.entry(&loss.reason).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    counts
}

fn first_reasons(losses: &[Loss]) -> String {
    let first = reasons(losses).into_iter().take(3);
    first.map(|(reason, n)| format!("{reason} ({n})")).collect::<Vec<_>>().join("; ")
}

fn write_reasons(out: &mut dyn Write, losses: &[Loss]) -> Result<()> {
    let reasons = reasons(losses);
    if !reasons.is_empty() {
        writeln!(out, "Not taken:")?;
    }
    for (reason, count) in reasons.iter().take(REASONS_SHOWN) {
        writeln!(out, "  {count}  {}", for_terminal(reason))?;
    }
    if reasons.len() > REASONS_SHOWN {
        let more = reasons.len() - REASONS_SHOWN;
        writeln!(out, "  and {more} more reasons; --losses FILE lists all places")?;
    }
    Ok(())
}

#[derive(Serialize)]
struct LossLine<'l> {
    list: &'l str,
    place: u32,
    reason: &'l str,
    text: &'l str,
}

fn write_losses(target: &Target, losses: &[Loss]) -> Result<()> {
    let context = || format!("cannot write {}", target.path().display());
    let mut file = target.create()?;
    for loss in losses {
        let Loss { list, place, reason, text } = loss;
        let line = LossLine { list, place: *place, reason, text };
        serde_json::to_writer(&mut file, &line).with_context(context)?;
        file.write_all(b"\n").with_context(context)?;
    }
    file.finish()
}
