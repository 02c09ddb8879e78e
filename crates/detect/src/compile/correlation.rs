//! A correlation rule's document → what it says, its references not yet resolved.
//!
//! Read here and not by `rsigma-parser`, which passes over what it does not know and knows neither
//! `value_max` nor thresholds with a fraction.

use std::sync::Arc;

use blanik_model::{Level, Status};
use rsigma_parser::{ConditionExpr, Quantifier, parse_condition};
use yaml_serde::Mapping;

use super::detection::selects;
use super::entries::{Entries, scalar_text};
use super::locate::Part;
use super::{Problem, Refusal, dialect, locate};
use crate::correlation::condition::Occurrence;
use crate::correlation::{Bound, Condition, CorrelationType, Operator, Timespan};
use crate::expr::Expr;
use crate::predicate::PredicateId;

/// What a document says of itself, whatever kind of rule it is.
#[derive(Debug)]
pub(super) struct Heading {
    pub origin: Arc<str>,
    pub id: String,
    /// Where the id stands: of interest if another rule has it.
    pub id_line: u32,
    pub line: u32,
    pub title: String,
    pub name: Option<String>,
}

/// A correlation that refers to rules by what it calls them.
#[derive(Debug)]
pub(super) struct CorrelationDraft {
    pub heading: Heading,
    pub said: Result<Said, Problem>,
    /// About a correlation that is used all the same.
    pub remarks: Vec<Problem>,
}

/// What its `correlation` section says, and the rest.
#[derive(Debug)]
pub(super) struct Said {
    pub level: Option<Level>,
    pub status: Option<Status>,
    pub tags: Vec<String>,
    pub description: Option<String>,
    pub generate: bool,
    pub ty: CorrelationType,
    pub rules: Vec<Called>,
    pub group_by: Vec<Box<str>>,
    pub aliases: Vec<AliasDraft>,
    pub timespan: Timespan,
    pub condition: Condition,
}

/// A rule by what it is called, and where that stands.
#[derive(Debug, Clone)]
pub(super) struct Called {
    pub text: String,
    pub line: u32,
}

/// An alias: its name, and the field it stands for in each rule's matches.
#[derive(Debug)]
pub(super) struct AliasDraft {
    pub name: Box<str>,
    pub of: Vec<(Called, Box<str>)>,
}

const SECTION: &str = "correlation";
const KEYS: [&str; 8] =
    ["type", "rules", "group-by", "aliases", "timespan", "timeframe", "condition", "generate"];

/// A document's part of the file, and how its rule is called.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub part: &'p Part<'p>,
    pub id: &'p str,
}

impl Place<'_> {
    fn line(&self, near: &str) -> u32 {
        self.part.line_of(Some(self.id), near)
    }

    /// A rule called so, and where.
    pub fn called(&self, text: &str) -> Called {
        Called { text: text.to_owned(), line: self.line(text) }
    }
}

/// How the document calls itself. Refused without a title.
pub(super) fn heading(
    map: &Mapping,
    part: &Part<'_>,
    origin: &Arc<str>,
) -> Result<Heading, Refusal> {
    let entries = Entries::new(map, "the rule");
    let title = entries.text("title")?.ok_or_else(|| {
        Refusal::new(
            "",
            "Missing required field 'title'",
            locate::hint_for("Missing required field"),
        )
    })?;
    let id = entries.text("id")?.unwrap_or_else(|| locate::stem(origin, part, &title));
    Ok(Heading {
        origin: Arc::clone(origin),
        id_line: part.line_of(None, &id),
        line: part.line_of(Some(&id), &title),
        name: entries.text("name")?,
        title,
        id,
    })
}

/// Refuses documents in another dialect than is read here.
pub(super) fn check_dialect(map: &Mapping) -> Result<(), Refusal> {
    let entries = Entries::new(map, "the rule");
    let version = entries.number("sigma-version")?.map(|v| v as u32);
    dialect::check_dialect(version, entries.text("taxonomy")?.as_deref())
}

/// What the document says. Remarks go into `remarks`.
pub(super) fn say(
    map: &Mapping,
    place: Place<'_>,
    remarks: &mut Vec<Refusal>,
) -> Result<Said, Refusal> {
    check_dialect(map)?;
    let top = Entries::new(map, "the rule");
    let section = top.entries(SECTION, SECTION)?.ok_or_else(|| top.missing(SECTION, ""))?;
    section.only(&KEYS)?;
    let ty = correlation_type(&section)?;
    let rules = references(&section, place, remarks)?;
    let aliases = aliases(&section, place)?;
    let group_by = group_by(&section)?;
    for alias in aliases.iter().filter(|alias| !group_by.contains(&alias.name)) {
        let reason = format!("the alias '{}' is not in group-by, and means nothing", alias.name);
        remarks.push(Refusal::new(&*alias.name, reason, "group by it, or take it out"));
    }
    Ok(Said {
        level: word(&top, "level", remarks)?,
        status: word(&top, "status", remarks)?,
        tags: top.texts("tags")?.unwrap_or_default(),
        description: top.text_or_none("description"),
        generate: match top.truth("generate")? {
            Some(generate) => generate,
            None => section.truth("generate")?.unwrap_or(false),
        },
        timespan: timespan(&section)?,
        condition: condition(&section, ty, &rules)?,
        ty,
        rules,
        group_by,
        aliases,
    })
}

