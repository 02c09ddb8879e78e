//! A verdict as text for a terminal, and its matrix for a spreadsheet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::Result;
use blanik_attribution::disagreement::{Disagreement, Tells};
use blanik_attribution::knowledge::{Bearer, Knowledge};
use blanik_attribution::pool::Pool;
use blanik_attribution::verdict::{Judge, Verdict};
use blanik_model::text::{for_spreadsheet, for_terminal, shorten};

use super::Shown;
use crate::output::EXERCISE;

const HYPOTHESES_MAX: usize = 10;
const DENIAL_MAX: usize = 12;
/// Who says so where the program's own table does.
const OWN_VICTIMS: &str = "misp-galaxy";

/// The verdict as text.
pub fn text(shown: &Shown) -> String {
    let mut out = String::new();
    if shown.exercise {
        out = format!("{EXERCISE}\n\n");
    }
    write_text(&mut out, &shown.verdict).expect("a string takes all");
    if let Some((pooled, apart)) = &shown.pooled {
        write_pool(&mut out, &shown.verdict, pooled, apart).expect("a string takes all");
    }
    out
}

fn write_text(out: &mut String, v: &Verdict) -> std::fmt::Result {
    let safe = |t: &str| for_terminal(t).into_owned();
    writeln!(out, "{}\n{}\n", safe(&v.likelihood), v.confidence_sentence)?;
    if !v.missing.is_empty() {
        writeln!(out, "Missing for high confidence")?;
        for m in &v.missing {
            writeln!(out, "  - {m}")?;
        }
        writeln!(out)?;
    }
    writeln!(out, "Hypotheses")?;
    for h in v.hypotheses.iter().take(HYPOTHESES_MAX) {
        let bar = "#".repeat((h.probability * 40.0).round() as usize);
        writeln!(out, "  {:>5.1} %  {:<42} {bar}", h.probability * 100.0, safe(&h.name))?;
    }
    for a in &v.apart {
        writeln!(out, "  {}", safe(a))?;
    }
    writeln!(out, "\nEvidence, in decibans (above 0 for, below against)")?;
    let heads: String = v.against.iter().map(|a| format!("{a:>9}")).collect();
    writeln!(out, "  {:<9} {:<34} {:<5} {:>7}{heads}", "item", "what", "grade", "record")?;
    for row in &v.matrix {
        let what = safe(&row.what);
        let cells: String =
            row.decibans.iter().map(|d| format!("{:>9.1}", of_weight(*d))).collect();
        let mark = match (&row.explained_by, row.counts, row.judged) {
            (_, false, _) => "  (a copy, or not known: counts not)".to_owned(),
            (Some(tool), _, _) => format!("  (brought by {})", safe(tool)),
            (_, _, true) => "  (an analyst's weight; no public data validates it)".to_owned(),
            _ => String::new(),
        };
        let citation = row.citation.map(|c| format!("[{c}]")).unwrap_or_default();
        writeln!(
            out,
            "  {:<9} {:<34} {:<5} {citation:>7}{cells}{mark}",
            safe(&row.id),
            shorten(&what, 34),
            row.grade
        )?;
    }
    writeln!(out, "\nDenial test")?;
    let mut denial: Vec<_> = v.denial.iter().collect();
    denial.sort_by(|a, b| b.changes.cmp(&a.changes).then(a.if_forged.total_cmp(&b.if_forged)));
    for d in denial.iter().take(DENIAL_MAX) {
        writeln!(
            out,
            "  without {:<16} {} {:.0} %{}{}; if it was planted, the leader has {:.0} %",
            safe(&d.without),
            safe(&d.leader),
            d.probability * 100.0,
            if d.changes { ": " } else { "" },
            super::what_changes(d, v),
            d.if_forged * 100.0
        )?;
    }
    if v.smallest_set.is_empty() {
        writeln!(out, "  No set of items was found whose loss changes the leader.")?;
    } else {
        writeln!(
            out,
            "  Smallest set found whose loss changes the leader: {}",
            safe(&v.smallest_set.join(", "))
        )?;
    }
    writeln!(out, "\nLeads (to look for; no evidence)")?;
    for l in &v.leads {
        writeln!(
            out,
            "  {:.3} bit  {} {}, would speak for {}",
            l.bits,
            l.id,
            safe(&l.name),
            safe(&l.speaks_for)
        )?;
    }
    writeln!(
        out,
        "\nReliability: how often verdicts on held-out reports that nobody tampered with were right"
    )?;
    let here = v.reliability.iter().find(|r| r.is_here).map(|r| r.size);
    for r in v.reliability.iter().filter(|r| Some(r.size) == here) {
        let said = if r.refused {
            "too few: refused".to_owned()
        } else {
            format!(
                "right {:.0} % ({:.0} to {:.0}), promised {:.0} %",
                r.right * 100.0,
                r.interval.0 * 100.0,
                r.interval.1 * 100.0,
                r.promised * 100.0
            )
        };
        let too_much = r.promises_too_much && !r.refused;
        let said = said + if too_much { ", too much: refused" } else { "" };
        let mark = if r.is_here { "  <- this verdict" } else { "" };
        writeln!(
            out,
            "  {}, from {:.0} %: {} cases, {said}{mark}",
            r.size,
            r.from * 100.0,
            r.cases
        )?;
    }
    for remark in &v.remarks {
        writeln!(out, "Note: {}", safe(remark))?;
    }
    writeln!(out, "Knowledge: {}", v.knowledge)?;
    Ok(())
}

