//! One question about one value, as a Sigma modifier chain asks it.
//!
//! Letters are compared without case unless `cased` is given (Sigma specification, "Values"). A
//! question about a list holds if it holds for one of its members. Nothing here knows of fields:
//! [`Predicate`](crate::predicate::Predicate) joins a test to one.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use blanik_model::{Timestamp, Type, Value};
use ipnet::IpNet;

use crate::glob::Glob;
use crate::need::{self, Need, Place};
pub use crate::pattern::Pattern;
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

    fn place(self) -> Place {
        match self {
            TextOp::Equals => Place::Whole,
            TextOp::Contains => Place::Anywhere,
            TextOp::StartsWith => Place::Prefix,
            TextOp::EndsWith => Place::Suffix,
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
    // Most values are one scalar; it stands here, so that no list is made.
    first: Option<Scalar<'a>>,
    others: Vec<Scalar<'a>>,
}

struct Scalar<'a> {
    ty: Type,
    text: &'a str,
    lower: Cow<'a, str>,
    address: OnceCell<Option<IpAddr>>,
    number: OnceCell<Option<f64>>,
}

impl<'a> Subject<'a> {
    /// Prepares a value.
    pub fn new(value: Value<'a>) -> Self {
        Self::of(value, None)
    }

    /// Prepares a value, with its lower-case text written to `buffer`, which is cleared before.
    pub fn with_buffer(value: Value<'a>, buffer: &'a mut String) -> Self {
        if value.ty == Type::List {
            return Self::of(value, None);
        }
        buffer.clear();
        if value.text.is_ascii() {
            buffer.push_str(value.text);
            buffer.make_ascii_lowercase();
        } else {
            buffer.push_str(&value.text.to_lowercase());
        }
        Self::of(value, Some(buffer))
    }

    fn of(value: Value<'a>, lower: Option<&'a str>) -> Self {
        let mut scalars = value.scalars().filter(|v| !v.is_null()).map(|v| Scalar {
            ty: v.ty,
            text: v.text,
            lower: lower.map_or_else(|| lowercase(v.text), Cow::Borrowed),
            address: OnceCell::new(),
            number: OnceCell::new(),
        });
        Subject { null: value.is_null(), first: scalars.next(), others: scalars.collect() }
    }

