//! What is published of one intrusion: claims with their citations, and the same facts as data for every format.
//! Nothing that a marking forbids or a person withheld is in here: exporters see this and never the case.

pub mod advice;
pub mod build;
mod gathered;
mod likelihood;
pub mod names;
pub mod saying;
pub mod shown;
pub mod verdict;

use blanik_model::{IndicatorType, Level, Timestamp, Tlp};
use serde::{Deserialize, Serialize};

pub use blanik_attribution::verdict::Denial;
pub use blanik_case::exposure::Bounds;
pub use blanik_verify::form::{CommitmentForm as Commitment, GroundForm as Ground, LogForm as Log};
pub use build::{Error, Material, Order, publication};
pub use gathered::names as names_of;
pub use names::{NAME_CHARS_MIN, NameKind, Names, Redactions};

/// The same in each language of a publication.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// English.
    pub en: String,
    /// Czech.
    pub cs: String,
}

/// A language of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// Czech.
    Cs,
}

impl Language {
    /// All of them.
    pub const ALL: [Language; 2] = [Language::En, Language::Cs];

    /// Its code (BCP 47).
    pub fn code(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Cs => "cs",
        }
    }
}

impl Wording {
    /// In a language.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Cs => &self.cs,
        }
    }
}

/// Indexes of records in the log: at least one, ascending. Only [`Claim::new`] takes them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CitedForm")]
pub struct Cited {
    /// Those that are named, and whose proofs are in the pack.
    pub records: Vec<u64>,
    /// How many more there are.
    pub further: u64,
}

#[derive(Deserialize)]
struct CitedForm {
    records: Vec<u64>,
    further: u64,
}

impl TryFrom<CitedForm> for Cited {
    type Error = &'static str;

    fn try_from(form: CitedForm) -> Result<Self, Self::Error> {
        match form.records.is_empty() {
            true => Err("a claim cites no record"),
            false => Ok(Cited { records: form.records, further: form.further }),
        }
    }
}

impl From<&blanik_case::Citations> for Cited {
    fn from(citations: &blanik_case::Citations) -> Self {
        Cited { records: citations.indexes().to_vec(), further: citations.further() }
    }
}

/// A sentence, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// `c1`, `c2` …: its place in the publication.
    pub id: String,
    /// The sentence.
    pub text: Wording,
    /// To whom it may be shown.
    pub marking: Tlp,
    /// The records it rests on.
    pub cites: Cited,
    /// Which of its values stand in which fields of these records.
    pub grounds: Vec<Ground>,
}

/// Chapters of an advisory, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChapterKind {
    /// What happened, in a few sentences.
    Summary,
    /// How they came in.
    CameIn,
    /// How they moved.
    Moved,
    /// How they stayed.
    Stayed,
    /// What they did in the end.
    Left,
    /// When nothing was seen, and where telemetry is missing.
    Unseen,
    /// How far it reaches.
    Scope,
    /// What was taken, as bounds.
    Taken,
    /// Who, and how sure: likelihood, confidence, alternatives.
    Attribution,
    /// What becomes of the attribution if items are denied.
    Denial,
    /// What to look for, and what to do.
    Advice,
}

/// A heading with its claims.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// Which.
    pub kind: ChapterKind,
    /// At least one.
    pub claims: Vec<Claim>,
}

/// Who publishes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publisher {
    /// Its name.
    pub name: String,
    /// How to reach it: an address or a page.
    pub contact: Option<String>,
}

/// A step of the intruder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The first finding.
    pub first: Timestamp,
    /// The last finding.
    pub last: Timestamp,
    /// Where: a name, or what stands for it; none where no host is named.
    pub host: Option<String>,
    /// ATT&CK's tactic, as an index into `model::attack::TACTICS`.
    pub tactic: Option<usize>,
    /// ATT&CK's techniques (`T1003.001`), as the rule names them.
    pub techniques: Vec<String>,
    /// How bad.
    pub level: Level,
    /// The rule's id.
    pub rule_id: String,
    /// The rule's title.
    pub rule_title: String,
    /// Findings.
    pub findings: u64,
    /// The records.
    pub cites: Cited,
    /// To whom it may be shown.
    pub marking: Tlp,
}

/// A time in which nothing was seen (no host), or a host sent nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unseen {
    /// The host that sent nothing; none if nothing was seen of the intruder.
    pub host: Option<String>,
    /// The last before.
    pub from: Timestamp,
    /// The first behind.
    pub to: Timestamp,
    /// To whom it may be shown.
    pub marking: Tlp,
}

/// A technique that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Technique {
    /// `T1003.001`.
    pub id: String,
    /// Its name, where it is known.
    pub name: Option<String>,
    /// Tactics of the rules that name it, as indexes into `model::attack::TACTICS`.
    pub tactics: Vec<usize>,
    /// First seen.
    pub first: Timestamp,
    /// Last seen.
    pub last: Timestamp,
    /// Findings.
    pub findings: u64,
    /// Titles of the rules.
    pub rules: Vec<String>,
    /// The records.
    pub cites: Cited,
}

/// Software that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Software {
    /// Its id in ATT&CK (`S0002`), where it has one.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// True if it is malware, false if a tool.
    pub is_malware: bool,
    /// The records.
    pub cites: Cited,
}

/// What is held of a host, account or mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scoped {
    /// `host`, `account`, `mailbox`.
    pub kind: String,
    /// Its name, or what stands for it.
    pub name: String,
    /// `confirmed`, `suspected`, `open`, `cleared`.
    pub standing: String,
    /// The records.
    pub cites: Cited,
    /// To whom it may be shown.
    pub marking: Tlp,
}

