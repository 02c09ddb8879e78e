//! One thread of a hunt.

use std::cell::OnceCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context, Result};
use blanik_case::gather::{About, Gatherer};
use blanik_detect::reference::{self, BatchRow};
use blanik_detect::{RuleIx, Scanner};
use blanik_ingest::{Batcher, Block, Rejection, alert, entity};
use blanik_model::finding::Fields;
use blanik_model::{EventBatch, Finding, Level, RowTexts, SourceId, Status, Value};

use super::matches::Gathered;
use super::met_indicators::MetIndicators;
use super::spool::Key;
use super::tally::Tally;
use super::{Shared, correlate};
use crate::output::json;

/// See the module.
pub struct Worker<'s, 'h> {
    pub(super) shared: &'s Shared<'h>,
    pub(super) batcher: Batcher,
    scanner: Scanner,
    pub(super) indicators: Option<MetIndicators>,
    pub(super) tally: Tally,
    met: Vec<(usize, RuleIx)>,
    gathered: Gathered,
    // Rows of the batch at hand of which rules made findings, ascending.
    pub(super) rows_kept: Vec<usize>,
    pub(super) json: Vec<u8>,
    sources: Vec<std::sync::Arc<str>>,
}

/// Stands for the finding of another tool that an event is, behind those of all rules.
const OF_A_TOOL: RuleIx = RuleIx(u32::MAX);

/// What a rule, or another tool, says of an event.
struct Said {
    rule_id: String,
    rule_title: String,
    level: Level,
    status: Option<Status>,
    tags: Vec<String>,
    tool: Option<String>,
}

pub(super) const LOCK: &str = "no one panics while holding it";

impl<'s, 'h> Worker<'s, 'h> {
    /// A worker that has done nothing yet.
    pub fn new(shared: &'s Shared<'h>) -> Self {
        Worker {
            shared,
            batcher: Batcher::new(
                std::sync::Arc::clone(&shared.normaliser),
                std::sync::Arc::clone(&shared.interests),
            ),
            scanner: Scanner::new(std::sync::Arc::clone(&shared.hunt.rules)),
            indicators: shared.hunt.indicators.as_ref().map(MetIndicators::new),
            tally: Tally {
                gathered: shared.hunt.gather.then(Gatherer::default),
                ..Tally::default()
            },
            met: Vec::new(),
            gathered: Gathered::default(),
            rows_kept: Vec::new(),
            json: Vec::new(),
            sources: Vec::new(),
        }
    }

    /// Takes blocks until there are none.
    pub fn run(mut self) -> Result<Tally> {
        let _turn = self.shared.turns.take();
        while let Some(block) = self.next_block() {
            self.decode(&block)?;
            if self.batcher.is_full() {
                self.scan_all()?;
            }
        }
        self.scan_all()?;
        self.end_correlate()?;
        self.tally.decoded = self.batcher.records();
        self.tally.truncated = self.batcher.truncated();
        Ok(self.tally)
    }

    /// Scans events that are there already.
    pub fn run_on(
        mut self,
        events: &[EventBatch],
        sources: Vec<std::sync::Arc<str>>,
    ) -> Result<Tally> {
        self.sources = sources;
        events.iter().try_for_each(|batch| self.scan(batch))?;
        self.end_correlate()?;
        Ok(self.tally)
    }

    fn next_block(&self) -> Option<Block> {
        // Whoever waits for the reader needs no turn.
        self.shared.turns.without(|| {
            let mut feeder = self.shared.feeder.lock().expect(LOCK);
            let block = feeder.next_block();
            self.shared.progress.read(feeder.progress());
            block
        })
    }

    /// Decoders of untrusted bytes must not panic. Should one all the same, what is left of the block
    /// is lost, with its place named, and the hunt goes on.
    fn decode(&mut self, block: &Block) -> Result<()> {
        let before = self.batcher.records();
        let batcher = &mut self.batcher;
        let done = catch_unwind(AssertUnwindSafe(|| batcher.take(block)));
        let mut rejections = self.batcher.take_rejections();
        if done.is_err() {
            let told: u64 = rejections.iter().map(|r| r.lost).sum();
            let taken = self.batcher.records() - before + told;
            let lost = block.records().unwrap_or(0).saturating_sub(taken);
            let reason = "the decoder failed on a record of the block that begins here (a defect of \
                          this program); what the block held from that record on is lost";
            rejections.push(Rejection::loss(block.source, block.place(), lost, reason));
        }
        if rejections.is_empty() {
            return Ok(());
        }
        self.sources = self.shared.feeder.lock().expect(LOCK).sources();
        let mut losses = self.shared.losses.lock().expect(LOCK);
        for rejection in &rejections {
            losses
                .push(rejection, self.source(rejection.source))
                .context("cannot write the temporary file of rejections")?;
        }
        Ok(())
    }