fn write_pool(
    out: &mut String,
    v: &Verdict,
    pooled: &Pool,
    apart: &[Disagreement],
) -> std::fmt::Result {
    writeln!(out, "\n{}", pool(pooled))?;
    writeln!(out, "  {}", v.confidence_sentence)?;
    writeln!(out, "Where they disagree most, and on which evidence")?;
    for d in apart {
        writeln!(out, "  {}", for_terminal(&disagreement(d)))?;
        for t in &d.on {
            writeln!(out, "    {}", for_terminal(&tells(t)))?;
        }
    }
    if apart.is_empty() {
        writeln!(out, "  nowhere")?;
    }
    Ok(())
}

/// Two who are far apart, in a sentence.
pub fn disagreement(d: &Disagreement) -> String {
    let of = |(id, one, other): &(String, f64, f64)| {
        format!("{id}: {} {:.0} %, {} {:.0} %", d.one, one * 100.0, d.other, other * 100.0)
    };
    let on = if d.on.is_empty() {
        "; no item tells these two apart: it is on how much is unknown, not on evidence"
    } else {
        "; the evidence between these two (decibans for the first):"
    };
    format!("{}; {}{on}", of(&d.more), of(&d.less))
}

/// An item on which they disagree.
pub fn tells(t: &Tells) -> String {
    format!("{:+.1} dB  {} {}", of_weight(t.decibans), t.item, shorten(&t.what, 80))
}

/// Decibans as they are shown with one place: minus nothing is nothing.
pub fn of_weight(decibans: f64) -> f64 {
    if decibans.abs() < 0.05 { 0.0 } else { decibans }
}

/// Assessments beside the pool.
pub fn pool(p: &Pool) -> String {
    let mut out = String::from(
        "Assessments, made coherent, and the pool (their words, no judgement of ours)\n",
    );
    let safe = |t: &str| for_terminal(t).into_owned();
    for a in &p.assessments {
        let line: Vec<String> =
            a.probabilities.iter().map(|(h, p)| format!("{h} {:.0} %", p * 100.0)).collect();
        let _ = writeln!(
            out,
            "  {:<16} weight {:.2}, incoherence {:.2}: {}",
            safe(&a.agency),
            a.weight,
            a.incoherence,
            safe(&line.join(", "))
        );
    }
    let line: Vec<String> =
        p.probabilities.iter().map(|(h, p)| format!("{h} {:.0} %", p * 100.0)).collect();
    let _ = writeln!(out, "  pool: {}", safe(&line.join(", ")));
    for r in &p.remarks {
        let _ = writeln!(out, "  note: {}", safe(r));
    }
    out
}

/// The matrix as CSV.
pub fn csv(shown: &Shown) -> Result<String> {
    let v = &shown.verdict;
    let mut out = csv::Writer::from_writer(Vec::new());
    let mut head = vec![
        "item",
        "what",
        "class",
        "grade",
        "source",
        "citation",
        "block",
        "counts",
        "confidence",
    ];
    if shown.exercise {
        head.push("exercise");
    }
    head.extend(v.against.iter().map(String::as_str));
    out.write_record(&head)?;
    for r in &v.matrix {
        let safe = |t: &str| for_spreadsheet(&for_terminal(t)).into_owned();
        let mut cells = vec![
            safe(&r.id),
            safe(&r.what),
            r.class.name().to_owned(),
            r.grade.clone(),
            safe(&r.source),
            r.citation.map(|c| c.to_string()).unwrap_or_default(),
            safe(r.block.as_deref().unwrap_or_default()),
            r.counts.to_string(),
            v.confidence_sentence.clone(),
        ];
        // A row that is cut out alone still says so.
        cells.extend(shown.exercise.then(|| EXERCISE.trim().to_owned()));
        cells.extend(
            r.decibans.iter().map(|d| format!("{:.2}", if d.abs() < 0.005 { 0.0 } else { *d })),
        );
        out.write_record(&cells)?;
    }
    Ok(String::from_utf8(out.into_inner()?)?)
}

