//! ML-DSA-44 (FIPS 204) as C2SP tlog-cosignature uses it, signature type 0x06: what is signed, and by
//! what. It stands beside Ed25519, never alone: neither a computer that breaks curves nor a fault in a
//! young implementation of lattices undoes both.

use ml_dsa::{B32, EncodedVerifyingKey, ExpandedSigningKey, MlDsa44, Signature, VerifyingKey};

use crate::checkpoint::Checkpoint;

/// Bytes of a public key.
pub(crate) const PUBLIC_BYTES: usize = 1312;
/// FIPS 204's context, which tlog-cosignature leaves empty: its message has a label of its own.
const CONTEXT: &[u8] = b"";

/// The public key of this seed.
pub(crate) fn public(seed: &[u8; 32]) -> Vec<u8> {
    let key = ExpandedSigningKey::<MlDsa44>::from_seed(&B32::from(*seed));
    key.verifying_key().encode().to_vec()
}

/// The deterministic signature of this seed's key.
pub(crate) fn sign(seed: &[u8; 32], message: &[u8]) -> Vec<u8> {
    let key = ExpandedSigningKey::<MlDsa44>::from_seed(&B32::from(*seed));
    let signature = key.sign_deterministic(message, CONTEXT).expect("an empty context is short");
    signature.encode().to_vec()
}

/// True if the signature is one of this key over this message.
pub(crate) fn verify(public: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = EncodedVerifyingKey::<MlDsa44>::try_from(public);
    let (Ok(key), Ok(signature)) = (key, Signature::<MlDsa44>::try_from(signature)) else {
        return false;
    };
    VerifyingKey::<MlDsa44>::decode(&key).verify_with_context(message, CONTEXT, &signature)
}

/// What a cosigner of that name signs at that time, or without saying when at 0: tlog-cosignature's
/// `cosigned_message` of the whole tree. None if a name is longer than it has room for.
pub(crate) fn cosigned_message(name: &str, time: u64, of: &Checkpoint) -> Option<Vec<u8>> {
    let mut message = b"subtree/v1\n\0".to_vec();
    let name_length = u8::try_from(name.len()).ok().filter(|n| *n > 0)?;
    let origin_length = u8::try_from(of.origin.len()).ok().filter(|n| *n > 0)?;
    message.push(name_length);
    message.extend(name.as_bytes());
    message.extend(time.to_be_bytes());
    message.push(origin_length);
    message.extend(of.origin.as_bytes());
    message.extend(0u64.to_be_bytes());
    message.extend(of.size.to_be_bytes());
    message.extend(of.root.0);
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use crate::note::{Note, VerifierKey};

    /// Made by pyca/cryptography 50.0 (OpenSSL 4.0) of the seed of 32 bytes 7: its key, and under the tree
    /// of tlog-cosignature's example, its cosignature.
    const FOREIGN: &str = include_str!("../tests/evidence/ml_dsa_44.txt");

    fn foreign() -> (VerifierKey, Note) {
        let (key, note) = FOREIGN.split_once('\n').expect("a key's line");
        let parsed: VerifierKey = key.parse().expect("a key");
        assert_eq!(parsed.to_string(), key);
        (parsed, Note::parse(note).expect("a note"))
    }

    #[test]
    fn a_cosignature_of_another_implementation_verifies() {
        let (key, note) = foreign();
        assert_eq!(public(&[7; 32]), key.public());
        assert_eq!(note.verify(&key).expect("it holds"), Some(1_679_315_147));
        let line = &note.signatures[0];
        let refused = |text: &str, at: usize| {
            let mut signature = line.signature.clone();
            signature[at] ^= u8::from(at > 0);
            matches!(key.verify(text, &signature), Err(Error::BadSignature(_)))
        };
        for (from, to) in [("20852163", "20852164"), ("sofa", "soda"), ("CsUY", "CsUZ")] {
            assert!(refused(&note.text.replacen(from, to, 1), 0), "{to}");
        }
        // The time, and each part of the signature: its hash, its vector, its hints.
        for at in [7, 8, 40, 1_000, 2_300, 2_427] {
            assert!(refused(&note.text, at), "byte {at}");
        }
        assert!(key.verify("no checkpoint\n", &line.signature).is_err());
        assert!(key.verify(&note.text, &line.signature[..2_000]).is_err());
    }

    #[test]
    fn what_is_signed_is_that_of_the_specification() {
        let (key, note) = foreign();
        let checkpoint = Checkpoint::parse(&note.text).expect("a checkpoint");
        let message = cosigned_message(key.name(), 1, &checkpoint).expect("short names");
        assert_eq!(message.len(), 12 + 1 + 18 + 8 + 1 + 27 + 8 + 8 + 32);
        assert!(message.starts_with(b"subtree/v1\n\0\x12witness.example/w1\0\0\0\0\0\0\0\x01\x1b"));
        assert!(verify(key.public(), &message, &sign(&[7; 32], &message)));
        assert_eq!(cosigned_message(&"n".repeat(256), 1, &checkpoint), None);
    }
}
