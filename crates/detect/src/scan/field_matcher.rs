//! All predicates on one target at once: a value → the predicates that hold for it.
//!
//! Most predicates can hold only if one of their texts occurs in the value. One automaton finds all
//! texts of all predicates in one pass; what it finds names the candidates, and only these are
//! tested. Predicates without such a text are always tested.

use std::borrow::Cow;

use aho_corasick::AhoCorasick;
use blanik_model::Value;
use hashbrown::HashMap;

use crate::predicate::{PredicateId, Predicates};
use crate::test::Subject;

/// Immutable; shared by scanners.
#[derive(Debug)]
pub struct FieldMatcher {
    predicates: Vec<PredicateId>,
    // What follows holds indices into `predicates`.
    always: Vec<u32>,
    whole: HashMap<Box<str>, Vec<u32>>,
    parts: Option<AhoCorasick>,
    by_part: Vec<Vec<u32>>,
}

impl FieldMatcher {
    /// For these predicates, ascending.
    pub fn new(ids: &[PredicateId], predicates: &Predicates) -> Self {
        let mut always = Vec::new();
        let mut whole: HashMap<Box<str>, Vec<u32>> = HashMap::new();
        let mut part_index: HashMap<Box<str>, usize> = HashMap::new();
        let mut parts: Vec<Box<str>> = Vec::new();
        let mut by_part: Vec<Vec<u32>> = Vec::new();
        let mut texts: Vec<(Cow<'_, str>, bool)> = Vec::new();
        for (local, id) in ids.iter().enumerate() {
            let local = local as u32;
            texts.clear();
            if predicates.get(*id).test.necessary_texts(&mut texts).is_none() {
                always.push(local);
                continue;
            }
            for (text, is_whole) in texts.drain(..) {
                let text: Box<str> = text.into();
                if is_whole {
                    whole.entry(text).or_default().push(local);
                    continue;
                }
                let i = *part_index.entry(text).or_insert_with_key(|text| {
                    parts.push(text.clone());
                    by_part.push(Vec::new());
                    parts.len() - 1
                });
                by_part[i].push(local);
            }
        }
        let parts = (!parts.is_empty()).then(|| {
            AhoCorasick::new(parts.iter().map(|p| p.as_bytes()))
                .expect("rule texts are far below the automaton's limits")
        });
        FieldMatcher { predicates: ids.to_vec(), always, whole, parts, by_part }
    }

    /// The predicates that hold for the value, ascending, into `out`.
    pub fn hits(
        &self,
        value: Value<'_>,
        predicates: &Predicates,
        seen: &mut Seen,
        out: &mut Vec<PredicateId>,
    ) {
        out.clear();
        let subject = Subject::new(value);
        seen.begin(self.predicates.len());
        self.always.iter().for_each(|local| seen.add(*local));
        for text in subject.lowered() {
            if let Some(locals) = self.whole.get(text) {
                locals.iter().for_each(|local| seen.add(*local));
            }
            if let Some(parts) = &self.parts {
                for found in parts.find_overlapping_iter(text) {
                    self.by_part[found.pattern().as_usize()].iter().for_each(|l| seen.add(*l));
                }
            }
        }
        let holds = |local: &u32| {
            let id = self.predicates[*local as usize];
            // Tests that need another field never come here (see `Route`).
            predicates.get(id).test.holds(&subject, &|_| None).then_some(id)
        };
        out.extend(seen.locals().iter().filter_map(holds));
        out.sort_unstable();
    }
}

/// Scratch: which candidates of the present value were named already.
#[derive(Debug, Default)]
pub struct Seen {
    round: u32,
    rounds: Vec<u32>,
    locals: Vec<u32>,
}

impl Seen {
    fn begin(&mut self, len: usize) {
        self.locals.clear();
        if self.rounds.len() < len {
            self.rounds.resize(len, 0);
        }
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.rounds.fill(0);
            self.round = 1;
        }
    }

    fn add(&mut self, local: u32) {
        let round = &mut self.rounds[local as usize];
        if *round != self.round {
            *round = self.round;
            self.locals.push(local);
        }
    }

    fn locals(&self) -> &[u32] {
        &self.locals
    }
}
