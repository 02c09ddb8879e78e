//! How alike two orders are: Spearman's rank correlation. It says how well a timeline tells what came
//! before what, whatever its clocks say.

/// Spearman's rank correlation of pairs, from -1 (reversed) to 1 (the same order); what is equal shares its mean
/// rank. `None` of fewer than two pairs, and where one side is all the same.
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    if pairs.len() < 2 {
        return None;
    }
    let a = ranks(pairs.iter().map(|(a, _)| *a).collect());
    let b = ranks(pairs.iter().map(|(_, b)| *b).collect());
    // The mean of the ranks, with ties or without.
    let mean = (pairs.len() - 1) as f64 / 2.0;
    let product = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum()
    };
    let spread = (product(&a, &a) * product(&b, &b)).sqrt();
    (spread > 0.0).then(|| product(&a, &b) / spread)
}

/// The rank of each, from 0; what is equal shares its mean rank.
fn ranks(values: Vec<f64>) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let same = order[from..].iter().take_while(|i| values[**i] == values[order[from]]).count();
        for i in &order[from..from + same] {
            ranks[*i] = from as f64 + (same - 1) as f64 / 2.0;
        }
        from += same;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(f64, f64)]) -> f64 {
        (spearman(pairs).expect("there is one") * 1e4).round() / 1e4
    }

    #[test]
    fn orders_and_their_likeness() {
        assert_eq!(of(&[(1.0, 10.0), (2.0, 100.0), (3.0, 101.0)]), 1.0);
        assert_eq!(of(&[(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)]), -1.0);
        // By hand: ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3.
        assert_eq!(of(&[(1.0, 1.0), (2.0, 2.0), (2.0, 3.0), (5.0, 4.0)]), 0.9487);
        assert_eq!(spearman(&[(1.0, 1.0)]), None);
        assert_eq!(spearman(&[(1.0, 1.0), (1.0, 2.0)]), None);
    }
}
