//! What a verdict says, and why there may be none.

use serde::{Deserialize, Serialize};

use super::Likelihood;
use crate::leads::Lead;
use crate::observe::{Class, OBSERVATIONS_MAX};
use crate::words::Confidence;

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing to judge by.
    #[error("there is no observation")]
    NoObservations,
    /// More than is read.
    #[error("there are {0} observations; at most {OBSERVATIONS_MAX} are judged")]
    TooMany(usize),
    /// The case is younger than what is known.
    #[error(
        "the case is of {case}, and what is known ends in {known}: add newer knowledge, or accept it as it is"
    )]
    OldKnowledge {
        /// Month of the case.
        case: String,
        /// Newest month of the knowledge.
        known: String,
    },
    /// Nothing among the observations is known or points to anyone.
    #[error("none of the observations says anything of an actor")]
    NothingKnown,
}

/// A hypothesis.
#[derive(Clone, Debug, Serialize)]
pub struct Hypothesis {
    /// `G0128`, `UNKNOWN:CN` or `UNKNOWN`.
    pub id: String,
    /// In words.
    pub name: String,
    /// Its country, where a source suspects one.
    pub country: Option<String>,
    /// The confidence in the verdict; where a country is named, and never without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// Probability.
    pub probability: f64,
    /// Part of the score that is no item's, in decibans: how well known the actor is, and the likeness of whole reports.
    pub base: f64,
}

/// One item against the leading hypotheses.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The item's name.
    pub id: String,
    /// What it is, in words.
    pub what: String,
    /// Its class.
    pub class: Class,
    /// Its grade.
    pub grade: String,
    /// Who says so.
    pub source: String,
    /// Index in the evidence log.
    pub citation: Option<u64>,
    /// Its block.
    pub block: Option<String>,
    /// Software seen that brings the technique: it explains it.
    pub explained_by: Option<String>,
    /// Whether the item counts: a copy of a report counts once.
    pub counts: bool,
    /// Whether its weight is an analyst's, not fitted.
    pub judged: bool,
    /// For each hypothesis of the matrix, decibans: above 0 for, below against.
    pub decibans: Vec<f64>,
}

/// What becomes of the answer without an item, or if it is forged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Denial {
    /// Without which items: one, a block, or the tools that one actor alone has shown.
    pub without: String,
    /// The leading hypothesis then.
    pub leader: String,
    /// Its probability.
    pub probability: f64,
    /// The probability of the present leader if the items were planted to point to it: they then speak against it as much as
    /// they spoke for it.
    pub if_forged: f64,
    /// Whether the leader or its band changes.
    pub changes: bool,
}

/// A row of the reliability table.
#[derive(Clone, Debug, Serialize)]
pub struct Reliability {
    /// Kind and size of evidence.
    pub size: &'static str,
    /// From this probability.
    pub from: f64,
    /// Held-out cases.
    pub cases: u32,
    /// How often the leader was right.
    pub right: f64,
    /// What was promised in the middle.
    pub promised: f64,
    /// Interval of the hit rate (Wilson, 95 %).
    pub interval: (f64, f64),
    /// Whether this is the verdict's band.
    pub is_here: bool,
    /// Whether there are too few cases to say anything.
    pub refused: bool,
    /// Whether more was promised than the interval allows: then nothing is said in words, either.
    pub promises_too_much: bool,
}

/// See the module.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// The first sentence: likelihood (ICD 203).
    pub likelihood: String,
    /// The same in parts, for other languages.
    pub said: Likelihood,
    /// The second sentence: confidence.
    pub confidence_sentence: String,
    /// Its level.
    pub confidence: Confidence,
    /// What is missing for a higher one.
    pub missing: Vec<String>,
    /// All hypotheses, the most probable first.
    pub hypotheses: Vec<Hypothesis>,
    /// That no known actor did it.
    pub unknown: f64,
    /// What cannot be told apart by the mathematics: several actors, a false flag.
    pub apart: Vec<String>,
    /// Ids of the hypotheses that the matrix is about.
    pub against: Vec<String>,
    /// The matrix of evidence.
    pub matrix: Vec<Row>,
    /// The denial test.
    pub denial: Vec<Denial>,
    /// The smallest set of items found whose loss changes the answer; empty if none was found.
    pub smallest_set: Vec<String>,
    /// What to look for next. Never evidence.
    pub leads: Vec<Lead>,
    /// How often such verdicts were right, on reports that nobody tampered with.
    pub reliability: Vec<Reliability>,
    /// Release and digest of the knowledge.
    pub knowledge: String,
    /// What was not used, and other remarks.
    pub remarks: Vec<String>,
    /// The additive model, for a board that moves.
    pub board: Board,
}

/// Scores in nats: of hypothesis k with the items that are on, `base[k]` and the sum of their `items[i][k]`; the
/// probabilities are the scores' shares. The last hypothesis is an unknown actor and has no part in items.
///
/// With all items on that is the verdict. What items are worth only together, as tools of one actor, is in the base: without
/// them it stays. The denial test judges the case anew, and is right where the two differ.
#[derive(Clone, Debug, Serialize)]
pub struct Board {
    /// Ids of the hypotheses.
    pub ids: Vec<String>,
    /// Their names.
    pub names: Vec<String>,
    /// Their bases.
    pub base: Vec<f64>,
    /// Item × hypothesis but the last.
    pub items: Vec<Vec<f64>>,
}
