//! The answer key: what the intruders did, which records tell of it, and what they took.
//!
//! Files are named relative to the exercise's folder of logs, `/` between folders and `!` between an
//! archive and its member; records are lines, from 1.

use blanik_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::taken::Taken;

/// All the answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerKey {
    /// Says that this is an exercise.
    pub exercise: String,
    /// The seed from which it was made.
    pub seed: u64,
    /// How many records there are in all, damaged ones included.
    pub records: u64,
    /// The intrusions.
    pub intrusions: Vec<Intrusion>,
    /// What was broken on purpose, as happens in real collections.
    pub damage: Vec<Damage>,
    /// Machines whose clocks are wrong.
    pub clocks: Vec<ClockSkew>,
    /// Times from which a machine's logs are missing.
    pub gaps: Vec<MissingLogs>,
    /// Which logs are of which format, by where they lie; the longest name that fits counts.
    pub formats: Vec<LogFormat>,
}

impl AnswerKey {
    /// The format of a file, by its name relative to the folder of logs.
    pub fn format_of(&self, file: &str) -> Option<&str> {
        let fits = self.formats.iter().filter(|of| file.starts_with(&of.logs));
        fits.max_by_key(|of| of.logs.len()).map(|of| of.format.as_str())
    }
}

/// Logs of one format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFormat {
    /// What their files' names begin with.
    pub logs: String,
    /// The format.
    pub format: String,
}

/// A machine whose clock is wrong throughout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockSkew {
    /// The machine.
    pub host: String,
    /// How far its clock is ahead.
    pub ahead_ms: i64,
}

/// A time from which a machine's own logs are missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingLogs {
    /// The machine.
    pub host: String,
    /// The first moment that is missing.
    pub from: Timestamp,
    /// The end of what is missing.
    pub to: Timestamp,
    /// Why.
    pub why: String,
}

/// What one actor did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intrusion {
    /// `A` or `B`.
    pub id: String,
    /// A name for it.
    pub name: String,
    /// Its first step.
    pub first: Timestamp,
    /// Its last step.
    pub last: Timestamp,
    /// Its steps, by time.
    pub steps: Vec<Step>,
    /// Addresses outside from which it was done, and to which things went.
    pub addresses: Vec<String>,
    /// What was taken.
    pub taken: Taken,
}

/// One thing that an intruder did, and where the logs tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When, in truth: a machine whose clock is wrong says otherwise.
    pub time: Timestamp,
    /// Where: a full host name, or the mail service.
    pub host: String,
    /// The machine inside from which it was done, where that is another.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<String>,
    /// The account used, if one was.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub account: String,
    /// The ATT&CK tactic, by its short name.
    pub tactic: String,
    /// The ATT&CK technique.
    pub technique: String,
    /// One plain sentence.
    pub what: String,
    /// The records that tell of it, the one that says most first; none if no log has it.
    pub records: Vec<Place>,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub record: u64,
    /// When, by the record's own word.
    pub time: Timestamp,
}

/// Something broken on purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Damage {
    /// The file.
    pub file: String,
    /// The line, where it is one line that is broken.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub record: Option<u64>,
    /// What is broken.
    pub what: String,
}
