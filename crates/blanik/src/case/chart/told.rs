//! The steps that say most, numbered in the picture and told below it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use blanik_case::View;
use blanik_case::timeline::Step;
use blanik_model::Level;
use blanik_model::text::shorten;

use super::{LEFT, WIDTH, colour};
use crate::output::Text;

/// Steps that are told.
const TOLD_MAX: usize = 36;
const ROW: f64 = 17.0;
/// Letters of a step and of what it rests on that fit beside the other column.
const CHARS: usize = 80;

/// The steps that say most, by their position: each rule on each host once, the worst levels first; numbered by time.
pub(super) fn numbered(steps: &[Step], hosts: &[&str]) -> BTreeMap<usize, usize> {
    let mut seen = BTreeSet::new();
    let mut first: Vec<(usize, &Step)> = steps
        .iter()
        .enumerate()
        .filter(|(_, s)| s.core && s.level >= Level::Medium && hosts.contains(&&*s.host))
        .filter(|(_, s)| seen.insert((title(s), &s.host)))
        .collect();
    first.sort_by_key(|(i, s)| (std::cmp::Reverse(s.level), *i));
    first.truncate(TOLD_MAX);
    let told: BTreeSet<usize> = first.into_iter().map(|(i, _)| i).collect();
    told.into_iter().enumerate().map(|(number, i)| (i, number + 1)).collect()
}

/// What was found: the words in the quotation marks.
fn title(step: &Step) -> &str {
    step.what.text().split('"').nth(1).unwrap_or_else(|| step.what.text())
}

fn rows(numbers: &BTreeMap<usize, usize>) -> usize {
    numbers.len().div_ceil(2)
}

/// How much room that takes.
pub(super) fn height(numbers: &BTreeMap<usize, usize>) -> f64 {
    rows(numbers) as f64 * ROW
}

/// Tells them in two columns.
pub(super) fn tell(out: &mut String, view: &View, numbers: &BTreeMap<usize, usize>, y: f64) {
    let rows = rows(numbers);
    for (i, number) in numbers {
        let step = &view.timeline.steps[*i];
        let (column, row) = ((number - 1) / rows, (number - 1) % rows);
        let x = 10.0 + column as f64 * (LEFT + WIDTH) / 2.0;
        let y = y + row as f64 * ROW;
        let time: String = step.first.to_seconds_string().chars().take(16).collect();
        let told = format!("{}: {}", step.host, title(step));
        let rests_on = step.what.rests_on().to_string();
        let told = shorten(&told, CHARS - rests_on.len().min(CHARS / 2));
        let _ = write!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"7.5\" fill=\"{}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"9\" font-weight=\"600\" fill=\"#fff\">{number}</text>\
             <text x=\"{:.1}\" y=\"{y:.1}\"><tspan fill=\"#666\">{time}</tspan> {} <tspan fill=\"#666\">{}</tspan></text>",
            x + 8.0,
            y - 4.0,
            colour(step.tactic),
            x + 8.0,
            y - 0.8,
            x + 22.0,
            Text(&told),
            Text(&rests_on)
        );
    }
}
