//! What of a case is a name, and what of it is an indicator for others: by what kind of thing it is and whose.

use std::collections::{BTreeMap, BTreeSet};

use blanik_attribution::knowledge::Knowledge;
use blanik_case::gather::is_outside;
use blanik_case::graph::Graph;
use blanik_case::{Case, Citations, EntityKind, Intrusion, Observation, Site};
use blanik_model::{Fact, IndicatorType, Record, Timestamp, Tlp};

use super::build::Material;
use super::names::{Given, NameKind};
use super::verdict::Named;
use super::{Cited, Indicator, Software};

/// Programs that ATT&CK counts as tools, not as malware (v18; public utilities that others use, too).
const TOOLS: &[&str] = &[
    "psexec",
    "mimikatz",
    "net",
    "certutil",
    "rclone",
    "adfind",
    "impacket",
    "bitsadmin",
    "esentutl",
    "nltest",
    "ping",
    "ipconfig",
    "tasklist",
    "netstat",
    "netsh",
    "reg",
    "schtasks",
    "systeminfo",
    "wevtutil",
    "cmd",
    "at",
    "arp",
    "route",
    "whoami",
    "curl",
    "ngrok",
    "responder",
    "procdump",
    "windows credential editor",
    "gsecdump",
    "pwdump",
    "xcopy",
    "7-zip",
    "winrar",
    "sdelete",
];

/// All names of a case: those of the intrusion first, by time, then the others.
pub fn names(case: &Case, records: &[(u64, Record)], intrusion: &Intrusion) -> Vec<Given> {
    let own = Own::of(case, records);
    let mut given: Vec<Given> = Vec::new();
    for i in &intrusion.observations {
        of_observation(&case.observations[*i], &own, &mut given);
    }
    let mut others: BTreeSet<(NameKind, String)> = BTreeSet::new();
    for (_, record) in records {
        of_record(record, &own, &mut others);
    }
    let mut rest = Vec::new();
    case.observations.iter().for_each(|o| of_observation(o, &own, &mut rest));
    given.extend(rest);
    given.extend(others.into_iter().map(|(kind, name)| (kind, name, None)));
    given.extend(own.domains.iter().map(|d| (NameKind::Domain, d.clone(), None)));
    let listed = listed_tlp(records);
    for (_, name, audience) in &mut given {
        if let Some(tlp) = listed.get(&name.to_lowercase()) {
            *audience = Some(*tlp);
        }
    }
    given
}

/// What is ours.
struct Own {
    domains: BTreeSet<String>,
    addresses: BTreeSet<String>,
    hosts: BTreeSet<String>,
}

impl Own {
    fn of(case: &Case, records: &[(u64, Record)]) -> Own {
        let mut own = Own {
            domains: BTreeSet::new(),
            addresses: BTreeSet::new(),
            hosts: case.watched.keys().cloned().collect(),
        };
        for (_, record) in records {
            if let Fact::Addressed(a) = &record.fact {
                own.addresses.insert(a.address.to_lowercase());
            }
            for host in hosts(record) {
                let lower = host.to_lowercase();
                let domain = lower.split_once('.').map_or("", |(_, domain)| domain);
                if domain.contains('.') && lower.parse::<std::net::IpAddr>().is_err() {
                    own.domains.insert(domain.to_owned());
                }
            }
            if let Some(account) = account(record) {
                let lower = account.to_lowercase();
                own.domains.extend(lower.split_once('\\').map(|(realm, _)| realm.to_owned()));
            }
        }
        own
    }

    fn is_own_address(&self, address: &str) -> bool {
        !is_outside(address) || self.addresses.contains(address)
    }

    fn is_own_domain(&self, name: &str) -> bool {
        self.hosts.contains(name)
            || self.domains.iter().any(|d| {
                name.strip_suffix(d.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with(['.', '@']))
            })
    }

    fn kind_of(&self, name: &str) -> NameKind {
        let is_address = name.parse::<std::net::IpAddr>().is_ok();
        match is_address {
            false if name.contains('@') && self.is_own_domain(name) => NameKind::Mailbox,
            true if self.is_own_address(name) => NameKind::InternalAddress,
            false if self.is_own_domain(name) => NameKind::Host,
            _ => NameKind::Outside,
        }
    }
}

fn hosts(record: &Record) -> Vec<&str> {
    match &record.fact {
        Fact::Found(f) => f.host.iter().map(String::as_str).collect(),
        Fact::Covered(c) => c.host.iter().map(String::as_str).collect(),
        Fact::Touched(t) => t.host.iter().map(String::as_str).collect(),
        Fact::Addressed(a) => vec![&a.host],
        Fact::LoggedOn(l) => vec![&l.host],
        Fact::Clocked(c) => vec![&c.host, &c.against],
        _ => Vec::new(),
    }
}

