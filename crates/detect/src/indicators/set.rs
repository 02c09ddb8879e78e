//! Many indicators in little memory: one text for all values, sorted, and a few numbers for each.
//!
//! A set can be written as bytes and read back; damage is told, never believed.

mod bytes;

use blanik_model::{IndicatorType, Provenance, Timestamp, Validity};
use hashbrown::HashMap;

pub use bytes::Damaged;

/// Indicators that a set may hold: a list can be written to be endless.
pub const INDICATORS_MAX: usize = 20_000_000;
/// Bytes of all comments; those of further indicators are left out.
const COMMENT_BYTES_MAX: usize = 32 << 20;
/// Bytes of a comment that are kept.
const COMMENT_BYTES: usize = 200;

/// Index of an entry. Entries of the same type and value stand one behind another, and the first
/// one's index stands for all.
pub type EntryIx = u32;

/// One statement about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    end: u32,
    provenance: u32,
    place: u32,
    comment: u32,
    // Seconds since 1970; 0 is unknown.
    date: u32,
    from: u32,
    until: u32,
    ty: IndicatorType,
}

/// See the module. Entries are in the order of type, value, provenance and place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndicatorSet {
    text: String,
    entries: Vec<Entry>,
    provenances: Vec<Provenance>,
    comments: Vec<String>,
}

impl IndicatorSet {
    /// Number of statements.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What the entry's value is.
    pub fn ty(&self, ix: EntryIx) -> IndicatorType {
        self.entries[ix as usize].ty
    }

    /// The entry's value, canonical.
    pub fn value(&self, ix: EntryIx) -> &str {
        let ix = ix as usize;
        let start = if ix == 0 { 0 } else { self.entries[ix - 1].end };
        &self.text[start as usize..self.entries[ix].end as usize]
    }

    /// Who says it.
    pub fn provenance(&self, ix: EntryIx) -> &Provenance {
        &self.provenances[self.entries[ix as usize].provenance as usize]
    }

    /// When.
    pub fn validity(&self, ix: EntryIx) -> Validity {
        let entry = &self.entries[ix as usize];
        let time = |s: u32| (s != 0).then(|| Timestamp::from_seconds(i64::from(s))).flatten();
        Validity {
            date: time(entry.date),
            valid_from: time(entry.from),
            valid_until: time(entry.until),
        }
    }

    /// What the list says of it; empty if nothing.
    pub fn comment(&self, ix: EntryIx) -> &str {
        &self.comments[self.entries[ix as usize].comment as usize]
    }

    /// Line, row or object in its list.
    pub fn place(&self, ix: EntryIx) -> u32 {
        self.entries[ix as usize].place
    }

    /// The entry as it was added.
    pub fn entry(&self, ix: EntryIx) -> NewEntry<'_> {
        NewEntry {
            ty: self.ty(ix),
            value: self.value(ix),
            validity: self.validity(ix),
            comment: self.comment(ix),
            place: self.place(ix),
        }
    }

    /// The first entry of each type and value.
    pub fn firsts(&self) -> impl Iterator<Item = EntryIx> {
        (0..self.len() as EntryIx).filter(|ix| *ix == 0 || !self.is_same(ix - 1, *ix))
    }

    /// All entries of the type and value that begin at `first`.
    pub fn statements(&self, first: EntryIx) -> impl Iterator<Item = EntryIx> {
        (first..self.len() as EntryIx).take_while(move |ix| self.is_same(first, *ix))
    }

    fn is_same(&self, a: EntryIx, b: EntryIx) -> bool {
        self.ty(a) == self.ty(b) && self.value(a) == self.value(b)
    }

    /// Bytes held, about.
    pub fn memory(&self) -> usize {
        let comments: usize = self.comments.iter().map(|c| c.len() + 24).sum();
        self.text.len() + self.entries.len() * size_of::<Entry>() + comments
    }
}

/// Gathers indicators into a set.
#[derive(Debug)]
pub struct SetBuilder {
    set: IndicatorSet,
    provenances: HashMap<Provenance, u32>,
    comments: HashMap<String, u32>,
    comment_bytes: usize,
}

impl Default for SetBuilder {
    fn default() -> Self {
        let set = IndicatorSet { comments: vec![String::new()], ..IndicatorSet::default() };
        SetBuilder {
            set,
            provenances: HashMap::new(),
            comments: HashMap::from_iter([(String::new(), 0)]),
            comment_bytes: 0,
        }
    }
}

/// One statement about a value, on its way into a set.
#[derive(Clone, Copy, Debug)]
pub struct NewEntry<'a> {
    /// What the value is.
    pub ty: IndicatorType,
    /// The value, canonical.
    pub value: &'a str,
    /// When it was seen, and when it is held to be true.
    pub validity: Validity,
    /// What the list says of it.
    pub comment: &'a str,
    /// Line, row or object in the list.
    pub place: u32,
}

