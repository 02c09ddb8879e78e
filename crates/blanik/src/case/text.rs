//! A case for a terminal. Every sentence ends with the numbers of the records it rests on.

use std::fmt::Write;

use blanik_case::exposure::{Bounds, Exposure};
use blanik_case::{Case, Sentence, View};
use blanik_model::attack::TACTICS;
use blanik_model::text::for_terminal;

use super::{Part, allies};
use crate::evidence::allies::Cosigned;
use crate::output::counted;

/// Leads that are shown.
const LEADS_SHOWN: usize = 10;
/// Links that are shown of an intrusion.
const LINKS_SHOWN: usize = 20;

/// The part of the case as text.
pub fn render((case, cosigned): (&Case, &[Cosigned]), views: &[View], part: Part) -> String {
    let mut out = String::new();
    if part == Part::All {
        head(&mut out, case);
    }
    for view in views {
        line(&mut out, 0, &format!("Intrusion {}: {}", view.number, view.summary));
        if matches!(part, Part::All) {
            story(&mut out, view);
        }
        if matches!(part, Part::Timeline) {
            timeline(&mut out, view);
        }
        if matches!(part, Part::All | Part::Scope) {
            scope(&mut out, view);
        }
        if matches!(part, Part::All | Part::Exposure) {
            exposure(&mut out, view);
        }
        if matches!(part, Part::All | Part::Graph) {
            links(&mut out, view, if part == Part::All { LINKS_SHOWN } else { usize::MAX });
        }
        out.push('\n');
    }
    if part == Part::All {
        leads(&mut out, case);
        said(&mut out, case);
        allies::text(&mut out, case, cosigned);
    }
    out
}

fn line(out: &mut String, indent: usize, text: &str) {
    let _ = writeln!(out, "{:indent$}{}", "", for_terminal(text));
}

fn head(out: &mut String, case: &Case) {
    let leads = case.intrusions.leads.len() as u64 + case.intrusions.further_leads;
    line(
        out,
        0,
        &format!(
            "Case {}: {}, {}; {}, {}.",
            case.title,
            counted(case.records, "record"),
            counted(case.findings, "finding"),
            counted(case.intrusions.found.len() as u64, "intrusion"),
            counted(leads, "further lead")
        ),
    );
    let dismissed = case.judgements.dismissed.len();
    if dismissed > 0 {
        let along = case.taken_along.len();
        line(
            out,
            0,
            &format!("{dismissed} findings are dismissed, {along} that rested on them with them."),
        );
    }
    for clock in &case.clocks {
        line(out, 0, &clock.what.to_string());
    }
    if !case.without_time.is_empty() {
        line(
            out,
            0,
            &format!("{} findings bear no time and stand in no timeline.", case.without_time.len()),
        );
    }
    out.push('\n');
}

fn chapter(out: &mut String, title: &str, sentences: &[Sentence], none: &str) {
    line(out, 2, title);
    for sentence in sentences {
        line(out, 4, &sentence.to_string());
    }
    if sentences.is_empty() {
        line(out, 4, none);
    }
}

fn story(out: &mut String, view: &View) {
    let story = &view.timeline.story;
    chapter(out, "How they came in", &story.came_in, "Nothing was found of it.");
    chapter(out, "How they moved", &story.moved, "Nothing was found of it.");
    chapter(out, "How they stayed", &story.stayed, "Nothing was found of it.");
    chapter(out, "What they did in the end", &story.left, "Nothing was found of it.");
    let quiet: Vec<Sentence> = view.timeline.quiet.iter().map(|q| q.what.clone()).collect();
    if !quiet.is_empty() {
        chapter(out, "Quiet periods", &quiet, "");
    }
    let gaps: Vec<Sentence> = view.gaps.iter().map(|g| g.what.clone()).collect();
    if !gaps.is_empty() {
        chapter(out, "Missing telemetry", &gaps, "");
    }
}

