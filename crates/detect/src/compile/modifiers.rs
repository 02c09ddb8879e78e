//! The modifiers of one detection item: what they compare the value by, and which may stand together.
//!
//! They fall in three groups: what is compared with the value (`contains`, `re`, `cidr`, `gt` …; at
//! most one, but a part of a time may be compared as a number), what is done to the rule's text before
//! (`expand`, `windash`, `wide`, `base64`; in this order), and how the values of the list are joined
//! (`all`, `neq`). What makes no sense is refused: a rule must not mean something else in silence.

use rsigma_parser::Modifier;

use super::item::{ItemError, error};
use crate::test::{Comparison, TextOp, TimePart};

/// As rules write it.
pub fn name(modifier: Modifier) -> &'static str {
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
pub enum Operator {
    /// Text.
    Text(TextOp),
    /// `re`
    Regex,
    /// `cidr`
    Cidr,
    /// `exists`
    Exists,
    /// `fieldref`, with how the two compare.
    FieldRef(TextOp),
    /// `gt` and its like.
    Compare(Comparison),
    /// `hour` and its like, with how its number compares.
    Part(TimePart, Comparison),
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
        _ => return None,
    })
}

fn time_part(modifier: Modifier) -> Option<TimePart> {
    Some(match modifier {
        Modifier::Minute => TimePart::Minute,
        Modifier::Hour => TimePart::Hour,
        Modifier::Day => TimePart::Day,
        Modifier::Week => TimePart::Week,
        Modifier::Month => TimePart::Month,
        Modifier::Year => TimePart::Year,
        _ => return None,
    })
}

/// The one comparison that the modifiers name. A part of a time is a number, and may be compared as
/// one: `|hour|gte: 20`.
pub fn operator(modifiers: &[Modifier]) -> Result<Operator, ItemError> {
    let texts: Vec<TextOp> = modifiers.iter().filter_map(|m| text_op(*m)).collect();
    let parts: Vec<TimePart> = modifiers.iter().filter_map(|m| time_part(*m)).collect();
    let others: Vec<Operator> = modifiers.iter().filter_map(|m| other_operator(*m)).collect();
    let field_ref = modifiers.contains(&Modifier::FieldRef);
    match (texts.as_slice(), parts.as_slice(), others.as_slice(), field_ref) {
        ([], [], [], false) => Ok(Operator::Text(TextOp::Equals)),
        ([op], [], [], false) => Ok(Operator::Text(*op)),
        ([], [], [], true) => Ok(Operator::FieldRef(TextOp::Equals)),
        ([op], [], [], true) => Ok(Operator::FieldRef(*op)),
        ([], [part], [], false) => Ok(Operator::Part(*part, Comparison::Equal)),
        ([], [part], [Operator::Compare(how)], false) => Ok(Operator::Part(*part, *how)),
        ([], [], [other], false) => Ok(*other),
        _ => error(
            "modifiers that compare in different ways stand together",
            "keep one of contains, startswith, endswith, re, cidr, exists, gt, gte, lt, lte, a time part",
        ),
    }
}

/// Modifiers work in the order they are written ("Value Modifiers"). One order of these makes sense,
/// and the others are refused.
pub fn step(modifier: Modifier) -> Option<u8> {
    match modifier {
        Modifier::Expand | Modifier::WindAsh => Some(0),
        Modifier::Wide | Modifier::Utf16 | Modifier::Utf16be => Some(1),
        Modifier::Base64 | Modifier::Base64Offset => Some(2),
        _ => None,
    }
}

/// Refuses modifiers that mean nothing together.
pub fn check_company(modifiers: &[Modifier], operator: Operator) -> Result<(), ItemError> {
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
    if let Some(twice) = modifiers.iter().enumerate().find(|(i, m)| modifiers[..*i].contains(m)) {
        return error(format!("'{}' stands twice", name(*twice.1)), "keep one");
    }
    if operator == Operator::Exists && modifiers.len() > 1 {
        return error("'exists' stands with another modifier", "write field|exists: true or false");
    }
    let steps: Vec<u8> = modifiers.iter().filter_map(|m| step(*m)).collect();
    if !steps.is_sorted() {
        return error(
            "the modifiers that change the text stand in an order that makes no sense",
            "write expand and windash before wide or utf16, and these before base64 or base64offset",
        );
    }
    Ok(())
}
