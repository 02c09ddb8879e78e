//! Who logged on where, and whence: the routes on which an intruder moves. One reader a kind of record.
//!
//! Logons are many, routes are few. Of each route the earliest hours are kept, and that there were more: what
//! happens every day needs no list.

use std::collections::BTreeMap;

use blanik_model::record::{LoggedOn, Span};
use blanik_model::{EventBatch, Fact, Kind, Timestamp};

use super::kept::Kept;
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
    match watch(kind) {
        Some(Watch::Windows) => &["LogonType", "TargetUserName", "IpAddress", "WorkstationName"],
        Some(Watch::Ssh) => &["outcome", "user", "src_ip"],
        Some(Watch::Kerberos) => {
            &["request_type", "client", "service", "success", "id.orig_h", "id.resp_h"]
        }
        None => &[],
    }
}

/// A logon: to which host, by which account, whence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Logon {
    host: String,
    account: String,
    from: String,
}

/// The logon of a row; `host` is the machine that recorded it.
pub(super) fn logon(
    watch: Watch,
    batch: &EventBatch,
    row: usize,
    host: Option<&str>,
) -> Option<Logon> {
    let text = |name: &str| {
        let value = batch.value(row, name)?.scalars().next()?;
        (!value.text.is_empty() && value.text != "-").then_some(value.text)
    };
    let (to, account, from) = match watch {
        // Over the network, and by remote desktop: those that come from elsewhere.
        Watch::Windows if matches!(text("LogonType")?, "3" | "10") => {
            (host?.to_owned(), text("TargetUserName")?, text("IpAddress")?)
        }
        Watch::Windows => return None,
        Watch::Ssh => {
            text("outcome").filter(|o| *o == "Accepted")?;
            (host?.to_owned(), text("user")?, text("src_ip")?)
        }
        Watch::Kerberos => {
            text("request_type").filter(|r| *r == "TGS")?;
            let (class, machine) = text("service")?.split_once('/')?;
            // Tickets for the directory itself are everybody's.
            let is_logon = ["cifs", "http", "host", "wsman", "termsrv", "mssqlsvc"];
            is_logon.iter().find(|c| class.eq_ignore_ascii_case(c))?;
            (machine.to_owned(), text("client")?.split('/').next()?, text("id.orig_h")?)
        }
    };
    let account = entity::name(EntityKind::Account, account)?;
    let from = entity::name(EntityKind::Address, from)?;
    Some(Logon { host: short(&to), account, from })
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
pub(super) struct Routes(Kept<Logon, Route>);

impl Default for Routes {
    fn default() -> Self {
        Routes(Kept::new(ROUTES_MAX))
    }
}

impl Routes {
    pub(super) fn take(&mut self, logon: Logon, time: Timestamp) {
        let span = Span { first: time, last: time, events: 1 };
        let Some(route) = self.0.entry(logon, || Route::of(span)) else { return };
        route.first = route.first.min(time);
        route.last = route.last.max(time);
        route.records += 1;
        route.take(time.as_nanos().div_euclid(HOUR_NS), span);
    }

    pub(super) fn merge(&mut self, other: Routes) {
        for (logon, theirs) in other.0.values {
            let empty =
                || Route { records: 0, hours: BTreeMap::new(), more: false, ..theirs.clone() };
            let Some(mine) = self.0.entry(logon, empty) else { continue };
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
        self.0.values.into_iter().map(|(logon, route)| {
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
