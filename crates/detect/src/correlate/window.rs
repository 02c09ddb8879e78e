//! The matches that a correlation holds: by group, each until its time is over.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use blanik_model::{OwnedValue, Timestamp};
use hashbrown::HashMap;

use super::run::{Inner, Run, RunId};
use super::tally::{Part, Tally};
use super::{Account, Asked, Seen, Sink, State};
use crate::correlation::{Correlation, CorrelationIx, CorrelationType};

/// A match as it is held.
#[derive(Debug)]
pub(super) struct Entry {
    pub seen: Seen,
    /// Which of the correlation's references it is of.
    pub reference: u32,
    /// Where what it carries stands, as long as its moment lasts.
    carried: u32,
    part: Part,
    /// Of a match of a correlation: its run.
    pub inner: Option<Rc<Inner>>,
    /// It is the first match of its event.
    counts: bool,
}

/// A match that arrives.
pub(super) struct Arrival {
    pub seen: Seen,
    pub reference: u32,
    pub part: Part,
    pub inner: Option<Rc<Inner>>,
    pub carried: u32,
}

/// A group's values: as they are compared, and as they are shown.
pub(super) struct Key {
    pub text: String,
    pub shown: Box<[OwnedValue]>,
}

/// A group of a window: its place, and its number, as places are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GroupIx {
    at: u32,
    number: u64,
}

/// A condition was met.
pub(super) struct Met {
    /// It was not at the match before.
    pub begins: bool,
    /// The run so far.
    pub inner: Rc<Inner>,
}

struct Group {
    number: u64,
    key: Rc<str>,
    shown: Box<[OwnedValue]>,
    entries: VecDeque<Entry>,
    // Matches of this moment, at the end of `entries`.
    fresh: usize,
    // Events among the entries, each once, without those of inner runs.
    events: u64,
    inner_entries: usize,
    tally: Tally,
    run: Option<Box<Run>>,
    touched: bool,
}

/// See the module.
pub(super) struct Window {
    pub ix: CorrelationIx,
    /// Matches that lack a field.
    pub without_field: u64,
    // The group of each match held, in order of time.
    order: VecDeque<u32>,
    groups: Vec<Option<Group>>,
    free: Vec<u32>,
    by_key: HashMap<Rc<str>, u32>,
    touched: Vec<GroupIx>,
    correlation: Rc<Correlation>,
    bytes: usize,
    taken: u64,
    dropped: u64,
    numbers: u64,
    runs: u64,
}

/// Bytes of an entry, and of a group without its texts and entries, about.
const ENTRY_BYTES: usize = size_of::<Entry>() + 8;
const GROUP_BYTES: usize = size_of::<Group>() + 4 * size_of::<Entry>() + 64;
/// Bytes of an open run with the events it names.
const RUN_BYTES: usize = size_of::<Run>() + 20 * size_of::<Seen>();
/// Matches looked through for the events to list when a run begins, from each end.
const LOOKED_THROUGH_MAX: usize = 4096;

const HELD: &str = "a group that holds a match is there";

impl Window {
    /// An empty one.
    pub fn new(ix: CorrelationIx, correlation: &Correlation) -> Self {
        Window {
            ix,
            without_field: 0,
            order: VecDeque::new(),
            groups: Vec::new(),
            free: Vec::new(),
            by_key: HashMap::new(),
            touched: Vec::new(),
            correlation: Rc::new(correlation.clone()),
            bytes: 0,
            taken: 0,
            dropped: 0,
            numbers: 0,
            runs: 0,
        }
    }

    /// Adds a match. One event counts once, whichever rules it met; but for the temporal types, which
    /// ask for rules.
    pub fn push(&mut self, key: Key, arrival: Arrival) {
        let at = self.group(key);
        let group = self.groups[at as usize].as_mut().expect(HELD);
        let last = group.entries.back().filter(|last| last.inner.is_none());
        let same =
            arrival.inner.is_none() && last.is_some_and(|l| l.seen.order == arrival.seen.order);
        if same && !self.correlation.ty.is_temporal() {
            return;
        }
        let Arrival { seen, reference, part, inner, carried } = arrival;
        let counts = !same && inner.is_none();
        self.bytes += ENTRY_BYTES + part.bytes();
        self.bytes += group.tally.add(&part, reference, seen.time);
        group.events += u64::from(counts);
        group.inner_entries += usize::from(inner.is_some());
        group.entries.push_back(Entry { seen, reference, carried, part, inner, counts });
        group.fresh += 1;
        if !group.touched {
            group.touched = true;
            self.touched.push(GroupIx { at, number: group.number });
        }
        self.order.push_back(at);
        self.taken += 1;
    }

