//! What one source says, gathered and bounded before it is believed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    ACTORS_MAX, ACTORS_WITH_FACTS_MAX, ALIASES_MAX, FEATURES_MAX, FEATURES_NEW_MAX, Intake,
    PROBLEMS_MAX, REPORTS_MAX, TARGETS_MAX, short, str_of,
};
use crate::knowledge::{ActorFacts, Knowledge, Source, SourceIx, Use, folded};

/// What a source says of one actor or piece of software: (month, report) → what.
type Said = BTreeMap<(String, String), BTreeSet<String>>;

/// See the module.
pub(super) struct Draft<'k> {
    known: &'k mut Knowledge,
    source: SourceIx,
    intake: Intake,
    /// Actor's id → its place.
    place: BTreeMap<String, usize>,
    /// An actor's first name as names are compared → its id.
    first_names: BTreeMap<String, String>,
    /// Any name as names are compared → the one actor who bears it and of whom something is known; several: none.
    only: BTreeMap<String, Option<String>>,
    /// A name of software as names are compared → its id.
    software: BTreeMap<String, String>,
    /// Names that an actor bears, by its place, as names are compared; of those that this source names.
    names: BTreeMap<usize, BTreeSet<String>>,
    said: BTreeMap<String, Said>,
    further_problems: usize,
    new_features: usize,
    refused_features: usize,
}

impl<'k> Draft<'k> {
    pub(super) fn new(known: &'k mut Knowledge, source: Source) -> Self {
        known.sources.push(source);
        let place = known.actors.iter().enumerate().map(|(i, a)| (a.id.clone(), i)).collect();
        let first = |a: &ActorFacts| (folded(&a.name), a.id.clone());
        // Of two who bear it, the one that was there before.
        let first_names = known.actors.iter().rev().map(first).collect();
        let is_software = |(id, _): &(&String, &String)| id.starts_with('S');
        let software = known.names.iter().rev().filter(is_software);
        let software = software.map(|(id, name)| (folded(name), id.clone())).collect();
        let of_known: BTreeSet<&str> = known.uses.iter().map(|u| u.who.as_str()).collect();
        let mut only: BTreeMap<String, Option<String>> = BTreeMap::new();
        for (name, bearers) in known.names() {
            let ids = bearers.iter().map(|(place, _)| known.actors[*place].id.as_str());
            let ids: Vec<&str> = ids.filter(|id| of_known.contains(id)).collect();
            match ids.as_slice() {
                [] => {}
                [one] => _ = only.insert(name, Some((*one).to_owned())),
                _ => _ = only.insert(name, None),
            }
        }
        Draft {
            source: known.sources.len() - 1,
            known,
            intake: Intake::default(),
            place,
            first_names,
            only,
            software,
            names: BTreeMap::new(),
            said: BTreeMap::new(),
            further_problems: 0,
            new_features: 0,
            refused_features: 0,
        }
    }

    /// Names what was refused.
    pub(super) fn problem(&mut self, text: String) {
        if self.intake.problems.len() < PROBLEMS_MAX {
            self.intake.problems.push(text);
        } else {
            self.further_problems += 1;
        }
    }

    /// The source's name.
    pub(super) fn source_name(&self) -> String {
        self.known.sources[self.source].name.clone()
    }

    /// The id by which an actor of that first name is known; the name itself where it is new. That it is somebody's
    /// other name makes it nobody's: names never merge.
    pub(super) fn own_id(&self, name: &str) -> String {
        self.first_names.get(&folded(name)).cloned().unwrap_or_else(|| name.to_owned())
    }

    /// The id of the actor that a report means by a name: the only one who bears it and of whom something is known; else as
    /// in [`own_id`](Self::own_id).
    pub(super) fn meant(&self, name: &str) -> String {
        let only = self.only.get(&folded(name)).and_then(Option::clone);
        only.unwrap_or_else(|| self.own_id(name))
    }

