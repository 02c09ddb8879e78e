//! Taking in what allies cosigned, and asking witnesses to cosign the newest checkpoint, until the policy's quorum has.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use blanik_evidence::note::SignatureLine;
use blanik_evidence::policy::Peer;
use blanik_evidence::returned::add;
use blanik_evidence::witness::AddCheckpoint;
use blanik_evidence::workspace::POLICY_FILE;
use blanik_evidence::{Checkpoint, Error, Note, Policy, Reader, VerifierKey, http};
use blanik_model::text::for_terminal;

use super::allies;
use crate::cli::evidence::CosignArgs;

/// Longest file of a note or keys.
const NOTE_BYTES_MAX: u64 = 4 << 20;
/// How often a witness is told that the log it saw was shorter.
const TRIES: usize = 3;

/// Gathers cosignatures. 1 if they are fewer than the policy asks for, or one that came does not hold.
pub(super) fn run(args: &CosignArgs) -> Result<ExitCode> {
    let reader = super::reader(&args.workspace)?;
    let file = args.policy.clone().unwrap_or_else(|| args.workspace.join(POLICY_FILE));
    let policy = match file.exists() || args.policy.is_some() {
        true => Some(super::check::read_policy(&file)?),
        false => None,
    };
    for file in &args.ally {
        let keys = blanik_evidence::allies::parse(&read(file)?)
            .with_context(|| format!("{} is no list of an ally's keys", file.display()))?;
        blanik_evidence::allies::add(reader.disk(), &keys)?;
        println!("Ally       {} keys are known", keys.len());
    }
    if !args.ally.is_empty() {
        // What they signed may have come before their keys.
        crate::attribute::intel::cosigned_again(&args.workspace)?;
    }
    let mut all_hold = true;
    if !args.add.is_empty() {
        let known = allies::known_keys(&args.workspace, policy.as_ref())?;
        for file in &args.add {
            let place = || file.display().to_string();
            all_hold &= brought(&reader, &read(file)?, &known).with_context(place)?;
        }
    }
    let is_enough = gathered(&reader, policy.as_ref())?;
    Ok(ExitCode::from(u8::from(!(is_enough && all_hold))))
}

fn read(file: &Path) -> Result<String> {
    let shown = file.display();
    let length = std::fs::metadata(file).with_context(|| format!("cannot read {shown}"))?.len();
    ensure!(length <= NOTE_BYTES_MAX, "{shown} is {length} bytes, and no signed note");
    std::fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))
}

/// A signed note that an ally sent; or lines of signatures, each of which finds the checkpoint under which it holds. False if one
/// is not kept.
fn brought(reader: &Reader, text: &str, known: &[VerifierKey]) -> Result<bool> {
    if text.contains("\n\n") {
        return allies::take_back(reader, &Note::parse(text)?, known);
    }
    let mut notes: Vec<Note> = Vec::new();
    let mut strange = Vec::new();
    for line in text.lines() {
        let line =
            SignatureLine::parse(line).context("neither a signed note nor signature lines")?;
        match reader.note_of(&line, known)? {
            Some(note) => match notes.iter_mut().find(|known| known.text == note.text) {
                Some(same) => add(same, line),
                None => notes.push(note),
            },
            None => strange.push(line.name),
        }
    }
    ensure!(!(notes.is_empty() && strange.is_empty()), "neither a signed note nor signature lines");
    let mut all = true;
    for note in &notes {
        all &= allies::take_back(reader, note, known)?;
    }
    let is_told =
        |name: &String| notes.iter().any(|n| n.signatures.iter().any(|s| s.name == *name));
    strange.retain(|name| !is_told(name));
    strange.dedup();
    for name in &strange {
        let name = for_terminal(name);
        eprintln!(
            "blanik: not kept: {name}: its key is not known here (--ally FILE), or it signed none of the checkpoints that are"
        );
    }
    Ok(all && strange.is_empty())
}

/// Asks the policy's witnesses for what is lacking. False if they are fewer than it asks for.
fn gathered(reader: &Reader, policy: Option<&Policy>) -> Result<bool> {
    let checkpoint = reader.checkpoint().clone();
    let kept = reader.cosigned()?.into_iter().find(|(kept, _)| kept.size == checkpoint.size);
    let mut note = kept.map_or_else(|| reader.note().clone(), |(_, note)| note);
    let before = note.signatures.clone();
    for peer in policy.map_or(&[][..], |policy| &policy.witnesses) {
        if note.verify(&peer.key).is_ok() {
            continue;
        }
        let Some(url) = &peer.url else { continue };
        match ask(reader, &checkpoint, peer, url) {
            Ok(line) => add(&mut note, line),
            Err(error) => eprintln!("blanik: {}", for_terminal(&error.to_string())),
        }
    }
    if note.signatures != before {
        reader.keep_cosigned(checkpoint.size, &note).context("cannot keep the cosignatures")?;
    }
    let Some(policy) = policy else {
        println!("{} signatures; no policy says how many are enough", note.signatures.len());
        return Ok(true);
    };
    match policy.verify(&note, Some(reader.key())) {
        Ok(verdict) => {
            let names: Vec<&str> =
                verdict.witnesses.iter().map(|(name, _)| name.as_str()).collect();
            println!("size {}: cosigned by {}", checkpoint.size, for_terminal(&names.join(", ")));
            Ok(true)
        }
        Err(error) => {
            println!("size {}: {error}", checkpoint.size);
            Ok(false)
        }
    }
}

/// Asks a witness, first as if it saw nothing yet; it says what it saw.
fn ask(
    reader: &Reader,
    checkpoint: &Checkpoint,
    peer: &Peer,
    url: &str,
) -> Result<SignatureLine, Error> {
    let refused = |reason: String| Error::Refused { from: url.to_owned(), reason };
    let url_of = format!("{}/add-checkpoint", url.trim_end_matches('/'));
    let mut old = 0;
    for _ in 0..TRIES {
        let proof = reader.prove_growth(old, checkpoint.size)?;
        let request = AddCheckpoint { old, proof, checkpoint: reader.note().clone() };
        let answer = http::post(&url_of, "text/plain; charset=utf-8", request.text().as_bytes())?;
        let body = String::from_utf8_lossy(&answer.body);
        match answer.status {
            200 => {
                return signature(reader.note(), peer, &body).ok_or_else(|| {
                    refused("its answer is no cosignature by the key of the policy".into())
                });
            }
            409 => {
                let seen = body.trim().parse().map_err(|_| refused("409 without a size".into()))?;
                if seen > checkpoint.size || seen == old {
                    let reason = format!("it saw another log of this name, of {seen} records");
                    return Err(refused(reason));
                }
                old = seen;
            }
            status => return Err(refused(format!("{status} {}", body.trim()))),
        }
    }
    Err(refused("it changed its mind too often".into()))
}

/// The signature of the witness that was asked, if it holds.
fn signature(note: &Note, peer: &Peer, body: &str) -> Option<SignatureLine> {
    let lines = body.lines().filter_map(SignatureLine::parse);
    let mut own = lines.filter(|line| line.name == peer.key.name() && line.id == peer.key.id());
    own.find(|line| peer.key.verify(&note.text, &line.signature).is_ok())
}