fn timeline(out: &mut String, view: &View) {
    let mut quiet = view.timeline.quiet.iter().peekable();
    for step in &view.timeline.steps {
        while let Some(rest) = quiet.next_if(|q| q.to <= step.first) {
            line(out, 2, &format!("… {}", rest.what));
        }
        let tactic = step.tactic.map_or("-", |t| TACTICS[t].1);
        let mark = if step.core { ' ' } else { '~' };
        line(
            out,
            2,
            &format!(
                "{}{mark} {:<9} {:<20} {:<18} {}",
                step.first.to_seconds_string(),
                step.level.to_string(),
                tactic,
                step.host,
                step.what
            ),
        );
    }
    for clock in &view.clocks {
        line(out, 2, &format!("! {}", clock.what));
    }
    for gap in &view.gaps {
        line(out, 2, &format!("! {}", gap.what));
    }
    line(out, 2, "(~ of the same time, and tied by nothing else)");
}

fn scope(out: &mut String, view: &View) {
    line(out, 2, "Scope");
    for scoped in &view.scope {
        line(out, 4, &format!("{:<9} {}: {}", scoped.standing.as_str(), scoped.entity, scoped.why));
    }
}

fn exposure(out: &mut String, view: &View) {
    line(out, 2, "What was taken");
    for e in &view.exposure {
        line(out, 4, &exposed(e));
        for why in &e.why {
            line(out, 6, &why.to_string());
        }
    }
    if view.exposure.is_empty() {
        line(out, 4, "No record of the case says what was reached.");
    }
}

/// `mail novak@…: 3 to 12 items (…)` in words: of what leaves the bytes, of the rest the items, and bytes where they
/// are known.
pub fn exposed(e: &Exposure) -> String {
    let between = |b: Bounds, unit: &str| match b.possible {
        Some(possible) if possible == b.confirmed => format!("{} {unit}", b.confirmed),
        Some(possible) => format!("{} to {possible} {unit}", b.confirmed),
        None => format!("at least {} {unit}, without upper bound", b.confirmed),
    };
    let is_outbound = e.act == "outbound";
    let known = e.bytes.confirmed > 0 || e.bytes.possible.is_some_and(|most| most > 0);
    let items = (!is_outbound).then(|| between(e.items, "items"));
    let bytes = (is_outbound || known).then(|| between(e.bytes, "bytes"));
    format!(
        "{} {}: {} ({} to {})",
        e.act,
        e.object,
        items.into_iter().chain(bytes).collect::<Vec<_>>().join(", "),
        e.first.to_seconds_string(),
        e.last.to_seconds_string()
    )
}

fn links(out: &mut String, view: &View, shown: usize) {
    line(out, 2, "Why these findings belong together");
    for link in view.links.iter().take(shown) {
        line(out, 4, &link.to_string());
    }
    if view.links.len() > shown {
        line(
            out,
            4,
            &format!("… and {} more reasons (`graph` shows them all)", view.links.len() - shown),
        );
    }
}

fn leads(out: &mut String, case: &Case) {
    let leads = case.leads();
    if leads.is_empty() {
        return;
    }
    line(out, 0, "What else stands out");
    for lead in leads.iter().take(LEADS_SHOWN) {
        line(out, 2, &lead.what.to_string());
    }
    let more = leads.len().saturating_sub(LEADS_SHOWN) as u64 + case.intrusions.further_leads;
    if more > 0 {
        line(out, 2, &format!("… and {more} more"));
    }
}

fn said(out: &mut String, case: &Case) {
    for (on, said) in &case.judgements.notes {
        let on = on.map_or_else(|| "the case".to_owned(), |on| format!("[{on}]"));
        line(out, 0, &format!("Note on {on} by {}: {} [{}]", said.by, said.text, said.index));
    }
    for (on, said) in &case.judgements.assigned {
        line(out, 0, &format!("[{on}] is for {} to work on. [{}]", said.text, said.index));
    }
}
