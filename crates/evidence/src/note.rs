//! C2SP signed-note: a text and the signatures under it, and the keys that verify them. What a
//! signature says beside "I signed this", its type says.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};

use crate::checkpoint::Checkpoint;
use crate::error::{Error, Result};
use crate::hash::{Hash, from_hex, to_hex};
use crate::mldsa;

/// Longest note that is read.
const NOTE_BYTES_MAX: usize = 1 << 20;
/// Most signatures that are read under a note.
pub(crate) const SIGNATURES_MAX: usize = 256;
const FORMAT: &str = "signed note";

/// A text with signatures, none of which is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The text, with its last newline.
    pub text: String,
    /// The lines under it.
    pub signatures: Vec<SignatureLine>,
}

/// `— name base64(key id || signature)`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    /// The key's name.
    pub name: String,
    /// The key's id.
    pub id: [u8; 4],
    /// The signature, as its type writes it.
    pub signature: Vec<u8>,
}

impl Note {
    /// Reads a note. Its signatures may be anybody's.
    pub fn parse(text: &str) -> Result<Self> {
        let fail = |line, reason| Err(Error::malformed(FORMAT, line, reason));
        if text.len() > NOTE_BYTES_MAX {
            return fail(1, "longer than a MiB");
        }
        let line_of = |at: usize| text[..at].matches('\n').count() + 1;
        if let Some(at) = text.find(|c: char| c < ' ' && c != '\n') {
            return fail(line_of(at), "a control character");
        }
        let Some(at) = text.rfind("\n\n") else {
            return fail(1, "no blank line before the signatures");
        };
        let (body, lines) = (&text[..=at], &text[at + 2..]);
        let first = line_of(at + 2);
        if body.len() == 1 {
            return fail(1, "no text");
        }
        if !lines.ends_with('\n') {
            return fail(line_of(text.len()), "the last line does not end");
        }
        let mut signatures = Vec::new();
        for (i, line) in lines.lines().enumerate() {
            if signatures.len() == SIGNATURES_MAX {
                return fail(first + i, "too many signatures");
            }
            let Some(signature) = SignatureLine::parse(line) else {
                return fail(first + i, "no signature line");
            };
            signatures.push(signature);
        }
        Ok(Note { text: body.to_owned(), signatures })
    }

    /// Verifies every signature by this key. The time of the last, where they have one.
    ///
    /// # Errors
    /// [`Error::NotSigned`] if there is none, [`Error::BadSignature`] if one does not hold.
    pub fn verify(&self, key: &VerifierKey) -> Result<Option<u64>> {
        let mut time = Err(Error::NotSigned(key.name.clone()));
        for line in self.signatures.iter().filter(|s| s.name == key.name && s.id == key.id) {
            time = Ok(key.verify(&self.text, &line.signature)?);
        }
        time
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl SignatureLine {
    /// Reads a line, without its newline.
    pub fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix("— ")?.split_once(' ')?;
        let bytes = STANDARD.decode(encoded).ok()?;
        let (id, signature) = bytes.split_first_chunk::<4>()?;
        let whole = is_key_name(name) && !signature.is_empty();
        whole.then(|| Self { name: name.to_owned(), id: *id, signature: signature.to_vec() })
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.as_slice(), &self.signature].concat();
        write!(f, "— {} {}", self.name, STANDARD.encode(bytes))
    }
}

/// True if a key may be called that.
pub fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control())
}

/// What a signature is made over, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureType {
    /// 0x01: Ed25519 over the text.
    Ed25519,
    /// 0x04: Ed25519 over a time and the text (cosignature/v1).
    Cosignature,
    /// 0x06: ML-DSA-44 over a time and a checkpoint's tree (subtree/v1).
    MlDsa44,
}

impl SignatureType {
    fn byte(self) -> u8 {
        match self {
            SignatureType::Ed25519 => 1,
            SignatureType::Cosignature => 4,
            SignatureType::MlDsa44 => 6,
        }
    }
}

/// A public key and its name: the `vkey` of the specifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    ty: SignatureType,
    key: PublicKey,
}

/// A public key alone.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PublicKey {
    Curve(VerifyingKey),
    /// As FIPS 204 writes it.
    Lattice(Box<[u8]>),
}

impl PublicKey {
    fn bytes(&self) -> &[u8] {
        match self {
            PublicKey::Curve(key) => key.as_bytes(),
            PublicKey::Lattice(bytes) => bytes,
        }
    }
}

impl VerifierKey {
    /// An Ed25519 key of that name, for signatures or cosignatures.
    pub fn new(name: &str, ty: SignatureType, key: VerifyingKey) -> Result<Self> {
        debug_assert_ne!(ty, SignatureType::MlDsa44);
        Self::with(name, ty, PublicKey::Curve(key))
    }

    /// An ML-DSA-44 key of that name.
    pub fn ml_dsa_44(name: &str, key: &[u8]) -> Result<Self> {
        if key.len() != mldsa::PUBLIC_BYTES {
            return Err(Error::malformed("verifier key", 1, "a key of the wrong length"));
        }
        Self::with(name, SignatureType::MlDsa44, PublicKey::Lattice(key.into()))
    }

