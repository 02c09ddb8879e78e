//! The advisory on paper, as programs of others read it: qpdf finds no fault, poppler's text has each sentence.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// Has them read each PDF of a pack's folder. Returns what was left out, and why.
pub(super) fn read(files: &Path) -> Result<Vec<String>> {
    let mut skipped = Vec::new();
    let sheets = sheets(files)?;
    ensure!(!sheets.is_empty(), "{} has no advisory on paper", files.display());
    if super::has("qpdf", &["--version"]) {
        for sheet in &sheets {
            let output = Command::new("qpdf").arg("--check").arg(sheet).output()?;
            let said = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "qpdf refuses {}:\n{said}", sheet.display());
        }
        println!("ok   qpdf: {} sheets without a fault", sheets.len());
    } else {
        skipped.push("qpdf is not installed: it did not check the PDF".into());
    }
    if super::has("pdftotext", &["-v"]) {
        let mut claims = 0;
        for sheet in &sheets {
            claims += said(files, sheet)?;
        }
        println!("ok   poppler: {claims} sentences read from paper as they were published");
    } else {
        skipped.push("pdftotext is not installed: nobody foreign read the PDF".into());
    }
    Ok(skipped)
}

fn sheets(files: &Path) -> Result<Vec<PathBuf>> {
    let mut sheets = Vec::new();
    for entry in fs::read_dir(files)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "pdf") {
            sheets.push(path);
        }
    }
    sheets.sort();
    Ok(sheets)
}

/// How many claims the sheet says, which must be all of them.
fn said(files: &Path, sheet: &Path) -> Result<usize> {
    let name = sheet.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let language = name.split('.').nth(1).context("a sheet without a language")?;
    let publication: Value = serde_json::from_slice(&fs::read(files.join("publication.json"))?)?;
    // In the order in which it was set, not by columns of the page.
    let output = Command::new("pdftotext").arg("-raw").arg(sheet).arg("-").output()?;
    let text = bare(&String::from_utf8_lossy(&output.stdout));
    let chapters = publication["chapters"].as_array().context("no chapters")?;
    let mut n = 0;
    for claim in chapters.iter().flat_map(|c| c["claims"].as_array().into_iter().flatten()) {
        let claim = claim["text"][language].as_str().context("a claim without text")?;
        ensure!(text.contains(&bare(claim)), "poppler does not find in {name}: {claim}");
        n += 1;
    }
    ensure!(n > 0, "{name} has no claim");
    Ok(n)
}

/// Without white space, what only says where lines may break, and hyphens that are repeated where one does.
fn bare(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '\u{200b}' | '\u{ad}')) {
        if c != '-' || !out.ends_with('-') {
            out.push(c);
        }
    }
    out
}
