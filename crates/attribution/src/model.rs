//! The fitted model: weights of the terms, for cases with software and for techniques alone, and what tells an
//! unknown actor. Fitted on documents held out of the counts that judge them, fold by fold.

use serde::{Deserialize, Serialize};

use crate::corpus::{Actor, Corpus, Feature};
use crate::counts::Counts;
use crate::logit::{self, Choice};
use crate::terms::{Seen, TERMS, Term, Terms, WIDTH, terms};

/// A document with fewer features is no case to learn from.
pub const CASE_FEATURES_MIN: usize = 5;
/// Ridge on the weights, in units of one over a term's spread.
const RIDGE: f64 = 1.0;
/// Drawn subsets of techniques to learn from, beside the whole.
const DRAWN: [usize; 3] = [5, 10, 20];
/// How much a case with planted tools counts in the fit: a stance, that one case in six was tampered with. More makes
/// the model harder to mislead, and duller.
const PLANTED_WEIGHT: f64 = 0.2;
/// Signs of an unknown actor.
const SIGNS: usize = 16;

/// What is learnt for one kind of evidence.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Half {
    /// A weight for each term.
    pub weights: Vec<f64>,
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
    choices: Vec<Choice>,
    /// The case, as known and with its actor taken away: what the signs are computed from.
    rows: Vec<Lesson>,
}

struct Lesson {
    terms: Terms,
    right: usize,
    seen: Seen,
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
                    techniques.add(corpus, &counts, alone(seen.techniques.clone()), d.actor, 1.0);
                    for n in DRAWN {
                        if seen.techniques.len() > n {
                            let drawn = draw(&seen.techniques, n, i);
                            techniques.add(corpus, &counts, alone(drawn), d.actor, 0.7);
                        }
                    }
                }
                if let Some(planted) = plant(&counts, &seen, d.actor, i) {
                    mixed.add(corpus, &counts, planted, d.actor, PLANTED_WEIGHT);
                }
                mixed.add(corpus, &counts, seen, d.actor, 1.0);
            }
        }
        Model { mixed: mixed.fit(scope.kind), techniques: techniques.fit(scope.kind) }
    }

    /// Judges a case.
    #[must_use]
    pub fn judge(&self, corpus: &Corpus, counts: &Counts, seen: &Seen) -> Posterior {
        let terms = terms(corpus, counts, seen);
        let half = self.half(seen);
        let scores = scores(&terms, &half.weights);
        let new = seen.software.iter().filter(|s| counts.everyone[**s] == 0.0).count() as f32;
        let signs = signs(&terms, &scores, seen, None, new);
        let unknown = logistic(dot(&signs, &half.unknown));
        let shares = softmax(&scores);
        let known = terms.actors.iter().zip(shares);
        Posterior { actors: known.map(|(a, p)| (*a, p * (1.0 - unknown))).collect(), unknown }
    }

    /// The half that a case is judged by.
    #[must_use]
    pub fn half(&self, seen: &Seen) -> &Half {
        if seen.software.is_empty() { &self.techniques } else { &self.mixed }
    }
}

impl Lessons {
    fn add(&mut self, corpus: &Corpus, counts: &Counts, seen: Seen, actor: Actor, weight: f64) {
        let terms = terms(corpus, counts, &seen);
        let right = terms.actors.binary_search(&actor).expect("the counts know the actor");
        let new = |taken: f32| {
            let of = |s: &&Feature| counts.everyone[**s] - taken * counts.shown(actor, **s) <= 0.0;
            seen.software.iter().filter(of).count() as f32
        };
        let (new_known, new_unknown) = (new(0.0), new(1.0));
        self.choices.push(Choice { rows: terms.rows.clone(), right, weight });
        self.rows.push(Lesson { terms, right, seen, new_known, new_unknown });
    }

