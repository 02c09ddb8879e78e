//! What the matches of a group within the time span amount to, kept as they come and go.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use blanik_model::{Timestamp, Value};
use hashbrown::HashMap;

use super::numbers::Numbers;
use super::push_key;
use crate::correlation::{Correlation, CorrelationType};
use crate::test::lowercase;

/// What a match counts as.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Itself.
    One,
    /// A value, in lower case.
    Value(Rc<str>),
    /// The members of a list.
    Values(Box<[Rc<str>]>),
    /// A number.
    Number(f64),
    /// The numbers of a list.
    Numbers(Box<[f64]>),
}

impl Part {
    /// What a match with these values counts as; `None` if there is nothing in them to count.
    pub fn read(correlation: &Correlation, fields: &[Value<'_>]) -> Option<Self> {
        if !correlation.ty.needs_field() {
            return Some(Part::One);
        }
        if counts_values(correlation) {
            return Some(match fields {
                [one] => values(*one)?,
                // Taken together (specification, "Value Count").
                several => {
                    let mut text = String::new();
                    several.iter().for_each(|value| push_key(&mut text, &value.display()));
                    Part::Value(text.into())
                }
            });
        }
        let numbers = |value: &Value<'_>| -> Vec<f64> {
            value.scalars().filter_map(Value::as_f64).filter(|n| n.is_finite()).collect()
        };
        match fields.first().map(numbers)?.as_slice() {
            [] => None,
            [one] => Some(Part::Number(*one)),
            several => Some(Part::Numbers(several.into())),
        }
    }

    fn values(&self) -> &[Rc<str>] {
        match self {
            Part::Value(value) => std::slice::from_ref(value),
            Part::Values(values) => values,
            _ => &[],
        }
    }

    fn numbers(&self) -> &[f64] {
        match self {
            Part::Number(number) => std::slice::from_ref(number),
            Part::Numbers(numbers) => numbers,
            _ => &[],
        }
    }

    /// Bytes it holds, about; texts are counted where they stand once.
    pub fn bytes(&self) -> usize {
        24 * (self.values().len() + self.numbers().len())
    }
}

/// Each member of a list is a value.
fn values(value: Value<'_>) -> Option<Part> {
    let text = |value: Value<'_>| Rc::from(&*lowercase(value.text));
    let mut all: Vec<Rc<str>> = value.scalars().filter(|v| !v.is_null()).map(text).collect();
    all.sort_unstable();
    all.dedup();
    match all.len() {
        0 => None,
        1 => all.pop().map(Part::Value),
        _ => Some(Part::Values(all.into())),
    }
}

fn counts_values(correlation: &Correlation) -> bool {
    correlation.ty == CorrelationType::ValueCount || correlation.is_share()
}

/// See the module.
#[derive(Debug)]
pub(super) enum Tally {
    Events(u64),
    /// How often each value is there, and how many there are in all.
    Values(HashMap<Rc<str>, u64>, u64),
    /// The sum in steps of 2⁻³⁰, so that it depends on no order and nothing is left when all is gone.
    Sum(i128, u64),
    Numbers(Numbers),
    /// When each rule was met, by its place among the references, for those that were.
    Rules(BTreeMap<u32, VecDeque<Timestamp>>),
}

/// Bytes of a value counted, without its text.
const VALUE_BYTES: usize = 64;
/// The greatest number summed; what is beyond counts as this much. With the steps below it fits 2³²
/// times into the sum.
const NUMBER_MAX: f64 = (1u64 << 63) as f64;
const STEPS: f64 = (1u64 << 30) as f64;

fn in_steps(number: f64) -> i128 {
    (number.clamp(-NUMBER_MAX, NUMBER_MAX) * STEPS).round() as i128
}

impl Tally {
    /// Of nothing.
    pub fn new(correlation: &Correlation) -> Self {
        match correlation.ty {
            CorrelationType::EventCount => Tally::Events(0),
            CorrelationType::Temporal | CorrelationType::TemporalOrdered => {
                Tally::Rules(BTreeMap::new())
            }
            CorrelationType::ValueSum | CorrelationType::ValueAvg => Tally::Sum(0, 0),
            _ if counts_values(correlation) => Tally::Values(HashMap::new(), 0),
            _ => Tally::Numbers(Numbers::default()),
        }
    }

