//! The plan of an emulation: which techniques each of its steps names, under the ids of today.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

const BUNDLE: &str = "cti/enterprise-attack-rebuilt.json";

/// See the module.
pub struct Plan {
    /// Of each step in order the techniques.
    steps: Vec<BTreeSet<String>>,
}

impl Plan {
    /// Reads a table of the columns stage, techniques, step, description.
    pub fn read(path: &Path, data: &Path) -> Result<Self> {
        let known = Known::read(&data.join(BUNDLE))?;
        let text =
            fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let step = |line: &str| -> BTreeSet<String> {
            let cells: Vec<&str> = line.split('\t').collect();
            let named = cells.get(1).copied().unwrap_or("").split([',', '⏎']);
            let by_name = named.flat_map(|name| known.of_name(name.trim()));
            let by_id = ids(cells.get(3).copied().unwrap_or(""));
            by_name.chain(by_id.into_iter().map(|id| known.today(&id))).collect()
        };
        let steps = text.lines().skip(1).map(step).filter(|of| !of.is_empty());
        Ok(Plan { steps: steps.collect() })
    }

    /// How many steps name a technique.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// The mean place of the steps that name one of these techniques, or a part or the whole of it.
    pub fn place(&self, techniques: &BTreeSet<String>) -> Option<f64> {
        let alike = |a: &str, b: &str| {
            let is_part = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|r| r.starts_with('.'));
            a == b || is_part(a, b) || is_part(b, a)
        };
        let names =
            |of: &BTreeSet<String>| of.iter().any(|a| techniques.iter().any(|b| alike(a, b)));
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
        let step = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let plan = Plan { steps: vec![step(&["T1204"]), step(&["T1105"]), step(&["T1105"])] };
        let place = |id: &str| plan.place(&step(&[id]));
        assert_eq!(place("T1105"), Some(1.5));
        assert_eq!(place("T1204.002"), Some(0.0));
        assert_eq!(place("T12"), None);
        assert_eq!(ids("clicks (T1204) a file (T1036.002)."), ["T1204", "T1036.002"]);
    }
}
