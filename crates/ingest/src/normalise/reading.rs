//! How records of one layout are read: what [`Normaliser::normalise`] does by names, done once.
//!
//! A layout has a variant for each outcome of the few marks that a value decides (`EventID=#`), a
//! variant a reading for each kind its records turned out to be. A reading knows by index which
//! value is which column, which derivations are left to do, and where the time stands. What cannot
//! be said so (names that stand twice, envelopes, parallel lists) is left to the normaliser: it is the
//! meaning, and this must agree with it.

use std::sync::Arc;

use blanik_model::{Kind, Timestamp, Type, Value};

use super::derive::Derivation;
use super::kinds::{Case, EntryId, Windows};
use super::operation::{Made, Operation};
use super::plan::{Plan, SOURCES_MAX};
use super::shape::Want;
use super::time::Candidate;
use super::{Normaliser, event_id, pairs};
use crate::layout::{LayoutId, Leaves, Unread};
use crate::record::{Hint, Record};
use crate::wanted::Wanted;

/// Layouts kept at a time: more than any log has, and few enough to forget.
const LAYOUTS_MAX: usize = 4096;
/// Names of a layout. Wider records are not read by layout.
const NAMES_MAX: usize = 1024;
/// Outcomes of the marks, and kinds, that one layout may have.
const VARIANTS_MAX: usize = 16;
/// Channels and ids remembered for a variant.
const DECISIONS_MAX: usize = 32;

/// The layouts a thread has met.
#[derive(Debug, Default)]
pub(crate) struct Layouts {
    all: Vec<Layout>,
    epoch: u32,
    scratch: Scratch,
}

#[derive(Debug)]
struct Layout {
    names: Record,
    hint: Origin,
    // Whether each record has a value for each name.
    complete: bool,
    seen: u128,
    // Marks that the value of a leaf decides.
    open: Vec<(usize, Want, u128)>,
    variants: Vec<(u128, Option<Variant>)>,
    // Leaves that any of it asks for, ascending.
    needed: Vec<usize>,
}

/// A [`Hint`] that lasts.
#[derive(Clone, Debug)]
enum Origin {
    Json,
    Windows,
    Zeek(String),
}

/// Where the value of a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    // In the leaves.
    own: Option<usize>,
    // Among the derived; what is derived goes before what is the record's own.
    derived: Option<usize>,
}

#[derive(Debug)]
struct Variant {
    shape: Option<usize>,
    shape_name: &'static str,
    // Of the names as they are now called.
    names: Vec<(String, Slot)>,
    derived: usize,
    early: Vec<Step>,
    how: How,
    decisions: Vec<Decision>,
    choices: Vec<Choice>,
    readings: Vec<(EntryId, Option<Reading>)>,
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
struct Choice {
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
    /// Values that are no columns but wanted: derived ones that do not stand in the record.
    pub rest: Vec<Slot>,
    // The leaves it takes from, ascending.
    leaves: Vec<usize>,
    derived: usize,
    steps: Vec<Step>,
    time: Vec<(Slot, Candidate)>,
    event_id: Option<(Slot, u32)>,
}

/// A derivation by index.
#[derive(Clone, Debug)]
struct Step {
    target: Slot,
    replaces: bool,
    operation: Operation,
    sources: Vec<Option<Slot>>,
    // Which sources are the target itself.
    itself: u8,
}

/// Says what is wanted of the entry's kind.
pub(crate) type WantedOf<'a> = &'a mut dyn FnMut(EntryId, &Arc<Kind>) -> Wanted;

/// Memory, reused from record to record.
#[derive(Debug, Default)]
struct Scratch {
    plan: Plan,
    derived: Vec<Option<Held>>,
    text: String,
    fresh: String,
}

#[derive(Clone, Copy, Debug)]
enum Held {
    Leaf(usize),
    Text { ty: Type, start: usize, end: usize },
}

/// A record read by its layout.
pub(crate) struct Read<'r> {
    /// How.
    pub reading: &'r Reading,
    /// When it happened.
    pub time: Option<Timestamp>,
    scratch: &'r Scratch,
    leaves: Leaves<'r>,
}

