//! What findings are about: hosts, accounts, addresses, processes, files, mailboxes, indicators.
//! Reads the fields that `tables/entities.tsv` names and no others; how common an entity is, the
//! findings themselves tell.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::LazyLock;

use blanik_model::{Finding, Type};
use serde::Serialize;

const TABLE: &str = include_str!("../tables/entities.tsv");

/// Characters of a name that are kept.
const NAME_CHARS_MAX: usize = 200;
/// Entities that are kept of a finding.
const ENTITIES_MAX: usize = 32;

/// What kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntityKind {
    /// A machine or sensor.
    Host,
    /// A user account, by its name without realm.
    Account,
    /// A network address.
    Address,
    /// A process, by its GUID.
    Process,
    /// A file, by its path.
    File,
    /// A mailbox.
    Mailbox,
    /// A domain name or a file's digest.
    Indicator,
}

impl EntityKind {
    /// What people call it.
    pub fn as_str(self) -> &'static str {
        match self {
            EntityKind::Host => "host",
            EntityKind::Account => "account",
            EntityKind::Address => "address",
            EntityKind::Process => "process",
            EntityKind::File => "file",
            EntityKind::Mailbox => "mailbox",
            EntityKind::Indicator => "indicator",
        }
    }
}

/// A thing that findings are about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Entity {
    /// What it is.
    pub kind: EntityKind,
    /// What it is called, in lower case.
    pub name: Box<str>,
}

impl std::fmt::Display for Entity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.name)
    }
}

static FIELDS: LazyLock<HashMap<String, EntityKind>> = LazyLock::new(|| {
    let kind = |word: &str| match word {
        "account" => EntityKind::Account,
        "address" => EntityKind::Address,
        "process" => EntityKind::Process,
        "file" => EntityKind::File,
        "mailbox" => EntityKind::Mailbox,
        "indicator" => EntityKind::Indicator,
        _ => panic!("a kind of entity: {word}"),
    };
    let lines = TABLE.lines().filter(|line| !line.starts_with('#')).skip(1);
    let row = |line: &str| {
        let (field, word) = line.split_once('\t').expect("two columns");
        (field.to_lowercase(), kind(word))
    };
    lines.map(row).collect()
});

/// The entities that a finding names, its host not among them.
pub fn of(finding: &Finding) -> BTreeSet<Entity> {
    let mut found = BTreeSet::new();
    let mut take = |kind, text: &str| {
        if let Some(name) = name(kind, text)
            && found.len() < ENTITIES_MAX
        {
            found.insert(Entity { kind, name: name.into() });
        }
    };
    if let Some(account) = &finding.account {
        take(EntityKind::Account, account);
    }
    let group_by = finding.correlation.iter().flat_map(|c| &c.group_by.0);
    for (field, value) in finding.event.0.iter().chain(group_by) {
        let Some(kind) = FIELDS.get(&field.to_lowercase()) else { continue };
        for scalar in value.get().scalars().filter(|v| v.ty == Type::String) {
            take(*kind, scalar.text);
        }
    }
    found
}

/// The name under which an entity is known; `None` if the text names none.
pub fn name(kind: EntityKind, text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text == "-" || text.starts_with("00000000-0000") {
        return None;
    }
    let short = |text: &str| text.chars().take(NAME_CHARS_MAX).collect::<String>();
    match kind {
        EntityKind::Host => Some(host(text)),
        EntityKind::Account => account(text),
        EntityKind::Address => address(text),
        // Sysmon's list of hashes stands beside each of them.
        EntityKind::Indicator if text.contains('=') => None,
        EntityKind::Indicator => text
            .contains('.')
            .then(|| short(&text.to_lowercase()))
            .or_else(|| (text.len() >= 32).then(|| short(&text.to_lowercase()))),
        _ => Some(short(&text.to_lowercase())),
    }
}

/// A host's name without its domain; an address, and what is no name of a host, as it is.
pub fn host(text: &str) -> String {
    let lower = text.trim().to_lowercase();
    if lower.parse::<IpAddr>().is_ok() {
        return lower;
    }
    let is_name = |text: &str| text.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    let first = lower.split('.').next().unwrap_or_default();
    let name = if !first.is_empty() && is_name(&lower) { first } else { &lower };
    name.chars().take(NAME_CHARS_MAX).collect()
}

/// An account without its realm. Machines' and the system's own accounts act for anyone.
fn account(text: &str) -> Option<String> {
    const NOBODY: &[&str] = &[
        "system",
        "localsystem",
        "local service",
        "network service",
        "localservice",
        "networkservice",
        "anonymous logon",
        "window manager",
        "font driver host",
        "nobody",
        "n/a",
    ];
    let lower = text.to_lowercase();
    if lower.starts_with("s-1-5-") && lower.len() < 12 {
        return None;
    }
    let name = lower.rsplit('\\').next().unwrap_or(&lower);
    let name = name.split('@').next().unwrap_or(name).trim();
    let of_the_system = NOBODY.contains(&name)
        || name.ends_with('$')
        || name.starts_with("dwm-")
        || name.starts_with("umfd-");
    (!name.is_empty() && !of_the_system).then(|| name.chars().take(NAME_CHARS_MAX).collect())
}

/// An address that names one machine.
fn address(text: &str) -> Option<String> {
    // Microsoft 365 writes a port behind: `[::1]:80`, `192.0.2.1:80`.
    let bare = match text.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or(inner),
        None if text.matches(':').count() == 1 => text.split(':').next().unwrap_or(text),
        None => text,
    };
    let address: IpAddr = bare.parse().ok()?;
    let address = address.to_canonical();
    let everyone = match address {
        IpAddr::V4(a) => a.is_link_local() || a.is_broadcast() || a.octets()[3] == 255,
        IpAddr::V6(a) => a.segments()[0] & 0xffc0 == 0xfe80,
    };
    let nobody =
        everyone || address.is_loopback() || address.is_unspecified() || address.is_multicast();
    (!nobody).then(|| address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_under_which_entities_are_known() {
        let account = |text| name(EntityKind::Account, text);
        assert_eq!(account("MZV\\Novak").as_deref(), Some("novak"));
        assert_eq!(account("novak@MZV.EXAMPLE").as_deref(), Some("novak"));
        assert_eq!(account("NT AUTHORITY\\SYSTEM"), None);
        assert_eq!(account("DC01$"), None);
        let address = |text| name(EntityKind::Address, text);
        assert_eq!(address("::ffff:10.0.0.1").as_deref(), Some("10.0.0.1"));
        assert_eq!(address("192.0.2.1:443").as_deref(), Some("192.0.2.1"));
        assert_eq!(address("[2001:db8::1]:443").as_deref(), Some("2001:db8::1"));
        assert_eq!(address("127.0.0.1"), None);
        assert_eq!(address("ff02::1"), None);
        assert_eq!(host("DC01.mzv.example"), "dc01");
        assert_eq!(host("10.0.0.1"), "10.0.0.1");
        assert_eq!(host("../../etc/passwd"), "../../etc/passwd");
    }
}
