//! What wrote a record: told by the names of its fields, as `mapping/shapes.tsv` says.
//!
//! One pass over the record: every name that the table mentions is a bit, and a row of the table
//! asks for bits.

use super::event_id;
use super::lookup::NameMap;
use super::table::{members, rows};
use crate::record::Record;

const TABLE: &str = include_str!("../../mapping/shapes.tsv");

/// A row of the table.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The name by which other tables speak of the shape.
    pub name: &'static str,
    /// The product.
    pub product: &'static str,
    /// Services, the shape's own first.
    pub services: Vec<&'static str>,
    /// Categories.
    pub categories: Vec<&'static str>,
    // At least one bit of each group must be there.
    groups: Vec<u128>,
}

/// What a mark asks of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// That there is one.
    Any,
    /// This text.
    Text(&'static str),
    /// A text that contains this.
    Containing(&'static str),
    /// A whole number.
    WholeNumber,
}

#[derive(Debug, Default)]
pub(crate) struct Shapes {
    rows: Vec<Shape>,
    names: NameMap<Vec<(Want, u128)>>,
    prefixes: Vec<(&'static str, u128)>,
}

impl Shapes {
    pub fn new() -> Self {
        let mut shapes = Shapes::default();
        let mut bits = Vec::new();
        for [name, fields, product, services, categories] in
            rows(TABLE, ["shape", "fields", "product", "service", "categories"])
        {
            let group = |group: &'static str| {
                group.split('|').map(|m| shapes.bit(m, &mut bits)).fold(0, |a, b| a | b)
            };
            let groups = members(fields).into_iter().map(group).collect();
            shapes.rows.push(Shape {
                name,
                product,
                services: members(services),
                categories: members(categories),
                groups,
            });
        }
        shapes
    }

    fn bit(&mut self, mark: &'static str, known: &mut Vec<&'static str>) -> u128 {
        if let Some(i) = known.iter().position(|k| *k == mark) {
            return 1 << i;
        }
        let bit = 1u128.checked_shl(known.len() as u32).expect("at most 128 marks");
        known.push(mark);
        let (name, want) = match mark.split_once('=') {
            Some((name, value)) => (name, Want::parse(value)),
            None => (mark, Want::Any),
        };
        match name.strip_suffix('*') {
            Some(prefix) => self.prefixes.push((prefix, bit)),
            None => self.names.entry(name.into()).or_default().push((want, bit)),
        }
        bit
    }

    /// The rows, in order.
    pub fn rows(&self) -> &[Shape] {
        &self.rows
    }

    /// Index of the first row of that name.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.rows.iter().position(|row| row.name == name)
    }

    /// Index of the first row that asks for no more than these marks.
    pub fn of_marks(&self, seen: u128) -> Option<usize> {
        self.rows.iter().position(|row| row.fits(seen))
    }

    /// The marks that a name alone makes, and those that its value decides.
    pub fn marks(&self, name: &str) -> (u128, Vec<(Want, u128)>) {
        let mut seen = 0;
        for &(prefix, bit) in &self.prefixes {
            if name.starts_with(prefix) {
                seen |= bit;
            }
        }
        let mut open = Vec::new();
        for &(want, bit) in self.names.get(name).map_or(&[][..], |m| m) {
            match want {
                Want::Any => seen |= bit,
                _ => open.push((want, bit)),
            }
        }
        (seen, open)
    }

    /// Index of the first row that fits the record.
    pub fn of(&self, record: &Record) -> Option<usize> {
        let mut seen = 0u128;
        for (name, value) in record.iter() {
            for &(prefix, bit) in &self.prefixes {
                if name.starts_with(prefix) {
                    seen |= bit;
                }
            }
            // Nothing comes before the first row, so once it fits the rest need not be read.
            if self.rows[0].fits(seen) {
                return Some(0);
            }
            let marks = self.names.get(name).map_or(&[][..], |m| m);
            for (want, bit) in marks {
                if want.fits(value.text) {
                    seen |= bit;
                }
            }
        }
        self.of_marks(seen)
    }
}

impl Want {
    fn parse(text: &'static str) -> Self {
        match text.strip_prefix('*').and_then(|t| t.strip_suffix('*')) {
            Some(part) => Want::Containing(part),
            None if text == "#" => Want::WholeNumber,
            None => Want::Text(text),
        }
    }

    /// Whether a value's text has it.
    pub fn fits(self, text: &str) -> bool {
        match self {
            Want::Any => true,
            Want::Text(want) => text.eq_ignore_ascii_case(want),
            Want::Containing(want) => {
                let mut windows = text.as_bytes().windows(want.len());
                windows.any(|window| window.eq_ignore_ascii_case(want.as_bytes()))
            }
            Want::WholeNumber => event_id::number(text).is_some(),
        }
    }
}

impl Shape {
    fn fits(&self, seen: u128) -> bool {
        self.groups.iter().all(|group| seen & group != 0)
    }
}
