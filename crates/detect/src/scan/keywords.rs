//! Keywords: predicates on any value of an event.
//!
//! Asking each value would cost more than everything else. Where each keyword needs an ASCII text,
//! one pass over a whole batch's text finds the few values that are worth asking.

use std::sync::Arc;

use blanik_model::TextSearch;

use super::field_matcher::FieldMatcher;
use crate::expr::Expr;
use crate::need::rarity;
use crate::predicate::{PredicateId, Predicates, Target};

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
}

/// Keywords without which rules mean the same in an event as if it had none at all: of several that a
/// rule demands at once, one is enough.
#[derive(Debug, Default)]
pub struct Watched {
    ids: Vec<PredicateId>,
    unsearchable: bool,
}

impl Watched {
    /// Adds what the rule's expression needs.
    pub fn add(&mut self, expr: &Expr, predicates: &Predicates) {
        match deciding(expr, &|id| Role::of(id, predicates)) {
            Some(set) => self.ids.extend(set.ids),
            None => self.unsearchable = true,
        }
    }

    /// Finds events in which one of the keywords may hold. `None` if that cannot be told by texts.
    pub fn search(mut self, predicates: &Predicates) -> Option<TextSearch> {
        self.ids.sort_unstable();
        self.ids.dedup();
        if self.unsearchable {
            return None;
        }
        texts(&self.ids, predicates).map(TextSearch::new)
    }
}

/// Keywords, and how rarely the most common of them is met.
struct Set {
    ids: Vec<PredicateId>,
    rarity: u32,
}

impl Set {
    const NONE: Set = Set { ids: Vec::new(), rarity: u32::MAX };

    fn and(mut self, other: Set) -> Set {
        self.ids.extend(other.ids);
        self.rarity = self.rarity.min(other.rarity);
        self
    }
}

/// What a predicate is here.
enum Role {
    /// A field's: it is known in each event.
    Field,
    /// A keyword, and how rarely it is met; `None` if that cannot be told by texts.
    Keyword(Option<u32>),
}

impl Role {
    fn of(id: PredicateId, predicates: &Predicates) -> Role {
        let predicate = predicates.get(id);
        if predicate.target != Target::Keywords {
            return Role::Field;
        }
        let mut needs = Vec::new();
        let searchable = texts(&[id], predicates).and_then(|_| predicate.test.needs(&mut needs));
        Role::Keyword(searchable.map(|()| rarity(&needs)))
    }

    fn refuting(self, id: PredicateId) -> Option<Set> {
        match self {
            Role::Keyword(Some(rarity)) => Some(Set { ids: vec![id], rarity }),
            Role::Keyword(None) | Role::Field => None,
        }
    }
}

/// Keywords such that where none of them holds, the expression has the value that it has if fewer of
/// the others are known to hold than do.
fn deciding(expr: &Expr, role: &dyn Fn(PredicateId) -> Role) -> Option<Set> {
    let all = |parts: &[Expr]| {
        parts.iter().try_fold(Set::NONE, |set, part| Some(set.and(deciding(part, role)?)))
    };
    match expr {
        Expr::Is(id) => match role(*id) {
            Role::Field => Some(Set::NONE),
            keyword => keyword.refuting(*id),
        },
        Expr::Const(_) => Some(Set::NONE),
        Expr::Not(part) => deciding(part, role),
        Expr::Any(parts) | Expr::AtLeast(_, parts) => all(parts),
        Expr::All(parts) => better(refuting(expr, role), all(parts)),
    }
}

/// Keywords such that where none of them holds, the expression does not hold.
fn refuting(expr: &Expr, role: &dyn Fn(PredicateId) -> Role) -> Option<Set> {
    let each = |parts: &[Expr]| {
        parts.iter().try_fold(Set::NONE, |set, part| Some(set.and(refuting(part, role)?)))
    };
    match expr {
        Expr::Is(id) => role(*id).refuting(*id),
        Expr::Const(false) => Some(Set::NONE),
        Expr::Any(parts) | Expr::AtLeast(1.., parts) => each(parts),
        Expr::All(parts) => parts.iter().map(|part| refuting(part, role)).fold(None, better),
        Expr::Const(true) | Expr::Not(_) | Expr::AtLeast(0, _) => None,
    }
}

/// The one whose keywords are rarer.
fn better(a: Option<Set>, b: Option<Set>) -> Option<Set> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.rarity > a.rarity { b } else { a }),
        (a, b) => a.or(b),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEYWORDS: u32 = 5;

    /// Predicates 0 to 4 are keywords, of which the last has no text; 5 to 7 are fields.
    fn role(id: PredicateId) -> Role {
        match id.0 {
            4 => Role::Keyword(None),
            n if n < KEYWORDS => Role::Keyword(Some(n)),
            _ => Role::Field,
        }
    }

    fn exprs() -> impl Strategy<Value = Expr> {
        let leaf = prop_oneof![
            8 => (0u32..8).prop_map(|n| Expr::Is(PredicateId(n))),
            1 => any::<bool>().prop_map(Expr::Const),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            let parts = || prop::collection::vec(inner.clone(), 0..4);
            prop_oneof![
                parts().prop_map(Expr::All),
                parts().prop_map(Expr::Any),
                (0usize..4, parts()).prop_map(|(n, parts)| Expr::AtLeast(n, parts)),
                inner.clone().prop_map(|part| Expr::Not(Box::new(part))),
            ]
        })
    }

    proptest! {
        #[test]
        fn where_no_watched_keyword_holds_the_others_need_not_be_known(
            expr in exprs(), truth in any::<u8>(), unknown in any::<u8>(),
        ) {
            let Some(set) = deciding(&expr, &role) else { return Ok(()) };
            let of_set = set.ids.iter().fold(0, |bits, id| bits | 1 << id.0);
            let truth = truth & !of_set;
            let known = truth & !(unknown & ((1 << KEYWORDS) - 1));
            let value = |bits: u8| expr.eval(&mut |id| bits >> id.0 & 1 == 1);
            prop_assert_eq!(value(truth), value(known), "{:?}", set.ids);
        }
    }

    #[test]
    fn of_what_is_demanded_at_once_the_rarest_is_watched() {
        let is = |n| Expr::Is(PredicateId(n));
        let ids = |expr| deciding(&expr, &role).map(|set| set.ids);
        assert_eq!(ids(Expr::All(vec![is(1), is(3), is(2), is(4)])), Some(vec![PredicateId(3)]));
        assert_eq!(
            ids(Expr::All(vec![is(7), Expr::Not(Box::new(is(2)))])),
            Some(vec![PredicateId(2)])
        );
        assert_eq!(ids(Expr::Any(vec![is(1), is(4)])), None);
        assert_eq!(ids(is(6)), Some(vec![]));
    }
}
