//! Secret keys: signing, and how they lie encrypted on disk (Argon2id, XChaCha20-Poly1305).
//!
//! One seed makes a log's keys (Ed25519, type 0x01, and ML-DSA-44, 0x06) and, for who witnesses others'
//! logs, a cosigner's (0x04 and 0x06) for each [`Grade`]: C2SP asks for a key of its own for each statement.
//! Who works out an Ed25519 key's scalar does not have its seed, and so not the ML-DSA key beside it.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use ed25519_dalek::Signer;

use crate::checkpoint::{Checkpoint, decimal};
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::log_keys::LogKeys;
use crate::mldsa;
use crate::note::{Note, SignatureLine, SignatureType, VerifierKey, cosigned};

const FORMAT: &str = "key file";
const HEADER: &str = "blanik-key/v1";
/// Argon2id: KiB, passes, lanes (RFC 9106, 4, the second choice).
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
/// What a key file may ask of the machine that opens it.
const MEMORY_KIB_MAX: u64 = 1 << 20;
const PASSES_MAX: u64 = 32;
const LANES_MAX: u64 = 16;
/// Longest name of a key: with a grade behind it, it still has room in what ML-DSA-44 signs.
const NAME_BYTES_MAX: usize = 240;

/// What an ally says by a cosignature. Each is signed with a key of its own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// The log only grew.
    Consistent,
    /// And the sealed events and rules give the findings that it holds.
    ReRun,
    /// And they share the judgement.
    Concur,
}

impl Grade {
    /// All, from the least to the most.
    pub const ALL: [Grade; 3] = [Grade::Consistent, Grade::ReRun, Grade::Concur];

    /// Its word, with which the key's name ends.
    pub fn word(self) -> &'static str {
        match self {
            Grade::Consistent => "consistent",
            Grade::ReRun => "re-run",
            Grade::Concur => "concur",
        }
    }

    /// The grade that a key's name ends with; a name without one says no more than that the log grew.
    pub fn of(key_name: &str) -> Self {
        let word = key_name.rsplit('/').next();
        let named = Self::ALL.into_iter().find(|grade| Some(grade.word()) == word);
        named.unwrap_or(Grade::Consistent)
    }
}

