//! Why two observations belong together. Each link says so in a sentence.

use std::collections::{BTreeMap, BTreeSet};

use blanik_model::{Level, Timestamp};
use serde::Serialize;

use crate::citation::{Citations, Sentence};
use crate::entity::{Entity, EntityKind};
use crate::judgement::Judgements;
use crate::observation::{Observation, Observations, WINDOWS_PER_HOUR};
use crate::place::Site;
use crate::route::{self, Route};
use crate::surprise::NOTABLE;

/// Windows between observations of level medium that still are one burst.
const BURST_WINDOWS: i64 = WINDOWS_PER_HOUR;
/// Windows within which one rule on two hosts is one occasion.
const OCCASION_WINDOWS: i64 = 1;
/// Windows over which a shared entity ties observations of level medium.
const DAY_WINDOWS: i64 = 24 * WINDOWS_PER_HOUR;
/// Windows over which a host ties observations of level high: intruders rest for months.
const HOST_DWELL_WINDOWS: i64 = 180 * DAY_WINDOWS;
/// Windows over which a shared entity does: whoever has an account keeps it.
const DWELL_WINDOWS: i64 = 540 * DAY_WINDOWS;
/// Seconds within which two notable observations on two hosts are one moment.
const MOMENT_S: i64 = 60;
/// Notable observations a minute above which one moment may be chance.
const MOMENT_RATE_MAX: f64 = 0.001;
/// Minutes that must be known to say so.
const MOMENT_KNOWN_MIN: i64 = 7 * 24 * 60;
/// Of the hosts, the share on which an entity may be seen in ordinary findings and still tie.
const COMMON_SHARE: f64 = 0.34;
/// The share on which it may be seen at all: an intruder may be on most of a few hosts.
const EVERYWHERE_SHARE: f64 = 0.75;
/// The share that is few, and how many are anyway.
const FEW_SHARE: f64 = 0.05;
const FEW_MIN: f64 = 3.0;
/// Of a host's observations, the share that name an address which is the host's own.
const OWN_SHARE: f64 = 0.5;

/// Why two observations belong together.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Both are on that host, so many minutes apart.
    SameHost(String, i64),
    /// The same rule met on both hosts within ten minutes.
    SameOccasion(String),
    /// They happened so many seconds apart, where so many notable observations come in a day.
    SameMoment(i64, f64),
    /// Both name an entity that is seen on so many hosts of so many only.
    Shared(Entity, usize, usize),
    /// It happened during the other, and so few of its like are to be expected in any ten minutes.
    Unexpected(f64),
    /// It has the tactic that the intrusion lacks, so many hours apart.
    Completes(usize, i64),
    /// An account logged on from the machine of the one to that of the other, by a rare route.
    Route(Box<Logon>),
    /// The intrusion, so many hours before or behind, had to do with the entity of which it speaks.
    Held(Entity, i64),
    /// An analyst says so.
    Said(String),
}

/// A logon that ties.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Logon {
    /// The machine from which.
    pub from: String,
    /// The machine to which.
    pub to: String,
    /// The account.
    pub account: String,
    /// When.
    pub at: Timestamp,
    /// In how many hours it took this route.
    pub hours: usize,
    /// The record that says so.
    pub record: u64,
}

/// Two observations that belong together. `a` and `b` are positions among the case's observations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Link {
    /// The one.
    pub a: usize,
    /// The other.
    pub b: usize,
    /// Why.
    pub reason: Reason,
}

impl Link {
    /// How far apart is what it brings together: an analyst's word, then what leads from place to place, and last what
    /// is of one host or one time.
    pub(crate) fn rank(&self) -> u8 {
        match self.reason {
            Reason::Said(_) => 0,
            Reason::Route(_) => 1,
            Reason::Held(..) => 2,
            Reason::Completes(..) => 3,
            Reason::Shared(..) => 4,
            Reason::SameOccasion(_) | Reason::SameMoment(..) => 5,
            Reason::SameHost(..) => 6,
            Reason::Unexpected(_) => 7,
        }
    }

