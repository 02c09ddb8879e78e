//! A record's fields, and the commitment to them that stands in the log.
//!
//! Each field is hashed with a salt of its own; the hashes, filled up to a power of two with salted
//! nothings and sorted, are the leaves of a tree; its root is the commitment. So any field can be shown
//! or withheld, and neither a value, nor a field's place, nor their exact number can be guessed.

mod scan;
mod walk;

use std::borrow::Cow;

use crate::error::Result;
use crate::hash::Hash;

/// Fewest leaves under a commitment.
pub(crate) const LEAVES_MIN: usize = 16;
/// Children of a node under a commitment.
const BRANCHES: usize = 16;
/// Most fields of a record.
pub const FIELDS_MAX: usize = 1 << 20;
/// First byte of an entry of the log.
const ENTRY_VERSION: u8 = 1;

/// What makes a record's salts. Known to who holds the sealed record; each salt can be shown alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

/// Keeps a field's value from being guessed.
pub type Salt = [u8; 32];

impl Seed {
    /// The salt of the field with this number.
    pub fn salt(self, number: usize) -> Salt {
        self.derived(b"blanik/salt/v1", number).0
    }

    /// The leaf that stands, behind the last field, for no field.
    fn filler(self, number: usize) -> Hash {
        self.derived(b"blanik/fill/v1", number)
    }

    /// 54 bytes make one block of SHA-256: there are two such hashes a field.
    fn derived(self, domain: &[u8; 14], number: usize) -> Hash {
        let mut bytes = [0; 54];
        bytes[..14].copy_from_slice(domain);
        bytes[14..46].copy_from_slice(&self.0);
        bytes[46..].copy_from_slice(&(number as u64).to_be_bytes());
        Hash::of(&bytes)
    }
}

/// One scalar of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its keys from the root, each behind a `/`, `~` written `~0` and `/` `~1` (RFC 6901); a place in a
    /// list as `#` and its number, a key's own `#` at its beginning as `~2`.
    pub path: String,
    /// Its type.
    pub ty: FieldType,
    /// Its text: of a string without quotes and escapes, of a number as the record writes it.
    pub text: String,
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

impl Field {
    /// The leaf under a commitment.
    pub fn leaf(&self, salt: &Salt) -> Hash {
        leaf(&self.path, self.ty, &self.text, salt)
    }
}

fn leaf(path: &str, ty: FieldType, text: &str, salt: &Salt) -> Hash {
    leaf_in(&mut Vec::new(), path, ty, text, salt)
}

/// The same; what is hashed is put together in `bytes`, as one piece is hashed faster than six.
fn leaf_in(bytes: &mut Vec<u8>, path: &str, ty: FieldType, text: &str, salt: &Salt) -> Hash {
    bytes.clear();
    bytes.extend_from_slice(b"blanik/field/v1");
    bytes.extend_from_slice(salt);
    // No record is 4 GiB long.
    bytes.extend_from_slice(&u32::try_from(path.len()).unwrap_or(u32::MAX).to_be_bytes());
    bytes.extend_from_slice(path.as_bytes());
    bytes.push(ty.tag());
    bytes.extend_from_slice(text.as_bytes());
    Hash::of(bytes)
}

/// How many leaves the children of a node have that has so many: a power of 16.
pub(crate) fn child_width(leaves: usize) -> usize {
    let mut width = 1;
    while width * BRANCHES < leaves {
        width *= BRANCHES;
    }
    width
}

/// The root over so many leaves, a power of two: nodes of 16 children, the topmost of what is left.
pub(crate) fn wide_root(leaves: &[Hash]) -> Hash {
    if let [one] = leaves {
        return *one;
    }
    let children = leaves.chunks(child_width(leaves.len()));
    wide_node(children.map(wide_root))
}

/// The node above these, of which there are no more than a node has.
pub(crate) fn wide_node(children: impl Iterator<Item = Hash>) -> Hash {
    // One piece is hashed faster than sixteen.
    let (mut bytes, mut end) = ([1; 1 + 32 * BRANCHES], 1);
    for child in children {
        bytes[end..end + 32].copy_from_slice(&child.0);
        end += 32;
    }
    Hash::of(&bytes[..end])
}

