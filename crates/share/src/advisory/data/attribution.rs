//! Who, and how sure, as templates see it: hypotheses, items of evidence, the denial test, and what allies say.

use crate::publication::verdict::name_cs;
use serde_json::{Value, json};

use crate::advisory::words::{fixed, term};
use crate::advisory::{figure, spell};
use crate::publication::{Attribution, Denial, Hypothesis, Item, Language, Opinion, Publication};

/// The attribution.
pub(super) fn data(p: &Publication, a: &Attribution, language: Language) -> Value {
    let items = a.matrix.iter().enumerate();
    json!({
        "sentences": sentences(p, a),
        "confidence": term("confidence", &a.confidence, language),
        "unknown": spell::percent(a.unknown, language),
        "hypotheses": a.hypotheses.iter().map(|h| hypothesis(h, language)).collect::<Vec<_>>(),
        "against": a.against,
        "items": items.map(|(i, item)| weighed(i + 1, item, language)).collect::<Vec<_>>(),
        "denial": a.denial.iter().map(|d| denied(d, language)).collect::<Vec<_>>(),
        "records": spell::cited_shortly(&a.cites),
    })
}

/// Ids of the claims that are the two sentences, so that a template can set them apart.
fn sentences(p: &Publication, a: &Attribution) -> Vec<String> {
    let chapters = p.chapters.iter();
    let claims = chapters
        .filter(|c| c.kind == crate::publication::ChapterKind::Attribution)
        .flat_map(|c| &c.claims);
    let both = [&a.likelihood, &a.confidence_sentence];
    claims.filter(|c| both.contains(&&c.text)).map(|c| c.id.clone()).collect()
}

fn hypothesis(h: &Hypothesis, language: Language) -> Value {
    json!({
        "id": h.id,
        "name": actor(&h.name, language),
        "country": h.country,
        "probability": spell::percent(h.probability, language),
        "bar": figure::bar::share(h.probability),
    })
}

/// An actor's name: the unknown one is called in the page's language.
fn actor(name: &str, language: Language) -> String {
    match language {
        Language::En => name.to_owned(),
        Language::Cs => name_cs(name),
    }
}

fn weighed(number: usize, item: &Item, language: Language) -> Value {
    let decibans: Vec<String> =
        item.decibans.iter().map(|d| spell::decibans(*d, language)).collect();
    let record = item.record.map(|r| r.to_string());
    json!({
        "number": number,
        "what": item.what,
        "class": term("class", &item.class, language),
        "grade": item.grade,
        "source": item.source,
        "record": record.unwrap_or_else(|| fixed("own_knowledge", language).to_owned()),
        "decibans": decibans,
    })
}

fn denied(d: &Denial, language: Language) -> Value {
    json!({
        "without": d.without,
        "leader": actor(&d.leader, language),
        "probability": spell::percent(d.probability, language),
        "bar": figure::bar::share(d.probability),
        "if_forged": spell::percent(d.if_forged, language),
        "changes": d.changes,
        "changes_word": fixed(if d.changes { "yes" } else { "no" }, language),
    })
}

/// What allies say.
pub(super) fn opinions(p: &Publication, language: Language) -> Vec<Value> {
    p.opinions.iter().map(|o| opinion(o, language)).collect()
}

/// What a word is about that names no object.
fn whole(o: &Opinion, language: Language) -> &'static str {
    let key = match (o.on_attribution, o.grade.as_str()) {
        (true, _) => "about_who",
        (false, "consistent") => "about_log",
        (false, _) => "about_what",
    };
    fixed(key, language)
}

fn opinion(o: &Opinion, language: Language) -> Value {
    let probabilities: Vec<Value> = o
        .probabilities
        .iter()
        .map(|(hypothesis, p)| json!({ "hypothesis": hypothesis, "probability": p }))
        .collect();
    json!({
        "agency": o.agency,
        "position": term("opinion", &o.grade, language),
        "on_attribution": o.on_attribution,
        "about": o.what,
        "about_whole": whole(o, language),
        "date": o.at.map(spell::minute),
        "record": o.record,
        "probabilities": probabilities,
    })
}
