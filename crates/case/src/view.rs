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
use crate::link::Link;
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

    /// Why its observations belong together, what brings together the farthest first. Links that say the same are one reason.
    fn reasons(&self, intrusion: &Intrusion) -> Vec<Sentence> {
        let mut links: Vec<&Link> = intrusion.links.iter().collect();
        links.sort_by_key(|link| link.rank());
        let mut of_text: BTreeMap<String, usize> = BTreeMap::new();
        let mut reasons: Vec<(String, Vec<Citations>)> = Vec::new();
        for said in links.into_iter().map(|link| link.sentence(&self.observations)) {
            let at = *of_text.entry(said.text().to_owned()).or_insert(reasons.len());
            if at == reasons.len() {
                reasons.push((said.text().to_owned(), Vec::new()));
            }
            reasons[at].1.push(said.rests_on().clone());
        }
        let sentence = |(text, of): (String, Vec<Citations>)| {
            Sentence::new(text, Citations::join(&of).expect("each link rests on findings"))
        };
        reasons.into_iter().map(sentence).collect()
    }

    fn summary(&self, intrusion: &Intrusion) -> Sentence {
        let all: Vec<_> = intrusion.observations.iter().map(|i| &self.observations[*i]).collect();
        let first = all.iter().map(|o| o.first).min().expect("an intrusion has observations");
        let last = all.iter().map(|o| o.last).max().expect("an intrusion has observations");
        let findings: u64 = all.iter().map(|o| o.findings).sum();
        let hosts: BTreeSet<&str> =
            all.iter().filter(|o| o.site != Site::Elsewhere).map(|o| o.host.as_str()).collect();
        let worst = all.iter().max_by_key(|o| (o.level, std::cmp::Reverse(o.first)));
        let title = worst.map_or("", |o| &o.title);
        let seconds = (last.as_nanos() - first.as_nanos()) / 1_000_000_000;
        let text = format!(
            "{findings} findings of {} rules on {}, {} to {} ({}); the worst: \"{title}\".",
            all.iter().map(|o| o.name()).collect::<BTreeSet<_>>().len(),
            match hosts.len() {
                0 => "no known host".to_owned(),
                1 => format!("one host ({})", shown(&hosts)),
                n => format!("{n} hosts ({})", shown(&hosts)),
            },
            first.to_seconds_string(),
            last.to_seconds_string(),
            crate::timeline::span(seconds),
        );
        let rests_on = Citations::join(all.iter().map(|o| &o.rests_on));
        Sentence::new(text, rests_on.expect("an intrusion has observations"))
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
