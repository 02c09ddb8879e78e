//! One question about one value, as a Sigma modifier chain asks it.
//!
//! Letters are compared without case unless `cased` is given (Sigma specification, "Values"). A
//! question about a list holds if it holds for one of its members. Nothing here knows of fields:
//! [`Predicate`](crate::predicate::Predicate) joins a test to one.

use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use blanik_model::{Timestamp, Type, Value};
use ipnet::IpNet;

use crate::glob::Glob;
use crate::predicate::FieldId;

/// How text is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextOp {
    /// The whole value.
    Equals,
    /// `contains`
    Contains,
    /// `startswith`
    StartsWith,
    /// `endswith`
    EndsWith,
}

impl TextOp {
    /// Compares.
    pub fn holds(self, text: &str, with: &str) -> bool {
        match self {
            TextOp::Equals => text == with,
            TextOp::Contains => memchr::memmem::find(text.as_bytes(), with.as_bytes()).is_some(),
            TextOp::StartsWith => text.starts_with(with),
            TextOp::EndsWith => text.ends_with(with),
        }
    }
}

/// How numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// A number given as the value.
    Equal,
    /// `gt`
    Greater,
    /// `gte`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `lte`
    LessOrEqual,
}

impl Comparison {
    /// Compares.
    pub fn holds(self, n: f64, with: Number) -> bool {
        match self {
            Comparison::Equal => n == with.0,
            Comparison::Greater => n > with.0,
            Comparison::GreaterOrEqual => n >= with.0,
            Comparison::Less => n < with.0,
            Comparison::LessOrEqual => n <= with.0,
        }
    }
}

/// A part of a time (`minute`, `hour`, `day`, `week`, `month`, `year`), in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimePart {
    /// 0 to 59.
    Minute,
    /// 0 to 23.
    Hour,
    /// Of the month, 1 to 31.
    Day,
    /// Of the year, ISO 8601.
    Week,
    /// 1 to 12.
    Month,
    /// Anno Domini.
    Year,
}

/// A number a rule names. Not NaN, so that equality is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(f64);

impl Number {
    /// `None` for what is no number.
    pub fn new(n: f64) -> Option<Self> {
        (!n.is_nan()).then_some(Number(n + 0.0))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Eq for Number {}

impl Hash for Number {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.0.to_bits().hash(h);
    }
}

/// A compiled regular expression; two are equal if they were written alike.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    regex: regex::Regex,
}

impl Pattern {
    /// Compiles. Errors are the regex crate's.
    pub fn new(source: String) -> Result<Self, regex::Error> {
        let regex = regex::Regex::new(&source)?;
        Ok(Pattern { source, regex })
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, h: &mut H) {
        self.source.hash(h);
    }
}

/// A question about a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Test {
    /// Text, in lower case unless `cased`.
    Text {
        /// How.
        op: TextOp,
        /// With what.
        text: Box<str>,
        /// With case.
        cased: bool,
    },
    /// A pattern with wildcards, in lower case unless `cased`.
    Glob {
        /// The pattern for the whole value.
        glob: Glob,
        /// With case.
        cased: bool,
    },
    /// `re`; flags stand in the pattern.
    Regex(Pattern),
    /// Numbers; text that is a number counts as one.
    Number {
        /// How.
        comparison: Comparison,
        /// With what.
        with: Number,
    },
    /// A truth value.
    Bool(bool),
    /// `null`: there is no value.
    Null,
    /// `exists`.
    Exists(bool),
    /// `cidr`.
    Cidr(IpNet),
    /// A part of the time that the value is.
    TimePart {
        /// Which.
        part: TimePart,
        /// How its number is compared.
        comparison: Comparison,
        /// With what.
        with: Number,
    },
    /// `fieldref`: the value of another field of the event.
    FieldRef {
        /// The other field.
        field: FieldId,
        /// How the two compare.
        op: TextOp,
        /// With case.
        cased: bool,
    },
    /// One of these.
    Any(Vec<Test>),
    /// All of these (`all`).
    All(Vec<Test>),
    /// `neq`: not this, though there is a value.
    Not(Box<Test>),
}

/// A value prepared to be asked many questions: its scalars, each with its text in lower case.
pub struct Subject<'a> {
    null: bool,
    scalars: Vec<Scalar<'a>>,
}

struct Scalar<'a> {
    ty: Type,
    text: &'a str,
    lower: Cow<'a, str>,
}

impl<'a> Subject<'a> {
    /// Prepares a value.
    pub fn new(value: Value<'a>) -> Self {
        let scalars = value
            .scalars()
            .filter(|v| !v.is_null())
            .map(|v| Scalar { ty: v.ty, text: v.text, lower: lowercase(v.text) })
            .collect();
        Subject { null: value.is_null(), scalars }
    }

    /// The lower-case text of each scalar.
    pub fn lowered(&self) -> impl Iterator<Item = &str> {
        self.scalars.iter().map(|s| &*s.lower)
    }
}

/// Full lower case; borrowed where it already is.
pub fn lowercase(text: &str) -> Cow<'_, str> {
    if !text.is_ascii() {
        return Cow::Owned(text.to_lowercase());
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    Cow::Borrowed(text)
}

