//! The sealed records: what each commits to, and whether that is what the log holds.

use std::collections::BTreeMap;
use std::thread;

use super::{Report, first_difference};
use crate::disk::{Disk, get};
use crate::hash::Hash;
use crate::pack::{self, FOLDER, PackName};
use crate::seal;

/// Longest line of a pack in which the one wrong bit is searched for.
const SEARCHED_BYTES_MAX: usize = 8 << 10;

/// What the packs say stands in the log.
pub(super) struct Packs {
    names: Vec<PackName>,
    /// By index: the entry, and the place of its line.
    pub(super) entries: BTreeMap<u64, Told>,
}

/// What a sealed record says of the log.
pub(super) struct Told {
    pub(super) entry: [u8; 33],
    pack: usize,
    offset: usize,
}

impl Packs {
    /// Reads all packs of a log of that size.
    pub(super) fn read<D: Disk>(disk: &D, size: u64, report: &mut Report) -> Self {
        let mut packs = Packs { names: Vec::new(), entries: BTreeMap::new() };
        for name in disk.list(FOLDER).unwrap_or_default() {
            match PackName::parse(&name) {
                Some(pack) if pack.end() <= size => packs.names.push(pack),
                Some(_) => report.remarks.push(format!("{FOLDER}/{name} was never logged")),
                None => report.remarks.push(format!("{FOLDER}/{name} is no pack")),
            }
        }
        for number in 0..packs.names.len() {
            let name = packs.names[number].clone();
            let path = name.path();
            match get(disk, &path) {
                Ok(bytes) => packs.read_one(number, &name, &bytes, report),
                Err(error) => report.error(&path, error),
            }
        }
        packs
    }

    fn read_one(&mut self, number: usize, name: &PackName, bytes: &[u8], report: &mut Report) {
        let path = name.path();
        let faults_before = report.faults.len();
        // The head says what the name says. Where it does not, the records are read all the same.
        let head = pack::head(name.first, name.count);
        let start = &bytes[..head.len().min(bytes.len())];
        if let Some(at) = first_difference(start, head.as_bytes()) {
            report.fault(&path, at, "not the head that its name asks for");
        }
        let fixed = [head.as_bytes(), &bytes[start.len()..]].concat();
        let records = match pack::read(&path, &fixed) {
            Ok(records) => records,
            Err(error) => return report.error(&path, error),
        };
        let mut sound = Vec::new();
        for sealed in records {
            match sealed {
                Ok(sealed) => sound.push(sealed),
                Err(error) => report.error(&path, error),
            }
        }
        let lot =
            sound.len().div_ceil(thread::available_parallelism().map_or(1, usize::from)).max(64);
        let commitments: Vec<_> = thread::scope(|scope| {
            let commit = |s: &pack::Sealed<'_>| seal::commitment(s.record, s.seed);
            let lots: Vec<_> = sound
                .chunks(lot)
                .map(|lot| scope.spawn(move || lot.iter().map(commit).collect::<Vec<_>>()))
                .collect();
            lots.into_iter().flat_map(|lot| lot.join().expect("sealing does not panic")).collect()
        });
        for (sealed, commitment) in sound.iter().zip(commitments) {
            match commitment {
                Ok(commitment) => {
                    let told = Told {
                        entry: seal::entry(commitment),
                        pack: number,
                        offset: sealed.offset,
                    };
                    if self.entries.insert(sealed.index, told).is_some() {
                        report.fault(&path, sealed.offset, "a record that another pack holds, too");
                    }
                }
                Err(error) => report.fault(&path, sealed.offset, error.to_string()),
            }
        }
        let named = sound.first().is_some_and(|s| s.index == name.first)
            && sound.len() as u64 == name.count;
        if report.faults.len() == faults_before && !named {
            report.fault(&path, 0, "not the records that its name says");
        }
    }

    /// Holds the records against the leaves of the tree.
    pub(super) fn verify<D: Disk>(&self, disk: &D, leaves: &[Hash], report: &mut Report) {
        let mut wrong: BTreeMap<usize, Vec<(u64, usize)>> = BTreeMap::new();
        for (index, told) in &self.entries {
            let leaf = usize::try_from(*index).ok().and_then(|i| leaves.get(i));
            if leaf == Some(&Hash::leaf(&told.entry)) {
                report.records_verified += 1;
            } else {
                wrong.entry(told.pack).or_default().push((*index, told.offset));
            }
        }
        for (number, name) in self.names.iter().enumerate() {
            let path = name.path();
            let Ok(bytes) = get(disk, &path) else { continue };
            for (i, (index, offset)) in
                wrong.remove(&number).unwrap_or_default().into_iter().enumerate()
            {
                let leaf = usize::try_from(index).ok().and_then(|i| leaves.get(i)).copied();
                let exact =
                    if i == 0 { leaf.and_then(|l| wrong_byte(&bytes[offset..], l)) } else { None };
                let reason = match exact {
                    Some(_) => format!("record {index} was changed here"),
                    None => {
                        format!("record {index}, which begins here, is not what the log commits to")
                    }
                };
                report.fault(&path, offset + exact.unwrap_or(0), reason);
            }
            let known = report.faults.iter().any(|fault| fault.path == path);
            if !known && Hash::of(&bytes) != name.digest {
                report.fault(&path, 0, "its bytes are not those that its name says");
            }
        }
        let covered = |i: &u64| !self.names.iter().any(|p| (p.first..p.end()).contains(i));
        let missing = (0..leaves.len() as u64).filter(|i| !self.entries.contains_key(i));
        report.records_withheld = missing.filter(covered).count() as u64;
    }
}

/// Where in a line of a pack the one bit is wrong that keeps it from being this leaf.
fn wrong_byte(rest: &[u8], leaf: Hash) -> Option<usize> {
    let end = rest.iter().position(|b| *b == b'\n')? + 1;
    let mut line = rest[..end].to_vec();
    if line.len() > SEARCHED_BYTES_MAX {
        return None;
    }
    for at in 0..line.len() {
        for bit in 0..8 {
            line[at] ^= 1 << bit;
            let head = b"blanik-pack/v1 0 1\n";
            let whole = [head.as_slice(), &line].concat();
            let is_it = pack::read("", &whole).ok().and_then(|mut records| {
                let sealed = records.next()?.ok()?;
                let commitment = seal::commitment(sealed.record, sealed.seed).ok()?;
                Some(Hash::leaf(&seal::entry(commitment)) == leaf)
            });
            line[at] ^= 1 << bit;
            if is_it == Some(true) {
                return Some(at);
            }
        }
    }
    None
}
