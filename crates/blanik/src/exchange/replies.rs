//! Answers to what was published, in files that were taken in: allies' opinions go on record in the case that they are about, and
//! cosigned checkpoints of our log are kept. The file's digest is on record before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use blanik_evidence::{Hash, Note, SigningKey, Workspace};
use blanik_model::record::{Learnt, Opined, Published};
use blanik_model::text::for_terminal;
use blanik_model::{Fact, Record, Timestamp};
use blanik_share::reply::{self, Answer, Left, Ours, Reason, cosigned};
use blanik_verify::container;
use blanik_verify::form::{MANIFEST, Manifest, STIX};
use serde_json::Value;

use crate::attribute::intel;
use crate::evidence;
use crate::evidence::allies;

/// Where a workspace keeps the packs that it published, each under the digest that is on record.
const FOLDER: &str = "published";
/// Words that a file has which may hold an answer.
const OPINION: &str = "\"opinion\"";
const IDENTITY: &str = "\"identity\"";
const ARTIFACT: &str = "\"artifact\"";

/// Where a published pack is kept.
pub fn pack_path(workspace: &Path, digest: &str) -> PathBuf {
    workspace.join(FOLDER).join(format!("{digest}.zip"))
}

/// A file that is on record: its index, and what the record says.
pub type File<'f> = (u64, &'f Learnt);

/// Takes answers from all files that are on record. Of those that came now (`came`), what is not taken is told; older ones may
/// hold opinions of an identity that came later.
///
/// # Errors
/// If the workspace cannot be read or written to.
pub fn take(workspace: &Path, key: &SigningKey, files: &[File<'_>], came: &[u64]) -> Result<()> {
    let mut replies = Replies { workspace, ours: None, on_record: OnRecord::default() };
    let mut waiting: Vec<Waiting<'_>> = Vec::new();
    let mut taken = Vec::new();
    for (index, learnt) in files {
        let is_new = came.contains(index);
        let text = match intel::text_of(workspace, *index, learnt) {
            Ok(text) => text,
            Err(error) if is_new => return Err(error),
            // An older one that is gone or damaged is told by what rests on it.
            Err(_) => continue,
        };
        let (may_opine, may_sign) = (text.contains(OPINION), is_new && text.contains(ARTIFACT));
        if !(may_opine || may_sign) {
            continue;
        }
        let Some(objects) = objects(&text) else { continue };
        if may_sign {
            replies.cosigned(&objects)?;
        }
        if !may_opine {
            continue;
        }
        let known: BTreeMap<&str, String> = reply::identities(&objects).collect();
        let who = |id: &str| known.get(id).cloned();
        let answers = reply::opinions(&objects, replies.ours()?, *index, &who);
        taken.extend(answers.taken);
        for left in answers.left {
            waiting.push(Waiting { left, learnt, index: *index, is_new });
        }
    }
    let strangers = replies.strangers(files, &waiting);
    let mut found: BTreeMap<u64, BTreeSet<&str>> = BTreeMap::new();
    for one in &waiting {
        if matches!(&one.left.reason, Reason::Stranger(id) if strangers.contains_key(id)) {
            found.entry(one.index).or_default().insert(&one.left.id);
        }
    }
    for (index, learnt) in files {
        let Some(ids) = found.get(index) else { continue };
        let objects = objects(&intel::text_of(workspace, *index, learnt)?).unwrap_or_default();
        let is_found = |o: &Value| o["id"].as_str().is_some_and(|id| ids.contains(id));
        let only: Vec<Value> = objects.into_iter().filter(is_found).collect();
        let who = |id: &str| strangers.get(id).cloned();
        taken.extend(reply::opinions(&only, replies.ours()?, *index, &who).taken);
    }
    let is_left = |one: &&Waiting<'_>| match &one.left.reason {
        Reason::Stranger(id) => one.is_new && !strangers.contains_key(id),
        _ => one.is_new,
    };
    tell(waiting.iter().filter(is_left), replies.lost());
    replies.record(key, taken, files)
}

/// Takes the cosigned checkpoints of our log from files that are on record, once more.
///
/// # Errors
/// If the workspace cannot be read or written to.
pub fn cosigned_again<'f>(workspace: &Path, files: impl Iterator<Item = File<'f>>) -> Result<()> {
    let replies = Replies { workspace, ours: None, on_record: OnRecord::default() };
    for (index, learnt) in files {
        // One that is gone or damaged is told by what rests on it.
        let Ok(text) = intel::text_of(workspace, index, learnt) else { continue };
        if text.contains(ARTIFACT) {
            replies.cosigned(&objects(&text).unwrap_or_default())?;
        }
    }
    Ok(())
}

