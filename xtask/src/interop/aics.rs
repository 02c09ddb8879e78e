//! A second implementation of a witness, `aics-witness` of PyPI, cosigns our log; and the cryptography that
//! comes with it (pyca, OpenSSL) verifies our ML-DSA-44 signature.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use super::Log;

/// The release that was tried.
const PACKAGE: &str = "aics-witness==0.1.0";
/// Interpreters that may be new enough (3.12), tried in order.
const PYTHONS: &[&str] = &["python3", "python3.14", "python3.13", "python3.12"];
/// Where versions lie that pyenv keeps.
const PYENV: &str = ".pyenv/versions";
/// How often it is looked whether the witness answers, and after how long each.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// Where it is installed; the reason if it cannot be.
pub(super) fn install(folder: &Path) -> Result<PathBuf, String> {
    let home = folder.join("aics");
    let python = pythons().into_iter().find(|python| is_new_enough(python));
    let python = python.ok_or("no Python from 3.12 is installed: aics-witness did not cosign")?;
    let done = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    if !done(Command::new(python).args(["-m", "venv"]).arg(&home)) {
        return Err("python -m venv fails: aics-witness did not cosign".into());
    }
    let mut pip = Command::new(home.join("bin/pip"));
    if !done(pip.args(["install", "--quiet", "--disable-pip-version-check", PACKAGE])) {
        return Err(format!("pip cannot install {PACKAGE}: it did not cosign"));
    }
    Ok(home)
}

fn pythons() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(PYENV));
    let kept = home.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let mut kept: Vec<PathBuf> = kept.map(|entry| entry.path().join("bin/python")).collect();
    kept.sort();
    PYTHONS.iter().map(PathBuf::from).chain(kept).collect()
}

fn is_new_enough(python: &Path) -> bool {
    let test = "import sys; sys.exit(sys.version_info < (3, 12))";
    let output = Command::new(python).args(["-c", test]).output();
    output.is_ok_and(|output| output.status.success())
}

/// The witness, serving until it is dropped.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Log {
    /// The witness sees the log grow, and cosigns twice; our policy takes its word.
    pub(super) fn cosigned_by_aics(&self, home: &Path) -> Result<()> {
        let key = self.aics(home, &["init", "--name", "aics.example/w1", "--db", "aics.db"])?;
        let key = key.split_whitespace().find(|word| word.starts_with("aics.example/w1+"));
        let key = key.context("aics-witness init names no key")?.to_owned();
        self.aics(home, &["add-log", "--origin", "interop.example/log", "--vkey", &self.key])?;
        let listen = format!("127.0.0.1:{}", free_port()?);
        let child = Command::new(home.join("bin/aics-witness"))
            .args(["serve", "--config", "aics.json", "--listen", &listen])
            .current_dir(&self.folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let _served = Served(child.context("cannot run aics-witness")?);
        wait_for(&listen)?;
        let log = &self.key;
        let policy = format!("log {log}\nwitness aics {key} http://{listen}/\nquorum aics\n");
        fs::write(self.folder.join("w/policy"), policy)?;
        self.run(&["log", "cosign", "w"])?;
        self.run(&["hunt", "sysmon.json", "--case", "three", "--workspace", "w", "-q"])?;
        self.run(&["log", "cosign", "w"])?;
        let verified = self.run(&["verify", "w", "--policy", "w/policy"])?;
        ensure!(verified.contains("by aics.example/w1"), "not cosigned by it: {verified}");
        println!("ok   {PACKAGE} cosigned our log, and again when it had grown");
        Ok(())
    }

    /// Another implementation of ML-DSA-44 verifies our second signature, and no changed one.
    pub(super) fn verified_by_pyca(&self, root: &Path, home: &Path) -> Result<()> {
        let key = self.run(&["log", "checkpoint", "w", "--ml-dsa-key"])?;
        let checkpoint = self.run(&["log", "checkpoint", "w"])?;
        let holds = |checkpoint: &str| -> Result<bool> {
            fs::write(self.folder.join("signed"), checkpoint)?;
            let output = Command::new(home.join("bin/python"))
                .arg(root.join("xtask/interop/python/ml_dsa.py"))
                .args([key.trim(), "signed"])
                .current_dir(&self.folder)
                .output()
                .context("cannot run python")?;
            Ok(output.status.success())
        };
        ensure!(holds(&checkpoint)?, "pyca/cryptography refuses our ML-DSA-44 signature");
        let size = checkpoint.lines().nth(1).context("a checkpoint has a size")?;
        let other = checkpoint.replacen(&format!("\n{size}\n"), &format!("\n1{size}\n"), 1);
        ensure!(!holds(&other)?, "pyca/cryptography accepts it under another size");
        println!(
            "ok   pyca/cryptography verifies our ML-DSA-44 signature, and refuses it elsewhere"
        );
        Ok(())
    }

    fn aics(&self, home: &Path, args: &[&str]) -> Result<String> {
        let output = Command::new(home.join("bin/aics-witness"))
            .args(args)
            .args(["--config", "aics.json"])
            .current_dir(&self.folder)
            .output()
            .context("cannot run aics-witness")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "aics-witness {args:?}: {said}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned() + &said)
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn wait_for(listen: &str) -> Result<()> {
    for _ in 0..TRIES {
        if TcpStream::connect(listen).is_ok() {
            return Ok(());
        }
        sleep(PAUSE);
    }
    bail!("aics-witness does not answer")
}
