//! Pictures on the page: SVG and strips, drawn from counts alone; no text of a log but names.

use std::fmt::Write;

use blanik_model::Level;

use crate::output::cell::count;
use crate::summary::Summary;
use crate::summary::tally::LevelCounts;
use crate::summary::timeline::Axis;
use blanik_model::markup::Text;

/// Buckets of the histogram, and of each host's strip.
const HISTOGRAM_BUCKETS_MAX: usize = 100;
const STRIP_BUCKETS_MAX: usize = 50;
/// Hosts drawn.
const HOSTS_MAX: usize = 12;
/// Height of the histogram in its own units, and the least that a level is given to be seen.
const HEIGHT: f64 = 200.0;
const LEAST: f64 = 3.0;

/// The histogram, stacked by level with the worst at the bottom; empty without times.
pub fn histogram(s: &Summary) -> String {
    let Some(axis) = s.timeline().axis(HISTOGRAM_BUCKETS_MAX) else { return String::new() };
    let buckets = s.timeline().on(&axis);
    let most = buckets.iter().map(LevelCounts::total).max().unwrap_or(1).max(1);
    let mut svg = format!(
        "<div class=\"histogram\" id=\"histogram\" data-edges=\"{}\">\n\
         <span class=\"most\">{}</span>\n\
         <svg viewBox=\"0 0 {} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"Findings over time, by {}\">\n",
        edges(&axis),
        count(most),
        buckets.len() * 10,
        axis.step.name(),
    );
    for (i, levels) in buckets.iter().enumerate().filter(|(_, l)| l.total() > 0) {
        let _ = write!(svg, "<g><title>{}</title>", title(&axis, i, levels));
        bar(&mut svg, i, levels, most);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n<div class=\"brush\" hidden></div></div>\n");
    svg + &axis_labels(&axis)
}

fn edges(axis: &Axis) -> String {
    axis.edges.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")
}

fn bar(svg: &mut String, i: usize, levels: &LevelCounts, most: u64) {
    let tall = |n: u64| (n as f64 / most as f64 * HEIGHT).max(LEAST);
    let present = || Level::ALL.iter().rev().filter(|l| levels.of(**l) > 0);
    let total: f64 = present().map(|l| tall(levels.of(*l))).sum();
    // What the least heights add must not push the bar out of the picture.
    let shrink = (HEIGHT / total).min(1.0);
    let mut y = HEIGHT;
    for level in present() {
        let h = tall(levels.of(*level)) * shrink;
        y -= h;
        let _ = write!(
            svg,
            "<rect class=\"{level}\" x=\"{}\" y=\"{y:.1}\" width=\"8\" height=\"{h:.1}\"/>",
            i * 10 + 1
        );
    }
}

fn title(axis: &Axis, i: usize, levels: &LevelCounts) -> String {
    let mut text = axis.label(i);
    for level in Level::ALL.iter().rev().filter(|l| levels.of(**l) > 0) {
        let _ = write!(text, "\n{} {level}", count(levels.of(*level)));
    }
    text
}

/// The first bucket's label, the middle one's and the last one's.
fn axis_labels(axis: &Axis) -> String {
    let last = axis.len() - 1;
    let mut at = vec![0, last / 2, last];
    at.dedup();
    let labels: String = at.iter().map(|i| format!("<span>{}</span>", axis.label(*i))).collect();
    format!("<div class=\"axis\">{labels}</div>\n")
}

/// Hosts with the most findings, each with a strip of its own time.
pub fn hosts(s: &Summary) -> String {
    let axis = s.timeline().axis(STRIP_BUCKETS_MAX);
    let top = s.hosts().top();
    let drawn: Vec<_> = top.iter().take(HOSTS_MAX).collect();
    let strips: Vec<Vec<LevelCounts>> =
        drawn.iter().map(|e| axis.as_ref().map(|a| e.extra.on(a)).unwrap_or_default()).collect();
    let most = strips.iter().flatten().map(LevelCounts::total).max().unwrap_or(1).max(1);
    let mut out = String::from("<div class=\"strips\">\n");
    for (entry, strip) in drawn.iter().zip(&strips) {
        let worst = entry.levels.worst().map_or("", Level::as_str);
        let _ = writeln!(
            out,
            "<button type=\"button\" class=\"strip\" data-host=\"{name}\">\
             <span class=\"name\">{name}</span>{}<span class=\"count {worst}\">{}</span></button>",
            axis.as_ref().map_or(String::new(), |axis| strip_svg(axis, strip, most)),
            count(entry.levels.total()),
            name = Text(entry.name),
        );
    }
    out.push_str("</div>\n");
    if let Some(axis) = &axis {
        let _ = write!(out, "<div class=\"strips-axis\">{}</div>", axis_labels(axis));
    }
    out + &more(top.len(), HOSTS_MAX, s.hosts().not_named())
}

fn strip_svg(axis: &Axis, strip: &[LevelCounts], most: u64) -> String {
    let mut svg = format!(
        "<svg viewBox=\"0 0 {} 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
        strip.len() * 10
    );
    for (i, levels) in strip.iter().enumerate() {
        let Some(worst) = levels.worst() else { continue };
        // A root keeps single findings visible beside hundreds.
        let depth = 0.35 + 0.65 * (levels.total() as f64 / most as f64).sqrt();
        let _ = write!(
            svg,
            "<rect class=\"{worst}\" x=\"{}\" width=\"9\" height=\"10\" opacity=\"{depth:.2}\">\
             <title>{}</title></rect>",
            i * 10,
            title(axis, i, levels)
        );
    }
    svg + "</svg>"
}

/// `and 12 more`, with those that there was no room to name.
pub fn more(known: usize, shown: usize, not_named: u64) -> String {
    let mut text = String::new();
    if known > shown {
        let _ = write!(text, "and {} more", count((known - shown) as u64));
    }
    if not_named > 0 {
        let _ = write!(text, " and others with {} findings", count(not_named));
    }
    if text.is_empty() { text } else { format!("<p class=\"more\">{}</p>\n", text.trim()) }
}
