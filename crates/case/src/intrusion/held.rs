//! What an intruder held, they still hold while they are there: a lead about an account, an address or
//! a machine of one intrusion is a part of it, if the intrusion was active within half a year. What
//! two intrusions held is nobody's.
//!
//! By what an entity is held, and what is said of it, depends on what it is. A machine has much going on: both must be of
//! level high, unless what is said is an intruder's aim (collection, exfiltration, impact) after they came there. By a rare
//! address outside hardly anybody else comes or goes: level medium will do, and any if the intruder's doing from there was of
//! level high. An account is the intruder's once they went by it, or acted in it; of a lead about it something must be of level
//! high.

use std::collections::{BTreeMap, BTreeSet};

use blanik_model::Level;

use super::{Component, strength};
use crate::entity::{Entity, EntityKind};
use crate::gather::is_outside;
use crate::link::{self, Link, Rarity, Reason};
use crate::observation::{Observation, WINDOWS_PER_HOUR};
use crate::place::{Places, Site};
use crate::tactic;

/// Windows from an intrusion's nearest observation within which it still holds what it held.
const ACTIVE_WINDOWS: i64 = 180 * 24 * WINDOWS_PER_HOUR;
/// Passes over the leads: what one brings may tie another.
const PASSES_MAX: usize = 8;
/// Accounts of which each machine has its own.
const LOCAL: &[&str] =
    &["root", "administrator", "admin", "ubuntu", "debian", "ec2-user", "guest", "user"];
/// Places in which somebody does ordinary things: their machine, their mailbox.
const OWN_PLACES: usize = 2;

/// How an intrusion holds an entity.
#[derive(Clone, Copy, Debug)]
struct Holding {
    /// The first observation and the last that say so.
    first: usize,
    last: usize,
    /// True if something of level high does.
    is_bad: bool,
    /// True for an account that was acted by.
    is_used: bool,
}

/// What intrusions hold.
struct Held<'o> {
    all: &'o [Observation],
    rarity: Rarity,
    places: &'o Places,
}

