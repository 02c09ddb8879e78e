//! The modifier `expand`: `%name%` in a value stands for each of the values given for the name.
//!
//! `\%` is a plain percent sign (specification, "Placeholders"). The values given are patterns: `srv*`
//! keeps its wildcard. A name without values is an error, so that no rule is silently blind.

use std::collections::BTreeMap;

use super::item::{ItemError, error};

/// More values than this come of no sensible rule.
const EXPANDED_VALUES_MAX: usize = 100_000;

/// The texts that a text with placeholders stands for.
pub fn expand(text: &str, known: &BTreeMap<String, Vec<String>>) -> Result<Vec<String>, ItemError> {
    let mut done = vec![String::new()];
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (plain, after) = if let Some(after) = rest.strip_prefix("\\%") {
            ("%", after)
        } else if let Some(after) = rest.strip_prefix("\\\\") {
            // A backslash that is escaped escapes nothing.
            (&rest[..2], after)
        } else if let Some((name, after)) = placeholder(rest) {
            done = joined(&done, name, known)?;
            ("", after)
        } else {
            rest.split_at(c.len_utf8())
        };
        done.iter_mut().for_each(|d| d.push_str(plain));
        rest = after;
    }
    Ok(done)
}

fn joined(
    done: &[String],
    name: &str,
    known: &BTreeMap<String, Vec<String>>,
) -> Result<Vec<String>, ItemError> {
    let Some(values) = known.get(name) else {
        return error(
            format!("there are no values for the placeholder %{name}%"),
            "give them with --placeholders FILE",
        );
    };
    if done.len().saturating_mul(values.len()) > EXPANDED_VALUES_MAX {
        return error("the placeholders expand to too many values", "use fewer in one value");
    }
    Ok(done.iter().flat_map(|d| values.iter().map(move |v| format!("{d}{v}"))).collect())
}

/// The name between the percent sign that `text` begins with and the next, and what stands behind.
fn placeholder(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix('%')?.split_once('%')?;
    let is_name =
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
    is_name.then_some((name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_escapes_and_lone_percent_signs() {
        let known = [
            ("a".to_owned(), vec!["1".to_owned(), "2*".to_owned()]),
            ("b".to_owned(), vec!["%a%".to_owned()]),
            ("none".to_owned(), vec![]),
        ]
        .into();
        for (text, expected) in [
            ("x", &["x"][..]),
            ("%a%", &["1", "2*"]),
            ("%a%-%a%", &["1-1", "1-2*", "2*-1", "2*-2*"]),
            (r"\%plain%a%", &["%plain1", "%plain2*"]),
            (r"C:\\%a%", &[r"C:\\1", r"C:\\2*"]),
            ("100% of %a%", &["100% of 1", "100% of 2*"]),
            // What is put in is not looked at again.
            ("%b%", &["%a%"]),
            ("%none%", &[]),
            ("%%", &["%%"]),
        ] {
            assert_eq!(expand(text, &known).expect("all are known"), expected, "{text}");
        }
        assert!(expand("%c%", &known).is_err());
        let many = [("a".to_owned(), vec!["x".to_owned(); 400])].into();
        assert!(expand("%a%%a%", &many).is_err(), "160,000 values");
    }
}
