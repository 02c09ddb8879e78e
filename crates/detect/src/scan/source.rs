//! The rules of one log source.
//!
//! Most rules mean the same for all kinds that a log source names. Those that ask for the event id are
//! kept apart: a Windows kind decides that question, and with it, for most, the whole rule.

use hashbrown::HashMap;

use crate::predicate::PredicateId;
use crate::rules::{LogSource, RuleIx};

/// See the module.
#[derive(Debug)]
pub struct Source {
    /// What the rules name.
    pub log_source: LogSource,
    /// The rules that do not ask for the event id, and can hold at all.
    pub plain: Vec<RuleIx>,
    /// Those of them that must be looked at whatever predicates hold.
    pub always: Vec<RuleIx>,
    // Rules that ask for the event id: under the ids that they may hold for, or for any.
    by_event_id: HashMap<u32, Vec<RuleIx>>,
    any_event_id: Vec<RuleIx>,
    asking: Vec<RuleIx>,
}

impl Source {
    /// Without rules yet.
    pub fn new(log_source: LogSource) -> Self {
        Source {
            log_source,
            plain: Vec::new(),
            always: Vec::new(),
            by_event_id: HashMap::new(),
            any_event_id: Vec::new(),
            asking: Vec::new(),
        }
    }

    /// Adds a rule that does not ask for the event id; gives back the predicates it is entered by.
    pub fn add(&mut self, ix: RuleIx, entry: Option<Vec<PredicateId>>) -> Vec<PredicateId> {
        self.plain.push(ix);
        if entry.is_none() {
            self.always.push(ix);
        }
        entry.unwrap_or_default()
    }

    /// Adds a rule that asks for the event id, and may hold for kinds of these ids only, if that is
    /// known.
    pub fn add_asking(&mut self, ix: RuleIx, ids: Option<Vec<u32>>) {
        self.asking.push(ix);
        let Some(mut ids) = ids else { return self.any_event_id.push(ix) };
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            self.by_event_id.entry(id).or_default().push(ix);
        }
    }

    /// The rules that ask for the event id and may hold for a kind that has this one, or none.
    pub fn asking(&self, event_id: Option<u32>) -> impl Iterator<Item = RuleIx> {
        let (named, any) = match event_id {
            Some(id) => (self.by_event_id.get(&id), &self.any_event_id),
            None => (None, &self.asking),
        };
        named.into_iter().flatten().chain(any).copied()
    }
}
