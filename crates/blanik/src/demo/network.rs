//! Who and what there is: the fictitious ministry's machines, people and addresses, and the
//! outside world's. Data only.
//!
//! Inside stands 10.0.0.0/8; outside only the ranges reserved for documentation (RFC 5737), and every
//! name ends in `.example` (RFC 2606). The ministry's own public addresses are 192.0.2.0/24. The one
//! exception is what [`super::relays`] names, with its sources.

use blanik_model::Timestamp;

/// How a machine's Windows logs were collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collected {
    /// Forwarded to the collector WEC01, written by NXLog.
    Forwarded,
    /// Shipped by Winlogbeat.
    Winlogbeat,
    /// The EVTX files converted by `evtx_dump`.
    EvtxDump,
    /// Exported as XML by the Event Viewer.
    Xml,
}

/// What tells of new processes on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audit {
    /// Sysmon.
    Sysmon,
    /// The Security log alone (4688 with the command line).
    Security,
    /// Both.
    Both,
}

/// A machine.
#[derive(Debug)]
pub struct Host {
    /// Its short name.
    pub name: &'static str,
    /// Its address inside.
    pub address: &'static str,
    /// How its logs were collected.
    pub collected: Collected,
    /// What tells of its processes.
    pub audit: Audit,
}

impl Host {
    /// The full name, as Windows logs have it.
    pub fn fqdn(&self) -> String {
        format!("{}.{DOMAIN}", self.name)
    }

    /// The account of the machine itself.
    pub fn machine_account(&self) -> String {
        format!("{}$", self.name)
    }
}

/// A machine without Windows: its logs come by syslog, or from itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Device {
    /// Its full name, as its logs have it.
    pub name: &'static str,
    /// Its address inside.
    pub address: &'static str,
    /// How far its clock is ahead, in milliseconds.
    pub clock_ahead_ms: i64,
}

impl Device {
    /// The folder of its logs: its short name.
    pub fn folder(&self) -> &'static str {
        self.name.split('.').next().unwrap_or(self.name)
    }
}

/// A time from which a machine's own logs are missing, though the machine ran.
#[derive(Debug)]
pub struct Gap {
    /// The machine.
    pub host: &'static Host,
    /// Its first moment.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Why.
    pub why: &'static str,
}

impl Gap {
    /// True if a record of that machine and moment is missing.
    pub fn covers(&self, host: &Host, time: Timestamp) -> bool {
        std::ptr::eq(self.host, host) && self.from <= time && time < self.to
    }
}

/// Somebody, or a service's account.
#[derive(Debug)]
pub struct Person {
    /// The name of the account.
    pub account: &'static str,
    /// Name and office.
    pub name: &'static str,
    /// The machine that they use.
    pub host: &'static Host,
    /// The last part of the account's SID.
    pub rid: u32,
    /// What most of their files are about.
    pub topics: &'static [&'static str],
}

impl Person {
    /// The mail address, also the cloud sign-in name.
    pub fn mail(&self) -> String {
        format!("{}@{DOMAIN}", self.account)
    }

    /// The account's SID.
    pub fn sid(&self) -> String {
        format!("{DOMAIN_SID}-{}", self.rid)
    }
}

/// The ministry's name on the net.
pub const DOMAIN: &str = "mzv.example";
/// The domain's short name.
pub const NETBIOS: &str = "MZV";
/// The domain's SID.
pub const DOMAIN_SID: &str = "S-1-5-21-3111222333-1444555666-2777888999";
/// The tenant's id in the cloud.
pub const TENANT: &str = "5e0c7a11-0000-4e58-8e5c-ca5e00000001";
/// The ministry's address towards the outside.
pub const GATEWAY: &str = "192.0.2.1";
/// The VPN device, from outside.
pub const VPN: &str = "192.0.2.10";
/// The VPN device's name.
pub const VPN_NAME: &str = "vpn.mzv.example";

const fn host(
    name: &'static str,
    address: &'static str,
    collected: Collected,
    audit: Audit,
) -> Host {
    Host { name, address, collected, audit }
}

