//! An event's `EventID` is its kind's number, once.
//!
//! Who scans events by kind answers what rules ask of `EventID` by the kind alone. A record may say
//! it twice, or spell it ` 4624`: what made it of its kind counts. The raw record has the rest.

use blanik_model::Value;

use crate::record::Record;

/// The number that a text says. Tools that keep tables write `4624.0`, once some row of theirs has none.
pub(crate) fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    text.strip_suffix(".0").unwrap_or(text).parse().ok()
}

/// Makes it so; `scratch` is memory.
pub(crate) fn settle(id: u32, name: &str, fields: &mut Record, scratch: &mut Record) {
    // Nearly every record says it once, and as a number is written.
    // Of one that is not whole, nothing is used but why.
    if is_settled(id, name, fields) || fields.whole().is_err() {
        return;
    }
    scratch.clear();
    let mut settled = false;
    let text = id.to_string();
    for (n, value) in fields.iter() {
        if n != name {
            scratch.push(n, value);
        } else if !settled {
            scratch.push(n, Value::number(&text));
            settled = true;
        }
    }
    std::mem::swap(fields, scratch);
}

fn is_settled(id: u32, name: &str, fields: &Record) -> bool {
    let mut said = fields.iter().filter(|(n, _)| *n == name).map(|(_, value)| value.text);
    said.next().is_some_and(|text| is(text, id)) && said.next().is_none()
}

/// Whether the text is the number's own.
pub(crate) fn is(text: &str, id: u32) -> bool {
    let canonical = !text.starts_with(['0', '+']) || text == "0";
    canonical && text.parse() == Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_id_whatever_the_record_says() {
        for (said, want) in [
            (&["4624"][..], "x=a EventID=4624"),
            (&[" 4624"], "x=a EventID=4624"),
            (&["04624"], "x=a EventID=4624"),
            (&["+4624"], "x=a EventID=4624"),
            (&["4624", "4625"], "x=a EventID=4624"),
            (&["4624", "4624"], "x=a EventID=4624"),
        ] {
            let (mut fields, mut scratch) = (Record::default(), Record::default());
            fields.push("x", Value::string("a"));
            said.iter().for_each(|text| fields.push("EventID", Value::string(text)));
            settle(4624, "EventID", &mut fields, &mut scratch);
            let got = fields.iter().map(|(n, v)| format!("{n}={}", v.text));
            assert_eq!(got.collect::<Vec<_>>().join(" "), want, "{said:?}");
        }
    }
}