fn account(record: &Record) -> Option<&str> {
    match &record.fact {
        Fact::Found(f) => f.account.as_deref(),
        Fact::Touched(t) => t.account.as_deref(),
        Fact::LoggedOn(l) => Some(&l.account),
        _ => None,
    }
}

fn of_observation(o: &Observation, own: &Own, given: &mut Vec<Given>) {
    if o.host != "-" {
        let kind = match (o.site, o.host.parse::<std::net::IpAddr>()) {
            (_, Ok(_)) => own.kind_of(&o.host),
            (Site::Account, _) => NameKind::Account,
            _ => NameKind::Host,
        };
        given.push((kind, o.host.clone(), None));
    }
    for entity in &o.entities {
        let kind = match entity.kind {
            EntityKind::Host => NameKind::Host,
            EntityKind::Account => NameKind::Account,
            EntityKind::Mailbox => NameKind::Mailbox,
            EntityKind::File => NameKind::File,
            EntityKind::Address | EntityKind::Indicator => own.kind_of(&entity.name),
            EntityKind::Process => continue,
        };
        given.push((kind, entity.name.to_string(), None));
    }
}

fn of_record(record: &Record, own: &Own, others: &mut BTreeSet<(NameKind, String)>) {
    for host in hosts(record) {
        let kind = match host.parse::<std::net::IpAddr>() {
            Ok(_) => own.kind_of(host),
            Err(_) => NameKind::Host,
        };
        others.insert((kind, host.to_owned()));
        if kind == NameKind::Host {
            others.insert((kind, blanik_case::entity::host(host)));
        }
    }
    if let Some(account) = account(record) {
        let name = account.rsplit('\\').next().unwrap_or(account);
        others.insert((NameKind::Account, name.split('@').next().unwrap_or(name).to_owned()));
        if name.contains('@') {
            others.insert((NameKind::Mailbox, name.to_owned()));
        }
    }
    match &record.fact {
        Fact::Touched(t) => {
            let kind = match t.act.split('-').next() {
                Some("mail") => NameKind::Mailbox,
                Some("outbound") => own.kind_of(&t.object),
                _ => NameKind::File,
            };
            others.insert((kind, t.object.clone()));
            others.extend(t.address.iter().map(|a| (own.kind_of(a), a.clone())));
            others.extend(t.session.iter().map(|s| (NameKind::Account, s.clone())));
        }
        Fact::Addressed(a) => {
            others.insert((NameKind::InternalAddress, a.address.clone()));
        }
        Fact::LoggedOn(l) => {
            let kind = match l.from.parse::<std::net::IpAddr>() {
                Ok(_) => own.kind_of(&l.from),
                Err(_) => NameKind::Host,
            };
            others.insert((kind, l.from.clone()));
        }
        _ => {}
    }
}

/// Of values that lists hold, the strictest of the lists' labels.
fn listed_tlp(records: &[(u64, Record)]) -> BTreeMap<String, Tlp> {
    let mut of: BTreeMap<String, Tlp> = BTreeMap::new();
    for (_, record) in records {
        let Fact::Found(finding) = &record.fact else { continue };
        let Some(hit) = &finding.indicator else { continue };
        for tlp in hit.statements.iter().filter_map(|s| s.provenance.tlp) {
            let own = of.entry(hit.value.to_lowercase()).or_insert(tlp);
            *own = (*own).max(tlp);
        }
    }
    of
}

