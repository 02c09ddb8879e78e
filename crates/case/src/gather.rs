//! Made of all events, not only of findings: from when to when each host sent telemetry, and what of
//! value was reached. Each worker of a hunt has one gatherer; merged, they are what one would have
//! been, for any number of workers, and hold a bounded amount.
//!
//! Where there is too much, a sample is kept that depends on nothing but names: those whose digest is
//! smallest. What is beyond it is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::entity::{self, EntityKind};
use blanik_model::record::{Addressed, Covered, Span, Touched};
use blanik_model::{EventBatch, Fact, Kind, Timestamp, Value};

const HOUR_NS: i64 = 3600 * 1_000_000_000;
/// Hosts' kinds whose coverage is kept.
const COVERED_MAX: usize = 20_000;
/// Things reached that are kept: each by whom, whence, on a day.
const TOUCHED_MAX: usize = 50_000;
/// Items that are kept of a thing reached.
const ITEMS_MAX: usize = 64;
/// Characters of a name that are kept.
const NAME_CHARS_MAX: usize = 300;
/// Archives, by the ends of their names.
const ARCHIVES: &[&str] = &[".zip", ".rar", ".7z", ".tar", ".gz", ".cab", ".tgz"];

/// Names and values that are kept: the `max` of smallest digest.
#[derive(Clone, Debug)]
struct Kept<K: Ord, V> {
    max: usize,
    by_digest: BTreeSet<(u64, K)>,
    values: BTreeMap<K, V>,
}

impl<K: Ord + Clone + std::fmt::Debug, V> Kept<K, V> {
    fn new(max: usize) -> Self {
        Kept { max, by_digest: BTreeSet::new(), values: BTreeMap::new() }
    }

    /// The value of that name; `None` if it is beyond what is kept.
    fn entry(&mut self, key: K, new: impl FnOnce() -> V) -> Option<&mut V> {
        if !self.values.contains_key(&key) {
            let ranked = (digest(&format!("{key:?}")), key.clone());
            if self.by_digest.len() >= self.max {
                if self.by_digest.last().is_some_and(|last| ranked > *last) {
                    return None;
                }
                if let Some((_, out)) = self.by_digest.pop_last() {
                    self.values.remove(&out);
                }
            }
            self.by_digest.insert(ranked);
            self.values.insert(key.clone(), new());
        }
        self.values.get_mut(&key)
    }
}

/// FNV-1a: the same everywhere, and a name made to be kept harms nobody.
fn digest(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// By whom, whence and on which day something was reached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Reach {
    act: &'static str,
    object: String,
    host: Option<String>,
    account: Option<String>,
    address: Option<String>,
    session: Option<String>,
    day: i64,
}

/// What is counted of it.
#[derive(Clone, Debug)]
struct Reached {
    first: Timestamp,
    last: Timestamp,
    records: u64,
    items: Kept<String, u64>,
    /// Items that records name, each as often as they do.
    mentions: u64,
    bytes: u64,
    place: (Timestamp, String, u64),
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Gatherer {
    covered: Kept<(Option<String>, String), BTreeMap<i64, Span>>,
    touched: Kept<Reach, Reached>,
    touching: u64,
    /// Of a host and an address of its own.
    addressed: Kept<(String, String), Span>,
}

impl Default for Gatherer {
    fn default() -> Self {
        Gatherer {
            covered: Kept::new(COVERED_MAX),
            touched: Kept::new(TOUCHED_MAX),
            touching: 0,
            addressed: Kept::new(COVERED_MAX),
        }
    }
}

/// Whom a row is about and where it stands; told by who knows the logs.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The host.
    pub host: Option<String>,
    /// The account that acted.
    pub account: Option<String>,
    /// The path of the log.
    pub source: String,
}

/// What of a kind's events may say that something of value was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Watch {
    MailAudit,
    FileAudit,
    ShareAccess,
    FileCreation,
    Connection,
    ZeekFlow,
    EveFlow,
    ZeekFile,
}

fn watch(kind: &Kind) -> Option<Watch> {
    let service = |name: &str| kind.services.iter().any(|s| **s == *name);
    Some(match kind.product.as_deref()? {
        "m365" if service("exchange") => Watch::MailAudit,
        "m365" => Watch::FileAudit,
        "windows" if matches!(kind.event_id, Some(5145 | 4663)) => Watch::ShareAccess,
        "windows" if kind.event_id == Some(11) && service("sysmon") => Watch::FileCreation,
        "windows" if kind.event_id == Some(3) && service("sysmon") => Watch::Connection,
        "zeek" if service("conn") => Watch::ZeekFlow,
        "zeek" if service("smb_files") => Watch::ZeekFile,
        "suricata" if service("flow") => Watch::EveFlow,
        _ => return None,
    })
}

