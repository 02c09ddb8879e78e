//! Observations → intrusions: what is tied together is one, and the strongest comes first.
//!
//! An intrusion's core is what links tie. To it come what happened meanwhile and hardly by chance, and
//! what the intrusion lacks to be whole: a way in, an aim. Everything else that stands out is a lead.

mod held;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::judgement::Judgements;
use crate::link::{self, Link, Reason};
use crate::observation::{Observation, Observations, WINDOWS_PER_HOUR};
use crate::place::Places;
use crate::route::Route;
use crate::surprise::{self, NOTABLE};
use crate::tactic;

/// Strength from which on observations that are tied together are called an intrusion: sixteen rules
/// of level medium that never before met on a host known for days, or eight of level high.
const INTRUSION_STRENGTH: f64 = 75.0;
/// Hours below which nobody knows what is ordinary, and surprise says little.
const ORDINARY_HOURS: i64 = 24;
/// Rules of level high, and tactics, that then make an intrusion.
const ALONE_RULES: usize = 2;
const ALONE_TACTICS: usize = 3;
/// Findings as unusual that are to be expected in ten minutes: above, it may be chance.
const CHANCE_MAX: f64 = 0.4;
/// Nats below which nothing is unusual, however little happens.
const UNUSUAL: f64 = 1.5;
/// Windows outside of a burst that must be known to say what chance is.
const KNOWN_WINDOWS_MIN: i64 = 24 * WINDOWS_PER_HOUR;
/// Windows before a burst that belong to it.
const LEAD_WINDOWS: i64 = 1;
/// Windows behind what completes an intrusion in which its effects are looked for.
const EFFECT_WINDOWS: i64 = WINDOWS_PER_HOUR;
/// Hours within which the beginning or end of an intrusion is looked for.
const COMPLETING_HOURS: i64 = 48;
/// Hosts on which what completes an intrusion happens: what happens on more at once is upkeep.
const COMPLETING_HOSTS_MAX: usize = 2;
/// Candidates for one tactic: where there are more, none stands out.
const CANDIDATES_MAX: usize = 4;
/// Leads that are kept.
const LEADS_MAX: usize = 200;

/// Observations that belong together, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Intrusion {
    /// How much speaks for it.
    pub strength: f64,
    /// Its observations, by time: positions among the case's.
    pub observations: Vec<usize>,
    /// Those that the links tie without the context.
    pub core: BTreeSet<usize>,
    /// Why they belong together.
    pub links: Vec<Link>,
}

/// All intrusions, and what else stands out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Intrusions {
    /// The strongest first.
    pub found: Vec<Intrusion>,
    /// What stands out and is part of none, the strongest first.
    pub leads: Vec<Intrusion>,
    /// Leads beyond those kept.
    pub further_leads: u64,
}

/// What observations are tied together into.
pub(crate) struct Component {
    members: BTreeSet<usize>,
    links: Vec<Link>,
    strength: f64,
}

struct Builder<'o> {
    all: &'o [Observation],
    surprise: &'o [f64],
    taken: BTreeSet<usize>,
}

/// The intrusions among the observations.
pub(crate) fn find(
    observations: &Observations,
    surprise: &[f64],
    routes: &[Route],
    places: &Places,
    judgements: &Judgements,
) -> Intrusions {
    let all = &observations.all;
    let links = link::links(observations, surprise, routes, judgements);
    let apart = pairs_apart(observations, judgements);
    let mut components = components(all, surprise, links, &apart);
    components.sort_by(|a, b| b.strength.total_cmp(&a.strength).then(a.members.cmp(&b.members)));
    let known = all.last().map_or(0, Observation::hour) - all.first().map_or(0, Observation::hour);
    let is_one = |c: &Component| {
        c.strength >= INTRUSION_STRENGTH
            || c.members.iter().any(|i| all[*i].confirmed)
            || known < ORDINARY_HOURS && stands_alone(all, &c.members)
    };
    let (mut strong, mut weak): (Vec<_>, Vec<_>) = components.into_iter().partition(is_one);
    held::take(all, surprise, places, &apart, &mut strong, &mut weak);
    let taken = strong.iter().flat_map(|c| c.members.iter().copied()).collect();
    let mut builder = Builder { all, surprise, taken };
    let mut found: Vec<Intrusion> =
        strong.into_iter().map(|c| builder.complete(c, &mut weak)).collect();
    for intrusion in &mut found {
        drop_those_apart(intrusion, &apart);
    }
    let taken: BTreeSet<usize> =
        found.iter().flat_map(|i| i.observations.iter().copied()).collect();
    weak.retain(|c| c.members.iter().all(|i| !taken.contains(i)));
    let further_leads = weak.len().saturating_sub(LEADS_MAX) as u64;
    weak.truncate(LEADS_MAX);
    Intrusions {
        found,
        leads: weak.into_iter().map(Component::into_intrusion).collect(),
        further_leads,
    }
}

