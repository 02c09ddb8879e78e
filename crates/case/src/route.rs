//! The routes that accounts take from machine to machine, and which of them are rare: a logon that
//! happens every day says nothing, one that never happened before says how somebody moved.

use blanik_model::Timestamp;
use blanik_model::record::LoggedOn;
use serde::Serialize;

use crate::entity;
use crate::link;
use crate::observation::Observation;
use crate::place::{Places, Site};
use crate::surprise::NOTABLE;

const HOUR_NS: i64 = 3600 * 1_000_000_000;
/// A logon so long before what was found on the machine may have led to it.
const BEFORE_NS: i64 = HOUR_NS;
/// A logon so long behind it may still be a part of it: clocks differ.
const BEHIND_NS: i64 = HOUR_NS / 6;
/// Hours that a route never taken before stands for.
const CLAIMED_HOURS: f64 = 24.0;
/// How long a machine that is held leads to others.
const HELD_NS: i64 = 540 * 24 * HOUR_NS;
/// How long a machine does, of which only things of level medium are known.
const SUSPECTED_NS: i64 = 24 * HOUR_NS;

/// An account's way from one machine to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Route {
    /// The machine, or the address, from which.
    pub from: String,
    /// The machine to which.
    pub to: String,
    /// The account.
    pub account: String,
    /// When: the first and the last time of each hour, ascending; the earliest hours.
    pub hours: Vec<(Timestamp, Timestamp)>,
    /// True if there were more hours.
    pub more: bool,
    /// The record that says so.
    pub record: u64,
}

/// One logon that ties two observations: `b` happened on the machine to which it led from `a`'s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub a: usize,
    pub b: usize,
    pub route: usize,
    pub at: Timestamp,
}

/// All routes on record, between different machines.
pub(crate) fn routes<'r>(
    logged_on: impl Iterator<Item = (u64, &'r LoggedOn)>,
    places: &Places,
) -> Vec<Route> {
    let route = |(record, l): (u64, &LoggedOn)| {
        let (from, to) = (places.machine(&l.from), places.machine(&l.host));
        let account = entity::name(entity::EntityKind::Account, &l.account)?;
        let hours = l.hours.iter().map(|s| (s.first, s.last)).collect();
        (from != to).then_some(Route { from, to, account, hours, more: l.more, record })
    };
    let mut routes: Vec<Route> = logged_on.filter_map(route).collect();
    routes.sort_by(|a, b| {
        (&a.to, &a.from, &a.account, a.record).cmp(&(&b.to, &b.from, &b.account, b.record))
    });
    routes
}

/// Those that are rare, each with what it ties: what stands out on a machine, and what stood out before
/// on the machine from which somebody had just logged on.
pub(crate) fn taken(all: &[Observation], notable: &[usize], routes: &[Route]) -> Vec<Taken> {
    let times = || routes.iter().flat_map(|r| &r.hours);
    let first = times().map(|(first, _)| first.as_nanos()).min().unwrap_or(0);
    let last = times().map(|(_, last)| last.as_nanos()).max().unwrap_or(0);
    let known = ((last - first) / HOUR_NS) as f64;
    let is_rare = |r: &&Route| {
        !r.more && ((CLAIMED_HOURS + known) / (1.0 + r.hours.len() as f64)).ln() >= NOTABLE
    };
    let mut taken = Vec::new();
    for (route, r) in routes.iter().enumerate().filter(|(_, r)| is_rare(r)) {
        for &b in notable.iter().filter(|b| all[**b].host == r.to) {
            let Some(at) = logon_before(r, all[b].first) else { continue };
            for a in held(all, notable, &r.from, at) {
                taken.push(Taken { a, b, route, at });
            }
        }
    }
    taken
}

/// The logon by that route that may have led to what happened then.
fn logon_before(route: &Route, time: Timestamp) -> Option<Timestamp> {
    let time = time.as_nanos();
    let led = |(first, last): &&(Timestamp, Timestamp)| {
        first.as_nanos() <= time + BEHIND_NS && last.as_nanos() >= time - BEFORE_NS
    };
    route.hours.iter().find(led).map(|(first, _)| *first)
}

/// What stood out on that machine before: the last, and the last that counts for longer.
fn held(all: &[Observation], notable: &[usize], host: &str, at: Timestamp) -> Vec<usize> {
    let before = |i: &usize, reach: i64| {
        let o = &all[*i];
        let ago = at.as_nanos() - o.first.as_nanos();
        o.site == Site::Machine && o.host == host && ago > -BEHIND_NS && ago <= reach
    };
    let lately = notable.iter().copied().rfind(|i| before(i, SUSPECTED_NS));
    let bad = notable.iter().copied().rfind(|i| link::is_bad(&all[*i]) && before(i, HELD_NS));
    let mut held: Vec<usize> = lately.into_iter().chain(bad).collect();
    held.dedup();
    held
}
