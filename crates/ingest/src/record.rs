//! One decoded record before anyone knows what it is: names and values, flat, in the log's order.
//!
//! Objects are flattened to dotted names (`Event.System.EventID`); a name that crosses a list of
//! objects collects their values into one list (`dns.answers.rrname`). The buffer is reused from
//! record to record.

use blanik_model::{Type, Value};

/// See the module.
#[derive(Debug, Default)]
pub struct Record {
    text: String,
    fields: Vec<Field>,
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
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Adds a field. A record of more than 4 GiB of text cannot come this far: blocks are bounded.
    pub fn push(&mut self, name: &str, value: Value<'_>) {
        let name = self.add(name);
        let text = self.add(value.text);
        self.fields.push(Field { name, value: text, ty: value.ty });
    }

    fn add(&mut self, text: &str) -> (u32, u32) {
        let start = self.text.len();
        self.text.push_str(text);
        let at = |n| u32::try_from(n).expect("blocks are bounded far below 4 GiB");
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
}
