//! The plan of an emulation: which techniques each of its steps names, under the ids of today.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

const BUNDLE: &str = "cti/enterprise-attack-rebuilt.json";

/// See the module.
pub struct Plan {
    steps: Vec<Step>,
}

/// Which step a finding shows, as a person read the plan.
const READ: &str = include_str!("steps.tsv");

/// A step that names techniques.
struct Step {
    /// Such as `8.B`.
    name: String,
    techniques: BTreeSet<String>,
    /// The hosts between which it happens, in small letters.
    hosts: [String; 2],
}

impl Plan {
    /// Reads a table of the columns stage, techniques, step, description, what is typed, user, source, target.
    pub fn read(path: &Path, data: &Path) -> Result<Self> {
        let known = Known::read(&data.join(BUNDLE))?;
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let step = |line: &str| -> Step {
            let cells: Vec<&str> = line.split('\t').collect();
            let named = cells.get(1).copied().unwrap_or("").split([',', '⏎']);
            let by_name = named.flat_map(|name| known.of_name(name.trim()));
            let by_id = ids(cells.get(3).copied().unwrap_or(""));
            let techniques = by_name.chain(by_id.into_iter().map(|id| known.today(&id))).collect();
            let host =
                |i: usize| cells.get(i).map_or_else(String::new, |h| h.trim().to_lowercase());
            let name = cells.get(2).map_or_else(String::new, |n| n.trim().to_owned());
            Step { name, techniques, hosts: [host(6), host(7)] }
        };
        let steps = text.lines().skip(1).map(step).filter(|of| !of.techniques.is_empty());
        Ok(Plan { steps: steps.collect() })
    }

    /// How many steps name a technique.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// The place of the step that a person reads in a rule's findings.
    pub fn place_read(&self, rule: &str) -> Option<f64> {
        let rows = READ.lines().filter(|line| !line.starts_with('#')).skip(1);
        let mut cells = rows.map(|line| line.split('\t'));
        let step = cells.find_map(|mut row| (row.next() == Some(rule)).then(|| row.next()))??;
        self.steps.iter().position(|of| of.name == step).map(|at| at as f64)
    }

    /// The mean place of the steps that name one of these techniques, or a part or the whole of it; where a host is
    /// given, of the steps there.
    pub fn place(&self, techniques: &BTreeSet<String>, host: Option<&str>) -> Option<f64> {
        let alike = |a: &str, b: &str| {
            let is_part = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|r| r.starts_with('.'));
            a == b || is_part(a, b) || is_part(b, a)
        };
        let names = |of: &Step| {
            let is_there = host.is_none_or(|host| of.hosts.iter().any(|h| h == host));
            is_there && of.techniques.iter().any(|a| techniques.iter().any(|b| alike(a, b)))
        };
        let places: Vec<f64> =
            (0..self.steps.len()).filter(|i| names(&self.steps[*i])).map(|i| i as f64).collect();
        (!places.is_empty()).then(|| places.iter().sum::<f64>() / places.len() as f64)
    }
}

/// Ids such as `T1204` in a text.
fn ids(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let is_id = |word: &&str| {
        let digits = word.strip_prefix('T').and_then(|rest| rest.get(..4));
        digits.is_some_and(|d| d.chars().all(|c| c.is_ascii_digit()))
    };
    words.map(|word| word.trim_matches('.')).filter(is_id).map(str::to_owned).collect()
}

/// Techniques that there are or were.
struct Known {
    /// Ids under which a name was ever known.
    by_name: BTreeMap<String, Vec<String>>,
    /// What replaced an id.
    replaced_by: BTreeMap<String, String>,
}

impl Known {
    fn read(path: &Path) -> Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let bundle: Value = serde_json::from_str(&text).context("the bundle is no JSON")?;
        let objects = bundle["objects"].as_array().context("the bundle has no objects")?;
        let mut id_of: BTreeMap<&str, String> = BTreeMap::new();
        let mut by_name: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for object in objects.iter().filter(|o| o["type"] == "attack-pattern") {
            let references = object["external_references"].as_array();
            let id = references.into_iter().flatten().find_map(|r| r["external_id"].as_str());
            let (Some(id), Some(name)) = (id, object["name"].as_str()) else { continue };
            id_of.insert(object["id"].as_str().unwrap_or_default(), id.to_owned());
            by_name.entry(name.to_lowercase()).or_default().push(id.to_owned());
        }
        let revoked = objects.iter().filter(|o| o["relationship_type"] == "revoked-by");
        let pair = |o: &Value| {
            let id = |name: &str| id_of.get(o[name].as_str()?).cloned();
            Some((id("source_ref")?, id("target_ref")?))
        };
        Ok(Known { by_name, replaced_by: revoked.filter_map(pair).collect() })
    }

    fn of_name(&self, name: &str) -> Vec<String> {
        let ids = self.by_name.get(&name.to_lowercase());
        ids.into_iter().flatten().map(|id| self.today(id)).collect()
    }

    /// The id that stands for it today. A chain of replacements has an end: each id is led on a few times at most.
    fn today(&self, id: &str) -> String {
        const CHAIN_MAX: usize = 8;
        let mut id = id.to_owned();
        for _ in 0..CHAIN_MAX {
            match self.replaced_by.get(&id) {
                Some(next) => id.clone_from(next),
                None => break,
            }
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_technique_is_placed_by_the_steps_that_name_it_or_its_whole() {
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let step = |id: &str, host: &str| Step {
            name: format!("{id} {host}"),
            techniques: set(&[id]),
            hosts: ["c2".to_owned(), host.to_owned()],
        };
        let steps = vec![step("T1204", "a"), step("T1105", "a"), step("T1105", "b")];
        let plan = Plan { steps };
        let place = |id: &str| plan.place(&set(&[id]), None);
        assert_eq!(place("T1105"), Some(1.5));
        assert_eq!(plan.place(&set(&["T1105"]), Some("b")), Some(2.0));
        assert_eq!(plan.place(&set(&["T1204"]), Some("b")), None);
        assert_eq!(place("T1204.002"), Some(0.0));
        assert_eq!(place("T12"), None);
        assert_eq!(ids("clicks (T1204) a file (T1036.002)."), ["T1204", "T1036.002"]);
    }
}