/// Moves the leads that are a part of one intrusion to it.
pub(super) fn take(
    all: &[Observation],
    surprise: &[f64],
    places: &Places,
    apart: &BTreeSet<(usize, usize)>,
    strong: &mut [Component],
    weak: &mut Vec<Component>,
) {
    let held = Held { all, rarity: Rarity::of(all, surprise), places };
    let cores: Vec<BTreeSet<usize>> = strong.iter().map(|c| c.members.clone()).collect();
    for _ in 0..PASSES_MAX {
        let holdings: Vec<BTreeMap<Entity, Holding>> =
            strong.iter().zip(&cores).map(|(c, core)| held.by(c, core)).collect();
        let mut left = Vec::new();
        let before = weak.len();
        for lead in weak.drain(..) {
            let said: Vec<(usize, Entity)> =
                lead.members.iter().flat_map(|b| held.named(*b).map(|e| (*b, e))).collect();
            let ties = |at: &usize| held.tie(&strong[*at], &holdings[*at], &lead, &said);
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

impl Held<'_> {
    /// What a component holds. An address outside counts of its core alone: what leads brought tells of no further ones.
    fn by(&self, component: &Component, core: &BTreeSet<usize>) -> BTreeMap<Entity, Holding> {
        let mut held: BTreeMap<Entity, Holding> = BTreeMap::new();
        let mut hold = |entity: Entity, i: usize, is_used: bool| {
            let is_bad = link::is_bad(&self.all[i]);
            let new = Holding { first: i, last: i, is_bad, is_used };
            let holding = held.entry(entity).or_insert(new);
            holding.is_bad |= is_bad;
            holding.first = holding.first.min(i);
            holding.last = holding.last.max(i);
            holding.is_used |= is_used;
        };
        for &i in &component.members {
            let o = &self.all[i];
            let of_core = core.contains(&i) && o.level >= Level::Medium;
            let tells = |e: &Entity| link::is_bad(o) || of_core && self.is_far(e);
            self.named(i).filter(tells).for_each(|entity| hold(entity, i, false));
            if o.site == Site::Account && o.tactics.iter().any(|t| tactic::is_from_within(*t)) {
                o.seat().into_iter().for_each(|seat| hold(seat, i, true));
            }
        }
        for link in &component.links {
            let Reason::Route(logon) = &link.reason else { continue };
            let account = Entity { kind: EntityKind::Account, name: logon.account.as_str().into() };
            let is_one = self.rarity.ordinarily_on(&account) <= OWN_PLACES;
            if is_one && !LOCAL.contains(&&*account.name) {
                hold(account, link.b, true);
            }
        }
        held
    }

    /// True for an address outside by which hardly anybody else comes or goes, and that is not one of ours.
    fn is_far(&self, entity: &Entity) -> bool {
        entity.kind == EntityKind::Address
            && is_outside(&entity.name)
            && self.rarity.is_rare(entity)
            && !self.places.is_ours(&entity.name)
    }

    /// The rare entities that an observation names, and its place.
    fn named(&self, i: usize) -> impl Iterator<Item = Entity> + '_ {
        let o = &self.all[i];
        let ties = |e: &&Entity| self.rarity.ties(e).is_some() && !self.rarity.is_own(&o.host, e);
        o.seat().into_iter().chain(o.entities.iter().filter(ties).cloned())
    }

    /// What of a lead, which says that, the intrusion held.
    fn tie(
        &self,
        intrusion: &Component,
        held: &BTreeMap<Entity, Holding>,
        lead: &Component,
        said: &[(usize, Entity)],
    ) -> Option<Link> {
        let has_bad = lead.members.iter().any(|b| link::is_bad(&self.all[*b]));
        said.iter().find_map(|(b, entity)| {
            let (b, holding) = (*b, held.get(entity)?);
            let a = holding.last;
            let is_seat = holding.is_used && self.all[b].seat().as_ref() == Some(entity);
            // Into an account that is theirs they may come from another address each time.
            let is_one = is_seat || !self.rarity.are_strangers(&self.all[a], &self.all[b]);
            (self.speaks(b, entity, *holding, has_bad) && is_one && self.was_active(intrusion, b))
                .then(|| {
                    let hours = self.apart(a, b) / WINDOWS_PER_HOUR;
                    Link { a, b, reason: Reason::Held(entity.clone(), hours) }
                })
        })
    }

    /// True if what a lead's observation says of what was held is enough.
    fn speaks(&self, b: usize, entity: &Entity, holding: Holding, has_bad: bool) -> bool {
        let o = &self.all[b];
        if link::is_bad(o) {
            return true;
        }
        match entity.kind {
            EntityKind::Account => has_bad && holding.is_used,
            EntityKind::Host => {
                o.level >= Level::Medium
                    && o.tactics.iter().any(|t| tactic::is_aim(*t))
                    && o.window >= self.all[holding.first].window
            }
            _ => (holding.is_bad || o.level >= Level::Medium) && self.is_far(entity),
        }
    }

    fn apart(&self, a: usize, b: usize) -> i64 {
        (self.all[a].window - self.all[b].window).abs()
    }

    fn was_active(&self, intrusion: &Component, b: usize) -> bool {
        // Observations are in order of time: the next before and behind are the nearest.
        let nearest =
            [intrusion.members.range(..b).next_back(), intrusion.members.range(b..).next()];
        nearest.into_iter().flatten().any(|a| self.apart(*a, b) <= ACTIVE_WINDOWS)
    }
}

fn is_apart(apart: &BTreeSet<(usize, usize)>, a: &Component, b: &Component) -> bool {
    let crosses = |(x, y): &(usize, usize)| {
        a.members.contains(x) && b.members.contains(y)
            || a.members.contains(y) && b.members.contains(x)
    };
    apart.iter().any(crosses)
}
