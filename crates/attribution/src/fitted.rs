//! What `blanik attribute` judges by out of the box: the weights fitted on all that the program knows, and how often
//! verdicts of each size of evidence and each band were right on reports held out. Made by `blanik attribution fit`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::corpus::Corpus;
use crate::counts::Counts;
use crate::model::{CASE_FEATURES_MIN, Kind, Model, Scope};
use crate::terms::Seen;
use crate::verdict::wilson;

const BUILTIN: &str = include_str!("../knowledge/fitted.json");

/// Lower limits of the bands of the leading hypothesis' probability.
pub const BANDS: [f64; 6] = [0.0, 0.2, 0.4, 0.6, 0.8, 0.95];
/// A band with fewer held-out cases says nothing.
pub const BAND_CASES_MIN: u32 = 30;
/// Folds of the documents.
pub const FOLDS: usize = 10;

/// Kinds and sizes of evidence that are calibrated apart.
pub const SIZES: [&str; 4] =
    ["with software", "1 to 7 techniques", "8 to 14 techniques", "15 techniques or more"];

/// What came of the cases of one band: a row of the reliability table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Held-out cases.
    pub cases: u32,
    /// Of these, the leading hypothesis was right.
    pub right: u32,
    /// Sum of the leading probabilities.
    pub promised: f64,
}

impl Band {
    /// Counts a case: its leading probability, and whether it was right.
    pub fn add(&mut self, promised: f64, right: bool) {
        self.cases += 1;
        self.right += u32::from(right);
        self.promised += promised;
    }

    /// What was promised in the middle.
    #[must_use]
    pub fn mean_promised(&self) -> f64 {
        self.promised / f64::from(self.cases.max(1))
    }

    /// Whether more was promised than the interval of what came allows.
    #[must_use]
    pub fn promises_too_much(&self) -> bool {
        let (_, high) = wilson(self.right, self.cases);
        self.mean_promised() > high
    }
}

/// See the module.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Fitted {
    /// The weights.
    pub model: Model,
    /// Size of evidence × band.
    pub reliability: Vec<Vec<Band>>,
}

/// One held-out case: size, leading probability among known actors, and whether it was right.
pub type Outcome = (usize, f64, bool);

/// The size of evidence: index into [`SIZES`].
#[must_use]
pub fn size(seen: &Seen) -> usize {
    match (seen.software.len(), seen.techniques.len()) {
        (1.., _) => 0,
        (_, 0..=7) => 1,
        (_, 8..=14) => 2,
        _ => 3,
    }
}

/// The band of a probability: index into [`BANDS`].
#[must_use]
pub fn band(p: f64) -> usize {
    BANDS.iter().rposition(|low| p >= *low).unwrap_or(0)
}

impl Fitted {
    /// What the program carries.
    #[must_use]
    pub fn builtin() -> Fitted {
        serde_json::from_str(BUILTIN).expect("a test reads what is built in")
    }

    /// The table from outcomes.
    #[must_use]
    pub fn new(model: Model, outcomes: &[Outcome]) -> Fitted {
        let mut reliability = vec![vec![Band::default(); BANDS.len()]; SIZES.len()];
        for (size, p, right) in outcomes {
            reliability[*size][band(*p)].add(*p, *right);
        }
        for row in reliability.iter_mut().flatten() {
            row.promised = (row.promised * 1e6).round() / 1e6;
        }
        Fitted { model, reliability }
    }

    /// The row for a case.
    #[must_use]
    pub fn band_of(&self, seen: &Seen, p: f64) -> Band {
        let row = self.reliability.get(size(seen)).and_then(|rows| rows.get(band(p)));
        row.cloned().unwrap_or_default()
    }
}

/// The documents' folds: all documents of one report in one fold.
#[must_use]
pub fn folds(corpus: &Corpus) -> Vec<usize> {
    corpus.documents.iter().map(|d| d.report % FOLDS).collect()
}

/// The weights fitted on all documents, or on those outside a fold.
#[must_use]
pub fn fit(corpus: &Corpus, without: Option<usize>) -> Model {
    let folds = folds(corpus);
    let closed = closed(corpus, &folds, without);
    let scope = Scope {
        keep: &|i| Some(folds[i]) != without,
        unreadable: &|r| closed[r],
        until: "9999-12",
        folds: &folds,
        parts: FOLDS,
        kind: Kind::Whole,
    };
    Model::fit(corpus, &scope)
}

/// Judges the documents of a fold by what is known outside it.
#[must_use]
pub fn outcomes(corpus: &Corpus, fold: usize) -> Vec<Outcome> {
    let model = fit(corpus, Some(fold));
    let folds = folds(corpus);
    let closed = closed(corpus, &folds, Some(fold));
    let counts = Counts::of(corpus, &|i| folds[i] != fold, &|r| closed[r], "9999-12");
    let mut outcomes = Vec::new();
    for (i, d) in corpus.documents.iter().enumerate() {
        if folds[i] != fold || d.features.len() < CASE_FEATURES_MIN || !counts.knows(d.actor) {
            continue;
        }
        let whole = Seen::of(corpus, d.features.iter().copied());
        let alone = |n: usize| {
            // Every so many-th: a part that depends on nothing but the document.
            let step = whole.techniques.len() as f64 / n as f64;
            let picked: BTreeSet<usize> =
                (0..n).map(|k| whole.techniques[(k as f64 * step) as usize]).collect();
            Seen { techniques: picked.into_iter().collect(), software: Vec::new() }
        };
        let mut cases: Vec<Seen> = Vec::new();
        if !whole.software.is_empty() {
            cases.push(whole.clone());
        }
        if !whole.techniques.is_empty() {
            cases.push(Seen { techniques: whole.techniques.clone(), software: Vec::new() });
        }
        for n in [5, 10, 20] {
            if whole.techniques.len() > n {
                cases.push(alone(n));
            }
        }
        for seen in cases {
            let posterior = model.judge(corpus, &counts, &seen);
            let known = (1.0 - posterior.unknown).max(1e-9);
            let best = posterior.actors.iter().max_by(|a, b| a.1.total_cmp(&b.1));
            let (actor, p) = *best.expect("the counts know the actor");
            outcomes.push((size(&seen), p / known, actor == d.actor));
        }
    }
    outcomes
}

fn closed(corpus: &Corpus, folds: &[usize], without: Option<usize>) -> Vec<bool> {
    let mut closed = vec![false; corpus.reports.len()];
    for (d, fold) in corpus.documents.iter().zip(folds) {
        closed[d.report] |= Some(*fold) == without;
    }
    closed
}
