//! A rule's detection section and conditions → [`Expr`]s over the predicates it asks.

use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Detections, Quantifier, SelectorPattern, SigmaValue,
};

use super::asked::Asked;
use super::{Options, Refusal, item};
use crate::expr::Expr;
use crate::glob::{Glob, Token};
use crate::predicate::{Predicate, Target};
use crate::rules::Selection;

/// A rule's selections, by name, and what its conditions say of them.
pub type Compiled = Result<(Vec<Selection>, Expr), Refusal>;

/// Compiles both; what the rule asks goes into `asked`, also where it is refused on the way.
pub fn compile(section: &Detections, asked: &mut Asked, options: &Options) -> Compiled {
    let mut names: Vec<&String> = section.named.keys().collect();
    // The parser keeps no order; a rule must not depend on a hash.
    names.sort();
    let mut selections = Vec::with_capacity(names.len());
    for name in names {
        if name.is_empty() {
            return Err(Refusal::new("detection", "a selection's name is no text", "name it s1"));
        }
        let expr = detection(&section.named[name], name, asked, options)?;
        selections.push(Selection { name: name.clone(), expr });
    }
    let conditions: Vec<Expr> =
        section.conditions.iter().map(|c| condition(c, &selections)).collect::<Result<_, _>>()?;
    let expr = match conditions.len() {
        0 => {
            return Err(Refusal::new("condition", "the rule has no condition", "add `condition:`"));
        }
        1 => conditions.into_iter().next().expect("there is one"),
        // A list of conditions means one of them (specification, "Condition").
        _ => Expr::Any(conditions),
    };
    Ok((selections, expr))
}

fn condition(parsed: &ConditionExpr, selections: &[Selection]) -> Result<Expr, Refusal> {
    let all = |parts: &[ConditionExpr]| -> Result<Vec<Expr>, Refusal> {
        parts.iter().map(|p| condition(p, selections)).collect()
    };
    Ok(match parsed {
        ConditionExpr::And(parts) => Expr::All(all(parts)?),
        ConditionExpr::Or(parts) => Expr::Any(all(parts)?),
        ConditionExpr::Not(part) => Expr::Not(Box::new(condition(part, selections)?)),
        ConditionExpr::Identifier(name) => {
            let found = selections.iter().find(|s| s.name == *name);
            let missing = || {
                let known: Vec<&str> = selections.iter().map(|s| s.name.as_str()).collect();
                Refusal::new(
                    "condition",
                    format!("the condition names '{name}', which is not in the detection section"),
                    format!("there is: {}", known.join(", ")),
                )
            };
            found.ok_or_else(missing)?.expr.clone()
        }
        ConditionExpr::Selector { quantifier, pattern } => {
            let chosen: Vec<Expr> = selections
                .iter()
                .filter(|s| selects(pattern, &s.name))
                .map(|s| s.expr.clone())
                .collect();
            if chosen.is_empty() {
                let reason = format!("'{quantifier} of {pattern}' names no selection");
                return Err(Refusal::new("condition", reason, "check the selections' names"));
            }
            if *quantifier == Quantifier::Count(0) {
                let reason = format!("'0 of {pattern}' holds always");
                return Err(Refusal::new("condition", reason, "write not 1 of …"));
            }
            match quantifier {
                Quantifier::Any => Expr::Any(chosen),
                Quantifier::All => Expr::All(chosen),
                Quantifier::Count(n) => {
                    Expr::AtLeast(usize::try_from(*n).unwrap_or(usize::MAX), chosen)
                }
            }
        }
    })
}

/// Names that begin with an underscore are chosen by a pattern that begins with one, never by `them`
/// (specification, "Condition"). A `*` may stand anywhere in a pattern, and more than once.
pub fn selects(pattern: &SelectorPattern, name: &str) -> bool {
    let pattern = match pattern {
        SelectorPattern::Them => "*",
        SelectorPattern::Pattern(pattern) => pattern,
    };
    if name.starts_with('_') && !pattern.starts_with('_') {
        return false;
    }
    let mut tokens = Vec::new();
    for (i, part) in pattern.split('*').enumerate() {
        if i > 0 {
            tokens.push(Token::Many);
        }
        if !part.is_empty() {
            tokens.push(Token::Literal(part.into()));
        }
    }
    Glob::from_tokens(tokens).matches(name)
}

