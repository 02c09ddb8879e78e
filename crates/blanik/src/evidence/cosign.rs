//! Asking witnesses to cosign the newest checkpoint, until the policy's quorum has.

use std::process::ExitCode;

use anyhow::{Context, Result};
use blanik_evidence::note::SignatureLine;
use blanik_evidence::policy::Peer;
use blanik_evidence::reader::COSIGNED;
use blanik_evidence::witness::AddCheckpoint;
use blanik_evidence::workspace::POLICY_FILE;
use blanik_evidence::{Checkpoint, Disk, Error, Note, Reader, http};
use blanik_model::text::for_terminal;

use crate::cli::evidence::CosignArgs;

/// How often a witness is told that the log it saw was shorter.
const TRIES: usize = 3;

/// Gathers cosignatures. 1 if they are fewer than the policy asks for.
pub(super) fn run(args: &CosignArgs) -> Result<ExitCode> {
    let reader = super::reader(&args.workspace)?;
    let checkpoint = reader.checkpoint().clone();
    let path = format!("{COSIGNED}/{:016}", checkpoint.size);
    let mut note = match std::fs::read_to_string(args.workspace.join(&path)) {
        Ok(text) => Note::parse(&text)?,
        Err(_) => reader.note().clone(),
    };
    for file in &args.add {
        let shown = file.display();
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
        for line in text.lines() {
            let line = SignatureLine::parse(line);
            add(&mut note, line.with_context(|| format!("{shown}: no signature line"))?);
        }
    }
    let file = args.policy.clone().unwrap_or_else(|| args.workspace.join(POLICY_FILE));
    let policy = match file.exists() || args.policy.is_some() {
        true => Some(super::check::read_policy(&file)?),
        false => None,
    };
    let witnesses = policy.as_ref().map_or(&[][..], |policy| &policy.witnesses);
    for peer in witnesses {
        if note.verify(&peer.key).is_ok() {
            continue;
        }
        let Some(url) = &peer.url else { continue };
        match ask(&reader, &checkpoint, peer, url) {
            Ok(line) => add(&mut note, line),
            Err(error) => eprintln!("blanik: {}", for_terminal(&error.to_string())),
        }
    }
    keep(&reader, &path, &note)?;
    let Some(policy) = policy else {
        println!("{} signatures; no policy says how many are enough", note.signatures.len());
        return Ok(ExitCode::SUCCESS);
    };
    match policy.verify(&note, Some(reader.key())) {
        Ok(verdict) => {
            let names: Vec<&str> =
                verdict.witnesses.iter().map(|(name, _)| name.as_str()).collect();
            println!("size {}: cosigned by {}", checkpoint.size, for_terminal(&names.join(", ")));
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            println!("size {}: {error}", checkpoint.size);
            Ok(ExitCode::from(1))
        }
    }
}

fn add(note: &mut Note, line: SignatureLine) {
    note.signatures.retain(|other| (&other.name, other.id) != (&line.name, line.id));
    note.signatures.push(line);
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

/// Keeps the note, whole or not at all.
fn keep(reader: &Reader, path: &str, note: &Note) -> Result<()> {
    let disk = reader.disk();
    let temporary = format!("{path}.tmp");
    let write = || {
        disk.make_folder(COSIGNED)?;
        disk.write(&temporary, note.to_string().as_bytes())?;
        disk.sync(&temporary)?;
        disk.rename(&temporary, path)?;
        disk.sync_folder(COSIGNED)
    };
    write().with_context(|| format!("cannot write {path}"))
}
