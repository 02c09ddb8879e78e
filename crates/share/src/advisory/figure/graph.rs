//! The graph: hosts in the middle as they were reached, accounts and addresses to their left, the rest to their right. A
//! line says that findings name both; the more of them, the wider. Kinds differ by shape and by colour.

use std::fmt::Write;

use blanik_model::text::shorten;

use super::{Canvas, LETTER, NAVY, PALE, SOFT, WIDTH};
use crate::advisory::defang;
use crate::advisory::spell::minute;
use crate::advisory::words::{fixed, term};
use crate::publication::{Language, Node, Publication};

const ROW: f64 = 23.0;
const TOP: f64 = 12.0;
/// Nodes of a column that are drawn.
const COLUMN_MAX: usize = 34;
/// Middles of the columns, and half the width of a host's box.
const COLUMNS: [f64; 3] = [212.0, 372.0, 536.0];
const HALF: f64 = 66.0;
const NAME_CHARS: usize = 30;
const HOST_CHARS: usize = 20;

fn column(kind: &str) -> usize {
    match kind {
        "account" | "address" | "domain" => 0,
        "host" => 1,
        _ => 2,
    }
}

fn colour(kind: &str) -> &'static str {
    match kind {
        "host" => NAVY,
        "account" => "#8a3b7f",
        "address" | "domain" => "#b4531f",
        "mailbox" => "#3d7a35",
        "indicator" => "#7d1128",
        "file" => "#51708a",
        _ => "#6b5aa0",
    }
}

/// A node's name as it may be shown: addresses cannot be followed, of paths the end is told.
fn label(node: &Node) -> String {
    let name = match node.kind.as_str() {
        "address" | "domain" => defang::host(&node.name),
        _ => node.name.clone(),
    };
    let count = name.chars().count();
    match node.kind.as_str() {
        "file" if count > NAME_CHARS => {
            let tail: String = name.chars().skip(count - NAME_CHARS + 1).collect();
            let from = tail.find(['\\', '/']).unwrap_or(0);
            format!("…{}", &tail[from..])
        }
        "host" => shorten(&name, HOST_CHARS).into_owned(),
        _ => shorten(&name, NAME_CHARS).into_owned(),
    }
}

/// Where nodes stand: for each the column and its place in it; none if it is not drawn.
struct Layout {
    places: Vec<Option<(usize, f64)>>,
    height: f64,
    further: usize,
}

impl Layout {
    /// Hosts keep their order; the others stand where the hosts they have to do with are.
    fn of(p: &Publication) -> Layout {
        let mut columns: [Vec<usize>; 3] = Default::default();
        for (i, node) in p.nodes.iter().enumerate() {
            columns[column(&node.kind)].push(i);
        }
        columns[1].sort_by_key(|i| (p.nodes[*i].first, *i));
        let host_rank = |i: usize| columns[1].iter().position(|h| *h == i);
        let mean: Vec<f64> = (0..p.nodes.len())
            .map(|i| {
                let others = p.edges.iter().filter_map(|e| match (e.from == i, e.to == i) {
                    (true, false) => host_rank(e.to),
                    (false, true) => host_rank(e.from),
                    _ => None,
                });
                let ranks: Vec<f64> = others.map(|r| r as f64).collect();
                match ranks.len() {
                    0 => f64::MAX,
                    n => ranks.iter().sum::<f64>() / n as f64,
                }
            })
            .collect();
        for side in [0, 2] {
            columns[side].sort_by(|a, b| {
                let kind = |i: usize| (&p.nodes[i].kind, &p.nodes[i].name);
                mean[*a].total_cmp(&mean[*b]).then_with(|| kind(*a).cmp(&kind(*b)))
            });
        }
        let further = columns.iter().map(|c| c.len().saturating_sub(COLUMN_MAX)).sum();
        let rows = columns.iter().map(Vec::len).max().unwrap_or(0).clamp(1, COLUMN_MAX);
        let height = TOP + rows as f64 * ROW;
        let mut places = vec![None; p.nodes.len()];
        for (c, nodes) in columns.iter().enumerate() {
            let shown = nodes.len().min(COLUMN_MAX);
            // A column of few spreads over the whole height.
            let pitch = rows as f64 * ROW / shown.max(1) as f64;
            for (row, i) in nodes.iter().take(COLUMN_MAX).enumerate() {
                places[*i] = Some((c, TOP + pitch * (row as f64 + 0.5)));
            }
        }
        Layout { places, height, further }
    }
}

/// The picture; none if there is no node.
pub fn svg(p: &Publication, language: Language) -> Option<String> {
    if p.nodes.is_empty() {
        return None;
    }
    let layout = Layout::of(p);
    let mut canvas = Canvas::new(fixed("figure_graph", language), WIDTH, layout.height + 34.0);
    edges(&mut canvas, p, &layout);
    for (node, place) in p.nodes.iter().zip(&layout.places) {
        if let Some((c, y)) = place {
            draw(&mut canvas, node, *c, *y, language);
        }
    }
    legend(&mut canvas, p, &layout, language);
    Some(canvas.done())
}

