//! One decoded record → what it is (a [`Kind`] of Sigma's taxonomy), when it happened, and its
//! fields under Sigma's names.
//!
//! What is called how stands in the tables of `mapping/`, not here. The code knows three steps:
//! which shape wrote the record (`shape`); under which names its fields go on (`names`); which
//! kind it is (`kinds`) and what is derived for that kind (`derive`). A record is never refused:
//! what no table knows has the generic kind and keeps its fields as they are.

mod derive;
mod event_id;
mod kinds;
mod lookup;
mod marks;
mod names;
pub(crate) mod operation;
mod pairs;
mod plan;
pub(crate) mod reading;
mod shape;
pub(crate) mod table;
mod time;
mod tree;
mod unwrap;

use std::sync::Arc;

use blanik_model::{Kind, Timestamp};

use crate::mapping::Mapping;
use crate::record::{Hint, Record};
use derive::{Derivation, Derivations};
use kinds::{EntryId, Kinds, Windows};
use lookup::Key;
pub(crate) use lookup::forever;
use names::Names;
use plan::Plan;
use shape::{Shape, Shapes};
use time::Times;
use unwrap::{Unwrapped, Wrappers};

/// The tables, read: immutable and shared by threads.
#[derive(Debug)]
pub struct Normaliser {
    shapes: Shapes,
    wrappers: Wrappers,
    names: Names,
    kinds: Kinds,
    times: Times,
    windows: Vec<Derivation>,
    windows_shape: usize,
    zeek_shape: usize,
    evtxecmd_shape: usize,
    event_id: Key,
    channel: Key,
    provider: Key,
}

/// What a record was normalised to, and the memory for doing so; reused from record to record.
#[derive(Debug, Default)]
pub struct Normalised {
    /// What the record is.
    pub kind: Arc<Kind>,
    /// When it happened, by its own word.
    pub time: Option<Timestamp>,
    /// Its fields: the log's own, renamed to Sigma's where they are the same thing, then the derived.
    pub fields: Record,
    pub(crate) entry: EntryId,
    plan: Plan,
    unwrapped: Unwrapped,
    zipped: Record,
    settled: Record,
    lower: String,
}

impl Default for Normaliser {
    fn default() -> Self {
        Self::new()
    }
}

impl Normaliser {
    /// Reads the tables.
    pub fn new() -> Self {
        Self::with(&Mapping::default())
    }

    /// Reads the tables; the user's formats go before them.
    pub fn with(mapping: &Mapping) -> Self {
        let shapes = Shapes::new(mapping);
        let shape = |name| shapes.named(name).expect("the shape stands in the table");
        Normaliser {
            windows_shape: shape("event"),
            zeek_shape: shape("zeek"),
            evtxecmd_shape: shape("evtxecmd"),
            wrappers: Wrappers::new(),
            names: Names::new(),
            kinds: Kinds::new(&shapes),
            times: Times::new(mapping),
            windows: Derivations::new().early("windows"),
            event_id: "EventID".into(),
            channel: "Channel".into(),
            provider: "Provider_Name".into(),
            shapes,
        }
    }

