//! `rsigma-eval`'s correlation engine is given the same rules and events, and must find the same: each
//! moment at which a correlation's condition holds, for which group, with which number. Where the two
//! differ, the specification decides; [`DIFFERENCES`] lists it, and docs/CONFORMANCE.md says why.

use std::sync::Arc;

use blanik_detect::correlate::{Asked, Engine, Found, Limits, Match, Sink};
use blanik_detect::{Document, Options, Rules, Scanner};
use blanik_model::{EventBatch, Kind, OwnedValue, RawBlock, SourceId, Timestamp, Value};
use proptest::prelude::*;
use rsigma_eval::correlation_engine::{CorrelationConfig, CorrelationEngine};
use rsigma_eval::{JsonEvent, ResultBody};
use serde_json::json;

/// An event: seconds, and its fields `K`, `G` and `V`; without `G` where that is empty.
type Event = (i64, &'static str, &'static str, i64);

/// A condition held: of which correlation, for which group, when, and with which number.
type Held = (String, String, i64, String);

const BASE: &str = "
title: A
id: a
logsource: {product: p}
detection: {s: {K: a}, condition: s}
---
title: B
id: b
logsource: {product: p}
detection: {s: {K: b}, condition: s}
";

/// A correlation with this section, called `name`.
fn correlation(name: &str, section: &str) -> String {
    format!("---\ntitle: {name}\nid: {name}\ncorrelation: {{{section}}}\n")
}

struct Watch<'r>(&'r Rules, Vec<Held>);

impl Sink for Watch<'_> {
    fn found(&mut self, _: Found) {}

    fn asked(&mut self, asked: Asked<'_>) {
        if let (true, Some(value)) = (asked.holds, asked.value) {
            let group: Vec<String> = asked.group.iter().map(|v| v.get().display()).collect();
            let title = self.0.correlation(asked.correlation).title.clone();
            let seconds = asked.time.as_nanos() / 1_000_000_000;
            self.1.push((title, group.join("|"), seconds, spell(value)));
        }
    }
}

fn spell(number: f64) -> String {
    format!("{number:.6}")
}

fn ours(text: &str, events: &[Event]) -> Result<Vec<Held>, String> {
    let document = Document { origin: "r".into(), text: text.into() };
    let (rules, problems) = Rules::compile([&document], &Options::default());
    if let Some(problem) = problems.iter().find(|p| p.fatal) {
        return Err(problem.to_string());
    }
    let rules = Arc::new(rules);
    let kind = Arc::new(Kind { product: Some("p".into()), ..Kind::default() });
    let (mut scanner, mut watch) = (Scanner::new(Arc::clone(&rules)), Watch(&rules, Vec::new()));
    let mut engine = Engine::new(Arc::clone(&rules), Limits::default());
    for (order, (seconds, k, g, v)) in (0..).zip(events) {
        let mut batch = EventBatch::new(Arc::clone(&kind));
        let block: RawBlock = Arc::new(Vec::new());
        let time = Timestamp::from_seconds(*seconds).expect("a time");
        batch.begin_row(Some(time), SourceId(0), order + 1, order, &block, 0..0);
        batch.set("K", Value::string(k));
        if !g.is_empty() {
            batch.set("G", Value::string(g));
        }
        batch.set("V", Value::number(&v.to_string()));
        let mut met = Vec::new();
        scanner.scan(&batch, |_, rule| met.push(rule));
        for rule in met {
            let names = rules.carried(rule).unwrap_or_default();
            let values: Vec<Option<OwnedValue>> =
                names.iter().map(|n| batch.value(0, n).map(Value::to_owned)).collect();
            let values: Vec<Option<Value<'_>>> =
                values.iter().map(|v| v.as_ref().map(OwnedValue::get)).collect();
            engine.take(Match { rule, time, order, event: order, values: &values }, &mut watch);
        }
    }
    engine.finish(&mut watch);
    watch.1.sort();
    watch.1.dedup();
    Ok(watch.1)
}

fn theirs(text: &str, events: &[Event]) -> Result<Vec<Held>, String> {
    let collection = rsigma_parser::parse_sigma_yaml(text).map_err(|e| e.to_string())?;
    if let Some(error) = collection.errors.first() {
        return Err(error.clone());
    }
    let mut engine = CorrelationEngine::new(CorrelationConfig::default());
    engine.add_collection(&collection).map_err(|e| e.to_string())?;
    let mut held = Vec::new();
    for (seconds, k, g, v) in events {
        let mut event = json!({"K": k, "V": v});
        if !g.is_empty() {
            event["G"] = json!(g);
        }
        for result in engine.process_event_at(&JsonEvent::borrow(&event), *seconds) {
            if let ResultBody::Correlation(body) = &result.body {
                let group: Vec<&str> = body.group_key.iter().map(|(_, v)| v.as_str()).collect();
                let title = result.header.rule_title.to_string();
                held.push((title, group.join("|"), *seconds, spell(body.aggregated_value)));
            }
        }
    }
    held.sort();
    // It asks a correlation of correlations anew for each of its matches of a moment.
    held.dedup();
    Ok(held)
}

