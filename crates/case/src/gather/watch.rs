//! What a record says was reached: mail items, files, archives made, bytes that left. One reader a kind of
//! record; what is counted of it, the gatherer knows.

use std::net::IpAddr;

use blanik_model::{EventBatch, Kind, Value};

/// Archives, by the ends of their names.
const ARCHIVES: &[&str] = &[".zip", ".rar", ".7z", ".tar", ".gz", ".cab", ".tgz"];

/// What of a kind's events may say that something of value was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    MailAudit,
    FileAudit,
    ShareAccess,
    FileCreation,
    ZeekFlow,
    EveFlow,
    ZeekFile,
}

pub(super) fn watch(kind: &Kind) -> Option<Watch> {
    let service = |name: &str| kind.services.iter().any(|s| **s == *name);
    Some(match kind.product.as_deref()? {
        "m365" if service("exchange") => Watch::MailAudit,
        "m365" => Watch::FileAudit,
        "windows" if matches!(kind.event_id, Some(5145 | 4663)) => Watch::ShareAccess,
        "windows" if kind.event_id == Some(11) && service("sysmon") => Watch::FileCreation,
        "zeek" if service("conn") => Watch::ZeekFlow,
        "zeek" if service("smb_files") => Watch::ZeekFile,
        "suricata" if service("flow") => Watch::EveFlow,
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
        Some(Watch::ShareAccess) => &[
            "ShareName",
            "RelativeTargetName",
            "ObjectName",
            "ObjectType",
            "IpAddress",
            "SubjectUserName",
        ],
        Some(Watch::FileCreation) => &["TargetFilename", "Image", "User"],
        Some(Watch::ZeekFlow) => &["id.orig_h", "id.resp_h", "orig_bytes"],
        Some(Watch::EveFlow) => &["src_ip", "dest_ip", "flow.bytes_toserver"],
        Some(Watch::ZeekFile) => &["action", "name", "path", "id.orig_h", "id.resp_h", "size"],
        None => &[],
    }
}

/// What a row says was reached.
#[derive(Default)]
pub(super) struct Said {
    pub(super) act: &'static str,
    pub(super) object: String,
    pub(super) host: Option<String>,
    pub(super) address: Option<String>,
    pub(super) session: Option<String>,
    pub(super) items: Vec<String>,
    pub(super) unnamed: u64,
    pub(super) bytes: u64,
}

/// What a row of a kind that is watched says was reached.
pub(super) fn said(watch: Watch, batch: &EventBatch, row: usize) -> Vec<Said> {
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
