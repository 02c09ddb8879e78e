//! Which objects a collection holds, and which of them a clearance sees. For each clearance there is an order of its own, made as if
//! what is above it had never come: so no position, no page and no `more` tells of what is hidden.

use std::collections::HashMap;

use blanik_model::{Timestamp, Tlp};

use crate::object::{Facts, Spec};

const CLEARANCES: usize = Tlp::ALL.len();

/// Where an object's bytes lie in the collection's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// From the file's beginning, in bytes.
    pub offset: u64,
    /// In bytes.
    pub length: u32,
}

/// One version of one object.
#[derive(Clone, Debug)]
struct Record {
    id: u32,
    version: Option<Version>,
    spec: Spec,
    level: Tlp,
    added: Timestamp,
    place: Place,
    /// A bit for each clearance that sees it; none once it is deleted.
    seen_by: u8,
}

#[derive(Clone, Debug)]
struct Version {
    at: Timestamp,
    text: Box<str>,
}

impl Record {
    fn is_seen_by(&self, clearance: Tlp) -> bool {
        self.seen_by & bit(clearance) != 0
    }

    /// The version's time; of what has none, when it was added (TAXII 2.1, 3.4.1).
    fn version_at(&self) -> Timestamp {
        self.version.as_ref().map_or(self.added, |version| version.at)
    }

    fn key(&self) -> Option<Timestamp> {
        self.version.as_ref().map(|version| version.at)
    }
}

fn bit(clearance: Tlp) -> u8 {
    1 << clearance as u8
}

/// A version as the standard's parameters know it.
pub fn version_of(facts: &Facts) -> Option<Timestamp> {
    facts.version.as_deref().and_then(Timestamp::parse)
}

/// Which versions of an object are asked for; nothing is the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// The earliest.
    pub first: bool,
    /// The newest.
    pub last: bool,
    /// Each.
    pub all: bool,
    /// Those of these times.
    pub at: Vec<Timestamp>,
}

/// What a request asks for. `None` asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only what was added after this.
    pub added_after: Option<Timestamp>,
    /// Only these objects.
    pub ids: Option<Vec<String>>,
    /// Only these types.
    pub types: Option<Vec<String>>,
    /// Only these versions of STIX; else the newest that there is of an object.
    pub specs: Option<Vec<Spec>>,
    /// Only these versions.
    pub versions: Versions,
}

/// What of the filter is the same for all versions of an object.
#[derive(Clone, Copy)]
struct Chosen {
    spec_from: Spec,
    first: Timestamp,
    last: Timestamp,
}

/// How much is given at once.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Where to begin: how many objects this clearance was shown before.
    pub from: usize,
    /// At most so many objects.
    pub limit: usize,
    /// At most so many bytes, but one object at least.
    pub bytes_max: u64,
}

/// One object of a page.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: String,
    /// Its version, as it wrote it.
    pub version: String,
    /// Its version's time.
    pub version_at: Timestamp,
    /// Whether it has versions at all.
    pub is_versioned: bool,
    /// When it was added.
    pub added: Timestamp,
    /// Of which STIX.
    pub spec: Spec,
    /// Where it lies.
    pub place: Place,
}

/// What was asked for, as much of it as fits.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// In order of their being added.
    pub entries: Vec<Entry>,
    /// Where to go on, if there is more.
    pub next: Option<usize>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Index {
    records: Vec<Record>,
    numbers: HashMap<Box<str>, u32>,
    // Of each object: its id, and its records in the order they came.
    objects: Vec<(Box<str>, Vec<u32>)>,
    // For each clearance: what it sees or once saw, in the order it came.
    orders: [Vec<u32>; CLEARANCES],
}

impl Index {
    /// True if whoever may see this object sees one of this id and version already.
    pub fn holds(&self, facts: &Facts) -> bool {
        let version = version_of(facts);
        self.of(&facts.id).any(|r| r.key() == version && r.is_seen_by(facts.level))
    }

    /// Takes in what [`holds`](Self::holds) denied.
    pub fn insert(&mut self, facts: &Facts, place: Place, added: Timestamp) {
        let key = version_of(facts);
        let taken = self.of(&facts.id).filter(|r| r.key() == key).fold(0, |s, r| s | r.seen_by);
        let may = Tlp::ALL.iter().filter(|c| **c >= facts.level).fold(0, |s, c| s | bit(*c));
        let seen_by = may & !taken;
        let at = u32::try_from(self.records.len()).expect("a file of 4 billion lines is refused");
        let id = self.number(&facts.id);
        let text = facts.version.as_deref();
        let version = key.zip(text).map(|(at, text)| Version { at, text: text.into() });
        let (spec, level) = (facts.spec, facts.level);
        self.records.push(Record { id, version, spec, level, added, place, seen_by });
        self.objects[id as usize].1.push(at);
        for clearance in Tlp::ALL.iter().filter(|c| seen_by & bit(**c) != 0) {
            self.orders[*clearance as usize].push(at);
        }
    }

    /// Deletes a version of an object, as far as a clearance reaches.
    pub fn remove(&mut self, id: &str, version: Option<Timestamp>, clearance: Tlp) {
        let Some(number) = self.numbers.get(id) else { return };
        for at in &self.objects[*number as usize].1 {
            let record = &mut self.records[*at as usize];
            if record.key() == version && record.level <= clearance {
                record.seen_by = 0;
            }
        }
    }

