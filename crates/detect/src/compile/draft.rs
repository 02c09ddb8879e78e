//! One document → a [`Draft`]: everything that can be said of its rules without looking at other
//! documents. Drafts may be made in any order, and anywhere.

use std::sync::Arc;

use blanik_model::{Level, Status};
use rsigma_parser::{SigmaCollection, SigmaRule, parse_sigma_yaml};
use yaml_serde::{Mapping, Value};

use super::asked::Asked;
use super::correlation::{self, CorrelationDraft, Heading, Place};
use super::filter::{self, FilterDraft};
use super::locate::{self, Part};
use super::{Document, Options, Problem, Refusal, detection, dialect, plain_rule};
use crate::rules::{LogSource, Rule};

/// What one document says, not yet joined with what others say. See [`Compiler`](super::Compiler).
#[derive(Debug)]
pub struct Draft {
    pub(super) entries: Vec<Entry>,
}

/// In the order of the document.
#[derive(Debug)]
pub(super) enum Entry {
    Problem(Problem),
    Rule(Box<RuleDraft>),
    Correlation(Box<CorrelationDraft>),
    Filter(Box<FilterDraft>),
}

/// A rule whose predicates have the numbers of its own `asked`.
#[derive(Debug)]
pub(super) struct RuleDraft {
    pub origin: Arc<str>,
    pub id: String,
    pub name: Option<String>,
    /// Where the id stands: of interest if another rule has it.
    pub id_line: u32,
    pub asked: Asked,
    pub compiled: Result<Rule, Problem>,
    /// About a rule that is used all the same.
    pub remarks: Vec<Problem>,
}

impl Document {
    /// Compiles the rules of this document, as far as that goes without other documents.
    pub fn draft(&self, options: &Options) -> Draft {
        let origin = self.origin.as_str().into();
        let mut drafter = Drafter { options, origin, draft: Draft { entries: Vec::new() } };
        // A byte order mark is no text; the YAML library does not know it.
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(&self.text);
        for part in locate::parts(text) {
            if let Some(rule) = plain_rule::read(part.text) {
                drafter.add(&part, rule);
                continue;
            }
            if drafter.meta_rule(&part) {
                continue;
            }
            match parse_sigma_yaml(part.text) {
                Ok(collection) => drafter.collection(&part, collection),
                Err(error) => drafter.parse_error(&part, &error.to_string()),
            }
        }
        drafter.draft
    }
}

struct Drafter<'o> {
    options: &'o Options,
    origin: Arc<str>,
    draft: Draft,
}

