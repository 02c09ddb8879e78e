//! A publication and its proofs → the files of a pack; and the search for what must not be in them.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::{AhoCorasick, MatchKind};
use blanik_evidence::Hash;
use blanik_verify::form::{
    ClaimForm, FORMAT, Listed, LogForm, MANIFEST, Manifest, PUBLICATION, proof_path,
};

use crate::publication::names::{apart, occurs};
use crate::publication::{Names, Publication};

/// The files of a pack, by path.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A value that must not be in the pack, and is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// The file.
    pub path: String,
    /// The byte at which it stands; in a compressed part, of its content.
    pub offset: usize,
    /// The value, for who withheld it.
    pub value: String,
    /// How it is written there: `text`, `UTF-16`, `SHA-256` …
    pub form: &'static str,
}

/// Why there is no pack.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something is not JSON.
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Withheld values are in it.
    #[error("{} withheld values are in the pack: the first, of kind {}, in {} at byte {}", .0.len(), .0[0].form, .0[0].path, .0[0].offset)]
    Leaks(Vec<Leak>),
}

/// What a record of the publication says of a sentence.
///
/// # Errors
/// Never of a publication that was built.
pub fn claim_digests(publication: &Publication) -> Result<Vec<String>, Error> {
    let digest = |claim| {
        let form: ClaimForm = serde_json::from_value(serde_json::to_value(claim)?)?;
        Ok(form.digest())
    };
    publication.claims().map(digest).collect()
}

/// All records that the claims cite: those whose proofs are in the pack, ascending.
pub fn cited(publication: &Publication) -> BTreeSet<u64> {
    publication.claims().flat_map(|c| c.cites.records.iter().copied()).collect()
}

/// The fields that the claims say, by record.
pub fn said(publication: &Publication) -> BTreeMap<u64, Vec<String>> {
    let mut of: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for ground in publication.claims().flat_map(|claim| &claim.grounds) {
        of.entry(ground.record).or_default().push(ground.path.clone());
    }
    of
}

/// Adds to what others made of a publication (`files`) the publication itself, its proofs (disclosures as JSON, by record)
/// and the list of all.
///
/// # Errors
/// [`Error::Leaks`] if anything withheld is in any file.
pub fn assemble(
    publication: &Publication,
    mut files: Files,
    proofs: BTreeMap<u64, String>,
    names: &Names,
) -> Result<Files, Error> {
    files.insert(PUBLICATION.to_owned(), pretty(publication)?);
    files.extend(proofs.into_iter().map(|(record, json)| (proof_path(record), json.into_bytes())));
    let listed = files.iter().map(|(path, bytes)| Listed {
        path: path.clone(),
        size: bytes.len() as u64,
        sha256: Hash::of(bytes).to_hex(),
    });
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        title: publication.title.en.clone(),
        case: publication.case.clone(),
        tlp: publication.tlp.to_string(),
        exercise: publication.exercise,
        publisher: publication.publisher.name.clone(),
        published: publication.published.to_string(),
        log: LogForm { origin: publication.log.origin.clone(), key: publication.log.key.clone() },
        files: listed.collect(),
    };
    files.insert(MANIFEST.to_owned(), pretty(&manifest)?);
    let leaks = leaks(&files, names);
    match leaks.is_empty() {
        true => Ok(files),
        false => Err(Error::Leaks(leaks)),
    }
}

