//! A conditional logit with weights that are not negative where they must not be, fitted by Newton's method with
//! coordinate descent on the quadratic model.

/// Of many choices, each round takes the curvature from every so many-th alone: it steers the step, and what is minimised is
/// the loss of all.
const CURVED_PART: usize = 4;
/// Fewer choices give their curvature all.
const CURVED_MIN: usize = 200;

/// One training case: rows of the hypotheses that stand, and which is right.
pub struct Choice {
    /// Hypotheses × terms.
    pub rows: Vec<f32>,
    /// Index of the right hypothesis.
    pub right: usize,
    /// How much the case counts.
    pub weight: f64,
}

/// Fits weights: maximises the likelihood of the right hypotheses less `ridge` times the squared weights (in units of
/// each term's spread). `free[i]`: the weight may be negative.
#[must_use]
pub fn fit(choices: &[Choice], terms: usize, free: &[bool], ridge: f64) -> Vec<f64> {
    let scale = spreads(choices, terms);
    let mut w = vec![0.0f64; terms]; // in units of one over the spread
    let mut value = f64::INFINITY;
    for round in 0..60 {
        let (loss, gradient, hessian) = derivatives(choices, terms, &w, &scale, ridge, round);
        if value - loss < 1e-5 * loss.abs() && value.is_finite() {
            break;
        }
        value = loss;
        let step = solve(&w, &gradient, &hessian, free);
        // Halve until it is an improvement: the quadratic model may be too hopeful.
        let mut t = 1.0;
        loop {
            let next: Vec<f64> = w.iter().zip(&step).map(|(w, s)| w + t * s).collect();
            if loss_of(choices, terms, &next, &scale, ridge) <= loss || t < 1e-3 {
                w = next;
                break;
            }
            t /= 2.0;
        }
    }
    w.iter().zip(&scale).map(|(w, s)| w / s).collect()
}

fn spreads(choices: &[Choice], terms: usize) -> Vec<f64> {
    let mut squares = vec![0.0f64; terms];
    let mut n = 0.0;
    for choice in choices {
        let rows = choice.rows.len() / terms;
        for (k, square) in squares.iter_mut().enumerate() {
            let term = || choice.rows.iter().skip(k).step_by(terms).map(|x| f64::from(*x));
            let mean = term().sum::<f64>() / rows as f64;
            *square += term().map(|x| (x - mean).powi(2)).sum::<f64>();
        }
        n += rows as f64;
    }
    // What is the same for all hypotheses tells none from another: it weighs nothing.
    let spread = |s: &f64| (s / n).sqrt();
    squares.iter().map(|s| if spread(s) < 1e-6 { f64::INFINITY } else { spread(s) }).collect()
}

fn loss_of(choices: &[Choice], terms: usize, w: &[f64], scale: &[f64], ridge: f64) -> f64 {
    let v: Vec<f32> = w.iter().zip(scale).map(|(w, s)| (w / s) as f32).collect();
    let mut loss = ridge * w.iter().map(|w| w * w).sum::<f64>();
    for choice in choices {
        let scores = scores(&choice.rows, terms, &v);
        loss -= choice.weight * log_softmax(&scores, choice.right);
    }
    loss
}

fn scores(rows: &[f32], terms: usize, w: &[f32]) -> Vec<f64> {
    rows.chunks_exact(terms)
        .map(|r| f64::from(r.iter().zip(w).map(|(x, w)| x * w).sum::<f32>()))
        .collect()
}

fn log_softmax(scores: &[f64], i: usize) -> f64 {
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores[i] - top - scores.iter().map(|s| (s - top).exp()).sum::<f64>().ln()
}

