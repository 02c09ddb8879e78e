//! A mail message (RFC 5322, MIME): its headers, the way it took, its links and its attachments.
//!
//! Fields: `from`, `from_name`, `reply_to`, `return_path`, `sender`, `to`, `cc`, `subject`, `message_id`, `date`;
//! of each `Received` from the last machine to the first `received_from`, `received_ip`, `received_by` and
//! `received_time`; `url` and `url_host`, each once; `attachment_name`, `attachment_type` and
//! `attachment_sha256`, in their order; other headers by their names in lower case; `body`, what can be
//! read of it. The time is that of the last machine, which is the reader's own; else the sender's.

mod links;
mod way;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use blanik_model::{ListBuilder, Timestamp, Value};
use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use sha2::{Digest, Sha256};

use self::links::Links;
use super::{Is, push};
use crate::record::Record;

/// Messages and multiparts in one message, after which its body is not opened: they nest.
const PARTS_MAX: usize = 256;
/// Messages in messages that are opened.
const DEPTH_MAX: usize = 8;
/// Attachments named.
const ATTACHMENTS_MAX: usize = 512;
/// Bytes of the body's text that are kept, and of one header.
const BODY_BYTES_MAX: usize = 256 << 10;
const HEADER_BYTES_MAX: usize = 16 << 10;
/// Other headers that are kept.
const HEADERS_MAX: usize = 256;

/// Headers of which one says that a text is a message, and the others that it may be.
const TELLING: [&str; 6] =
    ["received", "return-path", "message-id", "mime-version", "delivered-to", "dkim-signature"];
const USUAL: [&str; 7] = ["from", "to", "subject", "date", "content-type", "x-mailer", "reply-to"];

/// Reads messages.
#[derive(Default)]
pub(super) struct MailReader {
    parser: MessageParser,
}

/// Whether the text begins with a message's headers, or is an mbox.
pub(super) fn begins(text: &str) -> bool {
    let text = match text.strip_prefix("From ") {
        // `From alice@example Mon Jun  6 18:43:28 2016`.
        Some(rest) => rest.split_once('\n').map_or("", |(_, rest)| rest),
        None => text,
    };
    let (mut telling, mut usual) = (0, 0);
    for line in text.lines().take(400) {
        if line.starts_with([' ', '\t']) {
            continue;
        }
        if line.trim().is_empty() {
            break;
        }
        let Some((name, _)) = line.split_once(':') else { return false };
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_graphic()) {
            return false;
        }
        let lower = name.to_ascii_lowercase();
        telling += usize::from(TELLING.contains(&lower.as_str()));
        usual += usize::from(USUAL.contains(&lower.as_str()));
    }
    telling > 0 && telling + usual > 2 || usual > 3
}

impl MailReader {
    /// Reads a message; nothing if there is none.
    pub fn read(&mut self, bytes: &[u8], record: &mut Record) -> Option<Is> {
        let bytes = match bytes.strip_prefix(b"From ") {
            Some(rest) => &rest[memchr::memchr(b'\n', rest).map_or(rest.len(), |n| n + 1)..],
            None => bytes,
        };
        let nested = parts_within(bytes) > PARTS_MAX;
        let message = match nested {
            false => self.parser.parse(bytes)?,
            true => self.parser.parse_headers(bytes)?,
        };
        let time = headers(&message, record);
        let mut found = Found::default();
        if nested {
            record.push("body_unread", Value::bool(true));
            found.links.scan(&String::from_utf8_lossy(bytes));
        } else {
            found.message(&message, 0);
        }
        found.write(record);
        (!record.is_empty()).then_some(("message", time))
    }
}

/// Messages and multiparts named in it, without opening it.
fn parts_within(bytes: &[u8]) -> usize {
    let mut count = 0;
    for at in memchr::memchr_iter(b'/', bytes) {
        let before = &bytes[at.saturating_sub(9)..at];
        count += usize::from(
            before.eq_ignore_ascii_case(b"multipart")
                || before.len() >= 7 && before[before.len() - 7..].eq_ignore_ascii_case(b"message"),
        );
    }
    count
}