/// The fields that a gatherer asks of a kind's events.
pub fn fields(kind: &Kind) -> &'static [&'static str] {
    match watch(kind) {
        Some(Watch::MailAudit) => &[
            "Operation",
            "MailboxOwnerUPN",
            "ClientIPAddress",
            "SessionId",
            "OperationProperties.Name",
            "OperationProperties.Value",
            "Folders.FolderItems.InternetMessageId",
            "Folders.Path",
            "Item.ParentFolder.Path",
            "OperationCount",
        ],
        Some(Watch::FileAudit) => &["Operation", "ObjectId", "ClientIP", "SessionId", "SiteUrl"],
        Some(Watch::ShareAccess) => &[
            "ShareName",
            "RelativeTargetName",
            "ObjectName",
            "ObjectType",
            "IpAddress",
            "SubjectUserName",
        ],
        Some(Watch::FileCreation) => &["TargetFilename", "Image", "User"],
        Some(Watch::Connection) => &["SourceIp", "Initiated"],
        Some(Watch::ZeekFlow) => &["id.orig_h", "id.resp_h", "orig_bytes"],
        Some(Watch::EveFlow) => &["src_ip", "dest_ip", "flow.bytes_toserver"],
        Some(Watch::ZeekFile) => &["action", "name", "path", "id.orig_h", "id.resp_h", "size"],
        None => &[],
    }
}

/// What a row says was reached.
#[derive(Default)]
struct Said {
    act: &'static str,
    object: String,
    host: Option<String>,
    address: Option<String>,
    session: Option<String>,
    items: Vec<String>,
    unnamed: u64,
    bytes: u64,
}

impl Gatherer {
    /// Takes a batch; `about` says of a row whom it is about.
    pub fn take(&mut self, batch: &EventBatch, about: impl Fn(usize) -> About) {
        let kind = batch.kind().to_string();
        let watch = watch(batch.kind());
        for (row, at) in batch.rows().iter().enumerate() {
            let Some(time) = at.time else { continue };
            let about = about(row);
            self.cover(about.host.as_deref(), &kind, time);
            if watch == Some(Watch::Connection) {
                self.address(batch, row, about.host.as_deref(), time);
            }
            let said = watch.map(|watch| said(watch, batch, row)).unwrap_or_default();
            for said in said {
                self.touch(said, &about, time, at.record);
            }
        }
    }

    fn cover(&mut self, host: Option<&str>, kind: &str, time: Timestamp) {
        let key = (host.map(short), kind.to_owned());
        if let Some(hours) = self.covered.entry(key, BTreeMap::new) {
            let hour = time.as_nanos().div_euclid(HOUR_NS);
            let span = hours.entry(hour).or_insert(Span { first: time, last: time, events: 0 });
            *span = Span {
                first: span.first.min(time),
                last: span.last.max(time),
                events: span.events + 1,
            };
        }
    }

    /// Who opens a connection names its own address as the source (Sysmon 3).
    fn address(&mut self, batch: &EventBatch, row: usize, host: Option<&str>, time: Timestamp) {
        let text = |name| batch.value(row, name).map_or("", |v| v.text);
        let own = text("Initiated").eq_ignore_ascii_case("true");
        let address = entity::name(EntityKind::Address, text("SourceIp"));
        let (true, Some(host), Some(address)) = (own, host, address) else { return };
        let new = || Span { first: time, last: time, events: 0 };
        if let Some(span) = self.addressed.entry((short(host), address), new) {
            *span = Span {
                first: span.first.min(time),
                last: span.last.max(time),
                events: span.events + 1,
            };
        }
    }

    fn touch(&mut self, said: Said, about: &About, time: Timestamp, record: u64) {
        self.touching += 1;
        let reach = Reach {
            act: said.act,
            object: short(&said.object),
            host: said.host.or_else(|| about.host.clone()).map(|h| short(&h)),
            account: about.account.as_deref().map(short),
            address: said.address.as_deref().map(short),
            session: said.session.as_deref().map(short),
            day: time.as_nanos().div_euclid(24 * HOUR_NS),
        };
        let place = (time, about.source.clone(), record);
        let new = || Reached {
            first: time,
            last: time,
            records: 0,
            items: Kept::new(ITEMS_MAX),
            mentions: 0,
            bytes: 0,
            place: place.clone(),
        };
        let Some(reached) = self.touched.entry(reach, new) else { return };
        reached.first = reached.first.min(time);
        reached.last = reached.last.max(time);
        reached.records += 1;
        reached.bytes = reached.bytes.saturating_add(said.bytes);
        reached.mentions += said.unnamed + said.items.len() as u64;
        for item in said.items {
            if let Some(n) = reached.items.entry(short(&item), || 0) {
                *n += 1;
            }
        }
        reached.place = reached.place.clone().min(place);
    }

