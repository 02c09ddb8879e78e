//! RFC 3161: a time-stamping authority's word for when a checkpoint was there.
//!
//! The request is made here, and of the token it is checked that it is about the checkpoint. Whether
//! the authority signed it is for X.509 to say: `openssl ts -verify` does, by the authority's certificate.

use crate::disk::{Disk, get, get_text};
use crate::error::{Error, Result};
use crate::hash::Hash;
use crate::log_keys::LogKeys;
use crate::verify::{Report, is_of_tree, signed};

/// Where anchors lie: `SIZE.checkpoint`, the signed checkpoint, and `SIZE-DIGEST.tsr`, an answer about it.
pub const FOLDER: &str = "anchors";
/// The object identifier of SHA-256, and parameters that are null, in DER.
const SHA256: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00];
/// The object identifier of TSTInfo (1.2.840.113549.1.9.16.1.4).
const TST_INFO: &[u8] =
    &[0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];

/// A request to stamp these bytes (RFC 3161, 2.4.1), with the authority's certificate in the answer.
pub fn request(bytes: &[u8], nonce: u64) -> Vec<u8> {
    let digest = Hash::of(bytes);
    let imprint = sequence(&[SHA256, &der(0x04, &digest.0)].concat());
    // A leading one: positive, and the shortest form, whatever follows.
    let nonce = der(0x02, &[[1].as_slice(), &nonce.to_be_bytes()].concat());
    sequence(&[&[2, 1, 1], imprint.as_slice(), &nonce, &[1, 1, 0xff]].concat())
}

fn sequence(content: &[u8]) -> Vec<u8> {
    der(0x30, content)
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).expect("a request is shorter than 128 bytes");
    debug_assert!(length < 128);
    [&[tag, length], content].concat()
}

/// Reads an answer (TimeStampResp): that it grants a stamp over these bytes, and when, as the authority
/// writes it (`20251122101530Z`).
pub fn read(answer: &[u8], bytes: &[u8]) -> Result<String> {
    let fail = |reason| Error::malformed("time-stamp response", 1, reason);
    let (body, rest) = element(answer, 0x30).ok_or_else(|| fail("no DER sequence"))?;
    if !rest.is_empty() {
        return Err(fail("bytes behind its end"));
    }
    let (status, token) = element(body, 0x30).ok_or_else(|| fail("no status"))?;
    match element(status, 0x02) {
        Some(([0 | 1], _)) => {}
        _ => return Err(fail("the authority did not grant it")),
    }
    let at = token.windows(TST_INFO.len()).position(|window| window == TST_INFO);
    let content = at.map(|at| &token[at + TST_INFO.len()..]);
    // eContent [0] { OCTET STRING { TSTInfo } }
    let info = content
        .and_then(|content| element(content, 0xa0))
        .and_then(|(content, _)| element(content, 0x04))
        .and_then(|(content, _)| element(content, 0x30))
        .ok_or_else(|| fail("no TSTInfo"))?
        .0;
    let parts = || {
        let (_version, rest) = element(info, 0x02)?;
        let (_policy, rest) = element(rest, 0x06)?;
        let (imprint, rest) = element(rest, 0x30)?;
        let (_serial, rest) = element(rest, 0x02)?;
        let (time, _) = element(rest, 0x18)?;
        let (_algorithm, hashed) = element(imprint, 0x30)?;
        Some((imprint, element(hashed, 0x04)?.0, time))
    };
    let (imprint, hashed, time) = parts().ok_or_else(|| fail("a TSTInfo that breaks off"))?;
    let is_sha256 = imprint.windows(11).any(|window| window == &SHA256[2..13]);
    if !is_sha256 || hashed != Hash::of(bytes).0 {
        return Err(fail("the stamp is about something else"));
    }
    let time = std::str::from_utf8(time).ok().filter(|t| t.is_ascii());
    time.map(str::to_owned).ok_or_else(|| fail("no time"))
}

/// The content of the first element, if it has this tag, and what follows it.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, length], rest) = bytes.split_first_chunk()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |n, d| n << 8 | usize::from(*d)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    (found == tag).then_some((content, rest))
}

