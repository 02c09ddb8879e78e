//! What allies say of the log: whose cosignatures hold, by the keys that are known here, and what comes back from them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use blanik_evidence::returned::{Returned, UNKNOWN};
use blanik_evidence::workspace::POLICY_FILE;
use blanik_evidence::{Grade, Note, Reader, VerifierKey, allies};
use blanik_model::text::for_terminal;
use blanik_model::{Fact, Record, Timestamp};
use serde::Serialize;

/// A cosignature that holds by a key that is known here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cosigned {
    /// Whose: the name of the key without its grade.
    pub agency: String,
    /// What they say: `consistent`, `re-run`, `concur`.
    pub grade: &'static str,
    /// When, by their word.
    pub at: Option<Timestamp>,
    /// How many records the log had.
    pub size: u64,
}

/// What a grade says, in words.
pub fn said(grade: &str) -> &'static str {
    match grade {
        "re-run" => "hunted again, and found the same",
        "concur" => "shares the judgement",
        _ => "the log only grew",
    }
}

/// Keys for cosignatures that are known in a workspace: its policy's, and those of its allies.
pub(crate) fn known_keys(
    workspace: &Path,
    policy: Option<&blanik_evidence::Policy>,
) -> Result<Vec<VerifierKey>> {
    let own = match policy {
        Some(_) => None,
        None => {
            let file = workspace.join(POLICY_FILE);
            file.exists().then(|| super::check::read_policy(&file)).transpose()?
        }
    };
    let policy = policy.or(own.as_ref());
    let witnesses = policy.into_iter().flat_map(|policy| &policy.witnesses);
    let mut known: Vec<VerifierKey> = witnesses.map(|witness| witness.key.clone()).collect();
    let disk = blanik_evidence::Folder::new(workspace);
    known.extend(allies::read(&disk).context("the workspace's list of allies")?);
    Ok(known)
}

/// Whose cosignatures hold, under checkpoints of this log's own tree, that cover a case: all its findings; of the grade `concur` its
/// newest verdict, too, without which there is nothing to concur with. Of one ally and grade the newest. What cannot be
/// read is told on stderr: a case is shown without it.
pub(crate) fn cosigned(workspace: &Path, records: &[(u64, Record)]) -> Result<Vec<Cosigned>> {
    let reader = super::reader(workspace)?;
    let remark =
        |error: &dyn std::fmt::Display| eprintln!("blanik: {}", for_terminal(&error.to_string()));
    let known = known_keys(workspace, None).unwrap_or_else(|error| {
        remark(&format!("whose cosignatures hold cannot be told: {error:#}"));
        Vec::new()
    });
    let last = |is: fn(&Fact) -> bool| {
        let of = records.iter().rev().find(|(_, record)| is(&record.fact));
        of.map_or(0, |(index, _)| index + 1)
    };
    // Of a case without a finding, its beginning.
    let begun = records.first().map_or(0, |(index, _)| index + 1);
    let found = last(|fact| matches!(fact, Fact::Found(_) | Fact::Hunted(_))).max(begun);
    let judged = last(|fact| matches!(fact, Fact::Concluded(_)));
    let mut newest: BTreeMap<(String, &'static str), Cosigned> = BTreeMap::new();
    for cosigned in reader.cosigned_of_tree()? {
        let (checkpoint, note) = match cosigned {
            Ok(one) => one,
            Err(fault) => {
                remark(&format!("a cosigned checkpoint does not count: {fault}"));
                continue;
            }
        };
        for key in &known {
            let Ok(seconds) = note.verify(key) else { continue };
            let grade = Grade::of(key.name());
            let covers = if grade == Grade::Concur { found.max(judged) } else { found };
            let concurs_with_nothing = grade == Grade::Concur && judged == 0;
            if checkpoint.size < covers || concurs_with_nothing {
                continue;
            }
            let at = seconds.and_then(|s| i64::try_from(s).ok()).and_then(Timestamp::from_seconds);
            let agency = agency(key.name(), grade);
            let one =
                Cosigned { agency: agency.clone(), grade: grade.word(), at, size: checkpoint.size };
            newest.insert((agency, grade.word()), one);
        }
    }
    Ok(newest.into_values().collect())
}

/// A key's name without the grade that it ends with.
fn agency(name: &str, grade: Grade) -> String {
    name.strip_suffix(grade.word()).map_or(name, |name| name.trim_end_matches('/')).to_owned()
}

/// Takes in a signed note, and says what became of it. False if a signature in it is not kept.
pub(crate) fn take_back(reader: &Reader, note: &Note, known: &[VerifierKey]) -> Result<bool> {
    let Returned { size, holds, left } = reader.take_back(note, known)?;
    // An ally signs with two keys what they say once.
    let mut told: Vec<&str> = Vec::new();
    for one in &holds {
        if told.contains(&one.name.as_str()) {
            continue;
        }
        told.push(&one.name);
        let at = one.at.and_then(|s| i64::try_from(s).ok()).and_then(Timestamp::from_seconds);
        let at = at.map(|at| format!(", {at}")).unwrap_or_default();
        let grade = Grade::of(&one.name);
        let again = if one.was_kept { " (kept before)" } else { "" };
        let line = format!("{}{at}: {}{again}", agency(&one.name, grade), said(grade.word()));
        println!("Cosigned   at {size} records by {}", for_terminal(&line));
    }
    // A key of two that is not known says no more than the other, which is.
    let is_told = |name: &str| told.iter().any(|known| name.starts_with(&format!("{known} (")));
    let mut all = true;
    for (name, why) in left.iter().filter(|(name, why)| *why != UNKNOWN || !is_told(name)) {
        all = false;
        eprintln!("blanik: not kept: {} at {size} records: {why}", for_terminal(name));
    }
    Ok(all)
}
