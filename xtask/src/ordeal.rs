//! What takes the evidence log's tests minutes: 1,000 kills, 10,000 flipped bytes, each step failing.

use std::process::{Command, ExitCode};

use anyhow::{Context, Result};

/// Runs the tests of the evidence log that are left out of `cargo test`, in a release build.
pub fn run() -> Result<ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["test", "--release", "--package", "blanik-evidence", "--test", "evidence", "--"])
        .args(["--ignored", "--nocapture"])
        .status()
        .context("cannot run cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
