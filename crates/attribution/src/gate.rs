//! Planted tools. Software that only one actor has shown may have been planted to point to that actor: beside the case
//! as it is stands, for each actor to whom such tools point, the case without them. How probable each of these is, a gate
//! says, by how well the rest of the evidence bears the actor out. The answer is their mixture.
//!
//! A gate takes no evidence away, and knows nothing of grades: those are the observations' own.

mod signs;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::corpus::{Actor, Corpus, Feature};
use crate::counts::Counts;
use crate::logit::{self, Choice};
use crate::model::softmax;
use crate::terms::{Seen, Terms, terms};
use signs::{SIGNS, signs};

/// Ridge on the gate's weights, in units of one over a sign's spread.
const RIDGE: f64 = 0.5;
/// Rounds of the fit, at most.
const ROUNDS_MAX: usize = 15;
/// Actors to whom tools of one case point, at most: the others' tools stand.
const SUSPECTS_MAX: usize = 8;
/// How much a case with planted tools may count in the fit, the most first. Of these that one is taken which costs clean
/// cases little enough.
const PLANTED_WEIGHTS: [f64; 7] = [0.8, 0.6, 0.4, 0.3, 0.2, 0.1, 0.05];
/// Of clean cases held out, so many net may lose their right answer for it: one in a hundred. Those that gain theirs are
/// taken off.
const CLEAN_LOSS_MAX: f64 = 0.01;

/// Weights of the signs; none: nothing is ever planted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    weights: Vec<f64>,
    /// How much a case with planted tools counted when the weights were fitted.
    planted: f64,
}

/// A case as it is, and without the tools that only one actor has shown, for each such actor.
pub struct Variants {
    /// What was seen.
    pub seen: Seen,
    /// Its terms.
    pub whole: Terms,
    rests: Vec<Rest>,
}

/// The case without what points to one actor alone.
struct Rest {
    /// The actor's row.
    row: usize,
    /// How many tools are out.
    tools: usize,
    seen: Seen,
    terms: Terms,
}

/// Shares of the actors in each variant, and what speaks for its being the true one.
pub struct Weighed {
    /// Variant × row; the first is the case as it is.
    shares: Vec<Vec<f64>>,
    /// For each variant but the first: whose tools are out, and the signs.
    signs: Vec<(usize, Vec<f64>)>,
}

/// A case to fit a gate on.
pub struct Lesson {
    /// The case.
    pub weighed: Weighed,
    /// The right row.
    pub right: usize,
    /// Whether tools were planted.
    pub is_planted: bool,
    /// Lessons of one part are held out together.
    pub part: usize,
}

impl Variants {
    /// All variants of a case.
    #[must_use]
    pub fn of(corpus: &Corpus, counts: &Counts, seen: Seen) -> Variants {
        let whole = terms(corpus, counts, &seen);
        let mut suspects: Vec<(Actor, Vec<Feature>)> = Vec::new();
        for tool in &seen.software {
            let Some(actor) = counts.only_shown_by(*tool) else { continue };
            match suspects.iter_mut().find(|(a, _)| *a == actor) {
                Some((_, tools)) => tools.push(*tool),
                None => suspects.push((actor, vec![*tool])),
            }
        }
        suspects.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(&b.0)));
        suspects.truncate(SUSPECTS_MAX);
        let rest = |(actor, tools): (Actor, Vec<Feature>)| {
            let mut rest = seen.clone();
            rest.software.retain(|s| !tools.contains(s));
            Rest {
                row: whole.actors.binary_search(&actor).expect("who has shown it is counted"),
                terms: terms(corpus, counts, &rest),
                seen: rest,
                tools: tools.len(),
            }
        };
        let rests = suspects.into_iter().map(rest).collect();
        Variants { seen, whole, rests }
    }

    /// Shares of the actors in each variant.
    #[must_use]
    pub fn weigh(&self, scores: &dyn Fn(&Terms) -> Vec<f64>) -> Weighed {
        let mut weighed =
            Weighed { shares: vec![softmax(&scores(&self.whole))], signs: Vec::new() };
        for rest in &self.rests {
            let shares = softmax(&scores(&rest.terms));
            weighed.signs.push((rest.row, signs(self, rest, &shares)));
            weighed.shares.push(shares);
        }
        weighed
    }
}

