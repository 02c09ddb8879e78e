//! What a file is, by its content; by its name only what is written for people.

use std::borrow::Cow;

/// Bytes of a file that are read.
pub const FILE_BYTES_MAX: usize = 1 << 30;
/// Lines that are looked at to tell what a text is.
const LINES_LOOKED_AT: usize = 400;

/// What may hold indicators.
pub enum FileKind<'b> {
    /// One JSON value.
    Json(serde_json::Value),
    /// A JSON value a line.
    JsonLines(Cow<'b, str>),
    /// Rows with a header.
    Table(Cow<'b, str>),
    /// A value a line.
    Lines(Cow<'b, str>),
}

/// Tells what a file is. An error says what it is instead of indicators.
pub fn of<'b>(list: &str, bytes: &'b [u8]) -> Result<FileKind<'b>, &'static str> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err("longer than 1 GiB (limit)");
    }
    let name = list.rsplit(['/', '!', '\\']).next().unwrap_or(list).to_ascii_lowercase();
    let for_people = ["readme", "license", "licence", "changelog", "contributing"];
    if for_people.iter().any(|word| name.starts_with(word)) || name.ends_with(".md") {
        return Err("a text for people, no list");
    }
    let text = text(bytes).ok_or("neither text nor JSON")?;
    let start = text.trim_start();
    if start.is_empty() {
        return Err("empty");
    }
    if start.starts_with('{') || start.starts_with('[') && start[1..].trim_start().starts_with('{')
    {
        return json(text);
    }
    if let Some(what) = rules(&text) {
        return Err(what);
    }
    if is_feed_index(&text) {
        return Err("the index of a MISP feed: digests of its values, no hashes of files");
    }
    if super::table::has_header(&text) {
        return Ok(FileKind::Table(text));
    }
    if is_prose(&text) {
        return Err("prose, no list");
    }
    Ok(FileKind::Lines(text))
}

fn text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let utf16 = |bytes: &[u8], read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|c| read([c[0], c[1]])).collect();
        Some(Cow::Owned(String::from_utf16_lossy(&units)))
    };
    match bytes {
        [0xFF, 0xFE, rest @ ..] => return utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => return utf16(rest, u16::from_be_bytes),
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    (!bytes.contains(&0)).then(|| String::from_utf8_lossy(bytes))
}

fn json(text: Cow<'_, str>) -> Result<FileKind<'_>, &'static str> {
    match serde_json::from_str(&text) {
        Ok(value) if is_feed_manifest(&value) => {
            Err("the manifest of a MISP feed: its events stand in files of their own")
        }
        Ok(value) => Ok(FileKind::Json(value)),
        Err(_) => {
            let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
            match serde_json::from_str::<serde_json::Value>(first) {
                Ok(_) => Ok(FileKind::JsonLines(text)),
                Err(_) => Err("invalid JSON"),
            }
        }
    }
}

/// A feed's `hashes.csv`: the MD5 of each value, and the event in which it stands.
fn is_feed_index(text: &str) -> bool {
    let line = |line: &str| {
        line.trim().split_once(',').is_some_and(|(digest, event)| {
            digest.len() == 32 && digest.bytes().all(|b| b.is_ascii_hexdigit()) && is_uuid(event)
        })
    };
    text.lines().take(LINES_LOOKED_AT).all(line)
}

/// A feed's `manifest.json`: what is said of each event, by its UUID.
fn is_feed_manifest(value: &serde_json::Value) -> bool {
    value.as_object().is_some_and(|events| {
        !events.is_empty()
            && events.iter().all(|(id, event)| is_uuid(id) && event.get("info").is_some())
    })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// Rules of other tools hold indicators in conditions of their own.
fn rules(text: &str) -> Option<&'static str> {
    let lines = || text.lines().map(str::trim).take(LINES_LOOKED_AT);
    let begins =
        |words: &[&str]| lines().any(|line| words.iter().any(|word| line.starts_with(word)));
    if begins(&["rule ", "private rule ", "global rule "])
        && lines().any(|l| l.contains("condition"))
    {
        return Some("YARA rules, which match files and not events");
    }
    if begins(&["alert ", "drop ", "#alert "]) && text.contains("msg:") {
        return Some("rules of Snort or Suricata, which match packets and not events");
    }
    if begins(&["logsource:"]) && begins(&["detection:"]) {
        return Some("a Sigma rule: load it with --rules");
    }
    if begins(&["== ", "|===", ":toc:"]) || lines().next().is_some_and(|l| l.starts_with("= ")) {
        return Some("a text for people, no list");
    }
    None
}

/// True if most lines are sentences.
fn is_prose(text: &str) -> bool {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .take(LINES_LOOKED_AT)
        .collect();
    let sentences = lines.iter().filter(|line| line.split_whitespace().count() >= 8).count();
    sentences * 2 > lines.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_list_is_named() {
        for (name, text, what) in [
            ("README.adoc", "x", "a text for people, no list"),
            (
                "x.yar",
                "rule a {\n condition: true }",
                "YARA rules, which match files and not events",
            ),
            (
                "x.rules",
                "alert tcp any any (msg:\"x\";)",
                "rules of Snort or Suricata, which match packets and not events",
            ),
            (
                "hashes.csv",
                "0cc175b9c0f1b6a831c399e269772661,5e0c7a11-0000-4e58-8e5c-ca5e00000001\n",
                "the index of a MISP feed: digests of its values, no hashes of files",
            ),
            (
                "manifest.json",
                "{\"5e0c7a11-0000-4e58-8e5c-ca5e00000001\": {\"info\": \"x\", \"date\": \"2024-01-01\"}}",
                "the manifest of a MISP feed: its events stand in files of their own",
            ),
            ("x", " \n", "empty"),
            ("x", "{\"a\": ", "invalid JSON"),
            ("x", "MZ\0\0", "neither text nor JSON"),
        ] {
            assert_eq!(of(name, text.as_bytes()).err(), Some(what));
        }
    }
}
