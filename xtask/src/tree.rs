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
