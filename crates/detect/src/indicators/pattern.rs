//! STIX 2.1 patterns (OASIS STIX 2.1, chapter 9), evaluated on events.
//!
//! An event is one observation. Where a pattern needs several (`AND`, `FOLLOWEDBY`, `REPEATS 2 TIMES`
//! between observations), an event that meets one of them meets a part of the pattern; which events
//! meet it together is worked out when all are known ([`Pattern::join`]).

mod evaluate;
mod join;
mod lexer;
mod parser;
mod paths;

use blanik_model::{IndicatorType, Timestamp};

pub use evaluate::{EventFields, Outcome};
pub use join::{FOUND_MAX, Joined, Sighting};
pub use paths::Source;

use super::canonical;

/// Index of a pattern in an index.
pub type PatternIx = u32;

/// Bytes of a pattern.
pub const PATTERN_BYTES_MAX: usize = 64 << 10;

/// What is wrong with a pattern, and at which byte of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at} of the pattern")]
pub struct PatternError {
    /// Byte, from 0.
    pub at: usize,
    /// What.
    pub what: String,
}

/// A pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    observations: Observations,
}

/// Observation expressions and what joins them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Observations {
    One(Comparisons),
    And(Vec<Observations>),
    Or(Vec<Observations>),
    FollowedBy(Vec<Observations>),
    /// Seconds.
    Within(Box<Observations>, f64),
    Repeats(Box<Observations>, u64),
    Between(Box<Observations>, Timestamp, Timestamp),
}

/// Comparison expressions and what joins them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Comparisons {
    One(Comparison),
    And(Vec<Comparisons>),
    Or(Vec<Comparisons>),
}

/// One question of an object's property.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    /// The path as written: `file:hashes.'SHA-256'`.
    pub path: String,
    /// Where in an event such a thing stands. `None`: in none.
    pub source: Option<Source>,
    pub negated: bool,
    pub test: Test,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    Is(Literal),
    IsNot(Literal),
    Less(Literal),
    LessOrEqual(Literal),
    Greater(Literal),
    GreaterOrEqual(Literal),
    In(Vec<Literal>),
    /// With its regular expression.
    Like(Matcher),
    Matches(Matcher),
    Subset(String),
    Superset(String),
    Exists,
}

/// A regular expression that is equal to another of the same text.
#[derive(Clone, Debug)]
pub(crate) struct Matcher(pub regex::Regex);

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    Text(String),
    Number(f64),
    Bool(bool),
    Time(Timestamp),
}

impl Literal {
    /// The text it is compared as.
    fn text(&self) -> String {
        match self {
            Literal::Text(text) => text.clone(),
            Literal::Number(number) => number.to_string(),
            Literal::Bool(bool) => bool.to_string(),
            Literal::Time(time) => time.to_string(),
        }
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Where it is no pattern, or goes past a bound, with the place.
    pub fn parse(text: &str) -> Result<Pattern, PatternError> {
        Ok(Pattern { observations: parser::parse(text)? })
    }

    /// False if no event can meet the pattern or a part of it: each way asks for a path that none has.
    pub fn is_possible(&self) -> bool {
        let mut possible = false;
        self.observations.comparisons(&mut |comparisons| possible |= comparisons.is_possible());
        possible
    }

    /// The values that the pattern stands for, where it is nothing but a list of them:
    /// `[domain-name:value = 'a.cz'] OR [url:value IN ('b', 'c')]`.
    pub fn as_values(&self) -> Option<Vec<(IndicatorType, String)>> {
        let mut values = Vec::new();
        self.observations.is_values(&mut values).then_some(values)
    }

    /// Values of which an event must have one to meet the pattern or a part of it. `None` if there is
    /// an event that meets it and has none.
    pub fn triggers(&self) -> Option<Vec<(IndicatorType, String)>> {
        let (mut triggers, mut all) = (Vec::new(), true);
        self.observations.comparisons(&mut |comparisons| {
            all &= comparisons.triggers(&mut triggers);
        });
        all.then_some(triggers)
    }

    /// The paths that no event has.
    pub fn unknown_paths(&self) -> Vec<&str> {
        let mut unknown = Vec::new();
        self.observations.comparisons(&mut |comparisons| comparisons.unknown(&mut unknown));
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }
}

impl Observations {
    fn comparisons<'p>(&'p self, f: &mut impl FnMut(&'p Comparisons)) {
        match self {
            Observations::One(comparisons) => f(comparisons),
            Observations::And(all) | Observations::Or(all) | Observations::FollowedBy(all) => {
                all.iter().for_each(|one| one.comparisons(f));
            }
            Observations::Within(one, _)
            | Observations::Repeats(one, _)
            | Observations::Between(one, ..) => one.comparisons(f),
        }
    }

