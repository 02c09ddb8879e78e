//! Timesketch: JSON lines, under the conventions of the hunt's own (`message`, `datetime`, `timestamp_desc`, `tag`; flat
//! names, texts short enough for OpenSearch). Steps by their first and last finding, times of silence, what was taken,
//! indicators: in order of time.

use blanik_model::text::{for_terminal, shorten};
use blanik_model::{Timestamp, Tlp};
use serde_json::{Value, json};

use super::line;
use crate::publication::{Cited, Publication};

/// Longest text of an attribute, in characters: OpenSearch refuses keywords over 32,766 bytes.
const TEXT_CHARS_MAX: usize = 8_000;

/// The lines.
pub fn timeline(publication: &Publication) -> String {
    let mut entries = Vec::new();
    steps(publication, &mut entries);
    unseen(publication, &mut entries);
    taken(publication, &mut entries);
    indicators(publication, &mut entries);
    // Stable: what bears one time stays as above.
    entries.sort_by_key(|entry| entry.at);
    entries.iter().map(|entry| line(&entry.value(publication))).collect()
}

struct Entry<'p> {
    at: Timestamp,
    what: &'static str,
    message: String,
    host: &'p str,
    cites: Option<&'p Cited>,
    marking: Tlp,
    tags: Vec<String>,
}

impl Entry<'_> {
    fn value(&self, publication: &Publication) -> Value {
        let exercise = publication.exercise.then(|| "exercise".to_owned());
        let marking = format!("tlp:{}", self.marking);
        let own = self.tags.iter().map(|tag| text(tag));
        let tags: Vec<String> = exercise.into_iter().chain([marking]).chain(own).collect();
        let records = self
            .cites
            .map(|cites| cites.records.iter().map(u64::to_string).collect::<Vec<_>>().join(" "));
        json!({
            "message": text(&self.message),
            "datetime": self.at.to_jiff().strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string(),
            "timestamp": self.at.as_nanos().div_euclid(1000),
            "timestamp_desc": self.what,
            "tag": tags,
            "hostname": text(self.host),
            "case_name": text(&publication.case),
            "intrusion": publication.intrusion.to_string(),
            "log_origin": text(&publication.log.origin),
            "log_records": text(&records.unwrap_or_default()),
        })
    }
}

fn text(text: &str) -> String {
    shorten(&for_terminal(text), TEXT_CHARS_MAX).into_owned()
}

fn steps<'p>(publication: &'p Publication, entries: &mut Vec<Entry<'p>>) {
    for step in &publication.steps {
        let mut message = format!("[{}] {}", step.level, step.rule_title);
        if let Some(host) = &step.host {
            message.push_str(&format!(" · {host}"));
        }
        let techniques = step.techniques.iter().map(|id| format!("attack.{}", id.to_lowercase()));
        let tactic = step.tactic.and_then(|t| blanik_model::attack::TACTICS.get(t));
        let tags: Vec<String> = tactic
            .map(|(slug, _)| format!("attack.{slug}"))
            .into_iter()
            .chain(techniques)
            .collect();
        let mut put = |at, what| {
            entries.push(Entry {
                at,
                what,
                message: message.clone(),
                host: step.host.as_deref().unwrap_or(""),
                cites: Some(&step.cites),
                marking: step.marking,
                tags: tags.clone(),
            });
        };
        put(step.first, "First finding");
        if step.last != step.first {
            put(step.last, "Last finding");
        }
    }
}

fn unseen<'p>(publication: &'p Publication, entries: &mut Vec<Entry<'p>>) {
    for unseen in &publication.unseen {
        let (what, message) = match &unseen.host {
            Some(host) => ("Telemetry missing", format!("{host} sent nothing")),
            None => ("Nothing seen", "Nothing was seen of the intruder".to_owned()),
        };
        entries.push(Entry {
            at: unseen.from,
            what,
            message: format!("{message} from {} to {}", unseen.from, unseen.to),
            host: unseen.host.as_deref().unwrap_or(""),
            cites: None,
            marking: unseen.marking,
            tags: vec!["unseen".into()],
        });
    }
}

fn taken<'p>(publication: &'p Publication, entries: &mut Vec<Entry<'p>>) {
    for taken in &publication.taken {
        // Of what leaves, bytes are known; of the rest, items.
        let (of, unit) = match taken.act.as_str() {
            "outbound" => (taken.bytes, "bytes"),
            _ => (taken.items, "items"),
        };
        let bounds = match of.possible {
            Some(possible) => format!("{} to {possible} {unit}", of.confirmed),
            None => format!("at least {} {unit}", of.confirmed),
        };
        let mut put = |at, what| {
            entries.push(Entry {
                at,
                what,
                message: format!("Taken ({}): {}, {bounds}", taken.act, taken.object),
                host: "",
                cites: Some(&taken.cites),
                marking: taken.marking,
                tags: vec!["taken".into()],
            });
        };
        put(taken.first, "First taken");
        if taken.last != taken.first {
            put(taken.last, "Last taken");
        }
    }
}

fn indicators<'p>(publication: &'p Publication, entries: &mut Vec<Entry<'p>>) {
    for indicator in &publication.indicators {
        let mut put = |at, what| {
            entries.push(Entry {
                at,
                what,
                message: format!("Indicator: {} {}", indicator.kind, indicator.value),
                host: "",
                cites: Some(&indicator.cites),
                marking: indicator.marking,
                tags: vec!["indicator".into(), indicator.kind.to_string()],
            });
        };
        put(indicator.first, "First seen");
        if indicator.last != indicator.first {
            put(indicator.last, "Last seen");
        }
    }
}
