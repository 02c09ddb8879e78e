//! Access logs of web servers: common, combined, with a virtual host before or more fields behind.
//!
//! Names are those of the W3C extended format, which Sigma uses: `c-ip`, `cs-method`, `cs-uri` (the
//! request's target, as it is written), `sc-status`, `cs-referer`, `cs-user-agent`. What stands behind the
//! known fields stays in the record's text.

use super::{Is, push, push_number};
use crate::clock;
use crate::record::Record;

/// Reads a line.
pub(super) fn read(text: &str, record: &mut Record) -> Option<Is> {
    // Exports put the whole line in quotes.
    let text = match text.strip_prefix('"') {
        Some(inner) if inner.ends_with("\"\"") => &inner[..inner.len() - 1],
        Some(inner) => inner,
        None => text,
    };
    let open = text.find(" [")?;
    let (time, len) = clock::access(&text.as_bytes()[open + 2..])?;
    let rest = text[open + 2 + len..].strip_prefix(']')?.trim_start();
    let mut who: Vec<&str> = text[..open].split(' ').collect();
    let (user, _ident) = (who.pop()?, who.pop());
    let client = who.pop().unwrap_or(user);
    let mut rest = rest;
    let request = quoted(&mut rest)?;
    let log = "access";
    push(record, "c-ip", client.trim_end_matches(','));
    if client != user {
        push(record, "cs-username", user);
    }
    // A list of addresses, where proxies stand before the server, ends with the last one's.
    if let Some(host) = who.first().filter(|host| !host.ends_with(',')) {
        push(record, "cs-host", host);
    }
    target(&request, record);
    push_number(record, "sc-status", word(&mut rest));
    push_number(record, "sc-bytes", word(&mut rest));
    if let Some(referer) = quoted(&mut rest) {
        push(record, "cs-referer", &referer);
        if let Some(agent) = quoted(&mut rest) {
            push(record, "cs-user-agent", &agent);
        }
    }
    Some((log, Some(time)))
}

/// `GET /a?b HTTP/1.1`.
pub(super) fn target(request: &str, record: &mut Record) {
    let is_method =
        |m: &str| !m.is_empty() && m.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    match request.split_once(' ') {
        Some((method, rest)) if is_method(method) => {
            push(record, "cs-method", method);
            match rest.rsplit_once(" HTTP/") {
                Some((target, version)) => {
                    push(record, "cs-uri", target);
                    push(record, "cs-version", &format!("HTTP/{version}"));
                }
                None => push(record, "cs-uri", rest),
            }
        }
        // No request at all: what a scanner sent.
        _ => push(record, "cs-uri", request),
    }
}

/// The next word, taken off.
pub(super) fn word<'t>(rest: &mut &'t str) -> &'t str {
    let text = rest.trim_start_matches(' ');
    let end = text.find(' ').unwrap_or(text.len());
    *rest = &text[end..];
    &text[..end]
}

/// The next text in quotes, taken off, without the servers' escapes: `\"`, `\\`, `\t`, `\x22`.
pub(super) fn quoted(rest: &mut &str) -> Option<String> {
    let text = rest.trim_start_matches(' ').strip_prefix('"')?;
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        // A line that breaks off within: what there is.
        let Some(n) = memchr::memchr2(b'"', b'\\', &bytes[at..]) else {
            *rest = "";
            return Some(unescaped(text));
        };
        at += n;
        // What nobody escaped (an agent with quotes in it) does not end at a quote before a letter.
        if bytes[at] == b'"' && bytes.get(at + 1).is_none_or(|b| matches!(b, b' ' | b',')) {
            *rest = &text[at + 1..];
            return Some(unescaped(&text[..at]));
        }
        at = (at + if bytes[at] == b'"' { 1 } else { 2 }).min(bytes.len());
    }
}

fn unescaped(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let (made, used) = match (byte, after.first()) {
            (b'\\', Some(b'"')) => (b'"', 2),
            (b'\\', Some(b'\\')) => (b'\\', 2),
            (b'\\', Some(b't')) => (b'\t', 2),
            (b'\\', Some(b'n')) => (b'\n', 2),
            (b'\\', Some(b'r')) => (b'\r', 2),
            (b'\\', Some(b'x')) => {
                let hex = after.get(1..3).and_then(|h| std::str::from_utf8(h).ok());
                hex.and_then(|h| u8::from_str_radix(h, 16).ok()).map_or((byte, 1), |b| (b, 4))
            }
            _ => (byte, 1),
        };
        out.push(made);
        rest = &rest[used..];
    }
    String::from_utf8_lossy(&out).into_owned()
}
