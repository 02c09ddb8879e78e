//! Flows as `nfdump -o line`, `long`, `extended` and `fmt` alike print them:
//! `2005-08-30 06:53:53.370 63.545 TCP 113.138.32.152:25 -> 222.33.70.124:3575 …`.
//!
//! Bytes and packets are the numbers behind the flags, which each format puts elsewhere: they stay in
//! the record's text, but for the extended format's. CSV of nfdump is read as a table.

use super::{Is, push, push_number};
use crate::clock::{self, Stamp};
use crate::record::Record;

/// Reads a line.
pub(super) fn read(text: &str, record: &mut Record) -> Option<Is> {
    let text = text.trim_start();
    let (Stamp::At(time), len) = clock::at_start(text.as_bytes())? else { return None };
    let mut words = text[len..].split_ascii_whitespace();
    let mut word = words.next()?;
    // `Event XEvent` columns of firewalls' flows, and the duration.
    while word.parse::<f64>().is_err() {
        word = words.next()?;
    }
    push_number(record, "duration", word);
    push(record, "proto", words.next()?);
    let source = words.next()?;
    (words.next()? == "->").then_some(())?;
    end(source, "src_ip", "src_port", record);
    end(words.next()?, "dst_ip", "dst_port", record);
    let rest: Vec<&str> = words.collect();
    if let Some(flags) =
        rest.iter().find(|w| w.len() >= 6 && w.bytes().all(|b| b".UAPRSFCE".contains(&b)))
    {
        push(record, "flags", flags);
    }
    Some(("nfdump", Some(time)))
}

/// `113.138.32.152:25`, `2001:db8::1.443`, ICMP's `10.0.0.1:8.0`.
fn end(text: &str, ip: &str, port: &str, record: &mut Record) {
    let v6 = text.matches(':').count() > 1;
    match text.rsplit_once(if v6 { '.' } else { ':' }) {
        Some((address, number)) => {
            push(record, ip, address);
            push_number(record, port, number);
        }
        None => push(record, ip, text),
    }
}