/// An opinion that was not taken at first sight.
struct Waiting<'f> {
    left: Left,
    learnt: &'f Learnt,
    index: u64,
    is_new: bool,
}

/// An opinion, who created it, and the record of the publication that it is about: nobody else has versions of it.
type Version = (String, String, u64);

fn version(opined: &Opined) -> Version {
    (opined.opinion.clone(), opined.identity.clone(), opined.on)
}

/// What is on record of publications and of what was said of them.
#[derive(Default)]
struct OnRecord {
    published: Vec<(u64, String, Timestamp, Published)>,
    opined: BTreeSet<(Version, Timestamp)>,
    /// With the file that brought each first.
    opinions: BTreeMap<Version, u64>,
    /// Publications whose packs are not kept.
    lost: Vec<u64>,
}

struct Replies<'w> {
    workspace: &'w Path,
    ours: Option<Ours>,
    on_record: OnRecord,
}

impl Replies<'_> {
    /// Checkpoints of our log that others signed.
    fn cosigned(&self, objects: &[Value]) -> Result<()> {
        let reader = evidence::reader(self.workspace)?;
        for text in cosigned::notes(objects, reader.key().name()) {
            let known = allies::known_keys(self.workspace, None)?;
            let kept = Note::parse(&text).map_err(anyhow::Error::from);
            let kept = kept.and_then(|note| allies::take_back(&reader, &note, &known));
            if let Err(error) = kept {
                eprintln!("blanik: not kept: {}", for_terminal(&format!("{error:#}")));
            }
        }
        Ok(())
    }

    /// What was published, once it is asked for.
    fn ours(&mut self) -> Result<&Ours> {
        if self.ours.is_none() {
            self.on_record = OnRecord::of(self.workspace)?;
            let mut ours = Ours::default();
            let mut lost = Vec::new();
            for (index, case, at, published) in &self.on_record.published {
                match bundle(&pack_path(self.workspace, &published.pack), &published.pack) {
                    Ok(bundle) => ours.add(*index, case, *at, &bundle),
                    Err(_) => lost.push(*index),
                }
            }
            self.on_record.lost = lost;
            self.ours = Some(ours);
        }
        Ok(self.ours.as_ref().expect("it was made"))
    }

    fn lost(&self) -> &[u64] {
        &self.on_record.lost
    }

    /// Names of identities that are not in the opinion's own file, from the others.
    fn strangers(&self, files: &[File<'_>], waiting: &[Waiting<'_>]) -> BTreeMap<String, String> {
        let named = waiting.iter().filter_map(|one| match &one.left.reason {
            Reason::Stranger(id) => Some(id.clone()),
            _ => None,
        });
        let missing: BTreeSet<String> = named.collect();
        let mut found = BTreeMap::new();
        // The newest file first: of a name that changed, the newer counts.
        for (index, learnt) in files.iter().rev() {
            if found.len() == missing.len() {
                break;
            }
            let Ok(text) = intel::text_of(self.workspace, *index, learnt) else { continue };
            if !text.contains(IDENTITY) {
                continue;
            }
            let objects = objects(&text).unwrap_or_default();
            for (id, name) in reply::identities(&objects).filter(|(id, _)| missing.contains(*id)) {
                found.entry(id.to_owned()).or_insert(name);
            }
        }
        found
    }

    /// Puts on record what is not there yet. Who created an opinion stands in it unsigned: of what an exchange brings, a further
    /// version counts only from where the first came. Who takes a file in by hand says so themselves.
    fn record(&self, key: &SigningKey, mut taken: Vec<Answer>, files: &[File<'_>]) -> Result<()> {
        let sources: BTreeMap<u64, &Learnt> = files.iter().copied().collect();
        let source = |index: u64| sources.get(&index).map(|learnt| learnt.source.as_str());
        // A file without a source bears its own name as one.
        let by_hand = |index: u64| sources.get(&index).is_some_and(|of| of.source == of.name);
        let at = evidence::now()?;
        let on_record = &self.on_record;
        taken.sort_by(|a, b| {
            (a.opined.said, &a.opined.opinion).cmp(&(b.opined.said, &b.opined.opinion))
        });
        let (mut seen, mut known) = (on_record.opined.clone(), on_record.opinions.clone());
        taken.retain(|Answer { opined, .. }| {
            let own = version(opined);
            let first = known.get(&own).copied();
            let is_elsewhere = first.is_some_and(|first| source(first) != source(opined.source));
            if is_elsewhere && !by_hand(opined.source) {
                // What is on record came by another way; the same word by two ways is no news.
                if !seen.contains(&(own, opined.said)) {
                    let said = format!("{} is not taken: another source's version", said(opined));
                    eprintln!("blanik: {}", for_terminal(&said));
                }
                return false;
            }
            // Who takes back what never came, said nothing.
            let says = !opined.withdrawn || first.is_some();
            says && seen.insert((own.clone(), opined.said)) && {
                known.entry(own).or_insert(opined.source);
                true
            }
        });
        if taken.is_empty() {
            return Ok(());
        }
        let record = |answer: &Answer| {
            let fact = Fact::Opined(Box::new(answer.opined.clone()));
            let record = Record { case: answer.case.clone(), at, by: key.name().to_owned(), fact };
            serde_json::to_string(&record)
        };
        let lines: Vec<String> = taken.iter().map(record).collect::<Result<_, _>>()?;
        let mut open = Workspace::open_with(self.workspace, key.clone())?;
        let indexes = open.append_json(&lines)?;
        for (index, Answer { case, opined }) in indexes.zip(&taken) {
            println!(
                "record {index}  {} (case {})",
                for_terminal(&said(opined)),
                for_terminal(case)
            );
        }
        Ok(())
    }
}

