//! How records of one layout are read: what [`Normaliser::normalise`] does by names, done once.
//!
//! A layout has a variant for each outcome of the few marks that a value decides (`EventID=#`), a
//! variant a reading for each kind its records turned out to be. A reading knows by index which
//! value is which column, which derivations are left to do, and where the time stands. What cannot
//! be said so (names that stand twice, envelopes, parallel lists) is left to the normaliser: it is the
//! meaning, and this must agree with it.

mod step;
mod variant;

use std::sync::Arc;

use blanik_model::{Kind, Timestamp, Value};

use self::step::{Scratch, Slot};
use self::variant::{Reading, Variant};
use super::kinds::EntryId;
use super::marks::{Mark, Marks};
use super::plan::Plan;
use super::shape::Want;
use super::{Normaliser, event_id};
use crate::layout::{LayoutId, Leaves, Unread};
use crate::record::{Hint, Record};
use crate::wanted::Wanted;

/// Layouts kept at a time: more than any log has, and few enough to forget.
const LAYOUTS_MAX: usize = 4096;
/// Names of a layout. Wider records are not read by layout.
const NAMES_MAX: usize = 1024;
/// Outcomes of the marks, and kinds, that one layout may have.
const VARIANTS_MAX: usize = 16;

/// The layouts a thread has met.
#[derive(Debug, Default)]
pub(crate) struct Layouts {
    all: Vec<Layout>,
    epoch: u32,
    plan: Plan,
    scratch: Scratch,
}

#[derive(Debug)]
struct Layout {
    names: Record,
    hint: Writer,
    // Whether each record has a value for each name.
    complete: bool,
    seen: Marks,
    // Marks that the value of a leaf decides.
    open: Vec<(usize, Want, Mark)>,
    variants: Vec<(Marks, Option<Variant>)>,
    // Leaves that any of it asks for, ascending.
    needed: Vec<usize>,
}

/// What wrote the records, as far as the reader knew: a [`Hint`] that lasts.
#[derive(Clone, Debug)]
enum Writer {
    Json,
    Windows,
    Zeek(String),
}

/// Says what is wanted of the entry's kind.
pub(crate) type WantedOf<'a> = &'a mut dyn FnMut(EntryId, &Arc<Kind>) -> Wanted;

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
        if record.len() > NAMES_MAX || matches!(hint, Hint::Text { .. }) {
            return None;
        }
        if self.all.len() >= LAYOUTS_MAX {
            self.all.clear();
            self.epoch = self.epoch.wrapping_add(1);
        }
        let mut layout = Layout {
            names: Record::default(),
            hint: Writer::of(hint),
            complete,
            seen: Marks::default(),
            open: Vec::new(),
            variants: Vec::new(),
            needed: Vec::new(),
        };
        for (i, (name, _)) in record.iter().enumerate() {
            layout.names.push(name, Value::NULL);
            if hint == Hint::Json {
                let open = normaliser.shapes.marks(name, &mut layout.seen);
                layout.open.extend(open.into_iter().map(|(want, mark)| (i, want, mark)));
            }
        }
        let first_marks = layout.marks(|i| Some(record.field(i).1));
        let variant = Variant::new(normaliser, &layout, first_marks, &mut self.plan);
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
        let Layouts { all, plan, scratch, .. } = self;
        let layout = &mut all[id.index as usize];
        let (variant, reading) = layout.find(normaliser, &leaves, (plan, scratch), wanted)?;
        let (_, variant) = &layout.variants[variant];
        let readings = variant.as_ref().map_or(&[][..], |variant| &variant.readings[..]);
        let reading = readings[reading].1.as_ref().ok_or(Unread::ByName)?;
        scratch.make_room(reading.derived);
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

impl Writer {
    fn of(hint: Hint<'_>) -> Self {
        match hint {
            // Of text, no layout is learnt.
            Hint::Json | Hint::Text { .. } => Writer::Json,
            Hint::WindowsXmlShape => Writer::Windows,
            Hint::Zeek { path } => Writer::Zeek(path.to_owned()),
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
        (plan, scratch): (&mut Plan, &mut Scratch),
        wanted: WantedOf<'_>,
    ) -> Result<(usize, usize), Unread> {
        let marks = self.marks(|i| leaves.get(i));
        let Some(at) = self.variants.iter().position(|(m, _)| *m == marks) else {
            if self.variants.len() < VARIANTS_MAX {
                let variant = Variant::new(normaliser, self, marks, plan);
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
            // What it derives has places that readings made before gave to their own.
            variant.readings.clear();
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

    fn marks<'v>(&self, value: impl Fn(usize) -> Option<Value<'v>>) -> Marks {
        let mut seen = self.seen;
        for &(i, want, mark) in &self.open {
            if value(i).is_some_and(|value| want.fits(value)) {
                seen.add(mark);
            }
        }
        seen
    }
}
