//! What was taken, as bounds: confirmed ≤ truth ≤ possible, for each mailbox, share and address. What
//! the intruder's own account, address or host is recorded to have reached is confirmed; what may have
//! been reached, and cannot be told apart or was not recorded, is possible, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use blanik_model::Timestamp;
use blanik_model::attack::TACTICS;
use blanik_model::record::Touched;
use serde::{Deserialize, Serialize};

use crate::case::Case;
use crate::citation::{Citations, Sentence};
use crate::entity::{self, Entity, EntityKind};
use crate::intrusion::Intrusion;
use crate::link::Rarity;

/// For so long Microsoft 365 records nothing of a mailbox that was throttled
/// (Microsoft, "MailItemsAccessed": more than 1,000 records in 24 hours).
const THROTTLED_NS: i64 = 24 * 3600 * 1_000_000_000;

/// An amount that is at least one and at most the other; `None` is without bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// What is confirmed.
    pub confirmed: u64,
    /// What is possible.
    pub possible: Option<u64>,
}

/// What was taken of one object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exposure {
    /// How: `mail`, `file`, `archive` or `outbound`.
    pub act: &'static str,
    /// The mailbox, file, share or address.
    pub object: String,
    /// The first time.
    pub first: Timestamp,
    /// The last time.
    pub last: Timestamp,
    /// Distinct mails, folders or files.
    pub items: Bounds,
    /// Bytes.
    pub bytes: Bounds,
    /// Day by day (UTC): records that confirm.
    pub days: Vec<(String, u64)>,
    /// Why the bounds are what they are.
    pub why: Vec<Sentence>,
}

/// Whether a record is the intruder's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Intruders,
    Perhaps,
    Others,
}

struct Intruder<'i> {
    entities: BTreeSet<&'i Entity>,
    hosts: BTreeSet<&'i str>,
    first: Timestamp,
    last: Timestamp,
}

/// A record, what it says was reached, and by whom.
type Reached<'c> = (u64, &'c Touched, Whose);

