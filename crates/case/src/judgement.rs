//! What analysts' records come to: which of them count, what is dismissed and confirmed, what is
//! tied and untied. Knows nothing of intrusions.

use std::collections::{BTreeMap, BTreeSet};

use blanik_model::record::Opined;
use blanik_model::{Fact, Record, Timestamp};
use serde::Serialize;

/// Who said what, when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The record's index.
    pub index: u64,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// What, or why.
    pub text: String,
}

/// Two records that an analyst ties, or unties.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tie {
    /// The one.
    pub a: u64,
    /// The other.
    pub b: u64,
    /// Who says so, and why.
    pub said: Said,
}

/// What the analysts say, by the record that they say it of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Judgements {
    /// Findings held for false.
    pub dismissed: BTreeMap<u64, Said>,
    /// Findings held for true.
    pub confirmed: BTreeMap<u64, Said>,
    /// Remarks on a record; those on the case under `None`.
    pub notes: Vec<(Option<u64>, Said)>,
    /// Whose a record is to work on.
    pub assigned: BTreeMap<u64, Said>,
    /// Records that belong together.
    pub linked: Vec<Tie>,
    /// Records that have nothing to do with each other.
    pub unlinked: Vec<Tie>,
    /// Allies' positions on what was published, each with its record's index: of an opinion the newest version.
    pub opinions: Vec<(u64, Opined)>,
}

impl Judgements {
    /// Of records in ascending order of their index. Of two judgements of a record the later counts.
    /// What an `Undone` that itself counts refers to does not count.
    pub fn of(records: &[(u64, Record)]) -> Self {
        let undone = undone(records);
        let mut all = Judgements::default();
        for (index, record) in records.iter().filter(|(index, _)| !undone.contains(index)) {
            all.take(*index, record);
        }
        // Kept until here, so that an older version that comes later does not stand in its place.
        all.opinions.retain(|(_, opined)| !opined.withdrawn);
        all
    }

    fn take(&mut self, index: u64, record: &Record) {
        let said = |text: &str| Said {
            index,
            by: record.by.clone(),
            at: record.at,
            text: text.to_owned(),
        };
        let tie =
            |tied: &blanik_model::record::Tied| Tie { a: tied.a, b: tied.b, said: said(&tied.why) };
        match &record.fact {
            Fact::Dismissed(j) => {
                self.confirmed.remove(&j.on);
                self.dismissed.insert(j.on, said(&j.why));
            }
            Fact::Confirmed(j) => {
                self.dismissed.remove(&j.on);
                self.confirmed.insert(j.on, said(&j.why));
            }
            Fact::Noted(n) => self.notes.push((n.on, said(&n.text))),
            Fact::Assigned(a) => {
                self.assigned.insert(a.on, said(&a.to));
            }
            Fact::Linked(t) => {
                self.unlinked.retain(|u| !same(u, t.a, t.b));
                self.linked.push(tie(t));
            }
            Fact::Unlinked(t) => {
                self.linked.retain(|l| !same(l, t.a, t.b));
                self.unlinked.push(tie(t));
            }
            Fact::Opined(opined) => self.opine(index, opined),
            _ => {}
        }
    }

    /// A version of an opinion on one publication; one that is older than what is there says nothing. Only who created an
    /// opinion has further versions of it (STIX 2.1, 3.6).
    fn opine(&mut self, index: u64, opined: &Opined) {
        let key = |of: &Opined| (of.opinion.clone(), of.identity.clone(), of.on);
        let same = |known: &Opined| key(known) == key(opined);
        if self.opinions.iter().any(|(_, known)| same(known) && known.said > opined.said) {
            return;
        }
        self.opinions.retain(|(_, known)| !same(known));
        self.opinions.push((index, opined.clone()));
    }
}

/// Indexes of records that no longer count, of records in ascending order of their index: what an `Undone` that
/// itself counts refers to.
pub fn undone(records: &[(u64, Record)]) -> BTreeSet<u64> {
    let mut undone = BTreeSet::new();
    for (index, record) in records.iter().rev() {
        if let Fact::Undone(judged) = &record.fact
            && !undone.contains(index)
            && judged.on < *index
        {
            undone.insert(judged.on);
        }
    }
    undone
}

fn same(tie: &Tie, a: u64, b: u64) -> bool {
    (tie.a, tie.b) == (a, b) || (tie.a, tie.b) == (b, a)
}
