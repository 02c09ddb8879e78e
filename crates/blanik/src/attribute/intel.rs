//! `blanik intel`: knowledge of actors taken into a workspace. The file is kept as it is under its digest, the digest goes on
//! record, and only then is it believed: what no record names, or what is not what the record says, is not read.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use blanik_attribution::intake;
use blanik_attribution::knowledge::{Knowledge, Source};
use blanik_attribution::observe::Grade;
use blanik_case::judgement;
use blanik_evidence::{Hash, SigningKey, Workspace};
use blanik_model::record::{Learnt, Opened};
use blanik_model::text::for_terminal;
use blanik_model::{Fact, Record};
use sha2::{Digest, Sha256};

use crate::cli::attribution::{IntelAddArgs, IntelCommand, IntelListArgs};
use crate::exchange::replies;
use crate::outfile::write_whole;
use crate::output::counted;
use crate::{evidence, exchange};

/// The case under which knowledge of actors is on record.
pub const CASE: &str = "intelligence";
/// Where it lies in a workspace, each file under its digest.
const FOLDER: &str = "intelligence";
/// Problems of one file that are shown.
const PROBLEMS_SHOWN: usize = 20;

/// Does what the command line says.
pub fn run(command: &IntelCommand) -> Result<ExitCode> {
    match command {
        IntelCommand::Add(args) => add(args),
        IntelCommand::List(args) => list(args),
        IntelCommand::Pull(args) => exchange::pull::run(args),
        IntelCommand::Fetch(args) => exchange::fetch::intelligence(args),
    }
}

