//! What is wanted of a kind's events, made ready for reading them.

use std::sync::Arc;

use blanik_model::{Interest, Kind, SharedNames, TextSearch};

use crate::entity;
use crate::layout::Written;

/// See the module.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// Every field.
    All,
    /// Columns of these names, which are sorted; the values of the others where texts are found.
    Columns(Arc<[Arc<str>]>, Option<Arc<Rest>>, Option<SharedNames>),
}

/// How a field of a name is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AsColumn {
    /// As the column of that number.
    Number(usize),
    /// As a column of its name.
    Named,
    /// As none.
    No,
}

/// Texts for which the other fields' values are wanted.
#[derive(Debug)]
pub(crate) struct Rest {
    plain: Arc<TextSearch>,
    // As they stand in JSON strings.
    in_json: TextSearch,
}

impl Wanted {
    /// What the interest names, and the fields that say which machines the events are about.
    pub fn new(interest: Interest, kind: &Kind) -> Self {
        match interest {
            Interest::All => Wanted::All,
            // A short text stands in too many records: then columns are cheaper.
            Interest::Fields { rest: Some(rest), .. } if !rest.is_telling() => Wanted::All,
            Interest::Fields { mut names, rest, also } => {
                names.extend(entity::host_fields(kind).map(Arc::from));
                names.sort();
                names.dedup();
                Wanted::Columns(names.into(), rest.map(|rest| Arc::new(Rest::new(rest))), also)
            }
        }
    }

    /// True if the values of fields that are no columns may be wanted.
    pub fn has_rest(&self) -> bool {
        matches!(self, Wanted::Columns(_, Some(_), _))
    }

    /// How a field of that name is wanted.
    pub fn column(&self, name: &str) -> AsColumn {
        match self {
            Wanted::All => AsColumn::Named,
            Wanted::Columns(names, _, also) => match names.binary_search_by(|n| (**n).cmp(name)) {
                Ok(number) => AsColumn::Number(number),
                Err(_) if also.as_ref().is_some_and(|also| also.0.has(name)) => AsColumn::Named,
                Err(_) => AsColumn::No,
            },
        }
    }
}

impl Rest {
    fn new(plain: Arc<TextSearch>) -> Self {
        let in_json = TextSearch::new(plain.texts().map(in_json).collect());
        Rest { plain, in_json }
    }

    /// False if the value has none of the texts in its lower case.
    pub fn is_in(&self, value: &str) -> bool {
        self.plain.may_stand_in(value)
    }

    /// False if no value of the record has one of the texts in its lower case.
    pub fn may_be_in(&self, record: Written<'_>) -> bool {
        match record {
            Written::Json(text) => self.in_json.may_stand_in(text),
            Written::Plain(text) => self.plain.may_stand_in(text),
            Written::Otherwise | Written::Absent => true,
        }
    }
}

/// A text as it stands in a JSON string that escapes nothing without need, and by the short forms.
fn in_json(text: &[u8]) -> Box<[u8]> {
    let mut escaped = Vec::with_capacity(text.len());
    for &byte in text {
        let short = match byte {
            b'"' | b'\\' => byte,
            8 => b'b',
            12 => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            _ => {
                escaped.push(byte);
                continue;
            }
        };
        escaped.extend([b'\\', short]);
    }
    escaped.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_as_json_writes_it() {
        let search = TextSearch::new(vec![br#"a\b"c"#.to_vec().into(), b"xyz\n".to_vec().into()]);
        let rest = Rest::new(Arc::new(search));
        for (text, want) in [
            (r#"{"x":"--A\\b\"C--"}"#, true),
            (r#"{"x":"--A\\b--"}"#, false),
            (r#"{"x":"XYZ\n"}"#, true),
            (r#"{"x":"xyz"}"#, false),
        ] {
            assert_eq!(rest.may_be_in(Written::Json(text)), want, "{text}");
        }
        assert!(rest.may_be_in(Written::Plain("a\\b\"c")));
        assert!(rest.may_be_in(Written::Otherwise));
    }
}
