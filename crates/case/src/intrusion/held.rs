//! What an intruder held, they still hold while they are there: a lead about an account, an address or
//! a machine of one intrusion is a part of it, if the intrusion was active within half a year. What
//! two intrusions held is nobody's.

use std::collections::{BTreeMap, BTreeSet};

use super::{Component, strength};
use crate::entity::Entity;
use crate::link::{self, Link, Rarity, Reason};
use crate::observation::{Observation, WINDOWS_PER_HOUR};

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

/// What bad observations of a component name that ties, each with the last of them.
fn of(all: &[Observation], rarity: &Rarity, component: &Component) -> BTreeMap<Entity, usize> {
    let mut held = BTreeMap::new();
    for &i in component.members.iter().filter(|i| link::is_bad(&all[**i])) {
        for entity in named(all, rarity, i) {
            held.insert(entity, i);
        }
    }
    held
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
    for &b in lead.members.iter().filter(|b| link::is_bad(&all[**b])) {
        let apart = |a: &usize| (all[*a].window - all[b].window).abs();
        if intrusion.members.iter().map(apart).min()? > ACTIVE_WINDOWS {
            continue;
        }
        for entity in named(all, rarity, b) {
            if let Some(&a) = held.get(&entity)
                && !rarity.are_strangers(&all[a], &all[b])
            {
                let reason = Reason::Held(entity, apart(&a) / WINDOWS_PER_HOUR);
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
