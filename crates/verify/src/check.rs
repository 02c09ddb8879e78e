//! Verifies a pack: its files against its list, the list and every sentence against the log's record of the publication,
//! every cited record against the log, and the log's checkpoints against keys and policy.

use std::collections::{BTreeMap, BTreeSet};

use blanik_evidence::disclosure::Opened;
use blanik_evidence::hash::from_hex;
use blanik_evidence::{
    Checkpoint, Disclosure, Hash, LogProof, Note, Policy, SignatureType, VerifierKey, tree,
};
use serde::de::DeserializeOwned;

mod sentence;

use crate::agree;
use crate::container::{self, Files};
use crate::form::{
    FORMAT, MANIFEST, Manifest, PROOFS, PUBLICATION, PublicationForm, RECORD_TYPE, SEAL, Seal,
    proof_path, read_json,
};
use sentence::sentence;

/// What who verifies knows from elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The log's key.
    pub key: Option<VerifierKey>,
    /// Whose log, and which witnesses are enough.
    pub policy: Option<Policy>,
}

/// What is found of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileResult {
    /// Its path.
    pub path: String,
    /// What is wrong with it; nothing if it is what was put on record.
    pub wrong: Option<String>,
    /// False if nothing tells what was put on record: it is neither right nor known to be wrong.
    pub is_checked: bool,
}

/// What is found of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentenceResult {
    /// Its name.
    pub id: String,
    /// Its chapter.
    pub chapter: String,
    /// What it says, in English.
    pub text: String,
    /// Records that it cites and that stand in the log.
    pub records: Vec<u64>,
    /// Records that it cites beyond those in the pack.
    pub further: u64,
    /// Its values that stand in fields of these records.
    pub grounds: usize,
    /// What is wrong with it; nothing if it holds.
    pub wrong: Vec<String>,
}

/// A cosignature that is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cosigner {
    /// The name of the key.
    pub name: String,
    /// Seconds since 1970 at which it was given, where it is verified by a policy.
    pub at: Option<u64>,
}

/// What is found of a pack.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The manifest, if it can be read.
    pub manifest: Option<Manifest>,
    /// All files, by path.
    pub files: Vec<FileResult>,
    /// All sentences, in order.
    pub sentences: Vec<SentenceResult>,
    /// The key of the log in which the publication's record stands: its signature was verified.
    pub log: Option<String>,
    /// Index of the publication's record, and the log's size.
    pub record: Option<(u64, u64)>,
    /// Records whose proofs hold.
    pub proofs: usize,
    /// Who cosigned.
    pub cosigners: BTreeSet<Cosigner>,
    /// True if who verifies gave a key or a policy.
    pub asked: bool,
    /// True if keys or a policy of who verifies were held against the log, and hold.
    pub trusted: bool,
    /// What is not wrong, and should be known.
    pub remarks: Vec<String>,
}

impl Report {
    /// True if nothing is wrong.
    pub fn holds(&self) -> bool {
        !self.sentences.is_empty()
            && self.files.iter().all(|file| file.wrong.is_none() && file.is_checked)
            && self.sentences.iter().all(|sentence| sentence.wrong.is_empty())
    }
}

/// Verifies a pack.
///
/// # Errors
/// If it is no archive at all.
pub fn verify(bytes: &[u8], trust: &Trust) -> Result<Report, container::Error> {
    let files = container::read(bytes)?;
    let mut pack = Pack {
        files: &files,
        wrong: BTreeMap::new(),
        report: Report {
            asked: trust.key.is_some() || trust.policy.is_some(),
            ..Report::default()
        },
        verified: BTreeSet::new(),
        entries: BTreeMap::new(),
        is_listed: false,
    };
    pack.run(trust);
    let Pack { wrong, mut report, is_listed, .. } = pack;
    let all: BTreeSet<&String> = files.keys().chain(wrong.keys()).collect();
    report.files = all
        .into_iter()
        .map(|path| FileResult {
            path: path.clone(),
            wrong: wrong.get(path).cloned(),
            is_checked: is_listed || wrong.contains_key(path) || path == SEAL,
        })
        .collect();
    Ok(report)
}