impl Weighed {
    /// How probable a gate holds it that somebody's tools were planted.
    #[must_use]
    pub fn planted(&self, gate: &Gate) -> f64 {
        1.0 - gate.parts(self, None)[0]
    }

    /// Shares of the actors under a gate. `without`: a row that does not stand, nor the tools that point to it.
    #[must_use]
    pub fn mixed(&self, gate: &Gate, without: Option<usize>) -> Vec<f64> {
        let mut mixed = vec![0.0; self.shares[0].len()];
        for (part, shares) in gate.parts(self, without).iter().zip(&self.shares) {
            for (m, s) in mixed.iter_mut().zip(shares) {
                *m += part * s;
            }
        }
        if let Some(row) = without {
            mixed[row] = 0.0;
        }
        let sum: f64 = mixed.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        mixed.iter().map(|m| m / sum).collect()
    }
}

impl Gate {
    /// Fits a gate on lessons. A case with planted tools counts as much as clean cases can bear, told on parts held out in
    /// turn: the most of a few weights at which net no more than one clean case in a hundred loses its right answer.
    #[must_use]
    pub fn fit(lessons: &[Lesson]) -> Gate {
        let parts: BTreeSet<usize> = lessons.iter().map(|l| l.part).collect();
        let clean: Vec<&Lesson> = lessons.iter().filter(|l| !l.is_planted).collect();
        let open = Gate::default();
        let before = clean.iter().filter(|l| open.is_right(l)).count() as f64;
        let bearable = before - CLEAN_LOSS_MAX * clean.len() as f64;
        for planted in PLANTED_WEIGHTS {
            let gates: BTreeMap<usize, Gate> =
                parts.iter().map(|p| (*p, Gate::fitted(lessons, planted, Some(*p)))).collect();
            let after = clean.iter().filter(|l| gates[&l.part].is_right(l)).count() as f64;
            if after >= bearable {
                return Gate::fitted(lessons, planted, None);
            }
        }
        open
    }

    /// Fits by expectation and maximisation: which variant is the true one of each lesson is not known.
    fn fitted(lessons: &[Lesson], planted: f64, without: Option<usize>) -> Gate {
        let taught: Vec<&Lesson> = lessons
            .iter()
            .filter(|l| Some(l.part) != without && !l.weighed.signs.is_empty())
            .collect();
        let mut gate = Gate { weights: vec![0.0; SIGNS], planted };
        for _ in 0..ROUNDS_MAX {
            let mut choices = Vec::new();
            for lesson in &taught {
                let weight = if lesson.is_planted { planted } else { 1.0 };
                let rows = lesson.weighed.rows();
                for (right, part) in gate.blame(lesson).into_iter().enumerate() {
                    if part > 1e-4 {
                        choices.push(Choice { rows: rows.clone(), right, weight: weight * part });
                    }
                }
            }
            let next = logit::fit(&choices, SIGNS, &[true; SIGNS], RIDGE);
            let moved = next.iter().zip(&gate.weights).map(|(a, b)| (a - b).abs());
            let is_still = moved.fold(0.0, f64::max) < 1e-2;
            gate.weights = next;
            if is_still {
                break;
            }
        }
        gate
    }

    /// How probable each variant is.
    fn parts(&self, weighed: &Weighed, without: Option<usize>) -> Vec<f64> {
        let score = |(row, signs): &(usize, Vec<f64>)| {
            if self.weights.is_empty() || Some(*row) == without {
                return f64::NEG_INFINITY;
            }
            signs.iter().zip(&self.weights).map(|(x, w)| x * w).sum()
        };
        let scores: Vec<f64> =
            std::iter::once(0.0).chain(weighed.signs.iter().map(score)).collect();
        softmax(&scores)
    }

    /// How probable each variant is, once the right actor is known.
    fn blame(&self, lesson: &Lesson) -> Vec<f64> {
        let parts = self.parts(&lesson.weighed, None);
        let parts = parts.iter().zip(&lesson.weighed.shares);
        let joint: Vec<f64> = parts.map(|(p, s)| p * s[lesson.right] + 1e-12).collect();
        let sum: f64 = joint.iter().sum();
        joint.iter().map(|j| j / sum).collect()
    }

