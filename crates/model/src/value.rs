//! One value of an event's field: a type and its text.
//!
//! Logs know strings, numbers, truth values, nulls and lists of these; nothing else survives
//! decoding (an object becomes one field per leaf, `a.b.c`). A value is small and flat so that a
//! [`Dictionary`](crate::Dictionary) can hold millions in one buffer: even a list is one string, its
//! members length-prefixed.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeSeq, Serializer};

/// The type a value had in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Present, and explicitly nothing (JSON `null`).
    Null,
    /// `true` or `false`.
    Bool,
    /// A number; the text is as the log wrote it.
    Number,
    /// Text.
    String,
    /// A list; the text is the framing written by [`ListBuilder`].
    List,
}

impl Type {
    fn tag(self) -> char {
        match self {
            Type::Null => 'n',
            Type::Bool => 'b',
            Type::Number => 'd',
            Type::String => 's',
            Type::List => 'l',
        }
    }

    fn from_tag(tag: u8) -> Option<Type> {
        Some(match tag {
            b'n' => Type::Null,
            b'b' => Type::Bool,
            b'd' => Type::Number,
            b's' => Type::String,
            b'l' => Type::List,
            _ => return None,
        })
    }
}

/// A value borrowed from a dictionary or a decoder's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value<'a> {
    /// The type it had in the log.
    pub ty: Type,
    /// Its text; for [`Type::List`], the members' framing.
    pub text: &'a str,
}

impl<'a> Value<'a> {
    /// The explicit null.
    pub const NULL: Value<'static> = Value { ty: Type::Null, text: "" };

    /// A string value.
    pub fn string(text: &'a str) -> Self {
        Value { ty: Type::String, text }
    }

    /// A number, written as `text`.
    pub fn number(text: &'a str) -> Self {
        Value { ty: Type::Number, text }
    }

    /// A truth value.
    pub fn bool(b: bool) -> Value<'static> {
        Value { ty: Type::Bool, text: if b { "true" } else { "false" } }
    }

    /// True for null.
    pub fn is_null(self) -> bool {
        self.ty == Type::Null
    }

    /// The members of a list (nested lists are walked into, at most to the framing's own depth), or
    /// the value itself, once, if it is not a list.
    pub fn scalars(self) -> Scalars<'a> {
        Scalars { stack: vec![], single: Some(self) }
    }

    /// The direct members of a list; empty for anything else.
    pub fn members(self) -> Members<'a> {
        Members { rest: if self.ty == Type::List { self.text } else { "" } }
    }

    /// A copy that owns its text.
    pub fn to_owned(self) -> OwnedValue {
        OwnedValue { ty: self.ty, text: self.text.into() }
    }

    /// As a number, if the text is one. Lists are not.
    pub fn as_f64(self) -> Option<f64> {
        match self.ty {
            Type::Number | Type::String => self.text.parse().ok(),
            _ => None,
        }
    }

    /// The text people read: lists joined by `, `.
    pub fn display(self) -> String {
        if self.ty != Type::List {
            return self.text.to_owned();
        }
        let mut out = String::new();
        for member in self.scalars() {
            if !out.is_empty() {
                out.push_str(", ");
            }
            out.push_str(member.text);
        }
        out
    }
}

/// Iterator over a list's direct members.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Members<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        let ty = Type::from_tag(*self.rest.as_bytes().first()?)?;
        let colon = self.rest.find(':')?;
        let len: usize = self.rest.get(1..colon)?.parse().ok()?;
        let start = colon + 1;
        let text = self.rest.get(start..start.checked_add(len)?)?;
        self.rest = &self.rest[start + len..];
        Some(Value { ty, text })
    }
}

/// Iterator over a value's scalars; see [`Value::scalars`].
pub struct Scalars<'a> {
    stack: Vec<Members<'a>>,
    single: Option<Value<'a>>,
}

impl<'a> Iterator for Scalars<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        loop {
            let value = match self.single.take() {
                Some(value) => value,
                None => match self.stack.last_mut()?.next() {
                    Some(value) => value,
                    None => {
                        self.stack.pop();
                        continue;
                    }
                },
            };
            if value.ty != Type::List {
                return Some(value);
            }
            self.stack.push(value.members());
        }
    }
}

/// Writes the text of a list, member by member.
#[derive(Debug, Default)]
pub struct ListBuilder {
    text: String,
}

impl ListBuilder {
    /// Adds a member.
    pub fn push(&mut self, value: Value<'_>) {
        use fmt::Write;
        write!(self.text, "{}{}:{}", value.ty.tag(), value.text.len(), value.text)
            .expect("writing to a String cannot fail");
    }