    /// How many records a clearance was ever shown: no position lies behind.
    pub fn positions(&self, clearance: Tlp) -> usize {
        self.orders[clearance as usize].len()
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// True if a clearance sees some version of it.
    pub fn shows(&self, id: &str, clearance: Tlp) -> bool {
        self.of(id).any(|record| record.is_seen_by(clearance))
    }

    /// What a filter leaves of what a clearance sees.
    pub fn select(&self, clearance: Tlp, filter: &Filter, extent: Extent) -> Page {
        let order = &self.orders[clearance as usize];
        let after =
            |at: &u32| filter.added_after.is_some_and(|t| self.records[*at as usize].added <= t);
        let from = extent.from.max(order.partition_point(after));
        match &filter.ids {
            None => {
                self.page(clearance, filter, extent, (from..order.len()).map(|at| (at, order[at])))
            }
            Some(ids) => {
                let mut found: Vec<u32> = Vec::new();
                for number in ids.iter().filter_map(|id| self.numbers.get(id.as_str())) {
                    found.extend(&self.objects[*number as usize].1);
                }
                found.sort_unstable();
                found.dedup();
                let places = found.into_iter().filter_map(|record| {
                    let at = order.binary_search(&record).ok()?;
                    (at >= from).then_some((at, record))
                });
                self.page(clearance, filter, extent, places)
            }
        }
    }

    fn page(
        &self,
        clearance: Tlp,
        filter: &Filter,
        extent: Extent,
        places: impl Iterator<Item = (usize, u32)>,
    ) -> Page {
        let mut page = Page::default();
        let mut bytes = 0;
        let mut chosen = HashMap::new();
        for (at, number) in places {
            let record = &self.records[number as usize];
            if !self.is_asked_for(record, clearance, filter, &mut chosen) {
                continue;
            }
            bytes += u64::from(record.place.length);
            let is_full = page.entries.len() >= extent.limit || bytes > extent.bytes_max;
            if is_full && !page.entries.is_empty() {
                page.next = Some(at);
                break;
            }
            page.entries.push(self.entry(record));
        }
        page
    }

    fn is_asked_for(
        &self,
        record: &Record,
        clearance: Tlp,
        filter: &Filter,
        memo: &mut HashMap<u32, Chosen>,
    ) -> bool {
        let id = &self.objects[record.id as usize].0;
        if !record.is_seen_by(clearance) {
            return false;
        }
        let ty = Facts::type_of(id);
        if filter.types.as_ref().is_some_and(|types| !types.iter().any(|asked| asked == ty)) {
            return false;
        }
        let chosen =
            *memo.entry(record.id).or_insert_with(|| self.chosen(record, clearance, filter));
        if !spec_is_asked_for(record.spec, filter, chosen.spec_from) {
            return false;
        }
        let (asked, at) = (&filter.versions, record.version_at());
        let by_default = !asked.first && !asked.all && asked.at.is_empty();
        asked.all
            || asked.first && at == chosen.first
            || (asked.last || by_default) && at == chosen.last
            || asked.at.contains(&at)
    }

    /// What of an object's versions is first and last, of those that are asked for.
    fn chosen(&self, record: &Record, clearance: Tlp, filter: &Filter) -> Chosen {
        let seen = || {
            let records = &self.objects[record.id as usize].1;
            let records = records.iter().map(|at| &self.records[*at as usize]);
            records.filter(|record| record.is_seen_by(clearance))
        };
        let spec_from = seen().map(|r| r.spec).max().unwrap_or(record.spec);
        let asked = seen().filter(|r| spec_is_asked_for(r.spec, filter, spec_from));
        let (mut first, mut last) = (record.version_at(), record.version_at());
        let mut any = false;
        for at in asked.map(Record::version_at) {
            (first, last) = if any { (first.min(at), last.max(at)) } else { (at, at) };
            any = true;
        }
        Chosen { spec_from, first, last }
    }

    fn entry(&self, record: &Record) -> Entry {
        let version = record.version.as_ref();
        Entry {
            id: self.objects[record.id as usize].0.to_string(),
            version: version.map_or_else(|| microseconds(record.added), |v| v.text.to_string()),
            version_at: record.version_at(),
            is_versioned: version.is_some(),
            added: record.added,
            spec: record.spec,
            place: record.place,
        }
    }

    fn of(&self, id: &str) -> impl Iterator<Item = &Record> {
        let records = self.numbers.get(id).map(|n| &self.objects[*n as usize].1[..]);
        records.unwrap_or_default().iter().map(|at| &self.records[*at as usize])
    }

    fn number(&mut self, id: &str) -> u32 {
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        let number = u32::try_from(self.objects.len()).expect("as many as records at most");
        self.numbers.insert(id.into(), number);
        self.objects.push((id.into(), Vec::new()));
        number
    }
}

fn spec_is_asked_for(spec: Spec, filter: &Filter, newest: Spec) -> bool {
    filter.specs.as_ref().map_or(spec == newest, |asked| asked.contains(&spec))
}

/// A time as TAXII writes it: RFC 3339 with six digits (TAXII 2.1, 3.1).
pub fn microseconds(time: Timestamp) -> String {
    time.to_jiff().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

#[cfg(test)]
mod tests;