impl Read<'_> {
    /// The value in a slot.
    pub fn value(&self, slot: Slot) -> Option<Value<'_>> {
        self.scratch.value(slot, &self.leaves)
    }
}

impl Layouts {
    /// Learns the layout of the record: its names in their order. `complete` if each record of the
    /// layout has them all. `None` if such records are always to be normalised. Past a number of
    /// layouts, all are forgotten.
    pub fn learn(
        &mut self,
        normaliser: &Normaliser,
        record: &Record,
        hint: Hint<'_>,
        complete: bool,
    ) -> Option<LayoutId> {
        if record.len() > NAMES_MAX {
            return None;
        }
        if self.all.len() >= LAYOUTS_MAX {
            self.all.clear();
            self.epoch = self.epoch.wrapping_add(1);
        }
        let mut layout = Layout {
            names: Record::default(),
            hint: Origin::of(hint),
            complete,
            seen: 0,
            open: Vec::new(),
            variants: Vec::new(),
            needed: Vec::new(),
        };
        for (i, (name, _)) in record.iter().enumerate() {
            layout.names.push(name, Value::NULL);
            if hint == Hint::Json {
                let (seen, open) = normaliser.shapes.marks(name);
                layout.seen |= seen;
                layout.open.extend(open.into_iter().map(|(want, bit)| (i, want, bit)));
            }
        }
        let first_marks = layout.marks(|i| Some(record.field(i).1));
        let variant = Variant::new(normaliser, &layout, first_marks, &mut self.scratch.plan);
        if variant.is_none() && layout.open.is_empty() {
            return None;
        }
        layout.variants.push((first_marks, variant));
        layout.ask();
        self.all.push(layout);
        Some(LayoutId { index: self.all.len() as u32 - 1, epoch: self.epoch })
    }

    /// The leaves that reading a record of the layout asks for, ascending. The others may be
    /// [`Leaf::Absent`](crate::Leaf). `None` if the layout is forgotten.
    pub fn needs(&self, id: LayoutId) -> Option<&[usize]> {
        (id.epoch == self.epoch).then(|| &self.all[id.index as usize].needed[..])
    }

    /// Reads a record.
    pub fn read<'r>(
        &'r mut self,
        normaliser: &Normaliser,
        id: LayoutId,
        leaves: Leaves<'r>,
        wanted: WantedOf<'_>,
    ) -> Result<Read<'r>, Unread> {
        if id.epoch != self.epoch {
            return Err(Unread::Forgotten);
        }
        let (layout, scratch) = (&mut self.all[id.index as usize], &mut self.scratch);
        let (variant, reading) = layout.find(normaliser, &leaves, scratch, wanted)?;
        let (_, variant) = &layout.variants[variant];
        let readings = variant.as_ref().map_or(&[][..], |variant| &variant.readings[..]);
        let reading = readings[reading].1.as_ref().ok_or(Unread::ByName)?;
        scratch.derived.resize(reading.derived, None);
        for step in &reading.steps {
            scratch.derive(step, &leaves);
        }
        if let Some((slot, id)) = reading.event_id {
            let said = scratch.value(slot, &leaves).ok_or(Unread::ByName)?;
            if !event_id::is(said.text, id) {
                return Err(Unread::ByName);
            }
        }
        let time = reading
            .time
            .iter()
            .find_map(|(slot, candidate)| candidate.read(scratch.value(*slot, &leaves)?));
        Ok(Read { reading, time, scratch, leaves })
    }
}

impl Origin {
    fn of(hint: Hint<'_>) -> Self {
        match hint {
            Hint::Json => Origin::Json,
            Hint::WindowsXmlShape => Origin::Windows,
            Hint::Zeek { path } => Origin::Zeek(path.to_owned()),
        }
    }
}

