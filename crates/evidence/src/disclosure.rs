//! Some of a record's fields, shown so that they verify while the rest stays sealed.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::checkpoint::Checkpoint;
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::note::VerifierKey;
use crate::proof::LogProof;
use crate::seal::{self, Field, FieldType, Seed};

const FORMAT: &str = "blanik-disclosure/v1";
/// Leaves that a commitment may have: all fields, filled up.
const LEAVES_MAX: usize = seal::FIELDS_MAX;

/// See the module. Its JSON is what `blanik disclose` writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    format: String,
    /// The key of the log, as the discloser names it. Trust comes from elsewhere.
    pub log: String,
    /// The fields that are shown.
    pub fields: Vec<Shown>,
    /// How many leaves the commitment has: a power of two, not less than the record's fields.
    pub leaves: usize,
    /// The roots of what is not shown, from the left, in base64.
    pub hidden: Vec<String>,
    /// That the commitment stands in the log: a tlog-proof.
    pub proof: String,
}

/// A field that is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Its path.
    pub path: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: FieldType,
    /// Its text.
    pub value: String,
    /// Its salt, in base64.
    pub salt: String,
    /// Its leaf's place under the commitment.
    pub place: usize,
}

/// What a disclosure that holds is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The record's index.
    pub index: u64,
    /// The tree in which it stands; signatures are not looked at.
    pub checkpoint: Checkpoint,
    /// The log's entry.
    pub entry: [u8; 33],
}

impl Disclosure {
    /// Shows of a record the fields at and below these paths.
    pub(crate) fn of(
        record: &str,
        seed: Seed,
        paths: &[String],
        key: &VerifierKey,
        proof: &LogProof,
    ) -> Result<Self> {
        let fields = seal::fields(record)?;
        let (leaves, places) = seal::leaves(&fields, seed);
        let chosen = |field: &Field, path: &String| {
            field
                .path
                .strip_prefix(path.as_str())
                .is_some_and(|r| r.is_empty() || r.starts_with('/'))
        };
        if let Some(path) = paths.iter().find(|path| !fields.iter().any(|f| chosen(f, path))) {
            return Err(Error::NoField(path.clone()));
        }
        let mut shown: Vec<Shown> = Vec::new();
        for (number, field) in fields.iter().enumerate() {
            if paths.iter().any(|path| chosen(field, path)) {
                shown.push(Shown {
                    path: field.path.clone(),
                    ty: field.ty,
                    value: field.text.clone(),
                    salt: STANDARD.encode(seed.salt(number)),
                    place: places[number],
                });
            }
        }
        let mut is_shown = vec![false; leaves.len()];
        shown.iter().for_each(|field| is_shown[field.place] = true);
        let mut hidden = Vec::new();
        cover(&leaves, &is_shown, &mut hidden);
        Ok(Disclosure {
            format: FORMAT.to_owned(),
            log: key.to_string(),
            fields: shown,
            leaves: leaves.len(),
            hidden: hidden.iter().map(Hash::to_string).collect(),
            proof: proof.to_string(),
        })
    }

    /// Reads a disclosure. Nothing is verified.
    pub fn parse(text: &str) -> Result<Self> {
        let fail = |line, reason| Error::malformed(FORMAT, line, reason);
        let read: Self =
            serde_json::from_str(text).map_err(|e| fail(e.line(), "not JSON of this form"))?;
        read.check().map_err(|reason| fail(1, reason))?;
        Ok(read)
    }

    /// That it is of this form, however it was read.
    fn check(&self) -> std::result::Result<(), &'static str> {
        let is_number =
            self.leaves.is_power_of_two() && (seal::LEAVES_MIN..=LEAVES_MAX).contains(&self.leaves);
        match (self.format == FORMAT, is_number) {
            (false, _) => Err("another format"),
            (_, false) => Err("no such number of leaves"),
            _ => Ok(()),
        }
    }

    /// Verifies that the fields are of a record to which the log commits. The record's index, and the
    /// checkpoint, whose signatures are not looked at.
    pub fn verify(&self) -> Result<(u64, Checkpoint)> {
        self.open().map(|opened| (opened.index, opened.checkpoint))
    }

    /// The same, with the entry of the log that the fields are proven to be of.
    pub fn open(&self) -> Result<Opened> {
        let fail = |reason: String| Error::wrong(FORMAT, 0, reason);
        self.check().map_err(|reason| fail(reason.to_owned()))?;
        let mut known = vec![None; self.leaves];
        for shown in &self.fields {
            let salt = STANDARD.decode(&shown.salt).ok().and_then(|salt| salt.try_into().ok());
            let salt = salt.ok_or_else(|| fail(format!("{}: no salt", shown.path)))?;
            let (path, text) = (shown.path.clone(), shown.value.clone());
            let leaf = Field { path, ty: shown.ty, text }.leaf(&salt);
            let slot = known.get_mut(shown.place).filter(|slot| slot.is_none());
            *slot.ok_or_else(|| fail(format!("{}: no place", shown.path)))? = Some(leaf);
        }
        let hidden: Option<Vec<Hash>> = self.hidden.iter().map(|h| Hash::from_base64(h)).collect();
        let mut hidden = hidden.ok_or_else(|| fail("hidden: no hash".into()))?.into_iter();
        let commitment = uncover(&known, &mut hidden);
        let commitment = commitment.filter(|_| hidden.next().is_none());
        let commitment =
            commitment.ok_or_else(|| fail("not the hashes that the places ask for".into()))?;
        let proof = LogProof::parse(&self.proof)?;
        let entry = seal::entry(commitment);
        let checkpoint = proof.verify(&entry).map_err(|_| {
            fail("fields, salts and hashes do not make the record that the log commits to".into())
        })?;
        Ok(Opened { index: proof.index, checkpoint, entry })
    }
}

