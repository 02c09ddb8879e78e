//! The table of facts that the program carries: actors with their names, and who was seen with what by whose
//! report. Made by `cargo xtask knowledge`, which says what its lines are.
//!
//! Names are many-to-many: a name leads to every actor that bears it, and never merges two.

use std::collections::{BTreeMap, BTreeSet};

use crate::corpus::{Brings, Corpus};

const BUILTIN: &str = include_str!("../knowledge/attack.tsv");

/// An actor as the table has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActorFacts {
    /// `G0016`, or what the source calls it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Two letters, where a source suspects a country.
    pub country: Option<String>,
    /// Which source that is.
    pub country_source: String,
    /// Other names, as the source lists them.
    pub aliases: Vec<String>,
}

/// Who was seen with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// A group, a campaign or software.
    pub who: String,
    /// When the source took it up, `YYYY-MM`; empty if not known.
    pub month: String,
    /// Who says so: indices of [`Knowledge::reports`].
    pub reports: Vec<usize>,
    /// Techniques and software.
    pub what: Vec<String>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// Release of ATT&CK.
    pub release: String,
    /// SHA-256 of the bundle it was derived from.
    pub digest: String,
    /// The newest month in which a fact was taken up.
    pub newest: String,
    /// Actors, sorted by id.
    pub actors: Vec<ActorFacts>,
    /// Names of techniques, software and campaigns.
    pub names: BTreeMap<String, String>,
    /// Addresses of reports.
    pub reports: Vec<String>,
    /// Who was seen with what.
    pub uses: Vec<Use>,
    /// Campaign → groups it is attributed to.
    pub campaigns: BTreeMap<String, Vec<String>>,
}

impl Knowledge {
    /// The table that the program carries.
    #[must_use]
    pub fn builtin() -> Knowledge {
        let mut known = Knowledge::default();
        for line in BUILTIN.lines().filter(|l| !l.starts_with('#')) {
            known.line(line);
        }
        known
    }

    fn line(&mut self, line: &str) {
        let mut cells = line.split('\t');
        let mut next = || cells.next().unwrap_or_default().to_owned();
        let many = |text: &str, by: char| -> Vec<String> {
            text.split(by).filter(|t| !t.is_empty()).map(str::to_owned).collect()
        };
        match next().as_str() {
            "V" => (self.release, self.digest) = (next(), next()),
            "A" => {
                let (id, name, country, country_source) = (next(), next(), next(), next());
                let country = Some(country).filter(|c| !c.is_empty());
                let aliases = many(&next(), '|');
                self.actors.push(ActorFacts { id, name, country, country_source, aliases });
            }
            "S" | "T" => {
                let (id, name) = (next(), next());
                self.names.insert(id, name);
            }
            "R" => self.reports.push(next()),
            "C" => {
                let (id, name, _seen, groups) = (next(), next(), next(), next());
                self.campaigns.insert(id.clone(), many(&groups, ','));
                self.names.insert(id, name);
            }
            "U" => {
                let (who, month, reports, what) = (next(), next(), next(), next());
                let reports = many(&reports, ',').iter().filter_map(|r| r.parse().ok()).collect();
                self.newest = self.newest.clone().max(month.clone());
                self.uses.push(Use { who, month, reports, what: many(&what, ',') });
            }
            _ => {}
        }
    }

    /// Documents, nations and what software brings, ready to be counted.
    #[must_use]
    pub fn corpus(&self) -> Corpus {
        let mut corpus = Corpus::default();
        let mut documents: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        let actors: BTreeSet<&str> = self.actors.iter().map(|a| a.id.as_str()).collect();
        for fact in self.uses.iter().filter(|u| actors.contains(u.who.as_str())) {
            for report in fact.reports.iter().filter_map(|r| self.reports.get(*r)) {
                let shown = documents.entry((&fact.who, report)).or_default();
                shown.extend(fact.what.iter().map(String::as_str));
            }
        }
        for ((actor, report), features) in documents {
            corpus.add(actor, report, features);
        }
        self.add_nations(&mut corpus);
        self.add_brings(&mut corpus);
        corpus
    }

    /// Says of the actors in a corpus of which nation they are.
    pub fn add_nations(&self, corpus: &mut Corpus) {
        for actor in &self.actors {
            if let Some(country) = &actor.country {
                corpus.set_nation(&actor.id, country);
            }
        }
    }

    /// Adds to a corpus what software brings.
    pub fn add_brings(&self, corpus: &mut Corpus) {
        for fact in self.uses.iter().filter(|u| u.who.starts_with('S')) {
            let software = corpus.feature(&fact.who);
            let reports = fact.reports.iter().filter_map(|r| self.reports.get(*r));
            let reports: Vec<usize> = reports.map(|r| corpus.report(r)).collect();
            for technique in fact.what.iter().filter(|t| t.starts_with('T')) {
                let technique = corpus.feature(technique);
                let (reports, month) = (reports.clone(), fact.month.clone());
                corpus.brings.push(Brings { software, technique, reports, month });
            }
        }
    }

    /// All actors that bear a name or id, each with whether it is its first name.
    #[must_use]
    pub fn called(&self, name: &str) -> Vec<(&ActorFacts, bool)> {
        let wanted = folded(name);
        let bears = |a: &&ActorFacts| {
            folded(&a.id) == wanted
                || std::iter::once(&a.name).chain(&a.aliases).any(|n| folded(n) == wanted)
        };
        let found = self.actors.iter().filter(bears);
        found.map(|a| (a, folded(&a.name) == wanted || folded(&a.id) == wanted)).collect()
    }

    /// What a technique, software or actor is called; its id where it has no name.
    #[must_use]
    pub fn name<'a>(&'a self, id: &'a str) -> &'a str {
        let actor = self.actors.iter().find(|a| a.id == id).map(|a| a.name.as_str());
        self.names.get(id).map(String::as_str).or(actor).unwrap_or(id)
    }
}

/// A name as names are compared: letters and digits, in lower case.
#[must_use]
pub fn folded(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
