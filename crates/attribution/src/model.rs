//! The fitted model: weights of the terms, for cases with software and for techniques alone, what tells planted tools
//! ([`crate::gate`]), and what tells an unknown actor. Fitted on documents held out of the counts that judge them, fold
//! by fold.

mod lessons;

use serde::{Deserialize, Serialize};

use crate::corpus::{Actor, Corpus, Feature};
use crate::counts::Counts;
use crate::gate::{Gate, Variants, Weighed};
use crate::terms::{Seen, Term, Terms, WIDTH};
use lessons::{Lessons, Taught};

/// A document with fewer features is no case to learn from.
pub const CASE_FEATURES_MIN: usize = 5;
/// Drawn subsets of techniques to learn from, beside the whole.
const DRAWN: [usize; 3] = [5, 10, 20];
/// How many tools are planted in a lesson, by turns.
const PLANTED: [usize; 4] = [2, 1, 2, 3];
/// The least share that is told from none.
const SHARE_MIN: f64 = 1e-30;
/// Signs of an unknown actor.
const SIGNS: usize = 16;
/// Logarithm of the size of a case in the middle: it has nine items.
const SIZE_MIDDLE: f64 = 2.2;
/// Scores are never stretched to less than this of themselves.
const SHARPNESS_MIN: f64 = 0.1;

/// What is learnt for one kind of evidence.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Half {
    /// A weight for each term.
    pub weights: Vec<f64>,
    /// By how much scores are stretched so that probabilities hold out of fold: in the middle, and for each unit of the
    /// logarithm of the number of items. None: not at all.
    #[serde(default)]
    pub sharpness: Vec<f64>,
    /// Whether tools were planted.
    #[serde(default)]
    pub gate: Gate,
    /// The power to which the shares are raised after the gate, so that they hold on cases that nobody tampered with: the
    /// gate is more careful than these need. None: they stay.
    #[serde(default)]
    pub power: Option<f64>,
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
    /// All terms, and nothing is ever taken for planted: to tell what the gate costs.
    Trusting,
    /// Naive Bayes with a temperature and the number of reports as prior: what a textbook would do, to compare with.
    NaiveBayes,
}

impl Kind {
    fn has(self, term: Term) -> bool {
        self != Kind::NaiveBayes || matches!(term, Term::Own | Term::SoftwareBroad | Term::Reports)
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
                    techniques.add(corpus, &counts, whole, (d.actor, part), Taught::Clean(1.0));
                    for n in DRAWN {
                        if seen.techniques.len() > n {
                            let drawn = draw(&seen.techniques, n, i);
                            techniques.add(
                                corpus,
                                &counts,
                                alone(drawn),
                                (d.actor, part),
                                Taught::Clean(0.7),
                            );
                        }
                    }
                }
                if let Some(planted) = plant(&counts, &seen, d.actor, i)
                    && scope.kind == Kind::Whole
                {
                    mixed.add(corpus, &counts, planted, (d.actor, part), Taught::Planted);
                }
                mixed.add(corpus, &counts, seen, (d.actor, part), Taught::Clean(1.0));
            }
        }
        Model { mixed: mixed.fit(scope.kind), techniques: techniques.fit(scope.kind) }
    }

    /// Judges a case.
    #[must_use]
    pub fn judge(&self, corpus: &Corpus, counts: &Counts, seen: &Seen) -> Posterior {
        let variants = Variants::of(corpus, counts, seen.clone());
        let shares = self.half(seen).shares(&variants);
        let unknown = self.unknown(counts, &variants, &shares);
        let known = variants.whole.actors.iter().zip(shares);
        Posterior { actors: known.map(|(a, p)| (*a, p * (1.0 - unknown))).collect(), unknown }
    }

    /// That no known actor did it. `shares`: of the known ones.
    #[must_use]
    pub fn unknown(&self, counts: &Counts, variants: &Variants, shares: &[f64]) -> f64 {
        let seen = &variants.seen;
        let new = seen.software.iter().filter(|s| counts.everyone[**s] == 0.0).count() as f32;
        let signs = signs(variants, shares, None, new);
        logistic(dot(&signs, &self.half(seen).unknown))
    }

    /// The half that a case is judged by.
    #[must_use]
    pub fn half(&self, seen: &Seen) -> &Half {
        if seen.software.is_empty() { &self.techniques } else { &self.mixed }
    }
}

impl Half {
    /// Logarithms of the shares of all actors of whom something is known, those in order, as a case of `size` items is
    /// judged.
    #[must_use]
    pub fn leanings(&self, variants: &Variants, size: usize) -> Vec<f64> {
        logarithms(&self.answer(&self.weigh(variants, size), None))
    }

    /// How probable it is that tools were planted that one actor alone has shown.
    #[must_use]
    pub fn planted(&self, variants: &Variants) -> f64 {
        self.weigh(variants, variants.seen.len()).planted(&self.gate)
    }

    /// Shares of all actors of whom something is known; sums to one.
    #[must_use]
    pub fn shares(&self, variants: &Variants) -> Vec<f64> {
        self.answer(&self.weigh(variants, variants.seen.len()), None)
    }

    /// The answer of weighed variants. `without`: a row that does not stand, nor the tools that point to it.
    fn answer(&self, weighed: &Weighed, without: Option<usize>) -> Vec<f64> {
        let mixed = weighed.mixed(&self.gate, without);
        let Some(power) = self.power else { return mixed };
        let raised: Vec<f64> = mixed.iter().map(|p| p.powf(power)).collect();
        let sum: f64 = raised.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        raised.iter().map(|p| p / sum).collect()
    }

    /// The variants of a case as one of `size` items is judged.
    fn weigh(&self, variants: &Variants, size: usize) -> Weighed {
        let sharpness = self.sharpness_at(size);
        variants.weigh(&|terms| {
            scores(terms, &self.weights).into_iter().map(|s| s * sharpness).collect()
        })
    }

    fn sharpness_at(&self, size: usize) -> f64 {
        let over = [1.0, over_middle(size)];
        let of = self.sharpness.iter().zip(over).map(|(w, x)| w * x).sum::<f64>();
        if self.sharpness.is_empty() { 1.0 } else { of.max(SHARPNESS_MIN) }
    }
}

/// Logarithms of shares; what is less than can be told from none counts as that.
#[must_use]
pub fn logarithms(shares: &[f64]) -> Vec<f64> {
    shares.iter().map(|p| p.max(SHARE_MIN).ln()).collect()
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

/// How much larger a case is than in the middle.
fn over_middle(size: usize) -> f64 {
    (size.max(1) as f64).ln() - SIZE_MIDDLE
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
