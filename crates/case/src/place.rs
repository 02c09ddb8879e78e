//! Where a finding happened: on a machine of ours, in an account of a service that others run, or
//! elsewhere. An address is the machine that is known to have it; a tenant is no machine, as
//! everybody is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use blanik_model::record::Addressed;
use blanik_model::{Finding, Type};
use serde::Serialize;

use crate::entity::{self, Entity, EntityKind};
use crate::gather::is_outside;

/// The share of the words on an address that must name one machine.
const AGREED_SHARE: f64 = 0.9;
/// Of all accounts, the share that act from an address which is everybody's.
const SHARED_SHARE: f64 = 0.25;
/// So many may be one intruder's.
const SHARED_MIN: usize = 3;
/// Products whose records come from a service that others run: their host is a tenant.
const SERVICES: &[&str] =
    &["aws", "azure", "gcp", "github", "google_workspace", "m365", "okta", "onelogin"];
/// Fields that name the ends of a connection.
const ENDS: &[&str] = &[
    "id.orig_h",
    "id.resp_h",
    "src_ip",
    "dest_ip",
    "dst_ip",
    "SourceIp",
    "DestinationIp",
    "c-ip",
    "s-ip",
    "src",
    "dst",
];

/// What kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Site {
    /// A machine of ours.
    Machine,
    /// An account of a service; the place has its name.
    Account,
    /// A tenant as a whole, an address outside, or nowhere that is known.
    Elsewhere,
}

/// Where something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub name: String,
    pub site: Site,
}

/// Which machine an address is, and which address is everybody's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    named: BTreeMap<String, String>,
    shared: BTreeSet<String>,
    tenants: BTreeSet<String>,
}

/// True for a kind whose host is a tenant.
pub(crate) fn is_service(kind: &str) -> bool {
    let product = kind.split('/').next().unwrap_or(kind);
    SERVICES.contains(&product)
}

impl Places {
    /// Of what is on record about addresses: where nearly all agree.
    pub fn of<'r>(addressed: impl Iterator<Item = &'r Addressed>) -> Self {
        let mut by_address: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for a in addressed {
            let hosts = by_address.entry(a.address.to_lowercase()).or_default();
            *hosts.entry(entity::host(&a.host)).or_default() += a.records.max(1);
        }
        let agreed = |(address, hosts): (String, BTreeMap<String, u64>)| {
            let all: u64 = hosts.values().sum();
            let (host, most) = hosts.into_iter().max_by_key(|(_, n)| *n)?;
            (most as f64 >= AGREED_SHARE * all as f64).then_some((address, host))
        };
        let named = by_address.into_iter().filter_map(agreed).collect();
        Places { named, ..Places::default() }
    }

    /// Learns which addresses are everybody's (a proxy's, a NAT's), by who is on record as having acted
    /// from where: a good part of all accounts did.
    pub fn shared_by<'r>(&mut self, acted: impl Iterator<Item = (&'r str, &'r str)>) {
        let mut by_address: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut accounts = BTreeSet::new();
        for (account, address) in acted {
            let account = entity::name(EntityKind::Account, account);
            let address = entity::name(EntityKind::Address, address);
            let (Some(account), Some(address)) = (account, address) else { continue };
            by_address.entry(address).or_default().insert(account.clone());
            accounts.insert(account);
        }
        let few = SHARED_MIN.max((accounts.len() as f64 * SHARED_SHARE) as usize);
        let shared = by_address.into_iter().filter(|(_, of)| of.len() > few);
        self.shared = shared.map(|(address, _)| address).collect();
    }

    /// Learns which hosts are tenants, by who sent what: a correlation has no product of its own that would say so.
    pub fn tenants_by<'r>(&mut self, sent: impl Iterator<Item = (&'r str, &'r str)>) {
        let (mut services, mut machines) = (BTreeSet::new(), BTreeSet::new());
        for (host, kind) in sent.filter(|(_, kind)| *kind != Finding::CORRELATION) {
            let of = if is_service(kind) { &mut services } else { &mut machines };
            of.insert(host.trim().to_lowercase());
        }
        self.tenants = services.difference(&machines).cloned().collect();
    }

    /// True if an entity tells one from another.
    pub fn tells(&self, entity: &Entity) -> bool {
        entity.kind != EntityKind::Address || !self.shared.contains(&*entity.name)
    }

    /// True for an address that a machine of ours has.
    pub fn is_ours(&self, address: &str) -> bool {
        self.named.contains_key(address)
    }

    /// The machine's name: without its domain, and of an address that of the machine which has it.
    pub fn machine(&self, text: &str) -> String {
        let host = entity::host(text);
        self.named.get(&host).cloned().unwrap_or(host)
    }

    /// Where a finding happened.
    pub fn of_finding(&self, finding: &Finding) -> Place {
        let host = finding.host.as_deref().unwrap_or("-");
        let place = |name: String, site| Place { name, site };
        let of_tenant = || {
            finding.kind == Finding::CORRELATION
                && self.tenants.contains(&host.trim().to_lowercase())
        };
        if is_service(&finding.kind) || of_tenant() {
            let account = finding.account.as_deref().map(|a| a.trim().to_lowercase());
            return match account.filter(|a| entity::name(EntityKind::Account, a).is_some()) {
                Some(account) => place(account, Site::Account),
                None => place(entity::host(host), Site::Elsewhere),
            };
        }
        let name = self.machine(host);
        let is_machine = |name: &str| name != "-" && !is_outside(name);
        if is_machine(&name) {
            return place(name, Site::Machine);
        }
        // Of a connection from outside, the end inside is ours.
        let mut inside = ends(finding).map(|e| self.machine(&e)).filter(|e| is_machine(e));
        match inside.next() {
            Some(machine) => place(machine, Site::Machine),
            None => place(name, Site::Elsewhere),
        }
    }
}

fn ends(finding: &Finding) -> impl Iterator<Item = String> + '_ {
    let group_by = finding.correlation.iter().flat_map(|c| &c.group_by.0);
    let fields = finding.event.0.iter().chain(group_by);
    let of_ends = fields.filter(|(field, _)| ENDS.iter().any(|e| e.eq_ignore_ascii_case(field)));
    of_ends.filter_map(|(_, value)| {
        let scalar = value.get().scalars().find(|v| v.ty == Type::String)?;
        let address: IpAddr = scalar.text.parse().ok()?;
        Some(address.to_canonical().to_string())
    })
}

/// The entity that a place is, if it is one.
pub(crate) fn entity(name: &str, site: Site) -> Option<Entity> {
    match site {
        Site::Machine => Some(Entity { kind: EntityKind::Host, name: name.into() }),
        Site::Account => {
            let name = entity::name(EntityKind::Account, name)?;
            Some(Entity { kind: EntityKind::Account, name: name.into() })
        }
        Site::Elsewhere => None,
    }
}