    pub(super) fn source(&self, id: SourceId) -> &str {
        self.sources.get(id.0 as usize).map_or("", |name| name)
    }

    fn scan_all(&mut self) -> Result<()> {
        self.sources = self.shared.feeder.lock().expect(LOCK).sources();
        for batch in self.batcher.drain() {
            self.scan(&batch)?;
            for block in self.batcher.recycle(batch) {
                self.shared.recycler.take(block);
            }
        }
        Ok(())
    }

    fn scan(&mut self, batch: &EventBatch) -> Result<()> {
        let events = batch.len() as u64;
        let hosts = entity::hosts(batch);
        self.count(batch, &hosts);
        self.gather(batch, &hosts);
        self.met.clear();
        let met = &mut self.met;
        let by_rules = self.scanner.scan(batch, |row, ix| met.push((row, ix)));
        if by_rules || self.indicators.is_some() {
            self.tally.evaluated += events;
        } else {
            self.tally.not_evaluated += events;
        }
        if let Some(tool) = alert::tool(batch.kind()) {
            *self.tally.tool_alerts.entry(tool.to_owned()).or_default() += events;
            if self.shared.hunt.tools.is_some() {
                self.met.extend((0..batch.len()).map(|row| (row, OF_A_TOOL)));
            }
        }
        self.met.sort_unstable();
        let met = std::mem::take(&mut self.met);
        let mut kept = 0;
        self.rows_kept.clear();
        for of_row in met.chunk_by(|a, b| a.0 == b.0) {
            let before = kept;
            kept += self.keep_row(batch, of_row)?;
            self.rows_kept.extend((kept > before).then_some(of_row[0].0));
            self.tally.with_findings += u64::from(kept > before);
        }
        self.met = met;
        kept += self.keep_indicators(batch)?;
        self.shared.progress.scanned(events, kept);
        Ok(())
    }

    /// Gathers what a case wants to know of all events.
    fn gather(&mut self, batch: &EventBatch, hosts: &RowTexts) {
        let Some(gatherer) = &mut self.tally.gathered else { return };
        let (sources, accounts) = (&self.sources, OnceCell::new());
        gatherer.take(batch, hosts, |row| About {
            account: accounts.get_or_init(|| entity::Accounts::of(batch)).get(row),
            source: sources.get(batch.rows()[row].source.0 as usize).map_or("", |source| source),
        });
    }

    fn count(&mut self, batch: &EventBatch, hosts: &RowTexts) {
        *self.tally.kinds.entry(batch.kind().to_string()).or_default() += batch.len() as u64;
        for (host, count) in hosts.counts() {
            self.tally.host(host, count);
        }
        for time in batch.rows().iter().filter_map(|r| r.time) {
            self.tally.time(time);
        }
    }

    /// Spools a row's findings, unless a filter drops them. Returns how many.
    fn keep_row(&mut self, batch: &EventBatch, met: &[(usize, RuleIx)]) -> Result<u64> {
        let row = met[0].0;
        let hunt = self.shared.hunt;
        let at = &batch.rows()[row];
        if !hunt.filter.has_time(at.time) {
            self.tally.without_time += u64::from(at.time.is_none()) * met.len() as u64;
            return Ok(0);
        }
        let host = entity::host(batch, row);
        if !hunt.filter.has_host(host.as_deref()) {
            return Ok(0);
        }
        let of_rules = met.partition_point(|(_, ix)| *ix < OF_A_TOOL);
        self.correlate(batch, &met[..of_rules], host.as_deref())?;
        let rules = &hunt.rules;
        let reports = |ix: RuleIx| ix == OF_A_TOOL || rules.get(ix).reports;
        let reporting = || met.iter().filter(|(_, ix)| reports(*ix));
        if reporting().next().is_none() {
            return Ok(0);
        }
        // The batch has the fields that rules ask for; who reads a finding wants them all.
        let whole = self.batcher.whole(batch, row);
        let (event, row) = whole.as_ref().map_or((batch, row), |whole| (whole, 0));
        let mut kept = 0;
        for (_, ix) in reporting() {
            let finding = match *ix {
                OF_A_TOOL => self.tool_finding(event, row, host.clone()),
                ix => Some(self.finding(event, row, ix, host.clone())),
            };
            let Some(finding) = finding else { continue };
            kept += 1;
            self.json.clear();
            json::write(&mut self.json, &finding, json::Place::Line)
                .context("a finding cannot be written as JSON")?;
            let key = Key::new(at.time, at.order, ix.0);
            let mut spool = self.shared.spool.lock().expect(LOCK);
            spool
                .push(key, finding.level, &self.json)
                .context("cannot write the temporary file of findings")?;
        }
        if let Some(whole) = whole {
            self.batcher.recycle_whole(whole);
        }
        Ok(kept)
    }

