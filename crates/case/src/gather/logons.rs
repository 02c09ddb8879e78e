//! Who logged on where, and whence: the routes on which an intruder moves. One reader a kind of record.
//!
//! Logons are many, routes are few. Of each route the earliest hours are kept, and that there were more: what
//! happens every day needs no list.

use std::collections::BTreeMap;

use blanik_model::record::{LoggedOn, Span};
use blanik_model::{EventBatch, Fact, Kind, Timestamp, Value};

use super::columns::{Addresses, Texts, Worked};
use super::kept::{Kept, Name, Spelling};
use super::{HOUR_NS, joined, short};
use crate::entity::{self, EntityKind};

/// Routes that are kept.
const ROUTES_MAX: usize = 50_000;
/// Hours that are kept of a route.
const HOURS_MAX: usize = 64;

/// What of a kind's events tells of logons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    /// Windows 4624.
    Windows,
    /// OpenSSH's `Accepted`.
    Ssh,
    /// A ticket for a service of a host, seen by Zeek.
    Kerberos,
}

pub(super) fn watch(kind: &Kind) -> Option<Watch> {
    let service = |name: &str| kind.services.iter().any(|s| **s == *name);
    Some(match kind.product.as_deref()? {
        "windows" if kind.event_id == Some(4624) => Watch::Windows,
        "linux" if service("sshd") => Watch::Ssh,
        "zeek" if service("kerberos") => Watch::Kerberos,
        _ => return None,
    })
}

/// The fields that are asked of a kind's events.
pub(super) fn fields(kind: &Kind) -> &'static [&'static str] {
    watch(kind).map_or(&[], fields_of)
}

/// The account, whence it came, and the rest.
fn fields_of(watch: Watch) -> &'static [&'static str] {
    match watch {
        Watch::Windows => &["TargetUserName", "IpAddress", "LogonType"],
        Watch::Ssh => &["user", "src_ip", "outcome"],
        Watch::Kerberos => &["client", "id.orig_h", "request_type", "service"],
    }
}

/// A logon: to which host, by which account, whence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Logon<S> {
    host: S,
    account: S,
    from: S,
}

impl Name for Logon<&str> {
    type Owned = Logon<String>;

    fn owned(self) -> Logon<String> {
        let Logon { host, account, from } = self;
        Logon { host: host.to_owned(), account: account.to_owned(), from: from.to_owned() }
    }

    fn is(self, kept: &Logon<String>) -> bool {
        let Logon { host, account, from } = kept;
        self == Logon { host, account, from }
    }

    fn spell(self, to: &mut Spelling) {
        to.text(self.host).text(self.account).text(self.from);
    }
}

/// Reads the logons of a batch's rows.
pub(super) struct Reader<'b> {
    watch: Watch,
    accounts: Worked<'b, Option<String>>,
    from: Addresses<'b>,
    // Of the watch's other fields, in their order.
    texts: Vec<Texts<'b>>,
}

impl<'b> Reader<'b> {
    pub(super) fn of(watch: Watch, batch: &'b EventBatch) -> Self {
        let fields = fields_of(watch);
        Reader {
            watch,
            accounts: Worked::of(Texts::of(batch, fields[0])),
            from: Addresses::of(batch, fields[1]),
            texts: fields[2..].iter().map(|name| Texts::of(batch, name)).collect(),
        }
    }

    /// The logon of a row; `host` is the machine that recorded it.
    pub(super) fn read<'r>(
        &'r mut self,
        row: usize,
        host: Option<&'r str>,
    ) -> Option<Logon<&'r str>>
    where
        'b: 'r,
    {
        let text = |i: usize| self.texts[i].first(row);
        let to = match self.watch {
            // Over the network, and by remote desktop: those that come from elsewhere.
            Watch::Windows => {
                text(0).filter(|ty| matches!(*ty, "3" | "10"))?;
                host?
            }
            Watch::Ssh => {
                text(0).filter(|outcome| *outcome == "Accepted")?;
                host?
            }
            Watch::Kerberos => {
                text(0).filter(|request| *request == "TGS")?;
                let (class, machine) = text(1)?.split_once('/')?;
                // Tickets for the directory itself are everybody's.
                let is_logon = ["cifs", "http", "host", "wsman", "termsrv", "mssqlsvc"];
                is_logon.iter().find(|c| class.eq_ignore_ascii_case(c))?;
                machine
            }
        };
        let of_realm = self.watch == Watch::Kerberos;
        let account = self.accounts.get(row, |value| account(value, of_realm))?.as_deref()?;
        let from = self.from.get(row)?;
        Some(Logon { host: short(to), account, from })
    }
}

/// The name of the account; of one with its realm behind it (`name/REALM`), without.
fn account(value: Value<'_>, of_realm: bool) -> Option<String> {
    let name = value.scalars().next()?.text;
    let name = if of_realm { name.split('/').next()? } else { name };
    entity::name(EntityKind::Account, name)
}

/// What is counted of a route.
#[derive(Clone, Debug)]
struct Route {
    first: Timestamp,
    last: Timestamp,
    records: u64,
    hours: BTreeMap<i64, Span>,
    more: bool,
}

impl Route {
    fn of(span: Span) -> Self {
        let empty = Span { events: 0, ..span };
        Route {
            first: empty.first,
            last: empty.last,
            records: 0,
            hours: BTreeMap::new(),
            more: false,
        }
    }

    fn take(&mut self, hour: i64, span: Span) {
        self.hours.entry(hour).and_modify(|of| *of = joined(*of, span)).or_insert(span);
        if self.hours.len() > HOURS_MAX {
            self.hours.pop_last();
            self.more = true;
        }
    }
}

/// The routes of all events.
#[derive(Clone, Debug)]
pub(super) struct Routes(Kept<Logon<String>, Route>);

impl Default for Routes {
    fn default() -> Self {
        Routes(Kept::new(ROUTES_MAX))
    }
}

impl Routes {
    pub(super) fn take(&mut self, logon: Logon<&str>, time: Timestamp) {
        let span = Span { first: time, last: time, events: 1 };
        let Some(route) = self.0.entry(logon, || Route::of(span)) else { return };
        route.first = route.first.min(time);
        route.last = route.last.max(time);
        route.records += 1;
        route.take(time.as_nanos().div_euclid(HOUR_NS), span);
    }

    pub(super) fn merge(&mut self, other: Routes) {
        for (logon, theirs) in other.0.into_ranked() {
            let empty =
                || Route { records: 0, hours: BTreeMap::new(), more: false, ..theirs.clone() };
            let Some(mine) = self.0.ranked(logon, empty) else { continue };
            mine.first = mine.first.min(theirs.first);
            mine.last = mine.last.max(theirs.last);
            mine.records += theirs.records;
            mine.more |= theirs.more;
            for (hour, span) in theirs.hours {
                mine.take(hour, span);
            }
        }
    }

    pub(super) fn facts(self) -> impl Iterator<Item = Fact> {
        self.0.into_sorted().into_iter().map(|(logon, route)| {
            Fact::LoggedOn(Box::new(LoggedOn {
                host: logon.host,
                account: logon.account,
                from: logon.from,
                first: route.first,
                last: route.last,
                records: route.records,
                hours: route.hours.into_values().collect(),
                more: route.more,
            }))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Logon;
    use crate::gather::kept::tests::check_apart;

    #[test]
    fn host_account_and_whence_make_a_logon() {
        let logon = |[host, account, from]: [&'static str; 3]| Logon { host, account, from };
        check_apart(
            &[["a", "b", "c"], ["b", "a", "c"], ["a", "c", "b"], ["ab", "", "c"]].map(logon),
        );
    }
}
