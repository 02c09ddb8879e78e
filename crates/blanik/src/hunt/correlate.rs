//! Matches → findings of correlation rules, when all logs are read.

use std::io;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use blanik_detect::correlate::{Account, Engine, Found, Limits, Match, Seen, Sink};
use blanik_detect::correlation::{Correlation, Operator, Referent};
use blanik_detect::{RuleIx, Rules};
use blanik_ingest::entity;
use blanik_model::finding::{Correlated, CorrelatedEvent, Fields};
use blanik_model::{EventBatch, Finding, Interest, Interests, Kind, OwnedValue, SourceId, Value};

use super::TEMPORARY;
use super::matches::{Gathered, Places, Record, Runs};
use super::spool::{FindingEntry, Key, Spool};
use crate::output::json;
use crate::summary::CorrelationStats;

/// What is asked of events: what the rules ask, and the account where a correlation may name it.
pub struct WithAccounts(pub Arc<Rules>);

impl Interests for WithAccounts {
    fn of(&self, kind: &Kind) -> Interest {
        let interest = self.0.of(kind);
        if self.0.correlates(kind) { interest.with(entity::account_fields(kind)) } else { interest }
    }
}

/// Gathers of a row the matches that correlations want. Those without time are counted by it.
pub fn gather(
    rules: &Rules,
    batch: &EventBatch,
    met: &[(usize, RuleIx)],
    host: Option<&str>,
    gathered: &mut Gathered,
    runs: &Mutex<Runs>,
) -> io::Result<u64> {
    let mut without_time = 0;
    for (row, rule) in met {
        let Some(names) = rules.carried(*rule) else { continue };
        let at = &batch.rows()[*row];
        let Some(time) = at.time else {
            without_time += 1;
            continue;
        };
        let record = Record {
            time,
            order: at.order,
            rule: *rule,
            source: at.source,
            record: at.record,
            host: host.map(str::to_owned),
            account: entity::account(batch, *row),
            values: Vec::new(),
        };
        let values = names.iter().map(|name| batch.value(*row, name));
        gathered.push(&record, values, runs)?;
    }
    Ok(without_time)
}

/// Looks through all matches in order, and spools what correlations find.
pub fn fold(
    rules: &Arc<Rules>,
    runs: Runs,
    sources: &[Arc<str>],
    spool: &mut Spool<FindingEntry>,
) -> Result<CorrelationStats> {
    let matches = runs.matches;
    let (mut sorted, places) = runs.into_sorted().context(TEMPORARY)?;
    let mut engine = Engine::new(Arc::clone(rules), Limits::default());
    let mut teller =
        Teller { rules, places, sources, spool, json: Vec::new(), tie: 0, failed: None };
    while let Some((event, record)) = sorted.next().context(TEMPORARY)? {
        let values: Vec<Option<Value<'_>>> =
            record.values.iter().map(|v| v.as_ref().map(OwnedValue::get)).collect();
        let Record { rule, time, order, .. } = record;
        engine.take(Match { rule, time, order, event, values: &values }, &mut teller);
        if let Some(error) = teller.failed.take() {
            return Err(error);
        }
    }
    let accounts = engine.finish(&mut teller);
    match teller.failed.take() {
        Some(error) => Err(error),
        None => Ok(stats(rules, &accounts, matches)),
    }
}

fn stats(rules: &Rules, accounts: &[Account], matches: u64) -> CorrelationStats {
    let sum = |of: fn(&Account) -> u64| accounts.iter().map(of).sum();
    let lacking = |account: &&Account| account.taken == 0 && account.without_field > 0;
    let title = |account: &Account| rules.correlation(account.correlation).title.clone();
    CorrelationStats {
        rules: accounts.len() as u64,
        matches,
        without_field: sum(|a| a.without_field),
        dropped: sum(|a| a.dropped),
        shortened: accounts.iter().filter(|a| a.dropped > 0).map(title).collect(),
        blind: accounts.iter().filter(lacking).map(title).collect(),
        ..CorrelationStats::default()
    }
}

/// Makes findings of runs.
struct Teller<'t> {
    rules: &'t Rules,
    places: Places,
    sources: &'t [Arc<str>],
    spool: &'t mut Spool<FindingEntry>,
    json: Vec<u8>,
    tie: u32,
    failed: Option<anyhow::Error>,
}

impl Sink for Teller<'_> {
    fn found(&mut self, found: Found) {
        if self.failed.is_none() && self.rules.correlation(found.correlation).reports {
            self.failed = self.tell(&found).err();
        }
    }
}

