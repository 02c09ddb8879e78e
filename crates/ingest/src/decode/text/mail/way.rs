//! The way a message took: its `Received` headers, the last machine's first.

use std::borrow::Cow;

use blanik_model::{ListBuilder, Timestamp, Value};
use mail_parser::{DateTime, HeaderValue, Host, Message};

use super::push_list;
use crate::clock::civil;
use crate::record::Record;

/// Machines named.
const MACHINES_MAX: usize = 64;

/// Writes the way; when the last machine took the message.
pub(super) fn write(message: &Message<'_>, record: &mut Record) -> Option<Timestamp> {
    let (mut from, mut ips, mut by) =
        (ListBuilder::default(), ListBuilder::default(), ListBuilder::default());
    let mut times = ListBuilder::default();
    let mut last = None;
    for header in message.header_values("Received").take(MACHINES_MAX) {
        let HeaderValue::Received(hop) = header else { continue };
        let mut seen = None;
        if let Some(host) = &hop.from {
            from.push(Value::string(&name(host)));
            if let Host::IpAddr(ip) = host {
                seen = Some(*ip);
            }
        }
        if let Some(ip) = hop.from_ip.or(seen) {
            ips.push(Value::string(&ip.to_string()));
        }
        if let Some(host) = &hop.by {
            by.push(Value::string(&name(host)));
        }
        let time = hop.date.as_ref().and_then(moment);
        if let Some(time) = time {
            times.push(Value::string(&time.to_string()));
        }
        last = last.or(time);
    }
    push_list(record, "received_from", &from);
    push_list(record, "received_ip", &ips);
    push_list(record, "received_by", &by);
    push_list(record, "received_time", &times);
    last
}

fn name<'h>(host: &'h Host<'_>) -> Cow<'h, str> {
    match host {
        Host::Name(name) => Cow::Borrowed(name),
        Host::IpAddr(ip) => Cow::Owned(ip.to_string()),
    }
}

/// The moment of a date with its zone.
pub(super) fn moment(date: &DateTime) -> Option<Timestamp> {
    let seconds = |hour: u8, minute: u8| i64::from(hour) * 3600 + i64::from(minute) * 60;
    let zone = seconds(date.tz_hour, date.tz_minute);
    let zone = if date.tz_before_gmt { -zone } else { zone };
    let of_day = seconds(date.hour, date.minute) + i64::from(date.second);
    let year = i32::from(date.year);
    civil(year, date.month, date.day, (of_day - zone) * 1_000_000_000)
}
