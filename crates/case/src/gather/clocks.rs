//! The same thing recorded by two hosts: a message by two mail servers, a connection by a host and by the network's
//! sensor. How far apart they say it was tells how far apart their clocks are. Where a host says that a connection came
//! to it, and the sensor to which address it went, that is the host's.
//!
//! A bounded sample of things is kept, the same for any sharing of the work: those whose digest is smallest, so that
//! both records of a thing are kept or neither.

use std::collections::{BTreeMap, BTreeSet};

use blanik_model::record::{Addressed, Clocked, Span};
use blanik_model::{EventBatch, Fact, Kind, Timestamp};

use super::kept::Kept;
use super::{joined, short};
use crate::entity::{self, EntityKind};

/// Messages that are kept, and connections.
const THINGS_MAX: usize = 20_000;
/// Hosts that are kept of one thing.
const HOSTS_MAX: usize = 8;
/// Things that both recorded, below which nothing is said.
const PAIRS_MIN: usize = 5;
/// Pairs of hosts of which something is said.
const CLOCKED_MAX: usize = 1_000;
const DAY_NS: i64 = 24 * 3600 * 1_000_000_000;
/// Connections that must agree on whose an address is: ports are few, and may meet by chance.
const AGREED_MIN: u64 = 2;
/// What the sensor is called, which no record names.
const SENSOR: &str = "zeek";

/// In which records of a kind the thing is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// A message's id.
    Message,
    /// A connection's source, as the host tells it that opened it: fields of address and port.
    AtSource(&'static str, &'static str),
    /// The same, as the host does to which it came.
    AtHost(&'static str, &'static str),
    /// The same, as the sensor does.
    AtSensor(&'static str, &'static str),
}

/// What of a kind's events names something that another host may have recorded, too.
pub(super) fn names(kind: &Kind) -> Option<Names> {
    let service = |name: &str| kind.services.iter().any(|s| **s == *name);
    let sysmon = || kind.event_id == Some(3) && service("sysmon");
    Some(match kind.product.as_deref() {
        _ if service("postfix") || service("message_tracking") => Names::Message,
        Some("linux") if service("sshd") => Names::AtHost("src_ip", "src_port"),
        Some("windows") if sysmon() => Names::AtSource("SourceIp", "SourcePort"),
        Some("windows") if kind.event_id == Some(4624) => Names::AtHost("IpAddress", "IpPort"),
        Some("zeek") if service("conn") => Names::AtSensor("id.orig_h", "id.orig_p"),
        _ => return None,
    })
}

/// The fields that [`Sightings`] asks of a kind's events.
pub(super) fn fields(kind: &Kind) -> &'static [&'static str] {
    match names(kind) {
        Some(Names::Message) => &["message-id"],
        Some(Names::AtHost("src_ip", _)) => &["src_ip", "src_port"],
        Some(Names::AtSource(..)) => &["SourceIp", "SourcePort"],
        Some(Names::AtHost(..)) => &["IpAddress", "IpPort"],
        Some(Names::AtSensor(..)) => &["id.orig_h", "id.orig_p", "id.resp_h"],
        None => &[],
    }
}

/// A connection's source on a day: ports are used again.
type Source = (String, u16, i64);
/// When each host first recorded it.
type FirstAt = BTreeMap<String, Timestamp>;

/// A connection, by all who recorded it.
#[derive(Clone, Debug, Default)]
struct Connection {
    first: FirstAt,
    /// The hosts that say it came to them.
    came_to: BTreeSet<String>,
    /// The addresses to which the sensor says it went.
    went_to: BTreeSet<String>,
}

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Sightings {
    messages: Kept<String, FirstAt>,
    connections: Kept<Source, Connection>,
}

impl Default for Sightings {
    fn default() -> Self {
        Sightings { messages: Kept::new(THINGS_MAX), connections: Kept::new(THINGS_MAX) }
    }
}

impl Sightings {
    /// Takes a row of a kind that names something.
    pub(super) fn see(
        &mut self,
        names: Names,
        (batch, row): (&EventBatch, usize),
        host: Option<&str>,
        time: Timestamp,
    ) {
        let text = |name: &str| batch.value(row, name).map_or("", |v| v.text);
        let (host, address, port) = match names {
            Names::Message => {
                let id = text("message-id").trim_matches(['<', '>', ' ']);
                if let (Some(host), true) = (host, id.contains('@')) {
                    let kept = self.messages.entry(short(id), FirstAt::new);
                    first(kept, host, time);
                }
                return;
            }
            Names::AtSource(address, port) | Names::AtHost(address, port) => {
                (host, text(address), text(port))
            }
            Names::AtSensor(address, port) => (Some(SENSOR), text(address), text(port)),
        };
        let address = entity::name(EntityKind::Address, address);
        let (Some(host), Some(address), Ok(port)) = (host, address, port.parse::<u16>()) else {
            return;
        };
        if port > 0 {
            let source = (address, port, time.as_nanos().div_euclid(DAY_NS));
            let Some(kept) = self.connections.entry(source, Connection::default) else { return };
            first(Some(&mut kept.first), host, time);
            match names {
                Names::AtHost(..) => keep(&mut kept.came_to, short(host)),
                Names::AtSensor(..) => {
                    let to = entity::name(EntityKind::Address, text("id.resp_h"));
                    to.into_iter().for_each(|to| keep(&mut kept.went_to, to));
                }
                _ => {}
            }
        }
    }

