//! A case in a few sentences a chapter, for those who look at it for the first time: the story, how far it reaches,
//! what was taken. Every sentence rests on records; `show` has all of them.

use std::collections::BTreeMap;

use blanik_case::exposure::Exposure;
use blanik_case::scope::Standing;
use blanik_case::{Citations, EntityKind, Sentence, View};

use super::text;

/// Sentences of a chapter of the story.
const STORY_MAX: usize = 4;
/// Names in a sentence.
const NAMES_MAX: usize = 12;
/// Things taken that have a sentence of their own, of each kind.
const TAKEN_MAX: usize = 4;

/// A heading and its sentences.
pub struct Chapter {
    /// The heading: no sentence, and says nothing of the case.
    pub title: &'static str,
    /// What it says, each with the records it rests on.
    pub sentences: Vec<Sentence>,
}

/// The chapters of an intrusion that have something to say.
pub fn chapters(view: &View) -> Vec<Chapter> {
    let story = &view.timeline.story;
    let few = |sentences: &[Sentence]| once(sentences).take(STORY_MAX).cloned().collect();
    let chapters = [
        ("How they came in", few(&story.came_in)),
        ("How they moved", few(&story.moved)),
        ("How they stayed", few(&story.stayed)),
        ("What they did in the end", ends(&story.left)),
        ("How far it reaches", scope(view)),
        ("What was taken", taken(view)),
    ];
    let chapter = |(title, sentences)| Chapter { title, sentences };
    chapters.map(chapter).into_iter().filter(|c| !c.sentences.is_empty()).collect()
}

/// Of sentences that rest on the same, the first.
fn once(sentences: &[Sentence]) -> impl Iterator<Item = &Sentence> {
    let is_first =
        |i: usize, s: &Sentence| !sentences[..i].iter().any(|o| o.rests_on() == s.rests_on());
    sentences.iter().enumerate().filter(move |(i, s)| is_first(*i, s)).map(|(_, s)| s)
}

/// The last of them: the end is what the chapter is about.
fn ends(sentences: &[Sentence]) -> Vec<Sentence> {
    let once: Vec<&Sentence> = once(sentences).collect();
    once[once.len().saturating_sub(STORY_MAX)..].iter().map(|s| (*s).clone()).collect()
}

/// Hosts, accounts and mailboxes by what is held of them, a sentence each.
fn scope(view: &View) -> Vec<Sentence> {
    let mut of: BTreeMap<(EntityKind, Standing), Vec<(&str, &Citations)>> = BTreeMap::new();
    for scoped in &view.scope {
        let named = (&*scoped.entity.name, scoped.why.rests_on());
        of.entry((scoped.entity.kind, scoped.standing)).or_default().push(named);
    }
    let sentence = |((kind, standing), of): ((EntityKind, Standing), Vec<(&str, &Citations)>)| {
        let names = listed(of.iter().map(|(name, _)| *name).collect());
        let why = match standing {
            Standing::Confirmed => "the intruder was there",
            Standing::Suspected => "the intruder may have been there",
            Standing::Open => "neither confirmed nor cleared",
            Standing::Cleared => "watched, and nothing there stands out",
        };
        let text = format!(
            "{} {} {} ({why}): {names}.",
            of.len(),
            kind_of(kind, of.len()),
            standing.as_str()
        );
        Some(Sentence::new(text, Citations::join(of.iter().map(|(_, rests_on)| *rests_on))?))
    };
    of.into_iter().filter_map(sentence).collect()
}

fn kind_of(kind: EntityKind, count: usize) -> String {
    let plural = match kind {
        EntityKind::Process | EntityKind::Address | EntityKind::Mailbox => "es",
        _ => "s",
    };
    format!("{}{}", kind.as_str(), if count == 1 { "" } else { plural })
}

fn listed(names: Vec<&str>) -> String {
    let shown = names.iter().take(NAMES_MAX).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        n if n > NAMES_MAX => format!("{shown} and {} more", n - NAMES_MAX),
        _ => shown,
    }
}

/// What is confirmed to be taken, the most first; of the rest how much there is of it.
fn taken(view: &View) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    for act in ["mail", "file", "archive", "outbound"] {
        let mut of: Vec<&Exposure> = view.exposure.iter().filter(|e| e.act == act).collect();
        let sure = |e: &Exposure| (e.bytes.confirmed, e.items.confirmed);
        of.sort_by_key(|e| (std::cmp::Reverse(sure(e)), &e.object));
        let named = of.iter().filter(|e| sure(e) != (0, 0)).take(TAKEN_MAX).count();
        let (named, rest) = of.split_at(named);
        let rests_on = |e: &Exposure| Citations::join(e.why.iter().map(Sentence::rests_on));
        let one =
            |e: &&Exposure| Some(Sentence::new(format!("{}.", text::exposed(e)), rests_on(e)?));
        sentences.extend(named.iter().filter_map(one));
        let all: Vec<Citations> = rest.iter().filter_map(|e| rests_on(e)).collect();
        if let Some(rests_on) = Citations::join(&all) {
            let text = format!("{act}: {} more objects may have been reached.", rest.len());
            sentences.push(Sentence::new(text, rests_on));
        }
    }
    sentences
}
