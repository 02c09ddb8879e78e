//! `blanik hunt --explain RULE_ID`: for the events that come nearest to the rule, why it did or did
//! not match.

use std::cmp::Reverse;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use blanik_detect::explain::{Explanation, explain};
use blanik_detect::reference::BatchRow;
use blanik_detect::{Rule, Rules};
use blanik_ingest::{Batcher, Feeder, Normaliser, Options, entity};
use blanik_model::text::{for_terminal, shorten};
use blanik_model::{EventBatch, Timestamp};

use crate::cli::HuntArgs;
use crate::hunt::Filter;
use crate::pipeline::inputs;

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

/// Reads the logs, explains, and prints.
pub fn run(args: &HuntArgs, rules: &Rules, id: &str) -> Result<ExitCode> {
    let rule = rules.iter().map(|(_, r)| r).next().expect("the caller chose the rule");
    let filter = Filter { from: args.from, to: args.to, hosts: args.host.clone() };
    let options = Options { format: args.input_format, ..Options::default() };
    let mut feeder = Feeder::new(inputs(&args.paths), options);
    let mut batcher = Batcher::new(Arc::new(Normaliser::new()));
    let mut search =
        Search { rules, rule, filter, record: args.record, cases: Vec::new(), about: 0, read: 0 };
    while let Some(block) = feeder.next_block() {
        batcher.take(&block);
        batcher.take_rejections();
        if batcher.is_full() {
            batcher.drain().iter().for_each(|b| search.look(b, &feeder));
        }
    }
    batcher.drain().iter().for_each(|b| search.look(b, &feeder));
    search.print(&mut BufWriter::new(io::stdout().lock()), id)?;
    Ok(ExitCode::SUCCESS)
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

    fn print(&mut self, out: &mut dyn Write, id: &str) -> io::Result<()> {
        self.keep_nearest();
        let (rule, source) = (self.rule, &self.rule.log_source);
        writeln!(out, "{} ({})", for_terminal(&rule.title), for_terminal(id))?;
        writeln!(out, "looks at {source}: {} of {} events read", self.about, self.read)?;
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
