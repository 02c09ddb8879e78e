//! Being a witness: to whoever asks over HTTP, or to a workspace at hand.

use std::net::TcpListener;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use blanik_evidence::verify::verify_workspace;
use blanik_evidence::witness::{Answer, KEY_FILE};
use blanik_evidence::{Folder, Grade, Reader, SigningKey, Witness, http, key, tree};
use blanik_model::text::for_terminal;
use blanik_share::reply::cosigned;

use super::{passphrase, rerun};
use crate::cli::evidence::{
    KeyArgs, WitnessCommand, WitnessInitArgs, WitnessServeArgs, WitnessSignArgs,
};

/// Does what the command says.
pub fn run(command: &WitnessCommand) -> Result<ExitCode> {
    match command {
        WitnessCommand::Init(args) => init(args),
        WitnessCommand::Serve(args) => serve(args),
        WitnessCommand::Sign(args) => sign(args),
    }
}

fn init(args: &WitnessInitArgs) -> Result<ExitCode> {
    let key = SigningKey::generate(&args.name)?;
    Witness::init(&args.folder, &key, &passphrase::new(&args.key, &args.name)?)?;
    for grade in Grade::ALL {
        let name = key.graded(grade).cosigner().to_string();
        println!("{:<10} {}", grade.word(), for_terminal(&name));
    }
    Ok(ExitCode::SUCCESS)
}

fn open(folder: &Path, args: &KeyArgs) -> Result<Witness> {
    let file = folder.join(KEY_FILE);
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("cannot read {}", file.display()))?;
    let name = key::name_in_file(&text).context("the key file names no key")?;
    let key = SigningKey::decrypt(&text, &passphrase::ask(args, name)?)?;
    Ok(Witness::open(folder, key)?)
}

fn serve(args: &WitnessServeArgs) -> Result<ExitCode> {
    let witness = open(&args.folder, &args.key)?;
    let listener = TcpListener::bind(args.listen)
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    // With port 0 the system chooses one: say which.
    println!(
        "http://{}  {}",
        listener.local_addr()?,
        for_terminal(&witness.cosigner().to_string())
    );
    http::serve(&listener, Arc::new(witness), super::now_seconds)?;
    Ok(ExitCode::SUCCESS)
}

fn sign(args: &WitnessSignArgs) -> Result<ExitCode> {
    let grade = Grade::ALL.into_iter().find(|grade| grade.word() == args.grade);
    let grade = grade.context("a grade is consistent, re-run or concur")?;
    let report = verify_workspace(&Folder::new(&args.workspace), None);
    if let Some(fault) = report.faults.first() {
        bail!("not signed: {}, byte {}: {}", fault.path, fault.offset, fault.reason);
    }
    if grade == Grade::ReRun {
        let again = rerun::again(&args.workspace, None, &args.with)?;
        if !again.is_same() {
            again.tell();
            bail!("not signed as re-run: {} findings did not come out again", again.others());
        }
    }
    let reader = super::reader(&args.workspace)?;
    let witness = open(&args.folder, &args.key)?;
    let root_at = |size| tree::root(&reader.nodes(), size);
    match witness.sign(reader.note(), grade, super::now_seconds(), root_at) {
        Answer::Cosigned(lines) => print!("{}", returned(args, &reader, &lines)?),
        Answer::Conflict(size) => {
            bail!("not signed: this witness saw another log of this name, of {size} records")
        }
        Answer::UnknownLog => bail!(
            "not signed: add {} to {}",
            reader.key(),
            args.folder.join(blanik_evidence::witness::LOGS_FILE).display()
        ),
        other => bail!("not signed: {other:?}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// What is sent back: the lines alone, the note with them, or a bundle that carries it.
fn returned(args: &WitnessSignArgs, reader: &Reader, lines: &str) -> Result<String> {
    if !args.note && !args.stix {
        return Ok(lines.to_owned());
    }
    let note = format!("{}{lines}", reader.note());
    match args.stix {
        false => Ok(note),
        true => Ok(serde_json::to_string_pretty(&cosigned::bundle(&note))? + "\n"),
    }
}
