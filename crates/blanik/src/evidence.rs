//! Where the evidence log meets the program: workspaces made, hunts put on record, proofs printed.

pub mod allies;
mod anchor;
pub mod check;
mod cosign;
mod custody;
mod opened;
mod passphrase;
pub mod rerun;
mod settings;
pub mod show;
pub mod witness;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use blanik_evidence::{Error, Reader, SigningKey, Workspace};
use blanik_model::Timestamp;
use blanik_model::text::for_terminal;

use crate::cli::evidence::{InitArgs, LogCommand};
pub use custody::{Custody, Waiting};

/// Makes a workspace.
pub fn init(args: &InitArgs) -> Result<ExitCode> {
    let origin = match &args.origin {
        Some(origin) => origin.clone(),
        None => invented_origin(&args.workspace)?,
    };
    let key = SigningKey::generate(&origin)?;
    let passphrase = passphrase::new(&args.key, &origin)?;
    Workspace::init(&args.workspace, &key, &passphrase)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "Workspace  {}", for_terminal(&args.workspace.display().to_string()))?;
    writeln!(out, "Log        {}", for_terminal(&origin))?;
    writeln!(out, "Key        {}", for_terminal(&key.verifier().to_string()))?;
    writeln!(out, "           and one of ML-DSA-44 beside it; both stand in log.vkey")?;
    writeln!(
        out,
        "Give the key to those who are to verify the log. Keep the passphrase: nothing replaces it."
    )?;
    Ok(ExitCode::SUCCESS)
}

/// The folder's name, and digits that set it apart.
pub(crate) fn invented_origin(workspace: &Path) -> Result<String> {
    let name = workspace.file_name().map_or("log".into(), |name| name.to_string_lossy());
    let name = name.replace(|c: char| !c.is_alphanumeric() && c != '.' && c != '-', "-");
    let digits = SigningKey::generate("x")?.verifier().id();
    Ok(format!("{name}.blanik.invalid/{:08x}", u32::from_be_bytes(digits)))
}

/// Looks at the log, or has others sign it.
pub fn log(command: &LogCommand) -> Result<ExitCode> {
    match command {
        LogCommand::Show(args) => show::records(args),
        LogCommand::Checkpoint(args) => show::checkpoint(args),
        LogCommand::Prove(args) => show::prove(args),
        LogCommand::ProveGrowth(args) => show::prove_growth(args),
        LogCommand::Cosign(args) => cosign::run(args),
        LogCommand::Anchor(args) => anchor::run(args),
    }
}

/// Opens a workspace for reading.
pub(crate) fn reader(workspace: &Path) -> Result<Reader> {
    Workspace::open_read(workspace).map_err(|error| no_workspace(workspace, error))
}

fn no_workspace(workspace: &Path, error: Error) -> anyhow::Error {
    let shown = workspace.display();
    match error {
        Error::Missing(_) => {
            anyhow::anyhow!("{shown} is no workspace: make one with `blanik init`")
        }
        error => anyhow::Error::new(error).context(format!("cannot open {shown}")),
    }
}

/// The key of a workspace, opened with its passphrase.
pub(crate) fn key(workspace: &Path, args: &crate::cli::evidence::KeyArgs) -> Result<SigningKey> {
    locked_key(workspace, args)?.open()
}

/// A key, and the passphrase that is to open it, which takes a while.
struct LockedKey {
    file: String,
    passphrase: String,
}

impl LockedKey {
    fn open(&self) -> Result<SigningKey> {
        Ok(SigningKey::decrypt(&self.file, &self.passphrase)?)
    }
}

/// The key of a workspace, and its passphrase.
fn locked_key(workspace: &Path, args: &crate::cli::evidence::KeyArgs) -> Result<LockedKey> {
    let name = Workspace::key_name(workspace).map_err(|error| no_workspace(workspace, error))?;
    let file = std::fs::read_to_string(workspace.join(blanik_evidence::workspace::KEY_FILE))
        .context("cannot read the workspace's key")?;
    Ok(LockedKey { file, passphrase: passphrase::ask(args, &name)? })
}

/// The last part of a path, of whatever system it is.
fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Now, for records.
pub(crate) fn now() -> Result<Timestamp> {
    match Timestamp::from_jiff(jiff::Timestamp::now()) {
        Some(now) => Ok(now),
        None => bail!("the machine's clock is centuries off"),
    }
}

/// Now in seconds since 1970, for cosignatures.
pub(crate) fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