    /// The reason as a sentence.
    pub fn sentence(&self, observations: &[Observation]) -> Sentence {
        let (a, b) = (&observations[self.a], &observations[self.b]);
        let text = match &self.reason {
            Reason::SameHost(host, 0) => format!("Both happened on {host} within ten minutes."),
            Reason::SameHost(host, minutes) => {
                format!("Both happened on {host}, {} apart.", crate::timeline::span(*minutes * 60))
            }
            Reason::SameOccasion(rule) => {
                format!("\"{rule}\" was found on {} and {} within ten minutes.", a.host, b.host)
            }
            Reason::SameMoment(seconds, a_day) => format!(
                "Both happened within {}, where {a_day:.2} as notable come in a day.",
                crate::timeline::span((*seconds).max(1))
            ),
            Reason::Shared(entity, on, of) => {
                format!("They name {entity}, which is seen on {on} of {of} hosts.")
            }
            Reason::Unexpected(expected) => format!(
                "\"{}\" on {} happened meanwhile; {expected:.2} findings as unusual are to be expected in ten minutes.",
                b.title, b.host
            ),
            Reason::Completes(tactic, hours) => format!(
                "\"{}\" on {} is of the tactic {}, which the intrusion lacks, {} away.",
                b.title,
                b.host,
                blanik_model::attack::TACTICS[*tactic].1,
                crate::timeline::span(*hours * 3600)
            ),
            Reason::Route(logon) => format!(
                "{} logged on from {} to {} at {}, a way taken in {} only.",
                logon.account,
                logon.from,
                logon.to,
                logon.at.to_seconds_string(),
                counted(logon.hours, "hour")
            ),
            Reason::Held(entity, hours) => format!(
                "\"{}\" on {} is about {entity}, which was the intruder's {} apart.",
                b.title,
                b.host,
                crate::timeline::span(*hours * 3600)
            ),
            Reason::Said(why) if why.is_empty() => "An analyst says so.".to_owned(),
            Reason::Said(why) => format!("An analyst says so: {why}"),
        };
        Sentence::new(text, Link::rest_on(&[self], observations))
    }

    /// The records on which links rest, of each observation once.
    pub(crate) fn rest_on(links: &[&Link], observations: &[Observation]) -> Citations {
        let of: BTreeSet<usize> = links.iter().flat_map(|link| [link.a, link.b]).collect();
        let logon = |link: &&Link| match &link.reason {
            Reason::Route(logon) => Some(Citations::one(logon.record)),
            _ => None,
        };
        let logons: Vec<Citations> = links.iter().filter_map(logon).collect();
        let of = of.iter().map(|i| &observations[*i].rests_on).chain(&logons);
        Citations::join(of).expect("observations rest on findings")
    }
}

/// `1 host`, `2 hosts`.
pub(crate) fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// What the observations say of entities.
pub(crate) struct Rarity {
    hosts: usize,
    on: BTreeMap<Entity, BTreeSet<String>>,
    ordinarily_on: BTreeMap<Entity, BTreeSet<String>>,
    own: BTreeSet<(String, Entity)>,
}

impl Rarity {
    pub fn of(observations: &[Observation], surprise: &[f64]) -> Self {
        let mut on: BTreeMap<Entity, BTreeSet<String>> = BTreeMap::new();
        let mut ordinarily_on: BTreeMap<Entity, BTreeSet<String>> = BTreeMap::new();
        let mut named: BTreeMap<(&str, &Entity), usize> = BTreeMap::new();
        let mut of_host: BTreeMap<&str, usize> = BTreeMap::new();
        for (o, surprise) in observations.iter().zip(surprise) {
            *of_host.entry(&o.host).or_default() += 1;
            for entity in &o.entities {
                on.entry(entity.clone()).or_default().insert(o.host.clone());
                if *surprise < NOTABLE {
                    ordinarily_on.entry(entity.clone()).or_default().insert(o.host.clone());
                }
                *named.entry((&o.host, entity)).or_default() += 1;
            }
        }
        let is_own = |((host, entity), count): &(&(&str, &Entity), &usize)| {
            entity.kind == EntityKind::Address
                && **count as f64 > OWN_SHARE * of_host[*host] as f64
                && on[*entity].len() == 1
        };
        let own = named.iter().filter(is_own);
        let own = own.map(|((host, entity), _)| ((*host).to_owned(), (*entity).clone())).collect();
        Rarity { hosts: of_host.len(), own, on, ordinarily_on }
    }

