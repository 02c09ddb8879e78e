//! Whether probabilities hold: for each view, how often cases of each band were right beside what was promised, and how often
//! verdicts above 95 % were wrong.

use std::collections::BTreeMap;

use blanik_attribution::fitted::{BAND_CASES_MIN, BANDS, Band, band};
use blanik_attribution::verdict::wilson;

use super::score::Scored;

/// A verdict above this is wrong at most one time in twenty.
const SURE: f64 = 0.95;
const SURE_WRONG_MAX: f64 = 0.05;

/// The bands of cases.
fn bands(cases: &[Scored]) -> [Band; BANDS.len()] {
    let mut bands: [Band; BANDS.len()] = Default::default();
    for case in cases {
        bands[band(case.top)].add(case.top, case.hit);
    }
    bands
}

/// Whether what was promised lies within the interval of what came; nothing where there are too few cases.
fn is_kept(band: &Band) -> Option<bool> {
    let (low, high) = wilson(band.right, band.cases);
    (band.cases >= BAND_CASES_MIN).then(|| (low..=high).contains(&band.mean_promised()))
}

fn cell(band: &Band) -> String {
    let Some(is_kept) = is_kept(band) else { return format!("{} cases", band.cases) };
    let (low, high) = wilson(band.right, band.cases);
    let mark = if is_kept { "" } else { " **no**" };
    format!("{:.2} in {low:.2} to {high:.2}, {} cases{mark}", band.mean_promised(), band.cases)
}

/// Prints both tables.
pub fn print(buckets: &BTreeMap<String, Vec<Scored>>) {
    let heads: String = BANDS.iter().map(|low| format!(" from {:.0} % |", low * 100.0)).collect();
    println!("\n| promised in what came (95 %) |{heads}\n|---|{}", "---|".repeat(BANDS.len()));
    let (mut held, mut told) = (0, 0);
    for (name, cases) in buckets {
        let bands = bands(cases);
        let cells: Vec<String> = bands.iter().map(cell).collect();
        println!("| {name} | {} |", cells.join(" | "));
        held += bands.iter().filter(|b| is_kept(b) == Some(true)).count();
        told += bands.iter().filter(|b| is_kept(b).is_some()).count();
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

/// Nothing is said of too few verdicts, but that more of them were wrong than may be.
fn holds(wrong: u32, n: u32) -> &'static str {
    match f64::from(wrong) <= SURE_WRONG_MAX * f64::from(n) {
        true if n < BAND_CASES_MIN => "–",
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
        let of = |right| bands(&cases(100, right, 0.7))[3].clone();
        assert_eq!(is_kept(&of(72)), Some(true));
        assert_eq!(is_kept(&of(40)), Some(false));
        assert!(cell(&of(40)).ends_with("**no**"));
        assert_eq!(is_kept(&bands(&cases(29, 20, 0.7))[3]), None);
    }

    #[test]
    fn one_wrong_in_twenty_is_borne() {
        assert_eq!(holds(2, 40), "yes");
        assert_eq!(holds(3, 40), "no");
        assert!(holds(1, 7).starts_with("no; too few"));
        assert_eq!([holds(0, 0), holds(0, 6), holds(0, 29), holds(0, 30)], ["–", "–", "–", "yes"]);
    }
}
