//! `blanik attribute`, `actor`, `observe`, `assess`, `intel`: reads what is on record or in files, has the pure crate judge,
//! shows what came of it.

mod conclusion;
pub mod inputs;
pub mod intel;
mod page;
mod plain;
pub mod said;

use std::fs;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use blanik_attribution::disagreement::{Disagreement, disagreements};
use blanik_attribution::fitted::Fitted;
use blanik_attribution::knowledge::Knowledge;
use blanik_attribution::observe::Observation;
use blanik_attribution::pool::{Assessment, Pool, pool};
use blanik_attribution::verdict::{Denial, Judge, Verdict};
use blanik_model::text::for_terminal;
use serde::Deserialize;

use crate::case::journal::Journal;
use crate::cli::attribution::{ActorArgs, AssessArgs, AttributeArgs, VerdictFormat};
use crate::demo::{CASE, NOTICE};
use crate::outfile::Target;
use conclusion::Question;

/// A file of observations is not read beyond this.
const FILE_BYTES_MAX: u64 = 16_000_000;

/// What stands in a file of observations.
#[derive(Debug, Deserialize)]
struct ObservationsFile {
    /// Month of the case, `YYYY-MM`.
    #[serde(default)]
    month: Option<String>,
    observations: Vec<Observation>,
}

/// A verdict with what is shown beside it.
pub struct Shown {
    /// The verdict.
    pub verdict: Verdict,
    /// The agencies' assessments, and where they disagree.
    pub pooled: Option<(Pool, Vec<Disagreement>)>,
    /// Whether all of it is invented.
    pub exercise: bool,
}

