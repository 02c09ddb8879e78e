//! The verdict: how probable which hypothesis is, how well that is founded, on which items it hangs, and what would
//! change it.
//!
//! The score of a known actor is a base and a part for each item, so that the explanation is the terms themselves:
//! items of techniques and software have their part in the fitted model (what the score loses without them), others
//! what an analyst says they are worth. Each part is contaminated by the probability that the item is wrong or planted.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::corpus::{Actor, Corpus};
use crate::counts::Counts;
use crate::fitted::{self, BAND_CASES_MIN, BANDS, Fitted, SIZES};
use crate::knowledge::{Knowledge, folded};
use crate::leads::{Lead, leads};
use crate::model::{scores, softmax};
use crate::observe::{Class, Feature, OBSERVATIONS_MAX, Observation, Vertex};
use crate::terms::{Seen, terms};
use crate::words::{Confidence, likelihood};

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing to judge by.
    #[error("there is no observation")]
    NoObservations,
    /// More than is read.
    #[error("there are {0} observations; at most {OBSERVATIONS_MAX} are judged")]
    TooMany(usize),
    /// The case is younger than what is known.
    #[error(
        "the case is of {case}, and what is known ends in {known}: add newer knowledge, or accept it as it is"
    )]
    OldKnowledge {
        /// Month of the case.
        case: String,
        /// Newest month of the knowledge.
        known: String,
    },
    /// Nothing among the observations is known or points to anyone.
    #[error("none of the observations says anything of an actor")]
    NothingKnown,
}

/// A hypothesis.
#[derive(Clone, Debug, Serialize)]
pub struct Hypothesis {
    /// `G0128`, `UNKNOWN:CN` or `UNKNOWN`.
    pub id: String,
    /// In words.
    pub name: String,
    /// Its country, where a source suspects one.
    pub country: Option<String>,
    /// Probability.
    pub probability: f64,
    /// Part of the score that is no item's, in decibans: how well known the actor is, and the likeness of whole reports.
    pub base: f64,
}

/// One item against the leading hypotheses.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The item's name.
    pub id: String,
    /// What it is, in words.
    pub what: String,
    /// Its class.
    pub class: Class,
    /// Its grade.
    pub grade: String,
    /// Who says so.
    pub source: String,
    /// Index in the evidence log.
    pub citation: Option<u64>,
    /// Its block.
    pub block: Option<String>,
    /// Software seen that brings the technique: it explains it.
    pub explained_by: Option<String>,
    /// Whether the item counts: a copy of a report counts once.
    pub counts: bool,
    /// Whether its weight is an analyst's, not fitted.
    pub judged: bool,
    /// For each hypothesis of the matrix, decibans: above 0 for, below against.
    pub decibans: Vec<f64>,
}

/// What becomes of the answer without an item, or if it is forged.
#[derive(Clone, Debug, Serialize)]
pub struct Denial {
    /// Without which items.
    pub without: String,
    /// The leading hypothesis then.
    pub leader: String,
    /// Its probability.
    pub probability: f64,
    /// The probability of the present leader if the item was planted to point to it.
    pub if_forged: f64,
    /// Whether the leader or its band changes.
    pub changes: bool,
}

/// A row of the reliability table.
#[derive(Clone, Debug, Serialize)]
pub struct Reliability {
    /// Kind and size of evidence.
    pub size: &'static str,
    /// From this probability.
    pub from: f64,
    /// Held-out cases.
    pub cases: u32,
    /// How often the leader was right.
    pub right: f64,
    /// What was promised in the middle.
    pub promised: f64,
    /// Interval of the hit rate (Wilson, 95 %).
    pub interval: (f64, f64),
    /// Whether this is the verdict's band.
    pub is_here: bool,
    /// Whether there are too few cases to say anything.
    pub refused: bool,
}

