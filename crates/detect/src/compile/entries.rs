//! The entries of a YAML mapping, asked for by what they should be. What is something else is refused
//! by its key.

use yaml_serde::{Mapping, Value};

use super::Refusal;

/// See the module.
#[derive(Clone, Copy)]
pub struct Entries<'y> {
    map: &'y Mapping,
    /// How to call the mapping to a person.
    of: &'static str,
}

type Asked<T> = Result<Option<T>, Refusal>;

impl<'y> Entries<'y> {
    /// The entries of a mapping, which is called `of` where something is wrong.
    pub fn new(map: &'y Mapping, of: &'static str) -> Self {
        Entries { map, of }
    }

    /// The value of a key; `None` if it is missing or null.
    pub fn get(&self, key: &str) -> Option<&'y Value> {
        self.map.get(key).filter(|value| !value.is_null())
    }

    /// A text. A number is taken as it is written, near enough.
    pub fn text(&self, key: &str) -> Asked<String> {
        let Some(value) = self.get(key) else { return Ok(None) };
        scalar_text(value).map(Some).ok_or_else(|| self.wrong(key, "is no text", "write a text"))
    }

    /// The same, where it is not worth a word if it is something else.
    pub fn text_or_none(&self, key: &str) -> Option<String> {
        self.get(key).and_then(scalar_text)
    }

    /// A list of texts; a text alone is a list of one.
    pub fn texts(&self, key: &str) -> Asked<Vec<String>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let wrong = || self.wrong(key, "is no list of texts", "write a list");
        match value {
            Value::Sequence(items) => {
                items.iter().map(|i| scalar_text(i).ok_or_else(wrong)).collect::<Result<_, _>>()
            }
            scalar => scalar_text(scalar).map(|text| vec![text]).ok_or_else(wrong),
        }
        .map(Some)
    }

    /// A truth value.
    pub fn truth(&self, key: &str) -> Asked<bool> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let wrong = || self.wrong(key, "is neither true nor false", "write true or false");
        value.as_bool().map(Some).ok_or_else(wrong)
    }

    /// A finite number.
    pub fn number(&self, key: &str) -> Asked<f64> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let number = value.as_f64().filter(|n| n.is_finite());
        number.map(Some).ok_or_else(|| self.wrong(key, "is no number", "write a number"))
    }

    /// A mapping; `of` is how to call it.
    pub fn entries(&self, key: &str, of: &'static str) -> Asked<Entries<'y>> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let wrong = || self.wrong(key, "is no mapping", "write keys with values");
        value.as_mapping().map(|map| Some(Entries::new(map, of))).ok_or_else(wrong)
    }

    /// Keys and values in their order; keys that are no text are refused.
    pub fn each(&self) -> Result<Vec<(&'y str, &'y Value)>, Refusal> {
        let one = |(key, value): (&'y Value, &'y Value)| {
            let reason = format!("a key of {} is no text", self.of);
            let key = key.as_str().ok_or_else(|| Refusal::new("", reason, "quote it"))?;
            Ok((key, value))
        };
        self.map.iter().map(one).collect()
    }

    /// Refuses the first key that is not among the known ones.
    pub fn only(&self, known: &[&str]) -> Result<(), Refusal> {
        let each = self.each()?;
        let Some((key, _)) = each.into_iter().find(|(key, _)| !known.contains(key)) else {
            return Ok(());
        };
        let reason = format!("{} has no '{key}' in Sigma", self.of);
        Err(Refusal::new(format!("{key}:"), reason, format!("it may have: {}", known.join(", "))))
    }

    /// A refusal because a key is missing.
    pub fn missing(&self, key: &str, hint: &str) -> Refusal {
        Refusal::new(self.of, format!("{} has no '{key}'", self.of), hint)
    }

    fn wrong(&self, key: &str, is: &str, hint: &str) -> Refusal {
        Refusal::new(format!("{key}:"), format!("'{key}' of {} {is}", self.of), hint)
    }
}

/// The text of what is no list and no mapping.
pub fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}
