//! Sigma rules as text → [`Rules`], and what could not be compiled, with the place, the reason and a
//! hint.
//!
//! `rsigma-parser` reads YAML and the condition grammar; what the parts mean is decided here. A
//! document that fails never takes its neighbours with it. Each document is compiled by itself into a
//! [`Draft`]; a [`Compiler`] joins drafts in the documents' order, and what comes out depends on that
//! order alone.

mod asked;
mod dash;
mod detection;
mod dialect;
mod draft;
mod encode;
mod item;
mod locate;
mod modifiers;
mod placeholder;
mod plain_rule;
mod plain_yaml;

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::rules::Rules;

use self::draft::{Entry, RuleDraft};

pub use self::draft::Draft;

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
        let mut compiler = Compiler::default();
        for document in documents {
            compiler.add(document.draft(options));
        }
        compiler.finish()
    }
}

/// Joins [`Draft`]s: what [`Rules::compile`] does, for a caller who makes the drafts elsewhere.
#[derive(Debug, Default)]
pub struct Compiler {
    rules: Rules,
    problems: Vec<Problem>,
    /// The rule that has an id, by its index.
    seen: HashMap<String, usize>,
}

impl Compiler {
    /// Adds a document's rules behind those that are there.
    pub fn add(&mut self, draft: Draft) {
        for entry in draft.entries {
            match entry {
                Entry::Problem(problem) => self.problems.push(problem),
                Entry::Rule(rule) => self.rule(*rule),
            }
        }
    }

    /// All rules, and what is wrong with them, in the order they were added.
    pub fn finish(self) -> (Rules, Vec<Problem>) {
        (self.rules, self.problems)
    }

    fn rule(&mut self, draft: RuleDraft) {
        if let Some(&first) = self.seen.get(&draft.id) {
            let problem = self.taken(draft, first);
            return self.problems.push(problem);
        }
        let numbers = draft.asked.join(&mut self.rules.predicates);
        self.problems.extend(draft.remarks);
        match draft.compiled {
            Ok(mut rule) => {
                rule.selections.iter_mut().for_each(|s| numbers.renumber(&mut s.expr));
                numbers.renumber(&mut rule.expr);
                self.seen.insert(draft.id, self.rules.rules.len());
                self.rules.rules.push(rule);
            }
            Err(problem) => self.problems.push(problem),
        }
    }

    fn taken(&self, draft: RuleDraft, first: usize) -> Problem {
        let (id, first) = (draft.id, &self.rules.rules[first]);
        Problem {
            origin: draft.origin.to_string(),
            line: draft.id_line,
            reason: format!("the id {id} is taken by the rule at {}:{}", first.origin, first.line),
            rule: Some(id),
            hint: "give each rule an id of its own".to_owned(),
            fatal: true,
        }
    }
}
