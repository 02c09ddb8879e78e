//! A detection item (`CommandLine|contains|all: [a, b]`) → a [`Test`].
//!
//! One place where each modifier of the Sigma modifiers appendix gets its meaning. Modifiers fall in
//! three groups: what is compared with the value (`contains`, `re`, `cidr`, `gt` …; at most one),
//! what is done to the rule's text before (`base64`, `wide`, `windash`, `expand`), and how the values
//! of the list are joined (`all`, `neq`).

use std::net::IpAddr;

use ipnet::IpNet;
use rsigma_parser::value::{SigmaString, SigmaValue, StringPart};
use rsigma_parser::{DetectionItem, Modifier};

use super::Options;
use super::encode::{self, Wide};
use crate::glob::{Glob, Token};
use crate::predicate::FieldId;
use crate::test::{Comparison, Number, Pattern, Test, TextOp, TimePart, lowercase};

/// Why an item has no meaning.
#[derive(Debug, PartialEq, Eq)]
pub struct ItemError {
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub hint: String,
}

fn error<T>(reason: impl Into<String>, hint: impl Into<String>) -> Result<T, ItemError> {
    Err(ItemError { reason: reason.into(), hint: hint.into() })
}

/// The item's key as a rule writes it.
pub fn spelled(item: &DetectionItem) -> String {
    let mut out = item.field.name.clone().unwrap_or_default();
    for modifier in &item.field.modifiers {
        out.push('|');
        out.push_str(name(*modifier));
    }
    out
}

fn name(modifier: Modifier) -> &'static str {
    match modifier {
        Modifier::Contains => "contains",
        Modifier::StartsWith => "startswith",
        Modifier::EndsWith => "endswith",
        Modifier::All => "all",
        Modifier::Base64 => "base64",
        Modifier::Base64Offset => "base64offset",
        Modifier::Wide => "wide",
        Modifier::Utf16be => "utf16be",
        Modifier::Utf16 => "utf16",
        Modifier::WindAsh => "windash",
        Modifier::Re => "re",
        Modifier::Cidr => "cidr",
        Modifier::Cased => "cased",
        Modifier::Exists => "exists",
        Modifier::Expand => "expand",
        Modifier::FieldRef => "fieldref",
        Modifier::Gt => "gt",
        Modifier::Gte => "gte",
        Modifier::Lt => "lt",
        Modifier::Lte => "lte",
        Modifier::Neq => "neq",
        Modifier::IgnoreCase => "i",
        Modifier::Multiline => "m",
        Modifier::DotAll => "s",
        Modifier::Minute => "minute",
        Modifier::Hour => "hour",
        Modifier::Day => "day",
        Modifier::Week => "week",
        Modifier::Month => "month",
        Modifier::Year => "year",
    }
}

/// What the value is compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Text(TextOp),
    Regex,
    Cidr,
    Exists,
    FieldRef(TextOp),
    Compare(Comparison),
    Part(TimePart),
}

fn text_op(modifier: Modifier) -> Option<TextOp> {
    Some(match modifier {
        Modifier::Contains => TextOp::Contains,
        Modifier::StartsWith => TextOp::StartsWith,
        Modifier::EndsWith => TextOp::EndsWith,
        _ => return None,
    })
}

fn other_operator(modifier: Modifier) -> Option<Operator> {
    Some(match modifier {
        Modifier::Re => Operator::Regex,
        Modifier::Cidr => Operator::Cidr,
        Modifier::Exists => Operator::Exists,
        Modifier::Gt => Operator::Compare(Comparison::Greater),
        Modifier::Gte => Operator::Compare(Comparison::GreaterOrEqual),
        Modifier::Lt => Operator::Compare(Comparison::Less),
        Modifier::Lte => Operator::Compare(Comparison::LessOrEqual),
        Modifier::Minute => Operator::Part(TimePart::Minute),
        Modifier::Hour => Operator::Part(TimePart::Hour),
        Modifier::Day => Operator::Part(TimePart::Day),
        Modifier::Week => Operator::Part(TimePart::Week),
        Modifier::Month => Operator::Part(TimePart::Month),
        Modifier::Year => Operator::Part(TimePart::Year),
        _ => return None,
    })
}

