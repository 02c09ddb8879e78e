//! The Merkle tree of RFC 6962 as arithmetic over hashes: roots, and proofs of inclusion and
//! consistency, made and verified. Knows nothing of files; where hashes come from is a [`Nodes`].

use crate::error::{Error, Result};
use crate::hash::Hash;

/// Gives the hashes of complete subtrees.
pub trait Nodes {
    /// The hash over the `2^level` leaves from `index * 2^level`.
    fn node(&self, level: u32, index: u64) -> Result<Hash>;
}

/// All leaves' hashes in memory, for small trees and tests.
impl Nodes for [Hash] {
    fn node(&self, level: u32, index: u64) -> Result<Hash> {
        let width = 1usize << level;
        let from = usize::try_from(index).unwrap_or(usize::MAX).saturating_mul(width);
        let leaves = self.get(from..from.saturating_add(width)).ok_or(Error::NotInTree)?;
        Ok(complete(leaves))
    }
}

/// The root over a power of two of hashes.
pub(crate) fn complete(hashes: &[Hash]) -> Hash {
    if let [one] = hashes {
        return *one;
    }
    let (left, right) = hashes.split_at(hashes.len() / 2);
    Hash::node(complete(left), complete(right))
}

/// The root of the tree of the first `size` leaves.
pub fn root<N: Nodes + ?Sized>(nodes: &N, size: u64) -> Result<Hash> {
    if size == 0 { Ok(Hash::of_nothing()) } else { range(nodes, 0, size) }
}

/// MTH(D[from:to]); `from` is a multiple of the smallest power of two that holds the range.
fn range<N: Nodes + ?Sized>(nodes: &N, from: u64, to: u64) -> Result<Hash> {
    let width = to - from;
    if width.is_power_of_two() {
        return nodes.node(width.trailing_zeros(), from / width);
    }
    let k = split(width);
    Ok(Hash::node(range(nodes, from, from + k)?, range(nodes, from + k, to)?))
}

/// The largest power of two smaller than `n`, which is 2 or more.
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// PATH(index, D[0:size]): from the leaf's sibling up.
pub fn inclusion_proof<N: Nodes + ?Sized>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>> {
    if index >= size {
        return Err(Error::NotInTree);
    }
    let (mut from, mut to) = (0, size);
    let mut proof = Vec::new();
    while to - from > 1 {
        let k = from + split(to - from);
        if index < k {
            proof.push(range(nodes, k, to)?);
            to = k;
        } else {
            proof.push(range(nodes, from, k)?);
            from = k;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// PROOF(old, D[0:new]); empty if `old` is 0 or `new`.
pub fn consistency_proof<N: Nodes + ?Sized>(nodes: &N, old: u64, new: u64) -> Result<Vec<Hash>> {
    if old > new {
        return Err(Error::NotInTree);
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut from, mut to) = (0, new);
    let mut proof = Vec::new();
    // SUBPROOF: down to where the old tree ends, which is a complete subtree or the whole old tree.
    while to != old {
        let k = from + split(to - from);
        if old <= k {
            proof.push(range(nodes, k, to)?);
            to = k;
        } else {
            proof.push(range(nodes, from, k)?);
            from = k;
        }
    }
    if from != 0 {
        proof.push(range(nodes, from, to)?);
    }
    proof.reverse();
    Ok(proof)
}

/// True if the proof leads from the leaf at `index` to the root of the tree of that size.
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> bool {
    if index >= size {
        return false;
    }
    // RFC 9162, 2.1.3.2.
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = Hash::node(*sibling, hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = Hash::node(hash, *sibling);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// True if the proof shows that the tree of size `new` begins with that of size `old`.
pub fn verify_consistency(
    (old, old_root): (u64, Hash),
    (new, new_root): (u64, Hash),
    proof: &[Hash],
) -> bool {
    if old > new {
        return false;
    }
    if old == 0 {
        return proof.is_empty() && old_root == Hash::of_nothing();
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    // RFC 9162, 2.1.4.2.
    let mut hashes = proof.iter().copied();
    let seed = if old.is_power_of_two() { Some(old_root) } else { hashes.next() };
    let Some(seed) = seed else { return false };
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut of_old, mut of_new) = (seed, seed);
    for hash in hashes {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            of_old = Hash::node(hash, of_old);
            of_new = Hash::node(hash, of_new);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            of_new = Hash::node(of_new, hash);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && of_old == old_root && of_new == new_root
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(n: u64) -> Vec<Hash> {
        (0..n).map(|i| Hash::leaf(&i.to_be_bytes())).collect()
    }

    /// RFC 6962, 2.1, word for word.
    fn slow_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::of_nothing(),
            [one] => *one,
            many => {
                let (left, right) = many.split_at(split(many.len() as u64) as usize);
                Hash::node(slow_root(left), slow_root(right))
            }
        }
    }

    #[test]
    fn roots_are_those_of_the_recursive_definition() {
        let all = leaves(70);
        for size in 0..=70 {
            let fast = root(all.as_slice(), size).expect("in the tree");
            assert_eq!(fast, slow_root(&all[..size as usize]), "{size}");
        }
    }

    #[test]
    fn each_leaf_is_proved_in_each_tree_and_nowhere_else() {
        let all = leaves(40);
        for size in 1..=40u64 {
            let top = slow_root(&all[..size as usize]);
            for index in 0..size {
                let proof = inclusion_proof(all.as_slice(), index, size).expect("in the tree");
                let holds =
                    |i: u64, n, p: &[Hash]| verify_inclusion(all[index as usize], i, n, p, top);
                assert!(holds(index, size, &proof), "{index} in {size}");
                assert!(!holds(index + 1, size, &proof) && !holds(index, size + 64, &proof));
                for i in 0..proof.len() {
                    let mut wrong = proof.clone();
                    wrong[i].0[7] ^= 1;
                    assert!(!holds(index, size, &wrong));
                    wrong.remove(i);
                    assert!(!holds(index, size, &wrong));
                }
            }
            assert!(inclusion_proof(all.as_slice(), size, size).is_err());
        }
    }

    #[test]
    fn each_tree_is_proved_to_begin_with_each_smaller_one() {
        let all = leaves(40);
        for new in 0..=40u64 {
            for old in 0..=new {
                let proof = consistency_proof(all.as_slice(), old, new).expect("in the tree");
                let (from, to) = (slow_root(&all[..old as usize]), slow_root(&all[..new as usize]));
                assert!(verify_consistency((old, from), (new, to), &proof), "{old} {new}");
                let mut other = from;
                other.0[0] ^= 1;
                assert!(!verify_consistency((old, other), (new, to), &proof), "{old} {new}");
                for i in 0..proof.len() {
                    let mut wrong = proof.clone();
                    wrong[i].0[31] ^= 0x80;
                    assert!(!verify_consistency((old, from), (new, to), &wrong));
                }
            }
        }
    }
}
