//! Queries that DNS servers log: BIND, dnsmasq, Unbound, and the debug log of Windows' server.
//!
//! `query`, `record_type` and `answer` are Sigma's names for them.

use blanik_model::Timestamp;

use super::{Is, push, push_number};
use crate::clock::{self, Clock, Stamp};
use crate::record::Record;

/// Whether a line begins a record.
pub(super) fn begins(line: &[u8]) -> bool {
    stamp(line).is_some()
}

/// The line's time: at its beginning, or Unbound's `[1560000000]`.
pub(super) fn stamp(line: &[u8]) -> Option<Stamp> {
    let line = line.strip_prefix(b"[").unwrap_or(line);
    clock::at_start(line).map(|(stamp, _)| stamp)
}

/// Reads a line of a server's own log.
pub(super) fn read(text: &str, clock: &mut Clock, record: &mut Record) -> Option<Is> {
    let inner = text.strip_prefix('[').unwrap_or(text);
    let (stamp, len) = clock::at_start(inner.as_bytes())?;
    let time = clock.read(stamp);
    let rest = inner[len..].trim_start_matches([']', ' ']);
    if let Some(is) = windows(rest, time, record) {
        return Some(is);
    }
    let (program, body) = match rest.split_once(": ") {
        Some((tag, body)) if tag.starts_with("unbound") || tag.starts_with("dnsmasq") => {
            (tag, body)
        }
        _ => ("named", rest),
    };
    let program = program.split('[').next().unwrap_or(program);
    push(record, "message", rest);
    message(program, body, record).map(|log| (log, time))
}

/// Reads what a server says in a syslog. Nothing if it is no query.
pub(super) fn message(program: &str, text: &str, record: &mut Record) -> Option<&'static str> {
    match program {
        p if p.starts_with("dnsmasq") => dnsmasq(text, record),
        p if p.starts_with("unbound") => unbound(text, record),
        _ => bind(text, record),
    }
}

/// `client @0x7f 10.0.0.5#53211 (a.example): query: a.example IN A +E(0)K (10.0.0.1)`.
fn bind(text: &str, record: &mut Record) -> Option<&'static str> {
    let (before, query) = text.split_once(": query: ")?;
    let client = before.rsplit_once("client ").map(|(_, c)| c)?;
    let address = client.split(' ').find(|w| w.contains('#'))?;
    let (ip, port) = address.split_once('#')?;
    push(record, "src_ip", ip);
    push_number(record, "src_port", port.trim_end_matches(':'));
    let mut words = query.split(' ');
    push(record, "query", words.next()?.trim_end_matches('.'));
    push(record, "class", words.next()?);
    push(record, "record_type", words.next()?);
    Some("bind")
}

/// `query[A] a.example from 10.0.0.5`, `reply a.example is 192.0.2.1`, `forwarded a.example to 8.8.8.8`.
fn dnsmasq(text: &str, record: &mut Record) -> Option<&'static str> {
    // With `log-queries=extra`, a serial number and the client stand before.
    let mut words =
        text.split(' ').skip_while(|w| w.contains('/') || w.bytes().all(|b| b.is_ascii_digit()));
    let verb = words.next()?;
    let name = words.next()?;
    let preposition = words.next()?;
    let object = words.next()?;
    match (verb.split('[').next()?, preposition) {
        ("query", "from") => {
            push(record, "record_type", verb.split_once('[')?.1.trim_end_matches(']'));
            push(record, "src_ip", object);
        }
        ("reply" | "cached" | "config" | "gravity" | "blacklisted", "is") => {
            push(record, "answer", object);
        }
        ("forwarded", "to") => push(record, "dst_ip", object),
        _ => return None,
    }
    push(record, "action", verb.split('[').next()?);
    push(record, "query", name);
    Some("dnsmasq")
}

/// `info: 127.0.0.1 a.example. A IN`.
fn unbound(text: &str, record: &mut Record) -> Option<&'static str> {
    let rest = text.split_once("info: ").map_or(text, |(_, rest)| rest);
    let mut words = rest.split(' ');
    let (ip, name, ty, class) = (words.next()?, words.next()?, words.next()?, words.next()?);
    if !name.ends_with('.') || class != "IN" && class != "CH" {
        return None;
    }
    push(record, "src_ip", ip);
    push(record, "query", name.trim_end_matches('.'));
    push(record, "record_type", ty);
    Some("unbound")
}

/// `0E70 PACKET  00000000033397A0 UDP Rcv 10.161.60.71 5b47   Q [0001   D   NOERROR] A      (3)www(7)example(0)`.
fn windows(text: &str, time: Option<Timestamp>, record: &mut Record) -> Option<Is> {
    let (_, rest) = text.split_once(" PACKET ")?;
    let mut words = rest.split_ascii_whitespace();
    let _packet = words.next()?;
    push(record, "proto", words.next()?);
    push(record, "direction", words.next()?);
    push(record, "src_ip", words.next()?);
    let (_, behind) = rest.split_once(']')?;
    let code = rest.split_once('[').and_then(|(_, c)| c.split(']').next()).unwrap_or("");
    push(record, "rcode", code.split_ascii_whitespace().next_back().unwrap_or(""));
    let mut words = behind.split_ascii_whitespace();
    push(record, "record_type", words.next()?);
    push(record, "query", &labels(words.next()?));
    Some(("windows-dns", time))
}

/// `(3)www(7)example(0)` → `www.example`.
fn labels(text: &str) -> String {
    let labels = text.split('(').filter_map(|part| part.split_once(')')).map(|(_, label)| label);
    labels.filter(|label| !label.is_empty()).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_labels() {
        assert_eq!(labels("(3)www(7)example(0)"), "www.example");
        assert_eq!(labels("www"), "");
    }
}
