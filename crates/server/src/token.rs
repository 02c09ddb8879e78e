//! Who may do what: bearer tokens, of which only SHA-256 is kept. A token is 256 random bits, so its plain digest is as good as a slow
//! one; digests are compared without telling by time how far they agree.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blanik_model::{Timestamp, Tlp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::{Error, Result};

const FILE: &str = "tokens.json";
/// What tokens begin with, so that scanners for leaked secrets know them.
const PREFIX: &str = "blanik_";
const NAME_BYTES_MAX: usize = 64;

/// What a token may do with a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Right {
    /// Read.
    #[serde(rename = "r")]
    Read,
    /// Write, without seeing what is there.
    #[serde(rename = "w")]
    Write,
    /// Both.
    #[serde(rename = "rw")]
    Both,
}

impl Right {
    /// True if it is to read.
    pub fn reads(self) -> bool {
        self != Right::Write
    }

    /// True if it is to write.
    pub fn writes(self) -> bool {
        self != Right::Read
    }
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Right::Read => "r",
            Right::Write => "w",
            Right::Both => "rw",
        })
    }
}

impl FromStr for Right {
    type Err = String;

    fn from_str(word: &str) -> std::result::Result<Self, String> {
        match word {
            "r" => Ok(Right::Read),
            "w" => Ok(Right::Write),
            "rw" => Ok(Right::Both),
            _ => Err(format!("{word:?} is no right: r, w or rw")),
        }
    }
}

/// By the collection's id.
pub type Rights = BTreeMap<String, Right>;

/// A token, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Whose it is.
    pub name: String,
    /// SHA-256 of it, in hex.
    sha256: String,
    /// What its owner may see at most.
    pub clearance: Tlp,
    /// What its owner may do.
    pub rights: Rights,
    /// When it was made.
    pub added: Timestamp,
}

impl Token {
    /// What tells its requests from others'.
    pub(crate) fn key(&self) -> &str {
        &self.sha256
    }

    /// The right to a collection.
    pub fn right(&self, collection: &str) -> Option<Right> {
        self.rights.get(collection).copied()
    }
}

/// The file of tokens. It may change while a server runs: who is revoked is out at once.
#[derive(Debug)]
pub struct Tokens {
    path: PathBuf,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    as_of: Option<(SystemTime, u64)>,
    tokens: Vec<Token>,
}

impl Tokens {
    /// The tokens of a server's folder.
    pub fn of(folder: &Path) -> Tokens {
        Tokens { path: folder.join(FILE), known: Mutex::default() }
    }

    /// All, in the order they were made.
    ///
    /// # Errors
    /// If the file cannot be read, or is none of ours.
    pub fn list(&self) -> Result<Vec<Token>> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("read", &self.path)(error)),
        };
        let damaged = |error: serde_json::Error| Error::Damaged {
            path: self.path.clone(),
            reason: error.to_string(),
        };
        serde_json::from_str(&text).map_err(damaged)
    }

    /// Makes a token of 32 random bytes. What is returned stands nowhere else.
    ///
    /// # Errors
    /// If there is one of this name, or the file cannot be written.
    pub fn add(
        &self,
        name: &str,
        clearance: Tlp,
        rights: Rights,
        now: Timestamp,
        random: [u8; 32],
    ) -> Result<String> {
        check_name(name)?;
        let _lock = self.lock()?;
        let mut tokens = self.list()?;
        if tokens.iter().any(|token| token.name == name) {
            return Err(Error::Exists { what: "token", name: name.to_owned() });
        }
        let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random));
        let sha256 = digest(&secret);
        tokens.push(Token { name: name.to_owned(), sha256, clearance, rights, added: now });
        self.write(&tokens)?;
        Ok(secret)
    }

    /// Forgets a token. False if there is none of this name.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn revoke(&self, name: &str) -> Result<bool> {
        let _lock = self.lock()?;
        let mut tokens = self.list()?;
        let before = tokens.len();
        tokens.retain(|token| token.name != name);
        if tokens.len() < before {
            self.write(&tokens)?;
        }
        Ok(tokens.len() < before)
    }

    /// Held while the file is read and written anew: a token that is added meanwhile undoes no revocation.
    fn lock(&self) -> Result<fs::File> {
        let path = self.path.with_extension("lock");
        let lock = || {
            let file = fs::File::options().create(true).truncate(false).write(true).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        lock().map_err(Error::io("lock", &path))
    }

    fn write(&self, tokens: &[Token]) -> Result<()> {
        let json = serde_json::to_vec_pretty(tokens).expect("tokens make JSON");
        write_whole(&self.path, &json)
    }

    /// Whose token this is. If the file cannot be read, nobody's.
    pub(crate) fn owner(&self, secret: &str) -> Option<Token> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let as_of =
            fs::metadata(&self.path).and_then(|meta| Ok((meta.modified()?, meta.len()))).ok();
        if known.as_of != as_of || as_of.is_none() {
            // A file that is gone or damaged lets nobody in.
            *known = Known { as_of, tokens: self.list().unwrap_or_default() };
        }
        let digest = digest(secret);
        let mut owner = None;
        // All of them, whoever it is: time tells nothing.
        for token in &known.tokens {
            if bool::from(token.sha256.as_bytes().ct_eq(digest.as_bytes())) {
                owner = Some(token.clone());
            }
        }
        owner
    }
}

fn digest(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Names stand in addresses and lists.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let letter = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_name = (1..=NAME_BYTES_MAX).contains(&name.len()) && name.chars().all(letter);
    if is_name { Ok(()) } else { Err(Error::Name(name.to_owned())) }
}

/// Writes a file that appears under its name only when it is whole and on disk.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().expect("it lies in a folder");
    let write = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        fs::File::open(folder)?.sync_all()
    };
    write().map_err(Error::io("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_nanos(0);

    #[test]
    fn tokens_are_kept_as_digests_and_revoked_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let tokens = Tokens::of(folder.path());
        let rights = Rights::from([("c".to_owned(), Right::Read)]);
        let a = tokens.add("a", Tlp::Green, rights.clone(), NOW, [1; 32]).expect("added");
        let b = tokens.add("b", Tlp::Red, rights.clone(), NOW, [2; 32]).expect("added");
        assert!(tokens.add("a", Tlp::Red, rights, NOW, [3; 32]).is_err(), "a name is one's own");
        let text = fs::read_to_string(folder.path().join(FILE)).expect("it is there");
        assert!(!text.contains(&a) && !text.contains(&a[PREFIX.len()..]));
        assert_eq!(tokens.owner(&a).map(|token| token.name), Some("a".into()));
        assert_eq!(tokens.owner(&b).map(|token| token.clearance), Some(Tlp::Red));
        for none in ["", "a", &a[1..], &format!("{a} "), &text] {
            assert_eq!(tokens.owner(none), None);
        }
        assert!(tokens.revoke("a").expect("written"));
        assert!(!tokens.revoke("a").expect("read"));
        assert_eq!(tokens.owner(&a), None);
        fs::write(folder.path().join(FILE), "[{}]").expect("written");
        assert_eq!(tokens.owner(&b), None, "a damaged file lets nobody in");
    }

    #[test]
    fn names_stand_in_addresses() {
        for name in ["", "a/b", "a b", "ä", "\u{1b}", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
        assert!(check_name("partner-cert_2.cz").is_ok());
    }
}