    /// Adds a match of the rule that is referred to as number `reference`. How many bytes it holds
    /// more by that.
    pub fn add(&mut self, part: &Part, reference: u32, time: Timestamp) -> usize {
        let mut bytes = 0;
        match self {
            Tally::Events(count) => *count += 1,
            Tally::Values(counts, all) => {
                for value in part.values() {
                    *all += 1;
                    let count = counts.entry(Rc::clone(value)).or_insert_with(|| {
                        bytes += VALUE_BYTES + value.len();
                        0
                    });
                    *count += 1;
                }
            }
            Tally::Sum(sum, count) => {
                for number in part.numbers() {
                    *sum += in_steps(*number);
                    *count += 1;
                }
            }
            Tally::Numbers(all) => part.numbers().iter().for_each(|n| all.insert(*n)),
            Tally::Rules(met) => {
                met.entry(reference)
                    .or_insert_with(|| {
                        bytes += VALUE_BYTES;
                        VecDeque::new()
                    })
                    .push_back(time);
            }
        }
        bytes
    }

    /// Takes back what was added first of all that is there. How many bytes it holds less.
    pub fn take_back(&mut self, part: &Part, reference: u32) -> usize {
        let mut bytes = 0;
        match self {
            Tally::Events(count) => *count -= 1,
            Tally::Values(counts, all) => {
                for value in part.values() {
                    *all -= 1;
                    let count = counts.get_mut(value).expect("it was added");
                    *count -= 1;
                    if *count == 0 {
                        counts.remove(value);
                        bytes += VALUE_BYTES + value.len();
                    }
                }
            }
            Tally::Sum(sum, count) => {
                for number in part.numbers() {
                    *sum -= in_steps(*number);
                    *count -= 1;
                }
            }
            Tally::Numbers(all) => part.numbers().iter().for_each(|n| all.remove(*n)),
            Tally::Rules(met) => {
                let times = met.get_mut(&reference).expect("it was added");
                times.pop_front();
                if times.is_empty() {
                    met.remove(&reference);
                    bytes += VALUE_BYTES;
                }
            }
        }
        bytes
    }

    /// The number the correlation is about, and whether its condition is met. `fresh` are the matches
    /// of this moment.
    pub fn ask<'p>(
        &self,
        correlation: &Correlation,
        fresh: impl Iterator<Item = &'p Part>,
    ) -> (Option<f64>, bool) {
        let number = match self {
            Tally::Events(count) => Some(*count as f64),
            Tally::Values(counts, all) if correlation.is_share() => {
                return rarest(correlation, counts, *all, fresh);
            }
            Tally::Values(counts, _) => Some(counts.len() as f64),
            Tally::Sum(sum, count) => {
                let sum = *sum as f64 / STEPS;
                let mean = || sum / *count as f64;
                Some(if correlation.ty == CorrelationType::ValueAvg { mean() } else { sum })
            }
            Tally::Numbers(all) => match correlation.ty {
                CorrelationType::ValueMin => all.get(0),
                CorrelationType::ValueMax => all.last(),
                _ => percentile(all, correlation.condition.percentile.unwrap_or(50.0)),
            },
            Tally::Rules(met) => return met_rules(correlation, met),
        };
        (number, number.is_some_and(|number| correlation.condition.holds(number)))
    }
}

impl Tally {
    /// Where all rules met so far were met in their order: from when on each was, by its place among
    /// the references. What came before is not what that rests on.
    pub fn in_order_since(&self) -> BTreeMap<u32, Timestamp> {
        let mut since = BTreeMap::new();
        let Tally::Rules(met) = self else { return since };
        let mut last = Timestamp::from_nanos(i64::MIN);
        for (rule, times) in met {
            match times.get(times.partition_point(|time| *time < last)) {
                Some(time) => last = *time,
                None => return BTreeMap::new(),
            }
            since.insert(*rule, last);
        }
        since
    }
}

