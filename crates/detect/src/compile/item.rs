//! A detection item (`CommandLine|contains|all: [a, b]`) → a [`Test`].
//!
//! One place where each modifier of the Sigma modifiers appendix gets its meaning. Which of them may
//! stand together is said in [`modifiers`](super::modifiers).

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;
use rsigma_parser::fieldpath::unescape_brackets;
use rsigma_parser::value::{SigmaString, SigmaValue};
use rsigma_parser::{DetectionItem, Modifier};

use super::Options;
use super::encode::{self, Wide};
use super::modifiers::{Operator, check_company, name, operator, step};
use super::{dash, placeholder};
use crate::glob::{Glob, Token};
use crate::predicate::FieldId;
use crate::test::{Comparison, Number, Pattern, Test, TextOp, lowercase};

/// Why an item has no meaning.
#[derive(Debug, PartialEq, Eq)]
pub struct ItemError {
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub hint: String,
}

pub fn error<T>(reason: impl Into<String>, hint: impl Into<String>) -> Result<T, ItemError> {
    Err(ItemError { reason: reason.into(), hint: hint.into() })
}

/// The field's name as a rule writes it. The parser escapes brackets, which Sigma 2 knows nothing of.
pub fn field_name(item: &DetectionItem) -> Option<String> {
    item.field.name.as_deref().map(|name| unescape_brackets(name).into_owned())
}

/// The item's key as a rule writes it.
pub fn spelled(item: &DetectionItem) -> String {
    let mut out = field_name(item).unwrap_or_default();
    for modifier in &item.field.modifiers {
        out.push('|');
        out.push_str(name(*modifier));
    }
    out
}

/// The test of an item with a field name. `fields` interns the field of a `fieldref`.
pub fn test(
    item: &DetectionItem,
    options: &Options,
    fields: &mut dyn FnMut(&str) -> FieldId,
) -> Result<Test, ItemError> {
    let modifiers = &item.field.modifiers;
    let operator = operator(modifiers)?;
    check_company(modifiers, operator)?;
    if operator == Operator::Exists {
        return exists(&item.values);
    }
    let values = expanded(item, options)?;
    if values.is_empty() {
        return error("there is no value", "give it one, or `null`");
    }
    let tests: Vec<Test> = values
        .iter()
        .map(|v| value_test(v, modifiers, operator, fields))
        .collect::<Result<_, _>>()?;
    let joined = match tests.len() {
        1 => tests.into_iter().next().expect("there is one"),
        _ if modifiers.contains(&Modifier::All) => Test::All(tests),
        _ => Test::Any(tests),
    };
    let negated = modifiers.contains(&Modifier::Neq);
    Ok(if negated { Test::Not(Box::new(joined)) } else { joined })
}

fn exists(values: &[SigmaValue]) -> Result<Test, ItemError> {
    let word = match values {
        [SigmaValue::Bool(b)] => return Ok(Test::Exists(*b)),
        [SigmaValue::String(s)] => s.original.to_ascii_lowercase(),
        _ => String::new(),
    };
    match word.as_str() {
        "true" | "yes" => Ok(Test::Exists(true)),
        "false" | "no" => Ok(Test::Exists(false)),
        _ => error("'exists' takes true or false", "write `true` or `false`"),
    }
}

fn value_test(
    value: &SigmaValue,
    modifiers: &[Modifier],
    operator: Operator,
    fields: &mut dyn FnMut(&str) -> FieldId,
) -> Result<Test, ItemError> {
    let cased = modifiers.contains(&Modifier::Cased);
    // Under a comparison of parts or an encoding, numbers and truth values are text.
    let is_encoded = modifiers.iter().any(|m| step(*m) > step(Modifier::WindAsh));
    let as_it_is = operator == Operator::Text(TextOp::Equals) && !is_encoded;
    match operator {
        Operator::Text(op) => match value {
            SigmaValue::Null if as_it_is => Ok(Test::Null),
            SigmaValue::Null => error("null is no text", "remove the modifier"),
            SigmaValue::Bool(b) if as_it_is => Ok(Test::Bool(*b)),
            SigmaValue::Integer(n) if as_it_is && n.unsigned_abs() <= EXACT_MAX => {
                number(*n as f64, Comparison::Equal)
            }
            SigmaValue::Float(n) if as_it_is => number(*n, Comparison::Equal),
            SigmaValue::String(s) => text(s, op, cased, modifiers),
            other => text(&SigmaString::from_raw(&other.to_string()), op, cased, modifiers),
        },
        Operator::Regex => regex(value, modifiers),
        Operator::Cidr => cidr(value),
        Operator::Compare(comparison) => match numeric(value) {
            Some(n) => number(n, comparison),
            None => error(format!("'{value}' is no number"), "gt, gte, lt and lte compare numbers"),
        },
        Operator::Part(part, comparison) => match numeric(value).and_then(Number::new) {
            Some(with) if with.get().fract() == 0.0 => {
                Ok(Test::TimePart { part, comparison, with })
            }
            _ => error(format!("'{value}' is no whole number"), "a part of a time is one"),
        },
        Operator::FieldRef(op) => match value {
            SigmaValue::String(s) if s.is_plain() => {
                let field = s.as_plain().expect("it is plain");
                Ok(Test::FieldRef { field: fields(&field), op, cased })
            }
            _ => error(format!("'{value}' is no field name"), "fieldref takes the name of a field"),
        },
        Operator::Exists => unreachable!("handled before"),
    }
}

