//! A layout's variant: the records of a layout that fit one shape. It says what their kind depends on,
//! and has a [`Reading`] for each kind that they turned out to be.

use std::cell::Cell;
use std::sync::Arc;

use blanik_model::Kind;

use super::step::{Scratch, Slot, Step};
use super::{Layout, Writer};
use crate::layout::{Leaves, Unread};
use crate::normalise::derive::Derivation;
use crate::normalise::kinds::{Case, EntryId, Windows};
use crate::normalise::lookup::Key;
use crate::normalise::marks::Marks;
use crate::normalise::operation::Operation;
use crate::normalise::plan::Plan;
use crate::normalise::time::Candidate;
use crate::normalise::{Normaliser, event_id, pairs, tree};
use crate::wanted::{AsColumn, Wanted};

/// Channels and ids remembered for a variant.
const DECISIONS_MAX: usize = 32;

/// See the module.
#[derive(Debug)]
pub(super) struct Variant {
    shape: Option<usize>,
    shape_name: &'static str,
    // Whether each record has a value for each name.
    complete: bool,
    // Of the names as they are now called.
    names: Vec<(String, Slot)>,
    /// How many values may be derived before the kind is known.
    pub derived: usize,
    /// What is derived before the kind is known.
    pub early: Vec<Step>,
    how: How,
    decisions: Vec<Decision>,
    pub choices: Vec<Choice>,
    /// By kind. `None` if such records must be normalised.
    pub readings: Vec<(EntryId, Option<Reading>)>,
}

/// What the kind depends on.
#[derive(Clone, Copy, Debug)]
enum How {
    Fixed(EntryId),
    /// By these: its id, its channel, its provider.
    Windows([Option<Slot>; 3]),
    /// By the value of that name: Zeek's path, Suricata's type.
    Zeek(Option<Slot>),
    Suricata(Option<Slot>),
}

/// What a channel (or provider) and an id were found to mean.
#[derive(Debug)]
struct Decision {
    id: Box<str>,
    channel: Box<str>,
    provider: Box<str>,
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug)]
enum Outcome {
    Entry(EntryId),
    /// That one of the variant's choices.
    Choice(usize),
}

/// Kinds that one channel and id can have, by the value of a field.
#[derive(Debug)]
pub(super) struct Choice {
    // What makes the fields that the cases ask for.
    steps: Vec<Step>,
    cases: Vec<(Option<When>, EntryId)>,
    other: EntryId,
}

/// A field's value that a case asks for.
type When = (Option<Slot>, &'static str);

/// How records of one layout and kind are read.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The kind.
    pub kind: Arc<Kind>,
    /// Its entry.
    pub entry: EntryId,
    /// The columns: each name's value, in the order in which the record has them, then the derived.
    pub columns: Vec<(Slot, usize)>,
    /// The columns' names.
    pub names: Vec<Arc<str>>,
    /// Of columns that are known by name alone: the index each had in the last batch.
    pub near: Vec<Cell<usize>>,
    /// Values that are no columns but wanted: derived ones that do not stand in the record.
    pub rest: Vec<Slot>,
    // The leaves it takes from, ascending.
    leaves: Vec<usize>,
    pub(super) derived: usize,
    pub(super) steps: Vec<Step>,
    pub(super) time: Vec<(Slot, Candidate)>,
    pub(super) event_id: Option<(Slot, u32)>,
}

