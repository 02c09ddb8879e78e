//! A record's fields, and the commitment to them that stands in the log.
//!
//! Each field is hashed with a salt of its own; the hashes, filled up to a power of two with salted
//! nothings and sorted, are the leaves of a tree; its root is the commitment. So any field can be shown
//! or withheld, and neither a value, nor a field's place, nor their exact number can be guessed.

use std::borrow::Cow;

use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::tree::complete;

/// Fewest leaves under a commitment.
const LEAVES_MIN: usize = 16;
/// Most fields of a record.
pub const FIELDS_MAX: usize = 1 << 20;
/// Deepest that a record is nested.
const DEPTH_MAX: usize = 64;
/// First byte of an entry of the log.
const ENTRY_VERSION: u8 = 1;

/// What makes a record's salts. Known to who holds the sealed record; each salt can be shown alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

/// Keeps a field's value from being guessed.
pub type Salt = [u8; 32];

impl Seed {
    /// The salt of the field, or filler, with this number.
    pub fn salt(self, number: usize) -> Salt {
        let mut hasher = framed(b"blanik/salt/v1");
        hasher.update(self.0);
        hasher.update((number as u64).to_be_bytes());
        hasher.finalize().into()
    }
}

/// One scalar of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its keys from the root, each behind a `/`, `~` written `~0` and `/` `~1` (RFC 6901); a place in a
    /// list as `#` and its number, a key's own `#` at its beginning as `~2`.
    pub path: String,
    /// Its type.
    pub ty: FieldType,
    /// Its text: of a string without quotes and escapes, of a number as the record writes it.
    pub text: Cow<'a, str>,
}

/// The type of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldType {
    /// Nothing; its text is empty.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// Text.
    String,
    /// A list without members; its text is empty.
    EmptyList,
    /// An object without members; its text is empty.
    EmptyObject,
}

impl FieldType {
    fn tag(self) -> u8 {
        match self {
            FieldType::Null => b'n',
            FieldType::Bool => b'b',
            FieldType::Number => b'd',
            FieldType::String => b's',
            FieldType::EmptyList => b'l',
            FieldType::EmptyObject => b'o',
        }
    }
}

impl Field<'_> {
    /// The leaf under a commitment.
    pub fn leaf(&self, salt: &Salt) -> Hash {
        let mut hasher = framed(b"blanik/field/v1");
        hasher.update(salt);
        frame(&mut hasher, self.path.as_bytes());
        hasher.update([self.ty.tag()]);
        frame(&mut hasher, self.text.as_bytes());
        Hash(hasher.finalize().into())
    }
}

/// A leaf that says nothing.
fn filler(salt: &Salt) -> Hash {
    let mut hasher = framed(b"blanik/filler/v1");
    hasher.update(salt);
    Hash(hasher.finalize().into())
}

fn framed(domain: &[u8]) -> Sha256 {
    let mut hasher = Sha256::new();
    frame(&mut hasher, domain);
    hasher
}

fn frame(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}

