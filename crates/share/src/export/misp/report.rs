//! The advisory's text as event reports: Markdown, in which what an intruder wrote is text and nothing else.

use blanik_model::text::for_terminal;
use serde_json::{Value, json};

use super::seconds;
use crate::export::ids::Ids;
use crate::publication::{Language, Publication};

/// What Markdown, MISP's references (`@[attribute](…)`) or HTML would make something of.
const SPECIAL: &[char] =
    &['\\', '`', '*', '_', '{', '}', '[', ']', '(', ')', '#', '@', '|', '~', '!', '+', '-', '>'];

/// One in each language.
pub fn reports(publication: &Publication, ids: &Ids) -> Vec<Value> {
    let report = |language: Language| {
        json!({
            "uuid": ids.uuid("event-report", &[language.code()]).to_string(),
            "name": format!("{} ({})", publication.title.in_language(language), language.code()),
            "content": content(publication, language),
            "distribution": "5",
            "timestamp": seconds(publication.published),
            "deleted": false,
        })
    };
    Language::ALL.into_iter().map(report).collect()
}

fn content(publication: &Publication, language: Language) -> String {
    let mut out = format!("# {}\n", plain(publication.title.in_language(language)));
    for chapter in &publication.chapters {
        out.push_str("\n---\n\n");
        for claim in &chapter.claims {
            let text = plain(claim.text.in_language(language));
            let records: Vec<String> = claim.cites.records.iter().map(u64::to_string).collect();
            let label = claim.marking.as_str().to_ascii_uppercase();
            let records = records.join(", ");
            out.push_str(&format!("* {text} *({}, TLP:{label}, {records})*\n", plain(&claim.id)));
        }
    }
    out
}

fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in for_terminal(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            c if SPECIAL.contains(&c) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}