/// What was taken of one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// `mail`, `file`, `archive`, `outbound`.
    pub act: String,
    /// The mailbox, file or address, or what stands for it.
    pub object: String,
    /// The first time.
    pub first: Timestamp,
    /// The last time.
    pub last: Timestamp,
    /// Mails, folders, files.
    pub items: Bounds,
    /// Bytes.
    pub bytes: Bounds,
    /// The records.
    pub cites: Cited,
    /// To whom it may be shown.
    pub marking: Tlp,
}

/// Something to look for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indicator {
    /// What its value is.
    pub kind: IndicatorType,
    /// The value.
    pub value: String,
    /// First seen here.
    pub first: Timestamp,
    /// Last seen here.
    pub last: Timestamp,
    /// Findings that name it.
    pub findings: u64,
    /// The lists that had it, where it came from one.
    pub sources: Vec<String>,
    /// The records.
    pub cites: Cited,
    /// To whom it may be shown.
    pub marking: Tlp,
}

/// A thing of the picture of who has to do with whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// `host`, `account`, `address` …
    pub kind: String,
    /// Its name, or what stands for it.
    pub name: String,
    /// When it was first seen.
    pub first: Timestamp,
    /// The records.
    pub cites: Cited,
    /// To whom it may be shown.
    pub marking: Tlp,
}

/// Two things that the same findings name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// Position of the one node, a host.
    pub from: usize,
    /// Position of the other.
    pub to: usize,
    /// Observations that name both.
    pub observations: u64,
    /// The records.
    pub cites: Cited,
}

/// A hypothesis of who it was.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// `G0128`, `UNKNOWN:CN` or `UNKNOWN`.
    pub id: String,
    /// In words.
    pub name: String,
    /// The country that a source suspects.
    pub country: Option<String>,
    /// Probability.
    pub probability: f64,
}

/// An item of evidence against the hypotheses of the matrix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// What it is, in words.
    pub what: String,
    /// Its class.
    pub class: String,
    /// Its grade, by the Admiralty code.
    pub grade: String,
    /// Who says so.
    pub source: String,
    /// The record, where it is one.
    pub record: Option<u64>,
    /// For each hypothesis of the matrix: decibans.
    pub decibans: Vec<f64>,
}

/// Who, and how sure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribution {
    /// The first sentence.
    pub likelihood: Wording,
    /// Whether it gives a word of probability: where too little stands behind one, none is given anywhere.
    #[serde(default)]
    pub has_word: bool,
    /// The second sentence.
    pub confidence_sentence: Wording,
    /// `low`, `moderate`, `high`.
    pub confidence: String,
    /// That no known actor did it.
    pub unknown: f64,
    /// The most probable first.
    pub hypotheses: Vec<Hypothesis>,
    /// Names of the hypotheses that the matrix is about.
    pub against: Vec<String>,
    /// The matrix.
    pub matrix: Vec<Item>,
    /// The denial test.
    pub denial: Vec<Denial>,
    /// The record of the verdict.
    pub cites: Cited,
}

/// An ally's word: a cosignature of their own key, probabilities on record, or a position on what was published before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opinion {
    /// Who.
    pub agency: String,
    /// `consistent`, `re-run`, `concur` of a cosignature; `assessed` of probabilities on record; of a position its word
    /// ([`blanik_model::Position`]).
    pub grade: String,
    /// True if it is about who it was, false if about what happened.
    pub on_attribution: bool,
    /// Of a position: ids of the objects of the earlier publication that it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
    /// The same in words, as far as this audience may read them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what: Vec<String>,
    /// When they said so, where they say it.
    pub at: Option<Timestamp>,
    /// The record of an assessment or a position; none of a cosignature, which stands under the checkpoint.
    pub record: Option<u64>,
    /// Hypothesis → probability, of an assessment.
    pub probabilities: Vec<(String, String)>,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Publication {
    /// The heading.
    pub title: Wording,
    /// The case's name.
    pub case: String,
    /// Which of the case's intrusions.
    pub intrusion: usize,
    /// True if all of it is invented.
    pub exercise: bool,
    /// To whom the whole may be shown.
    pub tlp: Tlp,
    /// When it was published.
    pub published: Timestamp,
    /// By whom.
    pub publisher: Publisher,
    /// First seen.
    pub first: Timestamp,
    /// Last seen.
    pub last: Timestamp,
    /// Who it happened to: a sector (`government`), if it may be said.
    pub victim: Option<String>,
    /// The sentences.
    pub chapters: Vec<Chapter>,
    /// By time.
    pub steps: Vec<Step>,
    /// By time.
    pub unseen: Vec<Unseen>,
    /// By id.
    pub techniques: Vec<Technique>,
    /// By name.
    pub software: Vec<Software>,
    /// By kind, standing and name.
    pub scope: Vec<Scoped>,
    /// By act, the most first.
    pub taken: Vec<Taken>,
    /// By kind and value.
    pub indicators: Vec<Indicator>,
    /// Who has to do with whom.
    pub nodes: Vec<Node>,
    /// See [`Edge`].
    pub edges: Vec<Edge>,
    /// Who it was, if that is said.
    pub attribution: Option<Attribution>,
    /// What allies say.
    pub opinions: Vec<Opinion>,
    /// The cited records as the log holds them, by index; empty until they are proven.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commitments: Vec<Commitment>,
    /// Names that are withheld, by kind: how many.
    pub withheld: Vec<(String, u64)>,
    /// Where the records stand.
    pub log: Log,
}

impl Publication {
    /// All claims, in order.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.chapters.iter().flat_map(|chapter| &chapter.claims)
    }
}