    /// On how many hosts the entity is seen, if that is few enough to tie.
    pub fn ties(&self, entity: &Entity) -> Option<usize> {
        let on = self.on.get(entity)?.len();
        let ordinarily_on = self.ordinarily_on(entity);
        let at_most = |share: f64| (self.hosts as f64 * share).max(2.0);
        let is_uncommon =
            ordinarily_on as f64 <= at_most(COMMON_SHARE) && on as f64 <= at_most(EVERYWHERE_SHARE);
        is_uncommon.then_some(on)
    }

    /// On how many hosts ordinary findings name it. What an intruder does often looks ordinary on the one where they do it.
    pub fn ordinarily_on(&self, entity: &Entity) -> usize {
        self.ordinarily_on.get(entity).map_or(0, BTreeSet::len)
    }

    /// True if findings name it on few hosts, ordinary ones on one of them at most.
    pub fn is_rare(&self, entity: &Entity) -> bool {
        let few = (self.hosts as f64 * FEW_SHARE).max(FEW_MIN);
        let on = self.on.get(entity).map_or(0, BTreeSet::len);
        self.ordinarily_on(entity) <= 1 && on as f64 <= few
    }

    /// True if an address is a host's own.
    pub fn is_own(&self, host: &str, entity: &Entity) -> bool {
        self.own.contains(&(host.to_owned(), entity.clone()))
    }

    /// True if it is known whence somebody acted in both, and these have nothing in common.
    pub fn are_strangers(&self, a: &Observation, b: &Observation) -> bool {
        let (of_a, of_b) = (self.actors(a), self.actors(b));
        !of_a.is_empty() && !of_b.is_empty() && of_a.is_disjoint(&of_b)
    }

    /// Whence somebody acted in an observation: addresses that are not common, nor the host's own. (Of
    /// accounts, an intruder takes one after another.)
    fn actors<'o>(&self, o: &'o Observation) -> BTreeSet<&'o Entity> {
        let acts = |e: &&Entity| {
            e.kind == EntityKind::Address && self.ties(e).is_some() && !self.is_own(&o.host, e)
        };
        o.entities.iter().filter(acts).collect()
    }
}

/// Links between observations that are notable, strongest first.
pub(crate) fn links(
    observations: &Observations,
    surprise: &[f64],
    routes: &[Route],
    judgements: &Judgements,
) -> Vec<Link> {
    let all = &observations.all;
    let rarity = Rarity::of(all, surprise);
    let notable: Vec<usize> = (0..all.len()).filter(|i| surprise[*i] >= NOTABLE).collect();
    let mut links = said(observations, judgements);
    on_routes(all, &notable, routes, &mut links);
    shared(all, &notable, &rarity, &mut links);
    occasions(all, &notable, &mut links);
    on_hosts(all, &notable, &rarity, &mut links);
    moments(all, &notable, &mut links);
    links
}

fn on_routes(all: &[Observation], notable: &[usize], routes: &[Route], links: &mut Vec<Link>) {
    let link = |taken: route::Taken| {
        let r = &routes[taken.route];
        let logon = Logon {
            from: r.from.clone(),
            to: r.to.clone(),
            account: r.account.clone(),
            at: taken.at,
            hours: r.hours.len(),
            record: r.record,
        };
        Link { a: taken.a, b: taken.b, reason: Reason::Route(Box::new(logon)) }
    };
    links.extend(route::taken(all, notable, routes).into_iter().map(link));
}

fn said(observations: &Observations, judgements: &Judgements) -> Vec<Link> {
    let link = |tie: &crate::judgement::Tie| {
        let (a, b) = (observations.of_record(tie.a)?, observations.of_record(tie.b)?);
        (a != b).then(|| Link { a, b, reason: Reason::Said(tie.said.text.clone()) })
    };
    judgements.linked.iter().filter_map(link).collect()
}

/// Windows over which something shared ties two observations: of level medium, and above.
fn reach(a: &Observation, b: &Observation, medium: i64, high: i64) -> i64 {
    if is_bad(a) && is_bad(b) { high } else { medium }
}