/// What is known of an actor, by whom, and how distinctive it is.
pub fn actor(out: &mut String, bearer: &Bearer<'_>, judge: &Judge) {
    let facts = bearer.facts;
    let known = &judge.knowledge;
    let source = |s: &usize| format!("{} ({})", known.sources[*s].name, known.sources[*s].grade);
    let by: Vec<String> = bearer.said_by.iter().map(source).collect();
    let by = if by.is_empty() { format!("ATT&CK {}", known.release) } else { by.join(", ") };
    let _ = writeln!(
        out,
        "{} {}{}",
        facts.id,
        facts.name,
        if bearer.is_first { "" } else { " (another name of it was asked for)" }
    );
    let _ = writeln!(out, "  the name means it with a weight of {:.2}, says {by}", bearer.weight);
    if !facts.aliases.is_empty() {
        let _ = writeln!(out, "  other names: {}", facts.aliases.join(", "));
    }
    if let Some(of) = known.targets.get(&facts.id) {
        let victims: Vec<&str> = of.values().map(|(words, _)| words.as_str()).collect();
        let by: BTreeSet<usize> = of.values().flat_map(|(_, by)| by.iter().copied()).collect();
        let own = of.values().any(|(_, by)| by.is_empty()).then(|| OWN_VICTIMS.to_owned());
        let by: Vec<String> = own.into_iter().chain(by.iter().map(source)).collect();
        let _ = writeln!(out, "  is after: {}, says {}", victims.join(", "), by.join(", "));
    }
    if let Some(country) = &facts.country {
        let _ = writeln!(
            out,
            "  country: {country}, says {}; we have no confidence of our own in it",
            facts.country_source
        );
    }
    let Some(a) = judge.corpus.find_actor(&facts.id).filter(|a| judge.counts.knows(*a)) else {
        let _ = writeln!(out, "  no report that counts says what it was seen with");
        return;
    };
    let counts = &judge.counts;
    let p = &counts.profile[a];
    let _ = writeln!(
        out,
        "  {} reports; {} techniques, {} pieces of software, {} of them nobody else's",
        counts.documents[a], p.techniques, p.software, p.exclusive
    );
    let mut features: Vec<usize> =
        (0..judge.corpus.features.len()).filter(|f| counts.shown(a, *f) > 0.0).collect();
    features
        .sort_by(|x, y| counts.actors_with[*x].total_cmp(&counts.actors_with[*y]).then(x.cmp(y)));
    let _ = writeln!(out, "  most distinctive (reports on it, actors who show it):");
    for f in features.iter().take(12) {
        let id = &judge.corpus.features[*f];
        let _ = writeln!(
            out,
            "    {id:<10} {:<40} {} {}",
            known.name(id),
            counts.shown(a, *f),
            counts.actors_with[*f]
        );
    }
    said_by(out, &facts.id, known);
}

/// What a report says of an actor, since when, and which sources brought it.
#[derive(Default)]
struct Report<'k> {
    month: &'k str,
    what: BTreeSet<&'k str>,
    sources: BTreeSet<Option<usize>>,
}

fn said_by(out: &mut String, id: &str, known: &Knowledge) {
    let mut reports: BTreeMap<&str, Report<'_>> = BTreeMap::new();
    for fact in known.uses.iter().filter(|u| u.who == *id) {
        for report in fact.reports.iter().filter_map(|r| known.reports.get(*r)) {
            let of = reports.entry(report).or_default();
            if of.month.is_empty() || fact.month.as_str() < of.month {
                of.month = &fact.month;
            }
            of.what.extend(fact.what.iter().map(String::as_str));
            of.sources.insert(fact.source);
        }
    }
    let _ = writeln!(out, "  said by:");
    for (report, Report { month, what, sources }) in reports {
        let by = |s: &Option<usize>| match s {
            Some(s) => format!("{} ({})", known.sources[*s].name, known.sources[*s].grade),
            None => format!("ATT&CK {}", known.release),
        };
        let by: Vec<String> = sources.iter().map(by).collect();
        let _ = writeln!(
            out,
            "    {report} ({} features, since {month}, by {})",
            what.len(),
            by.join(", ")
        );
    }
}
