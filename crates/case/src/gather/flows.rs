//! Bytes that leave for an address outside: a log of flows has little else, and names the same two addresses again and
//! again. So what a batch says of two addresses on a day is summed up before it is told.

use blanik_model::{Code, EventBatch, Timestamp};
use hashbrown::HashMap;

use super::columns::{Texts, Worked, any};
use super::touched::{About, Reaches, Times, day};
use super::watch::{Flow, Said, is_outside};

/// Bytes that left, whence and where to.
struct Flown<'b> {
    from: &'b str,
    to: &'b str,
    bytes: u64,
}

impl<'b> Flown<'b> {
    fn said(&self) -> Said<'b> {
        let (object, from, bytes) = (self.to, Some(self.from), self.bytes);
        Said { act: "outbound", object, host: from, address: from, bytes, ..Said::default() }
    }
}

/// The flows of a batch.
pub(super) struct Flows<'b> {
    // The address, if it is none outside; and if it is one.
    from: Worked<'b, Option<&'b str>>,
    to: Worked<'b, Option<&'b str>>,
    bytes: Texts<'b>,
    codes: [Texts<'b>; 2],
    at: HashMap<(Code, Code, i64), usize>,
    // In the order in which they first came.
    sums: Vec<(Flown<'b>, Times<'b>)>,
}

impl<'b> Flows<'b> {
    pub(super) fn of(flow: Flow, batch: &'b EventBatch) -> Self {
        let [from, to, bytes] = flow.0.map(|name| Texts::of(batch, name));
        Flows {
            from: Worked::of(from),
            to: Worked::of(to),
            bytes,
            codes: [from, to],
            at: HashMap::new(),
            sums: Vec::new(),
        }
    }

    /// Takes a row. `about` is asked only if bytes left; what an account is named for is told at once.
    pub(super) fn take(
        &mut self,
        row: usize,
        (time, record): (Timestamp, u64),
        about: impl FnOnce() -> About<'b>,
        reaches: &mut Reaches,
    ) {
        let Some(flown) = self.read(row) else { return };
        let About { account, source } = about();
        let times = Times::once(time, (source, record));
        let [Some(from), Some(to)] = self.codes.map(|column| column.code(row)) else { return };
        if account.is_some() {
            return reaches.take(&flown.said(), None, account.as_deref(), &times);
        }
        let at = *self.at.entry((from, to, day(time))).or_insert(self.sums.len());
        match self.sums.get_mut(at) {
            None => self.sums.push((flown, times)),
            Some((sum, of)) => {
                sum.bytes = sum.bytes.saturating_add(flown.bytes);
                of.add(times);
            }
        }
    }

    /// Hands on what was summed up.
    pub(super) fn tell(self, reaches: &mut Reaches) {
        for (flown, times) in self.sums {
            reaches.take(&flown.said(), None, None, &times);
        }
    }

    fn read(&mut self, row: usize) -> Option<Flown<'b>> {
        let bytes: u64 = self.bytes.any(row)?.parse().ok().filter(|bytes| *bytes > 0)?;
        let outside = |value| any(value).filter(|address| is_outside(address));
        let inside = |value| any(value).filter(|address| !is_outside(address));
        let to = (*self.to.get(row, outside)?)?;
        let from = *self.from.get(row, inside)?;
        Some(Flown { from: from?, to, bytes })
    }
}
