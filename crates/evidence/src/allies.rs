//! Allies' public keys, as a workspace keeps them: signed-note verifier keys for cosignatures, one a line, `#` before remarks. The
//! file `public` of a witness is such a list. Whose word counts for a quorum, a policy says; this says only whose
//! signatures can be checked at all.

use crate::disk::{Disk, get_text, put};
use crate::error::{Error, Result};
use crate::note::{SignatureType, VerifierKey};

/// The file in a workspace.
pub const ALLIES_FILE: &str = "allies";
const FORMAT: &str = "list of allies' keys";
/// Most keys that are read.
const KEYS_MAX: usize = 1_000;

/// Reads a list of keys for cosignatures. Of one name and type there may be one key.
pub fn parse(text: &str) -> Result<Vec<VerifierKey>> {
    let mut keys: Vec<VerifierKey> = Vec::new();
    for (i, line) in text.lines().map(str::trim).enumerate() {
        let fail = |reason| Error::malformed(FORMAT, i + 1, reason);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key: VerifierKey = line.parse().map_err(|_| fail("no verifier key"))?;
        if key.signature_type() == SignatureType::Ed25519 {
            return Err(fail("a key that signs logs, not cosignatures"));
        }
        if keys.len() == KEYS_MAX {
            return Err(fail("too many keys"));
        }
        match keys.iter().find(|known| is_same_place(known, &key)) {
            None => keys.push(key),
            Some(known) if *known == key => {}
            Some(_) => return Err(fail("another key of a name that stands above")),
        }
    }
    Ok(keys)
}

fn is_same_place(a: &VerifierKey, b: &VerifierKey) -> bool {
    (a.name(), a.signature_type()) == (b.name(), b.signature_type())
}

/// The keys that a workspace keeps; none if it has no such file.
pub fn read<D: Disk>(disk: &D) -> Result<Vec<VerifierKey>> {
    match get_text(disk, ALLIES_FILE) {
        Ok(text) => parse(&text),
        Err(Error::Missing(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Keeps further keys. An ally whose name is known keeps the key that it has: another one is refused.
///
/// # Errors
/// If a name has another key, if there are too many, or the disk does not let it.
pub fn add<D: Disk>(disk: &D, further: &[VerifierKey]) -> Result<()> {
    let mut text = match get_text(disk, ALLIES_FILE) {
        Ok(text) => text,
        Err(Error::Missing(_)) => "# Allies' keys for cosignatures, one a line.\n".to_owned(),
        Err(error) => return Err(error),
    };
    let mut known = parse(&text)?;
    for key in further {
        match known.iter().find(|known| is_same_place(known, key)) {
            Some(same) if same == key => {}
            Some(_) => {
                let (path, name) = (ALLIES_FILE, key.name());
                return Err(Error::wrong(path, 0, format!("has another key of {name}")));
            }
            None if known.len() == KEYS_MAX => {
                return Err(Error::wrong(ALLIES_FILE, 0, "has as many keys as are read"));
            }
            None => {
                if !text.ends_with('\n') {
                    text.push('\n');
                }
                text.push_str(&format!("{key}\n"));
                known.push(key.clone());
            }
        }
    }
    put(disk, &[(ALLIES_FILE.to_owned(), text.into_bytes())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Grade, SigningKey};

    #[test]
    fn one_key_of_a_name_and_none_of_a_log() {
        let key = SigningKey::from_seed("a.example", [7; 32]).expect("a key").graded(Grade::ReRun);
        let both = format!("# A\n{}\n{}\n\n{}\n", key.cosigner(), key.ml_dsa_44(), key.cosigner());
        assert_eq!(parse(&both).expect("keys").len(), 2);
        let other =
            SigningKey::from_seed("a.example", [8; 32]).expect("a key").graded(Grade::ReRun);
        let line_of = |text: &str| match parse(text) {
            Err(Error::Malformed { line, .. }) => line,
            other => panic!("{other:?}"),
        };
        assert_eq!(line_of(&format!("{both}{}", other.cosigner())), 6);
        assert_eq!(line_of(&format!("# x\n{}", key.verifier())), 2);
        assert_eq!(line_of("x"), 1);
    }
}
