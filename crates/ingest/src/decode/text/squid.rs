//! Squid's native access log: `time elapsed client code/status bytes method URL user hierarchy/host type`.
//! Source: Squid's "Features/LogFormat", `squid`.

use super::access::word;
use super::{Is, push, push_number};
use crate::clock::{self, Stamp};
use crate::record::Record;

/// Reads a line.
pub(super) fn read(text: &str, record: &mut Record) -> Option<Is> {
    let mut rest = text;
    let (Stamp::At(time), _) = clock::at_start(word(&mut rest).as_bytes())? else { return None };
    let elapsed = word(&mut rest);
    let client = word(&mut rest);
    let (code, status) = word(&mut rest).split_once('/')?;
    if !code.contains('_') && code != "NONE" || !status.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    push_number(record, "time-taken", elapsed);
    push(record, "c-ip", client);
    push(record, "s-action", code);
    push_number(record, "sc-status", status);
    push_number(record, "sc-bytes", word(&mut rest));
    push(record, "cs-method", word(&mut rest));
    let url = word(&mut rest);
    push(record, "cs-uri", url);
    push(record, "cs-host", host(url));
    push(record, "cs-username", word(&mut rest));
    let (hierarchy, peer) = word(&mut rest).split_once('/').unwrap_or_default();
    push(record, "s-hierarchy", hierarchy);
    push(record, "dst_ip", peer);
    push(record, "cs-content-type", word(&mut rest));
    Some(("squid", Some(time)))
}

/// The host of a URL, or of what CONNECT names.
pub(super) fn host(url: &str) -> &str {
    let behind = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = behind.split(['/', '?', '#']).next().unwrap_or("");
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}
