//! What stands in the log, for people and for those who verify it.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use blanik_evidence::seal;
use blanik_model::text::{for_terminal, shorten};
use serde_json::Value;

use crate::cli::evidence::{CheckpointArgs, DiscloseArgs, ProveArgs, ProveGrowthArgs, ShowArgs};

/// Longest summary of a record on a line.
const SHOWN_CHARS: usize = 120;

/// Lists records.
pub fn records(args: &ShowArgs) -> Result<ExitCode> {
    let reader = super::reader(&args.workspace)?;
    let mut out = std::io::stdout().lock();
    for unsealed in reader.unsealed() {
        match unsealed {
            Ok(unsealed) if unsealed.index < args.from => {}
            Ok(unsealed) if args.json => writeln!(out, "{}", unsealed.record)?,
            Ok(unsealed) => writeln!(out, "{:>8}  {}", unsealed.index, line(&unsealed.record))?,
            Err(error) => writeln!(std::io::stderr(), "blanik: {error}")?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A record on one line: when, which case, which type, and what it says first.
fn line(record: &str) -> String {
    let Ok(Value::Object(record)) = serde_json::from_str(record) else { return "?".to_owned() };
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or("").to_owned();
    let of_all = ["case", "at", "by", "type"];
    let rest = record.iter().filter(|(name, _)| !of_all.contains(&name.as_str()));
    let rest: Vec<String> = rest
        .filter(|(_, value)| value.is_string() || value.is_number())
        .take(8)
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name}: {text}"),
            other => format!("{name}: {other}"),
        })
        .collect();
    let head = format!("{}  {}  {:<9} ", shorten(&text("at"), 20), text("case"), text("type"));
    for_terminal(&(head + &shorten(&rest.join(" · "), SHOWN_CHARS))).into_owned()
}

/// Prints the newest checkpoint.
pub fn checkpoint(args: &CheckpointArgs) -> Result<ExitCode> {
    let reader = super::reader(&args.workspace)?;
    let mut out = std::io::stdout().lock();
    if args.ml_dsa_key {
        writeln!(out, "{}", reader.keys().ml_dsa_44)?;
    } else if args.key {
        writeln!(out, "{}", reader.key())?;
    } else {
        write!(out, "{}", reader.note())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a proof.
pub fn prove(args: &ProveArgs) -> Result<ExitCode> {
    let proof = super::reader(&args.workspace)?.prove(args.index)?;
    write!(std::io::stdout().lock(), "{proof}")?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a proof of growth.
pub fn prove_growth(args: &ProveGrowthArgs) -> Result<ExitCode> {
    let reader = super::reader(&args.workspace)?;
    let mut out = std::io::stdout().lock();
    for hash in reader.prove_growth(args.size, reader.checkpoint().size)? {
        writeln!(out, "{hash}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a disclosure, or the fields that there are.
pub fn disclose(args: &DiscloseArgs) -> Result<ExitCode> {
    let reader = super::reader(&args.workspace)?;
    let mut out = std::io::stdout().lock();
    if args.list {
        let unsealed = reader.record(args.index)?;
        for field in seal::fields(&unsealed.record)? {
            writeln!(out, "{}\t{}", for_terminal(&field.path), for_terminal(&field.text))?;
        }
    } else {
        let disclosure = reader.disclose(args.index, &args.fields)?;
        writeln!(out, "{}", serde_json::to_string_pretty(&disclosure)?)?;
    }
    Ok(ExitCode::SUCCESS)
}
