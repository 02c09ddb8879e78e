//! Indicators that the intrusion's events met → what points to actors, and the malware that lists name. Lists that share a
//! value are copies of one another, and count once; an address that lists give to several actors is shared among them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Feature, Forgeable, Grade, Observation, Pointing};
use crate::knowledge::{Knowledge, folded};

/// Values that are named of one item.
const VALUES_SHOWN: usize = 4;

/// What a list says of an indicator that an event of the intrusion met.
#[derive(Clone, Debug)]
pub struct Met<'a> {
    /// The indicator's value.
    pub value: &'a str,
    /// Whether it is of the network: addresses, names, certificates.
    pub is_network: bool,
    /// The list, by which copies are told.
    pub list: &'a str,
    /// Who says so.
    pub source: &'a str,
    /// How reliable the source calls it, in its own words.
    pub grade: Option<&'a str>,
    /// How sure the source is, 0 to 100.
    pub confidence: Option<u8>,
    /// Actors that it names.
    pub actors: &'a [String],
    /// Campaigns, reports or malware that it names.
    pub campaigns: &'a [String],
    /// Whether only a file's name names them.
    pub named_by_place: bool,
    /// Whether it had expired, or stands on a warning list of what many use.
    pub is_doubtful: bool,
    /// Index of the finding in the evidence log.
    pub citation: u64,
}

impl Met<'_> {
    /// By the source's own words, else C3; worse where only a file's name names the actor, or the indicator is old or
    /// shared infrastructure.
    #[must_use]
    pub fn grade(&self) -> Grade {
        let by_confidence = match self.confidence {
            Some(80..) => Grade { source: 2, information: 2 },
            Some(50..) | None => Grade { source: 2, information: 3 },
            Some(_) => Grade { source: 2, information: 4 },
        };
        let mut grade = self.grade.and_then(|g| g.parse().ok()).unwrap_or(by_confidence);
        if self.named_by_place {
            grade.source = grade.source.max(3);
        }
        if self.is_doubtful {
            grade.information = grade.information.max(4);
        }
        grade
    }
}

/// Items of what was met. Each independent origin gives one item for each set of actors.
#[must_use]
pub fn from_indicators(met: &[Met<'_>], known: &Knowledge) -> Vec<Observation> {
    let origin = origins(met);
    let shared = shared(met, known);
    let mut items: BTreeMap<(bool, BTreeSet<String>, usize), Vec<&Met<'_>>> = BTreeMap::new();
    for m in met {
        let to = &shared[m.value];
        if !to.is_empty() {
            items.entry((m.is_network, to.clone(), origin[m.list])).or_default().push(m);
        }
    }
    let mut found: Vec<Observation> = Vec::new();
    for ((is_network, to, _), of) in items {
        let number = found.len() + 1;
        found.push(pointing(number, is_network, to, &of));
    }
    found.extend(software(met, known));
    found
}

fn pointing(number: usize, is_network: bool, to: BTreeSet<String>, of: &[&Met<'_>]) -> Observation {
    let values: BTreeSet<&str> = of.iter().map(|m| m.value).collect();
    let shown: Vec<&str> = values.iter().take(VALUES_SHOWN).copied().collect();
    let more = match values.len() - shown.len() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let best = of.iter().min_by(|a, b| a.grade().error().total_cmp(&b.grade().error()));
    let best = best.expect("a group has a member");
    let value = format!(
        "{} {}: {}{more}",
        values.len(),
        match (is_network, values.len()) {
            (true, 1) => "address or name on the network",
            (true, _) => "addresses and names on the network",
            (false, 1) => "indicator on hosts",
            (false, _) => "indicators on hosts",
        },
        shown.join(", ")
    );
    let pointing = Pointing { value, to: to.into_iter().collect() };
    let sources: BTreeSet<&str> = of.iter().map(|m| m.source).collect();
    Observation {
        id: format!("i{number}"),
        feature: if is_network {
            Feature::Infrastructure(pointing)
        } else {
            Feature::Indicator(pointing)
        },
        grade: best.grade(),
        source: sources.into_iter().collect::<Vec<_>>().join("; "),
        origin: of.iter().map(|m| m.list).min().map(str::to_owned),
        block: None,
        citation: of.iter().map(|m| m.citation).min(),
        // A hash is copied into a sample in a minute; an address has to be held.
        forgeable: if is_network { Forgeable::Possible } else { Forgeable::Cheap },
    }
}

/// Each list's origin: lists that share a value are one.
fn origins<'m>(met: &[Met<'m>]) -> BTreeMap<&'m str, usize> {
    let lists: BTreeSet<&str> = met.iter().map(|m| m.list).collect();
    let mut of: BTreeMap<&str, usize> =
        lists.into_iter().enumerate().map(|(i, l)| (l, i)).collect();
    let mut by_value: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for m in met {
        by_value.entry(m.value).or_default().insert(m.list);
    }
    for lists in by_value.values().filter(|l| l.len() > 1) {
        let all: BTreeSet<usize> = lists.iter().map(|l| of[l]).collect();
        let first = *all.first().expect("there are two lists");
        for origin in of.values_mut().filter(|o| all.contains(o)) {
            *origin = first;
        }
    }
    of
}

