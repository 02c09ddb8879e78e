//! What a record says was reached: mail items, files, archives made, bytes that left. One reader a kind of
//! record; what is counted of it, the gatherer knows.

use std::net::IpAddr;

use blanik_model::{EventBatch, Kind, Value};

use super::columns::Texts;

/// Archives, by the ends of their names.
const ARCHIVES: &[&str] = &[".zip", ".rar", ".7z", ".tar", ".gz", ".cab", ".tgz"];

/// What of a kind's events may say that something of value was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    MailAudit,
    FileAudit,
    ShareAccess,
    FileCreation,
    ZeekFile,
    Flow(Flow),
}

/// The fields of a flow: whence, where to, and how many bytes went there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flow(pub(super) [&'static str; 3]);

const ZEEK_FLOW: Flow = Flow(["id.orig_h", "id.resp_h", "orig_bytes"]);
const EVE_FLOW: Flow = Flow(["src_ip", "dest_ip", "flow.bytes_toserver"]);

pub(super) fn watch(kind: &Kind) -> Option<Watch> {
    let service = |name: &str| kind.services.iter().any(|s| **s == *name);
    Some(match kind.product.as_deref()? {
        "m365" if service("exchange") => Watch::MailAudit,
        "m365" => Watch::FileAudit,
        "windows" if matches!(kind.event_id, Some(5145 | 4663)) => Watch::ShareAccess,
        "windows" if kind.event_id == Some(11) && service("sysmon") => Watch::FileCreation,
        "zeek" if service("conn") => Watch::Flow(ZEEK_FLOW),
        "zeek" if service("smb_files") => Watch::ZeekFile,
        "suricata" if service("flow") => Watch::Flow(EVE_FLOW),
        _ => return None,
    })
}

/// The fields that are asked of a kind's events.
pub(super) fn fields(kind: &Kind) -> &'static [&'static str] {
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
        Some(Watch::ShareAccess) => {
            &["ShareName", "RelativeTargetName", "ObjectName", "ObjectType", "IpAddress"]
        }
        Some(Watch::FileCreation) => &["TargetFilename"],
        Some(Watch::Flow(ZEEK_FLOW)) => &ZEEK_FLOW.0,
        Some(Watch::Flow(_)) => &EVE_FLOW.0,
        Some(Watch::ZeekFile) => &["action", "name", "path", "id.orig_h", "id.resp_h", "size"],
        None => &[],
    }
}

/// What a row says was reached.
#[derive(Clone, Debug, Default)]
pub(super) struct Said<'b> {
    pub(super) act: &'static str,
    pub(super) object: &'b str,
    pub(super) host: Option<&'b str>,
    pub(super) address: Option<&'b str>,
    pub(super) session: Option<&'b str>,
    pub(super) items: Vec<&'b str>,
    pub(super) unnamed: u64,
    pub(super) bytes: u64,
}

/// Reads what the rows of a batch say was reached: all kinds but flows, which are summed up before they are told.
pub(super) struct Reader<'b> {
    watch: Watch,
    // Of the watch's fields, in their order.
    columns: Vec<Texts<'b>>,
}

impl<'b> Reader<'b> {
    pub(super) fn of(watch: Watch, batch: &'b EventBatch) -> Self {
        let columns = fields(batch.kind()).iter().map(|name| Texts::of(batch, name)).collect();
        Reader { watch, columns }
    }