/// Domain controller.
pub static DC01: Host = host("DC01", "10.20.0.10", Collected::Forwarded, Audit::Security);
/// Domain controller.
pub static DC02: Host = host("DC02", "10.20.0.11", Collected::Forwarded, Audit::Security);
/// Both of them.
pub static CONTROLLERS: [&Host; 2] = [&DC01, &DC02];
/// The departments' files.
pub static FS01: Host = host("FS01", "10.20.0.20", Collected::Forwarded, Audit::Sysmon);
/// The registry of documents.
pub static APP01: Host = host("APP01", "10.20.0.31", Collected::Winlogbeat, Audit::Sysmon);
/// The public web server, in the DMZ.
pub static WEB01: Host = host("WEB01", "10.20.8.15", Collected::EvtxDump, Audit::Both);
/// Backups.
pub static BCK01: Host = host("BCK01", "10.20.0.40", Collected::Forwarded, Audit::Sysmon);
/// Software deployment and vulnerability scans.
pub static DEP01: Host = host("DEP01", "10.20.0.45", Collected::Forwarded, Audit::Sysmon);

const fn pc(name: &'static str, address: &'static str) -> Host {
    host(name, address, Collected::Forwarded, Audit::Sysmon)
}

/// Workstations.
pub static PCS: [Host; 14] = [
    host("PC-ADM01", "10.20.2.11", Collected::Winlogbeat, Audit::Sysmon),
    pc("PC-ADM02", "10.20.2.12"),
    pc("PC-KAB01", "10.20.4.11"),
    pc("PC-KAB02", "10.20.4.12"),
    host("PC-PRO04", "10.20.4.24", Collected::Xml, Audit::Sysmon),
    pc("PC-PRO05", "10.20.4.25"),
    pc("PC-KON01", "10.20.5.11"),
    pc("PC-KON03", "10.20.5.13"),
    pc("PC-POL01", "10.20.6.11"),
    pc("PC-POL02", "10.20.6.12"),
    pc("PC-POL05", "10.20.6.15"),
    pc("PC-EKO01", "10.20.7.11"),
    pc("PC-EKO02", "10.20.7.12"),
    pc("PC-TIS01", "10.20.7.21"),
];

const fn device(name: &'static str, address: &'static str) -> Device {
    Device { name, address, clock_ahead_ms: 0 }
}

/// The mail gateway: Postfix, and Dovecot for the archive's mailboxes. No time server reaches it, so its clock has
/// run ahead by seven minutes and some.
pub static MX01: Device =
    Device { name: "mx01.mzv.example", address: "10.20.8.25", clock_ahead_ms: 444_000 };
/// The web server for consular appointments.
pub static WWW02: Device = device("www02.mzv.example", "10.20.8.21");
/// The name server that asks outside.
pub static NS01: Device = device("ns01.mzv.example", "10.20.8.53");
/// The firewall, and behind it the VPN.
pub static FW01: Device = device("fw01.mzv.example", "10.20.8.1");
/// Exchange, of which only the message tracking is collected.
pub static EXCH01: Device = device("exch01.mzv.example", "10.20.0.25");

/// The forwarding of FS01's events broke when its logs were cleared, and nobody saw it for weeks.
pub static GAP: Gap = Gap {
    host: &FS01,
    // 2024-10-13 and 2024-11-25, 00:00 UTC, in nanoseconds.
    from: Timestamp::from_nanos(1_728_777_600_000_000_000),
    to: Timestamp::from_nanos(1_732_492_800_000_000_000),
    why: "The collector's subscription for the machine broke and was repaired six weeks later.",
};

const fn person(
    account: &'static str,
    name: &'static str,
    host: &'static Host,
    rid: u32,
    topics: &'static [&'static str],
) -> Person {
    Person { account, name, host, rid, topics }
}