/// A secret key and its name.
#[derive(Clone)]
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// A new key.
    pub fn generate(name: &str) -> Result<Self> {
        Self::from_seed(name, random()?)
    }

    /// The key of this seed (RFC 8032's private key).
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self> {
        if name.len() > NAME_BYTES_MAX {
            return Err(Error::KeyName(name.to_owned()));
        }
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        VerifierKey::new(name, SignatureType::Ed25519, key.verifying_key())?;
        Ok(SigningKey { name: name.to_owned(), key })
    }

    /// The key with which its owner says this of others' logs.
    pub fn graded(&self, grade: Grade) -> Self {
        let word = grade.word();
        let seed = [b"blanik/grade/v1\n", word.as_bytes(), b"\n", self.key.as_bytes()].concat();
        let key = ed25519_dalek::SigningKey::from_bytes(&Hash::of(&seed).0);
        SigningKey { name: format!("{}/{word}", self.name), key }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Verifies its signatures.
    pub fn verifier(&self) -> VerifierKey {
        self.public(SignatureType::Ed25519)
    }

    /// Verifies its cosignatures.
    pub fn cosigner(&self) -> VerifierKey {
        self.public(SignatureType::Cosignature)
    }

    /// Verifies its ML-DSA-44 signatures and cosignatures.
    pub fn ml_dsa_44(&self) -> VerifierKey {
        let public = mldsa::public(&self.ml_dsa_seed());
        VerifierKey::ml_dsa_44(&self.name, &public).expect("the name was good when it was made")
    }

    /// Verifies what it signs as a log.
    pub fn log_keys(&self) -> LogKeys {
        LogKeys { ed25519: self.verifier(), ml_dsa_44: self.ml_dsa_44() }
    }

    fn ml_dsa_seed(&self) -> [u8; 32] {
        Hash::of(&[b"blanik/ml-dsa-44/v1\n".as_slice(), self.key.as_bytes()].concat()).0
    }

    fn public(&self, ty: SignatureType) -> VerifierKey {
        let public = self.key.verifying_key();
        VerifierKey::new(&self.name, ty, public).expect("the name was good when it was made")
    }

    /// A note of this text, which ends in a newline. A checkpoint is signed with both keys; its ML-DSA
    /// signature says no time: when a log is at a size is for others to say.
    pub fn sign(&self, text: String) -> Note {
        let signature = self.key.sign(text.as_bytes()).to_bytes().to_vec();
        let (name, id) = (self.name.clone(), self.verifier().id());
        let second = self.cosign_ml_dsa_44(&text, 0);
        let first = SignatureLine { name, id, signature };
        Note { text, signatures: [first].into_iter().chain(second).collect() }
    }

    /// An ML-DSA-44 cosignature of a checkpoint at this time, in seconds since 1970. None of another text.
    pub fn cosign_ml_dsa_44(&self, text: &str, time: u64) -> Option<SignatureLine> {
        let message = mldsa::cosigned_message(&self.name, time, &Checkpoint::parse(text).ok()?)?;
        let signature = mldsa::sign(&self.ml_dsa_seed(), &message);
        let signature = [time.to_be_bytes().as_slice(), &signature].concat();
        Some(SignatureLine { name: self.name.clone(), id: self.ml_dsa_44().id(), signature })
    }

    /// A cosignature/v1 of this text at this time, in seconds since 1970.
    pub fn cosign(&self, text: &str, time: u64) -> SignatureLine {
        let signature = self.key.sign(cosigned(text, time).as_bytes()).to_bytes();
        let signature = [time.to_be_bytes().as_slice(), &signature].concat();
        SignatureLine { name: self.name.clone(), id: self.cosigner().id(), signature }
    }

    /// The text of a file that only this passphrase opens.
    pub fn encrypt(&self, passphrase: &str) -> Result<String> {
        let (salt, nonce): ([u8; 16], [u8; 24]) = (random()?, random()?);
        let head = format!(
            "{HEADER}\n{}\nargon2id {MEMORY_KIB} {PASSES} {LANES} {}\n",
            self.name,
            STANDARD.encode(salt)
        );
        let cipher = cipher(passphrase, &salt, [MEMORY_KIB, PASSES, LANES])
            .ok_or_else(|| Error::malformed(FORMAT, 3, "parameters that Argon2 does not take"))?;
        let payload = Payload { msg: self.key.as_bytes(), aad: head.as_bytes() };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).expect("32 bytes are no limit");
        Ok(format!("{head}{}\n", STANDARD.encode([nonce.as_slice(), &sealed].concat())))
    }

    /// Opens such a file.
    pub fn decrypt(text: &str, passphrase: &str) -> Result<Self> {
        let fail = |line, reason| Error::malformed(FORMAT, line, reason);
        let lines: Vec<&str> = text.lines().collect();
        let [HEADER, name, parameters, sealed] = lines[..] else {
            return Err(fail(1, "not the four lines of blanik-key/v1"));
        };
        let words: Vec<&str> = parameters.split(' ').collect();
        let ["argon2id", memory, passes, lanes, salt] = words[..] else {
            return Err(fail(3, "no parameters of argon2id"));
        };
        let number = |text, max| {
            let n = decimal(text).filter(|n| (1..=max).contains(n));
            n.and_then(|n| u32::try_from(n).ok()).ok_or_else(|| fail(3, "a number out of range"))
        };
        let cost = [
            number(memory, MEMORY_KIB_MAX)?,
            number(passes, PASSES_MAX)?,
            number(lanes, LANES_MAX)?,
        ];
        let salt = STANDARD.decode(salt).map_err(|_| fail(3, "the salt is not base64"))?;
        let sealed = STANDARD.decode(sealed).map_err(|_| fail(4, "not base64"))?;
        let (nonce, sealed) =
            sealed.split_first_chunk::<24>().ok_or_else(|| fail(4, "too short"))?;
        let cipher = cipher(passphrase, &salt, cost)
            .ok_or_else(|| fail(3, "parameters that Argon2 does not take"))?;
        let head = format!("{HEADER}\n{name}\n{parameters}\n");
        let payload = Payload { msg: sealed, aad: head.as_bytes() };
        let seed = cipher.decrypt(&XNonce::from(*nonce), payload);
        let seed = seed.map_err(|_| Error::Passphrase(name.to_owned()))?;
        let seed = seed.try_into().map_err(|_| fail(4, "a key of the wrong length"))?;
        Self::from_seed(name, seed)
    }
}

