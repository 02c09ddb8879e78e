//! The timeline as a picture: hosts below each other, time from left to right, a mark a step in the
//! colour of its tactic. Long rests are drawn narrow and named; missing telemetry is hatched.

use std::fmt::Write;

use blanik_case::View;
use blanik_case::timeline::{Step, span};
use blanik_model::attack::TACTICS;
use blanik_model::text::shorten;
use blanik_model::{Level, Timestamp};

use crate::output::Text;

const LEFT: f64 = 150.0;
const WIDTH: f64 = 1200.0;
const LANE: f64 = 34.0;
const TOP: f64 = 64.0;
/// Width of a rest.
const REST: f64 = 54.0;
/// Width of a time of activity at least.
const BUSY_MIN: f64 = 46.0;
/// Hosts that are drawn.
const LANES_MAX: usize = 40;
/// Seconds without a step that are drawn as a rest.
const REST_S: i64 = 3 * 3600;

/// Colours of the tactics, from the way in (blue) to the end (red).
const COLOURS: &[&str] = &[
    "#7d8ca3", "#7d8ca3", "#1f6fb4", "#2a9d8f", "#5a9e3d", "#9a8f1d", "#a6761d", "#a6761d",
    "#a6761d", "#d98a1f", "#8059b5", "#c0399f", "#b5545c", "#51708a", "#d1462f", "#9b1c1c",
];
const NO_TACTIC: &str = "#9aa3ad";

/// The colour of a tactic.
pub fn colour(tactic: Option<usize>) -> &'static str {
    tactic.and_then(|t| COLOURS.get(t)).copied().unwrap_or(NO_TACTIC)
}

/// A time of activity, and where it is drawn.
struct Busy {
    from: i64,
    to: i64,
    x: f64,
    width: f64,
}

/// Time → place.
struct Axis {
    busy: Vec<Busy>,
}

/// The picture.
pub fn svg(view: &View) -> String {
    let mut hosts: Vec<&str> = Vec::new();
    for step in &view.timeline.steps {
        if !hosts.contains(&&*step.host) {
            hosts.push(&step.host);
        }
    }
    let further = hosts.len().saturating_sub(LANES_MAX);
    hosts.truncate(LANES_MAX);
    let axis = Axis::of(&view.timeline.steps);
    let height = TOP + hosts.len() as f64 * LANE + 92.0;
    let mut out = String::new();
    let full = LEFT + WIDTH + 20.0;
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {full} {height}\" width=\"{full}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" role=\"img\"><title>Timeline of intrusion {}</title>\
         <defs><pattern id=\"gap\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
         <line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" stroke=\"#888\" stroke-width=\"2\"/></pattern></defs>\
         <rect width=\"{full}\" height=\"{height}\" fill=\"#fff\"/>",
        view.number
    );
    let _ = write!(
        out,
        "<text x=\"10\" y=\"20\" font-size=\"15\" font-weight=\"600\">Intrusion {}</text><text x=\"110\" y=\"20\" fill=\"#444\">{} to {} UTC</text>",
        view.number,
        view.timeline.first.to_seconds_string(),
        view.timeline.last.to_seconds_string()
    );
    let bottom = TOP + hosts.len() as f64 * LANE;
    axis.draw(&mut out, bottom);
    for (i, host) in hosts.iter().enumerate() {
        lane(&mut out, view, &axis, host, TOP + i as f64 * LANE);
    }
    legend(&mut out, view, bottom + 30.0);
    if further > 0 {
        let _ = write!(
            out,
            "<text x=\"10\" y=\"{}\" fill=\"#666\">{further} more hosts are not drawn</text>",
            bottom + 18.0
        );
    }
    out.push_str("</svg>\n");
    out
}

fn seconds(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(1_000_000_000)
}

impl Axis {
    fn of(steps: &[Step]) -> Axis {
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

    fn x(&self, time: i64) -> f64 {
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
    fn draw(&self, out: &mut String, bottom: f64) {
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
            if busy.x >= label_free_from {
                let label = Timestamp::from_seconds(busy.from)
                    .map(Timestamp::to_seconds_string)
                    .unwrap_or_default();
                let label: String = label.chars().take(16).collect();
                let _ = write!(
                    out,
                    "<text x=\"{:.1}\" y=\"{}\" fill=\"#222\">{label}</text>",
                    busy.x,
                    TOP - 10.0
                );
                label_free_from = busy.x + 100.0;
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

fn lane(out: &mut String, view: &View, axis: &Axis, host: &str, y: f64) {
    let middle = y + LANE / 2.0;
    let _ = write!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><line x1=\"{LEFT}\" y1=\"{middle:.1}\" x2=\"{:.1}\" y2=\"{middle:.1}\" stroke=\"#d5dae0\"/>",
        LEFT - 10.0,
        middle + 4.0,
        Text(&shorten(host, 20)),
        LEFT + WIDTH
    );
    for gap in view.gaps.iter().filter(|g| g.host == host) {
        let (from, to) = (axis.x(seconds(gap.from)), axis.x(seconds(gap.to)));
        let _ = write!(
            out,
            "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"url(#gap)\" opacity=\"0.6\"><title>{}</title></rect>",
            y + 6.0,
            (to - from).max(3.0),
            LANE - 12.0,
            Text(&gap.what.to_string())
        );
    }
    for step in view.timeline.steps.iter().filter(|s| s.host == host) {
        let x = axis.x(seconds(step.first));
        let radius = match step.level {
            Level::Informational | Level::Low => 3.5,
            Level::Medium => 5.0,
            Level::High => 6.5,
            Level::Critical => 8.5,
        };
        let fill = if step.core { colour(step.tactic) } else { "#fff" };
        let _ = write!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{middle:.1}\" r=\"{radius}\" fill=\"{fill}\" fill-opacity=\"0.8\" stroke=\"{}\" stroke-width=\"1.5\"><title>{} {}</title></circle>",
            colour(step.tactic),
            step.first.to_seconds_string(),
            Text(&step.what.to_string())
        );
    }
}

fn legend(out: &mut String, view: &View, y: f64) {
    let mut tactics: Vec<Option<usize>> = view.timeline.steps.iter().map(|s| s.tactic).collect();
    tactics.sort_unstable();
    tactics.dedup();
    let (mut x, mut y) = (10.0, y);
    let mut entry = |fill: &str, stroke: &str, name: &str| {
        let width = 34.0 + name.len() as f64 * 6.6;
        if x + width > LEFT + WIDTH {
            (x, y) = (10.0, y + 20.0);
        }
        let _ = write!(
            out,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"5\" fill=\"{fill}\" stroke=\"{stroke}\" stroke-width=\"1.5\"/><text x=\"{:.1}\" y=\"{:.1}\">{name}</text>",
            x + 6.0,
            y,
            x + 17.0,
            y + 4.0
        );
        x += width;
    };
    for tactic in tactics {
        let name = tactic.map_or("no tactic", |t| TACTICS[t].1);
        entry(colour(tactic), colour(tactic), name);
    }
    entry("#fff", NO_TACTIC, "hollow: of the same time only");
    entry("url(#gap)", "#888", "no telemetry");
}