/// Writes what the headers say; the time.
fn headers(message: &Message<'_>, record: &mut Record) -> Option<Timestamp> {
    for (name, address) in [
        ("from", message.from()),
        ("reply_to", message.reply_to()),
        ("sender", message.sender()),
        ("to", message.to()),
        ("cc", message.cc()),
        ("bcc", message.bcc()),
    ] {
        let Some(address) = address else { continue };
        addresses(name, address, record);
    }
    push(record, "return_path", message.return_address().unwrap_or(""));
    push(record, "subject", message.subject().unwrap_or(""));
    push(record, "message_id", message.message_id().unwrap_or(""));
    let date = message.date().and_then(way::moment);
    if let Some(date) = date {
        record.push("date", Value::string(&date.to_string()));
    }
    let received = way::write(message, record);
    others(message, record);
    received.or(date)
}

fn addresses(name: &str, address: &Address<'_>, record: &mut Record) {
    let (mut list, mut names) = (ListBuilder::default(), ListBuilder::default());
    for one in address.iter().take(HEADERS_MAX) {
        if let Some(address) = one.address() {
            list.push(Value::string(address));
        }
        if let Some(shown) = one.name() {
            names.push(Value::string(shown));
        }
    }
    push_list(record, name, &list);
    push_list(record, &format!("{name}_name"), &names);
}

/// A list of one is its member.
fn push_list(record: &mut Record, name: &str, list: &ListBuilder) {
    let mut members = list.value().members();
    match (members.next(), members.next()) {
        (Some(one), None) => record.push(name, one),
        (Some(_), Some(_)) => record.push(name, list.value()),
        (None, _) => {}
    }
}

/// Headers that have no field of their own, as they stand.
fn others(message: &Message<'_>, record: &mut Record) {
    const OWN: [&str; 11] = [
        "from",
        "reply-to",
        "sender",
        "to",
        "cc",
        "bcc",
        "return-path",
        "subject",
        "message-id",
        "date",
        "received",
    ];
    let mut others: BTreeMap<String, ListBuilder> = BTreeMap::new();
    for (name, value) in message.headers_raw().take(HEADERS_MAX) {
        let name = name.to_ascii_lowercase();
        if OWN.contains(&name.as_str()) || name.is_empty() {
            continue;
        }
        let value = value.trim();
        let value = &value[..value.floor_char_boundary(HEADER_BYTES_MAX)];
        let unfolded = value.split(['\r', '\n']).map(str::trim).filter(|l| !l.is_empty());
        let value = unfolded.collect::<Vec<_>>().join(" ");
        others.entry(name).or_default().push(Value::string(&value));
    }
    others.iter().for_each(|(name, list)| push_list(record, name, list));
}

/// What is found in a message's parts.
#[derive(Default)]
struct Found {
    body: String,
    links: Links,
    names: ListBuilder,
    types: ListBuilder,
    hashes: ListBuilder,
    attachments: usize,
}

impl Found {
    fn message(&mut self, message: &Message<'_>, depth: usize) {
        for part in &message.parts {
            match &part.body {
                PartType::Text(text) | PartType::Html(text) => {
                    self.links.scan(text);
                    if part.attachment_name().is_some() {
                        self.attachment(part);
                    } else {
                        self.text(text);
                    }
                }
                PartType::Binary(_) | PartType::InlineBinary(_) => self.attachment(part),
                PartType::Message(inner) => {
                    self.attachment(part);
                    if depth < DEPTH_MAX {
                        self.message(inner, depth + 1);
                    }
                }
                PartType::Multipart(_) => {}
            }
        }
    }

    fn text(&mut self, text: &str) {
        let room = BODY_BYTES_MAX.saturating_sub(self.body.len());
        if room > 0 && !self.body.is_empty() {
            self.body.push('\n');
        }
        self.body.push_str(&text[..text.floor_char_boundary(room)]);
    }

    fn attachment(&mut self, part: &MessagePart<'_>) {
        self.attachments += 1;
        if self.attachments > ATTACHMENTS_MAX {
            return;
        }
        let ty = part.content_type().map_or(String::new(), |ty| match ty.subtype() {
            Some(subtype) => format!("{}/{subtype}", ty.ctype()),
            None => ty.ctype().to_owned(),
        });
        self.names.push(Value::string(part.attachment_name().unwrap_or("")));
        self.types.push(Value::string(&ty.to_ascii_lowercase()));
        self.hashes.push(Value::string(&sha256(part.contents())));
    }

    fn write(&self, record: &mut Record) {
        self.links.write(record);
        push_list(record, "attachment_name", &self.names);
        push_list(record, "attachment_type", &self.types);
        push_list(record, "attachment_sha256", &self.hashes);
        if self.attachments > 0 {
            record.push("attachment_count", Value::number(&self.attachments.to_string()));
        }
        push(record, "body", &self.body);
    }
}

fn sha256(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
    }
    hex
}
