//! When what happened: the steps of an intrusion by tactic and host, its quiet periods, and how they
//! came in, moved, stayed and left.

use std::collections::{BTreeMap, BTreeSet};

use blanik_model::attack::TACTICS;
use blanik_model::{Level, Timestamp};
use serde::Serialize;

use crate::case::Case;
use crate::citation::{Citations, Sentence};
use crate::intrusion::Intrusion;
use crate::link::{Logon, Reason};
use crate::observation::Observation;
use crate::place::Site;

/// Nanoseconds without a step from which on an intrusion rests.
const QUIET_NS: i64 = 12 * 3600 * 1_000_000_000;
/// Sentences of a chapter: more say nothing new.
const SENTENCES_MAX: usize = 12;

/// What happened, in order.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Timeline {
    /// The first step.
    pub first: Timestamp,
    /// The last step.
    pub last: Timestamp,
    /// All steps, by time.
    pub steps: Vec<Step>,
    /// When nothing was seen for half a day and more.
    pub quiet: Vec<Quiet>,
    /// The story in four chapters.
    pub story: Story,
}

/// One observation as a step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Position among the case's observations.
    pub observation: usize,
    /// When it began.
    pub first: Timestamp,
    /// When it ended.
    pub last: Timestamp,
    /// Where.
    pub host: String,
    /// The tactic that it counts for: the earliest of the rule's that comes after those before, else
    /// its first. An index into `model::attack::TACTICS`.
    pub tactic: Option<usize>,
    /// How bad.
    pub level: Level,
    /// True if it is tied to the others, not only of the same time.
    pub core: bool,
    /// What was found.
    pub what: Sentence,
}

/// Nothing was seen between two steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quiet {
    /// The step before.
    pub from: Timestamp,
    /// The step behind.
    pub to: Timestamp,
    /// As a sentence, resting on both.
    pub what: Sentence,
}

/// How they came in, moved, stayed and left.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Story {
    /// The way in.
    pub came_in: Vec<Sentence>,
    /// From host to host.
    pub moved: Vec<Sentence>,
    /// What lets them come back.
    pub stayed: Vec<Sentence>,
    /// What they took or broke, and the last that was seen.
    pub left: Vec<Sentence>,
}

/// `3 days`, for sentences.
pub fn span(seconds: i64) -> String {
    let (n, unit) = match seconds.abs() {
        s if s < 120 => (s, "second"),
        s if s < 7_200 => (s / 60, "minute"),
        s if s < 172_800 => (s / 3_600, "hour"),
        s => (s / 86_400, "day"),
    };
    format!("{n} {unit}{}", if n == 1 { "" } else { "s" })
}

impl Case {
    /// The timeline of an intrusion.
    pub fn timeline(&self, intrusion: &Intrusion) -> Timeline {
        let of = |i: &usize| &self.observations[*i];
        let steps: Vec<Step> = intrusion
            .observations
            .iter()
            .map(|i| step(*i, of(i), intrusion.core.contains(i)))
            .collect();
        let first = steps.iter().map(|s| s.first).min().expect("an intrusion has observations");
        let last = steps.iter().map(|s| s.last).max().expect("an intrusion has observations");
        Timeline { first, last, quiet: quiet(&steps), story: self.story(intrusion), steps }
    }

    fn story(&self, intrusion: &Intrusion) -> Story {
        let of: Vec<&Observation> =
            intrusion.observations.iter().map(|i| &self.observations[*i]).collect();
        let core: Vec<&Observation> =
            intrusion.core.iter().map(|i| &self.observations[*i]).collect();
        Story {
            came_in: came_in(&core, &of),
            moved: self.moved(intrusion, &core),
            stayed: about(&of, &["persistence"]),
            left: left(&of),
        }
    }
}

impl Case {
    /// Each place with the first finding on it, each logon that leads from one to another, and what was
    /// found of moving; by time.
    fn moved(&self, intrusion: &Intrusion, core: &[&Observation]) -> Vec<Sentence> {
        let mut first: BTreeMap<&str, &Observation> = BTreeMap::new();
        for o in core.iter().filter(|o| o.site != Site::Elsewhere) {
            first.entry(&o.host).or_insert(o);
        }
        let mut places: Vec<&Observation> = first.into_values().collect();
        places.sort_by_key(|o| (o.first, &o.host));
        let said = |(i, o): (usize, &Observation)| {
            let word = if i == 0 { "First seen on" } else { "Then seen on" };
            let text = format!("{word} {}: {}", o.host, found(o));
            (o.first, Sentence::new(at(o.first, &text), o.rests_on.clone()))
        };
        let mut told: Vec<(Timestamp, Sentence)> =
            places.into_iter().enumerate().map(said).take(2 * SENTENCES_MAX).collect();
        told.extend(logons(intrusion).into_iter().take(2 * SENTENCES_MAX));
        told.sort_by_key(|(time, _)| *time);
        let mut sentences: Vec<Sentence> = told.into_iter().map(|(_, said)| said).collect();
        sentences.extend(about(core, &["lateral-movement"]));
        sentences
    }
}

