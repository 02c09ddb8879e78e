//! The verdict: how probable which hypothesis is, how well that is founded, on which items it hangs, and what would
//! change it.
//!
//! The score of a known actor is a base and a part for each item, so that the explanation is the terms themselves:
//! items of techniques and software have their part in the fitted model (what the score loses without them), others
//! what an analyst says they are worth. Each part is contaminated by the probability that the item is wrong or planted.

mod absence;
mod canonical;
mod denial;
mod form;
mod founding;
mod likelihood;
mod parts;
mod sentences;

use std::collections::BTreeMap;

use crate::corpus::{Actor, Corpus};
use crate::counts::Counts;
use crate::fitted::{self, BAND_CASES_MIN, BANDS, Fitted, SIZES};
use crate::knowledge::Knowledge;
use crate::leads::leads;
use crate::observe::{OBSERVATIONS_MAX, Observation};
use crate::terms::Seen;
use crate::words::Confidence;
use denial::Denied;
pub use form::{Board, Denial, Hypothesis, Refusal, Reliability, Row, Verdict};
use founding::Founding;
pub use likelihood::{Likelihood, Put};
pub use parts::contaminated;
use parts::{Basis, Parts};

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
    /// Names as they are compared → the actors of whom something is known, with how far that is believed.
    names: BTreeMap<String, Vec<(Actor, f64)>>,
}

/// Hypotheses of the matrix.
const MATRIX_MAX: usize = 6;
/// Share of an unknown actor's probability that is of no nation in particular.
const STATELESS: f64 = 0.5;
const DECIBANS: f64 = 10.0 / std::f64::consts::LN_10;

/// A case's observations as they are judged.
struct Weighed<'a> {
    observations: &'a [Observation],
    /// Of each, the feature that it is.
    ids: Vec<Option<usize>>,
    /// Of each, whether it counts: a copy of a report counts once.
    counted: Vec<bool>,
    /// The features that count.
    seen: Seen,
    basis: Basis,
    parts: Parts,
}

impl Judge {
    /// From what is known.
    #[must_use]
    pub fn new(knowledge: Knowledge, fitted: Fitted) -> Judge {
        let corpus = knowledge.corpus();
        let counts = Counts::of(&corpus, &|_| true, &|_| false, "9999-12");
        let actor = |(place, weight): (usize, f64)| {
            let actor = corpus.find_actor(&knowledge.actors[place].id)?;
            counts.knows(actor).then_some((actor, weight))
        };
        let bearers = |of: Vec<(usize, f64)>| of.into_iter().filter_map(actor).collect();
        let names = knowledge.names().into_iter().map(|(n, of)| (n, bearers(of))).collect();
        Judge { knowledge, corpus, counts, fitted, names }
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
        let seen = self.seen(observations, &ids, &counted);
        let pointing = (0..observations.len())
            .any(|i| counted[i] && !self.pointed(&observations[i], &mut Vec::new()).is_empty());
        if seen.is_empty() && !pointing {
            return Err(Refusal::NothingKnown);
        }
        let basis = self.basis(observations, &ids, &counted, &seen, &mut remarks);
        let parts = basis.parts(observations, &counted);
        let weighed = Weighed { observations, ids, counted, seen, basis, parts };
        Ok(self.verdict(&weighed, is_old, remarks))
    }

    fn verdict(&self, weighed: &Weighed<'_>, is_old: bool, mut remarks: Vec<String>) -> Verdict {
        let Weighed { seen, parts, .. } = weighed;
        let (shares, unknown) = parts.shares();
        let mut hypotheses = self.hypotheses(parts, &shares, unknown);
        let leader = hypotheses[0].clone();
        let matrix_of = self.columns(weighed, &shares);
        let against: Vec<String> =
            matrix_of.iter().map(|k| self.corpus.actors[parts.actors[*k]].clone()).collect();
        let matrix = self.matrix(weighed, &matrix_of);
        let Denied { mut denial, smallest_set, is_stable } = self.denied(weighed, &leader);
        let best = shares.iter().copied().fold(0.0, f64::max) / (1.0 - unknown).max(1e-9);
        let reliability = self.reliability(seen, best);
        let missing = self.missing(&Founding {
            weighed,
            unknown,
            leader: &leader,
            is_stable,
            band: self.fitted.band_of(seen, best),
            is_old,
        });
        let classes = weighed.classes();
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
        remarks.extend(sentences::planted(weighed.basis.planted));
        let confidence_sentence = sentences::confidence(confidence, missing.len());
        let said = self.likelihood_of(&hypotheses, unknown, seen, best);
        let apart = self.apart(weighed, &shares);
        sentences::beside_states(&mut hypotheses, &mut denial, confidence);
        Verdict {
            likelihood: said.english(),
            said,
            confidence_sentence,
            confidence,
            missing,
            unknown,
            apart,
            against,
            matrix,
            denial,
            smallest_set,
            leads: leads(&self.corpus, &self.counts, &self.knowledge, seen, &parts.actors, &shares),
            reliability,
            knowledge: self.known_by(),
            remarks,
            board: self.board(parts),
            hypotheses,
        }
    }

