//! The table of facts that the program carries: actors with their names, and who was seen with what by whose
//! report. Made by `cargo xtask knowledge`, which says what its lines are.
//!
//! Names are many-to-many: a name leads to every actor that bears it, and never merges two.

use std::collections::{BTreeMap, BTreeSet};

use crate::corpus::{Brings, Corpus};
use crate::observe::Grade;

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

/// Where knowledge is from, beside the table that the program carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Who made it.
    pub name: String,
    /// SHA-256 of its bytes, in lower-case hex; empty if it stands on no record.
    pub sha256: String,
    /// How far it is to be believed.
    pub grade: Grade,
    /// The month in which it was taken in, `YYYY-MM`: nothing in it can be newer. Empty if not known.
    pub until: String,
}

impl Source {
    /// Whether what it says of actors counts: not if it is more likely wrong than right.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.grade.error() <= 0.5
    }
}

/// Place of a source in [`Knowledge::sources`].
pub type SourceIx = usize;

/// An actor that bears a name.
#[derive(Clone, Debug)]
pub struct Bearer<'k> {
    /// Who.
    pub facts: &'k ActorFacts,
    /// Whether it is its first name or its id.
    pub is_first: bool,
    /// How far the name means this actor: a share of one among all who bear it.
    pub weight: f64,
    /// Sources that say so; none: the program's own table.
    pub said_by: Vec<SourceIx>,
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
    /// Where that is from; none: the program's own table.
    pub source: Option<SourceIx>,
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
    /// Knowledge that was added.
    pub sources: Vec<Source>,
    /// Actor's id and name as names are compared → the sources that say that it bears it. Relations, no merges.
    pub borne: BTreeMap<(String, String), BTreeSet<SourceIx>>,
    /// Actor's id → whom it is said to be after, as names are compared → in words, and who says so; nobody: the program's
    /// own table.
    pub targets: BTreeMap<String, BTreeMap<String, (String, BTreeSet<SourceIx>)>>,
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
            "X" => {
                let (id, victims) = (next(), next());
                let said =
                    many(&victims, '|').into_iter().map(|v| (folded(&v), (v, BTreeSet::new())));
                self.targets.insert(id, said.collect());
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
                self.uses.push(Use { who, month, reports, what: many(&what, ','), source: None });
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
        let standing = self.uses.iter().filter(|u| self.counts(u));
        for fact in standing.filter(|u| actors.contains(u.who.as_str())) {
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

    /// Whether a fact counts: its source is more likely right than wrong.
    fn counts(&self, fact: &Use) -> bool {
        fact.source.is_none_or(|s| self.sources[s].counts())
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
        for fact in self.uses.iter().filter(|u| u.who.starts_with('S') && self.counts(u)) {
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

    /// All actors that bear a name or id, with how far the name means each: sources that say so independently of each
    /// other, by their grades; another's first name counts for half as much where it is but an alias.
    #[must_use]
    pub fn bearers(&self, name: &str) -> Vec<Bearer<'_>> {
        let wanted = folded(name);
        let found = self.called(name);
        let weights: Vec<f64> =
            found.iter().map(|(a, is_first)| self.believed(&a.id, &wanted, *is_first)).collect();
        let sum: f64 = weights.iter().sum();
        let mut bearers = Vec::new();
        for ((facts, is_first), weight) in found.into_iter().zip(weights) {
            let key = (facts.id.clone(), wanted.clone());
            let said_by = self.borne.get(&key).into_iter().flatten().copied().collect();
            bearers.push(Bearer { facts, is_first, weight: weight / sum.max(1e-9), said_by });
        }
        bearers
    }

    /// How far it is believed that an actor bears a name (as names are compared).
    fn believed(&self, id: &str, name: &str, is_first: bool) -> f64 {
        // What no source is named for stands in the program's own table.
        let believed = match self.borne.get(&(id.to_owned(), name.to_owned())) {
            Some(by) if !by.is_empty() => {
                1.0 - by.iter().map(|s| self.sources[*s].grade.error()).product::<f64>()
            }
            _ => 0.9,
        };
        believed * if is_first { 1.0 } else { 0.5 }
    }

    /// Every name as names are compared → the places of the actors that bear it, with how far that is believed.
    #[must_use]
    pub fn names(&self) -> BTreeMap<String, Vec<(usize, f64)>> {
        let mut names: BTreeMap<String, Vec<(usize, f64)>> = BTreeMap::new();
        for (place, actor) in self.actors.iter().enumerate() {
            let firsts = [folded(&actor.id), folded(&actor.name)];
            let others = actor.aliases.iter().map(|a| folded(a));
            for name in firsts.iter().cloned().chain(others).collect::<BTreeSet<_>>() {
                let weight = self.believed(&actor.id, &name, firsts.contains(&name));
                names.entry(name).or_default().push((place, weight));
            }
        }
        names
    }

    /// Ids of actors that are said to be after such victims, and what part of those whose victims are known they are.
    #[must_use]
    pub fn after(&self, victim: &str) -> (Vec<&str>, f64) {
        let wanted = folded(victim);
        let counts =
            |by: &BTreeSet<SourceIx>| by.is_empty() || by.iter().any(|s| self.sources[*s].counts());
        let known = self.targets.iter().filter(|(_, of)| of.values().any(|(_, by)| counts(by)));
        let is_after = |of: &BTreeMap<String, (String, BTreeSet<SourceIx>)>| {
            of.get(&wanted).is_some_and(|(_, by)| counts(by))
        };
        let all = known.clone().count().max(1) as f64;
        let after: Vec<&str> =
            known.filter(|(_, of)| is_after(of)).map(|(id, _)| id.as_str()).collect();
        let part = after.len() as f64 / all;
        (after, part)
    }

    /// Digests of all that is known: the program's own table first.
    #[must_use]
    pub fn digests(&self) -> Vec<String> {
        let added = self.sources.iter().map(|s| s.sha256.clone());
        std::iter::once(self.digest.clone()).chain(added).collect()
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
