//! What the normalised record will hold: for each field a name and a value, both by reference.
//!
//! Nothing is copied until [`Plan::write`]; fields of the log are indices into its record, derived
//! values stand in one buffer. The memory is reused from record to record.

use blanik_model::{Type, Value};

use super::derive::Derivation;
use super::lookup::{Key, hash};
use super::names::{Names, Rename, ShapeNames};
use super::operation::{Made, Operation};
use super::tree;
use crate::record::Record;

/// Names in which the system's word goes before the author's.
const SYSTEM_WINS: [&str; 4] = ["EventID", "Channel", "Provider_Name", "Computer"];

/// Fields that the system names; Windows has some twenty. A record with more was not made by it, and
/// must not cost more for it.
const SYSTEM_MAX: usize = 64;

/// Sources that one derivation may have.
pub(crate) const SOURCES_MAX: usize = 8;

#[derive(Clone, Copy, Debug)]
enum Name {
    /// The record's, without so many bytes in front.
    Own { field: usize, skip: usize },
    /// A table's.
    Table(&'static str),
}

#[derive(Clone, Copy, Debug)]
enum Held {
    /// The record's.
    Own(usize),
    /// A span of the plan's text.
    Derived { ty: Type, start: usize, end: usize },
}

/// Who named a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Author {
    System,
    Data,
    Other,
}

#[derive(Clone, Copy, Debug)]
struct Planned {
    name: Name,
    held: Held,
    author: Author,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    fields: Vec<Planned>,
    // Of each field's name, as what is looked for is compared to all of them.
    hashes: Vec<u32>,
    // Indices of the fields that the system named.
    system: Vec<usize>,
    // By target: no field before this one has its name. A record may rename every field to the same.
    from: Vec<usize>,
    text: String,
    // Where an operation writes: it may read from `text` meanwhile.
    fresh: String,
    // So many of the first fields are the record's own.
    own: usize,
}

impl Plan {
    /// Starts with the record's own fields under their new names.
    pub fn begin(&mut self, record: &Record, shape: Option<&ShapeNames>, names: &Names) {
        self.fields.clear();
        self.hashes.clear();
        self.text.clear();
        self.from.clear();
        self.from.resize(names.targets().len(), 0);
        for field in 0..record.len() {
            let rename = shape.map_or(Rename::Keep, |s| s.rename(record.field(field).0));
            let (name, author) = match rename {
                Rename::Keep => (Name::Own { field, skip: 0 }, Author::Other),
                Rename::To(target) => self.rename(field, target, record, names),
                Rename::Cut { skip, data: false } => (Name::Own { field, skip }, Author::System),
                Rename::Cut { skip, data: true } => (Name::Own { field, skip }, Author::Data),
                Rename::Drop => continue,
            };
            let planned = Planned { name, held: Held::Own(field), author };
            self.hashes.push(hash(name_of(&planned, record)));
            self.fields.push(planned);
        }
        self.own = self.fields.len();
        if shape.is_some() {
            self.settle(record);
        }
    }

    /// The name of a field that a table renames. A record that says a thing twice, in two spellings,
    /// keeps one of them as it is: never the one that is Sigma's own, else the second.
    fn rename(
        &mut self,
        field: usize,
        target: u32,
        record: &Record,
        names: &Names,
    ) -> (Name, Author) {
        let key = names.target(target);
        let old = self.find_from(self.from[target as usize], key, record);
        self.from[target as usize] = old.unwrap_or(self.fields.len());
        let Some(old) = old else {
            return (Name::Table(key.name), Author::System);
        };
        if record.field(field).0 != key.name {
            return (Name::Own { field, skip: 0 }, Author::Other);
        }
        self.restore(old, record);
        // Its old name may be one that was looked for.
        for (from, other) in self.from.iter_mut().zip(names.targets()) {
            if other.hash == self.hashes[old] {
                *from = old.min(*from);
            }
        }
        (Name::Table(key.name), Author::System)
    }

