//! C2SP tlog-checkpoint: which log, how many leaves, which root.

use std::fmt;

use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::note::Note;

/// A log's tree at a size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: String,
    /// Leaves.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
    /// Further lines, which mean nothing here.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// Reads a note's text.
    pub fn parse(text: &str) -> Result<Self> {
        let fail = |line, reason| Error::malformed("checkpoint", line, reason);
        let text = text.strip_suffix('\n').ok_or_else(|| fail(1, "the last line does not end"))?;
        let mut lines = text.split('\n');
        let origin = lines.next().filter(|l| !l.is_empty()).ok_or_else(|| fail(1, "no origin"))?;
        let size = lines.next().and_then(decimal).ok_or_else(|| fail(2, "no size"))?;
        let root = lines.next().and_then(Hash::from_base64).ok_or_else(|| fail(3, "no hash"))?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if let Some(i) = extensions.iter().position(String::is_empty) {
            return Err(fail(4 + i, "an empty line"));
        }
        Ok(Checkpoint { origin: origin.to_owned(), size, root, extensions })
    }

    /// Reads a signed checkpoint, whoever signed it.
    pub fn parse_signed(text: &str) -> Result<(Self, Note)> {
        let note = Note::parse(text)?;
        Ok((Self::parse(&note.text)?, note))
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A decimal number as the formats write it: no sign, no leading zeroes.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::{SignatureType, VerifierKey};

    /// The example of the specification.
    const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

    #[test]
    fn the_example_of_the_specification() {
        let (checkpoint, note) = Checkpoint::parse_signed(EXAMPLE).expect("a checkpoint");
        assert_eq!((checkpoint.size, note.signatures.len()), (20_852_163, 1));
        assert_eq!(checkpoint.to_string(), note.text);
        assert_eq!(note.signatures[0].id, [3, 61, 224, 174]);
        let stranger = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key();
        let key = VerifierKey::new(&checkpoint.origin, SignatureType::Ed25519, stranger);
        assert!(matches!(note.verify(&key.expect("a name")), Err(Error::NotSigned(_))));
    }

    #[test]
    fn what_is_no_checkpoint() {
        for (from, to, line) in [
            ("20852163", "020852163", 2),
            ("20852163", "+20852163", 2),
            ("20852163", "99999999999999999999", 2),
            ("q2I=", "q2J=", 3), // Bits that no byte has.
            ("q2I=", "q2I", 3),
            ("example.com/behind-the-sofa\n2", "\n2", 1),
        ] {
            let text = EXAMPLE.replacen(from, to, 1);
            match Checkpoint::parse_signed(&text) {
                Err(Error::Malformed { line: l, .. }) => assert_eq!(l, line, "{text:?}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
        let extended = EXAMPLE.replacen("q2I=\n", "q2I=\nmore\n", 1);
        let (checkpoint, note) = Checkpoint::parse_signed(&extended).expect("extension lines");
        assert_eq!(checkpoint.extensions, ["more"]);
        assert_eq!(checkpoint.to_string(), note.text);
    }
}
