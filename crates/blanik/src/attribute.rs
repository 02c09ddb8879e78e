//! `blanik attribute`, `blanik actor`, `blanik assess`: reads files, has the pure crate judge, shows what came of it.

mod page;
mod plain;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use blanik_attribution::fitted::Fitted;
use blanik_attribution::intake;
use blanik_attribution::knowledge::Knowledge;
use blanik_attribution::observe::Observation;
use blanik_attribution::pool::{Assessment, Pool, pool};
use blanik_attribution::verdict::{Judge, Verdict};
use blanik_model::text::for_terminal;
use serde::Deserialize;

use crate::cli::{ActorArgs, AssessArgs, AttributeArgs};
use crate::outfile::Target;

/// A file of observations is not read beyond this.
const FILE_BYTES_MAX: u64 = 16_000_000;

/// How a verdict is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum VerdictFormat {
    Text,
    Html,
    Json,
    Svg,
    Csv,
}

impl FromStr for VerdictFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "text" => VerdictFormat::Text,
            "html" => VerdictFormat::Html,
            "json" => VerdictFormat::Json,
            "svg" => VerdictFormat::Svg,
            "csv" => VerdictFormat::Csv,
            _ => return Err("one of text, html, json, svg, csv".to_owned()),
        })
    }
}

/// What stands in a file of observations.
#[derive(Debug, Deserialize)]
struct ObservationsFile {
    /// Month of the case, `YYYY-MM`.
    #[serde(default)]
    month: Option<String>,
    observations: Vec<Observation>,
}

/// Judges a file of observations.
pub fn attribute(args: &AttributeArgs) -> Result<ExitCode> {
    let inputs: Vec<_> = std::iter::once(args.file.clone()).chain(args.pool.clone()).collect();
    let target = args.output.as_ref().map(|path| Target::new(path, &inputs)).transpose()?;
    let mut file: ObservationsFile = serde_json::from_str(&read(&args.file)?)
        .with_context(|| format!("{} holds no observations", args.file.display()))?;
    for (i, o) in file.observations.iter_mut().enumerate().filter(|(_, o)| o.id.is_empty()) {
        o.id = format!("o{}", i + 1);
    }
    let judge = Judge::new(knowledge(&args.knowledge)?, Fitted::builtin());
    let verdict =
        judge.judge(&file.observations, file.month.as_deref(), args.accept_old_knowledge)?;
    let pooled = if args.pool.is_empty() { None } else { Some(pool(&assessments(&args.pool)?)) };
    let text = render(&verdict, pooled.as_ref(), args.format)?;
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

fn render(verdict: &Verdict, pooled: Option<&Pool>, format: VerdictFormat) -> Result<String> {
    Ok(match format {
        VerdictFormat::Text => plain::text(verdict, pooled),
        VerdictFormat::Csv => plain::csv(verdict)?,
        VerdictFormat::Json => {
            let all = serde_json::json!({"verdict": verdict, "pool": pooled});
            serde_json::to_string_pretty(&all)? + "\n"
        }
        VerdictFormat::Html => page::html(verdict, pooled)?,
        VerdictFormat::Svg => page::svg(verdict),
    })
}

/// Pools assessments and shows each beside the pool.
pub fn assess(args: &AssessArgs) -> Result<ExitCode> {
    let pooled = pool(&assessments(&args.files)?);
    let text = if args.json {
        serde_json::to_string_pretty(&pooled)? + "\n"
    } else {
        plain::pool(&pooled)
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn assessments(paths: &[std::path::PathBuf]) -> Result<Vec<Assessment>> {
    let one = |path: &std::path::PathBuf| {
        serde_json::from_str(&read(path)?)
            .with_context(|| format!("{} holds no assessment", path.display()))
    };
    paths.iter().map(one).collect()
}

/// Shows what is known of an actor.
pub fn actor(args: &ActorArgs) -> Result<ExitCode> {
    let known = knowledge(&args.knowledge)?;
    let found = known.called(&args.name);
    if found.is_empty() {
        bail!("nobody is known as {}", args.name);
    }
    let judge = Judge::new(known.clone(), Fitted::builtin());
    let mut out = String::new();
    for (facts, is_first) in found {
        plain::actor(&mut out, facts, is_first, &judge);
    }
    for line in out.lines() {
        println!("{}", for_terminal(line));
    }
    Ok(ExitCode::SUCCESS)
}

/// What the program carries, and what the files add to it. What is refused of them is said.
fn knowledge(files: &[std::path::PathBuf]) -> Result<Knowledge> {
    let mut known = Knowledge::builtin();
    for path in files {
        let bytes =
            fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
        if bytes > intake::BYTES_MAX as u64 {
            bail!("{} is {bytes} bytes; at most {} are read", path.display(), intake::BYTES_MAX);
        }
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let taken = intake::add(&mut known, &text, &name)
            .with_context(|| format!("{} is no knowledge of actors", path.display()))?;
        for problem in taken.problems.iter().take(20) {
            eprintln!("blanik: {}: {}", for_terminal(&name), for_terminal(problem));
        }
    }
    Ok(known)
}

fn read(path: &Path) -> Result<String> {
    let bytes =
        fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    if bytes > FILE_BYTES_MAX {
        bail!("{} is {bytes} bytes; at most {FILE_BYTES_MAX} are read", path.display());
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
