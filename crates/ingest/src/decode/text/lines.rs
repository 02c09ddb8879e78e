//! Lines that hold a time, of logs that have no reader of their own: the time, and the whole text.
//!
//! Some of them tell by their words what they are: error logs of web servers, vsftpd, package
//! managers, alerts of Snort and Suricata.

use blanik_model::Value;

use super::{Is, message, push, push_number};
use crate::clock::{self, Clock, Stamp};
use crate::record::Record;

/// Words of a line that may stand before its time.
const WORDS_BEFORE: usize = 3;
/// Bytes within which it stands.
const BYTES_BEFORE: usize = 96;

/// Levels of PostgreSQL's log, with the blanks that it writes behind them.
const POSTGRESQL: [&str; 8] = [
    " LOG:  ",
    " ERROR:  ",
    " FATAL:  ",
    " PANIC:  ",
    " STATEMENT:  ",
    " WARNING:  ",
    " DETAIL:  ",
    " HINT:  ",
];

/// Whether a line begins a record.
pub(super) fn begins(line: &[u8]) -> bool {
    find(line).is_some()
}

/// The line's time.
pub(super) fn stamp(line: &[u8]) -> Option<Stamp> {
    find(line).map(|(stamp, _)| stamp)
}

/// The line's time, and where what is behind it begins.
pub(super) fn find(line: &[u8]) -> Option<(Stamp, usize)> {
    let mut at = 0;
    for _ in 0..=WORDS_BEFORE {
        let open = line[at..].iter().take_while(|b| matches!(b, b'[' | b'(' | b'<' | b'"')).count();
        if let Some((stamp, len)) = clock::at_start(&line[at + open.min(2)..]) {
            return Some((stamp, at + open.min(2) + len));
        }
        let window = &line[at..line.len().min(BYTES_BEFORE).max(at)];
        at += memchr::memchr2(b' ', b'\t', window)? + 1;
        at += line[at..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    }
    None
}

/// Reads a record; nothing if it holds no time.
pub(super) fn read(text: &str, clock: &mut Clock, record: &mut Record) -> Option<Is> {
    let (stamp, end) = find(text.as_bytes())?;
    let time = clock.read(stamp);
    let rest = text[end..].trim_start_matches([']', ')', '>', ' ', '\t', ':']);
    record.push("message", Value::string(text));
    Some((log(text, rest, record), time))
}

/// What the record is, by what stands behind its time.
fn log(text: &str, rest: &str, record: &mut Record) -> &'static str {
    let word = rest.split(' ').next().unwrap_or("");
    match () {
        () if text.contains("logid=") && text.contains("devid=") => {
            message::fortigate(text, record)
        }
        () if rest.starts_with("[**] [") => alert(rest, record),
        () if word == "[pid" => vsftpd(rest, record),
        // Apache 2.2 `[error] [client …`, and 2.4 `[core:error] [pid 1]`.
        () if text.starts_with('[') && is_level(word) => apache(rest, record),
        () if is_level(word) && rest.contains('#') => nginx(rest, record),
        () if rest.starts_with("I santad: ") => "santa",
        () if matches!(
            word,
            "status"
                | "install"
                | "upgrade"
                | "remove"
                | "purge"
                | "conffile"
                | "startup"
                | "configure"
                | "trigproc"
        ) =>
        {
            push(record, "action", word);
            "dpkg"
        }
        () if text.starts_with("Start-Date: ") || text.starts_with("End-Date: ") => {
            apt(text, record)
        }
        () if word.starts_with('[') && POSTGRESQL.iter().any(|level| rest.contains(level)) => {
            "postgresql"
        }
        () => "other",
    }
}

/// `Start-Date: …`, and below it what was asked for.
fn apt(text: &str, record: &mut Record) -> &'static str {
    const DONE: [&str; 6] = ["Install", "Upgrade", "Remove", "Purge", "Reinstall", "Downgrade"];
    for line in text.lines() {
        match line.split_once(": ") {
            Some(("Commandline", command)) => push(record, "CommandLine", command.trim()),
            Some(("Requested-By", user)) => push(record, "user", user.trim()),
            Some((name, what)) if DONE.contains(&name) => push(record, name, what.trim()),
            _ => {}
        }
    }
    "apt"
}