impl Teller<'_> {
    fn tell(&mut self, found: &Found) -> Result<()> {
        let finding = self.finding(found).context(TEMPORARY)?;
        self.json.clear();
        json::write(&mut self.json, &finding, json::Place::Line)
            .context("a finding cannot be written as JSON")?;
        // Behind those of the rules themselves.
        let rule = self.rules.len() as u32 + found.correlation.0;
        let key = Key::new(Some(found.met.time), found.met.order, rule).with_tie(self.tie);
        self.tie = self.tie.wrapping_add(1);
        self.spool.push(key, finding.level, &self.json).context(TEMPORARY)
    }

    fn finding(&mut self, found: &Found) -> io::Result<Finding> {
        let correlation = self.rules.correlation(found.correlation);
        let met = self.places.get(found.met.event)?;
        let listed: Vec<Record> = found
            .events
            .iter()
            .map(|seen| self.places.get(seen.event))
            .collect::<Result<_, _>>()?;
        // Whom all events are about; else nobody.
        let common = |of: fn(&Record) -> &Option<String>| {
            let same = listed.iter().all(|record| of(record) == of(&met));
            of(&met).clone().filter(|_| same)
        };
        let distinct = distinct(&found.events);
        let correlated = Correlated {
            ty: correlation.ty.to_string(),
            group_by: group(correlation, found),
            timespan: correlation.timespan.to_string(),
            condition: correlation.condition.to_string(),
            value: number(found.value),
            value_max: number(found.value_max),
            first: found.first,
            last: found.last,
            events: found
                .events
                .iter()
                .zip(&listed)
                .map(|(seen, record)| CorrelatedEvent {
                    rule_id: self.rules.get(seen.rule).id.clone(),
                    time: record.time,
                    source: self.source(record.source),
                    record: record.record,
                })
                .collect(),
            further_events: found.events_total - distinct,
        };
        Ok(Finding {
            rule_id: correlation.id.clone(),
            rule_title: correlation.title.clone(),
            level: correlation.level,
            status: correlation.status,
            tags: correlation.tags.clone(),
            kind: Finding::CORRELATION.to_owned(),
            time: Some(found.met.time),
            host: common(|record| &record.host),
            account: common(|record| &record.account),
            matched: self.matched(correlation, found, &met),
            source: self.source(met.source),
            record: met.record,
            event: Fields::default(),
            tool: None,
            indicator: None,
            raw: None,
            correlation: Some(Box::new(correlated)),
        })
    }

    /// The group's values, then what was counted, and the value that met the condition.
    fn matched(&self, correlation: &Correlation, found: &Found, met: &Record) -> Fields {
        let Fields(mut matched) = group(correlation, found);
        let word = correlation.ty.to_string();
        if correlation.ty.is_temporal() {
            let mut titles: Vec<&str> = Vec::new();
            for seen in &found.events {
                let title = self.rules.get(seen.rule).title.as_str();
                if !titles.contains(&title) {
                    titles.push(title);
                }
            }
            matched.push((word, titles.join(" · ").as_str().into()));
            return Fields(matched);
        }
        let at_least = |operator| matches!(operator, Operator::Greater | Operator::GreaterOrEqual);
        let grows = correlation.condition.bounds.iter().any(|bound| at_least(bound.operator));
        matched.push((word, number(if grows { found.value_max } else { found.value })));
        let carried = self.rules.carried(met.rule).unwrap_or_default();
        for name in &correlation.condition.fields {
            let field = correlation.field(name, Referent::Rule(met.rule), met.rule);
            let at = carried.binary_search_by(|carried| (**carried).cmp(field)).ok();
            if let Some(value) = at.and_then(|at| met.values.get(at)?.clone()) {
                matched.push((name.to_string(), value));
            }
        }
        Fields(matched)
    }

    fn source(&self, id: SourceId) -> String {
        self.sources.get(id.0 as usize).map_or_else(String::new, |name| name.to_string())
    }
}

fn group(correlation: &Correlation, found: &Found) -> Fields {
    let names = correlation.group_by.iter().map(|name| name.to_string());
    Fields(names.zip(found.group.iter().cloned()).collect())
}

/// How many events are listed: one may have met several rules.
fn distinct(events: &[Seen]) -> u64 {
    let mut orders: Vec<u64> = events.iter().map(|seen| seen.order).collect();
    orders.sort_unstable();
    orders.dedup();
    orders.len() as u64
}

fn number(number: f64) -> OwnedValue {
    Value::number(&number.to_string()).to_owned()
}
