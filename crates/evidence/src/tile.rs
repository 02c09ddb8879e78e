//! The files of a log as C2SP tlog-tiles lays them out: tiles of up to 256 hashes, bundles of up to
//! 256 entries, and their paths. Not where the files are kept.

use std::cell::RefCell;
use std::collections::HashMap;

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::tree::{Nodes, complete};

/// Hashes of a full tile, entries of a full bundle.
pub const WIDTH: u64 = 256;
/// Levels of the tree that a tile spans.
const HEIGHT: u32 = 8;

/// The `N` of a path: 1234067 is `x001/x234/067`.
fn index_path(index: u64) -> String {
    let mut path = format!("{:03}", index % 1000);
    let mut rest = index / 1000;
    while rest > 0 {
        path = format!("x{:03}/{path}", rest % 1000);
        rest /= 1000;
    }
    path
}

fn with_width(path: String, width: u64) -> String {
    if width == WIDTH { path } else { format!("{path}.p/{width}") }
}

/// The path of a tile of this width, 1 to 256.
pub fn tile_path(level: u32, index: u64, width: u64) -> String {
    with_width(format!("tile/{level}/{}", index_path(index)), width)
}

/// The path of a bundle of this width, 1 to 256.
pub fn bundle_path(index: u64, width: u64) -> String {
    with_width(format!("tile/entries/{}", index_path(index)), width)
}

/// How many hashes the tile has in a tree of that size; 0 if it is not there.
pub fn tile_width(level: u32, index: u64, size: u64) -> u64 {
    let at_level = size.checked_shr(HEIGHT * level).unwrap_or(0);
    at_level.saturating_sub(index.saturating_mul(WIDTH)).min(WIDTH)
}

/// A tile's bytes.
pub fn tile_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The hashes of a tile of this width, if the length is right.
pub fn read_tile(bytes: &[u8], width: u64) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    let fits = rest.is_empty() && hashes.len() as u64 == width;
    fits.then(|| hashes.iter().map(|h| Hash(*h)).collect())
}

/// Appends an entry to a bundle's bytes. Entries are shorter than 64 KiB.
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) {
    let length = u16::try_from(entry.len()).expect("entries of this program are short");
    bundle.extend(length.to_be_bytes());
    bundle.extend(entry);
}

/// The entries of a bundle with their offsets; `Err` has the offset at which it breaks off.
pub fn read_bundle(bytes: &[u8]) -> std::result::Result<Vec<(usize, &[u8])>, usize> {
    let mut entries = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes.get(at..at + 2).ok_or(at)?;
        let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
        let entry = bytes.get(at + 2..at + 2 + length).ok_or(at)?;
        entries.push((at + 2, entry));
        at += 2 + length;
    }
    Ok(entries)
}

/// The right edge of a log's tree: of each level the hashes that make no full tile yet. All that has
/// to be known to append.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

/// A tile that became full or grew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Its level, from 0.
    pub level: u32,
    /// Its index in the level.
    pub index: u64,
    /// Its hashes, 1 to 256.
    pub hashes: Vec<Hash>,
}

impl Edge {
    /// The edge of a tree of that size, its tiles given by level and index.
    pub fn load(
        size: u64,
        mut tile: impl FnMut(u32, u64, u64) -> Result<Vec<Hash>>,
    ) -> Result<Self> {
        let mut levels = Vec::new();
        let mut level = 0;
        while size.checked_shr(HEIGHT * level).unwrap_or(0) > 0 {
            let at_level = size >> (HEIGHT * level);
            let width = at_level % WIDTH;
            levels.push(if width == 0 { vec![] } else { tile(level, at_level / WIDTH, width)? });
            level += 1;
        }
        Ok(Edge { size, levels })
    }

    /// Leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf; tiles that it fills go to `full`.
    pub fn push(&mut self, leaf: Hash, full: &mut Vec<Tile>) {
        self.size += 1;
        let mut hash = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[level];
            hashes.push(hash);
            if (hashes.len() as u64) < WIDTH {
                return;
            }
            let hashes = std::mem::take(hashes);
            hash = complete(&hashes);
            let level = u32::try_from(level).expect("eight levels hold all there can be");
            let index = (self.size >> (HEIGHT * (level + 1))) - 1;
            full.push(Tile { level, index, hashes });
        }
    }

    /// The tiles that are not full.
    pub fn partial(&self) -> impl Iterator<Item = Tile> {
        (0u32..).zip(&self.levels).filter(|(_, hashes)| !hashes.is_empty()).map(
            |(level, hashes)| {
                let index = self.size >> (HEIGHT * (level + 1));
                Tile { level, index, hashes: hashes.clone() }
            },
        )
    }

    /// The root of the tree.
    pub fn root(&self) -> Hash {
        // The complete subtrees from small to large, each joined to what stands right of it.
        let mut root = None;
        for hashes in &self.levels {
            let mut end = hashes.len();
            while end > 0 {
                let width = 1 << end.trailing_zeros();
                let subtree = complete(&hashes[end - width..end]);
                root = Some(root.map_or(subtree, |right| Hash::node(subtree, right)));
                end -= width;
            }
        }
        root.unwrap_or_else(Hash::of_nothing)
    }
}