/// The roots of the largest subtrees in which nothing is shown, from the left.
fn cover(leaves: &[Hash], shown: &[bool], out: &mut Vec<Hash>) {
    if !shown.contains(&true) {
        return out.push(seal::wide_root(leaves));
    }
    if leaves.len() > 1 {
        let width = seal::child_width(leaves.len());
        let children = leaves.chunks(width).zip(shown.chunks(width));
        children.for_each(|(leaves, shown)| cover(leaves, shown, out));
    }
}

/// The root over what is known and what is hidden.
fn uncover(known: &[Option<Hash>], hidden: &mut impl Iterator<Item = Hash>) -> Option<Hash> {
    if known.iter().all(Option::is_none) {
        return hidden.next();
    }
    if let [one] = known {
        return *one;
    }
    let children = known.chunks(seal::child_width(known.len()));
    let children: Option<Vec<Hash>> = children.map(|child| uncover(child, hidden)).collect();
    Some(seal::wide_node(children?.into_iter()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{SigningKey, random};
    use crate::tree;

    /// All that a disclosure shows, and all candidates: no digest of theirs is one that it hides or that
    /// the log commits to. With the seed, the same search finds the value, so it searches rightly.
    #[test]
    fn a_dictionary_finds_nothing_that_a_disclosure_hides() {
        let record = r#"{"title":"Log cleared","account":"svoboda","admin":true}"#;
        let seed = Seed(random().expect("randomness"));
        let key = SigningKey::generate("log.example").expect("randomness");
        let entry = seal::entry(seal::commitment(record, seed).expect("a record"));
        let leaves = [Hash::leaf(&entry)];
        let root = tree::root(leaves.as_slice(), 1).expect("one leaf");
        let origin = key.name().to_owned();
        let checkpoint = Checkpoint { origin, size: 1, root, extensions: Vec::new() };
        let checkpoint = key.sign(checkpoint.to_string());
        let proof = LogProof { extra: Some(entry.to_vec()), index: 0, hashes: vec![], checkpoint };
        let paths = ["/title".to_owned(), "/account".to_owned()];
        let shown =
            Disclosure::of(record, seed, &paths[..1], &key.verifier(), &proof).expect("shown");
        shown.verify().expect("it verifies");
        assert!(!serde_json::to_string(&shown).expect("JSON").contains("svoboda"));

        let decoded = |text: &String| Hash::from_base64(text).expect("a digest");
        let hidden: Vec<Hash> = shown.hidden.iter().map(decoded).collect();
        let known: Vec<Hash> = shown.fields.iter().map(|field| decoded(&field.salt)).collect();
        let names =
            ["novak", "svoboda", "dvorak"].map(|name| ("/account", FieldType::String, name));
        let flags = ["true", "false"].map(|flag| ("/admin", FieldType::Bool, flag));
        let candidates: Vec<Field> = (names.iter().chain(&flags))
            .map(|(path, ty, text)| Field { path: (*path).into(), ty: *ty, text: (*text).into() })
            .collect();
        let nothing = [Hash([0; 32]), Hash::of_nothing(), Hash::of(&entry)];
        let salts = || known.iter().chain(&hidden).chain(&nothing);
        // What a value could be recognised by: a leaf that is hidden, or the root over a guess at all.
        let opens = |field: &Field, salt: &Hash| hidden.contains(&field.leaf(&salt.0));
        assert!(candidates.iter().all(|field| salts().all(|salt| !opens(field, salt))));
        for guess in salts() {
            for name in ["novak", "svoboda", "dvorak"] {
                let record = record.replace("svoboda", name);
                let guessed = seal::commitment(&record, Seed(guess.0)).expect("a record");
                assert_ne!(seal::entry(guessed), entry);
            }
        }
        let of_all = seal::leaves(&seal::fields(record).expect("a record"), seed).0;
        let right = Hash(seed.salt(1));
        let found = candidates.iter().find(|field| of_all.contains(&field.leaf(&right.0)));
        assert_eq!(found.map(|field| field.text.as_str()), Some("svoboda"));
    }
}