/// The one comparison that the modifiers name.
fn operator(modifiers: &[Modifier]) -> Result<Operator, ItemError> {
    let mut texts = modifiers.iter().filter_map(|m| text_op(*m));
    let text = texts.next();
    let mut others = modifiers.iter().filter_map(|m| other_operator(*m));
    let other = others.next();
    let field_ref = modifiers.contains(&Modifier::FieldRef);
    if texts.next().is_some()
        || others.next().is_some()
        || (other.is_some() && (text.is_some() || field_ref))
    {
        return error(
            "modifiers that compare in different ways stand together",
            "keep one of contains, startswith, endswith, re, cidr, exists, gt, gte, lt, lte, a time part",
        );
    }
    if field_ref {
        return Ok(Operator::FieldRef(text.unwrap_or(TextOp::Equals)));
    }
    Ok(other.unwrap_or(Operator::Text(text.unwrap_or(TextOp::Equals))))
}

fn check_company(modifiers: &[Modifier], operator: Operator) -> Result<(), ItemError> {
    let has = |m: &Modifier| modifiers.contains(m);
    let flags = [Modifier::IgnoreCase, Modifier::Multiline, Modifier::DotAll];
    if operator != Operator::Regex
        && let Some(flag) = flags.iter().find(|m| has(m))
    {
        return error(
            format!("'{}' is a flag of 're' and stands without it", name(*flag)),
            "add |re before it; other comparisons ignore case unless |cased is given",
        );
    }
    let transforms = [
        Modifier::Base64,
        Modifier::Base64Offset,
        Modifier::Wide,
        Modifier::Utf16,
        Modifier::Utf16be,
        Modifier::WindAsh,
    ];
    if !matches!(operator, Operator::Text(_))
        && let Some(transform) = transforms.iter().find(|m| has(m))
    {
        return error(
            format!(
                "'{}' changes text and cannot stand with what is no text comparison",
                name(*transform)
            ),
            "keep one of the two",
        );
    }
    if has(&Modifier::Base64) && has(&Modifier::Base64Offset) {
        return error("base64 and base64offset stand together", "base64offset alone finds both");
    }
    let wides = [Modifier::Wide, Modifier::Utf16, Modifier::Utf16be];
    if wides.iter().filter(|m| has(m)).count() > 1 {
        return error("two UTF-16 encodings stand together", "keep one of wide, utf16be, utf16");
    }
    Ok(())
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
    match operator {
        Operator::Text(op) => match value {
            SigmaValue::Null if op == TextOp::Equals => Ok(Test::Null),
            SigmaValue::Null => error("null is no text", "remove the modifier"),
            SigmaValue::Bool(b) if op == TextOp::Equals => Ok(Test::Bool(*b)),
            SigmaValue::Integer(n) if op == TextOp::Equals => number(*n as f64, Comparison::Equal),
            SigmaValue::Float(n) if op == TextOp::Equals => number(*n, Comparison::Equal),
            SigmaValue::String(s) => text(s, op, cased, modifiers),
            other => text(&SigmaString::from_raw(&other.to_string()), op, cased, modifiers),
        },
        Operator::Regex => regex(value, modifiers),
        Operator::Cidr => cidr(value),
        Operator::Compare(comparison) => match numeric(value) {
            Some(n) => number(n, comparison),
            None => error(format!("'{value}' is no number"), "gt, gte, lt and lte compare numbers"),
        },
        Operator::Part(part) => match numeric(value) {
            Some(n) if n.fract() == 0.0 => Ok(Test::TimePart { part, is: n as i64 }),
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
        return encoded(s, op, cased, wide, has(Modifier::Base64), has(Modifier::Base64Offset));
    }
    if has(Modifier::WindAsh) {
        return Ok(glob_test(with_dashes(s, cased), op, cased));
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

fn encoded(
    s: &SigmaString,
    op: TextOp,
    cased: bool,
    wide: Option<Wide>,
    base64: bool,
    offsets: bool,
) -> Result<Test, ItemError> {
    let Some(plain) = s.as_plain() else {
        return error(
            format!("'{}' has wildcards, which cannot be encoded", s.original),
            "escape them with a backslash, or write the text without",
        );
    };
    let bytes = match wide {
        Some(wide) => encode::utf16(&plain, wide),
        None => plain.into_bytes(),
    };
    let spellings = if offsets {
        encode::base64_offsets(&bytes)
    } else if base64 {
        vec![encode::base64(&bytes)]
    } else {
        vec![String::from_utf8_lossy(&bytes).into_owned()]
    };
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

/// `windash`: where the text has the dash of an option (one that begins a word), any of the
/// characters Windows takes for it may stand.
fn with_dashes(s: &SigmaString, cased: bool) -> Glob {
    let mut tokens = Vec::new();
    let mut before = None;
    for part in &s.parts {
        match part {
            StringPart::Special(special) => {
                let one = SigmaString {
                    parts: vec![StringPart::Special(special.clone())],
                    original: String::new(),
                };
                tokens.extend(Glob::new(&one, str::to_owned).tokens().iter().cloned());
                before = None;
            }
            StringPart::Plain(text) => {
                dash_tokens(text, &mut before, cased, &mut tokens);
            }
        }
    }
    Glob::from_tokens(tokens)
}

fn dash_tokens(text: &str, before: &mut Option<char>, cased: bool, tokens: &mut Vec<Token>) {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut literal = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let begins_a_word = !is_word(*before) && is_word(chars.peek().copied());
        if crate::glob::DASHES.contains(&c) && begins_a_word {
            if !literal.is_empty() {
                tokens.push(Token::Literal(folded(&literal, cased).into()));
                literal.clear();
            }
            tokens.push(Token::Dash);
        } else {
            literal.push(c);
        }
        *before = Some(c);
    }
    if !literal.is_empty() {
        tokens.push(Token::Literal(folded(&literal, cased).into()));
    }
}

/// The item's values with `%placeholder%` replaced, if it has the modifier `expand`.
fn expanded(item: &DetectionItem, options: &Options) -> Result<Vec<SigmaValue>, ItemError> {
    if !item.field.modifiers.contains(&Modifier::Expand) {
        return Ok(item.values.clone());
    }
    let mut out = Vec::new();
    for value in &item.values {
        match value {
            SigmaValue::String(s) => {
                let texts = expand(&s.original, options)?;
                out.extend(texts.iter().map(|t| SigmaValue::String(SigmaString::new(t))));
            }
            other => out.push(other.clone()),
        }
    }
    Ok(out)
}

/// More values than this come of no sensible rule.
const EXPANDED_VALUES_MAX: usize = 100_000;

fn expand(text: &str, options: &Options) -> Result<Vec<String>, ItemError> {
    let mut done = vec![String::new()];
    let mut rest = text;
    while let Some((before, name, after)) = placeholder(rest) {
        let Some(values) = options.placeholders.get(name) else {
            return error(
                format!("there are no values for the placeholder %{name}%"),
                "give them with --placeholders FILE",
            );
        };
        if done.len().saturating_mul(values.len()) > EXPANDED_VALUES_MAX {
            return error("the placeholders expand to too many values", "use fewer in one value");
        }
        done = done
            .iter()
            .flat_map(|d| values.iter().map(move |v| format!("{d}{before}{v}")))
            .collect();
        rest = after;
    }
    for text in &mut done {
        text.push_str(rest);
    }
    Ok(done)
}

/// The first `%name%`: what stands before it, the name, and what stands behind.
fn placeholder(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find('%')?;
    let len = text[start + 1..].find('%')?;
    let name = &text[start + 1..start + 1 + len];
    let is_name =
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
    if is_name {
        return Some((&text[..start], name, &text[start + len + 2..]));
    }
    // A lone percent sign: look behind it.
    let (before, name, after) = placeholder(&text[start + 1..])?;
    let before_end = text.len() - text[start + 1..].len() + before.len();
    Some((&text[..before_end], name, after))
}

/// A keyword without modifiers: text anywhere in a value.
pub fn keyword(value: &SigmaValue) -> Result<Test, String> {
    match value {
        SigmaValue::Null => Err("null is no keyword".into()),
        SigmaValue::String(s) => text(s, TextOp::Contains, false, &[]).map_err(|e| e.reason),
        other => text(&SigmaString::from_raw(&other.to_string()), TextOp::Contains, false, &[])
            .map_err(|e| e.reason),
    }
}

/// The tests of an item without a field name, one a value.
pub fn keyword_tests(item: &DetectionItem, options: &Options) -> Result<Vec<Test>, ItemError> {
    let modifiers = &item.field.modifiers;
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