impl Layout {
    /// The variant and its reading for a record. What is met for the first time is made, and asks
    /// for leaves that nobody asked for when these were made: that record must be read by name.
    fn find(
        &mut self,
        normaliser: &Normaliser,
        leaves: &Leaves<'_>,
        scratch: &mut Scratch,
        wanted: WantedOf<'_>,
    ) -> Result<(usize, usize), Unread> {
        let marks = self.marks(|i| leaves.get(i));
        let Some(at) = self.variants.iter().position(|(m, _)| *m == marks) else {
            if self.variants.len() < VARIANTS_MAX {
                let variant = Variant::new(normaliser, self, marks, &mut scratch.plan);
                self.variants.push((marks, variant));
                self.ask();
            }
            return Err(Unread::ByName);
        };
        let variant = self.variants[at].1.as_mut().ok_or(Unread::ByName)?;
        scratch.begin(variant.derived);
        for step in &variant.early {
            scratch.derive(step, leaves);
        }
        let choices = variant.choices.len();
        let entry = variant.entry(normaliser, leaves, scratch)?;
        if variant.choices.len() > choices {
            self.ask();
            return Err(Unread::ByName);
        }
        let Some(reading) = variant.readings.iter().position(|(e, _)| *e == entry) else {
            if variant.readings.len() < VARIANTS_MAX {
                let kind = &normaliser.kinds.get(entry).kind;
                let reading = variant.reading(normaliser, entry, &wanted(entry, kind));
                variant.readings.push((entry, reading));
                self.ask();
            }
            return Err(Unread::ByName);
        };
        Ok((at, reading))
    }

    /// Says anew which leaves are asked for.
    fn ask(&mut self) {
        self.needed.clear();
        self.needed.extend(self.open.iter().map(|(leaf, ..)| *leaf));
        for variant in self.variants.iter().filter_map(|(_, variant)| variant.as_ref()) {
            variant.ask(&mut self.needed);
        }
        self.needed.sort_unstable();
        self.needed.dedup();
    }

    fn marks<'v>(&self, value: impl Fn(usize) -> Option<Value<'v>>) -> u128 {
        let mut seen = self.seen;
        for &(i, want, bit) in &self.open {
            if value(i).is_some_and(|value| want.fits(value.text)) {
                seen |= bit;
            }
        }
        seen
    }
}