/// Reads a tree's nodes from its tiles, each of which is fetched once.
pub struct TileNodes<F> {
    size: u64,
    fetch: F,
    seen: RefCell<HashMap<(u32, u64), Vec<Hash>>>,
}

impl<F: Fn(u32, u64, u64) -> Result<Vec<Hash>>> TileNodes<F> {
    /// The tree of that size; `fetch` is asked by level, index and width.
    pub fn new(size: u64, fetch: F) -> Self {
        TileNodes { size, fetch, seen: RefCell::default() }
    }
}

impl<F: Fn(u32, u64, u64) -> Result<Vec<Hash>>> Nodes for TileNodes<F> {
    fn node(&self, level: u32, index: u64) -> Result<Hash> {
        let (tile_level, within) = (level / HEIGHT, level % HEIGHT);
        let from = index.checked_shl(within).ok_or(Error::NotInTree)?;
        let (tile, at) = (from / WIDTH, (from % WIDTH) as usize);
        let mut seen = self.seen.borrow_mut();
        if let std::collections::hash_map::Entry::Vacant(vacant) = seen.entry((tile_level, tile)) {
            let width = tile_width(tile_level, tile, self.size);
            if width == 0 {
                return Err(Error::NotInTree);
            }
            vacant.insert((self.fetch)(tile_level, tile, width)?);
        }
        let hashes = &seen[&(tile_level, tile)];
        hashes.get(at..at + (1 << within)).map(complete).ok_or(Error::NotInTree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(tile_path(0, 1_234_067, 256), "tile/0/x001/x234/067");
        assert_eq!(tile_path(1, 0, 17), "tile/1/000.p/17");
        assert_eq!(bundle_path(273, 112), "tile/entries/273.p/112");
        assert_eq!(bundle_path(1000, 256), "tile/entries/x001/000");
    }

    #[test]
    fn a_tree_of_70_000_has_the_tiles_that_the_specification_counts() {
        let widths = |level| -> Vec<u64> {
            (0..).map(|n| tile_width(level, n, 70_000)).take_while(|w| *w > 0).collect()
        };
        let level0 = widths(0);
        assert_eq!((level0.len(), level0[272], level0[273]), (274, 256, 112));
        assert_eq!((widths(1), widths(2), widths(3)), (vec![256, 17], vec![1], vec![]));
        assert_eq!((tile_width(0, 0, 256), tile_width(1, 0, 256)), (256, 1));
    }

    #[test]
    fn the_edge_grows_into_the_tree_that_its_tiles_hold() {
        let leaves: Vec<Hash> = (0..66_000u32).map(|i| Hash::leaf(&i.to_be_bytes())).collect();
        let mut edge = Edge::default();
        let mut tiles = HashMap::new();
        let mut full = Vec::new();
        for (i, leaf) in leaves.iter().enumerate() {
            edge.push(*leaf, &mut full);
            let size = i as u64 + 1;
            if !matches!(size, 1 | 2 | 255 | 256 | 257 | 511 | 65_535 | 65_536 | 65_537 | 66_000) {
                continue;
            }
            for tile in full.drain(..).chain(edge.partial()) {
                tiles.insert((tile.level, tile.index, tile.hashes.len() as u64), tile.hashes);
            }
            let fetch = |level, index, width| {
                tiles.get(&(level, index, width)).cloned().ok_or(Error::NotInTree)
            };
            let nodes = TileNodes::new(size, fetch);
            let root = tree::root(&nodes, size).expect("all tiles are there");
            assert_eq!(root, tree::root(&leaves[..i + 1], size).expect("in memory"), "{size}");
            assert_eq!(edge.root(), root, "{size}");
            assert_eq!(Edge::load(size, fetch).expect("all tiles are there"), edge, "{size}");
            let proof = tree::inclusion_proof(&nodes, size / 2, size).expect("all tiles");
            assert!(tree::verify_inclusion(leaves[i.div_ceil(2)], size / 2, size, &proof, root));
        }
    }

    #[test]
    fn bundles_come_back_and_broken_ones_say_where() {
        let mut bundle = Vec::new();
        push_entry(&mut bundle, b"one");
        push_entry(&mut bundle, b"");
        assert_eq!(read_bundle(&bundle), Ok(vec![(2, b"one".as_slice()), (7, b"".as_slice())]));
        assert_eq!(read_bundle(&bundle[..4]), Err(0));
        assert_eq!(read_bundle(&bundle[..6]), Err(5));
    }
}