/// A word of a vocabulary; another is remarked on, as the parser does with rules.
fn word<T: std::str::FromStr>(
    top: &Entries<'_>,
    key: &str,
    remarks: &mut Vec<Refusal>,
) -> Result<Option<T>, Refusal> {
    let Some(text) = top.text(key)? else { return Ok(None) };
    let word = text.parse().ok();
    if word.is_none() {
        remarks.push(Refusal::new(format!("{key}:"), format!("invalid {key}: {text}"), ""));
    }
    Ok(word)
}

fn correlation_type(section: &Entries<'_>) -> Result<CorrelationType, Refusal> {
    let known = CorrelationType::ALL.map(CorrelationType::as_str).join(", ");
    let hint = format!("use one of {known}");
    let word = section.text("type")?.ok_or_else(|| section.missing("type", &hint))?;
    let unknown = |()| Refusal::new("type:", format!("'{word}' is no type of correlation"), hint);
    word.parse().map_err(unknown)
}

fn references(
    section: &Entries<'_>,
    place: Place<'_>,
    remarks: &mut Vec<Refusal>,
) -> Result<Vec<Called>, Refusal> {
    let hint = "list the ids or names of the rules it correlates";
    let listed = section.texts("rules")?.filter(|rules| !rules.is_empty());
    let mut rules: Vec<Called> = Vec::new();
    for text in listed.ok_or_else(|| section.missing("rules", hint))? {
        if rules.iter().any(|known| known.text == text) {
            let reason = format!("'{text}' stands twice in 'rules', and counts once");
            remarks.push(Refusal::new("rules:", reason, "list it once"));
        } else {
            rules.push(place.called(&text));
        }
    }
    Ok(rules)
}

fn group_by(section: &Entries<'_>) -> Result<Vec<Box<str>>, Refusal> {
    let hint = "name the fields whose values tie matches together, or write `group-by: []` to take \
                all matches together";
    let listed = section.texts("group-by")?.ok_or_else(|| section.missing("group-by", hint))?;
    let mut fields: Vec<Box<str>> = Vec::new();
    for field in listed {
        if !fields.iter().any(|known| **known == *field) {
            fields.push(field.into());
        }
    }
    Ok(fields)
}

fn aliases(section: &Entries<'_>, place: Place<'_>) -> Result<Vec<AliasDraft>, Refusal> {
    let Some(aliases) = section.entries("aliases", "aliases")? else { return Ok(Vec::new()) };
    let of_one = |(name, value): (&str, &yaml_serde::Value)| {
        let wrong = || {
            let reason = format!("the alias '{name}' does not say which field it is of which rule");
            Refusal::new(name, reason, "write `alias: {rule: field}`")
        };
        let fields = Entries::new(value.as_mapping().ok_or_else(wrong)?, "an alias").each()?;
        let of = fields.into_iter().map(|(rule, field)| {
            Ok((place.called(rule), scalar_text(field).ok_or_else(wrong)?.into()))
        });
        Ok(AliasDraft { name: name.into(), of: of.collect::<Result<_, Refusal>>()? })
    };
    aliases.each()?.into_iter().map(of_one).collect()
}

fn timespan(section: &Entries<'_>) -> Result<Timespan, Refusal> {
    let hint = "write a number and s, m, h or d, like 10m";
    let text = match section.text("timespan")? {
        Some(text) => text,
        // The word of drafts before 2.0.
        None => section.text("timeframe")?.ok_or_else(|| section.missing("timespan", hint))?,
    };
    let wrong = || Refusal::new("time", format!("'{text}' is no time span"), hint);
    Timespan::parse(&text).ok_or_else(wrong)
}

fn condition(
    section: &Entries<'_>,
    ty: CorrelationType,
    rules: &[Called],
) -> Result<Condition, Refusal> {
    if let Some(text) = section.get("condition").and_then(|value| value.as_str()) {
        return over_rules(text, ty, rules);
    }
    let Some(entries) = section.entries("condition", "condition")? else {
        if ty.is_temporal() {
            // All of them (specification, "Temporal Proximity").
            let bound = Bound { operator: Operator::GreaterOrEqual, with: rules.len() as f64 };
            return Ok(Condition { bounds: vec![bound], ..Condition::default() });
        }
        return Err(section.missing("condition", "say how many, like `condition: {gte: 10}`"));
    };
    entries.only(&["gt", "gte", "lt", "lte", "eq", "neq", "field", "percentile"])?;
    let mut condition = Condition { fields: fields(&entries, ty)?, ..Condition::default() };
    for (word, _) in entries.each()? {
        if let (Some(operator), Some(with)) =
            (Operator::from_word(word), number_of(&entries, word)?)
        {
            condition.bounds.push(Bound { operator, with });
        }
    }
    condition.percentile = percentile(&entries, ty)?;
    if condition.bounds.is_empty() {
        let hint = "write one of gt, gte, lt, lte, eq, neq";
        return Err(Refusal::new("condition:", "the condition compares with nothing", hint));
    }
    if condition.contradicts_itself() {
        let reason = format!("no number is {condition}");
        return Err(Refusal::new("condition:", reason, "check the bounds"));
    }
    let most = rules.len() as f64;
    if ty.is_temporal() && !(0..=rules.len()).any(|n| n > 0 && condition.holds(n as f64)) {
        let reason = format!("the condition asks for {condition} rules, and there are {most}");
        return Err(Refusal::new("condition:", reason, "a temporal condition counts rules"));
    }
    Ok(condition)
}

