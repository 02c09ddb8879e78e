//! Matches in order of time × correlation rules → runs: from when to when a correlation's condition
//! was met for a group, and on what events that rests.
//!
//! A correlation looks back from each moment at which it gets a match: at all matches of the same
//! group within the time span that ends there, its first and last moment included. What happens at
//! one moment has no order: the condition is asked once all of its matches are there. As long as it
//! is met from one match of the group to the next, that is one *run*, and one finding.
//!
//! Matches must come in order of time; then the answer depends on nothing else. State is bounded: past
//! [`Limits`] the oldest matches of the correlation that holds most are dropped, and counted.

mod numbers;
mod run;
mod tally;
mod window;

use std::rc::Rc;
use std::sync::Arc;

use blanik_model::{OwnedValue, Timestamp, Type, Value};
use hashbrown::HashSet;

use crate::correlation::routes::{Place, Route};
use crate::correlation::{Correlation, CorrelationIx};
use crate::rules::{RuleIx, Rules};
use crate::test::lowercase;
use tally::Part;
use window::{Arrival, Key, Window};

pub use run::EVENTS_LISTED_MAX;

/// An event that met a detection rule.
#[derive(Clone, Copy, Debug)]
pub struct Match<'m> {
    /// The rule.
    pub rule: RuleIx,
    /// When.
    pub time: Timestamp,
    /// The event's place among all events; another for each event.
    pub order: u64,
    /// The caller's word for the event; comes back in [`Seen`].
    pub event: u64,
    /// The values of the fields that [`Rules::carried`] names, in that order.
    pub values: &'m [Option<Value<'m>>],
}

/// An event that something rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// When.
    pub time: Timestamp,
    /// See [`Match`].
    pub order: u64,
    /// The detection rule it met.
    pub rule: RuleIx,
    /// See [`Match`].
    pub event: u64,
}

/// A run of a correlation.
#[derive(Clone, Debug)]
pub struct Found {
    /// The correlation.
    pub correlation: CorrelationIx,
    /// The group's values, one for each field it groups by.
    pub group: Box<[OwnedValue]>,
    /// The number that met the condition first.
    pub value: f64,
    /// The greatest number in the run.
    pub value_max: f64,
    /// The event with which the condition was met.
    pub met: Seen,
    /// The time of the first event it rests on.
    pub first: Timestamp,
    /// The time of the last.
    pub last: Timestamp,
    /// Events it rests on, by time; at most [`EVENTS_LISTED_MAX`], or one for each rule if these are
    /// more, and `met`.
    pub events: Vec<Seen>,
    /// How many events it rests on. Where a correlation refers to correlations, one that several
    /// matches rest on may count more than once.
    pub events_total: u64,
}

/// A correlation asked of a group at a moment.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The correlation.
    pub correlation: CorrelationIx,
    /// The group's values.
    pub group: &'a [OwnedValue],
    /// The moment.
    pub time: Timestamp,
    /// The number worked out; `None` if there is nothing to work it out from.
    pub value: Option<f64>,
    /// The answer.
    pub holds: bool,
}

/// Takes what comes out.
pub trait Sink {
    /// A run has ended.
    fn found(&mut self, found: Found);

    /// A condition was asked.
    fn asked(&mut self, _asked: Asked<'_>) {}
}

/// Bounds on what is held.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of matches and groups, about.
    pub state_bytes: usize,
    /// Matches of one moment that are looked at together; of more, parts are looked at one after the
    /// other.
    pub moment_matches: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { state_bytes: 256 << 20, moment_matches: 1 << 16 }
    }
}

/// What is held at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Matches, once for each correlation they are for.
    pub matches: usize,
    /// Groups.
    pub groups: usize,
    /// Bytes, about.
    pub bytes: usize,
}

/// What became of a correlation's matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The correlation.
    pub correlation: CorrelationIx,
    /// Matches it took.
    pub taken: u64,
    /// Matches it could not take because they lack a field it groups by or counts.
    pub without_field: u64,
    /// Of those taken, how many were dropped within their time because the state was full.
    pub dropped: u64,
    /// Runs.
    pub runs: u64,
}

