//! The findings on the page: the first of them as markup, all of them as data for the script.

use std::io::{self, Write};

use blanik_model::Finding;
use blanik_model::attack::{AttackTag, TACTICS, parse_tag};
use blanik_model::finding::{Correlated, CorrelatedEvent, Fields};
use blanik_model::text::for_terminal;
use serde::Serialize;

use crate::output::cell::counted;
use crate::output::json::{self, Place};
use crate::output::telling;
use blanik_model::markup::{Text, lines};

/// Findings that stand on the page even where scripts do not run.
pub const STATIC_MAX: usize = 50;

/// A finding as the script gets it; texts are safe to be shown, names short to keep the page small.
#[derive(Serialize)]
struct Datum {
    level: &'static str,
    /// `2024-05-01 10:00:03`; empty without time.
    time: String,
    /// Seconds since 1970.
    at: Option<i64>,
    title: String,
    rule: String,
    status: &'static str,
    kind: String,
    tags: Vec<String>,
    tactics: Vec<&'static str>,
    host: String,
    account: String,
    place: String,
    /// What the rule matched, the most telling first.
    matched: Vec<(String, String)>,
    fields: Vec<(String, String)>,
    /// `fields` are the events that a correlation rests on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    correlates: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
}

/// Writes the findings as a JSON array, safe inside a script element.
pub fn write_data(out: &mut dyn Write, findings: &[&Finding]) -> io::Result<()> {
    out.write_all(b"[")?;
    for (i, f) in findings.iter().enumerate() {
        out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        json::write(out, &datum(f), Place::Page)?;
    }
    out.write_all(b"\n]")
}

fn datum(f: &Finding) -> Datum {
    let safe = |t: &str| for_terminal(t).into_owned();
    let fields = |fields: &Fields| {
        fields.0.iter().map(|(n, v)| (safe(n), safe(&v.get().display()))).collect()
    };
    Datum {
        level: f.level.as_str(),
        time: f.time.map(|t| t.to_seconds_string()).unwrap_or_default(),
        at: f.time.map(|t| t.as_nanos().div_euclid(1_000_000_000)),
        title: safe(&f.rule_title),
        rule: safe(&f.rule_id),
        status: f.status.map(|s| s.as_str()).unwrap_or_default(),
        kind: safe(&f.kind),
        tags: f.tags.iter().map(|t| safe(t)).collect(),
        tactics: tactics(f),
        host: safe(f.host.as_deref().unwrap_or_default()),
        account: safe(f.account.as_deref().unwrap_or_default()),
        place: safe(&format!("{}:{}", f.source, f.record)),
        matched: telling(f).into_iter().map(|(n, v)| (safe(n), safe(&v.get().display()))).collect(),
        fields: match &f.correlation {
            Some(correlation) => events(correlation),
            None => fields(&f.event),
        },
        correlates: f.correlation.is_some(),
        raw: f.raw.as_deref().map(lines),
    }
}

/// The events of a correlation: when, and where.
fn events(correlation: &Correlated) -> Vec<(String, String)> {
    let one = |event: &CorrelatedEvent| {
        let place = format!("{}:{} · {}", event.source, event.record, event.rule_id);
        (event.time.to_seconds_string(), for_terminal(&place).into_owned())
    };
    let mut events: Vec<(String, String)> = correlation.events.iter().map(one).collect();
    if correlation.further_events > 0 {
        let further = counted(correlation.further_events, "further event");
        events.push((
            "…".to_owned(),
            format!("{further}, up to {}", correlation.last.to_seconds_string()),
        ));
    }
    events
}

fn tactics(f: &Finding) -> Vec<&'static str> {
    f.tags
        .iter()
        .filter_map(|tag| match parse_tag(tag)? {
            AttackTag::Tactic(i) => Some(TACTICS[i].0),
            _ => None,
        })
        .collect()
}

/// Writes the first findings as markup; the script replaces them by the list it can filter.
pub fn write_static(out: &mut dyn Write, findings: &[&Finding]) -> io::Result<()> {
    writeln!(out, "<ol id=\"list\" class=\"findings\">")?;
    for f in findings.iter().take(STATIC_MAX) {
        write_item(out, &datum(f))?;
    }
    writeln!(out, "</ol>")
}

fn write_item(out: &mut dyn Write, d: &Datum) -> io::Result<()> {
    let who: Vec<&str> =
        [&*d.host, &*d.account].into_iter().filter(|text| !text.is_empty()).collect();
    let time = if d.time.is_empty() { "no time" } else { &d.time };
    write!(
        out,
        "<li class=\"finding {level}\"><details><summary>\
         <span class=\"level\">{level}</span><span class=\"time\">{time}</span>\
         <span class=\"title\">{}</span><span class=\"who\">{}</span>",
        Text(&d.title),
        Text(&who.join(" · ")),
        level = d.level,
    )?;
    if let Some((name, value)) = d.matched.first() {
        write!(out, "<span class=\"telling\">{}={}</span>", Text(name), Text(value))?;
    }
    write!(out, "</summary><div class=\"body\"><table class=\"fields\">")?;
    for (name, value) in &d.matched {
        write!(out, "<tr><th>{}</th><td>{}</td></tr>", Text(name), Text(value))?;
    }
    write!(out, "</table><p class=\"place\">{}</p></div></details></li>", Text(&d.place))?;
    writeln!(out)
}
