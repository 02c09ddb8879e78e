//! What stands in the evidence log: one record a fact, each about one case. Not how it is committed
//! or sealed, which only the log knows, nor what follows from it, which only the case knows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Finding, Level, Position, Status, Timestamp, Tlp};

/// A fact, who says it, and when they said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The case's name.
    pub case: String,
    /// When it was put on record; not when it happened.
    pub at: Timestamp,
    /// The name of the key of who put it there.
    pub by: String,
    /// What they say.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What a record says. A number that refers to a record is its index in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Fact {
    /// The case begins.
    Opened(Opened),
    /// A file came into custody.
    Acquired(Acquired),
    /// Logs were hunted.
    Hunted(Hunted),
    /// From when to when a host sent telemetry of a kind.
    Covered(Covered),
    /// A host had an address.
    Addressed(Addressed),
    /// An account logged on to a host from elsewhere.
    LoggedOn(Box<LoggedOn>),
    /// Two hosts recorded the same things, and how far apart they say these were.
    Clocked(Clocked),
    /// Something of value was reached: mail items, files, bytes that left.
    Touched(Box<Touched>),
    /// More was reached than a case keeps.
    Unlisted(Unlisted),
    /// A rule, an indicator or another tool found something.
    Found(Box<Finding>),
    /// An analyst's remark.
    Noted(Noted),
    /// An analyst holds a finding for true.
    Confirmed(Judged),
    /// An analyst holds a finding for false; so is what rested on it.
    Dismissed(Judged),
    /// An analyst ties two records together.
    Linked(Tied),
    /// An analyst says that two records have nothing to do with each other.
    Unlinked(Tied),
    /// A record is somebody's to work on.
    Assigned(Assigned),
    /// A record of an analyst no longer counts.
    Undone(Judged),
    /// An analyst brings evidence of who it was.
    Observed(Box<Observed>),
    /// An agency's own probabilities of who it was.
    Assessed(Assessed),
    /// Knowledge of actors was taken in; it counts from here on.
    Learnt(Learnt),
    /// A verdict of who it was.
    Concluded(Box<Concluded>),
    /// The case was published.
    Published(Published),
    /// An ally takes a position on what was published.
    Opined(Box<Opined>),
}

/// More was reached than a case keeps: what it keeps is a sample, and bounds nothing from above.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unlisted {
    /// Records of the logs that say so, and are in no `touched`.
    pub records: u64,
}

/// The case begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// What people call it.
    pub title: String,
}

/// A file came into custody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acquired {
    /// Where it lay.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 of its bytes, in lower-case hex.
    pub sha256: String,
}

/// Logs were hunted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunted {
    /// Name and version of the program.
    pub program: String,
    /// SHA-256 of the rules, in lower-case hex.
    pub rules: String,
    /// How many rules these are.
    pub rule_count: u64,
    /// Records read.
    pub read: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Findings, all of which are on record.
    pub findings: u64,
    /// What was asked for beside the rules.
    #[serde(default)]
    pub settings: Settings,
}

/// What a hunt was told beside its rules: who hunts again has to be told the same. Digests are SHA-256 in
/// lower-case hex, over texts each with its length before it; there are none where nothing was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Only findings at or after this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Only findings before this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Only findings on these hosts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Only rules of this level or above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Only rules of these statuses.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub statuses: Vec<Status>,
    /// Only rules with these ids, or these words in their titles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub chosen: Vec<String>,
    /// The findings of other tools, too.
    pub tool_findings: bool,
    /// The records of findings were kept as they stood in the logs.
    pub raw: bool,
    /// Every log was read as this format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// The year of logs that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub year: Option<i32>,
    /// Of the values of rules' placeholders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub placeholders: Option<String>,
    /// Of the user's own formats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mappings: Option<String>,
    /// Of the indicators that were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indicators: Option<String>,
}

/// From when to when a host sent telemetry of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// The host; none where the records name none.
    pub host: Option<String>,
    /// The kind, as [`Kind`](crate::Kind) displays.
    pub kind: String,
    /// Hours in a row in which there were events, ascending and apart.
    pub spans: Vec<Span>,
}

/// Hours in a row in which there were events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first event.
    pub first: Timestamp,
    /// The last event.
    pub last: Timestamp,
    /// How many there were.
    pub events: u64,
}

/// A host had an address, by its own word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressed {
    /// The host.
    pub host: String,
    /// The address.
    pub address: String,
    /// When it was first said.
    pub first: Timestamp,
    /// When it was last said.
    pub last: Timestamp,
    /// How many records say so.
    pub records: u64,
}

/// An account logged on to a host from elsewhere, or asked for a ticket to do so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggedOn {
    /// The host.
    pub host: String,
    /// The account.
    pub account: String,
    /// The address, or the machine's name, from which.
    pub from: String,
    /// When it first did.
    pub first: Timestamp,
    /// When it last did.
    pub last: Timestamp,
    /// How many records say so.
    pub records: u64,
    /// The hours in which it did, ascending; the earliest where there are too many.
    pub hours: Vec<Span>,
    /// True if it did in more hours than these.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub more: bool,
}

