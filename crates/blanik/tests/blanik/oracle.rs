//! Another implementation of Sigma, `rsigma-eval`, is given the same fields and the same routing by log
//! source, and must find the same: rule by rule, event by event, with SigmaHQ's whole rule set over
//! real telemetry. Where the two differ, the specification decides, and [`settled`] lists it.
//!
//! What repeats itself is evaluated once: events that are alike in all that the rules of their kind ask
//! for. The largest kinds are sampled, unless `BLANIK_ORACLE=full`.

mod compare;
mod settled;
mod theirs;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use blanik_ingest::{Batcher, Feeder, Input, Normaliser, Options};

use crate::data;
use compare::{Comparer, Count, Side};
use settled::SETTLED;
use theirs::Oracle;

/// One for all tests: its engines take a while to build.
fn oracle() -> Option<&'static Oracle> {
    static ORACLE: OnceLock<Option<Oracle>> = OnceLock::new();
    ORACLE.get_or_init(|| Some(Oracle::new(data::sigma_hq()?))).as_ref()
}

/// Compares over a folder of the data set; at least so many events and findings must have been compared.
fn check(folder: &str, events: u64, findings: u64) {
    let (Some(path), Some(oracle)) = (data::path(folder), oracle()) else { return };
    let full = std::env::var("BLANIK_ORACLE").is_ok_and(|v| v == "full");
    let feeder = Mutex::new(Feeder::new(vec![Input::Path(path)], Options::default()));
    let normaliser = Arc::new(Normaliser::new());
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get()).min(4);
    let count = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let mut comparer = Comparer::new(oracle, full);
                let mut batcher = Batcher::new(Arc::clone(&normaliser));
                let feeder = &feeder;
                scope.spawn(move || {
                    loop {
                        let block = feeder.lock().expect("no one panics").next_block();
                        let at_end = block.is_none();
                        if let Some(block) = block {
                            batcher.take(&block);
                        }
                        if at_end || batcher.is_full() {
                            batcher.drain().iter().for_each(|batch| comparer.compare(batch));
                        }
                        if at_end {
                            return comparer.finish();
                        }
                    }
                })
            })
            .collect();
        let mut sum = Count::default();
        workers.into_iter().for_each(|w| sum.add(w.join().expect("workers do not panic")));
        sum
    });
    report(folder, &count, full);
    let unsettled = unsettled(&count);
    assert!(unsettled.is_empty(), "{folder}: differences that nobody settled:\n{}", unsettled.join("\n"));
    assert!(count.events >= events, "{folder}: {} events", count.events);
    assert!(count.findings >= findings, "{folder}: {} findings", count.findings);
}

fn report(folder: &str, count: &Count, full: bool) {
    eprintln!(
        "{folder}: {} events compared ({} distinct), {} findings by {} rules in both, {} differences; \
         {} events of no rule's kind",
        count.events,
        count.distinct,
        count.findings,
        count.rules.len(),
        count.differences.values().map(|d| d.events).sum::<u64>(),
        count.unrouted,
    );
    if !full && count.sampled_out > 0 {
        eprintln!(
            "SAMPLED: {} further events of {folder} were not compared; BLANIK_ORACLE=full compares all",
            count.sampled_out
        );
    }
}

/// The differences that [`SETTLED`] does not list, a line each.
fn unsettled(count: &Count) -> Vec<String> {
    let known: BTreeSet<(&str, Side)> = SETTLED.iter().map(|s| (s.rule, s.only)).collect();
    let mut by_rule = BTreeMap::new();
    for ((rule, side), difference) in &count.differences {
        if !known.contains(&(rule.as_str(), *side)) {
            by_rule.insert((rule, *side), difference);
        }
    }
    by_rule
        .iter()
        .map(|((rule, side), d)| format!("{rule} {side:?} {} events, such as {}", d.events, d.example))
        .collect()
}

#[test]
fn both_compile_all_of_sigma_hq() {
    let Some(oracle) = oracle() else { return };
    eprintln!("{} rules in both", oracle.shared());
    assert!(oracle.shared() >= 3_700, "{} rules compile in both", oracle.shared());
    for (id, reason) in oracle.refused() {
        assert!(reason.contains("placeholder"), "{id}: {reason}");
    }
}

#[test]
fn windows_json() {
    check("windows-json-otrf", 100_000, 1_000);
}

#[test]
fn windows_splunk() {
    check("windows-splunk", 16_000, 100);
}

#[test]
fn windows_evtx() {
    check("windows-evtx", 30_000, 1_000);
}

#[test]
fn zeek() {
    check("zeek", 50_000, 10);
}

#[test]
fn suricata() {
    check("suricata", 50_000, 0);
}