    /// The list built so far.
    pub fn value(&self) -> Value<'_> {
        Value { ty: Type::List, text: &self.text }
    }

    /// True if nothing was pushed.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Forgets the members, keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
    }
}

/// A value that owns its text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OwnedValue {
    ty: Type,
    text: Box<str>,
}

impl OwnedValue {
    /// Borrows it.
    pub fn get(&self) -> Value<'_> {
        Value { ty: self.ty, text: &self.text }
    }
}

impl From<&str> for OwnedValue {
    fn from(text: &str) -> Self {
        Value::string(text).to_owned()
    }
}

/// Serializes as what it was: null, a truth value, a number, a string or a sequence.
impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self.ty {
            Type::Null => s.serialize_unit(),
            Type::Bool => s.serialize_bool(self.text == "true"),
            Type::String => s.serialize_str(self.text),
            Type::Number => serialize_number(self.text, s),
            Type::List => {
                let mut seq = s.serialize_seq(None)?;
                for member in self.members() {
                    seq.serialize_element(&member)?;
                }
                seq.end()
            }
        }
    }
}

/// A number that no machine type holds exactly (or that is none) is kept as its text.
fn serialize_number<S: Serializer>(text: &str, s: S) -> Result<S::Ok, S::Error> {
    if let Ok(n) = text.parse::<i64>() {
        return s.serialize_i64(n);
    }
    if let Ok(n) = text.parse::<u64>() {
        return s.serialize_u64(n);
    }
    // An integer that no machine type holds would come out as another one.
    let is_integer = text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    match text.parse::<f64>() {
        Ok(n) if n.is_finite() && !is_integer => s.serialize_f64(n),
        _ => s.serialize_str(text),
    }
}

impl Serialize for OwnedValue {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(s)
    }
}

impl<'de> Deserialize<'de> for OwnedValue {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = OwnedValue;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("null, a truth value, a number, a string or a list of these")
            }
            fn visit_unit<E>(self) -> Result<OwnedValue, E> {
                Ok(Value::NULL.to_owned())
            }
            fn visit_bool<E>(self, b: bool) -> Result<OwnedValue, E> {
                Ok(Value::bool(b).to_owned())
            }
            fn visit_i64<E>(self, n: i64) -> Result<OwnedValue, E> {
                Ok(Value::number(&n.to_string()).to_owned())
            }
            fn visit_u64<E>(self, n: u64) -> Result<OwnedValue, E> {
                Ok(Value::number(&n.to_string()).to_owned())
            }
            fn visit_f64<E>(self, n: f64) -> Result<OwnedValue, E> {
                // `{:?}` keeps the point of 7.0.
                Ok(Value::number(&format!("{n:?}")).to_owned())
            }
            fn visit_str<E>(self, s: &str) -> Result<OwnedValue, E> {
                Ok(s.into())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OwnedValue, A::Error> {
                let mut list = ListBuilder::default();
                while let Some(member) = seq.next_element::<OwnedValue>()? {
                    list.push(member.get());
                }
                Ok(list.value().to_owned())
            }
        }
        d.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_gives_back_its_members_in_order_and_nested() {
        let mut inner = ListBuilder::default();
        inner.push(Value::string("x:1"));
        inner.push(Value::NULL);
        let mut outer = ListBuilder::default();
        outer.push(Value::number("7"));
        outer.push(inner.value());
        outer.push(Value::string("čau"));
        let scalars: Vec<_> = outer.value().scalars().map(|v| (v.ty, v.text)).collect();
        assert_eq!(
            scalars,
            [(Type::Number, "7"), (Type::String, "x:1"), (Type::Null, ""), (Type::String, "čau")]
        );
        assert_eq!(outer.value().members().count(), 3);
    }

    #[test]
    fn json_round_trip_keeps_types() {
        let json = r#"["a",1,-2.5,true,null,[18446744073709551615]]"#;
        let value: OwnedValue = serde_json::from_str(json).expect("valid");
        assert_eq!(serde_json::to_string(&value).expect("serializes"), json);
        let json = "[7.0,1e+300]";
        let value: OwnedValue = serde_json::from_str(json).expect("valid");
        assert_eq!(serde_json::to_string(&value).expect("serializes"), json);
        let huge = Value::number("18446744073709551617");
        assert_eq!(serde_json::to_string(&huge).expect("serializes"), r#""18446744073709551617""#);
    }

    #[test]
    fn framing_that_is_not_ours_ends_the_list_without_panic() {
        for text in ["x", "s5:ab", "s99999999999999999999:", "s1:č", "s:"] {
            assert!(Value { ty: Type::List, text }.scalars().count() <= 1);
        }
    }
}