    /// The kinds that the tables name, each once, in order.
    pub fn known_kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = self.kinds.all().cloned().collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }

    /// Number of entries that a record may have.
    pub(crate) fn entries(&self) -> usize {
        self.kinds.len()
    }

    /// Says what the record is, in `out`.
    pub fn normalise(&self, record: &Record, hint: Hint<'_>, out: &mut Normalised) {
        let shape = match hint {
            Hint::WindowsXmlShape => Some(self.windows_shape),
            Hint::Zeek { .. } => Some(self.zeek_shape),
            Hint::Json => self.shapes.of(record),
            Hint::Text { .. } => None,
        };
        // What has a shape is no envelope, but for the one that says what it holds.
        let may_wrap = shape.is_none_or(|shape| shape == self.evtxecmd_shape);
        if hint != Hint::Json || !may_wrap {
            return self.normalise_whole(record, hint, shape, out);
        }
        let mut unwrapped = std::mem::take(&mut out.unwrapped);
        match self.wrappers.open(record, &mut unwrapped) {
            Some(event) => self.normalise_whole(event, hint, self.shapes.of(event), out),
            None => self.normalise_whole(record, hint, shape, out),
        }
        out.unwrapped = unwrapped;
    }

    fn normalise_whole(
        &self,
        record: &Record,
        hint: Hint<'_>,
        shape: Option<usize>,
        out: &mut Normalised,
    ) {
        let name = shape.map_or("other", |i| self.shapes.rows()[i].name);
        let torn = matches!(name, "event" | "evtxecmd");
        let mut zipped = std::mem::take(&mut out.zipped);
        let record = if torn && pairs::unzip(record, &mut zipped) { &zipped } else { record };
        self.normalise_as(record, hint, shape, name, out);
        out.zipped = zipped;
        if let Some(id) = out.kind.event_id {
            event_id::settle(id, self.event_id.name, &mut out.fields, &mut out.settled);
        }
    }

    fn normalise_as(
        &self,
        record: &Record,
        hint: Hint<'_>,
        shape: Option<usize>,
        name: &str,
        out: &mut Normalised,
    ) {
        out.plan.begin(record, self.names.of(name), &self.names);
        if let Hint::Text { log, time } = hint {
            out.time = time;
            return self.finish(record, None, self.kinds.of_text(log), out);
        }
        let shape_row = shape.map(|i| &self.shapes.rows()[i]);
        let entry = match shape_row.map_or("", Shape::product_of_tables) {
            "windows" => self.windows(record, shape, out),
            "zeek" => self.zeek(record, hint, shape),
            "suricata" => text(record, "event_type").and_then(|t| self.kinds.of_suricata(t)),
            _ => None,
        };
        let entry = entry.unwrap_or_else(|| self.kinds.of_shape(shape));
        self.finish(record, shape_row, entry, out);
        out.time = self
            .times
            .of(name)
            .iter()
            .find_map(|candidate| candidate.read(out.plan.get(candidate.field, record)?));
    }

    /// Derives the fields of the shape and of the kind, and writes them all.
    fn finish(&self, record: &Record, shape: Option<&Shape>, entry: EntryId, out: &mut Normalised) {
        out.entry = entry;
        let entry = self.kinds.get(out.entry);
        let of_shape = shape.map_or(&[][..], |row| &row.derivations);
        for derivation in of_shape.iter().chain(&entry.derivations) {
            out.plan.derive(derivation, record);
        }
        if !Arc::ptr_eq(&out.kind, &entry.kind) {
            out.kind = Arc::clone(&entry.kind);
        }
        out.fields.clear();
        out.plan.write(record, &mut out.fields);
    }

    fn windows(
        &self,
        record: &Record,
        shape: Option<usize>,
        out: &mut Normalised,
    ) -> Option<EntryId> {
        for derivation in &self.windows {
            out.plan.derive(derivation, record);
        }
        let id = out.plan.get(self.event_id, record).and_then(|v| event_id::number(v.text));
        out.lower.clear();
        let channel = out.plan.get(self.channel, record).filter(|v| !v.text.is_empty());
        if let Some(name) = channel.or_else(|| out.plan.get(self.provider, record)) {
            out.lower.push_str(name.text);
            out.lower.make_ascii_lowercase();
        }
        let known = match channel {
            Some(_) => self.kinds.of_windows(Some(&out.lower), None, id),
            None => self.kinds.of_windows(None, Some(&out.lower), id),
        };
        match known {
            Windows::Unknown => Some(self.kinds.of_shape(shape)),
            Windows::Entry(entry) => Some(entry),
            Windows::Cases([case], _) if case.when.is_none() => Some(case.entry),
            Windows::Cases(cases, other) => {
                // The cases may ask for a field that is derived for all of them alike.
                let first = &self.kinds.get(cases[0].entry).derivations;
                for derivation in first.iter().filter(|d| d.replaces) {
                    out.plan.derive(derivation, record);
                }
                let holds = |(field, want): (Key, &str)| {
                    out.plan.get(field, record).is_some_and(|v| v.text.eq_ignore_ascii_case(want))
                };
                let case = cases.iter().find(|case| case.when.is_none_or(holds));
                Some(case.map_or(other, |case| case.entry))
            }
        }
    }

    fn zeek(&self, record: &Record, hint: Hint<'_>, shape: Option<usize>) -> Option<EntryId> {
        if let Hint::Zeek { path } = hint {
            return self.kinds.of_zeek(path);
        }
        let told = shape.and_then(|i| self.shapes.rows()[i].services.first().copied());
        let path = told.or_else(|| text(record, "_path")).or_else(|| text(record, "@stream"))?;
        self.kinds.of_zeek(path)
    }
}

fn text<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
    record.get(name).map(|v| v.text)
}

#[cfg(test)]
mod tests;