/// Of the shares that values of this moment have, in percent: the least that meets the condition, or
/// the least of all.
fn rarest<'p>(
    correlation: &Correlation,
    counts: &HashMap<Rc<str>, u64>,
    all: u64,
    fresh: impl Iterator<Item = &'p Part>,
) -> (Option<f64>, bool) {
    let mut least: Option<(bool, f64)> = None;
    for value in fresh.flat_map(Part::values) {
        let Some(count) = counts.get(value) else { continue };
        let share = 100.0 * *count as f64 / all as f64;
        // Those that meet the condition before those that do not.
        let own = (!correlation.condition.holds(share), share);
        if least.is_none_or(|known| own < known) {
            least = Some(own);
        }
    }
    (least.map(|(_, share)| share), least.is_some_and(|(fails, _)| !fails))
}

/// The number at a percentile, between two by their distance.
fn percentile(numbers: &Numbers, percentile: f64) -> Option<f64> {
    let at = percentile / 100.0 * numbers.len().checked_sub(1)? as f64;
    let (low, high) = (numbers.get(at.floor() as usize)?, numbers.get(at.ceil() as usize)?);
    Some(low + (high - low) * at.fract())
}

fn met_rules(
    correlation: &Correlation,
    met: &BTreeMap<u32, VecDeque<Timestamp>>,
) -> (Option<f64>, bool) {
    let ordered = correlation.ty == CorrelationType::TemporalOrdered;
    let number = if ordered { in_order(met) } else { met.len() };
    let holds = match &correlation.condition.occurrence {
        Some(occurrence) => {
            number == met.len() && occurrence.expr.eval(&mut |rule| met.contains_key(&rule.0))
        }
        None => correlation.condition.holds(number as f64),
    };
    (Some(number as f64), holds)
}

/// How many of the rules, at most, were met in their order. What happens at one moment is in order
/// both ways.
fn in_order(met: &BTreeMap<u32, VecDeque<Timestamp>>) -> usize {
    // Of each number of rules in order, the earliest time at which that many were.
    let mut earliest: Vec<Timestamp> = Vec::new();
    for times in met.values() {
        for before in (0..=earliest.len()).rev() {
            let since = before.checked_sub(1).map(|last| earliest[last]);
            let at = since.map_or(0, |since| times.partition_point(|time| *time < since));
            let Some(time) = times.get(at) else { continue };
            match earliest.get_mut(before) {
                Some(known) => *known = (*known).min(*time),
                None => earliest.push(*time),
            }
        }
    }
    earliest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn met(times: &[&[i64]]) -> BTreeMap<u32, VecDeque<Timestamp>> {
        let all = (0..).zip(times).filter(|(_, times)| !times.is_empty());
        all.map(|(rule, times)| (rule, times.iter().map(|t| Timestamp::from_nanos(*t)).collect()))
            .collect()
    }

    #[test]
    fn rules_in_their_order() {
        for (times, expected) in [
            (&[&[1][..], &[2], &[3]][..], 3),
            (&[&[3], &[2], &[1]], 1),
            (&[&[1], &[5], &[3]], 2),
            (&[&[1, 9], &[5, 10], &[3, 11]], 3),
            (&[&[2], &[2], &[2]], 3),
            (&[&[9], &[1], &[2]], 2),
            (&[&[], &[1], &[]], 1),
            (&[], 0),
        ] {
            assert_eq!(in_order(&met(times)), expected, "{times:?}");
        }
    }

    #[test]
    fn percentiles_lie_between_numbers() {
        let of = |all: &[f64], at: f64| {
            let mut numbers = Numbers::default();
            all.iter().for_each(|number| numbers.insert(*number));
            percentile(&numbers, at)
        };
        let numbers = [10.0, 2.0, 1.0, 3.0];
        assert_eq!(of(&numbers, 0.0), Some(1.0));
        assert_eq!(of(&numbers, 50.0), Some(2.5));
        assert_eq!(of(&numbers, 100.0), Some(10.0));
        assert_eq!(of(&[1.0], 99.0), Some(1.0));
        assert_eq!(of(&[], 50.0), None);
    }
}
