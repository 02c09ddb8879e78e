//! An object of a record as JSON text again.
//!
//! Records are flat, and rules for clouds ask whether an object's text contains something
//! (`requestParameters`, `targetResources`). What is written here has the object's names and values in
//! their order; blanks, and what flattening lost, may differ from the log's own text: a list of one
//! object is that object, and lists of objects whose members differ in names stay lists of values.

use blanik_model::{Type, Value};

use crate::batcher::VALUE_BYTES_MAX;
use crate::decode::DEPTH_MAX;

/// Writes the object of these names (relative to it) and values.
pub(crate) fn write(fields: &[(&str, Value<'_>)], out: &mut String) {
    object(fields, 0, out);
}

/// What follows the prefix and a dot in the name.
pub(crate) fn inside<'n>(name: &'n str, prefix: &str) -> Option<&'n str> {
    name.strip_prefix(prefix)?.strip_prefix('.').filter(|rest| !rest.is_empty())
}

fn object(fields: &[(&str, Value<'_>)], depth: usize, out: &mut String) {
    match rows(fields) {
        Some(rows) => {
            out.push('[');
            for (i, row) in rows.iter().enumerate() {
                separate(i, out);
                members(row, depth, out);
            }
            out.push(']');
        }
        None => members(fields, depth, out),
    }
}

/// The objects of a list, where the values are lists of one length: one list for each name.
fn rows<'v, 'n>(fields: &[(&'n str, Value<'v>)]) -> Option<Vec<Vec<(&'n str, Value<'v>)>>> {
    let count = |value: Value<'_>| (value.ty == Type::List).then(|| value.members().count());
    let (_, first) = fields.first().filter(|_| fields.len() > 1)?;
    let length = count(*first).filter(|length| *length > 1)?;
    if !fields.iter().all(|(_, value)| count(*value) == Some(length)) {
        return None;
    }
    let mut rows = vec![Vec::with_capacity(fields.len()); length];
    for (name, value) in fields {
        for (row, member) in rows.iter_mut().zip(value.members()) {
            row.push((*name, member));
        }
    }
    Some(rows)
}

/// An object's members. Those of one name stand side by side, as flattening leaves them.
fn members(fields: &[(&str, Value<'_>)], depth: usize, out: &mut String) {
    let first =
        |name: &'_ str| name.split_once('.').filter(|_| depth < DEPTH_MAX).map(|(f, _)| f.len());
    out.push('{');
    let mut at = 0;
    while at < fields.len() && out.len() <= VALUE_BYTES_MAX {
        separate(at, out);
        let (name, value) = fields[at];
        let Some(length) = first(name) else {
            string(name, out);
            out.push(':');
            scalar_or_list(value, out);
            at += 1;
            continue;
        };
        let (key, from) = (&name[..length], at);
        let same = |name: &str| first(name) == Some(length) && name.starts_with(key);
        while at < fields.len() && same(fields[at].0) {
            at += 1;
        }
        string(key, out);
        out.push(':');
        let inner: Vec<_> = fields[from..at].iter().map(|(n, v)| (&n[length + 1..], *v)).collect();
        object(&inner, depth + 1, out);
    }
    out.push('}');
}

fn separate(i: usize, out: &mut String) {
    if i > 0 {
        out.push(',');
    }
}

fn scalar_or_list(value: Value<'_>, out: &mut String) {
    match value.ty {
        Type::Null => out.push_str("null"),
        Type::Bool | Type::Number => out.push_str(value.text),
        Type::String => string(value.text, out),
        Type::List => {
            out.push('[');
            for (i, member) in value.scalars().enumerate() {
                separate(i, out);
                scalar_or_list(member, out);
            }
            out.push(']');
        }
    }
}

/// A JSON string. Control characters other than the common three do not matter to a rule.
fn string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use blanik_model::ListBuilder;

    use super::*;

    fn list(members: &[&str]) -> String {
        let mut list = ListBuilder::default();
        members.iter().for_each(|m| list.push(Value::string(m)));
        list.value().text.to_owned()
    }

    fn written(fields: &[(&str, Value<'_>)]) -> String {
        let mut out = String::new();
        write(fields, &mut out);
        out
    }

    #[test]
    fn objects_lists_and_lists_of_objects() {
        let (names, values) = (list(&["a", "b"]), list(&["1", "2\""]));
        let of = |text| Value { ty: Type::List, text };
        for (fields, want) in [
            (&[][..], "{}"),
            (&[("a", Value::bool(true)), ("b", Value::NULL)], r#"{"a":true,"b":null}"#),
            (
                &[("a.b", Value::number("1")), ("a.c.d", Value::string("x")), ("e", Value::NULL)],
                r#"{"a":{"b":1,"c":{"d":"x"}},"e":null}"#,
            ),
            (
                &[("Name", of(&names)), ("Value", of(&values))],
                r#"[{"Name":"a","Value":"1"},{"Name":"b","Value":"2\""}]"#,
            ),
            (&[("only", of(&names))], r#"{"only":["a","b"]}"#),
            (&[("a", of(&names)), ("b", Value::string("x"))], r#"{"a":["a","b"],"b":"x"}"#),
        ] {
            assert_eq!(written(fields), want, "{fields:?}");
        }
    }

    #[test]
    fn names_made_of_dots_cost_no_stack() {
        let name = ".".repeat(100_000);
        assert!(written(&[(&name, Value::NULL)]).len() < 110_000);
    }

    #[test]
    fn what_stands_inside_a_prefix() {
        assert_eq!(inside("a.b.c", "a"), Some("b.c"));
        assert_eq!(inside("ab.c", "a"), None);
        assert_eq!(inside("a.", "a"), None);
    }
}