    fn group(&mut self, key: Key) -> u32 {
        if let Some(at) = self.by_key.get(key.text.as_str()).copied() {
            let group = self.groups[at as usize].as_mut().expect(HELD);
            if group.entries.len() == group.fresh && spelling(&key.shown) < spelling(&group.shown) {
                // Of the spellings of one moment, any order of reading must give the same.
                self.bytes -= group_bytes(group.key.len(), &group.shown);
                self.bytes += group_bytes(group.key.len(), &key.shown);
                group.shown = key.shown;
            }
            return at;
        }
        self.bytes += group_bytes(key.text.len(), &key.shown);
        self.numbers += 1;
        let text: Rc<str> = key.text.into();
        let group = Group {
            number: self.numbers,
            key: Rc::clone(&text),
            shown: key.shown,
            entries: VecDeque::new(),
            fresh: 0,
            events: 0,
            inner_entries: 0,
            tally: Tally::new(&self.correlation),
            run: None,
            touched: false,
        };
        let at = self.free.pop().unwrap_or_else(|| {
            self.groups.push(None);
            (self.groups.len() - 1) as u32
        });
        self.groups[at as usize] = Some(group);
        self.by_key.insert(text, at);
        at
    }

    /// Lets go of matches before `first`.
    pub fn expire(&mut self, first: Timestamp, sink: &mut dyn Sink) {
        while let Some(at) = self.order.front() {
            let group = self.groups[*at as usize].as_ref().expect(HELD);
            if group.entries.front().expect(HELD).seen.time >= first {
                return;
            }
            self.let_go(sink);
        }
    }

    /// Lets go of the oldest match although its time is not over.
    pub fn drop_oldest(&mut self, sink: &mut dyn Sink) {
        if !self.order.is_empty() {
            self.dropped += 1;
            self.let_go(sink);
        }
    }

    fn let_go(&mut self, sink: &mut dyn Sink) {
        let Some(at) = self.order.pop_front() else { return };
        let group = self.groups[at as usize].as_mut().expect(HELD);
        let entry = group.entries.pop_front().expect(HELD);
        group.fresh = group.fresh.min(group.entries.len());
        group.events -= u64::from(entry.counts);
        group.inner_entries -= usize::from(entry.inner.is_some());
        self.bytes -= ENTRY_BYTES + entry.part.bytes();
        self.bytes -= group.tally.take_back(&entry.part, entry.reference);
        if !group.entries.is_empty() {
            return;
        }
        self.end_run(at, sink);
        let group = self.groups[at as usize].take().expect(HELD);
        self.bytes -= group_bytes(group.key.len(), &group.shown);
        self.by_key.remove(&group.key);
        self.free.push(at);
    }

    /// The groups that got a match at this moment.
    pub fn take_touched(&mut self) -> Vec<GroupIx> {
        std::mem::take(&mut self.touched)
    }

    fn get(&mut self, ix: GroupIx) -> Option<&mut Group> {
        self.groups[ix.at as usize].as_mut().filter(|group| group.number == ix.number)
    }

    /// Asks whether the condition is met for a group, and begins, continues or ends its run. The
    /// matches of this moment stay marked until [`passed_on`](Self::passed_on) if it is.
    pub fn ask(
        &mut self,
        ix: GroupIx,
        correlation: &Correlation,
        now: Timestamp,
        sink: &mut dyn Sink,
    ) -> Option<Met> {
        let of = self.ix;
        let id = (of, self.runs);
        let group = self.get(ix)?;
        group.touched = false;
        let fresh = group.entries.iter().rev().take(group.fresh).map(|entry| &entry.part);
        let (value, holds) = group.tally.ask(correlation, fresh);
        sink.asked(Asked { correlation: of, group: &group.shown, time: now, value, holds });
        let value = value.filter(|_| holds);
        let Some(value) = value else {
            group.fresh = 0;
            self.end_run(ix.at, sink);
            return None;
        };
        let begins = group.run.is_none();
        if begins {
            group.begin(id, correlation, value);
        } else {
            group.go_on(value, now);
        }
        let inner = Rc::new(group.run.as_ref().expect("it goes on").so_far());
        self.runs += u64::from(begins);
        self.bytes += if begins { RUN_BYTES } else { 0 };
        Some(Met { begins, inner })
    }