fn add(args: &IntelAddArgs) -> Result<ExitCode> {
    let _: Grade = args.grade.parse()?;
    let key = evidence::key(&args.workspace, &args.key)?;
    for path in &args.files {
        let text = read(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let source = args.source.clone().unwrap_or_else(|| name.clone());
        let coming = Coming { name, text, source, grade: args.grade.clone() };
        learn(&args.workspace, &key, vec![coming])?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A file that is to be taken in.
pub struct Coming {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Who made it.
    pub source: String,
    /// How far it is to be believed: A1 to F6.
    pub grade: String,
}

/// Takes files in: kept, on record, and only then believed. What is on record with the same digest, source and grade stays as it is.
/// What answers something that was published from here is taken from them, too.
///
/// # Errors
/// If one is no knowledge at all, or the workspace cannot be written to.
pub fn learn(workspace: &Path, key: &SigningKey, files: Vec<Coming>) -> Result<()> {
    let mut known = stored(&records_of(workspace)?);
    let is_new_case = known.is_empty();
    let mut came = Vec::new();
    for file in files {
        let at = evidence::now()?;
        let learnt = Learnt {
            name: file.name.clone(),
            size: file.text.len() as u64,
            sha256: sha256(file.text.as_bytes()),
            source: file.source,
            grade: file.grade,
        };
        let same = |(_, _, other): &(u64, String, Learnt)| {
            (&other.sha256, &other.source, &other.grade)
                == (&learnt.sha256, &learnt.source, &learnt.grade)
        };
        if let Some((index, ..)) = known.iter().find(|known| same(known)) {
            println!("record {index}  {}: it was taken in before", for_terminal(&file.name));
            came.push(*index);
            continue;
        }
        // Read before it is put on record: what is no knowledge at all does not go there.
        let mut knowledge = Knowledge::builtin();
        let source = source_of(&learnt, &at.to_string())?;
        let taken = intake::add(&mut knowledge, &file.text, &source)
            .with_context(|| format!("{} is no knowledge of actors", file.name))?;
        // The record that names it is durable: so it must be before.
        write_whole(&kept(workspace, &learnt.sha256), file.text.as_bytes())?;
        let mut open = Workspace::open_with(workspace, key.clone())?;
        let mut records = Vec::new();
        let record = |fact| Record { case: CASE.into(), at, by: key.name().to_owned(), fact };
        if is_new_case && known.is_empty() {
            records.push(record(Fact::Opened(Opened { title: "Knowledge of actors".into() })));
        }
        let shown = format!("{} ({}, {})", learnt.name, learnt.source, learnt.grade);
        records.push(record(Fact::Learnt(learnt.clone())));
        let lines: Vec<String> =
            records.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        open.append_json(&lines)?;
        let index = open.size() - 1;
        known.push((index, at.to_string(), learnt));
        came.push(index);
        println!(
            "record {index}  {}: {}, {} of {}, {}",
            for_terminal(&shown),
            counted(taken.actors as u64, "actor"),
            counted(taken.facts as u64, "fact"),
            counted(taken.reports as u64, "report"),
            counted(taken.problems.len() as u64, "problem")
        );
        tell(&file.name, &taken.problems);
    }
    let files: Vec<replies::File<'_>> =
        known.iter().map(|(index, _, learnt)| (*index, learnt)).collect();
    replies::take(workspace, key, &files, &came)
}

/// What was refused of a file.
pub fn tell(name: &str, problems: &[String]) {
    for problem in problems.iter().take(PROBLEMS_SHOWN) {
        eprintln!("blanik: {}: {}", for_terminal(name), for_terminal(problem));
    }
    if problems.len() > PROBLEMS_SHOWN {
        eprintln!("blanik: {}: and {} more", for_terminal(name), problems.len() - PROBLEMS_SHOWN);
    }
}

fn list(args: &IntelListArgs) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    for (index, _, learnt) in stored(&records_of(&args.workspace)?) {
        let line = format!(
            "{index:>8}  {:<3} {:<24} {:<40} {} bytes, sha-256 {}",
            learnt.grade, learnt.source, learnt.name, learnt.size, learnt.sha256
        );
        writeln!(out, "{}", for_terminal(&line))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A file of knowledge as text.
pub fn read(path: &Path) -> Result<String> {
    let shown = path.display();
    let bytes = fs::metadata(path).with_context(|| format!("cannot read {shown}"))?.len();
    if bytes > intake::BYTES_MAX as u64 {
        bail!("{shown} is {bytes} bytes; at most {} are read", intake::BYTES_MAX);
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))
}

/// SHA-256 in lower-case hex.
pub fn sha256(bytes: &[u8]) -> String {
    Hash(Sha256::digest(bytes).into()).to_hex()
}

fn source_of(learnt: &Learnt, at: &str) -> Result<Source> {
    Ok(Source {
        name: learnt.source.clone(),
        sha256: learnt.sha256.clone(),
        grade: learnt.grade.parse()?,
        until: at.get(..7).unwrap_or_default().to_owned(),
    })
}

fn kept(workspace: &Path, sha256: &str) -> PathBuf {
    workspace.join(FOLDER).join(sha256)
}

/// Notes of our log that others signed, of all files that were taken in, once more: an ally's key may be known by now.
///
/// # Errors
/// If the workspace cannot be read or written to.
pub fn cosigned_again(workspace: &Path) -> Result<()> {
    let known = stored(&records_of(workspace)?);
    replies::cosigned_again(workspace, known.iter().map(|(index, _, learnt)| (*index, learnt)))
}

/// Records of knowledge that count, of any order of cases.
fn stored(records: &[(u64, Record)]) -> Vec<(u64, String, Learnt)> {
    let undone = judgement::undone(records);
    let one = |(index, record): &(u64, Record)| match &record.fact {
        Fact::Learnt(learnt) if !undone.contains(index) => {
            Some((*index, record.at.to_string(), learnt.clone()))
        }
        _ => None,
    };
    records.iter().filter_map(one).collect()
}

/// The workspace's records of knowledge.
fn records_of(workspace: &Path) -> Result<Vec<(u64, Record)>> {
    let mut records = Vec::new();
    for unsealed in evidence::reader(workspace)?.unsealed() {
        let unsealed = unsealed.context("the log is damaged: `blanik verify` says where")?;
        // Most records are findings: only what can be it is read as JSON.
        if unsealed.record.contains(CASE) {
            let record: Record = serde_json::from_str(&unsealed.record)
                .with_context(|| format!("record {} of the log", unsealed.index))?;
            if record.case == CASE {
                records.push((unsealed.index, record));
            }
        }
    }
    Ok(records)
}

/// What the program carries and what the workspace took in before a record. Returns the records that say so, too.
pub fn known(workspace: &Path, before: u64) -> Result<(Knowledge, Vec<u64>)> {
    let mut known = Knowledge::builtin();
    let mut records = records_of(workspace)?;
    records.retain(|(index, _)| *index < before);
    let mut by = Vec::new();
    for (index, at, learnt) in stored(&records) {
        let text = text_of(workspace, index, &learnt)?;
        intake::add(&mut known, &text, &source_of(&learnt, &at)?)
            .with_context(|| format!("what record {index} took in is no knowledge of actors"))?;
        by.push(index);
    }
    Ok((known, by))
}

/// A file that a record took in, as it was then.
///
/// # Errors
/// If it is gone, or is another by now.
pub fn text_of(workspace: &Path, index: u64, learnt: &Learnt) -> Result<String> {
    let path = kept(workspace, &learnt.sha256);
    let text = read(&path).with_context(|| format!("what record {index} took in is gone"))?;
    ensure!(
        sha256(text.as_bytes()) == learnt.sha256,
        "{} is not what record {index} took in",
        path.display()
    );
    Ok(text)
}

/// Adds files that are on no record.
pub fn add_files(known: &mut Knowledge, files: &[PathBuf]) -> Result<()> {
    for path in files {
        let text = read(path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let source = Source {
            name: name.clone(),
            sha256: sha256(text.as_bytes()),
            grade: Grade { source: 2, information: 3 },
            until: String::new(),
        };
        let taken = intake::add(known, &text, &source)
            .with_context(|| format!("{} is no knowledge of actors", path.display()))?;
        tell(&name, &taken.problems);
    }
    Ok(())
}