fn pairs_apart(observations: &Observations, judgements: &Judgements) -> BTreeSet<(usize, usize)> {
    let pair = |tie: &crate::judgement::Tie| {
        let (a, b) = (observations.of_record(tie.a)?, observations.of_record(tie.b)?);
        Some((a.min(b), a.max(b)))
    };
    judgements.unlinked.iter().filter_map(pair).collect()
}

/// Of what comes to the core later, nothing that an analyst holds apart from a part of the core.
fn drop_those_apart(intrusion: &mut Intrusion, apart: &BTreeSet<(usize, usize)>) {
    let core = intrusion.core.clone();
    let is_apart = |i: usize| {
        apart.iter().any(|(a, b)| (*a == i && core.contains(b)) || (*b == i && core.contains(a)))
    };
    intrusion.observations.retain(|i| core.contains(i) || !is_apart(*i));
    let left: BTreeSet<usize> = intrusion.observations.iter().copied().collect();
    intrusion.links.retain(|l| left.contains(&l.a) && left.contains(&l.b));
}

/// What links tie, none of which brings together what an analyst holds apart.
fn components(
    all: &[Observation],
    surprise: &[f64],
    links: Vec<Link>,
    apart: &BTreeSet<(usize, usize)>,
) -> Vec<Component> {
    let mut of: BTreeMap<usize, usize> = BTreeMap::new();
    let mut members: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let confirmed = |i: usize| all[i].confirmed;
    let alone = (0..all.len()).filter(|i| surprise[*i] >= NOTABLE || confirmed(*i));
    let tied = links.iter().flat_map(|l| [l.a, l.b]);
    for i in alone.chain(tied) {
        of.insert(i, i);
        members.insert(i, BTreeSet::from([i]));
    }
    let mut kept: Vec<Link> = Vec::new();
    for link in links {
        let (a, b) = (of[&link.a], of[&link.b]);
        if a != b {
            let crosses = |(x, y): &(usize, usize)| {
                let at = (of.get(x), of.get(y));
                at == (Some(&a), Some(&b)) || at == (Some(&b), Some(&a))
            };
            if apart.iter().any(crosses) {
                continue;
            }
            let (into, from) = if members[&a].len() >= members[&b].len() { (a, b) } else { (b, a) };
            let moved = members.remove(&from).expect("each component has members");
            for i in &moved {
                of.insert(*i, into);
            }
            members.get_mut(&into).expect("each component has members").extend(moved);
        }
        kept.push(link);
    }
    let mut links_of: BTreeMap<usize, Vec<Link>> = BTreeMap::new();
    for link in kept {
        links_of.entry(of[&link.a]).or_default().push(link);
    }
    let component = |(root, members): (usize, BTreeSet<usize>)| {
        let links = links_of.remove(&root).unwrap_or_default();
        let strength = strength(all, surprise, &members);
        Component { members, links, strength }
    };
    members.into_iter().map(component).collect()
}