impl Variant {
    /// `None` if such records must be normalised.
    fn new(
        normaliser: &Normaliser,
        layout: &Layout,
        marks: u128,
        plan: &mut Plan,
    ) -> Option<Variant> {
        let record = &layout.names;
        let shape = match &layout.hint {
            Origin::Json => normaliser.shapes.of_marks(marks),
            Origin::Windows => Some(normaliser.windows_shape),
            Origin::Zeek(_) => Some(normaliser.zeek_shape),
        };
        let may_wrap = shape.is_none_or(|shape| shape == normaliser.evtxecmd_shape);
        let json = matches!(layout.hint, Origin::Json);
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
            names,
            derived: 0,
            early: Vec::new(),
            how: How::Fixed(normaliser.kinds.of_shape(shape)),
            decisions: Vec::new(),
            choices: Vec::new(),
            readings: Vec::new(),
        };
        let product = shape.map_or("", |i| normaliser.shapes.rows()[i].product);
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
                    (Origin::Zeek(path), _) => fixed_zeek(normaliser, path, shape),
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
    fn ask(&self, needed: &mut Vec<usize>) {
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
        if derivation.replaces && derivation.operation == Operation::Copy {
            return None;
        }
        let sources: Vec<Option<Slot>> =
            derivation.sources.iter().map(|source| self.slot(source.name)).collect();
        let mut itself = 0;
        for (i, source) in derivation.sources.iter().enumerate() {
            itself |= u8::from(*source == derivation.target) << i;
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
        Some(Step {
            target,
            replaces: derivation.replaces,
            operation: derivation.operation.clone(),
            sources,
            itself,
        })
    }

    /// True if it never makes anything in a record that has all its names.
    fn is_idle(&self, step: &Step) -> bool {
        let named = step.target.own.is_some() && !step.replaces;
        named || step.sources.iter().all(Option::is_none)
    }

    fn entry(
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
                    scratch.derived.resize(self.derived, None);
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

    fn reading(&self, normaliser: &Normaliser, entry: EntryId, wanted: &Wanted) -> Option<Reading> {
        let known = normaliser.kinds.get(entry);
        // The names that this kind's derivations add are this reading's alone.
        let mut own = Variant { names: self.names.clone(), ..self.without_readings() };
        let mut steps = Vec::new();
        for derivation in &known.derivations {
            steps.push(own.step(derivation)?);
        }
        let mut columns = Vec::new();
        let mut names = Vec::new();
        let mut rest = Vec::new();
        for (name, slot) in &own.names {
            match wanted {
                Wanted::All => {
                    columns.push((*slot, usize::MAX));
                    names.push(name.as_str().into());
                }
                Wanted::Columns(wanted, with_rest) => {
                    match wanted.binary_search_by(|n| (**n).cmp(name)) {
                        Ok(column) => {
                            columns.push((*slot, column));
                            names.push(Arc::clone(&wanted[column]));
                        }
                        // What is the record's own stands in its text.
                        Err(_) if with_rest.is_some() && slot.own.is_none() => rest.push(*slot),
                        Err(_) => {}
                    }
                }
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

impl Scratch {
    fn begin(&mut self, derived: usize) {
        self.text.clear();
        self.derived.clear();
        self.derived.resize(derived, None);
    }

    fn value<'v>(&'v self, slot: Slot, leaves: &Leaves<'v>) -> Option<Value<'v>> {
        value_of(self.held(slot)?, leaves, &self.text)
    }

    fn text<'v>(&'v self, slot: Option<Slot>, leaves: &Leaves<'v>) -> Option<&'v str> {
        Some(self.value(slot?, leaves)?.text)
    }

    fn held(&self, slot: Slot) -> Option<Held> {
        let derived = slot.derived.and_then(|derived| self.derived[derived]);
        derived.or(slot.own.map(Held::Leaf))
    }

    /// What [`Plan::derive`] does.
    fn derive(&mut self, step: &Step, leaves: &Leaves<'_>) {
        let old = self.value(step.target, leaves).is_some();
        if old && !step.replaces {
            return;
        }
        let target = step.target.derived.expect("a step's target is derived");
        let was_derived = self.derived[target].is_some();
        let mut held = [None; SOURCES_MAX];
        let mut values = [None; SOURCES_MAX];
        for (i, &source) in step.sources.iter().enumerate().take(SOURCES_MAX) {
            let itself = step.itself & 1 << i != 0;
            // Replacing twice must not derive from what was derived.
            if old && itself && was_derived {
                continue;
            }
            held[i] = source.and_then(|source| self.held(source));
            values[i] = held[i].and_then(|held| value_of(held, leaves, &self.text));
        }
        self.fresh.clear();
        let made = step.operation.apply(&values[..step.sources.len()], &mut self.fresh);
        self.derived[target] = match made {
            None => return,
            Some(Made::Source(i)) => held[i],
            Some(Made::Text(ty)) => {
                let start = self.text.len();
                self.text.push_str(&self.fresh);
                Some(Held::Text { ty, start, end: self.text.len() })
            }
        };
    }
}

fn value_of<'v>(held: Held, leaves: &Leaves<'v>, text: &'v str) -> Option<Value<'v>> {
    match held {
        Held::Leaf(i) => leaves.get(i),
        Held::Text { ty, start, end } => Some(Value { ty, text: &text[start..end] }),
    }
}
