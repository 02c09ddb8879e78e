//! ArcSight's Common Event Format and QRadar's Log Event Extended Format.
//!
//! The header's parts are `DeviceVendor`, `DeviceProduct`, `DeviceVersion`, `DeviceEventClassID`, `Name` and
//! `Severity`; the extension's names stay. An event with a request is what a proxy sees, one with two
//! ends what a firewall sees. Sources: Micro Focus "ArcSight CEF implementation standard"; IBM "LEEF".

use blanik_model::Timestamp;

use super::{Is, push, push_number};
use crate::clock::{self, Stamp};
use crate::record::Record;

/// Reads a message.
pub(super) fn read(text: &str, record: &mut Record) -> Option<Is> {
    if let Some(at) = text.find("LEEF:").filter(|at| *at < 256) {
        return leef(&text[at + 5..], record);
    }
    let at = text.find("CEF:").filter(|at| *at < 256)?;
    let before = clock::at_start(&text.as_bytes()[..at]);
    let mut parts = header(&text[at + 4..], 8);
    if parts.len() < 7 {
        return None;
    }
    let extension = if parts.len() == 8 { parts.pop() } else { None };
    let names = [
        "CEFVersion",
        "DeviceVendor",
        "DeviceProduct",
        "DeviceVersion",
        "DeviceEventClassID",
        "Name",
        "Severity",
    ];
    for (name, part) in names.iter().zip(&parts) {
        push(record, name, &unescaped(part, "|\\"));
    }
    let mut time = None;
    let (mut web, mut ends, mut malware) = (false, 0, false);
    for (name, value) in extension.map(extension_pairs).unwrap_or_default() {
        let value = unescaped(value.trim_end(), "=\\");
        match name {
            "rt" | "end" | "start" => time = time.or_else(|| moment(&value)),
            "request" => web = value.contains("://") || value.starts_with('/'),
            "src" | "dst" => ends += 1,
            "virusName" | "malwareName" => malware = true,
            _ => {}
        }
        let numeric = matches!(name, "spt" | "dpt" | "in" | "out" | "cnt");
        if numeric { push_number(record, name, &value) } else { push(record, name, &value) }
    }
    let before = before.and_then(|(stamp, _)| match stamp {
        Stamp::At(time) => Some(time),
        Stamp::Yearless(_) => None,
    });
    let log = match () {
        () if malware => "cef/malware",
        () if web => "cef/web",
        () if ends == 2 => "cef/network",
        () => "cef",
    };
    Some((log, time.or(before)))
}

/// Parts between pipes that no backslash escapes; the last one has the rest.
fn header(text: &str, most: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut escaped) = (0, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'|' if parts.len() + 1 < most => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// `a=1 b=two words c=3`: a value ends where the next name begins.
fn extension_pairs(text: &str) -> Vec<(&str, &str)> {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"_.[]-".contains(&b);
    let bytes = text.as_bytes();
    let mut names = Vec::new();
    for at in memchr::memchr_iter(b'=', bytes) {
        if at > 0 && bytes[at - 1] == b'\\' {
            continue;
        }
        let start = bytes[..at].iter().rposition(|b| !is_name(*b)).map_or(0, |n| n + 1);
        let begins = start == 0 || bytes[start - 1] == b' ';
        // A name that begins within the name before is none.
        let free = names.last().is_none_or(|(_, end)| start > *end);
        if start < at && begins && free {
            names.push((start, at));
        }
    }
    let ends = names.iter().skip(1).map(|(start, _)| *start).chain([text.len()]);
    names
        .iter()
        .zip(ends)
        .map(|((start, at), end)| (&text[*start..*at], &text[at + 1..end]))
        .collect()
}

/// The text without the backslashes before these characters; `\n` and `\r` are line ends.
fn unescaped(text: &str, escapes: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(next)) if escapes.contains(*next) => out.extend(chars.next()),
            ('\\', Some('n')) => {
                chars.next();
                out.push('\n');
            }
            ('\\', Some('r')) => {
                chars.next();
                out.push('\r');
            }
            _ => out.push(c),
        }
    }
    out
}

fn moment(value: &str) -> Option<Timestamp> {
    match clock::at_start(value.as_bytes())?.0 {
        Stamp::At(time) => Some(time),
        Stamp::Yearless(_) => None,
    }
}

/// `1.0|Vendor|Product|Version|EventID|a=1<tab>b=2`; version 2 names the separator.
fn leef(text: &str, record: &mut Record) -> Option<Is> {
    let version = text.split('|').next()?;
    let most = if version.starts_with('2') { 7 } else { 6 };
    let parts: Vec<&str> = text.splitn(most, '|').collect();
    let [version, vendor, product, device, id, rest @ ..] = &parts[..] else { return None };
    for (name, part) in [
        ("LEEFVersion", version),
        ("DeviceVendor", vendor),
        ("DeviceProduct", product),
        ("DeviceVersion", device),
        ("EventID", id),
    ] {
        push(record, name, part);
    }
    let (separator, attributes) = match rest {
        [separator, attributes] => (leef_separator(separator), *attributes),
        [attributes] => ('\t', *attributes),
        _ => return Some(("leef", None)),
    };
    let mut time = None;
    for part in attributes.split(separator) {
        let Some((name, value)) = part.split_once('=') else { continue };
        if name == "devTime" {
            time = moment(value);
        }
        push(record, name.trim(), value);
    }
    Some(("leef", time))
}

/// A character, or its code as `x5E` or `0x5E`.
fn leef_separator(text: &str) -> char {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix('x')).unwrap_or("");
    let code = u32::from_str_radix(hex, 16).ok().and_then(char::from_u32);
    code.or_else(|| text.chars().next()).unwrap_or('\t')
}
