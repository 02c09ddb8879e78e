//! Time → place: times of activity are drawn wide, rests between them narrow.

use blanik_model::Timestamp;

/// Width of a rest.
const REST: f64 = 34.0;
/// A rest is at least so many seconds, and so large a part of the whole.
const REST_S: i64 = 3 * 3600;
const REST_PART: i64 = 40;

/// A time of activity in seconds, and where it is drawn.
pub(super) struct Busy {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) x: f64,
    pub(super) width: f64,
}

/// Time → place. Never empty.
pub(super) struct Axis {
    pub(super) busy: Vec<Busy>,
}

/// Seconds since 1970.
pub(super) fn seconds(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(1_000_000_000)
}

impl Axis {
    /// Of spans of time in seconds, between two places.
    pub(super) fn new(mut times: Vec<(i64, i64)>, left: f64, width: f64) -> Axis {
        times.sort_unstable();
        let whole = times.iter().map(|t| t.1).max().unwrap_or(0) - times.first().map_or(0, |t| t.0);
        let rest_s = REST_S.max(whole / REST_PART);
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for (from, to) in times {
            match spans.last_mut() {
                Some(last) if from - last.1 < rest_s => last.1 = last.1.max(to),
                _ => spans.push((from, to)),
            }
        }
        let rests = spans.len().saturating_sub(1) as f64;
        let rest = REST.min(width * 0.4 / rests.max(1.0));
        let free = (width - rests * rest).max(0.0);
        // A day of activity is not drawn a thousand times as wide as a minute of it.
        let weight = |s: &(i64, i64)| (2.0 + (s.1 - s.0) as f64 / 600.0).ln();
        let all: f64 = spans.iter().map(weight).sum();
        let mut x = left;
        let mut busy = Vec::new();
        for span in &spans {
            let width = free * weight(span) / all;
            busy.push(Busy { from: span.0, to: span.1, x, width });
            x += width + rest;
        }
        if busy.is_empty() {
            busy.push(Busy { from: 0, to: 0, x: left, width });
        }
        Axis { busy }
    }

    /// Where a time stands; times outside stand at the ends.
    pub(super) fn x(&self, time: i64) -> f64 {
        let mut before: Option<&Busy> = None;
        for busy in &self.busy {
            let inset = 5.0f64.min(busy.width / 4.0);
            if time < busy.from {
                let Some(b) = before else { return busy.x };
                let share = (time - b.to) as f64 / (busy.from - b.to).max(1) as f64;
                let from = b.x + b.width;
                return from + share * (busy.x - from);
            }
            if time <= busy.to {
                let share = (time - busy.from) as f64 / (busy.to - busy.from).max(1) as f64;
                return busy.x + inset + share * (busy.width - 2.0 * inset);
            }
            before = Some(busy);
        }
        before.map_or(0.0, |b| b.x + b.width)
    }
}
