//! Why a correlation did or did not find something: the moments at which it did, or came nearest to it.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use blanik_detect::correlate::{Asked, Engine, Found, Limits, Match, Sink};
use blanik_detect::correlation::Correlation;
use blanik_detect::{CorrelationIx, RuleIx, Rules, Scanner};
use blanik_ingest::entity;
use blanik_model::text::{for_terminal, shorten};
use blanik_model::{EventBatch, OwnedValue, Timestamp, Value};

use super::{EVENTS_MAX, VALUE_CHARS_MAX, filter, read};
use crate::check::bases;
use crate::cli::HuntArgs;
use crate::hunt::correlate::gather;
use crate::hunt::matches::{Gathered, Places, Runs};
use crate::logs::Logs;
use crate::output::cell::{count, counted};

/// Reads the logs, explains, and prints.
pub fn run(
    args: &HuntArgs,
    rules: &Arc<Rules>,
    ix: CorrelationIx,
    logs: &Logs,
) -> Result<ExitCode> {
    let mut matching = Matching::new(rules, ix)?;
    let filter = filter(args);
    let reading = read(logs, &mut |batch, _| {
        matching.look(batch, |row| {
            filter.has_time(batch.rows()[row].time)
                && filter.has_host(entity::host(batch, row).as_deref())
        })
    })?;
    let mut moments = Moments { of: ix, rules, found: Vec::new(), nearest: BTreeMap::new() };
    let Matching { met, without_time, gathered, runs, .. } = &mut matching;
    gathered.write(runs)?;
    let (met, without_time) = (std::mem::take(met), *without_time);
    let runs = matching.runs.into_inner().expect("no one panics while holding it");
    let (mut sorted, mut places) = runs.into_sorted()?;
    let mut engine = Engine::new(Arc::clone(rules), Limits::default());
    while let Some((event, record)) = sorted.next()? {
        let values: Vec<Option<Value<'_>>> =
            record.values.iter().map(|v| v.as_ref().map(OwnedValue::get)).collect();
        let (rule, time, order) = (record.rule, record.time, record.order);
        engine.take(Match { rule, time, order, event, values: &values }, &mut moments);
    }
    let accounts = engine.finish(&mut moments);
    let mut out = BufWriter::new(io::stdout().lock());
    let correlation = rules.correlation(ix);
    writeln!(out, "{} ({})", for_terminal(&correlation.title), for_terminal(&correlation.id))?;
    writeln!(out, "{}", for_terminal(&correlation.to_string()))?;
    for (rule, events) in met {
        let rule = rules.get(rule);
        let events = counted(events, "event");
        writeln!(out, "  {events} met {} ({})", for_terminal(&rule.title), for_terminal(&rule.id))?;
    }
    if reading.lost > 0 {
        let lost = count(reading.lost);
        writeln!(out, "{lost} records could not be read; `--rejections` of a hunt lists them")?;
    }
    if without_time > 0 {
        writeln!(out, "{} of these bear no time and take no part", count(without_time))?;
    }
    for account in accounts.iter().filter(|a| a.correlation == ix) {
        if account.without_field > 0 {
            let asked: Vec<&str> = correlation
                .group_by
                .iter()
                .chain(&correlation.condition.fields)
                .map(|n| &**n)
                .collect();
            let n = count(account.without_field);
            writeln!(
                out,
                "{n} matches lack one of {} and take no part",
                for_terminal(&asked.join(", "))
            )?;
        }
    }
    moments.print(&mut out, &mut places, &reading.sources)?;
    out.flush()?;
    reading.end()
}

/// Gathers the matches of the rules below a correlation.
struct Matching {
    rules: Arc<Rules>,
    scanner: Scanner,
    runs: Mutex<Runs>,
    gathered: Gathered,
    /// Events that met each of the rules.
    met: BTreeMap<RuleIx, u64>,
    without_time: u64,
}

impl Matching {
    fn new(rules: &Arc<Rules>, ix: CorrelationIx) -> Result<Self> {
        Ok(Matching {
            rules: Arc::clone(rules),
            scanner: Scanner::new(Arc::clone(rules)),
            runs: Mutex::new(Runs::new()?),
            gathered: Gathered::default(),
            met: bases(rules, ix).into_iter().map(|rule| (rule, 0)).collect(),
            without_time: 0,
        })
    }

