//! A publication as templates see it: words, numbers and times as the language writes them, sentences with their
//! citations, figures as SVG. The same for the page and for the typesetter. `docs/SHARING.md` tells its fields.

mod attribution;

use std::collections::BTreeMap;

use blanik_model::Timestamp;
use blanik_model::attack::TACTICS;
use serde_json::{Value, json};

use super::words::{fixed, labels, term};
use super::{defang, figure, spell};
use crate::publication::{
    Chapter, ChapterKind, Claim, Language, Publication, Scoped, Taken, Technique,
};

/// All that a template may say.
pub fn data(p: &Publication, language: Language) -> Value {
    let chapters: BTreeMap<&str, Value> =
        p.chapters.iter().map(|c| (field(c.kind), chapter(c, language))).collect();
    json!({
        "lang": language.code(),
        "w": labels(language),
        "exercise": p.exercise,
        "title": p.title.in_language(language),
        "reference": reference(p),
        "publisher": { "name": p.publisher.name, "contact": p.publisher.contact },
        "published": spell::date(p.published, language),
        "published_iso": p.published.to_string(),
        "tlp": {
            "label": format!("TLP:{}", p.tlp.as_str().to_uppercase()),
            "name": p.tlp.as_str(),
            "meaning": term("tlp", p.tlp.as_str(), language),
            "ink": tlp_ink(p),
        },
        "facts": facts(p, language),
        "chapters": chapters,
        "techniques": p.techniques.iter().map(|t| technique(t, language)).collect::<Vec<_>>(),
        "software": p.software.iter().map(|s| json!({
            "id": s.id,
            "name": s.name,
            "kind": fixed(if s.is_malware { "malware" } else { "tool" }, language),
            "records": spell::cited_shortly(&s.cites),
        })).collect::<Vec<_>>(),
        "scope": p.scope.iter().map(|s| scoped(s, language)).collect::<Vec<_>>(),
        "taken": taken(&p.taken, language),
        "indicators": p.indicators.iter().map(|i| json!({
            "kind": term("indicator", i.kind.as_str(), language),
            "value": defang::defang(i.kind, &i.value),
            "period": spell::period(i.first, i.last),
            "findings": spell::count(i.findings, language),
            "sources": i.sources,
            "marking": i.marking.as_str().to_uppercase(),
            "records": spell::cited_shortly(&i.cites),
        })).collect::<Vec<_>>(),
        "attribution": p.attribution.as_ref().map(|a| attribution::data(p, a, language)),
        "opinions": attribution::opinions(p, language),
        "figures": figures(p, language),
        "withheld": p.withheld.iter().map(|(kind, n)| json!({
            "kind": term("withheld", kind, language),
            "count": spell::count(*n, language),
        })).collect::<Vec<_>>(),
        "log": { "origin": p.log.origin, "key": p.log.key },
        "annex": p.claims().map(|c| annexed(c, language)).collect::<Vec<_>>(),
    })
}

/// The pictures.
pub(super) fn figures(p: &Publication, language: Language) -> Value {
    let matrix = p.attribution.as_ref().map(|a| figure::matrix::svgs(a, language));
    json!({
        "timeline": figure::timeline::svg(p, language),
        "graph": figure::graph::svg(p, language),
        "matrix": matrix.unwrap_or_default(),
    })
}

/// How the document is called: the case, and which of its intrusions.
pub fn reference(p: &Publication) -> String {
    format!("{}/{}", p.case, p.intrusion)
}

/// A chapter's name as a field of the data.
fn field(kind: ChapterKind) -> &'static str {
    match kind {
        ChapterKind::Summary => "summary",
        ChapterKind::CameIn => "came_in",
        ChapterKind::Moved => "moved",
        ChapterKind::Stayed => "stayed",
        ChapterKind::Left => "left",
        ChapterKind::Unseen => "unseen",
        ChapterKind::Scope => "scope",
        ChapterKind::Taken => "taken",
        ChapterKind::Attribution => "attribution",
        ChapterKind::Denial => "denial",
        ChapterKind::Advice => "advice",
    }
}

fn chapter(c: &Chapter, language: Language) -> Value {
    let claims: Vec<Value> = c.claims.iter().map(|claim| said(claim, language)).collect();
    let key = field(c.kind).replace('_', "-");
    json!({ "title": fixed(&format!("chapter.{key}"), language), "claims": claims })
}

/// A sentence. Its text is the claim's to the letter.
fn said(claim: &Claim, language: Language) -> Value {
    json!({
        "id": claim.id,
        "text": claim.text.in_language(language),
        "cites": spell::cited_shortly(&claim.cites),
        "marking": claim.marking.as_str().to_uppercase(),
    })
}

