//! How well the case tells the exercise's intrusions: which found intrusion is whose, whether each is one
//! intruder's alone, and whether its steps, hosts, ways and times are those of the key. What was taken stands in
//! [`taken`]. All of it is computed from the key, the findings' places and what the case shows.

pub mod taken;
mod told;

use std::collections::{BTreeMap, BTreeSet};

use blanik_case::entity;
use blanik_case::link::{Link, Reason};
use blanik_case::order::spearman;
use blanik_case::{Case, Site, View};
use blanik_model::{Fact, Finding, Record};
use serde::Serialize;

use super::answer::{AnswerKey, Intrusion, Step};
use super::score::Index;
use taken::OfTaken;
pub use told::tell;

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseScore {
    /// The intrusions of the case.
    pub found: Vec<Found>,
    /// The intruders of the key.
    pub intruders: Vec<OfIntruder>,
    /// Clocks that the key or the case says are wrong.
    pub clocks: Vec<OfClock>,
}

/// A clock that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfClock {
    /// The host.
    pub host: String,
    /// By how much it is ahead, in truth.
    pub truth_ms: i64,
    /// What the case says, by each host that it is held against.
    pub told_ms: Vec<i64>,
}

impl CaseScore {
    /// Numbers of intrusions that hold what several intruders did.
    pub fn mixed(&self) -> Vec<usize> {
        let several = |of: &&Found| of.intruders.len() > 1;
        self.found.iter().filter(several).map(|of| of.number).collect()
    }
}

/// An intrusion of the case, and whose its observations are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// Its number in the case.
    pub number: usize,
    /// Its observations.
    pub observations: u64,
    /// Those that rest on records of an intruder, by intruder.
    pub intruders: BTreeMap<String, u64>,
}

/// How well the case tells what one intruder did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OfIntruder {
    /// `A` or `B`.
    pub intruder: String,
    /// Observations that rest on their records.
    pub observations: u64,
    /// The intrusion that holds most of these; what follows is about it.
    pub main: Option<Main>,
    /// Steps that have a finding.
    pub steps_found: u64,
    /// Of these, those with a finding in any intrusion that is mostly theirs.
    pub steps_told: u64,
    /// Those that no such intrusion has, though a finding points to them.
    pub steps_left_out: Vec<String>,
    /// What was taken, against the key.
    pub taken: Vec<OfTaken>,
}

/// What the intrusion that holds most of an intruder's observations says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Main {
    /// Its number in the case.
    pub number: usize,
    /// How many of the intruder's observations it holds.
    pub observations: u64,
    /// The share of its observations that are the intruder's.
    pub purity: f64,
    /// Its machines and accounts of services, against those of the key's steps that a log tells of.
    pub hosts: Hosts,
    /// From machine to machine.
    pub ways: Ways,
    /// Spearman's rank correlation of its steps' times with the key's order.
    pub order: Option<f64>,
    /// Seconds by which its first step lies behind the key's first.
    pub first_late_s: i64,
    /// Seconds by which its last step lies behind the key's last.
    pub last_late_s: i64,
}

/// Hosts named, against those that are true.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Hosts {
    /// Named and true.
    pub right: Vec<String>,
    /// Named, and no step's own place, though a finding there is about a step: a VPN's log of who then logs on behind it.
    pub traced: Vec<String>,
    /// Named and not true.
    pub wrong: Vec<String>,
    /// True and not named.
    pub missed: Vec<String>,
}

/// Ways from machine to machine, each told by a logon that ties, against those of the key's steps that a log tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ways {
    /// Told and true.
    pub right: Vec<String>,
    /// Told and not true.
    pub wrong: Vec<String>,
    /// True and not told.
    pub missed: Vec<String>,
}

/// Holds the case, made of these records, against the key.
pub fn score(key: &AnswerKey, records: &[(u64, Record)], case: &Case, views: &[View]) -> CaseScore {
    let pointed = Pointed::of(key, records, case);
    let found: Vec<Found> = case
        .intrusions
        .found
        .iter()
        .enumerate()
        .map(|(i, x)| pointed.whose(i + 1, &x.observations))
        .collect();
    let intruder = |(i, of): (usize, &Intrusion)| {
        let first = key.intrusions[..i].iter().map(|of| of.steps.len()).sum();
        OneOf { key: of, first, pointed: &pointed, case, found: &found, views }.score()
    };
    let intruders = key.intrusions.iter().enumerate().map(intruder).collect();
    CaseScore { found, intruders, clocks: clocks(key, case) }
}

