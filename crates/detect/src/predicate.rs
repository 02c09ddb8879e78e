//! A predicate: one test of one field. What two rules both ask is one predicate.

use std::sync::Arc;

use hashbrown::HashMap;

use crate::test::Test;

/// A field name of the rules, interned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub u32);

/// A predicate of the rules, interned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PredicateId(pub u32);

/// What a predicate asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// The value of this field.
    Field(FieldId),
    /// Any value of the event (Sigma's keywords).
    Keywords,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Predicate {
    /// Of what.
    pub target: Target,
    /// What.
    pub test: Test,
}

impl Predicate {
    /// Does it hold for an event that lacks the field (for keywords: that has no values)?
    pub fn holds_for_absent(&self) -> bool {
        self.target != Target::Keywords && self.test.holds_for_absent()
    }
}

/// All fields and predicates of a set of rules.
#[derive(Debug, Default)]
pub struct Predicates {
    field_names: Vec<Arc<str>>,
    field_ids: HashMap<Arc<str>, FieldId>,
    all: Vec<Arc<Predicate>>,
    ids: HashMap<Arc<Predicate>, PredicateId>,
}

impl Predicates {
    /// The id of a field name, new or known.
    pub fn field(&mut self, name: &str) -> FieldId {
        if let Some(&id) = self.field_ids.get(name) {
            return id;
        }
        let id = FieldId(self.field_names.len() as u32);
        let name: Arc<str> = name.into();
        self.field_names.push(Arc::clone(&name));
        self.field_ids.insert(name, id);
        id
    }

    /// The id of a name that some rule uses.
    pub fn field_id(&self, name: &str) -> Option<FieldId> {
        self.field_ids.get(name).copied()
    }

    /// The name behind an id.
    pub fn field_name(&self, id: FieldId) -> &Arc<str> {
        &self.field_names[id.0 as usize]
    }

    /// The id of a predicate, new or known.
    pub fn intern(&mut self, predicate: Predicate) -> PredicateId {
        if let Some(&id) = self.ids.get(&predicate) {
            return id;
        }
        let id = PredicateId(self.all.len() as u32);
        let predicate = Arc::new(predicate);
        self.all.push(Arc::clone(&predicate));
        self.ids.insert(predicate, id);
        id
    }

    /// The predicate behind an id.
    pub fn get(&self, id: PredicateId) -> &Predicate {
        &self.all[id.0 as usize]
    }

    /// The ids of all predicates, ascending.
    pub fn ids(&self) -> impl Iterator<Item = PredicateId> + use<> {
        (0..self.all.len() as u32).map(PredicateId)
    }

    /// How many field names there are; their ids count from 0.
    pub fn fields(&self) -> usize {
        self.field_names.len()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}
