//! The Linux audit log: the records of one event, a line each, as one flat record.
//!
//! `type` lists the records' types. Names are the log's own (`exe`, `key`, `name`, `a0` …); what
//! several PATH records say becomes a list. `a0`, `a1` … are the arguments of EXECVE where there is one,
//! and the system call's own otherwise; `SYSCALL` is the call's name. Values that the kernel writes in
//! hexadecimal, since they hold blanks or worse, are decoded. Added: `CommandLine`, `TargetFilename`
//! of a file that is made, `DestinationIp` and `DestinationPort` of a connection.

mod numbers;
mod socket;

use std::collections::HashMap;
use std::fmt::Write as _;

use blanik_model::{ListBuilder, Timestamp, Value};
use memchr::memmem;

use super::Is;
use crate::clock;
use crate::record::Record;

/// What the records of one event share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    /// Since 1970.
    pub millis: u64,
    serial: u64,
    // Of what stands before: two machines may write into one syslog.
    node: u64,
}

/// Reads events, in buffers it keeps.
#[derive(Default)]
pub(crate) struct AuditReader {
    types: Vec<String>,
    fields: Vec<(String, Vec<String>)>,
    // Where in `fields` a name is.
    index: HashMap<String, usize>,
    arguments: Vec<(usize, String)>,
    paths: Vec<(String, bool)>,
}

/// A line's parts.
struct Line<'l> {
    before: &'l str,
    ty: &'l str,
    time: Option<Timestamp>,
    body: &'l str,
}

/// Fields whose values the kernel or the audit daemon may write in hexadecimal (the audit project's
/// field dictionary, "encoded").
const ENCODED: [&str; 22] = [
    "proctitle",
    "name",
    "comm",
    "exe",
    "cwd",
    "cmd",
    "key",
    "acct",
    "data",
    "path",
    "dir",
    "watch",
    "file",
    "ocomm",
    "root_dir",
    "grp",
    "new_group",
    "device",
    "invalid_context",
    "sw",
    "vm",
    "cgroup",
];
/// Arguments of one command that are kept.
const ARGUMENTS_MAX: usize = 4096;
/// Types of the records of one event that are named, and values of a field that are told apart.
const TYPES_MAX: usize = 64;
const VALUES_MAX: usize = 64;

/// The id of a line, if it is an audit record.
pub(crate) fn id(line: &[u8]) -> Option<Id> {
    let at = memmem::find(line, b"audit(")?;
    let end = at + memchr::memchr(b')', &line[at..line.len().min(at + 64)])?;
    let inner = std::str::from_utf8(&line[at + 6..end]).ok()?;
    let (time, serial) = inner.split_once(':')?;
    let (seconds, millis) = time.split_once('.').unwrap_or((time, "0"));
    let start = memmem::rfind(&line[..at], b"type=")?;
    let node = line[..start].iter().fold(0_u64, |hash, b| {
        (hash.rotate_left(5) ^ u64::from(*b)).wrapping_mul(0x517c_c1b7_2722_0a95)
    });
    // What stands before may hold the time, which differs from line to line: only a node counts.
    let node = if line.starts_with(b"node=") { node } else { 0 };
    let seconds: u64 = seconds.parse().ok()?;
    let millis =
        seconds.checked_mul(1000)?.checked_add(millis.get(..3).unwrap_or(millis).parse().ok()?)?;
    Some(Id { millis, serial: serial.parse().ok()?, node })
}

/// Whether the line says that its event has no further record.
pub(crate) fn is_end(line: &[u8]) -> bool {
    memmem::find(line, b"type=EOE ").is_some() || memmem::find(line, b"type=1320 ").is_some()
}

impl AuditReader {
    /// Reads an event; nothing if the text is none.
    pub fn read(&mut self, text: &str, record: &mut Record) -> Option<Is> {
        self.clear();
        let mut time = None;
        let executes = text.contains("type=EXECVE ") || text.contains("type=1309 ");
        for (number, line) in text.lines().enumerate() {
            let Some(line) = Line::parse(line) else {
                if number == 0 {
                    return None;
                }
                continue;
            };
            if number == 0 {
                time = line.time;
                self.node(line.before);
            }
            self.line(&line, executes);
        }
        Some((self.write(record), time))
    }

    /// Reads records that were parted from their ids.
    pub fn parts<'p>(
        &mut self,
        parts: impl Iterator<Item = (&'p str, String)> + Clone,
        time: Option<Timestamp>,
        record: &mut Record,
    ) -> Is {
        self.clear();
        let executes = parts.clone().any(|(ty, _)| ty == "EXECVE");
        for (ty, body) in parts {
            self.line(&Line { before: "", ty, time, body: &body }, executes);
        }
        (self.write(record), time)
    }

    fn clear(&mut self) {
        self.types.clear();
        self.fields.clear();
        self.index.clear();
        self.arguments.clear();
        self.paths.clear();
    }