fn clocks(key: &AnswerKey, case: &Case) -> Vec<OfClock> {
    let mut clocks: BTreeMap<String, OfClock> = BTreeMap::new();
    let new = |host: &str, truth_ms| OfClock { host: host.to_owned(), truth_ms, told_ms: vec![] };
    for of in &key.clocks {
        let host = entity::host(&of.host);
        clocks.insert(host.clone(), new(&host, of.ahead_ms));
    }
    for of in &case.clocks {
        let clock = clocks.entry(of.host.clone()).or_insert_with(|| new(&of.host, 0));
        clock.told_ms.push(of.ahead_ms);
    }
    clocks.into_values().collect()
}

/// To which steps of the key each observation points.
struct Pointed<'k> {
    /// Whose each step is.
    whose: Vec<&'k str>,
    /// Of each observation the steps.
    steps: Vec<BTreeSet<usize>>,
    /// All steps to which a finding points.
    found: BTreeSet<usize>,
    /// Hosts that findings of each intruder's steps are about, whatever the key calls the step's own.
    traces: BTreeSet<(&'k str, String)>,
}

impl<'k> Pointed<'k> {
    fn of(key: &'k AnswerKey, records: &[(u64, Record)], case: &Case) -> Self {
        let index = Index::of(key);
        let hits = |finding: &Finding| -> BTreeSet<usize> {
            index.hits(finding).into_iter().map(|(step, _)| step).collect()
        };
        let of_record: BTreeMap<u64, BTreeSet<usize>> = records
            .iter()
            .filter_map(|(at, record)| match &record.fact {
                Fact::Found(finding) => Some((*at, hits(finding))),
                _ => None,
            })
            .collect();
        // Of many findings the first are cited: one rule on one host in ten minutes, they say the same.
        let steps = |o: &blanik_case::Observation| {
            let cited = o.rests_on.indexes().iter().filter_map(|at| of_record.get(at));
            cited.flatten().copied().collect()
        };
        let whose = index.steps.iter().map(|(whose, _)| *whose).collect();
        let found = of_record.values().flatten().copied().collect();
        let steps: Vec<BTreeSet<usize>> = case.observations.iter().map(steps).collect();
        let of_step =
            |o: &blanik_case::Observation, step: &usize| (index.steps[*step].0, o.host.clone());
        let traces = case.observations.iter().zip(&steps);
        let traces =
            traces.flat_map(|(o, steps)| steps.iter().map(move |s| of_step(o, s))).collect();
        Pointed { whose, steps, found, traces }
    }

    /// Whose an intrusion's observations are.
    fn whose(&self, number: usize, observations: &[usize]) -> Found {
        let mut intruders: BTreeMap<String, u64> = BTreeMap::new();
        for &o in observations {
            let of: BTreeSet<&str> = self.steps[o].iter().map(|step| self.whose[*step]).collect();
            for whose in of {
                *intruders.entry(whose.to_owned()).or_default() += 1;
            }
        }
        Found { number, observations: observations.len() as u64, intruders }
    }
}

/// Where a step happened, as the case calls it: of a service in the cloud, the account; nowhere if it was a whole tenant.
fn place(step: &Step) -> Option<String> {
    if step.host != super::mail::SERVICE {
        return Some(entity::host(&step.host));
    }
    (!step.account.is_empty()).then(|| step.account.to_lowercase())
}

/// One intruder of the key, and the case.
struct OneOf<'c> {
    key: &'c Intrusion,
    /// The number of the intruder's first step among those of all.
    first: usize,
    pointed: &'c Pointed<'c>,
    case: &'c Case,
    found: &'c [Found],
    views: &'c [View],
}