fn pretty(of: &impl serde::Serialize) -> Result<Vec<u8>, Error> {
    let mut bytes = serde_json::to_vec_pretty(of)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Leaks that are listed.
const LEAKS_MAX: usize = 100;
/// Values that are shorter stand in compressed and binary files by chance.
const BINARY_CHARS_MIN: usize = 6;

/// Where what is withheld stands in any file: as text in UTF-8 and UTF-16, as JSON, URLs and HTML write it, and as its
/// SHA-256. Streams of PDF files are looked at unpacked; what letters they set cannot be read there, so that who typesets
/// looks through what a document is made of.
pub fn leaks(files: &Files, names: &Names) -> Vec<Leak> {
    let mut forms: Vec<(Vec<u8>, usize, &'static str)> = Vec::new();
    for (i, value) in names.withheld().iter().enumerate() {
        for (bytes, form) in written(value) {
            forms.push((bytes, i, form));
        }
    }
    let matcher = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .build(forms.iter().map(|(bytes, ..)| bytes))
        .expect("names are within what a matcher holds");
    let mut found = Vec::new();
    for (path, bytes) in files {
        let mut look = |part: &[u8], text: Option<&str>| {
            for m in matcher.find_overlapping_iter(part) {
                let (_, i, form) = &forms[m.pattern().as_usize()];
                let value = &names.withheld()[*i];
                let is_one = match text {
                    Some(text) => *form == "SHA-256" || stands(text, m.start(), m.end(), value),
                    None => value.len() >= BINARY_CHARS_MIN,
                };
                if is_one && found.len() < LEAKS_MAX {
                    let (path, value) = (path.clone(), value.clone());
                    found.push(Leak { path, offset: m.start(), value, form });
                }
            }
        };
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                let lower = text.to_lowercase();
                look(lower.as_bytes(), Some(&lower));
            }
            Err(_) => {
                look(&bytes.to_ascii_lowercase(), None);
                let unpacked = if path.ends_with(".pdf") { streams(bytes) } else { Vec::new() };
                unpacked.iter().for_each(|part| look(&part.to_ascii_lowercase(), None));
            }
        }
        if !names.is_clean(path) {
            let value = names.withheld().iter().find(|v| occurs(&path.to_lowercase(), v));
            let value = value.cloned().unwrap_or_default();
            found.push(Leak { path: path.clone(), offset: 0, value, form: "path" });
        }
    }
    found
}

/// The ways in which a value may be written, in lower case.
fn written(value: &str) -> Vec<(Vec<u8>, &'static str)> {
    let utf16 = |to: fn(u16) -> [u8; 2]| value.encode_utf16().flat_map(to).collect::<Vec<u8>>();
    let json = |text: &str| {
        let quoted = serde_json::to_string(text).unwrap_or_default();
        quoted[1..quoted.len().max(2) - 1].to_owned()
    };
    let mut forms = vec![
        (value.as_bytes().to_vec(), "text"),
        (utf16(u16::to_le_bytes), "UTF-16"),
        (utf16(u16::to_be_bytes), "UTF-16"),
        (Hash::of(value.as_bytes()).to_hex().into_bytes(), "SHA-256"),
        (Hash::of(value.to_uppercase().as_bytes()).to_hex().into_bytes(), "SHA-256"),
        (Hash::of(value.as_bytes()).to_string().to_lowercase().into_bytes(), "SHA-256"),
    ];
    let html = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let quotes = html.replace('"', "&quot;").replace('\'', "&#39;");
    let others = [
        (json(value), "JSON"),
        // A pattern of STIX is text with escapes within JSON.
        (json(&json(value)), "JSON"),
        (percent_encoded(value).to_lowercase(), "URL"),
        (html, "HTML"),
        (quotes, "HTML"),
        (value.replace('.', "[.]"), "defanged"),
    ];
    for (other, form) in others {
        if !forms.iter().any(|(known, _)| known == other.as_bytes()) {
            forms.push((other.into_bytes(), form));
        }
    }
    forms
}

fn percent_encoded(value: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            (b as char).to_string()
        }
        _ => format!("%{b:02X}"),
    };
    value.bytes().map(byte).collect()
}

/// True if a match in a text is the value itself, and not a part of a longer word where the value is short: salts and
/// hashes in base64 hold every short word by chance.
fn stands(text: &str, start: usize, end: usize, value: &str) -> bool {
    const DISTINCT_CHARS: usize = 9;
    if value.chars().count() >= DISTINCT_CHARS {
        return !within_digits(text.as_bytes(), start, end);
    }
    let is_by_chance =
        |within: fn(&[u8], usize, usize) -> bool| within(text.as_bytes(), start, end);
    apart(text, start, end) && !is_by_chance(within_digits) && !is_by_chance(within_base64)
}

/// True if a match lies within base64 of 32 bytes or more: a salt, a hash, a signature. `+` and `/` stand in it as if between
/// words. Only what ends in padding counts, as these do: no path, and no other text, looks so.
fn within_base64(part: &[u8], start: usize, end: usize) -> bool {
    const RUN_MIN: usize = 44;
    let is_of_one = |b: &&u8| b.is_ascii_alphanumeric() || matches!(**b, b'+' | b'/');
    let mut from = start - part[..start].iter().rev().take_while(is_of_one).count();
    // A newline as JSON writes it is no part of what follows.
    if from > 0 && part[from - 1] == b'\\' {
        from += 1;
    }
    let to = end + part[end..].iter().take_while(is_of_one).count();
    let padding = part[to..].iter().take_while(|b| **b == b'=').count();
    let length = to + padding - from;
    from <= start && (1..=2).contains(&padding) && length >= RUN_MIN && length.is_multiple_of(4)
}

