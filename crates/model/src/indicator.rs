//! An indicator of compromise: an address, a name, a hash that somebody has seen an intruder use, and
//! who says so.
//!
//! Only the nouns. How lists of indicators are written is `share`'s knowledge, and how a value of an
//! event is compared with one is `detect`'s.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::level::vocabulary;

vocabulary! {
    /// What an indicator's value is. The words are those of findings and of the command line.
    IndicatorType, "indicator type", [
        /// One IPv4 or IPv6 address.
        Address = "address",
        /// A range of addresses, as a prefix (`192.0.2.0/24`).
        Network = "network",
        /// A domain, which stands for its subdomains too.
        Domain = "domain",
        /// A URL, without its scheme.
        Url = "url",
        /// MD5 of a file.
        Md5 = "md5",
        /// SHA-1 of a file.
        Sha1 = "sha1",
        /// SHA-256 of a file.
        Sha256 = "sha256",
        /// SHA-512 of a file.
        Sha512 = "sha512",
        /// MD5 of a program's imports.
        Imphash = "imphash",
        /// Fuzzy hash of a file; compared as a whole.
        Ssdeep = "ssdeep",
        /// A mail address.
        Mail = "mail",
        /// A file's name, without a folder.
        FileName = "file-name",
        /// A file's path, or the end of one.
        FilePath = "file-path",
        /// Name of a mutex.
        Mutex = "mutex",
        /// A key of the Windows registry, which stands for what is below it too.
        RegistryKey = "registry-key",
        /// A whole user agent.
        UserAgent = "user-agent",
        /// JA3 or JA3S fingerprint of a TLS peer.
        Ja3 = "ja3",
        /// JA4 fingerprint of a TLS peer.
        Ja4 = "ja4",
        /// Hash of a certificate.
        Certificate = "certificate",
        /// A STIX pattern that says more than one value.
        Pattern = "pattern",
    ]
}

vocabulary! {
    /// Traffic Light Protocol 2.0: to whom a thing may be shown. Ascending.
    Tlp, "TLP label", [
        /// To everyone (`white` before version 2).
        Clear = "clear",
        /// To the community.
        Green = "green",
        /// To the organisation and its clients.
        Amber = "amber",
        /// To the organisation alone.
        AmberStrict = "amber+strict",
        /// To the persons present.
        Red = "red",
    ]
}

impl Tlp {
    /// Reads a label in the ways it is written: `TLP:WHITE`, `tlp:amber+strict`, `Amber`.
    pub fn read(text: &str) -> Option<Tlp> {
        let lower = text.trim().trim_matches('"').to_ascii_lowercase();
        let label = lower.rsplit_once("tlp").map_or(lower.as_str(), |(_, label)| label);
        match label.trim_start_matches([':', '-', '_', ' ', '=', '"']).trim_end_matches('"') {
            "white" => Some(Tlp::Clear),
            "amber-strict" | "amber_strict" | "amber strict" => Some(Tlp::AmberStrict),
            label => label.parse().ok(),
        }
    }
}

/// Who says it, and what they say of many indicators at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Provenance {
    /// Who says so: the producer a list names, or else the list's own name.
    pub source: String,
    /// The file it was read from; within archives, joined by `!`.
    pub list: String,
    /// To whom it may be shown, where the list says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tlp: Option<Tlp>,
    /// How reliable the source calls it, in its own words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grade: Option<String>,
    /// How sure the source is, 0 to 100 (STIX `confidence`).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub confidence: Option<u8>,
    /// Actors it is said to belong to.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub actors: Vec<String>,
    /// Campaigns, reports or malware families it is said to belong to.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub campaigns: Vec<String>,
    /// True if actors or campaigns are what the file or its folder is called, not what the list says.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub named_by_place: bool,
    /// Warning lists of shared infrastructure that it stands on: it may be somebody else's too.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub warnings: Vec<String>,
}

/// When it was seen, and when it is held to be true.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Validity {
    /// When it was seen or published.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub date: Option<Timestamp>,
    /// From when it is held to be true.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub valid_from: Option<Timestamp>,
    /// Until when; it still matches afterwards, and is called expired.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub valid_until: Option<Timestamp>,
}

impl Validity {
    /// True if the event happened after the indicator was held to be true.
    pub fn is_expired_at(&self, time: Option<Timestamp>) -> bool {
        matches!((self.valid_until, time), (Some(until), Some(time)) if time >= until)
    }
}

/// One indicator, as a reader hands it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indicator {
    /// What the value is.
    pub ty: IndicatorType,
    /// The value in the one form in which it is compared.
    pub value: String,
    /// When it was seen, and when it is held to be true.
    pub validity: Validity,
    /// What the list says of it; may be empty.
    pub comment: String,
    /// Line, row or object in the list, from 1.
    pub place: u32,
}

/// What one source says of an indicator that an event met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// Who says it.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// Line, row or object in the list, from 1.
    pub place: u32,
    /// When.
    #[serde(flatten)]
    pub validity: Validity,
    /// True if the event happened after `valid_until`.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub expired: bool,
    /// What the list says of the indicator itself.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub comment: String,
}

/// The indicator that an event met, and all that is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndicatorHit {
    /// What it is.
    #[serde(rename = "type")]
    pub ty: IndicatorType,
    /// Its value.
    pub value: String,
    /// True if only a part of a pattern was met: the other parts need other events.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub partial: bool,
    /// What sources say of it, in the order of their lists; at least one.
    pub statements: Vec<Statement>,
}

impl IndicatorHit {
    /// True if no source held it to be true any more when the event happened.
    pub fn is_expired(&self) -> bool {
        self.statements.iter().all(|statement| statement.expired)
    }

    /// The actors that sources name, each once, in their order.
    pub fn actors(&self) -> Vec<&str> {
        let mut actors = Vec::new();
        for actor in self.statements.iter().flat_map(|s| &s.provenance.actors) {
            if !actors.contains(&actor.as_str()) {
                actors.push(actor.as_str());
            }
        }
        actors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tlp_labels_as_they_are_written() {
        for (text, label) in [
            ("TLP:WHITE", Some(Tlp::Clear)),
            ("white", Some(Tlp::Clear)),
            ("tlp:amber+strict", Some(Tlp::AmberStrict)),
            ("cossi:TLP=\"green\"", Some(Tlp::Green)),
            ("TLP-RED", Some(Tlp::Red)),
            ("purple", None),
        ] {
            assert_eq!(Tlp::read(text), label, "{text}");
        }
    }

    #[test]
    fn what_is_past_is_expired_and_what_bears_no_time_is_not() {
        let at = |seconds| Timestamp::from_seconds(seconds);
        let until = Validity { valid_until: at(100), ..Validity::default() };
        assert!(until.is_expired_at(at(100)));
        assert!(!until.is_expired_at(at(99)));
        assert!(!until.is_expired_at(None));
        assert!(!Validity::default().is_expired_at(at(100)));
    }
}
