//! `blanik rules check`: for every rule whether it compiles, into how many predicates, which kinds it
//! can ever match, and if not, why.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use anyhow::Result;
use blanik_detect::correlation::Referent;
use blanik_detect::rules::Filter;
use blanik_detect::{Correlation, CorrelationIx, Problem, RuleIx, Rules};
use blanik_ingest::Normaliser;
use blanik_model::Kind;
use blanik_model::text::for_terminal;
use serde::Serialize;

use crate::cli::CheckArgs;
use crate::logs::mapping;
use crate::output::cell::counted;
use crate::rules::{self, Loaded};

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
    /// Of a correlation or filter rule: what it does.
    #[serde(skip_serializing_if = "String::is_empty")]
    does: String,
    /// Kinds it can match, of those our readers know by name.
    kinds: Vec<String>,
    /// What else one should know of a rule that works.
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    hint: String,
}

/// Checks, and prints. Exit code 1 if a rule does not compile.
pub fn run(args: &CheckArgs) -> Result<ExitCode> {
    let Loaded { rules, problems, .. } = rules::load(&args.paths, &args.placeholders)?;
    let known = Normaliser::with(&mapping(&args.mapping)?.0).known_kinds();
    let mut verdicts: Vec<Verdict> =
        rules.iter().map(|(ix, _)| judge(&rules, ix, &known)).collect();
    verdicts.extend(rules.correlations().map(|(ix, _)| correlates(&rules, ix, &known)));
    verdicts.extend(rules.filters().iter().map(filters));
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
             knows yet; {refused} do not compile{}",
            rules.len(),
            distinct_predicates(&rules),
            meta_rules(&rules),
        )?;
    }
    out.flush()?;
    Ok(if refused > 0 { ExitCode::from(1) } else { ExitCode::SUCCESS })
}

/// `; beside them 2 correlations and 1 filter`
fn meta_rules(rules: &Rules) -> String {
    let correlations = rules.correlations().count() as u64;
    let filters = rules.filters().len() as u64;
    let some = [(correlations, "correlation"), (filters, "filter")];
    let counts: Vec<String> =
        some.iter().filter(|(n, _)| *n > 0).map(|(n, word)| counted(*n, word)).collect();
    if counts.is_empty() {
        String::new()
    } else {
        format!("; beside them {}", counts.join(" and "))
    }
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
        does: String::new(),
        kinds,
        note: swallowed_by(rules, Referent::Rule(ix), rule.reports),
        reason,
        hint,
    }
}

/// Why a rule makes no findings of its own.
fn swallowed_by(rules: &Rules, own: Referent, reports: bool) -> String {
    if reports {
        return String::new();
    }
    let refers = |c: &Correlation| !c.generate && c.rules.iter().any(|r| r.to == own);
    let by: Vec<&str> =
        rules.correlations().filter(|(_, c)| refers(c)).map(|(_, c)| c.title.as_str()).collect();
    format!("makes no findings of its own: it is for {}", by.join("; "))
}

fn correlates(rules: &Rules, ix: CorrelationIx, known: &[Kind]) -> Verdict {
    let correlation = rules.correlation(ix);
    let mut kinds: Vec<String> = Vec::new();
    for base in bases(rules, ix) {
        for kind in kinds_of(rules, base, known) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
    }
    let idle = "the rules it refers to wait for logs of kinds that no reader knows yet";
    Verdict {
        ok: !kinds.is_empty(),
        origin: correlation.origin.to_string(),
        line: correlation.line,
        id: Some(correlation.id.clone()),
        title: Some(correlation.title.clone()),
        predicates: None,
        does: correlation.to_string(),
        note: swallowed_by(rules, Referent::Correlation(ix), correlation.reports),
        reason: if kinds.is_empty() { idle.to_owned() } else { String::new() },
        hint: String::new(),
        kinds,
    }
}

/// The detection rules below a correlation, each once, in their order.
pub fn bases(rules: &Rules, ix: CorrelationIx) -> Vec<RuleIx> {
    let mut bases = BTreeSet::new();
    let (mut open, mut seen) = (vec![ix], BTreeSet::from([ix]));
    while let Some(ix) = open.pop() {
        for reference in &rules.correlation(ix).rules {
            match reference.to {
                Referent::Rule(rule) => {
                    bases.insert(rule);
                }
                Referent::Correlation(inner) if seen.insert(inner) => open.push(inner),
                Referent::Correlation(_) => {}
            }
        }
    }
    bases.into_iter().collect()
}

fn filters(filter: &Filter) -> Verdict {
    Verdict {
        ok: true,
        origin: filter.origin.to_string(),
        line: filter.line,
        id: Some(filter.id.clone()),
        title: Some(filter.title.clone()),
        predicates: None,
        does: format!("filters {}", counted(filter.rules as u64, "rule")),
        kinds: Vec::new(),
        note: String::new(),
        reason: String::new(),
        hint: String::new(),
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
        does: String::new(),
        kinds: Vec::new(),
        note: String::new(),
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
    let compiles = v.predicates.is_some() || !v.does.is_empty();
    let word = match (v.ok, compiles) {
        (true, true) => "ok   ",
        (true, false) => "note ",
        (false, true) => "idle ",
        (false, false) => "fail ",
    };
    write!(out, "{word} {}:{}", safe(&v.origin), v.line)?;
    if let Some(name) = v.title.as_ref().or(v.id.as_ref()) {
        write!(out, "  {}", safe(name))?;
    }
    writeln!(out)?;
    if compiles {
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
        let does = match v.predicates {
            Some(n) => counted(n as u64, "predicate"),
            None => safe(&v.does),
        };
        let arrow = if kinds.is_empty() { "" } else { " → " };
        writeln!(out, "      {does}{arrow}{}", safe(&kinds))?;
    }
    for text in [&v.note, &v.reason].into_iter().filter(|text| !text.is_empty()) {
        writeln!(out, "      {}", safe(text))?;
    }
    if !v.hint.is_empty() {
        writeln!(out, "      hint: {}", safe(&v.hint))?;
    }
    Ok(())
}
