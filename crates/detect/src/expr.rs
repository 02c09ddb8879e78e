//! What a rule says, in predicates joined by and, or, not and "at least n of".

use crate::predicate::{PredicateId, Predicates};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// All of these; true if there are none.
    All(Vec<Expr>),
    /// One of these; false if there are none.
    Any(Vec<Expr>),
    /// At least so many of these.
    AtLeast(usize, Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// This predicate.
    Is(PredicateId),
    /// Always, or never.
    Const(bool),
}

impl Expr {
    /// The value, given each predicate's.
    pub fn eval(&self, holds: &mut dyn FnMut(PredicateId) -> bool) -> bool {
        match self {
            Expr::All(parts) => parts.iter().all(|p| p.eval(holds)),
            Expr::Any(parts) => parts.iter().any(|p| p.eval(holds)),
            Expr::AtLeast(n, parts) => parts.iter().filter(|p| p.eval(holds)).count() >= *n,
            Expr::Not(part) => !part.eval(holds),
            Expr::Is(id) => holds(*id),
            Expr::Const(b) => *b,
        }
    }

    /// The predicates that occur, each once per occurrence, left to right.
    pub fn predicates(&self, visit: &mut dyn FnMut(PredicateId)) {
        match self {
            Expr::All(parts) | Expr::Any(parts) | Expr::AtLeast(_, parts) => {
                parts.iter().for_each(|p| p.predicates(visit));
            }
            Expr::Not(part) => part.predicates(visit),
            Expr::Is(id) => visit(*id),
            Expr::Const(_) => {}
        }
    }

    /// The expression where the predicates that `known` decides are decided, and what follows from
    /// that is done.
    pub fn fold(&self, known: &dyn Fn(PredicateId) -> Option<bool>) -> Expr {
        match self {
            Expr::All(parts) => fold_joined(parts, known, false, Expr::All),
            Expr::Any(parts) => fold_joined(parts, known, true, Expr::Any),
            Expr::AtLeast(n, parts) => {
                let mut still_needed = *n;
                let mut open = Vec::new();
                for part in parts {
                    match part.fold(known) {
                        Expr::Const(true) => still_needed = still_needed.saturating_sub(1),
                        Expr::Const(false) => {}
                        other => open.push(other),
                    }
                }
                match still_needed {
                    0 => Expr::Const(true),
                    n if n > open.len() => Expr::Const(false),
                    n => Expr::AtLeast(n, open),
                }
            }
            Expr::Not(part) => match part.fold(known) {
                Expr::Const(b) => Expr::Const(!b),
                Expr::Not(inner) => *inner,
                other => Expr::Not(Box::new(other)),
            },
            Expr::Is(id) => known(*id).map_or(Expr::Is(*id), Expr::Const),
            Expr::Const(b) => Expr::Const(*b),
        }
    }

    /// The value, if it is the same for all events whatever predicates hold: what [`fold`](Self::fold)
    /// gives where nothing is known.
    pub fn constant(&self) -> Option<bool> {
        match self {
            Expr::All(parts) => {
                let (_, never, open) = count_constant(parts);
                if never > 0 { Some(false) } else { (open == 0).then_some(true) }
            }
            Expr::Any(parts) => {
                let (sure, _, open) = count_constant(parts);
                if sure > 0 { Some(true) } else { (open == 0).then_some(false) }
            }
            Expr::AtLeast(n, parts) => {
                let (sure, _, open) = count_constant(parts);
                if sure >= *n { Some(true) } else { (sure + open < *n).then_some(false) }
            }
            Expr::Not(part) => part.constant().map(|b| !b),
            Expr::Is(_) => None,
            Expr::Const(b) => Some(*b),
        }
    }

    /// Predicates of which one must hold for the expression to hold, chosen to hold rarely, and how
    /// rarely. `None` if it may hold although no predicate does.
    pub fn necessary(&self, predicates: &Predicates) -> Option<(u32, Vec<PredicateId>)> {
        match self {
            Expr::Is(id) => {
                let predicate = predicates.get(*id);
                (!predicate.holds_for_absent()).then(|| (predicate.test.rarity(), vec![*id]))
            }
            Expr::All(parts) => parts
                .iter()
                .filter_map(|p| p.necessary(predicates))
                .max_by_key(|(rarity, ids)| (*rarity, usize::MAX - ids.len())),
            Expr::Any(parts) | Expr::AtLeast(_, parts) => {
                if let Expr::AtLeast(0, _) = self {
                    return None;
                }
                let mut union = (u32::MAX, Vec::new());
                for part in parts {
                    let (rarity, ids) = part.necessary(predicates)?;
                    union.0 = union.0.min(rarity);
                    union.1.extend(ids);
                }
                union.1.sort_unstable();
                union.1.dedup();
                Some(union)
            }
            Expr::Const(false) => Some((u32::MAX, Vec::new())),
            Expr::Const(true) | Expr::Not(_) => None,
        }
    }
}

/// How many parts always hold, never do, and neither.
fn count_constant(parts: &[Expr]) -> (usize, usize, usize) {
    parts.iter().fold((0, 0, 0), |(sure, never, open), part| match part.constant() {
        Some(true) => (sure + 1, never, open),
        Some(false) => (sure, never + 1, open),
        None => (sure, never, open + 1),
    })
}

fn fold_joined(
    parts: &[Expr],
    known: &dyn Fn(PredicateId) -> Option<bool>,
    decides: bool,
    join: fn(Vec<Expr>) -> Expr,
) -> Expr {
    let mut open = Vec::new();
    for part in parts {
        match part.fold(known) {
            Expr::Const(b) if b == decides => return Expr::Const(decides),
            Expr::Const(_) => {}
            other => open.push(other),
        }
    }
    match open.len() {
        0 => Expr::Const(!decides),
        1 => open.remove(0),
        _ => join(open),
    }
}
