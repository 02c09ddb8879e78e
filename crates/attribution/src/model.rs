//! The fitted model: weights of the terms, for cases with software and for techniques alone, what tells planted tools
//! ([`crate::gate`]), and what tells an unknown actor. Fitted on documents held out of the counts that judge them, fold
//! by fold.

use serde::{Deserialize, Serialize};

use crate::corpus::{Actor, Corpus, Feature};
use crate::counts::Counts;
use crate::gate::{self, Gate, Variants, Weighed};
use crate::logit::{self, Choice};
use crate::terms::{Seen, TERMS, Term, Terms, WIDTH};

/// A document with fewer features is no case to learn from.
pub const CASE_FEATURES_MIN: usize = 5;
/// Ridge on the weights, in units of one over a term's spread.
const RIDGE: f64 = 1.0;
/// Drawn subsets of techniques to learn from, beside the whole.
const DRAWN: [usize; 3] = [5, 10, 20];
/// How many tools are planted in a lesson, by turns.
const PLANTED: [usize; 4] = [2, 1, 2, 3];
/// The least share that is told from none.
const SHARE_MIN: f64 = 1e-30;
/// Signs of an unknown actor.
const SIGNS: usize = 16;

/// What is learnt for one kind of evidence.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Half {
    /// A weight for each term.
    pub weights: Vec<f64>,
    /// Whether tools were planted.
    #[serde(default)]
    pub gate: Gate,
    /// A weight for each sign of an unknown actor, the last for none.
    pub unknown: Vec<f64>,
}

/// See the module.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Model {
    /// Where software was seen.
    pub mixed: Half,
    /// Where there are techniques alone.
    pub techniques: Half,
}

/// What a case is judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// All terms.
    #[default]
    Whole,
    /// Naive Bayes with a temperature and the number of reports as prior: what a textbook would do, to compare with.
    NaiveBayes,
}

impl Kind {
    fn has(self, term: Term) -> bool {
        self == Kind::Whole || matches!(term, Term::Own | Term::SoftwareBroad | Term::Reports)
    }
}

/// Which documents may be learnt from, and how they are split.
pub struct Scope<'a> {
    /// Documents that count.
    pub keep: &'a dyn Fn(usize) -> bool,
    /// Reports that nothing may be learnt from.
    pub unreadable: &'a dyn Fn(usize) -> bool,
    /// What stands only since later months (`YYYY-MM`) is left out.
    pub until: &'a str,
    /// For each document its fold.
    pub folds: &'a [usize],
    /// Number of folds.
    pub parts: usize,
    /// Which terms.
    pub kind: Kind,
}

/// Probabilities of a case.
#[derive(Clone, Debug)]
pub struct Posterior {
    /// Known actors, those without documents left out; sums to one less [`Posterior::unknown`].
    pub actors: Vec<(Actor, f64)>,
    /// That no known actor did it.
    pub unknown: f64,
}

/// Documents drawn for learning.
#[derive(Default)]
struct Lessons {
    cases: Vec<Lesson>,
}

struct Lesson {
    variants: Variants,
    right: usize,
    weight: f64,
    part: usize,
    /// Tools were planted: the gate learns from it, and nothing else.
    is_planted: bool,
    new_known: f32,
    new_unknown: f32,
}

impl Model {
    /// Fits the weights.
    #[must_use]
    pub fn fit(corpus: &Corpus, scope: &Scope<'_>) -> Model {
        let mut mixed = Lessons::default();
        let mut techniques = Lessons::default();
        for part in 0..scope.parts {
            let held = |i: usize| scope.folds[i] % scope.parts == part;
            let mut closed = vec![false; corpus.reports.len()];
            for (i, d) in corpus.documents.iter().enumerate() {
                closed[d.report] |= (scope.keep)(i) && held(i);
            }
            let keep = |i: usize| (scope.keep)(i) && !held(i);
            let unreadable = |r: usize| closed[r] || (scope.unreadable)(r);
            let counts = Counts::of(corpus, &keep, &unreadable, scope.until);
            for (i, d) in corpus.documents.iter().enumerate() {
                let long = d.features.len() >= CASE_FEATURES_MIN;
                if !((scope.keep)(i) && held(i) && long && counts.knows(d.actor)) {
                    continue;
                }
                let seen = Seen::of(corpus, d.features.iter().copied());
                if !seen.techniques.is_empty() {
                    let alone = |techniques| Seen { techniques, software: Vec::new() };
                    let whole = alone(seen.techniques.clone());
                    techniques.add(corpus, &counts, whole, (d.actor, part), 1.0);
                    for n in DRAWN {
                        if seen.techniques.len() > n {
                            let drawn = draw(&seen.techniques, n, i);
                            techniques.add(corpus, &counts, alone(drawn), (d.actor, part), 0.7);
                        }
                    }
                }
                if let Some(planted) = plant(&counts, &seen, d.actor, i)
                    && scope.kind == Kind::Whole
                {
                    mixed.add(corpus, &counts, planted, (d.actor, part), 0.0);
                }
                mixed.add(corpus, &counts, seen, (d.actor, part), 1.0);
            }
        }
        Model { mixed: mixed.fit(scope.kind), techniques: techniques.fit(scope.kind) }
    }

