//! Sealed packs: what the log's entries commit to, record by record, in files named by their digest.
//!
//! A pack is text: a head line, then a line per record, its seed in hex, a blank, and its JSON.
//! Whoever holds a pack can read its records; the log itself shows none of them.

use crate::error::{Error, Result};
use crate::hash::{Hash, from_hex, to_hex};
use crate::seal::Seed;

const HEADER: &str = "blanik-pack/v1";
/// Where packs lie in a workspace.
pub const FOLDER: &str = "sealed";

/// A pack's place: which records it holds, and the digest of its bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PackName {
    /// Index of its first record.
    pub first: u64,
    /// How many there are.
    pub count: u64,
    /// SHA-256 of its bytes.
    pub digest: Hash,
}

impl PackName {
    /// Reads a file's name.
    pub fn parse(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(".pack")?.split('-');
        let number = |text: &str| {
            let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit());
            if digits { text.parse().ok() } else { None }
        };
        let (first, count) = (number(parts.next()?)?, number(parts.next()?)?);
        let digest = Hash::from_hex(parts.next()?)?;
        let name = PackName { first, count, digest };
        let whole = parts.next().is_none() && count > 0 && first.checked_add(count).is_some();
        whole.then_some(name)
    }

    /// The file's name.
    pub fn file(&self) -> String {
        format!("{:016}-{:016}-{}.pack", self.first, self.count, self.digest.to_hex())
    }

    /// Its path in the workspace.
    pub fn path(&self) -> String {
        format!("{FOLDER}/{}", self.file())
    }

    /// The index behind its last record.
    pub fn end(&self) -> u64 {
        self.first + self.count
    }
}

/// A pack's first line.
pub(crate) fn head(first: u64, count: u64) -> String {
    format!("{HEADER} {first} {count}\n")
}

/// Writes a pack.
pub fn write(first: u64, records: &[(Seed, &str)]) -> (PackName, Vec<u8>) {
    let length: usize = records.iter().map(|(_, record)| record.len() + 66).sum();
    let mut bytes = Vec::with_capacity(length + 64);
    bytes.extend_from_slice(head(first, records.len() as u64).as_bytes());
    for (seed, record) in records {
        bytes.extend_from_slice(to_hex(&seed.0).as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(record.as_bytes());
        bytes.push(b'\n');
    }
    let (count, digest) = (records.len() as u64, Hash::of(&bytes));
    (PackName { first, count, digest }, bytes)
}

/// A record in a pack.
#[derive(Clone, Copy)]
pub struct Sealed<'a> {
    /// Its index in the log.
    pub index: u64,
    /// What makes its salts.
    pub seed: Seed,
    /// Its JSON.
    pub record: &'a str,
    /// Where its line begins in the pack.
    pub offset: usize,
}

/// Reads a pack's records, each by itself: a line that is wrong costs no other.
pub fn read<'a>(
    path: &'a str,
    bytes: &'a [u8],
) -> Result<impl Iterator<Item = Result<Sealed<'a>>>> {
    let mut lines = bytes.split_inclusive(|b| *b == b'\n');
    let head = lines.next().unwrap_or_default();
    let (first, count) = header(head)
        .ok_or_else(|| Error::wrong(path, 0, format!("not headed {HEADER}, first, count")))?;
    let mut offset = head.len();
    let read = lines.zip(0..).map(move |(line, i)| {
        let at = offset;
        offset += line.len();
        let fail = |by: usize, reason: &str| Error::wrong(path, at + by, reason);
        if i >= count {
            return Err(fail(0, "a line behind the last record"));
        }
        let line = line.strip_suffix(b"\n").ok_or_else(|| fail(line.len() - 1, "breaks off"))?;
        let line = std::str::from_utf8(line).map_err(|_| fail(0, "a line that is no UTF-8"))?;
        let (seed, record) = line.split_at_checked(64).ok_or_else(|| fail(0, "no seed"))?;
        let digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let wrong = || seed.bytes().position(|b| !digit(b)).unwrap_or(0);
        let seed = from_hex(seed).and_then(|seed| seed.try_into().ok());
        let seed = seed.ok_or_else(|| fail(wrong(), "no seed"))?;
        let record =
            record.strip_prefix(' ').ok_or_else(|| fail(64, "no blank behind the seed"))?;
        Ok(Sealed { index: first + i, seed: Seed(seed), record, offset: at })
    });
    Ok(read)
}

fn header(line: &[u8]) -> Option<(u64, u64)> {
    use crate::checkpoint::decimal;
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (first, count) = line.strip_prefix(HEADER)?.strip_prefix(' ')?.split_once(' ')?;
    let (first, count) = (decimal(first)?, decimal(count)?);
    first.checked_add(count)?;
    Some((first, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_come_back_and_damage_costs_one_record() {
        let records = [(Seed([1; 32]), r#"{"a":1}"#), (Seed([2; 32]), r#"{"b":"ž"}"#)];
        let (name, mut bytes) = write(7, &records);
        assert_eq!(PackName::parse(&name.file()), Some(name.clone()));
        assert_eq!((name.first, name.end()), (7, 9));
        let all: Vec<_> = read("p", &bytes).expect("a head").map(|r| r.expect("whole")).collect();
        assert_eq!((all[1].index, all[1].record), (8, records[1].1));
        let at = all[0].offset + 3;
        bytes[at] = b'X';
        let all: Vec<_> = read("p", &bytes).expect("a head").collect();
        assert!(matches!(all[0], Err(Error::Wrong { offset, .. }) if offset == at as u64));
        assert!(all[1].is_ok());
        bytes[0] = b'x';
        assert!(read("p", &bytes).is_err());
    }

    #[test]
    fn names_that_are_none() {
        let (name, _) = write(7, &[(Seed([1; 32]), "{}")]);
        let good = name.file();
        for bad in [
            good.replace(".pack", ".pack.tmp"),
            good.replace("0007", "007"),
            good.replace('-', "_"),
            good.replacen('0', "+", 1),
        ] {
            assert_eq!(PackName::parse(&bad), None, "{bad}");
        }
    }
}