impl Variant {
    /// `None` if such records must be normalised.
    pub fn new(
        normaliser: &Normaliser,
        layout: &Layout,
        marks: Marks,
        plan: &mut Plan,
    ) -> Option<Variant> {
        let record = &layout.names;
        let shape = match &layout.hint {
            Writer::Json => normaliser.shapes.of_marks(&marks),
            Writer::Windows => Some(normaliser.windows_shape),
            Writer::Zeek(_) => Some(normaliser.zeek_shape),
        };
        let may_wrap = shape.is_none_or(|shape| shape == normaliser.evtxecmd_shape);
        let json = matches!(layout.hint, Writer::Json);
        if json && may_wrap && normaliser.wrappers.may_open(record) {
            return None;
        }
        let shape_name = shape.map_or("other", |i| normaliser.shapes.rows()[i].name);
        if matches!(shape_name, "event" | "evtxecmd") && pairs::may_unzip(record) {
            return None;
        }
        let renames = normaliser.names.of(shape_name);
        if renames.is_some() && !layout.complete {
            // Which of two names gives way depends on whether both are there.
            return None;
        }
        plan.begin(record, renames, &normaliser.names);
        let mut names: Vec<(String, Slot)> = Vec::new();
        for (field, name) in plan.own_fields(record) {
            if names.iter().any(|(n, _)| n == name) {
                return None;
            }
            names.push((name.to_owned(), Slot { own: Some(field), derived: None }));
        }
        let mut variant = Variant {
            shape,
            shape_name,
            complete: layout.complete,
            names,
            derived: 0,
            early: Vec::new(),
            how: How::Fixed(normaliser.kinds.of_shape(shape)),
            decisions: Vec::new(),
            choices: Vec::new(),
            readings: Vec::new(),
        };
        let product = shape.map_or("", |i| normaliser.shapes.rows()[i].product_of_tables());
        match product {
            "windows" => {
                for derivation in &normaliser.windows {
                    let step = variant.step(derivation)?;
                    if !(layout.complete && variant.is_idle(&step)) {
                        variant.early.push(step);
                    }
                }
                let by = [normaliser.event_id, normaliser.channel, normaliser.provider];
                variant.how = How::Windows(by.map(|key| variant.slot(key.name)));
            }
            "zeek" => {
                let told =
                    shape.and_then(|i| normaliser.shapes.rows()[i].services.first().copied());
                variant.how = match (&layout.hint, told) {
                    (Writer::Zeek(path), _) => fixed_zeek(normaliser, path, shape),
                    (_, Some(path)) => fixed_zeek(normaliser, path, shape),
                    // By the record's own names, before anything is renamed; nothing is for Zeek.
                    _ => How::Zeek(variant.slot("_path").or_else(|| variant.slot("@stream"))),
                };
            }
            "suricata" => variant.how = How::Suricata(variant.slot("event_type")),
            _ => {}
        }
        Some(variant)
    }

    /// Adds the leaves that are asked for.
    pub fn ask(&self, needed: &mut Vec<usize>) {
        let decided_by: &[Option<Slot>] = match &self.how {
            How::Fixed(_) => &[],
            How::Windows(slots) => slots,
            How::Zeek(slot) | How::Suricata(slot) => std::slice::from_ref(slot),
        };
        let choices = self.choices.iter();
        let steps = self.early.iter().chain(choices.clone().flat_map(|choice| &choice.steps));
        let of_steps = steps.flat_map(|step| step.sources.iter().flatten().chain([&step.target]));
        let of_cases = choices
            .flat_map(|choice| &choice.cases)
            .filter_map(|(when, _)| when.as_ref()?.0.as_ref());
        let slots = decided_by.iter().flatten().chain(of_steps).chain(of_cases);
        needed.extend(slots.filter_map(|slot| slot.own));
        for reading in self.readings.iter().filter_map(|(_, reading)| reading.as_ref()) {
            needed.extend(&reading.leaves);
        }
    }

    fn slot(&self, name: &str) -> Option<Slot> {
        self.names.iter().find(|(n, _)| n == name).map(|(_, slot)| *slot)
    }

    /// The derivation by index, its target entered among the names. `None` where the order of doing
    /// things twice would matter.
    fn step(&mut self, derivation: &Derivation) -> Option<Step> {
        let replaces_one = derivation.replaces && self.slot(derivation.target.name).is_some();
        if replaces_one && derivation.operation == Operation::Copy {
            return None;
        }
        if derivation.operation == Operation::Tree && !self.complete {
            return None;
        }
        let (operation, sources) = self.sources(derivation);
        let mut itself = 0;
        if operation == derivation.operation {
            for (i, source) in derivation.sources.iter().enumerate() {
                itself |= u8::from(*source == derivation.target) << i;
            }
        }
        let name = derivation.target.name;
        let at = match self.names.iter().position(|(n, _)| n == name) {
            Some(at) => at,
            None => {
                self.names.push((name.to_owned(), Slot { own: None, derived: None }));
                self.names.len() - 1
            }
        };
        if self.names[at].1.derived.is_none() {
            self.names[at].1.derived = Some(self.derived);
            self.derived += 1;
        }
        let target = self.names[at].1;
        Some(Step { target, replaces: derivation.replaces, operation, sources, itself })
    }

