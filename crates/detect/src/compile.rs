//! Sigma rules as text → [`Rules`], and what could not be compiled, with the place, the reason and a
//! hint.
//!
//! `rsigma-parser` reads YAML and the condition grammar; what the parts mean is decided here. A
//! document that fails never takes its neighbours with it.

mod dash;
mod dialect;
mod encode;
mod item;
mod locate;
mod modifiers;
mod placeholder;

use std::collections::BTreeMap;
use std::sync::Arc;

use blanik_model::{Level, Status};
use rsigma_parser::{
    ConditionExpr, Detection, DetectionItem, Quantifier, SelectorPattern, SigmaCollection,
    SigmaRule, SigmaValue, parse_sigma_yaml,
};

use crate::expr::Expr;
use crate::glob::{Glob, Token};
use crate::predicate::{Predicate, Predicates, Target};
use crate::rules::{LogSource, Rule, Rules, Selection};

/// A rule file: where it came from, and its text.
#[derive(Clone, Debug)]
pub struct Document {
    /// How to name it to a person (a path).
    pub origin: String,
    /// YAML.
    pub text: String,
}

/// What rules may refer to.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Values for `%name%` in values with the `expand` modifier.
    pub placeholders: BTreeMap<String, Vec<String>>,
}

/// Something in a rule file that could not be used, or is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The document.
    pub origin: String,
    /// The line, from 1, as near as it is known.
    pub line: u32,
    /// The rule's id or title, where it got that far.
    pub rule: Option<String>,
    /// What is wrong.
    pub reason: String,
    /// What to do about it; may be empty.
    pub hint: String,
    /// False if the rule is used all the same.
    pub fatal: bool,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: ", self.origin, self.line)?;
        if let Some(rule) = &self.rule {
            write!(f, "{rule}: ")?;
        }
        f.write_str(&self.reason)?;
        if !self.hint.is_empty() {
            write!(f, " ({})", self.hint)?;
        }
        Ok(())
    }
}

/// Why a rule was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    reason: String,
    hint: String,
    /// Text to look for in the document to find the line.
    near: String,
}

impl Refusal {
    fn new(near: impl Into<String>, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Refusal { near: near.into(), reason: reason.into(), hint: hint.into() }
    }
}

impl Rules {
    /// Compiles every rule of every document, in their order. Of rules with one id, the first is
    /// used. Correlation and filter rules are refused by name.
    pub fn compile<'d>(
        documents: impl IntoIterator<Item = &'d Document>,
        options: &Options,
    ) -> (Rules, Vec<Problem>) {
        let mut compiler = Compiler::new(options);
        for document in documents {
            compiler.document(document);
        }
        (compiler.rules, compiler.problems)
    }
}

struct Compiler<'o> {
    options: &'o Options,
    rules: Rules,
    problems: Vec<Problem>,
    seen: hashbrown::HashMap<String, (Arc<str>, u32)>,
}

impl<'o> Compiler<'o> {
    fn new(options: &'o Options) -> Self {
        Compiler {
            options,
            rules: Rules::default(),
            problems: Vec::new(),
            seen: hashbrown::HashMap::new(),
        }
    }

    fn document(&mut self, document: &Document) {
        let origin: Arc<str> = document.origin.as_str().into();
        // A byte order mark is no text; the YAML library does not know it.
        let text = document.text.strip_prefix('\u{feff}').unwrap_or(&document.text);
        for part in locate::parts(text) {
            match parse_sigma_yaml(part.text) {
                Ok(collection) => self.collection(&origin, &part, collection),
                Err(error) => self.parse_error(&origin, &part, &error.to_string()),
            }
        }
    }

