//! A pattern against one event.

use blanik_model::{Timestamp, Value};

use super::paths::{End, Source};
use super::{Comparison, Comparisons, Literal, Observations, Pattern, Test};
use crate::indicators::canonical;
use crate::indicators::fields::Holds;

/// What one event is to a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing.
    No,
    /// One of the observations that it needs.
    Part,
    /// All that it asks for.
    Whole,
}

/// An event to be asked.
pub trait EventFields {
    /// Calls with each field that holds something: its name, what it holds, its value.
    fn each(&self, f: &mut dyn FnMut(&str, Option<Holds>, Value<'_>));
    /// When it happened.
    fn time(&self) -> Option<Timestamp>;
}

impl Pattern {
    /// What the event is to the pattern.
    pub fn meets(&self, event: &dyn EventFields) -> Outcome {
        self.observations.meets(event)
    }
}

impl Observations {
    fn meets(&self, event: &dyn EventFields) -> Outcome {
        match self {
            Observations::One(comparisons) if comparisons.holds(event) => Outcome::Whole,
            Observations::One(_) => Outcome::No,
            Observations::Or(all) => {
                all.iter().map(|one| one.meets(event)).max().unwrap_or(Outcome::No)
            }
            // Each needs an observation of its own (STIX 2.1, 9.5).
            Observations::And(all) | Observations::FollowedBy(all) => all
                .iter()
                .map(|one| one.meets(event).min(Outcome::Part))
                .max()
                .unwrap_or(Outcome::No),
            Observations::Within(one, _) => one.meets(event),
            Observations::Repeats(one, times) if *times > 1 => one.meets(event).min(Outcome::Part),
            Observations::Repeats(one, _) => one.meets(event),
            // From the start on, and before the stop.
            Observations::Between(one, start, stop) => match event.time() {
                Some(time) if time >= *start && time < *stop => one.meets(event),
                _ => Outcome::No,
            },
        }
    }
}

impl Comparisons {
    pub(super) fn holds(&self, event: &dyn EventFields) -> bool {
        match self {
            Comparisons::One(comparison) => comparison.holds(event),
            Comparisons::And(all) => all.iter().all(|one| one.holds(event)),
            Comparisons::Or(all) => all.iter().any(|one| one.holds(event)),
        }
    }
}

impl Comparison {
    /// True if one of the event's values meets it. Where there is no such value it does not hold, negated
    /// or not.
    fn holds(&self, event: &dyn EventFields) -> bool {
        let Some(source) = &self.source else { return false };
        if self.test == Test::Exists && self.negated {
            let mut any = false;
            source.values(&self.path, event, &mut |_| any = true);
            return !any;
        }
        let mut holds = false;
        source.values(&self.path, event, &mut |value| {
            holds |= self.test.holds(source, &self.path, value) != self.negated;
        });
        holds
    }
}

impl Source {
    /// Calls with each of the event's values that the path names.
    fn values(&self, path: &str, event: &dyn EventFields, f: &mut dyn FnMut(&str)) {
        let mut host = None;
        let mut uris = Vec::new();
        event.each(&mut |name, holds, value| {
            let mut scalar = |text: &str| match (self, holds) {
                (Source::Machine(end), Some(Holds::Endpoint | Holds::Any)) if end.fits(name) => {
                    text.split([',', ';', ' ']).filter(|t| !t.is_empty()).for_each(&mut *f);
                }
                (Source::MachineType(end), Some(Holds::Endpoint)) if end.fits(name) => {
                    match canonical::endpoint(text) {
                        Some(address) if address.is_ipv4() => f("ipv4-addr"),
                        Some(_) => f("ipv6-addr"),
                        None => f("domain-name"),
                    }
                }
                (Source::Machine(End::Any), Some(Holds::Url)) => {
                    if let Some(url) = canonical::url(text) {
                        f(canonical::url_host(&url));
                    }
                }
                (Source::Url, Some(Holds::Url)) => f(text),
                (Source::Url, Some(Holds::Endpoint)) if is_host(name) => {
                    host = Some(text.to_owned())
                }
                (Source::Url, Some(Holds::Uri)) => uris.push(text.to_owned()),
                (Source::Url, Some(Holds::Any)) if text.contains("://") => f(text),
                (Source::Request, Some(Holds::Uri | Holds::Url)) => f(text),
                (Source::Hash, Some(Holds::Hash | Holds::Any)) => hashes(path, text, f),
                (Source::Certificate, Some(Holds::Certificate | Holds::Any)) => {
                    if let Some(digits) = canonical::hex(text) {
                        f(&digits);
                    }
                }
                (Source::FileName, Some(Holds::Path | Holds::Object | Holds::Any)) => {
                    f(text.rsplit(['/', '\\']).next().unwrap_or(text));
                }
                (Source::Folder, Some(Holds::Path | Holds::Object | Holds::Any)) => {
                    if let Some((folder, _)) = text.rsplit_once(['/', '\\']) {
                        f(folder);
                    }
                }
                (Source::Mail, Some(Holds::Mail | Holds::Any)) => {
                    let is_end = |c: char| matches!(c, ',' | ';' | ' ' | '<' | '>' | '"');
                    text.split(is_end).filter(|t| t.contains('@')).for_each(&mut *f);
                }
                (Source::Mutex, Some(Holds::Mutex | Holds::Object | Holds::Any))
                | (Source::Registry, Some(Holds::Registry | Holds::Object | Holds::Any))
                | (Source::Agent, Some(Holds::Agent | Holds::Any)) => f(text),
                (Source::Named(words), _) => {
                    let lower = name.to_ascii_lowercase();
                    if words.iter().any(|word| lower.contains(word)) {
                        f(text);
                    }
                }
                _ => {}
            };
            value.scalars().filter(|v| !v.is_null()).for_each(|v| scalar(v.text));
        });
        if let Some(host) = host {
            uris.iter().for_each(|uri| f(&format!("http://{host}{uri}")));
        }
    }
}

impl End {
    fn fits(self, name: &str) -> bool {
        let lower = name.to_ascii_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        match self {
            End::Any => true,
            End::Source => has(&["src", "source", "orig", "client", "local", "ipaddress"]),
            End::Destination => has(&["dst", "dest", "resp", "remote", "server"]),
        }
    }
}

fn is_host(name: &str) -> bool {
    name.to_ascii_lowercase().contains("host")
}

/// The hashes of the sort that the path names: `MD5=…,SHA1=…`, or plain.
fn hashes(path: &str, text: &str, f: &mut dyn FnMut(&str)) {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '_'], "");
    let wanted = plain(path.rsplit('.').next().unwrap_or(""));
    for part in text.split([',', ' ', ';']) {
        match part.split_once('=') {
            Some((sort, digits)) if plain(sort) == wanted => f(digits),
            Some(_) => {}
            None => f(part),
        }
    }
}