impl Case {
    /// What an intrusion took.
    pub fn exposure(&self, intrusion: &Intrusion) -> Vec<Exposure> {
        let intruder = self.intruder(intrusion);
        let mut objects: BTreeMap<(&'static str, String), Vec<Reached<'_>>> = BTreeMap::new();
        let held = self.mailboxes_held(&intruder);
        for (index, touched) in &self.touched {
            let whose = match intruder.whose(touched) {
                Whose::Others if is_held(&held, touched, intruder.last) => Whose::Perhaps,
                whose => whose,
            };
            if whose != Whose::Others {
                let key = (act(&touched.act), touched.object.to_lowercase());
                objects.entry(key).or_default().push((*index, touched, whose));
            }
        }
        let mut exposed: Vec<Exposure> = objects
            .into_iter()
            .map(|((act, object), of)| self.exposed(act, object, &of, &intruder))
            .collect();
        exposed.extend(intruder.hosts.iter().filter_map(|host| self.unrecorded(intrusion, host)));
        exposed
    }

    /// Files of a host on which the intruder gathered or sent, and which keeps no record of what is read on it: of
    /// shares only what is read from elsewhere stands in 5145.
    fn unrecorded(&self, intrusion: &Intrusion, host: &str) -> Option<Exposure> {
        let is_recorded = |kinds: &[String]| kinds.iter().any(|kind| kind.ends_with("/4663"));
        if self.watched.get(host).is_some_and(|watched| is_recorded(&watched.kinds)) {
            return None;
        }
        let core = intrusion.core.iter().map(|i| &self.observations[*i]);
        let gathers = |slug: &str| matches!(slug, "collection" | "exfiltration");
        let of: Vec<_> = core
            .filter(|o| o.host == host && o.tactics.iter().any(|t| gathers(TACTICS[*t].0)))
            .collect();
        let rests_on = Citations::join(of.iter().map(|o| &o.rests_on))?;
        let text = format!(
            "Things were gathered on {host} or sent from it; which files were read there is not recorded."
        );
        let unknown = Bounds { confirmed: 0, possible: None };
        Some(Exposure {
            act: "file",
            object: host.to_owned(),
            first: of.iter().map(|o| o.first).min()?,
            last: of.iter().map(|o| o.last).max()?,
            items: unknown,
            bytes: unknown,
            days: Vec::new(),
            why: vec![Sentence::new(text, rests_on)],
        })
    }

    /// Mailboxes in which the intruder was, and since when: who holds a password, a token or an application's
    /// consent may come again, from addresses that nobody knows.
    fn mailboxes_held(&self, intruder: &Intruder<'_>) -> BTreeMap<String, Timestamp> {
        let mut held: BTreeMap<String, Timestamp> = BTreeMap::new();
        for (_, touched) in &self.touched {
            if act(&touched.act) == "mail" && intruder.whose(touched) == Whose::Intruders {
                let since = held.entry(touched.object.to_lowercase()).or_insert(touched.first);
                *since = (*since).min(touched.first);
            }
        }
        held
    }

    fn intruder<'c>(&'c self, intrusion: &'c Intrusion) -> Intruder<'c> {
        let rarity = Rarity::of(&self.observations, &self.surprise);
        let core = || intrusion.core.iter().map(|i| &self.observations[*i]);
        let all = intrusion.observations.iter().map(|i| &self.observations[*i]);
        let acts = |e: &&Entity| {
            matches!(e.kind, EntityKind::Account | EntityKind::Address) && rarity.ties(e).is_some()
        };
        Intruder {
            entities: core().flat_map(|o| o.entities.iter().filter(acts)).collect(),
            hosts: core().map(|o| o.host.as_str()).filter(|h| *h != "-").collect(),
            first: core().map(|o| o.first).min().expect("an intrusion has a core"),
            last: all.map(|o| o.last).max().expect("an intrusion has observations"),
        }
    }

    fn exposed(
        &self,
        act: &'static str,
        object: String,
        of: &[(u64, &Touched, Whose)],
        intruder: &Intruder<'_>,
    ) -> Exposure {
        let mut why = Vec::new();
        let sure: Vec<_> = of.iter().filter(|(.., w)| *w == Whose::Intruders).collect();
        let named: BTreeSet<&str> =
            sure.iter().flat_map(|(_, t, _)| t.items.iter().map(String::as_str)).collect();
        let named_all: BTreeSet<&str> =
            of.iter().flat_map(|(_, t, _)| t.items.iter().map(String::as_str)).collect();
        let further = total(of.iter().map(|(_, t, _)| t.further_items));
        let mut items = Bounds {
            confirmed: named.len() as u64,
            possible: further.and_then(|further| further.checked_add(named_all.len() as u64)),
        };
        let mut bytes = Bounds {
            confirmed: total(sure.iter().map(|(_, t, _)| t.bytes)).unwrap_or(u64::MAX),
            possible: total(of.iter().map(|(_, t, _)| t.bytes)),
        };
        let mut say = |text: String, which: &dyn Fn(&Touched, Whose) -> bool| {
            let which = of.iter().filter(|(_, t, w)| which(t, *w)).map(|(i, ..)| *i);
            why.extend(Citations::of(which).map(|rests_on| Sentence::new(text, rests_on)));
        };
        if !sure.is_empty() {
            let records = total(sure.iter().map(|(_, t, _)| t.records)).unwrap_or(u64::MAX);
            say(
                format!("{records} records of the intruder's account, address or host name it."),
                &|_, w| w == Whose::Intruders,
            );
        }
        if of.iter().any(|(.., w)| *w == Whose::Perhaps) {
            say(
                "Others acted in the same time, whom nothing tells from the intruder.".into(),
                &|_, w| w == Whose::Perhaps,
            );
        }
        if items.possible.is_none() || bytes.possible.is_none() {
            say("Counts in the records are beyond what can be summed up.".into(), &|_, _| true);
        }
        let is = |word: &'static str| move |t: &Touched, _: Whose| t.act == word;
        if of.iter().any(|(_, t, _)| t.act == "mail-sync") {
            items.possible = None;
            say(
                "A folder was synchronised: all that was in it was taken, however much that was."
                    .into(),
                &is("mail-sync"),
            );
        }
        if of.iter().any(|(_, t, _)| t.act == "mail-throttled") {
            items.possible = None;
            bytes.possible = None;
            let from = of
                .iter()
                .filter(|(_, t, _)| t.act == "mail-throttled")
                .map(|(_, t, _)| t.first)
                .min();
            let to = from.map_or(intruder.last, |t| {
                Timestamp::from_nanos(t.as_nanos().saturating_add(THROTTLED_NS))
            });
            say(
                format!(
                    "Recording was throttled: until {} nothing more of it was recorded.",
                    to.to_seconds_string()
                ),
                &is("mail-throttled"),
            );
        }
        if let Some(rests_on) = Citations::of(self.unlisted.iter().map(|(index, _)| *index)) {
            items.possible = None;
            bytes.possible = None;
            let records = total(self.unlisted.iter().map(|(_, n)| *n)).unwrap_or(u64::MAX);
            let text = format!(
                "{records} records of what was reached are more than a case keeps: what they name is not counted."
            );
            why.push(Sentence::new(text, rests_on));
        }
        let hosts: BTreeSet<String> =
            of.iter().filter_map(|(_, t, _)| t.host.as_deref().map(entity::host)).collect();
        for host in &hosts {
            let Some(watched) = self.watched.get(host) else { continue };
            for gap in watched.gaps(host, intruder.first, intruder.last) {
                items.possible = None;
                bytes.possible = None;
                why.push(Sentence::new(
                    format!("{} What was taken then is not known.", gap.what.text()),
                    gap.what.rests_on().clone(),
                ));
            }
        }
        Exposure {
            act,
            object,
            first: of.iter().map(|(_, t, _)| t.first).min().expect("an object was touched"),
            last: of.iter().map(|(_, t, _)| t.last).max().expect("an object was touched"),
            items,
            bytes,
            days: days(&sure),
            why,
        }
    }
}

/// The sum of counts that logs give; none if it is more than can be counted, or one of them is.
fn total(counts: impl Iterator<Item = u64>) -> Option<u64> {
    let mut sum = 0u64;
    for count in counts {
        sum = sum.checked_add(count).filter(|sum| *sum < u64::MAX)?;
    }
    Some(sum)
}

fn is_held(held: &BTreeMap<String, Timestamp>, touched: &Touched, until: Timestamp) -> bool {
    let since = held.get(&touched.object.to_lowercase()).filter(|_| act(&touched.act) == "mail");
    since.is_some_and(|since| touched.last >= *since && touched.first <= until)
}

fn act(act: &str) -> &'static str {
    match act {
        "mail-bind" | "mail-sync" | "mail-throttled" => "mail",
        "archive" => "archive",
        "outbound" => "outbound",
        _ => "file",
    }
}

