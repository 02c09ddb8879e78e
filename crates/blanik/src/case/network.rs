//! The graph as a picture: hosts in the middle, in the order in which they were reached; accounts and
//! addresses to their left, files and the rest to their right. A line says that findings name both.

use std::fmt::Write;

use blanik_case::graph::Node;
use blanik_case::{EntityKind, View};
use blanik_model::text::shorten;

use crate::output::Text;

const WIDTH: f64 = 1180.0;
const ROW: f64 = 30.0;
const TOP: f64 = 60.0;
/// Letters of a digest, and of any other name.
const DIGEST_CHARS: usize = 16;
const NAME_CHARS: usize = 36;

fn column(kind: EntityKind) -> usize {
    match kind {
        EntityKind::Account | EntityKind::Address => 0,
        EntityKind::Host => 1,
        _ => 2,
    }
}

fn colour(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Host => "#1f6fb4",
        EntityKind::Account => "#c0399f",
        EntityKind::Address => "#d98a1f",
        EntityKind::Mailbox => "#5a9e3d",
        EntityKind::Process => "#8059b5",
        EntityKind::File => "#51708a",
        EntityKind::Indicator => "#d1462f",
    }
}

/// The picture.
pub fn svg(view: &View) -> String {
    let nodes = &view.graph.nodes;
    let mut counts = [0usize; 3];
    let places: Vec<(usize, usize)> = nodes
        .iter()
        .map(|node| {
            let column = column(node.entity.kind);
            counts[column] += 1;
            (column, counts[column] - 1)
        })
        .collect();
    let rows = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let height = TOP + rows * ROW + 50.0;
    // A column of few stands in the middle of the picture's height.
    let place = |i: usize| {
        let (column, row) = places[i];
        let inset = (rows - counts[column] as f64) * ROW / 2.0;
        let x = [250.0, WIDTH / 2.0 - 40.0, WIDTH - 350.0][column];
        (x, TOP + inset + row as f64 * ROW + ROW / 2.0)
    };
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" role=\"img\"><title>Graph of intrusion {n}</title>\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\
         <text x=\"10\" y=\"20\" font-size=\"15\" font-weight=\"600\">Intrusion {n}</text>\
         <text x=\"110\" y=\"20\" fill=\"#444\">who and what has to do with each other; hosts from top to bottom as they were reached</text>",
        n = view.number
    );
    for edge in &view.graph.edges {
        let ((x1, y1), (x2, y2)) = (place(edge.host), place(edge.other));
        let bend = f64::midpoint(x1, x2);
        let width = 1.0 + (edge.observations as f64).ln();
        let _ = write!(
            out,
            "<path d=\"M{x1:.1} {y1:.1} C{bend:.1} {y1:.1} {bend:.1} {y2:.1} {x2:.1} {y2:.1}\" fill=\"none\" stroke=\"#9aa3ad\" stroke-opacity=\"0.65\" stroke-width=\"{width:.1}\"><title>{} observations {}</title></path>",
            edge.observations, edge.rests_on
        );
    }
    for (i, node) in nodes.iter().enumerate() {
        let (x, y) = place(i);
        let (anchor, dx) = if places[i].0 == 0 { ("end", -12.0) } else { ("start", 12.0) };
        let fill = colour(node.entity.kind);
        let _ = write!(
            out,
            "<g><title>{} {}{}: {} observations, first {} {}</title><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"7\" fill=\"{fill}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" stroke=\"#fff\" stroke-width=\"3\" paint-order=\"stroke\">{}</text></g>",
            node.entity.kind.as_str(),
            Text(&node.entity.name),
            Text(&also(node)),
            node.observations,
            node.first.to_seconds_string(),
            node.rests_on,
            x + dx,
            y + 4.0,
            Text(&label(node))
        );
    }
    legend(&mut out, view, height - 22.0);
    out.push_str("</svg>\n");
    out
}

/// All names of the others.
fn also(node: &Node) -> String {
    node.also.iter().map(|e| format!(", {}", e.name)).collect()
}

/// A name as short as it can be told by: of a digest its beginning, of a path its end.
fn label(node: &Node) -> String {
    let name = &*node.entity.name;
    let is_digest = name.len() >= 32 && name.chars().all(|c| c.is_ascii_hexdigit());
    let short = match node.entity.kind {
        EntityKind::Indicator if is_digest => shorten(name, DIGEST_CHARS).into_owned(),
        EntityKind::File => end(name, NAME_CHARS),
        _ => shorten(name, NAME_CHARS).into_owned(),
    };
    match node.also.len() {
        0 => short,
        n => format!("{short} and {n} more"),
    }
}

/// The last letters of a path, from a folder on where one begins there.
fn end(path: &str, chars: usize) -> String {
    let count = path.chars().count();
    if count <= chars {
        return path.to_owned();
    }
    let tail: String = path.chars().skip(count - chars + 1).collect();
    let from = tail.find(['\\', '/']).unwrap_or(0);
    format!("…{}", &tail[from..])
}

fn legend(out: &mut String, view: &View, y: f64) {
    let mut kinds: Vec<EntityKind> = view.graph.nodes.iter().map(|n| n.entity.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut x = 14.0;
    for kind in kinds {
        let name = kind.as_str();
        let _ = write!(
            out,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"6\" fill=\"{}\"/><text x=\"{:.1}\" y=\"{:.1}\">{name}</text>",
            colour(kind),
            x + 11.0,
            y + 4.0
        );
        x += 34.0 + name.len() as f64 * 7.0;
    }
    if view.graph.further > 0 {
        let _ = write!(
            out,
            "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"#666\">{} more are not drawn</text>",
            y + 4.0,
            view.graph.further
        );
    }
}
