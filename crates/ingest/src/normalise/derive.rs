//! Which fields are derived from which, and for what kinds: `mapping/fields.tsv`.

use blanik_model::Kind;

use super::lookup::Key;
use super::operation::Operation;
use super::plan::SOURCES_MAX;
use super::table::{members, numbers, rows};

const TABLE: &str = include_str!("../../mapping/fields.tsv");

/// A row of the table, as a kind uses it.
#[derive(Clone, Debug)]
pub(crate) struct Derivation {
    /// The field it makes.
    pub target: Key,
    /// How.
    pub operation: Operation,
    /// From what.
    pub sources: Vec<Key>,
    /// Whether it replaces a field of that name that the record has.
    pub replaces: bool,
}

#[derive(Debug)]
struct Row {
    products: Vec<&'static str>,
    scope: Scope,
    event_ids: Vec<u32>,
    derivation: Derivation,
}

/// Where in its product a row holds.
#[derive(Debug)]
enum Scope {
    /// Everywhere, and before the kind is known.
    Early,
    /// Everywhere.
    All,
    /// In these services.
    Services(Vec<&'static str>),
}

/// The table.
#[derive(Debug)]
pub(crate) struct Derivations {
    rows: Vec<Row>,
}

impl Derivations {
    pub fn new() -> Self {
        let columns = ["product", "service", "event_id", "target", "op", "source", "mode"];
        Derivations { rows: rows(TABLE, columns).into_iter().map(Row::new).collect() }
    }

    /// Those that a product's records need before their kind is known, in order.
    pub fn early(&self, product: &str) -> Vec<Derivation> {
        let fits = |r: &&Row| r.products.contains(&product) && matches!(r.scope, Scope::Early);
        self.rows.iter().filter(fits).map(|r| r.derivation.clone()).collect()
    }

    /// Those of a kind, in order, without the early ones.
    pub fn of(&self, kind: &Kind) -> Vec<Derivation> {
        self.rows.iter().filter(|r| r.fits(kind)).map(|r| r.derivation.clone()).collect()
    }

    /// All of them, for the tests.
    #[cfg(test)]
    pub fn all(&self) -> impl Iterator<Item = &Derivation> {
        self.rows.iter().map(|r| &r.derivation)
    }

    /// The event ids that rows of a service name.
    pub fn event_ids(&self, product: &str, service: &str) -> Vec<u32> {
        let fits = |r: &&Row| r.products.contains(&product) && r.scope.has(service);
        self.rows.iter().filter(fits).flat_map(|r| r.event_ids.clone()).collect()
    }
}

impl Row {
    fn new(cells: [&'static str; 7]) -> Self {
        let [products, services, ids, target, operation, sources, mode] = cells;
        let sources: Vec<Key> = sources.split('|').map(Key::from).collect();
        assert!(sources.len() <= SOURCES_MAX, "too many sources for {target}");
        Row {
            products: products.split(',').collect(),
            scope: match services {
                "early" => Scope::Early,
                "*" => Scope::All,
                services => Scope::Services(members(services)),
            },
            event_ids: if ids == "*" { vec![] } else { numbers(ids) },
            derivation: Derivation {
                target: target.into(),
                operation: Operation::parse(operation),
                sources,
                replaces: match mode {
                    "set" => true,
                    "add" => false,
                    _ => panic!("add or set: {mode}"),
                },
            },
        }
    }

    fn fits(&self, kind: &Kind) -> bool {
        let in_scope = match &self.scope {
            Scope::Early => false,
            Scope::All => true,
            scope => kind.services.first().is_some_and(|s| scope.has(s)),
        };
        self.products.contains(&kind.product.as_deref().unwrap_or("-"))
            && in_scope
            && (self.event_ids.is_empty()
                || kind.event_id.is_some_and(|id| self.event_ids.contains(&id)))
    }
}

impl Scope {
    fn has(&self, service: &str) -> bool {
        matches!(self, Scope::Services(services) if services.contains(&service))
    }
}
