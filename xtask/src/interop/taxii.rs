//! OASIS's client of TAXII, `taxii2-client` of PyPI, reads and writes our server.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

/// The release that was tried.
const PACKAGE: &str = "taxii2-client==2.3.0";

/// Where it is installed; the reason if it cannot be.
pub(super) fn install(folder: &Path) -> Result<PathBuf, String> {
    let home = folder.join("taxii");
    let done = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    if !done(Command::new("python3").args(["-m", "venv"]).arg(&home)) {
        return Err(format!("python3 -m venv fails: {PACKAGE} did not read our server"));
    }
    let mut pip = Command::new(home.join("bin/pip"));
    if !done(pip.args(["install", "--quiet", "--disable-pip-version-check", PACKAGE])) {
        return Err(format!("pip cannot install {PACKAGE}: it did not read our server"));
    }
    Ok(home)
}

/// A server of ours, until it is dropped.
pub struct Served {
    child: Child,
    /// Where discovery is.
    pub url: String,
    /// A token that may read and write all.
    pub token: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Served {
    /// Serves a new folder with one collection, `shared`.
    pub fn start(blanik: &Path, folder: &Path) -> Result<Served> {
        Served::with(blanik, folder, "served", &[])
    }

    /// The same of a folder of that name, with further arguments.
    pub fn with(blanik: &Path, folder: &Path, name: &str, further: &[&str]) -> Result<Served> {
        let run = |args: &[&str]| -> Result<String> {
            let output = Command::new(blanik).args(args).current_dir(folder).output()?;
            ensure!(
                output.status.success(),
                "{args:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            Ok(String::from_utf8(output.stdout)?.trim().to_owned())
        };
        run(&["serve", "collection", "add", "shared", name])?;
        let rights = ["--collection", "shared:rw", "--clearance", "red"];
        let token = run(&[&["serve", "token", "add", "ally", name], &rights[..]].concat())?;
        let mut child = Command::new(blanik)
            .args(["serve", "--taxii", name, "--listen", "127.0.0.1:0", "--title", "interop"])
            .args(further)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run blanik")?;
        let out = child.stdout.take().context("it has an output")?;
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line)?;
        let url = line.split_whitespace().next().context("it says where it listens")?.to_owned();
        Ok(Served { child, url, token })
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

/// Four writers, pages, filters, refusals.
pub(super) fn read_and_written(
    root: &Path,
    blanik: &Path,
    folder: &Path,
    home: &Path,
) -> Result<()> {
    let served = Served::start(blanik, folder)?;
    let output = Command::new(home.join("bin/python"))
        .arg(root.join("xtask/interop/python/taxii.py"))
        .args([&served.url, "ally", &served.token])
        .output()
        .context("cannot run python")?;
    ensure!(output.status.success(), "taxii2-client: {}", String::from_utf8_lossy(&output.stderr));
    print!("ok   {}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}
