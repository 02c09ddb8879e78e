//! The events that findings cite, as the log has sealed them, made into batches again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Result;
use blanik_evidence::Hash;
use blanik_model::finding::Fields;
use blanik_model::{EventBatch, Finding, Kind, SourceId, Timestamp};

/// Distinct events, each with all its fields, in the order in which they stand on record.
#[derive(Default)]
pub(super) struct Events {
    sources: Vec<Arc<str>>,
    by_name: BTreeMap<Arc<str>, u32>,
    seen: BTreeSet<Hash>,
    places: BTreeSet<(u32, u64)>,
    of_kinds: BTreeMap<String, Vec<Event>>,
}

/// An event.
struct Event {
    time: Option<Timestamp>,
    source: u32,
    record: u64,
    order: u64,
    fields: Fields,
}

impl Events {
    /// Takes a finding's event, unless an earlier finding was about the same.
    pub(super) fn add(&mut self, finding: &Finding) -> Result<()> {
        let at = (&finding.kind, finding.time, &finding.source, finding.record);
        if !self.seen.insert(Hash::of(&serde_json::to_vec(&(at, &finding.event))?)) {
            return Ok(());
        }
        let source = self.source(&finding.source);
        self.places.insert((source, finding.record));
        let event = Event {
            time: finding.time,
            source,
            record: finding.record,
            order: self.seen.len() as u64,
            fields: finding.event.clone(),
        };
        self.of_kinds.entry(finding.kind.clone()).or_default().push(event);
        Ok(())
    }

    fn source(&mut self, name: &str) -> u32 {
        if let Some(id) = self.by_name.get(name) {
            return *id;
        }
        let (id, name): (u32, Arc<str>) = (self.sources.len() as u32, name.into());
        self.sources.push(Arc::clone(&name));
        self.by_name.insert(name, id);
        id
    }

    /// True if an event of that place is sealed.
    pub(super) fn has(&self, source: &str, record: u64) -> bool {
        self.by_name.get(source).is_some_and(|id| self.places.contains(&(*id, record)))
    }

    /// The names of the logs they stood in.
    pub(super) fn sources(&self) -> Vec<Arc<str>> {
        self.sources.clone()
    }

    /// Batches of those of a known kind. A record never makes a kind: it finds one by its name.
    pub(super) fn batches(&self, kinds: &[Kind]) -> Vec<EventBatch> {
        let batch = |(name, events): (&String, &Vec<Event>)| {
            let mut batch = EventBatch::new(Arc::new(named(kinds, name)?.clone()));
            // The record itself is not sealed, its fields are.
            let none = Arc::new(Vec::new());
            for event in events {
                let source = SourceId(event.source);
                batch.begin_row(event.time, source, event.record, event.order, &none, 0..0);
                for (name, value) in &event.fields.0 {
                    batch.set(name, value.get());
                }
            }
            Some(batch)
        };
        self.of_kinds.iter().filter_map(batch).collect()
    }
}

/// The one kind of that name; none where several have it, for they are not told apart by it.
pub(super) fn named<'k>(kinds: &'k [Kind], name: &str) -> Option<&'k Kind> {
    let mut of_name = kinds.iter().filter(|kind| kind.to_string() == name);
    let first = of_name.next()?;
    of_name.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use blanik_ingest::Normaliser;

    use super::*;

    /// By its name, a sealed event finds exactly its own kind again.
    #[test]
    fn a_name_finds_its_own_kind() {
        let kinds = Normaliser::new().known_kinds();
        for kind in &kinds {
            assert_eq!(named(&kinds, &kind.to_string()), Some(kind), "{kind}");
        }
        assert_eq!(named(&kinds, "no/such/kind"), None);
    }

    /// Formats of a user's own may take another's name: then nobody guesses.
    #[test]
    fn a_name_of_two_kinds_finds_none() {
        let kind = |categories: &[&str]| Kind {
            categories: categories.iter().map(|&category| category.into()).collect(),
            ..Kind::default()
        };
        let kinds = [kind(&["proxy"]), kind(&["proxy", "webserver"])];
        assert_eq!(named(&kinds, "proxy"), None);
    }
}