/// See the module.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The first sentence: likelihood (ICD 203).
    pub likelihood: String,
    /// The second sentence: confidence.
    pub confidence_sentence: String,
    /// Its level.
    pub confidence: Confidence,
    /// What is missing for a higher one.
    pub missing: Vec<String>,
    /// All hypotheses, the most probable first.
    pub hypotheses: Vec<Hypothesis>,
    /// That no known actor did it.
    pub unknown: f64,
    /// What cannot be told apart by the mathematics: several actors, a false flag.
    pub apart: Vec<String>,
    /// Ids of the hypotheses that the matrix is about.
    pub against: Vec<String>,
    /// The matrix of evidence.
    pub matrix: Vec<Row>,
    /// The denial test.
    pub denial: Vec<Denial>,
    /// The smallest set of items found whose loss changes the answer; empty if none was found.
    pub smallest_set: Vec<String>,
    /// What to look for next. Never evidence.
    pub leads: Vec<Lead>,
    /// How often such verdicts were right.
    pub reliability: Vec<Reliability>,
    /// Release and digest of the knowledge.
    pub knowledge: String,
    /// What was not used, and other remarks.
    pub remarks: Vec<String>,
    /// The additive model, for a board that moves.
    pub board: Board,
}

/// Scores in nats: of hypothesis k with the items that are on, `base[k]` and the sum of their `items[i][k]`; the
/// probabilities are the scores' shares. The last hypothesis is an unknown actor and has no part in items.
#[derive(Clone, Debug, Serialize)]
pub struct Board {
    /// Hypotheses.
    pub names: Vec<String>,
    /// Their bases.
    pub base: Vec<f64>,
    /// Item × hypothesis but the last.
    pub items: Vec<Vec<f64>>,
}

/// What a verdict is given by.
pub struct Judge {
    /// Facts.
    pub knowledge: Knowledge,
    /// The same as documents.
    pub corpus: Corpus,
    /// Counted.
    pub counts: Counts,
    /// Weights and reliability.
    pub fitted: Fitted,
}

/// Hypotheses of the matrix.
const MATRIX_MAX: usize = 6;
/// Share of an unknown actor's probability that is of no nation in particular.
const STATELESS: f64 = 0.5;
const DECIBANS: f64 = 10.0 / std::f64::consts::LN_10;

/// The additive model of one case.
struct Parts {
    actors: Vec<Actor>,
    base: Vec<f64>,
    unknown_base: f64,
    /// item × actor, nats.
    items: Vec<Vec<f64>>,
}

impl Judge {
    /// From what is known.
    #[must_use]
    pub fn new(knowledge: Knowledge, fitted: Fitted) -> Judge {
        let corpus = knowledge.corpus();
        let counts = Counts::of(&corpus, &|_| true, &|_| false, "9999-12");
        Judge { knowledge, corpus, counts, fitted }
    }

    /// Judges observations. `month`: of the case (`YYYY-MM`), if known; `accept_old`: even where knowledge is older.
    ///
    /// # Errors
    /// A [`Refusal`].
    pub fn judge(
        &self,
        observations: &[Observation],
        month: Option<&str>,
        accept_old: bool,
    ) -> Result<Verdict, Refusal> {
        if observations.is_empty() {
            return Err(Refusal::NoObservations);
        }
        if observations.len() > OBSERVATIONS_MAX {
            return Err(Refusal::TooMany(observations.len()));
        }
        let is_old = month.is_some_and(|m| m > self.knowledge.newest.as_str());
        if is_old && !accept_old {
            let known = self.knowledge.newest.clone();
            return Err(Refusal::OldKnowledge {
                case: month.unwrap_or_default().to_owned(),
                known,
            });
        }
        let mut remarks = Vec::new();
        let ids = self.resolve(observations, &mut remarks);
        let counted = self.counted(observations, &ids);
        let seen = self.seen(&ids, &counted);
        let pointing = (0..observations.len())
            .any(|i| counted[i] && !self.pointed(&observations[i], &mut Vec::new()).is_empty());
        if seen.is_empty() && !pointing {
            return Err(Refusal::NothingKnown);
        }
        let parts = self.parts(observations, &ids, &counted, &seen, &mut remarks);
        let on = vec![true; observations.len()];
        let (shares, unknown) = parts.shares(&on);
        Ok(self.verdict(
            observations,
            &ids,
            &counted,
            &seen,
            &parts,
            &shares,
            unknown,
            is_old,
            remarks,
        ))
    }

