//! What is known: documents (one report about one actor, with what it shows) and which techniques a piece
//! of software brings. A report is the unit of independence; nothing is merged into flat sets.

use std::collections::{BTreeMap, BTreeSet};

/// Index of an actor in [`Corpus::actors`].
pub type Actor = usize;
/// Index of a feature in [`Corpus::features`].
pub type Feature = usize;
/// Index of a report in [`Corpus::reports`].
pub type Report = usize;

/// One report about one actor.
#[derive(Clone, Debug)]
pub struct Document {
    /// Whom the report is about.
    pub actor: Actor,
    /// Which report.
    pub report: Report,
    /// What it shows of the actor; sorted, each once.
    pub features: Vec<Feature>,
}

/// That a piece of software brings a technique.
#[derive(Clone, Debug)]
pub struct Brings {
    /// The software.
    pub software: Feature,
    /// What it does.
    pub technique: Feature,
    /// Who says so; empty where nobody is named.
    pub reports: Vec<Report>,
    /// Since when it stands, as `YYYY-MM`; empty if not known.
    pub month: String,
}

/// See the module. Documents are in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// Actors' ids.
    pub actors: Vec<String>,
    /// Their nations, where one is known.
    pub nations: Vec<Option<String>>,
    /// Techniques (`T1059.001`) and software (`S0002`).
    pub features: Vec<String>,
    /// For each feature its parent technique, or itself.
    pub parents: Vec<Feature>,
    /// Addresses of reports.
    pub reports: Vec<String>,
    /// Documents.
    pub documents: Vec<Document>,
    /// What software brings.
    pub brings: Vec<Brings>,
    by_actor: BTreeMap<String, Actor>,
    by_feature: BTreeMap<String, Feature>,
    by_report: BTreeMap<String, Report>,
}

impl Corpus {
    /// The actor with this id, made if it is new.
    pub fn actor(&mut self, id: &str) -> Actor {
        if let Some(known) = self.by_actor.get(id) {
            return *known;
        }
        self.actors.push(id.to_owned());
        self.nations.push(None);
        self.by_actor.insert(id.to_owned(), self.actors.len() - 1);
        self.actors.len() - 1
    }

    /// The feature with this id, made if it is new, with its parent.
    pub fn feature(&mut self, id: &str) -> Feature {
        if let Some(known) = self.by_feature.get(id) {
            return *known;
        }
        let parent = id.split_once('.').map(|(parent, _)| self.feature(parent));
        let new = self.features.len();
        self.features.push(id.to_owned());
        self.parents.push(parent.unwrap_or(new));
        self.by_feature.insert(id.to_owned(), new);
        new
    }

    /// The report with this address, made if it is new.
    pub fn report(&mut self, address: &str) -> Report {
        if let Some(known) = self.by_report.get(address) {
            return *known;
        }
        self.reports.push(address.to_owned());
        self.by_report.insert(address.to_owned(), self.reports.len() - 1);
        self.reports.len() - 1
    }

    /// Says of which nation an actor is.
    pub fn set_nation(&mut self, id: &str, nation: &str) {
        if let Some(actor) = self.by_actor.get(id) {
            self.nations[*actor] = Some(nation.to_owned());
        }
    }

    /// Adds a document.
    pub fn add<'a>(
        &mut self,
        actor: &str,
        report: &str,
        features: impl IntoIterator<Item = &'a str>,
    ) {
        let actor = self.actor(actor);
        let report = self.report(report);
        let features: BTreeSet<Feature> = features.into_iter().map(|f| self.feature(f)).collect();
        self.documents.push(Document { actor, report, features: features.into_iter().collect() });
    }

    /// The actor with this id.
    #[must_use]
    pub fn find_actor(&self, id: &str) -> Option<Actor> {
        self.by_actor.get(id).copied()
    }

    /// The feature with this id.
    #[must_use]
    pub fn find_feature(&self, id: &str) -> Option<Feature> {
        self.by_feature.get(id).copied()
    }

    /// The report with this address.
    #[must_use]
    pub fn find_report(&self, address: &str) -> Option<Report> {
        self.by_report.get(address).copied()
    }

    /// Whether a feature is software, by its id.
    #[must_use]
    pub fn is_software(&self, feature: Feature) -> bool {
        self.features[feature].starts_with('S')
    }
}
