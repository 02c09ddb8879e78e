//! The rules that the program carries: our own, for the tradecraft of state espionage. They stand as
//! YAML files in `rules/`, each beside a file of events that fire it and events that must not.

use crate::compile::Document;

const RULES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The documents, by name. Their origins read `builtin:area/name.yml`.
pub fn documents() -> Vec<Document> {
    let document = |(name, text): &(&str, &str)| Document {
        origin: format!("builtin:{name}"),
        text: (*text).to_owned(),
    };
    RULES.iter().map(document).collect()
}
