//! What an intruder held, they still hold while they are there: a lead about an account, an address or
//! a machine of one intrusion is a part of it, if the intrusion was active within half a year. What
//! two intrusions held is nobody's.
//!
//! By what an entity is held, and what is said of it, depends on what it is. A machine has much going on: both must be of
//! level high, unless what is said is an intruder's aim (collection, exfiltration, impact). By a rare address outside hardly
//! anybody else comes or goes: any level will do. An account is the intruder's once they logged on by it; of a lead about it
//! something must be of level high.

use std::collections::{BTreeMap, BTreeSet};

use super::{Component, strength};
use crate::entity::{Entity, EntityKind};
use crate::gather::is_outside;
use crate::link::{self, Link, Rarity, Reason};
use crate::observation::{Observation, WINDOWS_PER_HOUR};
use crate::place::Site;
use crate::tactic;

/// Windows from an intrusion's nearest observation within which it still holds what it held.
const ACTIVE_WINDOWS: i64 = 180 * 24 * WINDOWS_PER_HOUR;
/// Passes over the leads: what one brings may tie another.
const PASSES_MAX: usize = 8;

/// Moves the leads that are a part of one intrusion to it.
pub(super) fn take(
    all: &[Observation],
    surprise: &[f64],
    apart: &BTreeSet<(usize, usize)>,
    strong: &mut [Component],
    weak: &mut Vec<Component>,
) {
    let rarity = Rarity::of(all, surprise);
    for _ in 0..PASSES_MAX {
        let held: Vec<BTreeMap<Entity, usize>> =
            strong.iter().map(|c| of(all, &rarity, c)).collect();
        let mut left = Vec::new();
        let before = weak.len();
        for lead in weak.drain(..) {
            let ties = |at: &usize| tie(all, &rarity, &strong[*at], &held[*at], &lead);
            let mut of_lead = (0..strong.len()).filter_map(|at| Some((at, ties(&at)?)));
            match (of_lead.next(), of_lead.next()) {
                (Some((at, link)), None) if !is_apart(apart, &strong[at], &lead) => {
                    let into = &mut strong[at];
                    into.members.extend(lead.members);
                    into.links.extend(lead.links);
                    into.links.push(link);
                }
                _ => left.push(lead),
            }
        }
        *weak = left;
        for c in strong.iter_mut() {
            c.strength = strength(all, surprise, &c.members);
        }
        if weak.len() == before {
            return;
        }
    }
}

/// What bad observations of a component name that ties, each with the last of them; with it the accounts by which the
/// intruder went from machine to machine, and the rare addresses outside, whatever tells of them.
fn of(all: &[Observation], rarity: &Rarity, component: &Component) -> BTreeMap<Entity, usize> {
    let mut held = BTreeMap::new();
    for &i in &component.members {
        let is_bad = link::is_bad(&all[i]);
        for entity in named(all, rarity, i).into_iter().filter(|e| is_bad || is_far(e)) {
            held.insert(entity, i);
        }
        if all[i].site == Site::Account {
            held.extend(all[i].seat().map(|seat| (seat, i)));
        }
    }
    for link in &component.links {
        if let Reason::Route(logon) = &link.reason {
            let name = logon.account.as_str().into();
            held.entry(Entity { kind: EntityKind::Account, name }).or_insert(link.b);
        }
    }
    held
}

/// True for the account of a service in which something bad was done: whoever did may come from another address each time.
fn is_seat(o: &Observation, entity: &Entity) -> bool {
    o.site == Site::Account && link::is_bad(o) && o.seat().as_ref() == Some(entity)
}

/// True for an address outside: hardly anybody else's.
fn is_far(entity: &Entity) -> bool {
    entity.kind == EntityKind::Address && is_outside(&entity.name)
}

/// The rare entities that an observation names, and its place.
fn named(all: &[Observation], rarity: &Rarity, i: usize) -> Vec<Entity> {
    let o = &all[i];
    let ties = |e: &&Entity| rarity.ties(e).is_some() && !rarity.is_own(&o.host, e);
    o.seat().into_iter().chain(o.entities.iter().filter(ties).cloned()).collect()
}

/// What of a lead the intrusion held.
fn tie(
    all: &[Observation],
    rarity: &Rarity,
    intrusion: &Component,
    held: &BTreeMap<Entity, usize>,
    lead: &Component,
) -> Option<Link> {
    let has_bad = lead.members.iter().any(|b| link::is_bad(&all[*b]));
    let apart = |a: &usize, b: usize| (all[*a].window - all[b].window).abs();
    let was_active = |b: usize| {
        // Long leads meet long intrusions: whoever is near is mostly found at once.
        intrusion.members.iter().any(|a| apart(a, b) <= ACTIVE_WINDOWS)
    };
    for &b in &lead.members {
        let is_bad = link::is_bad(&all[b]);
        let is_aim = all[b].tactics.iter().any(|t| tactic::is_aim(*t));
        let speaks = |e: &Entity| match e.kind {
            EntityKind::Account => is_bad || has_bad,
            EntityKind::Host => is_bad || is_aim,
            _ => is_bad || is_far(e),
        };
        for entity in named(all, rarity, b).into_iter().filter(speaks) {
            if let Some(&a) = held.get(&entity)
                && (!rarity.are_strangers(&all[a], &all[b]) || is_seat(&all[b], &entity))
                && was_active(b)
            {
                let reason = Reason::Held(entity, apart(&a, b) / WINDOWS_PER_HOUR);
                return Some(Link { a, b, reason });
            }
        }
    }
    None
}

fn is_apart(apart: &BTreeSet<(usize, usize)>, a: &Component, b: &Component) -> bool {
    let crosses = |(x, y): &(usize, usize)| {
        a.members.contains(x) && b.members.contains(y)
            || a.members.contains(y) && b.members.contains(x)
    };
    apart.iter().any(crosses)
}
