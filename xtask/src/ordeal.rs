//! What takes minutes and is left out of `cargo test`: of the evidence log 1,000 kills, 10,000 flipped bytes, each step
//! failing; of publication packs 10,000 flipped bytes and 200 redactions.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

/// The parts: a name, a test binary of the workspace, and which of its tests.
const PARTS: &[(&str, &str, &str)] = &[("log", "evidence", ""), ("pack", "blanik", "publish::")];

/// `ordeal [log|pack]`: runs them in a release build.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let named: Vec<_> = match args {
        [] => PARTS.iter().collect(),
        [name] => PARTS.iter().filter(|(part, ..)| part == name).collect(),
        _ => bail!("usage: cargo xtask ordeal [log|pack]"),
    };
    if named.is_empty() {
        bail!("usage: cargo xtask ordeal [log|pack]");
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut all_well = true;
    for (_, binary, filter) in named {
        let status = Command::new(&cargo)
            .args(["test", "--release", "--workspace", "--test", binary, "--"])
            .args([filter, "--ignored", "--nocapture"].iter().filter(|arg| !arg.is_empty()))
            .status()
            .context("cannot run cargo")?;
        all_well &= status.success();
    }
    Ok(if all_well { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
