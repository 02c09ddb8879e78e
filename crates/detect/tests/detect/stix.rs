//! STIX patterns against `rstix`, a library of others: does an event meet a comparison, do several
//! events meet observations together?
//!
//! Not held against it: operators inside operators, and `REPEATS` with `WITHIN`. It asks of one event
//! whether it meets all of an inner `AND`, and forgets how often; the specification's words are held by
//! the tests beside `pattern/join.rs`.

use blanik_detect::indicators::fields::{Holds, holds};
use blanik_detect::indicators::pattern::{EventFields, Outcome, Pattern, Sighting};
use blanik_model::{Kind, Timestamp, Value};
use proptest::prelude::*;
use rstix::core::StixTimestamp;
use rstix::model::sco::ScoObject;
use rstix::pattern::{ObservationContext, TimestampedObservation};

/// One value in one field.
#[derive(Clone, Debug)]
struct Event {
    field: &'static str,
    value: String,
    seconds: i64,
}

impl EventFields for Event {
    fn each(&self, f: &mut dyn FnMut(&str, Option<Holds>, Value<'_>)) {
        let kind = Kind { product: Some("test".into()), ..Kind::default() };
        f(self.field, holds(&kind, self.field), Value::string(&self.value));
    }

    fn time(&self) -> Option<Timestamp> {
        Some(Timestamp::from_nanos(self.seconds * 1_000_000_000))
    }
}

impl Event {
    /// What a sensor that speaks STIX would have made of it.
    fn object(&self) -> ScoObject {
        let ty = if self.field == "src_ip" { "ipv4-addr" } else { "url" };
        let json = serde_json::json!({
            "type": ty,
            "spec_version": "2.1",
            "id": format!("{ty}--c1f0d0a5-8b1a-5a5e-9f3c-{:012}", self.seconds),
            "value": self.value,
        });
        ScoObject::parse_str(&json.to_string()).expect("an object")
    }
}

fn theirs(pattern: &str, events: &[Event]) -> bool {
    let objects: Vec<ScoObject> = events.iter().map(Event::object).collect();
    let at = |event: &Event| {
        let time = event.time().expect("given").to_string();
        Some(StixTimestamp::parse(&time).expect("a time"))
    };
    let observations: Vec<_> = objects
        .iter()
        .zip(events)
        .map(|(sco, event)| TimestampedObservation { sco, at: at(event) })
        .collect();
    // No events meet nothing; it calls that an error where times are asked for.
    !events.is_empty()
        && rstix::Pattern::parse(pattern)
            .expect("a pattern")
            .evaluate(&ObservationContext::from_scos(&observations))
            .expect("an answer")
}

fn ours(text: &str, events: &[Event]) -> bool {
    let pattern = Pattern::parse(text).expect("a pattern");
    let mut sightings = Vec::new();
    for (order, event) in events.iter().enumerate() {
        pattern.observations_of(event, &mut |observation| {
            let time = event.time().expect("given");
            sightings.push(Sighting { time, order: order as u64, observation });
        });
    }
    sightings.sort_unstable();
    events.iter().any(|event| pattern.meets(event) == Outcome::Whole)
        || !pattern.join(&sightings).met.is_empty()
}

fn address() -> impl Strategy<Value = String> {
    (0..4u8, 0..3u8).prop_map(|(a, b)| format!("192.0.{a}.{b}"))
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let one = (0..4u8, 0..40i64).prop_map(|(last, seconds)| Event {
        field: "src_ip",
        value: format!("192.0.2.{last}"),
        seconds,
    });
    prop::collection::vec(one, 0..7)
}

fn observation() -> impl Strategy<Value = String> {
    (0..4u8).prop_map(|last| format!("[ipv4-addr:value = '192.0.2.{last}']"))
}

/// An operator on one or two observations, and what qualifies it.
fn observations() -> impl Strategy<Value = String> {
    let two = (observation(), prop::sample::select(vec!["AND", "OR", "FOLLOWEDBY"]), observation());
    let two = two.prop_map(|(a, operator, b)| format!("({a} {operator} {b})"));
    let qualified = (two, 0..4u8, 1..30i64).prop_map(|(text, which, seconds)| match which {
        0 => format!("{text} WITHIN {seconds} SECONDS"),
        1 => format!(
            "{text} START t'1970-01-01T00:00:05Z' STOP t'1970-01-01T00:00:{:02}Z'",
            5 + seconds
        ),
        _ => text,
    });
    let repeated = (observation(), 1..4u8).prop_map(|(a, n)| format!("{a} REPEATS {n} TIMES"));
    prop_oneof![3 => qualified, 1 => repeated]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn several_events_meet_what_they_meet_elsewhere(pattern in observations(), events in events()) {
        prop_assert_eq!(ours(&pattern, &events), theirs(&pattern, &events), "{}", pattern);
    }

    #[test]
    fn an_address_meets_what_it_meets_elsewhere(
        operator in prop::sample::select(vec!["=", "!=", "IN", "ISSUBSET", "LIKE", "MATCHES"]),
        negated in any::<bool>(),
        (asked, has) in (address(), address()),
        bits in prop::sample::select(vec![16u8, 23, 24, 31, 32]),
    ) {
        let literal = match operator {
            "IN" => format!("('10.0.0.1', '{asked}')"),
            "ISSUBSET" => format!("'{asked}/{bits}'"),
            "LIKE" => format!("'{}%'", &asked[..asked.len() - 1]),
            "MATCHES" => format!("'^{}[0-9]$'", &asked[..asked.len() - 1]),
            _ => format!("'{asked}'"),
        };
        let not = if negated { "NOT " } else { "" };
        let pattern = format!("[ipv4-addr:value {not}{operator} {literal}]");
        let event = [Event { field: "src_ip", value: has, seconds: 1 }];
        prop_assert_eq!(ours(&pattern, &event), theirs(&pattern, &event), "{}", pattern);
    }
}
