//! What others answer to what was published: STIX opinions about our objects ([`opinions`]), and checkpoints of our log that
//! they cosigned ([`cosigned`]). Nothing is believed here: who an identity is, and whether a signature holds, the caller says.

pub mod cosigned;

use std::collections::BTreeMap;

use blanik_model::record::Opined;
use blanik_model::text::is_unsafe_char;
use blanik_model::{Position, Timestamp};
use serde_json::Value;

use crate::intake::stix::level;

/// Opinions that are read of one file.
const OPINIONS_MAX: usize = 10_000;
/// Objects of one opinion that are looked at.
const ABOUT_MAX: usize = 1_000;
/// Characters of a name, of an object in words, and of a reason.
const NAME_CHARS_MAX: usize = 120;
const WORDS_CHARS_MAX: usize = 200;
const WHY_CHARS_MAX: usize = 4_000;
const ID_BYTES_MAX: usize = 128;

/// What was published from this log, by the ids that STIX has of it.
#[derive(Debug, Default)]
pub struct Ours {
    publications: Vec<Publication>,
}

/// Where something was published.
#[derive(Debug)]
struct Publication {
    record: u64,
    case: String,
    at: Timestamp,
    author: String,
    /// The name that it publishes under, without case.
    name: String,
    objects: BTreeMap<String, Subject>,
}

/// What a published object is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Subject {
    words: String,
    on_attribution: bool,
}

impl Ours {
    /// Adds a publication: its record's index, its case, when it was published, and its STIX bundle. Only what its author alone
    /// gives an id is ours: observables, places and definitions of markings have the same ids with everybody.
    pub fn add(&mut self, record: u64, case: &str, at: Timestamp, bundle: &Value) {
        let objects = bundle["objects"].as_array().map_or(&[][..], Vec::as_slice);
        let report = objects.iter().find(|o| o["type"] == "report");
        let author = report.map_or("", |report| text(report, "created_by_ref")).to_owned();
        let names: BTreeMap<&str, &str> =
            objects.iter().map(|o| (text(o, "id"), text(o, "name"))).collect();
        let name = folded(names.get(&*author).copied().unwrap_or_default());
        let is_ours = |o: &&Value| {
            !author.is_empty()
                && text(o, "created_by_ref") == author
                && text(o, "id") != author
                && !matches!(text(o, "type"), "location" | "marking-definition")
        };
        let of = |o: &Value| (text(o, "id").to_owned(), subject(o, &names));
        let objects = objects.iter().filter(is_ours).map(of).collect();
        let case = case.to_owned();
        self.publications.push(Publication { record, case, at, author, name, objects });
    }

    /// Whether nothing was published.
    pub fn is_empty(&self) -> bool {
        self.publications.is_empty()
    }

    /// The publication that somebody had before them who spoke of that object then: the newest of those that have it and were
    /// there, else the first.
    fn find(&self, id: &str, said: Timestamp) -> Option<(&Publication, &Subject)> {
        let mut all = self.publications.iter().filter_map(|p| Some((p, p.objects.get(id)?)));
        let first = all.next()?;
        let later = all.filter(|(p, _)| p.at <= said).max_by_key(|(p, _)| p.at);
        Some(later.filter(|(p, _)| p.at > first.0.at).unwrap_or(first))
    }

    fn has(&self, id: &str) -> bool {
        self.publications.iter().any(|p| p.objects.contains_key(id))
    }

    fn is_author(&self, id: &str) -> bool {
        self.publications.iter().any(|p| p.author == id)
    }

    /// Whether something was published under that name: nobody else is believed to bear it.
    fn is_name(&self, name: &str) -> bool {
        let name = folded(name);
        !name.is_empty() && self.publications.iter().any(|p| p.name == name)
    }
}

fn folded(name: &str) -> String {
    short(name, NAME_CHARS_MAX).to_lowercase()
}

/// Objects of a bundle in the words by which an opinion about them goes on record; none where these were cut off, and more
/// than one may have them.
pub(crate) fn in_words(objects: &[Value]) -> impl Iterator<Item = (&str, String)> {
    let names: BTreeMap<&str, &str> =
        objects.iter().map(|o| (text(o, "id"), text(o, "name"))).collect();
    let all = objects.iter().map(move |o| (text(o, "id"), subject(o, &names).words));
    all.filter(|(_, words)| words.chars().count() < WORDS_CHARS_MAX)
}

