//! SigmaHQ's own regression logs: each fires its rule, with SigmaHQ's whole rule set loaded.

use std::path::Path;
use std::sync::Arc;

use blanik_detect::{Rules, Scanner};
use blanik_ingest::{Batcher, Feeder, Input, Normaliser, Options};
use blanik_model::Everything;

use crate::data;

/// How many events of the log must meet the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    AtLeast(usize),
    Exactly(usize),
}

impl Expected {
    fn parse(text: &str) -> Self {
        match text.strip_prefix(">=") {
            Some(n) => Expected::AtLeast(n.parse().expect("a number")),
            None => Expected::Exactly(text.parse().expect("a number")),
        }
    }

    fn is_met_by(self, found: usize) -> bool {
        match self {
            Expected::AtLeast(n) => found >= n,
            Expected::Exactly(n) => found == n,
        }
    }
}

#[test]
fn each_log_fires_its_rule() {
    let (Some(cases), Some(logs), Some(sigma_hq)) = (
        data::path("truth/sigma-regression.tsv"),
        data::path("windows-evtx/sigma-regression-dev"),
        data::sigma_hq(),
    ) else {
        return;
    };
    let cases = std::fs::read_to_string(cases).expect("readable");
    let mut failed = Vec::new();
    let mut count = 0;
    for line in cases.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [log, rule, title, _, expected] = columns[..] else { panic!("five columns: {line}") };
        let found = findings(&sigma_hq.rules, &logs.join(log), rule);
        if !Expected::parse(expected).is_met_by(found) {
            failed.push(format!("{rule} {title}: {expected} expected, {found} found in {log}"));
        }
        count += 1;
    }
    eprintln!("{count} regression logs");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(count >= 80, "{count} regression logs");
}

/// The events of a log that meet the rule.
fn findings(rules: &Arc<Rules>, log: &Path, rule: &str) -> usize {
    assert!(log.exists(), "{} is missing", log.display());
    let mut batcher = Batcher::new(Arc::new(Normaliser::new()), Arc::new(Everything));
    let feeder = Feeder::new(vec![Input::Path(log.to_owned())], Options::default());
    feeder.for_each(|block| batcher.take(&block));
    let mut scanner = Scanner::new(Arc::clone(rules));
    let mut found = 0;
    for batch in batcher.drain() {
        scanner.scan(&batch, |_, ix| found += usize::from(rules.get(ix).id == rule));
    }
    found
}
