//! The order in which events are read, across files and hosts, changes nothing.

use blanik_detect::correlate::Limits;
use proptest::prelude::*;

use super::hunt::{Event, compile, event, hunt, lines};

/// One correlation of each type over two rules, and a chain.
const RULES: &str = "
title: A
name: a
logsource: {product: p}
detection: {s: {K: a}, condition: s}
---
title: B
name: b
logsource: {product: p}
detection: {s: {K|startswith: b}, condition: s}
---
title: Count
name: count
correlation: {type: event_count, rules: [a, b], group-by: [G], timespan: 20s, condition: {gte: 3}}
---
title: Few
correlation: {type: event_count, rules: [a], group-by: [], timespan: 5s, condition: {lt: 2}}
---
title: Values
correlation: {type: value_count, rules: [b], group-by: [G], timespan: 30s, condition: {field: V, gt: 2}}
---
title: Sum
correlation: {type: value_sum, rules: [a, b], group-by: [G], timespan: 15s, condition: {field: V, gte: 9}}
---
title: Share
correlation: {type: value_percentile, rules: [a, b], group-by: [], timespan: 60s, condition: {field: V, lte: 25}}
---
title: Both
correlation: {type: temporal, rules: [a, b], group-by: [G], timespan: 10s}
---
title: Ordered
name: ordered
correlation: {type: temporal_ordered, rules: [a, b], group-by: [G], timespan: 10s}
---
title: Not B
correlation: {type: temporal, rules: [a, b], group-by: [G], timespan: 10s, condition: a and not b}
---
title: Chain
correlation: {type: temporal_ordered, rules: [count, ordered, a], group-by: [G], timespan: 1m}
---
title: Runs
correlation: {type: event_count, rules: [ordered], group-by: [], timespan: 2m, condition: {gte: 2}}
";

fn events() -> impl Strategy<Value = Vec<String>> {
    let field = prop::sample::select(vec!["K=a", "K=b", "K=bb", "K=c"]);
    let group = prop::sample::select(vec!["G=x", "G=X", "G=y", "G=null", "H=x"]);
    let event = (0u32..90, field, group, 0u8..6)
        .prop_map(|(at, k, g, v)| format!("0:{}:{} p {k} {g} V={v}", at / 60, at % 60));
    prop::collection::vec(event, 1..40)
}

/// Of more events than are named, which of one moment are is a matter of their order.
fn comparable(lines: Vec<String>) -> Vec<String> {
    let comparable = |line: String| match line.split_once(" of ") {
        Some((named, total)) => {
            format!("{} {total}", named.split("events").next().unwrap_or_default())
        }
        None => line,
    };
    let mut lines: Vec<String> = lines.into_iter().map(comparable).collect();
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_order_of_reading_gives_the_same_findings(
        events in events(),
        keys in prop::collection::vec(any::<u32>(), 40),
    ) {
        let (rules, problems) = compile(RULES);
        prop_assert!(problems.is_empty(), "{problems:?}");
        let events: Vec<Event> =
            (1..).zip(&events).map(|(number, line)| event(number, line)).collect();
        let mut shuffled: Vec<(u32, Event)> = keys.into_iter().zip(events.clone()).collect();
        shuffled.sort_by_key(|(key, event)| (*key, event.number));
        let shuffled: Vec<Event> = shuffled.into_iter().map(|(_, event)| event).collect();
        let answer = |events: &[Event]| {
            comparable(lines(&rules, &hunt(&rules, events, Limits::default())))
        };
        prop_assert_eq!(answer(&events), answer(&shuffled));
    }
}
