//! The slow way through a record, level by level, by `serde_json` alone: what [`super::scan`] is held against, and what
//! says why a record is none.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::{FIELDS_MAX, FieldType, Taker, escaped};
use crate::error::{Error, Result};

/// Deepest that a record is nested.
pub(super) const DEPTH_MAX: usize = 64;

pub(super) fn each_field(record: &str, take: Taker<'_>) -> Result<()> {
    let raw: &RawValue = serde_json::from_str(record).map_err(bad)?;
    if !raw.get().starts_with('{') {
        return Err(Error::Record("no JSON object".into()));
    }
    Walk { path: String::new(), taken: 0, take }.walk(raw, 0)
}

fn bad(error: serde_json::Error) -> Error {
    Error::Record(error.to_string())
}

/// A way through a record, and where on it we are.
struct Walk<'t> {
    path: String,
    taken: usize,
    take: Taker<'t>,
}

impl Walk<'_> {
    fn walk(&mut self, raw: &RawValue, depth: usize) -> Result<()> {
        let text = raw.get();
        if depth == DEPTH_MAX {
            return Err(Error::Record("nested too deep".into()));
        }
        match text.as_bytes()[0] {
            b'{' => {
                let Members(members) = serde_json::from_str(text).map_err(bad)?;
                let empty = members.is_empty();
                for (key, value) in members {
                    self.below(&escaped(&key), value, depth)?;
                }
                if empty { self.take(FieldType::EmptyObject, "") } else { Ok(()) }
            }
            b'[' => {
                let members: Vec<&RawValue> = serde_json::from_str(text).map_err(bad)?;
                let empty = members.is_empty();
                for (i, value) in members.into_iter().enumerate() {
                    self.below(&format!("#{i}"), value, depth)?;
                }
                if empty { self.take(FieldType::EmptyList, "") } else { Ok(()) }
            }
            b'"' => {
                let Text(text) = serde_json::from_str(text).map_err(bad)?;
                self.take(FieldType::String, &text)
            }
            b'n' => self.take(FieldType::Null, ""),
            b't' | b'f' => self.take(FieldType::Bool, text),
            _ => self.take(FieldType::Number, text),
        }
    }

    fn below(&mut self, key: &str, value: &RawValue, depth: usize) -> Result<()> {
        let above = self.path.len();
        self.path.push('/');
        self.path.push_str(key);
        self.walk(value, depth + 1)?;
        self.path.truncate(above);
        Ok(())
    }

    fn take(&mut self, ty: FieldType, text: &str) -> Result<()> {
        if self.taken == FIELDS_MAX {
            return Err(Error::Record("too many fields".into()));
        }
        self.taken += 1;
        (self.take)(&self.path, ty, text);
        Ok(())
    }
}

/// Text as JSON writes it.
#[derive(serde::Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// An object's members in its order, a name that stands twice twice.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        struct Object;
        impl<'de> serde::de::Visitor<'de> for Object {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> std::result::Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some((Text(key), value)) = map.next_entry()? {
                    members.push((key, value));
                }
                Ok(Members(members))
            }
        }
        d.deserialize_map(Object)
    }
}