/// An opinion on one line.
pub fn said(opined: &Opined) -> String {
    let word = if opined.withdrawn { "takes back its opinion" } else { opined.position.as_str() };
    let what = match &opined.what[..] {
        [] => "what was published".to_owned(),
        [one] => one.clone(),
        [first, more @ ..] => format!("{first} and {} more", more.len()),
    };
    format!("{}, {}: {word} on \"{what}\"", opined.agency, opined.said)
}

impl OnRecord {
    fn of(workspace: &Path) -> Result<OnRecord> {
        let mut all = OnRecord::default();
        for unsealed in evidence::reader(workspace)?.unsealed() {
            let unsealed = unsealed.context("the log is damaged: `blanik verify` says where")?;
            // Most records are findings: only what can be it is read as JSON.
            let may =
                ["\"published\"", "\"opined\""].iter().any(|word| unsealed.record.contains(word));
            if !may {
                continue;
            }
            let record: Record = serde_json::from_str(&unsealed.record)
                .with_context(|| format!("record {} of the log", unsealed.index))?;
            match record.fact {
                Fact::Published(published) => {
                    all.published.push((unsealed.index, record.case, record.at, published));
                }
                Fact::Opined(opined) => {
                    all.opinions.entry(version(&opined)).or_insert(opined.source);
                    all.opined.insert((version(&opined), opined.said));
                }
                _ => {}
            }
        }
        Ok(all)
    }
}

/// The STIX bundle of a pack, if it is the pack that is on record.
fn bundle(path: &Path, digest: &str) -> Result<Value> {
    let files = container::read(&fs::read(path)?)?;
    let file = |name: &str| {
        let content = files.get(name).with_context(|| format!("{name} is not in it"))?;
        content.as_ref().map_err(|error| anyhow::anyhow!("{name}: {error}"))
    };
    let manifest = file(MANIFEST)?;
    ensure!(Hash::of(manifest).to_hex() == digest, "it is another pack than is on record");
    let manifest: Manifest = serde_json::from_slice(manifest)?;
    let bytes = file(STIX)?;
    let listed = manifest.files.iter().find(|listed| listed.path == STIX);
    let is_listed = listed.is_some_and(|listed| listed.sha256 == Hash::of(bytes).to_hex());
    ensure!(is_listed, "its bundle is another than is on record");
    Ok(serde_json::from_slice(bytes)?)
}

/// The objects of a bundle; none if it is none.
fn objects(text: &str) -> Option<Vec<Value>> {
    match serde_json::from_str::<Value>(text).ok()? {
        Value::Object(mut bundle) => match bundle.remove("objects")? {
            Value::Array(objects) => Some(objects),
            _ => None,
        },
        _ => None,
    }
}

/// Opinions that are told one by one.
const LEFT_SHOWN: usize = 20;

fn tell<'l>(left: impl Iterator<Item = &'l Waiting<'l>>, lost: &[u64]) {
    let left: Vec<&Waiting<'_>> = left.collect();
    for one in left.iter().take(LEFT_SHOWN) {
        let said =
            format!("{}: {} is not taken: {}", one.learnt.name, one.left.id, one.left.reason);
        eprintln!("blanik: {}", for_terminal(&said));
    }
    if left.len() > LEFT_SHOWN {
        eprintln!("blanik: and {} more opinions are not taken", left.len() - LEFT_SHOWN);
    }
    let of_nothing = left.iter().any(|one| one.left.reason == Reason::NotOurs);
    if of_nothing && !lost.is_empty() {
        let lost: Vec<String> = lost.iter().map(u64::to_string).collect();
        eprintln!(
            "blanik: the packs of records {} are not in {FOLDER}/: opinions about what only they have are not known",
            lost.join(", ")
        );
    }
}
