//! A rule met an event: the sentence "who did what, where and when", with everything it rests on.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{IndicatorHit, Level, OwnedValue, Status, Timestamp};

/// Names and values in the order the log had them. Serializes as an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub Vec<(String, OwnedValue)>);

impl Fields {
    /// The value of the first field of that name.
    pub fn get(&self, name: &str) -> Option<&OwnedValue> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }
}

impl Serialize for Fields {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_map(self.0.iter().map(|(n, v)| (n, v)))
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> serde::de::Visitor<'de> for Object {
            type Value = Fields;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut m: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = m.next_entry()? {
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }
        d.deserialize_map(Object)
    }
}

/// One finding. Its JSON is the `jsonl` output format, documented in `docs/FINDINGS.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's `id`, or its file name where it has none.
    pub rule_id: String,
    /// The rule's `title`.
    pub rule_title: String,
    /// The rule's `level`; rules without one count as medium.
    pub level: Level,
    /// The rule's `status`, if it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub status: Option<Status>,
    /// The rule's `tags`.
    pub tags: Vec<String>,
    /// The other tool whose finding this is; absent where a rule of ours met the event.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tool: Option<String>,
    /// The event's kind, as [`Kind`](crate::Kind) displays; of several events together [`Finding::CORRELATION`].
    pub kind: String,
    /// When the event happened, by the log's own word; null if the record does not say.
    pub time: Option<Timestamp>,
    /// The machine or sensor the event is about.
    pub host: Option<String>,
    /// The account that acted, where the record names one.
    pub account: Option<String>,
    /// The fields the rule looked at and the values with which they matched.
    pub matched: Fields,
    /// The path of the log; inside archives, joined by `!`.
    pub source: String,
    /// Where in the source: record number (EVTX) or line (text), from 1.
    pub record: u64,
    /// All fields of the event; none of a correlation.
    pub event: Fields,
    /// The record as it stood in the log, if asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub raw: Option<String>,
    /// The indicator that the event met, where it met one and not a rule.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub indicator: Option<Box<IndicatorHit>>,
    /// Of a correlation rule: what it found in several events. The other fields are then about the
    /// event with which its condition was met.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub correlation: Option<Box<Correlated>>,
}

/// Several events that a correlation rule found to belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correlated {
    /// The rule's `type`.
    #[serde(rename = "type")]
    pub ty: String,
    /// The values that the events have in common, by the rule's `group-by`.
    pub group_by: Fields,
    /// The rule's `timespan`.
    pub timespan: String,
    /// The rule's `condition`, in signs.
    pub condition: String,
    /// The number that met the condition first.
    pub value: OwnedValue,
    /// The greatest number as long as it was met.
    pub value_max: OwnedValue,
    /// Time of the first event.
    pub first: Timestamp,
    /// Time of the last event with which the condition was met.
    pub last: Timestamp,
    /// Events it rests on, by time; not all, if there are many.
    pub events: Vec<CorrelatedEvent>,
    /// How many more there are.
    pub further_events: u64,
}

impl Finding {
    /// The kind of what several events tell together.
    pub const CORRELATION: &'static str = "correlation";
}

/// An event that a correlation rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorrelatedEvent {
    /// The detection rule that it met.
    pub rule_id: String,
    /// When it happened.
    pub time: Timestamp,
    /// The path of the log; inside archives, joined by `!`.
    pub source: String,
    /// Where in the source, from 1.
    pub record: u64,
}

/// What is counted of a finding. Read from a finding's JSON, it passes over the rest of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Brief<'a> {
    /// As in [`Finding`].
    #[serde(borrow)]
    pub rule_id: Cow<'a, str>,
    /// As in [`Finding`].
    #[serde(borrow)]
    pub rule_title: Cow<'a, str>,
    /// As in [`Finding`].
    pub level: Level,
    /// As in [`Finding`].
    pub tags: Vec<Cow<'a, str>>,
    /// As in [`Finding`].
    pub time: Option<Timestamp>,
    /// As in [`Finding`].
    #[serde(borrow)]
    pub host: Option<Cow<'a, str>>,
    /// As in [`Finding`].
    #[serde(borrow)]
    pub account: Option<Cow<'a, str>>,
}

impl<'a> From<&'a Finding> for Brief<'a> {
    fn from(f: &'a Finding) -> Self {
        Brief {
            rule_id: f.rule_id.as_str().into(),
            rule_title: f.rule_title.as_str().into(),
            level: f.level,
            tags: f.tags.iter().map(|tag| tag.as_str().into()).collect(),
            time: f.time,
            host: f.host.as_deref().map(Cow::from),
            account: f.account.as_deref().map(Cow::from),
        }
    }
}