    fn scalars(&self) -> impl Iterator<Item = &Scalar<'a>> {
        self.first.iter().chain(&self.others)
    }

    /// The lower-case text of each scalar.
    pub fn lowered(&self) -> impl Iterator<Item = &str> {
        self.scalars().map(|s| &*s.lower)
    }

    /// True if all its text is ASCII.
    pub fn is_ascii(&self) -> bool {
        self.scalars().all(|s| s.text.is_ascii())
    }

    /// The scalars that are numbers.
    pub fn numbers(&self) -> impl Iterator<Item = f64> {
        self.scalars().filter_map(Scalar::number)
    }

    /// True if one of its scalars is an address.
    pub fn has_address(&self) -> bool {
        self.scalars().any(|s| s.address().is_some())
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
        let any = |question: &dyn Fn(&Scalar<'_>) -> bool| subject.scalars().any(question);
        match self {
            Test::Text { op, text, cased } => any(&|s| op.holds(s.folded(*cased), text)),
            Test::Glob { glob, cased } => any(&|s| glob.matches(s.folded(*cased))),
            Test::Regex(pattern) => any(&|s| pattern.is_match(s.text, &s.lower)),
            Test::Number { comparison, with } => {
                any(&|s| s.number().is_some_and(|n| comparison.holds(n, *with)))
            }
            Test::Bool(expected) => any(&|s| s.truth() == Some(*expected)),
            Test::Null => subject.null,
            // Presence alone counts, not the value (modifiers appendix, `exists`).
            Test::Exists(expected) => *expected,
            Test::Cidr(net) => any(&|s| s.address().is_some_and(|ip| net.contains(&ip))),
            Test::TimePart { part, comparison, with } => {
                any(&|s| s.time_part(*part).is_some_and(|n| comparison.holds(n as f64, *with)))
            }
            Test::FieldRef { field, op, cased } => other(*field).is_some_and(|value| {
                let other = Subject::new(value);
                any(&|s| other.scalars().any(|o| op.holds(s.folded(*cased), o.folded(*cased))))
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

    /// Calls with each other field whose value it is compared with.
    pub fn other_fields(&self, visit: &mut dyn FnMut(FieldId)) {
        match self {
            Test::FieldRef { field, .. } => visit(*field),
            Test::Any(tests) | Test::All(tests) => {
                tests.iter().for_each(|test| test.other_fields(visit));
            }
            Test::Not(test) => test.other_fields(visit),
            _ => {}
        }
    }

    /// Texts of which one must stand in a value's lower-case text for the test to hold; `None` if it
    /// may hold without.
    pub fn needs<'t>(&'t self, out: &mut Vec<Need<'t>>) -> Option<()> {
        self.needs_if(false, out)
    }

    /// The same for values that are ASCII. More is known of these.
    pub fn needs_in_ascii<'t>(&'t self, out: &mut Vec<Need<'t>>) -> Option<()> {
        self.needs_if(true, out)
    }

    fn needs_if<'t>(&'t self, ascii: bool, out: &mut Vec<Need<'t>>) -> Option<()> {
        match self {
            Test::Text { op, text, cased } => {
                out.push(op.place().need(text, *cased)?);
                Some(())
            }
            Test::Glob { glob, cased } => {
                let (text, place) = glob.necessary_literal()?;
                let need = place.need(text, *cased)?;
                out.push(Need { suffices: false, ..need });
                Some(())
            }
            Test::Bool(truth) => {
                let words = if *truth { TRUE_WORDS } else { FALSE_WORDS };
                out.extend(words.iter().map(|word| Need {
                    text: Cow::Borrowed(*word),
                    place: Place::Whole,
                    suffices: false,
                }));
                Some(())
            }
            Test::Regex(pattern) if ascii => {
                out.extend(pattern.required()?.iter().map(|text| Need {
                    text: Cow::Borrowed(&**text),
                    place: Place::Anywhere,
                    suffices: false,
                }));
                Some(())
            }
            Test::Any(tests) => tests.iter().try_for_each(|t| t.needs_if(ascii, out)),
            Test::All(tests) => {
                let mut best: Option<Vec<Need<'t>>> = None;
                for test in tests {
                    let mut needs = Vec::new();
                    if test.needs_if(ascii, &mut needs).is_some()
                        && best.as_ref().is_none_or(|b| need::rarity(&needs) > need::rarity(b))
                    {
                        best = Some(needs);
                    }
                }
                out.extend(best?.into_iter().map(|need| Need { suffices: false, ..need }));
                Some(())
            }
            _ => None,
        }
    }

    /// Numbers of which a value must be one for the test to hold; `None` if it may hold for others.
    pub fn needed_numbers(&self, out: &mut Vec<Number>) -> Option<()> {
        match self {
            Test::Number { comparison: Comparison::Equal, with } => {
                out.push(*with);
                Some(())
            }
            Test::Any(tests) => tests.iter().try_for_each(|t| t.needed_numbers(out)),
            _ => None,
        }
    }

    /// Whole numbers, as a log writes them, of which a value must be one for the test to hold; `None`
    /// if it may hold for others.
    pub fn whole_numbers(&self, out: &mut Vec<u32>) -> Option<()> {
        match self {
            Test::Number { comparison: Comparison::Equal, with } => {
                let n = with.get();
                if n.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&n) {
                    out.push(n as u32);
                }
                Some(())
            }
            Test::Text { op: TextOp::Equals, text, .. } => {
                out.extend(text.parse::<u32>());
                Some(())
            }
            Test::Any(tests) => tests.iter().try_for_each(|t| t.whole_numbers(out)),
            _ => None,
        }
    }

    /// True if the value must be a network address for the test to hold.
    pub fn needs_address(&self) -> bool {
        match self {
            Test::Cidr(_) => true,
            Test::Any(tests) => tests.iter().all(Test::needs_address),
            Test::All(tests) => tests.iter().any(Test::needs_address),
            _ => false,
        }
    }

    /// How rarely it should hold, by the look of it: the more text it needs, the rarer. 0 is "often".
    pub fn rarity(&self) -> u32 {
        match self {
            Test::Number { comparison: Comparison::Equal, .. } => 3,
            Test::Regex(_) | Test::Cidr(_) => 4,
            Test::FieldRef { .. } => 1,
            Test::Text { op, text, .. } => {
                text.len() as u32 + if *op == TextOp::Equals { 4 } else { 0 }
            }
            Test::Any(tests) => tests.iter().map(Test::rarity).min().unwrap_or(0),
            Test::All(tests) => tests.iter().map(Test::rarity).max().unwrap_or(0),
            Test::Glob { glob, .. } => {
                glob.necessary_literal().map_or(0, |(text, _)| text.len() as u32)
            }
            _ => 0,
        }
    }
}

/// Logs write truth as one of these.
const TRUE_WORDS: &[&str] = &["true", "1", "yes"];
const FALSE_WORDS: &[&str] = &["false", "0", "no"];

impl Scalar<'_> {
    fn folded(&self, cased: bool) -> &str {
        if cased { self.text } else { &self.lower }
    }

    fn number(&self) -> Option<f64> {
        *self.number.get_or_init(|| (Value { ty: self.ty, text: self.text }).as_f64())
    }

    fn address(&self) -> Option<IpAddr> {
        *self.address.get_or_init(|| self.text.parse().ok())
    }

    fn truth(&self) -> Option<bool> {
        match self.ty {
            Type::Bool | Type::String => match &*self.lower {
                word if TRUE_WORDS.contains(&word) => Some(true),
                word if FALSE_WORDS.contains(&word) => Some(false),
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