    fn look(&mut self, batch: &EventBatch, is_asked: impl Fn(usize) -> bool) -> Result<()> {
        let mut met = Vec::new();
        self.scanner.scan(batch, |row, ix| {
            if self.met.contains_key(&ix) {
                met.push((row, ix));
            }
        });
        met.retain(|(row, _)| is_asked(*row));
        for (_, ix) in &met {
            *self.met.entry(*ix).or_default() += 1;
        }
        self.without_time +=
            gather(&self.rules, batch, &met, None, &mut self.gathered, &self.runs)?;
        Ok(())
    }
}

/// A moment at which the condition was not met, by how far it was from that.
#[derive(Clone, Debug)]
struct Missed {
    time: Timestamp,
    group: Vec<OwnedValue>,
    value: Option<f64>,
}

/// The first runs, and of the moments that belong to none, the nearest.
struct Moments<'r> {
    of: CorrelationIx,
    rules: &'r Rules,
    found: Vec<Found>,
    // By distance, in bits, and a number that keeps equal ones in order of time.
    nearest: BTreeMap<(u64, u64), Missed>,
}

impl Sink for Moments<'_> {
    fn found(&mut self, found: Found) {
        if found.correlation == self.of {
            self.found.push(found);
            self.found.sort_by_key(|f| (f.met.time, f.met.order));
            self.found.truncate(EVENTS_MAX);
        }
    }

    fn asked(&mut self, asked: Asked<'_>) {
        if asked.correlation != self.of || asked.holds {
            return;
        }
        let condition = &self.rules.correlation(self.of).condition;
        let distance = asked.value.map_or(f64::MAX, |value| condition.distance(value));
        let missed = Missed { time: asked.time, group: asked.group.to_vec(), value: asked.value };
        // Of one group, its nearest moment says enough.
        let same = |known: &Missed| known.group == missed.group;
        let known = self.nearest.iter().find(|(_, known)| same(known)).map(|(key, _)| *key);
        let number = asked.time.as_nanos().cast_unsigned() ^ (1 << 63);
        let key = (distance.to_bits(), number);
        match known {
            Some(known) if known <= key => return,
            Some(known) => drop(self.nearest.remove(&known)),
            None => {}
        }
        self.nearest.insert(key, missed);
        if self.nearest.len() > EVENTS_MAX {
            self.nearest.pop_last();
        }
    }
}

impl Moments<'_> {
    fn print(&self, out: &mut dyn Write, places: &mut Places, sources: &[Arc<str>]) -> Result<()> {
        let correlation = self.rules.correlation(self.of);
        for found in &self.found {
            let group = spell(correlation, &found.group);
            let value = if found.value_max > found.value {
                format!("{} to {}", found.value, found.value_max)
            } else {
                found.value.to_string()
            };
            writeln!(out, "\n{}  {group}  FINDS: {value}, to {}", found.met.time, found.last)?;
            for seen in &found.events {
                let record = places.get(seen.event)?;
                let source = sources.get(record.source.0 as usize).map_or("", |s| s);
                writeln!(
                    out,
                    "  {}  {}:{}  {}",
                    seen.time,
                    for_terminal(source),
                    record.record,
                    for_terminal(&self.rules.get(seen.rule).title)
                )?;
            }
            let further = found.events_total.saturating_sub(found.events.len() as u64);
            if further > 0 {
                writeln!(out, "  and {}", counted(further, "further event"))?;
            }
        }
        if self.found.is_empty() && self.nearest.is_empty() {
            writeln!(out, "No match takes part, so the condition was never asked.")?;
        }
        for missed in self.nearest.values().take(EVENTS_MAX.saturating_sub(self.found.len())) {
            let group = spell(correlation, &missed.group);
            let value = missed.value.map_or("nothing to count".to_owned(), |v| v.to_string());
            writeln!(out, "\n{}  {group}  does not find: {value}", missed.time)?;
            writeln!(out, "  condition: {}", for_terminal(&correlation.condition.to_string()))?;
        }
        Ok(())
    }
}

fn spell(correlation: &Correlation, group: &[OwnedValue]) -> String {
    let one = |(name, value): (&str, &OwnedValue)| {
        let text = value.get().display();
        format!("{}={}", for_terminal(name), for_terminal(&shorten(&text, VALUE_CHARS_MAX)))
    };
    let values: Vec<String> =
        correlation.group_by.iter().map(|name| &**name).zip(group).map(one).collect();
    if values.is_empty() { "all matches".to_owned() } else { values.join(" ") }
}
