//! Every kind there can be, made once from the tables.
//!
//! Channels, paths and event ids come from untrusted records, so a record never makes a kind: it
//! finds one, or gets its product's. Their number is fixed, whatever the logs say, and it does not
//! depend on the order in which events come.

use std::collections::HashMap;
use std::sync::Arc;

use blanik_model::Kind;

use super::derive::{Derivation, Derivations};
use super::lookup::{Key, NameMap};
use super::shape::{Shape, Shapes};
use super::table::{members, numbers, rows};

const CHANNELS: &str = include_str!("../../mapping/windows_channels.tsv");
const CATEGORIES: &str = include_str!("../../mapping/windows_categories.tsv");
const ZEEK: &str = include_str!("../../mapping/zeek.tsv");
const TEXT: &str = include_str!("../../mapping/text.tsv");
const SURICATA: &str = include_str!("../../mapping/suricata.tsv");

/// A kind, and what its events' fields are derived by.
#[derive(Debug)]
pub(crate) struct Entry {
    pub kind: Arc<Kind>,
    pub derivations: Vec<Derivation>,
}

/// Index of an entry.
pub(crate) type EntryId = usize;

/// A Windows service: its kind, and those of its events that have their own.
#[derive(Debug)]
struct Service {
    other: EntryId,
    events: HashMap<u32, Vec<Case>>,
}

/// An event's kind, if a field has a value.
#[derive(Debug)]
pub(crate) struct Case {
    /// Field and value.
    pub when: Option<(Key, &'static str)>,
    /// The kind.
    pub entry: EntryId,
}

/// All kinds.
#[derive(Debug)]
pub(crate) struct Kinds {
    entries: Vec<Entry>,
    services: Vec<Service>,
    channels: NameMap<usize>,
    providers: NameMap<usize>,
    zeek: NameMap<EntryId>,
    suricata: NameMap<EntryId>,
    text: NameMap<EntryId>,
    shapes: Vec<EntryId>,
}

impl Kinds {
    pub fn new(shapes: &Shapes) -> Self {
        let derivations = Derivations::new();
        let mut kinds = Kinds {
            entries: Vec::new(),
            services: Vec::new(),
            channels: NameMap::default(),
            providers: NameMap::default(),
            zeek: NameMap::default(),
            suricata: NameMap::default(),
            text: NameMap::default(),
            shapes: Vec::new(),
        };
        kinds.entry(Kind::default(), &derivations);
        kinds.shapes = shapes.rows().iter().map(|s| kinds.shape(s, &derivations)).collect();
        kinds.add_windows(&derivations);
        kinds.zeek = kinds.named("zeek", rows(ZEEK, ["path", "service", "categories"]));
        kinds.suricata =
            kinds.named("suricata", rows(SURICATA, ["event_type", "service", "categories"]));
        kinds.add_text(&derivations);
        kinds
    }

    /// The entry of that kind: an old one if there is one, so that each kind is one `Arc`.
    fn entry(&mut self, kind: Kind, derivations: &Derivations) -> EntryId {
        if let Some(i) = self.entries.iter().position(|e| *e.kind == kind) {
            return i;
        }
        let derivations = derivations.of(&kind);
        self.entries.push(Entry { kind: Arc::new(kind), derivations });
        self.entries.len() - 1
    }

    fn shape(&mut self, shape: &Shape, derivations: &Derivations) -> EntryId {
        let product = if shape.product == "-" { "" } else { shape.product };
        let kind = kind(product, &shape.services, &shape.categories, None);
        self.entry(kind, derivations)
    }

