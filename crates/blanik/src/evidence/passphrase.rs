//! Where a key's passphrase comes from: a file, the environment, or who sits there.

use anyhow::{Context, Result, bail};
use std::io::IsTerminal;

use crate::cli::evidence::KeyArgs;

const VARIABLE: &str = "BLANIK_PASSPHRASE";

/// The passphrase of a key that is there.
pub(super) fn ask(args: &KeyArgs, name: &str) -> Result<String> {
    match given(args)? {
        Some(passphrase) => Ok(passphrase),
        None => prompt(&format!("Passphrase of {name}: ")),
    }
}

/// The passphrase of a key that is being made.
pub(super) fn new(args: &KeyArgs, name: &str) -> Result<String> {
    if let Some(passphrase) = given(args)? {
        return Ok(passphrase);
    }
    let passphrase = prompt(&format!("New passphrase of {name}: "))?;
    if prompt("Once more: ")? != passphrase {
        bail!("the two differ: nothing was made");
    }
    Ok(passphrase)
}

fn given(args: &KeyArgs) -> Result<Option<String>> {
    let passphrase = match &args.passphrase_file {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read the passphrase in {}", path.display()))?;
            Some(text.trim_end_matches(['\r', '\n']).to_owned())
        }
        None => std::env::var(VARIABLE).ok(),
    };
    if passphrase.as_deref() == Some("") {
        bail!("the passphrase is empty");
    }
    Ok(passphrase)
}

fn prompt(question: &str) -> Result<String> {
    if !std::io::stdin().is_terminal() {
        bail!("no terminal to ask for the passphrase: --passphrase-file FILE, or ${VARIABLE}");
    }
    let passphrase = rpassword::prompt_password(question).context("cannot read the passphrase")?;
    if passphrase.is_empty() {
        bail!("the passphrase is empty");
    }
    Ok(passphrase)
}
