//! `blanik rules check`: for every rule whether it compiles, into how many predicates, which kinds it
//! can ever match, and if not, why.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use anyhow::Result;
use blanik_detect::{Problem, RuleIx, Rules};
use blanik_ingest::Normaliser;
use blanik_model::Kind;
use blanik_model::text::for_terminal;
use serde::Serialize;

use crate::cli::CheckArgs;
use crate::pipeline::mapping;
use crate::rules;

/// What is said of a rule, or of a place where one was expected.
#[derive(Debug, Serialize)]
struct Verdict {
    /// It compiles and can match.
    ok: bool,
    origin: String,
    line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// Distinct predicates.
    #[serde(skip_serializing_if = "Option::is_none")]
    predicates: Option<usize>,
    /// Kinds it can match, of those our readers know by name.
    kinds: Vec<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    hint: String,
}

/// Checks, and prints. Exit code 1 if a rule does not compile.
pub fn run(args: &CheckArgs) -> Result<ExitCode> {
    let (rules, problems) = rules::load(&args.paths, &args.placeholders)?;
    let known = Normaliser::with(&mapping(&args.mapping)?).known_kinds();
    let mut verdicts: Vec<Verdict> =
        rules.iter().map(|(ix, _)| judge(&rules, ix, &known)).collect();
    verdicts.extend(problems.iter().map(refused));
    verdicts.sort_by(|a, b| (&a.origin, a.line, &a.id).cmp(&(&b.origin, b.line, &b.id)));
    let mut out = BufWriter::new(io::stdout().lock());
    for verdict in verdicts.iter().filter(|v| !args.problems || !v.ok) {
        if args.json {
            serde_json::to_writer(&mut out, verdict)?;
            writeln!(out)?;
        } else {
            print(&mut out, verdict)?;
        }
    }
    let refused = problems.iter().filter(|p| p.fatal).count();
    if !args.json {
        let never =
            verdicts.iter().filter(|v| v.predicates.is_some() && v.kinds.is_empty()).count();
        writeln!(
            out,
            "{} rules compile into {} predicates; {never} of them wait for logs of kinds that no reader \
             knows yet; {refused} do not compile",
            rules.len(),
            distinct_predicates(&rules),
        )?;
    }
    out.flush()?;
    Ok(if refused > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

fn distinct_predicates(rules: &Rules) -> usize {
    let mut seen = std::collections::HashSet::new();
    for (_, rule) in rules.iter() {
        rule.expr.predicates(&mut |id| {
            seen.insert(id);
        });
    }
    seen.len()
}

fn judge(rules: &Rules, ix: RuleIx, known: &[Kind]) -> Verdict {
    let rule = rules.get(ix);
    let mut ids = std::collections::HashSet::new();
    rule.expr.predicates(&mut |id| {
        ids.insert(id);
    });
    let kinds = kinds_of(rules, ix, known);
    let (reason, hint) =
        if kinds.is_empty() { why_never(rules, ix, known) } else { Default::default() };
    Verdict {
        ok: !kinds.is_empty(),
        origin: rule.origin.to_string(),
        line: rule.line,
        id: Some(rule.id.clone()),
        title: Some(rule.title.clone()),
        predicates: Some(ids.len()),
        kinds,
        reason,
        hint,
    }
}

/// Kinds the rule can match, each once, with the event ids of one channel gathered.
fn kinds_of(rules: &Rules, ix: RuleIx, known: &[Kind]) -> Vec<String> {
    let mut order: Vec<String> = Vec::new();
    let mut ids: HashMap<String, Vec<u32>> = HashMap::new();
    for kind in known.iter().filter(|k| rules.can_match(ix, k)) {
        let family = Kind { event_id: None, ..kind.clone() }.to_string();
        if !ids.contains_key(&family) {
            order.push(family.clone());
        }
        ids.entry(family).or_default().extend(kind.event_id);
    }
    let spell = |family: String| match ids[&family].as_slice() {
        [] => family,
        some => {
            let some: Vec<String> = some.iter().map(u32::to_string).collect();
            format!("{family}/{}", some.join(","))
        }
    };
    order.into_iter().map(spell).collect()
}

fn why_never(rules: &Rules, ix: RuleIx, known: &[Kind]) -> (String, String) {
    let rule = rules.get(ix);
    let source = &rule.log_source;
    if known.iter().any(|k| source.names(k)) {
        let reason = format!("its conditions exclude every event id of {source}");
        return (reason, "check EventID against the log source".into());
    }
    let reason = format!("no reader makes events of {source}");
    (reason, "it compiles, and will match when such logs are read".into())
}

fn refused(problem: &Problem) -> Verdict {
    Verdict {
        ok: !problem.fatal,
        origin: problem.origin.clone(),
        line: problem.line,
        id: problem.rule.clone(),
        title: None,
        predicates: None,
        kinds: Vec::new(),
        reason: problem.reason.clone(),
        hint: problem.hint.clone(),
    }
}

/// Kinds shown of a rule that matches many.
const KINDS_SHOWN: usize = 4;

/// Event ids shown of a kind that has many.
const IDS_SHOWN: usize = 6;

fn shorten_ids(kind: &str) -> String {
    let ids = kind.matches(',').count() + 1;
    match kind.match_indices(',').nth(IDS_SHOWN - 1) {
        Some((at, _)) => format!("{},… ({ids})", &kind[..at]),
        None => kind.to_owned(),
    }
}

fn print(out: &mut dyn Write, v: &Verdict) -> io::Result<()> {
    let safe = |text: &str| for_terminal(text).into_owned();
    let word = match (v.ok, v.predicates) {
        (true, Some(_)) => "ok   ",
        (true, None) => "note ",
        (false, Some(_)) => "idle ",
        (false, None) => "fail ",
    };
    write!(out, "{word} {}:{}", safe(&v.origin), v.line)?;
    if let Some(name) = v.title.as_ref().or(v.id.as_ref()) {
        write!(out, "  {}", safe(name))?;
    }
    writeln!(out)?;
    if let Some(n) = v.predicates {
        let mut kinds = v
            .kinds
            .iter()
            .take(KINDS_SHOWN)
            .map(|k| shorten_ids(k))
            .collect::<Vec<_>>()
            .join(" · ");
        if v.kinds.len() > KINDS_SHOWN {
            kinds += &format!(" · and {} more", v.kinds.len() - KINDS_SHOWN);
        }
        let word = if n == 1 { "predicate" } else { "predicates" };
        let arrow = if kinds.is_empty() { "" } else { " → " };
        writeln!(out, "      {n} {word}{arrow}{}", safe(&kinds))?;
    }
    if !v.reason.is_empty() {
        writeln!(out, "      {}", safe(&v.reason))?;
    }
    if !v.hint.is_empty() {
        writeln!(out, "      hint: {}", safe(&v.hint))?;
    }
    Ok(())
}