    fn is_right(&self, lesson: &Lesson) -> bool {
        let mixed = lesson.weighed.mixed(self, None);
        let best = (0..mixed.len()).max_by(|a, b| mixed[*a].total_cmp(&mixed[*b]));
        best == Some(lesson.right)
    }
}

impl Weighed {
    /// The signs as rows of a choice; the case as it is has none.
    fn rows(&self) -> Vec<f32> {
        let signs = self.signs.iter().flat_map(|(_, signs)| signs.iter().map(|x| *x as f32));
        std::iter::repeat_n(0.0, SIGNS).chain(signs).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shares as they are and without the tools of the second actor, and one telling sign.
    fn weighed(whole: [f64; 3], rest: [f64; 3]) -> Weighed {
        let mut signs = vec![0.0; SIGNS];
        signs[0] = 1.0;
        signs[1] = rest[1].ln();
        Weighed { shares: vec![whole.to_vec(), rest.to_vec()], signs: vec![(1, signs)] }
    }

    /// Clean cases: the tools point to who did it, and half of the rest does, too. Planted ones: the rest points elsewhere.
    fn lessons(planted: usize) -> Vec<Lesson> {
        let clean = |i: usize| Lesson {
            weighed: weighed(
                [0.1, 0.8, 0.1],
                if i.is_multiple_of(2) { [0.2, 0.6, 0.2] } else { [0.4, 0.3, 0.3] },
            ),
            right: 1,
            is_planted: false,
            part: i % 3,
        };
        let framed = |i: usize| Lesson {
            weighed: weighed([0.1, 0.8, 0.1], [0.7, 0.01, 0.29]),
            right: 0,
            is_planted: true,
            part: i % 3,
        };
        (0..60).map(clean).chain((0..planted).map(framed)).collect()
    }

    #[test]
    fn planted_tools_name_whom_the_rest_bears_out_and_clean_cases_keep_their_answer() {
        let gate = Gate::fit(&lessons(60));
        let framed = weighed([0.1, 0.8, 0.1], [0.7, 0.01, 0.29]).mixed(&gate, None);
        let clean = weighed([0.1, 0.8, 0.1], [0.2, 0.6, 0.2]).mixed(&gate, None);
        assert!(framed[0] > 0.5 && clean[1] > 0.6, "{framed:?} {clean:?}");
        assert!((framed.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_gate_that_knows_nothing_lets_the_case_stand() {
        let case = weighed([0.1, 0.8, 0.1], [0.7, 0.01, 0.29]);
        assert_eq!(case.mixed(&Gate::default(), None), [0.1, 0.8, 0.1]);
        // Nor does who is taken away have a share, or tools.
        let without = case.mixed(&Gate::fit(&lessons(60)), Some(1));
        assert!(without[1] == 0.0 && (without[0] - 0.5).abs() < 1e-9, "{without:?}");
    }

    #[test]
    fn a_case_stands_beside_itself_without_each_actors_own_tools() {
        let mut corpus = Corpus::default();
        for (actor, tool) in [("A", "S1"), ("B", "S2"), ("C", "S4")] {
            corpus.add(actor, &format!("{actor}1"), ["T1", tool, "S3"]);
        }
        let counts = Counts::of(&corpus, &|_| true, &|_| false, "9999-12");
        let find = |id: &str| corpus.find_feature(id).unwrap();
        let seen = Seen::of(&corpus, ["T1", "S1", "S2", "S3"].map(find));
        let variants = Variants::of(&corpus, &counts, seen);
        let rests: Vec<(usize, &Vec<Feature>)> =
            variants.rests.iter().map(|r| (r.row, &r.seen.software)).collect();
        assert_eq!(rests, [(0, &vec![find("S2"), find("S3")]), (1, &vec![find("S1"), find("S3")])]);
        let weighed = variants.weigh(&|terms| vec![0.0; terms.actors.len()]);
        assert!(weighed.signs.iter().all(|(_, s)| s.len() == SIGNS));
        assert!(weighed.signs.iter().flat_map(|(_, s)| s).all(|x| x.is_finite()));
    }
}
