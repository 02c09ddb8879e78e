//! What rules ask for and no event has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use blanik_detect::expr::Expr;
use blanik_detect::predicate::Target;
use blanik_detect::{Rule, RuleIx, Rules};
use blanik_model::Kind;
use serde::Serialize;

use super::gathered::{Gathered, OfKind};

/// A rule, as it is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Named {
    /// Its title.
    pub title: String,
    /// Its id.
    pub id: String,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Asked {
    /// Rules that are about a kind that was found.
    pub rules: usize,
    /// By kind and field: the rules that ask for it.
    pub missing: BTreeMap<Arc<Kind>, BTreeMap<Arc<str>, Vec<Named>>>,
    /// Rules that can meet no event, of any kind found, for want of fields.
    pub never: Vec<Named>,
}

impl Asked {
    /// Looks at every rule that is about a kind found.
    pub fn of(rules: &Rules, gathered: &Gathered) -> Asked {
        let mut asked = Asked::default();
        for (ix, rule) in rules.iter() {
            asked.add(rules, (ix, rule), gathered);
        }
        for fields in asked.missing.values_mut() {
            fields.values_mut().for_each(|rules| rules.sort());
        }
        asked.never.sort();
        asked
    }

    fn add(&mut self, rules: &Rules, (ix, rule): (RuleIx, &Rule), gathered: &Gathered) {
        let fits = |kind: &Kind| rules.can_match(ix, kind);
        let (mut about, mut possible) = (false, false);
        for (kind, of_kind) in gathered.kinds.iter().filter(|(kind, _)| fits(kind)) {
            about = true;
            for field in missing(rules, &rule.expr, of_kind) {
                let fields = self.missing.entry(Arc::clone(kind)).or_default();
                fields.entry(field).or_default().push(Named::of(rule));
            }
            possible |= can_meet(rules, &rule.expr, of_kind);
        }
        self.rules += usize::from(about);
        if about && !possible {
            self.never.push(Named::of(rule));
        }
    }
}

impl Named {
    fn of(rule: &Rule) -> Named {
        Named { title: rule.title.clone(), id: rule.id.clone() }
    }
}

/// The fields that the expression asks for and no event fills.
fn missing(rules: &Rules, expr: &Expr, events: &OfKind) -> BTreeSet<Arc<str>> {
    let mut fields = BTreeSet::new();
    let predicates = rules.predicates();
    expr.predicates(&mut |id| {
        if let Target::Field(field) = predicates.get(id).target {
            let name = predicates.field_name(field);
            if is_missing(events, name) {
                fields.insert(Arc::clone(name));
            }
        }
    });
    fields
}

/// False if the expression can hold for no event of these, as fields it needs are absent.
fn can_meet(rules: &Rules, expr: &Expr, events: &OfKind) -> bool {
    let predicates = rules.predicates();
    let known = |id| {
        let predicate = predicates.get(id);
        let Target::Field(field) = predicate.target else { return None };
        let absent =
            !events.fields.contains_key(predicates.field_name(field)) && events.further == 0;
        absent.then(|| predicate.holds_for_absent())
    };
    expr.fold(&known) != Expr::Const(false)
}

/// Where not all fields are told apart, none is known to be missing.
fn is_missing(events: &OfKind, name: &str) -> bool {
    match events.fields.get(name) {
        Some(field) => field.filled == 0,
        None => events.further == 0,
    }
}