    /// What a derivation does, and where its sources are. Of a tree these are all of the record's own
    /// fields below its name; its records have them all, or they are read by name.
    fn sources(&self, derivation: &Derivation) -> (Operation, Vec<Option<Slot>>) {
        if derivation.operation != Operation::Tree {
            let slot = |source: &Key| self.slot(source.name);
            return (derivation.operation.clone(), derivation.sources.iter().map(slot).collect());
        }
        let below = |prefix: &Key| {
            let own = self.names.iter().filter(|(_, slot)| slot.own.is_some());
            let inside = |(name, slot): &(String, Slot)| {
                Some((tree::inside(name, prefix.name)?.into(), Some(*slot)))
            };
            let (names, slots): (Vec<Box<str>>, Vec<_>) = own.filter_map(inside).unzip();
            (!names.is_empty()).then_some((Operation::TreeOf(names), slots))
        };
        let found = derivation.sources.iter().find_map(below);
        found.unwrap_or_else(|| (Operation::TreeOf(Vec::new()), Vec::new()))
    }

    /// True if it never makes anything in a record that has all its names.
    fn is_idle(&self, step: &Step) -> bool {
        let named = step.target.own.is_some() && !step.replaces;
        named || step.sources.iter().all(Option::is_none)
    }

    /// The kind of a record.
    pub fn entry(
        &mut self,
        normaliser: &Normaliser,
        leaves: &Leaves<'_>,
        scratch: &mut Scratch,
    ) -> Result<EntryId, Unread> {
        let known = match self.how {
            How::Fixed(entry) => Some(entry),
            How::Zeek(path) => {
                scratch.text(path, leaves).and_then(|path| normaliser.kinds.of_zeek(path))
            }
            How::Suricata(ty) => {
                scratch.text(ty, leaves).and_then(|ty| normaliser.kinds.of_suricata(ty))
            }
            How::Windows(by) => match self.outcome(normaliser, by, leaves, scratch)? {
                Outcome::Entry(entry) => Some(entry),
                Outcome::Choice(choice) => {
                    scratch.make_room(self.derived);
                    Some(self.choices[choice].of(leaves, scratch))
                }
            },
        };
        Ok(known.unwrap_or_else(|| normaliser.kinds.of_shape(self.shape)))
    }

    fn outcome(
        &mut self,
        normaliser: &Normaliser,
        [id, channel, provider]: [Option<Slot>; 3],
        leaves: &Leaves<'_>,
        scratch: &Scratch,
    ) -> Result<Outcome, Unread> {
        let text = |slot| scratch.text(slot, leaves).unwrap_or("");
        let (id, channel) = (text(id), text(channel));
        let provider = if channel.is_empty() { text(provider) } else { "" };
        let same =
            |d: &&Decision| *d.id == *id && *d.channel == *channel && *d.provider == *provider;
        if let Some(known) = self.decisions.iter().find(same) {
            return Ok(known.outcome);
        }
        if self.decisions.len() >= DECISIONS_MAX {
            return Err(Unread::ByName);
        }
        let outcome = self.decide(normaliser, (id, channel, provider)).ok_or(Unread::ByName)?;
        let (id, channel, provider) = (id.into(), channel.into(), provider.into());
        self.decisions.push(Decision { id, channel, provider, outcome });
        Ok(outcome)
    }

    /// What [`Normaliser::windows`] decides by these texts.
    fn decide(
        &mut self,
        normaliser: &Normaliser,
        (id, channel, provider): (&str, &str, &str),
    ) -> Option<Outcome> {
        let id = event_id::number(id);
        let lower = |name: &str| name.to_ascii_lowercase();
        let known = match channel {
            "" => normaliser.kinds.of_windows(None, Some(&lower(provider)), id),
            _ => normaliser.kinds.of_windows(Some(&lower(channel)), None, id),
        };
        let (cases, other) = match known {
            Windows::Unknown => return Some(Outcome::Entry(normaliser.kinds.of_shape(self.shape))),
            Windows::Entry(entry) => return Some(Outcome::Entry(entry)),
            Windows::Cases([case], _) if case.when.is_none() => {
                return Some(Outcome::Entry(case.entry));
            }
            Windows::Cases(cases, other) => (cases, other),
        };
        let first = &normaliser.kinds.get(cases[0].entry).derivations;
        let mut steps = Vec::new();
        for derivation in first.iter().filter(|d| d.replaces) {
            steps.push(self.step(derivation)?);
        }
        let case = |case: &Case| {
            let when = case.when.map(|(field, want)| (self.slot(field.name), want));
            (when, case.entry)
        };
        let cases = cases.iter().map(case).collect();
        self.choices.push(Choice { steps, cases, other });
        Some(Outcome::Choice(self.choices.len() - 1))
    }

