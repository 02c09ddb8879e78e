//! What was gathered, for people and for programs. Values come from logs: they are escaped.

use std::io::{self, Write};

use blanik_model::text::{for_terminal, shorten};
use serde::Serialize;

use super::asked::{Asked, Named};
use super::gathered::{Field, Gathered, OfKind};
use crate::output::counted;

/// Characters of a field's name that are shown; of all its examples; of rules' titles.
const NAME_CHARS_MAX: usize = 48;
const EXAMPLES_CHARS_MAX: usize = 90;
const TITLE_CHARS_MAX: usize = 60;
/// Rules named of those that ask for a field.
const RULES_SHOWN: usize = 2;
/// Rules named of those that can meet nothing.
const NEVER_SHOWN: usize = 20;

/// For people.
pub fn text(out: &mut dyn Write, gathered: &Gathered, asked: &Asked) -> io::Result<()> {
    let Gathered { events, known, rejected, files, kinds, .. } = gathered;
    let (files, read) = (counted(*files, "file"), counted(*events, "event"));
    writeln!(out, "Read       {files}, {read} of {}", counted(kinds.len() as u64, "kind"))?;
    writeln!(out, "           {} of the events are of a known kind", share(*known, *events))?;
    if *rejected > 0 {
        writeln!(out, "           {} could not be read", counted(*rejected, "record"))?;
    }
    for (kind, of_kind) in kinds {
        writeln!(out, "\n{kind}  {}", counted(of_kind.events, "event"))?;
        fields(out, of_kind)?;
    }
    writeln!(out, "\nRules      {} are about these kinds", asked.rules)?;
    for (kind, fields) in &asked.missing {
        writeln!(out, "\n{kind}: rules ask for fields that never come")?;
        for (field, rules) in fields {
            writeln!(out, "  {:width$}  {}", name(field), named(rules), width = NAME_CHARS_MAX)?;
        }
    }
    if !asked.never.is_empty() {
        let n = asked.never.len();
        writeln!(out, "\n{n} rules can meet none of these events, for want of fields:")?;
        for rule in asked.never.iter().take(NEVER_SHOWN) {
            writeln!(out, "  {}", title(rule))?;
        }
        if n > NEVER_SHOWN {
            writeln!(out, "  and {} more (--json lists all)", n - NEVER_SHOWN)?;
        }
    }
    Ok(())
}

fn fields(out: &mut dyn Write, of_kind: &OfKind) -> io::Result<()> {
    let names = of_kind.fields.keys().map(|field| name(field).chars().count());
    let width = names.max().unwrap_or(0);
    for (field, Field { filled, examples }) in &of_kind.fields {
        let examples = for_terminal(&examples.join(" · ")).into_owned();
        let examples = shorten(&examples, EXAMPLES_CHARS_MAX);
        let (name, share) = (name(field), share(*filled, of_kind.events));
        writeln!(out, "  {name:width$}  {share:>7}  {examples}")?;
    }
    if of_kind.further > 0 {
        writeln!(out, "  and {} more fields, not told apart (limit)", of_kind.further)?;
    }
    Ok(())
}

fn name(field: &str) -> String {
    shorten(&for_terminal(field), NAME_CHARS_MAX).into_owned()
}

fn title(rule: &Named) -> String {
    shorten(&for_terminal(&rule.title), TITLE_CHARS_MAX).into_owned()
}

fn named(rules: &[Named]) -> String {
    let mut shown: Vec<String> = rules.iter().take(RULES_SHOWN).map(title).collect();
    if rules.len() > RULES_SHOWN {
        shown.push(format!("and {} more", rules.len() - RULES_SHOWN));
    }
    let word = if rules.len() == 1 { "rule" } else { "rules" };
    format!("{} {word}: {}", rules.len(), shown.join(" · "))
}

/// Never 100 % for less than all, nor 0 % for more than nothing.
fn share(part: u64, whole: u64) -> String {
    let permille = (u128::from(part) * 1000).checked_div(u128::from(whole)).unwrap_or(0);
    match permille {
        0 if part > 0 => "< 0.1 %".to_owned(),
        1000 => "100 %".to_owned(),
        _ => format!("{}.{} %", permille / 10, permille % 10),
    }
}

#[derive(Serialize)]
struct Page<'g> {
    files: u64,
    events: u64,
    events_of_known_kind: u64,
    rejected: u64,
    kinds: Vec<KindRow<'g>>,
    rules: usize,
    missing: Vec<MissingRow<'g>>,
    rules_that_can_meet_nothing: &'g [Named],
}

#[derive(Serialize)]
struct KindRow<'g> {
    kind: String,
    product: Option<&'g str>,
    services: Vec<&'g str>,
    categories: Vec<&'g str>,
    event_id: Option<u32>,
    events: u64,
    fields: Vec<FieldRow<'g>>,
    further_fields: u64,
}

#[derive(Serialize)]
struct FieldRow<'g> {
    name: &'g str,
    filled: u64,
    examples: &'g [String],
}

#[derive(Serialize)]
struct MissingRow<'g> {
    kind: String,
    field: &'g str,
    rules: &'g [Named],
}

/// For programs: one JSON object.
pub fn json(out: &mut dyn Write, gathered: &Gathered, asked: &Asked) -> io::Result<()> {
    let kinds = gathered.kinds.iter().map(|(kind, of_kind)| KindRow {
        kind: kind.to_string(),
        product: kind.product.as_deref(),
        services: kind.services.iter().map(|s| &**s).collect(),
        categories: kind.categories.iter().map(|c| &**c).collect(),
        event_id: kind.event_id,
        events: of_kind.events,
        fields: of_kind
            .fields
            .iter()
            .map(|(name, f)| FieldRow { name, filled: f.filled, examples: &f.examples })
            .collect(),
        further_fields: of_kind.further,
    });
    let missing = asked.missing.iter().flat_map(|(kind, fields)| {
        fields.iter().map(|(field, rules)| MissingRow { kind: kind.to_string(), field, rules })
    });
    let page = Page {
        files: gathered.files,
        events: gathered.events,
        events_of_known_kind: gathered.known,
        rejected: gathered.rejected,
        kinds: kinds.collect(),
        rules: asked.rules,
        missing: missing.collect(),
        rules_that_can_meet_nothing: &asked.never,
    };
    serde_json::to_writer_pretty(&mut *out, &page)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_not_rounded_to_all_or_nothing() {
        for (part, whole, want) in
            [(1, 1, "100 %"), (9_999, 10_000, "99.9 %"), (1, 10_000, "< 0.1 %"), (0, 0, "0.0 %")]
        {
            assert_eq!(share(part, whole), want);
        }
    }
}