/// See the module.
pub struct Engine {
    rules: Arc<Rules>,
    limits: Limits,
    windows: Vec<Window>,
    now: Timestamp,
    // Matches of this moment, and what they carry, if correlations refer to correlations.
    in_moment: usize,
    carried: Vec<Rc<[Option<OwnedValue>]>>,
    since_sweep: u32,
}

/// Matches between two looks at what has gone out of its time everywhere.
const SWEEP_EVERY: u32 = 1 << 14;

impl Engine {
    /// An engine that has seen nothing.
    pub fn new(rules: Arc<Rules>, limits: Limits) -> Self {
        let windows = rules.correlations().map(|(ix, c)| Window::new(ix, c)).collect();
        Engine {
            rules,
            limits,
            windows,
            now: Timestamp::from_nanos(i64::MIN),
            in_moment: 0,
            carried: Vec::new(),
            since_sweep: 0,
        }
    }

    /// Takes a match. One that is earlier than the last is taken for simultaneous with it.
    pub fn take(&mut self, given: Match<'_>, sink: &mut dyn Sink) {
        if given.time > self.now || self.in_moment >= self.limits.moment_matches {
            self.end_moment(sink);
            self.now = self.now.max(given.time);
        }
        self.in_moment += 1;
        let rules = Arc::clone(&self.rules);
        let carried = self.carry(&rules, given.values);
        let seen =
            Seen { time: self.now, order: given.order, rule: given.rule, event: given.event };
        let carries = |place: Place| match place {
            Place::Carried(at) => given.values.get(at as usize).copied().flatten(),
            // A detection rule's match has no group.
            Place::Group(_) => None,
        };
        for route in rules.routes.of_rule(given.rule) {
            let window = &mut self.windows[route.to.0 as usize];
            let correlation = rules.correlation(route.to);
            window.expire(correlation.timespan.first(self.now), sink);
            let Some((key, part)) = read(correlation, route, &carries) else {
                window.without_field += 1;
                continue;
            };
            let reference = route.reference;
            window.push(key, Arrival { seen, reference, part, inner: None, carried });
        }
        self.keep_bounds(sink);
    }

    /// Ends all runs that are still open. What became of each correlation's matches.
    pub fn finish(mut self, sink: &mut dyn Sink) -> Vec<Account> {
        self.end_moment(sink);
        self.windows.iter_mut().for_each(|window| window.end_runs(sink));
        self.windows.iter().map(Window::account).collect()
    }

    /// What is held.
    pub fn state(&self) -> State {
        self.windows.iter().fold(State::default(), |sum, window| {
            let state = window.state();
            State {
                matches: sum.matches + state.matches,
                groups: sum.groups + state.groups,
                bytes: sum.bytes + state.bytes,
            }
        })
    }

