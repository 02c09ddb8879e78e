//! `blanik hunt --explain RULE_ID`: for the events that come nearest to the rule, why it did or did
//! not match.

mod correlation;

use std::cmp::Reverse;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, bail};
use blanik_detect::explain::{Explanation, explain};
use blanik_detect::reference::BatchRow;
use blanik_detect::{CorrelationIx, Rule, Rules};
use blanik_ingest::{Batcher, Feeder, Severity, entity};
use blanik_model::text::{for_terminal, shorten};
use blanik_model::{EventBatch, Everything, Timestamp};

use crate::cli::HuntArgs;
use crate::hunt::Filter;
use crate::logs::Logs;

/// Events explained at a time.
const EVENTS_MAX: usize = 5;
/// Characters of a value shown.
const VALUE_CHARS_MAX: usize = 160;

struct Case {
    // What decides: met events first, then those of which most holds, then the earliest.
    nearness: (bool, usize),
    order: u64,
    source: String,
    record: u64,
    time: Option<Timestamp>,
    host: Option<String>,
    explanation: Explanation,
}

/// Reads the logs, explains, and prints. What could not be read is said, too.
pub fn run(args: &HuntArgs, rules: Rules, logs: Logs) -> Result<ExitCode> {
    let asked = args.explain.as_deref().expect("the caller was asked to explain");
    let rules = Arc::new(rules);
    let rule = match named(&rules, asked)? {
        Named::Rule(rule) => rule,
        Named::Correlation(ix) => return correlation::run(args, &rules, ix, &logs),
    };
    let filter = filter(args);
    let record = args.record;
    let mut search =
        Search { rules: &rules, rule, filter, record, cases: Vec::new(), about: 0, read: 0 };
    let read = read(&logs, &mut |batch, feeder| {
        search.look(batch, feeder);
        Ok(())
    })?;
    search.print(&mut BufWriter::new(io::stdout().lock()), read.lost)?;
    read.end()
}

fn filter(args: &HuntArgs) -> Filter {
    Filter { from: args.from, to: args.to, hosts: args.host.clone() }
}

/// What reading came to.
struct Reading {
    /// Records that could not be read.
    lost: u64,
    /// The first input that cannot be opened, and why.
    missing: Option<String>,
    /// The names of the logs.
    sources: Vec<Arc<str>>,
}

impl Reading {
    /// Fails if an input could not be opened.
    fn end(self) -> Result<ExitCode> {
        match self.missing {
            Some(missing) => bail!("cannot open {missing} (the other inputs were read)"),
            None => Ok(ExitCode::SUCCESS),
        }
    }
}

/// Reads all logs, every field of their events.
fn read(logs: &Logs, look: &mut dyn FnMut(&EventBatch, &Feeder) -> Result<()>) -> Result<Reading> {
    let mut feeder = logs.feeder();
    let mut batcher = Batcher::new(Arc::clone(&logs.normaliser), Arc::new(Everything));
    let mut lost = 0;
    while let Some(block) = feeder.next_block() {
        batcher.take(&block);
        lost += batcher.take_rejections().iter().map(|r| r.lost).sum::<u64>();
        if batcher.is_full() {
            batcher.drain().iter().try_for_each(|b| look(b, &feeder))?;
        }
    }
    batcher.drain().iter().try_for_each(|b| look(b, &feeder))?;
    let rejections = feeder.rejections();
    lost += rejections.iter().map(|r| r.lost).sum::<u64>();
    let sources = feeder.sources();
    let missing = rejections.iter().find(|r| r.severity == Severity::Missing).map(|missing| {
        let name = sources.get(missing.source.0 as usize).map_or("", |s| s);
        format!("{name}: {}", missing.reason)
    });
    Ok(Reading { lost, missing, sources })
}

/// A rule or a correlation.
enum Named<'r> {
    Rule(&'r Rule),
    Correlation(CorrelationIx),
}

