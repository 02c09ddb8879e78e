//! A filter rule's document → what it adds to other rules' conditions, and which rules these are
//! (Sigma filters specification 2.1).

use rsigma_parser::{FilterRule, SigmaCollection};
use yaml_serde::{Mapping, Value};

use super::asked::Asked;
use super::correlation::{Called, Heading, Place, check_dialect};
use super::entries::Entries;
use super::{Options, Problem, Refusal, detection};
use crate::expr::Expr;
use crate::rules::{LogSource, Selection};

/// A filter that names rules by what it calls them.
#[derive(Debug)]
pub(super) struct FilterDraft {
    pub heading: Heading,
    pub asked: Asked,
    pub said: Result<Said, Problem>,
    /// About a filter that is used all the same.
    pub remarks: Vec<Problem>,
}

/// What it says.
#[derive(Debug)]
pub(super) struct Said {
    pub log_source: LogSource,
    pub rules: Targets,
    /// Its selections.
    pub selections: Vec<Selection>,
    /// Its condition, as written.
    pub condition: String,
    /// The same, by the numbers of the draft's `asked`.
    pub expr: Expr,
}

/// The rules a filter is for.
#[derive(Debug)]
pub(super) enum Targets {
    /// All of its log source (of the draft of version 2.2).
    Any,
    /// These.
    Named(Vec<Called>),
}

/// The `filter` section, if the document has what a filter must have.
pub(super) fn check(map: &Mapping) -> Result<Entries<'_>, Refusal> {
    check_dialect(map)?;
    let top = Entries::new(map, "the filter rule");
    let section = top.entries("filter", "filter")?.ok_or_else(|| top.missing("filter", ""))?;
    if top.get("logsource").is_none() {
        return Err(top.missing("logsource", "name the log source of the rules it narrows"));
    }
    if section.text("condition")?.is_none() {
        return Err(section.missing("condition", "write `condition: not selection`"));
    }
    Ok(section)
}

/// What the document says. What it asks goes into `asked`, remarks into `remarks`.
pub(super) fn say(
    map: &Mapping,
    parsed: SigmaCollection,
    place: Place<'_>,
    asked: &mut Asked,
    options: &Options,
    remarks: &mut Vec<Refusal>,
) -> Result<Said, Refusal> {
    let section = check(map)?;
    let filter = parsed.filters.into_iter().next();
    let Some(FilterRule { detection, logsource, .. }) = filter else {
        return Err(Refusal::new(
            "filter",
            "the filter cannot be read",
            "see the Sigma specification",
        ));
    };
    let condition = detection.condition_strings.join(" or ");
    let (selections, expr) = detection::compile(&detection, asked, options)?;
    if !has_not(&expr) {
        remarks.push(Refusal::new(
            "condition",
            format!("the filter keeps only events that meet '{condition}', and drops all others"),
            "to drop what its selection meets, write `condition: not selection`",
        ));
    }
    let log_source = logsource.as_ref().map(super::draft::log_source).unwrap_or_default();
    Ok(Said { log_source, rules: targets(&section, place)?, selections, condition, expr })
}

fn targets(section: &Entries<'_>, place: Place<'_>) -> Result<Targets, Refusal> {
    let hint = "list the ids or names of the rules it narrows, or write `rules: any`";
    if let Some(Value::String(word)) = section.get("rules")
        && (word.eq_ignore_ascii_case("any") || word.eq_ignore_ascii_case("all"))
    {
        return Ok(Targets::Any);
    }
    let listed = section.texts("rules")?.filter(|rules| !rules.is_empty());
    let rules = listed.ok_or_else(|| section.missing("rules", hint))?;
    Ok(Targets::Named(rules.iter().map(|text| place.called(text)).collect()))
}

fn has_not(expr: &Expr) -> bool {
    match expr {
        Expr::Not(_) => true,
        Expr::All(parts) | Expr::Any(parts) | Expr::AtLeast(_, parts) => parts.iter().any(has_not),
        Expr::Is(_) | Expr::Const(_) => false,
    }
}
