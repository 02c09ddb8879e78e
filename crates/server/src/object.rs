//! What the server has to know of a STIX object: its id, type, version, and who may see it. The rest is passed on as it came.

use blanik_model::{Timestamp, Tlp};
use serde_json::Value;

use crate::marking::Markings;
use crate::uuid::is_uuid;

/// Longest type that the standard allows (STIX 2.1, 11.2).
const TYPE_BYTES_MAX: usize = 250;

/// The version of STIX. Ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spec {
    /// 2.0: has no `spec_version`.
    V20,
    /// 2.1.
    V21,
}

impl Spec {
    /// Both.
    pub const ALL: [Spec; 2] = [Spec::V20, Spec::V21];

    /// As in `match[spec_version]`.
    pub fn as_str(self) -> &'static str {
        match self {
            Spec::V20 => "2.0",
            Spec::V21 => "2.1",
        }
    }

    /// The media type of objects of this version.
    pub fn media_type(self) -> &'static str {
        match self {
            Spec::V20 => "application/stix+json;version=2.0",
            Spec::V21 => "application/stix+json;version=2.1",
        }
    }
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// As `indicator--…`.
    pub id: String,
    /// `modified`, or else `created`, as it is written. `None` for objects that have no versions.
    pub version: Option<String>,
    /// Of which STIX.
    pub spec: Spec,
    /// The clearance it needs.
    pub level: Tlp,
}

impl Facts {
    /// Of an object.
    ///
    /// # Errors
    /// Why it is none that the server can keep, in words for the client.
    pub fn of(object: &Value, markings: &Markings) -> Result<Facts, String> {
        let fields = object.as_object().ok_or("this is no object")?;
        let id = fields.get("id").and_then(Value::as_str).ok_or("no id")?;
        let ty = fields.get("type").and_then(Value::as_str).ok_or("no type")?;
        if ty == "bundle" {
            return Err("a bundle: send its objects".into());
        }
        let (of, uuid) = id.split_once("--").ok_or("the id is none of STIX")?;
        if of != ty || !is_type(ty) || !is_uuid(uuid) {
            return Err("the id is not the type, two dashes and a UUID".into());
        }
        let time = |name: &str| match fields.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if is_time(text) => Ok(Some(text.clone())),
            Some(_) => Err(format!("{name} is no time")),
        };
        let (created, modified) = (time("created")?, time("modified")?);
        let spec = match fields.get("spec_version").map(Value::as_str) {
            Some(Some("2.1")) => Spec::V21,
            Some(Some("2.0")) => Spec::V20,
            Some(_) => return Err("a version of STIX that is not known here".into()),
            // STIX 2.0's objects have none; of 2.1's, those that need none have no times either.
            None if created.is_some() => Spec::V20,
            None => Spec::V21,
        };
        let level = markings.level(object)?;
        Ok(Facts { id: id.to_owned(), version: modified.or(created), spec, level })
    }

    /// Its type.
    pub fn type_of(id: &str) -> &str {
        id.split_once("--").map_or(id, |(ty, _)| ty)
    }
}

fn is_type(ty: &str) -> bool {
    let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (3..=TYPE_BYTES_MAX).contains(&ty.len()) && ty.bytes().all(letters)
}

/// RFC 3339 in UTC, as STIX asks for (2.1, 2.15).
fn is_time(text: &str) -> bool {
    text.len() <= 40 && text.ends_with('Z') && Timestamp::parse(text).is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    const ID: &str = "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f";

    fn facts(object: Value) -> Result<Facts, String> {
        Facts::of(&object, &Markings { unmarked: Tlp::Clear, known: BTreeMap::new() })
    }

    #[test]
    fn the_version_is_modified_or_created_or_none() {
        let (a, b) = ("2024-01-01T00:00:00.000Z", "2024-01-02T00:00:00Z");
        let whole = json!({"id": ID, "type": "indicator", "spec_version": "2.1", "created": a, "modified": b});
        let whole = facts(whole).expect("an object");
        assert_eq!((whole.version.as_deref(), whole.spec), (Some(b), Spec::V21));
        let old = facts(json!({"id": ID, "type": "indicator", "created": a})).expect("an object");
        assert_eq!((old.version.as_deref(), old.spec), (Some(a), Spec::V20));
        let none = facts(json!({"id": ID, "type": "indicator"})).expect("an object");
        assert_eq!((none.version, none.spec), (None, Spec::V21));
    }

    #[test]
    fn what_is_no_object_of_stix_is_refused_with_the_reason() {
        for (object, reason) in [
            (json!([]), "no object"),
            (json!({}), "no id"),
            (json!({"id": 7, "type": "indicator"}), "no id"),
            (json!({"id": ID}), "no type"),
            (json!({"id": ID, "type": "malware"}), "two dashes"),
            (
                json!({"id": "bundle--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "type": "bundle"}),
                "bundle",
            ),
            (json!({"id": "indicator--x", "type": "indicator"}), "UUID"),
            (
                json!({"id": "a/../b--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f", "type": "a/../b"}),
                "UUID",
            ),
            (json!({"id": ID, "type": "indicator", "modified": 5}), "modified is no time"),
            (
                json!({"id": ID, "type": "indicator", "modified": "yesterday"}),
                "modified is no time",
            ),
            (
                json!({"id": ID, "type": "indicator", "created": "2024-01-01T00:00:00"}),
                "created is no",
            ),
            (json!({"id": ID, "type": "indicator", "spec_version": "3.0"}), "version of STIX"),
            (json!({"id": ID, "type": "indicator", "object_marking_refs": {}}), "no list"),
        ] {
            let refused = facts(object.clone()).expect_err("refused");
            assert!(refused.contains(reason), "{object}: {refused}");
        }
    }
}
