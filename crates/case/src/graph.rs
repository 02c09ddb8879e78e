//! Who and what has to do with each other in an intrusion: hosts, accounts, addresses, files and
//! indicators, joined where a finding names both.

use std::collections::BTreeMap;

use blanik_model::Timestamp;
use serde::Serialize;

use crate::case::Case;
use crate::citation::Citations;
use crate::entity::{Entity, EntityKind};
use crate::intrusion::Intrusion;
use crate::link::{Rarity, Reason};
use crate::place::{self, Site};

/// Entities that are drawn.
const NODES_MAX: usize = 60;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Graph {
    /// By kind, then by when they were first seen.
    pub nodes: Vec<Node>,
    /// By the positions of their nodes.
    pub edges: Vec<Edge>,
    /// Entities that are not drawn.
    pub further: u64,
}

/// An entity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// Which.
    pub entity: Entity,
    /// Others of its kind that the very same observations name: the digests of one file, say.
    pub also: Vec<Entity>,
    /// When it was first seen in the intrusion.
    pub first: Timestamp,
    /// Observations that name it.
    pub observations: u64,
    /// The findings.
    pub rests_on: Citations,
}

/// A host and what findings on it name, or to which somebody logged on from it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edge {
    /// Position of the host.
    pub host: usize,
    /// Position of the other.
    pub other: usize,
    /// Observations that name both.
    pub observations: u64,
    /// The findings.
    pub rests_on: Citations,
}

impl Case {
    /// The graph of an intrusion's core.
    pub(crate) fn graph(&self, intrusion: &Intrusion) -> Graph {
        let rarity = Rarity::of(&self.observations, &self.surprise);
        let mut seen: BTreeMap<Entity, Vec<usize>> = BTreeMap::new();
        for &i in &intrusion.core {
            let o = &self.observations[i];
            let seat = o.seat();
            if let Some(seat) = &seat {
                seen.entry(seat.clone()).or_default().push(i);
            }
            // A process's GUID tells nobody anything.
            let drawn = |e: &&Entity| e.kind != EntityKind::Process && rarity.ties(e).is_some();
            for entity in o.entities.iter().filter(drawn).filter(|e| Some(*e) != seat.as_ref()) {
                seen.entry(entity.clone()).or_default().push(i);
            }
        }
        let mut alike: BTreeMap<(EntityKind, &Vec<usize>), Vec<&Entity>> = BTreeMap::new();
        let mut also: BTreeMap<&Entity, Vec<Entity>> = BTreeMap::new();
        for (entity, of) in &seen {
            alike.entry((entity.kind, of)).or_default().push(entity);
        }
        let mut ranked: Vec<(&Entity, &Vec<usize>)> = Vec::new();
        for ((kind, of), entities) in alike {
            if matches!(kind, EntityKind::Host | EntityKind::Account) {
                ranked.extend(entities.into_iter().map(|e| (e, of)));
            } else if let Some((first, rest)) = entities.split_first() {
                ranked.push((first, of));
                also.insert(first, rest.iter().map(|e| (*e).clone()).collect());
            }
        }
        let is_host = |e: &Entity| e.kind == EntityKind::Host;
        ranked.sort_by_key(|(e, of)| (!is_host(e), std::cmp::Reverse(of.len()), *e));
        let further = ranked.len().saturating_sub(NODES_MAX) as u64;
        ranked.truncate(NODES_MAX);
        let first = |of: &[usize]| of.iter().map(|i| self.observations[*i].first).min();
        ranked.sort_by_key(|(e, of)| (e.kind, first(of), *e));
        let at: BTreeMap<&Entity, usize> =
            ranked.iter().enumerate().map(|(i, (e, _))| (*e, i)).collect();
        let rests_on = |of: &[usize]| {
            Citations::join(of.iter().map(|i| &self.observations[*i].rests_on))
                .expect("it was seen")
        };
        let mut edges = Vec::new();
        for (entity, of) in &ranked {
            let mut by_seat: BTreeMap<Entity, Vec<usize>> = BTreeMap::new();
            for &i in *of {
                if let Some(seat) = self.observations[i].seat() {
                    by_seat.entry(seat).or_default().push(i);
                }
            }
            for (seat, both) in by_seat.iter().filter(|(seat, _)| seat != entity) {
                if let Some(&host) = at.get(seat) {
                    let observations = both.len() as u64;
                    let rests_on = rests_on(both);
                    edges.push(Edge { host, other: at[*entity], observations, rests_on });
                }
            }
        }
        edges.extend(self.logons(intrusion, &at));
        let node = |(entity, of): &(&Entity, &Vec<usize>)| Node {
            entity: (*entity).clone(),
            also: also.get(*entity).cloned().unwrap_or_default(),
            first: first(of).expect("it was seen"),
            observations: of.len() as u64,
            rests_on: rests_on(of),
        };
        Graph { nodes: ranked.iter().map(node).collect(), edges, further }
    }
    /// From machine to machine, by the logons that tie.
    fn logons(&self, intrusion: &Intrusion, at: &BTreeMap<&Entity, usize>) -> Vec<Edge> {
        let mut by_ends: BTreeMap<(usize, usize), Vec<Citations>> = BTreeMap::new();
        for link in &intrusion.links {
            let Reason::Route(logon) = &link.reason else { continue };
            let machine = |name: &str| place::entity(name, Site::Machine);
            let position = |name: &str| at.get(&machine(name)?).copied();
            if let (Some(from), Some(to)) = (position(&logon.from), position(&logon.to)) {
                by_ends.entry((from, to)).or_default().push(Citations::one(logon.record));
            }
        }
        let edge = |((host, other), of): ((usize, usize), Vec<Citations>)| {
            let rests_on = Citations::join(&of)?;
            Some(Edge { host, other, observations: of.len() as u64, rests_on })
        };
        by_ends.into_iter().filter_map(edge).collect()
    }
}
