//! Several analysts' or agencies' probabilities: incoherent ones are made coherent (the nearest point of the
//! simplex under the logical constraints), then pooled with weights for how incoherent they were (Mandel, Karvetski and
//! Dhami 2018).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One analyst's or agency's probabilities.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Assessment {
    /// Whose.
    pub agency: String,
    /// Hypothesis → probability.
    pub probabilities: BTreeMap<String, f64>,
}

/// An assessment made coherent.
#[derive(Clone, Debug, Serialize)]
pub struct Coherent {
    /// Whose.
    pub agency: String,
    /// As given.
    pub given: BTreeMap<String, f64>,
    /// The nearest probabilities that are none below 0 and sum to 1.
    pub probabilities: BTreeMap<String, f64>,
    /// Distance between the two: root of the sum of squares.
    pub incoherence: f64,
    /// Share in the pool.
    pub weight: f64,
}

/// Assessments pooled.
#[derive(Clone, Debug, Serialize)]
pub struct Pool {
    /// Each analyst's.
    pub assessments: Vec<Coherent>,
    /// The pooled probabilities.
    pub probabilities: BTreeMap<String, f64>,
    /// What was wrong with the input, by agency.
    pub remarks: Vec<String>,
}

/// How fast weight falls with incoherence.
const INCOHERENCE_SCALE: f64 = 0.15;
/// How fast weight falls with the distance from the middle of all.
const DISTANCE_SCALE: f64 = 0.25;

/// The nearest point of the simplex (Euclidean; Wang and Carreira-Perpiñán 2013).
#[must_use]
pub fn project(given: &[f64]) -> Vec<f64> {
    let clean: Vec<f64> =
        given.iter().map(|p| if p.is_finite() { p.clamp(-10.0, 10.0) } else { 0.0 }).collect();
    let mut sorted = clean.clone();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut shift) = (0.0, 0.0);
    for (i, p) in sorted.iter().enumerate() {
        sum += p;
        let t = (sum - 1.0) / (i + 1) as f64;
        if p - t > 0.0 {
            shift = t;
        }
    }
    clean.iter().map(|p| (p - shift).max(0.0)).collect()
}

/// Pools assessments over the hypotheses that any of them names. Weights: less for who is incoherent, and less for who is
/// far from the middle (by hypothesis, the median) of all, so that one dishonest voice does not carry the pool.
#[must_use]
pub fn pool(assessments: &[Assessment]) -> Pool {
    let mut names: Vec<&String> = assessments.iter().flat_map(|a| a.probabilities.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let mut remarks = Vec::new();
    let mut coherent: Vec<(Vec<f64>, f64)> = Vec::new();
    for a in assessments {
        let given: Vec<f64> =
            names.iter().map(|n| a.probabilities.get(*n).copied().unwrap_or(0.0)).collect();
        if given.iter().any(|p| !p.is_finite()) {
            remarks.push(format!("{}: a probability is no number; read as 0", a.agency));
        }
        let sum: f64 = given.iter().filter(|p| p.is_finite()).sum();
        if (sum - 1.0).abs() > 0.005 || given.iter().any(|p| *p < 0.0) {
            remarks.push(format!("{}: incoherent, the probabilities sum to {sum:.2}", a.agency));
        }
        let projected = project(&given);
        let distance = given
            .iter()
            .zip(&projected)
            .map(|(g, p)| (if g.is_finite() { g.clamp(-10.0, 10.0) } else { 0.0 } - p).powi(2))
            .sum::<f64>()
            .sqrt();
        coherent.push((projected, distance));
    }
    let middle: Vec<f64> =
        (0..names.len()).map(|i| median(coherent.iter().map(|(p, _)| p[i]).collect())).collect();
    let weight = |(p, incoherence): &(Vec<f64>, f64)| {
        let far = p.iter().zip(&middle).map(|(p, m)| (p - m).powi(2)).sum::<f64>().sqrt();
        let few = assessments.len() < 3;
        (-incoherence / INCOHERENCE_SCALE).exp()
            * if few { 1.0 } else { (-far / DISTANCE_SCALE).exp() }
    };
    let weights: Vec<f64> = coherent.iter().map(weight).collect();
    let total: f64 = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let mut pooled = vec![0.0; names.len()];
    let mut shown = Vec::new();
    for ((a, (p, incoherence)), w) in assessments.iter().zip(&coherent).zip(&weights) {
        for (sum, p) in pooled.iter_mut().zip(p) {
            *sum += w / total * p;
        }
        shown.push(Coherent {
            agency: a.agency.clone(),
            given: a.probabilities.clone(),
            probabilities: named(&names, p),
            incoherence: *incoherence,
            weight: w / total,
        });
    }
    Pool { assessments: shown, probabilities: named(&names, &pooled), remarks }
}

fn named(names: &[&String], values: &[f64]) -> BTreeMap<String, f64> {
    names.iter().map(|n| (*n).clone()).zip(values.iter().copied()).collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    match n {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_point_of_the_simplex() {
        assert_eq!(project(&[0.5, 0.5]), [0.5, 0.5]);
        let p = project(&[0.9, 0.9, 0.0]);
        assert!((p[0] - 0.5).abs() < 1e-12 && (p[1] - 0.5).abs() < 1e-12 && p[2] == 0.0);
        assert!((project(&[f64::NAN, -3.0, 0.2]).iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    struct Draw(u64);

    impl Draw {
        /// Uniform in -1 … 1, the same on every run.
        fn next(&mut self) -> f64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        }
    }

    fn error(p: &[f64], truth: &[f64]) -> f64 {
        p.iter().zip(truth).map(|(a, b)| (a - b).powi(2)).sum()
    }

    /// Simulated analysts: eight that see the truth through noise and do not add up, one of them biased, one dishonest.
    #[test]
    fn the_pool_errs_less_than_the_mean_and_than_the_best_single_analyst() {
        let mut draw = Draw(7);
        let names = ["G1", "G2", "G3", "UNKNOWN"];
        let (mut pooled, mut mean) = (0.0, 0.0);
        let mut single = [0.0; 8];
        for case in 0..300 {
            let mut truth = [0.1, 0.1, 0.1, 0.1];
            truth[case % 4] = 0.7;
            let mut all = Vec::new();
            for analyst in 0..8usize {
                let mut p = truth.map(|t| (t + 0.18 * draw.next()).max(0.0));
                match analyst {
                    0 => p[0] += 0.25,
                    1 => {
                        p = [0.0; 4];
                        p[(case + 1) % 4] = 1.0;
                    }
                    _ => {}
                }
                all.push(Assessment {
                    agency: analyst.to_string(),
                    probabilities: names.iter().map(|n| (*n).to_owned()).zip(p).collect(),
                });
            }
            let result = pool(&all);
            let of = |m: &BTreeMap<String, f64>| names.map(|n| m[n]);
            pooled += error(&of(&result.probabilities), &truth);
            let mut sum = [0.0; 4];
            for (i, a) in all.iter().enumerate() {
                single[i] += error(&of(&a.probabilities), &truth);
                for (s, p) in sum.iter_mut().zip(of(&a.probabilities)) {
                    *s += p / 8.0;
                }
            }
            mean += error(&sum, &truth);
            assert!(!result.remarks.is_empty(), "incoherent input is shown as such");
        }
        let best = single.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(pooled < mean, "{pooled} < {mean}");
        assert!(pooled < best, "{pooled} < {best}");
    }
}
