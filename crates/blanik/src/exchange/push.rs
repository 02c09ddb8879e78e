//! `blanik share push`: STIX bundles to a TAXII collection, events to MISP. Both hold what they get once, so that whoever was
//! interrupted sends it again.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use blanik_model::text::for_terminal;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::misp;
use super::taxii::{self, For};
use super::web::{Scheme, Web};
use crate::cli::exchange::PushArgs;

/// Of a file that is sent.
const FILE_BYTES_MAX: u64 = 256 << 20;
const FAILURES_SHOWN: usize = 20;

#[derive(Deserialize)]
struct Bundle {
    #[serde(rename = "type")]
    ty: String,
    objects: Vec<Box<RawValue>>,
}

/// Does what the command line says.
///
/// # Errors
/// If a file is not what it should be, or the server is not reached.
pub fn run(args: &PushArgs) -> Result<ExitCode> {
    if args.misp { push_events(args) } else { push_bundles(args) }
}

fn push_bundles(args: &PushArgs) -> Result<ExitCode> {
    // All files before the first byte is sent.
    let bundles = args.files.iter().map(|path| Ok((path, bundle(path)?)));
    let bundles: Vec<_> = bundles.collect::<Result<_>>()?;
    let web = Web::new(&args.url, &args.access, Scheme::Bearer)?;
    let collection = taxii::find(&web, &args.url, args.collection.as_deref(), For::Writing)?;
    let mut refused = 0;
    for (path, objects) in bundles {
        let shown = for_terminal(&path.display().to_string()).into_owned();
        let outcome = taxii::add(&web, &collection, &objects).with_context(|| shown.clone())?;
        let failures = outcome.failures.len();
        let pending = match outcome.pending {
            0 => String::new(),
            n => format!(", {n} pending"),
        };
        println!("{shown}: {} taken, {failures} refused{pending}", outcome.successes);
        for failure in outcome.failures.iter().take(FAILURES_SHOWN) {
            eprintln!("blanik: {}", for_terminal(failure));
        }
        refused += failures;
    }
    Ok(ExitCode::from(u8::from(refused > 0)))
}

fn push_events(args: &PushArgs) -> Result<ExitCode> {
    ensure!(args.access.token_file.is_some(), "MISP asks for an API key: --token-file FILE");
    let web = Web::new(&args.url, &args.access, Scheme::Bare)?;
    let mut refused = 0;
    for path in &args.files {
        let shown = for_terminal(&path.display().to_string()).into_owned();
        match misp::push(&web, &args.url, &read(path)?) {
            Ok(outcome) => println!("{shown}: {outcome}"),
            Err(error) => {
                refused += 1;
                eprintln!("blanik: {}", for_terminal(&format!("{shown}: {error:#}")));
            }
        }
    }
    Ok(ExitCode::from(u8::from(refused > 0)))
}

fn bundle(path: &Path) -> Result<Vec<Box<RawValue>>> {
    let text = read(path)?;
    let bundle: Bundle = serde_json::from_str(&text)
        .with_context(|| format!("{} is no STIX bundle", path.display()))?;
    ensure!(bundle.ty == "bundle", "{} is no STIX bundle", path.display());
    Ok(bundle.objects)
}

fn read(path: &Path) -> Result<String> {
    let shown = path.display();
    let bytes = fs::metadata(path).with_context(|| format!("cannot read {shown}"))?.len();
    if bytes > FILE_BYTES_MAX {
        bail!("{shown} is {bytes} bytes; at most {FILE_BYTES_MAX} are sent");
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))
}