    fn collection(&mut self, origin: &Arc<str>, part: &locate::Part<'_>, found: SigmaCollection) {
        let empty = found.rules.is_empty()
            && found.correlations.is_empty()
            && found.filters.is_empty()
            && found.errors.is_empty();
        if empty && !part.text.trim().is_empty() && !part.only_comments() {
            self.parse_error(origin, part, "no Sigma rule stands here");
        }
        // The parser says in one list what cost a rule and what did not.
        for error in &found.errors {
            match locate::remark_on(error) {
                Some(near) => {
                    self.problem(origin, part, None, Refusal::new(near, error.as_str(), ""), false);
                }
                None => self.parse_error(origin, part, error),
            }
        }
        for rule in &found.rules {
            self.rule(origin, part, rule);
        }
        for correlation in &found.correlations {
            let name = correlation.id.clone().unwrap_or_else(|| correlation.title.clone());
            let refusal = Refusal::new(
                &*correlation.title,
                "correlation rules are not supported yet",
                "the rules it refers to are used on their own",
            );
            self.problem(origin, part, Some(name), refusal, true);
        }
        for filter in &found.filters {
            let name = filter.id.clone().unwrap_or_else(|| filter.title.clone());
            let refusal = Refusal::new(
                &*filter.title,
                "filter rules are not supported yet",
                "the rules it would filter are used unfiltered",
            );
            self.problem(origin, part, Some(name), refusal, true);
        }
    }

    fn parse_error(&mut self, origin: &Arc<str>, part: &locate::Part<'_>, error: &str) {
        let line = locate::line_in_error(error);
        let near = locate::near_in_error(error);
        let refusal = Refusal::new(near, locate::on_one_line(error), locate::hint_for(error));
        self.problem(origin, part, None, refusal, true);
        if let (Some(line), Some(problem)) = (line, self.problems.last_mut()) {
            problem.line = part.first_line + line.saturating_sub(1);
        }
    }

    fn problem(
        &mut self,
        origin: &Arc<str>,
        part: &locate::Part<'_>,
        rule: Option<String>,
        refusal: Refusal,
        fatal: bool,
    ) {
        self.problems.push(Problem {
            origin: origin.to_string(),
            line: part.line_of(rule.as_deref(), &refusal.near),
            rule,
            reason: refusal.reason,
            hint: refusal.hint,
            fatal,
        });
    }

    fn rule(&mut self, origin: &Arc<str>, part: &locate::Part<'_>, parsed: &SigmaRule) {
        let id = parsed.id.clone().unwrap_or_else(|| locate::stem(origin, part, parsed));
        let line = part.line_of(Some(&id), &parsed.title);
        if let Some((where_, at)) = self.seen.get(&id) {
            let reason = format!("the id {id} is taken by the rule at {where_}:{at}");
            let refusal = Refusal::new(&*id, reason, "give each rule an id of its own");
            return self.problem(origin, part, Some(id), refusal, true);
        }
        let compiled = dialect::check_dialect(parsed)
            .and_then(|()| compile_rule(parsed, &mut self.rules.predicates, self.options));
        let (selections, expr) = match compiled {
            Ok(parts) => parts,
            Err(refusal) => return self.problem(origin, part, Some(id), refusal, true),
        };
        for remark in dialect::remarks(parsed) {
            self.problem(origin, part, Some(id.clone()), remark, false);
        }
        self.seen.insert(id.clone(), (Arc::clone(origin), line));
        self.rules.rules.push(Rule {
            id,
            title: parsed.title.clone(),
            level: parsed.level.map_or(Level::Medium, level),
            status: parsed.status.map(status),
            tags: parsed.tags.clone(),
            description: parsed.description.clone(),
            log_source: log_source(&parsed.logsource),
            origin: Arc::clone(origin),
            line,
            selections,
            conditions: parsed.detection.condition_strings.clone(),
            expr,
        });
    }
}

fn level(level: rsigma_parser::Level) -> Level {
    match level {
        rsigma_parser::Level::Informational => Level::Informational,
        rsigma_parser::Level::Low => Level::Low,
        rsigma_parser::Level::Medium => Level::Medium,
        rsigma_parser::Level::High => Level::High,
        rsigma_parser::Level::Critical => Level::Critical,
    }
}

fn status(status: rsigma_parser::Status) -> Status {
    match status {
        rsigma_parser::Status::Stable => Status::Stable,
        rsigma_parser::Status::Test => Status::Test,
        rsigma_parser::Status::Experimental => Status::Experimental,
        rsigma_parser::Status::Deprecated => Status::Deprecated,
        rsigma_parser::Status::Unsupported => Status::Unsupported,
    }
}