    /// Gives a planned field back the name it has in the record.
    fn restore(&mut self, i: usize, record: &Record) {
        let Held::Own(field) = self.fields[i].held else { return };
        self.fields[i].name = Name::Own { field, skip: 0 };
        self.fields[i].author = Author::Other;
        self.hashes[i] = hash(record.field(field).0);
    }

    /// Where the system and the event's author use one name, one of them goes back to the name the
    /// record has for it.
    fn settle(&mut self, record: &Record) {
        let by_system = |p: &Planned| p.author == Author::System;
        self.system.clear();
        let indices = 0..self.fields.len();
        self.system.extend(indices.filter(|&i| by_system(&self.fields[i])).take(SYSTEM_MAX));
        for i in 0..self.fields.len() {
            if self.fields[i].author != Author::Data {
                continue;
            }
            let name = name_of(&self.fields[i], record);
            let same = |&&at: &&usize| {
                self.hashes[at] == self.hashes[i] && name_of(&self.fields[at], record) == name
            };
            let Some(&system) = self.system.iter().find(same) else { continue };
            let loser = if SYSTEM_WINS.contains(&name) { i } else { system };
            self.restore(loser, record);
        }
    }

    fn find(&self, key: Key, record: &Record) -> Option<usize> {
        self.find_from(0, key, record)
    }

    fn find_from(&self, from: usize, key: Key, record: &Record) -> Option<usize> {
        let same = |i: &usize| {
            self.hashes[*i] == key.hash && name_of(&self.fields[*i], record) == key.name
        };
        (from..self.hashes.len()).find(same)
    }

    /// The value of a field.
    pub fn get<'a>(&'a self, key: Key, record: &'a Record) -> Option<Value<'a>> {
        self.find(key, record).map(|i| value_of(&self.fields[i], record, &self.text))
    }

    /// Adds what a derivation makes of the fields planned so far.
    pub fn derive(&mut self, derivation: &Derivation, record: &Record) {
        let old = self.find(derivation.target, record);
        if old.is_some() && !derivation.replaces {
            return;
        }
        if derivation.operation == Operation::Tree {
            return self.derive_tree(derivation, old, record);
        }
        let mut at = [None; SOURCES_MAX];
        let mut values = [None; SOURCES_MAX];
        for (i, &source) in derivation.sources.iter().enumerate().take(SOURCES_MAX) {
            at[i] = match (old, derivation.replaces) {
                // Replacing twice must not derive from what was derived.
                (Some(old), true) if source == derivation.target => self.own(old),
                _ => self.find(source, record),
            };
            values[i] = at[i].map(|at| value_of(&self.fields[at], record, &self.text));
        }
        self.fresh.clear();
        let Some(made) = derivation.operation.apply(&values, &mut self.fresh) else { return };
        let held = match made {
            Made::Source(i) => self.fields[at[i].expect("a value came of it")].held,
            Made::Text(ty) => self.keep_fresh(ty),
        };
        self.put(derivation, old, held);
    }

    /// The first source below whose name the record has fields of its own.
    fn derive_tree(&mut self, derivation: &Derivation, old: Option<usize>, record: &Record) {
        for source in &derivation.sources {
            let fields: Vec<(&str, Value<'_>)> = self
                .fields
                .iter()
                .take(self.own)
                .filter_map(|planned| {
                    let name = tree::inside(name_of(planned, record), source.name)?;
                    Some((name, value_of(planned, record, &self.text)))
                })
                .collect();
            if fields.is_empty() {
                continue;
            }
            self.fresh.clear();
            tree::write(&fields, &mut self.fresh);
            let held = self.keep_fresh(Type::String);
            return self.put(derivation, old, held);
        }
    }

    fn keep_fresh(&mut self, ty: Type) -> Held {
        let start = self.text.len();
        self.text.push_str(&self.fresh);
        Held::Derived { ty, start, end: self.text.len() }
    }

    fn put(&mut self, derivation: &Derivation, old: Option<usize>, held: Held) {
        match old {
            Some(old) => self.fields[old].held = held,
            None => {
                let name = Name::Table(derivation.target.name);
                self.fields.push(Planned { name, held, author: Author::Other });
                self.hashes.push(derivation.target.hash);
            }
        }
    }

    fn own(&self, i: usize) -> Option<usize> {
        matches!(self.fields[i].held, Held::Own(_)).then_some(i)
    }

    /// The fields that the record has itself: index there, and name here.
    pub fn own_fields<'a>(&'a self, record: &'a Record) -> impl Iterator<Item = (usize, &'a str)> {
        self.fields.iter().filter_map(move |planned| match planned.held {
            Held::Own(field) => Some((field, name_of(planned, record))),
            Held::Derived { .. } => None,
        })
    }

