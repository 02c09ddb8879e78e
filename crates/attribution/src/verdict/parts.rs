//! The parts of the scores: what each item is worth for each actor, and what is no item's.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judge, Weighed};
use crate::corpus::{Actor, Feature};
use crate::gate::Variants;
use crate::knowledge::folded;
use crate::model::{logarithms, softmax};
use crate::observe::{Class, Observation};
use crate::terms::Seen;

/// What one item may be worth: 13 dB, as the fitted model caps software. No single item decides.
const ITEM_NATS_MAX: f64 = 2.993_36;

/// Actors that one item may name.
const POINTED_MAX: usize = 200;

/// Of so many techniques and tools in a case each is asked anew what it is worth when others are taken out. Of more, tools
/// alone are, and only without other tools: these may carry each other, and a technique of many changes little.
const ANEW_MAX: usize = 16;
/// Of more than so many nothing else is asked anew.
const ALL_ANEW_MAX: usize = 64;

/// The additive model of one case.
pub(super) struct Parts {
    pub(super) actors: Vec<Actor>,
    pub(super) base: Vec<f64>,
    pub(super) unknown_base: f64,
    /// item × actor, nats.
    pub(super) items: Vec<Vec<f64>>,
}

/// What the fitted model says of techniques and software, all together.
#[derive(Clone)]
pub(super) struct Fit {
    /// Logarithms of the known actors' shares.
    leanings: Vec<f64>,
    /// The unknown actor's score: against all known ones.
    unknown: f64,
}

/// What an item is worth for each actor, before its grade.
#[derive(Clone)]
pub(super) enum Worth {
    /// By the fitted model: what the leanings lose without it, in nats.
    Fitted(Vec<f64>),
    /// What is not there: n of these are worth about √n.
    Absent(Vec<f64>),
    /// By judgement: places of actors, with nats.
    Pointing(Vec<(usize, f64)>),
    /// It does not count.
    Nothing,
}

/// Of what is left when items are taken out, what is asked anew how much it is worth.
#[derive(Clone, Copy)]
pub(super) enum Anew {
    /// All techniques and tools, unless there are very many: exactly as the case without the items is judged.
    All,
    /// Where there are few, all; of many, tools where other tools are out.
    Few,
}

/// Leanings without features, in order; apart for cases that have no software but for these.
pub(super) type Memo = BTreeMap<(bool, Vec<Feature>), Vec<f64>>;

/// What is worked out once for a case, and used again when the case is judged without some items.
pub(super) struct Basis {
    actors: Vec<Actor>,
    fit: Fit,
    worths: Vec<Worth>,
    /// For each item of technique or software, the fit without it alone.
    without: Vec<Option<Fit>>,
    /// How probable it is that tools were planted that one actor alone has shown.
    pub(super) planted: f64,
}

impl Parts {
    /// Scores of the actors, the last the unknown one's.
    pub(super) fn scores(&self) -> Vec<f64> {
        let mut scores = self.base.clone();
        for item in &self.items {
            for (s, part) in scores.iter_mut().zip(item) {
                *s += part;
            }
        }
        scores.push(self.unknown_base);
        scores
    }

