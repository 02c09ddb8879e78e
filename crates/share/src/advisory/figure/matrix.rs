//! The evidence matrix as a heat map: items against hypotheses, in decibans; blue speaks for, brown against. The number
//! stands in each cell, so colour is never needed to read it. Long matrices come as several pictures.

use super::{Canvas, INK, RULE, SOFT, WIDTH, wrap};
use crate::advisory::spell::decibans;
use crate::advisory::words::fixed;
use crate::publication::{Attribution, Item, Language};

/// Rows of a picture: what fits on a page.
const ROWS_MAX: usize = 20;
/// Hypotheses that are drawn.
const COLUMNS_MAX: usize = 6;
const ROW: f64 = 29.0;
const HEAD: f64 = 46.0;
/// Where the item's words begin, its grade, and the cells.
const WHAT: f64 = 26.0;
const GRADE: f64 = 326.0;
const CELLS: f64 = 356.0;
const WHAT_CHARS: usize = 52;
/// Decibans at which a colour is full.
const FULL: f64 = 10.0;

/// The pictures; empty if there is no item.
pub fn svgs(a: &Attribution, language: Language) -> Vec<String> {
    let parts = a.matrix.chunks(ROWS_MAX).enumerate();
    parts.map(|(i, items)| svg(a, items, i * ROWS_MAX, language)).collect()
}

fn svg(a: &Attribution, items: &[Item], before: usize, language: Language) -> String {
    let columns = a.against.len().clamp(1, COLUMNS_MAX);
    let width = (WIDTH - CELLS) / columns as f64;
    let height = HEAD + items.len() as f64 * ROW + 26.0;
    let mut canvas = Canvas::new(fixed("figure_matrix", language), WIDTH, height);
    let head = format!("font-size=\"10\" font-weight=\"600\" fill=\"{INK}\"");
    canvas.text((WHAT, HEAD - 8.0), &head, fixed("item", language));
    canvas.text((GRADE - 14.0, HEAD - 8.0), &head, fixed("grade", language));
    let chars = (width / 5.4) as usize;
    for (i, name) in a.against.iter().take(COLUMNS_MAX).enumerate() {
        let x = CELLS + (i as f64 + 0.5) * width;
        let lines = wrap(name, chars.max(6), 3);
        for (n, line) in lines.iter().enumerate() {
            let y = HEAD - 8.0 - (lines.len() - 1 - n) as f64 * 12.0;
            let rest = "font-size=\"9.5\" font-weight=\"600\" text-anchor=\"middle\"";
            canvas.text((x, y), rest, line);
        }
    }
    for (i, item) in items.iter().enumerate() {
        let y = HEAD + i as f64 * ROW;
        canvas.line((0.0, y), (WIDTH, y), &format!("stroke=\"{RULE}\""));
        row(&mut canvas, item, (before + i + 1, y, width), language);
    }
    legend(&mut canvas, a, height - 10.0, language);
    canvas.done()
}

fn row(
    canvas: &mut Canvas,
    item: &Item,
    (number, y, width): (usize, f64, f64),
    language: Language,
) {
    let middle = y + ROW / 2.0;
    let soft = format!("text-anchor=\"end\" font-size=\"10\" fill=\"{SOFT}\"");
    canvas.text((WHAT - 8.0, middle + 3.5), &soft, &number.to_string());
    let lines = wrap(&item.what, WHAT_CHARS, 2);
    for (n, line) in lines.iter().enumerate() {
        let dy = if lines.len() == 1 { 3.5 } else { n as f64 * 11.5 - 2.5 };
        canvas.text((WHAT, middle + dy), "font-size=\"10\"", line);
    }
    let rest = "font-size=\"10\" text-anchor=\"middle\"";
    canvas.text((GRADE + 4.0, middle + 3.5), rest, &item.grade);
    for (i, value) in item.decibans.iter().take(COLUMNS_MAX).enumerate() {
        let x = CELLS + i as f64 * width;
        let (fill, ink) = colours(*value);
        let told = decibans(*value, language);
        let rest = format!("fill=\"{fill}\"");
        canvas.rect((x + 1.0, y + 1.5), (width - 2.0, ROW - 3.0), &rest, &item.what);
        let rest = format!("font-size=\"10.5\" text-anchor=\"middle\" fill=\"{ink}\"");
        canvas.text((x + width / 2.0, middle + 3.8), &rest, &told);
    }
}

/// Fill and ink of a cell: from white to navy for, to brown against.
fn colours(value: f64) -> (String, &'static str) {
    let strength = (value.abs() / FULL).min(1.0);
    let full: [f64; 3] = if value >= 0.0 { [23.0, 78.0, 128.0] } else { [160.0, 74.0, 22.0] };
    let mixed = full.map(|c| (247.0 + (c - 247.0) * strength).round() as u8);
    let fill = format!("#{:02x}{:02x}{:02x}", mixed[0], mixed[1], mixed[2]);
    (fill, if strength > 0.5 { "#fff" } else { INK })
}

fn legend(canvas: &mut Canvas, a: &Attribution, y: f64, language: Language) {
    let mut x = CELLS + 1.0;
    let text = format!("font-size=\"9.5\" fill=\"{SOFT}\"");
    let against = fixed("against_it", language);
    canvas.text((x, y), &text, against);
    x += against.chars().count() as f64 * 5.4 + 6.0;
    for step in -4..=4 {
        let (fill, _) = colours(f64::from(step) * 2.5);
        canvas.rect((x, y - 9.0), (16.0, 10.0), &format!("fill=\"{fill}\""), "");
        x += 16.0;
    }
    canvas.text((x + 6.0, y), &text, fixed("for_it", language));
    let further = a.against.len().saturating_sub(COLUMNS_MAX);
    if further > 0 {
        let told = format!("{further} {}", fixed("more_not_drawn", language));
        canvas.text((WHAT, y), &text, &told);
    }
}