/// The logons that tie, each way once.
fn logons(intrusion: &Intrusion) -> Vec<(Timestamp, Sentence)> {
    let mut ways: BTreeMap<(&str, &str, &str), &Logon> = BTreeMap::new();
    for link in &intrusion.links {
        if let Reason::Route(logon) = &link.reason {
            let way = ways.entry((&logon.from, &logon.to, &logon.account)).or_insert(logon);
            if logon.at < way.at {
                *way = logon;
            }
        }
    }
    let said = |logon: &&Logon| {
        let text = format!("{} logged on from {} to {}.", logon.account, logon.from, logon.to);
        (logon.at, Sentence::new(at(logon.at, &text), Citations::one(logon.record)))
    };
    ways.values().map(said).collect()
}

fn step(observation: usize, o: &Observation, core: bool) -> Step {
    Step {
        observation,
        first: o.first,
        last: o.last,
        host: o.host.clone(),
        tactic: o.tactics.first().copied(),
        level: o.level,
        core,
        what: Sentence::new(found(o), o.rests_on.clone()),
    }
}

/// `"…" was found 3 times on web01.`
fn found(o: &Observation) -> String {
    let times = if o.findings == 1 { String::new() } else { format!(" {} times", o.findings) };
    let host = if o.host == "-" { String::new() } else { format!(" on {}", o.host) };
    let accounts = o.entities.iter().filter(|e| e.kind == crate::EntityKind::Account);
    let by = accounts.map(|e| &*e.name).take(2).collect::<Vec<_>>().join(", ");
    let by = if by.is_empty() { by } else { format!(" (account {by})") };
    format!("\"{}\" was found{times}{host}{by}.", o.title)
}

fn at(time: Timestamp, text: &str) -> String {
    format!("{}: {text}", time.to_seconds_string())
}

fn quiet(steps: &[Step]) -> Vec<Quiet> {
    let mut quiet = Vec::new();
    let mut reached: Option<&Step> = None;
    for step in steps {
        if let Some(before) = reached {
            let rest = step.first.as_nanos().saturating_sub(before.last.as_nanos());
            if rest >= QUIET_NS {
                let text = format!("Nothing was seen for {}.", span(rest / 1_000_000_000));
                let both = [before.what.rests_on(), step.what.rests_on()];
                let rests_on = Citations::join(both).expect("both rest on findings");
                quiet.push(Quiet {
                    from: before.last,
                    to: step.first,
                    what: Sentence::new(text, rests_on),
                });
            }
        }
        if reached.is_none_or(|before| step.last >= before.last) {
            reached = Some(step);
        }
    }
    quiet
}

fn has(o: &Observation, slugs: &[&str]) -> bool {
    o.tactics.iter().any(|t| slugs.contains(&TACTICS[*t].0))
}

/// What of those tactics was found, each rule on each host once.
fn about(of: &[&Observation], slugs: &[&str]) -> Vec<Sentence> {
    let mut seen = BTreeSet::new();
    let mut said = Vec::new();
    for o in of.iter().filter(|o| has(o, slugs)) {
        if said.len() < SENTENCES_MAX && seen.insert((o.name(), &o.host)) {
            said.push(Sentence::new(at(o.first, &found(o)), o.rests_on.clone()));
        }
    }
    said
}

fn came_in(core: &[&Observation], of: &[&Observation]) -> Vec<Sentence> {
    let ways = about(of, &["initial-access"]);
    if !ways.is_empty() {
        return ways;
    }
    let said = |o: &&Observation| {
        let text = format!("No finding says how they came in; the first is: {}", found(o));
        Sentence::new(at(o.first, &text), o.rests_on.clone())
    };
    core.first().map(said).into_iter().collect()
}

fn left(of: &[&Observation]) -> Vec<Sentence> {
    let mut sentences = about(of, &["collection", "exfiltration", "impact"]);
    if let Some(last) = of.iter().max_by_key(|o| (o.last, &o.host)) {
        let text = format!("The last that was seen: {}", found(last));
        sentences.push(Sentence::new(at(last.last, &text), last.rests_on.clone()));
    }
    sentences
}