/// The one rule with this id, or whose id begins so, or whose title contains it.
fn named<'r>(rules: &'r Rules, asked: &str) -> Result<Named<'r>> {
    let asked = asked.to_lowercase();
    let correlations = rules.correlations().map(|(ix, c)| (c.head(), Named::Correlation(ix)));
    let all = rules.iter().map(|(_, rule)| (rule.head(), Named::Rule(rule))).chain(correlations);
    let mut found = Vec::new();
    for (head, named) in all {
        if head.id.to_lowercase() == asked {
            return Ok(named);
        }
        if head.id.to_lowercase().starts_with(&asked) || head.title.to_lowercase().contains(&asked)
        {
            found.push((head, named));
        }
    }
    match found.as_slice() {
        [_] => Ok(found.remove(0).1),
        [] => bail!("no rule has the id or title '{asked}': `blanik rules check` lists them"),
        [(first, _), (second, _), ..] => bail!(
            "'{asked}' names {} rules, '{}' ({}) and '{}' ({}) among them: give more of the id",
            found.len(),
            first.title,
            first.id,
            second.title,
            second.id
        ),
    }
}

struct Search<'r> {
    rules: &'r Rules,
    rule: &'r Rule,
    filter: Filter,
    record: Option<u64>,
    cases: Vec<Case>,
    about: u64,
    read: u64,
}

impl Search<'_> {
    fn look(&mut self, batch: &EventBatch, feeder: &Feeder) {
        self.read += batch.len() as u64;
        if !self.rule.log_source.names(batch.kind()) {
            return;
        }
        let sources = feeder.sources();
        for row in 0..batch.len() {
            let at = &batch.rows()[row];
            let host = entity::host(batch, row);
            let asked = self.record.is_none_or(|r| r == at.record)
                && self.filter.has_time(at.time)
                && self.filter.has_host(host.as_deref());
            if !asked {
                continue;
            }
            self.about += 1;
            let explanation = explain(self.rules, self.rule, &BatchRow { batch, row });
            let held = explanation.selections.iter().filter(|p| p.holds).count();
            self.cases.push(Case {
                nearness: (explanation.meets, held),
                order: at.order,
                source: sources
                    .get(at.source.0 as usize)
                    .map_or_else(String::new, |s| s.to_string()),
                record: at.record,
                time: at.time,
                host,
                explanation,
            });
            if self.cases.len() > 16 * EVENTS_MAX {
                self.keep_nearest();
            }
        }
    }

    fn keep_nearest(&mut self) {
        self.cases.sort_by_key(|c| (Reverse(c.nearness), c.order));
        self.cases.truncate(EVENTS_MAX);
    }

    fn print(&mut self, out: &mut dyn Write, lost: u64) -> io::Result<()> {
        self.keep_nearest();
        let (rule, source) = (self.rule, &self.rule.log_source);
        writeln!(out, "{} ({})", for_terminal(&rule.title), for_terminal(&rule.id))?;
        writeln!(out, "looks at {source}: {} of {} events read", self.about, self.read)?;
        if lost > 0 {
            writeln!(out, "{lost} records could not be read; `--rejections` of a hunt lists them")?;
        }
        if self.cases.is_empty() {
            writeln!(
                out,
                "No event is of that log source (or passes the filters), so the rule asked nothing."
            )?;
        }
        for case in &self.cases {
            print_case(out, case)?;
        }
        if self.about > self.cases.len() as u64 {
            writeln!(
                out,
                "\n{} further events are less near; --record, --from, --to and --host choose among them",
                self.about - self.cases.len() as u64
            )?;
        }
        out.flush()
    }
}

fn print_case(out: &mut dyn Write, case: &Case) -> io::Result<()> {
    let time = case.time.map_or("no time".to_owned(), |t| t.to_string());
    let host = case.host.as_deref().unwrap_or("no host");
    let verdict = if case.explanation.meets { "MATCHES" } else { "does not match" };
    writeln!(
        out,
        "\n{time}  {}  {}:{}  {verdict}",
        for_terminal(host),
        for_terminal(&case.source),
        case.record
    )?;
    for condition in &case.explanation.conditions {
        writeln!(out, "  condition: {}", for_terminal(condition))?;
    }
    for part in &case.explanation.selections {
        let sign = if part.holds { "yes" } else { "no " };
        write!(out, "  {sign} {}{}", "  ".repeat(part.depth), for_terminal(&part.asks))?;
        match &part.value {
            Some(value) => {
                let text = value.get().display();
                writeln!(out, "   — it is '{}'", for_terminal(&shorten(&text, VALUE_CHARS_MAX)))?;
            }
            None => writeln!(out)?,
        }
    }
    Ok(())
}
