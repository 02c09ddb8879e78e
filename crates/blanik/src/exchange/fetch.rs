//! `blanik rules fetch` and `blanik intel fetch`: SigmaHQ's release and ATT&CK from their publishers, into a folder that can be carried.
//! `fetched.json` says of each file where it is from, when, and its SHA-256; from a carried folder nothing is taken that differs.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use blanik_evidence::Hash;
use blanik_model::Timestamp;
use blanik_model::text::for_terminal;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use super::web::download;
use crate::cli::exchange::FetchArgs;
use crate::evidence;
use crate::outfile::write_whole;

const MANIFEST: &str = "fetched.json";
const BYTES_MAX: u64 = 512 << 20;
const DIGEST_BYTES_MAX: u64 = 1 << 20;
/// Of rules, when they are unpacked.
const RULES_MAX: usize = 50_000;
const RULE_BYTES_MAX: u64 = 1 << 20;

/// What there is to fetch.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// What it is called in a folder.
    file: &'static str,
    /// Where its publisher has it.
    url: &'static str,
    /// Where it is got from instead, if this is set.
    variable: &'static str,
}

/// SigmaHQ's release of all rules.
pub const RULES: Published = Published {
    file: "sigma_all_rules.zip",
    url: "https://github.com/SigmaHQ/sigma/releases/latest/download/sigma_all_rules.zip",
    variable: "BLANIK_RULES_URL",
};

/// ATT&CK for enterprises, as STIX 2.1.
pub const ATTACK: Published = Published {
    file: "enterprise-attack.json",
    url: "https://raw.githubusercontent.com/mitre-attack/attack-stix-data/master/enterprise-attack/enterprise-attack.json",
    variable: "BLANIK_ATTACK_URL",
};

/// What `fetched.json` says of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Fetched {
    file: String,
    source: String,
    at: Timestamp,
    size: u64,
    sha256: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Manifest {
    files: Vec<Fetched>,
}

/// Fetches rules, and unpacks them.
///
/// # Errors
/// If they cannot be got, are not what they should be, or cannot be written.
pub fn rules(args: &FetchArgs) -> Result<ExitCode> {
    let path = fetch(&RULES, args, |file| archive(file).map(drop))?;
    let folder = args.to.join("rules");
    let count = unpack(archive(File::open(&path)?)?, &folder)?;
    let folder = for_terminal(&folder.display().to_string()).into_owned();
    println!("{count} rules: blanik hunt LOGS --rules {folder}");
    Ok(ExitCode::SUCCESS)
}

/// Fetches ATT&CK.
///
/// # Errors
/// As [`rules`].
pub fn intelligence(args: &FetchArgs) -> Result<ExitCode> {
    #[derive(Deserialize)]
    struct Bundle {
        #[serde(rename = "type")]
        ty: String,
        objects: Vec<serde::de::IgnoredAny>,
    }
    let path = fetch(&ATTACK, args, |file| {
        let bundle: Bundle = serde_json::from_reader(std::io::BufReader::new(file))?;
        ensure!(bundle.ty == "bundle" && !bundle.objects.is_empty(), "no STIX bundle with objects");
        Ok(())
    })?;
    let path = for_terminal(&path.display().to_string()).into_owned();
    println!("blanik intel add {path} --workspace CASES --source MITRE --grade A2");
    Ok(ExitCode::SUCCESS)
}

/// Gets a file, holds it against its digests and looks whether it is what it should be. Only then it has its name.
fn fetch(
    what: &Published,
    args: &FetchArgs,
    check: impl Fn(File) -> Result<()>,
) -> Result<PathBuf> {
    let asked =
        args.from.clone().or_else(|| std::env::var(what.variable).ok().filter(|v| !v.is_empty()));
    let from = asked.unwrap_or_else(|| what.url.to_owned());
    fs::create_dir_all(&args.to).with_context(|| format!("cannot make {}", args.to.display()))?;
    let mut temporary = tempfile::NamedTempFile::new_in(&args.to)
        .with_context(|| format!("cannot write to {}", args.to.display()))?;
    let is_url = from.starts_with("https://") || from.starts_with("http://");
    let mut out = Digesting { out: temporary.as_file_mut(), digest: Sha256::new() };
    let carried = match is_url {
        true => {
            download(&from, args.ca.as_deref(), BYTES_MAX, &mut out)?;
            None
        }
        false => Some(carried(Path::new(&from), what.file, &mut out)?),
    };
    let sha256 = Hash(out.digest.finalize().into()).to_hex();
    let shown = for_terminal(&from).into_owned();
    if let Some(expected) = expected(what, args, carried.as_ref())? {
        ensure!(
            sha256.eq_ignore_ascii_case(&expected),
            "{shown}: its SHA-256 is {sha256}, and should be {expected}: nothing was kept"
        );
    } else {
        let vouches = if from.starts_with("https://") { "TLS alone" } else { "nothing" };
        eprintln!(
            "blanik: nobody said what its SHA-256 should be (--sha256, --sha256-from); {vouches} vouches for it"
        );
    }
    temporary.as_file().sync_all()?;
    let size = temporary.as_file().metadata()?.len();
    check(temporary.reopen()?).with_context(|| format!("{shown} is not {}", what.file))?;
    let path = args.to.join(what.file);
    temporary.persist(&path).with_context(|| format!("cannot write {}", path.display()))?;
    let (source, at) = match carried {
        Some(carried) => (carried.source, carried.at),
        None => (from, evidence::now()?),
    };
    println!("{}  {sha256}  {size} bytes", for_terminal(&path.display().to_string()));
    record(&args.to, Fetched { file: what.file.to_owned(), source, at, size, sha256 })?;
    Ok(path)
}

