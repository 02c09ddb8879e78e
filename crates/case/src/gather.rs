//! Made of all events, not only of findings: from when to when each host sent telemetry, and what of
//! value was reached. Each worker of a hunt has one gatherer; merged, they are what one would have
//! been, for any number of workers, and hold a bounded amount.
//!
//! Where there is too much, a sample is kept that depends on nothing but names: those whose digest is
//! smallest. What is beyond it is counted.

mod clocks;
mod columns;
mod flows;
mod kept;
mod logons;
mod names;
mod touched;
mod watch;

use std::collections::BTreeMap;

use blanik_model::record::{Addressed, Covered, Span, Unlisted};
use blanik_model::{EventBatch, Fact, Kind, RowTexts, Timestamp};

use clocks::Sightings;
use flows::Flows;
use kept::{Kept, Name, Spelling};
use logons::Routes;
pub use touched::About;
use touched::{Reaches, Times};
use watch::Watch;
pub use watch::is_outside;

const HOUR_NS: i64 = 3600 * 1_000_000_000;
/// Hosts' kinds whose coverage is kept.
const COVERED_MAX: usize = 20_000;
/// Characters of a name that are kept.
const NAME_CHARS_MAX: usize = 300;

/// A host, if the records name one, and a kind.
type Telemetry = (Option<String>, String);
/// What was seen by the hour.
type Hours = BTreeMap<i64, Span>;

/// See the module.
#[derive(Clone, Debug)]
pub struct Gatherer {
    covered: Kept<Telemetry, Hours>,
    reaches: Reaches,
    /// Of a host and an address of its own.
    addressed: Kept<(String, String), Span>,
    routes: Routes,
    sightings: Sightings,
}

impl Default for Gatherer {
    fn default() -> Self {
        Gatherer {
            covered: Kept::new(COVERED_MAX),
            reaches: Reaches::default(),
            addressed: Kept::new(COVERED_MAX),
            routes: Routes::default(),
            sightings: Sightings::default(),
        }
    }
}

/// The fields that a gatherer asks of a kind's events.
pub fn fields(kind: &Kind) -> impl Iterator<Item = &'static str> {
    let said = watch::fields(kind).iter().chain(logons::fields(kind)).copied();
    said.chain(names::fields(kind)).chain(clocks::fields(kind).iter().copied())
}

/// True if a gatherer asks who acted in a kind's events.
pub fn asks_who_acted(kind: &Kind) -> bool {
    watch::watch(kind).is_some()
}

