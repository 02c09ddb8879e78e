//! What the model learns from: reports held out of the counts that judge them.
//!
//! The weights are fitted on all of them. What is told from the weights' own answers (how sharp they may be, whether tools were
//! planted, whether the actor is known) is learnt on answers by weights that did not see the report: answers on reports that
//! the weights have seen are surer than they will ever be.
//!
//! The gate is fitted on all lessons at once. What is learnt behind it (the power of the shares, what tells an unknown actor) is
//! learnt on answers by a gate that has seen the reports: only the weights have not.

use super::{Half, Kind, SHARE_MIN, SIGNS, over_middle, scores, signs};
use crate::corpus::{Actor, Corpus, Feature};
use crate::counts::Counts;
use crate::gate::{self, Gate, Variants};
use crate::logit::{self, Choice};
use crate::terms::{Seen, TERMS, WIDTH};

/// Ridge on the weights, in units of one over a term's spread.
const RIDGE: f64 = 1.0;
/// Parts that are held out in turn.
const PARTS: usize = 3;

/// Documents drawn for learning.
#[derive(Default)]
pub(super) struct Lessons {
    cases: Vec<Lesson>,
}

struct Lesson {
    variants: Variants,
    right: usize,
    kind: Taught,
    fold: usize,
    new_known: f32,
    new_unknown: f32,
}

/// What a case teaches.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Taught {
    /// Nobody tampered with it; all is learnt from it, by this weight.
    Clean(f64),
    /// Tools were planted: the gate learns from it, and nothing else.
    Planted,
}

impl Lessons {
    /// Adds a case of an actor, of a fold.
    pub(super) fn add(
        &mut self,
        corpus: &Corpus,
        counts: &Counts,
        seen: Seen,
        (actor, fold): (Actor, usize),
        kind: Taught,
    ) {
        let new = |taken: f32| {
            let of = |s: &&Feature| counts.everyone[**s] - taken * counts.shown(actor, **s) <= 0.0;
            seen.software.iter().filter(of).count() as f32
        };
        let (new_known, new_unknown) = (new(0.0), new(1.0));
        let variants = Variants::of(corpus, counts, seen);
        let actors = &variants.whole.actors;
        let right = actors.binary_search(&actor).expect("the counts know the actor");
        self.cases.push(Lesson { variants, right, kind, fold, new_known, new_unknown });
    }

    /// What they teach.
    pub(super) fn fit(&self, kind: Kind) -> Half {
        let mut half = Half { weights: self.weights(kind, None), ..Half::default() };
        let mut apart: Vec<Half> = (0..PARTS)
            .map(|part| Half { weights: self.weights(kind, Some(part)), ..Half::default() })
            .collect();
        half.sharpness = self.sharpness(&apart);
        for one in &mut apart {
            one.sharpness.clone_from(&half.sharpness);
        }
        let judged: Vec<gate::Lesson> =
            self.cases.iter().map(|l| l.weighed(&apart[l.fold % PARTS])).collect();
        if self.cases.iter().any(Lesson::is_planted) {
            half.gate = Gate::fit(&judged);
            half.power = Some(self.power(&half, &judged));
        }
        half.unknown = self.unknown(&half, &judged);
        half
    }

    /// Lessons that nobody tampered with.
    fn clean(&self) -> impl Iterator<Item = &Lesson> {
        self.cases.iter().filter(|l| !l.is_planted())
    }

    /// Weights of the terms of a kind, by the lessons outside a part.
    fn weights(&self, kind: Kind, without: Option<usize>) -> Vec<f64> {
        let mask = |(i, x): (usize, &f32)| if kind.has(TERMS[i % WIDTH]) { *x } else { 0.0 };
        let choices: Vec<Choice> = self
            .clean()
            .filter(|l| Some(l.fold % PARTS) != without)
            .map(|l| Choice {
                rows: l.variants.whole.rows.iter().enumerate().map(mask).collect(),
                right: l.right,
                weight: l.weight(),
            })
            .collect();
        let free: Vec<bool> = TERMS.iter().map(|t| t.is_free()).collect();
        let mut weights = logit::fit(&choices, WIDTH, &free, RIDGE);
        for (w, _) in weights.iter_mut().zip(TERMS).filter(|(_, t)| !kind.has(**t)) {
            *w = 0.0;
        }
        weights
    }

    /// By how much scores are to be stretched, by the size of the case, so that probabilities hold on reports that the weights
    /// did not see.
    fn sharpness(&self, apart: &[Half]) -> Vec<f64> {
        let choices: Vec<Choice> = self
            .clean()
            .map(|l| {
                let over = over_middle(l.variants.seen.len());
                let scores = scores(&l.variants.whole, &apart[l.fold % PARTS].weights);
                let rows = scores.iter().flat_map(|s| [*s as f32, (s * over) as f32]).collect();
                Choice { rows, right: l.right, weight: l.weight() }
            })
            .collect();
        if choices.is_empty() {
            return Vec::new();
        }
        logit::fit(&choices, 2, &[false, true], RIDGE)
    }

    /// The power of the shares after the gate.
    fn power(&self, half: &Half, judged: &[gate::Lesson]) -> f64 {
        let clean = self.cases.iter().zip(judged).filter(|(l, _)| !l.is_planted());
        let choices: Vec<Choice> = clean
            .map(|(lesson, judged)| {
                let shares = half.answer(&judged.weighed, None);
                let rows = shares.iter().map(|p| p.max(SHARE_MIN).ln() as f32).collect();
                Choice { rows, right: lesson.right, weight: lesson.weight() }
            })
            .collect();
        logit::fit(&choices, 1, &[false], RIDGE)[0]
    }

    /// Weights of the signs of an unknown actor: each case as it is, and with its actor taken away.
    fn unknown(&self, half: &Half, judged: &[gate::Lesson]) -> Vec<f64> {
        let mut choices = Vec::new();
        for (lesson, judged) in self.cases.iter().zip(judged).filter(|(l, _)| !l.is_planted()) {
            for (without, new, right) in
                [(None, lesson.new_known, 1), (Some(lesson.right), lesson.new_unknown, 0)]
            {
                let shares = half.answer(&judged.weighed, without);
                let mut rows = signs(&lesson.variants, &shares, without, new);
                rows.extend([0.0; SIGNS]);
                choices.push(Choice { rows, right, weight: 1.0 });
            }
        }
        logit::fit(&choices, SIGNS, &[true; SIGNS], RIDGE)
    }
}

impl Lesson {
    fn is_planted(&self) -> bool {
        self.kind == Taught::Planted
    }

    fn weight(&self) -> f64 {
        match self.kind {
            Taught::Clean(weight) => weight,
            Taught::Planted => 0.0,
        }
    }

    fn weighed(&self, half: &Half) -> gate::Lesson {
        gate::Lesson {
            weighed: half.weigh(&self.variants, self.variants.seen.len()),
            right: self.right,
            is_planted: self.is_planted(),
            part: self.fold,
        }
    }
}