/// Copies a file of a carried folder. What the folder says of it.
fn carried(folder: &Path, file: &str, out: &mut dyn Write) -> Result<Fetched> {
    let manifest = read_manifest(folder)?
        .with_context(|| format!("{} holds no {MANIFEST}: was it fetched?", folder.display()))?;
    let fetched = manifest.files.into_iter().find(|fetched| fetched.file == file);
    let fetched = fetched.with_context(|| format!("{} holds no {file}", folder.display()))?;
    let path = folder.join(file);
    let context = || format!("cannot read {}", path.display());
    let mut reader = File::open(&path).with_context(context)?.take(BYTES_MAX + 1);
    let bytes = std::io::copy(&mut reader, out).with_context(context)?;
    ensure!(bytes <= BYTES_MAX, "{} is longer than {BYTES_MAX} bytes (limit)", path.display());
    Ok(fetched)
}

/// What the digest should be: as the user says, else as the publisher, else as who carried it.
fn expected(
    what: &Published,
    args: &FetchArgs,
    carried: Option<&Fetched>,
) -> Result<Option<String>> {
    let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some(given) = &args.sha256 {
        ensure!(is_digest(given), "--sha256 is 64 hex digits");
        // A carried folder has to keep both promises.
        if let Some(carried) = carried {
            ensure!(
                carried.sha256.eq_ignore_ascii_case(given),
                "{MANIFEST} names another SHA-256: {}",
                carried.sha256
            );
        }
        return Ok(Some(given.clone()));
    }
    let Some(url) = &args.sha256_from else {
        return Ok(carried.map(|carried| carried.sha256.clone()));
    };
    let mut text = Vec::new();
    download(url, args.ca.as_deref(), DIGEST_BYTES_MAX, &mut text)?;
    let text = String::from_utf8(text).with_context(|| format!("{url} is no text"))?;
    let mut lines = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let digest = words.next().filter(|word| is_digest(word))?;
        Some((digest, words.next().map(|name| name.trim_start_matches('*'))))
    });
    // One digest alone, or that of the file's name.
    let found = lines.find(|(_, name)| name.is_none_or(|name| name.ends_with(what.file)));
    match found {
        Some((digest, _)) => Ok(Some(digest.to_owned())),
        None => bail!("{url} names no SHA-256 of {}", what.file),
    }
}

fn read_manifest(folder: &Path) -> Result<Option<Manifest>> {
    let path = folder.join(MANIFEST);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let manifest = serde_json::from_str(&text);
            manifest.map(Some).with_context(|| format!("{} is damaged", path.display()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn record(folder: &Path, fetched: Fetched) -> Result<()> {
    let mut manifest = read_manifest(folder)?.unwrap_or_default();
    manifest.files.retain(|other| other.file != fetched.file);
    manifest.files.push(fetched);
    manifest.files.sort_by(|a, b| a.file.cmp(&b.file));
    write_whole(&folder.join(MANIFEST), &serde_json::to_vec_pretty(&manifest)?)
}

/// Writes, and digests what it writes.
struct Digesting<W> {
    out: W,
    digest: Sha256,
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

fn archive(file: File) -> Result<ZipArchive<File>> {
    let archive = ZipArchive::new(file).context("no zip archive")?;
    ensure!(
        archive.file_names().any(|name| name.is_ok_and(|name| is_rule(&name))),
        "no rules in it"
    );
    Ok(archive)
}

fn is_rule(name: &str) -> bool {
    name.ends_with(".yml") || name.ends_with(".yaml")
}

/// Unpacks the rules into a folder of their own, which appears when it is whole; an older one is replaced. How many.
fn unpack(mut archive: ZipArchive<File>, folder: &Path) -> Result<usize> {
    let parent = folder.parent().context("it lies in a folder")?;
    let temporary = tempfile::Builder::new().prefix(".rules-").tempdir_in(parent)?;
    let mut count = 0;
    for i in 0..archive.len() {
        let entry = archive.by_index(i).context("the archive is damaged")?;
        let name = entry.name().context("the archive is damaged")?.into_owned();
        if !entry.is_file() || !is_rule(&name) {
            continue;
        }
        count += 1;
        ensure!(count <= RULES_MAX, "more than {RULES_MAX} rules (limit)");
        // No name leads out of the folder.
        let inside = entry.enclosed_name();
        let inside = inside.with_context(|| format!("a rule's name leads elsewhere: {name:?}"))?;
        let path = temporary.path().join(inside);
        let context = || format!("cannot write {}", path.display());
        fs::create_dir_all(path.parent().with_context(context)?).with_context(context)?;
        let mut out = File::create(&path).with_context(context)?;
        let bytes =
            std::io::copy(&mut entry.take(RULE_BYTES_MAX + 1), &mut out).with_context(context)?;
        ensure!(bytes <= RULE_BYTES_MAX, "a rule of more than {RULE_BYTES_MAX} bytes (limit)");
    }
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot replace {}", folder.display()))?;
    }
    fs::rename(temporary.keep(), folder)
        .with_context(|| format!("cannot write {}", folder.display()))?;
    Ok(count)
}
