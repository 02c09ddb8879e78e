//! Findings over time, counted as they pass, before anyone knows how long the time is.
//!
//! Counts are kept in buckets of one width; when there are too many, the width grows and neighbours
//! merge. To be shown, they are gathered again into calendar buckets (minutes, hours, days, weeks,
//! months, years in UTC) of the smallest width that fits. The widths divide each other so that no
//! bucket is ever split.

use blanik_model::{Level, Timestamp};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan, Unit};

use super::tally::LevelCounts;

/// Widths kept, in seconds; each divides the next by at most 6.
const WIDTHS: &[i64] = &[1, 5, 30, 60, 300, 900, 3_600, 21_600, 86_400];

/// Before this, a time is a clock that was never set, and would stretch the axis over decades.
const CLOCK_NOT_SET: i64 = 631_152_000; // 1990-01-01T00:00:00Z

#[derive(Clone, Copy, Debug)]
struct Bucket {
    index: i64,
    levels: LevelCounts,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Timeline {
    buckets_max: usize,
    width: usize,
    buckets: Vec<Bucket>,
    clock_not_set: u64,
}

/// A calendar unit and how many of it make a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    unit: Unit,
    n: i64,
    seconds: i64,
}

const fn step(unit: Unit, n: i64, seconds: i64) -> Step {
    Step { unit, n, seconds }
}

const DAY: i64 = 86_400;

/// What buckets can be shown, ascending.
const STEPS: &[Step] = &[
    step(Unit::Second, 1, 1),
    step(Unit::Second, 5, 5),
    step(Unit::Second, 10, 10),
    step(Unit::Second, 30, 30),
    step(Unit::Minute, 1, 60),
    step(Unit::Minute, 5, 300),
    step(Unit::Minute, 10, 600),
    step(Unit::Minute, 15, 900),
    step(Unit::Minute, 30, 1_800),
    step(Unit::Hour, 1, 3_600),
    step(Unit::Hour, 2, 7_200),
    step(Unit::Hour, 6, 21_600),
    step(Unit::Hour, 12, 43_200),
    step(Unit::Day, 1, DAY),
    step(Unit::Week, 1, 7 * DAY),
    step(Unit::Month, 1, 30 * DAY),
    step(Unit::Month, 3, 91 * DAY),
    step(Unit::Year, 1, 365 * DAY),
    step(Unit::Year, 10, 3_652 * DAY),
    step(Unit::Year, 100, 36_524 * DAY),
];

/// The axis of a histogram: adjoining buckets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Width of a bucket.
    pub step: Step,
    /// Where each bucket begins, in seconds since 1970, and where the last ends.
    pub edges: Vec<i64>,
}

impl Timeline {
    /// One that keeps at most `buckets_max` occupied buckets (more only where they are days).
    pub fn new(buckets_max: usize) -> Self {
        Timeline { buckets_max, width: 0, buckets: Vec::new(), clock_not_set: 0 }
    }

    /// Counts a finding.
    pub fn add(&mut self, time: Timestamp, level: Level) {
        let second = time.as_nanos().div_euclid(1_000_000_000);
        if second < CLOCK_NOT_SET {
            self.clock_not_set += 1;
            return;
        }
        let index = second.div_euclid(WIDTHS[self.width]);
        let at = self.buckets.partition_point(|b| b.index < index);
        if self.buckets.get(at).is_none_or(|b| b.index != index) {
            self.buckets.insert(at, Bucket { index, levels: LevelCounts::default() });
        }
        self.buckets[at].levels.add(level);
        while self.buckets.len() > self.buckets_max && self.width + 1 < WIDTHS.len() {
            self.widen();
        }
    }

    fn widen(&mut self) {
        let factor = WIDTHS[self.width + 1] / WIDTHS[self.width];
        self.width += 1;
        let mut merged: Vec<Bucket> = Vec::new();
        for bucket in self.buckets.drain(..) {
            let index = bucket.index.div_euclid(factor);
            match merged.last_mut().filter(|last| last.index == index) {
                Some(last) => last.levels.merge(&bucket.levels),
                None => merged.push(Bucket { index, levels: bucket.levels }),
            }
        }
        self.buckets = merged;
    }

