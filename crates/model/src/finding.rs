//! A rule met an event: the sentence "who did what, where and when", with everything it rests on.

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
    /// The event's kind, as [`Kind`](crate::Kind) displays.
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
    /// All fields of the event.
    pub event: Fields,
    /// The record as it stood in the log, if asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub raw: Option<String>,
    /// The indicator that the event met, where it met one and not a rule.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub indicator: Option<Box<IndicatorHit>>,
}
