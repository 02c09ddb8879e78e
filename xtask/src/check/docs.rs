//! Documents against the tree: a link leads somewhere, and a test that a document names exists.

use std::collections::BTreeSet;

use crate::tree::Tree;

/// Pages whose invariants or clauses name the test that holds them: a word in backquotes below
/// [`TEST_MARK`].
const NAME_TESTS: &[&str] = &["docs/CONFORMANCE.md", "docs/ARCHITECTURE.md"];

/// How a page names a test: "test `name`". Several may follow, joined by commas or "and".
const TEST_MARK: &str = "test `";

/// Checks all Markdown files.
pub fn check(tree: &Tree) -> Vec<String> {
    let known: BTreeSet<&str> = tree
        .texts
        .iter()
        .filter(|f| f.path.ends_with(".rs"))
        .flat_map(|f| functions(&f.text))
        .collect();
    let mut problems = Vec::new();
    for page in tree.texts.iter().filter(|f| f.path.ends_with(".md")) {
        for target in links(&page.text) {
            if !resolves(tree, &page.path, target) {
                problems.push(format!("{}: the link to {target} leads nowhere", page.path));
            }
        }
        if NAME_TESTS.contains(&page.path.as_str()) {
            let missing = named_tests(&page.text).into_iter().filter(|t| !known.contains(t));
            problems.extend(missing.map(|t| format!("{}: there is no test `{t}`", page.path)));
        }
    }
    problems
}

/// The names of all functions in a Rust file.
fn functions(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let rest = line.trim_start().trim_start_matches("pub ").strip_prefix("fn ")?;
        rest.split(['(', '<']).next()
    })
}

/// The targets of links that stay in the repository, without their fragment. Code is no text.
fn links(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let target = line[at + 2..].split(')').next().unwrap_or_default();
            let target = target.split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                found.push(target);
            }
        }
    }
    found
}

fn resolves(tree: &Tree, page: &str, target: &str) -> bool {
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    tree.root.join(folder).join(target).exists()
}

/// Test names: each word in backquotes right behind the mark, and those that follow it in a list.
fn named_tests(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices(TEST_MARK) {
        let mut rest = &text[at + TEST_MARK.len()..];
        while let Some((name, behind)) = rest.split_once('`') {
            names.push(name.rsplit("::").next().unwrap_or(name));
            let next = [", `", " and `", ", and `"].iter().find_map(|j| behind.strip_prefix(j));
            let Some(next) = next else { break };
            rest = next;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_stay_here_are_followed() {
        let text = "[a](docs/A.md#part) [b](https://x.example/y) [c](#here)\n```\n[d](e)\n```\n";
        assert_eq!(links(text), ["docs/A.md"]);
    }

    #[test]
    fn tests_are_named_alone_or_in_a_list() {
        let text = "holds (test `a::b_c`), and `not_a_test`; tests: test `d`, `e` and `f`.";
        assert_eq!(named_tests(text), ["b_c", "d", "e", "f"]);
    }

    #[test]
    fn functions_are_found_by_name() {
        let text = "    fn one() {\npub fn two<T>(t: T) {\nlet fn_three = 3;\n";
        assert_eq!(functions(text).collect::<Vec<_>>(), ["one", "two"]);
    }
}
