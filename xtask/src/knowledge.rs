//! The table of facts that the program carries: who was seen with what, by whose report. Derived from
//! MITRE ATT&CK (Enterprise) and, for countries and victims, from MISP's galaxies. Facts, ids, names and addresses
//! of reports only; no text of either is copied.
//!
//! The table is lines of tab-separated fields, sorted, the same bytes for the same inputs:
//!
//! ```text
//! V  release  sha-256 of the bundle
//! A  group    name       country  where the country is from   other names, |
//! X  group    whom it is after, |
//! S  software name       malware or tool
//! T  technique name
//! R  address of a report (its number is its place among these lines)
//! U  group or software   month added   reports, ,   techniques and software, ,
//! C  campaign name  first seen  groups, ,   reports, ,  techniques and software, ,
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::tree;

const BUNDLE: &str = "cti/enterprise-attack-rebuilt.json";
/// In this order: the first that knows a name says its country.
const GALAXIES: &[(&str, &str)] = &[
    ("misp-galaxy:threat-actor", "cti/misp-galaxy-threat-actor.json"),
    ("misp-galaxy:microsoft-activity-group", "cti/misp-galaxy-microsoft-activity-group.json"),
];
const OUT: &str = "crates/attribution/knowledge/attack.tsv";
const RELEASE: &str = "18.1";

const NOTICE: &str = "\
# Facts derived from MITRE ATT&CK(R) Enterprise. (c) 2025 The MITRE Corporation. This work is reproduced and
# distributed with the permission of The MITRE Corporation. ATT&CK is a registered trademark of The MITRE
# Corporation. Terms of use: https://attack.mitre.org/resources/legal-and-branding/terms-of-use/
# Countries and victims: MISP galaxy (CC0-1.0), https://github.com/MISP/misp-galaxy. What they mean is its authors' judgement.
# Made by `cargo xtask knowledge`; not edited by hand.
";

/// Writes the table anew.
pub fn run(args: &[String]) -> Result<ExitCode> {
    let data = match args {
        [] => tree::data(None)?,
        [flag, folder] if flag == "--data" => tree::data(Some(Path::new(folder)))?,
        _ => bail!("unknown: {}", args.join(" ")),
    };
    let table = derive(&data)?;
    let out = tree::root().join(OUT);
    fs::write(&out, &table).with_context(|| format!("cannot write {}", out.display()))?;
    println!("{OUT}: {} lines, {} bytes", table.lines().count(), table.len());
    Ok(ExitCode::SUCCESS)
}

