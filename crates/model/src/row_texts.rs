//! What is worked out of a batch's rows, one text a row or none, such as the machine that an event is about.
//! Like a column: each distinct text stands once, rows hold codes.

use crate::Value;
use crate::batch::{ABSENT, Code, Dictionary};

/// See the module.
#[derive(Clone, Default)]
pub struct RowTexts {
    texts: Dictionary,
    codes: Vec<Code>,
}

impl RowTexts {
    /// With room for so many rows.
    pub fn with_capacity(rows: usize) -> Self {
        RowTexts { texts: Dictionary::default(), codes: Vec::with_capacity(rows) }
    }

    /// The code of a text, new or known.
    pub fn intern(&mut self, text: &str) -> Code {
        self.texts.intern(Value::string(text))
    }

    /// Adds a row, with the code of its text if it has one. Panics on a code that was not given out.
    pub fn push(&mut self, code: Option<Code>) {
        assert!(code.is_none_or(|code| (code as usize) < self.texts.len()), "a code given out");
        self.codes.push(code.unwrap_or(ABSENT));
    }

    /// The code of a row's text, if it has one. Panics if there is no such row.
    pub fn code(&self, row: usize) -> Option<Code> {
        let code = self.codes[row];
        (code != ABSENT).then_some(code)
    }

    /// The text of a code. Panics on a code that was not given out.
    pub fn text(&self, code: Code) -> &str {
        self.texts.get(code).text
    }

    /// The row's text, if it has one. Panics if there is no such row.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.code(row).map(|code| self.text(code))
    }

    /// Number of distinct texts: codes are less.
    pub fn distinct(&self) -> usize {
        self.texts.len()
    }

    /// Each distinct text, with the number of rows that have it.
    pub fn counts(&self) -> impl Iterator<Item = (&str, u64)> {
        let mut counts = vec![0; self.texts.len()];
        for code in self.codes.iter().filter(|code| **code != ABSENT) {
            counts[*code as usize] += 1;
        }
        counts.into_iter().enumerate().map(|(code, count)| (self.text(code as Code), count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_stands_once_and_is_counted() {
        let mut texts = RowTexts::with_capacity(4);
        for text in [Some("a"), None, Some("b"), Some("a")] {
            let code = text.map(|text| texts.intern(text));
            texts.push(code);
        }
        let rows: Vec<_> = (0..4).map(|row| texts.get(row)).collect();
        assert_eq!(rows, [Some("a"), None, Some("b"), Some("a")]);
        assert_eq!((texts.distinct(), texts.code(0) == texts.code(3)), (2, true));
        assert_eq!(texts.counts().collect::<Vec<_>>(), [("a", 2), ("b", 1)]);
    }
}