    /// An actor's name and other names, by this source's word. `None` if there are too many actors.
    pub(super) fn actor(&mut self, id: &str, name: &str, aliases: &Value) -> Option<usize> {
        let all = aliases.as_array().map_or(0, Vec::len);
        if all > ALIASES_MAX {
            self.problem(format!("{id}: {all} other names; only the first {ALIASES_MAX} are kept"));
        }
        let place = match self.place.get(id) {
            Some(place) => *place,
            None if self.known.actors.len() >= ACTORS_MAX => {
                self.problem(format!("{id}: more than {ACTORS_MAX} actors; it is not taken"));
                return None;
            }
            None => {
                let facts = ActorFacts {
                    id: id.to_owned(),
                    name: name.to_owned(),
                    ..ActorFacts::default()
                };
                self.known.borne.entry((id.to_owned(), folded(name))).or_default();
                self.known.actors.push(facts);
                let place = self.known.actors.len() - 1;
                self.place.insert(id.to_owned(), place);
                self.first_names.entry(folded(name)).or_insert_with(|| id.to_owned());
                place
            }
        };
        let given = aliases.as_array().into_iter().flatten().filter_map(Value::as_str);
        let given = given.take(ALIASES_MAX).map(short).chain([name.to_owned()]);
        for alias in given.collect::<Vec<_>>() {
            self.name_of(place, alias);
        }
        self.intake.actors += 1;
        Some(place)
    }

    fn name_of(&mut self, place: usize, alias: String) {
        let key = folded(&alias);
        if key.is_empty() {
            return;
        }
        let facts = &mut self.known.actors[place];
        let borne = self.names.entry(place).or_insert_with(|| {
            std::iter::once(&facts.name).chain(&facts.aliases).map(|n| folded(n)).collect()
        });
        let relation = (facts.id.clone(), key.clone());
        let is_new = !borne.contains(&key);
        if is_new {
            if facts.aliases.len() >= 4 * ALIASES_MAX {
                return;
            }
            facts.aliases.push(alias);
            borne.insert(key);
        }
        // What the program's own table says needs no other's word.
        if is_new || self.known.borne.contains_key(&relation) {
            self.known.borne.entry(relation).or_default().insert(self.source);
        }
    }

    /// The country that a source suspects; the first that says one is kept.
    pub(super) fn country(&mut self, place: usize, country: &str) {
        let country = country.to_uppercase();
        let is_code = country.len() == 2 && country.bytes().all(|b| b.is_ascii_uppercase());
        let name = short(&self.source_name());
        let facts = &mut self.known.actors[place];
        if is_code && facts.country.is_none() {
            facts.country = Some(country);
            facts.country_source = name;
        }
    }

    /// The place of an actor that was named before.
    pub(super) fn place(&self, id: &str) -> Option<usize> {
        self.place.get(id).copied()
    }

    /// Whom an actor is after.
    pub(super) fn target(&mut self, place: usize, victim: &str) {
        let victim = short(victim);
        let key = folded(&victim);
        let of = self.known.targets.entry(self.known.actors[place].id.clone()).or_default();
        if !key.is_empty() && (of.len() < TARGETS_MAX || of.contains_key(&key)) {
            // What the program's own table says needs no other's word.
            let is_own = of.get(&key).is_some_and(|(_, by)| by.is_empty());
            let (_, by) = of.entry(key).or_insert_with(|| (victim, BTreeSet::new()));
            if !is_own {
                by.insert(self.source);
            }
        }
    }

    /// The id of software by its name; made if it is new. `None` if too much is new.
    pub(super) fn software(&mut self, name: &str) -> Option<String> {
        let name = short(name);
        let key = folded(&name);
        if key.is_empty() {
            return None;
        }
        if let Some(id) = self.software.get(&key) {
            return Some(id.clone());
        }
        let id = format!("S:{key}");
        self.feature(&id, &name).then(|| {
            self.software.insert(key, id.clone());
            id
        })
    }