/// Above this, a float is several integers: they are compared as text.
const EXACT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;

fn number(n: f64, comparison: Comparison) -> Result<Test, ItemError> {
    match Number::new(n) {
        Some(with) => Ok(Test::Number { comparison, with }),
        None => error("the value is not a number", "write digits"),
    }
}

fn numeric(value: &SigmaValue) -> Option<f64> {
    match value {
        SigmaValue::Integer(n) => Some(*n as f64),
        SigmaValue::Float(n) => Some(*n),
        SigmaValue::String(s) => s.original.parse().ok(),
        _ => None,
    }
}

/// The value as it was written, with no wildcard meant.
fn raw(value: &SigmaValue) -> String {
    match value {
        SigmaValue::String(s) => s.original.clone(),
        other => other.to_string(),
    }
}

fn regex(value: &SigmaValue, modifiers: &[Modifier]) -> Result<Test, ItemError> {
    let mut flags = String::new();
    for (modifier, flag) in
        [(Modifier::IgnoreCase, 'i'), (Modifier::Multiline, 'm'), (Modifier::DotAll, 's')]
    {
        if modifiers.contains(&modifier) {
            flags.push(flag);
        }
    }
    if *value == SigmaValue::Null {
        return error("null is no regular expression", "remove the modifier");
    }
    let source = raw(value);
    let source = if flags.is_empty() { source } else { format!("(?{flags}){source}") };
    Pattern::new(source).map(Test::Regex).map_err(|e| {
        let whole = e.to_string();
        let last = whole.lines().last().unwrap_or(&whole).trim_start_matches("error: ");
        ItemError {
            reason: format!("the regular expression cannot be used: {last}"),
            hint: "it must run in linear time: no look-around, no back-references".into(),
        }
    })
}

fn cidr(value: &SigmaValue) -> Result<Test, ItemError> {
    let text = raw(value);
    let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    match net {
        Ok(net) => Ok(Test::Cidr(net)),
        Err(_) => error(format!("'{text}' is no network"), "write it like 10.0.0.0/8 or fe80::/10"),
    }
}

/// Text with its transformations done.
fn text(
    s: &SigmaString,
    op: TextOp,
    cased: bool,
    modifiers: &[Modifier],
) -> Result<Test, ItemError> {
    let has = |m: Modifier| modifiers.contains(&m);
    let wide = if has(Modifier::Wide) {
        Some(Wide::LittleEndian)
    } else if has(Modifier::Utf16be) {
        Some(Wide::BigEndian)
    } else if has(Modifier::Utf16) {
        Some(Wide::Marked)
    } else {
        None
    };
    if has(Modifier::Base64) || has(Modifier::Base64Offset) || wide.is_some() {
        let encoding = Encoding {
            dashes: has(Modifier::WindAsh),
            wide,
            base64: has(Modifier::Base64),
            offsets: has(Modifier::Base64Offset),
        };
        return encoded(s, op, cased, &encoding);
    }
    if has(Modifier::WindAsh) {
        let fold = |part: &str| folded(part, cased);
        return Ok(glob_test(dash::glob(s, &fold), op, cased));
    }
    if s.is_plain() {
        let plain = s.as_plain().expect("it is plain");
        return Ok(Test::Text { op, text: folded(&plain, cased).into(), cased });
    }
    Ok(glob_test(Glob::new(s, |part| folded(part, cased)), op, cased))
}

fn folded(text: &str, cased: bool) -> String {
    if cased { text.to_owned() } else { lowercase(text).into_owned() }
}

/// A pattern under `contains` and its like is one with stars at its ends. Patterns that need no glob
/// become plain text tests, so that rules that say the same share a predicate.
fn glob_test(glob: Glob, op: TextOp, cased: bool) -> Test {
    if let Some(text) = glob.as_literal() {
        return Test::Text { op, text: text.into(), cased };
    }
    if op == TextOp::Equals
        && let Some(test) = as_text(&glob, cased)
    {
        return test;
    }
    let glob = match op {
        TextOp::Equals => glob,
        TextOp::Contains => glob.after_anything().before_anything(),
        TextOp::StartsWith => glob.before_anything(),
        TextOp::EndsWith => glob.after_anything(),
    };
    Test::Glob { glob, cased }
}

