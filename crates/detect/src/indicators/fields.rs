//! Which fields hold what: by the table `fields.tsv`, of names; what a value is must still show in it.

use std::sync::{Arc, LazyLock};

use blanik_model::{Kind, Names};

use super::index::Index;

/// What a field holds. The words are those of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holds {
    /// Addresses and names of machines.
    Endpoint,
    /// URLs.
    Url,
    /// What follows the host in a URL.
    Uri,
    /// Hashes of files.
    Hash,
    /// JA3 fingerprints.
    Ja3,
    /// JA4 fingerprints.
    Ja4,
    /// Hashes of certificates.
    Certificate,
    /// User agents.
    Agent,
    /// Names of mutexes.
    Mutex,
    /// Mail addresses.
    Mail,
    /// Files.
    Path,
    /// Registry keys.
    Registry,
    /// Files, keys or mutexes.
    Object,
    /// What people and programs write.
    Text,
    /// Nobody knows: what shows in the value.
    Any,
}

struct Row {
    product: &'static str,
    service: Option<&'static str>,
    names: Vec<&'static str>,
    holds: Option<Holds>,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let text = include_str!("fields.tsv");
    let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.map(row).collect()
});

fn row(line: &'static str) -> Row {
    let mut cells = line.split('\t');
    let mut cell = || cells.next().expect("the table has three columns");
    let (source, names, holds) = (cell(), cell(), cell());
    let (product, service) = match source.split_once('/') {
        Some((product, service)) => (product, Some(service)),
        None => (source, None),
    };
    let holds = match holds {
        "none" => None,
        "any" => Some(Holds::Any),
        "endpoint" => Some(Holds::Endpoint),
        "url" => Some(Holds::Url),
        "uri" => Some(Holds::Uri),
        "hash" => Some(Holds::Hash),
        "ja3" => Some(Holds::Ja3),
        "ja4" => Some(Holds::Ja4),
        "certificate" => Some(Holds::Certificate),
        "agent" => Some(Holds::Agent),
        "mutex" => Some(Holds::Mutex),
        "mail" => Some(Holds::Mail),
        "path" => Some(Holds::Path),
        "registry" => Some(Holds::Registry),
        "object" => Some(Holds::Object),
        "text" => Some(Holds::Text),
        other => panic!("the table says what a field holds, not {other}"),
    };
    Row { product, service, names: names.split('|').collect(), holds }
}

/// What a kind's field of that name holds. `None` if nothing that indicators are about.
///
/// Of a kind of which nothing is known, any field may hold any thing.
pub fn holds(kind: &Kind, name: &str) -> Option<Holds> {
    let lower = name.to_ascii_lowercase();
    let fits = |row: &&Row| {
        (row.product == "*" || kind.product.as_deref() == Some(row.product))
            && row.service.is_none_or(|s| kind.services.iter().any(|own| **own == *s))
    };
    let named = |row: &Row| row.names.iter().any(|pattern| matches(pattern, &lower));
    match TABLE.iter().filter(fits).find(|row| named(row)) {
        Some(row) => row.holds,
        None if kind.is_generic() => Some(Holds::Any),
        None => None,
    }
}

/// True if the pattern, in which `*` stands for any text, is the whole of the name.
fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

/// The names of a kind's fields that hold what is asked for.
#[derive(Clone, Debug)]
pub struct FieldsOf {
    kind: Kind,
    index: Arc<Index>,
}

impl FieldsOf {
    /// Of a kind's events and these indicators.
    pub fn new(kind: Kind, index: Arc<Index>) -> Self {
        FieldsOf { kind, index }
    }
}

impl Names for FieldsOf {
    fn has(&self, name: &str) -> bool {
        holds(&self.kind, name).is_some_and(|holds| self.index.asks(holds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(product: &str, service: &str) -> Kind {
        Kind { product: Some(product.into()), services: vec![service.into()], ..Kind::default() }
    }

    #[test]
    fn names_say_what_fields_hold() {
        let sysmon = kind("windows", "sysmon");
        for (of, name, want) in [
            (&sysmon, "DestinationIp", Some(Holds::Endpoint)),
            (&sysmon, "Hashes", Some(Holds::Hash)),
            (&sysmon, "md5", None),
            (&sysmon, "CommandLine", Some(Holds::Text)),
            (&sysmon, "FileVersion", None),
            (&sysmon, "TargetObject", Some(Holds::Registry)),
            (&sysmon, "ProcessGuid", None),
            (&sysmon, "ProcessId", None),
            (&sysmon, "UserID", None),
            (&sysmon, "Domain", None),
            (&kind("windows", "security"), "IpAddress", Some(Holds::Endpoint)),
            (&kind("zeek", "conn"), "id.resp_h", Some(Holds::Endpoint)),
            (&kind("zeek", "conn"), "dst_ip", None),
            (&kind("zeek", "http"), "uri", Some(Holds::Uri)),
            (&kind("azure", "signinlogs"), "ipAddress", Some(Holds::Endpoint)),
            (&kind("m365", "exchange"), "ClientIP", Some(Holds::Endpoint)),
            (&kind("aws", "cloudtrail"), "sourceIPAddress", Some(Holds::Endpoint)),
            (&kind("aws", "cloudtrail"), "userAgent", Some(Holds::Agent)),
            (&Kind::default(), "whatever", Some(Holds::Any)),
            (&Kind::default(), "app_version", None),
        ] {
            assert_eq!(holds(of, name), want, "{of} {name}");
        }
    }

    #[test]
    fn stars_stand_for_any_text() {
        assert!(matches("*ip", "clientip"));
        assert!(matches("a*b*c", "axxbyyc"));
        assert!(!matches("a*b*c", "axxc"));
        assert!(!matches("ip", "ipx"));
        assert!(matches("*", ""));
    }
}
