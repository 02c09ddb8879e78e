//! Measures of posteriors against the truth, as `score_predictions.py` of the benchmark has them, and how sure they are:
//! intervals by drawing cases with replacement. Nothing here knows the model.

/// One judged case: shares of the hypotheses listed (those of an unknown actor left out, summing to one or less), which
/// of them are right, and over how many others the rest is spread.
pub struct Scored {
    /// The probability given to the right answer.
    pub right: f64,
    /// The highest probability.
    pub top: f64,
    /// Rank of the right answer from 1; ties count half.
    pub rank: f64,
    /// Whether the leading hypothesis is right.
    pub hit: bool,
}

/// A way to look at many cases.
#[derive(Clone, Copy)]
pub enum Measure {
    /// Share of cases with the right actor first.
    Top1,
    /// Share of cases with the right actor among five.
    Top5,
    /// Mean of minus the logarithm of the right actor's probability, in nats.
    LogLoss,
    /// Expected calibration error over ten bins of equal size.
    Ece,
    /// The largest share of cases, surest first, of which nine in ten are right.
    Answerable,
}

impl Measure {
    /// Its name in the table.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Top1 => "top-1",
            Measure::Top5 => "top-5",
            Measure::LogLoss => "log-loss",
            Measure::Ece => "ECE",
            Measure::Answerable => "answerable at 90 %",
        }
    }

    /// Whether less is better.
    pub fn less_is_better(self) -> bool {
        matches!(self, Measure::LogLoss | Measure::Ece)
    }

    /// Its value over the cases.
    pub fn of(self, cases: &[&Scored]) -> f64 {
        let n = cases.len().max(1) as f64;
        let share = |f: &dyn Fn(&Scored) -> bool| cases.iter().filter(|c| f(c)).count() as f64 / n;
        match self {
            Measure::Top1 => share(&|c| c.rank < 2.0),
            Measure::Top5 => share(&|c| c.rank <= 5.0),
            Measure::LogLoss => cases.iter().map(|c| -c.right.max(1e-12).ln()).sum::<f64>() / n,
            Measure::Ece => ece(cases),
            Measure::Answerable => answerable(cases),
        }
    }
}

fn ece(cases: &[&Scored]) -> f64 {
    let mut order = cases.to_vec();
    order.sort_by(|a, b| a.top.total_cmp(&b.top));
    let (bins, n) = (10.min(order.len()).max(1), order.len());
    let mut error = 0.0;
    let mut from = 0;
    for bin in 0..bins {
        // As numpy's array_split: the first bins have one more.
        let to = from + n / bins + usize::from(bin < n % bins);
        let promised: f64 = order[from..to].iter().map(|c| c.top).sum();
        let hits = order[from..to].iter().filter(|c| c.hit).count() as f64;
        error += (promised - hits).abs() / n as f64;
        from = to;
    }
    error
}

fn answerable(cases: &[&Scored]) -> f64 {
    let mut order = cases.to_vec();
    order.sort_by(|a, b| b.top.total_cmp(&a.top));
    let (mut hits, mut last) = (0.0, 0);
    for (i, case) in order.iter().enumerate() {
        hits += f64::from(u8::from(case.hit));
        if hits / (i + 1) as f64 >= 0.9 {
            last = i + 1;
        }
    }
    last as f64 / order.len().max(1) as f64
}

/// The chance that an unknown actor's case is thought more unknown than a known one's.
pub fn auroc(unknown: &[f64], known: &[f64]) -> f64 {
    let mut sorted = known.to_vec();
    sorted.sort_by(f64::total_cmp);
    let below = |u: f64| {
        let (less, not_more) =
            (sorted.partition_point(|k| *k < u), sorted.partition_point(|k| *k <= u));
        (less + not_more) as f64 / 2.0
    };
    let sum: f64 = unknown.iter().map(|u| below(*u)).sum();
    sum / (unknown.len() * known.len()).max(1) as f64
}

/// Draws of cases for an interval.
const DRAWS: usize = 1000;

/// The middle 95 % of what `of` gives over `n` cases drawn with replacement; the same for the same `n`.
pub fn interval(n: usize, of: impl Fn(&[usize]) -> f64) -> (f64, f64) {
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as usize) % n.max(1)
    };
    let mut values: Vec<f64> =
        (0..DRAWS).map(|_| of(&(0..n).map(|_| next()).collect::<Vec<_>>())).collect();
    values.sort_by(f64::total_cmp);
    (values[DRAWS / 40], values[DRAWS - 1 - DRAWS / 40])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(right: f64, top: f64, rank: f64) -> Scored {
        Scored { right, top, rank, hit: rank < 2.0 }
    }

    #[test]
    fn measures_are_what_their_names_say() {
        let cases = [scored(0.8, 0.8, 1.0), scored(0.5, 0.5, 1.0), scored(0.1, 0.6, 7.0)];
        let all: Vec<&Scored> = cases.iter().collect();
        assert!((Measure::Top1.of(&all) - 2.0 / 3.0).abs() < 1e-12);
        assert!((Measure::Top5.of(&all) - 2.0 / 3.0).abs() < 1e-12);
        let loss = -(0.8f64.ln() + 0.5f64.ln() + 0.1f64.ln()) / 3.0;
        assert!((Measure::LogLoss.of(&all) - loss).abs() < 1e-12);
        // Bins of one: |0.5-1|, |0.6-0|, |0.8-1|.
        assert!((Measure::Ece.of(&all) - 1.3 / 3.0).abs() < 1e-12);
        // Surest first: right, wrong, right: only the first reaches nine in ten.
        assert!((Measure::Answerable.of(&all) - 1.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn the_area_counts_ties_half() {
        assert!((auroc(&[0.9, 0.5], &[0.5, 0.1]) - 0.875).abs() < 1e-12);
    }

    #[test]
    fn an_interval_holds_the_mean() {
        let (low, high) = interval(100, |drawn| drawn.iter().sum::<usize>() as f64 / 100.0);
        assert!(low < 49.5 && 49.5 < high && high - low < 20.0, "{low} {high}");
    }
}