impl Test {
    /// Does it hold for the value? [`Test::FieldRef`] asks `other` for the other field's value.
    pub fn holds<'v>(
        &self,
        subject: &Subject<'_>,
        other: &dyn Fn(FieldId) -> Option<Value<'v>>,
    ) -> bool {
        let any = |question: &dyn Fn(&Scalar<'_>) -> bool| subject.scalars.iter().any(question);
        match self {
            Test::Text { op, text, cased } => any(&|s| op.holds(s.folded(*cased), text)),
            Test::Glob { glob, cased } => any(&|s| glob.matches(s.folded(*cased))),
            Test::Regex(pattern) => any(&|s| pattern.regex.is_match(s.text)),
            Test::Number { comparison, with } => any(&|s| s.compares(*comparison, *with)),
            Test::Bool(expected) => any(&|s| s.truth() == Some(*expected)),
            Test::Null => subject.null,
            // Presence alone counts, not the value (modifiers appendix, `exists`).
            Test::Exists(expected) => *expected,
            Test::Cidr(net) => any(&|s| s.text.parse::<IpAddr>().is_ok_and(|ip| net.contains(&ip))),
            Test::TimePart { part, comparison, with } => {
                any(&|s| s.time_part(*part).is_some_and(|n| comparison.holds(n as f64, *with)))
            }
            Test::FieldRef { field, op, cased } => other(*field).is_some_and(|value| {
                let other = Subject::new(value);
                any(&|s| other.scalars.iter().any(|o| op.holds(s.folded(*cased), o.folded(*cased))))
            }),
            Test::Any(tests) => tests.iter().any(|t| t.holds(subject, other)),
            Test::All(tests) => tests.iter().all(|t| t.holds(subject, other)),
            Test::Not(test) => !test.holds(subject, other),
        }
    }

    /// Does it hold where the event lacks the field?
    pub fn holds_for_absent(&self) -> bool {
        match self {
            Test::Null | Test::Exists(false) => true,
            Test::Any(tests) => tests.iter().any(Test::holds_for_absent),
            Test::All(tests) => tests.iter().all(Test::holds_for_absent),
            // `neq` asks of a value; where there is none, there is nothing that differs.
            _ => false,
        }
    }

    /// True if the answer needs another field's value.
    pub fn needs_other_field(&self) -> bool {
        match self {
            Test::FieldRef { .. } => true,
            Test::Any(tests) | Test::All(tests) => tests.iter().any(Test::needs_other_field),
            Test::Not(test) => test.needs_other_field(),
            _ => false,
        }
    }

    /// Texts of which one must stand in a value's lower-case text for the test to hold; `None` if it
    /// may hold without. `(text, true)` must be the whole value.
    ///
    /// Only ASCII texts are given: in them, lower case does not depend on what stands around.
    pub fn necessary_texts<'t>(&'t self, out: &mut Vec<(Cow<'t, str>, bool)>) -> Option<()> {
        match self {
            Test::Text { op, text, cased } => {
                let text = if *cased { lowercase(text) } else { Cow::Borrowed(&**text) };
                let whole = *op == TextOp::Equals;
                (text.is_ascii() && (whole || !text.is_empty())).then(|| out.push((text, whole)))
            }
            Test::Glob { glob, cased } => {
                let text = glob.longest_literal()?;
                let text = if *cased { lowercase(text) } else { Cow::Borrowed(text) };
                (text.is_ascii() && !text.is_empty()).then(|| out.push((text, false)))
            }
            Test::Any(tests) => tests.iter().try_for_each(|t| t.necessary_texts(out)),
            Test::All(tests) => {
                let mut best: Option<Vec<(Cow<'t, str>, bool)>> = None;
                for test in tests {
                    let mut texts = Vec::new();
                    if test.necessary_texts(&mut texts).is_some()
                        && best.as_ref().is_none_or(|b| rarity(&texts) > rarity(b))
                    {
                        best = Some(texts);
                    }
                }
                out.extend(best?);
                Some(())
            }
            _ => None,
        }
    }

    /// How rarely it should hold, by the look of it: the more text it needs, the rarer. 0 is "often".
    pub fn rarity(&self) -> u32 {
        let mut texts = Vec::new();
        match self {
            Test::Number { comparison: Comparison::Equal, .. } => 3,
            Test::Regex(_) | Test::Cidr(_) => 4,
            Test::FieldRef { .. } => 1,
            _ => match self.necessary_texts(&mut texts) {
                Some(()) => rarity(&texts),
                None => 0,
            },
        }
    }
}

/// The shortest text decides; a whole value is rarer than a part.
fn rarity(texts: &[(Cow<'_, str>, bool)]) -> u32 {
    let one = |(text, whole): &(Cow<'_, str>, bool)| text.len() as u32 + if *whole { 4 } else { 0 };
    texts.iter().map(one).min().unwrap_or(0)
}

impl Scalar<'_> {
    fn folded(&self, cased: bool) -> &str {
        if cased { self.text } else { &self.lower }
    }

    fn compares(&self, comparison: Comparison, with: Number) -> bool {
        let n = (Value { ty: self.ty, text: self.text }).as_f64();
        n.is_some_and(|n| comparison.holds(n, with))
    }

    /// Logs write truth as `true`, `1` or `yes`.
    fn truth(&self) -> Option<bool> {
        match self.ty {
            Type::Bool | Type::String => match &*self.lower {
                "true" | "1" | "yes" => Some(true),
                "false" | "0" | "no" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    fn time_part(&self, part: TimePart) -> Option<i64> {
        let time = match self.ty {
            Type::String => Timestamp::parse(self.text)?,
            Type::Number => {
                let n: f64 = self.text.parse().ok()?;
                // Milliseconds where seconds would lie past the year 33000.
                let seconds = if n.abs() > 1e12 { n / 1000.0 } else { n };
                Timestamp::from_seconds(seconds.floor() as i64)?
            }
            _ => return None,
        };
        let utc = time.to_jiff().to_zoned(jiff::tz::TimeZone::UTC);
        Some(match part {
            TimePart::Minute => utc.minute().into(),
            TimePart::Hour => utc.hour().into(),
            TimePart::Day => utc.day().into(),
            TimePart::Week => utc.date().iso_week_date().week().into(),
            TimePart::Month => utc.month().into(),
            TimePart::Year => utc.year().into(),
        })
    }
}
