//! The timeline: a row a tactic, time from left to right, a mark a step as dark as it is bad. Below, hosts that sent
//! nothing for a time. Rests are drawn narrow and told.

use std::fmt::Write;

use blanik_model::attack::TACTICS;
use blanik_model::markup::Text;
use blanik_model::{Level, Timestamp};

use super::axis::{Axis, seconds};
use super::{BLUE, Canvas, INK, NAVY, PALE, RULE, SOFT, WIDTH};
use crate::advisory::spell::{minute, period, span};
use crate::advisory::words::{fixed, term};
use crate::publication::{Language, Publication, Step, Unseen};

const LEFT: f64 = 178.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 40.0;
const ROW: f64 = 25.0;
/// Width of a date with room beside it.
const DATE: f64 = 66.0;
/// Hosts whose silence is drawn.
const SILENT_MAX: usize = 8;

const ROWS_LEVEL: [(Level, &str, f64); 3] =
    [(Level::Critical, "#7d1128", 6.5), (Level::High, NAVY, 5.5), (Level::Medium, BLUE, 4.5)];

/// Colour and radius of a mark.
fn mark(level: Level) -> (&'static str, f64) {
    let known = ROWS_LEVEL.iter().find(|(l, ..)| *l == level);
    known.map_or(("#7f95ab", 3.5), |(_, colour, radius)| (colour, *radius))
}

/// The picture; none if there is no step.
pub fn svg(p: &Publication, language: Language) -> Option<String> {
    let mut tactics: Vec<Option<usize>> = p.steps.iter().map(|s| s.tactic).collect();
    tactics.sort_unstable_by_key(|t| (t.is_none(), *t));
    tactics.dedup();
    if tactics.is_empty() {
        return None;
    }
    let mut silent: Vec<&str> = p.unseen.iter().filter_map(|u| u.host.as_deref()).collect();
    silent.sort_unstable();
    silent.dedup();
    let further = silent.len().saturating_sub(SILENT_MAX);
    silent.truncate(SILENT_MAX);

    let times = p.steps.iter().map(|s| (seconds(s.first), seconds(s.last))).collect();
    let drawing = Drawing {
        axis: Axis::new(times, LEFT, WIDTH - LEFT - RIGHT),
        language,
        bottom: TOP + (tactics.len() + silent.len()) as f64 * ROW,
    };
    let title = fixed("figure_timeline", language);
    let mut canvas = Canvas::new(title, WIDTH, drawing.bottom + 46.0);
    canvas.hatch("quiet", "#aab4bf");
    canvas.hatch("silent", "#b08a2e");
    drawing.columns(&mut canvas);
    for (i, tactic) in tactics.iter().enumerate() {
        let y = TOP + i as f64 * ROW;
        drawing.lane(&mut canvas, y, tactic_name(*tactic, language), INK);
        for step in p.steps.iter().filter(|s| s.tactic == *tactic) {
            drawing.step(&mut canvas, step, y + ROW / 2.0);
        }
    }
    for (i, host) in silent.iter().enumerate() {
        let y = TOP + (tactics.len() + i) as f64 * ROW;
        drawing.lane(&mut canvas, y, host, SOFT);
        for u in p.unseen.iter().filter(|u| u.host.as_deref() == Some(host)) {
            drawing.silence(&mut canvas, u, y);
        }
    }
    drawing.legend(&mut canvas, !silent.is_empty(), further);
    Some(canvas.done())
}

fn tactic_name(tactic: Option<usize>, language: Language) -> &'static str {
    match tactic.and_then(|t| TACTICS.get(t)) {
        Some((slug, _)) => term("tactic", slug, language),
        None => fixed("no_tactic", language),
    }
}

struct Drawing {
    axis: Axis,
    language: Language,
    bottom: f64,
}

