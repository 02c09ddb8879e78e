//! An intrusion of a case → what is published of it to an audience: its claims ([`story`]) and the same facts as data
//! ([`facts`]).

mod facts;
mod story;

use std::collections::{BTreeMap, BTreeSet};

use blanik_case::observation::Observation;
use blanik_case::{Case, Citations, Intrusion, View};
use blanik_model::text::for_terminal;
use blanik_model::{Fact, Finding, Record, Timestamp};

use super::names::Names;
use super::saying::{Saying, moment};
use super::verdict::{self, Told};
use super::{Cited, Claim, Ground, Log, Publication, Publisher, Software, Wording, gathered};

/// Records of a claim that are looked at for all that it says.
const GROUNDED_MAX: usize = 4;

/// Why nothing can be published.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such intrusion.
    #[error("there is no intrusion {0}: the case has {1}")]
    NoIntrusion(usize, usize),
    /// The verdict on record cannot be read.
    #[error(
        "the verdict of record {0} cannot be read: {1}; `blanik attribute CASE --record` puts it on record anew"
    )]
    Verdict(u64, serde_json::Error),
}

/// What is published, by whom, when, to whom.
pub struct Order {
    /// Which intrusion, from 1.
    pub intrusion: usize,
    /// The heading, if it is given.
    pub title: Option<Wording>,
    /// By whom.
    pub publisher: Publisher,
    /// When.
    pub published: Timestamp,
    /// The sector of who it happened to.
    pub victim: Option<String>,
    /// True if all of it is invented.
    pub exercise: bool,
    /// Whether it is said who it was.
    pub attributes: bool,
    /// Allies' cosignatures: name of the key without its grade, grade, when.
    pub cosigned: Vec<(String, String, Option<Timestamp>)>,
    /// Where the records stand.
    pub log: Log,
}

/// What a publication is made of.
pub struct Material<'a> {
    /// The case.
    pub case: &'a Case,
    /// Its records with their indexes.
    pub records: &'a [(u64, Record)],
    /// What may be shown.
    pub names: &'a Names,
}

struct Builder<'a> {
    of: &'a Material<'a>,
    intrusion: &'a Intrusion,
    view: View,
    by_index: BTreeMap<u64, &'a Record>,
    claims: usize,
}

/// What is published.
///
/// # Errors
/// See [`Error`].
pub fn publication(of: &Material<'_>, order: &Order) -> Result<Publication, Error> {
    let found = &of.case.intrusions.found;
    let none = || Error::NoIntrusion(order.intrusion, found.len());
    let at = order.intrusion.checked_sub(1).ok_or_else(none)?;
    let intrusion = found.get(at).ok_or_else(none)?;
    let view = of.case.views().into_iter().nth(at).ok_or_else(none)?;
    let by_index = of.records.iter().map(|(index, record)| (*index, record)).collect();
    let mut builder = Builder { of, intrusion, view, by_index, claims: 0 };
    builder.publication(order)
}