impl SetBuilder {
    /// Number of statements so far.
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// Adds a statement. False if there is no more room.
    pub fn push(&mut self, provenance: &Provenance, new: NewEntry<'_>) -> bool {
        let end = self.set.text.len() + new.value.len();
        if self.set.len() >= INDICATORS_MAX || u32::try_from(end).is_err() {
            return false;
        }
        // Lists speak for many lines on end.
        let last = self.set.entries.last().map(|entry| entry.provenance);
        let last = last.filter(|last| self.set.provenances[*last as usize] == *provenance);
        let provenance = match last.or_else(|| self.provenances.get(provenance).copied()) {
            Some(known) => known,
            None => {
                let id = self.set.provenances.len() as u32;
                self.set.provenances.push(provenance.clone());
                self.provenances.insert(provenance.clone(), id);
                id
            }
        };
        let comment = self.comment(new.comment);
        let seconds = |time: Option<Timestamp>| {
            time.and_then(|t| u32::try_from(t.as_nanos() / 1_000_000_000).ok()).unwrap_or(0)
        };
        self.set.text.push_str(new.value);
        self.set.entries.push(Entry {
            end: end as u32,
            provenance,
            place: new.place,
            comment,
            date: seconds(new.validity.date),
            from: seconds(new.validity.valid_from),
            until: seconds(new.validity.valid_until),
            ty: new.ty,
        });
        true
    }

    /// Adds all statements of a set. False if there is no more room.
    pub fn extend(&mut self, set: &IndicatorSet) -> bool {
        (0..set.len() as EntryIx).all(|ix| self.push(set.provenance(ix), set.entry(ix)))
    }

    fn comment(&mut self, comment: &str) -> u32 {
        let comment = comment.trim();
        let comment = &comment[..comment.floor_char_boundary(COMMENT_BYTES)];
        if let Some(&known) = self.comments.get(comment) {
            return known;
        }
        if self.comment_bytes + comment.len() > COMMENT_BYTES_MAX {
            return 0;
        }
        self.comment_bytes += comment.len();
        let id = self.set.comments.len() as u32;
        self.set.comments.push(comment.to_owned());
        self.comments.insert(comment.to_owned(), id);
        id
    }

    /// The set: sorted, and what is said twice by one provenance in one place once.
    pub fn finish(self) -> IndicatorSet {
        let unsorted = self.set;
        let mut order: Vec<EntryIx> = (0..unsorted.len() as EntryIx).collect();
        // Provenances are numbered in the order in which lists were read.
        let key = |ix: EntryIx| {
            let entry = &unsorted.entries[ix as usize];
            (entry.ty, unsorted.value(ix), entry.provenance, entry.place)
        };
        order.sort_unstable_by(|a, b| key(*a).cmp(&key(*b)));
        order.dedup_by(|a, b| key(*a) == key(*b));
        let mut text = String::with_capacity(unsorted.text.len());
        let mut entries = Vec::with_capacity(order.len());
        for ix in order {
            text.push_str(unsorted.value(ix));
            entries.push(Entry { end: text.len() as u32, ..unsorted.entries[ix as usize] });
        }
        IndicatorSet { text, entries, ..unsorted }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A set of these values, all said by one list.
    pub fn set(values: &[(IndicatorType, &str)]) -> IndicatorSet {
        let mut builder = SetBuilder::default();
        let provenance = Provenance { source: "test".into(), ..Provenance::default() };
        for (i, (ty, value)) in values.iter().enumerate() {
            let validity = Validity { date: Timestamp::from_seconds(9), ..Validity::default() };
            let place = i as u32 + 1;
            let new = NewEntry { ty: *ty, value, validity, comment: "c", place };
            assert!(builder.push(&provenance, new));
        }
        builder.finish()
    }

    #[test]
    fn what_two_say_of_a_value_stands_together() {
        let set = set(&[
            (IndicatorType::Domain, "b.cz"),
            (IndicatorType::Address, "192.0.2.1"),
            (IndicatorType::Domain, "a.cz"),
            (IndicatorType::Domain, "b.cz"),
        ]);
        let firsts: Vec<_> = set.firsts().map(|ix| set.value(ix)).collect();
        assert_eq!(firsts, ["192.0.2.1", "a.cz", "b.cz"]);
        let said: Vec<_> = set.statements(2).map(|ix| set.place(ix)).collect();
        assert_eq!(said, [1, 4]);
        assert_eq!(set.comment(0), "c");
        assert_eq!(set.validity(0).date, Timestamp::from_seconds(9));
    }

    #[test]
    fn bytes_are_read_back_and_damage_is_told() {
        let set = set(&[(IndicatorType::Domain, "b.cz"), (IndicatorType::Md5, "00")]);
        let bytes = set.to_bytes();
        assert_eq!(IndicatorSet::from_bytes(&bytes), Ok(set));
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(IndicatorSet::from_bytes(&damaged).is_err(), "byte {at}");
            assert!(IndicatorSet::from_bytes(&bytes[..at]).is_err(), "cut at {at}");
        }
    }
}
