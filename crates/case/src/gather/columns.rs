//! A batch's columns, looked up by name once a batch; and what is worked out of a value, once a distinct value.

use blanik_model::{Code, Column, EventBatch, Value};

use crate::entity::{self, EntityKind};

/// The texts of one field of a batch.
#[derive(Clone, Copy)]
pub(super) struct Texts<'b>(Option<&'b Column>);

impl<'b> Texts<'b> {
    pub(super) fn of(batch: &'b EventBatch, name: &str) -> Self {
        Texts(batch.column(name).filter(|column| !column.dictionary().is_empty()))
    }

    pub(super) fn value(self, row: usize) -> Option<Value<'b>> {
        self.0?.value(row)
    }

    /// The row's text, of several the first, if it says anything.
    pub(super) fn first(self, row: usize) -> Option<&'b str> {
        says(self.value(row)?.scalars().next()?)
    }

    /// Of a row's texts the first that says anything.
    pub(super) fn any(self, row: usize) -> Option<&'b str> {
        any(self.value(row)?)
    }

    /// Numbers the row's value among the field's distinct values.
    pub(super) fn code(self, row: usize) -> Option<Code> {
        let column = self.0?;
        let code = *column.codes().get(row)?;
        ((code as usize) < column.dictionary().len()).then_some(code)
    }

    fn distinct(self) -> usize {
        self.0.map_or(0, |column| column.dictionary().len())
    }
}

/// Of a value's texts the first that says anything.
pub(super) fn any(value: Value<'_>) -> Option<&str> {
    value.scalars().find_map(says)
}

fn says(value: Value<'_>) -> Option<&str> {
    (!value.text.is_empty() && value.text != "-").then_some(value.text)
}

/// What is worked out of one field's texts.
pub(super) struct Worked<'b, T> {
    texts: Texts<'b>,
    // By the value's code; none where nobody has asked.
    known: Vec<Option<T>>,
}

impl<'b, T> Worked<'b, T> {
    pub(super) fn of(texts: Texts<'b>) -> Self {
        Worked { texts, known: std::iter::repeat_with(|| None).take(texts.distinct()).collect() }
    }

    /// What `work` makes of the row's value, if it has one.
    pub(super) fn get(&mut self, row: usize, work: impl FnOnce(Value<'b>) -> T) -> Option<&T> {
        let known = &mut self.known[self.texts.code(row)? as usize];
        let value = self.texts.value(row)?;
        Some(known.get_or_insert_with(|| work(value)))
    }
}

/// The addresses that one field names, as they are known.
pub(super) struct Addresses<'b>(Worked<'b, Option<String>>);

impl<'b> Addresses<'b> {
    pub(super) fn of(batch: &'b EventBatch, name: &str) -> Self {
        Addresses(Worked::of(Texts::of(batch, name)))
    }

    /// The row's address, of several the first, if it names one.
    pub(super) fn get(&mut self, row: usize) -> Option<&str> {
        let address =
            |value: Value<'_>| entity::name(EntityKind::Address, value.scalars().next()?.text);
        self.0.get(row, address)?.as_deref()
    }
}
