//! Verifying a workspace without its keys and without trust in who wrote it: every byte of log, seals
//! and packs is held against what the signed root demands, and the first that is wrong is named.
//!
//! What stands at an index is told three times: by the entry, by its hash in the tile, by the sealed
//! record. Two that agree outvote the third; whether they are right, the signed root decides.

mod packs;
mod tiles;

use crate::allies::{self, ALLIES_FILE};
use crate::checkpoint::Checkpoint;
use crate::commit::{COMMITTED, LOG_KEY, PUBLISHED};
use crate::disk::{Disk, get, get_text};
use crate::error::{Error, Result};
use crate::hash::{Hash, to_hex};
use crate::log_keys::LogKeys;
use crate::note::{Note, VerifierKey};
use crate::policy::{Policy, Verdict};
use crate::reader::COSIGNED;
use crate::tree;
use packs::Packs;

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The file, as the workspace names it.
    pub path: String,
    /// The first byte that is wrong; where that cannot be told, the first of what is wrong.
    pub offset: u64,
    /// What is wrong.
    pub reason: String,
}

/// What was verified.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What is wrong, by file; empty if all is well.
    pub faults: Vec<Fault>,
    /// What is no fault and should be known.
    pub remarks: Vec<String>,
    /// The log's keys.
    pub keys: Option<LogKeys>,
    /// The tree that was verified.
    pub checkpoint: Option<Checkpoint>,
    /// Sealed records that open the log's entries.
    pub records_verified: u64,
    /// Entries whose records are not here.
    pub records_withheld: u64,
    /// What the policy says of the newest checkpoint that its quorum cosigned.
    pub verdict: Option<Verdict>,
}

impl Report {
    fn fault(&mut self, path: &str, offset: usize, reason: impl Into<String>) {
        let (path, offset, reason) = (path.to_owned(), offset as u64, reason.into());
        self.faults.push(Fault { path, offset, reason });
    }

    pub(crate) fn error(&mut self, path: &str, error: Error) {
        match error {
            Error::Wrong { path, offset, reason } => {
                self.faults.push(Fault { path, offset, reason })
            }
            other => self.fault(path, 0, other.to_string()),
        }
    }
}

/// Verifies a workspace. With a policy, the log has to be one of its logs, and its quorum has to have
/// cosigned.
pub fn verify_workspace<D: Disk>(disk: &D, policy: Option<&Policy>) -> Report {
    let mut report = Report::default();
    let keys = match log_keys(disk) {
        Ok(keys) => keys,
        Err(error) => {
            report.error(LOG_KEY, error);
            return report;
        }
    };
    report.keys = Some(keys.clone());
    let Some((checkpoint, note)) = checkpoints(disk, &keys, &mut report) else { return report };
    let packs = Packs::read(disk, checkpoint.size, &mut report);
    let leaves = tiles::verify(disk, &checkpoint, &packs, &mut report);
    packs.verify(disk, &leaves, &mut report);
    let witnesses = known_cosigners(disk, policy, &mut report);
    let cosigned = cosigned(disk, (&keys, &witnesses), &leaves, &mut report);
    crate::anchor::verify_all(disk, &keys, &leaves, &mut report);
    if let Some(policy) = policy {
        let newest = cosigned.iter().rev().chain([&note]);
        match newest.map(|note| policy.verify(note, Some(&keys.ed25519))).reduce(Result::or) {
            Some(Ok(verdict)) => report.verdict = Some(verdict),
            Some(Err(error)) => report.error(PUBLISHED, error),
            None => {}
        }
    }
    if disk.list("staging").is_ok_and(|names| !names.is_empty()) {
        report.remarks.push("an append was interrupted; the next one ends or clears it".into());
    }
    report.checkpoint = Some(checkpoint);
    report.faults.sort_by(|a, b| (&a.path, a.offset).cmp(&(&b.path, b.offset)));
    report
}

fn log_keys<D: Disk>(disk: &D) -> Result<LogKeys> {
    let text = get_text(disk, LOG_KEY)?;
    let keys: LogKeys = text.parse()?;
    let written = keys.to_string();
    match first_difference(text.as_bytes(), written.as_bytes()) {
        Some(at) => Err(Error::wrong(LOG_KEY, at, "not how keys are written")),
        None => Ok(keys),
    }
}

/// The first place at which two texts differ.
pub(crate) fn first_difference(a: &[u8], b: &[u8]) -> Option<usize> {
    let differ = a.iter().zip(b).position(|(a, b)| a != b);
    differ.or((a.len() != b.len()).then_some(a.len().min(b.len())))
}

/// Reads a checkpoint signed by these keys, written as the formats write it.
pub(crate) fn signed(bytes: &[u8], path: &str, keys: &LogKeys) -> Result<(Checkpoint, Note)> {
    let text =
        std::str::from_utf8(bytes).map_err(|e| Error::wrong(path, e.valid_up_to(), "no UTF-8"))?;
    let line_start = |line: usize| text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let (checkpoint, note) = Checkpoint::parse_signed(text).map_err(|error| match error {
        Error::Malformed { line, reason, .. } => Error::wrong(path, line_start(line), reason),
        other => other,
    })?;
    keys.verify(&note)?;
    if checkpoint.origin != keys.name() {
        return Err(Error::wrong(path, 0, "the checkpoint of another log"));
    }
    Ok((checkpoint, note))
}