    /// The events of this moment, with where what they carry stands; the last first.
    pub fn completed_by(&self, ix: GroupIx) -> Vec<(Seen, u32)> {
        let group = self.groups[ix.at as usize].as_ref().filter(|g| g.number == ix.number);
        let fresh = group.into_iter().flat_map(|g| g.entries.iter().rev().take(g.fresh));
        fresh.map(|entry| (entry.seen, entry.carried)).collect()
    }

    /// A group's values.
    pub fn shown(&self, ix: GroupIx) -> &[OwnedValue] {
        let group = self.groups[ix.at as usize].as_ref().filter(|g| g.number == ix.number);
        group.map_or(&[], |group| &group.shown)
    }

    /// The matches of this moment are no longer new.
    pub fn passed_on(&mut self, ix: GroupIx) {
        if let Some(group) = self.get(ix) {
            group.fresh = 0;
        }
    }

    fn end_run(&mut self, at: u32, sink: &mut dyn Sink) {
        let ix = self.ix;
        let group = self.groups[at as usize].as_mut().expect(HELD);
        if let Some(run) = group.run.take() {
            self.bytes -= RUN_BYTES;
            sink.found(run.found(ix, group.shown.clone()));
        }
    }

    /// Ends all runs.
    pub fn end_runs(&mut self, sink: &mut dyn Sink) {
        for at in 0..self.groups.len() {
            if self.groups[at].is_some() {
                self.end_run(at as u32, sink);
            }
        }
    }

    /// Bytes held, about.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// What is held.
    pub fn state(&self) -> State {
        State { matches: self.order.len(), groups: self.by_key.len(), bytes: self.bytes }
    }

    /// What became of the matches.
    pub fn account(&self) -> Account {
        Account {
            correlation: self.ix,
            taken: self.taken,
            without_field: self.without_field,
            dropped: self.dropped,
            runs: self.runs,
        }
    }
}

fn group_bytes(key: usize, shown: &[OwnedValue]) -> usize {
    GROUP_BYTES + 2 * key + shown.iter().map(|value| 32 + value.get().text.len()).sum::<usize>()
}

fn spelling(shown: &[OwnedValue]) -> impl PartialOrd {
    shown.iter().map(|value| (value.get().text, value.get().ty as u8)).collect::<Vec<_>>()
}

impl Group {
    /// Begins a run, which rests on all matches held.
    fn begin(&mut self, id: RunId, correlation: &Correlation, value: f64) {
        let met = self.entries.back().expect("a group that is asked has got a match").seen;
        let mut run = Run::new(id, correlation, met, value);
        let len = self.entries.len();
        let (mut inner, mut before) = (self.inner_entries, 0);
        // From both ends: there may be many.
        let ends = if correlation.is_share() {
            // It is about the values of this moment; the others are what they are compared with.
            [len - self.fresh..len, 0..0]
        } else {
            let front = len.min(LOOKED_THROUGH_MAX);
            [0..front, len - (len - front).min(LOOKED_THROUGH_MAX)..len]
        };
        let since = match correlation.ty {
            CorrelationType::TemporalOrdered => self.tally.in_order_since(),
            _ => BTreeMap::new(),
        };
        for at in ends.into_iter().flatten() {
            if inner == 0 && since.is_empty() && run.is_full(correlation.rules.len()) {
                break;
            }
            let entry = &self.entries[at];
            inner -= usize::from(entry.inner.is_some());
            if since.get(&entry.reference).is_some_and(|since| entry.seen.time < *since) {
                before += u64::from(entry.counts);
            } else {
                run.list(entry);
            }
        }
        run.count(self.events - before);
        self.run = Some(Box::new(run));
    }

    fn go_on(&mut self, value: f64, now: Timestamp) {
        let Some(run) = &mut self.run else { return };
        run.goes_on(value, now);
        let from = self.entries.len() - self.fresh;
        for entry in self.entries.range(from..) {
            run.count(u64::from(entry.counts));
            run.list(entry);
        }
    }
}