fn derivatives(
    choices: &[Choice],
    terms: usize,
    w: &[f64],
    scale: &[f64],
    ridge: f64,
    round: usize,
) -> (f64, Vec<f64>, Vec<f64>) {
    let v: Vec<f32> = w.iter().zip(scale).map(|(w, s)| (w / s) as f32).collect();
    let mut loss = ridge * w.iter().map(|w| w * w).sum::<f64>();
    let mut gradient: Vec<f64> = w.iter().map(|w| 2.0 * ridge * w).collect();
    let mut hessian = vec![0.0f64; terms * terms];
    for k in 0..terms {
        hessian[k * terms + k] = 2.0 * ridge + 1e-9;
    }
    let inverse: Vec<f32> = scale.iter().map(|s| (1.0 / s) as f32).collect();
    let part = if choices.len() < CURVED_MIN { 1.0 } else { CURVED_PART as f64 };
    for (i, choice) in choices.iter().enumerate() {
        let scores = scores(&choice.rows, terms, &v);
        let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = scores.iter().map(|s| (s - top).exp()).sum();
        loss -= choice.weight * (scores[choice.right] - top - total.ln());
        let mut mean = vec![0.0f32; terms];
        let curved = choices.len() < CURVED_MIN || i % CURVED_PART == round % CURVED_PART;
        let mut second = vec![0.0f32; terms * terms];
        for (r, row) in choice.rows.chunks_exact(terms).enumerate() {
            let p = ((scores[r] - top).exp() / total) as f32;
            if p < 1e-7 {
                continue;
            }
            let x: Vec<f32> = row.iter().zip(&inverse).map(|(x, s)| x * s).collect();
            for (m, x) in mean.iter_mut().zip(&x) {
                *m += p * x;
            }
            if curved {
                for (line, xk) in second.chunks_exact_mut(terms).zip(&x) {
                    let px = p * xk;
                    for (s, x) in line.iter_mut().zip(&x) {
                        *s += px * x;
                    }
                }
            }
        }
        let right = &choice.rows[choice.right * terms..(choice.right + 1) * terms];
        for k in 0..terms {
            gradient[k] += choice.weight * f64::from(mean[k] - right[k] * inverse[k]);
            for l in (0..=k).filter(|_| curved) {
                hessian[k * terms + l] +=
                    part * choice.weight * f64::from(second[k * terms + l] - mean[k] * mean[l]);
            }
        }
    }
    for k in 0..terms {
        for l in 0..k {
            hessian[l * terms + k] = hessian[k * terms + l];
        }
    }
    (loss, gradient, hessian)
}

/// The step that minimises the quadratic model with all bound weights at least 0.
fn solve(w: &[f64], gradient: &[f64], hessian: &[f64], free: &[bool]) -> Vec<f64> {
    let n = w.len();
    let mut step = vec![0.0f64; n];
    let mut slope = gradient.to_vec();
    for _ in 0..200 {
        let mut moved = 0.0f64;
        for k in 0..n {
            let mut change = -slope[k] / hessian[k * n + k];
            if !free[k] && w[k] + step[k] + change < 0.0 {
                change = -(w[k] + step[k]);
            }
            if change != 0.0 {
                step[k] += change;
                for l in 0..n {
                    slope[l] += hessian[k * n + l] * change;
                }
                moved = moved.max(change.abs());
            }
        }
        if moved < 1e-7 {
            break;
        }
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Choices whose right row is the first with odds of e to the first term; the second term is against it, the third is
    /// the same everywhere.
    fn choices(n: usize) -> Vec<Choice> {
        let noise = |i: usize, r: usize| ((i * 31 + r * 17) % 101) as f32 / 50.0 - 1.0;
        let rows = |i: usize| -> Vec<f32> {
            (0..5).flat_map(|r| [noise(i, r), -noise(i + 7, r), 1.0]).collect()
        };
        let best = |rows: &[f32], i: usize| {
            let score = |r: &usize| rows[r * 3] + 0.5 * noise(i * 13, *r);
            (0..5).max_by(|a, b| score(a).total_cmp(&score(b))).unwrap()
        };
        (0..n)
            .map(|i| {
                let rows = rows(i);
                Choice { right: best(&rows, i), rows, weight: 1.0 }
            })
            .collect()
    }

    #[test]
    fn no_step_away_from_the_weights_is_better() {
        // Few choices with all their curvature, many with a part of it.
        for n in [CURVED_MIN - 1, 4 * CURVED_MIN] {
            let choices = choices(n);
            let free = [false, false, true];
            let w = fit(&choices, 3, &free, 1.0);
            let scale = spreads(&choices, 3);
            let loss = |w: &[f64]| {
                let scaled = w.iter().zip(&scale).map(|(w, s)| if *w == 0.0 { 0.0 } else { w * s });
                let w: Vec<f64> = scaled.collect();
                loss_of(&choices, 3, &w, &scale, 1.0)
            };
            assert!(w[0] > 1.0 && w[1] >= 0.0 && w[2] == 0.0, "{w:?}");
            for k in 0..2 {
                for step in [-0.05, 0.05] {
                    let mut other = w.clone();
                    other[k] = (other[k] + step).max(0.0);
                    assert!(loss(&other) >= loss(&w) - 1e-4 * loss(&w), "{n} {k} {step} {w:?}");
                }
            }
        }
    }
}
