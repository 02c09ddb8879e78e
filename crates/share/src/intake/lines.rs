//! A value a line: text lists as they come, maltrail's trails, and files of hashes.
//!
//! `#` begins a comment, `|` or a tab what the list says of the value. maltrail's comments name sources and
//! aliases; a heading says what follows.

use blanik_detect::indicators::canonical;
use blanik_model::{IndicatorType, Validity};

use super::List;
use super::place::Place;

/// Aliases of an actor that are kept.
const ALIASES_MAX: usize = 3;
/// File endings that are no domain's.
const ENDINGS: &[&str] = &[
    "exe", "dll", "sys", "bat", "cmd", "ps1", "vbs", "vbe", "js", "jse", "hta", "lnk", "doc",
    "docx", "docm", "xls", "xlsx", "xlsm", "ppt", "pptx", "pdf", "rtf", "zip", "rar", "iso", "img",
    "vhd", "jpg", "jpeg", "png", "gif", "bmp", "txt", "log", "dat", "bin", "tmp", "ini", "cfg",
    "xml", "json", "html", "htm", "php", "asp", "aspx", "jsp", "msi", "jar", "apk", "scr", "cpl",
    "ocx", "drv", "db", "elf", "xll", "chm", "wsf", "cab", "gz", "tgz", "csv", "mp4", "ico", "url",
    "eml", "msg", "key", "plist", "dylib", "dmg", "pkg", "ax", "tlb", "bak", "conf", "inf", "ttf",
    "nls", "mof", "rc", "cfm",
];

impl List<'_> {
    /// Reads a list.
    pub(super) fn lines(&mut self, text: &str, place: &Place) {
        let is_trails = text.lines().take(3).any(|line| line.contains("Maltrail"));
        if is_trails {
            "maltrail".clone_into(&mut self.provenance.source);
        }
        let mut about = About::default();
        for (i, line) in text.lines().enumerate() {
            let number = i as u32 + 1;
            let line = line.trim();
            if line.is_empty() {
                about.ends = true;
            } else if let Some(comment) = comment(line) {
                self.comment(comment, is_trails, place, &mut about);
            } else {
                self.line(line, number, &about);
            }
        }
    }

    fn comment(&mut self, comment: &str, is_trails: bool, place: &Place, about: &mut About) {
        if let Some(aliases) = comment.strip_prefix("Aliases:").filter(|_| is_trails) {
            let names = place.actor.iter().map(String::as_str).chain(aliases.split(','));
            let names = names.map(str::trim).filter(|name| !name.is_empty()).take(ALIASES_MAX + 1);
            self.provenance.actors = names.map(str::to_owned).collect();
            return;
        }
        let reference = comment.strip_prefix("Reference:").map(str::trim);
        if std::mem::take(&mut about.ends) || about.comment.is_empty() {
            reference.unwrap_or(comment).clone_into(&mut about.comment);
        }
        about.heading = heading(comment);
    }

    fn line(&mut self, line: &str, number: u32, about: &About) {
        let line = strip_comment(line);
        let (value, said) = divided(line);
        let value =
            value.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ','));
        let value = value.strip_prefix("* ").or(value.strip_prefix("- ")).unwrap_or(value);
        let comment = if said.is_empty() { &about.comment } else { said };
        let live = canonical::refang(value);
        if let Some(ty) = about.heading.filter(|ty| fits(*ty, &live)) {
            return self.add(ty, value, Validity::default(), comment, number);
        }
        if live.contains('-')
            && let Some(all) = canonical::networks(&live)
        {
            for (address, length) in all {
                let prefix = format!("{address}/{length}");
                self.push(IndicatorType::Network, &prefix, Validity::default(), comment, number);
            }
            return;
        }
        if is_file(&live)
            && let Some(name) = canonical::file_name(&live)
        {
            return self.push(IndicatorType::FileName, &name, Validity::default(), comment, number);
        }
        match canonical::guess(&live) {
            Some((ty, value)) => self.push(ty, &value, Validity::default(), comment, number),
            None => self.not_a_value(&live, number),
        }
    }

    fn not_a_value(&mut self, line: &str, number: u32) {
        // `HASH  name`, as checksum tools write it.
        let first = line.split_whitespace().next().unwrap_or("");
        let rest = line[first.len()..].trim();
        if !rest.is_empty()
            && let Some((ty, value)) = canonical::guess(first)
        {
            return self.push(ty, &value, Validity::default(), rest, number);
        }
        let reason = match line {
            line if line.starts_with('/') => "a path without a host is on too many servers",
            line if line.contains(char::is_whitespace) => "a heading or a sentence, no value",
            _ => "a word of no known shape",
        };
        self.lose(number, reason, line);
    }
}

/// What comments say of the lines that follow.
#[derive(Default)]
struct About {
    comment: String,
    heading: Option<IndicatorType>,
    // A blank line came since.
    ends: bool,
}

fn comment(line: &str) -> Option<&str> {
    let comment = line.strip_prefix('#').or_else(|| line.strip_prefix("//"))?;
    Some(comment.trim_start_matches('#').trim())
}

/// Without a comment behind the value.
fn strip_comment(line: &str) -> &str {
    line.split_once(" #").map_or(line, |(value, _)| value).trim()
}

/// The value, and what is said of it.
fn divided(line: &str) -> (&str, &str) {
    match line.split_once(['|', '\t']) {
        Some((value, said)) => (value.trim(), said.trim()),
        None => (line, ""),
    }
}

/// What headings announce.
fn heading(comment: &str) -> Option<IndicatorType> {
    let lower = comment.to_ascii_lowercase();
    let has = |word: &str| lower.starts_with(word);
    if has("filename") || has("file name") || has("file path") || has("paths") {
        Some(IndicatorType::FilePath)
    } else if has("mutex") {
        Some(IndicatorType::Mutex)
    } else if has("registry") {
        Some(IndicatorType::RegistryKey)
    } else if has("user agent") || has("user-agent") {
        Some(IndicatorType::UserAgent)
    } else {
        None
    }
}

/// True if the value may be what a heading announces.
fn fits(ty: IndicatorType, text: &str) -> bool {
    match ty {
        IndicatorType::FilePath => canonical::path(text).is_some(),
        ty => canonical::of(ty, text).is_some() && canonical::hex(text).is_none(),
    }
}

/// True if it is a file's name, not a domain's.
pub(super) fn is_file(text: &str) -> bool {
    let is_plain = !text.contains(['/', '\\', '@', ':']);
    let ending = text.rsplit_once('.').map_or("", |(_, ending)| ending);
    is_plain && ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}
