//! Made of all events, not only of findings: from when to when each host sent telemetry, and what of
//! value was reached. Each worker of a hunt has one gatherer; merged, they are what one would have
//! been, for any number of workers, and hold a bounded amount.
//!
//! Where there is too much, a sample is kept that depends on nothing but names: those whose digest is
//! smallest. What is beyond it is counted.

mod clocks;
mod kept;
mod logons;
mod names;
mod watch;

use std::collections::BTreeMap;

use blanik_model::record::{Addressed, Covered, Span, Touched};
use blanik_model::{EventBatch, Fact, Kind, Timestamp};

use clocks::Sightings;
use kept::Kept;
use logons::Routes;
pub use watch::is_outside;
use watch::{Said, said, watch};

const HOUR_NS: i64 = 3600 * 1_000_000_000;
/// Hosts' kinds whose coverage is kept.
const COVERED_MAX: usize = 20_000;
/// Things reached that are kept: each by whom, whence, on a day.
const TOUCHED_MAX: usize = 50_000;
/// Items that are kept of a thing reached.
const ITEMS_MAX: usize = 64;
/// Characters of a name that are kept.
const NAME_CHARS_MAX: usize = 300;

/// By whom, whence and on which day something was reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reach {
    act: &'static str,
    object: String,
    host: Option<String>,
    account: Option<String>,
    address: Option<String>,
    session: Option<String>,
    day: i64,
}

/// What is counted of it.
#[derive(Clone, Debug)]
struct Reached {
    first: Timestamp,
    last: Timestamp,
    records: u64,
    items: Kept<String, u64>,
    /// Items that records name, each as often as they do.
    mentions: u64,
    bytes: u64,
    place: (Timestamp, String, u64),
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Gatherer {
    covered: Kept<(Option<String>, String), BTreeMap<i64, Span>>,
    touched: Kept<Reach, Reached>,
    touching: u64,
    /// Of a host and an address of its own.
    addressed: Kept<(String, String), Span>,
    routes: Routes,
    sightings: Sightings,
}

impl Default for Gatherer {
    fn default() -> Self {
        Gatherer {
            covered: Kept::new(COVERED_MAX),
            touched: Kept::new(TOUCHED_MAX),
            touching: 0,
            addressed: Kept::new(COVERED_MAX),
            routes: Routes::default(),
            sightings: Sightings::default(),
        }
    }
}

/// Who acted in a row and where it stands; told by who knows the logs.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The account that acted.
    pub account: Option<String>,
    /// The path of the log.
    pub source: String,
}

/// The fields that a gatherer asks of a kind's events.
pub fn fields(kind: &Kind) -> impl Iterator<Item = &'static str> {
    let said = watch::fields(kind).iter().chain(logons::fields(kind)).copied();
    said.chain(names::fields(kind)).chain(clocks::fields(kind).iter().copied())
}

impl Gatherer {
    /// Takes a batch; `host` says of a row which machine it is about, `about` the rest, where it is needed.
    pub fn take(
        &mut self,
        batch: &EventBatch,
        host: impl Fn(usize) -> Option<String>,
        about: impl Fn(usize) -> About,
    ) {
        let watch = watch(batch.kind());
        let (logons, names) = (logons::watch(batch.kind()), names::watch(batch.kind()));
        let sightings = clocks::names(batch.kind());
        // Most rows say no more than that their host was there: looked up once a batch, not once a row.
        let mut covered: BTreeMap<Option<String>, BTreeMap<i64, Span>> = BTreeMap::new();
        for (row, at) in batch.rows().iter().enumerate() {
            let Some(time) = at.time else { continue };
            let host = host(row);
            for (name, address) in
                names.map(|w| names::named(w, batch, row, host.as_deref())).unwrap_or_default()
            {
                self.address(name, address, time);
            }
            if let Some(logon) = logons.and_then(|w| logons::logon(w, batch, row, host.as_deref()))
            {
                self.routes.take(logon, time);
            }
            if let Some(names) = sightings {
                self.sightings.see(names, (batch, row), host.as_deref(), time);
            }
            let said = watch.map(|watch| said(watch, batch, row)).unwrap_or_default();
            if !said.is_empty() {
                let about = about(row);
                for said in said {
                    self.touch(said, host.as_deref(), &about, time, at.record);
                }
            }
            let hours = covered.entry(host).or_default();
            widen(hours, Span { first: time, last: time, events: 1 });
        }
        let kind = batch.kind().to_string();
        for (host, hours) in covered {
            self.cover((host.as_deref().map(short), kind.clone()), hours);
        }
    }

    fn cover(&mut self, key: (Option<String>, String), hours: BTreeMap<i64, Span>) {
        if let Some(mine) = self.covered.entry(key, BTreeMap::new) {
            hours.into_values().for_each(|span| widen(mine, span));
        }
    }

    fn address(&mut self, host: String, address: String, time: Timestamp) {
        let new = || Span { first: time, last: time, events: 0 };
        if let Some(span) = self.addressed.entry((host, address), new) {
            *span = joined(*span, Span { first: time, last: time, events: 1 });
        }
    }