fn number_of(entries: &Entries<'_>, word: &str) -> Result<Option<f64>, Refusal> {
    if Operator::from_word(word).is_some() { entries.number(word) } else { Ok(None) }
}

fn fields(entries: &Entries<'_>, ty: CorrelationType) -> Result<Vec<Box<str>>, Refusal> {
    let fields = entries.texts("field")?.unwrap_or_default();
    let (one, many) = (fields.len() == 1, fields.len() > 1);
    let refuse = |reason: String, hint: &str| Err(Refusal::new("condition:", reason, hint));
    if ty.needs_field() && fields.is_empty() {
        return refuse(
            format!("{ty} has no 'field'"),
            "name in the condition the field it is about",
        );
    }
    if !ty.needs_field() && (one || many) {
        return refuse(
            format!("{ty} does not look at a field"),
            "take 'field' out, or use value_count",
        );
    }
    if many && ty != CorrelationType::ValueCount {
        return refuse(format!("{ty} works on one field"), "several fields go with value_count");
    }
    Ok(fields.into_iter().map(String::into_boxed_str).collect())
}

fn percentile(entries: &Entries<'_>, ty: CorrelationType) -> Result<Option<f64>, Refusal> {
    let given = entries.number("percentile")?;
    match (given, ty) {
        (None, CorrelationType::ValueMedian) => Ok(Some(50.0)),
        (None, _) => Ok(None),
        (Some(p), CorrelationType::ValuePercentile) if (0.0..=100.0).contains(&p) => Ok(Some(p)),
        (Some(p), CorrelationType::ValuePercentile) => {
            let reason = format!("{p} is no percentile");
            Err(Refusal::new("percentile:", reason, "write a number from 0 to 100"))
        }
        (Some(_), ty) => {
            let reason = format!("{ty} has no percentile");
            Err(Refusal::new("percentile:", reason, "it goes with value_percentile"))
        }
    }
}

/// `rule_a and not rule_b`.
fn over_rules(text: &str, ty: CorrelationType, rules: &[Called]) -> Result<Condition, Refusal> {
    if !ty.is_temporal() {
        let reason = format!("the condition of {ty} is a comparison");
        return Err(Refusal::new("condition:", reason, "write `condition: {gte: 10}`"));
    }
    // The specification's examples write the operators in capitals.
    let lower = |word: &str| match word {
        "AND" | "OR" | "NOT" => word.to_ascii_lowercase(),
        _ => word.to_owned(),
    };
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<String> = spaced.split_whitespace().map(lower).collect();
    let parsed = parse_condition(&words.join(" ")).map_err(|error| {
        let reason = locate::on_one_line(&error.to_string());
        Refusal::new("condition:", reason, "join names of rules by and, or, not")
    })?;
    let expr = occurrence(&parsed, rules)?;
    if expr.eval(&mut |_| false) {
        let reason = "the condition is met where no rule is";
        return Err(Refusal::new("condition:", reason, "ask for at least one rule"));
    }
    let occurrence = Some(Occurrence { spelled: text.trim().to_owned(), expr });
    Ok(Condition { occurrence, ..Condition::default() })
}

fn occurrence(parsed: &ConditionExpr, rules: &[Called]) -> Result<Expr, Refusal> {
    let all = |parts: &[ConditionExpr]| -> Result<Vec<Expr>, Refusal> {
        parts.iter().map(|p| occurrence(p, rules)).collect()
    };
    let known: Vec<&str> = rules.iter().map(|r| r.text.as_str()).collect();
    let is = |at: usize| Expr::Is(PredicateId(at as u32));
    Ok(match parsed {
        ConditionExpr::And(parts) => Expr::All(all(parts)?),
        ConditionExpr::Or(parts) => Expr::Any(all(parts)?),
        ConditionExpr::Not(part) => Expr::Not(Box::new(occurrence(part, rules)?)),
        ConditionExpr::Identifier(name) => {
            let missing = || {
                let reason = format!("the condition names '{name}', which is not in 'rules'");
                Refusal::new("condition:", reason, format!("there is: {}", known.join(", ")))
            };
            is(known.iter().position(|k| k == name).ok_or_else(missing)?)
        }
        ConditionExpr::Selector { quantifier, pattern } => {
            let chosen = (0..known.len()).filter(|at| selects(pattern, known[*at]));
            let chosen: Vec<Expr> = chosen.map(is).collect();
            if chosen.is_empty() {
                let reason = format!("'{quantifier} of {pattern}' names no rule");
                return Err(Refusal::new("condition:", reason, "check the names in 'rules'"));
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