/// Neighbours in time of each list, and those among its observations of level high: what ties these
/// for longer must not end at one of level medium between them.
fn neighbours<K: Ord>(
    all: &[Observation],
    lists: BTreeMap<K, Vec<usize>>,
    link: impl Fn(&K, usize, usize) -> Option<Link>,
    links: &mut Vec<Link>,
) {
    for (key, list) in &lists {
        links.extend(list.windows(2).filter_map(|pair| link(key, pair[0], pair[1])));
        let bad: Vec<usize> = list.iter().copied().filter(|i| is_bad(&all[*i])).collect();
        let apart = bad
            .windows(2)
            .filter(|pair| list.binary_search(&pair[0]).map(|at| list[at + 1]) != Ok(pair[1]));
        links.extend(apart.filter_map(|pair| link(key, pair[0], pair[1])));
    }
}

/// True for what counts for more than a day.
pub(crate) fn is_bad(o: &Observation) -> bool {
    o.level >= Level::High || o.confirmed
}

fn shared(all: &[Observation], notable: &[usize], rarity: &Rarity, links: &mut Vec<Link>) {
    let mut by_entity: BTreeMap<&Entity, Vec<usize>> = BTreeMap::new();
    for &i in notable {
        for entity in &all[i].entities {
            if rarity.ties(entity).is_some() && !rarity.is_own(&all[i].host, entity) {
                by_entity.entry(entity).or_default().push(i);
            }
        }
    }
    let link = |entity: &&Entity, a: usize, b: usize| {
        let gap = all[b].window - all[a].window;
        let on = rarity.ties(entity)?;
        (gap <= reach(&all[a], &all[b], DAY_WINDOWS, DWELL_WINDOWS)).then(|| Link {
            a,
            b,
            reason: Reason::Shared((*entity).clone(), on, rarity.hosts),
        })
    };
    neighbours(all, by_entity, link, links);
}

fn occasions(all: &[Observation], notable: &[usize], links: &mut Vec<Link>) {
    let mut by_rule: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for &i in notable.iter().filter(|i| all[**i].site != Site::Elsewhere) {
        by_rule.entry(all[i].name()).or_default().push(i);
    }
    let link = |_: &(&str, &str), a: usize, b: usize| {
        (all[b].window - all[a].window <= OCCASION_WINDOWS && all[a].host != all[b].host)
            .then(|| Link { a, b, reason: Reason::SameOccasion(all[a].title.clone()) })
    };
    neighbours(all, by_rule, link, links);
}

/// Where notable things are rare, two within a minute are no chance.
fn moments(all: &[Observation], notable: &[usize], links: &mut Vec<Link>) {
    let seconds = |i: usize| all[i].first.as_nanos().div_euclid(1_000_000_000);
    let (Some(&first), Some(&last)) = (notable.first(), notable.last()) else { return };
    let minutes = (seconds(last) - seconds(first)) / 60;
    let rate = notable.len() as f64 / minutes.max(1) as f64;
    if minutes < MOMENT_KNOWN_MIN || rate > MOMENT_RATE_MAX {
        return;
    }
    for pair in notable.windows(2) {
        let apart = seconds(pair[1]) - seconds(pair[0]);
        if apart <= MOMENT_S && all[pair[0]].host != all[pair[1]].host {
            let reason = Reason::SameMoment(apart, rate * 24.0 * 60.0);
            links.push(Link { a: pair[0], b: pair[1], reason });
        }
    }
}

fn on_hosts(all: &[Observation], notable: &[usize], rarity: &Rarity, links: &mut Vec<Link>) {
    let mut by_host: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for &i in notable.iter().filter(|i| all[**i].site != Site::Elsewhere) {
        by_host.entry(&all[i].host).or_default().push(i);
    }
    let link = |host: &&str, a: usize, b: usize| {
        let gap = all[b].window - all[a].window;
        // Two that are known to act, and have nothing in common, are two.
        let strangers = rarity.are_strangers(&all[a], &all[b]);
        (gap <= reach(&all[a], &all[b], BURST_WINDOWS, HOST_DWELL_WINDOWS)
            && !(strangers && gap > BURST_WINDOWS))
            .then(|| Link { a, b, reason: Reason::SameHost((*host).to_owned(), gap * 10) })
    };
    neighbours(all, by_host, link, links);
}
