//! Why a rule did or did not meet an event: selection by selection, question by question.

use blanik_model::OwnedValue;

use crate::expr::Expr;
use crate::predicate::{Predicate, PredicateId, Target};
use crate::reference::{EventView, holds};
use crate::rules::{Rule, Rules};
use crate::test::{Comparison, Test, TextOp};

/// The answer for one rule and one event.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Whether the rule meets the event.
    pub meets: bool,
    /// The conditions, as written.
    pub conditions: Vec<String>,
    /// Its selections.
    pub selections: Vec<Part>,
}

/// A selection, or a part of one.
#[derive(Clone, Debug)]
pub struct Part {
    /// How deep it stands, from 0.
    pub depth: usize,
    /// What it asks.
    pub asks: String,
    /// The answer.
    pub holds: bool,
    /// The value asked, where it is a question to a field that the event has.
    pub value: Option<OwnedValue>,
}

/// Explains.
pub fn explain(rules: &Rules, rule: &Rule, event: &dyn EventView) -> Explanation {
    let mut parts = Vec::new();
    for selection in &rule.selections {
        let holds = evaluate(rules, &selection.expr, event);
        parts.push(Part { depth: 0, asks: selection.name.clone(), holds, value: None });
        describe(rules, &selection.expr, event, 1, &mut parts);
    }
    Explanation {
        meets: evaluate(rules, &rule.expr, event),
        conditions: rule.conditions.clone(),
        selections: parts,
    }
}

fn evaluate(rules: &Rules, expr: &Expr, event: &dyn EventView) -> bool {
    expr.eval(&mut |id| holds(rules.predicates(), id, event))
}

fn describe(rules: &Rules, expr: &Expr, event: &dyn EventView, depth: usize, out: &mut Vec<Part>) {
    let heading = match expr {
        Expr::Is(id) => return out.push(question(rules, *id, event, depth)),
        // A selection's own items stand directly below its name.
        Expr::All(parts) => {
            return parts.iter().for_each(|p| describe(rules, p, event, depth, out));
        }
        Expr::Any(_) => "one of:".to_owned(),
        Expr::AtLeast(n, _) => format!("at least {n} of:"),
        Expr::Not(_) => "not:".to_owned(),
        Expr::Const(b) => if *b { "always" } else { "never" }.to_owned(),
    };
    let holds = evaluate(rules, expr, event);
    out.push(Part { depth, asks: heading, holds, value: None });
    match expr {
        Expr::Any(parts) | Expr::AtLeast(_, parts) => {
            parts.iter().for_each(|p| describe(rules, p, event, depth + 1, out));
        }
        Expr::Not(part) => describe(rules, part, event, depth + 1, out),
        Expr::All(_) | Expr::Is(_) | Expr::Const(_) => {}
    }
}

fn question(rules: &Rules, id: PredicateId, event: &dyn EventView, depth: usize) -> Part {
    let predicate = rules.predicates().get(id);
    let value = match predicate.target {
        Target::Field(f) => event.get(rules.predicates().field_name(f)).map(|v| v.to_owned()),
        Target::Keywords => None,
    };
    Part {
        depth,
        asks: spell(rules, predicate),
        holds: holds(rules.predicates(), id, event),
        value,
    }
}

/// A predicate as people read it: `CommandLine contains 'whoami' or 'net user'`.
pub fn spell(rules: &Rules, predicate: &Predicate) -> String {
    let subject = match predicate.target {
        Target::Field(f) => rules.predicates().field_name(f).to_string(),
        Target::Keywords => "any value".to_owned(),
    };
    format!("{subject} {}", spell_test(rules, &predicate.test))
}

/// Of a long list, so many are spelled out.
const SPELLED_MAX: usize = 8;

fn spell_test(rules: &Rules, test: &Test) -> String {
    let join = |tests: &[Test], word: &str| {
        let mut parts: Vec<String> =
            tests.iter().take(SPELLED_MAX).map(|t| spell_test(rules, t)).collect();
        if tests.len() > SPELLED_MAX {
            parts.push(format!("… ({} in all)", tests.len()));
        }
        parts.join(word)
    };
    match test {
        Test::Text { op, text, cased } => {
            format!("{} '{text}'{}", op_word(*op), if *cased { " (with case)" } else { "" })
        }
        Test::Glob { glob, .. } => format!("is like {}", spell_glob(glob)),
        Test::Regex(pattern) => format!("matches /{}/", pattern.source()),
        Test::Number { comparison, with } => {
            format!("{} {}", comparison_sign(*comparison), with.get())
        }
        Test::Bool(b) => format!("is {b}"),
        Test::Null => "is null or missing".to_owned(),
        Test::Exists(true) => "exists".to_owned(),
        Test::Exists(false) => "does not exist".to_owned(),
        Test::Cidr(net) => format!("lies in {net}"),
        Test::TimePart { part, comparison, with } => {
            format!("has {part:?} {} {}", comparison_sign(*comparison), with.get()).to_lowercase()
        }
        Test::FieldRef { field, op, .. } => {
            format!("{} the value of {}", op_word(*op), rules.predicates().field_name(*field))
        }
        Test::Any(tests) => join(tests, " or "),
        Test::All(tests) => join(tests, " and "),
        Test::Not(test) => format!("has a value, and not: {}", spell_test(rules, test)),
    }
}

fn spell_glob(glob: &crate::glob::Glob) -> String {
    use crate::glob::Token;
    let one = |token: &Token| match token {
        Token::Literal(text) => text.to_string(),
        Token::One => "?".into(),
        Token::Many => "*".into(),
        Token::Dash => "[-/–—―]".into(),
    };
    glob.tokens().iter().map(one).collect()
}

fn op_word(op: TextOp) -> &'static str {
    match op {
        TextOp::Equals => "is",
        TextOp::Contains => "contains",
        TextOp::StartsWith => "starts with",
        TextOp::EndsWith => "ends with",
    }
}

fn comparison_sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => "≥",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "≤",
    }
}
