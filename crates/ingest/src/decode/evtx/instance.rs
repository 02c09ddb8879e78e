//! A record's values, and what decides the names it is written with: its *signature*.

use std::ops::Range;

use hashbrown::HashMap;

use super::template::{self, Element, Token, u16_at, u32_at};
use super::value;

/// Levels of templates within each other.
const NESTED_MAX: usize = 4;
/// Values of a record.
const SLOTS_MAX: usize = 1024;
/// Definitions kept, from all chunks.
const TEMPLATES_MAX: usize = 4096;
/// The number of a definition that cannot be read.
const UNREADABLE: u32 = u32::MAX;

/// The definitions met, each known by what it writes.
#[derive(Default)]
pub(super) struct Templates {
    numbers: HashMap<Box<[u8]>, u32>,
    elements: Vec<Element>,
    // Of the present chunk: offset, number.
    here: HashMap<u32, u32>,
    tokens: Vec<Token>,
    key: Vec<u8>,
}

/// A value: its type, and where it stands in the chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub ty: u8,
    start: u32,
    len: u16,
    /// Which of the record's instances it is, if it is one.
    pub nested: Option<u16>,
}

/// A template and its values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Instance {
    pub template: u32,
    pub first: usize,
    pub count: usize,
}

/// What a record is made of. The first instance holds the others.
#[derive(Default)]
pub(super) struct Content {
    pub instances: Vec<Instance>,
    pub slots: Vec<Slot>,
    /// Which of the values are empty.
    pub empty: Vec<bool>,
    /// Templates, types, and which values are empty: records that have these in common have the same
    /// names.
    pub signature: Vec<u8>,
}

impl Slot {
    /// Number of its bytes.
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// Its bytes.
    pub fn bytes<'c>(&self, chunk: &'c [u8]) -> &'c [u8] {
        &chunk[self.start as usize..self.start as usize + usize::from(self.len)]
    }
}

impl Templates {
    /// Another chunk: offsets mean something else now.
    pub fn begin_chunk(&mut self) {
        self.here.clear();
    }

    /// True if there are so many that all should be forgotten, with whatever names them.
    pub fn is_full(&self) -> bool {
        self.elements.len() >= TEMPLATES_MAX
    }

    /// The root element of a definition.
    pub fn element(&self, number: u32) -> &Element {
        &self.elements[number as usize]
    }

    fn number(&mut self, chunk: &[u8], at: u32) -> Option<u32> {
        let number = match self.here.get(&at) {
            Some(number) => *number,
            None => {
                let number = self.meet(chunk, at as usize).unwrap_or(UNREADABLE);
                self.here.insert(at, number);
                number
            }
        };
        (number != UNREADABLE).then_some(number)
    }

    fn meet(&mut self, chunk: &[u8], at: usize) -> Option<u32> {
        template::tokens(chunk, at, &mut self.tokens)?;
        template::key(chunk, &self.tokens, &mut self.key);
        if let Some(number) = self.numbers.get(&self.key[..]) {
            return Some(*number);
        }
        let element = template::element(chunk, &self.tokens)?;
        let number = self.elements.len() as u32;
        self.elements.push(element);
        self.numbers.insert(self.key[..].into(), number);
        Some(number)
    }
}

impl Content {
    /// Reads a record's fragment, which lies at `at..end`. `None` if it is not one instance of a
    /// readable template, exactly.
    pub fn read(
        &mut self,
        templates: &mut Templates,
        chunk: &[u8],
        at: usize,
        end: usize,
    ) -> Option<()> {
        self.instances.clear();
        self.slots.clear();
        self.empty.clear();
        self.signature.clear();
        self.fragment(templates, chunk, at..end, 0)
    }

    fn fragment(
        &mut self,
        templates: &mut Templates,
        whole: &[u8],
        span: Range<usize>,
        level: usize,
    ) -> Option<()> {
        if level > NESTED_MAX {
            return None;
        }
        let (mut at, chunk) = (span.start, whole.get(..span.end)?);
        if chunk.get(at) == Some(&0x0f) {
            at += 4;
        }
        if chunk.get(at) != Some(&0x0c) {
            return None;
        }
        // A byte that says nothing, and the template's number.
        at += 6;
        let definition = u32_at(chunk, at)?;
        at += 4;
        if at == definition as usize {
            at = template::end_of(chunk, at)?;
        }
        // Definitions stand in any record of the chunk.
        let template = templates.number(whole, definition)?;
        let count = u32_at(chunk, at)? as usize;
        let first = self.slots.len();
        if first + count > SLOTS_MAX {
            return None;
        }
        self.signature.extend(template.to_le_bytes());
        self.signature.extend((count as u16).to_le_bytes());
        let mut types = at + 4;
        at = types + 4 * count;
        for _ in 0..count {
            let (len, ty) = (u16_at(chunk, types)?, *chunk.get(types + 2)?);
            let bytes = chunk.get(at..at + usize::from(len))?;
            let empty = value::is_empty(ty, bytes);
            self.signature.extend([ty, u8::from(empty)]);
            self.empty.push(empty);
            self.slots.push(Slot { ty, start: at as u32, len, nested: None });
            types += 4;
            at += usize::from(len);
        }
        // The end of the fragment may be left out.
        if chunk.get(at).is_some_and(|token| *token != 0) {
            return None;
        }
        self.instances.push(Instance { template, first, count });
        for i in first..first + count {
            let Slot { ty, start, len, .. } = self.slots[i];
            if ty == value::BIN_XML && len > 0 {
                self.slots[i].nested = Some(self.instances.len() as u16);
                let end = start as usize + usize::from(len);
                self.fragment(templates, whole, start as usize..end, level + 1)?;
            }
        }
        Some(())
    }
}