/// Log source names are compared in lower case.
fn log_source(parsed: &rsigma_parser::LogSource) -> LogSource {
    let lower = |part: &Option<String>| part.as_ref().map(|s| s.to_ascii_lowercase());
    LogSource {
        product: lower(&parsed.product),
        service: lower(&parsed.service),
        category: lower(&parsed.category),
    }
}

type Compiled = Result<(Vec<Selection>, Expr), Refusal>;

fn compile_rule(rule: &SigmaRule, predicates: &mut Predicates, options: &Options) -> Compiled {
    let mut names: Vec<&String> = rule.detection.named.keys().collect();
    // The parser keeps no order; a rule must not depend on a hash.
    names.sort();
    let mut selections = Vec::with_capacity(names.len());
    for name in names {
        if name.is_empty() {
            return Err(Refusal::new("detection", "a selection's name is no text", "name it s1"));
        }
        let expr = detection(&rule.detection.named[name], name, predicates, options)?;
        selections.push(Selection { name: name.clone(), expr });
    }
    let conditions: Vec<Expr> = rule
        .detection
        .conditions
        .iter()
        .map(|c| condition(c, &selections))
        .collect::<Result<_, _>>()?;
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
fn selects(pattern: &SelectorPattern, name: &str) -> bool {
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
    predicates: &mut Predicates,
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
                items.iter().map(|i| detection_item(i, predicates, options)).collect();
            joined(parts?, Expr::All)
        }
        Detection::And(parts) => {
            let parts: Result<_, _> =
                parts.iter().map(|d| detection(d, name, predicates, options)).collect();
            joined(parts?, Expr::All)
        }
        Detection::AnyOf(parts) => {
            let parts: Result<_, _> =
                parts.iter().map(|d| detection(d, name, predicates, options)).collect();
            joined(parts?, Expr::Any)
        }
        Detection::Keywords(values) => joined(keywords(values, name, predicates)?, Expr::Any),
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
fn keywords(
    values: &[SigmaValue],
    near: &str,
    predicates: &mut Predicates,
) -> Result<Vec<Expr>, Refusal> {
    let one = |value: &SigmaValue| {
        let test = item::keyword(value)
            .map_err(|reason| Refusal::new(near, reason, "a keyword is text or a number"))?;
        Ok(Expr::Is(predicates.intern(Predicate { target: Target::Keywords, test })))
    };
    values.iter().map(one).collect()
}

fn detection_item(
    parsed: &DetectionItem,
    predicates: &mut Predicates,
    options: &Options,
) -> Result<Expr, Refusal> {
    let Some(name) = item::field_name(parsed) else {
        return keyword_item(parsed, predicates, options);
    };
    let near = item::spelled(parsed);
    let mut fields = |n: &str| predicates.field(n);
    let test = item::test(parsed, options, &mut fields)
        .map_err(|e| Refusal::new(near.as_str(), format!("'{near}': {}", e.reason), e.hint))?;
    let field = predicates.field(&name);
    Ok(Expr::Is(predicates.intern(Predicate { target: Target::Field(field), test })))
}

/// `'|all': [a, b]` without a field name: keywords that must all occur, and modifiers on keywords.
fn keyword_item(
    parsed: &DetectionItem,
    predicates: &mut Predicates,
    options: &Options,
) -> Result<Expr, Refusal> {
    let near = item::spelled(parsed);
    let tests = item::keyword_tests(parsed, options)
        .map_err(|e| Refusal::new(near.as_str(), format!("'{near}': {}", e.reason), e.hint))?;
    let all = parsed.field.modifiers.contains(&rsigma_parser::Modifier::All);
    let parts: Vec<Expr> = tests
        .into_iter()
        .map(|test| Expr::Is(predicates.intern(Predicate { target: Target::Keywords, test })))
        .collect();
    match (parts.len(), all) {
        (0, _) => Err(Refusal::new(near, "there is no keyword", "give it one")),
        (_, true) => Ok(Expr::All(parts)),
        (_, false) => Ok(Expr::Any(parts)),
    }
}
