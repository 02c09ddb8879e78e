//! The indicators that a batch's events met, made into findings beside those of rules.

use std::sync::Arc;

use anyhow::{Context, Result};
use blanik_detect::indicators::index::Index;
use blanik_detect::indicators::pattern::{PatternIx, Sighting};
use blanik_detect::indicators::{EntryIx, IndicatorScanner, Met};
use blanik_ingest::entity;
use blanik_model::finding::Fields;
use blanik_model::indicator::Statement;
use blanik_model::{EventBatch, Finding, IndicatorHit, IndicatorType, Level, Timestamp};

use super::joined::Seen;
use super::spool::Key;
use super::worker::{LOCK, Worker};
use crate::indicators::Indicators;
use crate::output::json;

/// Findings of one event and indicators; a list can be written to make every event meet thousands.
const FINDINGS_PER_EVENT_MAX: usize = 64;
/// Statements shown of one indicator.
const STATEMENTS_MAX: usize = 32;
/// Findings of indicators come behind those of rules, of one event.
pub(super) const KEY_BASE: u32 = 1 << 30;
/// Below this, a source is not sure of what it says (STIX 2.1, appendix A).
const CONFIDENCE_LOW: u8 = 50;

/// See the module.
pub(super) struct MetIndicators {
    scanner: IndicatorScanner,
    met: Vec<Met>,
    asked: Vec<(u32, PatternIx)>,
    // Rows, and the observations of patterns that need several which hold of them.
    parts: Vec<(u32, PatternIx, u32)>,
}

impl MetIndicators {
    /// Nothing, so far.
    pub fn new(indicators: &Indicators) -> Self {
        let scanner = IndicatorScanner::new(Arc::clone(&indicators.index));
        MetIndicators { scanner, met: Vec::new(), asked: Vec::new(), parts: Vec::new() }
    }
}

impl Worker<'_, '_> {
    /// Spools findings of the indicators that the batch's events met, unless a filter drops them. Returns
    /// how many.
    pub(super) fn keep_indicators(&mut self, batch: &EventBatch) -> Result<u64> {
        let Some(mut own) = self.indicators.take() else { return Ok(0) };
        own.met.clear();
        own.asked.clear();
        own.parts.clear();
        own.scanner.scan(batch, &mut own.met, &mut own.asked);
        self.confirm(batch, &mut own);
        let mut kept = 0;
        for of_row in own.met.chunk_by(|a, b| a.row == b.row) {
            let from = own.parts.partition_point(|(row, ..)| *row < of_row[0].row);
            let parts = own.parts[from..].iter().take_while(|(row, ..)| *row == of_row[0].row);
            kept += self.keep_row_of_indicators(batch, of_row, parts, own.scanner.index())?;
        }
        self.indicators = Some(own);
        Ok(kept)
    }

    /// Asks patterns of the events that have a value of theirs.
    fn confirm(&mut self, batch: &EventBatch, own: &mut MetIndicators) {
        if own.asked.is_empty() {
            return;
        }
        for of_row in own.asked.chunk_by(|a, b| a.0 == b.0) {
            let row = of_row[0].0;
            let whole = self.batcher.whole(batch, row as usize);
            let (event, at) = whole.as_ref().map_or((batch, row as usize), |whole| (whole, 0));
            for (_, pattern) in of_row {
                let met = own.scanner.confirm(*pattern, event, at);
                own.met.extend(met.map(|met| Met { row, ..met }));
                let parts = &mut own.parts;
                own.scanner.observations(*pattern, event, at, &mut |observation| {
                    parts.push((row, *pattern, observation));
                });
            }
            if let Some(whole) = whole {
                self.batcher.recycle_whole(whole);
            }
        }
        own.met.sort_unstable();
    }

