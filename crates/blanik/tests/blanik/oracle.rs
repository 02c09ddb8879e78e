//! Another implementation of Sigma, `rsigma-eval`, is given the same fields and the same routing by log
//! source, and must find the same: rule by rule, event by event, with SigmaHQ's whole rule set over
//! real telemetry. Where the two differ, the specification decides, and [`settled`] lists it.
//!
//! Every event of the data set is compared. What repeats itself is evaluated once: events that are alike
//! in all that the rules of their kind ask for.

mod compare;
mod correlation;
mod grid;
mod settled;
mod theirs;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use blanik_ingest::{Batcher, Feeder, Input, Normaliser, Options};
use blanik_model::Everything;

use crate::data;
use compare::{Comparer, Count, Difference, Side};
use settled::{SETTLED, SettledRule};
use theirs::Oracle;

/// One for all tests: its engines take a while to build.
fn oracle() -> Option<&'static Oracle> {
    static ORACLE: OnceLock<Option<Oracle>> = OnceLock::new();
    ORACLE.get_or_init(|| Some(Oracle::new(data::sigma_hq()?))).as_ref()
}

/// Compares over a folder of the data set; at least so many events and findings must have been compared.
fn check(folder: &str, events: u64, findings: u64) {
    let (Some(path), Some(oracle)) = (data::path(folder), oracle()) else { return };
    let feeder = Mutex::new(Feeder::new(vec![Input::Path(path)], Options::default()));
    let normaliser = Arc::new(Normaliser::new());
    let threads = std::thread::available_parallelism().map_or(2, |n| n.get()).min(4);
    let count = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let mut comparer = Comparer::new(oracle);
                let mut batcher = Batcher::new(Arc::clone(&normaliser), Arc::new(Everything));
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
    report(folder, &count);
    let (unsettled, gone) = unsettled(folder, &count);
    assert!(unsettled.is_empty(), "{folder}: nobody settled:\n{}", unsettled.join("\n"));
    assert!(gone.is_empty(), "{folder}: settled, but no longer different: {gone:?}");
    assert!(count.events >= events, "{folder}: {} events", count.events);
    assert!(count.findings >= findings, "{folder}: {} findings", count.findings);
}

fn report(folder: &str, count: &Count) {
    eprintln!(
        "{folder}: {} events compared ({} distinct), {} findings by {} rules in both, {} differences; \
         {} events of kinds that no rule names",
        count.events,
        count.distinct,
        count.findings,
        count.rules.len(),
        count.differences.values().map(|d| d.events).sum::<u64>(),
        count.unrouted,
    );
}

/// The differences that [`SETTLED`] does not list, a line each, and the rules that it lists in vain.
fn unsettled(folder: &str, count: &Count) -> (Vec<String>, Vec<&'static str>) {
    let mut settled: BTreeMap<(&str, Side), &SettledRule> =
        SETTLED.iter().filter(|s| s.folder == folder).map(|s| ((s.rule, s.only), s)).collect();
    let mut unsettled = Vec::new();
    for ((rule, side), difference) in &count.differences {
        let Difference { events, example } = difference;
        match settled.remove(&(rule.as_str(), *side)) {
            Some(known) => eprintln!("{rule} {side:?} {events}: {}", known.class.name),
            None => unsettled.push(format!("{rule} {side:?} {events} events, such as {example}")),
        }
    }
    (unsettled, settled.into_values().map(|s| s.rule).collect())
}

#[test]
fn both_compile_all_of_sigma_hq() {
    let Some(oracle) = oracle() else { return };
    eprintln!("{} rules in both, {} in one or neither", oracle.shared(), oracle.refused().len());
    assert!(oracle.shared() >= 3_750, "{} rules compile in both", oracle.shared());
    for (id, reason) in oracle.refused() {
        assert!(reason.contains("placeholder"), "{id}: {reason}");
    }
    assert_eq!(oracle.rules.len(), oracle.shared(), "each rule of ours is compared");
}

#[test]
fn windows_json() {
    check("windows-json-otrf", 570_000, 6_000);
}

#[test]
fn windows_splunk() {
    check("windows-splunk", 16_900, 800);
}

#[test]
fn windows_evtx() {
    check("windows-evtx", 35_000, 6_000);
}

#[test]
fn zeek() {
    check("zeek", 195_000, 14_000);
}

#[test]
fn suricata() {
    check("suricata", 118_000, 10_000);
}