/// What others can look for: addresses, domains and digests outside, that the intrusion's core names and that are not
/// withheld.
pub(super) fn indicators(
    of: &Material<'_>,
    intrusion: &Intrusion,
    graph: &Graph,
) -> Vec<Indicator> {
    let own = Own::of(of.case, of.records);
    let own_programs = programs_of_the_system(of.records);
    let drawn = graph.nodes.iter().flat_map(|n| std::iter::once(&n.entity).chain(&n.also));
    let mut values: BTreeSet<(IndicatorType, String)> = BTreeSet::new();
    for entity in drawn {
        let is_theirs = matches!(entity.kind, EntityKind::Address | EntityKind::Indicator)
            && own.kind_of(&entity.name) == NameKind::Outside;
        let is_systems = own_programs.contains(&*entity.name);
        if let Some(kind) = kind_of_value(&entity.name).filter(|_| is_theirs && !is_systems) {
            values.insert((kind, entity.name.to_string()));
        }
    }
    let mut sources: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let core: BTreeSet<u64> = intrusion
        .core
        .iter()
        .flat_map(|i| of.case.observations[*i].rests_on.indexes().to_vec())
        .collect();
    let mut hits: BTreeMap<String, Vec<(u64, Timestamp)>> = BTreeMap::new();
    for (index, record) in of.records.iter().filter(|(index, _)| core.contains(index)) {
        let Fact::Found(finding) = &record.fact else { continue };
        if let Some(hit) = &finding.indicator {
            let value = hit.value.to_lowercase();
            if own.kind_of(&value) == NameKind::Outside {
                values.insert((hit.ty, value.clone()));
                let said = hit.statements.iter().map(|s| s.provenance.source.clone());
                sources.entry(value.clone()).or_default().extend(said);
                hits.entry(value).or_default().extend(finding.time.map(|t| (*index, t)));
            }
        }
    }
    let indicator = |(kind, value): (IndicatorType, String)| {
        let mut marking = Tlp::Clear;
        if !of.names.shows(&value) {
            return None;
        }
        let shown = of.names.show(&value, &mut marking);
        let naming = intrusion.core.iter().map(|i| &of.case.observations[*i]);
        let naming: Vec<&Observation> =
            naming.filter(|o| o.entities.iter().any(|e| *e.name == *value)).collect();
        let own_hits = hits.get(&value).map_or(&[][..], Vec::as_slice);
        let cited = Citations::of(
            naming
                .iter()
                .flat_map(|o| o.rests_on.indexes().to_vec())
                .chain(own_hits.iter().map(|(index, _)| *index)),
        )?;
        let firsts = naming.iter().map(|o| o.first).chain(own_hits.iter().map(|(_, t)| *t));
        let lasts = naming.iter().map(|o| o.last).chain(own_hits.iter().map(|(_, t)| *t));
        Some(Indicator {
            kind,
            value: shown,
            first: firsts.min()?,
            last: lasts.max()?,
            findings: naming.iter().map(|o| o.findings).sum::<u64>().max(own_hits.len() as u64),
            sources: sources
                .get(&value)
                .map(|s| s.iter().map(|s| of.names.text(s)).collect())
                .unwrap_or_default(),
            cites: Cited::from(&cited),
            marking,
        })
    };
    values.into_iter().filter_map(indicator).collect()
}

/// Where systems keep their own programs: who runs one of these is no sign of anything, and its digest would be found
/// everywhere.
const SYSTEMS: &[&str] = &[
    r"c:\windows\",
    r"c:\program files",
    "/bin/",
    "/sbin/",
    "/usr/bin/",
    "/usr/sbin/",
    "/usr/lib/",
    "/lib/",
];

/// Digests that findings give for programs in the folders of the system.
fn programs_of_the_system(records: &[(u64, Record)]) -> BTreeSet<String> {
    let mut digests = BTreeSet::new();
    for (_, record) in records {
        let Fact::Found(finding) = &record.fact else { continue };
        let text = |name: &str| finding.event.get(name).map(|v| v.get().display().to_lowercase());
        let file = text("ImageLoaded").or_else(|| text("TargetFilename")).or_else(|| text("Image"));
        let is_systems = file.is_some_and(|file| SYSTEMS.iter().any(|s| file.starts_with(s)));
        if let Some(hashes) = text("Hashes").filter(|_| is_systems) {
            let values = hashes.split([',', ';']).map(|h| h.rsplit('=').next().unwrap_or(h).trim());
            digests.extend(values.map(str::to_owned));
        }
        for name in ["md5", "sha1", "sha256", "Imphash"] {
            digests.extend(text(name).filter(|_| is_systems));
        }
    }
    digests
}

fn kind_of_value(value: &str) -> Option<IndicatorType> {
    if value.parse::<std::net::IpAddr>().is_ok() {
        return Some(IndicatorType::Address);
    }
    let is_hex = value.bytes().all(|b| b.is_ascii_hexdigit());
    match value.len() {
        32 if is_hex => Some(IndicatorType::Md5),
        40 if is_hex => Some(IndicatorType::Sha1),
        64 if is_hex => Some(IndicatorType::Sha256),
        _ if value.contains("://") || value.contains('/') => Some(IndicatorType::Url),
        _ if is_domain(value) => Some(IndicatorType::Domain),
        _ => None,
    }
}

fn is_domain(value: &str) -> bool {
    let is_label = |l: &str| {
        !l.is_empty()
            && l.len() < 64
            && l.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
    };
    let top = value.rsplit('.').next().unwrap_or("");
    value.contains('.') && value.split('.').all(is_label) && top.chars().all(char::is_alphabetic)
}

/// Names of ATT&CK's techniques, by id.
pub(super) fn technique_names() -> BTreeMap<String, String> {
    let names = Knowledge::builtin().names;
    names.into_iter().filter(|(id, _)| id.starts_with('T')).collect()
}

/// Software as it is published.
pub(super) fn software(named: Named, verdict: &Cited) -> Software {
    let name = named.what.trim_start_matches("software ").to_owned();
    let lower = name.to_lowercase();
    let id = named.id.starts_with('S').then(|| named.id.clone());
    let cites = named.citation.map(|index| Cited::from(&Citations::one(index)));
    Software {
        id,
        is_malware: !TOOLS.contains(&lower.as_str()),
        name,
        cites: cites.unwrap_or_else(|| verdict.clone()),
    }
}