/// All leaves of a record in the order of the tree, and the place in it of each field.
pub fn leaves(fields: &[Field<'_>], seed: Seed) -> (Vec<Hash>, Vec<usize>) {
    let width = fields.len().next_power_of_two().max(LEAVES_MIN);
    let leaf = |number: usize| {
        let salt = seed.salt(number);
        (fields.get(number).map_or_else(|| filler(&salt), |field| field.leaf(&salt)), number)
    };
    let mut leaves: Vec<(Hash, usize)> = (0..width).map(leaf).collect();
    // By their hashes: where a field stands says nothing of its name.
    leaves.sort_unstable();
    let mut places = vec![0; fields.len()];
    for (place, (_, number)) in leaves.iter().enumerate() {
        if let Some(slot) = places.get_mut(*number) {
            *slot = place;
        }
    }
    (leaves.into_iter().map(|(hash, _)| hash).collect(), places)
}

/// The commitment to a record.
pub fn commitment(record: &str, seed: Seed) -> Result<Hash> {
    Ok(complete(&leaves(&fields(record)?, seed).0))
}

/// The entry that stands in the log for a commitment: 33 bytes.
pub fn entry(commitment: Hash) -> [u8; 33] {
    let mut entry = [ENTRY_VERSION; 33];
    entry[1..].copy_from_slice(&commitment.0);
    entry
}

/// The commitment in an entry.
pub fn commitment_of(entry: &[u8]) -> Option<Hash> {
    let (version, hash) = entry.split_first()?;
    (*version == ENTRY_VERSION).then_some(Hash(hash.try_into().ok()?))
}

/// The fields of a record, which is a JSON object, in its order.
pub fn fields(record: &str) -> Result<Vec<Field<'_>>> {
    let bad = |error: serde_json::Error| Error::Record(error.to_string());
    let raw: &RawValue = serde_json::from_str(record).map_err(bad)?;
    if !raw.get().starts_with('{') {
        return Err(Error::Record("no JSON object".into()));
    }
    let mut fields = Vec::with_capacity(64);
    walk(raw, String::new(), 0, &mut fields)?;
    Ok(fields)
}

fn walk<'a>(raw: &'a RawValue, path: String, depth: usize, out: &mut Vec<Field<'a>>) -> Result<()> {
    let text = raw.get();
    let bad = |error: serde_json::Error| Error::Record(error.to_string());
    if depth == DEPTH_MAX || out.len() == FIELDS_MAX {
        return Err(Error::Record("nested too deep, or too many fields".into()));
    }
    let before = out.len();
    let (ty, text) = match text.as_bytes()[0] {
        b'{' => {
            let Members(members) = serde_json::from_str(text).map_err(bad)?;
            for (key, value) in members {
                walk(value, format!("{path}/{}", escaped(&key)), depth + 1, out)?;
            }
            (FieldType::EmptyObject, Cow::Borrowed(""))
        }
        b'[' => {
            let members: Vec<&RawValue> = serde_json::from_str(text).map_err(bad)?;
            for (i, value) in members.into_iter().enumerate() {
                walk(value, format!("{path}/#{i}"), depth + 1, out)?;
            }
            (FieldType::EmptyList, Cow::Borrowed(""))
        }
        b'"' => (FieldType::String, serde_json::from_str::<Text<'_>>(text).map_err(bad)?.0),
        b'n' => (FieldType::Null, Cow::Borrowed("")),
        b't' | b'f' => (FieldType::Bool, Cow::Borrowed(text)),
        _ => (FieldType::Number, Cow::Borrowed(text)),
    };
    if out.len() == before {
        out.push(Field { path, ty, text });
    }
    Ok(())
}

fn escaped(key: &str) -> Cow<'_, str> {
    if !key.contains(['~', '/']) && !key.starts_with('#') {
        return Cow::Borrowed(key);
    }
    let escaped = key.replace('~', "~0").replace('/', "~1");
    Cow::Owned(match escaped.strip_prefix('#') {
        Some(rest) => format!("~2{rest}"),
        None => escaped,
    })
}

