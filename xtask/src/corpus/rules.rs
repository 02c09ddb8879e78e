//! Ten times the rules: each as it is, and nine times under another name with its literals altered, so
//! that no copy asks the same questions. Log sources stay. A literal that two rules share is shared by
//! their copies, too.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use yaml_serde::Value;

use super::draw::Draw;
use super::report::Made;
use super::sink::{Sink, Written};
use crate::tree;

/// Times the rules.
const TIMES: u32 = 10;

/// Writes the rules below `from` ten times into `to`.
pub fn multiply(from: &Path, to: &Path, seed: u64) -> Result<Made> {
    let (mut files, mut rules, mut others) = (Vec::new(), 0, 0);
    let is_rule = |path: &Path| path.extension().is_some_and(|e| e == "yml");
    for (number, path) in tree::files(from)?.iter().filter(|path| is_rule(path)).enumerate() {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let Ok(rule) = yaml_serde::from_str::<Value>(&text) else {
            others += 1;
            continue;
        };
        rules += 1;
        for copy in 0..TIMES {
            let text = match copy {
                0 => text.clone(),
                copy => yaml_serde::to_string(&copy_of(&rule, seed, copy)).context("no YAML")?,
            };
            // A hundred rules a folder: as many as people keep.
            let name = format!("{copy}/{:02}/{number:04}.yml", number / 100);
            files.push(write(to, &name, &text)?);
        }
    }
    ensure!(rules > 0, "{} holds no rule", from.display());
    let note = format!("{TIMES} times {rules} rules; {others} files are none");
    let made = Made { files, notes: vec![note], events: 0, ..Made::default() };
    Ok(made)
}

/// Writes a file and calls it by its name below the folder.
pub fn write(folder: &Path, name: &str, text: &str) -> Result<Written> {
    let mut sink = Sink::create(&folder.join(name), u64::MAX)?;
    sink.write(text.as_bytes())?;
    Ok(Written { name: name.to_owned(), ..sink.finish()? })
}

fn copy_of(rule: &Value, seed: u64, copy: u32) -> Value {
    let mut rule = rule.clone();
    let Some(map) = rule.as_mapping_mut() else { return rule };
    for (key, value) in map.iter_mut() {
        match (key.as_str(), value) {
            (Some("title"), Value::String(title)) => title.push_str(&format!(" ({copy})")),
            (Some("name"), Value::String(name)) => name.push_str(&format!("_{copy}")),
            (Some("id"), Value::String(id)) => *id = identifier(id, seed, copy),
            (Some("detection"), value) => alter_all(value, seed, copy),
            _ => {}
        }
    }
    // Rules the copy is related to have copies of their own; it is related to none of them.
    map.remove("related");
    rule
}

/// A UUID of version 4.
fn identifier(id: &str, seed: u64, copy: u32) -> String {
    let mut draw = Draw::of(seed, id.as_bytes(), u64::from(copy));
    let (high, low) = (draw.bits(), draw.bits());
    let (third, fourth) = (high & 0xfff, low >> 50 & 0x3fff | 0x8000);
    format!(
        "{:08x}-{:04x}-4{third:03x}-{fourth:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        low & 0xffff_ffff_ffff
    )
}

/// Alters the literals of a detection; its condition names selections and stays.
fn alter_all(detection: &mut Value, seed: u64, copy: u32) {
    let Some(map) = detection.as_mapping_mut() else { return };
    for (key, value) in map.iter_mut() {
        // What a rule leaves out stays left out: the copies are to ask more, not to find more.
        let name = key.as_str().unwrap_or_default();
        if !matches!(name, "condition" | "timeframe") && !name.starts_with("filter") {
            alter(value, "", seed, copy);
        }
    }
}

fn alter(value: &mut Value, key: &str, seed: u64, copy: u32) {
    match value {
        Value::String(text) if has_literals(key) => *text = altered(text, seed, copy),
        Value::Sequence(items) => items.iter_mut().for_each(|item| alter(item, key, seed, copy)),
        Value::Mapping(map) => {
            for (key, value) in map.iter_mut() {
                let key = key.as_str().unwrap_or_default().to_owned();
                alter(value, &key, seed, copy);
            }
        }
        _ => {}
    }
}

/// False for values that are names of fields, networks or placeholders, and for those that make the
/// kind of an event: without it, a rule costs nothing.
fn has_literals(key: &str) -> bool {
    let mut parts = key.split('|');
    let kind = matches!(parts.next(), Some("EventID" | "Channel" | "Provider_Name" | "event_type"));
    !kind && !parts.any(|modifier| matches!(modifier, "fieldref" | "cidr" | "expand" | "exists"))
}

/// Two letters more in the middle of the longest word.
fn altered(text: &str, seed: u64, copy: u32) -> String {
    let Some((from, to)) = longest_word(text) else { return text.to_owned() };
    let mut draw = Draw::of(seed, text.as_bytes(), u64::from(copy));
    let mut letters = String::new();
    for _ in 0..2 {
        letters.push(char::from(draw.one_of(b"abcdefghijklmnopqrstuvwxyz")));
    }
    let at = from + (to - from) / 2;
    format!("{}{letters}{}", &text[..at], &text[at..])
}

/// Where the longest run of letters stands. The letter behind a backslash may be a class of a regular
/// expression, and belongs to it; so do names in its brackets.
fn longest_word(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut at, mut longest) = (0, None::<(usize, usize)>);
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let escaped = usize::from(at > 0 && bytes[at - 1] == b'\\');
        let flags = at > 0 && matches!(bytes[at - 1], b'?' | b':');
        let (from, to) = (at + escaped, at + run);
        if !flags && to > from + 1 && longest.is_none_or(|(f, t)| t - f < to - from) {
            longest = Some((from, to));
        }
        at += run.max(1);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: &str = "title: T\nid: 0b0b0b0b-0000-4000-8000-000000000000\nlogsource:\n  product: windows\n\
                        detection:\n  a:\n    EventID: 4\n    Image|endswith: ['\\cmd.exe', '\\net.exe']\n    \
                        B|re: '^\\w+\\.png$'\n    C|fieldref: Name\n    Channel: Security\n  condition: a\n";

    #[test]
    fn a_copy_asks_other_questions_of_the_same_events() {
        let rule: Value = yaml_serde::from_str(RULE).expect("a rule");
        let copy = copy_of(&rule, 1, 3);
        assert_eq!(copy["logsource"], rule["logsource"]);
        assert_eq!(copy["detection"]["condition"], rule["detection"]["condition"]);
        let (old, new) = (&rule["detection"]["a"], &copy["detection"]["a"]);
        for same in ["EventID", "C|fieldref", "Channel"] {
            assert_eq!(old[same], new[same]);
        }
        let image = new["Image|endswith"][0].as_str().expect("text");
        assert!(image.starts_with('\\') && image.len() == "\\cmd.exe".len() + 2, "{image}");
        let pattern = new["B|re"].as_str().expect("text");
        assert!(pattern.starts_with("^\\w+\\.p") && pattern.ends_with('$'), "{pattern}");
        assert_ne!(copy["id"], rule["id"]);
        assert_ne!(copy_of(&rule, 1, 4), copy);
        assert_eq!(copy_of(&rule, 1, 3), copy);
    }
}