/// For each value all actors that any list gives it to, by id where they are known: then several names of one are one.
fn shared<'m>(met: &[Met<'m>], known: &Knowledge) -> BTreeMap<&'m str, BTreeSet<String>> {
    let mut ids: BTreeMap<&str, String> = BTreeMap::new();
    let mut of: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for m in met {
        let to = of.entry(m.value).or_default();
        for actor in m.actors {
            let id = ids.entry(actor.as_str()).or_insert_with(|| {
                // Only a name that one actor bears stands for it; others stay as they are, and are shared.
                match known.bearers(actor).as_slice() {
                    [only] => only.facts.id.clone(),
                    _ => actor.clone(),
                }
            });
            to.insert(id.clone());
        }
    }
    of
}

/// Malware that lists name, where it is known.
fn software(met: &[Met<'_>], known: &Knowledge) -> Vec<Observation> {
    let is_software = |(id, _): &(&String, &String)| id.starts_with('S');
    let by_name: BTreeMap<String, &str> = known
        .names
        .iter()
        .rev()
        .filter(is_software)
        .map(|(id, name)| (folded(name), id.as_str()))
        .collect();
    let mut best: BTreeMap<&str, Observation> = BTreeMap::new();
    for m in met {
        for campaign in m.campaigns {
            let Some(id) = by_name.get(&folded(campaign)) else { continue };
            let grade = m.grade();
            if best.get(id).is_none_or(|o| grade.error() < o.grade.error()) {
                best.insert(
                    id,
                    Observation {
                        id: (*id).to_owned(),
                        feature: Feature::Software((*id).to_owned()),
                        grade,
                        source: m.source.to_owned(),
                        origin: Some(m.list.to_owned()),
                        block: Some(format!("list: {}", m.list)),
                        citation: Some(m.citation),
                        forgeable: Forgeable::Cheap,
                    },
                );
            }
        }
    }
    best.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met<'a>(value: &'a str, list: &'a str, actors: &'a [String]) -> Met<'a> {
        Met {
            value,
            is_network: true,
            list,
            source: list,
            grade: None,
            confidence: None,
            actors,
            campaigns: &[],
            named_by_place: false,
            is_doubtful: false,
            citation: 7,
        }
    }

    #[test]
    fn lists_that_share_a_value_count_once_and_others_apart() {
        let known = Knowledge::builtin();
        let apt31 = ["APT31".to_owned()];
        let zirconium = ["G0128".to_owned()];
        let copies = [
            met("1.1.1.1", "a", &apt31),
            met("1.1.1.1", "b", &zirconium),
            met("2.2.2.2", "b", &apt31),
        ];
        let found = from_indicators(&copies, &known);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].feature.points_to(), ["G0128"]);
        assert!(found[0].feature.value().starts_with("2 addresses"));
        let apart = [met("1.1.1.1", "a", &apt31), met("2.2.2.2", "b", &apt31)];
        assert_eq!(from_indicators(&apart, &known).len(), 2);
    }

    #[test]
    fn what_several_use_is_shared_among_them() {
        let known = Knowledge::builtin();
        let (one, other) = (["APT31".to_owned()], ["APT40".to_owned(), "nobody knows".to_owned()]);
        let found =
            from_indicators(&[met("1.1.1.1", "a", &one), met("1.1.1.1", "b", &other)], &known);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].feature.points_to().len(), 3);
        assert!(from_indicators(&[met("1.1.1.1", "a", &[])], &known).is_empty());
    }

    #[test]
    fn malware_that_a_list_names_is_software() {
        let known = Knowledge::builtin();
        let campaigns = ["Cobalt Strike".to_owned(), "Operation Something".to_owned()];
        let hit = Met { campaigns: &campaigns, grade: Some("B2"), ..met("x", "a", &[]) };
        let found = from_indicators(&[hit], &known);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].feature, Feature::Software("S0154".into()));
        assert_eq!(found[0].grade.to_string(), "B2");
    }
}