impl Builder<'_> {
    fn publication(&mut self, order: &Order) -> Result<Publication, Error> {
        let names = self.of.names;
        let told = match order.attributes {
            true => self.told(order.intrusion)?,
            false => None,
        };
        let indicators = gathered::indicators(self.of, self.intrusion, &self.view.graph);
        let chapters = self.chapters(told.as_ref(), &indicators);
        let (nodes, edges) = self.graph();
        let log = order.log.clone();
        let opinions = self.opinions(order);
        let (attribution, software) = match told {
            Some(told) => {
                let cites = told.attribution.cites.clone();
                let named = told.software.into_iter();
                let software = named.map(|s| gathered::software(s, &cites)).collect();
                (Some(told.attribution), software)
            }
            None => (None, Vec::<Software>::new()),
        };
        let title = order.title.clone().unwrap_or_else(|| Wording {
            en: "Intrusion into a network".to_owned(),
            cs: "Průnik do sítě".to_owned(),
        });
        let mut publication = Publication {
            title: Wording { en: names.text(&title.en), cs: names.text(&title.cs) },
            case: names.text(self.by_index.values().next().map_or("", |r| &r.case)),
            intrusion: order.intrusion,
            exercise: order.exercise,
            tlp: names.tlp(),
            published: order.published,
            publisher: order.publisher.clone(),
            first: self.view.timeline.first,
            last: self.view.timeline.last,
            victim: order.victim.clone(),
            chapters,
            steps: self.steps(),
            unseen: self.unseen(),
            techniques: self.techniques(),
            software,
            scope: self.scope(),
            taken: self.taken(),
            indicators,
            nodes,
            edges,
            attribution,
            opinions,
            commitments: Vec::new(),
            withheld: Vec::new(),
            log,
        };
        // Of names that nobody would have seen anyway, not even the number is said.
        let text = serde_json::to_string(&publication).unwrap_or_default();
        let used = names.used(&text).into_iter();
        publication.withheld = used.map(|(kind, of)| (kind.to_owned(), of.len() as u64)).collect();
        Ok(publication)
    }

    fn observations(&self) -> impl Iterator<Item = &Observation> {
        self.intrusion.observations.iter().map(|i| &self.of.case.observations[*i])
    }

    fn core(&self) -> impl Iterator<Item = &Observation> {
        self.intrusion.core.iter().map(|i| &self.of.case.observations[*i])
    }

    fn finding(&self, index: u64) -> Option<&Finding> {
        match &self.by_index.get(&index)?.fact {
            Fact::Found(finding) => Some(finding),
            _ => None,
        }
    }

    /// The newest verdict on record about that intrusion.
    fn told(&self, intrusion: usize) -> Result<Option<Told>, Error> {
        let newest = self.of.records.iter().rev().find_map(|(index, record)| match &record.fact {
            Fact::Concluded(said) if said.intrusion == intrusion as u64 => Some((*index, said)),
            _ => None,
        });
        let Some((index, said)) = newest else { return Ok(None) };
        let cites = Cited::from(&Citations::one(index));
        verdict::told(&said.verdict, cites, self.of.names)
            .map(Some)
            .map_err(|error| Error::Verdict(index, error))
    }

    fn claim(&mut self, saying: Saying, rests_on: &Citations) -> Claim {
        self.claims += 1;
        // What a rule is called, or a host, may hold characters that turn a line around.
        let safe = |text: &str| for_terminal(text).into_owned();
        let text = Wording { en: safe(&saying.text.en), cs: safe(&saying.text.cs) };
        let saying = Saying { text, ..saying };
        let grounds = self.grounds(&saying, rests_on);
        Claim {
            id: format!("c{}", self.claims),
            text: saying.text,
            marking: saying.marking,
            cites: Cited::from(rests_on),
            grounds,
        }
    }

    /// Fields whose text the sentence says: of the first records, and further on each time that no record before has.
    fn grounds(&self, saying: &Saying, rests_on: &Citations) -> Vec<Ground> {
        let names = self.of.names;
        let mut grounds = Vec::new();
        let mut moments = BTreeSet::new();
        for (place, &record) in rests_on.indexes().iter().enumerate() {
            let Some(finding) = self.finding(record) else { continue };
            let is_first = place < GROUNDED_MAX;
            let time = finding.time.filter(|time| saying.text.en.contains(&moment(*time)));
            let time = time.filter(|time| moments.insert(moment(*time)) || is_first);
            let time = time.map(|time| ("/time", time.to_string()));
            let title = Some(&finding.rule_title).filter(|_| is_first);
            let title = title.filter(|title| saying.text.en.contains(title.as_str()));
            let title = title.map(|title| ("/rule_title", title.clone()));
            for (path, value) in title.into_iter().chain(time) {
                let is_withheld = names.redactions().fields.contains(path);
                if names.is_clean(&value) && !is_withheld {
                    grounds.push(Ground { record, path: path.to_owned(), value });
                }
            }
        }
        grounds
    }
}
