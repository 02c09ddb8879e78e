//! `html`: one page that needs no network and no program but a browser.
//!
//! Most of it is drawn here and works without JavaScript; the script only filters and unfolds. What
//! an intruder wrote into a log is text everywhere: escaped where it stands in markup, JSON with
//! `<`, `>` and `&` escaped where the script reads it, and set by `textContent` from there.
//!
//! A page that a browser still opens cannot hold everything. Findings past a bound are counted on
//! it, not shown: first go the lowest levels, and of one level the latest.

mod chart;
mod list;
mod page;

pub use blanik_model::markup::Text;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use blanik_model::finding::{Correlated, Fields};
use blanik_model::text::shorten;
use blanik_model::{Finding, Level, OwnedValue, Timestamp};

use super::FindingWriter;
use super::cell::counted;
use crate::summary::Summary;

/// Findings the page holds at most.
pub const FINDINGS_MAX: usize = 5_000;
/// Bytes of text in them at most.
pub const FINDINGS_BYTES_MAX: usize = 24 << 20;
/// Characters shown of one value, and of a raw record.
const VALUE_CHARS_MAX: usize = 4_000;
const RAW_CHARS_MAX: usize = 16_000;
/// Fields shown of one event.
const FIELDS_MAX: usize = 400;

/// Worst first, then earliest; records without time last. The number keeps equal ones in order.
type Rank = (Reverse<Level>, bool, Option<Timestamp>, u64);

/// See the module.
pub struct Html {
    out: Box<dyn Write>,
    kept: BTreeMap<Rank, Finding>,
    bytes: usize,
    seen: u64,
}

impl Html {
    /// Writes to `out`.
    pub fn new(out: Box<dyn Write>) -> Self {
        Html { out, kept: BTreeMap::new(), bytes: 0, seen: 0 }
    }
}

impl FindingWriter for Html {
    fn begin(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn write(&mut self, f: &Finding) -> io::Result<()> {
        let rank = (Reverse(f.level), f.time.is_none(), f.time, self.seen);
        self.seen += 1;
        let full = self.kept.len() >= FINDINGS_MAX || self.bytes >= FINDINGS_BYTES_MAX;
        if full && self.kept.last_key_value().is_some_and(|(last, _)| *last < rank) {
            return Ok(());
        }
        let finding = bounded(f);
        self.bytes += size(&finding);
        self.kept.insert(rank, finding);
        while self.kept.len() > FINDINGS_MAX || self.bytes > FINDINGS_BYTES_MAX {
            let Some((_, gone)) = self.kept.pop_last() else { break };
            self.bytes -= size(&gone);
        }
        Ok(())
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<Option<String>> {
        let findings: Vec<&Finding> = self.kept.values().collect();
        let left_out = self.seen - findings.len() as u64;
        page::write(&mut *self.out, summary, &findings, left_out)?;
        self.out.flush()?;
        Ok((left_out > 0).then(|| {
            format!(
                "{} not shown on the page, which holds the worst {}; --format jsonl has all",
                counted(left_out, "finding"),
                findings.len()
            )
        }))
    }
}

/// The finding with every text cut to what the page shows.
fn bounded(f: &Finding) -> Finding {
    let text = |t: &String| shorten(t, VALUE_CHARS_MAX).into_owned();
    Finding {
        rule_id: text(&f.rule_id),
        rule_title: text(&f.rule_title),
        level: f.level,
        status: f.status,
        tags: f.tags.iter().take(FIELDS_MAX).map(text).collect(),
        tool: None,
        kind: text(&f.kind),
        time: f.time,
        host: f.host.as_ref().map(text),
        account: f.account.as_ref().map(text),
        matched: bounded_fields(&f.matched),
        source: text(&f.source),
        record: f.record,
        event: bounded_fields(&f.event),
        raw: f.raw.as_ref().map(|raw| shorten(raw, RAW_CHARS_MAX).into_owned()),
        // The page shows what the title says of it.
        indicator: None,
        correlation: f.correlation.as_ref().map(|c| Box::new(bounded_correlation(c))),
    }
}

/// Its events are few by themselves.
fn bounded_correlation(correlation: &Correlated) -> Correlated {
    let mut bounded = correlation.clone();
    for event in &mut bounded.events {
        event.rule_id = shorten(&event.rule_id, VALUE_CHARS_MAX).into_owned();
        event.source = shorten(&event.source, VALUE_CHARS_MAX).into_owned();
    }
    bounded
}

fn bounded_fields(fields: &Fields) -> Fields {
    let mut kept: Vec<(String, OwnedValue)> = fields
        .0
        .iter()
        .take(FIELDS_MAX)
        .map(|(name, value)| {
            let text = value.get().display();
            let name = shorten(name, VALUE_CHARS_MAX).into_owned();
            (name, OwnedValue::from(&*shorten(&text, VALUE_CHARS_MAX)))
        })
        .collect();
    if fields.0.len() > FIELDS_MAX {
        let more = format!("{} not shown", counted((fields.0.len() - FIELDS_MAX) as u64, "field"));
        kept.push(("…".into(), more.as_str().into()));
    }
    Fields(kept)
}

/// Bytes of text in a finding, roughly as they weigh in the page and in memory.
fn size(f: &Finding) -> usize {
    let fields = |fields: &Fields| -> usize {
        fields.0.iter().map(|(n, v)| n.len() + v.get().text.len() + 48).sum()
    };
    let texts = [&f.rule_id, &f.rule_title, &f.kind, &f.source];
    let optional = [&f.host, &f.account, &f.raw];
    size_of::<Finding>()
        + texts.iter().map(|t| t.len()).sum::<usize>()
        + optional.iter().filter_map(|t| t.as_ref()).map(String::len).sum::<usize>()
        + f.tags.iter().map(|t| t.len() + 24).sum::<usize>()
        + fields(&f.matched)
        + fields(&f.event)
        + f.correlation.iter().flat_map(|c| &c.events).map(|e| e.source.len() + 96).sum::<usize>()
}
