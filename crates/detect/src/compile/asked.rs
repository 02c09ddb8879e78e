//! What one rule asks, numbered by itself, and the numbers of a whole set of rules instead.
//!
//! A rule is compiled without looking at any other, so it can be compiled anywhere. Its questions get
//! the set's numbers when it is joined: in the order asked, so they depend on the rules' order alone.

use crate::expr::Expr;
use crate::predicate::{FieldId, Predicate, PredicateId, Predicates, Target};
use crate::test::Test;

/// The fields and predicates of one rule. What is asked twice may stand twice.
#[derive(Debug, Default)]
pub struct Asked {
    fields: Vec<Box<str>>,
    predicates: Vec<Predicate>,
}

impl Asked {
    /// The rule's own number of a field.
    pub fn field(&mut self, name: &str) -> FieldId {
        self.fields.push(name.into());
        FieldId(self.fields.len() as u32 - 1)
    }

    /// The question, by the rule's own number.
    pub fn ask(&mut self, predicate: Predicate) -> Expr {
        self.predicates.push(predicate);
        Expr::Is(PredicateId(self.predicates.len() as u32 - 1))
    }

    /// Adds them to those of the set, which already may have some.
    pub fn join(self, set: &mut Predicates) -> Numbers {
        let fields: Vec<FieldId> = self.fields.iter().map(|name| set.field(name)).collect();
        let renumbered = |mut predicate: Predicate| {
            if let Target::Field(field) = &mut predicate.target {
                *field = fields[field.0 as usize];
            }
            renumber_fields(&mut predicate.test, &fields);
            predicate
        };
        Numbers(self.predicates.into_iter().map(|p| set.intern(renumbered(p))).collect())
    }
}

fn renumber_fields(test: &mut Test, fields: &[FieldId]) {
    match test {
        Test::FieldRef { field, .. } => *field = fields[field.0 as usize],
        Test::Any(tests) | Test::All(tests) => {
            tests.iter_mut().for_each(|t| renumber_fields(t, fields));
        }
        Test::Not(test) => renumber_fields(test, fields),
        _ => {}
    }
}

/// The set's number of each predicate of a rule, by the rule's own.
#[derive(Debug)]
pub struct Numbers(Vec<PredicateId>);

impl Numbers {
    /// Puts the set's numbers in place of the rule's own.
    pub fn renumber(&self, expr: &mut Expr) {
        match expr {
            Expr::All(parts) | Expr::Any(parts) | Expr::AtLeast(_, parts) => {
                parts.iter_mut().for_each(|p| self.renumber(p));
            }
            Expr::Not(part) => self.renumber(part),
            Expr::Is(id) => *id = self.0[id.0 as usize],
            Expr::Const(_) => {}
        }
    }
}