    /// Takes what another gathered.
    pub fn merge(&mut self, other: Gatherer) {
        self.touching += other.touching;
        for (key, hours) in other.covered.values {
            if let Some(mine) = self.covered.entry(key, BTreeMap::new) {
                for (hour, span) in hours {
                    let of = mine.entry(hour).or_insert(Span { events: 0, ..span });
                    *of = Span {
                        first: of.first.min(span.first),
                        last: of.last.max(span.last),
                        events: of.events + span.events,
                    };
                }
            }
        }
        for (key, span) in other.addressed.values {
            if let Some(mine) = self.addressed.entry(key, || Span { events: 0, ..span }) {
                *mine = Span {
                    first: mine.first.min(span.first),
                    last: mine.last.max(span.last),
                    events: mine.events + span.events,
                };
            }
        }
        for (reach, theirs) in other.touched.values {
            let empty = || Reached {
                records: 0,
                mentions: 0,
                bytes: 0,
                items: Kept::new(ITEMS_MAX),
                ..theirs.clone()
            };
            let Some(mine) = self.touched.entry(reach, empty) else { continue };
            mine.first = mine.first.min(theirs.first);
            mine.last = mine.last.max(theirs.last);
            mine.records += theirs.records;
            mine.mentions += theirs.mentions;
            mine.bytes = mine.bytes.saturating_add(theirs.bytes);
            for (item, count) in &theirs.items.values {
                if let Some(n) = mine.items.entry(item.clone(), || 0) {
                    *n += count;
                }
            }
            mine.place = mine.place.clone().min(theirs.place);
        }
    }

    /// Records that say something was reached, and are beyond what is kept.
    pub fn not_kept(&self) -> u64 {
        let kept: u64 = self.touched.values.values().map(|r| r.records).sum();
        self.touching.saturating_sub(kept)
    }

    /// What stands in the log of it, in order.
    pub fn facts(self) -> Vec<Fact> {
        let covered = |((host, kind), hours): ((Option<String>, String), BTreeMap<i64, Span>)| {
            let mut spans: Vec<Span> = Vec::new();
            let mut reached = None;
            for (hour, span) in hours {
                match spans.last_mut() {
                    Some(last) if reached == Some(hour - 1) => {
                        last.last = span.last;
                        last.events += span.events;
                    }
                    _ => spans.push(span),
                }
                reached = Some(hour);
            }
            Fact::Covered(Covered { host, kind, spans })
        };
        let touched = |(reach, of): (Reach, Reached)| {
            let counted: u64 = of.items.values.values().sum();
            Fact::Touched(Box::new(Touched {
                act: reach.act.to_owned(),
                first: of.first,
                last: of.last,
                object: reach.object,
                host: reach.host,
                account: reach.account,
                address: reach.address,
                session: reach.session,
                records: of.records,
                items: of.items.values.into_keys().collect(),
                further_items: of.mentions - counted,
                bytes: of.bytes,
                source: of.place.1,
                record: of.place.2,
            }))
        };
        let addressed = |((host, address), span): ((String, String), Span)| {
            let Span { first, last, events: records } = span;
            Fact::Addressed(Addressed { host, address, first, last, records })
        };
        let covered = self.covered.values.into_iter().map(covered);
        let covered = covered.chain(self.addressed.values.into_iter().map(addressed));
        covered.chain(self.touched.values.into_iter().map(touched)).collect()
    }
}

fn short(text: &str) -> String {
    text.chars().take(NAME_CHARS_MAX).collect()
}

fn said(watch: Watch, batch: &EventBatch, row: usize) -> Vec<Said> {
    let text = |name: &str| {
        let value =
            batch.value(row, name)?.scalars().find(|v| !v.text.is_empty() && v.text != "-")?;
        Some(value.text.to_owned())
    };
    match watch {
        Watch::MailAudit => mail(batch, row, &text),
        Watch::FileAudit => file_audit(&text).into_iter().collect(),
        Watch::ShareAccess => share(&text).into_iter().collect(),
        Watch::FileCreation => archive(&text).into_iter().collect(),
        Watch::Connection => Vec::new(),
        Watch::ZeekFlow => {
            flow(&text, "id.orig_h", "id.resp_h", "orig_bytes").into_iter().collect()
        }
        Watch::EveFlow => {
            flow(&text, "src_ip", "dest_ip", "flow.bytes_toserver").into_iter().collect()
        }
        Watch::ZeekFile => zeek_file(&text).into_iter().collect(),
    }
}

