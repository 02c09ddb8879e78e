//! The programs that are run: ours, and those it is compared with. The others' come from the package
//! registry, at fixed versions, once.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::tree;

/// `evtx_dump`.
pub const EVTX: &str = "0.15.1";
/// rsigma.
pub const RSIGMA: &str = "0.23.0";

/// How each was built; printed above the table.
pub const INSTALLED: &[&str] = &[
    "cargo install evtx --version 0.15.1 --locked",
    "cargo install rsigma --version 0.23.0 --locked --no-default-features --features evtx",
];

/// The programs.
#[derive(Debug)]
pub struct Tools {
    /// blanik.
    pub program: PathBuf,
    /// This program in release mode, for what parsing alone costs.
    pub xtask: PathBuf,
}

impl Tools {
    /// Builds ours, unless one is named.
    pub fn build(program: Option<&Path>) -> Result<Tools> {
        let program = match program {
            Some(program) => program.to_owned(),
            None => release("blanik")?,
        };
        Ok(Tools { program, xtask: release("xtask")? })
    }

    /// `evtx_dump`, installed where it is not.
    pub fn evtx_dump(&self) -> Result<PathBuf> {
        installed("evtx_dump", &["evtx", "--version", EVTX, "--locked"])
    }

    /// rsigma, installed where it is not.
    pub fn rsigma(&self) -> Result<PathBuf> {
        let features = ["--no-default-features", "--features", "evtx"];
        installed("rsigma", &[&["rsigma", "--version", RSIGMA, "--locked"], &features[..]].concat())
    }
}

/// A package of the workspace, built in release mode.
pub fn release(package: &str) -> Result<PathBuf> {
    let root = tree::root();
    let built = cargo()
        .args(["build", "--quiet", "--release", "--package", package])
        .current_dir(&root)
        .status()
        .context("cannot run cargo")?;
    ensure!(built.success(), "the release build of {package} failed");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    Ok(target.join("release").join(package))
}

fn installed(name: &str, args: &[&str]) -> Result<PathBuf> {
    let folder = tree::root().join("target/comparators");
    let program = folder.join("bin").join(name);
    if program.exists() {
        return Ok(program);
    }
    eprintln!("bench: installing {name}, once");
    let status = cargo()
        .args(["install", "--quiet", "--root"])
        .arg(&folder)
        .args(args)
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "cargo install {} failed", args.join(" "));
    Ok(program)
}

/// The `cargo` that runs this.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}
