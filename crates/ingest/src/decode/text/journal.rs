//! What `journalctl -o export` writes: a field a line. Values that hold line ends are written with
//! their length and as bytes, which makes the export no text; their lines are kept as they come.

use blanik_model::{Timestamp, Value};

use super::audit::AuditReader;
use super::{Is, message, push};
use crate::record::Record;

/// Reads an entry.
pub(super) fn read(text: &str, record: &mut Record, audit: &mut AuditReader) -> Option<Is> {
    let (mut program, mut body, mut time) = ("", "", None);
    for line in text.lines() {
        let Some((name, value)) = line.split_once('=') else { continue };
        let is_name = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        if !name.bytes().all(is_name) {
            continue;
        }
        match name {
            "MESSAGE" => body = value,
            "SYSLOG_IDENTIFIER" => {
                program = value;
                push(record, "program", value);
            }
            "_HOSTNAME" => push(record, "hostname", value),
            "_SOURCE_REALTIME_TIMESTAMP" | "__REALTIME_TIMESTAMP" => {
                let micros = value.parse::<i64>().ok().and_then(|us| us.checked_mul(1000));
                time = micros.map(Timestamp::from_nanos).or(time);
            }
            name => record.push(name, Value::string(value)),
        }
    }
    time?;
    Some((message::read(program, body, record, audit), time))
}
