//! The TAXII client of `rstix` (crates.io) reads and writes our server over TLS. It is a crate of its own beside this one,
//! `xtask/interop/rstix`, that is built when it is asked for: it brings a runtime, HTTP and DNS that nothing else here needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::taxii::Served;

/// The crate, below the root, and where it is built.
const CRATE: &str = "xtask/interop/rstix/Cargo.toml";
const BUILT: &str = "target/interop-rstix";
const PROGRAM: &str = "interop-rstix";

/// The program; the reason if it cannot be built.
pub(super) fn install(root: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target = root.join(BUILT);
    let began = Instant::now();
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .arg(root.join(CRATE))
        .arg("--target-dir")
        .arg(&target)
        // Flags of who called us are for our own crates.
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS")
        .output();
    let failed = |why: &str| {
        format!("cargo cannot build rstix's TAXII client: it did not read our server ({why})")
    };
    let output = output.map_err(|error| failed(&error.to_string()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().find(|line| line.starts_with("error")).unwrap_or("no reason");
        return Err(failed(first));
    }
    let seconds = began.elapsed().as_secs();
    if seconds > 2 {
        println!("     rstix's TAXII client was built in {seconds} s");
    }
    Ok(target.join("debug").join(PROGRAM))
}

/// Ten thousand objects of one moment, four writers, pages, filters, refusals, another certificate.
pub(super) fn read_and_written(blanik: &Path, folder: &Path, program: &Path) -> Result<()> {
    let run = |args: &[&str]| -> Result<String> {
        let mut command = Command::new(program);
        for proxy in
            ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"]
        {
            command.env_remove(proxy);
        }
        let output = command.args(args).current_dir(folder).output().context("cannot run rstix")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "rstix's TAXII client: {said}");
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    };
    let tls = folder.join("tls");
    fs::create_dir_all(&tls)?;
    let pin = run(&["certificate", "tls"])?;
    let args = ["--tls-cert", "tls/server.pem", "--tls-key", "tls/server.key"];
    let served = Served::with(blanik, folder, "served-tls", &args)?;
    ensure!(served.url.starts_with("https://"), "not served by TLS: {}", served.url);
    println!("ok   {}", run(&["run", &served.url, &served.token, &pin])?);
    Ok(())
}