fn days(sure: &[&(u64, &Touched, Whose)]) -> Vec<(String, u64)> {
    let mut days: BTreeMap<String, u64> = BTreeMap::new();
    for (_, touched, _) in sure {
        let day = touched.first.to_seconds_string().chars().take(10).collect();
        *days.entry(day).or_default() += touched.records;
    }
    days.into_iter().collect()
}

impl Intruder<'_> {
    /// The intruder's address or account is theirs; on a host that is theirs, what nobody else is named
    /// for may be theirs; an account's mail read from an address that is not theirs may still be.
    fn whose(&self, touched: &Touched) -> Whose {
        let in_time = touched.last >= self.first && touched.first <= self.last;
        let is = |kind, text: &Option<String>| {
            let name = text.as_deref().and_then(|text| entity::name(kind, text));
            name.map(|name| self.entities.contains(&Entity { kind, name: name.into() }))
        };
        let address = is(EntityKind::Address, &touched.address);
        let account = is(EntityKind::Account, &touched.account);
        let host = touched.host.as_deref().is_some_and(|h| self.hosts.contains(&*entity::host(h)));
        let object = entity::name(EntityKind::Address, &touched.object).is_some_and(|name| {
            self.entities.contains(&Entity { kind: EntityKind::Address, name: name.into() })
        });
        let is_outbound = act(&touched.act) == "outbound";
        match (in_time, address, account, host) {
            (false, ..) => Whose::Others,
            _ if object => Whose::Intruders,
            // What a machine sends is not the intruder's because they are on it: others send from there, too.
            (_, Some(true), ..) if is_outbound => Whose::Perhaps,
            (_, Some(true), ..) => Whose::Intruders,
            (_, None, Some(true), _) => Whose::Intruders,
            (_, Some(false), Some(true), _) => Whose::Perhaps,
            (_, _, _, true) => Whose::Perhaps,
            _ => Whose::Others,
        }
    }
}