    /// The machine: `node=`, or the host of the syslog that carries the line.
    fn node(&mut self, before: &str) {
        if let Some((_, node)) = before.trim_end().rsplit_once("node=") {
            return self.add("node", node.to_owned());
        }
        let Some((_, len)) = clock::at_start(before.as_bytes()) else { return };
        if let Some(host) = before[len..].split_ascii_whitespace().next() {
            self.add("node", host.to_owned());
        }
    }

    fn line(&mut self, line: &Line<'_>, executes: bool) {
        let ty = numbers::type_name(line.ty);
        if self.types.len() < TYPES_MAX && !self.types.iter().any(|t| t == ty) {
            self.types.push(ty.to_owned());
        }
        let mut path = None;
        let mut creates = false;
        let mut word_before = "";
        for (name, value) in Fields::of(line.body) {
            let Some(value) = value else {
                word_before = name;
                continue;
            };
            let name = match word_before {
                "old" | "new" => format!("{word_before}-{name}"),
                _ => name.to_owned(),
            };
            word_before = "";
            let value = decoded(ty, &name, value);
            match (ty, name.as_str()) {
                ("EXECVE", name) if self.argument(name, &value) => continue,
                ("SYSCALL", "a0" | "a1" | "a2" | "a3") if executes => {
                    self.add(&format!("SYSCALL.{name}"), value);
                    continue;
                }
                ("PATH", "name") => path = Some(value.clone()),
                ("PATH", "nametype") => creates = value == "CREATE",
                // Of the other end, not of the machine whose log it is.
                (_, "hostname") => {
                    self.add("rhost", value);
                    continue;
                }
                _ => {}
            }
            self.add_of(ty, &name, value);
        }
        self.paths.extend(path.map(|path| (path, creates)));
        self.access_vector(line.body);
    }

    /// `avc:  denied  { read write } for …`
    fn access_vector(&mut self, body: &str) {
        let Some(rest) = body.trim_start().strip_prefix("avc:") else { return };
        let mut words = rest.split_ascii_whitespace();
        self.add("seresult", words.next().unwrap_or("").to_owned());
        if let Some((_, rest)) = rest.split_once("{ ")
            && let Some((permissions, _)) = rest.split_once(" }")
        {
            self.add("seperms", permissions.to_owned());
        }
    }

    /// An argument, or a part of a long one: `a2`, `a2[0]`, `a2_len`.
    fn argument(&mut self, name: &str, value: &str) -> bool {
        let Some(rest) = name.strip_prefix('a') else { return false };
        if let Some(number) = rest.strip_suffix("_len") {
            return number.parse::<usize>().is_ok();
        }
        let number = rest.split('[').next().unwrap_or(rest);
        let Ok(number) = number.parse::<usize>() else { return false };
        // The parts of a long argument follow each other.
        let room = self.arguments.len() < ARGUMENTS_MAX;
        match self.arguments.last_mut() {
            Some((last, old)) if *last == number => old.push_str(value),
            _ if room => self.arguments.push((number, value.to_owned())),
            _ => {}
        }
        true
    }

    fn add(&mut self, name: &str, value: String) {
        self.add_of("", name, value);
    }

    fn add_of(&mut self, ty: &str, name: &str, value: String) {
        // What is not known is written so.
        if matches!(value.as_str(), "?" | "(null)" | "") {
            return;
        }
        let Some(&at) = self.index.get(name) else {
            self.index.insert(name.to_owned(), self.fields.len());
            return self.fields.push((name.to_owned(), vec![value]));
        };
        let values = &mut self.fields[at].1;
        // The values of PATH records stand in their order; elsewhere, once is enough.
        if ty == "PATH" || values.len() >= VALUES_MAX || !values.contains(&value) {
            values.push(value);
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let (_, values) = &self.fields[*self.index.get(name)?];
        values.first().map(String::as_str)
    }

    fn is_of(&self, ty: &str) -> bool {
        self.types.iter().any(|t| t == ty)
    }

    /// Writes the event; what it is.
    fn write(&mut self, record: &mut Record) -> &'static str {
        let types = std::mem::take(&mut self.types);
        push_all(record, "type", &types);
        self.types = types;
        self.call();
        for (name, values) in &self.fields {
            push_all(record, name, values);
        }
        let mut name = String::new();
        for (number, value) in &self.arguments {
            name.clear();
            write!(name, "a{number}").expect("writing to a String cannot fail");
            record.push(&name, Value::string(value));
        }
        self.derive(record)
    }

    /// The system call's name, from its number.
    fn call(&mut self) {
        if self.get("SYSCALL").is_some() {
            return;
        }
        let (Some(arch), Some(number)) = (self.get("arch"), self.get("syscall")) else { return };
        let name = match number.parse() {
            Ok(number) => numbers::call_name(arch, number),
            // Interpreted already, by `ausearch -i`.
            Err(_) => Some(number),
        };
        if let Some(name) = name.map(str::to_owned) {
            self.add("SYSCALL", name);
        }
    }

