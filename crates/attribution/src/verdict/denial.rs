//! The denial test: what becomes of the answer without some items, or if they were planted. Each answer is the case judged
//! anew without them ([`Judge::parts_without`]): two tools of one actor carry each other, and neither alone is missed.

use std::collections::BTreeMap;

use super::parts::{Anew, Memo, Parts};
use super::{Denial, Hypothesis, Judge, STATELESS, Weighed};
use crate::corpus::Actor;
use crate::model::{logistic, softmax};
use crate::words::likelihood;

/// A larger set of items is not looked for: what hangs on so many hangs on none.
const SET_MAX: usize = 20;
/// The least that a probability is told from none or from all.
const PROBABILITY_MIN: f64 = 1e-12;

/// What the denial test says.
pub(super) struct Denied {
    pub(super) denial: Vec<Denial>,
    /// The smallest set of items found whose loss changes the leader.
    pub(super) smallest_set: Vec<String>,
    /// Whether no loss changes the leader or its band.
    pub(super) is_stable: bool,
}

/// Items that stand and fall together.
struct Group {
    name: String,
    members: Vec<usize>,
    left: Anew,
}

/// The leading hypothesis.
struct First<'j> {
    id: &'j str,
    name: &'j str,
    probability: f64,
}

impl Judge {
    /// Without each item, each block and each actor's own tools, and if they were planted; and the smallest set whose loss
    /// changes the leader.
    pub(super) fn denied(&self, weighed: &Weighed<'_>, leader: &Hypothesis) -> Denied {
        let lead = weighed.parts.actors.iter().position(|a| self.corpus.actors[*a] == leader.id);
        let band = likelihood(leader.probability);
        let (mut denial, mut smallest) = (Vec::new(), Vec::new());
        let mut memo = Memo::new();
        for group in self.groups(weighed) {
            let parts = self.parts_without(weighed, &group.members, group.left, &mut memo);
            let (shares, unknown) = parts.shares();
            let then = self.first(&parts, &shares, unknown);
            let is_led_by_another = then.id != leader.id;
            let is_smaller = smallest.is_empty() || group.members.len() < smallest.len();
            // What is said to be the smallest set changes the leader as exactly as the case can be judged without it.
            if is_led_by_another && is_smaller {
                let parts = self.parts_without(weighed, &group.members, Anew::All, &mut memo);
                let (shares, unknown) = parts.shares();
                if self.first(&parts, &shares, unknown).id != leader.id {
                    smallest.clone_from(&group.members);
                }
            }
            // An item speaks for no unknown actor: planted, it only speaks for nobody else.
            let if_forged =
                lead.map_or(then.probability, |k| forged(leader.probability, shares[k]));
            denial.push(Denial {
                without: group.name,
                changes: is_led_by_another || likelihood(then.probability) != band,
                leader: then.name.to_owned(),
                probability: then.probability,
                if_forged,
            });
        }
        if let Some(lead) = lead {
            let most = if smallest.is_empty() { SET_MAX } else { smallest.len() - 1 };
            let found = self.greedy_set(weighed, leader, lead, (most, &mut memo));
            smallest = found.unwrap_or(smallest);
        }
        let smallest_set = smallest.iter().map(|i| weighed.observations[*i].id.clone()).collect();
        let is_stable = denial.iter().all(|d| !d.changes);
        Denied { denial, smallest_set, is_stable }
    }