impl Gatherer {
    /// Takes a batch. `hosts` says of each row which machine it is about, `about` the rest, where it is needed.
    pub fn take<'b>(
        &mut self,
        batch: &'b EventBatch,
        hosts: &RowTexts,
        about: impl Fn(usize) -> About<'b>,
    ) {
        self.cover_all(batch, hosts);
        let kind = batch.kind();
        let each = || {
            let rows = batch.rows().iter().enumerate();
            rows.filter_map(|(row, at)| Some((row, hosts.get(row), at.time?, at.record)))
        };
        if let Some(watch) = names::watch(kind) {
            let mut reader = names::Reader::of(watch, batch);
            for (row, host, time, _) in each() {
                reader.read(row, host, |name, address| self.address(name, address, time));
            }
        }
        if let Some(watch) = logons::watch(kind) {
            let mut reader = logons::Reader::of(watch, batch);
            for (row, host, time, _) in each() {
                let logon = reader.read(row, host);
                logon.into_iter().for_each(|logon| self.routes.take(logon, time));
            }
        }
        if let Some(watch) = clocks::watch(kind) {
            let mut named = clocks::Named::of(watch, batch);
            for (row, host, time, _) in each() {
                self.sightings.see(&mut named, row, host, time);
            }
        }
        match watch::watch(kind) {
            None => {}
            Some(Watch::Flow(flow)) => {
                let mut flows = Flows::of(flow, batch);
                for (row, _, time, record) in each() {
                    flows.take(row, (time, record), || about(row), &mut self.reaches);
                }
                flows.tell(&mut self.reaches);
            }
            Some(watch) => {
                let reader = watch::Reader::of(watch, batch);
                for (row, host, time, record) in each() {
                    reader.read(row, |said| {
                        let About { account, source } = about(row);
                        let times = Times::once(time, (source, record));
                        self.reaches.take(&said, host, account.as_deref(), &times);
                    });
                }
            }
        }
    }

    /// Most rows say no more than that their host was there: looked up once a batch, not once a row.
    fn cover_all(&mut self, batch: &EventBatch, hosts: &RowTexts) {
        let mut of_none = Running::default();
        let mut by_host = vec![Running::default(); hosts.distinct()];
        for (row, at) in batch.rows().iter().enumerate() {
            let Some(time) = at.time else { continue };
            match hosts.code(row) {
                Some(code) => by_host[code as usize].see(time),
                None => of_none.see(time),
            }
        }
        let kind = batch.kind().to_string();
        let names = (0..hosts.distinct()).map(|code| Some(short(hosts.text(code as u32))));
        for (host, host_hours) in
            [None].into_iter().chain(names).zip([of_none].into_iter().chain(by_host))
        {
            let hours = host_hours.end();
            if !hours.is_empty()
                && let Some(mine) = self.covered.entry((host, kind.as_str()), Hours::new)
            {
                hours.into_values().for_each(|span| widen(mine, span));
            }
        }
    }

    fn address(&mut self, host: &str, address: &str, time: Timestamp) {
        let new = || Span { first: time, last: time, events: 0 };
        if let Some(span) = self.addressed.entry((host, address), new) {
            *span = joined(*span, Span { first: time, last: time, events: 1 });
        }
    }

    /// Takes what another gathered.
    pub fn merge(&mut self, other: Gatherer) {
        self.reaches.merge(other.reaches);
        self.routes.merge(other.routes);
        self.sightings.merge(other.sightings);
        for (key, hours) in other.covered.into_ranked() {
            if let Some(mine) = self.covered.ranked(key, Hours::new) {
                hours.into_values().for_each(|span| widen(mine, span));
            }
        }
        for (key, span) in other.addressed.into_ranked() {
            if let Some(mine) = self.addressed.ranked(key, || Span { events: 0, ..span }) {
                *mine = joined(*mine, span);
            }
        }
    }

    /// Records that say something was reached, and are beyond what is kept.
    pub fn not_kept(&self) -> u64 {
        self.reaches.not_kept()
    }

    /// What stands in the log of it, in order.
    pub fn facts(self) -> Vec<Fact> {
        let covered = |((host, kind), hours): (Telemetry, Hours)| {
            Fact::Covered(Covered { host, kind, spans: in_a_row(hours) })
        };
        let addressed = |((host, address), span): ((String, String), Span)| {
            let Span { first, last, events: records } = span;
            Fact::Addressed(Addressed { host, address, first, last, records })
        };
        let covered = self.covered.into_sorted().into_iter().map(covered);
        let covered = covered.chain(self.addressed.into_sorted().into_iter().map(addressed));
        let covered = covered.chain(self.routes.facts());
        let covered = covered.chain(self.sightings.facts());
        let not_kept = self.reaches.not_kept();
        let unlisted = (not_kept > 0).then_some(Fact::Unlisted(Unlisted { records: not_kept }));
        covered.chain(self.reaches.facts()).chain(unlisted).collect()
    }
}

impl Name for (Option<&str>, &str) {
    type Owned = Telemetry;

    fn owned(self) -> Telemetry {
        (self.0.map(str::to_owned), self.1.to_owned())
    }

    fn is(self, kept: &Telemetry) -> bool {
        self == (kept.0.as_deref(), &kept.1)
    }

    fn spell(self, to: &mut Spelling) {
        to.optional(self.0).text(self.1);
    }
}

/// Hours as rows tell of them: the next row's is mostly the last row's.
#[derive(Clone, Default)]
struct Running {
    hours: Hours,
    now: Option<(i64, Span)>,
}

impl Running {
    fn see(&mut self, time: Timestamp) {
        let (hour, once) = (hour(time), Span { first: time, last: time, events: 1 });
        match &mut self.now {
            Some((of, span)) if *of == hour => *span = joined(*span, once),
            now => {
                let before = now.replace((hour, once));
                before.into_iter().for_each(|(_, span)| widen(&mut self.hours, span));
            }
        }
    }

    fn end(mut self) -> Hours {
        self.now.into_iter().for_each(|(_, span)| widen(&mut self.hours, span));
        self.hours
    }
}

/// Hours in a row, each time as one span.
fn in_a_row(hours: Hours) -> Vec<Span> {
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
    spans
}

/// What was seen in an hour, and what else was.
fn widen(hours: &mut Hours, span: Span) {
    hours.entry(hour(span.first)).and_modify(|of| *of = joined(*of, span)).or_insert(span);
}

/// The hour of a time, by number.
fn hour(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(HOUR_NS)
}

fn joined(a: Span, b: Span) -> Span {
    Span { first: a.first.min(b.first), last: a.last.max(b.last), events: a.events + b.events }
}

/// As much of a name as is kept.
fn short(text: &str) -> &str {
    if text.len() <= NAME_CHARS_MAX {
        return text;
    }
    text.char_indices().nth(NAME_CHARS_MAX).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use kept::tests::check_apart;

    #[test]
    fn telemetry_of_no_host_is_its_own() {
        check_apart(&[(None, "zeek/conn"), (Some(""), "zeek/conn"), (Some("zeek/conn"), "")]);
    }

    #[test]
    fn a_name_is_cut_by_its_characters() {
        let name = "ž".repeat(NAME_CHARS_MAX);
        assert_eq!((short(&name), short(&format!("{name}x")), short("x")), (&*name, &*name, "x"));
    }
}