    /// For each observation the feature that it is, if any is known by that id or name.
    fn resolve(
        &self,
        observations: &[Observation],
        remarks: &mut Vec<String>,
    ) -> Vec<Option<usize>> {
        let mut by_name: BTreeMap<String, &str> = BTreeMap::new();
        for (id, name) in self.knowledge.names.iter().filter(|(id, _)| id.starts_with('S')) {
            by_name.entry(folded(name)).or_insert(id);
        }
        let one = |o: &Observation| -> Option<usize> {
            let (Feature::Technique(text) | Feature::Software(text)) = &o.feature else {
                return None;
            };
            let id = text.to_ascii_uppercase();
            let id = by_name.get(&folded(text)).map_or(id.as_str(), |id| id);
            self.corpus.find_feature(id)
        };
        let resolved: Vec<Option<usize>> = observations.iter().map(one).collect();
        for (o, r) in observations.iter().zip(&resolved) {
            if r.is_none() && o.feature.points_to().is_empty() {
                remarks.push(format!("{}: {} is not known, and not used", o.id, o.feature.value()));
            }
        }
        resolved
    }

    /// Which items count: of copies (the same feature, or the same claim of one origin) the one least likely wrong.
    fn counted(&self, observations: &[Observation], ids: &[Option<usize>]) -> Vec<bool> {
        let mut best: BTreeMap<String, usize> = BTreeMap::new();
        for (i, o) in observations.iter().enumerate() {
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

    fn seen(&self, ids: &[Option<usize>], on: &[bool]) -> Seen {
        let features: BTreeSet<usize> =
            ids.iter().zip(on).filter(|(_, on)| **on).filter_map(|(f, _)| *f).collect();
        Seen::of(&self.corpus, features)
    }

    /// Actors that an item points to, each with its share.
    fn pointed(&self, o: &Observation, remarks: &mut Vec<String>) -> Vec<(Actor, f64)> {
        let mut found: BTreeMap<Actor, f64> = BTreeMap::new();
        let to = o.feature.points_to();
        for name in to.iter().take(200) {
            let actors: Vec<Actor> = match name.strip_prefix("nation:") {
                Some(nation) => (0..self.corpus.actors.len())
                    .filter(|a| {
                        self.counts.knows(*a) && self.corpus.nations[*a].as_deref() == Some(nation)
                    })
                    .collect(),
                None => {
                    let called = self.knowledge.called(name);
                    called.iter().filter_map(|(a, _)| self.corpus.find_actor(&a.id)).collect()
                }
            };
            if actors.is_empty() {
                remarks.push(format!("{}: nobody is known as {name}", o.id));
            }
            // A name that several bear is shared among them.
            for a in &actors {
                let share =
                    if name.starts_with("nation:") { 1.0 } else { 1.0 / actors.len() as f64 };
                *found.entry(*a).or_default() += share / to.len() as f64;
            }
        }
        found.into_iter().collect()
    }

    fn parts(
        &self,
        observations: &[Observation],
        ids: &[Option<usize>],
        counted: &[bool],
        seen: &Seen,
        remarks: &mut Vec<String>,
    ) -> Parts {
        let half = self.fitted.model.half(seen);
        let whole = terms(&self.corpus, &self.counts, seen);
        let all = scores(&whole, &half.weights);
        let posterior = self.fitted.model.judge(&self.corpus, &self.counts, seen);
        let mut base = all.clone();
        let mut items = vec![vec![0.0; all.len()]; observations.len()];
        let mut blocks: BTreeMap<(&str, Class), f64> = BTreeMap::new();
        for o in observations.iter().zip(counted).filter(|(_, c)| **c).map(|(o, _)| o) {
            *blocks.entry((o.block.as_deref().unwrap_or(""), o.feature.class())).or_default() +=
                1.0;
        }
        for (i, o) in observations.iter().enumerate().filter(|(i, _)| counted[*i]) {
            let wrong = o.contamination();
            if let Some(f) = ids[i] {
                let mut without = seen.clone();
                without.techniques.retain(|t| *t != f);
                without.software.retain(|t| *t != f);
                // By the same half, or the last piece of software would carry the change of scale.
                let rest = scores(&terms(&self.corpus, &self.counts, &without), &half.weights);
                let parts: Vec<f64> = all.iter().zip(&rest).map(|(a, r)| a - r).collect();
                let middle = parts.iter().sum::<f64>() / parts.len().max(1) as f64;
                for (k, part) in parts.iter().enumerate() {
                    base[k] -= part - middle;
                    items[i][k] = contaminated(part - middle, wrong);
                }
            } else {
                let block = blocks[&(o.block.as_deref().unwrap_or(""), o.feature.class())];
                let ratio = o.feature.class().judged_decibans() / DECIBANS;
                for (actor, share) in self.pointed(o, remarks) {
                    if let Ok(k) = whole.actors.binary_search(&actor) {
                        let nats = (1.0 + share * (ratio.exp() - 1.0)).ln();
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
        Parts { actors: whole.actors, base, unknown_base, items }
    }

    #[allow(clippy::too_many_arguments)]
    fn verdict(
        &self,
        observations: &[Observation],
        ids: &[Option<usize>],
        counted: &[bool],
        seen: &Seen,
        parts: &Parts,
        shares: &[f64],
        unknown: f64,
        is_old: bool,
        mut remarks: Vec<String>,
    ) -> Verdict {
        let hypotheses = self.hypotheses(parts, shares, unknown);
        let leader = hypotheses[0].clone();
        let matrix_of: Vec<usize> = self.leading(shares);
        let against: Vec<String> =
            matrix_of.iter().map(|k| self.corpus.actors[parts.actors[*k]].clone()).collect();
        let matrix = self.matrix(observations, ids, counted, seen, parts, &matrix_of);
        let (denial, smallest_set, is_stable) = self.denial(observations, counted, parts, &leader);
        let best = shares.iter().copied().fold(0.0, f64::max) / (1.0 - unknown).max(1e-9);
        let reliability = self.reliability(seen, best);
        let missing = self.missing(&Founding {
            observations,
            counted,
            unknown,
            leader: &leader,
            is_stable,
            band_cases: self.fitted.band_of(seen, best).cases,
            is_old,
        });
        let classes: BTreeSet<Class> = classes(observations, counted);
        let confidence = match missing.len() {
            _ if classes.len() < 2 => Confidence::Low,
            0 => Confidence::High,
            1 => Confidence::Moderate,
            _ => Confidence::Low,
        };
        if classes.len() < 2 {
            remarks
                .push("one class of evidence only: anything but low confidence is refused".into());
        }
        let confidence_sentence = confidence_sentence(confidence, missing.len());
        let runner_up = hypotheses.get(1);
        let likelihood = self.likelihood_sentence(&leader, runner_up, unknown, seen, best);
        let apart = self.apart(observations, counted, parts, shares);
        Verdict {
            likelihood,
            confidence_sentence,
            confidence,
            missing,
            unknown,
            apart,
            against,
            matrix,
            denial,
            smallest_set,
            leads: leads(&self.corpus, &self.counts, &self.knowledge, seen, &parts.actors, shares),
            reliability,
            knowledge: format!(
                "ATT&CK {}, sha-256 {}",
                self.knowledge.release, self.knowledge.digest
            ),
            remarks,
            board: self.board(parts),
            hypotheses,
        }
    }

    fn board(&self, parts: &Parts) -> Board {
        let round = |x: &f64| (x * 1e4).round() / 1e4;
        let name = |a: &Actor| self.knowledge.name(&self.corpus.actors[*a]).to_owned();
        let unknown = "an unknown actor".to_owned();
        Board {
            names: parts.actors.iter().map(name).chain([unknown]).collect(),
            base: parts.base.iter().chain([&parts.unknown_base]).map(round).collect(),
            items: parts.items.iter().map(|i| i.iter().map(round).collect()).collect(),
        }
    }

    fn leading(&self, shares: &[f64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..shares.len()).collect();
        order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]).then(a.cmp(b)));
        order.truncate(MATRIX_MAX);
        order
    }

    fn hypotheses(&self, parts: &Parts, shares: &[f64], unknown: f64) -> Vec<Hypothesis> {
        let mut list = Vec::new();
        let mut nations: BTreeMap<&str, f64> = BTreeMap::new();
        let middle = parts.base.iter().sum::<f64>() / parts.base.len().max(1) as f64;
        for (k, actor) in parts.actors.iter().enumerate() {
            let id = &self.corpus.actors[*actor];
            let country = self.corpus.nations[*actor].clone();
            if let Some(nation) = self.corpus.nations[*actor].as_deref() {
                *nations.entry(nation).or_default() += shares[k];
            }
            list.push(Hypothesis {
                id: id.clone(),
                name: self.knowledge.name(id).to_owned(),
                country,
                probability: shares[k],
                base: (parts.base[k] - middle) * DECIBANS,
            });
        }
        let known = (1.0 - unknown).max(1e-9);
        let mut rest = unknown;
        for (nation, share) in &nations {
            let p = unknown * (1.0 - STATELESS) * share / known;
            rest -= p;
            list.push(Hypothesis {
                id: format!("UNKNOWN:{nation}"),
                name: format!("an unknown actor of {nation}"),
                country: Some((*nation).to_owned()),
                probability: p,
                base: 0.0,
            });
        }
        list.push(Hypothesis {
            id: "UNKNOWN".into(),
            name: "an unknown actor".into(),
            country: None,
            probability: rest.max(0.0),
            base: 0.0,
        });
        list.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.id.cmp(&b.id)));
        list
    }

    fn matrix(
        &self,
        observations: &[Observation],
        ids: &[Option<usize>],
        counted: &[bool],
        seen: &Seen,
        parts: &Parts,
        against: &[usize],
    ) -> Vec<Row> {
        let row = |(i, o): (usize, &Observation)| {
            let explained_by = ids[i].and_then(|t| {
                let brings = |s: &&usize| self.counts.brings[**s].contains(&t);
                let tool = seen.software.iter().find(brings)?;
                Some(self.knowledge.name(&self.corpus.features[*tool]).to_owned())
            });
            let what = match ids[i] {
                Some(f) => {
                    let id = &self.corpus.features[f];
                    format!("{id} {}", self.knowledge.name(id))
                }
                None => o.feature.value().to_owned(),
            };
            Row {
                id: o.id.clone(),
                what,
                class: o.feature.class(),
                grade: o.grade.to_string(),
                source: o.source.clone(),
                citation: o.citation,
                block: o.block.clone(),
                explained_by,
                counts: counted[i],
                judged: ids[i].is_none(),
                decibans: against.iter().map(|k| parts.items[i][*k] * DECIBANS).collect(),
            }
        };
        observations.iter().enumerate().map(row).collect()
    }

    /// Without each item and each block, and if each was planted; then greedily the smallest set whose loss changes the
    /// leader.
    fn denial(
        &self,
        observations: &[Observation],
        counted: &[bool],
        parts: &Parts,
        leader: &Hypothesis,
    ) -> (Vec<Denial>, Vec<String>, bool) {
        let lead = parts.actors.iter().position(|a| self.corpus.actors[*a] == leader.id);
        let band = likelihood(leader.probability);
        let answer = |on: &[bool]| {
            let (shares, unknown) = parts.shares(on);
            self.hypotheses(parts, &shares, unknown)
        };
        let mut groups: Vec<(String, Vec<usize>)> = (0..observations.len())
            .filter(|i| counted[*i])
            .map(|i| (observations[i].id.clone(), vec![i]))
            .collect();
        let mut blocks: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, o) in observations.iter().enumerate().filter(|(i, _)| counted[*i]) {
            if let Some(block) = &o.block {
                blocks.entry(block).or_default().push(i);
            }
        }
        let several = blocks.into_iter().filter(|(_, members)| members.len() > 1);
        groups.extend(several.map(|(name, members)| (format!("block {name}"), members)));
        let mut denial = Vec::new();
        for (without, members) in &groups {
            let mut on = vec![true; observations.len()];
            for i in members {
                on[*i] = false;
            }
            let then = answer(&on);
            let mut forged = parts.scores(&vec![true; observations.len()]);
            if let Some(k) = lead {
                // Planted to point to the leader: it then speaks against it as much as it spoke for it.
                forged[k] -= 2.0 * members.iter().map(|i| parts.items[*i][k].max(0.0)).sum::<f64>();
            }
            let if_forged = lead.map_or(0.0, |k| softmax(&forged)[k]);
            let changes = then[0].id != leader.id || likelihood(then[0].probability) != band;
            denial.push(Denial {
                without: without.clone(),
                leader: then[0].name.clone(),
                probability: then[0].probability,
                if_forged,
                changes,
            });
        }
        let is_stable = denial.iter().all(|d| !d.changes);
        (denial, self.smallest_set(observations, counted, parts, leader, lead), is_stable)
    }