fn subject(object: &Value, names: &BTreeMap<&str, &str>) -> Subject {
    let name = |id: &str| names.get(id).copied().filter(|name| !name.is_empty()).map(str::to_owned);
    let ty = text(object, "type");
    let kind = text(object, "relationship_type");
    let end = |name_of: &str| {
        let id = text(object, name_of);
        name(id).unwrap_or_else(|| id.split("--").next().unwrap_or_default().to_owned())
    };
    let labels = object["labels"].as_array().map_or(&[][..], Vec::as_slice);
    let is_labelled = |words: &[&str]| labels.iter().any(|l| words.iter().any(|word| l == word));
    let words = match ty {
        "relationship" => format!("{} {kind} {}", end("source_ref"), end("target_ref")),
        "note" if is_labelled(&["claim"]) => {
            format!("sentence {}: {}", text(object, "abstract"), text(object, "content"))
        }
        "note" => format!("note: {}", text(object, "abstract")),
        _ => format!("{ty} {}", text(object, "name")),
    };
    let on_attribution = kind == "attributed-to"
        || matches!(ty, "intrusion-set" | "threat-actor")
        || is_labelled(&["attribution", "denial", "hypothesis"]);
    Subject { words: short(words.trim(), WORDS_CHARS_MAX), on_attribution }
}

/// An opinion about something of ours, and the case that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The case's name.
    pub case: String,
    /// What goes on record.
    pub opined: Opined,
}

/// Why an opinion is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Of what it is about, nothing was published from here.
    #[error("it is about nothing that was published from this workspace")]
    NotOurs,
    /// It does not say whose it is.
    #[error("it does not say who created it (created_by_ref)")]
    Nobody,
    /// It names an identity that did not come.
    #[error(
        "nobody is known as {0}: the identity that created it did not come with it, nor before"
    )]
    Stranger(String),
    /// Its creator has the id or bears the name of who publishes here.
    #[error("it is given out as the publisher's own")]
    OurName,
    /// It is no opinion of the standard.
    #[error("it is no opinion of STIX 2.1: {0}")]
    Malformed(&'static str),
    /// There are more than are read.
    #[error("more than {OPINIONS_MAX} opinions in one file; the rest is not read")]
    TooMany,
}

/// An opinion that is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Its id; of what has none, nothing.
    pub id: String,
    /// Why.
    pub reason: Reason,
}

/// What the opinions of a file come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Those about something of ours, one for each case that they are about.
    pub taken: Vec<Answer>,
    /// The others.
    pub left: Vec<Left>,
}

/// Identities of a bundle: id → name.
pub fn identities(objects: &[Value]) -> impl Iterator<Item = (&str, String)> {
    let all =
        objects.iter().filter(|o| o["type"] == "identity" && is_id(text(o, "id"), "identity"));
    let named = all.map(|o| (text(o, "id"), short(text(o, "name"), NAME_CHARS_MAX)));
    named.filter(|(_, name)| !name.is_empty())
}

/// Opinions about objects of ours. `source` is the record by which the file came in, `who` knows identities by their ids.
/// What we published ourselves, and now comes back, is no answer.
pub fn opinions(
    objects: &[Value],
    ours: &Ours,
    source: u64,
    who: &impl Fn(&str) -> Option<String>,
) -> Answers {
    let mut answers = Answers::default();
    let all = objects.iter().filter(|o| o["type"] == "opinion" && !ours.has(text(o, "id")));
    for (i, object) in all.enumerate() {
        let id = short(text(object, "id"), ID_BYTES_MAX);
        if i == OPINIONS_MAX {
            answers.left.push(Left { id, reason: Reason::TooMany });
            break;
        }
        match answer(object, ours, source, who) {
            Ok(taken) => answers.taken.extend(taken),
            Err(reason) => answers.left.push(Left { id, reason }),
        }
    }
    answers
}

