//! `blanik verify`: what anybody can check, and the first byte that is wrong.

use std::io::{IsTerminal, Read};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use blanik_evidence::policy::Verdict;
use blanik_evidence::verify::{Report, verify_workspace};
use blanik_evidence::{
    Checkpoint, Disclosure, Folder, Grade, LogProof, Note, Policy, SignatureType, VerifierKey,
};
use blanik_model::Timestamp;
use blanik_model::text::for_terminal;
use blanik_verify::{Trust, told};

use crate::cli::evidence::VerifyArgs;
use crate::output::Style;

/// Largest file that is read as a proof, a checkpoint or a disclosure.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Verifies, and says what was verified. 1 if it does not hold.
pub fn run(args: &VerifyArgs) -> Result<ExitCode> {
    let policy = args.policy.as_deref().map(read_policy).transpose()?;
    if args.path.is_dir() {
        return Ok(workspace(&args.path, policy.as_ref()));
    }
    let shown = args.path.display();
    if is_pack(&args.path)? {
        return pack(args, policy);
    }
    let length = args.path.metadata().with_context(|| format!("cannot open {shown}"))?.len();
    if length > FILE_BYTES_MAX {
        bail!("{shown} is too large to be a proof, a checkpoint or a disclosure");
    }
    let text =
        std::fs::read_to_string(&args.path).with_context(|| format!("cannot read {shown}"))?;
    let Some(kind) = Kind::of(&text) else {
        bail!(
            "{shown} is no pack, proof, disclosure or signed checkpoint: there is nothing to verify"
        );
    };
    match file(kind, &text, policy.as_ref()) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(error) => {
            say("WRONG", &format!("{error:#}"));
            Ok(ExitCode::from(1))
        }
    }
}

/// Largest pack that is read.
const PACK_BYTES_MAX: u64 = 256 << 20;

/// Whether a file is a ZIP archive.
fn is_pack(path: &Path) -> Result<bool> {
    let mut file =
        std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut magic = [0; 4];
    Ok(file.read_exact(&mut magic).is_ok() && &magic == b"PK\x03\x04")
}

/// Every sentence of a publication, green or red.
fn pack(args: &VerifyArgs, policy: Option<Policy>) -> Result<ExitCode> {
    let shown = args.path.display();
    let length = args.path.metadata().with_context(|| format!("cannot open {shown}"))?.len();
    if length > PACK_BYTES_MAX {
        bail!("{shown} is larger than any pack");
    }
    let bytes = std::fs::read(&args.path).with_context(|| format!("cannot read {shown}"))?;
    let trust = Trust { key: args.key.as_deref().map(key).transpose()?, policy };
    let report = blanik_verify::verify(&bytes, &trust).with_context(|| shown.to_string())?;
    let no_color = std::env::var("NO_COLOR").ok();
    let colour = Style::new(std::io::stdout().is_terminal(), no_color.as_deref(), None).colour;
    print!("{}", told::text(&report, told::Style { colour }));
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// A key as it is written, or the first line of a file.
fn key(given: &str) -> Result<VerifierKey> {
    if let Ok(key) = given.parse() {
        return Ok(key);
    }
    let text = std::fs::read_to_string(given).with_context(|| format!("cannot read {given}"))?;
    Ok(text.lines().next().unwrap_or("").trim().parse()?)
}

/// Reads a policy.
pub(super) fn read_policy(path: &Path) -> Result<Policy> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    Policy::parse(&text).with_context(|| format!("cannot use {shown}"))
}

fn say(what: &str, text: &str) {
    println!("{what:<10} {}", for_terminal(text));
}

fn workspace(path: &Path, policy: Option<&Policy>) -> ExitCode {
    let report = verify_workspace(&Folder::new(path), policy);
    if let Some(keys) = &report.keys {
        say("Log", &keys.ed25519.to_string());
        let second = keys.ml_dsa_44.to_string();
        say("", &format!("and {}… (ML-DSA-44)", &second[..second.rfind('+').unwrap_or(0)]));
    }
    if let Some(checkpoint) = &report.checkpoint {
        say("Size", &format!("{} records, root {}", checkpoint.size, checkpoint.root));
    }
    say("Records", &format!("{} open what the log commits to", report.records_verified));
    if report.records_withheld > 0 {
        say("Withheld", &format!("{} records are not here", report.records_withheld));
    }
    tell_verdict(report.verdict.as_ref(), policy.is_some());
    report.remarks.iter().for_each(|remark| say("Remark", remark));
    tell_faults(&report);
    if report.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
}