/// True if a match lies within a UUID or a digest: these are made of what is published, and `dc01` stands in one of a
/// few thousand of them.
fn within_digits(part: &[u8], start: usize, end: usize) -> bool {
    const RUN_MIN: usize = 32;
    let is_of_one = |b: &&u8| b.is_ascii_hexdigit() || **b == b'-';
    if end - start >= RUN_MIN || !part[start..end].iter().all(|b| is_of_one(&b)) {
        return false;
    }
    let before = part[..start].iter().rev().take_while(is_of_one).count();
    let behind = part[end..].iter().take_while(is_of_one).count();
    before + behind + (end - start) >= RUN_MIN
}

/// The unpacked streams of a PDF file.
fn streams(pdf: &[u8]) -> Vec<Vec<u8>> {
    use std::io::Read;
    const STREAM_BYTES_MAX: u64 = 64 << 20;
    let mut found = Vec::new();
    for at in memchr::memmem::find_iter(pdf, b"stream") {
        let rest = &pdf[at + b"stream".len()..];
        let body = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest);
        let mut unpacked = Vec::new();
        // What is no such stream gives nothing, or its beginning.
        let _ =
            flate2::read::ZlibDecoder::new(body).take(STREAM_BYTES_MAX).read_to_end(&mut unpacked);
        if !unpacked.is_empty() {
            found.push(unpacked);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publication::{NameKind, Redactions};
    use blanik_model::Tlp;

    #[test]
    fn what_is_withheld_is_found_however_it_is_written() {
        let given = [
            (NameKind::Host, "dc01".to_owned(), None),
            (NameKind::File, r"c:\data\plan & co.docx".to_owned(), None),
        ];
        let digest = Hash::of(b"x").to_hex();
        let values = [digest.clone(), "o'hara & co".to_owned()].into();
        let redactions = Redactions { values, ..Redactions::default() };
        let names = Names::new(given, Tlp::Clear, redactions, "").expect("few names");
        let leak = |text: &[u8]| {
            leaks(&[("a.json".to_owned(), text.to_vec())].into(), &names).first().map(|l| l.form)
        };
        assert_eq!(leak(b"nothing of dc011 here"), None);
        assert_eq!(leak(b"on DC01."), Some("text"));
        assert_eq!(leak("„dc01“".as_bytes()), Some("text"));
        assert_eq!(leak(digest.as_bytes()), Some("text"));
        assert_eq!(leak(b"O&#39;Hara &amp; Co"), Some("HTML"));
        assert_eq!(
            leak(br#""pattern": "[file:name = 'c:\\\\data\\\\plan & co.docx']""#),
            Some("JSON")
        );
        assert_eq!(leak(br"c:\data\plan & co[.]docx"), Some("defanged"));
        assert_eq!(leak(b"id 5a1b7f0e-dc01-4a5e-8f3b-0a1c2d3e4f50"), None);
        // A hash that holds it by chance, alone and behind a newline of JSON; and a path that is nearly one.
        let hash = "AbCdEfGhIjKlMnOpQrStUvWx/dc01+zAbCdEfGhIjKl=";
        assert_eq!(hash.len(), 44);
        assert_eq!(leak(hash.as_bytes()), None);
        assert_eq!(leak(format!("{{\"proof\":\"v1\\n{hash}\\n\"}}").as_bytes()), None);
        assert_eq!(leak(hash.replace('=', "").as_bytes()), Some("text"));
        assert_eq!(leak(&hash.as_bytes()[1..]), Some("text"));
        assert_eq!(leak(b"/var/lib/telemetry/collected/dc01/2025/security/events"), Some("text"));
        assert_eq!(leak(br#"{"p":"C:\\data\\plan & co.docx"}"#), Some("JSON"));
        assert_eq!(leak(b"c%3A%5Cdata%5Cplan%20%26%20co.docx"), Some("URL"));
        assert_eq!(leak(br"c:\data\plan &amp; co.docx"), Some("HTML"));
        assert_eq!(leak(Hash::of(b"dc01").to_hex().as_bytes()), Some("SHA-256"));
        let wide: Vec<u8> =
            r"c:\data\plan & co.docx".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(leak(&wide), Some("UTF-16"));
        let named = leaks(&[("dc01.json".to_owned(), Vec::new())].into(), &names);
        assert_eq!(named[0].form, "path");
    }
}