    fn named(&mut self, product: &str, table: Vec<[&'static str; 3]>) -> NameMap<EntryId> {
        let derivations = Derivations::new();
        let mut out = NameMap::default();
        for [name, service, categories] in table {
            let kind = kind(product, &members(service), &members(categories), None);
            let old = out.insert(name.into(), self.entry(kind, &derivations));
            assert_eq!(old, None, "{product}: {name} stands twice");
        }
        out
    }

    fn add_text(&mut self, derivations: &Derivations) {
        for [log, product, service, categories] in
            rows(TEXT, ["log", "product", "service", "categories"])
        {
            let product = if product == "-" { "" } else { product };
            let kind = kind(product, &members(service), &members(categories), None);
            let entry = self.entry(kind, derivations);
            let old = self.text.insert(log.into(), entry);
            assert_eq!(old, None, "text: {log} stands twice");
        }
    }

    /// The kind of a record of that text log; the generic one if the table has none.
    pub fn of_text(&self, log: &str) -> EntryId {
        self.text.get(log).copied().unwrap_or(0)
    }

    fn add_windows(&mut self, derivations: &Derivations) {
        let mut names: Vec<&str> = Vec::new();
        let mut ids: Vec<Vec<u32>> = Vec::new();
        for [by, name, service, events] in rows(CHANNELS, ["by", "name", "service", "event_ids"]) {
            let i = names.iter().position(|n| *n == service).unwrap_or_else(|| {
                names.push(service);
                ids.push(derivations.event_ids("windows", members(service)[0]));
                names.len() - 1
            });
            ids[i].extend(numbers(events));
            let map = match by {
                "channel" => &mut self.channels,
                "provider" => &mut self.providers,
                _ => panic!("channel or provider: {by}"),
            };
            let old = map.insert(name.to_ascii_lowercase().into(), i);
            assert_eq!(old, None, "{name} stands twice");
        }
        let mut categories = categories();
        for (service, ids) in names.into_iter().zip(ids) {
            let rows = categories.remove(members(service)[0]).unwrap_or_default();
            let service = self.windows_service(service, &ids, &rows, derivations);
            self.services.push(service);
        }
        assert!(categories.is_empty(), "services without a channel: {categories:?}");
    }

    fn windows_service(
        &mut self,
        services: &'static str,
        ids: &[u32],
        rows: &[CategoryRow],
        derivations: &Derivations,
    ) -> Service {
        let services = members(services);
        let mut events: HashMap<u32, Vec<Case>> = HashMap::new();
        for row in rows {
            let kind = kind("windows", &services, &row.categories, Some(row.id));
            let entry = self.push(kind, derivations);
            events.entry(row.id).or_default().push(Case { when: row.when, entry });
        }
        for &id in ids {
            let cases = events.entry(id).or_default();
            if cases.is_empty() {
                let entry = self.push(kind("windows", &services, &[], Some(id)), derivations);
                cases.push(Case { when: None, entry });
            }
        }
        let other = self.push(kind("windows", &services, &[], None), derivations);
        Service { other, events }
    }

    /// An entry known to be new, but for rows of one id and the same categories.
    fn push(&mut self, kind: Kind, derivations: &Derivations) -> EntryId {
        if let Some(last) = self.entries.last()
            && *last.kind == kind
        {
            return self.entries.len() - 1;
        }
        let derivations = derivations.of(&kind);
        self.entries.push(Entry { kind: Arc::new(kind), derivations });
        self.entries.len() - 1
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// An entry.
    pub fn get(&self, id: EntryId) -> &Entry {
        &self.entries[id]
    }

    /// The kind of a record of that shape, as far as the shape tells.
    pub fn of_shape(&self, shape: Option<usize>) -> EntryId {
        shape.map_or(0, |shape| self.shapes[shape])
    }

    /// The kinds a Windows event can have, tried in order; the channel in lower case.
    pub fn of_windows(
        &self,
        channel: Option<&str>,
        provider: Option<&str>,
        id: Option<u32>,
    ) -> Windows<'_> {
        let service = match channel {
            Some(channel) => self.channels.get(channel),
            None => provider.and_then(|p| self.providers.get(p)),
        };
        let Some(service) = service.map(|&i| &self.services[i]) else { return Windows::Unknown };
        match id.and_then(|id| service.events.get(&id)) {
            Some(cases) => Windows::Cases(cases, service.other),
            None => Windows::Entry(service.other),
        }
    }

    /// The kind of a Zeek log of that path.
    pub fn of_zeek(&self, path: &str) -> Option<EntryId> {
        self.zeek.get(path).copied()
    }

    /// The kind of an EVE record of that type.
    pub fn of_suricata(&self, event_type: &str) -> Option<EntryId> {
        self.suricata.get(event_type).copied()
    }

    /// All kinds that the tables name.
    pub fn all(&self) -> impl Iterator<Item = &Kind> {
        self.entries.iter().map(|e| &*e.kind)
    }
}

/// See [`Kinds::of_windows`].
pub(crate) enum Windows<'a> {
    /// No listed channel.
    Unknown,
    /// That kind.
    Entry(EntryId),
    /// The first case that holds, else that kind.
    Cases(&'a [Case], EntryId),
}

#[derive(Debug)]
struct CategoryRow {
    id: u32,
    categories: Vec<&'static str>,
    when: Option<(Key, &'static str)>,
}

fn categories() -> HashMap<&'static str, Vec<CategoryRow>> {
    let mut out: HashMap<_, Vec<CategoryRow>> = HashMap::new();
    for [service, id, categories, when] in
        rows(CATEGORIES, ["service", "event_id", "categories", "when"])
    {
        let id = id.parse().unwrap_or_else(|_| panic!("an event id: {id}"));
        let when = when.split_once('=').map(|(field, value)| (field.into(), value));
        let rows = out.entry(service).or_default();
        assert!(!rows.iter().any(|r| r.id == id && r.when == when), "{service} {id} stands twice");
        rows.push(CategoryRow { id, categories: members(categories), when });
    }
    out
}

fn kind(product: &str, services: &[&str], categories: &[&str], event_id: Option<u32>) -> Kind {
    Kind {
        product: (!product.is_empty()).then(|| product.into()),
        services: services.iter().map(|&s| s.into()).collect(),
        categories: categories.iter().map(|&c| c.into()).collect(),
        event_id,
    }
}