fn detection(
    parsed: &Detection,
    name: &str,
    asked: &mut Asked,
    options: &Options,
) -> Result<Expr, Refusal> {
    let empty = || Refusal::new(name, format!("'{name}' is empty"), "give it a field or a keyword");
    let joined = |parts: Vec<Expr>, join: fn(Vec<Expr>) -> Expr| match parts.len() {
        0 => Err(empty()),
        1 => Ok(parts.into_iter().next().expect("there is one")),
        _ => Ok(join(parts)),
    };
    match parsed {
        Detection::AllOf(items) => {
            let parts: Result<_, _> =
                items.iter().map(|i| detection_item(i, asked, options)).collect();
            joined(parts?, Expr::All)
        }
        Detection::And(parts) => {
            let parts: Result<_, _> =
                parts.iter().map(|d| detection(d, name, asked, options)).collect();
            joined(parts?, Expr::All)
        }
        Detection::AnyOf(parts) => {
            let parts: Result<_, _> =
                parts.iter().map(|d| detection(d, name, asked, options)).collect();
            joined(parts?, Expr::Any)
        }
        Detection::Keywords(values) => joined(keywords(values, name, asked)?, Expr::Any),
        Detection::ArrayMatch { field, .. } => Err(Refusal::new(
            field.as_str(),
            format!("'{field}[…]': quantified lists are not part of Sigma 2.1"),
            "name the field alone: a rule asks whether one member of a list matches",
        )),
        Detection::Conditional { .. } => Err(Refusal::new(
            name,
            "nested conditions are not part of Sigma 2.1",
            "write the parts as selections of their own",
        )),
    }
}

/// Keywords: each stands for itself, anywhere in the event's values.
fn keywords(values: &[SigmaValue], near: &str, asked: &mut Asked) -> Result<Vec<Expr>, Refusal> {
    let one = |value: &SigmaValue| {
        let test = item::keyword(value)
            .map_err(|reason| Refusal::new(near, reason, "a keyword is text or a number"))?;
        Ok(asked.ask(Predicate { target: Target::Keywords, test }))
    };
    values.iter().map(one).collect()
}

fn detection_item(
    parsed: &DetectionItem,
    asked: &mut Asked,
    options: &Options,
) -> Result<Expr, Refusal> {
    let Some(name) = item::field_name(parsed) else {
        return keyword_item(parsed, asked, options);
    };
    let near = item::spelled(parsed);
    let mut fields = |n: &str| asked.field(n);
    let test = item::test(parsed, options, &mut fields)
        .map_err(|e| Refusal::new(near.as_str(), format!("'{near}': {}", e.reason), e.hint))?;
    let field = asked.field(&name);
    Ok(asked.ask(Predicate { target: Target::Field(field), test }))
}

/// `'|all': [a, b]` without a field name: keywords that must all occur, and modifiers on keywords.
fn keyword_item(
    parsed: &DetectionItem,
    asked: &mut Asked,
    options: &Options,
) -> Result<Expr, Refusal> {
    let near = item::spelled(parsed);
    let tests = item::keyword_tests(parsed, options)
        .map_err(|e| Refusal::new(near.as_str(), format!("'{near}': {}", e.reason), e.hint))?;
    let all = parsed.field.modifiers.contains(&rsigma_parser::Modifier::All);
    let parts: Vec<Expr> = tests
        .into_iter()
        .map(|test| asked.ask(Predicate { target: Target::Keywords, test }))
        .collect();
    match (parts.len(), all) {
        (0, _) => Err(Refusal::new(near, "there is no keyword", "give it one")),
        (_, true) => Ok(Expr::All(parts)),
        (_, false) => Ok(Expr::Any(parts)),
    }
}