    /// Writes all fields.
    pub fn write(&self, record: &Record, out: &mut Record) {
        for planned in &self.fields {
            out.push(name_of(planned, record), value_of(planned, record, &self.text));
        }
    }
}

fn name_of<'a>(planned: &Planned, record: &'a Record) -> &'a str {
    match planned.name {
        Name::Own { field, skip } => &record.field(field).0[skip..],
        Name::Table(name) => name,
    }
}

fn value_of<'a>(planned: &Planned, record: &'a Record, text: &'a str) -> Value<'a> {
    match planned.held {
        Held::Own(field) => record.field(field).1,
        Held::Derived { ty, start, end } => Value { ty, text: &text[start..end] },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `begin` names a record's fields, said the slow way: each look from the start.
    fn slow(record: &Record, shape: &ShapeNames, names: &Names) -> Vec<String> {
        let own = |i: usize| record.field(i).0.to_owned();
        let mut out: Vec<(usize, String)> = Vec::new();
        for i in 0..record.len() {
            let name = match shape.rename(&own(i)) {
                Rename::Keep => own(i),
                Rename::Drop => continue,
                Rename::Cut { skip, .. } => own(i)[skip..].to_owned(),
                Rename::To(target) => {
                    let target = names.target(target).name.to_owned();
                    let old = out.iter_mut().find(|(_, name)| *name == target);
                    match old {
                        Some(_) if own(i) != target => own(i),
                        Some((field, name)) => {
                            *name = own(*field);
                            target
                        }
                        None => target,
                    }
                }
            };
            out.push((i, name));
        }
        out.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn renames_as_if_each_looked_from_the_start() {
        let names = Names::new();
        let shape = names.of("flat").expect("it has names");
        let spellings =
            ["EventID", "event_id", "EventCode", "Channel", "channel", "LogName", "Computer", "x"];
        let known = spellings.iter().filter(|s| shape.rename(s) != Rename::Keep).count();
        assert!(known > 3, "{known}");
        let mut plan = Plan::default();
        let mut seed = 3_u64;
        for _ in 0..2_000 {
            let mut record = Record::default();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
                record.push(spellings[(seed >> 33) as usize % spellings.len()], Value::NULL);
            }
            plan.begin(&record, Some(shape), &names);
            let got: Vec<&str> = plan.fields.iter().map(|p| name_of(p, &record)).collect();
            assert_eq!(got, slow(&record, shape, &names), "{record:?}");
        }
    }

    #[test]
    fn a_name_is_not_looked_for_again_where_it_was_not() {
        let names = Names::new();
        let shape = names.of("flat").expect("it has names");
        let mut record = Record::default();
        (0..1000).for_each(|_| record.push("a", Value::NULL));
        (0..1000).for_each(|_| record.push("event_id", Value::NULL));
        let mut plan = Plan::default();
        plan.begin(&record, Some(shape), &names);
        assert!(plan.from.contains(&1000), "{:?}", plan.from);
        assert_eq!(name_of(&plan.fields[1000], &record), "EventID");
        assert_eq!(name_of(&plan.fields[1001], &record), "event_id");
    }
}
