//! A publication in the formats of others. Pure: what is written depends on the [`Publication`] alone, which holds
//! nothing that is withheld; there is no clock and no randomness here, and the same publication gives the same bytes.
//!
//! Every text of a publication may have been written by the intruder. JSON and YAML are written by their libraries, and
//! characters that a terminal obeys or that turn a line around stand escaped; cells of CSV cannot become formulas.

pub mod case_uco;
pub mod flow;
pub mod indicators;
pub mod misp;
pub mod navigator;
pub mod stix;
pub mod timesketch;

mod attack;
pub(crate) mod ids;

use blanik_model::text::is_unsafe_char;
use serde_json::Value;

use crate::publication::Publication;

/// All files: their names in a pack, with their bytes.
pub fn all(publication: &Publication) -> Vec<(String, Vec<u8>)> {
    let mut files = vec![
        ("stix/bundle.json".to_owned(), pretty(&stix::bundle(publication))),
        ("misp/event.json".to_owned(), pretty(&misp::event(publication))),
        ("navigator/layer.json".to_owned(), pretty(&navigator::layer(publication))),
        ("attack-flow/flow.json".to_owned(), pretty(&flow::flow(publication))),
        ("timesketch/timeline.jsonl".to_owned(), timesketch::timeline(publication)),
        ("case-uco/provenance.jsonld".to_owned(), pretty(&case_uco::provenance(publication))),
        ("indicators/indicators.csv".to_owned(), indicators::table(publication)),
    ];
    for (name, rule) in indicators::sigma::rules(publication) {
        files.push((format!("indicators/sigma/{name}.yml"), rule));
    }
    files.into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

fn pretty(value: &Value) -> String {
    let text = serde_json::to_string_pretty(value).expect("a value of JSON is JSON");
    escaped(&text) + "\n"
}

fn line(value: &Value) -> String {
    escaped(&value.to_string()) + "\n"
}

/// The same JSON with unsafe characters written as `\u202e`: but for the newlines between values they can only stand
/// in strings, where that means the same.
fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || !is_unsafe_char(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
    }
    out
}

/// The text of all claims, a chapter a paragraph, in English.
fn told(publication: &Publication) -> String {
    let chapter = |chapter: &crate::publication::Chapter| {
        chapter.claims.iter().map(|c| c.text.en.as_str()).collect::<Vec<_>>().join(" ")
    };
    publication.chapters.iter().map(chapter).collect::<Vec<_>>().join("\n\n")
}

/// How sure a program may be that a finding of this level is the intruder's, in percent: what a rule's level says of how
/// often it errs. An estimate, used where a format asks for a number.
fn sureness(level: blanik_model::Level) -> u8 {
    match level {
        blanik_model::Level::Informational => 10,
        blanik_model::Level::Low => 25,
        blanik_model::Level::Medium => 50,
        blanik_model::Level::High => 75,
        blanik_model::Level::Critical => 90,
    }
}
