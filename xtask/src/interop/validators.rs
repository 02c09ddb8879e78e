//! Validators and readers written by others take what we publish: OASIS's of STIX, PyMISP, misp-stix, mitreattack-python,
//! case-utils, the Timesketch importer. They live in one Python environment that is made once and kept in `target`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// What is installed, in one go: pip looks for versions that go together. 3.3.1 of stix2-validator lacks its schemas.
const PACKAGES: &[&str] = &[
    "stix2-validator==3.2.0",
    "stix2-patterns",
    "stix2",
    "pymisp",
    "misp-stix",
    "mitreattack-python",
    "case-utils",
    "timesketch-import-client",
];

/// The checks of `validators.py`: a name, what it is called, and the package and module without which it is left out.
const CHECKS: &[(&str, &str, &str, &str)] = &[
    ("stix", "stix2-validator", "stix2-validator", "stix2validator"),
    ("patterns", "stix2-patterns, python-stix2", "stix2-patterns", "stix2patterns"),
    ("flow", "stix2-validator of the Attack Flow", "stix2-validator", "stix2validator"),
    ("misp", "PyMISP", "pymisp", "pymisp"),
    ("misp_stix", "misp-stix", "misp-stix", "misp_stix_converter"),
    ("navigator", "mitreattack-python", "mitreattack-python", "mitreattack"),
    ("case", "case-utils", "case-utils", "case_utils"),
    ("timesketch", "Timesketch's importer", "timesketch-import-client", "timesketch_import_client"),
    ("tables", "Python's csv, PyYAML", "timesketch-import-client", "yaml"),
];

/// Has them all read the files of a pack's folder, which is called `what`. Returns what was left out, and why.
pub(super) fn read(root: &Path, files: &Path, what: &str) -> Result<Vec<String>> {
    let home = match install(root) {
        Ok(home) => home,
        Err(reason) => return Ok(vec![reason]),
    };
    let mut skipped = Vec::new();
    for (check, title, package, module) in CHECKS {
        if !has(&home, module) {
            skipped.push(format!("pip cannot install {package}: it did not read what we publish"));
            continue;
        }
        let output = Command::new(python(&home))
            .arg(root.join("xtask/interop/python/validators.py"))
            .arg(check)
            .arg(files)
            .output()
            .context("cannot run python")?;
        let (said, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "{title} refuses what we publish:\n{errors}");
        println!("ok   {title}, {what}: {}", said.trim_end());
    }
    Ok(skipped)
}

/// Our example publication's files, where no pack is named.
pub(super) fn example(root: &Path, folder: &Path) -> Result<PathBuf> {
    let files = folder.join("exports");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["run", "--quiet", "--package", "blanik-share", "--example", "exports", "--"])
        .arg(&files)
        .current_dir(root)
        .output()
        .context("cannot run cargo")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "the example of share: {said}");
    Ok(files)
}

/// The pack of the exercise, unpacked: a whole case, published for everyone.
pub(super) fn exercise(blanik: &Path, folder: &Path) -> Result<PathBuf> {
    let output = Command::new(blanik)
        .args(["demo", "--quiet", "--keep", "demo"])
        .current_dir(folder)
        .output()
        .context("cannot run blanik")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "blanik demo: {said}");
    let output = Command::new("python3")
        .args(["-m", "zipfile", "-e", "demo/pack.zip", "pack"])
        .current_dir(folder)
        .output()
        .context("cannot run python3")?;
    ensure!(output.status.success(), "Python's zipfile refuses the pack");
    Ok(folder.join("pack"))
}

fn python(home: &Path) -> PathBuf {
    home.join("bin/python")
}

fn has(home: &Path, module: &str) -> bool {
    done(Command::new(python(home)).args(["-c", &format!("import {module}")]))
}

fn done(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Where they are installed. One that cannot be is tried alone, so that it costs no other its place.
fn install(root: &Path) -> Result<PathBuf, String> {
    let home = root.join("target/interop-venv");
    let listed = PACKAGES.join("\n");
    let kept = home.join("packages");
    if fs::read_to_string(&kept).is_ok_and(|of| of == listed) {
        return Ok(home);
    }
    if !done(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home)) {
        return Err("python3 -m venv fails: no validator read what we publish".into());
    }
    let install = |packages: &[&str]| {
        let mut pip = Command::new(home.join("bin/pip"));
        done(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages))
    };
    let mut complete = install(PACKAGES);
    if !complete {
        let failed = PACKAGES.iter().filter(|package| !install(&[package])).count();
        complete = failed == 0;
    }
    // What is incomplete is tried again next time.
    if complete {
        fs::write(&kept, listed).map_err(|error| error.to_string())?;
    }
    Ok(home)
}