impl Drawing {
    /// Times of activity as columns with their days; the rests between them hatched, as no step is in them, and named.
    fn columns(&self, canvas: &mut Canvas) {
        let mut free_from = 0.0;
        for (i, busy) in self.axis.busy.iter().enumerate() {
            let size = (busy.width, self.bottom - TOP);
            canvas.rect((busy.x, TOP), size, "fill=\"#f3f6f9\"", "");
            let at = busy.x.min(WIDTH - DATE);
            let told = Timestamp::from_seconds(busy.from).map(minute).unwrap_or_default();
            if at >= free_from {
                let (day, hour) = told.split_once(' ').unwrap_or((&told, ""));
                canvas.text((at, 16.0), "font-size=\"10\" font-weight=\"600\"", day);
                canvas.text((at, 29.0), &format!("font-size=\"10\" fill=\"{SOFT}\""), hour);
                free_from = at + DATE;
            }
            if let Some(next) = self.axis.busy.get(i + 1) {
                let (from, to) = (busy.x + busy.width, next.x);
                let told =
                    format!("{} {}", fixed("quiet", self.language), span(next.from - busy.to));
                let style = "fill=\"url(#quiet)\" fill-opacity=\"0.4\"";
                canvas.rect((from, TOP), (to - from, self.bottom - TOP), style, &told);
                let y = self.bottom + 8.0;
                let dashes = format!("stroke=\"{SOFT}\" stroke-dasharray=\"2 3\"");
                canvas.line((from, y), (to, y), &dashes);
                if to - from > 24.0 {
                    let rest = format!("font-size=\"9\" text-anchor=\"middle\" fill=\"{SOFT}\"");
                    let middle = f64::midpoint(from, to);
                    canvas.text((middle, y + 11.0), &rest, &span(next.from - busy.to));
                }
            }
        }
    }

    fn lane(&self, canvas: &mut Canvas, y: f64, name: &str, ink: &str) {
        let middle = y + ROW / 2.0;
        let name = blanik_model::text::shorten(name, 29);
        let rest = format!("text-anchor=\"end\" fill=\"{ink}\"");
        canvas.text((LEFT - 10.0, middle + 4.0), &rest, &name);
        canvas.line((LEFT, middle), (WIDTH - RIGHT, middle), &format!("stroke=\"{RULE}\""));
    }

    fn places(&self, first: Timestamp, last: Timestamp) -> (f64, f64) {
        (self.axis.x(seconds(first)), self.axis.x(seconds(last)))
    }

    fn step(&self, canvas: &mut Canvas, step: &Step, y: f64) {
        let (from, to) = self.places(step.first, step.last);
        let (colour, radius) = mark(step.level);
        if to - from > 2.0 {
            let rest = format!(
                "stroke=\"{colour}\" stroke-opacity=\"0.45\" stroke-width=\"{radius:.1}\" stroke-linecap=\"round\""
            );
            canvas.line((from, y), (to, y), &rest);
        }
        let _ = write!(
            canvas.out,
            "<circle cx=\"{from:.1}\" cy=\"{y:.1}\" r=\"{radius}\" fill=\"{colour}\" fill-opacity=\"0.9\" stroke=\"#fff\" stroke-width=\"0.8\""
        );
        let host = step.host.as_deref().unwrap_or_default();
        let when = period(step.first, step.last);
        // A rule's title stays as it is written, on a page of any language.
        let told = format!("{when} {host} {}", step.rule_title);
        let _ = write!(canvas.out, "><title lang=\"en\">{}</title></circle>", Text(&told));
    }

    fn silence(&self, canvas: &mut Canvas, u: &Unseen, y: f64) {
        let (from, to) = self.places(u.from, u.to);
        let told = format!("{} {}", fixed("no_telemetry", self.language), period(u.from, u.to));
        let rest = "fill=\"url(#silent)\" stroke=\"#b08a2e\" stroke-width=\"0.6\"";
        canvas.rect((from, y + 6.0), ((to - from).max(3.0), ROW - 12.0), rest, &told);
    }

    fn legend(&self, canvas: &mut Canvas, has_silent: bool, further: usize) {
        let y = self.bottom + 36.0;
        let mut x = 10.0;
        for (level, colour, radius) in ROWS_LEVEL {
            let _ = write!(
                canvas.out,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius}\" fill=\"{colour}\"/>",
                x + 6.0,
                y - 4.0
            );
            let name = term("level", level.as_str(), self.language);
            canvas.text((x + 16.0, y), "font-size=\"10\"", name);
            x += 34.0 + name.chars().count() as f64 * super::LETTER;
        }
        let mut box_of = |fill: &str, name: &str| {
            let rest = format!("fill=\"{fill}\" stroke=\"{PALE}\"");
            canvas.rect((x, y - 9.0), (16.0, 10.0), &rest, "");
            canvas.text((x + 21.0, y), "font-size=\"10\"", name);
            x += 40.0 + name.chars().count() as f64 * super::LETTER;
        };
        box_of("url(#quiet)", fixed("quiet", self.language));
        if has_silent {
            box_of("url(#silent)", fixed("no_telemetry", self.language));
        }
        if further > 0 {
            let told = format!("{further} {}", fixed("more_not_drawn", self.language));
            canvas.text((x, y), &format!("font-size=\"10\" fill=\"{SOFT}\""), &told);
        }
    }
}
