//! Rule files from disk, and the placeholders they refer to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use blanik_detect::{Document, Options, Problem, Rules, builtin};

/// A rule file longer than this is none.
const RULE_FILE_BYTES_MAX: u64 = 16 << 20;
/// Folders below the one given.
const FOLDER_DEPTH_MAX: usize = 64;

/// Compiles the rules of these files and folders, or the built-in ones where none are given.
///
/// Errors only where a path cannot be read at all; what is wrong with a rule is a [`Problem`].
pub fn load(paths: &[PathBuf], placeholders: &[PathBuf]) -> Result<(Rules, Vec<Problem>)> {
    let options = Options { placeholders: read_placeholders(placeholders)? };
    let documents = if paths.is_empty() { builtin::documents() } else { documents(paths)? };
    let (rules, problems) = Rules::compile(&documents, &options);
    Ok((rules, problems))
}

/// The rule files: each path given, and below folders each `.yml` and `.yaml`, sorted.
pub fn documents(paths: &[PathBuf]) -> Result<Vec<Document>> {
    let mut documents = Vec::new();
    for path in paths {
        let kind = fs::metadata(path)
            .with_context(|| format!("cannot read rules from {}", path.display()))?;
        if kind.is_dir() {
            let before = documents.len();
            walk(path, 0, &mut documents)?;
            if documents.len() == before {
                bail!("there is no .yml or .yaml file below {}", path.display());
            }
        } else {
            documents.push(read(path)?);
        }
    }
    Ok(documents)
}

fn walk(folder: &Path, depth: usize, documents: &mut Vec<Document>) -> Result<()> {
    if depth > FOLDER_DEPTH_MAX {
        bail!("{} lies too deep: a folder linked into itself?", folder.display());
    }
    let context = || format!("cannot read the folder {}", folder.display());
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|d| d.map(|e| e.map(|e| e.path())).collect())
        .with_context(context)?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, depth + 1, documents)?;
        } else if path.extension().is_some_and(|e| e == "yml" || e == "yaml") {
            documents.push(read(&path)?);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Document> {
    let context = || format!("cannot read the rule file {}", path.display());
    let len = fs::metadata(path).with_context(context)?.len();
    if len > RULE_FILE_BYTES_MAX {
        bail!("{} has {len} bytes: no rule file is so long", path.display());
    }
    let bytes = fs::read(path).with_context(context)?;
    // Invalid UTF-8 becomes U+FFFD here; the parser then names what it cannot read.
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text).to_owned();
    Ok(Document { origin: path.display().to_string(), text })
}

/// Values for `%name%`: a YAML or JSON file that maps names to lists, or a text file `name.txt` with a
/// value a line.
fn read_placeholders(paths: &[PathBuf]) -> Result<BTreeMap<String, Vec<String>>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in paths {
        let text = fs::read_to_string(path)
            .with_context(|| format!("cannot read the placeholders in {}", path.display()))?;
        if path.extension().is_some_and(|e| e == "txt") {
            let name =
                path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            let lines =
                text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
            all.entry(name).or_default().extend(lines.map(str::to_owned));
            continue;
        }
        let named: BTreeMap<String, OneOrMany> =
            yaml_serde::from_str(&text).with_context(|| {
                format!(
                    "{} should map names to lists of values, like `admins: [novak, svc-*]`",
                    path.display()
                )
            })?;
        for (name, values) in named {
            all.entry(name).or_default().extend(values.into_vec());
        }
    }
    Ok(all)
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn into_vec(self) -> Vec<String> {
        match self {
            OneOrMany::One(value) => vec![value],
            OneOrMany::Many(values) => values,
        }
    }
}