    fn with(name: &str, ty: SignatureType, key: PublicKey) -> Result<Self> {
        if !is_key_name(name) {
            return Err(Error::KeyName(name.to_owned()));
        }
        let hashed = [name.as_bytes(), b"\n", &[ty.byte()], key.bytes()].concat();
        let id = *Hash::of(&hashed).0.first_chunk().expect("a digest has 32 bytes");
        Ok(VerifierKey { name: name.to_owned(), id, ty, key })
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's id.
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// What it signs.
    pub fn signature_type(&self) -> SignatureType {
        self.ty
    }

    /// The public key alone: two that differ in name only are one key.
    pub fn public(&self) -> &[u8] {
        self.key.bytes()
    }

    /// Verifies a signature over a note's text. Its time, if it has one.
    pub fn verify(&self, text: &str, signature: &[u8]) -> Result<Option<u64>> {
        let bad = || Error::BadSignature(self.name.clone());
        let timed = || {
            let (time, signature) = signature.split_first_chunk().ok_or_else(bad)?;
            Ok::<_, Error>((u64::from_be_bytes(*time), signature))
        };
        match (&self.key, self.ty) {
            (PublicKey::Curve(key), SignatureType::Ed25519) => {
                strictly(key, text, signature).ok_or_else(bad)?;
                Ok(None)
            }
            (PublicKey::Curve(key), _) => {
                let (time, signature) = timed()?;
                strictly(key, &cosigned(text, time), signature).ok_or_else(bad)?;
                Ok(Some(time))
            }
            (PublicKey::Lattice(key), _) => {
                let (time, signature) = timed()?;
                let checkpoint = Checkpoint::parse(text).map_err(|_| bad())?;
                let message = mldsa::cosigned_message(&self.name, time, &checkpoint);
                let holds = message.is_some_and(|message| mldsa::verify(key, &message, signature));
                if holds { Ok(Some(time)) } else { Err(bad()) }
            }
        }
    }
}

fn strictly(key: &VerifyingKey, message: &str, signature: &[u8]) -> Option<()> {
    let signature = Signature::from_slice(signature).ok()?;
    key.verify_strict(message.as_bytes(), &signature).ok()
}

/// What a cosignature/v1 of that time signs.
pub(crate) fn cosigned(text: &str, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.ty.byte()], self.key.bytes()].concat();
        write!(f, "{}+{}+{}", self.name, to_hex(&self.id), STANDARD.encode(bytes))
    }
}

impl FromStr for VerifierKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let fail = |reason| Error::malformed("verifier key", 1, reason);
        let parts: Vec<&str> = text.splitn(3, '+').collect();
        let [name, id, encoded] = parts[..] else {
            return Err(fail("not of the form name+id+key"));
        };
        let bytes = STANDARD.decode(encoded).map_err(|_| fail("the key is not base64"))?;
        let (ty, key) = bytes.split_first().ok_or_else(|| fail("no key"))?;
        let curve = |ty| {
            let key = key.try_into().map_err(|_| fail("a key of the wrong length"))?;
            let key = VerifyingKey::from_bytes(key).map_err(|_| fail("no point of the curve"))?;
            VerifierKey::new(name, ty, key)
        };
        let key = match ty {
            1 => curve(SignatureType::Ed25519)?,
            4 => curve(SignatureType::Cosignature)?,
            6 => VerifierKey::ml_dsa_44(name, key)?,
            _ => return Err(fail("a type of key that is not known here")),
        };
        if from_hex(id).is_none_or(|id| id != key.id) {
            return Err(fail("the id is not that of name and key"));
        }
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Russ Cox's example in the documentation of golang.org/x/mod/sumdb/note.
    const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn a_note_of_another_implementation_verifies() {
        let key: VerifierKey = GO_KEY.parse().expect("a key");
        assert_eq!(key.to_string(), GO_KEY);
        let note = Note::parse(GO_NOTE).expect("a note");
        assert_eq!(note.to_string(), GO_NOTE);
        note.verify(&key).expect("its signature");
        let forged = GO_NOTE.replace("answer", "Answer");
        let note = Note::parse(&forged).expect("a note");
        assert!(matches!(note.verify(&key), Err(Error::BadSignature(_))));
    }

    #[test]
    fn what_is_no_note() {
        for (text, line) in [
            ("", 1),
            ("text\n", 1),
            ("\n\n— a AAAAAAA=\n", 1),
            ("text\n\n— a AAAAAAA=", 3),
            ("text\n\n- a AAAAAAA=\n", 3),
            ("text\n\n— a+b AAAAAAA=\n", 3),
            ("text\n\n— a AAAAAA==\n", 3),
            ("te\txt\n\n— a AAAAAAA=\n", 1),
        ] {
            match Note::parse(text) {
                Err(Error::Malformed { line: l, .. }) => assert_eq!(l, line, "{text:?}"),
                other => panic!("{text:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_key_whose_id_or_type_is_wrong_is_none() {
        for text in [
            GO_KEY.replace("c74f20a3", "c74f20a4"),
            GO_KEY.replace("+AR", "+AB"),
            GO_KEY.replace("PeterNeumann", ""),
            GO_KEY[..40].to_owned(),
        ] {
            assert!(text.parse::<VerifierKey>().is_err(), "{text}");
        }
    }
}
