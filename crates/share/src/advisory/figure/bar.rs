//! Bars beside numbers, in cells of tables: a probability, and an amount between two bounds.

use super::{BLUE, Canvas, NAVY, RULE};
use crate::publication::Bounds;

const WIDTH: f64 = 150.0;
const HEIGHT: f64 = 12.0;

/// A probability from 0 to 1.
pub fn share(probability: f64) -> String {
    let mut canvas = Canvas::new("", WIDTH, HEIGHT);
    canvas.rect((0.0, 1.0), (WIDTH, HEIGHT - 2.0), "fill=\"#eef2f6\"", "");
    let width = (probability.clamp(0.0, 1.0) * WIDTH).max(1.0);
    canvas.rect((0.0, 1.0), (width, HEIGHT - 2.0), &format!("fill=\"{BLUE}\""), "");
    canvas.done()
}

/// What is confirmed as a full bar, what is possible hatched behind it, an arrow where there is no bound; on a logarithmic
/// scale up to `most`. `name` makes the hatching's id its own in the page.
pub fn range(bounds: Bounds, most: u64, name: &str) -> String {
    let room = WIDTH - 10.0;
    let scale = (most.max(1) as f64 + 1.0).ln();
    let x = |n: u64| ((n as f64 + 1.0).ln() / scale).clamp(0.0, 1.0) * room;
    let mut canvas = Canvas::new("", WIDTH, HEIGHT);
    canvas.hatch(name, BLUE);
    canvas.line((0.0, HEIGHT - 0.5), (room, HEIGHT - 0.5), &format!("stroke=\"{RULE}\""));
    let confirmed = x(bounds.confirmed);
    let to = bounds.possible.map_or(room, x).max(confirmed);
    let rest = format!("fill=\"url(#{name})\" stroke=\"{BLUE}\" stroke-width=\"0.6\"");
    if to > confirmed {
        canvas.rect((confirmed, 2.0), (to - confirmed, HEIGHT - 4.5), &rest, "");
    }
    if bounds.possible.is_none() {
        canvas.out.push_str(&format!("<path d=\"M{room:.1} 0.8l8 4.9l-8 4.9z\" fill=\"{BLUE}\"/>"));
    }
    canvas.rect((0.0, 2.0), (confirmed.max(1.0), HEIGHT - 4.5), &format!("fill=\"{NAVY}\""), "");
    canvas.done()
}
