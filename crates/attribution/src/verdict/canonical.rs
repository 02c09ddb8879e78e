//! The bytes of a verdict that stand on record, and that anybody computes again.

use serde_json::Value;

use super::Verdict;

impl Verdict {
    /// The verdict as JSON, the same bytes wherever it is computed: numbers are rounded to six places, where no two
    /// machines' logarithms differ.
    #[must_use]
    pub fn canonical(&self) -> String {
        let value = serde_json::to_value(self).expect("a verdict is JSON");
        rounded(value).to_string()
    }
}

fn rounded(value: Value) -> Value {
    match value {
        Value::Number(n) if n.is_f64() => {
            let six = (n.as_f64().unwrap_or_default() * 1e6).round() / 1e6;
            // Minus nothing is nothing.
            Value::from(if six == 0.0 { 0.0 } else { six })
        }
        Value::Array(list) => list.into_iter().map(rounded).collect(),
        Value::Object(map) => map.into_iter().map(|(k, v)| (k, rounded(v))).collect(),
        other => other,
    }
}
