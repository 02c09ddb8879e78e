//! Knowledge of actors that others bring: STIX 2 bundles (ATT&CK of any version, reports with actors), MISP galaxy
//! clusters and MISP events, as JSON text. Bounded, and what is refused is named: a bundle may be broken, or made to
//! mislead.
//!
//! What is taken are counts per actor, feature and report. Names are relations: none ever merges two actors, and no chain of
//! names or of attributions is followed further than one step, so that circles lead nowhere.

mod draft;
mod misp;
mod stix;

use serde_json::Value;

use crate::knowledge::{Knowledge, Source};
use draft::Draft;

/// A text beyond this is not read.
pub const BYTES_MAX: usize = 200_000_000;
/// Objects, clusters or events that are read of one text.
const OBJECTS_MAX: usize = 200_000;
/// Other names of one actor that one source gives.
const ALIASES_MAX: usize = 64;
/// Characters of a name.
const NAME_MAX: usize = 120;
/// An actor, or a piece of software, that one source says does more than this is not believed: nobody does everything.
const FEATURES_MAX: usize = 250;
/// Actors that may be known in all.
const ACTORS_MAX: usize = 5_000;
/// Actors of which one may know what they do; each costs a row of every table.
const ACTORS_WITH_FACTS_MAX: usize = 1_000;
/// Techniques and software that one source may bring beyond what is known.
const FEATURES_NEW_MAX: usize = 2_000;
/// Reports that one source may bring.
const REPORTS_MAX: usize = 20_000;
/// Victims that one source may name of an actor.
const TARGETS_MAX: usize = 100;
/// Problems that are kept word by word.
const PROBLEMS_MAX: usize = 200;
/// A source that is itself less sure than this of what it says (STIX `confidence`) is not taken at its word.
const CONFIDENCE_MIN: i64 = 30;

/// What was taken from a text, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    /// Actors new or known that the text names.
    pub actors: usize,
    /// Facts taken up: what a report says that an actor or software does.
    pub facts: usize,
    /// Reports that say so.
    pub reports: usize,
    /// What was refused or cut, and why.
    pub problems: Vec<String>,
}

/// A text that is no knowledge at all.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// Too long.
    #[error("the text has {0} bytes; at most {BYTES_MAX} are read")]
    TooLong(usize),
    /// No JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// None of them.
    #[error(
        "neither a STIX bundle (objects), a MISP galaxy cluster (values) nor a MISP event (Event)"
    )]
    UnknownKind,
}

/// Adds what a text says to what is known.
///
/// # Errors
/// A text that is too long, no JSON, or of none of the kinds.
pub fn add(known: &mut Knowledge, text: &str, source: &Source) -> Result<Intake, IntakeError> {
    if text.len() > BYTES_MAX {
        return Err(IntakeError::TooLong(text.len()));
    }
    let value: Value = serde_json::from_str(text)?;
    let mut draft = Draft::new(known, source.clone());
    if let Some(objects) = value["objects"].as_array() {
        stix::read(&mut draft, objects);
    } else if let Some(values) = value["values"].as_array() {
        misp::clusters(&mut draft, values);
    } else if let Some(events) = misp::events_of(&value) {
        misp::events(&mut draft, &events);
    } else {
        return Err(IntakeError::UnknownKind);
    }
    Ok(draft.finish())
}

fn str_of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

/// A name as it is kept: bounded, without what moves or hides text.
fn short(name: &str) -> String {
    let kept = name.chars().filter(|c| !blanik_model::text::is_unsafe_char(*c) && *c != '|');
    kept.take(NAME_MAX).collect::<String>().trim().to_owned()
}

/// `YYYY-MM` at the beginning of a time; empty if there is none.
fn month(time: &str) -> String {
    let is_month = |m: &&str| {
        let b = m.as_bytes();
        b[4] == b'-' && b.iter().enumerate().all(|(i, c)| i == 4 || c.is_ascii_digit())
    };
    time.get(..7).filter(is_month).unwrap_or_default().to_owned()
}

/// Whether a text is an id of ATT&CK of that letter: `T1059.001`, `S0154`, `G0128`.
fn is_attack_id(id: &str, letter: char) -> bool {
    let Some(digits) = id.strip_prefix(letter) else { return false };
    let (main, sub) = digits.split_once('.').unwrap_or((digits, "000"));
    let all = |d: &str, n: usize| d.len() == n && d.bytes().all(|b| b.is_ascii_digit());
    all(main, 4) && all(sub, 3) && (letter == 'T' || !digits.contains('.'))
}
