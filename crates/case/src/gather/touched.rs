//! What of value was reached: by whom, whence, on which day, and what is counted of it.

use std::borrow::Cow;

use blanik_model::record::Touched;
use blanik_model::{Fact, Timestamp};

use super::kept::{Kept, Name, Spelling};
use super::watch::Said;
use super::{HOUR_NS, short};

/// Things reached that are kept: each by whom, whence, on a day.
const TOUCHED_MAX: usize = 50_000;
/// Items that are kept of a thing reached.
const ITEMS_MAX: usize = 64;

/// Who acted in a row and where it stands; told by who knows the logs.
#[derive(Clone, Debug, Default)]
pub struct About<'a> {
    /// The account that acted.
    pub account: Option<Cow<'a, str>>,
    /// The path of the log.
    pub source: &'a str,
}

/// By whom, whence and on which day something was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reach<S> {
    act: &'static str,
    object: S,
    host: Option<S>,
    account: Option<S>,
    address: Option<S>,
    session: Option<S>,
    day: i64,
}

impl<'a> Reach<&'a str> {
    fn of(
        said: &Said<'a>,
        host: Option<&'a str>,
        account: Option<&'a str>,
        times: &Times<'_>,
    ) -> Self {
        Reach {
            act: said.act,
            object: short(said.object),
            host: said.host.or(host).map(short),
            account: account.map(short),
            address: said.address.map(short),
            session: said.session.map(short),
            day: day(times.first),
        }
    }
}

impl Name for Reach<&str> {
    type Owned = Reach<String>;

    fn owned(self) -> Reach<String> {
        Reach {
            act: self.act,
            object: self.object.to_owned(),
            host: self.host.map(str::to_owned),
            account: self.account.map(str::to_owned),
            address: self.address.map(str::to_owned),
            session: self.session.map(str::to_owned),
            day: self.day,
        }
    }

    fn is(self, kept: &Reach<String>) -> bool {
        let Reach { act, object, host, account, address, session, day } = kept;
        let [host, account, address, session] =
            [host, account, address, session].map(|text| text.as_deref());
        self == Reach { act, object, host, account, address, session, day: *day }
    }

    fn spell(self, to: &mut Spelling) {
        to.text(self.act).text(self.object).number(self.day);
        for text in [self.host, self.account, self.address, self.session] {
            to.optional(text);
        }
    }
}

/// How often and when something was reached by records that say the same of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times<'a> {
    pub first: Timestamp,
    pub last: Timestamp,
    pub records: u64,
    /// Where the first of them stands: the log's path, and the number of the record there.
    pub place: (&'a str, u64),
}

impl<'a> Times<'a> {
    /// Of one record.
    pub(super) fn once(time: Timestamp, place: (&'a str, u64)) -> Self {
        Times { first: time, last: time, records: 1, place }
    }

    /// And again.
    pub(super) fn add(&mut self, other: Times<'a>) {
        (self.first, self.place) = (self.first, self.place).min((other.first, other.place));
        self.last = self.last.max(other.last);
        self.records += other.records;
    }
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
    /// Where the first of the records stands.
    place: (String, u64),
}

impl Reached {
    fn none_at(times: &Times<'_>) -> Self {
        Reached {
            first: times.first,
            last: times.last,
            records: 0,
            items: Kept::new(ITEMS_MAX),
            mentions: 0,
            bytes: 0,
            place: (times.place.0.to_owned(), times.place.1),
        }
    }

    fn add(&mut self, times: &Times<'_>) {
        if (times.first, times.place) < (self.first, (self.place.0.as_str(), self.place.1)) {
            self.place = (times.place.0.to_owned(), times.place.1);
        }
        self.first = self.first.min(times.first);
        self.last = self.last.max(times.last);
        self.records += times.records;
    }