    /// Judges a case.
    #[must_use]
    pub fn judge(&self, corpus: &Corpus, counts: &Counts, seen: &Seen) -> Posterior {
        let half = self.half(seen);
        let variants = Variants::of(corpus, counts, seen.clone());
        let shares = half.shares(&variants);
        let new = seen.software.iter().filter(|s| counts.everyone[**s] == 0.0).count() as f32;
        let signs = signs(&variants, &shares, None, new);
        let unknown = logistic(dot(&signs, &half.unknown));
        let known = variants.whole.actors.iter().zip(shares);
        Posterior { actors: known.map(|(a, p)| (*a, p * (1.0 - unknown))).collect(), unknown }
    }

    /// The half that a case is judged by.
    #[must_use]
    pub fn half(&self, seen: &Seen) -> &Half {
        if seen.software.is_empty() { &self.techniques } else { &self.mixed }
    }
}

impl Half {
    /// Logarithms of the shares of all actors of whom something is known, those in order.
    #[must_use]
    pub fn leanings(
        &self,
        corpus: &Corpus,
        counts: &Counts,
        seen: &Seen,
    ) -> (Vec<Actor>, Vec<f64>) {
        let variants = Variants::of(corpus, counts, seen.clone());
        let shares = self.shares(&variants);
        (variants.whole.actors, shares.iter().map(|p| p.max(SHARE_MIN).ln()).collect())
    }

    /// Shares of all actors of whom something is known; sums to one.
    fn shares(&self, variants: &Variants) -> Vec<f64> {
        self.weigh(variants).mixed(&self.gate, None)
    }

    fn weigh(&self, variants: &Variants) -> Weighed {
        variants.weigh(&|terms| scores(terms, &self.weights))
    }
}

impl Lessons {
    fn add(
        &mut self,
        corpus: &Corpus,
        counts: &Counts,
        seen: Seen,
        (actor, part): (Actor, usize),
        weight: f64,
    ) {
        let new = |taken: f32| {
            let of = |s: &&Feature| counts.everyone[**s] - taken * counts.shown(actor, **s) <= 0.0;
            seen.software.iter().filter(of).count() as f32
        };
        let (new_known, new_unknown) = (new(0.0), new(1.0));
        let variants = Variants::of(corpus, counts, seen);
        let actors = &variants.whole.actors;
        let right = actors.binary_search(&actor).expect("the counts know the actor");
        let is_planted = weight == 0.0;
        let lesson = Lesson { variants, right, weight, part, is_planted, new_known, new_unknown };
        self.cases.push(lesson);
    }

    fn fit(&self, kind: Kind) -> Half {
        let free: Vec<bool> = TERMS.iter().map(|t| t.is_free()).collect();
        let mut weights = logit::fit(&self.choices(kind), WIDTH, &free, RIDGE);
        for (w, _) in weights.iter_mut().zip(TERMS).filter(|(_, t)| !kind.has(**t)) {
            *w = 0.0;
        }
        let mut half = Half { weights, gate: Gate::default(), unknown: Vec::new() };
        let weighed: Vec<gate::Lesson> = self.cases.iter().map(|l| l.weighed(&half)).collect();
        if self.cases.iter().any(|l| l.is_planted) {
            half.gate = Gate::fit(&weighed);
        }
        let mut known_or_not = Vec::new();
        for (lesson, judged) in self.cases.iter().zip(&weighed).filter(|(l, _)| !l.is_planted) {
            for (without, new, right) in
                [(None, lesson.new_known, 1), (Some(lesson.right), lesson.new_unknown, 0)]
            {
                let shares = judged.weighed.mixed(&half.gate, without);
                let mut rows = signs(&lesson.variants, &shares, without, new);
                rows.extend([0.0; SIGNS]);
                known_or_not.push(Choice { rows, right, weight: 1.0 });
            }
        }
        half.unknown = logit::fit(&known_or_not, SIGNS, &[true; SIGNS], RIDGE);
        half
    }