/// MailItemsAccessed (Microsoft, "Use MailItemsAccessed to investigate compromised accounts"): Bind
/// names the mails, Sync the folder; throttled means that from then on nothing more is recorded.
fn mail(batch: &EventBatch, row: usize, text: &impl Fn(&str) -> Option<String>) -> Vec<Said> {
    if text("Operation").as_deref() != Some("MailItemsAccessed") {
        return Vec::new();
    }
    let all = |name: &str| -> Vec<String> {
        let values = batch.value(row, name).into_iter().flat_map(Value::scalars);
        values.filter(|v| !v.text.is_empty()).map(|v| v.text.to_owned()).collect()
    };
    let names = all("OperationProperties.Name");
    let values = all("OperationProperties.Value");
    let property =
        |name: &str| names.iter().position(|n| n == name).and_then(|i| values.get(i)).cloned();
    let is_sync = property("MailAccessType").is_some_and(|v| v.eq_ignore_ascii_case("Sync"));
    let items = if is_sync {
        let mut folders = all("Item.ParentFolder.Path");
        folders.extend(all("Folders.Path"));
        folders
    } else {
        all("Folders.FolderItems.InternetMessageId")
    };
    let counted = text("OperationCount").and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
    let said = |act, items: Vec<String>, unnamed| Said {
        act,
        object: text("MailboxOwnerUPN").unwrap_or_default(),
        address: text("ClientIPAddress"),
        session: text("SessionId"),
        items,
        unnamed,
        ..Said::default()
    };
    let unnamed = if is_sync { 0 } else { counted.saturating_sub(items.len() as u64) };
    let mut all_said = vec![said(if is_sync { "mail-sync" } else { "mail-bind" }, items, unnamed)];
    if property("IsThrottled").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
        all_said.push(said("mail-throttled", Vec::new(), 0));
    }
    all_said
}

fn file_audit(text: &impl Fn(&str) -> Option<String>) -> Option<Said> {
    let operation = text("Operation")?;
    let reads =
        ["FileAccessed", "FileDownloaded", "FileSyncDownloadedFull", "FileCopied", "FilePreviewed"];
    if !reads.contains(&operation.as_str()) {
        return None;
    }
    let file = text("ObjectId")?;
    let folder = text("SiteUrl").or_else(|| Some(file.rsplit_once('/')?.0.to_owned()));
    Some(Said {
        act: "file-read",
        object: folder.unwrap_or_else(|| file.clone()),
        address: text("ClientIP"),
        session: text("SessionId"),
        items: vec![file],
        ..Said::default()
    })
}

fn share(text: &impl Fn(&str) -> Option<String>) -> Option<Said> {
    let (object, item) = match (text("ShareName"), text("RelativeTargetName")) {
        (Some(share), Some(file)) if !share.ends_with("IPC$") && file != "\\" => (share, file),
        (Some(_), _) => return None,
        (None, _) => {
            let file =
                text("ObjectName").filter(|_| text("ObjectType").is_none_or(|t| t == "File"))?;
            (file.rsplit_once('\\')?.0.to_owned(), file)
        }
    };
    Some(Said {
        act: "file-read",
        object,
        address: text("IpAddress"),
        items: vec![item],
        ..Said::default()
    })
}

fn archive(text: &impl Fn(&str) -> Option<String>) -> Option<Said> {
    let file = text("TargetFilename")?;
    let lower = file.to_lowercase();
    ARCHIVES.iter().any(|end| lower.ends_with(end)).then(|| Said {
        act: "archive",
        object: file.clone(),
        items: vec![file],
        ..Said::default()
    })
}

fn zeek_file(text: &impl Fn(&str) -> Option<String>) -> Option<Said> {
    let file = text("name")?;
    text("action").filter(|action| action.contains("READ") || action.contains("OPEN"))?;
    Some(Said {
        act: "file-read",
        object: text("path").or_else(|| text("id.resp_h"))?,
        host: text("id.resp_h"),
        address: text("id.orig_h"),
        items: vec![file],
        bytes: text("size").and_then(|n| n.parse().ok()).unwrap_or(0),
        ..Said::default()
    })
}

/// Bytes that leave for an address outside.
fn flow(text: &impl Fn(&str) -> Option<String>, from: &str, to: &str, bytes: &str) -> Option<Said> {
    let (from, to) = (text(from)?, text(to)?);
    let bytes: u64 = text(bytes)?.parse().ok()?;
    (bytes > 0 && !is_outside(&from) && is_outside(&to)).then(|| Said {
        act: "outbound",
        object: to,
        host: Some(from.clone()),
        address: Some(from),
        bytes,
        ..Said::default()
    })
}

pub(crate) fn is_outside(address: &str) -> bool {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(a)) => {
            !(a.is_private()
                || a.is_loopback()
                || a.is_link_local()
                || a.is_multicast()
                || a.is_broadcast()
                || a.is_unspecified())
        }
        Ok(IpAddr::V6(a)) => {
            !(a.is_loopback()
                || a.is_multicast()
                || a.is_unspecified()
                || a.segments()[0] & 0xfe00 == 0xfc00
                || a.segments()[0] & 0xffc0 == 0xfe80)
        }
        Err(_) => false,
    }
}