fn edges(canvas: &mut Canvas, p: &Publication, layout: &Layout) {
    let place = |i: usize| layout.places.get(i).copied().flatten();
    for edge in &p.edges {
        let (Some((c1, y1)), Some((c2, y2))) = (place(edge.from), place(edge.to)) else { continue };
        let width = (0.7 + (edge.observations.max(1) as f64).ln() * 0.35).min(4.0);
        let (x1, x2, bend) = match (c1, c2) {
            (1, 1) => {
                let x = COLUMNS[1] + HALF;
                (x, x, x + 24.0 + (y2 - y1).abs() * 0.12)
            }
            (1, 0) => (COLUMNS[1] - HALF, COLUMNS[0], f64::midpoint(COLUMNS[0], COLUMNS[1] - HALF)),
            (1, _) => (COLUMNS[1] + HALF, COLUMNS[2], f64::midpoint(COLUMNS[1] + HALF, COLUMNS[2])),
            _ => (COLUMNS[c1], COLUMNS[c2], f64::midpoint(COLUMNS[c1], COLUMNS[c2])),
        };
        let _ = write!(
            canvas.out,
            "<path d=\"M{x1:.1} {y1:.1}C{bend:.1} {y1:.1} {bend:.1} {y2:.1} {x2:.1} {y2:.1}\" fill=\"none\" stroke=\"#8796a5\" \
             stroke-opacity=\"0.6\" stroke-width=\"{width:.1}\""
        );
        canvas.close("path", &edge.observations.to_string());
    }
}

fn draw(canvas: &mut Canvas, node: &Node, column: usize, y: f64, language: Language) {
    let x = COLUMNS[column];
    let kind = term("node", &node.kind, language);
    let title = format!("{kind} {}, {}", node.name, minute(node.first));
    if column == 1 {
        let rest = format!("rx=\"3\" fill=\"{NAVY}\"");
        canvas.rect((x - HALF, y - 8.5), (2.0 * HALF, 17.0), &rest, &title);
        let rest = "text-anchor=\"middle\" fill=\"#fff\" font-size=\"10\" font-weight=\"600\"";
        canvas.text((x, y + 3.5), rest, &label(node));
        return;
    }
    shape(canvas, &node.kind, x, y);
    canvas.close("path", &title);
    let (anchor, dx) = if column == 0 { ("end", -11.0) } else { ("start", 11.0) };
    let rest = format!(
        "text-anchor=\"{anchor}\" font-size=\"10.5\" stroke=\"#fff\" stroke-width=\"3\" stroke-linejoin=\"round\" paint-order=\"stroke\""
    );
    canvas.text((x + dx, y + 3.8), &rest, &label(node));
}

/// Begins a path in the form of the kind: a disk, a diamond, a square.
fn shape(canvas: &mut Canvas, kind: &str, x: f64, y: f64) {
    let fill = colour(kind);
    let d = match kind {
        "account" | "mailbox" => {
            format!("M{:.1} {y:.1}a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0 -11 0z", x - 5.5)
        }
        "address" | "domain" | "indicator" => {
            format!("M{x:.1} {:.1}l6.5 6.5l-6.5 6.5l-6.5 -6.5z", y - 6.5)
        }
        _ => format!("M{:.1} {:.1}h10v10h-10z", x - 5.0, y - 5.0),
    };
    let _ = write!(canvas.out, "<path d=\"{d}\" fill=\"{fill}\"");
}

fn legend(canvas: &mut Canvas, p: &Publication, layout: &Layout, language: Language) {
    let mut kinds: Vec<&str> = p.nodes.iter().map(|n| n.kind.as_str()).collect();
    kinds.sort_unstable_by_key(|k| (column(k), *k));
    kinds.dedup();
    let y = layout.height + 24.0;
    canvas.line((0.0, y - 16.0), (WIDTH, y - 16.0), &format!("stroke=\"{PALE}\""));
    let mut x = 12.0;
    for kind in kinds {
        let name = term("node", kind, language);
        if kind == "host" {
            let _ = write!(
                canvas.out,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"16\" height=\"10\" rx=\"2\" fill=\"{NAVY}\"/>",
                x - 8.0,
                y - 8.0
            );
        } else {
            shape(canvas, kind, x, y - 3.5);
            canvas.close("path", "");
        }
        canvas.text((x + 12.0, y), "font-size=\"10\"", name);
        x += 40.0 + name.chars().count() as f64 * LETTER;
    }
    if layout.further > 0 {
        let told = format!("{} {}", layout.further, fixed("more_not_drawn", language));
        canvas.text((x, y), &format!("font-size=\"10\" fill=\"{SOFT}\""), &told);
    }
}