    fn smallest_set(
        &self,
        observations: &[Observation],
        counted: &[bool],
        parts: &Parts,
        leader: &Hypothesis,
        lead: Option<usize>,
    ) -> Vec<String> {
        let Some(lead) = lead else { return Vec::new() };
        let mut on = vec![true; observations.len()];
        let mut lost = Vec::new();
        while lost.len() < observations.len() {
            let left: Vec<usize> = (0..on.len()).filter(|i| on[*i] && counted[*i]).collect();
            // The item whose loss costs the leader most.
            let worst = left
                .into_iter()
                .map(|i| {
                    on[i] = false;
                    let p = parts.shares(&on).0[lead];
                    on[i] = true;
                    (i, p)
                })
                .min_by(|a, b| a.1.total_cmp(&b.1));
            let Some((i, _)) = worst else { return Vec::new() };
            on[i] = false;
            lost.push(observations[i].id.clone());
            let (shares, unknown) = parts.shares(&on);
            if self.hypotheses(parts, &shares, unknown)[0].id != leader.id {
                return lost;
            }
        }
        Vec::new()
    }

    fn reliability(&self, seen: &Seen, best: f64) -> Vec<Reliability> {
        let mut rows = Vec::new();
        for (s, bands) in self.fitted.reliability.iter().enumerate() {
            for (b, band) in bands.iter().enumerate() {
                let n = f64::from(band.cases);
                rows.push(Reliability {
                    size: SIZES[s],
                    from: BANDS[b],
                    cases: band.cases,
                    right: f64::from(band.right) / n.max(1.0),
                    promised: band.promised / n.max(1.0),
                    interval: wilson(band.right, band.cases),
                    is_here: s == fitted::size(seen) && b == fitted::band(best),
                    refused: band.cases < BAND_CASES_MIN,
                });
            }
        }
        rows
    }

