//! How far an intrusion reaches: which hosts, accounts and mailboxes are confirmed, suspected or
//! cleared, and why. Who was not watched is not cleared.

use std::collections::{BTreeMap, BTreeSet};

use blanik_model::{Level, Timestamp};
use serde::Serialize;

use crate::case::Case;
use crate::citation::{Citations, Sentence};
use crate::entity::{Entity, EntityKind};
use crate::intrusion::Intrusion;
use crate::link::Rarity;
use crate::observation::Observation;
use crate::place;
use crate::surprise::NOTABLE;

/// Observations tied to the others that confirm what each of them alone would not.
const CONFIRMING: usize = 3;

/// What is held of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// The intruder was there.
    Confirmed,
    /// They may have been.
    Suspected,
    /// Nothing speaks for it, but it was not watched all the time.
    Open,
    /// What ran on it or who logged on was recorded all the time, and nothing above level low was found.
    Cleared,
}

impl Standing {
    /// What people call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Confirmed => "confirmed",
            Standing::Suspected => "suspected",
            Standing::Open => "open",
            Standing::Cleared => "cleared",
        }
    }
}

/// An entity and what is held of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scoped {
    /// The host, account or mailbox.
    pub entity: Entity,
    /// What is held of it.
    pub standing: Standing,
    /// Why.
    pub why: Sentence,
}

impl Case {
    /// How far an intrusion reaches: by kind, standing and name.
    pub fn scope(&self, intrusion: &Intrusion) -> Vec<Scoped> {
        let rarity = Rarity::of(&self.observations, &self.surprise);
        let mut of: BTreeMap<Entity, Vec<usize>> = BTreeMap::new();
        for &i in &intrusion.observations {
            let o = &self.observations[i];
            if let Some(seat) = o.seat() {
                of.entry(seat).or_default().push(i);
            }
            let seat = o.seat();
            let named = o.entities.iter().filter(|e| {
                matches!(e.kind, EntityKind::Account | EntityKind::Mailbox)
                    && rarity.ties(e).is_some()
                    && Some(*e) != seat.as_ref()
            });
            for entity in named {
                of.entry(entity.clone()).or_default().push(i);
            }
        }
        let mut scoped: Vec<Scoped> =
            of.iter().map(|(entity, seen)| self.reached(intrusion, entity, seen)).collect();
        scoped.extend(self.unreached(intrusion, &of));
        scoped.sort_by(|a, b| {
            (a.entity.kind, a.standing, &a.entity.name).cmp(&(
                b.entity.kind,
                b.standing,
                &b.entity.name,
            ))
        });
        scoped
    }

    fn reached(&self, intrusion: &Intrusion, entity: &Entity, seen: &[usize]) -> Scoped {
        let of = |i: &usize| &self.observations[*i];
        let core: Vec<usize> =
            seen.iter().copied().filter(|i| intrusion.core.contains(i)).collect();
        let bad = core.iter().filter(|i| of(i).level >= Level::High || of(i).confirmed).count();
        let rests_on = |list: &[usize]| {
            Citations::join(list.iter().map(|i| &of(i).rests_on))
                .expect("each was seen in a finding")
        };
        let (standing, text, list) = if bad > 0 {
            (
                Standing::Confirmed,
                format!("{bad} observations of level high or above are tied to the intrusion."),
                &core[..],
            )
        } else if core.len() >= CONFIRMING {
            (
                Standing::Confirmed,
                format!("{} observations are tied to the intrusion.", core.len()),
                &core[..],
            )
        } else if !core.is_empty() {
            (
                Standing::Suspected,
                format!("Only {} observations are tied to the intrusion.", core.len()),
                &core[..],
            )
        } else {
            (
                Standing::Suspected,
                "What was found there is of the same time, and tied by nothing else.".to_owned(),
                seen,
            )
        };
        Scoped { entity: entity.clone(), standing, why: Sentence::new(text, rests_on(list)) }
    }