    fn is_values(&self, values: &mut Vec<(IndicatorType, String)>) -> bool {
        match self {
            Observations::One(comparisons) => comparisons.is_values(values),
            Observations::Or(all) => all.iter().all(|one| one.is_values(values)),
            _ => false,
        }
    }
}

impl Comparisons {
    fn is_possible(&self) -> bool {
        match self {
            Comparisons::One(comparison) => comparison.source.is_some(),
            Comparisons::And(all) => all.iter().all(Self::is_possible),
            Comparisons::Or(all) => all.iter().any(Self::is_possible),
        }
    }

    fn is_values(&self, values: &mut Vec<(IndicatorType, String)>) -> bool {
        match self {
            Comparisons::One(comparison) => match comparison.values() {
                Some(own) => {
                    values.extend(own);
                    true
                }
                None => false,
            },
            // What no event can meet adds nothing.
            Comparisons::Or(all) => {
                let mut all = all.iter().filter(|one| one.is_possible()).peekable();
                all.peek().is_some() && all.all(|one| one.is_values(values))
            }
            Comparisons::And(_) => false,
        }
    }

    /// Adds values of which one must be there. False, and nothing added, if there are none such.
    fn triggers(&self, triggers: &mut Vec<(IndicatorType, String)>) -> bool {
        let before = triggers.len();
        let done = match self {
            Comparisons::One(comparison) => match comparison.triggers() {
                Some(values) => {
                    triggers.extend(values);
                    true
                }
                None => false,
            },
            Comparisons::Or(all) => {
                let mut all = all.iter().filter(|one| one.is_possible());
                all.all(|one| one.triggers(triggers))
            }
            Comparisons::And(all) => all.iter().any(|one| one.triggers(triggers)),
        };
        if !done {
            triggers.truncate(before);
        }
        done
    }

    fn unknown<'p>(&'p self, unknown: &mut Vec<&'p str>) {
        match self {
            Comparisons::One(comparison) => {
                unknown.extend(comparison.source.is_none().then_some(comparison.path.as_str()));
            }
            Comparisons::And(all) | Comparisons::Or(all) => {
                all.iter().for_each(|one| one.unknown(unknown));
            }
        }
    }
}

impl Comparison {
    /// The indicators that it asks for, if it asks for nothing else. A range of addresses is one.
    fn values(&self) -> Option<Vec<(IndicatorType, String)>> {
        self.by(|source, _| source.indicator(&self.path))
    }

    /// The values of which an event that meets it has one.
    fn triggers(&self) -> Option<Vec<(IndicatorType, String)>> {
        self.by(|source, value| source.trigger(&self.path, value))
    }

    fn by(
        &self,
        ty: impl Fn(&Source, &str) -> Option<IndicatorType>,
    ) -> Option<Vec<(IndicatorType, String)>> {
        let source = self.source.as_ref()?;
        if self.negated {
            return None;
        }
        let one = |text: &str| {
            let ty = match ty(source, text)? {
                IndicatorType::Address if text.contains('/') => IndicatorType::Network,
                ty => ty,
            };
            Some((ty, canonical::of(ty, text)?))
        };
        match &self.test {
            Test::Is(literal) => Some(vec![one(&literal.text())?]),
            Test::In(literals) => literals.iter().map(|literal| one(&literal.text())).collect(),
            Test::Subset(range) if matches!(source, Source::Machine(_)) => {
                Some(vec![(IndicatorType::Network, canonical::of(IndicatorType::Network, range)?)])
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
