//! What is published, as data: steps, techniques, scope, what was taken, the graph, what allies say.

use std::collections::{BTreeMap, BTreeSet};

use blanik_case::Citations;
use blanik_case::exposure::Exposure;
use blanik_case::observation::Observation;
use blanik_model::record::{Assessed, Opined};
use blanik_model::{Fact, Timestamp, Tlp};

use super::{Builder, Order};
use crate::publication::{
    Cited, Edge, Node, Opinion, Scoped, Step, Taken, Technique, Unseen, gathered,
};

impl Builder<'_> {
    pub(super) fn steps(&self) -> Vec<Step> {
        let names = self.of.names;
        let step = |s: &blanik_case::timeline::Step| {
            let o = &self.of.case.observations[s.observation];
            let mut marking = Tlp::Clear;
            let host = (o.host != "-").then(|| names.show(&o.host, &mut marking));
            Step {
                first: s.first,
                last: s.last,
                host,
                tactic: s.tactic,
                techniques: o.techniques.iter().cloned().collect(),
                level: s.level,
                rule_id: names.text(&o.rule),
                rule_title: names.text(&o.title),
                findings: o.findings,
                cites: Cited::from(&o.rests_on),
                marking,
            }
        };
        self.view.timeline.steps.iter().map(step).collect()
    }

    pub(super) fn unseen(&self) -> Vec<Unseen> {
        let names = self.of.names;
        let quiet = self.view.timeline.quiet.iter().map(|q| Unseen {
            host: None,
            from: q.from,
            to: q.to,
            marking: Tlp::Clear,
        });
        let gaps = self.view.gaps.iter().map(|g| {
            let mut marking = Tlp::Clear;
            let host = Some(names.show(&g.host, &mut marking));
            Unseen { host, from: g.from, to: g.to, marking }
        });
        let mut all: Vec<Unseen> = quiet.chain(gaps).collect();
        all.sort_by(|a, b| (a.from, &a.host).cmp(&(b.from, &b.host)));
        all
    }

    pub(super) fn techniques(&self) -> Vec<Technique> {
        let mut of: BTreeMap<&str, Vec<&Observation>> = BTreeMap::new();
        for o in self.observations() {
            o.techniques.iter().for_each(|t| of.entry(t).or_default().push(o));
        }
        let known = gathered::technique_names();
        let technique = |(id, of): (&str, Vec<&Observation>)| {
            let tactics: BTreeSet<usize> =
                of.iter().flat_map(|o| o.tactics.iter().copied()).collect();
            let rules: BTreeSet<String> = of.iter().map(|o| self.of.names.text(&o.title)).collect();
            Some(Technique {
                id: id.to_owned(),
                name: known.get(id).cloned(),
                tactics: tactics.into_iter().collect(),
                first: of.iter().map(|o| o.first).min()?,
                last: of.iter().map(|o| o.last).max()?,
                findings: of.iter().map(|o| o.findings).sum(),
                rules: rules.into_iter().collect(),
                cites: Cited::from(&Citations::join(of.iter().map(|o| &o.rests_on))?),
            })
        };
        of.into_iter().filter_map(technique).collect()
    }

    pub(super) fn scope(&self) -> Vec<Scoped> {
        let scoped = |s: &blanik_case::scope::Scoped| {
            let mut marking = Tlp::Clear;
            Scoped {
                kind: s.entity.kind.as_str().to_owned(),
                name: self.of.names.show(&s.entity.name, &mut marking),
                standing: s.standing.as_str().to_owned(),
                cites: Cited::from(s.why.rests_on()),
                marking,
            }
        };
        self.view.scope.iter().map(scoped).collect()
    }

    pub(super) fn taken(&self) -> Vec<Taken> {
        let taken = |e: &&Exposure| {
            let mut marking = Tlp::Clear;
            Some(Taken {
                act: e.act.to_owned(),
                object: self.of.names.show(&e.object, &mut marking),
                first: e.first,
                last: e.last,
                items: e.items,
                bytes: e.bytes,
                cites: Cited::from(&Citations::join(e.why.iter().map(|s| s.rests_on()))?),
                marking,
            })
        };
        self.exposures().iter().filter_map(taken).collect()
    }

    pub(super) fn graph(&self) -> (Vec<Node>, Vec<Edge>) {
        let graph = &self.view.graph;
        let node = |n: &blanik_case::graph::Node| {
            let mut marking = Tlp::Clear;
            Node {
                kind: n.entity.kind.as_str().to_owned(),
                name: self.of.names.show(&n.entity.name, &mut marking),
                first: n.first,
                cites: Cited::from(&n.rests_on),
                marking,
            }
        };
        let edge = |e: &blanik_case::graph::Edge| Edge {
            from: e.host,
            to: e.other,
            observations: e.observations,
            cites: Cited::from(&e.rests_on),
        };
        (graph.nodes.iter().map(node).collect(), graph.edges.iter().map(edge).collect())
    }

    pub(super) fn opinions(&self, order: &Order) -> Vec<Opinion> {
        let cosigned = order.cosigned.iter().map(|(agency, grade, at)| Opinion {
            agency: agency.clone(),
            grade: grade.clone(),
            on_attribution: grade == "concur",
            about: Vec::new(),
            what: Vec::new(),
            at: *at,
            record: None,
            probabilities: Vec::new(),
        });
        let is_asked = |opinion: &Opinion| order.attributes || !opinion.on_attribution;
        let mut opinions: Vec<Opinion> = cosigned.filter(is_asked).collect();
        // An agency's own words are for those with whom the network is defended.
        if self.of.names.tlp() >= Tlp::Amber {
            let assessed =
                self.of.records.iter().filter_map(|(index, record)| match &record.fact {
                    Fact::Assessed(said) => Some(self.assessed(*index, record.at, said)),
                    _ => None,
                });
            let opined = self.of.case.judgements.opinions.iter();
            let opined = opined.filter_map(|(index, opined)| self.opined(*index, opined, order));
            opinions.extend(assessed.chain(opined).filter(is_asked));
        }
        opinions
    }

    fn assessed(&self, index: u64, at: Timestamp, said: &Assessed) -> Opinion {
        let names = self.of.names;
        let said_of = said.probabilities.iter().map(|(h, p)| (names.text(h), p.clone()));
        Opinion {
            agency: names.text(&said.agency),
            grade: "assessed".to_owned(),
            on_attribution: true,
            about: Vec::new(),
            what: Vec::new(),
            at: Some(at),
            record: Some(index),
            probabilities: said_of.collect(),
        }
    }

    /// A position on a publication of the same intrusion, if its author lets this audience see it.
    fn opined(&self, index: u64, opined: &Opined, order: &Order) -> Option<Opinion> {
        let Fact::Published(published) = &self.by_index.get(&opined.on)?.fact else { return None };
        let is_of_it = published.intrusion == order.intrusion as u64;
        let names = self.of.names;
        let may_see = opined.tlp.is_none_or(|tlp| tlp <= names.tlp());
        // What was written for fewer readers, or may say who it was where that is not said now, stays with its kind.
        let was_theirs = published.tlp.parse().is_ok_and(|tlp: Tlp| tlp <= names.tlp());
        let words = |(id, what): (&String, &String)| match was_theirs && order.attributes {
            true => names.text(what),
            false => names.text(id.split("--").next().unwrap_or_default()),
        };
        (is_of_it && may_see).then(|| Opinion {
            agency: names.text(&opined.agency),
            grade: opined.position.to_string(),
            on_attribution: opined.on_attribution,
            about: opined.about.clone(),
            what: opined.about.iter().zip(&opined.what).map(words).collect(),
            at: Some(opined.said),
            record: Some(index),
            probabilities: Vec::new(),
        })
    }
}