    /// What the rules for high confidence ask for and the case has not.
    fn missing(&self, f: &Founding<'_>) -> Vec<String> {
        let mut missing = Vec::new();
        let counted = || f.observations.iter().zip(f.counted).filter(|(_, c)| **c).map(|(o, _)| o);
        if classes(f.observations, f.counted).len() < 2 {
            missing.push("a second, independent class of evidence".to_owned());
        }
        let vertices: BTreeSet<Vertex> = counted().map(|o| o.feature.class().vertex()).collect();
        if vertices.len() < 3 {
            missing.push(format!(
                "three vertices of the Diamond model (there are {})",
                vertices.len()
            ));
        }
        let good: BTreeSet<&str> = counted()
            .filter(|o| o.grade.is_good())
            .map(|o| o.origin.as_deref().unwrap_or(&o.source))
            .collect();
        if good.len() < 2 {
            missing.push(format!("two sources graded B2 or better (there are {})", good.len()));
        }
        if !f.is_stable {
            missing.push(
                "that no single item or block carries the answer (see the denial test)".to_owned(),
            );
        }
        if f.unknown >= 0.05 {
            missing.push(format!("an unknown actor under 5 % (it is {:.0} %)", f.unknown * 100.0));
        }
        if f.band_cases < BAND_CASES_MIN {
            missing.push(format!(
                "{BAND_CASES_MIN} calibration cases in this band (there are {})",
                f.band_cases
            ));
        }
        let reports =
            self.corpus.find_actor(&f.leader.id).map_or(0.0, |a| self.counts.documents[a]);
        if reports < 3.0 {
            missing.push(format!("three reports on the actor (there are {reports:.0})"));
        }
        if f.is_old {
            missing.push("knowledge as new as the case".to_owned());
        }
        missing
    }