    fn fit(&self, kind: Kind) -> Half {
        let masked = (kind != Kind::Whole).then(|| self.masked(kind));
        let choices: &[Choice] = masked.as_deref().unwrap_or(&self.choices);
        let free: Vec<bool> = TERMS.iter().map(|t| t.is_free()).collect();
        let mut weights = logit::fit(choices, WIDTH, &free, RIDGE);
        for (w, _) in weights.iter_mut().zip(TERMS).filter(|(_, t)| !kind.has(**t)) {
            *w = 0.0;
        }
        let scale = self.scale(&weights);
        for w in &mut weights {
            *w *= scale;
        }
        let mut known_or_not = Vec::new();
        // Known or not is learnt on cases that nobody tampered with.
        for lesson in self.clean().map(|(lesson, _)| lesson) {
            let scores = scores(&lesson.terms, &weights);
            for (without, new, right) in
                [(None, lesson.new_known, 1), (Some(lesson.right), lesson.new_unknown, 0)]
            {
                let mut rows = signs(&lesson.terms, &scores, &lesson.seen, without, new);
                rows.extend([0.0; SIGNS]);
                known_or_not.push(Choice { rows, right, weight: 1.0 });
            }
        }
        let unknown = logit::fit(&known_or_not, SIGNS, &[true; SIGNS], RIDGE);
        Half { weights, unknown }
    }
}

impl Lessons {
    /// The choices with the terms of a kind alone.
    fn masked(&self, kind: Kind) -> Vec<Choice> {
        let mask = |choice: &Choice| {
            let one = |(i, x): (usize, &f32)| if kind.has(TERMS[i % WIDTH]) { *x } else { 0.0 };
            let rows = choice.rows.iter().enumerate().map(one).collect();
            Choice { rows, right: choice.right, weight: choice.weight }
        };
        self.choices.iter().map(mask).collect()
    }

    /// Lessons that nobody tampered with.
    fn clean(&self) -> impl Iterator<Item = (&Lesson, &Choice)> {
        self.rows.iter().zip(&self.choices).filter(|(_, c)| c.weight > PLANTED_WEIGHT)
    }

    /// By how much the scores are to be stretched so that probabilities hold on cases that nobody tampered with: planted
    /// tools teach caution that clean cases do not need.
    fn scale(&self, weights: &[f64]) -> f64 {
        let stretched: Vec<Choice> = self
            .clean()
            .map(|(lesson, choice)| Choice {
                rows: scores(&lesson.terms, weights).iter().map(|s| *s as f32).collect(),
                right: choice.right,
                weight: choice.weight,
            })
            .collect();
        logit::fit(&stretched, 1, &[false], 0.0)[0]
    }
}

/// What tells an unknown actor: how well the best known one fits. `without`: a row that does not stand.
fn signs(terms: &Terms, scores: &[f64], seen: &Seen, without: Option<usize>, new: f32) -> Vec<f32> {
    let stands = |i: &usize| Some(*i) != without;
    let mut order: Vec<usize> = (0..scores.len()).filter(stands).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let kept: Vec<f64> = order.iter().map(|i| scores[*i]).collect();
    let shares = softmax(&kept);
    let highest = |t: Term| {
        let all = (0..scores.len()).filter(stands).map(|i| terms.rows[i * WIDTH + t as usize]);
        all.fold(0.0f32, f32::max)
    };
    let best = |t: Term| order.first().map_or(0.0, |i| terms.rows[i * WIDTH + t as usize]);
    let share = shares.first().copied().unwrap_or(1.0).clamp(1e-6, 1.0 - 1e-6);
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
        entropy(&shares),
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

/// The case with two pieces of software planted that only one other actor has shown: nobody is to be framed by two
/// tools. The framed actor depends on nothing but the documents.
fn plant(counts: &Counts, seen: &Seen, actor: Actor, seed: usize) -> Option<Seen> {
    let n = counts.documents.len();
    let first = seed.wrapping_mul(7919) % n;
    let exclusive = |a: Actor| -> Vec<Feature> {
        let only = |f: &Feature| {
            counts.software[*f] && counts.actors_with[*f] == 1.0 && counts.shown(a, *f) > 0.0
        };
        (0..counts.software.len())
            .filter(only)
            .filter(|f| !seen.software.contains(f))
            .take(2)
            .collect()
    };
    let others = (0..n).map(|k| (first + k) % n).filter(|a| *a != actor && counts.knows(*a));
    let tools = others.map(exclusive).find(|tools| tools.len() == 2)?;
    let mut planted = seen.clone();
    planted.software.extend(tools);
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