    fn keep_row_of_indicators<'p>(
        &mut self,
        batch: &EventBatch,
        met: &[Met],
        parts: impl Iterator<Item = &'p (u32, PatternIx, u32)>,
        index: &Index,
    ) -> Result<u64> {
        let row = met[0].row as usize;
        let hunt = self.shared.hunt;
        let at = &batch.rows()[row];
        let of_entries = || met.chunk_by(|a, b| a.entry == b.entry);
        let by_entry = || of_entries().take(FINDINGS_PER_EVENT_MAX);
        if !hunt.filter.has_time(at.time) {
            self.tally.without_time += u64::from(at.time.is_none()) * by_entry().count() as u64;
            return Ok(0);
        }
        let host = entity::host(batch, row);
        if !hunt.filter.has_host(host.as_deref()) {
            return Ok(0);
        }
        self.keep_parts(batch, row, parts, host.as_deref());
        let whole = self.batcher.whole(batch, row);
        let (event, event_row) = whole.as_ref().map_or((batch, row), |whole| (whole, 0));
        let mut kept = 0;
        self.tally.indicators_left_out += of_entries().skip(FINDINGS_PER_EVENT_MAX).count() as u64;
        for met in by_entry() {
            let hit = hit(index, met[0].entry, met[0].partial, at.time);
            let mut finding = self.event_finding(event, event_row, host.clone(), hit);
            // Matched are the columns of the batch that was scanned; their values are the event's.
            let names = met.iter().filter_map(|met| met.column);
            let mut matched: Vec<_> = names
                .filter_map(|column| {
                    let column = &batch.columns()[column as usize];
                    Some((column.name().to_string(), column.value(row)?.to_owned()))
                })
                .collect();
            matched.dedup();
            finding.matched = Fields(matched);
            self.json.clear();
            json::write(&mut self.json, &finding, json::Place::Line)
                .context("a finding cannot be written as JSON")?;
            let key = Key::new(at.time, at.order, KEY_BASE + met[0].entry);
            let mut spool = self.shared.spool.lock().expect(LOCK);
            spool
                .push(key, finding.level, &self.json)
                .context("cannot write the temporary file of findings")?;
            kept += 1;
        }
        if let Some(whole) = whole {
            self.batcher.recycle_whole(whole);
        }
        let is_new = kept > 0 && self.rows_kept.binary_search(&row).is_err();
        self.tally.with_findings += u64::from(is_new);
        Ok(kept)
    }

    /// Keeps what the event is a part of, until all events are known.
    fn keep_parts<'p>(
        &mut self,
        batch: &EventBatch,
        row: usize,
        parts: impl Iterator<Item = &'p (u32, PatternIx, u32)>,
        host: Option<&str>,
    ) {
        let at = &batch.rows()[row];
        for &(_, pattern, observation) in parts {
            let Some(time) = at.time else {
                self.tally.sightings.without_time += 1;
                continue;
            };
            let seen = Seen {
                sighting: Sighting { time, order: at.order, observation },
                source: at.source,
                record: at.record,
                host: host.map(str::to_owned),
                account: entity::account(batch, row),
            };
            self.tally.sightings.push(pattern, seen);
        }
    }

    fn event_finding(
        &self,
        batch: &EventBatch,
        row: usize,
        host: Option<String>,
        hit: IndicatorHit,
    ) -> Finding {
        let at = &batch.rows()[row];
        let mut event: Vec<_> =
            batch.fields(row).map(|(n, v)| (n.to_string(), v.to_owned())).collect();
        event.sort_by(|a, b| a.0.cmp(&b.0));
        Finding {
            rule_id: format!("indicator:{}:{}", hit.ty, hit.value),
            rule_title: title(&hit),
            level: level(&hit),
            status: None,
            tags: tags(&hit),
            kind: batch.kind().to_string(),
            time: at.time,
            host,
            account: entity::account(batch, row),
            matched: Fields::default(),
            source: self.source(at.source).to_owned(),
            record: at.record,
            event: Fields(event),
            tool: None,
            correlation: None,
            raw: self
                .shared
                .hunt
                .with_raw
                .then(|| String::from_utf8_lossy(batch.raw(row)).trim_end().to_owned()),
            indicator: Some(Box::new(hit)),
        }
    }
}

/// The indicator and what is said of it.
pub(super) fn hit(
    index: &Index,
    entry: EntryIx,
    partial: bool,
    time: Option<Timestamp>,
) -> IndicatorHit {
    let set = index.set();
    let statements = set.statements(entry).take(STATEMENTS_MAX).map(|ix| {
        let validity = set.validity(ix);
        Statement {
            provenance: set.provenance(ix).clone(),
            place: set.place(ix),
            validity,
            expired: validity.is_expired_at(time),
            comment: set.comment(ix).to_owned(),
        }
    });
    IndicatorHit {
        ty: set.ty(entry),
        value: set.value(entry).to_owned(),
        partial,
        statements: statements.collect(),
    }
}

/// `Indicator of APT31: domain evil.example (SEKOIA, 2021-07-27, TLP:CLEAR, confidence 100, expired)`.
pub(super) fn title(hit: &IndicatorHit) -> String {
    let actors = hit.actors();
    let mut title = match (hit.partial, actors.first()) {
        (true, _) => "Part of a pattern".to_owned(),
        (false, Some(_)) => "Indicator of ".to_owned() + &actors.join(", "),
        (false, None) => match hit.statements.iter().find_map(|s| s.provenance.campaigns.first()) {
            Some(campaign) => format!("Indicator of {campaign}"),
            None => "Indicator".to_owned(),
        },
    };
    title += &format!(": {} {} (", hit.ty, hit.value);
    let Some(first) = hit.statements.first() else { return title + ")" };
    let provenance = &first.provenance;
    let day = |time: Timestamp| time.to_seconds_string()[..10].to_owned();
    let said = [
        Some(provenance.source.clone()),
        first.validity.date.map(day),
        provenance.tlp.map(|tlp| format!("TLP:{}", tlp.as_str().to_uppercase())),
        provenance.grade.as_ref().map(|grade| format!("grade {grade}")),
        provenance.confidence.map(|confidence| format!("confidence {confidence}")),
        hit.is_expired().then(|| "expired".to_owned()),
        (!provenance.warnings.is_empty()).then(|| format!("on {}", provenance.warnings.join(", "))),
        (hit.statements.len() > 1).then(|| format!("{} statements", hit.statements.len())),
    ];
    title + &said.into_iter().flatten().collect::<Vec<_>>().join(", ") + ")"
}

/// The strictest marking.
pub(super) fn tags(hit: &IndicatorHit) -> Vec<String> {
    let tlp = hit.statements.iter().filter_map(|s| s.provenance.tlp).max();
    tlp.map(|tlp| format!("tlp.{tlp}")).into_iter().collect()
}

/// High, for what is one intruder's; medium, for what others may have, too; low, for what is past or a part.
pub(super) fn level(hit: &IndicatorHit) -> Level {
    let provenances = || hit.statements.iter().map(|s| &s.provenance);
    let doubted = provenances().all(|p| p.confidence.is_some_and(|c| c < CONFIDENCE_LOW))
        || provenances().all(|p| !p.warnings.is_empty());
    let shared = matches!(
        hit.ty,
        IndicatorType::Address
            | IndicatorType::Network
            | IndicatorType::FileName
            | IndicatorType::UserAgent
            | IndicatorType::Ja3
            | IndicatorType::Ja4
            | IndicatorType::Imphash
    );
    if hit.is_expired() || hit.partial || shared && doubted {
        Level::Low
    } else if shared || doubted {
        Level::Medium
    } else {
        Level::High
    }
}