    /// How records of a kind are read. `None` if they must be normalised.
    pub fn reading(
        &self,
        normaliser: &Normaliser,
        entry: EntryId,
        wanted: &Wanted,
    ) -> Option<Reading> {
        let known = normaliser.kinds.get(entry);
        // The names that this kind's derivations add are this reading's alone.
        let mut own = Variant { names: self.names.clone(), ..self.without_readings() };
        let mut steps = Vec::new();
        let of_shape = self.shape.map_or(&[][..], |i| &normaliser.shapes.rows()[i].derivations);
        for derivation in of_shape.iter().chain(&known.derivations) {
            steps.push(own.step(derivation)?);
        }
        let mut columns = Vec::new();
        let mut names = Vec::new();
        let mut rest = Vec::new();
        for (name, slot) in &own.names {
            match wanted.column(name) {
                AsColumn::Named => {
                    columns.push((*slot, usize::MAX));
                    names.push(name.as_str().into());
                }
                AsColumn::Number(column) => {
                    columns.push((*slot, column));
                    names.push(name.as_str().into());
                }
                // What is the record's own stands in its text, unless it was replaced.
                AsColumn::No if wanted.has_rest() && slot.derived.is_some() => rest.push(*slot),
                AsColumn::No => {}
            }
        }
        let time: Vec<(Slot, Candidate)> = normaliser
            .times
            .of(self.shape_name)
            .iter()
            .filter_map(|candidate| Some((own.slot(candidate.field.name)?, candidate.clone())))
            .collect();
        let event_id = match known.kind.event_id {
            Some(id) => Some((own.slot(normaliser.event_id.name)?, id)),
            None => None,
        };
        let steps_and_early = || self.early.iter().chain(&steps);
        rest.retain(|slot| {
            let mut makers = steps_and_early().filter(|step| step.target.derived == slot.derived);
            makers.any(|step| !step.operation.takes_a_part())
        });
        let asked: Vec<Slot> = columns
            .iter()
            .map(|(slot, _)| *slot)
            .chain(rest.iter().copied())
            .chain(time.iter().map(|(slot, _)| *slot))
            .chain(event_id.iter().map(|(slot, _)| *slot))
            .collect();
        let (steps, asked) = needed(steps, asked);
        let mut leaves: Vec<usize> = asked.iter().filter_map(|slot| slot.own).collect();
        leaves.sort_unstable();
        leaves.dedup();
        Some(Reading {
            kind: Arc::clone(&known.kind),
            entry,
            leaves,
            columns,
            near: vec![Cell::new(usize::MAX); names.len()],
            names,
            rest,
            derived: own.derived,
            steps,
            time,
            event_id,
        })
    }

    fn without_readings(&self) -> Variant {
        Variant {
            shape: self.shape,
            shape_name: self.shape_name,
            complete: self.complete,
            names: Vec::new(),
            derived: self.derived,
            early: Vec::new(),
            how: self.how,
            decisions: Vec::new(),
            choices: Vec::new(),
            readings: Vec::new(),
        }
    }
}

/// Without the steps whose outcome nobody asks for; and all that is asked for then.
fn needed(steps: Vec<Step>, mut asked: Vec<Slot>) -> (Vec<Step>, Vec<Slot>) {
    let mut kept = Vec::new();
    for step in steps.into_iter().rev() {
        let is_target = |slot: &Slot| slot.derived.is_some() && slot.derived == step.target.derived;
        if asked.iter().any(is_target) {
            asked.extend(step.sources.iter().flatten());
            asked.push(step.target);
            kept.push(step);
        }
    }
    kept.reverse();
    (kept, asked)
}

fn fixed_zeek(normaliser: &Normaliser, path: &str, shape: Option<usize>) -> How {
    let known = normaliser.kinds.of_zeek(path);
    How::Fixed(known.unwrap_or_else(|| normaliser.kinds.of_shape(shape)))
}

impl Choice {
    fn of(&self, leaves: &Leaves<'_>, scratch: &mut Scratch) -> EntryId {
        for step in &self.steps {
            scratch.derive(step, leaves);
        }
        let holds = |when: &Option<When>| match when {
            None => true,
            Some((slot, want)) => {
                scratch.text(*slot, leaves).is_some_and(|text| text.eq_ignore_ascii_case(want))
            }
        };
        self.cases.iter().find(|(when, _)| holds(when)).map_or(self.other, |(_, entry)| *entry)
    }
}
