//! Time → place: times of activity as columns, long rests between them narrow and named.

use std::fmt::Write;

use blanik_case::timeline::{Step, span};
use blanik_model::Timestamp;

use super::{LEFT, TOP, WIDTH, seconds};

/// Width of a rest.
const REST: f64 = 54.0;
/// Width of a time of activity at least.
const BUSY_MIN: f64 = 46.0;
/// Seconds without a step that are drawn as a rest.
const REST_S: i64 = 3 * 3600;
/// Width of a date in small letters, with room beside it.
const DATE: f64 = 72.0;

/// A time of activity, and where it is drawn.
struct Busy {
    from: i64,
    to: i64,
    x: f64,
    width: f64,
}

/// Time → place.
pub(super) struct Axis {
    busy: Vec<Busy>,
}

impl Axis {
    pub(super) fn of(steps: &[Step]) -> Axis {
        let mut times: Vec<(i64, i64)> =
            steps.iter().map(|s| (seconds(s.first), seconds(s.last))).collect();
        times.sort_unstable();
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for (from, to) in times {
            match spans.last_mut() {
                Some(last) if from - last.1 < REST_S => last.1 = last.1.max(to),
                _ => spans.push((from, to)),
            }
        }
        let rests = spans.len().saturating_sub(1) as f64;
        let rest = REST.min(WIDTH * 0.5 / rests.max(1.0));
        let least = BUSY_MIN.min(WIDTH * 0.4 / spans.len() as f64);
        let free = (WIDTH - rests * rest - least * spans.len() as f64).max(0.0);
        // A day of activity is not drawn a thousand times as wide as a minute of it.
        let weight = |s: &(i64, i64)| (1.0 + (s.1 - s.0) as f64 / 60.0).ln() + 0.01;
        let all: f64 = spans.iter().map(weight).sum();
        let mut x = LEFT;
        let mut busy = Vec::new();
        for s in &spans {
            let width = least + free * weight(s) / all;
            busy.push(Busy { from: s.0, to: s.1, x, width });
            x += width + rest;
        }
        Axis { busy }
    }

    pub(super) fn x(&self, time: i64) -> f64 {
        let mut before: Option<&Busy> = None;
        for busy in &self.busy {
            if time < busy.from {
                let from = before.map_or(LEFT, |b| b.x + b.width);
                return before.map_or(busy.x, |b| {
                    let share = (time - b.to) as f64 / (busy.from - b.to).max(1) as f64;
                    from + share * (busy.x - from)
                });
            }
            if time <= busy.to {
                let share = (time - busy.from) as f64 / (busy.to - busy.from).max(1) as f64;
                return busy.x + 6.0 + share * (busy.width - 12.0);
            }
            before = Some(busy);
        }
        before.map_or(LEFT, |b| b.x + b.width)
    }

    /// Times of activity as columns, rests between them.
    pub(super) fn draw(&self, out: &mut String, bottom: f64) {
        let mut label_free_from = 0.0;
        for (i, busy) in self.busy.iter().enumerate() {
            let height = bottom - TOP + 4.0;
            let _ = write!(
                out,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"#f4f6f8\"/>",
                busy.x,
                TOP - 4.0,
                busy.width
            );
            // The day above the hour: side by side they are wider than a short time of activity.
            let at = busy.x.min(LEFT + WIDTH - DATE);
            if at >= label_free_from {
                label(out, at, busy.from);
                label_free_from = at + DATE;
            }
            if let Some(next) = self.busy.get(i + 1) {
                let (from, to) = (busy.x + busy.width, next.x);
                let middle = f64::midpoint(from, to);
                let _ = write!(
                    out,
                    "<line x1=\"{from:.1}\" y1=\"{y:.1}\" x2=\"{to:.1}\" y2=\"{y:.1}\" stroke=\"#888\" stroke-dasharray=\"2 4\"/>",
                    y = bottom + 6.0
                );
                if to - from > 30.0 {
                    let _ = write!(
                        out,
                        "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#666\" font-size=\"10\">{}</text>",
                        bottom + 18.0,
                        span(next.from - busy.to)
                    );
                }
            }
        }
    }
}

fn label(out: &mut String, x: f64, seconds: i64) {
    let Some(time) = Timestamp::from_seconds(seconds) else { return };
    let text = time.to_seconds_string();
    let (day, hour) = text.split_once(' ').unwrap_or((&text, ""));
    let hour: String = hour.chars().take(5).collect();
    let _ = write!(
        out,
        "<g font-size=\"11\" fill=\"#222\"><text x=\"{x:.1}\" y=\"{:.1}\">{day}</text>\
         <text x=\"{x:.1}\" y=\"{:.1}\" fill=\"#666\">{hour}</text></g>",
        TOP - 24.0,
        TOP - 10.0
    );
}
