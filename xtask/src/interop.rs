//! What others' programs say of our evidence log: Go's `sumdb` of checkpoints, tiles and proofs, OpenSSL of time
//! stamps, `aics-witness` as a second witness; what validators of others say of what we publish; and OASIS's client and
//! rstix's of our TAXII server. Where one of them is not installed, this says so loudly, and fails if `--strict`.

mod aics;
mod paper;
mod rstix;
pub mod taxii;
mod validators;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use anyhow::{Context, Result, bail, ensure};

use crate::tree::Tree;

/// Where Debian's golang-golang-x-mod-dev puts its sources.
const GO_PATH: &str = "/usr/share/gocode";

/// Runs them all.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let (mut strict, mut program, mut files) = (false, None, None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--strict" => strict = true,
            "--program" => program = Some(args.next().context("--program names no file")?),
            "--files" => files = Some(args.next().context("--files names no folder")?),
            _ => bail!("interop takes --strict, --program FILE and --files FOLDER"),
        }
    }
    let tree = Tree::read()?;
    let folder = std::env::temp_dir().join(format!("blanik-interop-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let blanik = match program {
        Some(program) => fs::canonicalize(program).context("no such program")?,
        None => build(&tree.root)?,
    };
    let files = files.map(fs::canonicalize).transpose().context("no such folder")?;
    let done = all(&tree.root, &blanik, &folder)
        .and_then(|skipped| published(skipped, &tree.root, (&blanik, &folder), files));
    fs::remove_dir_all(&folder).context("cannot clear up")?;
    let skipped = done?;
    for what in &skipped {
        eprintln!("SKIPPED: {what}");
    }
    let code = if strict && !skipped.is_empty() { 1 } else { 0 };
    Ok(ExitCode::from(code))
}

fn all(root: &Path, blanik: &Path, folder: &Path) -> Result<Vec<String>> {
    let log = Log::make(blanik, folder)?;
    let mut skipped = Vec::new();
    if has("go", &["version"]) && Path::new(GO_PATH).join("src/golang.org/x/mod/sumdb").is_dir() {
        log.verified_by_go(root)?;
        log.refused_by_go(root)?;
    } else {
        skipped.push(
            "go or golang-golang-x-mod-dev is not installed: nobody foreign read the log".into(),
        );
    }
    if has("openssl", &["version"]) {
        log.stamped_by_openssl()?;
    } else {
        skipped.push("openssl is not installed: no time stamp was verified".into());
    }
    match aics::install(folder) {
        Ok(home) => {
            log.cosigned_by_aics(&home)?;
            log.verified_by_pyca(root, &home)?;
        }
        Err(reason) => skipped.push(reason),
    }
    match taxii::install(folder) {
        Ok(home) => taxii::read_and_written(root, blanik, folder, &home)?,
        Err(reason) => skipped.push(reason),
    }
    match rstix::install(root) {
        Ok(program) => rstix::read_and_written(blanik, folder, &program)?,
        Err(reason) => skipped.push(reason),
    }
    Ok(skipped)
}

/// What validators say of the files of a pack; without one, of our example's and the exercise's.
fn published(
    mut skipped: Vec<String>,
    root: &Path,
    (blanik, folder): (&Path, &Path),
    files: Option<PathBuf>,
) -> Result<Vec<String>> {
    if let Some(files) = files {
        skipped.extend(validators::read(root, &files, "the pack")?);
        skipped.extend(paper::read(&files)?);
        return Ok(skipped);
    }
    let example = validators::example(root, folder)?;
    skipped.extend(validators::read(root, &example, "the example")?);
    let exercise = validators::exercise(blanik, folder)?;
    skipped.extend(validators::read(root, &exercise, "the exercise")?);
    skipped.extend(paper::read(&exercise)?);
    skipped.sort();
    skipped.dedup();
    Ok(skipped)
}

fn has(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

fn build(root: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--package",
            "blanik",
            "--bin",
            "blanik",
            "--message-format=json",
        ])
        .current_dir(root)
        .output()
        .context("cannot run cargo")?;
    ensure!(built.status.success(), "cargo: {}", String::from_utf8_lossy(&built.stderr));
    let lines = String::from_utf8(built.stdout).context("cargo's messages are no UTF-8")?;
    let executable = lines.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    });
    executable.context("cargo names no program")
}

/// A workspace made by the program, and what the program says of it.
struct Log {
    blanik: PathBuf,
    folder: PathBuf,
    key: String,
}

impl Log {
    /// Two hunts, so that there is an older checkpoint. What is hunted makes 300 records and more.
    fn make(blanik: &Path, folder: &Path) -> Result<Self> {
        let line = |i: u32| {
            format!(
                r#"{{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","UtcTime":"2024-03-01 10:00:00.000","Computer":"PC{i}","Image":"C:\\Windows\\System32\\wevtutil.exe","CommandLine":"wevtutil cl Security {i}"}}"#
            )
        };
        let lines: Vec<String> = (0..300).map(line).collect();
        fs::write(folder.join("sysmon.json"), lines.join("\n"))?;
        let mut log =
            Log { blanik: blanik.to_owned(), folder: folder.to_owned(), key: String::new() };
        log.run(&["init", "w", "--origin", "interop.example/log"])?;
        log.run(&["hunt", "sysmon.json", "--case", "one", "--workspace", "w", "-q"])?;
        fs::write(folder.join("old"), log.run(&["log", "checkpoint", "w"])?)?;
        log.run(&["hunt", "sysmon.json", "--case", "two", "--workspace", "w", "-q"])?;
        fs::write(folder.join("proof"), log.run(&["log", "prove", "257", "w"])?)?;
        let old = fs::read_to_string(folder.join("old"))?;
        let size = old.lines().nth(1).context("a checkpoint has a size")?;
        fs::write(folder.join("growth"), log.run(&["log", "prove-growth", size, "w"])?)?;
        log.key = log.run(&["log", "checkpoint", "w", "--key"])?.trim().to_owned();
        Ok(log)
    }