fn all_types() -> String {
    let sections = [
        (
            "count",
            "type: event_count, rules: [a, b], group-by: [G], timespan: 20s, condition: {gte: 3}",
        ),
        (
            "range",
            "type: event_count, rules: [a], group-by: [G], timespan: 30s, condition: {gt: 1, lte: 3}",
        ),
        (
            "equal",
            "type: event_count, rules: [b], group-by: [G], timespan: 30s, condition: {eq: 2}",
        ),
        (
            "other",
            "type: event_count, rules: [b], group-by: [G], timespan: 30s, condition: {neq: 2}",
        ),
        (
            "few",
            "type: event_count, rules: [a, b], group-by: [G], timespan: 9s, condition: {lt: 2}",
        ),
        (
            "ungrouped",
            "type: event_count, rules: [a], group-by: [], timespan: 15s, condition: {gte: 4}",
        ),
        (
            "values",
            "type: value_count, rules: [a, b], group-by: [G], timespan: 40s, condition: {field: V, gte: 3}",
        ),
        (
            "pairs",
            "type: value_count, rules: [a, b], group-by: [], timespan: 40s, condition: {field: [G, V], gte: 4}",
        ),
        (
            "sum",
            "type: value_sum, rules: [a], group-by: [G], timespan: 25s, condition: {field: V, gt: 7}",
        ),
        (
            "average",
            "type: value_avg, rules: [a, b], group-by: [G], timespan: 25s, condition: {field: V, gte: 3}",
        ),
        (
            "median",
            "type: value_median, rules: [a, b], group-by: [G], timespan: 25s, condition: {field: V, lte: 2}",
        ),
        (
            "both",
            "type: temporal, rules: [a, b], group-by: [G], timespan: 12s, condition: {gte: 2}",
        ),
        (
            "either",
            "type: temporal, rules: [a, b], group-by: [G], timespan: 12s, condition: a or b",
        ),
        (
            "alone",
            "type: temporal, rules: [a, b], group-by: [G], timespan: 12s, condition: a and not b",
        ),
        ("ordered", "type: temporal_ordered, rules: [a, b], group-by: [G], timespan: 12s"),
        ("above", "type: temporal_ordered, rules: [count, b], group-by: [G], timespan: 50s"),
        (
            "beside",
            "type: temporal, rules: [ordered, values], group-by: [G], timespan: 50s, condition: {gte: 2}",
        ),
    ];
    let correlations = sections.map(|(name, section)| correlation(name, section)).concat();
    format!("{BASE}{correlations}")
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let k = prop::sample::select(vec!["a", "b", "c"]);
    let g = prop::sample::select(vec!["x", "y"]);
    // No two at one moment: see DIFFERENCES.
    prop::collection::vec((1i64..12, k, g, 0i64..6), 1..60).prop_map(|steps| {
        let mut at = 1_000;
        let event = |(step, k, g, v)| {
            at += step;
            (at, k, g, v)
        };
        steps.into_iter().map(event).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn conditions_hold_at_the_same_moments(events in events()) {
        let rules = all_types();
        let (ours, theirs) = (ours(&rules, &events), theirs(&rules, &events));
        prop_assert!(ours.is_ok(), "{ours:?}");
        prop_assert_eq!(ours, theirs);
    }
}

/// What differs, shown by an example: how often the condition holds here and there; `None` where the
/// rule is refused.
struct Difference {
    what: &'static str,
    sections: &'static [(&'static str, &'static str)],
    events: &'static [Event],
    ours: Option<usize>,
    theirs: Option<usize>,
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        what: "temporal without a condition asks for all rules",
        sections: &[("t", "type: temporal, rules: [a, b], group-by: [G], timespan: 1m")],
        events: &[(1, "a", "x", 0), (2, "b", "x", 0)],
        ours: Some(1),
        theirs: Some(2),
    },
    Difference {
        what: "the condition of value_percentile is asked",
        sections: &[(
            "t",
            "type: value_percentile, rules: [a], group-by: [G], timespan: 1m, condition: {field: V, percentile: 90, gte: 50}",
        )],
        events: &[(1, "a", "x", 1), (2, "a", "x", 2)],
        ours: Some(0),
        theirs: Some(2),
    },
    Difference {
        what: "value_percentile without a percentile asks for the share of a value",
        sections: &[(
            "t",
            "type: value_percentile, rules: [a], group-by: [G], timespan: 1m, condition: {field: V, lte: 25}",
        )],
        events: &[(1, "a", "x", 1), (2, "a", "x", 1), (3, "a", "x", 1), (4, "a", "x", 9)],
        ours: Some(1),
        theirs: Some(4),
    },
    Difference {
        what: "events that lack a field they are grouped by are no group",
        sections: &[(
            "t",
            "type: event_count, rules: [a], group-by: [G], timespan: 1m, condition: {gte: 2}",
        )],
        events: &[(1, "a", "", 0), (2, "a", "", 0)],
        ours: Some(0),
        theirs: Some(1),
    },
    Difference {
        what: "values are compared without case",
        sections: &[(
            "t",
            "type: event_count, rules: [a], group-by: [G], timespan: 1m, condition: {gte: 2}",
        )],
        events: &[(1, "a", "novak", 0), (2, "a", "NOVAK", 0)],
        ours: Some(1),
        theirs: Some(0),
    },
    Difference {
        what: "what happens at one moment is counted together",
        sections: &[(
            "t",
            "type: event_count, rules: [a], group-by: [G], timespan: 1m, condition: {eq: 1}",
        )],
        events: &[(1, "a", "x", 0), (1, "a", "x", 0)],
        ours: Some(0),
        theirs: Some(1),
    },
    Difference {
        what: "a run of a correlation counts once",
        sections: &[
            (
                "many",
                "type: event_count, rules: [a], group-by: [G], timespan: 1m, condition: {gte: 2}",
            ),
            (
                "t",
                "type: event_count, rules: [many], group-by: [G], timespan: 1m, condition: {gte: 2}",
            ),
        ],
        events: &[(1, "a", "x", 0), (2, "a", "x", 0), (3, "a", "x", 0)],
        ours: Some(0),
        theirs: Some(1),
    },
    Difference {
        what: "a correlation groups by a field that the one below does not group by",
        sections: &[
            (
                "many",
                "type: event_count, rules: [a], group-by: [], timespan: 1m, condition: {gte: 2}",
            ),
            ("t", "type: temporal_ordered, rules: [many, b], group-by: [G], timespan: 1m"),
        ],
        events: &[(1, "a", "x", 0), (2, "a", "x", 0), (3, "b", "x", 0)],
        ours: Some(1),
        theirs: Some(0),
    },
    Difference {
        what: "the greatest and the least number",
        sections: &[(
            "t",
            "type: value_max, rules: [a], group-by: [G], timespan: 1m, condition: {field: V, gte: 5}",
        )],
        events: &[(1, "a", "x", 5)],
        ours: Some(1),
        theirs: None,
    },
    Difference {
        what: "a threshold with a fraction",
        sections: &[(
            "t",
            "type: value_avg, rules: [a], group-by: [G], timespan: 1m, condition: {field: V, gt: 2.5}",
        )],
        events: &[(1, "a", "x", 2), (2, "a", "x", 4)],
        ours: Some(1),
        theirs: None,
    },
    Difference {
        what: "operators in capitals",
        sections: &[(
            "t",
            "type: temporal, rules: [a, b], group-by: [G], timespan: 1m, condition: a AND b",
        )],
        events: &[(1, "a", "x", 0), (2, "b", "x", 0)],
        ours: Some(1),
        theirs: None,
    },
    Difference {
        what: "a correlation without group-by",
        sections: &[("t", "type: event_count, rules: [a], timespan: 1m, condition: {gte: 1}")],
        events: &[(1, "a", "x", 0)],
        ours: None,
        theirs: Some(1),
    },
    Difference {
        what: "a key that is not in the specification",
        sections: &[(
            "t",
            "type: event_count, rules: [a], group-by: [G], timespan: 1m, window: tumbling, condition: {gte: 1}",
        )],
        events: &[(1, "a", "x", 0)],
        ours: None,
        theirs: Some(1),
    },
];

#[test]
fn differences_are_those_that_are_settled() {
    for difference in DIFFERENCES {
        let sections = difference.sections.iter().map(|(name, section)| correlation(name, section));
        let rules = format!("{BASE}{}", sections.collect::<String>());
        let of_t = |held: Result<Vec<Held>, String>| {
            held.ok().map(|held| held.iter().filter(|(title, ..)| title == "t").count())
        };
        let (ours, theirs) = (ours(&rules, difference.events), theirs(&rules, difference.events));
        let found = (of_t(ours.clone()), of_t(theirs.clone()));
        assert_eq!(
            found,
            (difference.ours, difference.theirs),
            "{}: {ours:?} {theirs:?}",
            difference.what
        );
    }
}

#[test]
fn one_event_that_meets_two_rules_counts_once() {
    let rules = format!(
        "{BASE}---\ntitle: Any\nid: any\nlogsource: {{product: p}}\ndetection: {{s: {{K: '*'}}, condition: s}}\n{}",
        correlation(
            "t",
            "type: event_count, rules: [a, any], group-by: [G], timespan: 1m, condition: {gte: 2}"
        )
    );
    let events = [(1, "a", "x", 0)];
    assert_eq!(ours(&rules, &events).expect("compiles").len(), 0);
    assert_eq!(theirs(&rules, &events).expect("compiles").len(), 1);
}
