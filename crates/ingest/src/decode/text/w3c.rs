//! A line of a W3C extended log, by the columns that its directives name.
//!
//! Names are the log's; of `cs(User-Agent)` and its like also `cs-user-agent`, with the blanks that IIS
//! writes as `+`. What the log is, its columns tell: Exchange's message tracking, a proxy, a web server.

use super::csv::cells;
use super::{Is, push, push_number};
use crate::block::Table;
use crate::clock::{self, Stamp};
use crate::record::Record;

/// What a log of these columns is.
pub(crate) fn log_of(columns: &[String]) -> &'static str {
    const PROXY: [&str; 5] = ["sc-filter-result", "s-action", "x-cs-dns", "r-host", "s-hierarchy"];
    let has = |wanted: &str| columns.iter().any(|c| c.eq_ignore_ascii_case(wanted));
    match () {
        () if has("recipient-address") && has("event-id") => "exchange",
        () if PROXY.iter().any(|name| has(name)) => "proxy",
        () if has("cs-host") && has("cs-uri-scheme") => "proxy",
        () if has("cs-method") || has("cs-uri-stem") || has("cs-uri") => "iis",
        () => "w3c",
    }
}

/// Reads a line.
pub(super) fn read(text: &str, table: &Table, record: &mut Record) -> Option<Is> {
    let (mut date, mut time, mut whole) = (None, None, None);
    let mut count = 0;
    for (cell, name) in cells(text.as_bytes(), table.separator).zip(&table.columns) {
        count += 1;
        let cell = String::from_utf8_lossy(&cell);
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "date" => date = Some(cell.to_string()),
            "time" => time = Some(cell.to_string()),
            "date-time" | "x-timestamp" | "timestamp" | "localtime" | "gmttime" => {
                whole = Some(cell.to_string());
            }
            _ => field(name, &lower, &cell, table.separator, record),
        }
    }
    if count < 2 {
        return None;
    }
    let time = match (whole, date, time) {
        (Some(whole), ..) => moment(whole.trim_matches(['[', ']'])),
        (None, Some(date), Some(time)) => moment(&format!("{date} {time}")),
        (None, None, Some(time)) => table.day.and_then(|(year, month, day)| {
            moment(&format!("{year:04}-{month:02}-{day:02} {time}"))
        }),
        _ => None,
    };
    Some((table.log, time))
}

fn moment(text: &str) -> Option<blanik_model::Timestamp> {
    match clock::at_start(text.as_bytes()) {
        Some((Stamp::At(time), _)) => Some(time),
        _ => clock::access(text.as_bytes()).map(|(time, _)| time),
    }
}

fn field(name: &str, lower: &str, cell: &str, separator: u8, record: &mut Record) {
    if matches!(lower, "sc-status" | "sc-bytes" | "cs-bytes" | "s-port" | "time-taken") {
        return push_number(record, name, cell);
    }
    push(record, name, cell);
    // `cs(User-Agent)`; blank-separated lines write `+` for a blank.
    let Some((side, header)) = lower.strip_suffix(')').and_then(|n| n.split_once('(')) else {
        return;
    };
    let header = format!("{side}-{}", header.replace(' ', "-"));
    if separator == b' ' && header.ends_with("user-agent") {
        push(record, &header, &cell.replace('+', " "));
    } else {
        push(record, &header, cell);
    }
}