fn answer(
    object: &Value,
    ours: &Ours,
    source: u64,
    who: &impl Fn(&str) -> Option<String>,
) -> Result<Vec<Answer>, Reason> {
    let id = text(object, "id");
    if !is_id(id, "opinion") {
        return Err(Reason::Malformed("its id is none of an opinion"));
    }
    let said = Timestamp::parse(text(object, "modified"));
    let said = said.ok_or(Reason::Malformed("modified is no time"))?;
    let position: Position = text(object, "opinion")
        .parse()
        .map_err(|_| Reason::Malformed("opinion is none of strongly-disagree to strongly-agree"))?;
    let refs = object["object_refs"].as_array().ok_or(Reason::Malformed("no object_refs"))?;
    let refs = refs.iter().take(ABOUT_MAX).filter_map(Value::as_str);
    let mut of: BTreeMap<u64, (&Publication, BTreeMap<&str, &Subject>)> = BTreeMap::new();
    for id in refs {
        if let Some((publication, subject)) = ours.find(id, said) {
            let (_, about) =
                of.entry(publication.record).or_insert_with(|| (publication, BTreeMap::new()));
            about.insert(id, subject);
        }
    }
    if of.is_empty() {
        return Err(Reason::NotOurs);
    }
    let identity = text(object, "created_by_ref");
    if identity.is_empty() {
        return Err(Reason::Nobody);
    }
    if ours.is_author(identity) {
        return Err(Reason::OurName);
    }
    let stranger = || Reason::Stranger(short(identity, ID_BYTES_MAX));
    let agency = who(identity).ok_or_else(stranger)?;
    if ours.is_name(&agency) {
        return Err(Reason::OurName);
    }
    let answer = |(on, (publication, about)): (u64, (&Publication, BTreeMap<&str, &Subject>))| {
        let opined = Opined {
            opinion: id.to_owned(),
            said,
            agency: agency.clone(),
            identity: identity.to_owned(),
            position,
            withdrawn: object["revoked"] == true,
            on,
            about: about.keys().map(|id| (*id).to_owned()).collect(),
            what: about.values().map(|subject| subject.words.clone()).collect(),
            on_attribution: about.values().any(|subject| subject.on_attribution),
            source,
            tlp: level(object),
            why: text(object, "explanation").chars().take(WHY_CHARS_MAX).collect(),
        };
        Answer { case: publication.case.clone(), opined }
    };
    Ok(of.into_iter().map(answer).collect())
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

/// `TYPE--` and a UUID: it goes on record, and is looked for in files.
fn is_id(id: &str, ty: &str) -> bool {
    let uuid = id.strip_prefix(ty).and_then(|rest| rest.strip_prefix("--"));
    uuid.is_some_and(|uuid| {
        uuid.len() == 36 && uuid.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
    })
}

/// Bounded, without what moves or hides text.
fn short(text: &str, chars_max: usize) -> String {
    let kept = text.chars().filter(|c| !is_unsafe_char(*c));
    kept.take(chars_max).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ALLY: &str = "identity--11111111-1111-4111-8111-111111111111";
    const US: &str = "identity--22222222-2222-4222-8222-222222222222";
    const CAMPAIGN: &str = "campaign--33333333-3333-4333-8333-333333333333";
    const LINK: &str = "relationship--44444444-4444-4444-8444-444444444444";
    const ACTOR: &str = "intrusion-set--55555555-5555-4555-8555-555555555555";
    const OPINION: &str = "opinion--66666666-6666-4666-8666-666666666666";

    fn bundle() -> Value {
        let ours = |id: &str, name: &str| json!({"type": id.split("--").next(), "id": id, "created_by_ref": US, "name": name});
        let mut link = ours(LINK, "");
        link["relationship_type"] = "attributed-to".into();
        (link["source_ref"], link["target_ref"]) = (CAMPAIGN.into(), ACTOR.into());
        let address =
            json!({"type": "ipv4-addr", "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4"});
        json!({"objects": [ours(US, "Us"), ours(CAMPAIGN, "Winter"), ours(ACTOR, "APT31"), link,
            ours("report--77777777-7777-4777-8777-777777777777", "Report"), address]})
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    fn ours() -> Ours {
        let mut ours = Ours::default();
        ours.add(40, "17", at("2025-05-01T00:00:00Z"), &bundle());
        ours.add(90, "17", at("2025-06-01T00:00:00Z"), &bundle());
        ours
    }

    fn opinion(change: impl Fn(&mut Value)) -> Value {
        let mut opinion = json!({"type": "opinion", "spec_version": "2.1", "id": OPINION, "created_by_ref": ALLY,
            "created": "2025-05-02T00:00:00.000Z", "modified": "2025-05-02T00:00:00.000Z",
            "opinion": "strongly-agree", "explanation": "so do we", "object_refs": [LINK]});
        change(&mut opinion);
        opinion
    }

    fn read(objects: &[Value]) -> Answers {
        let who = |id: &str| (id == ALLY).then(|| "CERT A".to_owned());
        opinions(objects, &ours(), 7, &who)
    }

    #[test]
    fn an_opinion_about_something_of_ours_is_taken_with_who_says_what_of_it() {
        let answers = read(&[opinion(|_| {})]);
        assert_eq!(answers.left, []);
        let [answer] = &answers.taken[..] else { panic!("{answers:?}") };
        let opined = &answer.opined;
        assert_eq!((&*answer.case, opined.on, opined.source), ("17", 40, 7));
        assert_eq!((&*opined.agency, opined.position), ("CERT A", Position::StronglyAgree));
        assert_eq!(opined.what, ["Winter attributed-to APT31"]);
        assert!(opined.on_attribution && !opined.withdrawn && opined.tlp.is_none());
        // Of two publications that have it, the one that they had before them.
        let later = read(&[opinion(|o| o["modified"] = "2025-06-02T00:00:00Z".into())]);
        assert_eq!(later.taken[0].opined.on, 90);
        let before = read(&[opinion(|o| o["modified"] = "2024-06-02T00:00:00Z".into())]);
        assert_eq!(before.taken[0].opined.on, 40);
        let campaign = read(&[opinion(|o| o["object_refs"] = json!([CAMPAIGN]))]);
        assert!(!campaign.taken[0].opined.on_attribution);
    }

    #[test]
    fn what_is_no_answer_is_left_with_its_reason() {
        let left = |change: &dyn Fn(&mut Value)| {
            let answers = read(&[opinion(change)]);
            assert_eq!(answers.taken, [], "{answers:?}");
            answers.left.into_iter().next().map(|left| left.reason)
        };
        let address = "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4";
        for strange in [address, US, OPINION, "", "x"] {
            assert_eq!(left(&|o| o["object_refs"] = json!([strange])), Some(Reason::NotOurs));
        }
        assert_eq!(left(&|o| o["created_by_ref"] = Value::Null), Some(Reason::Nobody));
        assert_eq!(left(&|o| o["created_by_ref"] = US.into()), Some(Reason::OurName));
        let as_us = opinions(&[opinion(|_| {})], &ours(), 7, &|_| Some(" us".to_owned()));
        assert_eq!(as_us.left.into_iter().map(|l| l.reason).next(), Some(Reason::OurName));
        let stranger = |o: &mut Value| o["created_by_ref"] = "identity--x\u{202e}".into();
        assert_eq!(left(&stranger), Some(Reason::Stranger("identity--x".into())));
        for (name, value) in [
            ("opinion", json!("perhaps")),
            ("opinion", json!(5)),
            ("modified", json!("yesterday")),
            ("object_refs", json!(LINK)),
            ("id", json!("opinion--../../x")),
        ] {
            let reason = left(&|o| o[name] = value.clone());
            assert!(matches!(reason, Some(Reason::Malformed(_))), "{name}: {reason:?}");
        }
        // What we published ourselves comes back with what others add to it.
        assert_eq!(left(&|o| o["id"] = CAMPAIGN.into()), None);
    }

    #[test]
    fn markings_are_kept_and_unknown_ones_are_the_strictest() {
        use blanik_model::Tlp;
        let marked = |ids: Value| {
            read(&[opinion(|o| o["object_marking_refs"] = ids.clone())]).taken[0].opined.tlp
        };
        let green = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb";
        assert_eq!(marked(json!([green])), Some(Tlp::Green));
        assert_eq!(marked(json!([green, "marking-definition--x"])), Some(Tlp::Red));
        assert_eq!(marked(json!(green)), Some(Tlp::Red));
        assert_eq!(marked(json!([])), None);
    }
}
