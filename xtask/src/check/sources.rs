//! House rules that a program can check: what each file must have, and what none may.

use crate::tree::Tree;

/// File names that say nothing of what is in the file.
const NAMELESS: &[&str] =
    &["mod.rs", "util.rs", "utils.rs", "helper.rs", "helpers.rs", "common.rs", "misc.rs"];

/// What stands in no code outside of tests, and why. (Written in two halves, or this file would be
/// the first to be found.)
const NOT_IN_CODE: &[(&str, &str)] = &[
    (concat!(".unw", "rap()"), "say why it holds: expect(\"…\")"),
    (concat!("to", "do!("), "finish it"),
    (concat!("unimpl", "emented!("), "finish it"),
    (concat!("db", "g!("), "left over from debugging"),
];

/// Crates whose results depend on their inputs alone, and what they therefore never touch.
const PURE: &[&str] =
    &["crates/model/src/", "crates/detect/src/", "crates/case/src/", "crates/attribution/src/"];
const NOT_IN_PURE: &[&str] =
    &["std::fs", "TcpStream", "UdpSocket", "std::env", "std::thread", "SystemTime", "Instant::now"];

/// Beginnings of paths that exist on one machine.
const MACHINE: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

/// Where such paths are data: events that a rule must see, whoever's machine they are from.
const MACHINE_IS_DATA: &str = "crates/detect/rules/";

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks all files.
pub fn check(tree: &Tree) -> Vec<String> {
    let mut problems: Vec<String> = tree.paths.iter().filter_map(|p| name(p)).collect();
    for file in &tree.texts {
        if file.path.ends_with(".rs") {
            problems.extend(rust(&file.path, &file.text));
        }
        if !file.path.starts_with(MACHINE_IS_DATA) {
            problems.extend(machine_paths(&file.path, &file.text));
        }
        if file.path.ends_with("Cargo.lock") {
            problems.extend(registries(&file.path, &file.text));
        }
    }
    problems
}

fn name(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().expect("a split has a last part");
    NAMELESS.contains(&name).then(|| format!("{path}: this name says nothing of what is in it"))
}

fn rust(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let head = text.lines().find(|l| !l.trim().is_empty() && !l.starts_with("#!["));
    if !head.is_some_and(|line| line.starts_with("//!")) {
        problems.push(format!("{path}: opens without `//!`"));
    }
    let is_test = path.contains("/tests/") || path.ends_with("/tests.rs");
    if is_test {
        return problems;
    }
    let pure = PURE.iter().any(|p| path.starts_with(p));
    for (number, line) in code(text) {
        for (needle, advice) in NOT_IN_CODE.iter().filter(|(needle, _)| line.contains(needle)) {
            problems.push(format!("{path}:{number}: `{needle}`: {advice}"));
        }
        for needle in NOT_IN_PURE.iter().filter(|needle| pure && line.contains(**needle)) {
            problems.push(format!("{path}:{number}: `{needle}` in a crate that is pure"));
        }
    }
    problems
}

/// The lines outside of comments and `#[cfg(test)]` items, with their numbers. Relies on rustfmt: an
/// item ends with a `}` as far in as it begins.
fn code(text: &str) -> Vec<(usize, &str)> {
    let mut out = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((i, line)) = lines.next() {
        let trimmed = line.trim_start();
        if trimmed == "#[cfg(test)]" {
            let end = format!("{}}}", &line[..line.len() - trimmed.len()]);
            let mut item =
                lines.by_ref().map(|(_, l)| l).skip_while(|l| l.trim_start().starts_with('#'));
            let one_line = item.next().is_none_or(|l| l.ends_with(';') || l.ends_with('}'));
            if !one_line {
                item.find(|l| *l == end);
            }
        } else if !trimmed.starts_with("//") {
            out.push((i + 1, line));
        }
    }
    out
}

fn machine_paths(path: &str, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (i, line) in text.lines().enumerate() {
        for start in MACHINE.iter().filter(|start| begins_a_path(line, start)) {
            problems.push(format!("{path}:{}: a path of one machine ({start}…)", i + 1));
        }
    }
    problems
}

/// True if `start` stands where a path can begin: not inside a longer path or an address.
fn begins_a_path(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !(c.is_alphanumeric() || "._-~*}".contains(c)))
    })
}

fn registries(path: &str, text: &str) -> Vec<String> {
    let sources = text.lines().filter_map(|l| l.strip_prefix("source = \"")?.strip_suffix('"'));
    let strange = sources.filter(|s| *s != REGISTRY);
    strange.map(|s| format!("{path}: a package from {s}, which others may not reach")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "//! Head.\n\nfn f() {}\n";

    #[test]
    fn a_file_opens_with_what_it_is() {
        assert!(rust("a.rs", GOOD).is_empty());
        assert!(rust("a.rs", "#![no_main]\n//! Head.\n").is_empty());
        assert_eq!(rust("a.rs", "use std::io;\n").len(), 1);
        assert_eq!(rust("a.rs", "").len(), 1);
        assert_eq!(name("crates/x/src/utils.rs").iter().count(), 1);
        assert_eq!(name("crates/x/src/walk.rs"), None);
    }

    #[test]
    fn tests_may_and_code_may_not() {
        let line = format!("    x{};\n", NOT_IN_CODE[0].0);
        let in_code = format!("{GOOD}fn g() {{\n{line}}}\n");
        assert_eq!(rust("a/src/a.rs", &in_code).len(), 1);
        assert!(rust("a/tests/a.rs", &in_code).is_empty());
        assert!(rust("a/src/a.rs", &format!("{GOOD}// {line}")).is_empty());
        let in_tests = format!("{GOOD}#[cfg(test)]\nmod tests {{\n{line}}}\n");
        assert!(rust("a/src/a.rs", &in_tests).is_empty());
        let behind_tests = format!("{GOOD}#[cfg(test)]\nmod tests;\n\nfn g() {{\n{line}}}\n");
        assert_eq!(rust("a/src/a.rs", &behind_tests), rust("a/src/a.rs", &behind_tests));
        assert_eq!(rust("a/src/a.rs", &behind_tests).len(), 1);
    }

    #[test]
    fn pure_crates_touch_no_clock_and_no_file() {
        let text = format!("{GOOD}use std::fs;\n");
        assert_eq!(rust("crates/model/src/a.rs", &text).len(), 1);
        assert!(rust("crates/ingest/src/a.rs", &text).is_empty());
    }

    #[test]
    fn a_path_of_one_machine_is_found_where_it_begins() {
        let path = format!("see {}x", MACHINE[0]);
        assert_eq!(machine_paths("a.md", &path).len(), 1);
        let inside = format!("https://host.example{}x", MACHINE[0]);
        assert!(machine_paths("a.md", &inside).is_empty());
    }

    #[test]
    fn packages_come_from_where_everybody_can_get_them() {
        let lock =
            format!("source = \"{REGISTRY}\"\nsource = \"registry+https://mirror.example\"\n");
        assert_eq!(registries("Cargo.lock", &lock).len(), 1);
    }
}
