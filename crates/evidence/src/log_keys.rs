//! A log's public keys: Ed25519, which everybody verifies, and ML-DSA-44 beside it. A checkpoint of ours
//! is signed by both, and holds only if both signatures do.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::note::{Note, SignatureType, VerifierKey};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKeys {
    /// Ed25519 (0x01).
    pub ed25519: VerifierKey,
    /// ML-DSA-44 (0x06).
    pub ml_dsa_44: VerifierKey,
}

impl LogKeys {
    /// Verifies that both have signed.
    pub fn verify(&self, note: &Note) -> Result<()> {
        note.verify(&self.ed25519)?;
        note.verify(&self.ml_dsa_44)?;
        Ok(())
    }

    /// Their name.
    pub fn name(&self) -> &str {
        self.ed25519.name()
    }
}

/// A key a line.
impl fmt::Display for LogKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}", self.ed25519, self.ml_dsa_44)
    }
}

impl FromStr for LogKeys {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let fail = |line, reason| Err(Error::malformed("log keys", line, reason));
        let lines: Vec<&str> = text.lines().collect();
        let [first, second] = lines[..] else { return fail(1, "not two lines") };
        let (ed25519, ml_dsa_44): (VerifierKey, VerifierKey) = (first.parse()?, second.parse()?);
        if ed25519.signature_type() != SignatureType::Ed25519 {
            return fail(1, "no Ed25519 key");
        }
        if ml_dsa_44.signature_type() != SignatureType::MlDsa44 {
            return fail(2, "no ML-DSA-44 key");
        }
        if ed25519.name() != ml_dsa_44.name() {
            return fail(2, "a key of another name");
        }
        Ok(LogKeys { ed25519, ml_dsa_44 })
    }
}