    /// Hands on a row's matches that correlations want.
    fn correlate(
        &mut self,
        batch: &EventBatch,
        met: &[(usize, RuleIx)],
        host: Option<&str>,
    ) -> Result<()> {
        let Some(runs) = &self.shared.matches else { return Ok(()) };
        let rules = &self.shared.hunt.rules;
        let without_time = correlate::gather(rules, batch, met, host, &mut self.gathered, runs)
            .context("cannot write the temporary file of matches")?;
        self.tally.uncorrelated += without_time;
        Ok(())
    }

    /// Hands on what is gathered for correlations.
    fn end_correlate(&mut self) -> Result<()> {
        let Some(runs) = &self.shared.matches else { return Ok(()) };
        self.gathered.write(runs).context("cannot write the temporary file of matches")?;
        self.tally.uncorrelated_values = self.gathered.cut;
        Ok(())
    }

    fn finding(&self, batch: &EventBatch, row: usize, ix: RuleIx, host: Option<String>) -> Finding {
        let rules = self.scanner.rules();
        let rule = rules.get(ix);
        let names =
            reference::matched_fields(rules.predicates(), &rule.expr, &BatchRow { batch, row });
        let said = Said {
            rule_id: rule.id.clone(),
            rule_title: rule.title.clone(),
            level: rule.level,
            status: rule.status,
            tags: rule.tags.clone(),
            tool: None,
        };
        self.finding_of(batch, row, host, (said, &names))
    }

    /// The finding of another tool that the event is, if it is asked for.
    fn tool_finding(
        &self,
        batch: &EventBatch,
        row: usize,
        host: Option<String>,
    ) -> Option<Finding> {
        let alert = alert::alert(batch, row)?;
        self.shared.hunt.tools.as_ref().filter(|filter| filter.has(&alert))?;
        let rule = alert.rule.as_deref().unwrap_or(&alert.title);
        let said = Said {
            rule_id: format!("{}:{rule}", alert.tool),
            rule_title: format!("{}: {}", alert.tool, alert.title),
            level: alert.level,
            status: None,
            tags: alert.techniques.iter().map(|id| format!("attack.{id}")).collect(),
            tool: Some(alert.tool),
        };
        Some(self.finding_of(batch, row, host, (said, &alert.fields)))
    }

    /// What is said of an event, with the event and the fields that it rests on.
    fn finding_of(
        &self,
        batch: &EventBatch,
        row: usize,
        host: Option<String>,
        (said, names): (Said, &[impl AsRef<str>]),
    ) -> Finding {
        let at = &batch.rows()[row];
        let names = names.iter().map(AsRef::as_ref);
        let own = |name: &str, value: Value<'_>| (name.to_owned(), value.to_owned());
        let matched = names.filter_map(|n| Some(own(n, batch.value(row, n)?))).collect();
        let mut event: Vec<_> = batch.fields(row).map(|(n, v)| own(n, v)).collect();
        // The order of a batch's columns depends on what else is in the batch.
        event.sort_by(|a, b| a.0.cmp(&b.0));
        Finding {
            rule_id: said.rule_id,
            rule_title: said.rule_title,
            level: said.level,
            status: said.status,
            tags: said.tags,
            tool: said.tool,
            kind: batch.kind().to_string(),
            time: at.time,
            host,
            account: entity::account(batch, row),
            matched: Fields(matched),
            source: self.source(at.source).to_owned(),
            record: at.record,
            event: Fields(event),
            raw: self.shared.hunt.with_raw.then(|| {
                String::from_utf8_lossy(&self.batcher.text(batch, row)).trim_end().to_owned()
            }),
            correlation: None,
            indicator: None,
        }
    }
}
