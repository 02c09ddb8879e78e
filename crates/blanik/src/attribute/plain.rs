//! A verdict as text for a terminal, and its matrix for a spreadsheet.

use std::fmt::Write;

use anyhow::Result;
use blanik_attribution::knowledge::ActorFacts;
use blanik_attribution::pool::Pool;
use blanik_attribution::verdict::{Hypothesis, Judge, Verdict};
use blanik_model::text::{for_spreadsheet, for_terminal, shorten};

const HYPOTHESES_MAX: usize = 10;
const DENIAL_MAX: usize = 12;

/// A hypothesis' name. A state is never named without the confidence beside it.
pub fn name_of(h: &Hypothesis, verdict: &Verdict) -> String {
    match &h.country {
        Some(c) if h.id.starts_with("UNKNOWN") => {
            format!("an unknown actor of {c} ({} confidence)", verdict.confidence.word())
        }
        _ => h.name.clone(),
    }
}

/// The verdict as text.
pub fn text(v: &Verdict, pooled: Option<&Pool>) -> String {
    let mut out = String::new();
    write_text(&mut out, v, pooled).expect("a string takes all");
    out
}

fn write_text(out: &mut String, v: &Verdict, pooled: Option<&Pool>) -> std::fmt::Result {
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
        writeln!(out, "  {:>5.1} %  {:<42} {bar}", h.probability * 100.0, safe(&name_of(h, v)))?;
    }
    for a in &v.apart {
        writeln!(out, "  {}", safe(a))?;
    }
    writeln!(out, "\nEvidence, in decibans (above 0 for, below against)")?;
    let heads: String = v.against.iter().map(|a| format!("{a:>9}")).collect();
    writeln!(out, "  {:<6} {:<34} {:<5}{heads}", "item", "what", "grade")?;
    for row in &v.matrix {
        let what = safe(&row.what);
        let cells: String = row.decibans.iter().map(|d| format!("{d:>9.1}")).collect();
        let mark = match (&row.explained_by, row.counts, row.judged) {
            (_, false, _) => "  (a copy; counts once)".to_owned(),
            (Some(tool), _, _) => format!("  (brought by {})", safe(tool)),
            (_, _, true) => "  (an analyst's weight; no public data validates it)".to_owned(),
            _ => String::new(),
        };
        writeln!(
            out,
            "  {:<6} {:<34} {:<5}{cells}{mark}",
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
            "  without {:<16} {} {:.0} %{}; if it was planted, the leader has {:.0} %",
            safe(&d.without),
            safe(&d.leader),
            d.probability * 100.0,
            if d.changes { " (the answer changes)" } else { "" },
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
    writeln!(out, "\nReliability: how often verdicts on held-out reports were right")?;
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
    if let Some(pooled) = pooled {
        writeln!(out, "\n{}", pool(pooled))?;
        writeln!(out, "Where the pool and the model disagree most")?;
        let mut gaps: Vec<(f64, &str, f64, f64)> = pooled
            .probabilities
            .iter()
            .map(|(id, p)| {
                let model =
                    v.hypotheses.iter().find(|h| h.id == *id).map_or(0.0, |h| h.probability);
                ((p - model).abs(), id.as_str(), *p, model)
            })
            .collect();
        gaps.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (_, id, p, model) in gaps.iter().take(3) {
            writeln!(out, "  {}: pool {:.0} %, model {:.0} %", safe(id), p * 100.0, model * 100.0)?;
        }
    }
    Ok(())
}

/// Assessments beside the pool.
pub fn pool(p: &Pool) -> String {
    let mut out = String::from("Assessments, made coherent, and the pool\n");
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
pub fn csv(v: &Verdict) -> Result<String> {
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
    head.extend(v.against.iter().map(String::as_str));
    out.write_record(&head)?;
    for r in &v.matrix {
        let mut cells = vec![
            for_spreadsheet(&r.id).into_owned(),
            for_spreadsheet(&r.what).into_owned(),
            r.class.name().to_owned(),
            r.grade.clone(),
            for_spreadsheet(&r.source).into_owned(),
            r.citation.map(|c| c.to_string()).unwrap_or_default(),
            for_spreadsheet(r.block.as_deref().unwrap_or_default()).into_owned(),
            r.counts.to_string(),
            v.confidence.word().to_owned(),
        ];
        cells.extend(r.decibans.iter().map(|d| format!("{d:.2}")));
        out.write_record(&cells)?;
    }
    Ok(String::from_utf8(out.into_inner()?)?)
}

/// What is known of an actor.
pub fn actor(out: &mut String, facts: &ActorFacts, is_first: bool, judge: &Judge) {
    let _ = writeln!(
        out,
        "{} {}{}",
        facts.id,
        facts.name,
        if is_first { "" } else { " (another name of it was asked for)" }
    );
    if !facts.aliases.is_empty() {
        let _ = writeln!(out, "  other names: {}", facts.aliases.join(", "));
    }
    let Some(a) = judge.corpus.find_actor(&facts.id) else {
        let _ = writeln!(out, "  no report says what it was seen with");
        return;
    };
    let counts = &judge.counts;
    let p = &counts.profile[a];
    let reports = counts.documents[a];
    if let Some(country) = &facts.country {
        let confidence =
            if reports >= 3.0 { "not judged here" } else { "low, fewer than three reports" };
        let _ = writeln!(
            out,
            "  country: {country}, says {} (confidence: {confidence})",
            facts.country_source
        );
    }
    let _ = writeln!(
        out,
        "  {reports} reports; {} techniques, {} pieces of software, {} of them nobody else's",
        p.techniques, p.software, p.exclusive
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
            judge.knowledge.name(id),
            counts.shown(a, *f),
            counts.actors_with[*f]
        );
    }
    let _ = writeln!(out, "  said by:");
    for d in judge.corpus.documents.iter().filter(|d| d.actor == a) {
        let _ =
            writeln!(out, "    {} ({} features)", judge.corpus.reports[d.report], d.features.len());
    }
}
