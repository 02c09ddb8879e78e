//! Derivations by index: which value, made of which others. It must mean what
//! [`Plan::derive`](crate::normalise::plan::Plan::derive) means by names.

use blanik_model::{Type, Value};

use crate::layout::Leaves;
use crate::normalise::operation::{Made, Operation};
use crate::normalise::plan::SOURCES_MAX;

/// Where the value of a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// In the leaves.
    pub own: Option<usize>,
    /// Among the derived; what is derived goes before what is the record's own.
    pub derived: Option<usize>,
}

/// A derivation by index.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// What it makes.
    pub target: Slot,
    /// Whether it replaces a value that is there.
    pub replaces: bool,
    /// How.
    pub operation: Operation,
    /// From what.
    pub sources: Vec<Option<Slot>>,
    /// Which sources are the target itself: a bit each.
    pub itself: u8,
}

/// Memory, reused from record to record.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    // By place: what was derived.
    derived: Vec<Option<Held>>,
    text: String,
    fresh: String,
}

#[derive(Clone, Copy, Debug)]
enum Held {
    Leaf(usize),
    Text { ty: Type, start: usize, end: usize },
}

impl Scratch {
    /// Forgets the last record; so many values may be derived.
    pub fn begin(&mut self, derived: usize) {
        self.text.clear();
        self.derived.clear();
        self.derived.resize(derived, None);
    }

    /// So many values may be derived now, with those that were.
    pub fn make_room(&mut self, derived: usize) {
        self.derived.resize(derived, None);
    }

    /// The value in a slot.
    pub fn value<'v>(&'v self, slot: Slot, leaves: &Leaves<'v>) -> Option<Value<'v>> {
        value_of(self.held(slot)?, leaves, &self.text)
    }

    /// Its text.
    pub fn text<'v>(&'v self, slot: Option<Slot>, leaves: &Leaves<'v>) -> Option<&'v str> {
        Some(self.value(slot?, leaves)?.text)
    }

    fn held(&self, slot: Slot) -> Option<Held> {
        let derived = slot.derived.and_then(|derived| self.derived[derived]);
        derived.or(slot.own.map(Held::Leaf))
    }

    /// Does what the step says.
    pub fn derive(&mut self, step: &Step, leaves: &Leaves<'_>) {
        let old = self.value(step.target, leaves).is_some();
        if old && !step.replaces {
            return;
        }
        let target = step.target.derived.expect("a step's target is derived");
        if matches!(step.operation, Operation::TreeOf(_)) {
            return self.derive_tree(step, target, leaves);
        }
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
            Some(Made::Text(ty)) => Some(self.keep_fresh(ty)),
        };
    }

    /// A tree has as many sources as the record has fields below a name.
    fn derive_tree(&mut self, step: &Step, target: usize, leaves: &Leaves<'_>) {
        let value =
            |slot: &Option<Slot>| value_of(Held::Leaf(slot.as_ref()?.own?), leaves, &self.text);
        let values: Vec<_> = step.sources.iter().map(value).collect();
        self.fresh.clear();
        if step.operation.apply(&values, &mut self.fresh).is_some() {
            self.derived[target] = Some(self.keep_fresh(Type::String));
        }
    }

    fn keep_fresh(&mut self, ty: Type) -> Held {
        let start = self.text.len();
        self.text.push_str(&self.fresh);
        Held::Text { ty, start, end: self.text.len() }
    }
}

fn value_of<'v>(held: Held, leaves: &Leaves<'v>, text: &'v str) -> Option<Value<'v>> {
    match held {
        Held::Leaf(i) => leaves.get(i),
        Held::Text { ty, start, end } => Some(Value { ty, text: &text[start..end] }),
    }
}