/// Judges a case or a file of observations.
pub fn attribute(args: &AttributeArgs) -> Result<ExitCode> {
    let inputs: Vec<_> = std::iter::once(args.case.clone()).chain(args.pool_file.clone()).collect();
    let target = args.output.as_ref().map(|path| Target::new(path, &inputs)).transpose()?;
    let mut shown = if is_observations(&args.case)? {
        if args.record || args.check.is_some() || args.pool {
            bail!(
                "a file of observations is on no record: --record, --check and --pool go with a case"
            );
        }
        of_file(args)?
    } else {
        let journal = Journal::open(&args.case, &args.workspace);
        let workspace = matches!(journal, Journal::Log(_)).then_some(args.workspace.as_path());
        let records = journal.records()?;
        if let Some(index) = args.check {
            return conclusion::check(records, workspace, index);
        }
        let question = Question {
            records,
            workspace,
            before: u64::MAX,
            intrusion: args.intrusion,
            accept_old_knowledge: args.accept_old_knowledge,
            files: &args.knowledge,
        };
        let given = question.answer()?;
        if args.record {
            let index = conclusion::record(&journal, args, &given)?;
            eprintln!("blanik: the verdict is record {index}");
        }
        let of_record = if args.pool { given.inputs.assessments.as_slice() } else { &[] };
        let all: Vec<Assessment> =
            of_record.iter().cloned().chain(assessments(&args.pool_file)?).collect();
        if args.pool && all.is_empty() {
            eprintln!("blanik: no assessment of it is on record");
        }
        beside(given.verdict, &all, &given.judge)
    };
    shown.exercise = args.exercise || args.case == Path::new(CASE);
    let text = render(&shown, args.format)?;
    match target {
        Some(target) => {
            let mut out = target.create()?;
            out.write_all(text.as_bytes())
                .with_context(|| format!("cannot write {}", target.path().display()))?;
            out.finish()?;
        }
        None => std::io::stdout().write_all(text.as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Judges a case of a workspace, and puts the verdict on record. Its number.
pub fn conclude(args: &AttributeArgs) -> Result<u64> {
    let journal = Journal::open(&args.case, &args.workspace);
    let question = Question {
        records: journal.records()?,
        workspace: Some(&args.workspace),
        before: u64::MAX,
        intrusion: args.intrusion,
        accept_old_knowledge: args.accept_old_knowledge,
        files: &[],
    };
    conclusion::record(&journal, args, &question.answer()?)
}

/// Whether a file holds observations, and no lines of records or findings.
fn is_observations(path: &Path) -> Result<bool> {
    #[derive(Deserialize)]
    struct First {
        case: Option<serde::de::IgnoredAny>,
        rule_id: Option<serde::de::IgnoredAny>,
    }
    if !path.is_file() {
        return Ok(false);
    }
    let file = fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let first =
        serde_json::Deserializer::from_reader(BufReader::new(file)).into_iter::<First>().next();
    // What is no JSON is said to be so by who reads observations.
    Ok(!matches!(first, Some(Ok(first)) if first.case.is_some() || first.rule_id.is_some()))
}

fn of_file(args: &AttributeArgs) -> Result<Shown> {
    let mut file: ObservationsFile = serde_json::from_str(&read(&args.case)?)
        .with_context(|| format!("{} holds no observations", args.case.display()))?;
    for (i, o) in file.observations.iter_mut().enumerate().filter(|(_, o)| o.id.is_empty()) {
        o.id = format!("o{}", i + 1);
    }
    let mut known = Knowledge::builtin();
    intel::add_files(&mut known, &args.knowledge)?;
    let judge = Judge::new(known, Fitted::builtin());
    let verdict =
        judge.judge(&file.observations, file.month.as_deref(), args.accept_old_knowledge)?;
    Ok(beside(verdict, &assessments(&args.pool_file)?, &judge))
}

/// The verdict beside what agencies say. Their hypotheses are named by ids, as far as they are known.
fn beside(verdict: Verdict, assessments: &[Assessment], judge: &Judge) -> Shown {
    let mut all = assessments.to_vec();
    for assessment in &mut all {
        let given = std::mem::take(&mut assessment.probabilities);
        for (name, p) in given {
            let id = judge.hypothesis(&name).unwrap_or(name);
            *assessment.probabilities.entry(id).or_default() += p;
        }
    }
    let pooled = (!all.is_empty()).then(|| {
        let pooled = pool(&all);
        let apart = disagreements(&verdict, &pooled);
        (pooled, apart)
    });
    Shown { verdict, pooled, exercise: false }
}

fn render(shown: &Shown, format: VerdictFormat) -> Result<String> {
    Ok(match format {
        VerdictFormat::Text => plain::text(shown),
        VerdictFormat::Csv => plain::csv(shown)?,
        VerdictFormat::Json => {
            let (pooled, apart) = shown.pooled.as_ref().map(|(p, d)| (p, d)).unzip();
            let exercise = shown.exercise.then_some(NOTICE);
            let all = serde_json::json!({
                "exercise": exercise, "verdict": shown.verdict, "pool": pooled, "disagreements": apart,
            });
            serde_json::to_string_pretty(&all)? + "\n"
        }
        VerdictFormat::Html => page::html(shown)?,
        VerdictFormat::Svg => page::svg(shown),
    })
}

/// Puts an agency's probabilities on record; or pools files, and shows each beside the pool.
pub fn assess(args: &AssessArgs) -> Result<ExitCode> {
    if let Some(agency) = &args.agency {
        return said::assess(args, agency);
    }
    let pooled = pool(&assessments(&args.paths)?);
    let text = if args.json {
        serde_json::to_string_pretty(&pooled)? + "\n"
    } else {
        plain::pool(&pooled)
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn assessments(paths: &[PathBuf]) -> Result<Vec<Assessment>> {
    let one = |path: &PathBuf| {
        serde_json::from_str(&read(path)?)
            .with_context(|| format!("{} holds no assessment", path.display()))
    };
    paths.iter().map(one).collect()
}

/// Shows what is known of an actor.
pub fn actor(args: &ActorArgs) -> Result<ExitCode> {
    let mut known = match &args.workspace {
        Some(workspace) => intel::known(workspace, u64::MAX)?.0,
        None => Knowledge::builtin(),
    };
    intel::add_files(&mut known, &args.knowledge)?;
    let judge = Judge::new(known, Fitted::builtin());
    let found = judge.knowledge.bearers(&args.name);
    if found.is_empty() {
        bail!("nobody is known as {}", args.name);
    }
    let mut out = String::new();
    for bearer in &found {
        plain::actor(&mut out, bearer, &judge);
    }
    for line in out.lines() {
        println!("{}", for_terminal(line));
    }
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<String> {
    let bytes =
        fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    if bytes > FILE_BYTES_MAX {
        bail!("{} is {bytes} bytes; at most {FILE_BYTES_MAX} are read", path.display());
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// What becomes of the answer without an item, if anything does.
fn what_changes(denial: &Denial, verdict: &Verdict) -> &'static str {
    let led = verdict.hypotheses.first().map(|h| &h.name);
    match denial.changes {
        false => "",
        true if led == Some(&denial.leader) => "another word for how likely",
        true => "another leader",
    }
}
