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
    names: Vec<String>,
    values: Vec<From>,
    /// Texts of what is the same in each record, at the beginning of what is held.
    same: String,
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
        let Some(shape) = self.read(chunk, fragment) else { return false };
        let leaves =
            Leaves { leaves: &self.leaves, held: &self.held, written: Written::Plain(&self.held) };
        match sink.row(self.shapes[shape].layout, leaves, origin) {
            Ok(()) => true,
            Err(Unread::ByName) => false,
            Err(Unread::Forgotten) => {
                self.states.insert(self.content.signature[..].into(), State::Once);
                false
            }
        }
    }

    /// Makes the record whose fragment is that span of the chunk. False if it must be rendered.
    pub fn again(&mut self, chunk: &[u8], fragment: Range<usize>, record: &mut Record) -> bool {
        let Some(shape) = self.read(chunk, fragment) else { return false };
        let leaves =
            Leaves { leaves: &self.leaves, held: &self.held, written: Written::Otherwise };
        record.clear();
        for (i, name) in self.shapes[shape].names.iter().enumerate() {
            if let Some(value) = leaves.get(i) {
                record.push(name, value);
            }
        }
        record.whole().is_ok()
    }

    /// Reads a record's values, if it is known what they are.
    fn read(&mut self, chunk: &[u8], fragment: Range<usize>) -> Option<usize> {
        let Known { templates, content, .. } = self;
        self.is_read = content.read(templates, chunk, fragment.start, fragment.end).is_some();
        if !self.is_read {
            return None;
        }
        let Some(State::Shape(shape)) = self.states.get(&content.signature[..]).copied() else {
            return None;
        };
        self.shapes[shape].fill(content, chunk, &mut self.leaves, &mut self.held)?;
        Some(shape)
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
        let mut shape =
            Shape { layout, names: Vec::new(), values: Vec::new(), same: String::new() };
        let mut text = String::new();
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
                    if (Value { ty, text: &text }) != value {
                        return None;
                    }
                    From::Slot(*at)
                }
            };
            shape.names.push(name.clone());
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

    /// The record's leaves. Each text ends with a line feed, lest two make a third.
    fn fill(
        &self,
        content: &Content,
        chunk: &[u8],
        leaves: &mut Vec<Leaf<'static>>,
        held: &mut String,
    ) -> Option<()> {
        leaves.clear();
        held.clear();
        held.push_str(&self.same);
        for from in &self.values {
            leaves.push(match *from {
                From::Same(leaf) => leaf,
                From::Slot(slot) => {
                    let slot = content.slots[usize::from(slot)];
                    let start = held.len() as u32;
                    let ty = value::write(slot.ty, slot.bytes(chunk), held)?;
                    let end = held.len() as u32;
                    held.push('\n');
                    Leaf::Held { ty, start, end }
                }
            });
        }
        Some(())
    }
}