/// Two hosts recorded the same things: how far apart their clocks are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clocked {
    /// The one.
    pub host: String,
    /// The other; `zeek` is the network's sensor.
    pub against: String,
    /// What both recorded: `messages` or `connections`.
    pub things: String,
    /// By how many milliseconds the one's clock is ahead: the median of the differences.
    pub ahead_ms: i64,
    /// How many things both recorded, of those that were kept.
    pub pairs: u64,
    /// The median distance of a difference from that median, in milliseconds.
    pub spread_ms: i64,
}

/// Something of value was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touched {
    /// How: `mail-bind`, `mail-sync`, `mail-throttled`, `file-read`, `archive`, `outbound`.
    pub act: String,
    /// When it began.
    pub first: Timestamp,
    /// When it ended.
    pub last: Timestamp,
    /// The mailbox, the file or share, or the address to which bytes went.
    pub object: String,
    /// The host where it was seen.
    pub host: Option<String>,
    /// The account that acted.
    pub account: Option<String>,
    /// The address from which they acted.
    pub address: Option<String>,
    /// The session in which they acted.
    pub session: Option<String>,
    /// How many records say so.
    pub records: u64,
    /// Distinct items that the records name.
    pub items: Vec<String>,
    /// Items that records count without naming them, or that were too many to keep.
    pub further_items: u64,
    /// Bytes that the records count.
    pub bytes: u64,
    /// Where the first of the records stands.
    pub source: String,
    /// Which record that is, from 1.
    pub record: u64,
}

/// An analyst's remark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// The record it is about; none if it is about the case.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub on: Option<u64>,
    /// What they say.
    pub text: String,
}

/// An analyst's judgement of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The record.
    pub on: u64,
    /// The reason.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub why: String,
}

/// Two records, and what they have or have not to do with each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tied {
    /// The one.
    pub a: u64,
    /// The other.
    pub b: u64,
    /// The reason.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub why: String,
}

/// A record is somebody's to work on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assigned {
    /// The record.
    pub on: u64,
    /// Who.
    pub to: String,
}

/// Evidence of who it was. The words of class, grade and how easily it is forged are attribution's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// A record of the intrusion that it is about; none if it is about all that the case holds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub on: Option<u64>,
    /// What kind of evidence: `technique`, `claim` …
    pub class: String,
    /// What it is.
    pub what: String,
    /// Whom it points to.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub to: Vec<String>,
    /// How far it is to be believed, by the Admiralty code.
    pub grade: String,
    /// Who says so.
    pub source: String,
    /// Where it came from in the first place.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub origin: Option<String>,
    /// What it stands and falls with.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub block: Option<String>,
    /// How easily it is forged.
    pub forgeable: String,
}

/// An agency's own probabilities of who it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessed {
    /// Whose.
    pub agency: String,
    /// A record of the intrusion that it is about; none if it is about all that the case holds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub on: Option<u64>,
    /// Hypothesis → probability, as a decimal number, as it was said.
    pub probabilities: BTreeMap<String, String>,
    /// The reason.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub why: String,
}

/// Knowledge of actors was taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Learnt {
    /// The file's name.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// SHA-256 of its bytes, in lower-case hex.
    pub sha256: String,
    /// Who made it.
    pub source: String,
    /// How far it is to be believed, by the Admiralty code.
    pub grade: String,
}

/// A verdict of who it was, and what gives it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concluded {
    /// Which intrusion, as the case was when the verdict was given.
    pub intrusion: u64,
    /// Records that its items cite, and records of assessments and knowledge.
    pub inputs: Vec<u64>,
    /// SHA-256 of each source of knowledge, in lower-case hex: the program's own first.
    pub knowledge: Vec<String>,
    /// Name and version of the program.
    pub program: String,
    /// Whether it was given although the case is younger than what is known.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub accept_old_knowledge: bool,
    /// SHA-256 of the verdict, in lower-case hex.
    pub sha256: String,
    /// The verdict, as JSON.
    pub verdict: String,
}

/// The case was published. Without the pack itself, it says nothing of what was withheld.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// Which intrusion, as the case was then.
    pub intrusion: u64,
    /// To whom it may be shown (TLP 2.0).
    pub tlp: String,
    /// Who publishes.
    pub publisher: String,
    /// SHA-256 of the pack's list of files, in lower-case hex.
    pub pack: String,
    /// SHA-256 of each sentence with what it rests on, in lower-case hex, in their order.
    pub claims: Vec<String>,
    /// True if all of it is invented. What was published so once, stays so.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub exercise: bool,
}

/// An ally's position on what was published (STIX 2.1, `opinion`). Of one opinion the newest version counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opined {
    /// The opinion's id.
    pub opinion: String,
    /// When they said so: the time of this version.
    pub said: Timestamp,
    /// Who says so: the name of the identity that created it.
    pub agency: String,
    /// The id of that identity.
    pub identity: String,
    /// What they hold of it.
    pub position: Position,
    /// True if they take it back.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub withdrawn: bool,
    /// The record of the publication that it is about.
    pub on: u64,
    /// Ids of the published objects that it is about.
    pub about: Vec<String>,
    /// The same in words.
    pub what: Vec<String>,
    /// True if it is about who it was.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub on_attribution: bool,
    /// The record by which the file came in that says so: with its digest, its source and its grade.
    pub source: u64,
    /// To whom they let it be shown; none if they do not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tlp: Option<Tlp>,
    /// The reason, as they give it.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub why: String,
}