    /// Whether a feature is known, or may be new.
    pub(super) fn feature(&mut self, id: &str, name: &str) -> bool {
        if self.known.names.contains_key(id) {
            return true;
        }
        if self.new_features >= FEATURES_NEW_MAX {
            self.refused_features += 1;
            return false;
        }
        self.new_features += 1;
        self.known.names.insert(id.to_owned(), if name.is_empty() { id } else { name }.to_owned());
        true
    }

    /// That a report says that somebody does something.
    pub(super) fn say(&mut self, who: &str, month: &str, report: &str, what: String) {
        if who != what {
            let of = self.said.entry(who.to_owned()).or_default();
            of.entry((month.to_owned(), short(report))).or_default().insert(what);
        }
    }

    /// Takes up what is to be believed.
    pub(super) fn finish(mut self) -> Intake {
        let mut reports: BTreeMap<String, usize> =
            self.known.reports.iter().enumerate().map(|(i, r)| (r.clone(), i)).collect();
        let mut with_facts: BTreeSet<String> = self
            .known
            .uses
            .iter()
            .filter(|u| !u.who.starts_with('S'))
            .map(|u| u.who.clone())
            .collect();
        let until = self.known.sources[self.source].until.clone();
        let counts = self.known.sources[self.source].counts();
        let (mut used, mut later) = (BTreeSet::new(), 0);
        for (who, said) in std::mem::take(&mut self.said) {
            let what: BTreeSet<&String> = said.values().flatten().collect();
            if what.len() > FEATURES_MAX {
                self.problem(format!(
                    "{}: said to do {} things; more than {FEATURES_MAX} are not believed, none is taken",
                    short(&who),
                    what.len()
                ));
                continue;
            }
            let is_software = who.starts_with('S');
            if !is_software && !with_facts.contains(&who) {
                if with_facts.len() >= ACTORS_WITH_FACTS_MAX {
                    self.problem(format!("{}: more than {ACTORS_WITH_FACTS_MAX} actors with facts; its are not taken", short(&who)));
                    continue;
                }
                with_facts.insert(who.clone());
            }
            for ((mut month, report), what) in said {
                if !until.is_empty() && month > until {
                    later += 1;
                    month.clone_from(&until);
                }
                let number = match reports.get(&report) {
                    Some(number) => *number,
                    None if used.len() >= REPORTS_MAX => continue,
                    None => {
                        self.known.reports.push(report.clone());
                        reports.insert(report, self.known.reports.len() - 1);
                        self.known.reports.len() - 1
                    }
                };
                used.insert(number);
                self.intake.facts += what.len();
                if counts && month > self.known.newest {
                    self.known.newest.clone_from(&month);
                }
                self.known.uses.push(Use {
                    who: who.clone(),
                    month,
                    reports: vec![number],
                    what: what.into_iter().collect(),
                    source: Some(self.source),
                });
            }
        }
        self.intake.reports = used.len();
        if used.len() >= REPORTS_MAX {
            self.problem(format!("more than {REPORTS_MAX} reports; the others are not taken"));
        }
        if later > 0 {
            self.problem(format!("{later} facts are dated later than they were taken in ({until}): they count as of then"));
        }
        if self.refused_features > 0 {
            let n = self.refused_features;
            self.problem(format!("{n} mentions of techniques or software beyond {FEATURES_NEW_MAX} new ones are not taken"));
        }
        if self.further_problems > 0 {
            let n = self.further_problems;
            self.intake.problems.push(format!("and {n} more problems"));
        }
        self.intake
    }
}

/// The id of ATT&CK that an object bears.
pub(super) fn attack_id(object: &Value) -> Option<&str> {
    super::list(object, "external_references")
        .filter(|r| str_of(r, "source_name").starts_with("mitre-"))
        .map(|r| str_of(r, "external_id"))
        .find(|id| !id.is_empty())
}