    fn touch(
        &mut self,
        said: Said,
        host: Option<&str>,
        about: &About,
        time: Timestamp,
        record: u64,
    ) {
        self.touching += 1;
        let reach = Reach {
            act: said.act,
            object: short(&said.object),
            host: said.host.as_deref().or(host).map(short),
            account: about.account.as_deref().map(short),
            address: said.address.as_deref().map(short),
            session: said.session.as_deref().map(short),
            day: time.as_nanos().div_euclid(24 * HOUR_NS),
        };
        let place = (time, about.source.clone(), record);
        let new = || Reached {
            first: time,
            last: time,
            records: 0,
            items: Kept::new(ITEMS_MAX),
            mentions: 0,
            bytes: 0,
            place: place.clone(),
        };
        let Some(reached) = self.touched.entry(reach, new) else { return };
        reached.first = reached.first.min(time);
        reached.last = reached.last.max(time);
        reached.records += 1;
        reached.bytes = reached.bytes.saturating_add(said.bytes);
        reached.mentions += said.unnamed + said.items.len() as u64;
        for item in said.items {
            if let Some(n) = reached.items.entry(short(&item), || 0) {
                *n += 1;
            }
        }
        reached.place = reached.place.clone().min(place);
    }

    /// Takes what another gathered.
    pub fn merge(&mut self, other: Gatherer) {
        self.touching += other.touching;
        self.routes.merge(other.routes);
        self.sightings.merge(other.sightings);
        for (key, hours) in other.covered.values {
            self.cover(key, hours);
        }
        for (key, span) in other.addressed.values {
            if let Some(mine) = self.addressed.entry(key, || Span { events: 0, ..span }) {
                *mine = joined(*mine, span);
            }
        }
        for (reach, theirs) in other.touched.values {
            let empty = || Reached {
                records: 0,
                mentions: 0,
                bytes: 0,
                items: Kept::new(ITEMS_MAX),
                ..theirs.clone()
            };
            let Some(mine) = self.touched.entry(reach, empty) else { continue };
            mine.first = mine.first.min(theirs.first);
            mine.last = mine.last.max(theirs.last);
            mine.records += theirs.records;
            mine.mentions += theirs.mentions;
            mine.bytes = mine.bytes.saturating_add(theirs.bytes);
            for (item, count) in &theirs.items.values {
                if let Some(n) = mine.items.entry(item.clone(), || 0) {
                    *n += count;
                }
            }
            mine.place = mine.place.clone().min(theirs.place);
        }
    }

    /// Records that say something was reached, and are beyond what is kept.
    pub fn not_kept(&self) -> u64 {
        let kept: u64 = self.touched.values.values().map(|r| r.records).sum();
        self.touching.saturating_sub(kept)
    }

    /// What stands in the log of it, in order.
    pub fn facts(self) -> Vec<Fact> {
        let covered = |((host, kind), hours): ((Option<String>, String), BTreeMap<i64, Span>)| {
            let mut spans: Vec<Span> = Vec::new();
            let mut reached = None;
            for (hour, span) in hours {
                match spans.last_mut() {
                    Some(last) if reached == Some(hour - 1) => {
                        last.last = span.last;
                        last.events += span.events;
                    }
                    _ => spans.push(span),
                }
                reached = Some(hour);
            }
            Fact::Covered(Covered { host, kind, spans })
        };
        let touched = |(reach, of): (Reach, Reached)| {
            let counted: u64 = of.items.values.values().sum();
            Fact::Touched(Box::new(Touched {
                act: reach.act.to_owned(),
                first: of.first,
                last: of.last,
                object: reach.object,
                host: reach.host,
                account: reach.account,
                address: reach.address,
                session: reach.session,
                records: of.records,
                items: of.items.values.into_keys().collect(),
                further_items: of.mentions - counted,
                bytes: of.bytes,
                source: of.place.1,
                record: of.place.2,
            }))
        };
        let addressed = |((host, address), span): ((String, String), Span)| {
            let Span { first, last, events: records } = span;
            Fact::Addressed(Addressed { host, address, first, last, records })
        };
        let covered = self.covered.values.into_iter().map(covered);
        let covered = covered.chain(self.addressed.values.into_iter().map(addressed));
        let covered = covered.chain(self.routes.facts());
        let covered = covered.chain(self.sightings.facts());
        covered.chain(self.touched.values.into_iter().map(touched)).collect()
    }
}

/// What was seen in an hour, and what else was.
fn widen(hours: &mut BTreeMap<i64, Span>, span: Span) {
    let hour = span.first.as_nanos().div_euclid(HOUR_NS);
    hours.entry(hour).and_modify(|of| *of = joined(*of, span)).or_insert(span);
}

fn joined(a: Span, b: Span) -> Span {
    Span { first: a.first.min(b.first), last: a.last.max(b.last), events: a.events + b.events }
}

fn short(text: &str) -> String {
    text.chars().take(NAME_CHARS_MAX).collect()
}