/// True for several rules of level high, over several tactics: an intrusion without any history to compare.
fn stands_alone(all: &[Observation], members: &BTreeSet<usize>) -> bool {
    let bad = members.iter().map(|i| &all[*i]).filter(|o| link::is_bad(o));
    let rules: BTreeSet<(&str, &str)> = bad.map(Observation::name).collect();
    let tactics: BTreeSet<usize> =
        members.iter().flat_map(|i| all[*i].tactics.iter().copied()).collect();
    rules.len() >= ALONE_RULES && tactics.len() >= ALONE_TACTICS
}

/// Each rule counts once, where it surprises most.
fn strength(all: &[Observation], surprise: &[f64], members: &BTreeSet<usize>) -> f64 {
    let mut best: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for &i in members {
        let worth = surprise[i].max(0.0) * surprise::weight(all[i].level);
        let of_rule = best.entry(all[i].name()).or_insert(0.0);
        *of_rule = of_rule.max(worth);
    }
    best.values().sum()
}

impl Component {
    fn into_intrusion(self) -> Intrusion {
        Intrusion {
            strength: self.strength,
            observations: self.members.iter().copied().collect(),
            core: self.members,
            links: self.links,
        }
    }
}

impl Builder<'_> {
    /// The intrusion with what happened meanwhile, and with what it lacks.
    fn complete(&mut self, core: Component, weak: &mut [Component]) -> Intrusion {
        let mut intrusion = core.into_intrusion();
        for (first, last) in self.bursts(&intrusion.core) {
            self.meanwhile(&mut intrusion, first - LEAD_WINDOWS, last);
        }
        for (tactic, lacking) in self.lacking(&intrusion, weak) {
            self.take_completing(&mut intrusion, tactic, &weak[lacking]);
        }
        intrusion.observations.sort_unstable();
        intrusion.observations.dedup();
        intrusion
    }

    /// From which window to which something happens without an hour's rest.
    fn bursts(&self, members: &BTreeSet<usize>) -> Vec<(i64, i64)> {
        let mut bursts: Vec<(i64, i64)> = Vec::new();
        for window in members.iter().map(|i| self.all[*i].window).collect::<BTreeSet<_>>() {
            match bursts.last_mut() {
                Some((_, last)) if window - *last <= WINDOWS_PER_HOUR => *last = window,
                _ => bursts.push((window, window)),
            }
        }
        bursts
    }

    /// Takes what happened in these windows and is not to be expected by chance.
    fn meanwhile(&mut self, intrusion: &mut Intrusion, first: i64, last: i64) {
        let inside = |i: &usize| (first..=last).contains(&self.all[*i].window);
        let windows = |o: Option<&Observation>| o.map_or(0, |o| o.window);
        let known = windows(self.all.last()) - windows(self.all.first()) - (last - first + 1);
        if known < KNOWN_WINDOWS_MIN {
            return;
        }
        // What is known to be the intrusion's is not chance.
        let by_chance = |i: &usize| !inside(i) && !self.taken.contains(i);
        let mut outside: Vec<f64> =
            (0..self.all.len()).filter(by_chance).map(|i| self.surprise[i]).collect();
        outside.sort_by(f64::total_cmp);
        let expected = |surprise: f64| {
            let as_unusual = outside.len() - outside.partition_point(|s| *s < surprise);
            as_unusual as f64 / known as f64
        };
        let anchors: Vec<usize> = intrusion.core.iter().copied().filter(inside).collect();
        let candidates = (0..self.all.len())
            .filter(|i| inside(i) && self.surprise[*i] >= UNUSUAL)
            .filter(|i| !self.taken.contains(i));
        let mut come = Vec::new();
        for i in candidates {
            let expected = expected(self.surprise[i]);
            if expected < CHANCE_MAX {
                come.push((i, expected));
            }
        }
        for (i, expected) in come {
            let distance = |a: &&usize| (self.all[**a].window - self.all[i].window).abs();
            let same_host = |a: &&usize| self.all[**a].host != self.all[i].host;
            let Some(&a) = anchors.iter().min_by_key(|a| (same_host(a), distance(a), **a)) else {
                continue;
            };
            self.taken.insert(i);
            intrusion.observations.push(i);
            intrusion.links.push(Link { a, b: i, reason: Reason::Unexpected(expected) });
        }
    }

    /// For a way in and for each aim that the intrusion lacks, the component that is most about it.
    fn lacking(&self, intrusion: &Intrusion, weak: &[Component]) -> Vec<(usize, usize)> {
        let of = |members: &mut dyn Iterator<Item = usize>| -> BTreeSet<usize> {
            members.flat_map(|i| self.all[i].tactics.iter().copied()).collect()
        };
        let has = of(&mut intrusion.observations.iter().copied());
        let mut candidates: BTreeMap<usize, Vec<(f64, usize)>> = BTreeMap::new();
        for (at, component) in weak.iter().enumerate() {
            if !self.is_near(intrusion, component) {
                continue;
            }
            for tactic in of(&mut component.members.iter().copied()) {
                if !has.contains(&tactic) && (tactic::is_way_in(tactic) || tactic::is_aim(tactic)) {
                    candidates.entry(tactic).or_default().push((self.focus(component, tactic), at));
                }
            }
        }
        let mut best = Vec::new();
        for (tactic, mut of_tactic) in candidates {
            of_tactic.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            if of_tactic.len() <= CANDIDATES_MAX {
                best.push((tactic, of_tactic[0].1));
            }
        }
        best
    }

    /// How much of a component's surprise is about the tactic, times the greatest.
    fn focus(&self, component: &Component, tactic: usize) -> f64 {
        let (mut of_it, mut of_all, mut greatest) = (0.0, 0.0, 0.0f64);
        for &i in &component.members {
            of_all += self.surprise[i];
            if self.all[i].tactics.contains(&tactic) {
                of_it += self.surprise[i];
                greatest = greatest.max(self.surprise[i]);
            }
        }
        of_it / of_all * greatest
    }

    fn is_near(&self, intrusion: &Intrusion, component: &Component) -> bool {
        let free = component.members.iter().all(|i| !self.taken.contains(i));
        let hosts: BTreeSet<&str> = component.members.iter().map(|i| &*self.all[*i].host).collect();
        free && hosts.len() <= COMPLETING_HOSTS_MAX
            && self.hours_apart(intrusion, component).is_some_and(|h| h <= COMPLETING_HOURS)
    }

    fn hours_apart(&self, intrusion: &Intrusion, component: &Component) -> Option<i64> {
        let hour = |i: &usize| self.all[*i].hour();
        let apart =
            |a: &usize| component.members.iter().map(move |b| (hour(a) - hour(b)).abs()).min();
        intrusion.core.iter().filter_map(apart).min()
    }

    /// Takes a component that completes the intrusion, and what its effects may be.
    fn take_completing(&mut self, intrusion: &mut Intrusion, tactic: usize, component: &Component) {
        if component.members.iter().any(|i| self.taken.contains(i)) {
            return;
        }
        let hours = self.hours_apart(intrusion, component).unwrap_or(0);
        let of_it = |i: &&usize| self.all[**i].tactics.contains(&tactic);
        let b = *component.members.iter().find(of_it).expect("it was chosen for that tactic");
        let distance = |a: &&usize| (self.all[**a].window - self.all[b].window).abs();
        let other_host = |a: &&usize| self.all[**a].host != self.all[b].host;
        let a = *intrusion
            .core
            .iter()
            .min_by_key(|a| (other_host(a), distance(a), **a))
            .expect("a core");
        intrusion.links.push(Link { a, b, reason: Reason::Completes(tactic, hours) });
        intrusion.links.extend(component.links.iter().cloned());
        intrusion.observations.extend(&component.members);
        intrusion.core.extend(&component.members);
        self.taken.extend(&component.members);
        let windows = || component.members.iter().map(|i| self.all[*i].window);
        let (first, last) = (windows().min().unwrap_or(0), windows().max().unwrap_or(0));
        self.meanwhile(intrusion, first, last + EFFECT_WINDOWS);
    }
}