    /// Takes what another saw.
    pub(super) fn merge(&mut self, other: Sightings) {
        for (id, by_host) in other.messages.values {
            let Some(mine) = self.messages.entry(id, FirstAt::new) else { continue };
            by_host.iter().for_each(|(host, time)| first(Some(mine), host, *time));
        }
        for (source, theirs) in other.connections.values {
            let Some(mine) = self.connections.entry(source, Connection::default) else { continue };
            theirs.first.iter().for_each(|(host, time)| first(Some(&mut mine.first), host, *time));
            theirs.came_to.into_iter().for_each(|host| keep(&mut mine.came_to, host));
            theirs.went_to.into_iter().for_each(|to| keep(&mut mine.went_to, to));
        }
    }

    /// Whose the addresses are to which connections went, by host and address.
    fn addressed(&self) -> Vec<Addressed> {
        let mut by_name: BTreeMap<(&str, &str), Span> = BTreeMap::new();
        for connection in self.connections.values.values() {
            let one = |set: &BTreeSet<String>| set.len() == 1;
            let (true, true) = (one(&connection.came_to), one(&connection.went_to)) else {
                continue;
            };
            let pair = connection.came_to.first().zip(connection.went_to.first());
            let times = connection.first.values();
            let (Some((host, address)), Some(&at)) = (pair, times.min()) else { continue };
            let span = Span { first: at, last: at, events: 1 };
            let of = by_name.entry((host, address));
            of.and_modify(|of| *of = joined(*of, span)).or_insert(span);
        }
        let agreed = by_name.into_iter().filter(|(_, of)| of.events >= AGREED_MIN);
        let addressed = |((host, address), of): ((&str, &str), Span)| Addressed {
            host: host.to_owned(),
            address: address.to_owned(),
            first: of.first,
            last: of.last,
            records: of.events,
        };
        agreed.map(addressed).collect()
    }

    /// How far apart the clocks of each two hosts are that recorded enough in common, and whose addresses are.
    pub(super) fn facts(self) -> Vec<Fact> {
        let addressed = self.addressed();
        let connections = self.connections.values.into_values().map(|c| c.first);
        let messages = self.messages.values.into_values();
        let of = [("messages", pairs(messages)), ("connections", pairs(connections))];
        let clocked = of.into_iter().flat_map(|(things, pairs)| {
            let enough = pairs.into_iter().filter(|(_, ahead)| ahead.len() >= PAIRS_MIN);
            enough.map(move |((host, against), ahead)| clocked(things, host, against, ahead))
        });
        let mut clocked: Vec<Clocked> = clocked.collect();
        clocked.sort_by(|a, b| {
            let names = |c: &Clocked| (c.host.clone(), c.against.clone(), c.things.clone());
            b.pairs.cmp(&a.pairs).then_with(|| names(a).cmp(&names(b)))
        });
        clocked.truncate(CLOCKED_MAX);
        let addressed = addressed.into_iter().map(Fact::Addressed);
        clocked.into_iter().map(Fact::Clocked).chain(addressed).collect()
    }
}

/// Keeps the first time of a host; of many hosts the first by name.
fn first(kept: Option<&mut FirstAt>, host: &str, time: Timestamp) {
    let Some(kept) = kept else { return };
    let at = kept.entry(short(host)).or_insert(time);
    *at = (*at).min(time);
    if kept.len() > HOSTS_MAX {
        kept.pop_last();
    }
}

/// Keeps a name; of many the first. More than one says that nothing is known.
fn keep(names: &mut BTreeSet<String>, name: String) {
    names.insert(name);
    if names.len() > 2 {
        names.pop_last();
    }
}

/// For each two hosts by how many milliseconds the first is ahead, by each thing that both recorded.
fn pairs(things: impl Iterator<Item = FirstAt>) -> BTreeMap<(String, String), Vec<i64>> {
    let mut pairs: BTreeMap<(String, String), Vec<i64>> = BTreeMap::new();
    for by_host in things {
        for (i, (a, at_a)) in by_host.iter().enumerate() {
            for (b, at_b) in by_host.iter().skip(i + 1) {
                let ahead_ms = (at_a.as_nanos() - at_b.as_nanos()) / 1_000_000;
                pairs.entry((a.clone(), b.clone())).or_default().push(ahead_ms);
            }
        }
    }
    pairs
}

fn clocked(things: &str, host: String, against: String, mut ahead: Vec<i64>) -> Clocked {
    let ahead_ms = median(&mut ahead);
    let mut apart: Vec<i64> = ahead.iter().map(|ms| (ms - ahead_ms).abs()).collect();
    let (pairs, spread_ms) = (ahead.len() as u64, median(&mut apart));
    Clocked { host, against, things: things.to_owned(), ahead_ms, pairs, spread_ms }
}

/// The middle one: of an even number the lower of the two.
fn median(values: &mut [i64]) -> i64 {
    values.sort_unstable();
    values[(values.len() - 1) / 2]
}