impl Test {
    fn holds(&self, source: &Source, path: &str, value: &str) -> bool {
        match self {
            Test::Is(literal) => equals(source, path, value, literal),
            Test::IsNot(literal) => !equals(source, path, value, literal),
            Test::Less(literal) => ordered(value, literal).is_some_and(|o| o.is_lt()),
            Test::LessOrEqual(literal) => ordered(value, literal).is_some_and(|o| o.is_le()),
            Test::Greater(literal) => ordered(value, literal).is_some_and(|o| o.is_gt()),
            Test::GreaterOrEqual(literal) => ordered(value, literal).is_some_and(|o| o.is_ge()),
            Test::In(literals) => literals.iter().any(|one| equals(source, path, value, one)),
            Test::Like(expression) | Test::Matches(expression) => expression.0.is_match(value),
            Test::Subset(range) => contains(range, value),
            Test::Superset(range) => contains(value, range),
            Test::Exists => true,
        }
    }
}

/// By the canonical forms where the path is of a sort of indicator: hosts and hashes have no case.
fn equals(source: &Source, path: &str, value: &str, literal: &Literal) -> bool {
    let wanted = literal.text();
    if let Some(ty) = source.indicator(path) {
        if wanted.contains('/') && canonical::networks(&wanted).is_some() {
            return contains(&wanted, value);
        }
        if let (Some(value), Some(wanted)) = (canonical::of(ty, value), canonical::of(ty, &wanted))
        {
            return value == wanted;
        }
    }
    match literal {
        Literal::Number(number) => value.parse::<f64>().is_ok_and(|value| value == *number),
        Literal::Bool(bool) => value.eq_ignore_ascii_case(if *bool { "true" } else { "false" }),
        Literal::Time(time) => Timestamp::parse(value) == Some(*time),
        Literal::Text(wanted) => value == wanted,
    }
}

fn ordered(value: &str, literal: &Literal) -> Option<std::cmp::Ordering> {
    match literal {
        Literal::Number(number) => value.parse::<f64>().ok()?.partial_cmp(number),
        Literal::Time(time) => Some(Timestamp::parse(value)?.cmp(time)),
        Literal::Text(text) => Some(value.cmp(text.as_str())),
        Literal::Bool(_) => None,
    }
}

/// True if the range, or the address, lies in the range. A range has itself.
fn contains(range: &str, value: &str) -> bool {
    let one = |text: &str| match canonical::networks(text) {
        Some(all) if all.len() == 1 => Some(all[0]),
        _ => canonical::address(text).map(|a| (a, if a.is_ipv4() { 32 } else { 128 })),
    };
    match (one(range), one(value)) {
        (Some((base, length)), Some((address, own))) => {
            base.is_ipv4() == address.is_ipv4()
                && own >= length
                && canonical::masked(address, length) == base
        }
        _ => false,
    }
}