    /// Hands on what the row says was reached.
    pub(super) fn read(&self, row: usize, mut take: impl FnMut(Said<'b>)) {
        match self.watch {
            Watch::MailAudit => self.mail(row, take),
            Watch::FileAudit => file_audit(self.texts(row)).into_iter().for_each(take),
            Watch::ShareAccess => share(self.texts(row)).into_iter().for_each(take),
            Watch::FileCreation => archive(self.texts(row)).into_iter().for_each(take),
            Watch::ZeekFile => zeek_file(self.texts(row)).into_iter().for_each(&mut take),
            Watch::Flow(_) => {}
        }
    }

    /// The row's texts of the first fields.
    fn texts<const N: usize>(&self, row: usize) -> [Option<&'b str>; N] {
        std::array::from_fn(|i| self.columns[i].any(row))
    }

    /// MailItemsAccessed (Microsoft, "Use MailItemsAccessed to investigate compromised accounts"): Bind
    /// names the mails, Sync the folder; throttled means that from then on nothing more is recorded.
    fn mail(&self, row: usize, mut take: impl FnMut(Said<'b>)) {
        let [operation, owner, address, session] = self.texts(row);
        if operation != Some("MailItemsAccessed") {
            return;
        }
        let [names, values, messages, folders, folder] =
            std::array::from_fn(|i| all(self.columns[4 + i], row));
        let property = |name: &str| {
            let at = names.iter().position(|n| *n == name)?;
            values.get(at).copied()
        };
        let is_sync = property("MailAccessType").is_some_and(|v| v.eq_ignore_ascii_case("Sync"));
        let counted = self.columns[9].any(row).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0);
        let (act, items, unnamed) = if is_sync {
            ("mail-sync", [folder, folders].concat(), 0)
        } else {
            let unnamed = counted.saturating_sub(messages.len() as u64);
            ("mail-bind", messages, unnamed)
        };
        let object = owner.unwrap_or_default();
        let said = Said { act, object, address, session, ..Said::default() };
        take(Said { items, unnamed, ..said.clone() });
        if property("IsThrottled").is_some_and(|v| v.eq_ignore_ascii_case("true")) {
            take(Said { act: "mail-throttled", ..said });
        }
    }
}

/// All of a row's texts that are not empty.
fn all<'b>(texts: Texts<'b>, row: usize) -> Vec<&'b str> {
    let values = texts.value(row).into_iter().flat_map(Value::scalars);
    values.map(|v| v.text).filter(|text| !text.is_empty()).collect()
}

type Text<'b> = Option<&'b str>;

fn file_audit<'b>([operation, file, address, session, site]: [Text<'b>; 5]) -> Option<Said<'b>> {
    let reads =
        ["FileAccessed", "FileDownloaded", "FileSyncDownloadedFull", "FileCopied", "FilePreviewed"];
    if !reads.contains(&operation?) {
        return None;
    }
    let file = file?;
    let folder = site.or_else(|| Some(file.rsplit_once('/')?.0));
    let object = folder.unwrap_or(file);
    Some(Said { act: "file-read", object, address, session, items: vec![file], ..Said::default() })
}

fn share<'b>([share, path, name, ty, address]: [Text<'b>; 5]) -> Option<Said<'b>> {
    let (object, item) = match (share, path) {
        (Some(share), Some(file)) if !share.ends_with("IPC$") && file != "\\" => (share, file),
        (Some(_), _) => return None,
        (None, _) => {
            let file = name.filter(|_| ty.is_none_or(|t| t == "File"))?;
            (file.rsplit_once('\\')?.0, file)
        }
    };
    Some(Said { act: "file-read", object, address, items: vec![item], ..Said::default() })
}

fn archive<'b>([file]: [Text<'b>; 1]) -> Option<Said<'b>> {
    let file = file?;
    let ends_with = |end: &&str| {
        let at = file.len().checked_sub(end.len());
        at.is_some_and(|at| file.as_bytes()[at..].eq_ignore_ascii_case(end.as_bytes()))
    };
    let is_archive = ARCHIVES.iter().any(ends_with);
    is_archive.then(|| Said { act: "archive", object: file, items: vec![file], ..Said::default() })
}

fn zeek_file<'b>([action, file, path, client, server, size]: [Text<'b>; 6]) -> Option<Said<'b>> {
    let file = file?;
    action.filter(|action| action.contains("READ") || action.contains("OPEN"))?;
    Some(Said {
        act: "file-read",
        object: path.or(server)?,
        host: server,
        address: client,
        items: vec![file],
        bytes: size.and_then(|n| n.parse().ok()).unwrap_or(0),
        ..Said::default()
    })
}

/// True of an address that is neither private, local nor for many.
pub fn is_outside(address: &str) -> bool {
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
