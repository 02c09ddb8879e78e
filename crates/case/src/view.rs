//! An intrusion with all that follows from it, ready to be shown: one type for every output format.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::case::Case;
use crate::citation::{Citations, Sentence};
use crate::clock::Skew;
use crate::coverage::Gap;
use crate::exposure::Exposure;
use crate::graph::Graph;
use crate::intrusion::Intrusion;
use crate::link::{Link, Reason, counted};
use crate::place::Site;
use crate::scope::Scoped;
use crate::timeline::Timeline;

/// An intrusion and what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct View {
    /// Its number, from 1: the strongest is the first.
    pub number: usize,
    /// How much speaks for it.
    pub strength: f64,
    /// What it is in a sentence.
    pub summary: Sentence,
    /// When what happened.
    pub timeline: Timeline,
    /// Where telemetry is missing.
    pub gaps: Vec<Gap>,
    /// Clocks of its hosts that go wrong.
    pub clocks: Vec<Skew>,
    /// How far it reaches.
    pub scope: Vec<Scoped>,
    /// What was taken.
    pub exposure: Vec<Exposure>,
    /// Who and what has to do with each other.
    pub graph: Graph,
    /// Why its findings belong together.
    pub links: Vec<Sentence>,
}

/// What stands out and is part of no intrusion.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Lead {
    /// How much speaks for it.
    pub strength: f64,
    /// What it is.
    pub what: Sentence,
}

impl Case {
    /// All intrusions, the strongest first.
    pub fn views(&self) -> Vec<View> {
        self.intrusions.found.iter().enumerate().map(|(i, x)| self.view(i + 1, x)).collect()
    }

    /// All leads that are kept, the strongest first.
    pub fn leads(&self) -> Vec<Lead> {
        let lead = |x: &Intrusion| Lead { strength: x.strength, what: self.summary(x) };
        self.intrusions.leads.iter().map(lead).collect()
    }

    fn view(&self, number: usize, intrusion: &Intrusion) -> View {
        let timeline = self.timeline(intrusion);
        let of = intrusion.observations.iter().map(|i| &self.observations[*i]);
        let machines = of.filter(|o| o.site == Site::Machine);
        let hosts: BTreeSet<&str> = machines.map(|o| o.host.as_str()).collect();
        let watched = hosts.iter().filter_map(|h| Some((*h, self.watched.get(*h)?)));
        let gaps = watched.flat_map(|(h, w)| w.gaps(h, timeline.first, timeline.last)).collect();
        View {
            number,
            strength: intrusion.strength,
            summary: self.summary(intrusion),
            gaps,
            clocks: self.clocks.iter().filter(|c| hosts.contains(&*c.host)).cloned().collect(),
            scope: self.scope(intrusion),
            exposure: self.exposure(intrusion),
            graph: self.graph(intrusion),
            links: self.reasons(intrusion),
            timeline,
        }
    }

    /// Why its observations belong together, what brings together the farthest first. What many name, and a way that led to
    /// many, is one reason.
    fn reasons(&self, intrusion: &Intrusion) -> Vec<Sentence> {
        let mut links: Vec<&Link> = intrusion.links.iter().collect();
        links.sort_by_key(|link| link.rank());
        let mut at: BTreeMap<String, usize> = BTreeMap::new();
        let mut reasons: Vec<(Sentence, Vec<&Link>)> = Vec::new();
        for link in links {
            let said = link.sentence(&self.observations);
            let mut of = reasons.len();
            if matches!(link.reason, Reason::Shared(..) | Reason::Route(_)) {
                of = *at.entry(said.text().to_owned()).or_insert(of);
            }
            match reasons.get_mut(of) {
                Some((_, same)) => same.push(link),
                None => reasons.push((said, vec![link])),
            }
        }
        let joined = |(said, same): (Sentence, Vec<&Link>)| {
            Sentence::new(said.text(), Link::rest_on(&same, &self.observations))
        };
        reasons.into_iter().map(joined).collect()
    }

    fn summary(&self, intrusion: &Intrusion) -> Sentence {
        let all: Vec<_> = intrusion.observations.iter().map(|i| &self.observations[*i]).collect();
        let first = all.iter().map(|o| o.first).min().expect("an intrusion has observations");
        let last = all.iter().map(|o| o.last).max().expect("an intrusion has observations");
        let findings: u64 = all.iter().map(|o| o.findings).sum();
        let on = |site: Site| -> BTreeSet<&str> {
            all.iter().filter(|o| o.site == site).map(|o| o.host.as_str()).collect()
        };
        let places = [(on(Site::Machine), "host"), (on(Site::Account), "account")];
        let places: Vec<String> =
            places.iter().filter_map(|(names, what)| listed(names, what)).collect();
        let worst = all.iter().max_by_key(|o| (o.level, std::cmp::Reverse(o.first)));
        let title = worst.map_or("", |o| &o.title);
        let seconds = (last.as_nanos() - first.as_nanos()) / 1_000_000_000;
        let text = format!(
            "{} of {} on {}, {} to {} ({}); the worst: \"{title}\".",
            counted(findings as usize, "finding"),
            counted(all.iter().map(|o| o.name()).collect::<BTreeSet<_>>().len(), "rule"),
            if places.is_empty() { "no known host".to_owned() } else { places.join(" and ") },
            first.to_seconds_string(),
            last.to_seconds_string(),
            crate::timeline::span(seconds),
        );
        let rests_on = Citations::join(all.iter().map(|o| &o.rests_on));
        Sentence::new(text, rests_on.expect("an intrusion has observations"))
    }
}

/// `2 hosts (a, b)`; nothing of none.
fn listed(names: &BTreeSet<&str>, what: &str) -> Option<String> {
    match names.len() {
        0 => None,
        1 => Some(format!("one {what} ({})", shown(names))),
        n => Some(format!("{n} {what}s ({})", shown(names))),
    }
}

fn shown(hosts: &BTreeSet<&str>) -> String {
    const SHOWN: usize = 6;
    let names = hosts.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match hosts.len() {
        n if n > SHOWN => format!("{names} and {} more", n - SHOWN),
        _ => names,
    }
}
