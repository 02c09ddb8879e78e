//! Each built-in rule stands beside the events that fire it and those that must not. Whether they do
//! is a test of `blanik` (module `builtin`).

use std::collections::BTreeSet;

use crate::tree::Tree;

const FOLDER: &str = "crates/detect/rules/";

/// Checks the folder of built-in rules.
pub fn check(tree: &Tree) -> Vec<String> {
    pairs(tree.paths.iter().filter(|p| p.starts_with(FOLDER)).map(String::as_str))
}

fn pairs<'p>(paths: impl Iterator<Item = &'p str>) -> Vec<String> {
    let paths: BTreeSet<&str> = paths.collect();
    let mut problems = Vec::new();
    for path in &paths {
        let (other, what) = match (path.strip_suffix(".yml"), path.strip_suffix(".test.json")) {
            (Some(stem), _) => (format!("{stem}.test.json"), "rule has no test"),
            (_, Some(stem)) => (format!("{stem}.yml"), "test has no rule"),
            _ if path.ends_with(".md") => continue,
            _ => {
                problems.push(format!("{path}: neither a rule nor its test"));
                continue;
            }
        };
        if !paths.contains(other.as_str()) {
            problems.push(format!("{path}: the {what}"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_and_its_test_come_together() {
        let good = ["r/README.md", "r/a/x.yml", "r/a/x.test.json"];
        assert!(pairs(good.into_iter()).is_empty());
        let bad = ["r/a/x.yml", "r/b/x.test.json", "r/a/y.yaml"];
        assert_eq!(pairs(bad.into_iter()).len(), 3);
    }
}