    /// Probabilities of the actors, and of an unknown one.
    pub(super) fn shares(&self) -> (Vec<f64>, f64) {
        let mut shares = softmax(&self.scores());
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
            if o.feature.is_pointing() {
                return None;
            }
            let text = o.feature.value();
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
    /// seen is not absent, nor is a technique of which a sub-technique was seen.
    pub(super) fn counted(&self, observations: &[Observation], ids: &[Option<usize>]) -> Vec<bool> {
        let mut best: BTreeMap<String, usize> = BTreeMap::new();
        let is_known = |i: usize, o: &Observation| ids[i].is_some() || o.feature.is_pointing();
        let fitted = ids.iter().zip(observations).filter(|(_, o)| o.feature.is_fitted());
        let there: BTreeSet<Feature> =
            fitted.filter_map(|(id, _)| *id).flat_map(|f| [f, self.corpus.parents[f]]).collect();
        for (i, o) in observations.iter().enumerate().filter(|(i, o)| is_known(*i, o)) {
            if o.feature.is_absence() && ids[i].is_some_and(|f| there.contains(&f)) {
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

    /// What is worked out once for a case.
    pub(super) fn basis(
        &self,
        observations: &[Observation],
        ids: &[Option<usize>],
        counted: &[bool],
        seen: &Seen,
        remarks: &mut Vec<String>,
    ) -> Basis {
        let whole = Variants::of(&self.corpus, &self.counts, seen.clone());
        let actors = whole.whole.actors.clone();
        let fit = self.fit(&whole);
        let (mut worths, mut without) = (Vec::new(), Vec::new());
        for (i, o) in observations.iter().enumerate() {
            let (worth, rest) = match ids[i] {
                _ if !counted[i] => (Worth::Nothing, None),
                Some(f) if o.feature.is_absence() => (Worth::Absent(self.absent(f, &actors)), None),
                Some(f) => {
                    let rest = Variants::of(&self.corpus, &self.counts, seen.without(&[f]));
                    // By the same half and as sharp, or the last piece of software would carry the change of scale.
                    let leanings = self.fitted.model.half(seen).leanings(&rest, seen.len());
                    (Worth::Fitted(lost(&fit.leanings, &leanings)), Some(self.fit(&rest)))
                }
                None => (Worth::Pointing(self.pointing(o, &actors, remarks)), None),
            };
            worths.push(worth);
            without.push(rest);
        }
        if seen.is_empty() {
            remarks.push("no technique and no software: the weights are analysts' alone".into());
        }
        let planted = self.fitted.model.half(seen).planted(&whole);
        Basis { actors, fit, worths, without, planted }
    }

    /// The parts of the case without some items, judged anew: together they may be worth more than each alone. `left`: of what
    /// is left, what is asked anew how much it is worth then.
    pub(super) fn parts_without(
        &self,
        weighed: &Weighed<'_>,
        out: &[usize],
        left: Anew,
        memo: &mut Memo,
    ) -> Parts {
        let Weighed { observations, ids, counted, seen, basis, .. } = weighed;
        let mut on = counted.clone();
        for i in out {
            on[*i] = false;
        }
        let taken: Vec<usize> =
            out.iter().copied().filter(|i| basis.without[*i].is_some()).collect();
        let mut features: Vec<Feature> = taken.iter().filter_map(|i| ids[*i]).collect();
        features.sort_unstable();
        let rest = seen.without(&features);
        let of = |seen: Seen| Variants::of(&self.corpus, &self.counts, seen);
        let fit = match taken.as_slice() {
            [] => basis.fit.clone(),
            [one] => basis.without[*one].clone().expect("it was taken for that"),
            _ => self.fit(&of(rest.clone())),
        };
        let is_tool = |f: Feature| self.corpus.is_software(f);
        let tools_fall = features.iter().any(|f| is_tool(*f));
        let is_small = seen.len() <= ANEW_MAX;
        let is_anew = |f: Feature| match left {
            _ if features.is_empty() => false,
            Anew::All if seen.len() <= ALL_ANEW_MAX => true,
            _ => is_small || tools_fall && is_tool(f) && seen.software.len() <= ANEW_MAX,
        };
        let mut worths = basis.worths.clone();
        for (i, worth) in worths.iter_mut().enumerate().filter(|(i, _)| on[*i]) {
            let (Worth::Fitted(worth), Some(f)) = (worth, ids[i].filter(|f| is_anew(*f))) else {
                continue;
            };
            let mut further = features.clone();
            further.insert(further.partition_point(|g| *g < f), f);
            // The same two are out, whichever of them is asked; the half may be another.
            let by = memo.entry((rest.software.is_empty(), further));
            let leanings = by.or_insert_with(|| {
                let half = self.fitted.model.half(&rest);
                half.leanings(&of(rest.without(&[f])), rest.len())
            });
            *worth = lost(&fit.leanings, leanings);
        }
        basis.assembled(observations, &on, &fit, &worths)
    }

    /// What the fitted model says of a case.
    fn fit(&self, variants: &Variants) -> Fit {
        let half = self.fitted.model.half(&variants.seen);
        let shares = half.shares(variants);
        let leanings = logarithms(&shares);
        // By techniques and software alone; where there are none, as likely as not.
        let unknown = if variants.seen.is_empty() {
            0.0
        } else {
            let p = self.fitted.model.unknown(&self.counts, variants, &shares);
            (p / (1.0 - p).max(1e-9)).ln()
        };
        Fit { unknown: unknown + log_sum(&leanings), leanings }
    }

    /// Whom an item points to among the actors, with nats.
    fn pointing(
        &self,
        o: &Observation,
        actors: &[Actor],
        remarks: &mut Vec<String>,
    ) -> Vec<(usize, f64)> {
        let odds = o.feature.class().judged_odds();
        let pointed = self.pointed(o, remarks).into_iter();
        let known = pointed.filter_map(|(a, share)| Some((actors.binary_search(&a).ok()?, share)));
        known.map(|(k, share)| (k, (1.0 + share * (odds - 1.0)).ln())).collect()
    }
}

impl Basis {
    /// The parts of the whole case.
    pub(super) fn parts(&self, observations: &[Observation], counted: &[bool]) -> Parts {
        self.assembled(observations, counted, &self.fit, &self.worths)
    }

    /// Parts of what counts: each item's worth, tempered by how many there are of its kind, and by its grade.
    fn assembled(
        &self,
        observations: &[Observation],
        counted: &[bool],
        fit: &Fit,
        worths: &[Worth],
    ) -> Parts {
        let actors = &self.actors;
        let mut base = fit.leanings.clone();
        let mut items = vec![vec![0.0; actors.len()]; observations.len()];
        let counting = || (0..observations.len()).filter(|i| counted[*i]);
        let absences = counting().filter(|i| matches!(worths[*i], Worth::Absent(_))).count() as f64;
        let mut blocks: BTreeMap<(&str, Class), f64> = BTreeMap::new();
        for o in counting().map(|i| &observations[i]) {
            *blocks.entry((o.block.as_deref().unwrap_or(""), o.feature.class())).or_default() +=
                1.0;
        }
        for i in counting() {
            let o = &observations[i];
            let wrong = o.contamination();
            match &worths[i] {
                Worth::Nothing => {}
                Worth::Absent(worth) => {
                    let graded = |nats: &f64| contaminated(nats / absences.sqrt(), wrong);
                    items[i] = worth.iter().map(graded).collect();
                }
                Worth::Fitted(worth) => {
                    for (k, nats) in worth.iter().enumerate() {
                        base[k] -= nats;
                        items[i][k] = contaminated(*nats, wrong).min(ITEM_NATS_MAX);
                    }
                }
                Worth::Pointing(to) => {
                    let block = blocks[&(o.block.as_deref().unwrap_or(""), o.feature.class())];
                    let temper = if o.block.is_some() { block.sqrt() } else { 1.0 };
                    for (k, nats) in to {
                        items[i][*k] = contaminated(nats / temper, wrong);
                    }
                }
            }
        }
        Parts { actors: actors.clone(), base, unknown_base: fit.unknown, items }
    }
}

/// A log ratio of an item that is wrong or planted with probability `wrong`: it then says nothing.
#[must_use]
pub fn contaminated(nats: f64, wrong: f64) -> f64 {
    ((1.0 - wrong) * nats.exp() + wrong).ln()
}

/// What leanings lose: for each actor against the middle.
fn lost(with: &[f64], without: &[f64]) -> Vec<f64> {
    let lost: Vec<f64> = with.iter().zip(without).map(|(a, r)| a - r).collect();
    let middle = lost.iter().sum::<f64>() / lost.len().max(1) as f64;
    lost.iter().map(|l| l - middle).collect()
}

fn log_sum(scores: &[f64]) -> f64 {
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    top + scores.iter().map(|s| (s - top).exp()).sum::<f64>().ln()
}
