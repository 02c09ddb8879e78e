//! `timesketch`: JSON lines as Timesketch's importer takes them.
//!
//! The importer demands `message`, `datetime` (ISO 8601) and `timestamp_desc`, and takes `timestamp`
//! in microseconds and a list `tag`; anything else is an attribute
//! (<https://timesketch.org/guides/user/import-from-json-csv/>). Its index is OpenSearch, where a dot
//! in a name opens an object and the first value of a name fixes its type for all documents; so
//! names are flat and event fields always text. A record without time has no place on a timeline and
//! the importer would refuse it: it is left out, and said so.

use std::io::{self, Write};

use blanik_model::{Finding, Timestamp};
use serde_json::{Map, Value};

use super::json::{self, Place};
use super::{FindingWriter, field_text, telling};
use crate::output::cell::counted;
use crate::summary::Summary;

/// Names that are ours or Timesketch's; an event field of that name is written `event_<name>`.
const RESERVED: &[&str] = &[
    "message",
    "datetime",
    "timestamp",
    "timestamp_desc",
    "tag",
    "label",
    "comment",
    "rule_id",
    "rule_title",
    "level",
    "status",
    "kind",
    "hostname",
    "username",
    "matched",
    "source_file",
    "record",
    "raw",
    "exercise",
];

/// Longest text of an attribute, in characters: OpenSearch refuses keywords over 32,766 bytes.
const TEXT_CHARS_MAX: usize = 8_000;

/// See the module.
pub struct Timesketch {
    out: Box<dyn Write>,
    exercise: bool,
    without_time: u64,
}

impl Timesketch {
    /// Writes to `out`. Exercise data bears the tag `exercise`.
    pub fn new(out: Box<dyn Write>, exercise: bool) -> Self {
        Timesketch { out, exercise, without_time: 0 }
    }

    fn line(&self, f: &Finding, time: Timestamp) -> Value {
        let mut line = Map::new();
        let mut put = |name: &str, text: String| {
            line.insert(name.to_owned(), Value::String(shortened(text)));
        };
        put("message", message(f));
        put("datetime", time.to_jiff().strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string());
        put("timestamp_desc", "Event recorded".into());
        put("rule_title", f.rule_title.clone());
        put("rule_id", f.rule_id.clone());
        put("level", f.level.to_string());
        put("status", f.status.map(|s| s.to_string()).unwrap_or_default());
        put("kind", f.kind.clone());
        put("hostname", f.host.clone().unwrap_or_default());
        put("username", f.account.clone().unwrap_or_default());
        put("matched", matched(f));
        put("source_file", f.source.clone());
        if let Some(raw) = &f.raw {
            put("raw", raw.clone());
        }
        for (name, value) in &f.event.0 {
            put(&attribute(name), value.get().display());
        }
        let micros = time.as_nanos().div_euclid(1000);
        line.insert("timestamp".into(), micros.into());
        line.insert("record".into(), f.record.into());
        let exercise = self.exercise.then(|| "exercise".to_owned());
        line.insert("tag".into(), exercise.into_iter().chain(f.tags.iter().cloned()).collect());
        Value::Object(line)
    }
}

impl FindingWriter for Timesketch {
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn write(&mut self, f: &Finding) -> io::Result<()> {
        let Some(time) = f.time else {
            self.without_time += 1;
            return Ok(());
        };
        let line = self.line(f, time);
        json::write(&mut *self.out, &line, Place::Line)?;
        self.out.write_all(b"\n")
    }

    fn finish(&mut self, _summary: &Summary) -> io::Result<Option<String>> {
        self.out.flush()?;
        Ok((self.without_time > 0).then(|| {
            format!(
                "{} without a time left out: Timesketch takes none; --format jsonl has them",
                counted(self.without_time, "finding")
            )
        }))
    }
}

fn message(f: &Finding) -> String {
    let who = [f.host.as_deref(), f.account.as_deref()];
    let mut message = format!("[{}] {}", f.level, f.rule_title);
    for part in who.into_iter().flatten() {
        message.push_str(" · ");
        message.push_str(part);
    }
    for (name, value) in telling(f).into_iter().take(3) {
        message.push_str(" · ");
        message.push_str(&field_text(name, value));
    }
    message
}

fn matched(f: &Finding) -> String {
    f.matched.0.iter().map(|(n, v)| field_text(n, v)).collect::<Vec<_>>().join("; ")
}

fn shortened(text: String) -> String {
    blanik_model::text::shorten(&text, TEXT_CHARS_MAX).into_owned()
}

/// OpenSearch keeps names that begin with `_` to itself, and a dot opens an object.
fn attribute(name: &str) -> String {
    let flat = name.replace('.', "_");
    let taken = RESERVED.contains(&flat.as_str()) || flat.starts_with('_') || flat.is_empty();
    if taken { format!("event_{}", flat.trim_start_matches('_')) } else { flat }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attribute_names_neither_nest_nor_replace_ours() {
        assert_eq!(attribute("winlog.event_data.Image"), "winlog_event_data_Image");
        assert_eq!(attribute("message"), "event_message");
        assert_eq!(attribute("_id"), "event_id");
        assert_eq!(attribute("rule.id"), "event_rule_id");
        assert_eq!(attribute(""), "event_");
    }
}