    fn likelihood_sentence(
        &self,
        leader: &Hypothesis,
        runner_up: Option<&Hypothesis>,
        unknown: f64,
        seen: &Seen,
        best: f64,
    ) -> String {
        let tail = match runner_up {
            Some(r) => format!(
                " Next is {} ({}); that no known actor did it has {}.",
                r.name,
                percent(r.probability),
                percent(unknown)
            ),
            None => String::new(),
        };
        let band = self.fitted.band_of(seen, best);
        if band.cases < BAND_CASES_MIN && !seen.is_empty() {
            return format!(
                "No word of probability is given: only {} held-out cases stand behind this band. The model leads with {} ({}).{tail}",
                band.cases,
                leader.name,
                percent(leader.probability)
            );
        }
        format!(
            "It is {} ({}) that {} did it.{tail}",
            phrase(leader.probability),
            percent(leader.probability),
            leader.name
        )
    }

    /// Several actors and false flags leave the same traces as one actor: they are said beside the probabilities.
    fn apart(
        &self,
        observations: &[Observation],
        counted: &[bool],
        parts: &Parts,
        shares: &[f64],
    ) -> Vec<String> {
        let leading = self.leading(shares);
        let (Some(&first), Some(&second)) = (leading.first(), leading.get(1)) else {
            return Vec::new();
        };
        let name = |k: usize| self.knowledge.name(&self.corpus.actors[parts.actors[k]]);
        let items = || (0..observations.len()).filter(|i| counted[*i]);
        let gap = |i: usize| (parts.items[i][first] - parts.items[i][second]) * DECIBANS;
        let other: f64 = items().map(gap).filter(|g| *g < -3.0).map(f64::abs).sum();
        let own: f64 = items().map(gap).filter(|g| *g > 3.0).sum();
        let cheap: f64 = items()
            .filter(|i| observations[*i].contamination() > 0.1)
            .map(gap)
            .filter(|g| *g > 0.0)
            .sum();
        let all: f64 = items().map(gap).filter(|g| *g > 0.0).sum();
        vec![
            format!(
                "Several actors at once: not excluded. {other:.0} dB of the evidence speak for {} rather than {}, {own:.0} dB the other way.",
                name(second),
                name(first)
            ),
            format!(
                "False flag: not excluded. {:.0} % of what sets {} apart from the next rests on items that are easily forged or poorly graded.",
                100.0 * cheap / all.max(1e-9),
                name(first)
            ),
        ]
    }
}