impl Drafter<'_> {
    fn collection(&mut self, part: &Part<'_>, found: SigmaCollection) {
        let empty = found.rules.is_empty()
            && found.correlations.is_empty()
            && found.filters.is_empty()
            && found.errors.is_empty();
        if empty && !part.text.trim().is_empty() && !part.only_comments() {
            self.parse_error(part, "no Sigma rule stands here");
        }
        // The parser says in one list what cost a rule and what did not.
        for error in &found.errors {
            match locate::remark_on(error) {
                Some(near) => {
                    let refusal = Refusal::new(near, error.as_str(), "");
                    self.tell(self.problem(part, None, refusal, false));
                }
                None => self.parse_error(part, error),
            }
        }
        for rule in found.rules {
            self.add(part, rule);
        }
        // What stands by itself was read before; these are among documents with actions.
        let titles = found.correlations.into_iter().map(|c| (c.id, c.title));
        for (id, title) in titles.chain(found.filters.into_iter().map(|f| (f.id, f.title))) {
            let refusal = Refusal::new(
                &*title,
                "correlation and filter rules are not read from a file with `action:` (of Sigma 1)",
                "give it a file of its own",
            );
            self.tell(self.problem(part, Some(id.unwrap_or(title)), refusal, true));
        }
    }

    /// Reads the document if it is a correlation or a filter rule.
    fn meta_rule(&mut self, part: &Part<'_>) -> bool {
        if !part.may_be_meta_rule() {
            return false;
        }
        let Ok(Value::Mapping(map)) = yaml_serde::from_str::<Value>(part.text) else {
            return false;
        };
        let has = |key: &str| map.contains_key(key);
        if !has("correlation") && (!has("filter") || has("detection")) {
            return false;
        }
        match correlation::heading(&map, part, &self.origin) {
            Ok(heading) if has("correlation") => self.correlation(part, &map, heading),
            Ok(heading) => self.filter(part, &map, heading),
            Err(refusal) => self.tell(self.problem(part, None, refusal, true)),
        }
        true
    }

    fn correlation(&mut self, part: &Part<'_>, map: &Mapping, heading: Heading) {
        let mut remarks = Vec::new();
        let place = Place { part, id: &heading.id };
        let said = correlation::say(map, place, &mut remarks);
        let (said, remarks) = self.judged(part, &heading.id, said, remarks);
        let draft = CorrelationDraft { heading, said, remarks };
        self.draft.entries.push(Entry::Correlation(Box::new(draft)));
    }

    fn filter(&mut self, part: &Part<'_>, map: &Mapping, heading: Heading) {
        if let Err(refusal) = filter::check(map) {
            return self.tell(self.problem(part, Some(heading.id), refusal, true));
        }
        let parsed = match parse_sigma_yaml(part.text) {
            Ok(parsed) if parsed.errors.is_empty() => parsed,
            Ok(parsed) => return self.parse_error(part, &parsed.errors.join("; ")),
            Err(error) => return self.parse_error(part, &error.to_string()),
        };
        let (mut asked, mut remarks) = (Asked::default(), Vec::new());
        let place = Place { part, id: &heading.id };
        let said = filter::say(map, parsed, place, &mut asked, self.options, &mut remarks);
        let (said, remarks) = self.judged(part, &heading.id, said, remarks);
        let draft = FilterDraft { heading, asked, said, remarks };
        self.draft.entries.push(Entry::Filter(Box::new(draft)));
    }

    /// Refusals and remarks with their places. What is refused needs no remarks.
    fn judged<T>(
        &self,
        part: &Part<'_>,
        id: &str,
        said: Result<T, Refusal>,
        remarks: Vec<Refusal>,
    ) -> (Result<T, Problem>, Vec<Problem>) {
        let place = |refusal, fatal| self.problem(part, Some(id.to_owned()), refusal, fatal);
        match said {
            Ok(said) => (Ok(said), remarks.into_iter().map(|r| place(r, false)).collect()),
            Err(refusal) => (Err(place(refusal, true)), Vec::new()),
        }
    }

    fn tell(&mut self, problem: Problem) {
        self.draft.entries.push(Entry::Problem(problem));
    }

    fn parse_error(&mut self, part: &Part<'_>, error: &str) {
        let near = locate::near_in_error(error);
        let refusal = Refusal::new(near, locate::on_one_line(error), locate::hint_for(error));
        let mut problem = self.problem(part, None, refusal, true);
        if let Some(line) = locate::line_in_error(error) {
            problem.line = part.first_line + line.saturating_sub(1);
        }
        self.tell(problem);
    }

    fn problem(
        &self,
        part: &Part<'_>,
        rule: Option<String>,
        refusal: Refusal,
        fatal: bool,
    ) -> Problem {
        Problem {
            origin: self.origin.to_string(),
            line: part.line_of(rule.as_deref(), &refusal.near),
            rule,
            reason: refusal.reason,
            hint: refusal.hint,
            fatal,
        }
    }

    fn add(&mut self, part: &Part<'_>, parsed: SigmaRule) {
        let rule = self.rule(part, parsed);
        self.draft.entries.push(Entry::Rule(Box::new(rule)));
    }

    fn rule(&self, part: &Part<'_>, parsed: SigmaRule) -> RuleDraft {
        let id =
            parsed.id.clone().unwrap_or_else(|| locate::stem(&self.origin, part, &parsed.title));
        let id_line = part.line_of(None, &id);
        let line = part.line_of(Some(&id), &parsed.title);
        let name = parsed.name.clone();
        let mut asked = Asked::default();
        let mut remarks = Vec::new();
        let compiled = dialect::check_dialect(parsed.sigma_version, parsed.taxonomy.as_deref())
            .and_then(|()| detection::compile(&parsed.detection, &mut asked, self.options))
            .map_err(|refusal| self.problem(part, Some(id.clone()), refusal, true))
            .map(|(selections, expr)| {
                remarks.extend(
                    dialect::remarks(&parsed)
                        .into_iter()
                        .map(|remark| self.problem(part, Some(id.clone()), remark, false)),
                );
                Rule {
                    id: id.clone(),
                    title: parsed.title,
                    name: parsed.name,
                    level: parsed.level.map_or(Level::Medium, level),
                    status: parsed.status.map(status),
                    tags: parsed.tags,
                    description: parsed.description,
                    log_source: log_source(&parsed.logsource),
                    origin: Arc::clone(&self.origin),
                    line,
                    selections,
                    conditions: parsed.detection.condition_strings,
                    expr,
                    reports: true,
                }
            });
        let origin = Arc::clone(&self.origin);
        RuleDraft { origin, id, name, id_line, asked, compiled, remarks }
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
pub(super) fn log_source(parsed: &rsigma_parser::LogSource) -> LogSource {
    let lower = |part: &Option<String>| part.as_ref().map(|s| s.to_ascii_lowercase());
    LogSource {
        product: lower(&parsed.product),
        service: lower(&parsed.service),
        category: lower(&parsed.category),
    }
}