    /// Keeps what a match carries until the moment has ended: a correlation it completes may be
    /// referred to by another.
    fn carry(&mut self, rules: &Rules, values: &[Option<Value<'_>>]) -> u32 {
        if !rules.routes.has_chains() {
            return 0;
        }
        self.carried.push(values.iter().map(|value| value.map(Value::to_owned)).collect());
        (self.carried.len() - 1) as u32
    }

    /// Asks each correlation that got a match at this moment; inner ones first, as what they find are
    /// matches at this moment, too.
    fn end_moment(&mut self, sink: &mut dyn Sink) {
        if self.in_moment == 0 {
            return;
        }
        let rules = Arc::clone(&self.rules);
        for ix in &rules.routes.order {
            let correlation = rules.correlation(*ix);
            let window = &mut self.windows[ix.0 as usize];
            for group in window.take_touched() {
                let window = &mut self.windows[ix.0 as usize];
                let Some(met) = window.ask(group, correlation, self.now, sink) else { continue };
                if rules.routes.has_chains() {
                    self.pass_on(*ix, group, met, &rules, sink);
                }
                self.windows[ix.0 as usize].passed_on(group);
            }
        }
        self.in_moment = 0;
        self.carried.clear();
    }

    /// Gives the match of a correlation to those that refer to it: once for each of their groups that
    /// the events which completed it belong to.
    fn pass_on(
        &mut self,
        ix: CorrelationIx,
        group: window::GroupIx,
        met: window::Met,
        rules: &Rules,
        sink: &mut dyn Sink,
    ) {
        let mut given: HashSet<(CorrelationIx, u32, String)> = HashSet::new();
        // The last event comes first, so that of several it is the one named.
        for (seen, carried) in self.windows[ix.0 as usize].completed_by(group) {
            let values = Rc::clone(&self.carried[carried as usize]);
            for route in rules.routes.of_correlation(ix, seen.rule) {
                let correlation = rules.correlation(route.to);
                if correlation.ty.counts_runs() && !met.begins {
                    continue;
                }
                let shown = self.windows[ix.0 as usize].shown(group);
                let carries = |place: Place| match place {
                    Place::Carried(at) => values.get(at as usize)?.as_ref().map(OwnedValue::get),
                    Place::Group(at) => shown.get(at as usize).map(OwnedValue::get),
                };
                let read = read(correlation, route, &carries);
                let window = &mut self.windows[route.to.0 as usize];
                window.expire(correlation.timespan.first(self.now), sink);
                let Some((key, part)) = read else {
                    window.without_field += 1;
                    continue;
                };
                if given.insert((route.to, route.reference, key.text.clone())) {
                    let inner = Some(Rc::clone(&met.inner));
                    let reference = route.reference;
                    window.push(key, Arrival { seen, reference, part, inner, carried });
                }
            }
        }
    }

    fn keep_bounds(&mut self, sink: &mut dyn Sink) {
        self.since_sweep += 1;
        if self.since_sweep >= SWEEP_EVERY {
            self.sweep(sink);
        }
        let held: usize = self.windows.iter().map(Window::bytes).sum();
        if held > self.limits.state_bytes {
            self.sweep(sink);
            self.shed(sink);
        }
    }

    /// Lets go of all that has gone out of its time.
    fn sweep(&mut self, sink: &mut dyn Sink) {
        self.since_sweep = 0;
        for window in &mut self.windows {
            let timespan = &self.rules.correlation(window.ix).timespan;
            window.expire(timespan.first(self.now), sink);
        }
    }

    /// Drops the oldest matches where most is held, until there is room again.
    fn shed(&mut self, sink: &mut dyn Sink) {
        let enough = self.limits.state_bytes - self.limits.state_bytes / 16;
        let mut held: usize = self.windows.iter().map(Window::bytes).sum();
        while held > enough {
            let heaviest = self.windows.iter_mut().rev().max_by_key(|window| window.bytes());
            let Some(window) = heaviest.filter(|window| window.bytes() > 0) else { return };
            let before = window.bytes();
            window.drop_oldest(sink);
            held -= before - window.bytes();
        }
    }
}

/// The group of a match and what it counts as; `None` if it lacks a field that is asked for.
fn read<'v>(
    correlation: &Correlation,
    route: &Route,
    carries: &dyn Fn(Place) -> Option<Value<'v>>,
) -> Option<(Key, Part)> {
    let value = |place: &Place| carries(*place).filter(|value| value.ty != Type::Null);
    let group: Vec<Value<'v>> = route.group.iter().map(value).collect::<Option<_>>()?;
    let fields: Vec<Value<'v>> = route.fields.iter().map(value).collect::<Option<_>>()?;
    let part = Part::read(correlation, &fields)?;
    let mut text = String::new();
    for value in &group {
        push_key(&mut text, &value.display());
    }
    Some((Key { text, shown: group.into_iter().map(Value::to_owned).collect() }, part))
}

/// Values are compared without case (rules specification, "General"). Framed by their length, so that
/// no two lists of values are one text.
fn push_key(key: &mut String, value: &str) {
    use std::fmt::Write;
    let lower = lowercase(value);
    write!(key, "{}:{lower}", lower.len()).expect("writing to a String cannot fail");
}