/// Where an answer about the checkpoint of that size is kept, and the checkpoint. The answer's name holds
/// its digest, so that a byte that goes wrong in it is seen without its authority's certificate.
pub fn paths(size: u64, answer: &[u8]) -> (String, String) {
    let digest = Hash::of(answer).to_hex();
    (format!("{FOLDER}/{size:016}-{digest}.tsr"), format!("{FOLDER}/{size:016}.checkpoint"))
}

/// Verifies a workspace's anchors: checkpoints signed by the log and of its tree, and answers that are as
/// they were kept, each about one of these.
pub(crate) fn verify_all<D: Disk>(disk: &D, keys: &LogKeys, leaves: &[Hash], report: &mut Report) {
    for name in disk.list(FOLDER).unwrap_or_default() {
        let path = format!("{FOLDER}/{name}");
        let verified = match name.rsplit_once('.') {
            Some((size, "checkpoint")) => {
                anchored(disk, (keys, leaves), size, &path).map(|()| None)
            }
            Some((stem, "tsr")) => stamped(disk, stem, &path).map(Some),
            _ => Err(Error::wrong(&path, 0, "neither a checkpoint nor an answer about one")),
        };
        match verified {
            Ok(remark) => report.remarks.extend(remark),
            Err(error) => report.error(&path, error),
        }
    }
}

/// Verifies a checkpoint that was sent to an authority.
fn anchored<D: Disk>(
    disk: &D,
    (keys, leaves): (&LogKeys, &[Hash]),
    size: &str,
    path: &str,
) -> Result<()> {
    let (checkpoint, _) = signed(&get(disk, path)?, path, keys)?;
    if !is_of_tree(&checkpoint, leaves) {
        return Err(Error::wrong(path, 0, "a checkpoint of another tree"));
    }
    if format!("{:016}", checkpoint.size) != size {
        return Err(Error::wrong(path, 0, "not the size that its name says"));
    }
    Ok(())
}

/// Verifies an answer, and says what it says.
fn stamped<D: Disk>(disk: &D, stem: &str, path: &str) -> Result<String> {
    let answer = get(disk, path)?;
    let (size, digest) = stem.split_once('-').unwrap_or((stem, ""));
    if Hash::of(&answer).to_hex() != digest {
        return Err(Error::wrong(path, 0, "not the answer whose digest its name says"));
    }
    let about = format!("{FOLDER}/{size}.checkpoint");
    let time = read(&answer, get_text(disk, &about)?.as_bytes())?;
    let size = size.trim_start_matches('0');
    Ok(format!(
        "size {size}: time-stamped {time} (`openssl ts -verify -in {path} -data {about} -CAfile …` says by whom)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `openssl ts -query -in FILE -text` reads; the rest is held by `cargo xtask interop`.
    #[test]
    fn a_request_is_der_and_an_answer_about_something_else_is_none() {
        let query = request(b"checkpoint", u64::MAX);
        let (body, rest) = element(&query, 0x30).expect("a sequence");
        assert!(rest.is_empty());
        let (version, body) = element(body, 0x02).expect("a version");
        assert_eq!(version, [1]);
        let (imprint, body) = element(body, 0x30).expect("an imprint");
        assert!(imprint.ends_with(&Hash::of(b"checkpoint").0));
        let (nonce, body) = element(body, 0x02).expect("a nonce");
        assert_eq!((nonce.len(), nonce[0]), (9, 1));
        assert_eq!(body, [1, 1, 0xff]);
        // The parts of an answer that are read here, without the signature around them.
        let answer = |status: u8, hash: Hash| {
            let imprint = sequence(&[SHA256, &der(0x04, &hash.0)].concat());
            let info = [&[2, 1, 1, 6, 1, 42], imprint.as_slice(), &[2, 1, 7]].concat();
            let info = sequence(&[info, der(0x18, b"20251122101530Z")].concat());
            let content = [TST_INFO, &der(0xa0, &der(0x04, &info))].concat();
            sequence(&[sequence(&[2, 1, status]), content].concat())
        };
        let good = answer(0, Hash::of(b"checkpoint"));
        assert_eq!(read(&good, b"checkpoint").expect("granted"), "20251122101530Z");
        assert!(read(&good, b"another").is_err());
        assert!(read(&answer(2, Hash::of(b"checkpoint")), b"checkpoint").is_err());
        for end in 0..good.len() {
            assert!(read(&good[..end], b"checkpoint").is_err(), "{end}");
        }
    }
}