impl OneOf<'_> {
    fn score(&self) -> OfIntruder {
        let (id, of) = (&self.key.id, |found: &Found| found.intruders.get(&self.key.id).copied());
        let main = self.found.iter().filter(|f| of(f).is_some());
        let main = main.max_by_key(|f| (of(f), std::cmp::Reverse(f.number)));
        let theirs = |step: &usize| self.pointed.whose[*step] == id;
        let with_finding: BTreeSet<usize> =
            self.pointed.found.iter().copied().filter(|step| theirs(step)).collect();
        let told: BTreeSet<usize> = self
            .found
            .iter()
            .filter(|f| is_mostly(f, id))
            .flat_map(|f| &self.case.intrusions.found[f.number - 1].observations)
            .flat_map(|o| self.pointed.steps[*o].iter().copied().filter(theirs))
            .collect();
        let left_out = with_finding.difference(&told).map(|step| self.step(*step));
        let mine =
            self.found.iter().filter(|f| is_mostly(f, id)).map(|f| &self.views[f.number - 1]);
        OfIntruder {
            intruder: id.clone(),
            observations: self.pointed.steps.iter().filter(|of| of.iter().any(theirs)).count()
                as u64,
            main: main.map(|found| self.main(found)),
            steps_found: with_finding.len() as u64,
            steps_told: told.len() as u64,
            steps_left_out: left_out.collect(),
            taken: taken::score(&self.key.taken, &mine.collect::<Vec<_>>()),
        }
    }

    fn step(&self, number: usize) -> String {
        let step = &self.key.steps[number - self.first];
        let time = step.time.to_seconds_string();
        format!("{time} {} {} {}", step.technique, step.host, step.what)
    }

    fn main(&self, found: &Found) -> Main {
        let view = &self.views[found.number - 1];
        let observations = found.intruders[&self.key.id];
        let late = |told: blanik_model::Timestamp, truth: blanik_model::Timestamp| {
            (told.as_nanos() - truth.as_nanos()) / 1_000_000_000
        };
        Main {
            number: found.number,
            observations,
            purity: observations as f64 / found.observations.max(1) as f64,
            hosts: self.hosts(view),
            ways: self.ways(&self.case.intrusions.found[found.number - 1]),
            order: self.order(view),
            first_late_s: late(view.timeline.first, self.key.first),
            last_late_s: late(view.timeline.last, self.key.last),
        }
    }

    /// Where the key's steps happened that a log tells of.
    fn true_hosts(&self) -> BTreeSet<String> {
        self.key.steps.iter().filter(|step| !step.records.is_empty()).filter_map(place).collect()
    }

    /// Machines, and accounts of services.
    fn hosts(&self, view: &View) -> Hosts {
        let truth = self.true_hosts();
        let steps = view.timeline.steps.iter();
        let told = steps.map(|step| &self.case.observations[step.observation]);
        let named: BTreeSet<String> =
            told.filter(|o| o.site != Site::Elsewhere).map(|o| o.host.clone()).collect();
        let id = self.key.id.as_str();
        let is_trace = |host: &String| self.pointed.traces.contains(&(id, host.clone()));
        let others = named.difference(&truth).cloned();
        let (traced, wrong) = others.partition(is_trace);
        let right = named.intersection(&truth).cloned().collect();
        Hosts { right, traced, wrong, missed: truth.difference(&named).cloned().collect() }
    }

    fn ways(&self, intrusion: &blanik_case::Intrusion) -> Ways {
        let way = |from: &str, to: &str| format!("{from} to {to}");
        let in_key = |step: &Step| {
            let from = step.from.as_ref().filter(|_| !step.records.is_empty())?;
            Some(way(&entity::host(from), &place(step)?))
        };
        let truth: BTreeSet<String> = self.key.steps.iter().filter_map(in_key).collect();
        let logon = |link: &Link| match &link.reason {
            Reason::Route(logon) => Some(way(&logon.from, &logon.to)),
            _ => None,
        };
        let told: BTreeSet<String> = intrusion.links.iter().filter_map(logon).collect();
        let (right, wrong) = told.iter().cloned().partition(|way| truth.contains(way));
        Ways { right, wrong, missed: truth.difference(&told).cloned().collect() }
    }

    /// Each step of the timeline that points to the key, at the mean place of what it points to.
    fn order(&self, view: &View) -> Option<f64> {
        let pairs = view.timeline.steps.iter().enumerate().filter_map(|(told, step)| {
            let mine = |n: &&usize| self.pointed.whose[**n] == self.key.id;
            let of: Vec<f64> = self.pointed.steps[step.observation]
                .iter()
                .filter(mine)
                .map(|n| (n - self.first) as f64)
                .collect();
            (!of.is_empty()).then(|| (told as f64, of.iter().sum::<f64>() / of.len() as f64))
        });
        spearman(&pairs.collect::<Vec<_>>())
    }
}

/// True if an intrusion holds more of this intruder's than of any other's.
fn is_mostly(found: &Found, id: &str) -> bool {
    let mine = found.intruders.get(id).copied().unwrap_or(0);
    mine > 0 && found.intruders.iter().all(|(other, n)| other == id || *n < mine)
}
