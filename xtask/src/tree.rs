//! The repository's files: those that git tracks, and those it would if they were added.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A text file of the repository.
pub struct Text {
    /// Its path below the root, `/` between folders.
    pub path: String,
    /// What stands in it.
    pub text: String,
}

/// See the module.
pub struct Tree {
    /// The repository's root.
    pub root: PathBuf,
    /// All files, by path below the root, sorted.
    pub paths: Vec<String>,
    /// Those that are text.
    pub texts: Vec<Text>,
}

impl Tree {
    /// Reads the repository that this program was built from.
    pub fn read() -> Result<Tree> {
        let root = root();
        let git = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
            .current_dir(&root)
            .output()
            .context("cannot run git")?;
        ensure!(git.status.success(), "git: {}", String::from_utf8_lossy(&git.stderr).trim());
        let list = String::from_utf8(git.stdout).context("a path is not UTF-8")?;
        let mut paths: Vec<String> = list.split('\0').map(str::to_owned).collect();
        // A file that was deleted and is still in git's index is not there any more.
        paths.retain(|p| root.join(p).is_file());
        paths.sort();
        paths.dedup();
        let text = |path: &String| {
            let bytes = fs::read(root.join(path)).ok()?;
            Some(Text { path: path.clone(), text: String::from_utf8(bytes).ok()? })
        };
        let texts = paths.iter().filter_map(text).collect();
        Ok(Tree { root, paths, texts })
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.iter().find(|t| t.path == path).map(|t| t.text.as_str())
    }
}

/// The repository's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("xtask lies in the root").to_owned()
}

/// The unpacked data set: as given, or `BLANIK_DATA`, or `target/data`.
pub fn data(given: Option<&Path>) -> Result<PathBuf> {
    let from_environment = || std::env::var_os("BLANIK_DATA").map(PathBuf::from);
    let data = given.map(Path::to_owned).or_else(from_environment);
    let data = data.unwrap_or_else(|| root().join("target/data"));
    ensure!(
        data.is_dir(),
        "{} is not there: unpack the data set, and name its folder with --data or BLANIK_DATA",
        data.display()
    );
    Ok(data)
}

/// All files below a folder, sorted.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let problem = |path: &Path| format!("cannot read {}", path.display());
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| problem(&folder))? {
            let entry = entry.with_context(|| problem(&folder))?;
            let kind = entry.file_type().with_context(|| problem(&entry.path()))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}
