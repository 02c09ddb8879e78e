//! Tiles and bundles, byte for byte against the tree that the signed root demands.

use super::packs::Packs;
use super::{Report, first_difference};
use crate::checkpoint::Checkpoint;
use crate::commit::PUBLISHED;
use crate::disk::{Disk, get};
use crate::error::Error;
use crate::hash::Hash;
use crate::tile::{Edge, Tile, WIDTH, bundle_path, push_entry, tile_bytes, tile_path, tile_width};

/// Bytes of an entry in a bundle, with its length.
const FRAMED: usize = 35;

/// Verifies them, and gives the leaves of the tree: those that the root demands, or, where that cannot
/// be had, those that most of what is there says.
pub(super) fn verify<D: Disk>(
    disk: &D,
    checkpoint: &Checkpoint,
    packs: &Packs,
    report: &mut Report,
) -> Vec<Hash> {
    let mut tree = Tree::default();
    for number in 0..checkpoint.size.div_ceil(WIDTH) {
        if !tree.add(disk, number, checkpoint.size, packs, report) {
            break;
        }
    }
    let mut edge = Edge::default();
    let mut tiles = Vec::new();
    for leaf in &tree.leaves {
        edge.push(*leaf, &mut tiles);
    }
    tiles.extend(edge.partial());
    let is_whole = edge.size() == checkpoint.size;
    if !is_whole || edge.root() != checkpoint.root {
        let told = report.faults.iter().any(|fault| fault.path.starts_with("log/tile"));
        if !told {
            report.fault(PUBLISHED, 0, "entries and tiles do not have the root that is signed");
        }
    }
    for (number, bundle) in tree.bundles.iter().enumerate() {
        let path = |width| bundle_path(number as u64, width);
        files(disk, path, bundle, FRAMED, report);
    }
    for Tile { level, index, hashes } in tiles {
        let path = |width| tile_path(level, index, width);
        files(disk, path, &tile_bytes(&hashes), 32, report);
    }
    tree.leaves
}

#[derive(Default)]
struct Tree {
    leaves: Vec<Hash>,
    /// What the bundles have to be.
    bundles: Vec<Vec<u8>>,
}

impl Tree {
    /// Adds 256 leaves, or the last ones. False if a leaf cannot be told at all.
    fn add<D: Disk>(
        &mut self,
        disk: &D,
        number: u64,
        size: u64,
        packs: &Packs,
        report: &mut Report,
    ) -> bool {
        let width = tile_width(0, number, size);
        let bundle = either(disk, |w| bundle_path(number, w), width);
        let tile = either(disk, |w| tile_path(0, number, w), width);
        let mut expected = Vec::new();
        for i in 0..usize::try_from(width).expect("at most 256") {
            let index = number * WIDTH + i as u64;
            let entry = bundle.get(i * FRAMED + 2..(i + 1) * FRAMED);
            let hash = tile.get(i * 32..(i + 1) * 32);
            let hash = hash.map(|h| Hash(h.try_into().expect("32 bytes")));
            let sealed = packs.entries.get(&index).map(|told| told.entry.as_slice());
            let Some((leaf, entry)) = vote(entry, hash, sealed) else {
                let path = format!("log/{}", bundle_path(number, width));
                report.fault(
                    &path,
                    i * FRAMED,
                    format!("neither entry nor hash of record {index}"),
                );
                return false;
            };
            self.leaves.push(leaf);
            match entry {
                Some(entry) => push_entry(&mut expected, entry),
                None => {
                    let path = format!("log/{}", bundle_path(number, width));
                    let reason = format!("the entry of record {index} is not what its tile says");
                    report.fault(&path, i * FRAMED, reason);
                    // Not known: taken as it is, so that it is told once.
                    expected
                        .extend(bundle.get(i * FRAMED..(i + 1) * FRAMED).unwrap_or(&[0; FRAMED]));
                }
            }
        }
        self.bundles.push(expected);
        true
    }
}

/// Of what entry, hash and sealed record say, what two agree on; else the hash, else the entry. With the
/// entry, where that is known.
fn vote<'a>(
    entry: Option<&'a [u8]>,
    hash: Option<Hash>,
    sealed: Option<&'a [u8]>,
) -> Option<(Hash, Option<&'a [u8]>)> {
    let of = |entry: Option<&[u8]>| entry.map(Hash::leaf);
    let (by_entry, by_seal) = (of(entry), of(sealed));
    let leaf = match (by_entry, hash, by_seal) {
        (Some(e), _, Some(s)) if e == s => e,
        (e, Some(h), _) if e.is_none() || e == Some(h) || by_seal == Some(h) => h,
        (_, Some(h), _) => h,
        (Some(e), None, _) => e,
        (None, None, s) => s?,
    };
    let entry = [(by_entry, entry), (by_seal, sealed)];
    let entry = entry.into_iter().find(|(hash, _)| *hash == Some(leaf)).and_then(|(_, e)| e);
    Some((leaf, entry))
}

/// The file of this width, or the full one in its place; nothing if neither is there.
fn either<D: Disk>(disk: &D, path: impl Fn(u64) -> String, width: u64) -> Vec<u8> {
    let read = |width| get(disk, &format!("log/{}", path(width)));
    read(width).or_else(|_| read(WIDTH)).unwrap_or_default()
}

/// Holds a tile's or a bundle's file, and those of smaller widths beside it, against what they have to
/// be. `step` is the length of what a width counts.
fn files<D: Disk>(
    disk: &D,
    path: impl Fn(u64) -> String,
    expected: &[u8],
    step: usize,
    report: &mut Report,
) {
    let width = (expected.len() / step) as u64;
    let full = format!("log/{}", path(WIDTH));
    let partial = format!("{full}.p");
    let mut widths: Vec<u64> = Vec::new();
    for name in disk.list(&partial).unwrap_or_default() {
        match crate::checkpoint::decimal(&name).filter(|w| (1..WIDTH).contains(w)) {
            Some(partial) if partial <= width => widths.push(partial),
            _ => report.remarks.push(format!("{partial}/{name} belongs to no tree of this log")),
        }
    }
    if !widths.contains(&width) {
        widths.push(width);
    }
    for width in widths {
        let path = format!("log/{}", path(width));
        let end = usize::try_from(width).expect("at most 256") * step;
        match get(disk, &path) {
            Ok(bytes) => {
                if let Some(at) = first_difference(&bytes, &expected[..end]) {
                    report.fault(&path, at, "not what the signed root demands");
                }
            }
            // The full tile may stand for it; a log that grew later was read as it was before.
            Err(Error::Missing(_))
                if get(disk, &full).is_ok_and(|b| b.starts_with(&expected[..end])) => {}
            Err(error) => report.error(&path, error),
        }
    }
}