    fn fact(self, reach: Reach<String>) -> Fact {
        let items = self.items.into_sorted();
        let counted = items.iter().fold(0u64, |sum, (_, n)| sum.saturating_add(*n));
        Fact::Touched(Box::new(Touched {
            act: reach.act.to_owned(),
            first: self.first,
            last: self.last,
            object: reach.object,
            host: reach.host,
            account: reach.account,
            address: reach.address,
            session: reach.session,
            records: self.records,
            items: items.into_iter().map(|(item, _)| item).collect(),
            // Once more than can be counted, it stays so: whoever sums it up says no upper bound.
            further_items: match self.mentions {
                u64::MAX => u64::MAX,
                mentions => mentions.saturating_sub(counted),
            },
            bytes: self.bytes,
            source: self.place.0,
            record: self.place.1,
        }))
    }
}

/// All that was reached.
#[derive(Clone, Debug)]
pub(super) struct Reaches {
    kept: Kept<Reach<String>, Reached>,
    // Records that say something was reached.
    records: u64,
}

impl Default for Reaches {
    fn default() -> Self {
        Reaches { kept: Kept::new(TOUCHED_MAX), records: 0 }
    }
}

impl Reaches {
    /// Takes what records say that were made at these times on one day; `host` is the machine that they are about.
    pub(super) fn take(
        &mut self,
        said: &Said<'_>,
        host: Option<&str>,
        account: Option<&str>,
        times: &Times<'_>,
    ) {
        self.records += times.records;
        let reach = Reach::of(said, host, account, times);
        let reached = self.kept.entry(reach, || Reached::none_at(times));
        let Some(reached) = reached else { return };
        reached.add(times);
        reached.bytes = reached.bytes.saturating_add(said.bytes);
        let mentions = said.unnamed.saturating_add(said.items.len() as u64);
        reached.mentions = reached.mentions.saturating_add(mentions);
        for item in &said.items {
            if let Some(n) = reached.items.entry(short(item), || 0) {
                *n += 1;
            }
        }
    }

    /// Takes what another gathered.
    pub(super) fn merge(&mut self, other: Reaches) {
        self.records += other.records;
        for (reach, theirs) in other.kept.into_ranked() {
            let times = Times {
                first: theirs.first,
                last: theirs.last,
                records: theirs.records,
                place: (&theirs.place.0, theirs.place.1),
            };
            let Some(mine) = self.kept.ranked(reach, || Reached::none_at(&times)) else { continue };
            mine.add(&times);
            mine.mentions = mine.mentions.saturating_add(theirs.mentions);
            mine.bytes = mine.bytes.saturating_add(theirs.bytes);
            for (item, count) in theirs.items.into_ranked() {
                if let Some(n) = mine.items.ranked(item, || 0) {
                    *n += count;
                }
            }
        }
    }

    /// Records that are beyond what is kept.
    pub(super) fn not_kept(&self) -> u64 {
        let kept: u64 = self.kept.values().map(|reached| reached.records).sum();
        self.records.saturating_sub(kept)
    }

    pub(super) fn facts(self) -> impl Iterator<Item = Fact> {
        self.kept.into_sorted().into_iter().map(|(reach, reached)| reached.fact(reach))
    }
}

/// The day of a time (UTC), by number.
pub(super) fn day(time: Timestamp) -> i64 {
    time.as_nanos().div_euclid(24 * HOUR_NS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::kept::tests::check_apart;

    #[test]
    fn what_is_reached_differs_by_each_of_its_parts() {
        let reach = Reach {
            act: "file-read",
            object: "x",
            host: None,
            account: None,
            address: None,
            session: None,
            day: 0,
        };
        let x = Some("x");
        check_apart(&[
            reach,
            Reach { act: "archive", ..reach },
            Reach { object: "", ..reach },
            Reach { host: x, ..reach },
            Reach { account: x, ..reach },
            Reach { address: x, ..reach },
            Reach { session: x, ..reach },
            Reach { session: Some(""), ..reach },
            Reach { day: -1, ..reach },
        ]);
    }
}
