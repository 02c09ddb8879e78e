//! Rule files from disk, compiled on all processors, and the placeholders they refer to.

mod files;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result};
use blanik_detect::{Compiler, Document, Draft, Options, Problem, Rules, builtin};

/// Files that a thread takes at a time.
const FILES_AT_A_TIME: usize = 16;

/// What rule files come to.
#[derive(Debug)]
pub struct Loaded {
    /// The rules that can be used.
    pub rules: Rules,
    /// What is wrong with others.
    pub problems: Vec<Problem>,
    /// What they were made of.
    pub texts: Texts,
}

/// The texts of files, each read once: what a hunt on record names by digest is what it was hunted with,
/// whoever changes the files meanwhile.
#[derive(Debug, Default)]
pub struct Texts {
    /// Of the rule files.
    pub rules: Vec<String>,
    /// Of the placeholders that they refer to.
    pub placeholders: Vec<String>,
}

/// Compiles the rules of these files and folders, or the built-in ones where none are given.
///
/// Errors only where a path cannot be read at all; what is wrong with a rule is a [`Problem`].
pub fn load(paths: &[PathBuf], placeholders: &[PathBuf]) -> Result<Loaded> {
    let (options, texts) = read_placeholders(placeholders)?;
    let mut loaded = if paths.is_empty() {
        let documents = builtin::documents();
        let (rules, problems) = Rules::compile(&documents, &options);
        let rule_texts = documents.into_iter().map(|document| document.text).collect();
        Loaded { rules, problems, texts: Texts { rules: rule_texts, ..Texts::default() } }
    } else {
        compile(&files::find(paths)?, &options)?
    };
    loaded.texts.placeholders = texts;
    Ok(loaded)
}

/// The rule files: each path given, and below folders each `.yml` and `.yaml`, sorted.
pub fn documents(paths: &[PathBuf]) -> Result<Vec<Document>> {
    files::find(paths)?.iter().map(|path| files::read(path)).collect()
}

/// Reads and compiles the files by as many threads as there are processors. What comes out is what
/// [`Rules::compile`] makes of them: they are joined in their order, whoever is done first.
fn compile(files: &[PathBuf], options: &Options) -> Result<Loaded> {
    let lots: Vec<&[PathBuf]> = files.chunks(FILES_AT_A_TIME).collect();
    let next = AtomicUsize::new(0);
    let (sender, drafted) = mpsc::channel();
    let threads = thread::available_parallelism().map_or(1, usize::from).min(lots.len());
    thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, lots, next) = (sender.clone(), &lots, &next);
            scope.spawn(move || {
                let take = || next.fetch_add(1, Ordering::Relaxed);
                while let Some((at, lot)) = Some(take()).and_then(|i| Some((i, lots.get(i)?))) {
                    if sender.send((at, draft(lot, options))).is_err() {
                        break; // A file before these cannot be read.
                    }
                }
            });
        }
        drop(sender);
        join(drafted)
    })
}

/// Of files: what they come to, and their texts.
type Drafts = Result<Vec<(Draft, String)>>;

fn draft(files: &[PathBuf], options: &Options) -> Drafts {
    let draft = |path| {
        let document = files::read(path)?;
        Ok((document.draft(options), document.text))
    };
    files.iter().map(|path| draft(path)).collect()
}

/// Joins lots of drafts by their number. The first that could not be read ends it.
fn join(drafted: mpsc::Receiver<(usize, Drafts)>) -> Result<Loaded> {
    let (mut compiler, mut texts) = (Compiler::default(), Texts::default());
    let mut early = BTreeMap::new();
    let mut awaited = 0;
    for (at, drafts) in drafted {
        early.insert(at, drafts);
        while let Some(drafts) = early.remove(&awaited) {
            for (draft, text) in drafts? {
                compiler.add(draft);
                texts.rules.push(text);
            }
            awaited += 1;
        }
    }
    let (rules, problems) = compiler.finish();
    Ok(Loaded { rules, problems, texts })
}

/// Values for `%name%`, and the texts of the files that give them: a YAML or JSON file that maps names to
/// lists, or a text file `name.txt` with a value a line.
fn read_placeholders(paths: &[PathBuf]) -> Result<(Options, Vec<String>)> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut texts = Vec::new();
    for path in paths {
        let text = fs::read_to_string(path)
            .with_context(|| format!("cannot read the placeholders in {}", path.display()))?;
        if path.extension().is_some_and(|e| e == "txt") {
            let name =
                path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            let lines =
                text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
            all.entry(name).or_default().extend(lines.map(str::to_owned));
            texts.push(text);
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
        texts.push(text);
    }
    Ok((Options { placeholders: all }, texts))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The built-in rules as files, with copies whose ids are taken and files that are no rules.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (i, document) in builtin::documents().iter().enumerate() {
            let broken = document.text.replacen("condition:", "condition: not_there and", 1);
            for (name, text) in [("a", &document.text), ("b", &document.text), ("c", &broken)] {
                let path = folder.path().join(format!("{}", i % 7)).join(format!("{i}{name}.yml"));
                fs::create_dir_all(path.parent().expect("it is in the folder")).expect("made");
                fs::write(path, text).expect("written");
            }
        }
        folder
    }

    #[test]
    fn all_processors_make_of_them_what_one_does() {
        let folder = folder();
        let paths = [folder.path().to_owned()];
        let Loaded { rules, problems, texts } = load(&paths, &[]).expect("they are readable");
        let documents = documents(&paths).expect("they are readable");
        assert!(texts.rules.iter().eq(documents.iter().map(|document| &document.text)));
        let (expected, expected_problems) = Rules::compile(&documents, &Options::default());
        assert_eq!(problems, expected_problems);
        assert!(problems.len() >= 2 * builtin::documents().len());
        let spell = |rules: &Rules| rules.iter().map(|r| format!("{r:?}")).collect::<Vec<_>>();
        assert_eq!(spell(&rules), spell(&expected));
        assert_eq!(rules.predicates().len(), expected.predicates().len());
    }

    #[test]
    fn the_first_file_that_cannot_be_read_is_named() {
        let folder = folder();
        let mut files = files::find(&[folder.path().to_owned()]).expect("they are there");
        for (at, name) in [(300, "late"), (40, "early"), (200, "between")] {
            files[at] = folder.path().join(name);
        }
        let error = compile(&files, &Options::default()).expect_err("three are missing");
        assert!(error.to_string().contains("early"), "{error:#}");
    }
}