struct Pack<'f> {
    files: &'f Files,
    wrong: BTreeMap<String, String>,
    report: Report,
    /// Checkpoints whose signatures were verified, as they are written, with the key: many proofs lead to one.
    verified: BTreeSet<(String, String)>,
    /// Entries of the log that are proven.
    entries: BTreeMap<u64, [u8; 33]>,
    /// True if the list of files is what was put on record.
    is_listed: bool,
}

/// The publication's record as the seal shows it.
struct Sealed {
    /// The log's key, as the seal's disclosure names it and as its checkpoint is signed.
    key: String,
    pack: String,
    tlp: Option<String>,
    claims: BTreeSet<String>,
    checkpoint: Checkpoint,
    growth: BTreeMap<u64, Vec<Hash>>,
}

/// Fields of a record whose proof holds: path → text.
type Shown = BTreeMap<String, String>;

impl Pack<'_> {
    fn run(&mut self, trust: &Trust) {
        for (path, content) in self.files {
            if let Err(reason) = content {
                self.blame(path, reason);
            }
        }
        let manifest: Option<Manifest> = self.parse(MANIFEST);
        let sealed = self.seal(trust);
        self.is_listed = self.manifest(manifest.as_ref(), sealed.as_ref());
        if let Some(manifest) = manifest.as_ref().filter(|_| self.is_listed) {
            self.listed(manifest);
        }
        let proven = self.proofs(sealed.as_ref(), trust);
        let publication: Option<PublicationForm> = self.parse(PUBLICATION);
        if let Some(publication) = &publication {
            for chapter in &publication.chapters {
                for claim in &chapter.claims {
                    let result = sentence(claim, &chapter.kind, sealed.as_ref(), &proven);
                    self.report.sentences.push(result);
                }
            }
            self.committed(publication);
            self.agree(publication);
        }
        self.report.manifest = manifest;
    }

    /// Notes what is wrong with a file; the first reason stands.
    fn blame(&mut self, path: &str, reason: &str) {
        self.wrong.entry(path.to_owned()).or_insert_with(|| reason.to_owned());
    }

    fn bytes(&mut self, path: &str) -> Option<&[u8]> {
        match self.files.get(path) {
            Some(Ok(bytes)) => Some(bytes),
            Some(Err(_)) => None,
            None => {
                self.blame(path, "is not in the pack");
                None
            }
        }
    }

    fn parse<T: DeserializeOwned>(&mut self, path: &str) -> Option<T> {
        let parsed = read_json(self.bytes(path)?);
        parsed.map_err(|reason| self.blame(path, &reason)).ok()
    }

    /// The record of the publication.
    fn seal(&mut self, trust: &Trust) -> Option<Sealed> {
        let seal: Seal = self.parse(SEAL)?;
        match self.sealed(&seal, trust) {
            Ok(sealed) => Some(sealed),
            Err(reason) => {
                self.blame(SEAL, &reason);
                None
            }
        }
    }

    fn sealed(&mut self, seal: &Seal, trust: &Trust) -> Result<Sealed, String> {
        let (index, checkpoint) = seal.record.verify().map_err(|e| e.to_string())?;
        let note = LogProof::parse(&seal.record.proof).map_err(|e| e.to_string())?.checkpoint;
        self.signed(&note, &seal.record.log, trust)?;
        if let Some(policy) = &trust.policy {
            self.met(&note, policy, trust.key.as_ref(), true)?;
        }
        let fields = &seal.record.fields;
        let field = |path: &str| fields.iter().find(|f| f.path == path).map(|f| f.value.clone());
        if field("/type").as_deref() != Some(RECORD_TYPE) {
            return Err("its record is not that of a publication".to_owned());
        }
        let claims = fields.iter().filter(|f| f.path.starts_with("/claims/#"));
        let growth = seal.growth.iter().map(|growth| {
            let hashes: Option<Vec<Hash>> =
                growth.hashes.iter().map(|h| Hash::from_base64(h)).collect();
            Some((growth.from, hashes?))
        });
        self.report.record = Some((index, checkpoint.size));
        self.report.log = Some(seal.record.log.clone());
        Ok(Sealed {
            key: seal.record.log.clone(),
            tlp: field("/tlp"),
            pack: field("/pack").ok_or("its record names no pack")?,
            claims: claims.map(|f| f.value.clone()).collect(),
            checkpoint,
            growth: growth.collect::<Option<_>>().ok_or("a proof of growth has no hashes")?,
        })
    }

    /// That a checkpoint is the log's: by the key that who verifies knows, else by the one that the pack names.
    fn signed(&mut self, note: &Note, named: &str, trust: &Trust) -> Result<(), String> {
        let seen = (note.to_string(), named.to_owned());
        if self.verified.contains(&seen) {
            return Ok(());
        }
        let named: VerifierKey = named.parse().map_err(|_| "names no key of a log".to_owned())?;
        if trust.key.as_ref().is_some_and(|key| *key != named) {
            return Err(format!("names another log's key than the one given: {named}"));
        }
        let is_known =
            matches!(named.signature_type(), SignatureType::Ed25519 | SignatureType::MlDsa44);
        if !is_known {
            return Err("the key that it names is no log's".to_owned());
        }
        note.verify(&named).map_err(|e| e.to_string())?;
        self.report.trusted |= trust.key.is_some();
        for signature in note.signatures.iter().filter(|s| s.name != named.name()) {
            self.report.cosigners.insert(Cosigner { name: signature.name.clone(), at: None });
        }
        self.verified.insert(seen);
        Ok(())
    }

    /// That a checkpoint is of a log of the policy, and cosigned by its quorum. The seal's own is younger than any
    /// cosignature can be: of that, only whose log it is.
    fn met(
        &mut self,
        note: &Note,
        policy: &Policy,
        key: Option<&VerifierKey>,
        is_seal: bool,
    ) -> Result<(), String> {
        let seen = (note.to_string(), String::new());
        if self.verified.contains(&seen) {
            return Ok(());
        }
        if is_seal {
            let origin = note.text.lines().next().unwrap_or("");
            let mut known = policy.logs.iter().map(|peer| &peer.key).chain(key).peekable();
            let is_known = known.peek().is_some();
            let mut named = known.filter(|key| key.name() == origin).peekable();
            let of_policy = named.peek().is_some() && named.all(|key| note.verify(key).is_ok());
            if is_known && !of_policy {
                return Err("is not signed by a log of the policy".to_owned());
            }
            return Ok(());
        }
        let verdict = policy.verify(note, key).map_err(|e| e.to_string())?;
        self.report.trusted = true;
        for (name, at) in verdict.witnesses {
            self.report.cosigners.remove(&Cosigner { name: name.clone(), at: None });
            self.report.cosigners.insert(Cosigner { name, at: Some(at) });
        }
        self.verified.insert(seen);
        Ok(())
    }

    /// The manifest against the seal. True if its list can be believed.
    fn manifest(&mut self, manifest: Option<&Manifest>, sealed: Option<&Sealed>) -> bool {
        let (Some(manifest), Some(sealed)) = (manifest, sealed) else { return false };
        let Some(bytes) = self.bytes(MANIFEST) else { return false };
        if Hash::of(bytes).to_hex() != sealed.pack {
            self.blame(MANIFEST, "is not the list that was put on record");
            return false;
        }
        if manifest.log.key != sealed.key || manifest.log.origin != sealed.checkpoint.origin {
            self.blame(MANIFEST, "names another log than the seal's record stands in");
            return false;
        }
        if sealed.tlp.as_ref().is_some_and(|tlp| *tlp != manifest.tlp) {
            self.blame(MANIFEST, "has another marking than was put on record");
            return false;
        }
        if manifest.format != FORMAT {
            self.blame(MANIFEST, "is of another form than this program verifies");
            return false;
        }
        true
    }

    /// The files against the list.
    fn listed(&mut self, manifest: &Manifest) {
        for listed in &manifest.files {
            let Some(bytes) = self.bytes(&listed.path) else { continue };
            if Hash::of(bytes).to_hex() != listed.sha256 || bytes.len() as u64 != listed.size {
                self.blame(&listed.path, "is not the file that was put on record");
            }
        }
        let listed: BTreeSet<&str> = manifest.files.iter().map(|f| f.path.as_str()).collect();
        let strangers = self.files.keys().filter(|p| !listed.contains(p.as_str()));
        for path in strangers.filter(|p| *p != MANIFEST && *p != SEAL).cloned().collect::<Vec<_>>()
        {
            self.blame(&path, "is not on the pack's list");
        }
    }

    /// The cited records: of those whose proofs hold, the fields that are shown.
    fn proofs(&mut self, sealed: Option<&Sealed>, trust: &Trust) -> BTreeMap<u64, Shown> {
        let mut proven = BTreeMap::new();
        let mut checkpoints: BTreeMap<u64, Checkpoint> = BTreeMap::new();
        for path in self.files.keys().filter(|path| path.starts_with(PROOFS)) {
            let Some(disclosure) = self.parse::<Disclosure>(path) else { continue };
            match self.proof(path, &disclosure, sealed, &mut checkpoints, trust) {
                Ok((index, shown)) => {
                    proven.insert(index, shown);
                }
                Err(reason) => self.blame(path, &reason),
            }
        }
        self.report.proofs = proven.len();
        proven
    }

    fn proof(
        &mut self,
        path: &str,
        disclosure: &Disclosure,
        sealed: Option<&Sealed>,
        known: &mut BTreeMap<u64, Checkpoint>,
        trust: &Trust,
    ) -> Result<(u64, Shown), String> {
        let Opened { index, checkpoint, entry } = disclosure.open().map_err(|e| e.to_string())?;
        if path != proof_path(index) {
            return Err(format!("proves record {index}, and its name says another"));
        }
        if sealed.is_some_and(|sealed| sealed.key != disclosure.log) {
            return Err("names another log's key than the seal".to_owned());
        }
        let note = LogProof::parse(&disclosure.proof).map_err(|e| e.to_string())?.checkpoint;
        self.signed(&note, &disclosure.log, trust)?;
        if let Some(policy) = &trust.policy {
            self.met(&note, policy, trust.key.as_ref(), false)?;
        }
        if known.get(&checkpoint.size) != Some(&checkpoint) {
            let sealed = sealed.ok_or("nothing says that its log is that of the seal")?;
            grows(&checkpoint, sealed)?;
            known.insert(checkpoint.size, checkpoint);
        }
        self.entries.insert(index, entry);
        let fields = disclosure.fields.iter();
        Ok((index, fields.map(|f| (f.path.clone(), f.value.clone())).collect()))
    }

    /// What the publication says that the log holds of records against what is proven.
    fn committed(&mut self, publication: &PublicationForm) {
        for committed in &publication.commitments {
            let said = from_hex(&committed.entry);
            let proven = self.entries.get(&committed.record).map(|entry| entry.to_vec());
            if said.is_none() || said != proven {
                let reason =
                    format!("says of record {} another entry than is proven", committed.record);
                self.blame(PUBLICATION, &reason);
            }
        }
    }

    /// What the formats say against the sentences.
    fn agree(&mut self, publication: &PublicationForm) {
        let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, sentence) in self.report.sentences.iter().enumerate() {
            named.entry(sentence.id.clone()).or_default().push(at);
        }
        for difference in agree::differences(self.files, publication) {
            self.blame(&difference.path, &difference.reason);
            let of = difference.claim.as_ref().and_then(|id| named.get(id));
            for at in of.into_iter().flatten() {
                let reason = format!("{} {}", difference.path, difference.reason);
                self.report.sentences[*at].wrong.push(reason);
            }
        }
    }
}

