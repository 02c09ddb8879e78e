//! The case: a fold of the log's records, and of nothing else. The same records make the same case,
//! to the byte, in whatever order they are given.

use std::collections::{BTreeMap, BTreeSet};

use blanik_model::record::{Addressed, Clocked, Covered, LoggedOn, Touched};
use blanik_model::{Fact, Finding, Record};
use serde::Serialize;

use crate::clock::{self, Skew};
use crate::coverage::{self, Watched};
use crate::intrusion::{self, Intrusions};
use crate::judgement::{Judgements, Said};
use crate::observation::{Observation, Observations};
use crate::place::Places;
use crate::route::{self, Route};
use crate::surprise;

/// See the module.
#[derive(Clone, Debug, Serialize)]
pub struct Case {
    /// What people call it.
    pub title: String,
    /// Records that the case was made of.
    pub records: u64,
    /// Findings among them.
    pub findings: u64,
    /// Findings without a time: they stand in no timeline.
    pub without_time: Vec<u64>,
    /// Findings that rest on findings held for false, and went with them.
    pub taken_along: Vec<u64>,
    /// All observations, by time.
    pub observations: Vec<Observation>,
    /// The surprise of each, in nats.
    pub surprise: Vec<f64>,
    /// Which of them belong together.
    pub intrusions: Intrusions,
    /// What the analysts say.
    pub judgements: Judgements,
    /// When which host was watched.
    pub watched: BTreeMap<String, Watched>,
    /// The routes on which accounts logged on.
    pub routes: Vec<Route>,
    /// Clocks that go wrong.
    pub clocks: Vec<Skew>,
    /// What of value was reached, and by whom.
    pub touched: Vec<(u64, Touched)>,
    /// How many records of what was reached are in none of these, by the record that says so.
    pub unlisted: Vec<(u64, u64)>,
}

impl Case {
    /// Of records with their indexes in the log, in any order.
    pub fn fold(records: impl IntoIterator<Item = (u64, Record)>) -> Self {
        let mut records: Vec<(u64, Record)> = records.into_iter().collect();
        records.sort_by_key(|(index, _)| *index);
        records.dedup_by_key(|(index, _)| *index);
        let judgements = Judgements::of(&records);
        let taken_along = taken_along(&records, &judgements);
        let counts = |index: u64| {
            !judgements.dismissed.contains_key(&index) && taken_along.binary_search(&index).is_err()
        };
        let findings = findings(&records).filter(|(index, _)| counts(*index));
        let mut places = Places::of(addressed(&records));
        places.shared_by(acted(&records));
        places.tenants_by(sent(&records));
        let routes = route::routes(logged_on(&records), &places);
        let observations =
            Observations::of(findings, |index| judgements.confirmed.contains_key(&index), &places);
        let surprise = surprise::of(&observations.all);
        let intrusions = intrusion::find(&observations, &surprise, &routes, &places, &judgements);
        Case {
            title: title(&records),
            records: records.len() as u64,
            findings: self::findings(&records).count() as u64,
            without_time: observations.without_time,
            taken_along,
            observations: observations.all,
            surprise,
            intrusions,
            judgements,
            watched: coverage::watched(covered(&records), &places),
            routes,
            clocks: clock::skews(clocked(&records)),
            touched: touched(&records),
            unlisted: unlisted(&records),
        }
    }

    /// Notes of a record; of the case, under `None`.
    pub fn notes(&self, on: Option<u64>) -> impl Iterator<Item = &Said> {
        self.judgements.notes.iter().filter(move |(of, _)| *of == on).map(|(_, said)| said)
    }
}

fn title(records: &[(u64, Record)]) -> String {
    let opened = records.iter().find_map(|(_, r)| match &r.fact {
        Fact::Opened(opened) => Some(opened.title.clone()),
        _ => None,
    });
    opened.unwrap_or_else(|| records.first().map_or_else(String::new, |(_, r)| r.case.clone()))
}

fn findings(records: &[(u64, Record)]) -> impl Iterator<Item = (u64, &Finding)> {
    records.iter().filter_map(|(index, record)| match &record.fact {
        Fact::Found(finding) => Some((*index, &**finding)),
        _ => None,
    })
}

fn covered(records: &[(u64, Record)]) -> impl Iterator<Item = (u64, &Covered)> {
    records.iter().filter_map(|(index, record)| match &record.fact {
        Fact::Covered(covered) => Some((*index, covered)),
        _ => None,
    })
}

fn clocked(records: &[(u64, Record)]) -> impl Iterator<Item = (u64, &Clocked)> {
    records.iter().filter_map(|(index, record)| match &record.fact {
        Fact::Clocked(clocked) => Some((*index, clocked)),
        _ => None,
    })
}

fn touched(records: &[(u64, Record)]) -> Vec<(u64, Touched)> {
    let touched = |(index, record): &(u64, Record)| match &record.fact {
        Fact::Touched(touched) => Some((*index, (**touched).clone())),
        _ => None,
    };
    records.iter().filter_map(touched).collect()
}

fn unlisted(records: &[(u64, Record)]) -> Vec<(u64, u64)> {
    let unlisted = |(index, record): &(u64, Record)| match &record.fact {
        Fact::Unlisted(unlisted) => Some((*index, unlisted.records)),
        _ => None,
    };
    records.iter().filter_map(unlisted).collect()
}

fn addressed(records: &[(u64, Record)]) -> impl Iterator<Item = &Addressed> {
    records.iter().filter_map(|(_, record)| match &record.fact {
        Fact::Addressed(addressed) => Some(addressed),
        _ => None,
    })
}

/// Who sent which kind of record.
fn sent(records: &[(u64, Record)]) -> impl Iterator<Item = (&str, &str)> {
    records.iter().filter_map(|(_, record)| match &record.fact {
        Fact::Covered(c) => Some((c.host.as_deref()?, c.kind.as_str())),
        Fact::Found(f) => Some((f.host.as_deref()?, f.kind.as_str())),
        _ => None,
    })
}

/// Who acted from which address.
fn acted(records: &[(u64, Record)]) -> impl Iterator<Item = (&str, &str)> {
    records.iter().filter_map(|(_, record)| match &record.fact {
        Fact::LoggedOn(l) => Some((l.account.as_str(), l.from.as_str())),
        Fact::Touched(t) => Some((t.account.as_deref()?, t.address.as_deref()?)),
        _ => None,
    })
}

fn logged_on(records: &[(u64, Record)]) -> impl Iterator<Item = (u64, &LoggedOn)> {
    records.iter().filter_map(|(index, record)| match &record.fact {
        Fact::LoggedOn(logged_on) => Some((*index, &**logged_on)),
        _ => None,
    })
}

/// Correlations one of whose named events is held for false as a finding.
fn taken_along(records: &[(u64, Record)], judgements: &Judgements) -> Vec<u64> {
    if judgements.dismissed.is_empty() {
        return Vec::new();
    }
    let is_dismissed = |index: &u64| judgements.dismissed.contains_key(index);
    let place = |f: &Finding| (f.rule_id.clone(), f.source.clone(), f.record);
    let false_ones: BTreeSet<_> =
        findings(records).filter(|(i, _)| is_dismissed(i)).map(|(_, f)| place(f)).collect();
    let rests = |finding: &Finding| {
        finding.correlation.as_ref().is_some_and(|c| {
            c.events
                .iter()
                .any(|e| false_ones.contains(&(e.rule_id.clone(), e.source.clone(), e.record)))
        })
    };
    findings(records).filter(|(i, f)| !is_dismissed(i) && rests(f)).map(|(i, _)| i).collect()
}
