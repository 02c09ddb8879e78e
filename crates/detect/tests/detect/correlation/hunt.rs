//! A hunt in memory: rules and events as text in, findings as lines of text out.

use std::sync::Arc;

use blanik_detect::correlate::{Engine, Found, Limits, Match, Sink};
use blanik_detect::{Document, Options, RuleIx, Rules, Scanner};
use blanik_model::{EventBatch, Kind, OwnedValue, RawBlock, SourceId, Timestamp, Value};

/// An event: its number (its line in the document, from 1), and what it says.
#[derive(Clone, Debug)]
pub struct Event {
    pub number: u64,
    pub time: Option<Timestamp>,
    pub kind: Arc<Kind>,
    pub fields: Vec<(String, OwnedValue)>,
}

/// `10:00:05 windows/security EventID=4625 User="Jan Novák"`; a day may stand before the time, `-` for
/// it; a kind is product/service/category, with `-` for what it has not.
pub fn event(number: u64, line: &str) -> Event {
    let mut words = words(line).into_iter();
    let mut word = || words.next().unwrap_or_default();
    let (mut day, mut time) = (0, word());
    if let Some(days) = time.strip_suffix('d') {
        day = days.parse().expect("a number of days");
        time = word();
    }
    let kind = word();
    let mut parts = kind.split('/').map(|part| (part != "-").then(|| Arc::<str>::from(part)));
    let mut part = || parts.next().flatten();
    let kind = Kind {
        product: part(),
        services: part().into_iter().collect(),
        categories: part().into_iter().collect(),
        event_id: None,
    };
    let fields = words.map(|field| {
        let (name, value) = field.split_once('=').expect("name=value");
        (name.to_owned(), value_of(value))
    });
    Event { number, time: time_of(day, &time), kind: Arc::new(kind), fields: fields.collect() }
}

fn value_of(text: &str) -> OwnedValue {
    match text {
        "null" => Value::NULL.to_owned(),
        text if text.parse::<f64>().is_ok() => Value::number(text).to_owned(),
        text => Value::string(text).to_owned(),
    }
}

fn time_of(day: i64, time: &str) -> Option<Timestamp> {
    if time == "-" {
        return None;
    }
    let mut parts = time.split(':').map(|part| part.parse::<i64>().expect("a number"));
    let seconds = parts.by_ref().take(3).fold(day * 24, |sum, part| sum * 60 + part);
    Timestamp::from_seconds(seconds)
}

/// Words between blanks; blanks between quotes are of the word.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.trim().chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is one").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Compiles; the problems as lines.
pub fn compile(text: &str) -> (Arc<Rules>, Vec<String>) {
    let document = Document { origin: "rules.yml".into(), text: text.into() };
    let (rules, problems) = Rules::compile([&document], &Options::default());
    let line =
        |p: &blanik_detect::Problem| format!("{} {p}", if p.fatal { "error" } else { "remark" });
    (Arc::new(rules), problems.iter().map(line).collect())
}

/// What came out of a hunt.
#[derive(Debug, Default)]
pub struct Hunted {
    pub found: Vec<Found>,
    /// Rules that report an event, with its number.
    pub own: Vec<(RuleIx, u64)>,
}

impl Sink for Hunted {
    fn found(&mut self, found: Found) {
        self.found.push(found);
    }
}

/// Hunts events that stand in the logs in this order.
pub fn hunt(rules: &Arc<Rules>, events: &[Event], limits: Limits) -> Hunted {
    let mut hunted = Hunted::default();
    let mut matches = Vec::new();
    let mut scanner = Scanner::new(Arc::clone(rules));
    for (order, event) in events.iter().enumerate() {
        let mut batch = EventBatch::new(Arc::clone(&event.kind));
        let block: RawBlock = Arc::new(Vec::new());
        batch.begin_row(event.time, SourceId(0), event.number, order as u64, &block, 0..0);
        event.fields.iter().for_each(|(name, value)| batch.set(name, value.get()));
        scanner.scan(&batch, |_, ix| {
            if rules.get(ix).reports {
                hunted.own.push((ix, event.number));
            }
            if let (Some(names), Some(time)) = (rules.carried(ix), event.time) {
                let value = |name: &Arc<str>| batch.value(0, name).map(Value::to_owned);
                let values: Vec<Option<OwnedValue>> = names.iter().map(value).collect();
                matches.push((time, order as u64, ix, event.number, values));
            }
        });
    }
    matches.sort_by_key(|(time, order, ix, ..)| (*time, *order, *ix));
    let mut engine = Engine::new(Arc::clone(rules), limits);
    for (time, order, rule, event, values) in &matches {
        let values: Vec<Option<Value<'_>>> =
            values.iter().map(|v| v.as_ref().map(OwnedValue::get)).collect();
        let (time, order, rule, event) = (*time, *order, *rule, *event);
        engine.take(Match { rule, time, order, event, values: &values }, &mut hunted);
    }
    engine.finish(&mut hunted);
    hunted
}

/// The findings as lines, in order of their events: `Title | User=novak | 10…12 | events 1-12`, and
/// `Title | event 3` of a rule that reports an event by itself.
pub fn lines(rules: &Rules, hunted: &Hunted) -> Vec<String> {
    let mut lines: Vec<(u64, String)> = Vec::new();
    for (ix, event) in &hunted.own {
        lines.push((*event, format!("{} | event {event}", rules.get(*ix).title)));
    }
    for found in hunted.found.iter().filter(|f| rules.correlation(f.correlation).reports) {
        let correlation = rules.correlation(found.correlation);
        let group: Vec<String> = correlation
            .group_by
            .iter()
            .zip(&found.group)
            .map(|(name, value)| format!("{name}={}", value.get().display()))
            .collect();
        let value = match found.value_max > found.value {
            true => format!("{}…{}", found.value, found.value_max),
            false => found.value.to_string(),
        };
        let mut events: Vec<u64> = found.events.iter().map(|seen| seen.event).collect();
        events.sort_unstable();
        events.dedup();
        let further = match found.events_total {
            n if n as usize == events.len() => String::new(),
            n => format!(" of {n}"),
        };
        let line = format!(
            "{} | {} | {value} | events {}{further}",
            correlation.title,
            group.join(" "),
            ranges(&events)
        );
        lines.push((events[0], line));
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// `1-3 7`
fn ranges(numbers: &[u64]) -> String {
    let mut parts: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            _ => parts.push((*number, *number)),
        }
    }
    let part = |(first, last): &(u64, u64)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(" ")
}