    /// Each item, each block of several, and the tools that one actor alone has shown where there are several.
    fn groups(&self, weighed: &Weighed<'_>) -> Vec<Group> {
        let Weighed { observations, ids, counted, .. } = weighed;
        let mut groups = Vec::new();
        let mut blocks: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut tools: BTreeMap<Actor, Vec<usize>> = BTreeMap::new();
        for (i, o) in observations.iter().enumerate().filter(|(i, _)| counted[*i]) {
            groups.push(Group { name: o.id.clone(), members: vec![i], left: Anew::Few });
            if let Some(block) = &o.block {
                blocks.entry(block).or_default().push(i);
            }
            let is_there = ids[i].filter(|_| o.feature.is_fitted());
            if let Some(actor) = is_there.and_then(|f| self.counts.only_shown_by(f)) {
                tools.entry(actor).or_default().push(i);
            }
        }
        let name = |a: Actor| self.knowledge.name(&self.corpus.actors[a]);
        let blocks = blocks.into_iter().map(|(name, members)| Group {
            name: format!("block {name}"),
            members,
            left: Anew::Few,
        });
        let tools = tools.into_iter().map(|(a, members)| Group {
            name: format!("tools of {} alone", name(a)),
            members,
            left: Anew::All,
        });
        groups.extend(blocks.chain(tools).filter(|group| group.members.len() > 1));
        groups
    }

    /// The first of the hypotheses. An unknown actor of a nation never leads: one of none in particular has half of all that is
    /// unknown, and more.
    fn first(&self, parts: &Parts, shares: &[f64], unknown: f64) -> First<'_> {
        let id = |k: usize| self.corpus.actors[parts.actors[k]].as_str();
        let by_share =
            |a: &usize, b: &usize| shares[*a].total_cmp(&shares[*b]).then(id(*b).cmp(id(*a)));
        let best = (0..shares.len()).max_by(by_share);
        let of_nations =
            (0..shares.len()).filter(|k| self.corpus.nations[parts.actors[*k]].is_some());
        let of_nations: f64 = of_nations.map(|k| shares[k]).sum();
        let none = 1.0 - (1.0 - STATELESS) * of_nations / (1.0 - unknown).max(1e-9);
        let nobody = First { id: "UNKNOWN", name: "an unknown actor", probability: unknown * none };
        match best {
            Some(k) if shares[k] >= nobody.probability => {
                First { id: id(k), name: self.knowledge.name(id(k)), probability: shares[k] }
            }
            _ => nobody,
        }
    }

    /// Takes out, one after the other, the item whose loss costs the leader most, and judges the case anew, until another one
    /// leads; nothing if that takes more than `most` items.
    fn greedy_set(
        &self,
        weighed: &Weighed<'_>,
        leader: &Hypothesis,
        lead: usize,
        (most, memo): (usize, &mut Memo),
    ) -> Option<Vec<usize>> {
        let mut lost: Vec<usize> = Vec::new();
        let mut parts = None;
        while lost.len() < most {
            let now: &Parts = parts.as_ref().unwrap_or(&weighed.parts);
            let scores = now.scores();
            let cost = |i: usize| {
                let left = scores.iter().zip(now.items[i].iter().chain([&0.0]));
                (i, softmax(&left.map(|(s, part)| s - part).collect::<Vec<f64>>())[lead])
            };
            let left =
                (0..weighed.counted.len()).filter(|i| weighed.counted[*i] && !lost.contains(i));
            let (worst, _) = left.map(cost).min_by(|a, b| a.1.total_cmp(&b.1))?;
            lost.push(worst);
            let mut led_by = |left: Anew| {
                let then = self.parts_without(weighed, &lost, left, memo);
                let (shares, unknown) = then.shares();
                (self.first(&then, &shares, unknown).id, then)
            };
            let (id, then) = led_by(Anew::Few);
            if id != leader.id && led_by(Anew::All).0 != leader.id {
                return Some(lost);
            }
            parts = Some(then);
        }
        None
    }
}

/// The leader's probability if what is out was planted: it then speaks against the leader as much as it spoke for it.
fn forged(with: f64, without: f64) -> f64 {
    let log_odds = |p: f64| {
        let p = p.clamp(PROBABILITY_MIN, 1.0 - PROBABILITY_MIN);
        (p / (1.0 - p)).ln()
    };
    let (with, without) = (log_odds(with), log_odds(without));
    logistic(without - (with - without).max(0.0))
}
