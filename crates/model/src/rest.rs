//! The values of a batch's events that no column holds.
//!
//! A reader that is told which fields somebody asks for ([`Interest`](crate::Interest)) makes columns
//! of these. Where rules ask of *any* value of an event (Sigma's keywords), the others are needed
//! too, but not one by one: they stand here behind each other, so that one pass over the text of a
//! whole batch finds the few that matter.

use crate::{Type, Value};

/// See the module. Rows are those of the batch, in its order.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    text: String,
    // Of each value: its type, and where its text ends.
    values: Vec<(Type, u32)>,
    // Of each row: the number of values up to its end.
    rows: Vec<u32>,
}

impl Rest {
    /// Adds a value to the row begun last, which is number `row`.
    pub(crate) fn push(&mut self, row: usize, value: Value<'_>) {
        let before = self.values.len() as u32;
        if self.rows.len() <= row {
            self.rows.resize(row + 1, before);
        }
        self.text.push_str(value.text);
        self.values.push((value.ty, self.text.len() as u32));
        self.rows[row] = before + 1;
    }

    /// Forgets all values, keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.values.clear();
        self.rows.clear();
    }

    /// True if it holds no value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// The text of all values behind each other, without separators. That of a [`Type::List`] is its
    /// members' framing.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Index of the value that holds the byte of [`text`](Self::text) at `offset`.
    pub fn value_at(&self, offset: usize) -> usize {
        self.values.partition_point(|(_, end)| *end as usize <= offset)
    }

    /// A value by its index. Panics if there is none.
    pub fn value(&self, index: usize) -> Value<'_> {
        let start = if index == 0 { 0 } else { self.values[index - 1].1 as usize };
        let (ty, end) = self.values[index];
        Value { ty, text: &self.text[start..end as usize] }
    }

    /// Where the value's text ends in [`text`](Self::text). Panics if there is no such value.
    pub fn end_of(&self, index: usize) -> usize {
        self.values[index].1 as usize
    }

    /// The row that a value belongs to.
    pub fn row_of(&self, index: usize) -> usize {
        self.rows.partition_point(|end| *end as usize <= index)
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        self.text.len() + self.values.len() * size_of::<(Type, u32)>() + 4 * self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_their_place() {
        let mut rest = Rest::default();
        rest.push(1, Value::string("ab"));
        rest.push(1, Value::string(""));
        rest.push(1, Value::number("7"));
        rest.push(4, Value::string("xyz"));
        assert_eq!(rest.text(), "ab7xyz");
        let at = |offset| {
            let index = rest.value_at(offset);
            (rest.row_of(index), rest.value(index))
        };
        assert_eq!(at(0), (1, Value::string("ab")));
        assert_eq!(at(1), (1, Value::string("ab")));
        assert_eq!(at(2), (1, Value::number("7")));
        assert_eq!(at(5), (4, Value::string("xyz")));
        assert_eq!(rest.len(), 4);
    }
}
