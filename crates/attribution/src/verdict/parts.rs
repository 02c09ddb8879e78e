//! The parts of the scores: what each item is worth for each actor, and what is no item's.

use std::collections::{BTreeMap, BTreeSet};

use super::Judge;
use crate::corpus::Actor;
use crate::knowledge::folded;
use crate::model::softmax;
use crate::observe::{Class, Feature, Observation};
use crate::terms::Seen;

/// What one item may be worth: 13 dB, as the fitted model caps software. No single item decides.
const ITEM_NATS_MAX: f64 = 2.993_36;

/// Actors that one item may name.
const POINTED_MAX: usize = 200;

/// The additive model of one case.
pub(super) struct Parts {
    pub(super) actors: Vec<Actor>,
    pub(super) base: Vec<f64>,
    pub(super) unknown_base: f64,
    /// item × actor, nats.
    pub(super) items: Vec<Vec<f64>>,
}

impl Parts {
    /// Scores of the actors, the last the unknown one's, with the items that are on.
    pub(super) fn scores(&self, on: &[bool]) -> Vec<f64> {
        let mut scores = self.base.clone();
        for (item, _) in self.items.iter().zip(on).filter(|(_, on)| **on) {
            for (s, part) in scores.iter_mut().zip(item) {
                *s += part;
            }
        }
        scores.push(self.unknown_base);
        scores
    }

    /// Probabilities of the actors, and of an unknown one.
    pub(super) fn shares(&self, on: &[bool]) -> (Vec<f64>, f64) {
        let mut shares = softmax(&self.scores(on));
        let unknown = shares.pop().expect("the unknown actor is among them");
        (shares, unknown)
    }
}

impl Judge {
    /// For each observation the feature that it is, if any is known by that id or name.
    pub(super) fn resolve(
        &self,
        observations: &[Observation],
        remarks: &mut Vec<String>,
    ) -> Vec<Option<usize>> {
        let mut by_name: BTreeMap<String, &str> = BTreeMap::new();
        for (id, name) in self.knowledge.names.iter().filter(|(id, _)| id.starts_with('S')) {
            by_name.entry(folded(name)).or_insert(id);
        }
        let one = |o: &Observation| -> Option<usize> {
            let (Feature::Technique(text) | Feature::Software(text) | Feature::Absence(text)) =
                &o.feature
            else {
                return None;
            };
            let id = text.to_ascii_uppercase();
            let id = by_name.get(&folded(text)).map_or(id.as_str(), |id| id);
            self.corpus.find_feature(id)
        };
        let resolved: Vec<Option<usize>> = observations.iter().map(one).collect();
        for (o, r) in observations.iter().zip(&resolved) {
            if r.is_none() && !o.feature.is_pointing() {
                remarks.push(format!("{}: {} is not known, and not used", o.id, o.feature.value()));
            }
        }
        resolved
    }

    /// Which items count: of copies (the same feature, or the same claim of one origin) the one least likely wrong. What was
    /// seen is not absent.
    pub(super) fn counted(&self, observations: &[Observation], ids: &[Option<usize>]) -> Vec<bool> {
        let mut best: BTreeMap<String, usize> = BTreeMap::new();
        let is_known = |i: usize, o: &Observation| ids[i].is_some() || o.feature.is_pointing();
        let is_seen = |f: usize| {
            (0..ids.len()).any(|j| ids[j] == Some(f) && observations[j].feature.is_fitted())
        };
        for (i, o) in observations.iter().enumerate().filter(|(i, o)| is_known(*i, o)) {
            if ids[i].is_some_and(|f| !o.feature.is_fitted() && is_seen(f)) {
                continue;
            }
            let key = match ids[i] {
                Some(f) => format!("f{f}"),
                None => {
                    let origin = o.origin.as_deref().unwrap_or(&o.source);
                    let what =
                        if o.feature.class() == Class::Claims { "" } else { o.feature.value() };
                    let to = o.feature.points_to().join(",");
                    let origin = if what.is_empty() { origin } else { "" };
                    format!("{:?}|{what}|{origin}|{to}", o.feature.class())
                }
            };
            let better =
                best.get(&key).is_none_or(|j| o.contamination() < observations[*j].contamination());
            if better {
                best.insert(key, i);
            }
        }
        let kept: BTreeSet<usize> = best.into_values().collect();
        (0..observations.len()).map(|i| kept.contains(&i)).collect()
    }

    /// The features that count and are there.
    pub(super) fn seen(
        &self,
        observations: &[Observation],
        ids: &[Option<usize>],
        on: &[bool],
    ) -> Seen {
        let is_there = |i: &usize| on[*i] && observations[*i].feature.is_fitted();
        let features: BTreeSet<usize> =
            (0..ids.len()).filter(is_there).filter_map(|i| ids[i]).collect();
        Seen::of(&self.corpus, features)
    }

    /// Actors that an item points to, each with its share.
    pub(super) fn pointed(&self, o: &Observation, remarks: &mut Vec<String>) -> Vec<(Actor, f64)> {
        let mut found: BTreeMap<Actor, f64> = BTreeMap::new();
        let to = o.feature.points_to();
        for name in to.iter().take(POINTED_MAX) {
            let bearers = match name.strip_prefix("nation:") {
                Some(nation) => self.of_nation(nation),
                None => self.named(name),
            };
            if bearers.is_empty() {
                remarks.push(format!("{}: nobody is known as {name}", o.id));
            }
            for (actor, share) in bearers {
                *found.entry(actor).or_default() += share / to.len() as f64;
            }
        }
        // Whom an intrusion was after points to those who are known to be after the like.
        if to.is_empty() && o.feature.class() == Class::Victimology {
            let (after, part) = self.knowledge.after(o.feature.value());
            // Victims that many are after tell little: no more than one over the part who are.
            let most_odds = o.feature.class().judged_odds() - 1.0;
            let telling = ((1.0 / part.max(1e-9) - 1.0) / most_odds).min(1.0);
            for id in after {
                // A cluster of names of whom no report tells stands for those who bear its name.
                let known = self.corpus.find_actor(id).filter(|a| self.counts.knows(*a));
                let of = known.map_or_else(|| self.named(id), |a| vec![(a, 1.0)]);
                for (actor, share) in of {
                    let most = found.entry(actor).or_default();
                    *most = (share * telling).max(*most);
                }
            }
            if found.is_empty() {
                remarks.push(format!("{}: nobody is known to be after such victims", o.id));
            }
        }
        found.into_iter().collect()
    }