    /// Release and digest of the program's own table, and of what was added.
    fn known_by(&self) -> String {
        let mut text =
            format!("ATT&CK {}, sha-256 {}", self.knowledge.release, self.knowledge.digest);
        for source in &self.knowledge.sources {
            let standing = if source.counts() { "" } else { ", shown and not counted" };
            text += &format!(
                "; {} ({}{standing}), sha-256 {}",
                source.name, source.grade, source.sha256
            );
        }
        text
    }

    fn board(&self, parts: &Parts) -> Board {
        let round = |x: &f64| (x * 1e4).round() / 1e4;
        let name = |a: &Actor| self.knowledge.name(&self.corpus.actors[*a]).to_owned();
        let unknown = "an unknown actor".to_owned();
        let id = |a: &Actor| self.corpus.actors[*a].clone();
        Board {
            ids: parts.actors.iter().map(id).chain(["UNKNOWN".to_owned()]).collect(),
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

    /// Hypotheses of the matrix: the leading ones, and the one that analysts' items point to most.
    fn columns(&self, weighed: &Weighed<'_>, shares: &[f64]) -> Vec<usize> {
        let mut columns = self.leading(shares);
        let judged = |k: &usize| -> f64 {
            let items = weighed.observations.iter().zip(&weighed.parts.items);
            items.filter(|(o, _)| o.feature.is_pointing()).map(|(_, parts)| parts[*k]).sum()
        };
        let most = (0..shares.len()).max_by(|a, b| judged(a).total_cmp(&judged(b)).then(b.cmp(a)));
        if let Some(most) = most.filter(|k| judged(k) > 0.0 && !columns.contains(k)) {
            columns.truncate(MATRIX_MAX - 1);
            columns.push(most);
        }
        columns
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
                confidence: None,
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
                confidence: None,
                probability: p,
                base: 0.0,
            });
        }
        list.push(Hypothesis {
            id: "UNKNOWN".into(),
            name: "an unknown actor".into(),
            country: None,
            confidence: None,
            probability: rest.max(0.0),
            base: 0.0,
        });
        list.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.id.cmp(&b.id)));
        list
    }

    fn matrix(&self, weighed: &Weighed<'_>, against: &[usize]) -> Vec<Row> {
        let Weighed { observations, ids, counted, seen, parts, .. } = weighed;
        let row = |(i, o): (usize, &Observation)| {
            let is_absent = o.feature.is_absence();
            let explained_by = ids[i].filter(|_| !is_absent).and_then(|t| {
                let brings = |s: &&usize| self.counts.brings[**s].contains(&t);
                let tool = seen.software.iter().find(brings)?;
                Some(self.knowledge.name(&self.corpus.features[*tool]).to_owned())
            });
            let what = match ids[i] {
                Some(f) => {
                    let id = &self.corpus.features[f];
                    let name = self.knowledge.name(id);
                    // What has no id of ATT&CK has its name alone.
                    let what =
                        if id.contains(':') { name.to_owned() } else { format!("{id} {name}") };
                    if is_absent { format!("not there: {what}") } else { what }
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
                judged: !o.feature.is_fitted(),
                decibans: against.iter().map(|k| parts.items[i][*k] * DECIBANS).collect(),
            }
        };
        observations.iter().enumerate().map(row).collect()
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
                    promised: band.mean_promised(),
                    interval: wilson(band.right, band.cases),
                    is_here: s == fitted::size(seen) && b == fitted::band(best),
                    refused: band.cases < BAND_CASES_MIN,
                    promises_too_much: band.promises_too_much(),
                });
            }
        }
        rows
    }
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
    (((middle - half) / all).max(0.0), ((middle + half) / all).min(1.0))
}
