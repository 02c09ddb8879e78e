//! One decoded record before anyone knows what it is: names and values, flat, in the log's order.
//!
//! Objects are flattened to dotted names (`Event.System.EventID`); a name that crosses a list of
//! objects collects their values into one list (`dns.answers.rrname`). The buffer is reused from
//! record to record.

use blanik_model::{Timestamp, Type, Value};

/// Bytes of all names and values. The same long name before many values makes a record far longer
/// than its text: a record that comes to more than this is refused.
pub(crate) const RECORD_TEXT_BYTES_MAX: usize = 64 << 20;

/// Fields: each costs a batch a column, some hundred times what it costs the log. A record with more
/// is refused.
pub(crate) const RECORD_FIELDS_MAX: usize = 1 << 16;

/// Why a record is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Overfull {
    /// Of too much text.
    #[error("its names and values come to more than {RECORD_TEXT_BYTES_MAX} bytes (limit)")]
    Text,
    /// Of too many fields.
    #[error("it has more than {RECORD_FIELDS_MAX} fields (limit)")]
    Fields,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Record {
    text: String,
    fields: Vec<Field>,
    overfull: Option<Overfull>,
}

#[derive(Clone, Copy, Debug)]
struct Field {
    name: (u32, u32),
    value: (u32, u32),
    ty: Type,
}

impl Record {
    /// Forgets the fields, keeps the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.fields.clear();
        self.overfull = None;
    }

    /// True if there was no room for a field; the record is then not [whole](Self::whole).
    pub fn is_overfull(&self) -> bool {
        self.overfull.is_some()
    }

    /// An error if there was no room for a field.
    pub fn whole(&self) -> Result<(), Overfull> {
        self.overfull.map_or(Ok(()), Err)
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Adds a field, unless there is [no room](Self::whole) for it or was none for one before.
    pub fn push(&mut self, name: &str, value: Value<'_>) {
        let bytes = self.text.len() + name.len() + value.text.len();
        if bytes > RECORD_TEXT_BYTES_MAX {
            self.overfull.get_or_insert(Overfull::Text);
        } else if self.fields.len() == RECORD_FIELDS_MAX {
            self.overfull.get_or_insert(Overfull::Fields);
        }
        if self.overfull.is_some() {
            return;
        }
        let name = self.add(name);
        let text = self.add(value.text);
        self.fields.push(Field { name, value: text, ty: value.ty });
    }

    fn add(&mut self, text: &str) -> (u32, u32) {
        let start = self.text.len();
        self.text.push_str(text);
        let at = |n| u32::try_from(n).expect("a record is bounded far below 4 GiB");
        (at(start), at(self.text.len()))
    }

    /// The field at an index, in the order pushed.
    pub fn field(&self, i: usize) -> (&str, Value<'_>) {
        let f = self.fields[i];
        let cut = |(start, end): (u32, u32)| &self.text[start as usize..end as usize];
        (cut(f.name), Value { ty: f.ty, text: cut(f.value) })
    }

    /// The fields, in the order pushed.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Value<'_>)> {
        (0..self.len()).map(|i| self.field(i))
    }

    /// The first field of that name.
    pub fn get(&self, name: &str) -> Option<Value<'_>> {
        self.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }
}

/// What the reader knows of a record's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint<'a> {
    /// Some JSON object.
    Json,
    /// A Windows event as the event log has it, from EVTX or XML: `Event.System.EventID`,
    /// `Event.EventData.CommandLine`; an attribute is `Event.System.Provider.#attributes.Name`.
    WindowsXmlShape,
    /// A line of a Zeek log.
    Zeek {
        /// The log's name, such as `conn`.
        path: &'a str,
    },
    /// A record of a text log.
    Text {
        /// What `mapping/text.tsv` calls such records.
        log: &'static str,
        /// When it happened, by its own word.
        time: Option<Timestamp>,
    },
}