/// All leaves of a record in the order of the tree, and the place in it of each field.
pub fn leaves(fields: &[Field], seed: Seed) -> (Vec<Hash>, Vec<usize>) {
    let of_fields = fields.iter().enumerate();
    let own: Vec<Hash> = of_fields.map(|(i, field)| field.leaf(&seed.salt(i))).collect();
    let all = filled_up(own.clone(), seed);
    let place = |leaf| all.binary_search(leaf).expect("each is among all");
    let places = own.iter().map(place).collect();
    (all, places)
}

/// Fillers behind the fields' leaves, and all by their hashes: where a field stands says nothing of its
/// name.
fn filled_up(mut leaves: Vec<Hash>, seed: Seed) -> Vec<Hash> {
    let width = leaves.len().next_power_of_two().max(LEAVES_MIN);
    leaves.extend((leaves.len()..width).map(|number| seed.filler(number)));
    // Digests differ in their first eight bytes, if they differ: a number is compared sooner than 32 bytes.
    leaves.sort_unstable_by(|a, b| a.head().cmp(&b.head()).then_with(|| a.cmp(b)));
    leaves
}

/// The commitment to a record.
pub fn commitment(record: &str, seed: Seed) -> Result<Hash> {
    let (mut leaves, mut bytes) = (Vec::with_capacity(128), Vec::with_capacity(256));
    scan::each_field(record, &mut |path, ty, text| {
        leaves.push(leaf_in(&mut bytes, path, ty, text, &seed.salt(leaves.len())));
    })?;
    Ok(wide_root(&filled_up(leaves, seed)))
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
pub fn fields(record: &str) -> Result<Vec<Field>> {
    let mut fields = Vec::new();
    scan::each_field(record, &mut |path, ty, text| {
        fields.push(Field { path: path.to_owned(), ty, text: text.to_owned() });
    })?;
    Ok(fields)
}

/// Takes a field: its path, type and text.
type Taker<'t> = &'t mut dyn FnMut(&str, FieldType, &str);

/// A key as it stands in a path.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(record: &str) -> Vec<String> {
        let fields = fields(record).expect("a record");
        fields.iter().map(|f| format!("{}={}{}", f.path, f.tag(), f.text)).collect()
    }

    impl Field {
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
        let mut bytes = b"blanik/salt/v1".to_vec();
        bytes.extend([7; 32]);
        bytes.extend(3u64.to_be_bytes());
        assert_eq!(salt, Hash::of(&bytes).0);
        let mut bytes = b"blanik/field/v1".to_vec();
        bytes.extend(salt);
        bytes.extend([0, 0, 0, 5]);
        bytes.extend(b"/hostsDC01");
        let field = Field { path: "/host".into(), ty: FieldType::String, text: "DC01".into() };
        assert_eq!(field.leaf(&salt), Hash::of(&bytes));
    }

    /// A commitment made of leaves by hand: 32 of them are two nodes of 16, and one of two above.
    #[test]
    fn the_tree_is_that_of_the_documentation() {
        let seed = Seed([6; 32]);
        let record: Vec<String> = (0..20).map(|i| format!("\"k{i}\":{i}")).collect();
        let record = format!("{{{}}}", record.join(","));
        let fields = fields(&record).expect("a record");
        let mut leaves: Vec<Hash> = (0..20).map(|i| fields[i].leaf(&seed.salt(i))).collect();
        for i in 20u64..32 {
            let bytes = [b"blanik/fill/v1".as_slice(), &[6; 32], &i.to_be_bytes()].concat();
            leaves.push(Hash::of(&bytes));
        }
        leaves.sort();
        let node = |children: &[Hash]| {
            let children: Vec<u8> = children.iter().flat_map(|child| child.0).collect();
            Hash::of(&[[1].as_slice(), &children].concat())
        };
        let root = node(&[node(&leaves[..16]), node(&leaves[16..])]);
        assert_eq!(commitment(&record, seed).expect("a record"), root);
        assert_eq!([16, 32, 256, 512].map(child_width), [1, 16, 16, 256]);
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
