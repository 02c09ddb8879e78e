//! A line of syslog: RFC 5424, RFC 3164, and what daemons write into files.
//!
//! Fields: `hostname`, `program`, `pid`, `facility`, `severity`, `message`, those of structured data
//! (`origin.software`), and what [`message`](super::message) makes of the message.

use blanik_model::Value;

use super::audit::AuditReader;
use super::{Is, message, push, push_number};
use crate::clock::{self, Clock, Stamp};
use crate::record::Record;

const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];
const SEVERITIES: [&str; 8] =
    ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];
/// Levels that ChromeOS and others write where the host would stand.
const LEVELS: [&str; 10] =
    ["EMERG", "ALERT", "CRIT", "ERR", "ERROR", "WARNING", "WARN", "NOTICE", "INFO", "DEBUG"];
/// Bytes of a program's name and what stands behind it.
const TAG_BYTES_MAX: usize = 128;

/// Whether a line begins a message.
pub(super) fn begins(line: &[u8]) -> bool {
    // RFC 5424 has `-` for a time that is not known.
    let modern = || priority(line).0.is_some() && priority(line).1.starts_with(b"1 -");
    stamp(line).is_some() || modern() || super::audit::id(line).is_some()
}

/// The line's time.
pub(super) fn stamp(line: &[u8]) -> Option<Stamp> {
    let (_, rest) = priority(line);
    let rest = rest.strip_prefix(b"1 ").unwrap_or(rest);
    clock::at_start(&rest[lead(rest)..]).map(|(stamp, _)| stamp)
}

/// `<13>` at the beginning, and what is behind it.
fn priority(line: &[u8]) -> (Option<usize>, &[u8]) {
    let number = || {
        let inner = line.strip_prefix(b"<")?;
        let end = inner.iter().take(4).position(|&b| b == b'>')?;
        let number: usize = std::str::from_utf8(&inner[..end]).ok()?.parse().ok()?;
        (number < 192).then_some((number, &inner[end + 1..]))
    };
    number().map_or((None, line), |(number, rest)| (Some(number), rest))
}

/// Bytes before the time: Cisco's devices number their messages, and mark a clock that is not set
/// (`45: *Mar  1 18:46:11.123: %SYS-5-CONFIG_I: …`).
fn lead(rest: &[u8]) -> usize {
    let digits = rest.iter().take(10).take_while(|b| b.is_ascii_digit()).count();
    let number = if digits > 0 && rest[digits..].starts_with(b": ") { digits + 2 } else { 0 };
    let mark = matches!(rest.get(number), Some(b'*' | b'.'));
    number + usize::from(mark)
}

/// Reads a line.
pub(super) fn read(
    text: &str,
    clock: &mut Clock,
    record: &mut Record,
    audit: &mut AuditReader,
) -> Option<Is> {
    let (priority, rest) = priority(text.as_bytes());
    let rest = &text[text.len() - rest.len()..];
    if let Some(priority) = priority {
        record.push("facility", Value::string(FACILITIES[priority / 8]));
        record.push("severity", Value::string(SEVERITIES[priority % 8]));
    }
    if let Some(modern) = rest.strip_prefix("1 ")
        && let Some(is) = rfc5424(modern, record, audit)
    {
        return Some(is);
    }
    let rest = &rest[lead(rest.as_bytes())..];
    let (stamp, len) = clock::at_start(rest.as_bytes())?;
    let time = clock.read(stamp);
    let rest = rest[len..].trim_start_matches(' ');
    // `Mar 11 09:39:39: --- last message repeated`.
    let rest = rest.strip_prefix(": ").unwrap_or(rest);
    let rest = host(rest, record);
    let (program, rest) = tag(rest, record);
    Some((message::read(program, rest, record, audit), time))
}

