//! The table of `docs/ARCHITECTURE.md` against what the crates use: data flows down the layers only,
//! and crates of one layer never import each other. Dependencies of tests are free.

use std::collections::BTreeMap;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::tree::Tree;

const PAGE: &str = "docs/ARCHITECTURE.md";

/// Crates that are no part of the house.
const OUTSIDE: &[&str] = &["xtask"];

/// Checks the workspace.
pub fn check(tree: &Tree) -> Result<Vec<String>> {
    let page = tree.text(PAGE).with_context(|| format!("{PAGE} is missing"))?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let out = Command::new(cargo)
        .args(["metadata", "--format-version=1", "--no-deps"])
        .current_dir(&tree.root)
        .output()
        .context("cannot run cargo")?;
    ensure!(out.status.success(), "cargo: {}", String::from_utf8_lossy(&out.stderr).trim());
    let metadata = serde_json::from_slice(&out.stdout).context("cargo metadata is not JSON")?;
    Ok(compare(&layers(page), &uses(&metadata)))
}

/// The table's rows that begin with a layer's number: crate → layer.
fn layers(page: &str) -> BTreeMap<String, u32> {
    let row = |line: &str| {
        let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
        let layer = cells.next()?.parse().ok()?;
        let name = cells.next()?.trim_matches('`').to_owned();
        Some((name, layer))
    };
    page.lines().filter_map(row).collect()
}

/// For each crate of the workspace, the others that it uses outside of tests.
fn uses(metadata: &Value) -> BTreeMap<String, Vec<String>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let name = |value: &Value| value["name"].as_str().unwrap_or_default().to_owned();
    let packages = list(&metadata["packages"]);
    let ours: Vec<String> = packages.iter().map(name).collect();
    let used = |package: &Value| {
        let normal = list(&package["dependencies"]);
        let normal = normal.iter().filter(|d| d["kind"].is_null());
        normal.map(name).filter(|n| ours.contains(n)).map(|n| short(&n)).collect()
    };
    packages.iter().map(|p| (short(&name(p)), used(p))).collect()
}

fn short(package: &str) -> String {
    package.strip_prefix("blanik-").unwrap_or(package).to_owned()
}

fn compare(layers: &BTreeMap<String, u32>, uses: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut problems = Vec::new();
    for name in layers.keys().filter(|name| !uses.contains_key(*name)) {
        problems.push(format!("{PAGE}: there is no crate `{name}`"));
    }
    for (name, used) in uses.iter().filter(|(name, _)| !OUTSIDE.contains(&name.as_str())) {
        let Some(layer) = layers.get(name) else {
            problems.push(format!("{PAGE}: the crate `{name}` has no row in the table"));
            continue;
        };
        for other in used {
            if layers.get(other).is_none_or(|below| below >= layer) {
                problems.push(format!("`{name}` (layer {layer}) must not use `{other}`"));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
| layer | crate | what |
|--:|---|---|
| 0 | `model` | nouns |
| 1 | `ingest` | bytes |
| 1 | `detect` | rules |
";

    fn uses_of(lines: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        let owned = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        lines.iter().map(|(name, used)| ((*name).to_owned(), owned(used))).collect()
    }

    #[test]
    fn lower_layers_may_be_used() {
        let uses = uses_of(&[("model", &[]), ("ingest", &["model"]), ("detect", &["model"])]);
        assert!(compare(&layers(TABLE), &uses).is_empty());
    }

    #[test]
    fn siblings_upper_layers_and_strangers_are_named() {
        let uses = uses_of(&[
            ("model", &["ingest"]),
            ("ingest", &["model"]),
            ("detect", &["ingest"]),
            ("attic", &[]),
            ("xtask", &[]),
        ]);
        let problems = compare(&layers(TABLE), &uses);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[0].contains("`attic` has no row"));
        assert!(problems[1].contains("`detect` (layer 1) must not use `ingest`"));
        assert!(problems[2].contains("`model` (layer 0) must not use `ingest`"));
        let gone = compare(&layers(TABLE), &uses_of(&[("model", &[])]));
        assert_eq!(gone.len(), 2, "{gone:?}");
    }

    #[test]
    fn tests_may_use_what_they_like() {
        let metadata = serde_json::json!({"packages": [
            {"name": "blanik-model", "dependencies": []},
            {"name": "blanik-detect", "dependencies": [
                {"name": "blanik-model", "kind": null},
                {"name": "blanik-ingest", "kind": "dev"},
                {"name": "serde", "kind": null}]},
            {"name": "blanik-ingest", "dependencies": []},
        ]});
        assert_eq!(uses(&metadata)["detect"], ["model"]);
    }
}