fn annexed(claim: &Claim, language: Language) -> Value {
    let grounds: Vec<Value> = claim
        .grounds
        .iter()
        .map(|g| json!({ "record": g.record, "path": g.path, "value": g.value }))
        .collect();
    json!({
        "id": claim.id,
        "marking": claim.marking.as_str().to_uppercase(),
        "records": spell::cited(&claim.cites, language),
        "grounds": grounds,
    })
}

/// Letters of TLP labels, as FIRST's TLP 2.0 defines them, on black.
fn tlp_ink(p: &Publication) -> &'static str {
    use blanik_model::Tlp;
    match p.tlp {
        Tlp::Clear => "#FFFFFF",
        Tlp::Green => "#33FF00",
        Tlp::Amber | Tlp::AmberStrict => "#FFC000",
        Tlp::Red => "#FF2B2B",
    }
}

fn moment(time: Timestamp, language: Language) -> String {
    let clock: String = spell::minute(time).chars().skip(11).collect();
    format!("{} {clock} UTC", spell::date(time, language))
}

fn facts(p: &Publication, language: Language) -> Vec<Value> {
    let mut facts: Vec<(&str, String)> = Vec::new();
    if let Some(victim) = &p.victim {
        facts.push(("victim", spell::sector(victim, language)));
    }
    facts.push(("first_seen", moment(p.first, language)));
    facts.push(("last_seen", moment(p.last, language)));
    for (key, kind) in [
        ("hosts_confirmed", "host"),
        ("accounts_confirmed", "account"),
        ("mailboxes_confirmed", "mailbox"),
    ] {
        let held = |s: &&Scoped| s.kind == kind && s.standing == "confirmed";
        match p.scope.iter().filter(held).count() {
            0 => {}
            n => facts.push((key, spell::count(n as u64, language))),
        }
    }
    let counted = |n: usize| spell::count(n as u64, language);
    facts.push(("techniques_seen", counted(p.techniques.len())));
    facts.push(("indicators_published", counted(p.indicators.len())));
    match &p.attribution {
        None => facts.push(("attribution", fixed("not_attributed", language).to_owned())),
        Some(a) => {
            if let Some(h) = a.hypotheses.first() {
                // Unknown actors of all nations are one answer, as in the sentence.
                let (name, p) = match h.id.starts_with("UNKNOWN") {
                    true => (fixed("no_known_actor", language), a.unknown),
                    false => (h.name.as_str(), h.probability),
                };
                let percent = spell::percent(p, language);
                facts.push(("most_likely", format!("{name} ({percent})")));
            }
            facts.push(("confidence", term("confidence", &a.confidence, language).to_owned()));
        }
    }
    let named = facts.into_iter();
    named.map(|(key, value)| json!({ "name": fixed(key, language), "value": value })).collect()
}

fn technique(t: &Technique, language: Language) -> Value {
    let tactics: Vec<&str> = t
        .tactics
        .iter()
        .filter_map(|i| TACTICS.get(*i))
        .map(|(slug, _)| term("tactic", slug, language))
        .collect();
    json!({
        "id": t.id,
        "name": t.name,
        "tactics": tactics,
        "period": spell::period(t.first, t.last),
        "findings": spell::count(t.findings, language),
        "rules": t.rules,
        "records": spell::cited_shortly(&t.cites),
    })
}

fn scoped(s: &Scoped, language: Language) -> Value {
    json!({
        "kind": term("scoped", &s.kind, language),
        "name": s.name,
        "standing": term("standing", &s.standing, language),
        "standing_key": s.standing,
        "marking": s.marking.as_str().to_uppercase(),
        "records": spell::cited_shortly(&s.cites),
    })
}

fn taken(all: &[Taken], language: Language) -> Vec<Value> {
    let largest = |b: fn(&Taken) -> crate::publication::Bounds| {
        let ends = all.iter().map(|t| b(t).possible.unwrap_or(b(t).confirmed).max(b(t).confirmed));
        ends.max().unwrap_or(0)
    };
    let (items, bytes) = (largest(|t| t.items), largest(|t| t.bytes));
    let rows = all.iter().enumerate();
    rows.map(|(i, t)| {
        json!({
            "act": term("act", &t.act, language),
            "object": if t.act == "outbound" { defang::host(&t.object) } else { t.object.clone() },
            "period": spell::period(t.first, t.last),
            "items": spell::bounds(t.items, spell::count, language),
            "items_bar": figure::bar::range(t.items, items, &format!("items{i}")),
            "bytes": spell::bounds(t.bytes, spell::bytes, language),
            "bytes_bar": figure::bar::range(t.bytes, bytes, &format!("bytes{i}")),
            "marking": t.marking.as_str().to_uppercase(),
            "records": spell::cited_shortly(&t.cites),
        })
    })
    .collect()
}
