//! C2SP tlog-proof: a leaf's way to the root, and the checkpoint of the root, in one text.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Checkpoint, decimal};
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::note::Note;
use crate::tree;

const HEADER: &str = "c2sp.org/tlog-proof@v1";
const FORMAT: &str = "tlog-proof";
/// Longest proof that is read: no tree of 64-bit size is higher.
const HASHES_MAX: usize = 64;

/// That an entry stands in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// Bytes that nobody vouches for; here the entry, which the proof is about.
    pub extra: Option<Vec<u8>>,
    /// The entry's index.
    pub index: u64,
    /// From the leaf's sibling up.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint.
    pub checkpoint: Note,
}

impl LogProof {
    /// Reads a proof. Nothing is verified.
    pub fn parse(text: &str) -> Result<Self> {
        let fail = |line, reason| Error::malformed(FORMAT, line, reason);
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| fail(1, "no blank line before the checkpoint"))?;
        let mut lines = head.split('\n').enumerate().map(|(i, line)| (i + 1, line)).peekable();
        if lines.next().is_none_or(|(_, line)| line != HEADER) {
            return Err(fail(1, "not headed c2sp.org/tlog-proof@v1"));
        }
        let extra = match lines.next_if(|(_, line)| line.starts_with("extra ")) {
            Some((at, line)) => {
                Some(STANDARD.decode(&line[6..]).map_err(|_| fail(at, "not base64"))?)
            }
            None => None,
        };
        let index = lines.next().and_then(|(_, line)| decimal(line.strip_prefix("index ")?));
        let index = index.ok_or_else(|| fail(if extra.is_some() { 3 } else { 2 }, "no index"))?;
        let mut hashes = Vec::new();
        for (at, line) in lines {
            if hashes.len() == HASHES_MAX {
                return Err(fail(at, "more hashes than any tree is high"));
            }
            hashes.push(Hash::from_base64(line).ok_or_else(|| fail(at, "no hash"))?);
        }
        Ok(LogProof { extra, index, hashes, checkpoint: Note::parse(checkpoint)? })
    }

    /// Verifies that this entry stands at the index in the tree of the checkpoint, whoever signed that.
    pub fn verify(&self, entry: &[u8]) -> Result<Checkpoint> {
        let checkpoint = Checkpoint::parse(&self.checkpoint.text)?;
        let leaf = Hash::leaf(entry);
        let (size, root) = (checkpoint.size, checkpoint.root);
        if !tree::verify_inclusion(leaf, self.index, size, &self.hashes, root) {
            let reason = "the proof does not lead from the entry to the root";
            return Err(Error::wrong(FORMAT, 0, reason));
        }
        Ok(checkpoint)
    }
}

impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SigningKey;

    fn proof(index: u64) -> LogProof {
        let entries: Vec<[u8; 8]> = (0..9u64).map(u64::to_be_bytes).collect();
        let leaves: Vec<Hash> = entries.iter().map(|e| Hash::leaf(e)).collect();
        let root = tree::root(leaves.as_slice(), 9).expect("in memory");
        let checkpoint =
            Checkpoint { origin: "example.org/log".into(), size: 9, root, extensions: vec![] };
        let key = SigningKey::from_seed("example.org/log", [3; 32]).expect("a name");
        let hashes = tree::inclusion_proof(leaves.as_slice(), index, 9).expect("in memory");
        let extra = (index == 3).then(|| b"context".to_vec());
        LogProof { extra, index, hashes, checkpoint: key.sign(checkpoint.to_string()) }
    }

    #[test]
    fn proofs_come_back_as_written() {
        for index in 0..9 {
            let proof = proof(index);
            let text = proof.to_string();
            assert_eq!(LogProof::parse(&text).expect("a proof"), proof);
            assert_eq!(proof.verify(&index.to_be_bytes()).expect("included").size, 9);
            assert!(proof.verify(b"other").is_err());
        }
    }

    #[test]
    fn what_is_no_proof() {
        let text = proof(3).to_string();
        for (from, to, at) in [
            ("@v1", "@v2", 1),
            ("extra ", "extra *", 2),
            ("index 3", "index 03", 3),
            ("index 3\n", "index 3\nAAAA\n", 4),
        ] {
            match LogProof::parse(&text.replacen(from, to, 1)) {
                Err(Error::Malformed { line, .. }) => assert_eq!(line, at, "{to}"),
                other => panic!("{to}: {other:?}"),
            }
        }
    }
}