fn derive(data: &Path) -> Result<String> {
    let path = data.join(BUNDLE);
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let digest = Sha256::digest(&bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes all");
        hex
    });
    let bundle: Value = serde_json::from_slice(&bytes).context("the bundle is not JSON")?;
    let objects = bundle["objects"].as_array().context("the bundle has no objects")?;
    let galaxies = Galaxies::read(data)?;
    let mut out = NOTICE.to_owned();
    writeln!(out, "V\t{RELEASE}\t{digest}")?;
    let ids = ids(objects);
    named(&mut out, objects, &ids, &galaxies)?;
    let facts = Facts::of(objects, &ids);
    facts.write(&mut out)?;
    Ok(out)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn is_true(value: &Value, key: &str) -> bool {
    value[key].as_bool() == Some(true)
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

/// STIX id → ATT&CK id, of what still stands.
fn ids(objects: &[Value]) -> BTreeMap<&str, &str> {
    let kinds = ["intrusion-set", "malware", "tool", "attack-pattern", "campaign"];
    let standing = objects.iter().filter(|o| {
        kinds.contains(&text(o, "type"))
            && !is_true(o, "revoked")
            && !is_true(o, "x_mitre_deprecated")
    });
    standing
        .filter_map(|o| {
            let mut refs = list(o, "external_references");
            let attack = refs.find(|r| text(r, "source_name") == "mitre-attack")?;
            Some((text(o, "id"), text(attack, "external_id")))
        })
        .collect()
}

fn plain(text: &str) -> String {
    text.replace(['\t', '\n', '\r', '|'], " ").trim().to_owned()
}

fn named(
    out: &mut String,
    objects: &[Value],
    ids: &BTreeMap<&str, &str>,
    galaxies: &Galaxies,
) -> Result<()> {
    let mut lines = BTreeSet::new();
    for object in objects {
        let Some(id) = ids.get(text(object, "id")) else { continue };
        let name = plain(text(object, "name"));
        match text(object, "type") {
            "intrusion-set" => {
                let others: Vec<String> = list(object, "aliases")
                    .filter_map(Value::as_str)
                    .map(plain)
                    .filter(|a| *a != name)
                    .collect();
                let mut names = std::iter::once(&name).chain(&others);
                let (country, source) = names
                    .find_map(|n| galaxies.countries.get(&folded(n)).cloned())
                    .unwrap_or_default();
                lines.insert(format!("A\t{id}\t{name}\t{country}\t{source}\t{}", others.join("|")));
                let mut names = std::iter::once(&name).chain(&others);
                if let Some(victims) = names.find_map(|n| galaxies.victims.get(&folded(n))) {
                    let victims: Vec<&str> = victims.iter().map(String::as_str).collect();
                    lines.insert(format!("X\t{id}\t{}", victims.join("|")));
                }
            }
            kind @ ("malware" | "tool") => {
                lines.insert(format!("S\t{id}\t{name}\t{kind}"));
            }
            "attack-pattern" => {
                lines.insert(format!("T\t{id}\t{name}"));
            }
            _ => {}
        }
    }
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// A name as names are compared: letters and digits, in lower case.
fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What the galaxies say of actors, by any of their names.
#[derive(Default)]
struct Galaxies {
    /// Country, and which galaxy says so.
    countries: BTreeMap<String, (String, &'static str)>,
    /// Nations and sectors that they are after.
    victims: BTreeMap<String, BTreeSet<String>>,
}

/// Where galaxies name victims.
const VICTIMS: [&str; 4] =
    ["cfr-suspected-victims", "cfr-target-category", "targeted-sector", "suspected-victims"];

impl Galaxies {
    fn read(data: &Path) -> Result<Galaxies> {
        let mut known = Galaxies::default();
        for (name, path) in GALAXIES {
            let path = data.join(path);
            let bytes =
                fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let galaxy: Value = serde_json::from_slice(&bytes).context("the galaxy is not JSON")?;
            // Names before synonyms: a synonym may be another's name.
            for synonyms in [false, true] {
                for value in list(&galaxy, "values") {
                    known.take(name, value, synonyms);
                }
            }
        }
        known.countries.remove("");
        known.victims.remove("");
        Ok(known)
    }

    fn take(&mut self, galaxy: &'static str, value: &Value, synonyms: bool) {
        let meta = &value["meta"];
        let names: Vec<&str> = if synonyms {
            list(meta, "synonyms").filter_map(Value::as_str).collect()
        } else {
            vec![text(value, "value")]
        };
        let country = text(meta, "country").to_uppercase();
        let victims = VICTIMS.iter().flat_map(|key| list(meta, key)).filter_map(Value::as_str);
        // As a name is compared, each once.
        let victims: BTreeMap<String, String> =
            victims.map(|v| (folded(v), plain(v))).filter(|(key, _)| !key.is_empty()).collect();
        let victims: BTreeSet<String> = victims.into_values().collect();
        for name in names.into_iter().map(folded) {
            if country.len() == 2 {
                self.countries.entry(name.clone()).or_insert((country.clone(), galaxy));
            }
            if !victims.is_empty() {
                self.victims.entry(name).or_insert_with(|| victims.clone());
            }
        }
    }
}

/// Who was seen with what: (who, month, reports) → what.
#[derive(Default)]
struct Facts {
    reports: BTreeSet<String>,
    uses: BTreeMap<(String, String, BTreeSet<String>), BTreeSet<String>>,
    campaigns: BTreeMap<String, (String, String, BTreeSet<String>)>,
}

impl Facts {
    fn of(objects: &[Value], ids: &BTreeMap<&str, &str>) -> Facts {
        let mut facts = Facts::default();
        for object in objects {
            if text(object, "type") == "campaign" && ids.contains_key(text(object, "id")) {
                let id = ids[text(object, "id")].to_owned();
                let seen = text(object, "first_seen").get(..7).unwrap_or_default().to_owned();
                facts.campaigns.insert(id, (plain(text(object, "name")), seen, BTreeSet::new()));
            }
        }
        for object in objects {
            if text(object, "type") != "relationship"
                || is_true(object, "revoked")
                || is_true(object, "x_mitre_deprecated")
            {
                continue;
            }
            let Some(source) = ids.get(text(object, "source_ref")) else { continue };
            let Some(target) = ids.get(text(object, "target_ref")) else { continue };
            match text(object, "relationship_type") {
                "uses" => {
                    let reports: BTreeSet<String> =
                        list(object, "external_references").map(address).collect();
                    facts.reports.extend(reports.iter().cloned());
                    let month = text(object, "created").get(..7).unwrap_or_default().to_owned();
                    let key = ((*source).to_owned(), month, reports);
                    facts.uses.entry(key).or_default().insert((*target).to_owned());
                }
                "attributed-to" => {
                    if let Some((_, _, groups)) = facts.campaigns.get_mut(*source) {
                        groups.insert((*target).to_owned());
                    }
                }
                _ => {}
            }
        }
        facts
    }

    fn write(&self, out: &mut String) -> Result<()> {
        let mut number = BTreeMap::new();
        for (i, report) in self.reports.iter().enumerate() {
            number.insert(report, i);
            writeln!(out, "R\t{report}")?;
        }
        for (id, (name, seen, groups)) in &self.campaigns {
            let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
            writeln!(out, "C\t{id}\t{name}\t{seen}\t{}", groups.join(","))?;
        }
        for ((who, month, reports), what) in &self.uses {
            let reports: Vec<String> = reports.iter().map(|r| number[r].to_string()).collect();
            let what: Vec<&str> = what.iter().map(String::as_str).collect();
            writeln!(out, "U\t{who}\t{month}\t{}\t{}", reports.join(","), what.join(","))?;
        }
        Ok(())
    }
}

/// A report by its address, without what says nothing of which report it is; by its key where it has no
/// address.
fn address(reference: &Value) -> String {
    let url = text(reference, "url").trim();
    if url.is_empty() {
        return plain(text(reference, "source_name"));
    }
    blanik_attribution::report::address(url)
}