/// `*x*`, `x*`, `*x` are what `contains`, `startswith` and `endswith` say.
fn as_text(glob: &Glob, cased: bool) -> Option<Test> {
    let (op, text) = match glob.tokens() {
        [Token::Many, Token::Literal(text), Token::Many] => (TextOp::Contains, text),
        [Token::Literal(text), Token::Many] => (TextOp::StartsWith, text),
        [Token::Many, Token::Literal(text)] => (TextOp::EndsWith, text),
        _ => return None,
    };
    Some(Test::Text { op, text: text.clone(), cased })
}

/// What is done to a text, in this order.
struct Encoding {
    dashes: bool,
    wide: Option<Wide>,
    base64: bool,
    offsets: bool,
}

impl Encoding {
    fn of(&self, plain: &str) -> Vec<String> {
        let bytes = match self.wide {
            Some(wide) => encode::utf16(plain, wide),
            None => plain.as_bytes().to_vec(),
        };
        if self.offsets {
            encode::base64_offsets(&bytes)
        } else if self.base64 {
            vec![encode::base64(&bytes)]
        } else {
            vec![String::from_utf8_lossy(&bytes).into_owned()]
        }
    }
}

fn encoded(
    s: &SigmaString,
    op: TextOp,
    cased: bool,
    encoding: &Encoding,
) -> Result<Test, ItemError> {
    let Some(plain) = s.as_plain() else {
        return error(
            format!("'{}' has wildcards, which cannot be encoded", s.original),
            "escape them with a backslash, or write the text without",
        );
    };
    let plains = if encoding.dashes { dash::spellings(&plain)? } else { vec![plain] };
    let spellings: Vec<String> = plains.iter().flat_map(|plain| encoding.of(plain)).collect();
    let mut tests: Vec<Test> = spellings
        .iter()
        .map(|text| Test::Text { op, text: folded(text, cased).into(), cased })
        .collect();
    match tests.len() {
        0 => error("the text is too short to be found in base64", "use three characters or more"),
        1 => Ok(tests.remove(0)),
        _ => Ok(Test::Any(tests)),
    }
}

/// The item's values with `%placeholder%` replaced, if it has the modifier `expand`.
fn expanded<'i>(
    item: &'i DetectionItem,
    options: &Options,
) -> Result<Cow<'i, [SigmaValue]>, ItemError> {
    item.values.iter().try_for_each(check_scalar)?;
    if !item.field.modifiers.contains(&Modifier::Expand) {
        return Ok(Cow::Borrowed(&item.values));
    }
    let mut out = Vec::new();
    for value in &item.values {
        match value {
            SigmaValue::String(s) => {
                let texts = placeholder::expand(&s.original, &options.placeholders)?;
                out.extend(texts.iter().map(|t| SigmaValue::String(SigmaString::new(t))));
            }
            other => out.push(other.clone()),
        }
    }
    Ok(Cow::Owned(out))
}

/// The parser makes text of a list or a map that stands where a value is expected; this tells it.
fn check_scalar(value: &SigmaValue) -> Result<(), ItemError> {
    const MADE: [&str; 3] = ["Sequence [", "Mapping {", "TaggedValue {"];
    match value {
        SigmaValue::String(s) if MADE.iter().any(|made| s.original.starts_with(made)) => {
            error("a list, a map or a tag stands where a value is expected", "write plain values")
        }
        _ => Ok(()),
    }
}

/// A keyword without modifiers: text anywhere in a value.
pub fn keyword(value: &SigmaValue) -> Result<Test, String> {
    check_scalar(value).map_err(|e| e.reason)?;
    match value {
        SigmaValue::Null => Err("null is no keyword".into()),
        SigmaValue::String(s) if s.original.is_empty() => {
            Err("an empty keyword stands in every event".into())
        }
        SigmaValue::String(s) => text(s, TextOp::Contains, false, &[]).map_err(|e| e.reason),
        other => text(&SigmaString::from_raw(&other.to_string()), TextOp::Contains, false, &[])
            .map_err(|e| e.reason),
    }
}

/// The tests of an item without a field name, one a value.
pub fn keyword_tests(item: &DetectionItem, options: &Options) -> Result<Vec<Test>, ItemError> {
    let modifiers = &item.field.modifiers;
    if modifiers.is_empty() {
        return error(
            "a value stands without the name of a field",
            "write field: value; keywords are a list of their own",
        );
    }
    if modifiers.contains(&Modifier::Neq) {
        return error("keywords have no 'neq'", "write not in the condition");
    }
    let operator = match operator(modifiers)? {
        // A keyword is looked for anywhere, unless a modifier says otherwise.
        Operator::Text(TextOp::Equals) => Operator::Text(TextOp::Contains),
        Operator::FieldRef(_) | Operator::Exists => {
            return error("keywords belong to no field", "name a field before the modifier");
        }
        other => other,
    };
    check_company(modifiers, operator)?;
    let mut no_fields = |_: &str| FieldId(u32::MAX);
    expanded(item, options)?
        .iter()
        .map(|v| value_test(v, modifiers, operator, &mut no_fields))
        .collect()
}
