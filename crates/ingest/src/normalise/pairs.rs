//! Puts names and texts together again that a converter from XML tore apart.
//!
//! `<Data Name="Image">C:\…</Data><Data Name="User">…</Data>` becomes, with converters that know
//! nothing of Windows, a list of objects, and so two parallel lists: one of names, one of texts.

use blanik_model::Value;

use crate::record::Record;

/// What a converter calls `Data`'s name, and its text.
const PAIRS: [(&str, &str); 6] = [
    ("#attributes.Name", "#text"),
    ("@Name", "#text"),
    ("_attributes.Name", "_text"),
    ("-Name", "#text"),
    ("$.Name", "_"),
    ("Name", "#text"),
];

const PREFIXES: [&str; 2] = ["Event.EventData.Data.", "EventData.Data."];

/// Writes the record to `out` with one field per name, if it has the two lists and they are equally
/// long (a converter that leaves out empty texts has lost which they were) and there is room for it.
pub(crate) fn unzip(record: &Record, out: &mut Record) -> bool {
    let Some((prefix, first)) = find(record) else { return false };
    for (name_key, text_key) in PAIRS {
        let is = |name: &str, key: &str| name.strip_prefix(prefix) == Some(key);
        let field = |key| (first..record.len()).find(|&i| is(record.field(i).0, key));
        let (Some(names), Some(texts)) = (field(name_key), field(text_key)) else { continue };
        let (names, texts) = (record.field(names).1, record.field(texts).1);
        if names.scalars().count() != texts.scalars().count() {
            return false;
        }
        write(record, prefix, (name_key, text_key), (names, texts), out);
        return out.whole().is_ok();
    }
    false
}

/// True if a record of these names may have the two lists.
pub(crate) fn may_unzip(record: &Record) -> bool {
    find(record).is_some()
}

/// The prefix that the parallel lists have in this record, and the first field with it.
fn find(record: &Record) -> Option<(&'static str, usize)> {
    (0..record.len()).find_map(|i| {
        let name = record.field(i).0;
        let prefix = PREFIXES.into_iter().find(|p| name.starts_with(p))?;
        Some((prefix, i))
    })
}

fn write(
    record: &Record,
    prefix: &str,
    keys: (&str, &str),
    lists: (Value<'_>, Value<'_>),
    out: &mut Record,
) {
    out.clear();
    for (name, value) in record.iter() {
        match name.strip_prefix(prefix) {
            Some(rest) if rest == keys.1 => {}
            Some(rest) if rest == keys.0 => {
                let parent = prefix.strip_suffix("Data.").unwrap_or(prefix);
                for (name, text) in lists.0.scalars().zip(lists.1.scalars()) {
                    out.push(&format!("{parent}{}", name.text), text);
                }
            }
            _ => out.push(name, value),
        }
    }
}