    /// Actors of a nation; what points to it, points to each.
    fn of_nation(&self, nation: &str) -> Vec<(Actor, f64)> {
        let is_of =
            |a: &Actor| self.counts.knows(*a) && self.corpus.nations[*a].as_deref() == Some(nation);
        (0..self.corpus.actors.len()).filter(is_of).map(|a| (a, 1.0)).collect()
    }

    /// Actors of that name or id of whom something is known. A name that several bear is shared among them, as far as it
    /// is believed of each.
    fn named(&self, name: &str) -> Vec<(Actor, f64)> {
        let bearers = self.names.get(&folded(name)).map_or(&[][..], Vec::as_slice);
        let sum: f64 = bearers.iter().map(|(_, w)| w).sum();
        bearers.iter().map(|(a, w)| (*a, w / sum.max(1e-9))).collect()
    }

    /// The id of the hypothesis that a name, an id, `UNKNOWN` or `UNKNOWN:CN` means.
    #[must_use]
    pub fn hypothesis(&self, name: &str) -> Option<String> {
        let upper = name.trim().to_ascii_uppercase();
        if upper == "UNKNOWN" {
            return Some(upper);
        }
        if let Some(nation) = upper.strip_prefix("UNKNOWN:") {
            return (!self.of_nation(nation).is_empty()).then(|| upper.clone());
        }
        let best =
            self.named(name).into_iter().max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        best.map(|(a, _)| self.corpus.actors[a].clone())
    }

    pub(super) fn parts(
        &self,
        observations: &[Observation],
        ids: &[Option<usize>],
        counted: &[bool],
        seen: &Seen,
        remarks: &mut Vec<String>,
    ) -> Parts {
        let half = self.fitted.model.half(seen);
        let leanings = |of: &Seen| half.leanings(&self.corpus, &self.counts, of, seen.len());
        let (actors, all) = leanings(seen);
        let posterior = self.fitted.model.judge(&self.corpus, &self.counts, seen);
        let mut base = all.clone();
        let mut items = vec![vec![0.0; all.len()]; observations.len()];
        let mut blocks: BTreeMap<(&str, Class), f64> = BTreeMap::new();
        for o in observations.iter().zip(counted).filter(|(_, c)| **c).map(|(o, _)| o) {
            *blocks.entry((o.block.as_deref().unwrap_or(""), o.feature.class())).or_default() +=
                1.0;
        }
        let is_absence =
            |i: &usize| counted[*i] && !observations[*i].feature.is_fitted() && ids[*i].is_some();
        let absences = (0..ids.len()).filter(is_absence).count();
        for (i, o) in observations.iter().enumerate().filter(|(i, _)| counted[*i]) {
            let wrong = o.contamination();
            if let (Some(f), Feature::Absence(_)) = (ids[i], &o.feature) {
                items[i] = self.absent(f, &actors, absences, wrong);
            } else if let Some(f) = ids[i] {
                let mut without = seen.clone();
                without.techniques.retain(|t| *t != f);
                without.software.retain(|t| *t != f);
                // By the same half and as sharp, or the last piece of software would carry the change of scale.
                let (_, rest) = leanings(&without);
                let parts: Vec<f64> = all.iter().zip(&rest).map(|(a, r)| a - r).collect();
                let middle = parts.iter().sum::<f64>() / parts.len().max(1) as f64;
                for (k, part) in parts.iter().enumerate() {
                    base[k] -= part - middle;
                    items[i][k] = contaminated(part - middle, wrong).min(ITEM_NATS_MAX);
                }
            } else {
                let block = blocks[&(o.block.as_deref().unwrap_or(""), o.feature.class())];
                let odds = o.feature.class().judged_odds();
                for (actor, share) in self.pointed(o, remarks) {
                    if let Ok(k) = actors.binary_search(&actor) {
                        let nats = (1.0 + share * (odds - 1.0)).ln();
                        let tempered = if o.block.is_some() { nats / block.sqrt() } else { nats };
                        items[i][k] = contaminated(tempered, wrong);
                    }
                }
            }
        }
        // The unknown actor's score: against all known ones, by techniques and software alone.
        let odds = (posterior.unknown / (1.0 - posterior.unknown).max(1e-9)).ln();
        let unknown_base = if seen.is_empty() { 0.0 } else { odds } + log_sum(&all);
        if seen.is_empty() {
            remarks.push("no technique and no software: the weights are analysts' alone".into());
        }
        Parts { actors, base, unknown_base, items }
    }
}

/// A log ratio of an item that is wrong or planted with probability `wrong`: it then says nothing.
#[must_use]
pub fn contaminated(nats: f64, wrong: f64) -> f64 {
    ((1.0 - wrong) * nats.exp() + wrong).ln()
}

fn log_sum(scores: &[f64]) -> f64 {
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    top + scores.iter().map(|s| (s - top).exp()).sum::<f64>().ln()
}