    /// Hosts that were watched and on which nothing of the intrusion was found.
    fn unreached(
        &self,
        intrusion: &Intrusion,
        reached: &BTreeMap<Entity, Vec<usize>>,
    ) -> Vec<Scoped> {
        let named: BTreeSet<&Entity> = intrusion
            .observations
            .iter()
            .flat_map(|i| &self.observations[*i].entities)
            .filter(|entity| entity.kind == EntityKind::Address)
            .collect();
        let times = intrusion.observations.iter().map(|i| &self.observations[*i]);
        let first = times.clone().map(|o| o.first).min().expect("an intrusion has observations");
        let last = times.map(|o| o.last).max().expect("an intrusion has observations");
        let scoped = |(host, watched): (&String, &crate::coverage::Watched)| {
            let entity = Entity { kind: EntityKind::Host, name: host.as_str().into() };
            // Whoever is outside is not ours to clear, and a tenant is no host.
            let is_tenant = watched.kinds.iter().all(|k| place::is_service(k));
            if reached.contains_key(&entity) || crate::gather::is_outside(host) || is_tenant {
                return None;
            }
            let stands_out = (0..self.observations.len()).find(|i| {
                let o = &self.observations[*i];
                self.surprise[*i] >= NOTABLE
                    && o.host == *host
                    && o.first >= first
                    && o.first <= last
            });
            if let Some(i) = stands_out {
                let text = format!(
                    "\"{}\" stands out there, and nothing ties it to this intrusion.",
                    self.observations[i].title
                );
                let why = Sentence::new(text, self.observations[i].rests_on.clone());
                return Some(Scoped { entity, standing: Standing::Open, why });
            }
            if let Some(why) =
                self.speaks_against_clearing(intrusion, &entity, &named, (first, last))
            {
                return Some(Scoped { entity, standing: Standing::Open, why });
            }
            let gaps = watched.gaps(host, first, last);
            let is_told_of_itself = watched.kinds.iter().any(|kind| tells_of_itself(kind));
            let (standing, text) = match gaps.first() {
                Some(gap) => (
                    Standing::Open,
                    format!(
                        "Nothing was found, but it was not watched all the time: {}",
                        gap.what.text()
                    ),
                ),
                None if !is_told_of_itself => (
                    Standing::Open,
                    format!(
                        "Nothing was found, but neither what ran on it nor who logged on is recorded, only {}.",
                        kinds(&watched.kinds)
                    ),
                ),
                None => (
                    Standing::Cleared,
                    format!(
                        "It was watched all the time ({}), and nothing above level low was found.",
                        kinds(&watched.kinds)
                    ),
                ),
            };
            Some(Scoped { entity, standing, why: Sentence::new(text, watched.rests_on.clone()) })
        };
        self.watched.iter().filter_map(scoped).collect()
    }

    /// Why a host on which nothing of the intrusion stands out is not cleared, though it was watched: it is an end of what the
    /// intrusion did, another intrusion was there, or something of level medium was found, be it ever so common.
    fn speaks_against_clearing(
        &self,
        intrusion: &Intrusion,
        host: &Entity,
        named: &BTreeSet<&Entity>,
        (first, last): (Timestamp, Timestamp),
    ) -> Option<Sentence> {
        let address = Entity { kind: EntityKind::Address, name: host.name.clone() };
        if named.contains(&address) {
            let of = intrusion.observations.iter().map(|i| &self.observations[*i]);
            let of = of.filter(|o| o.entities.contains(&address));
            let rests_on = Citations::join(of.map(|o| &o.rests_on))?;
            return Some(Sentence::new("Findings of the intrusion name it.", rests_on));
        }
        for (n, other) in self.intrusions.found.iter().enumerate() {
            let there = other.core.iter().map(|i| &self.observations[*i]);
            let there = there.filter(|o| o.seat().as_ref() == Some(host));
            if let Some(rests_on) = Citations::join(there.map(|o| &o.rests_on)) {
                let text = format!("Intrusion {} was there.", n + 1);
                return Some(Sentence::new(text, rests_on));
            }
        }
        let found = self.observations.iter().filter(|o| {
            o.host == *host.name && o.level >= Level::Medium && o.last >= first && o.first <= last
        });
        let (mut most, mut all) = (None::<&Observation>, 0);
        for o in found {
            all += 1;
            most = most.filter(|most| most.level >= o.level).or(Some(o));
        }
        let most = most?;
        let text = match all {
            1 => format!("\"{}\" was found there, and does not stand out.", most.title),
            n => format!(
                "\"{}\" was found there, and {} more, none of which stands out.",
                most.title,
                n - 1
            ),
        };
        Some(Sentence::new(text, most.rests_on.clone()))
    }
}

/// True of records that say what ran on a machine, or who logged on.
fn tells_of_itself(kind: &str) -> bool {
    kind.contains("process_creation") || kind.ends_with("/4624") || kind.starts_with("linux/sshd")
}

fn kinds(kinds: &[String]) -> String {
    const SHOWN: usize = 3;
    let shown = kinds.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match kinds.len() {
        n if n > SHOWN => format!("{shown} and {} more", n - SHOWN),
        _ => shown,
    }
}
