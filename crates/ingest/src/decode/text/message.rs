//! What stands in a syslog message: by the program that wrote it, or by how it begins.
//!
//! The message stays whole as `message`, which is what keywords look for; beside it stand the fields
//! that it plainly names. Where a program's sentences are read, they are those of its own source.

use blanik_model::Value;

use super::audit::AuditReader;
use super::{access, cef, dns, pairs, programs, push, push_number};
use crate::record::Record;

/// Reads a message; the log it is of.
pub(super) fn read(
    program: &str,
    text: &str,
    record: &mut Record,
    audit: &mut AuditReader,
) -> &'static str {
    record.push("message", Value::string(text));
    if super::audit::id(text.as_bytes()).is_some()
        && let Some((log, _)) = audit.read(text, record)
    {
        return log;
    }
    if text.starts_with("CEF:") || text.starts_with("LEEF:") {
        return cef::read(text, record).map_or("syslog", |(log, _)| log);
    }
    if let Some(log) = network_device(program, text, record) {
        return log;
    }
    // The kernel has a number in macOS alone.
    let numbered = program == "kernel" && record.get("pid").is_some();
    let macos = numbered || program.starts_with("com.apple.");
    let log = if macos { "macos" } else { programs::log_of(program) };
    match log {
        "sshd" | "auth" | "sudo" => login(program, text, record),
        "cron" => cron(text, record),
        "kernel" => return kernel(text, record),
        "clamav" => return clamav(text, record),
        "postfix" | "dovecot" | "mail" => mail(text, record),
        "named" => return dns::message(program, text, record).unwrap_or("named"),
        "dnsmasq" | "unbound" => {
            return dns::message(program, text, record).unwrap_or("syslog");
        }
        "apache" | "nginx" => return web(log, text, record),
        _ => {}
    }
    log
}

/// What the web server wrote: a request, or an error.
fn web(server: &'static str, text: &str, record: &mut Record) -> &'static str {
    match (access::read(text, record), server) {
        (Some(_), "nginx") => "access/nginx",
        (Some(_), _) => "access/apache",
        (None, server) => server,
    }
}

/// Routers and firewalls say in the message what they are.
fn network_device(program: &str, text: &str, record: &mut Record) -> Option<&'static str> {
    if text.contains("logid=") && text.contains("devid=") || text.starts_with("devname=") {
        return Some(fortigate(text, record));
    }
    let code = |text: &str| {
        // `%SYS-5-CONFIG_I: `, `%ASA-6-302013: `; Huawei's `%%01BGP/3/…`.
        let start = text.find('%').filter(|at| *at < 96)?;
        let code = text[start..].split([':', ' ']).next()?;
        let mut parts = code.trim_start_matches('%').split('-');
        let (facility, level) = (parts.next()?, parts.next()?);
        let is = level.len() == 1 && level.bytes().all(|b| b.is_ascii_digit());
        (is && parts.next().is_some()).then(|| (facility.to_owned(), code.to_owned()))
    };
    // The tag may be the code itself.
    if let Some((facility, code)) = code(text).or_else(|| code(program)) {
        push(record, "mnemonic", &code);
        return Some(match &*facility {
            "ASA" | "FTD" | "PIX" | "FWSM" => "cisco/asa",
            "BGP" => "cisco/bgp",
            "LDP" => "cisco/ldp",
            "AAA" | "AAAA" | "PARSER" | "SEC_LOGIN" | "TACACS" | "RADIUS" => "cisco/aaa",
            _ => "cisco",
        });
    }
    text.contains("%%01BGP/").then_some("huawei/bgp")
}

/// FortiGate's `key=value key="value"`.
pub(super) fn fortigate(text: &str, record: &mut Record) -> &'static str {
    let mut log = "fortigate";
    for (name, value) in pairs::quoted(text) {
        match (name, &*value) {
            ("type", "event") => log = "fortigate/event",
            ("type", "traffic") => log = "fortigate/traffic",
            _ => {}
        }
        push(record, name, &value);
    }
    log
}

/// Logins and what is done with another's rights: sshd, sudo, PAM, shadow's tools.
fn login(program: &str, text: &str, record: &mut Record) {
    if program.eq_ignore_ascii_case("sudo") && text.contains(" ; COMMAND=") {
        return sudo(text, record);
    }
    if let Some((result, rest)) = text.split_once(' ')
        && matches!(result, "Accepted" | "Failed")
        && let Some((method, rest)) = rest.split_once(" for ")
    {
        push(record, "outcome", result);
        push(record, "method", method);
        return client(rest, record);
    }
    if let Some(rest) = text.strip_prefix("Invalid user ") {
        push(record, "outcome", "Invalid user");
        return client(rest, record);
    }
    let at = ["new user: ", "new group: "].iter().find_map(|p| text.strip_prefix(p));
    if let Some(rest) = at {
        for part in rest.split(", ") {
            let Some((name, value)) = part.split_once('=') else { continue };
            push(record, if name == "name" { "user" } else { name }, value);
        }
        return;
    }
    if text.contains("rhost=") {
        for (name, value) in pairs::plain(text) {
            let known =
                matches!(name, "logname" | "uid" | "euid" | "tty" | "ruser" | "rhost" | "user");
            if known {
                push(record, if name == "rhost" { "src_ip" } else { name }, value);
            }
        }
        return;
    }
    if let Some((head, user)) = text.split_once(" for user ") {
        push(record, "session", head.rsplit(' ').next().unwrap_or(""));
        push(record, "user", user.split([' ', '(']).next().unwrap_or(""));
    }
}

