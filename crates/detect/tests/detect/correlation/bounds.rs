//! What is held stays bounded, whatever rules and logs make of it; and what was dropped is counted.

use std::sync::Arc;

use blanik_detect::correlate::{Engine, Found, Limits, Match, Sink, State};
use blanik_detect::{RuleIx, Rules};
use blanik_model::{Timestamp, Value};

use super::hunt::compile;

#[derive(Default)]
struct Count(usize);

impl Sink for Count {
    fn found(&mut self, _: Found) {
        self.0 += 1;
    }
}

fn rules(correlation: &str) -> Arc<Rules> {
    let (rules, problems) = compile(&format!(
        "title: A\nname: a\nlogsource: {{product: p}}\ndetection: {{s: {{K: a}}, condition: s}}\n---\n\
         title: Many\nname: many\ncorrelation: {correlation}\n"
    ));
    assert!(problems.is_empty(), "{problems:?}");
    rules
}

/// The greatest state on the way, and matches dropped and runs at the end.
fn fold(
    rules: &Arc<Rules>,
    limits: Limits,
    events: u64,
    value: impl Fn(u64) -> String,
    nanos: impl Fn(u64) -> i64,
) -> (State, u64, usize) {
    let mut engine = Engine::new(Arc::clone(rules), limits);
    let (mut most, mut count) = (State::default(), Count::default());
    for i in 0..events {
        let text = value(i);
        let values = [Some(Value::string(&text))];
        let time = Timestamp::from_nanos(nanos(i));
        let given = Match { rule: RuleIx(0), time, order: i, event: i, values: &values };
        engine.take(given, &mut count);
        let state = engine.state();
        most.bytes = most.bytes.max(state.bytes);
        most.groups = most.groups.max(state.groups);
        most.matches = most.matches.max(state.matches);
    }
    let dropped = engine.finish(&mut count).iter().map(|account| account.dropped).sum();
    (most, dropped, count.0)
}

const SMALL: Limits = Limits { state_bytes: 1 << 20, moment_matches: 1 << 16 };

#[test]
fn millions_of_groups_in_an_endless_time_span() {
    let rules = rules(
        "{type: event_count, rules: [a], group-by: [G], timespan: 9999999999y, condition: {gte: 2}}",
    );
    let (most, dropped, runs) =
        fold(&rules, SMALL, 2_000_000, |i| format!("group number {i}"), |i| i as i64);
    assert!(most.bytes <= SMALL.state_bytes + 4096, "{most:?}");
    assert!(most.groups < 3_000, "{most:?}");
    assert_eq!(runs, 0);
    assert!(dropped > 1_990_000, "{dropped}");
}

#[test]
fn values_too_many_to_count() {
    let rules = rules(
        "{type: value_count, rules: [a], group-by: [], timespan: 365d, condition: {field: V, gte: 100}}",
    );
    let (most, dropped, runs) =
        fold(&rules, SMALL, 200_000, |i| format!("{i:0200}"), |i| 1_000 * i as i64);
    assert!(most.bytes <= SMALL.state_bytes + 4096, "{most:?}");
    assert!(dropped > 190_000, "{dropped}");
    // It is met, and stays met: one finding, not one for each event.
    assert_eq!(runs, 1);
}

#[test]
fn open_runs_are_held_within_the_bound() {
    let rules =
        rules("{type: event_count, rules: [a], group-by: [G], timespan: 1y, condition: {gte: 1}}");
    let (most, _, runs) = fold(&rules, SMALL, 50_000, |i| format!("g{i}"), |i| i as i64);
    assert!(most.bytes <= SMALL.state_bytes + 4096, "{most:?}");
    assert_eq!(runs, 50_000, "what is dropped was told before");
}

#[test]
fn a_moment_that_never_ends() {
    let rules = rules(
        "{type: event_count, rules: [a], group-by: [G], timespan: 1s, condition: {gte: 1000}}\n---\n\
         title: Above\ncorrelation: {type: temporal, rules: [many], group-by: [G], timespan: 1s}",
    );
    let limits = Limits { moment_matches: 500, ..SMALL };
    let (most, _, runs) = fold(&rules, limits, 100_000, |_| "g".into(), |_| 7);
    assert!(most.bytes <= SMALL.state_bytes + 4096, "{most:?}");
    assert_eq!(runs, 2);
}

#[test]
fn what_has_gone_out_of_its_time_is_not_held() {
    let rules = rules(
        "{type: event_count, rules: [a], group-by: [G], timespan: 1s, condition: {gte: 100}}",
    );
    let (most, dropped, _) =
        fold(&rules, Limits::default(), 300_000, |i| format!("{i}"), |i| i as i64 * 1_000_000_000);
    assert_eq!(dropped, 0);
    assert!(most.groups <= 3, "{most:?}");
}