const CABINET: &[&str] = &["Program návštěvy", "Porada vedení", "Projev ministra", "Kabinet"];
const PROTOCOL: &[&str] = &["Zasedací pořádek", "Pozvánka recepce", "Seznam hostů", "Akreditace"];
const CONSULAR: &[&str] = &["Víza statistika", "Konzulární případ", "Žádost", "Cestovní doklady"];
const POLITICAL: &[&str] = &["Stanovisko", "Rada pro zahraniční věci", "Situační zpráva", "Nóta"];
const ECONOMIC: &[&str] = &["Rozpočet", "Obchodní mise", "Smlouva", "Export přehled"];
const PRESS: &[&str] = &["Tisková zpráva", "Monitoring médií", "Rozhovor"];

/// The people at their desks.
pub static STAFF: [Person; 12] = [
    person("hkralova", "Hana Králová, minister's secretary", &PCS[2], 1121, CABINET),
    person("mbenes", "Marek Beneš, chief of cabinet", &PCS[3], 1122, CABINET),
    person("pdvorak", "Petr Dvořák, protocol", &PCS[4], 1131, PROTOCOL),
    person("zhorakova", "Zuzana Horáková, protocol", &PCS[5], 1132, PROTOCOL),
    person("jcerna", "Jana Černá, consular section", &PCS[6], 1141, CONSULAR),
    person("tvesely", "Tomáš Veselý, consular section", &PCS[7], 1143, CONSULAR),
    person("ohajek", "Ondřej Hájek, political section", &PCS[8], 1151, POLITICAL),
    person("lmala", "Lucie Malá, political section", &PCS[9], 1152, POLITICAL),
    person("vurban", "Vít Urban, political section", &PCS[10], 1155, POLITICAL),
    person("kpokorna", "Klára Pokorná, economic section", &PCS[11], 1161, ECONOMIC),
    person("rsimek", "Radek Šimek, economic section", &PCS[12], 1162, ECONOMIC),
    person("eriha", "Eva Říhová, press office", &PCS[13], 1171, PRESS),
];

/// The administrators.
pub static ADMINS: [Person; 2] = [
    person("adm-kolar", "Jiří Kolář, administrator", &PCS[0], 1101, &["Provozní deník"]),
    person("adm-fiala", "Iva Fialová, administrator", &PCS[1], 1102, &["Provozní deník"]),
];

/// The web application's account.
pub static SVC_PORTAL: Person = person("svc-portal", "web application", &WEB01, 1201, &[]);
/// The backup's account, which has more rights than it needs.
pub static SVC_BACKUP: Person = person("svc-backup", "backup", &BCK01, 1202, &[]);
/// The database's account.
pub static SVC_SQL: Person = person("svc-sql", "database", &APP01, 1203, &[]);
/// The deployment's account.
pub static SVC_DEPLOY: Person = person("svc-deploy", "software deployment", &DEP01, 1204, &[]);
/// The directory synchronisation's account, which replicates rightly.
pub static SVC_SYNC: Person = person("svc-adsync", "directory synchronisation", &DEP01, 1205, &[]);
/// The print service's account, old and with weak encryption.
pub static SVC_PRINT: Person = person("svc-print", "printing", &FS01, 1206, &[]);

/// Sites that people and programs visit, with their addresses.
pub const SITES: &[(&str, &str)] = &[
    ("news.daily.example", "198.51.100.11"),
    ("www.encyclopedia.example", "198.51.100.12"),
    ("maps.travel.example", "198.51.100.13"),
    ("portal.union.example", "198.51.100.21"),
    ("meet.video.example", "198.51.100.22"),
    ("rail.tickets.example", "198.51.100.23"),
    ("weather.service.example", "198.51.100.24"),
    ("translate.words.example", "198.51.100.25"),
    ("bank.payments.example", "203.0.113.41"),
    ("www.un-library.example", "203.0.113.42"),
];
/// The mail and office service in the cloud.
pub const CLOUD: (&str, &str) = ("outlook.cloudoffice.example", "198.51.100.30");
/// Where updates come from.
pub const UPDATES: (&str, &str) = ("download.updates.example", "198.51.100.31");
/// Addresses from which diplomats read mail abroad.
pub const EMBASSIES: &[&str] = &["203.0.113.11", "203.0.113.12", "203.0.113.18", "203.0.113.24"];
