//! What wrote a record: told by the names of its fields, as `mapping/shapes.tsv` says.
//!
//! One pass over the record: what the table mentions of a name is a mark, and a row of the table asks
//! for marks.

use blanik_model::{Type, Value};

use super::derive::Derivation;
use super::event_id;
use super::lookup::{Key, NameMap, forever};
use super::marks::{Mark, Marks};
use super::operation::Operation;
use super::table::{members, rows};
use crate::mapping::{Condition, Mapping, UserFormat};
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
    /// What a user's format derives, before what the kind does.
    pub derivations: Vec<Derivation>,
    // A user's format: its kind is told, and does not depend on the record.
    told: bool,
    // At least one mark of each group must be there.
    groups: Vec<Vec<Mark>>,
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
    names: NameMap<Vec<(Want, Mark)>>,
    prefixes: Vec<(&'static str, Mark)>,
    marks: usize,
}

impl Shapes {
    /// The user's formats, then the table's.
    pub fn new(mapping: &Mapping) -> Self {
        let mut shapes = Shapes::default();
        mapping.formats.iter().for_each(|format| shapes.add(format));
        let mut known: Vec<(&'static str, Mark)> = Vec::new();
        for [name, fields, product, services, categories] in
            rows(TABLE, ["shape", "fields", "product", "service", "categories"])
        {
            let group = |group: &'static str| {
                group.split('|').map(|m| shapes.mark(m, &mut known)).collect()
            };
            let groups = members(fields).into_iter().map(group).collect();
            shapes.rows.push(Shape {
                name,
                product,
                services: members(services),
                categories: members(categories),
                derivations: Vec::new(),
                told: false,
                groups,
            });
        }
        shapes
    }

    fn mark(&mut self, text: &'static str, known: &mut Vec<(&'static str, Mark)>) -> Mark {
        if let Some(i) = known.iter().position(|(k, _)| *k == text) {
            return known[i].1;
        }
        let mark = self.new_mark();
        known.push((text, mark));
        let (name, want) = match text.split_once('=') {
            Some((name, value)) => (name, Want::parse(value)),
            None => (text, Want::Any),
        };
        match name.strip_suffix('*') {
            Some(prefix) => self.prefixes.push((prefix, mark)),
            None => self.names.entry(name.into()).or_default().push((want, mark)),
        }
        mark
    }

    fn new_mark(&mut self) -> Mark {
        let mark = self.marks;
        self.marks += 1;
        assert!(self.marks <= Marks::MAX, "mappings are bounded, and so is the table");
        mark as Mark
    }

    fn add(&mut self, format: &UserFormat) {
        let groups = format.conditions.iter().map(|condition| self.group(condition)).collect();
        let statics = |texts: &[std::sync::Arc<str>]| texts.iter().map(|t| forever(t)).collect();
        let keys = |names: &[String]| names.iter().map(|n| Key::from(forever(n))).collect();
        let derivation = |(target, sources): &(String, Vec<String>)| Derivation {
            target: forever(target).into(),
            operation: Operation::Copy,
            sources: keys(sources),
            replaces: true,
        };
        self.rows.push(Shape {
            name: format.shape_name(),
            product: forever(format.kind.product.as_deref().unwrap_or("-")),
            services: statics(&format.kind.services),
            categories: statics(&format.kind.categories),
            derivations: format.fields.iter().map(derivation).collect(),
            told: true,
            groups,
        });
    }

    fn group(&mut self, condition: &Condition) -> Vec<Mark> {
        let want = |value: &String| match value.strip_prefix('*').and_then(|v| v.strip_suffix('*'))
        {
            Some(part) => Want::Containing(forever(part)),
            None => Want::Text(forever(value)),
        };
        let mut wants: Vec<Want> = condition.values.iter().map(want).collect();
        if wants.is_empty() {
            wants.push(Want::Any);
        }
        let marks: Vec<Mark> = wants.iter().map(|_| self.new_mark()).collect();
        let of_name = self.names.entry(condition.field.as_str().into()).or_default();
        of_name.extend(wants.into_iter().zip(marks.iter().copied()));
        marks
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
    pub fn of_marks(&self, seen: &Marks) -> Option<usize> {
        self.rows.iter().position(|row| row.fits(seen))
    }

    /// Adds the marks that a name alone makes; and those that its value decides.
    pub fn marks(&self, name: &str, seen: &mut Marks) -> Vec<(Want, Mark)> {
        for &(prefix, mark) in &self.prefixes {
            if name.starts_with(prefix) {
                seen.add(mark);
            }
        }
        let mut open = Vec::new();
        for &(want, mark) in self.names.get(name).map_or(&[][..], |m| m) {
            match want {
                Want::Any => seen.add(mark),
                _ => open.push((want, mark)),
            }
        }
        open
    }

    /// Index of the first row that fits the record.
    pub fn of(&self, record: &Record) -> Option<usize> {
        let mut seen = Marks::default();
        for (name, value) in record.iter() {
            for &(prefix, mark) in &self.prefixes {
                if name.starts_with(prefix) {
                    seen.add(mark);
                }
            }
            // Nothing comes before the first row, so once it fits the rest need not be read.
            if self.rows[0].fits(&seen) {
                return Some(0);
            }
            let marks = self.names.get(name).map_or(&[][..], |m| m);
            for &(want, mark) in marks {
                if want.fits(value) {
                    seen.add(mark);
                }
            }
        }
        self.of_marks(&seen)
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

    /// Whether a value has it; a list, if one of its members is that text.
    pub fn fits(self, value: Value<'_>) -> bool {
        let text = value.text;
        match self {
            Want::Any => true,
            Want::Text(want) if value.ty == Type::List => {
                value.scalars().any(|member| member.text.eq_ignore_ascii_case(want))
            }
            Want::Text(want) => text.eq_ignore_ascii_case(want),
            Want::Containing(want) => {
                let mut windows = text.as_bytes().windows(want.len().max(1));
                windows.any(|window| window.eq_ignore_ascii_case(want.as_bytes()))
            }
            Want::WholeNumber => event_id::number(text).is_some(),
        }
    }
}

impl Shape {
    /// The product whose tables tell more of the kind; none of a user's format.
    pub fn product_of_tables(&self) -> &'static str {
        if self.told { "" } else { self.product }
    }

    fn fits(&self, seen: &Marks) -> bool {
        self.groups.iter().all(|group| group.iter().any(|&mark| seen.has(mark)))
    }
}
