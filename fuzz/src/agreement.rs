//! The scanner and the slow evaluator must say the same of every row.

use std::sync::Arc;

use blanik_detect::reference::{self, BatchRow};
use blanik_detect::{Rules, Scanner};
use blanik_model::{EventBatch, Kind, RawBlock, SourceId};

/// Panics where they differ. A rule whose log source does not name the kind meets nothing.
pub fn check(rules: &Rules, scanner: &mut Scanner, batch: &EventBatch) {
    let mut found = Vec::new();
    scanner.scan(batch, |row, ix| found.push((ix, row)));
    let mut expected = Vec::new();
    for (ix, rule) in rules.iter().filter(|(_, rule)| rule.log_source.names(batch.kind())) {
        for row in 0..batch.len() {
            let event = BatchRow { batch, row };
            if reference::meets(rules, rule, &event) {
                reference::matched_fields(rules.predicates(), &rule.expr, &event);
                expected.push((ix, row));
            }
        }
    }
    assert_eq!(found, expected);
}

/// A kind that many rules are about.
pub fn kind(event_id: Option<u32>) -> Arc<Kind> {
    Arc::new(Kind {
        product: Some("windows".into()),
        services: vec!["security".into()],
        categories: vec!["process_creation".into()],
        event_id,
    })
}

/// Begins a row that has no raw record.
pub fn begin_row(batch: &mut EventBatch, block: &RawBlock) {
    let order = batch.len() as u64;
    batch.begin_row(None, SourceId(0), order + 1, order, block, 0..0);
}