/// `invalid user webmaster from 173.234.31.186 port 38926 ssh2`.
fn client(rest: &str, record: &mut Record) {
    let rest = rest.strip_prefix("invalid user ").unwrap_or(rest);
    // A user's name may hold spaces, and even ` from `: the last one is sshd's.
    let Some((user, from)) = rest.rsplit_once(" from ") else { return };
    push(record, "user", user);
    let mut words = from.split(' ');
    push(record, "src_ip", words.next().unwrap_or(""));
    if words.next() == Some("port") {
        push_number(record, "src_port", words.next().unwrap_or(""));
    }
}

/// `pi : TTY=pts/0 ; PWD=/srv/pi ; USER=root ; COMMAND=/bin/ls`.
fn sudo(text: &str, record: &mut Record) {
    let Some((user, rest)) = text.split_once(" : ") else { return };
    push(record, "user", user.trim());
    let (rest, command) = rest.split_once("COMMAND=").unwrap_or((rest, ""));
    for part in rest.split(" ; ") {
        match part.trim().split_once('=') {
            Some((name @ ("TTY" | "PWD" | "USER" | "GROUP" | "TSID" | "CHROOT"), value)) => {
                push(record, name, value);
            }
            _ => push(record, "reason", part.trim()),
        }
    }
    push(record, "COMMAND", command);
}

/// `(root) CMD (touch /tmp/x)`.
fn cron(text: &str, record: &mut Record) {
    let Some((user, rest)) = text.strip_prefix('(').and_then(|t| t.split_once(") ")) else {
        return;
    };
    push(record, "user", user);
    let (action, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    push(record, "action", action);
    if action == "CMD" {
        let command = rest.strip_prefix('(').unwrap_or(rest);
        push(record, "CommandLine", command.strip_suffix(')').unwrap_or(command).trim());
    }
}

/// Packets that a rule of netfilter logs.
fn kernel(text: &str, record: &mut Record) -> &'static str {
    if !text.contains("SRC=") || !text.contains("DST=") {
        return "kernel";
    }
    for (name, value) in pairs::plain(text) {
        match name {
            "IN" | "OUT" | "PROTO" | "MAC" => push(record, name, value),
            "SRC" => push(record, "src_ip", value),
            "DST" => push(record, "dst_ip", value),
            "SPT" => push_number(record, "src_port", value),
            "DPT" => push_number(record, "dst_port", value),
            _ => {}
        }
    }
    "iptables"
}

/// `/tmp/x: Win.Trojan.Agent-1 FOUND`.
fn clamav(text: &str, record: &mut Record) -> &'static str {
    let Some(found) = text.strip_suffix(" FOUND") else { return "clamav" };
    let Some((file, signature)) = found.rsplit_once(": ") else { return "clamav" };
    push(record, "Filename", file);
    push(record, "Signature", signature.split('(').next().unwrap_or(signature));
    "clamav/found"
}

/// Postfix's queue id and `name=<value>`; Dovecot's `user=<a>, rip=1.2.3.4`.
fn mail(text: &str, record: &mut Record) {
    if let Some((id, rest)) = text.split_once(": ") {
        let is_id = id.len() >= 6 && id.bytes().all(|b| b.is_ascii_alphanumeric());
        if is_id && rest.contains('=') {
            push(record, "queue_id", id);
        }
    }
    for part in text.split(", ") {
        let part = part.rsplit_once(": ").map_or(part, |(_, p)| p);
        let Some((name, value)) = part.split_once('=') else { continue };
        let name = name.rsplit(' ').next().unwrap_or(name);
        let value = value.split(" (").next().unwrap_or(value).trim();
        let value = value.strip_prefix('<').and_then(|v| v.split('>').next()).unwrap_or(value);
        match name {
            "client" => peer(value, record),
            "relay" => push(record, "relay", value),
            "from" => push(record, "from", value),
            "to" => push(record, "to", value),
            "user" | "sasl_username" => push(record, "user", value),
            "rip" => push(record, "src_ip", value),
            "lip" => push(record, "dst_ip", value),
            "subject" | "helo" | "proto" | "method" | "status" | "message-id" | "sasl_method"
            | "size" | "nrcpt" | "dsn" | "orig_to" => push(record, name, value),
            _ => {}
        }
    }
}

/// `mail.example[192.0.2.1]`.
fn peer(value: &str, record: &mut Record) {
    match value.split_once('[') {
        Some((name, rest)) => {
            push(record, "client", name);
            push(record, "src_ip", rest.split(']').next().unwrap_or(""));
        }
        None => push(record, "client", value),
    }
}
