//! The advisory's templates: the program's own, or those of a folder, with the pictures, parts and fonts that they use.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use blanik_model::text::for_terminal;
use blanik_share::advisory::{HTML_TEMPLATE, PAPER_TEMPLATE};

use crate::outfile::write_whole;

/// The name of the page's template in a folder.
const PAGE: &str = "advisory.html";
/// The name of the template for paper.
const PAPER: &str = "advisory.typ";
/// What a template may use beside itself: more is no folder of templates.
const BYTES_MAX: u64 = 32 << 20;
const FILES_MAX: usize = 200;

/// Templates, whole.
#[derive(Debug)]
pub struct Templates {
    /// Of the page (Jinja).
    pub page: String,
    /// For paper (Typst).
    pub paper: String,
    /// What the template for paper may read, by name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Fonts.
    pub fonts: Vec<Vec<u8>>,
}

impl Templates {
    /// Those of the folder, and the program's own for what it has none of.
    pub fn of(folder: Option<&Path>) -> Result<Self> {
        let mut templates = Templates {
            page: HTML_TEMPLATE.to_owned(),
            paper: PAPER_TEMPLATE.to_owned(),
            files: BTreeMap::new(),
            fonts: Vec::new(),
        };
        let Some(folder) = folder else { return Ok(templates) };
        let shown = for_terminal(&folder.display().to_string()).into_owned();
        if !folder.is_dir() {
            bail!("{shown} is no folder of templates");
        }
        if !folder.join(PAGE).is_file() && !folder.join(PAPER).is_file() {
            bail!(
                "{shown} has neither {PAGE} nor {PAPER}: `blanik publish --write-template {shown}` writes the program's own, to begin from"
            );
        }
        templates.read(folder).with_context(|| format!("cannot read the templates in {shown}"))?;
        Ok(templates)
    }

    fn read(&mut self, folder: &Path) -> Result<()> {
        let mut left = BYTES_MAX;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            if !path.is_file() {
                continue;
            }
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            let size = path.metadata()?.len();
            let Some(rest) = left.checked_sub(size) else {
                bail!("they are of more than {} MiB", BYTES_MAX >> 20);
            };
            left = rest;
            let bytes = fs::read(&path).with_context(|| format!("cannot read {name:?}"))?;
            let text = |bytes: Vec<u8>| {
                String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8"))
            };
            let kind = name.rsplit('.').next().unwrap_or("").to_lowercase();
            match (&*name, &*kind) {
                (PAGE, _) => self.page = text(bytes)?,
                (PAPER, _) => self.paper = text(bytes)?,
                (_, "otf" | "ttf" | "ttc") => self.fonts.push(bytes),
                _ => {
                    self.files.insert(name, bytes);
                }
            }
            if self.files.len() + self.fonts.len() > FILES_MAX {
                bail!("they are more than {FILES_MAX} files");
            }
        }
        Ok(())
    }

    /// Writes the program's own into a folder, but over nothing.
    pub fn write(folder: &Path) -> Result<()> {
        for (name, text) in [(PAGE, HTML_TEMPLATE), (PAPER, PAPER_TEMPLATE)] {
            let path = folder.join(name);
            if path.exists() {
                bail!(
                    "{} is there already: name another folder",
                    for_terminal(&path.display().to_string())
                );
            }
            write_whole(&path, text.as_bytes())?;
        }
        Ok(())
    }
}