    /// What the weights are fitted on: lessons that nobody tampered with, with the terms of a kind.
    fn choices(&self, kind: Kind) -> Vec<Choice> {
        let mask = |(i, x): (usize, &f32)| if kind.has(TERMS[i % WIDTH]) { *x } else { 0.0 };
        let choice = |l: &Lesson| {
            let rows = l.variants.whole.rows.iter().enumerate().map(mask).collect();
            Choice { rows, right: l.right, weight: l.weight }
        };
        self.cases.iter().filter(|l| !l.is_planted).map(choice).collect()
    }
}

impl Lesson {
    fn weighed(&self, half: &Half) -> gate::Lesson {
        gate::Lesson {
            weighed: half.weigh(&self.variants),
            right: self.right,
            is_planted: self.is_planted,
            part: self.part,
        }
    }
}

/// What tells an unknown actor: how well the best known one fits. `without`: a row that does not stand, and has no share.
fn signs(variants: &Variants, shares: &[f64], without: Option<usize>, new: f32) -> Vec<f32> {
    let (terms, seen) = (&variants.whole, &variants.seen);
    let stands = |i: &usize| Some(*i) != without;
    let mut order: Vec<usize> = (0..shares.len()).filter(stands).collect();
    order.sort_by(|a, b| shares[*b].total_cmp(&shares[*a]));
    let sorted: Vec<f64> = order.iter().map(|i| shares[*i]).collect();
    let highest = |t: Term| {
        let all = (0..shares.len()).filter(stands).map(|i| terms.rows[i * WIDTH + t as usize]);
        all.fold(0.0f32, f32::max)
    };
    let best = |t: Term| order.first().map_or(0.0, |i| terms.rows[i * WIDTH + t as usize]);
    let share = sorted.first().copied().unwrap_or(1.0).clamp(1e-6, 1.0 - 1e-6);
    let n = seen.len().max(1) as f32;
    vec![
        (share / (1.0 - share)).ln() as f32,
        highest(Term::Nearest),
        best(Term::Nearest),
        highest(Term::SoftwareBest),
        best(Term::SoftwareProfile),
        highest(Term::PartExplained),
        highest(Term::Profile),
        highest(Term::Own),
        highest(Term::SoftwareOnly),
        best(Term::SoftwareBorne),
        highest(Term::SoftwareFew),
        best(Term::AllTogether),
        entropy(&sorted),
        new / n.sqrt(),
        n.ln(),
        1.0,
    ]
}

/// Entropy of shares, in nats.
fn entropy(shares: &[f64]) -> f32 {
    -shares.iter().filter(|p| **p > 0.0).map(|p| p * p.ln()).sum::<f64>() as f32
}

/// The scores of a case's rows.
#[must_use]
pub fn scores(terms: &Terms, weights: &[f64]) -> Vec<f64> {
    terms.rows.chunks_exact(WIDTH).map(|row| dot(row, weights)).collect()
}

fn dot(row: &[f32], weights: &[f64]) -> f64 {
    row.iter().zip(weights).map(|(x, w)| f64::from(*x) * w).sum()
}

/// Shares of scores; sums to one.
#[must_use]
pub fn softmax(scores: &[f64]) -> Vec<f64> {
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let parts: Vec<f64> = scores.iter().map(|s| (s - top).exp()).collect();
    let sum: f64 = parts.iter().sum();
    parts.iter().map(|p| p / sum).collect()
}

/// One over one plus e to the minus x.
#[must_use]
pub fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The case with software planted that only one other actor has shown. The framed actor, and how many tools, depend on
/// nothing but the documents.
fn plant(counts: &Counts, seen: &Seen, actor: Actor, seed: usize) -> Option<Seen> {
    let n = counts.documents.len();
    let first = seed.wrapping_mul(7919) % n;
    let wanted = PLANTED[seed % PLANTED.len()];
    let exclusive = |a: Actor| -> Vec<Feature> {
        let tools = (0..counts.software.len()).filter(|f| counts.only_shown_by(*f) == Some(a));
        tools.filter(|f| !seen.software.contains(f)).collect()
    };
    let others = (0..n).map(|k| (first + k) % n).filter(|a| *a != actor && counts.knows(*a));
    let tools = others.map(exclusive).find(|tools| tools.len() >= wanted)?;
    let mut planted = seen.clone();
    planted.software.extend(draw(&tools, wanted, seed));
    planted.software.sort_unstable();
    Some(planted)
}

/// `n` of the features, the same for the same seed.
fn draw(features: &[Feature], n: usize, seed: usize) -> Vec<Feature> {
    let mut order: Vec<Feature> = features.to_vec();
    let mut state = (seed as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ n as u64;
    for i in 0..n.min(order.len()) {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let j = i + ((state >> 33) as usize) % (order.len() - i);
        order.swap(i, j);
    }
    order.truncate(n);
    order.sort_unstable();
    order
}