struct Founding<'a> {
    observations: &'a [Observation],
    counted: &'a [bool],
    unknown: f64,
    leader: &'a Hypothesis,
    is_stable: bool,
    band_cases: u32,
    is_old: bool,
}

impl Parts {
    /// Scores of the actors, the last the unknown one's, with the items that are on.
    fn scores(&self, on: &[bool]) -> Vec<f64> {
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
    fn shares(&self, on: &[bool]) -> (Vec<f64>, f64) {
        let mut shares = softmax(&self.scores(on));
        let unknown = shares.pop().expect("the unknown actor is among them");
        (shares, unknown)
    }
}

/// A log ratio of an item that is wrong or planted with probability `wrong`: it then says nothing.
#[must_use]
pub fn contaminated(nats: f64, wrong: f64) -> f64 {
    ((1.0 - wrong) * nats.exp() + wrong).ln()
}

fn classes(observations: &[Observation], counted: &[bool]) -> BTreeSet<Class> {
    observations.iter().zip(counted).filter(|(_, c)| **c).map(|(o, _)| o.feature.class()).collect()
}

fn log_sum(scores: &[f64]) -> f64 {
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    top + scores.iter().map(|s| (s - top).exp()).sum::<f64>().ln()
}

/// Wilson's interval of a share, 95 %.
#[must_use]
pub fn wilson(right: u32, cases: u32) -> (f64, f64) {
    if cases == 0 {
        return (0.0, 1.0);
    }
    let (n, z) = (f64::from(cases), 1.96);
    let p = f64::from(right) / n;
    let middle = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let all = 1.0 + z * z / n;
    ((middle - half) / all, (middle + half) / all)
}

fn percent(p: f64) -> String {
    match p {
        p if p > 0.0 && p < 0.01 => "under 1 %".to_owned(),
        p if p > 0.99 => "over 99 %".to_owned(),
        p => format!("{:.0} %", p * 100.0),
    }
}

fn phrase(p: f64) -> String {
    match likelihood(p) {
        word @ ("almost no chance" | "roughly even chance") => format!("of {word}"),
        word => word.to_owned(),
    }
}

fn confidence_sentence(confidence: Confidence, missing: usize) -> String {
    let why = match missing {
        0 => "all conditions for high confidence are met".to_owned(),
        1 => "one condition for high confidence is not met".to_owned(),
        n => format!("{n} conditions for high confidence are not met"),
    };
    format!("We have {} confidence in this judgement: {why}.", confidence.word())
}