/// Most faults that are listed.
const FAULTS_SHOWN: usize = 50;

fn tell_faults(report: &Report) {
    for fault in report.faults.iter().take(FAULTS_SHOWN) {
        say("WRONG", &format!("{}, byte {}: {}", fault.path, fault.offset, fault.reason));
    }
    match report.faults.len() {
        0 => say("Verified", "signature, tree, tiles, entries, seals and packs agree"),
        n if n > FAULTS_SHOWN => say("WRONG", &format!("and {} more", n - FAULTS_SHOWN)),
        _ => {}
    }
}

fn tell_verdict(verdict: Option<&Verdict>, asked: bool) {
    match verdict {
        Some(verdict) => {
            say("Policy", &format!("met at size {}", verdict.checkpoint.size));
            for (name, time) in &verdict.witnesses {
                let time = i64::try_from(*time).ok().and_then(Timestamp::from_seconds);
                let time = time.map_or_else(|| "?".into(), |time| time.to_string());
                say("Cosigned", &format!("{time} by {name} ({})", Grade::of(name).word()));
            }
        }
        None if asked => {}
        None => say("Policy", "none given: whose log this is, and who saw it grow, is not checked"),
    }
}

/// What a file is, as far as its form tells: what is none of them is an error, what is one and does not hold is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Proof,
    Disclosure,
    Checkpoint,
}

impl Kind {
    fn of(text: &str) -> Option<Kind> {
        if text.starts_with("c2sp.org/tlog-proof@") {
            Some(Kind::Proof)
        } else if text.trim_start().starts_with('{') && text.contains("blanik-disclosure/") {
            Some(Kind::Disclosure)
        } else if text.contains("\n\n— ") {
            Some(Kind::Checkpoint)
        } else {
            None
        }
    }
}

/// A proof, a checkpoint or a disclosure.
fn file(kind: Kind, text: &str, policy: Option<&Policy>) -> Result<()> {
    if kind == Kind::Proof {
        let proof = LogProof::parse(text)?;
        let entry =
            proof.extra.as_deref().context("the proof does not say of which entry it is")?;
        let checkpoint = proof.verify(entry)?;
        say("Proof", &format!("record {} of {}", proof.index, checkpoint.size));
        return signatures(&proof.checkpoint, None, policy);
    }
    if kind == Kind::Disclosure {
        let disclosure = Disclosure::parse(text)?;
        let (index, checkpoint) = disclosure.verify()?;
        let key: VerifierKey = disclosure.log.parse()?;
        say("Record", &format!("{index} of {} in {}", checkpoint.size, checkpoint.origin));
        for field in &disclosure.fields {
            say("Field", &format!("{}: {}", field.path, field.value));
        }
        let note = LogProof::parse(&disclosure.proof)?.checkpoint;
        return signatures(&note, Some(&key), policy);
    }
    let (checkpoint, note) = Checkpoint::parse_signed(text)?;
    say("Checkpoint", &format!("{}, {} records", checkpoint.origin, checkpoint.size));
    signatures(&note, None, policy)
}

/// Who signed a checkpoint: by the policy, or by the key that the file names.
fn signatures(note: &Note, key: Option<&VerifierKey>, policy: Option<&Policy>) -> Result<()> {
    let checkpoint = Checkpoint::parse(&note.text)?;
    if let Some(key) = key.filter(|key| key.signature_type() == SignatureType::Ed25519) {
        note.verify(key)?;
        say("Signed", &format!("by {key}, as the file says"));
    }
    match policy {
        Some(policy) => tell_verdict(Some(&policy.verify(note, None)?), true),
        None => {
            let names: Vec<&str> = note.signatures.iter().map(|s| s.name.as_str()).collect();
            say("Signatures", &names.join(", "));
            tell_verdict(None, false);
        }
    }
    say("Verified", &format!("leads to the root {} of {}", checkpoint.root, checkpoint.origin));
    Ok(())
}