/// The name in a key file; it is not secret.
pub fn name_in_file(text: &str) -> Option<&str> {
    text.lines().nth(1)
}

fn cipher(passphrase: &str, salt: &[u8], [m, t, p]: [u32; 3]) -> Option<XChaCha20Poly1305> {
    let parameters = Params::new(m, t, p, Some(32)).ok()?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
    let mut key = [0; 32];
    argon.hash_password_into(passphrase.as_bytes(), salt, &mut key).ok()?;
    Some(XChaCha20Poly1305::new(&key.into()))
}

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Error::Random)?;
    Ok(bytes)
}

/// So many seeds, asked of the operating system at once.
pub(crate) fn random_seeds(count: usize) -> Result<Vec<[u8; 32]>> {
    let mut seeds = vec![[0; 32]; count];
    getrandom::fill(seeds.as_flattened_mut()).map_err(Error::Random)?;
    Ok(seeds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_opens_with_its_passphrase_and_nothing_else() {
        let key = SigningKey::generate("example.org/log").expect("randomness");
        let file = key.encrypt("dlouhé heslo").expect("randomness");
        assert_eq!(name_in_file(&file), Some("example.org/log"));
        let again = SigningKey::decrypt(&file, "dlouhé heslo").expect("its passphrase");
        assert_eq!(again.verifier(), key.verifier());
        let wrong = SigningKey::decrypt(&file, "jiné heslo");
        assert!(matches!(wrong, Err(Error::Passphrase(_))));
        let renamed = file.replacen("org/log", "org/lag", 1);
        let renamed = SigningKey::decrypt(&renamed, "dlouhé heslo");
        assert!(matches!(renamed, Err(Error::Passphrase(_))));
        let greedy = file.replacen(" 65536 ", " 99999999 ", 1);
        let greedy = SigningKey::decrypt(&greedy, "dlouhé heslo");
        assert!(matches!(greedy, Err(Error::Malformed { line: 3, .. })));
    }

    #[test]
    fn each_grade_has_a_key_of_its_own() {
        let key = SigningKey::from_seed("ally.example", [9; 32]).expect("a name");
        let keys: Vec<VerifierKey> =
            Grade::ALL.into_iter().map(|grade| key.graded(grade).cosigner()).collect();
        for (key, grade) in keys.iter().zip(Grade::ALL) {
            assert_eq!(Grade::of(key.name()), grade);
            assert_eq!(keys.iter().filter(|other| other.public() == key.public()).count(), 1);
        }
    }

    /// The example of C2SP's tlog-cosignature cannot be made again without its key; this is the same
    /// message by a key of ours, taken apart by hand.
    #[test]
    fn a_cosignature_signs_its_time_and_the_text() {
        let key = SigningKey::from_seed("w.example/w1", [5; 32]).expect("a name");
        let text =
            "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let line = key.cosign(text, 1_679_315_147);
        let verifier = key.cosigner();
        assert_eq!(verifier.verify(text, &line.signature).expect("holds"), Some(1_679_315_147));
        let message = format!("cosignature/v1\ntime 1679315147\n{text}");
        let bare = ed25519_dalek::Signature::from_slice(&line.signature[8..]).expect("64 bytes");
        key.key.verifying_key().verify_strict(message.as_bytes(), &bare).expect("holds");
        let mut later = line.signature.clone();
        later[7] ^= 1;
        assert!(verifier.verify(text, &later).is_err());
    }
}
