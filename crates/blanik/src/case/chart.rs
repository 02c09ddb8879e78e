//! The timeline as a picture: hosts below each other, time from left to right, a mark a step in the
//! colour of its tactic. The steps that say most are numbered, and told below with the records they rest on. Long
//! rests are drawn narrow and named; missing telemetry is hatched; of a clock that goes wrong the time by another
//! clock is drawn, too.

mod axis;
mod told;

use std::collections::BTreeMap;
use std::fmt::Write;

use blanik_case::View;
use blanik_case::timeline::{Step, span};
use blanik_model::attack::TACTICS;
use blanik_model::text::shorten;
use blanik_model::{Level, Timestamp};

use crate::output::Text;
use axis::Axis;

const LEFT: f64 = 170.0;
const WIDTH: f64 = 1200.0;
const LANE: f64 = 44.0;
const TOP: f64 = 72.0;
/// Hosts that are drawn.
const LANES_MAX: usize = 40;

/// Colours of the tactics, from the way in (blue) to the end (red).
const COLOURS: &[&str] = &[
    "#7d8ca3", "#7d8ca3", "#1f6fb4", "#2a9d8f", "#5a9e3d", "#9a8f1d", "#a6761d", "#a6761d",
    "#a6761d", "#d98a1f", "#8059b5", "#c0399f", "#b5545c", "#51708a", "#d1462f", "#9b1c1c",
];
const NO_TACTIC: &str = "#9aa3ad";
/// The colour of what is said of clocks.
const CLOCK: &str = "#b3261e";

/// The colour of a tactic.
pub fn colour(tactic: Option<usize>) -> &'static str {
    tactic.and_then(|t| COLOURS.get(t)).copied().unwrap_or(NO_TACTIC)
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
    let numbers = told::numbered(&view.timeline.steps, &hosts);
    let bottom = TOP + hosts.len() as f64 * LANE;
    let below = told::height(&numbers);
    let height = bottom + 92.0 + below;
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
    axis.draw(&mut out, bottom);
    for (i, host) in hosts.iter().enumerate() {
        Lane { view, axis: &axis, numbers: &numbers, host, y: TOP + i as f64 * LANE }
            .draw(&mut out);
    }
    legend(&mut out, view, bottom + 36.0);
    told::tell(&mut out, view, &numbers, bottom + 92.0);
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

fn radius(level: Level) -> f64 {
    match level {
        Level::Informational | Level::Low => 3.5,
        Level::Medium => 5.0,
        Level::High => 6.5,
        Level::Critical => 8.5,
    }
}

/// A host and what was found there.
struct Lane<'v> {
    view: &'v View,
    axis: &'v Axis,
    numbers: &'v BTreeMap<usize, usize>,
    host: &'v str,
    y: f64,
}

impl Lane<'_> {
    fn draw(&self, out: &mut String) {
        let middle = self.y + LANE / 2.0;
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><line x1=\"{LEFT}\" y1=\"{middle:.1}\" x2=\"{:.1}\" y2=\"{middle:.1}\" stroke=\"#d5dae0\"/>",
            LEFT - 10.0,
            middle + 4.0,
            Text(&shorten(self.host, 20)),
            LEFT + WIDTH
        );
        for gap in self.view.gaps.iter().filter(|g| g.host == self.host) {
            let (from, to) = (self.axis.x(seconds(gap.from)), self.axis.x(seconds(gap.to)));
            let _ = write!(
                out,
                "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"url(#gap)\" opacity=\"0.35\"><title>{}</title></rect>",
                self.y + 6.0,
                (to - from).max(3.0),
                LANE - 12.0,
                Text(&gap.what.to_string())
            );
        }
        self.clock(out, middle);
        let mut drawn: Vec<(f64, f64, f64)> = Vec::new();
        for (i, step) in self.view.timeline.steps.iter().enumerate() {
            if step.host == self.host {
                self.step(out, (i, step), middle, &mut drawn);
            }
        }
    }

    /// A mark, beside those that are there already where there is room.
    fn step(
        &self,
        out: &mut String,
        (i, step): (usize, &Step),
        middle: f64,
        drawn: &mut Vec<(f64, f64, f64)>,
    ) {
        let number = self.numbers.get(&i);
        let radius = radius(step.level).max(if number.is_some() { 7.5 } else { 0.0 });
        let x = self.axis.x(seconds(step.first));
        let free = |x: f64, y: f64| {
            drawn.iter().all(|(dx, dy, r)| (dx - x).hypot(dy - y) >= r + radius - 1.0)
        };
        let beside =
            [(0.0, 0.0), (0.0, -12.0), (0.0, 12.0), (13.0, 0.0), (13.0, -12.0), (13.0, 12.0)];
        let (dx, dy) =
            beside.into_iter().find(|(dx, dy)| free(x + dx, middle + dy)).unwrap_or_default();
        let (x, y) = (x + dx, middle + dy);
        drawn.push((x, y, radius));
        let fill = if step.core { colour(step.tactic) } else { "#fff" };
        let _ = write!(
            out,
            "<g><title>{} {}</title><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{fill}\" fill-opacity=\"0.85\" stroke=\"{}\" stroke-width=\"1.5\"/>",
            step.first.to_seconds_string(),
            Text(&step.what.to_string()),
            colour(step.tactic)
        );
        if let Some(number) = number {
            let ink = if step.core { "#fff" } else { "#222" };
            let _ = write!(
                out,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"9\" font-weight=\"600\" fill=\"{ink}\">{number}</text>",
                y + 3.2
            );
        }
        out.push_str("</g>");
    }

    /// By how much the host's clock is wrong, and where its steps are by the other's.
    fn clock(&self, out: &mut String, middle: f64) {
        let Some(skew) = self.view.clocks.iter().find(|c| c.host == self.host) else { return };
        let what = Text(&skew.what.to_string()).to_string();
        let word = if skew.ahead_ms >= 0 { "ahead" } else { "behind" };
        let _ = write!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" font-size=\"10\" fill=\"{CLOCK}\">clock {} {word}<title>{what}</title></text>",
            LEFT - 10.0,
            middle + 17.0,
            span(skew.ahead_ms / 1000)
        );
        for step in self.view.timeline.steps.iter().filter(|s| s.host == self.host) {
            let shown = self.axis.x(seconds(step.first));
            let by_other = self.axis.x(seconds(step.first) - skew.ahead_ms / 1000);
            let _ = write!(
                out,
                "<path d=\"M{by_other:.1} {:.1}v8M{by_other:.1} {middle:.1}H{shown:.1}\" stroke=\"{CLOCK}\" stroke-width=\"1.5\" fill=\"none\"><title>{what}</title></path>",
                middle - 4.0
            );
        }
    }
}

fn legend(out: &mut String, view: &View, y: f64) {
    let mut tactics: Vec<Option<usize>> = view.timeline.steps.iter().map(|s| s.tactic).collect();
    tactics.sort_unstable();
    tactics.dedup();
    let (mut x, mut y) = (10.0, y);
    let mut entry = |fill: &str, stroke: &str, name: &str| {
        let width = 40.0 + name.len() as f64 * 6.8;
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
    if view.timeline.steps.iter().any(|s| !s.core) {
        entry("#fff", NO_TACTIC, "hollow: of the same time only");
    }
    if !view.gaps.is_empty() {
        entry("url(#gap)", "#888", "no telemetry");
    }
    if !view.clocks.is_empty() {
        entry(CLOCK, CLOCK, "by another clock");
    }
}