    /// Findings not drawn, as their time is before 1990: a clock that was not set.
    pub fn clock_not_set(&self) -> u64 {
        self.clock_not_set
    }

    /// The finest axis of at most `buckets_max` buckets that holds all findings.
    pub fn axis(&self, buckets_max: usize) -> Option<Axis> {
        let width = WIDTHS[self.width];
        let first = self.buckets.first()?.index * width;
        let last = self.buckets.last()?.index * width;
        let fits = |step: &&Step| step.seconds >= width && step.holds_whole(width);
        STEPS.iter().filter(fits).find_map(|step| step.axis(first, last, buckets_max))
    }

    /// Counts per bucket of an axis. What lies outside is left out.
    pub fn on(&self, axis: &Axis) -> Vec<LevelCounts> {
        let mut counts = vec![LevelCounts::default(); axis.len()];
        for bucket in &self.buckets {
            let second = bucket.index * WIDTHS[self.width];
            let at = axis.edges.partition_point(|edge| *edge <= second);
            if let Some(count) = at.checked_sub(1).and_then(|i| counts.get_mut(i)) {
                count.merge(&bucket.levels);
            }
        }
        counts
    }
}

impl Step {
    fn holds_whole(self, width: i64) -> bool {
        self.unit > Unit::Day || self.seconds % width == 0
    }

    /// `5 minutes`, `one day`.
    pub fn name(self) -> String {
        let unit = match self.unit {
            Unit::Second => "second",
            Unit::Minute => "minute",
            Unit::Hour => "hour",
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            _ => "year",
        };
        if self.n == 1 { format!("one {unit}") } else { format!("{} {unit}s", self.n) }
    }

    /// The moment as a label of this axis: no finer than the step, so that it says nothing made up.
    pub fn label(self, second: i64) -> String {
        let format = match self.unit {
            Unit::Second => "%Y-%m-%d %H:%M:%S",
            Unit::Minute | Unit::Hour => "%Y-%m-%d %H:%M",
            Unit::Day | Unit::Week => "%Y-%m-%d",
            Unit::Month => "%Y-%m",
            _ => "%Y",
        };
        civil(second).strftime(format).to_string()
    }

    fn axis(self, first: i64, last: i64, buckets_max: usize) -> Option<Axis> {
        if (last - first) / self.seconds > 2 * buckets_max as i64 {
            return None;
        }
        let mut edges = vec![self.floor(first)];
        while *edges.last()? <= last {
            if edges.len() > buckets_max {
                return None;
            }
            let next = self.next(*edges.last()?)?;
            edges.push(next);
        }
        Some(Axis { step: self, edges })
    }

    fn floor(self, second: i64) -> i64 {
        let date = civil(second).date();
        match self.unit {
            Unit::Week => {
                let back = i64::from(date.weekday().to_monday_zero_offset());
                seconds(date) - back * DAY
            }
            Unit::Month => {
                let month = (i64::from(date.month()) - 1) / self.n * self.n + 1;
                seconds(jiff::civil::date(date.year(), month as i8, 1))
            }
            Unit::Year => {
                let year = i64::from(date.year()).div_euclid(self.n) * self.n;
                seconds(jiff::civil::date(year as i16, 1, 1))
            }
            _ => second.div_euclid(self.seconds) * self.seconds,
        }
    }

    fn next(self, second: i64) -> Option<i64> {
        let span: Span = match self.unit {
            Unit::Month => self.n.months(),
            Unit::Year => self.n.years(),
            _ => return second.checked_add(self.seconds),
        };
        civil(second).date().checked_add(span).ok().map(seconds)
    }
}

impl Axis {
    /// Number of buckets.
    pub fn len(&self) -> usize {
        self.edges.len() - 1
    }

    /// Never: an axis has a bucket.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Label of a bucket's beginning.
    pub fn label(&self, bucket: usize) -> String {
        self.step.label(self.edges[bucket])
    }
}

fn civil(second: i64) -> DateTime {
    let t = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    t.to_zoned(TimeZone::UTC).datetime()
}

