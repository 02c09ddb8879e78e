//! A set as bytes: a mark with the version, a digest of what follows, then counts, numbers and texts.
//!
//! Written for the next run of the same program on the same machine: what another version wrote is
//! not read, but made anew from the lists.

use blanik_model::{IndicatorType, Provenance};
use sha2::{Digest, Sha256};

use super::{Entry, IndicatorSet};

/// Names the format and its version: to be changed with either, and with the canonical forms.
const MARK: &[u8; 8] = b"blanikI1";
const HEAD_BYTES: usize = MARK.len() + 32;
/// Numbers of an entry.
const NUMBERS: usize = 8;

/// Why bytes are no set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damaged {
    /// Of something else, or of another version.
    #[error("it was written by another version, or is something else")]
    Foreign,
    /// Its digest is not that of its contents.
    #[error("its digest does not fit its contents")]
    Digest,
    /// Its digest fits, but it says what cannot be.
    #[error("it contradicts itself")]
    Contradiction,
}

impl IndicatorSet {
    /// The set as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let provenances =
            serde_json::to_vec(&self.provenances).expect("strings and numbers make JSON");
        let comments = serde_json::to_vec(&self.comments).expect("strings make JSON");
        let mut bytes = Vec::with_capacity(
            HEAD_BYTES + 32 + self.text.len() + 4 * NUMBERS * self.entries.len(),
        );
        bytes.extend(MARK);
        bytes.extend([0; 32]);
        for length in [self.entries.len(), self.text.len(), provenances.len(), comments.len()] {
            bytes.extend((length as u64).to_le_bytes());
        }
        for e in &self.entries {
            let numbers: [u32; NUMBERS] =
                [e.end, e.provenance, e.place, e.comment, e.date, e.from, e.until, e.ty as u32];
            numbers.iter().for_each(|n| bytes.extend(n.to_le_bytes()));
        }
        bytes.extend(self.text.as_bytes());
        bytes.extend(provenances);
        bytes.extend(comments);
        let digest = Sha256::digest(&bytes[HEAD_BYTES..]);
        bytes[MARK.len()..HEAD_BYTES].copy_from_slice(&digest);
        bytes
    }

    /// The set that was written as these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<IndicatorSet, Damaged> {
        let (head, rest) = bytes.split_at_checked(HEAD_BYTES).ok_or(Damaged::Foreign)?;
        let (mark, digest) = head.split_at(MARK.len());
        if mark != MARK {
            return Err(Damaged::Foreign);
        }
        if Sha256::digest(rest)[..] != *digest {
            return Err(Damaged::Digest);
        }
        read(rest).ok_or(Damaged::Contradiction)
    }
}

fn read(rest: &[u8]) -> Option<IndicatorSet> {
    let (lengths, mut rest) = rest.split_at_checked(32)?;
    let lengths: Vec<usize> = lengths
        .chunks_exact(8)
        .map(|n| usize::try_from(u64::from_le_bytes(n.try_into().expect("of 8"))).ok())
        .collect::<Option<_>>()?;
    let mut take = |length: usize| {
        let (taken, after) = rest.split_at_checked(length)?;
        rest = after;
        Some(taken)
    };
    let numbers = take(lengths[0].checked_mul(4 * NUMBERS)?)?;
    let text = String::from_utf8(take(lengths[1])?.to_vec()).ok()?;
    let provenances: Vec<Provenance> = serde_json::from_slice(take(lengths[2])?).ok()?;
    let comments: Vec<String> = serde_json::from_slice(take(lengths[3])?).ok()?;
    let mut entries = Vec::with_capacity(lengths[0]);
    let mut start = 0;
    for entry in numbers.chunks_exact(4 * NUMBERS) {
        let n =
            |i: usize| u32::from_le_bytes(entry[4 * i..4 * i + 4].try_into().expect("four bytes"));
        let entry = Entry {
            end: n(0),
            provenance: n(1),
            place: n(2),
            comment: n(3),
            date: n(4),
            from: n(5),
            until: n(6),
            ty: *IndicatorType::ALL.get(n(7) as usize)?,
        };
        let known = (entry.provenance as usize) < provenances.len()
            && (entry.comment as usize) < comments.len();
        if !known || entry.end < start || !text.is_char_boundary(entry.end as usize) {
            return None;
        }
        start = entry.end;
        entries.push(entry);
    }
    (start as usize == text.len()).then_some(IndicatorSet { text, entries, provenances, comments })
}
