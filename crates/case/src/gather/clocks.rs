//! The same thing recorded by two hosts: a message by two mail servers, a connection by a host and by the network's
//! sensor. How far apart they say it was tells how far apart their clocks are. Where a host says that a connection came
//! to it, and the sensor to which address it went, that is the host's.
//!
//! A bounded sample of things is kept, the same for any sharing of the work: those whose digest is smallest, so that
//! both records of a thing are kept or neither.

use std::collections::{BTreeMap, BTreeSet};

use blanik_model::record::{Addressed, Clocked, Span};
use blanik_model::{EventBatch, Fact, Kind, Timestamp};

use super::columns::{Addresses, Texts};
use super::kept::{Kept, Name, Spelling};
use super::touched::day;
use super::{joined, short};

/// Messages that are kept, and connections.
const THINGS_MAX: usize = 20_000;
/// Hosts that are kept of one thing.
const HOSTS_MAX: usize = 8;
/// Things that both recorded, below which nothing is said.
const PAIRS_MIN: usize = 5;
/// Pairs of hosts of which something is said.
const CLOCKED_MAX: usize = 1_000;
/// Connections that must agree on whose an address is: ports are few, and may meet by chance.
const AGREED_MIN: u64 = 2;
/// What the sensor is called, which no record names.
const SENSOR: &str = "zeek";

/// In which records of a kind the thing is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    /// A message's id.
    Message,
    /// A connection's source, an address and a port, and the address where it went, if somebody else says so.
    Connection(End, &'static [&'static str]),
}

/// Who recorded a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The host that opened it.
    Source,
    /// The host to which it came.
    Host,
    /// The network's sensor.
    Sensor,
}

/// What of a kind's events names something that another host may have recorded, too.
pub(super) fn watch(kind: &Kind) -> Option<Watch> {
    let service = |name: &str| kind.services.iter().any(|s| **s == *name);
    let sysmon = || kind.event_id == Some(3) && service("sysmon");
    let (end, fields): (_, &[_]) = match kind.product.as_deref() {
        _ if service("postfix") || service("message_tracking") => return Some(Watch::Message),
        Some("linux") if service("sshd") => (End::Host, &["src_ip", "src_port"]),
        Some("windows") if sysmon() => (End::Source, &["SourceIp", "SourcePort"]),
        Some("windows") if kind.event_id == Some(4624) => (End::Host, &["IpAddress", "IpPort"]),
        Some("zeek") if service("conn") => (End::Sensor, &["id.orig_h", "id.orig_p", "id.resp_h"]),
        _ => return None,
    };
    Some(Watch::Connection(end, fields))
}

/// The fields that [`Sightings`] asks of a kind's events.
pub(super) fn fields(kind: &Kind) -> &'static [&'static str] {
    match watch(kind) {
        Some(Watch::Message) => &["message-id"],
        Some(Watch::Connection(_, fields)) => fields,
        None => &[],
    }
}

/// What a batch's rows name.
pub(super) enum Named<'b> {
    Message(Texts<'b>),
    /// Ports, and the addresses of the source and of where it went.
    Connection(End, Texts<'b>, Vec<Addresses<'b>>),
}

impl<'b> Named<'b> {
    pub(super) fn of(watch: Watch, batch: &'b EventBatch) -> Self {
        let Watch::Connection(end, fields) = watch else {
            return Named::Message(Texts::of(batch, "message-id"));
        };
        let addresses = fields.iter().step_by(2).map(|name| Addresses::of(batch, name)).collect();
        Named::Connection(end, Texts::of(batch, fields[1]), addresses)
    }
}

/// A connection's source on a day: ports are used again.
type Source = (String, u16, i64);

impl Name for (&str, u16, i64) {
    type Owned = Source;

    fn owned(self) -> Source {
        (self.0.to_owned(), self.1, self.2)
    }

    fn is(self, kept: &Source) -> bool {
        self == (&kept.0, kept.1, kept.2)
    }

    fn spell(self, to: &mut Spelling) {
        let (address, port, day) = self;
        to.text(address).number(port.into()).number(day);
    }
}

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
    /// Takes a row of a batch that names something; `host` is the machine that recorded it.
    pub(super) fn see(
        &mut self,
        named: &mut Named<'_>,
        row: usize,
        host: Option<&str>,
        time: Timestamp,
    ) {
        match named {
            Named::Message(id) => {
                let id = id.value(row).map_or("", |v| v.text).trim_matches(['<', '>', ' ']);
                if let (Some(host), true) = (host, id.contains('@')) {
                    let kept = self.messages.entry(short(id), FirstAt::new);
                    kept.into_iter().for_each(|kept| first(kept, short(host), time));
                }
            }
            Named::Connection(end, ports, addresses) => {
                let host = if *end == End::Sensor { Some(SENSOR) } else { host };
                let port = ports.value(row).and_then(|v| v.text.parse::<u16>().ok());
                let (Some(host), Some(port)) = (host, port.filter(|port| *port > 0)) else {
                    return;
                };
                let Some(address) = addresses[0].get(row) else { return };
                let kept = self.connections.entry((address, port, day(time)), Connection::default);
                let Some(kept) = kept else { return };
                first(&mut kept.first, short(host), time);
                match end {
                    End::Source => {}
                    End::Host => keep(&mut kept.came_to, short(host).to_owned()),
                    End::Sensor => {
                        let to = addresses[1].get(row).map(str::to_owned);
                        to.into_iter().for_each(|to| keep(&mut kept.went_to, to));
                    }
                }
            }
        }
    }

    /// Takes what another saw.
    pub(super) fn merge(&mut self, other: Sightings) {
        for (id, by_host) in other.messages.into_ranked() {
            let Some(mine) = self.messages.ranked(id, FirstAt::new) else { continue };
            by_host.iter().for_each(|(host, time)| first(mine, host, *time));
        }
        for (source, theirs) in other.connections.into_ranked() {
            let Some(mine) = self.connections.ranked(source, Connection::default) else { continue };
            theirs.first.iter().for_each(|(host, time)| first(&mut mine.first, host, *time));
            theirs.came_to.into_iter().for_each(|host| keep(&mut mine.came_to, host));
            theirs.went_to.into_iter().for_each(|to| keep(&mut mine.went_to, to));
        }
    }

    /// Whose the addresses are to which connections went, by host and address.
    fn addressed(&self) -> Vec<Addressed> {
        let mut by_name: BTreeMap<(&str, &str), Span> = BTreeMap::new();
        for connection in self.connections.values() {
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
        let connections = self.connections.into_ranked().map(|(_, c)| c.first);
        let messages = self.messages.into_ranked().map(|(_, by_host)| by_host);
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
fn first(kept: &mut FirstAt, host: &str, time: Timestamp) {
    if let Some(at) = kept.get_mut(host) {
        *at = (*at).min(time);
        return;
    }
    kept.insert(host.to_owned(), time);
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

#[cfg(test)]
mod tests {
    use crate::gather::kept::tests::check_apart;

    #[test]
    fn each_port_of_each_day_is_a_source() {
        check_apart(&[("10.0.0.1", 80, 1), ("10.0.0.1", 1, 80), ("10.0.0.1", 80, -1), ("", 80, 1)]);
    }
}