/// The published checkpoint, held against the committed one, which is the same but in a crash.
fn checkpoints<D: Disk>(
    disk: &D,
    keys: &LogKeys,
    report: &mut Report,
) -> Option<(Checkpoint, Note)> {
    let read = |path| {
        let bytes = get(disk, path)?;
        let signed = signed(&bytes, path, keys);
        Ok::<_, Error>((bytes, signed))
    };
    let (published, committed) = (read(PUBLISHED), read(COMMITTED));
    let (published, committed) = match (published, committed) {
        (Ok(published), Ok(committed)) => (published, committed),
        (published, committed) => {
            for (path, side) in [(PUBLISHED, &published), (COMMITTED, &committed)] {
                if let Err(error) = side {
                    report.fault(path, 0, error.to_string());
                }
            }
            return [published, committed].into_iter().flatten().find_map(|(_, s)| s.ok());
        }
    };
    let differ = first_difference(&published.0, &committed.0);
    match (published.1, committed.1) {
        (Ok(published), Ok(committed)) => {
            let (ours, theirs) = (&published.0, &committed.0);
            if differ.is_some() && ours.size >= theirs.size {
                report.fault(
                    COMMITTED,
                    differ.unwrap_or(0),
                    "not the checkpoint that is published",
                );
            }
            Some(published)
        }
        // One holds: what differs from it is wrong, to the byte.
        (Ok(good), Err(_)) => {
            report.fault(COMMITTED, differ.unwrap_or(0), "not as it was signed");
            Some(good)
        }
        (Err(_), Ok(good)) => {
            report.fault(PUBLISHED, differ.unwrap_or(0), "not as it was signed");
            Some(good)
        }
        (Err(a), Err(b)) => {
            report.error(PUBLISHED, a);
            report.error(COMMITTED, b);
            None
        }
    }
}

/// Keys by which cosignatures can be checked: the policy's witnesses, and the allies whose keys the workspace keeps.
fn known_cosigners<D: Disk>(
    disk: &D,
    policy: Option<&Policy>,
    report: &mut Report,
) -> Vec<VerifierKey> {
    let mut known: Vec<VerifierKey> =
        policy.into_iter().flat_map(|policy| &policy.witnesses).map(|w| w.key.clone()).collect();
    match allies::read(disk) {
        Ok(keys) => known.extend(keys),
        Err(error) => report.error(ALLIES_FILE, error),
    }
    known
}

/// Checkpoints that others have cosigned: signed by the log, and of its tree.
fn cosigned<D: Disk>(
    disk: &D,
    (keys, witnesses): (&LogKeys, &[VerifierKey]),
    leaves: &[Hash],
    report: &mut Report,
) -> Vec<Note> {
    let mut notes = Vec::new();
    for name in disk.list(COSIGNED).unwrap_or_default() {
        let path = format!("{COSIGNED}/{name}");
        if name.ends_with(".tmp") {
            report
                .remarks
                .push(format!("{path}: what is left of a gathering that was interrupted"));
            continue;
        }
        let read = get(disk, &path).and_then(|bytes| signed(&bytes, &path, keys));
        match read {
            Ok((checkpoint, _)) if !is_of_tree(&checkpoint, leaves) => {
                report.fault(&path, 0, "a checkpoint of another tree: the log was rewritten");
            }
            Ok((checkpoint, _)) if format!("{:016}", checkpoint.size) != name => {
                report.fault(&path, 0, "not the size that its name says");
            }
            Ok((_, note)) => {
                others(&path, &note, (keys, witnesses), report);
                notes.push(note);
            }
            Err(error) => report.error(&path, error),
        }
    }
    notes
}

/// Who else signed: those whose keys are known, whose signatures have to hold, and those whose keys nobody here has, which is
/// said.
fn others(
    path: &str,
    note: &Note,
    (keys, witnesses): (&LogKeys, &[VerifierKey]),
    report: &mut Report,
) {
    for witness in witnesses {
        match note.verify(witness) {
            Ok(_) | Err(Error::NotSigned(_)) => {}
            Err(error) => report.error(path, error),
        }
    }
    let known = witnesses.iter();
    let known: Vec<_> =
        known.chain([&keys.ed25519, &keys.ml_dsa_44]).map(|key| (key.name(), key.id())).collect();
    let strangers = note.signatures.iter().filter(|s| !known.contains(&(s.name.as_str(), s.id)));
    let strangers: Vec<String> =
        strangers.map(|s| format!("{} ({})", s.name, to_hex(&s.id))).collect();
    if !strangers.is_empty() {
        let all = strangers.join(", ");
        report.remarks.push(format!("{path}: signatures by keys not known here, unchecked: {all}"));
    }
}

/// True if the tree of these leaves had that root at that size.
pub(crate) fn is_of_tree(checkpoint: &Checkpoint, leaves: &[Hash]) -> bool {
    tree::root(leaves, checkpoint.size).is_ok_and(|root| root == checkpoint.root)
}