/// That a checkpoint is of the beginning of the seal's log.
fn grows(checkpoint: &Checkpoint, sealed: &Sealed) -> Result<(), String> {
    let whole = &sealed.checkpoint;
    if checkpoint.origin != whole.origin {
        return Err("is of another log than the seal".to_owned());
    }
    if checkpoint.size == whole.size {
        return match checkpoint.root == whole.root {
            true => Ok(()),
            false => Err("its log and the seal's are not the same".to_owned()),
        };
    }
    let hashes = sealed.growth.get(&checkpoint.size).map(Vec::as_slice);
    let hashes = hashes.ok_or("the seal does not say that its log grew to the seal's")?;
    let (old, new) = ((checkpoint.size, checkpoint.root), (whole.size, whole.root));
    match tree::verify_consistency(old, new, hashes) {
        true => Ok(()),
        false => Err("its log is not the beginning of the seal's".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_of_more_leaves_than_there_are_is_wrong_and_takes_no_memory() {
        for leaves in [0, 3, 1_u64 << 40, 1 << 62] {
            let proof = format!(
                r#"{{"format":"blanik-disclosure/v1","log":"x","fields":[],"leaves":{leaves},"hidden":[],"proof":""}}"#
            );
            let disclosure: Disclosure = serde_json::from_str(&proof).expect("JSON of its form");
            assert!(disclosure.verify().is_err(), "{leaves}");
        }
    }
}
