//! `table`: a finding a line, for a terminal. Columns have fixed widths, so lines can be printed as
//! they come.

use std::io::{self, Write};

use blanik_model::Finding;

use super::cell::{Ink, Style, cut_start, fit, pad};
use super::{EXERCISE, FindingWriter, field_text, short_level, telling};
use crate::summary::Summary;

/// Widths of the columns; a column that a narrow terminal has no room for is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Widths {
    host: usize,
    account: usize,
    rule: usize,
    fields: usize,
    source: usize,
}

const TIME: usize = 19;
const LEVEL: usize = 4;

impl Widths {
    /// A narrow terminal keeps what names the finding; a wider one adds what it rests on.
    fn of(width: usize) -> Self {
        let rest = width.saturating_sub(TIME + LEVEL + 2);
        let (host, account, source) = match width {
            0..90 => (12.min(rest / 3), 0, 0),
            90..130 => (14, 0, 0),
            130..170 => (16, 16, 22),
            _ => (20, 20, 34),
        };
        let taken: usize = [host, account, source].iter().filter(|w| **w > 0).map(|w| w + 1).sum();
        let rest = rest.saturating_sub(taken + 1);
        if width < 90 {
            return Widths { host, account, rule: rest, fields: 0, source };
        }
        let rule = (rest * 2 / 5).clamp(20, 44);
        Widths { host, account, rule, fields: rest.saturating_sub(rule + 1), source }
    }
}

/// See the module.
pub struct Table {
    out: Box<dyn Write>,
    style: Style,
    widths: Widths,
    exercise: bool,
}

impl Table {
    /// Writes to `out`, as wide as `style` says.
    pub fn new(out: Box<dyn Write>, style: Style, exercise: bool) -> Self {
        Table { out, style, widths: Widths::of(style.width), exercise }
    }

    fn row(&mut self, cells: &[(String, Option<Ink>)]) -> io::Result<()> {
        let mut line = String::new();
        for (i, (text, ink)) in cells.iter().filter(|(text, _)| !text.is_empty()).enumerate() {
            if i > 0 {
                line.push(' ');
            }
            match ink {
                Some(ink) => line.push_str(&self.style.ink(*ink, text)),
                None => line.push_str(text),
            }
        }
        writeln!(self.out, "{}", line.trim_end())
    }
}

impl FindingWriter for Table {
    fn begin(&mut self) -> io::Result<()> {
        if self.exercise {
            writeln!(self.out, "{}", self.style.ink(Ink::Alarm, EXERCISE))?;
        }
        let w = self.widths;
        let names =
            [("time (UTC)", TIME), ("lvl", LEVEL), ("host", w.host), ("account", w.account)];
        let more = [("rule", w.rule), ("matched", w.fields), ("source:record", w.source)];
        let cells: Vec<_> = names
            .iter()
            .chain(&more)
            .filter(|(_, width)| *width > 0)
            .map(|(name, width)| (fit(name, *width), Some(Ink::Faint)))
            .collect();
        self.row(&cells)
    }

    fn write(&mut self, f: &Finding) -> io::Result<()> {
        let w = self.widths;
        let time = f.time.map_or_else(|| "no time".to_owned(), |t| t.to_seconds_string());
        let fields = telling(f).iter().map(|(n, v)| field_text(n, v)).collect::<Vec<_>>();
        let source = cut_start(&format!("{}:{}", f.source, f.record), w.source);
        let ink = Some(Ink::Level(f.level));
        self.row(&[
            (fit(&time, TIME), None),
            (fit(short_level(f.level), LEVEL), ink),
            (fit(f.host.as_deref().unwrap_or("-"), w.host), None),
            (fit(f.account.as_deref().unwrap_or("-"), w.account), None),
            (fit(&f.rule_title, w.rule), ink),
            (fit(&fields.join("  "), w.fields), None),
            (pad(source, w.source), Some(Ink::Faint)),
        ])
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<Option<String>> {
        self.out.flush()?;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fill_the_width_and_never_exceed_it() {
        for width in 40..260 {
            let w = Widths::of(width);
            let shown = [w.host, w.account, w.rule, w.fields, w.source];
            let total: usize =
                TIME + LEVEL + 1 + shown.iter().filter(|c| **c > 0).map(|c| c + 1).sum::<usize>();
            assert!(total <= width && total + 2 > width, "{width}: {total} {w:?}");
        }
    }
}
