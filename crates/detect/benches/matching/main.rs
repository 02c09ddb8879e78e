//! What matching costs, part by part: a value, a plan, a batch. `cargo bench -p blanik-detect`.
//!
//! Rules and values are made up, the same on each run; their number and shape are those of a large
//! community's set, and of ten such.

mod synthetic;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use blanik_detect::predicate::{PredicateId, Target};
use blanik_detect::scan::field_matcher::{FieldMatcher, Scratch};
use blanik_detect::{Options, Rules, Scanner};
use blanik_model::{Interests, Value};

fn main() {
    for count in [3_750, 37_500] {
        let started = Instant::now();
        let (rules, problems) = Rules::compile(&synthetic::documents(count), &Options::default());
        assert!(problems.is_empty(), "{:?}", problems.first());
        println!(
            "{count} rules, {} predicates, compiled in {:.0?}",
            rules.predicates().len(),
            started.elapsed()
        );
        plans(&rules);
        let rules = Arc::new(rules);
        for (field, values) in [
            ("Image", synthetic::images(2000)),
            ("CommandLine", synthetic::command_lines(2000)),
            ("TargetObject", synthetic::target_objects(2000)),
        ] {
            values_of(&rules, field, &values);
        }
        batches(&rules);
    }
}

/// The time of one of `times`, the best of five rounds.
fn best(times: usize, mut work: impl FnMut()) -> f64 {
    let mut round = || {
        let started = Instant::now();
        work();
        started.elapsed()
    };
    let best = (0..5).map(|_| round()).min().unwrap_or(Duration::ZERO);
    best.as_nanos() as f64 / times as f64
}

fn plans(rules: &Rules) {
    let kinds = synthetic::kinds();
    let started = Instant::now();
    let index = rules.index();
    let indexed = started.elapsed();
    let started = Instant::now();
    for kind in &kinds {
        black_box(rules.of(kind));
    }
    println!(
        "  index {indexed:.1?}, {} plans {:.1?}, {} KiB",
        kinds.len(),
        started.elapsed(),
        index.memory() >> 10
    );
}

fn values_of(rules: &Rules, field: &str, values: &[String]) {
    let target = Target::Field(rules.predicates().field_id(field).expect("rules ask for it"));
    let of_field = |id: &PredicateId| rules.predicates().get(*id).target == target;
    let ids: Vec<PredicateId> = rules.predicates().ids().filter(of_field).collect();
    let made = best(1, || {
        black_box(FieldMatcher::new(&ids, rules.predicates()));
    });
    let matcher = FieldMatcher::new(&ids, rules.predicates());
    let (mut scratch, mut out, mut steps) = (Scratch::default(), Vec::new(), 0);
    let value = best(values.len(), || {
        steps = 0;
        for value in values {
            let value = Value::string(value);
            steps += matcher.hits(value, rules.predicates(), &mut scratch, &mut out);
        }
    });
    println!(
        "  {field}: {} predicates, made in {:.2} ms, {} KiB; {value:.0} ns and {:.1} steps a new value of {} bytes",
        ids.len(),
        made / 1e6,
        matcher.memory() >> 10,
        steps as f64 / values.len() as f64,
        values.iter().map(String::len).sum::<usize>() / values.len()
    );
}

fn batches(rules: &Arc<Rules>) {
    for rows in [50, 5000] {
        let batches = synthetic::batches(rows, 100_000 / rows);
        let events = batches.iter().map(|b| b.len()).sum();
        let mut scanner = Scanner::new(Arc::clone(rules));
        let mut met = 0;
        let scan = best(events, || {
            met = 0;
            for batch in &batches {
                scanner.scan(batch, |_, _| met += 1);
            }
        });
        println!(
            "  batches of {rows}: {scan:.0} ns an event, {met} findings in {events} events; the scanner holds {} KiB",
            scanner.memory() >> 10
        );
    }
}
