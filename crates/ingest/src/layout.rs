//! Records that have the same names in the same order: one *layout*.
//!
//! What the tables say of a record depends nearly always on its names alone, and a log writes a few
//! hundred layouts in millions of records. A decoder that meets a layout again hands over the values
//! and the layout's number; nothing is looked up by name then.

use blanik_model::{Type, Value};

/// Names a layout that a [`RecordSink`](crate::RecordSink) has learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LayoutId {
    pub(crate) index: u32,
    pub(crate) epoch: u32,
}

/// Why a record is not read by its layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Its values are such that it must be read by its names.
    ByName,
    /// The layout was forgotten: it must be learnt again.
    Forgotten,
    /// Texts are looked for in such records, and theirs was [not told](Written::Absent).
    WithoutText,
}

/// One value of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf<'a> {
    /// The record lacks the field.
    Absent,
    /// As it stands in the decoder's input.
    Value(Value<'a>),
    /// A text that the decoder had to write: a span of [`Leaves::held`].
    Held {
        /// Its type.
        ty: Type,
        /// Where it begins.
        start: u32,
        /// Where it ends.
        end: u32,
    },
}

/// A record's values, in the order of its layout's names.
#[derive(Clone, Copy, Debug)]
pub struct Leaves<'a> {
    /// The values.
    pub leaves: &'a [Leaf<'a>],
    /// See [`Leaf::Held`].
    pub held: &'a str,
    /// The record that they were read from.
    pub written: Written<'a>,
}

/// How a record's values stand in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written<'a> {
    /// In JSON strings that escape what must be, by the short forms, and in JSON's other scalars.
    Json(&'a str),
    /// As they are.
    Plain(&'a str),
    /// In some other way.
    Otherwise,
    /// Nobody looked.
    Absent,
}

impl<'a> Leaves<'a> {
    /// The value at an index, if the record has it.
    pub fn get(&self, i: usize) -> Option<Value<'a>> {
        match self.leaves[i] {
            Leaf::Absent => None,
            Leaf::Value(value) => Some(value),
            Leaf::Held { ty, start, end } => {
                Some(Value { ty, text: &self.held[start as usize..end as usize] })
            }
        }
    }
}

/// The memory of a list of leaves, for leaves that borrow from elsewhere.
pub(crate) fn emptied<'b>(mut leaves: Vec<Leaf<'_>>) -> Vec<Leaf<'b>> {
    leaves.clear();
    // Of nothing, this makes nothing; the library keeps the allocation.
    leaves.into_iter().map(|_| Leaf::Absent).collect()
}

/// A leaf of a text that is written behind the others.
pub(crate) fn hold<'t>(held: &mut String, value: Value<'_>) -> Leaf<'t> {
    let start = held.len() as u32;
    held.push_str(value.text);
    Leaf::Held { ty: value.ty, start, end: held.len() as u32 }
}
