//! The first sentence of a verdict in its parts: what it says in any language is made of these, and of nothing else.

use serde::{Deserialize, Serialize};

/// How the probability is put.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Put {
    /// In a word of ICD 203 ([`crate::words::likelihood`]).
    Word(String),
    /// As a number alone: so few held-out cases stand behind the band.
    FewCases(u32),
    /// As a number alone: of so many held-out cases of the band so many percent were right, and so many promised.
    PromisesTooMuch {
        /// Held-out cases.
        cases: u32,
        /// Percent of them that were right.
        right: String,
        /// Percent that were promised.
        promised: String,
    },
}

/// See the module. Probabilities are in percent, as they are said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Likelihood {
    /// How it is put.
    pub put: Put,
    /// Who did it; none if that is nobody known.
    pub who: Option<String>,
    /// How probable that is.
    pub probability: String,
    /// The next after a known actor, or the best of the known ones after nobody known.
    pub next: Option<(String, String)>,
    /// That no known actor did it, where that is said beside a known one.
    pub unknown: Option<String>,
}

impl Likelihood {
    /// The sentence.
    #[must_use]
    pub fn english(&self) -> String {
        let tail = match (&self.who, &self.next, &self.unknown) {
            (None, Some((name, p)), _) => format!(" Of known actors, {name} fits best ({p})."),
            (Some(_), Some((name, p)), Some(unknown)) => {
                format!(" Next is {name} ({p}); that no known actor did it has {unknown}.")
            }
            (Some(_), None, Some(unknown)) => format!(" That no known actor did it has {unknown}."),
            _ => String::new(),
        };
        let who = self.who.as_deref().unwrap_or("no actor known to us");
        let p = &self.probability;
        let why = match &self.put {
            Put::Word(word) => return format!("{} ({p}) that {who} did it.{tail}", phrase(word)),
            Put::FewCases(cases) => {
                format!("only {cases} held-out cases stand behind this band")
            }
            Put::PromisesTooMuch { cases, right, promised } => format!(
                "of {cases} held-out cases of this band {right} were right, and {promised} were promised"
            ),
        };
        format!("No word of probability is given: {why}. The model leads with {who} ({p}).{tail}")
    }
}

fn phrase(word: &str) -> String {
    match word {
        "roughly even chance" => "There is a roughly even chance".to_owned(),
        "almost no chance" => "There is almost no chance".to_owned(),
        word => format!("It is {word}"),
    }
}