    fn run(&self, args: &[&str]) -> Result<String> {
        let output = Command::new(&self.blanik)
            .args(args)
            .current_dir(&self.folder)
            .env("BLANIK_PASSPHRASE", "interop")
            .output()
            .context("cannot run blanik")?;
        ensure!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).context("its output is no UTF-8")
    }

    fn go(&self, root: &Path, log: &str) -> Result<Output> {
        Command::new("go")
            .arg("run")
            .arg(root.join("xtask/interop/go/main.go"))
            .args([log, &self.key, "old", "proof", "257", "growth"])
            .current_dir(&self.folder)
            .envs([("GO111MODULE", "off"), ("GOPATH", GO_PATH), ("GOFLAGS", "")])
            .env("GOCACHE", std::env::temp_dir().join("blanik-interop-go"))
            .output()
            .context("cannot run go")
    }

    fn verified_by_go(&self, root: &Path) -> Result<()> {
        let output = self.go(root, "w/log")?;
        ensure!(output.status.success(), "go: {}", String::from_utf8_lossy(&output.stderr));
        print!("ok   {}", String::from_utf8_lossy(&output.stdout));
        Ok(())
    }

    /// The Go program is no rubber stamp: with one byte changed in a tile, it refuses.
    fn refused_by_go(&self, root: &Path) -> Result<()> {
        let tile = self.folder.join("w/log/tile/0/000");
        let mut bytes = fs::read(&tile)?;
        bytes[100] ^= 1;
        fs::write(&tile, &bytes)?;
        let refused = !self.go(root, "w/log")?.status.success();
        bytes[100] ^= 1;
        fs::write(&tile, bytes)?;
        ensure!(refused, "go accepts a log with a byte changed in a tile");
        println!("ok   golang.org/x/mod/sumdb refuses it with one byte changed");
        Ok(())
    }

    /// An authority of our own, by OpenSSL, stamps a checkpoint; OpenSSL verifies what we kept.
    fn stamped_by_openssl(&self) -> Result<()> {
        let config = "[ca]\nbasicConstraints=critical,CA:true\n[tsa]\nextendedKeyUsage=critical,timeStamping\n\
            [tsa_config]\nserial=serial\nsigner_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\n\
            accuracy=secs:1\nordering=no\ntsa_name=no\ness_cert_id_chain=no\n[req]\ndistinguished_name=dn\n[dn]\n";
        fs::write(self.folder.join("tsa.cnf"), config)?;
        self.openssl("req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=CA -days 2 -config tsa.cnf -extensions ca")?;
        self.openssl("req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj /CN=TSA -config tsa.cnf")?;
        self.openssl("x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 2 -extfile tsa.cnf -extensions tsa")?;
        self.run(&["log", "anchor", "w", "--request", "query.tsq"])?;
        self.openssl("ts -reply -queryfile query.tsq -inkey tsa.key -signer tsa.pem -config tsa.cnf -section tsa_config -out reply.tsr")?;
        self.run(&["log", "anchor", "w", "--response", "reply.tsr"])?;
        let anchors = fs::read_dir(self.folder.join("w/anchors"))?;
        let paths: Vec<PathBuf> = anchors.map(|e| Ok(e?.path())).collect::<std::io::Result<_>>()?;
        let of = |ending: &str| {
            let found = paths.iter().find(|p| p.extension().is_some_and(|e| e == ending));
            found.map(|p| p.display().to_string()).context("an anchor was not kept")
        };
        let (token, about) = (of("tsr")?, of("checkpoint")?);
        let verify = format!("ts -verify -in {token} -data {about} -CAfile ca.pem");
        self.openssl(&verify)?;
        let verified = self.run(&["verify", "w"])?;
        ensure!(verified.contains("time-stamped 20"), "blanik verify does not tell it: {verified}");
        let as_it_was = fs::read_to_string(&about)?;
        fs::write(&about, as_it_was.replacen("interop", "interap", 1))?;
        ensure!(self.openssl(&verify).is_err(), "openssl accepts the stamp for another checkpoint");
        ensure!(self.run(&["verify", "w"]).is_err(), "blanik accepts it for another checkpoint");
        fs::write(&about, as_it_was)?;
        println!("ok   openssl ts: verifies our anchor, and refuses it for another checkpoint");
        Ok(())
    }

    fn openssl(&self, line: &str) -> Result<()> {
        let output = Command::new("openssl")
            .args(line.split(' '))
            .current_dir(&self.folder)
            .output()
            .context("cannot run openssl")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "openssl {line}: {said}");
        Ok(())
    }
}