fn seconds(date: Date) -> i64 {
    date.to_zoned(TimeZone::UTC).map_or(0, |z| z.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(buckets_max: usize, times: &[&str]) -> Timeline {
        let mut timeline = Timeline::new(buckets_max);
        for time in times {
            timeline.add(time.parse().expect("a time"), Level::High);
        }
        timeline
    }

    fn drawn(timeline: &Timeline, buckets_max: usize) -> (String, Vec<u64>) {
        let axis = timeline.axis(buckets_max).expect("not empty");
        let counts = timeline.on(&axis).iter().map(LevelCounts::total).collect();
        (format!("{} from {}", axis.step.name(), axis.label(0)), counts)
    }

    #[test]
    fn the_step_follows_the_span() {
        for (times, expected, counts) in [
            (&["2024-05-01T10:00:03Z"][..], "one second from 2024-05-01 10:00:03", vec![1]),
            (
                &["2024-05-01T10:00:03Z", "2024-05-01T10:00:58Z"],
                "10 seconds from 2024-05-01 10:00:00",
                vec![1, 0, 0, 0, 0, 1],
            ),
            (
                &["2024-05-01T23:59:00Z", "2024-05-03T00:00:00Z"],
                "6 hours from 2024-05-01 18:00",
                vec![1, 0, 0, 0, 0, 1],
            ),
            (
                &["2023-11-30T00:00:00Z", "2024-03-01T00:00:00Z", "2024-03-31T23:59:59Z"],
                "one month from 2023-11",
                vec![1, 0, 0, 0, 2],
            ),
            (
                &["2020-01-01T00:00:00Z", "2025-12-31T00:00:00Z"],
                "one year from 2020",
                vec![1, 0, 0, 0, 0, 1],
            ),
        ] {
            assert_eq!(drawn(&timeline(100, times), 6), (expected.to_owned(), counts));
        }
    }

    #[test]
    fn a_week_begins_on_monday() {
        let (name, counts) =
            drawn(&timeline(9, &["2024-05-05T12:00:00Z", "2024-05-06T12:00:00Z"]), 9);
        assert_eq!((name.as_str(), counts.len()), ("6 hours from 2024-05-05 12:00", 5));
        let all = ["2024-05-05T12:00:00Z", "2024-05-06T12:00:00Z", "2024-06-01T00:00:00Z"];
        let (name, counts) = drawn(&timeline(9, &all), 9);
        assert_eq!((name.as_str(), counts), ("one week from 2024-04-29", vec![1, 1, 0, 0, 1]));
    }

    /// What is drawn never depends on how coarsely it had to be kept.
    #[test]
    fn coarse_storage_draws_the_same_as_fine() {
        for spread in [1i64, 7, 61, 977, 7_919, 86_399, 1_000_003] {
            let (mut fine, mut coarse) = (Timeline::new(100_000), Timeline::new(256));
            for i in 0..3_000i64 {
                let second = 1_600_000_000 + i * spread + (i * i) % 13;
                let time = Timestamp::from_seconds(second).expect("fits");
                let level = Level::ALL[(i % 5) as usize];
                fine.add(time, level);
                coarse.add(time, level);
            }
            assert!(coarse.buckets.len() <= 256 || coarse.width == WIDTHS.len() - 1);
            for buckets_max in [12, 50] {
                let axis = fine.axis(buckets_max).expect("not empty");
                assert!(axis.len() <= buckets_max);
                assert_eq!(fine.on(&axis), coarse.on(&axis), "{spread}: {axis:?}");
                let total: u64 = coarse.on(&axis).iter().map(LevelCounts::total).sum();
                assert_eq!(total, 3_000);
            }
        }
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        let mut timeline = Timeline::new(4);
        for nanos in [i64::MIN, -1, 0, i64::MAX, 1_700_000_000_000_000_000] {
            timeline.add(Timestamp::from_nanos(nanos), Level::Low);
        }
        assert_eq!(timeline.clock_not_set(), 3);
        let axis = timeline.axis(10).expect("not empty");
        assert!(axis.len() <= 10);
        assert_eq!(timeline.on(&axis).iter().map(LevelCounts::total).sum::<u64>(), 2);
    }

    #[test]
    fn nothing_has_no_axis() {
        assert_eq!(Timeline::new(9).axis(9), None);
    }
}
