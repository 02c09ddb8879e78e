//! Records whose signature was met before: their values, by their layout, without rendering them.

use std::ops::Range;

use blanik_model::{Type, Value};
use hashbrown::HashMap;

use super::instance::{Content, Templates};
use super::outline::{Source, outline};
use super::value;
use crate::decode::{Origin, RecordSink};
use crate::layout::{LayoutId, Leaf, Leaves, Unread, Written};
use crate::record::Record;

/// Signatures kept. Past them, all is forgotten.
const SIGNATURES_MAX: usize = 1 << 14;

/// See the module.
#[derive(Default)]
pub(super) struct Known {
    templates: Templates,
    states: HashMap<Box<[u8]>, State>,
    shapes: Vec<Shape>,
    // Of the record read last.
    content: Content,
    is_read: bool,
    leaves: Vec<Leaf<'static>>,
    held: String,
}

/// What is known of a signature.
#[derive(Clone, Copy)]
enum State {
    /// That there was a record of it.
    Once,
    /// How its records are read.
    Shape(usize),
    /// That they are to be rendered.
    Away,
}

struct Shape {
    layout: LayoutId,
    values: Vec<From>,
    /// Texts of what is the same in each record, at the beginning of what is held.
    same: String,
    /// Texts are looked for in its records.
    with_text: bool,
}

#[derive(Clone, Copy)]
enum From {
    Same(Leaf<'static>),
    Slot(u16),
}

impl Known {
    /// Another chunk.
    pub fn begin_chunk(&mut self) {
        self.templates.begin_chunk();
        if self.templates.is_full() || self.states.len() >= SIGNATURES_MAX {
            *self = Known::default();
        }
    }

    /// Hands over the record whose fragment is that span of the chunk. False if it must be rendered.
    pub fn take(
        &mut self,
        chunk: &[u8],
        fragment: Range<usize>,
        sink: &mut impl RecordSink,
        origin: Origin<'_>,
    ) -> bool {
        let Known { templates, content, .. } = self;
        self.is_read = content.read(templates, chunk, fragment.start, fragment.end).is_some();
        if !self.is_read {
            return false;
        }
        let Some(State::Shape(at)) = self.states.get(&content.signature[..]).copied() else {
            return false;
        };
        let taken = match self.hand_over(at, chunk, sink, origin.clone()) {
            Err(Unread::WithoutText) => {
                self.shapes[at].with_text = true;
                self.hand_over(at, chunk, sink, origin)
            }
            taken => taken,
        };
        if taken == Err(Unread::Forgotten) {
            self.states.insert(self.content.signature[..].into(), State::Once);
        }
        taken.is_ok()
    }

    /// Hands over the record that was read, by its shape.
    fn hand_over(
        &mut self,
        shape: usize,
        chunk: &[u8],
        sink: &mut impl RecordSink,
        origin: Origin<'_>,
    ) -> Result<(), Unread> {
        let shape = &self.shapes[shape];
        let needed = if shape.with_text { None } else { sink.needs(shape.layout) };
        let (leaves, held) = (&mut self.leaves, &mut self.held);
        shape.fill(&self.content, chunk, needed, leaves, held).ok_or(Unread::ByName)?;
        let written = if shape.with_text { Written::Plain(held) } else { Written::Absent };
        sink.row(shape.layout, Leaves { leaves, held, written }, origin)
    }

    /// True if the record that was not taken is one to learn from.
    pub fn is_to_learn(&mut self) -> bool {
        if !self.is_read {
            return false;
        }
        match self.states.get(&self.content.signature[..]) {
            Some(State::Once) => true,
            Some(_) => false,
            None => {
                self.states.insert(self.content.signature[..].into(), State::Once);
                false
            }
        }
    }

    /// Learns from that record, as it was rendered; `layout` says what records with its names are.
    pub fn learn(
        &mut self,
        chunk: &[u8],
        record: &Record,
        layout: impl FnOnce() -> Option<LayoutId>,
    ) {
        let shape = self.shape(chunk, record).and_then(|mut shape| {
            shape.layout = layout()?;
            Some(shape)
        });
        let state = match shape {
            Some(shape) => {
                self.shapes.push(shape);
                State::Shape(self.shapes.len() - 1)
            }
            None => State::Away,
        };
        self.states.insert(self.content.signature[..].into(), state);
    }

    /// How records of the signature are read, if the rendering says what the templates say.
    fn shape(&self, chunk: &[u8], record: &Record) -> Option<Shape> {
        let outline = outline(&self.templates, &self.content)?;
        if outline.len() != record.len() {
            return None;
        }
        let layout = LayoutId { index: 0, epoch: 0 };
        let mut shape = Shape { layout, values: Vec::new(), same: String::new(), with_text: false };
        let mut text = Vec::new();
        for (i, (name, source)) in outline.iter().enumerate() {
            let (said, value) = record.field(i);
            if said != name || outline[..i].iter().any(|(other, _)| other == name) {
                return None;
            }
            let from = match source {
                Source::Signature => From::Same(shape.hold(value)?),
                Source::Slot(at) => {
                    let slot = self.content.slots[usize::from(*at)];
                    text.clear();
                    let ty = value::write(slot.ty, slot.bytes(chunk), &mut text)?;
                    let text = std::str::from_utf8(&text).ok()?;
                    if (Value { ty, text }) != value {
                        return None;
                    }
                    From::Slot(*at)
                }
            };
            shape.values.push(from);
        }
        Some(shape)
    }
}

impl Shape {
    fn hold(&mut self, value: Value<'_>) -> Option<Leaf<'static>> {
        if value.ty == Type::List {
            return None;
        }
        let leaf = crate::layout::hold(&mut self.same, value);
        self.same.push('\n');
        Some(leaf)
    }

    /// The record's leaves: those needed, or all. Each text ends with a line feed, lest two make a
    /// third.
    fn fill(
        &self,
        content: &Content,
        chunk: &[u8],
        needed: Option<&[usize]>,
        leaves: &mut Vec<Leaf<'static>>,
        held: &mut String,
    ) -> Option<()> {
        leaves.clear();
        leaves.resize(self.values.len(), Leaf::Absent);
        held.clear();
        held.push_str(&self.same);
        let mut text = std::mem::take(held).into_bytes();
        let mut fill = |i: usize| {
            leaves[i] = match self.values[i] {
                From::Same(leaf) => leaf,
                From::Slot(slot) => {
                    let slot = content.slots[usize::from(slot)];
                    let start = text.len() as u32;
                    let ty = value::write(slot.ty, slot.bytes(chunk), &mut text)?;
                    let end = text.len() as u32;
                    text.push(b'\n');
                    Leaf::Held { ty, start, end }
                }
            };
            Some(())
        };
        match needed {
            Some(needed) => needed.iter().try_for_each(|&i| fill(i))?,
            None => (0..self.values.len()).try_for_each(&mut fill)?,
        }
        *held = String::from_utf8(text).expect("values are written as UTF-8");
        Some(())
    }
}
