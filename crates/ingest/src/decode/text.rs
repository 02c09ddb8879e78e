//! Records of text logs → flat records. One reader a format below; here they meet.
//!
//! A record that is not as its format has it is kept as text, with its time where it has one: what
//! can be read is read.

mod access;
pub(crate) mod audit;
mod cef;
pub(crate) mod csv;
mod dns;
mod elb;
mod flow;
mod history;
mod journal;
pub(crate) mod lines;
mod mail;
mod message;
mod pairs;
mod programs;
mod squid;
mod syslog;
pub(crate) mod utmp;
pub(crate) mod w3c;

use std::borrow::Cow;

use blanik_model::{Timestamp, Value};

use crate::block::TextHead;
use crate::clock::{Clock, Stamp};
use crate::record::{Hint, Record};
use crate::text_format::TextFormat;

pub(crate) use self::sniffed::recognise;

mod sniffed;

/// Reads records, in buffers it keeps.
#[derive(Default)]
pub(crate) struct TextReader {
    mail: mail::MailReader,
    audit: audit::AuditReader,
}

/// What was read.
pub(crate) struct Told {
    /// What it is.
    pub hint: Hint<'static>,
    /// False if it was not UTF-8.
    pub clean: bool,
    /// False if it is not as the format has it.
    pub known: bool,
}

/// What a record turned out to be: the name that `mapping/text.tsv` has for it, and when it happened.
pub(super) type Is = (&'static str, Option<Timestamp>);

impl TextReader {
    /// Reads a record into an empty one.
    pub fn read(
        &mut self,
        bytes: &[u8],
        head: &TextHead,
        clock: &mut Clock,
        record: &mut Record,
    ) -> Told {
        if matches!(head.format, TextFormat::Mail | TextFormat::Utmp) {
            let is = match head.format {
                TextFormat::Mail => self.mail.read(bytes, record),
                _ => utmp::read(bytes, record),
            };
            return told(is, true);
        }
        let text = String::from_utf8_lossy(bytes);
        let clean = matches!(text, Cow::Borrowed(_));
        let text = &*text;
        if let (TextFormat::Csv, Some(table)) = (head.format, &head.table) {
            csv::read(text, table, record);
            return match csv::auditd(record, &mut self.audit) {
                Some(is) => told(Some(is), clean),
                None => Told { hint: Hint::Json, clean, known: true },
            };
        }
        let is = match head.format {
            TextFormat::Auditd => match self.audit.read(text, record) {
                Some(is) => Some(is),
                None => syslog::read(text, clock, record, &mut self.audit),
            },
            TextFormat::Syslog => syslog::read(text, clock, record, &mut self.audit),
            TextFormat::Access => access::read(text, record),
            TextFormat::W3c => head.table.as_ref().and_then(|table| w3c::read(text, table, record)),
            TextFormat::Cef => cef::read(text, record),
            TextFormat::Elb => elb::read(text, record),
            TextFormat::Squid => squid::read(text, record),
            TextFormat::Nfdump => flow::read(text, record),
            TextFormat::Dns => dns::read(text, clock, record),
            TextFormat::Journal => journal::read(text, record, &mut self.audit),
            TextFormat::History => history::read(text, record),
            TextFormat::Lines => lines::read(text, clock, record),
            TextFormat::Mail | TextFormat::Utmp | TextFormat::Csv => None,
        };
        if is.is_none() {
            record.clear();
            let is = lines::read(text, clock, record).unwrap_or_else(|| {
                record.clear();
                record.push("message", Value::string(text));
                ("other", None)
            });
            return Told { hint: hint(is), clean, known: false };
        }
        told(is, clean)
    }
}

fn told(is: Option<Is>, clean: bool) -> Told {
    Told { hint: hint(is.unwrap_or(("other", None))), clean, known: is.is_some() }
}

fn hint((log, time): Is) -> Hint<'static> {
    Hint::Text { log, time }
}

/// Whether a line begins a record.
pub(crate) fn begins(format: TextFormat, line: &[u8]) -> bool {
    match format {
        TextFormat::Syslog => syslog::begins(line),
        TextFormat::Lines => lines::begins(line),
        TextFormat::Dns => dns::begins(line),
        TextFormat::History => history::begins(line),
        TextFormat::Journal => line.starts_with(b"__CURSOR="),
        _ => true,
    }
}

/// Whether a line is about the log, and none of its records.
pub(crate) fn is_heading(format: TextFormat, line: &[u8]) -> bool {
    let begins: &[&str] = match format {
        TextFormat::Nfdump => &[
            "Date first seen",
            "Date flow start",
            "Summary:",
            "Time window:",
            "Total flows",
            "Sys:",
        ],
        TextFormat::Dns => &["DNS Server log", "Log file ", "Message logging key"],
        _ => &[],
    };
    begins.iter().any(|begin| line.starts_with(begin.as_bytes()))
}

/// The time of a record whose year the log's order may have to say.
pub(crate) fn stamp(format: TextFormat, text: &[u8]) -> Option<Stamp> {
    match format {
        TextFormat::Auditd if audit::id(text).is_some() => None,
        TextFormat::Syslog | TextFormat::Auditd => syslog::stamp(text),
        TextFormat::Lines | TextFormat::Access | TextFormat::Squid => lines::stamp(text),
        TextFormat::Dns => dns::stamp(text),
        _ => None,
    }
}

/// Adds a field, unless there is nothing in it: `-` is how most of these formats say so.
fn push(record: &mut Record, name: &str, text: &str) {
    if !text.is_empty() && text != "-" {
        record.push(name, Value::string(text));
    }
}

/// Adds a number, unless there is none.
fn push_number(record: &mut Record, name: &str, text: &str) {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && text.len() < 19;
    if plain && !text.is_empty() {
        record.push(name, Value::number(text));
    } else {
        push(record, name, text);
    }
}
