//! What of the rules matters for a kind: made when its first batch arrives.
//!
//! Kinds that the same rules are about (by log source) share a *route*: the predicates and automata.
//! A *plan* is a kind's own: rules its event id rules out are gone, the others know their entry.

use std::sync::{Arc, Mutex, OnceLock};

use blanik_model::{Kind, Value};
use hashbrown::HashMap;

use super::field_matcher::FieldMatcher;
use crate::expr::Expr;
use crate::predicate::{Predicate, PredicateId, Predicates, Target};
use crate::rules::{RuleIx, Rules};
use crate::test::Subject;

/// The routes made so far; shared by all scanners of a set of rules.
#[derive(Debug, Default)]
pub struct Routes {
    by_rules: Mutex<HashMap<Vec<RuleIx>, Arc<Route>>>,
}

/// See the module.
#[derive(Debug)]
pub struct Route {
    number: usize,
    targets: HashMap<Target, (Vec<PredicateId>, OnceLock<FieldMatcher>)>,
}

impl Route {
    fn new(number: usize, rules: &Rules, about: &[RuleIx]) -> Self {
        let mut by_target: HashMap<Target, Vec<PredicateId>> = HashMap::new();
        for ix in about {
            rules.get(*ix).expr.predicates(&mut |id| {
                let predicate = rules.predicates().get(id);
                if !predicate.test.needs_other_field() {
                    by_target.entry(predicate.target).or_default().push(id);
                }
            });
        }
        let finish = |(target, mut ids): (Target, Vec<PredicateId>)| {
            ids.sort_unstable();
            ids.dedup();
            (target, (ids, OnceLock::new()))
        };
        Route { number, targets: by_target.into_iter().map(finish).collect() }
    }

    /// Distinguishes the routes of a set of rules.
    pub fn number(&self) -> usize {
        self.number
    }

    /// The matcher for a target, made when first asked for; `None` if no rule asks about it.
    pub fn matcher(&self, target: Target, predicates: &Predicates) -> Option<&FieldMatcher> {
        let (ids, matcher) = self.targets.get(&target)?;
        Some(matcher.get_or_init(|| FieldMatcher::new(ids, predicates)))
    }
}

/// See the module.
#[derive(Debug)]
pub struct Plan {
    /// Predicates and automata.
    pub route: Arc<Route>,
    /// The rules that can meet an event of the kind, ascending, with what is known of it decided.
    pub rules: Vec<(RuleIx, Expr)>,
    // By predicate: indices into `rules`.
    entries: HashMap<PredicateId, Vec<usize>>,
    always: Vec<usize>,
}

impl Plan {
    /// Makes the plan.
    pub fn new(rules: &Rules, kind: &Kind) -> Self {
        let about: Vec<RuleIx> =
            rules.iter().filter(|(_, r)| r.log_source.names(kind)).map(|(ix, _)| ix).collect();
        let live: Vec<(RuleIx, Expr)> = about
            .iter()
            .map(|ix| (*ix, rules.folded(&rules.get(*ix).expr, kind)))
            .filter(|(_, expr)| *expr != Expr::Const(false))
            .collect();
        let route = route(rules, about);
        let mut entries: HashMap<PredicateId, Vec<usize>> = HashMap::new();
        let mut always = Vec::new();
        for (local, (_, expr)) in live.iter().enumerate() {
            match entry(expr, rules) {
                Some(ids) => {
                    ids.into_iter().for_each(|id| entries.entry(id).or_default().push(local))
                }
                None => always.push(local),
            }
        }
        Plan { route, rules: live, entries, always }
    }

    /// The rules to look at, ascending, given the predicates that held somewhere in the batch.
    pub fn candidates(&self, hit: &[PredicateId]) -> Vec<usize> {
        let mut locals = self.always.clone();
        for id in hit {
            if let Some(entered) = self.entries.get(id) {
                locals.extend(entered);
            }
        }
        locals.sort_unstable();
        locals.dedup();
        locals
    }
}

/// The predicates through which a rule is entered; `None` if it must always be looked at.
fn entry(expr: &Expr, rules: &Rules) -> Option<Vec<PredicateId>> {
    let (_, ids) = expr.necessary(rules.predicates())?;
    // A comparison with another field is not evaluated per value, so it is never seen to hold.
    let seen = |id: &PredicateId| !rules.predicates().get(*id).test.needs_other_field();
    ids.iter().all(seen).then_some(ids)
}

fn route(rules: &Rules, about: Vec<RuleIx>) -> Arc<Route> {
    let mut routes = rules.routes.by_rules.lock().expect("no one panics while holding it");
    let number = routes.len();
    if let Some(route) = routes.get(&about) {
        return Arc::clone(route);
    }
    let route = Arc::new(Route::new(number, rules, &about));
    routes.insert(about, Arc::clone(&route));
    route
}

/// The name of the field that says what a Windows kind's number says.
const EVENT_ID_FIELD: &str = "EventID";

/// The predicate's answer where the kind alone decides it: readers give every event of a Windows
/// kind the field `EventID` with the kind's number.
pub fn known_for_kind(predicate: &Predicate, predicates: &Predicates, kind: &Kind) -> Option<bool> {
    let id = kind.event_id?;
    let Target::Field(field) = predicate.target else { return None };
    if &**predicates.field_name(field) != EVENT_ID_FIELD || predicate.test.needs_other_field() {
        return None;
    }
    let text = id.to_string();
    Some(predicate.test.holds(&Subject::new(Value::number(&text)), &|_| None))
}
