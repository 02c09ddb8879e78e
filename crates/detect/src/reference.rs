//! What a rule means, written slowly and plainly: each predicate asked of each event, nothing
//! remembered, nothing skipped. The scanner must agree with this (a property test holds it), and
//! explanations and the matched fields of a finding come from here.

use blanik_model::{EventBatch, Value};
use hashbrown::HashMap;

use crate::expr::Expr;
use crate::predicate::{FieldId, PredicateId, Predicates, Target};
use crate::rules::{Rule, Rules};
use crate::test::Subject;

/// An event as rules see it.
pub trait EventView {
    /// The value of a field, if the event has it.
    fn get(&self, name: &str) -> Option<Value<'_>>;
    /// Calls with the name and value of each field, in order.
    fn each(&self, visit: &mut dyn FnMut(&str, Value<'_>));
}

/// A row of a batch.
#[derive(Clone, Copy)]
pub struct BatchRow<'b> {
    /// The batch.
    pub batch: &'b EventBatch,
    /// The row.
    pub row: usize,
}

impl EventView for BatchRow<'_> {
    fn get(&self, name: &str) -> Option<Value<'_>> {
        self.batch.value(self.row, name)
    }

    fn each(&self, visit: &mut dyn FnMut(&str, Value<'_>)) {
        for (name, value) in self.batch.fields(self.row) {
            visit(name, value);
        }
    }
}

/// Does the rule meet the event? The log source is not looked at.
pub fn meets(rules: &Rules, rule: &Rule, event: &dyn EventView) -> bool {
    rule.expr.eval(&mut |id| holds(&rules.predicates, id, event))
}

/// Does the predicate hold for the event?
pub fn holds(predicates: &Predicates, id: PredicateId, event: &dyn EventView) -> bool {
    let predicate = predicates.get(id);
    let other = |field: FieldId| event.get(predicates.field_name(field));
    match predicate.target {
        Target::Field(field) => match event.get(predicates.field_name(field)) {
            Some(value) => predicate.test.holds(&Subject::new(value), &other),
            None => predicate.holds_for_absent(),
        },
        Target::Keywords => {
            let mut found = false;
            event.each(&mut |_, value| {
                found = found || predicate.test.holds(&Subject::new(value), &other);
            });
            found
        }
    }
}

/// The names of the fields by which the expression holds, each once, in the rule's order. Fields
/// under a `not` are not among them: their absence speaks.
pub fn matched_fields(predicates: &Predicates, expr: &Expr, event: &dyn EventView) -> Vec<String> {
    let mut names = Vec::new();
    // What is part of a part is asked more than once.
    let mut known: HashMap<PredicateId, bool> = HashMap::new();
    let mut holds = |id| *known.entry(id).or_insert_with(|| holds(predicates, id, event));
    collect(predicates, expr, event, &mut holds, &mut names);
    names
}

fn collect(
    predicates: &Predicates,
    expr: &Expr,
    event: &dyn EventView,
    holds: &mut dyn FnMut(PredicateId) -> bool,
    names: &mut Vec<String>,
) {
    match expr {
        Expr::All(parts) | Expr::Any(parts) | Expr::AtLeast(_, parts) => {
            for part in parts {
                if part.eval(holds) {
                    collect(predicates, part, event, holds, names);
                }
            }
        }
        Expr::Is(id) if holds(*id) => {
            name_fields(predicates, *id, event, &mut |name| {
                if !names.iter().any(|n| n == name) {
                    names.push(name.to_owned());
                }
            });
        }
        Expr::Is(_) | Expr::Not(_) | Expr::Const(_) => {}
    }
}

fn name_fields(
    predicates: &Predicates,
    id: PredicateId,
    event: &dyn EventView,
    push: &mut dyn FnMut(&str),
) {
    let predicate = predicates.get(id);
    let other = |field: FieldId| event.get(predicates.field_name(field));
    match predicate.target {
        Target::Field(field) => push(predicates.field_name(field)),
        Target::Keywords => {
            let mut names = Vec::new();
            event.each(&mut |name, value| {
                if predicate.test.holds(&Subject::new(value), &other) {
                    names.push(name.to_owned());
                }
            });
            // The order of a batch's columns depends on what else is in the batch.
            names.sort_unstable();
            names.iter().for_each(|name| push(name));
        }
    }
}
