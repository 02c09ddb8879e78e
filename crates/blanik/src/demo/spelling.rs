//! One Windows event in the four spellings that collections have: NXLog's flat JSON, Winlogbeat's,
//! `evtx_dump`'s nested JSON, and the Event Viewer's XML.
//!
//! Each gives one line, without its end.

use serde_json::{Map, Value, json};

use super::clock::{after, iso};
use super::network::Collected;
use super::windows::{Channel, WindowsEvent};

const EVENT_NAMESPACE: &str = "http://schemas.microsoft.com/win/2004/08/events/event";

/// The event as its machine's logs were collected, with its number in its log.
pub fn spell(event: &WindowsEvent, number: u64) -> String {
    match event.host.collected {
        Collected::Forwarded => nxlog(event, number).to_string(),
        Collected::Winlogbeat => winlogbeat(event, number).to_string(),
        Collected::EvtxDump => evtx_dump(event, number).to_string(),
        Collected::Xml => xml(event, number),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn data(event: &WindowsEvent) -> Map<String, Value> {
    event.fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into())).collect()
}

/// NXLog's `im_msvistalog` with `to_json`: one flat object, system fields and data side by side.
fn nxlog(event: &WindowsEvent, number: u64) -> Value {
    let provider = event.provider();
    let seconds = event.time.to_seconds_string();
    let audit = if event.keywords() & 0x0010_0000_0000_0000 == 0 { "SUCCESS" } else { "FAILURE" };
    let kind = match event.channel {
        Channel::Security => format!("AUDIT_{audit}"),
        _ => "INFO".into(),
    };
    let mut line = object(json!({
        "EventTime": seconds,
        "Hostname": event.host.fqdn(),
        // A signed number: NXLog writes the 64 bits so.
        "Keywords": event.keywords().cast_signed(),
        "EventType": kind,
        "SeverityValue": 2,
        "Severity": "INFO",
        "EventID": event.id,
        "SourceName": provider.name,
        "ProviderGuid": provider.guid,
        "Version": 2,
        "Task": event.task(),
        "OpcodeValue": 0,
        "RecordNumber": number,
        "ExecutionProcessID": event.writer.0,
        "ThreadID": event.writer.1,
        "Channel": event.channel.name(),
    }));
    if provider.user.is_some() {
        line.extend(object(json!({
            "Domain": "NT AUTHORITY", "AccountName": "SYSTEM", "UserID": "S-1-5-18",
            "AccountType": "User",
        })));
    }
    for (name, value) in data(event) {
        // Sysmon's own EventType wins over NXLog's, which is kept under another name.
        if name == "EventType" {
            line.insert("EventTypeOrignal".into(), "INFO".into());
        }
        line.insert(name, value);
    }
    line.extend(object(json!({
        "EventReceivedTime": after(event.time, 1400).to_seconds_string(),
        "SourceModuleName": "eventlog",
        "SourceModuleType": "im_msvistalog",
        "host": "wec01.mzv.example",
        "@version": "1",
        "@timestamp": iso(event.time),
    })));
    Value::Object(line)
}

/// Winlogbeat 8: ECS around `winlog.event_data`.
fn winlogbeat(event: &WindowsEvent, number: u64) -> Value {
    let provider = event.provider();
    let mut winlog = object(json!({
        "channel": event.channel.name(),
        "computer_name": event.host.fqdn(),
        "event_id": event.id.to_string(),
        "provider_name": provider.name,
        "provider_guid": provider.guid,
        "record_id": number,
        "task": event.task().to_string(),
        "opcode": "Info",
        "api": "wineventlog",
        "process": { "pid": event.writer.0, "thread": { "id": event.writer.1 } },
    }));
    if let Some(user) = provider.user {
        let user = json!({
            "identifier": user, "name": "SYSTEM", "domain": "NT AUTHORITY", "type": "User",
        });
        winlog.insert("user".into(), user);
    }
    let place = if event.user_data().is_some() { "user_data" } else { "event_data" };
    winlog.insert(place.into(), Value::Object(data(event)));
    json!({
        "@timestamp": iso(event.time),
        "event": {
            "code": event.id.to_string(),
            "kind": "event",
            "provider": provider.name,
            "created": iso(after(event.time, 1900)),
        },
        "log": { "level": "information" },
        "host": { "name": event.host.fqdn() },
        "agent": { "type": "winlogbeat", "version": "8.6.2", "name": event.host.name },
        "ecs": { "version": "8.0.0" },
        "winlog": winlog,
    })
}

/// `evtx_dump -o jsonl`.
fn evtx_dump(event: &WindowsEvent, number: u64) -> Value {
    let provider = event.provider();
    let security = provider.user.map(|user| json!({ "#attributes": { "UserID": user } }));
    let system = json!({
        "Provider": { "#attributes": { "Name": provider.name, "Guid": provider.guid } },
        "EventID": event.id,
        "Version": 2,
        "Level": event.level(),
        "Task": event.task(),
        "Opcode": 0,
        "Keywords": format!("0x{:x}", event.keywords()),
        "TimeCreated": { "#attributes": { "SystemTime": iso(event.time) } },
        "EventRecordID": number,
        "Correlation": null,
        "Execution": {
            "#attributes": { "ProcessID": event.writer.0, "ThreadID": event.writer.1 }
        },
        "Channel": event.channel.name(),
        "Computer": event.host.fqdn(),
        "Security": security,
    });
    let mut inner = object(json!({
        "#attributes": { "xmlns": EVENT_NAMESPACE },
        "System": system,
    }));
    let data = Value::Object(data(event));
    match event.user_data() {
        Some(element) => inner.insert("UserData".into(), json!({ element: data })),
        None => inner.insert("EventData".into(), data),
    };
    json!({ "Event": inner })
}

/// The Event Viewer's "save as XML", an event a line.
fn xml(event: &WindowsEvent, number: u64) -> String {
    let provider = event.provider();
    let user = provider.user.map_or(String::new(), |user| format!(" UserID='{user}'"));
    let data: String = event
        .fields
        .iter()
        .map(|(name, value)| format!("<Data Name='{name}'>{}</Data>", escaped(value)))
        .collect();
    format!(
        "<Event xmlns='{EVENT_NAMESPACE}'><System><Provider Name='{}' Guid='{}'/><EventID>{}\
         </EventID><Version>2</Version><Level>{}</Level><Task>{}</Task><Opcode>0</Opcode>\
         <Keywords>0x{:x}</Keywords><TimeCreated SystemTime='{}'/><EventRecordID>{number}\
         </EventRecordID><Correlation/><Execution ProcessID='{}' ThreadID='{}'/><Channel>{}\
         </Channel><Computer>{}</Computer><Security{user}/></System><EventData>{data}</EventData>\
         </Event>",
        provider.name,
        provider.guid,
        event.id,
        event.level(),
        event.task(),
        event.keywords(),
        iso(event.time),
        event.writer.0,
        event.writer.1,
        event.channel.name(),
        event.host.fqdn(),
    )
}

/// Text as XML; line ends become references, so that an event stays on its line.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c => out.push(c),
        }
    }
    out
}