/// Takes the host off, where one is named.
fn host<'t>(rest: &'t str, record: &mut Record) -> &'t str {
    let Some((first, behind)) = rest.split_once(' ') else { return rest };
    if first.ends_with(':') || first.contains('[') || first.starts_with(['-', '%']) {
        return rest;
    }
    if LEVELS.contains(&first) {
        push(record, "severity", first);
    } else if first.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_:@/%".contains(&b)) {
        push(record, "hostname", first);
    } else {
        return rest;
    }
    behind.trim_start_matches(' ')
}

/// `sshd[1291]: `, `kernel: `, `crond(pam_unix)[2915]: `, `socketfilterfw[1985] <Info>: `: takes it off.
fn tag<'t>(rest: &'t str, record: &mut Record) -> (&'t str, &'t str) {
    let window = &rest.as_bytes()[..rest.len().min(TAG_BYTES_MAX)];
    let Some(colon) = window.windows(2).position(|w| w == b": ").or_else(|| {
        window.strip_suffix(b":").filter(|head| !head.contains(&b' ')).map(<[u8]>::len)
    }) else {
        return ("", rest);
    };
    let tag = &rest[..colon];
    let tag = tag.split_once(" <").map_or(tag, |(tag, level)| {
        push(record, "severity", level.trim_end_matches('>'));
        tag
    });
    let (name, pid) = match tag.split_once('[') {
        Some((name, pid)) => (name, pid.strip_suffix(']')),
        None => (tag, None),
    };
    let name = name.split('(').next().unwrap_or(name);
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"._-/+%@".contains(&b);
    if name.is_empty() || !name.bytes().all(fits) {
        return ("", rest);
    }
    push(record, "program", name);
    if let Some(pid) = pid {
        push_number(record, "pid", pid);
    }
    (name, rest[colon + 1..].trim_start_matches(' '))
}

/// The line behind its version. RFC 5424, 6.
fn rfc5424(rest: &str, record: &mut Record, audit: &mut AuditReader) -> Option<Is> {
    let mut parts = rest.splitn(6, ' ');
    let mut next = || parts.next();
    let (time, host, app, pid, id) = (next()?, next()?, next()?, next()?, next()?);
    let rest = next().unwrap_or("");
    let time = match clock::at_start(time.as_bytes()) {
        Some((Stamp::At(time), _)) => Some(time),
        _ if time == "-" => None,
        _ => return None,
    };
    push(record, "hostname", host);
    push(record, "program", app);
    push_number(record, "pid", pid);
    push(record, "msgid", id);
    let rest = structured(rest, record);
    let rest = rest.trim_start_matches(' ').trim_start_matches('\u{feff}');
    let program = if app == "-" { "" } else { app };
    Some((message::read(program, rest, record, audit), time))
}

/// Reads `[id name="value" …]…`, and gives what is behind it. RFC 5424, 6.3.
fn structured<'t>(text: &'t str, record: &mut Record) -> &'t str {
    if let Some(rest) = text.strip_prefix('-') {
        return rest;
    }
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix('[') {
        let Some(behind) = element(inner, record) else { return rest };
        rest = behind;
    }
    rest
}

fn element<'t>(inner: &'t str, record: &mut Record) -> Option<&'t str> {
    let end = inner.find([' ', ']'])?;
    // Of `exampleSDID@32473`, the number says whose it is.
    let id = inner[..end].split('@').next().unwrap_or("");
    let mut rest = &inner[end..];
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(behind) = rest.strip_prefix(']') {
            return Some(behind);
        }
        let (name, behind) = rest.split_once("=\"")?;
        let (value, behind) = quoted(behind)?;
        record.push(&format!("{id}.{name}"), Value::string(&value));
        rest = behind;
    }
}

/// A value to its closing quote; `\"`, `\\` and `\]` are escapes.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()? {
                (_, c @ ('"' | '\\' | ']')) => value.push(c),
                (_, c) => value.extend(['\\', c]),
            },
            c => value.push(c),
        }
    }
    None
}