#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(record: &str) -> Vec<String> {
        let fields = fields(record).expect("a record");
        fields.iter().map(|f| format!("{}={}{}", f.path, f.tag(), f.text)).collect()
    }

    impl Field<'_> {
        fn tag(&self) -> char {
            char::from(self.ty.tag())
        }
    }

    #[test]
    fn fields_of_every_shape_have_paths_of_their_own() {
        let record = r##"{"a":{"b/c":1.10,"d~":null,"#0":"x\n","":true},"l":["v",[],{"k":{}}],"l/#0":9007199254740993}"##;
        assert_eq!(
            shown(record),
            [
                "/a/b~1c=d1.10",
                "/a/d~0=n",
                "/a/~20=sx\n",
                "/a/=btrue",
                "/l/#0=sv",
                "/l/#1=l",
                "/l/#2/k=o",
                "/l~1#0=d9007199254740993"
            ]
        );
        assert_eq!(shown(r#"{"a":1,"a":2}"#), ["/a=d1", "/a=d2"]);
        assert_eq!(shown("{}"), ["=o"]);
    }

    #[test]
    fn what_is_no_record() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        for record in ["", "1", "[1]", "{\"a\":1", "{\"a\":1}x", "{\"a\":\"\\ud800\"}", &deep] {
            assert!(fields(record).is_err(), "{record}");
        }
    }

    #[test]
    fn a_commitment_depends_on_every_part() {
        let seed = Seed([1; 32]);
        let of = |record, seed| commitment(record, seed).expect("a record");
        let one = of(r#"{"a":"1","b":true}"#, seed);
        assert_eq!(one, of(r#"{ "a" : "1", "b":true}"#, seed));
        for other in [
            r#"{"a":1,"b":true}"#,
            r#"{"b":true,"a":"1"}"#,
            r#"{"a":"1"}"#,
            r#"{"a":"1","b":"true"}"#,
            r#"{"A":"1","b":true}"#,
        ] {
            assert_ne!(one, of(other, seed), "{other}");
        }
        assert_ne!(one, of(r#"{"a":"1","b":true}"#, Seed([2; 32])));
    }

    /// What an outsider computes, written out by hand with no helper of this file.
    #[test]
    fn a_field_is_hashed_as_the_documentation_says() {
        let salt = Seed([7; 32]).salt(3);
        let mut bytes = Vec::new();
        bytes.extend(14u64.to_be_bytes());
        bytes.extend(b"blanik/salt/v1");
        bytes.extend([7; 32]);
        bytes.extend(3u64.to_be_bytes());
        assert_eq!(salt, Hash::of(&bytes).0);
        let mut bytes = Vec::new();
        bytes.extend(15u64.to_be_bytes());
        bytes.extend(b"blanik/field/v1");
        bytes.extend(salt);
        bytes.extend(5u64.to_be_bytes());
        bytes.extend(b"/host");
        bytes.push(b's');
        bytes.extend(4u64.to_be_bytes());
        bytes.extend(b"DC01");
        let field = Field { path: "/host".into(), ty: FieldType::String, text: "DC01".into() };
        assert_eq!(field.leaf(&salt), Hash::of(&bytes));
    }

    #[test]
    fn neither_number_nor_order_of_fields_shows() {
        let seed = Seed([4; 32]);
        let width = |n: usize| {
            let record: Vec<String> = (0..n).map(|i| format!("\"k{i:03}\":{i}")).collect();
            let record = format!("{{{}}}", record.join(","));
            let fields = fields(&record).expect("a record");
            let (leaves, places) = leaves(&fields, seed);
            assert!(leaves.is_sorted());
            assert!(n < 8 || !places.is_sorted(), "places follow the order of fields");
            leaves.len()
        };
        assert_eq!([1, 16, 17, 32, 33].map(width), [16, 16, 32, 32, 64]);
    }

    /// With all that the log shows, and the value known to be one of a few, nobody can tell which.
    #[test]
    fn a_dictionary_does_not_open_a_commitment() {
        let seed = Seed(crate::key::random().expect("randomness"));
        let names = ["novak", "svoboda", "dvorak", "administrator"];
        let record = r#"{"account":"svoboda"}"#;
        let fields = fields(record).expect("a record");
        let (leaves, places) = leaves(&fields, seed);
        let guess = |name: &str, salt: &Salt| {
            let field = Field { path: "/account".into(), ty: FieldType::String, text: name.into() };
            leaves.contains(&field.leaf(salt))
        };
        // Salts that an attacker can think of: none, and those that other disclosed fields carry.
        for salt in [[0; 32], seed.salt(1), seed.salt(2), Hash::of(b"/account").0] {
            assert!(names.iter().all(|name| !guess(name, &salt)));
        }
        assert!(guess("svoboda", &seed.salt(0)), "with its salt, it opens");
        assert_eq!(leaves[places[0]], fields[0].leaf(&seed.salt(0)));
    }
}
