//! A run: a correlation's condition met from one match of a group to the next, and the events that
//! rests on.

use std::collections::BTreeMap;
use std::rc::Rc;

use blanik_model::{OwnedValue, Timestamp};

use super::window::Entry;
use super::{Found, Seen};
use crate::correlation::{Correlation, CorrelationIx};

/// Events of a run that are named; of more, the number is kept.
pub const EVENTS_LISTED_MAX: usize = 20;
/// Runs of inner correlations whose events are counted one by one.
const INNER_RUNS_MAX: usize = 1024;

/// A run: its correlation, and its number among that one's.
pub(super) type RunId = (CorrelationIx, u64);

/// What a match of a correlation brings to those that refer to it: its run so far.
#[derive(Debug)]
pub(super) struct Inner {
    run: RunId,
    first: Timestamp,
    events: u64,
    listed: Rc<Vec<Seen>>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Run {
    id: RunId,
    met: Seen,
    value: f64,
    value_max: f64,
    first: Timestamp,
    last: Timestamp,
    // Events that met detection rules this correlation refers to.
    events: u64,
    // Events of each run of an inner correlation, and of those that are too many to keep apart.
    inner: BTreeMap<RunId, u64>,
    further_inner: u64,
    listed: Rc<Vec<Seen>>,
    // How many may be listed of each rule, and how many are.
    each_max: usize,
    of_each: BTreeMap<u32, usize>,
    by_rule: bool,
}

impl Run {
    /// A run that begins as the condition is met by the event `met`.
    pub fn new(id: RunId, correlation: &Correlation, met: Seen, value: f64) -> Self {
        let by_rule = correlation.ty.is_temporal();
        let rules = if by_rule { correlation.rules.len() } else { 1 };
        Run {
            id,
            met,
            value,
            value_max: value,
            first: met.time,
            last: met.time,
            events: 0,
            inner: BTreeMap::new(),
            further_inner: 0,
            listed: Rc::new(Vec::new()),
            each_max: (EVENTS_LISTED_MAX / rules).max(1),
            of_each: BTreeMap::new(),
            by_rule,
        }
    }

    /// The condition is still met.
    pub fn goes_on(&mut self, value: f64, now: Timestamp) {
        self.value_max = self.value_max.max(value);
        self.last = now;
    }

    /// Counts events of detection rules.
    pub fn count(&mut self, events: u64) {
        self.events += events;
    }

    /// True if an event of the rule referred to as number `reference` may still be listed.
    fn has_room(&self, reference: u32) -> bool {
        let rule = if self.by_rule { reference } else { 0 };
        self.of_each.get(&rule).copied().unwrap_or(0) < self.each_max
    }

    /// True if of so many rules each has its events listed.
    pub fn is_full(&self, rules: usize) -> bool {
        let rules = if self.by_rule { rules } else { 1 };
        self.of_each.len() >= rules && self.of_each.values().all(|n| *n >= self.each_max)
    }

    /// Lists the event of a match, or those of the inner run, if there is room, and counts the latter.
    pub fn list(&mut self, entry: &Entry) {
        match &entry.inner {
            None => {
                self.first = self.first.min(entry.seen.time);
                self.list_one(entry.reference, entry.seen);
            }
            Some(inner) => {
                self.first = self.first.min(inner.first);
                for seen in inner.listed.iter() {
                    self.list_one(entry.reference, *seen);
                }
                if let Some(events) = self.inner.get_mut(&inner.run) {
                    *events = (*events).max(inner.events);
                } else if self.inner.len() < INNER_RUNS_MAX {
                    self.inner.insert(inner.run, inner.events);
                } else {
                    self.further_inner += inner.events;
                }
            }
        }
    }

    fn list_one(&mut self, reference: u32, seen: Seen) {
        if self.has_room(reference) && !self.listed.contains(&seen) {
            Rc::make_mut(&mut self.listed).push(seen);
            *self.of_each.entry(if self.by_rule { reference } else { 0 }).or_default() += 1;
        }
    }

    fn events_total(&self) -> u64 {
        self.events + self.inner.values().sum::<u64>() + self.further_inner
    }

    /// What it brings to correlations that refer to this one.
    pub fn so_far(&self) -> Inner {
        let (first, events) = (self.first, self.events_total());
        Inner { run: self.id, first, events, listed: Rc::clone(&self.listed) }
    }

    /// What is told of it.
    pub fn found(self, correlation: CorrelationIx, group: Box<[OwnedValue]>) -> Found {
        let total = self.events_total();
        let mut events = Rc::unwrap_or_clone(self.listed);
        if !events.contains(&self.met) {
            events.push(self.met);
        }
        events.sort_unstable();
        // One event may have met several of the rules.
        let mut distinct: Vec<u64> = events.iter().map(|seen| seen.order).collect();
        distinct.sort_unstable();
        distinct.dedup();
        Found {
            correlation,
            group,
            value: self.value,
            value_max: self.value_max,
            met: self.met,
            first: self.first,
            last: self.last,
            events_total: total.max(distinct.len() as u64),
            events,
        }
    }
}
