//! What filter and correlation rules refer to: found when all rules are known.
//!
//! A rule is called by its id or its name. An id is given once; a name may be given in several files
//! (it is unique "per correlation"), and means first the rule of that name in the same file.

use std::sync::Arc;

use blanik_model::Level;
use hashbrown::{HashMap, HashSet};

use super::Problem;
use super::correlation::{AliasDraft, Called, CorrelationDraft, Heading};
use super::filter::{self, FilterDraft, Targets};
use crate::correlation::routes::Routes;
use crate::correlation::{Alias, Correlation, CorrelationIx, Reference, Referent};
use crate::expr::Expr;
use crate::rules::{Filter, LogSource, RuleIx, Rules, Selection};

/// Who is called what.
#[derive(Debug, Default)]
pub(super) struct Directory {
    // The origin of each, in the order of the documents; no one stands twice under a name.
    called: HashMap<String, Vec<(Arc<str>, Referent)>>,
    // Ids and names of rules that do not compile.
    refused: HashSet<String>,
}

/// Why a name means no rule: the reason and what to do.
type Unknown = (String, &'static str);

impl Directory {
    /// Adds a rule.
    pub fn rule(&mut self, origin: &Arc<str>, called: [Option<&String>; 2], ix: RuleIx) {
        self.add(origin, called, Referent::Rule(ix));
    }

    /// Adds what rules that do not compile are called.
    pub fn refused(&mut self, called: [Option<&String>; 2]) {
        self.refused.extend(called.into_iter().flatten().cloned());
    }

    fn add(&mut self, origin: &Arc<str>, called: [Option<&String>; 2], to: Referent) {
        for name in called.into_iter().flatten() {
            let all = self.called.entry_ref(name.as_str()).or_default();
            if !all.iter().any(|(_, known)| *known == to) {
                all.push((Arc::clone(origin), to));
            }
        }
    }

    /// Who is called so, for one who stands in `origin`.
    fn find(&self, origin: &str, name: &str) -> Result<Referent, Unknown> {
        let all = self.called.get(name).map_or(&[][..], |all| all);
        let mut near = all.iter().filter(|(of, _)| **of == *origin);
        match (near.next(), near.next(), all) {
            (Some((_, to)), None, _) | (None, None, [(_, to)]) => Ok(*to),
            (None, _, []) if self.refused.contains(name) => Err((
                format!("'{name}' does not compile"),
                "what is wrong with that rule is said at its place",
            )),
            (None, _, []) => Err((
                format!("no rule has the id or name '{name}'"),
                "load the file that has it, too, or correct the reference",
            )),
            (_, _, several) => {
                let places: Vec<&str> = several.iter().map(|(of, _)| &**of).collect();
                let reason =
                    format!("'{name}' names {} rules: {}", places.len(), places.join(", "));
                Err((reason, "refer to the one by its id"))
            }
        }
    }
}

/// A problem of a rule.
fn problem(heading: &Heading, line: u32, reason: String, hint: &str, fatal: bool) -> Problem {
    Problem {
        origin: heading.origin.to_string(),
        line,
        rule: Some(heading.id.clone()),
        reason,
        hint: hint.to_owned(),
        fatal,
    }
}

/// Puts a filter into the rules it names.
pub(super) fn filter(
    draft: FilterDraft,
    directory: &Directory,
    rules: &mut Rules,
    problems: &mut Vec<Problem>,
) {
    let FilterDraft { heading, asked, said, remarks } = draft;
    let said = match said {
        Ok(said) => said,
        Err(problem) => return problems.push(problem),
    };
    let numbers = asked.join(&mut rules.predicates);
    let targets = match &said.rules {
        Targets::Any => fitting(&said.log_source, rules),
        Targets::Named(called) => {
            let found = called.iter().map(|c| target(c, &heading, &said, directory, rules));
            let (found, unknown): (Vec<_>, Vec<_>) = found.partition(Result::is_ok);
            problems.extend(unknown.into_iter().filter_map(Result::err));
            found.into_iter().flatten().collect()
        }
    };
    if targets.is_empty() {
        let reason = "the filter narrows no rule".to_owned();
        let hint = "check its rules and its log source";
        return problems.push(problem(&heading, heading.line, reason, hint, true));
    }
    problems.extend(remarks);
    for ix in &targets {
        let rule = &mut rules.rules[ix.0 as usize];
        let mut expr = said.expr.clone();
        numbers.renumber(&mut expr);
        let own = std::mem::replace(&mut rule.expr, Expr::Const(true));
        rule.expr = Expr::All(vec![own, expr]);
        rule.conditions.push(format!("and, by the filter '{}': {}", heading.title, said.condition));
        rule.selections.extend(said.selections.iter().map(|selection| {
            let mut selection = Selection {
                name: format!("{} (filter '{}')", selection.name, heading.title),
                expr: selection.expr.clone(),
            };
            numbers.renumber(&mut selection.expr);
            selection
        }));
    }
    rules.filters.push(Filter {
        id: heading.id,
        title: heading.title,
        origin: heading.origin,
        line: heading.line,
        rules: targets.len(),
    });
}

/// The rules of a log source that has each part the filter names.
fn fitting(log_source: &LogSource, rules: &Rules) -> Vec<RuleIx> {
    let fits = |rule: &LogSource| log_source.covers(rule);
    rules.iter().filter(|(_, rule)| fits(&rule.log_source)).map(|(ix, _)| ix).collect()
}

fn target(
    called: &Called,
    heading: &Heading,
    said: &filter::Said,
    directory: &Directory,
    rules: &Rules,
) -> Result<RuleIx, Problem> {
    let remark = |reason: String, hint: &str| problem(heading, called.line, reason, hint, false);
    match directory.find(&heading.origin, &called.text) {
        Ok(Referent::Rule(ix)) => {
            let of_rule = &rules.get(ix).log_source;
            if said.log_source.covers(of_rule) {
                return Ok(ix);
            }
            let reason = format!(
                "'{}' looks at {of_rule}, the filter at {}: it is not filtered",
                called.text, said.log_source
            );
            Err(remark(reason, "name in the filter what both have in common"))
        }
        Ok(Referent::Correlation(_)) => {
            let reason = format!("'{}' is a correlation: it is not filtered", called.text);
            Err(remark(reason, "filter the rules that it refers to"))
        }
        Err((reason, hint)) => Err(remark(reason, hint)),
    }
}

/// Resolves what correlations refer to, and adds those of which all is known.
pub(super) fn correlations(
    drafts: Vec<CorrelationDraft>,
    directory: &mut Directory,
    rules: &mut Rules,
    problems: &mut Vec<Problem>,
) {
    let mut said = Vec::with_capacity(drafts.len());
    for CorrelationDraft { heading, said: one, remarks } in drafts {
        match one {
            Ok(one) => {
                let called = [Some(&heading.id), heading.name.as_ref()];
                let ix = CorrelationIx(said.len() as u32);
                directory.add(&heading.origin, called, Referent::Correlation(ix));
                said.push((heading, one, remarks));
            }
            Err(problem) => {
                directory.refused([Some(&heading.id), heading.name.as_ref()]);
                problems.push(problem);
            }
        }
    }
    let found: Vec<Result<Vec<Reference>, Problem>> =
        said.iter().map(|(heading, one, _)| references(heading, &one.rules, directory)).collect();
    let verdicts = judge(&said.iter().map(|(h, ..)| h).collect::<Vec<_>>(), found);
    // Numbers of those that are kept.
    let mut numbers: Vec<Option<CorrelationIx>> = Vec::with_capacity(said.len());
    let mut kept = 0..;
    for verdict in &verdicts {
        numbers.push(verdict.is_ok().then(|| CorrelationIx(kept.next().expect("endless"))));
    }
    let renumbered = |to: Referent| match to {
        Referent::Rule(_) => Some(to),
        Referent::Correlation(ix) => numbers[ix.0 as usize].map(Referent::Correlation),
    };
    let mut levels = Vec::new();
    for ((heading, one, remarks), verdict) in said.into_iter().zip(verdicts) {
        let references = match verdict {
            Ok(references) => references,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        problems.extend(remarks);
        let resolve = |called: &Called| {
            let found = directory.find(&heading.origin, &called.text);
            found.map(&renumbered).and_then(|to| {
                to.ok_or_else(|| (format!("'{}' does not compile", called.text), ""))
            })
        };
        let aliases = aliases(&heading, one.aliases, resolve, problems);
        rules.correlations.push(Correlation {
            rules: references
                .into_iter()
                .map(|r| Reference {
                    to: renumbered(r.to).expect("one that refers to what is refused is refused"),
                    ..r
                })
                .collect(),
            aliases,
            // Set below, where it says none.
            level: one.level.unwrap_or(Level::Medium),
            tags: one.tags,
            status: one.status,
            description: one.description,
            ty: one.ty,
            group_by: one.group_by,
            timespan: one.timespan,
            condition: one.condition,
            generate: one.generate,
            reports: true,
            id: heading.id,
            title: heading.title,
            name: heading.name,
            origin: heading.origin,
            line: heading.line,
        });
        levels.push(one.level);
    }
    rules.routes = Routes::new(&rules.correlations);
    inherit(rules, &levels);
    swallow(rules);
}

fn references(
    heading: &Heading,
    called: &[Called],
    directory: &Directory,
) -> Result<Vec<Reference>, Problem> {
    let mut references: Vec<Reference> = Vec::with_capacity(called.len());
    for one in called {
        let wrong = |reason, hint| problem(heading, one.line, reason, hint, true);
        let to = directory
            .find(&heading.origin, &one.text)
            .map_err(|(reason, hint)| wrong(reason, hint))?;
        if let Some(same) = references.iter().find(|known| known.to == to) {
            let reason = format!("'{}' and '{}' are one rule", same.spelled, one.text);
            return Err(wrong(reason, "list each rule once"));
        }
        references.push(Reference { spelled: one.text.clone(), to });
    }
    Ok(references)
}

/// Refuses correlations that refer to each other in a circle, and those that refer to a refused one.
fn judge(
    headings: &[&Heading],
    mut found: Vec<Result<Vec<Reference>, Problem>>,
) -> Vec<Result<Vec<Reference>, Problem>> {
    let below: Vec<Vec<(String, usize)>> = found.iter().map(inner).collect();
    let mut judged = vec![false; found.len()];
    for at in inwards_first(&below) {
        judged[at] = true;
        let refused = below[at].iter().find(|(_, to)| found[*to].is_err());
        if let (true, Some((spelled, _))) = (found[at].is_ok(), refused) {
            let reason = format!("'{spelled}' does not compile");
            let hint = "what is wrong with that rule is said at its place";
            found[at] = Err(problem(headings[at], headings[at].line, reason, hint, true));
        }
    }
    for at in (0..found.len()).filter(|at| !judged[*at]) {
        let reason = format!("a circle of references: {}", walk(at, &below, &judged).join(" → "));
        let hint = "a correlation cannot rest on itself: take one of the references out";
        found[at] = Err(problem(headings[at], headings[at].line, reason, hint, true));
    }
    found
}

/// The correlations referred to, by what they are called.
fn inner(found: &Result<Vec<Reference>, Problem>) -> Vec<(String, usize)> {
    let inner = |r: &Reference| match r.to {
        Referent::Correlation(ix) => Some((r.spelled.clone(), ix.0 as usize)),
        Referent::Rule(_) => None,
    };
    found.iter().flatten().filter_map(inner).collect()
}

/// All that lead into no circle, each behind those it refers to.
fn inwards_first(below: &[Vec<(String, usize)>]) -> Vec<usize> {
    let mut above: Vec<Vec<usize>> = vec![Vec::new(); below.len()];
    let mut open: Vec<usize> = below.iter().map(Vec::len).collect();
    for (at, all) in below.iter().enumerate() {
        all.iter().for_each(|(_, to)| above[*to].push(at));
    }
    let mut order: Vec<usize> = (0..below.len()).filter(|at| open[*at] == 0).collect();
    let mut next = 0;
    while let Some(at) = order.get(next).copied() {
        next += 1;
        for upper in &above[at] {
            open[*upper] -= 1;
            if open[*upper] == 0 {
                order.push(*upper);
            }
        }
    }
    order
}

/// Steps of a circle that are spelled out.
const STEPS_MAX: usize = 8;

/// From one that leads into a circle along it, until it comes back.
fn walk(start: usize, below: &[Vec<(String, usize)>], judged: &[bool]) -> Vec<String> {
    let (mut steps, mut at) = (Vec::new(), start);
    while steps.len() < STEPS_MAX {
        let Some((spelled, to)) = below[at].iter().find(|(_, to)| !judged[*to]) else { break };
        steps.push(spelled.clone());
        at = *to;
        if at == start {
            return steps;
        }
    }
    steps.push("…".to_owned());
    steps
}

/// Aliases of rules that are there. One that speaks of another rule is remarked on.
fn aliases(
    heading: &Heading,
    drafts: Vec<AliasDraft>,
    resolve: impl Fn(&Called) -> Result<Referent, (String, &'static str)>,
    problems: &mut Vec<Problem>,
) -> Vec<Alias> {
    let mut aliases = Vec::with_capacity(drafts.len());
    for AliasDraft { name, of } in drafts {
        let mut fields = Vec::with_capacity(of.len());
        for (called, field) in of {
            match resolve(&called) {
                Ok(to) => fields.push((to, field)),
                Err((reason, hint)) => {
                    let reason = format!("the alias '{name}': {reason}");
                    problems.push(problem(heading, called.line, reason, hint, false));
                }
            }
        }
        aliases.push(Alias { name, of: fields });
    }
    aliases
}

/// A correlation that has no level or tags of its own has those of what it refers to.
fn inherit(rules: &mut Rules, levels: &[Option<Level>]) {
    for ix in rules.routes.order.clone() {
        let correlation = &rules.correlations[ix.0 as usize];
        let (mut level, mut tags) = (Level::Informational, Vec::new());
        for reference in &correlation.rules {
            let (its_level, its_tags) = match reference.to {
                Referent::Rule(rule) => {
                    let rule = rules.get(rule);
                    (rule.level, &rule.tags)
                }
                Referent::Correlation(inner) => {
                    let inner = rules.correlation(inner);
                    (inner.level, &inner.tags)
                }
            };
            level = level.max(its_level);
            for tag in its_tags {
                if !tags.contains(tag) {
                    tags.push(tag.clone());
                }
            }
        }
        let correlation = &mut rules.correlations[ix.0 as usize];
        correlation.level = levels[ix.0 as usize].unwrap_or(level);
        if correlation.tags.is_empty() {
            correlation.tags = tags;
        }
    }
}

/// What a correlation without `generate` refers to makes no findings of its own.
fn swallow(rules: &mut Rules) {
    let Rules { rules: all, correlations, .. } = rules;
    let swallowed: Vec<Referent> = correlations
        .iter()
        .filter(|c| !c.generate)
        .flat_map(|c| c.rules.iter().map(|r| r.to))
        .collect();
    for to in swallowed {
        match to {
            Referent::Rule(rule) => all[rule.0 as usize].reports = false,
            Referent::Correlation(inner) => correlations[inner.0 as usize].reports = false,
        }
    }
}
