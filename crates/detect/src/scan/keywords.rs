//! Keywords: predicates on any value of an event.
//!
//! Asking each value would cost more than everything else. Where each keyword needs an ASCII text,
//! one pass over a whole batch's text finds the few values that are worth asking.

use std::sync::Arc;

use blanik_model::TextSearch;

use super::field_matcher::FieldMatcher;
use crate::predicate::{PredicateId, Predicates};

/// The keywords that rules about a kind look for; kinds that have the same share it.
#[derive(Debug)]
pub struct Keywords {
    /// Distinguishes the keywords of a set of rules.
    pub number: u32,
    /// What they say of a value.
    pub matcher: FieldMatcher,
    /// Finds values worth asking; without it, all are.
    pub search: Option<Arc<TextSearch>>,
}

impl Keywords {
    /// For these predicates, ascending.
    pub fn new(number: u32, ids: &[PredicateId], predicates: &Predicates) -> Self {
        Keywords {
            number,
            matcher: FieldMatcher::new(ids, predicates),
            search: texts(ids, predicates).map(|texts| Arc::new(TextSearch::new(texts))),
        }
    }

    /// True if values that cannot meet a keyword can be told by their text.
    pub fn is_searchable(&self) -> bool {
        self.search.is_some()
    }
}

/// Lower-case ASCII texts without one of which no value meets a predicate, if each has such.
fn texts(ids: &[PredicateId], predicates: &Predicates) -> Option<Vec<Box<[u8]>>> {
    let mut needs = Vec::new();
    for id in ids {
        predicates.get(*id).test.needs(&mut needs)?;
    }
    let searchable = needs.iter().all(|need| need.text.is_ascii() && !need.text.is_empty());
    let mut texts: Vec<Box<[u8]>> = needs.iter().map(|need| need.text.as_bytes().into()).collect();
    texts.sort_unstable();
    texts.dedup();
    searchable.then_some(texts)
}
