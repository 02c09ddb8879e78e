//! Whether probabilities hold: for each view, how often cases of each band were right beside what was promised, and how often
//! verdicts above 95 % were wrong.

use std::collections::BTreeMap;

use blanik_attribution::fitted::{BAND_CASES_MIN, BANDS, band};
use blanik_attribution::verdict::wilson;

use super::score::Scored;

/// A verdict above this is wrong at most one time in twenty.
const SURE: f64 = 0.95;
const SURE_WRONG_MAX: f64 = 0.05;

/// What came of the cases of one band.
#[derive(Clone, Copy, Default)]
struct Row {
    cases: u32,
    right: u32,
    promised: f64,
}

impl Row {
    /// Rows of the bands.
    fn of(cases: &[Scored]) -> [Row; BANDS.len()] {
        let mut rows = [Row::default(); BANDS.len()];
        for case in cases {
            let row = &mut rows[band(case.top)];
            row.cases += 1;
            row.right += u32::from(case.hit);
            row.promised += case.top;
        }
        rows
    }

    fn promised(&self) -> f64 {
        self.promised / f64::from(self.cases.max(1))
    }

    /// Whether what was promised lies within the interval of what came; nothing where there are too few cases.
    fn holds(&self) -> Option<bool> {
        let (low, high) = wilson(self.right, self.cases);
        (self.cases >= BAND_CASES_MIN).then(|| (low..=high).contains(&self.promised()))
    }

    fn cell(&self) -> String {
        if self.holds().is_none() {
            return format!("{} cases", self.cases);
        }
        let (low, high) = wilson(self.right, self.cases);
        let mark = if self.holds() == Some(false) { " **no**" } else { "" };
        format!("{:.2} in {low:.2} to {high:.2}, {} cases{mark}", self.promised(), self.cases)
    }
}

/// Prints both tables.
pub fn print(buckets: &BTreeMap<String, Vec<Scored>>) {
    let heads: String = BANDS.iter().map(|low| format!(" from {:.0} % |", low * 100.0)).collect();
    println!("\n| promised in what came (95 %) |{heads}\n|---|{}", "---|".repeat(BANDS.len()));
    let (mut held, mut told) = (0, 0);
    for (name, cases) in buckets {
        let rows = Row::of(cases);
        let cells: Vec<String> = rows.iter().map(Row::cell).collect();
        println!("| {name} | {} |", cells.join(" | "));
        held += rows.iter().filter(|r| r.holds() == Some(true)).count();
        told += rows.iter().filter(|r| r.holds().is_some()).count();
    }
    println!("\nWithin its interval: {held} of {told} bands with {BAND_CASES_MIN} cases or more.");
    println!("\n| verdicts above 95 % | of | wrong | wrong (95 %) | at most one in twenty |");
    println!("|---|--:|--:|---|---|");
    for (name, cases) in buckets {
        let sure: Vec<&Scored> = cases.iter().filter(|c| c.top > SURE).collect();
        let (n, wrong) = (sure.len() as u32, sure.iter().filter(|c| !c.hit).count() as u32);
        let (low, high) = wilson(wrong, n);
        println!("| {name} | {n} | {wrong} | {low:.3} to {high:.3} | {} |", holds(wrong, n));
    }
}

fn holds(wrong: u32, n: u32) -> &'static str {
    match f64::from(wrong) <= SURE_WRONG_MAX * f64::from(n) {
        true => "yes",
        false if n < BAND_CASES_MIN => "no; too few to be told in words",
        false => "no",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases(n: u32, right: u32, top: f64) -> Vec<Scored> {
        let case = |i| Scored { right: top, top, rank: 1.0, hit: i < right };
        (0..n).map(case).collect()
    }

    #[test]
    fn a_band_holds_where_the_promise_lies_in_the_interval_of_what_came() {
        let of = |right| Row::of(&cases(100, right, 0.7))[3];
        assert_eq!(of(72).holds(), Some(true));
        assert_eq!(of(40).holds(), Some(false));
        assert!(of(40).cell().ends_with("**no**"));
        assert_eq!(Row::of(&cases(29, 20, 0.7))[3].holds(), None);
    }

    #[test]
    fn one_wrong_in_twenty_is_borne() {
        assert_eq!(holds(2, 40), "yes");
        assert_eq!(holds(3, 40), "no");
        assert!(holds(1, 7).starts_with("no; too few"));
    }
}