/// `[error]`, `[core:error]`.
fn is_level(word: &str) -> bool {
    let inner = word.strip_prefix('[').and_then(|w| w.strip_suffix(']')).unwrap_or("");
    let level = inner.rsplit(':').next().unwrap_or(inner);
    matches!(
        level,
        "emerg"
            | "alert"
            | "crit"
            | "error"
            | "warn"
            | "notice"
            | "info"
            | "debug"
            | "trace1"
            | "trace2"
    )
}

fn apache(rest: &str, record: &mut Record) -> &'static str {
    push(record, "severity", level(rest));
    if let Some((_, client)) = rest.split_once("[client ") {
        let client = client.split(']').next().unwrap_or("");
        // Since 2.4 with its port.
        let ip = if client.matches(':').count() == 1 { client.split(':').next() } else { None };
        push(record, "c-ip", ip.unwrap_or(client));
    }
    "apache"
}

fn nginx(rest: &str, record: &mut Record) -> &'static str {
    push(record, "severity", level(rest));
    for part in rest.split(", ") {
        match part.split_once(": ") {
            Some(("client", ip)) => push(record, "c-ip", ip),
            Some(("request", request)) => super::access::target(request.trim_matches('"'), record),
            Some(("host", host)) => push(record, "cs-host", host.trim_matches('"')),
            _ => {}
        }
    }
    "nginx"
}

fn level(rest: &str) -> &str {
    let word = rest.split(']').next().unwrap_or("");
    word.trim_start_matches('[').rsplit(':').next().unwrap_or("")
}

/// `[pid 1] [jean] OK LOGIN: Client "192.168.1.9"`.
fn vsftpd(rest: &str, record: &mut Record) -> &'static str {
    if let Some((_, client)) = rest.split_once("Client \"") {
        push(
            record,
            "src_ip",
            client.split('"').next().unwrap_or("").trim_start_matches("::ffff:"),
        );
    }
    let mut parts = rest.splitn(3, "] ");
    if let (Some(pid), Some(next)) = (parts.next(), parts.next()) {
        push_number(record, "pid", pid.trim_start_matches("[pid "));
        if let Some(user) = next.strip_prefix('[') {
            push(record, "user", user);
        }
        let action = parts.next().unwrap_or(next).split(':').next().unwrap_or("");
        push(record, "action", action);
    }
    "vsftpd"
}

/// `[**] [1:2009187:4] ET WEB_CLIENT … [**] [Classification: …] [Priority: 3] {TCP} a:1 -> b:2`.
fn alert(rest: &str, record: &mut Record) -> &'static str {
    let mut parts = rest.split("[**]").skip(1);
    if let Some((id, name)) = parts.next().and_then(|p| p.trim().split_once(' ')) {
        push(record, "signature_id", id.trim_matches(['[', ']']));
        push(record, "signature", name.trim().trim_matches('"'));
    }
    let Some(behind) = parts.next() else { return "ids" };
    for (mark, name) in [("[Classification: ", "classification"), ("[Priority: ", "priority")] {
        if let Some((_, value)) = behind.split_once(mark) {
            push(record, name, value.split(']').next().unwrap_or(""));
        }
    }
    let Some((proto, ends)) = behind.split_once('{').and_then(|(_, r)| r.split_once("} ")) else {
        return "ids";
    };
    push(record, "proto", proto);
    let (from, to) = ends.split_once(" -> ").unwrap_or((ends, ""));
    let with_port = !proto.contains("ICMP");
    for (end, ip, port) in [(from, "src_ip", "src_port"), (to, "dst_ip", "dst_port")] {
        match end.trim().rsplit_once(':') {
            Some((address, number)) if with_port => {
                push(record, ip, address);
                push_number(record, port, number);
            }
            _ => push(record, ip, end.trim()),
        }
    }
    "ids"
}
