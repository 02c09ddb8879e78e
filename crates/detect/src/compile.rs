//! Sigma rules as text → [`Rules`], and what could not be compiled, with the place, the reason and a
//! hint.
//!
//! `rsigma-parser` reads YAML and the condition grammar; what the parts mean is decided here. A
//! document that fails never takes its neighbours with it. Each document is compiled by itself into a
//! [`Draft`]; a [`Compiler`] joins drafts in the documents' order, and what comes out depends on that
//! order alone.

mod asked;
mod correlation;
mod dash;
mod detection;
mod dialect;
mod draft;
mod encode;
mod entries;
mod filter;
mod item;
mod link;
mod locate;
mod modifiers;
mod placeholder;
mod plain_rule;
mod plain_yaml;

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::rules::{RuleIx, Rules};

use self::correlation::{CorrelationDraft, Heading};
use self::draft::{Entry, RuleDraft};
use self::filter::FilterDraft;
use self::link::Directory;

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
    /// used. What correlation and filter rules refer to may stand in any document.
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
    /// Where each id was given first.
    seen: HashMap<String, (Arc<str>, u32)>,
    directory: Directory,
    // Joined when all rules are known.
    filters: Vec<FilterDraft>,
    correlations: Vec<CorrelationDraft>,
}

impl Compiler {
    /// Adds a document's rules behind those that are there.
    pub fn add(&mut self, draft: Draft) {
        for entry in draft.entries {
            match entry {
                Entry::Problem(problem) => self.problems.push(problem),
                Entry::Rule(rule) => self.rule(*rule),
                Entry::Filter(filter) if self.is_new(&filter.heading) => self.filters.push(*filter),
                Entry::Correlation(correlation) if self.is_new(&correlation.heading) => {
                    self.correlations.push(*correlation);
                }
                Entry::Filter(_) | Entry::Correlation(_) => {}
            }
        }
    }

    /// All rules, and what is wrong with them: of detection rules in the order they were added, then
    /// of filters, then of correlations.
    pub fn finish(mut self) -> (Rules, Vec<Problem>) {
        for filter in std::mem::take(&mut self.filters) {
            link::filter(filter, &self.directory, &mut self.rules, &mut self.problems);
        }
        let correlations = std::mem::take(&mut self.correlations);
        link::correlations(correlations, &mut self.directory, &mut self.rules, &mut self.problems);
        (self.rules, self.problems)
    }

    fn rule(&mut self, draft: RuleDraft) {
        if let Some(first) = self.seen.get(&draft.id) {
            let problem = taken(&draft.origin, draft.id, draft.id_line, first);
            return self.problems.push(problem);
        }
        let numbers = draft.asked.join(&mut self.rules.predicates);
        self.problems.extend(draft.remarks);
        let called = [Some(&draft.id), draft.name.as_ref()];
        match draft.compiled {
            Ok(mut rule) => {
                rule.selections.iter_mut().for_each(|s| numbers.renumber(&mut s.expr));
                numbers.renumber(&mut rule.expr);
                let ix = RuleIx(self.rules.rules.len() as u32);
                self.directory.rule(&draft.origin, called, ix);
                self.seen.insert(draft.id, (draft.origin, rule.line));
                self.rules.rules.push(rule);
            }
            Err(problem) => {
                self.directory.refused(called);
                self.problems.push(problem);
            }
        }
    }

    /// False if the id is taken, which is a problem.
    fn is_new(&mut self, heading: &Heading) -> bool {
        if let Some(first) = self.seen.get(&heading.id) {
            let problem = taken(&heading.origin, heading.id.clone(), heading.id_line, first);
            self.problems.push(problem);
            return false;
        }
        self.seen.insert(heading.id.clone(), (Arc::clone(&heading.origin), heading.line));
        true
    }
}

fn taken(origin: &str, id: String, line: u32, (of, at): &(Arc<str>, u32)) -> Problem {
    Problem {
        origin: origin.to_owned(),
        line,
        reason: format!("the id {id} is taken by the rule at {of}:{at}"),
        rule: Some(id),
        hint: "give each rule an id of its own".to_owned(),
        fatal: true,
    }
}