    fn derive(&self, record: &mut Record) -> &'static str {
        let call = self.get("SYSCALL").unwrap_or("");
        let happened = self.get("success") != Some("no");
        let executes = self.is_of("EXECVE") || matches!(call, "execve" | "execveat");
        if executes {
            let arguments: Vec<&str> = self.arguments.iter().map(|(_, a)| a.as_str()).collect();
            let line = arguments.join(" ");
            let line = if line.is_empty() { self.get("proctitle").unwrap_or("") } else { &line };
            super::push(record, "CommandLine", line);
        }
        if executes && happened && self.is_of("SYSCALL") {
            return "auditd/process";
        }
        if let Some((ip, port)) = self.get("saddr").and_then(socket::address)
            && matches!(call, "connect" | "sendto" | "sendmsg")
        {
            record.push("DestinationIp", Value::string(&ip));
            record.push("DestinationPort", Value::number(&port.to_string()));
            record.push("Initiated", Value::bool(true));
            return "auditd/network";
        }
        if let Some((path, _)) = self.paths.iter().find(|(_, creates)| *creates)
            && happened
        {
            let whole = match self.get("cwd") {
                Some(cwd) if !path.starts_with('/') => {
                    format!("{}/{path}", cwd.trim_end_matches('/'))
                }
                _ => path.clone(),
            };
            record.push("TargetFilename", Value::string(&whole));
            return "auditd/file";
        }
        "auditd"
    }
}

fn push_all(record: &mut Record, name: &str, values: &[String]) {
    match values {
        [one] => record.push(name, Value::string(one)),
        many => {
            let mut list = ListBuilder::default();
            many.iter().for_each(|value| list.push(Value::string(value)));
            record.push(name, list.value());
        }
    }
}

impl<'l> Line<'l> {
    fn parse(line: &'l str) -> Option<Self> {
        let id = id(line.as_bytes())?;
        let at = line.find("audit(")?;
        let start = line[..at].rfind("type=")?;
        let ty = line[start + 5..].split(' ').next()?;
        let body = &line[at..];
        let body = &body[body.find(')')? + 1..];
        let time = i64::try_from(id.millis).ok().and_then(|ms| ms.checked_mul(1_000_000));
        Some(Line {
            before: &line[..start],
            ty,
            time: time.map(Timestamp::from_nanos),
            body: body.strip_prefix(':').unwrap_or(body),
        })
    }
}

/// The fields of a record's body, `msg='…'` among them opened; a word without `=` has no value.
struct Fields<'b> {
    rest: &'b str,
}

impl<'b> Fields<'b> {
    fn of(body: &'b str) -> Self {
        Fields { rest: body }
    }
}

impl<'b> Iterator for Fields<'b> {
    type Item = (&'b str, Option<&'b str>);

    fn next(&mut self) -> Option<Self::Item> {
        // Behind the group separator stand the names of what is written as numbers before.
        let parts = |c: char| matches!(c, ' ' | '\x1d' | ',' | '\t' | '\'');
        let (name, behind) = loop {
            self.rest = self.rest.trim_start_matches(parts);
            if self.rest.is_empty() {
                return None;
            }
            let end = self.rest.find(['=', ' ', '\x1d']).unwrap_or(self.rest.len());
            let name = &self.rest[..end];
            let Some(behind) = self.rest[end..].strip_prefix('=') else {
                self.rest = &self.rest[end..];
                return Some((name, None));
            };
            match behind.strip_prefix('\'').filter(|_| name == "msg") {
                Some(inner) => self.rest = inner,
                None => break (name, behind),
            }
        };
        let (value, rest) = match behind.strip_prefix('"').and_then(|q| q.find('"').map(|n| (q, n)))
        {
            Some((_, n)) => behind.split_at(n + 2),
            None => {
                let end = behind.find([' ', '\x1d', '\'']).unwrap_or(behind.len());
                behind.split_at(end)
            }
        };
        self.rest = rest;
        Some((name, Some(value)))
    }
}

/// The value as it was before it was written.
fn decoded(ty: &str, name: &str, value: &str) -> String {
    if let Some(inner) = value.strip_prefix('"') {
        return inner.strip_suffix('"').unwrap_or(inner).to_owned();
    }
    let argument =
        ty == "EXECVE" && name.starts_with('a') && name != "argc" && !name.ends_with("_len");
    let hex = value.len() >= 2
        && value.len().is_multiple_of(2)
        && value.bytes().all(|b| matches!(b, b'0'..=b'9' | b'A'..=b'F'));
    if !hex || !(argument || ENCODED.contains(&name)) {
        return value.to_owned();
    }
    let digit = |b: u8| if b.is_ascii_digit() { b - b'0' } else { b - b'A' + 10 };
    let bytes: Vec<u8> =
        value.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect();
    let text = String::from_utf8_lossy(&bytes);
    match name {
        // The arguments of a command line, each ended by NUL.
        "proctitle" => text.trim_end_matches('\0').replace('\0', " "),
        // Several keys of one rule.
        "key" => text.replace('\x01', " "),
        _ => text.into_owned(),
    }
}
