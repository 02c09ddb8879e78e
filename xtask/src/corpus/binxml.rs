//! Where the values of an event stand in a chunk of EVTX. An event is an instance of a template: a list
//! of sizes and types, and the values behind it. Values that are BinXML again hold another instance, of
//! the provider's own template. Source: the format as libevtx' documentation describes it.

use std::ops::Range;

/// Instances in instances; two are usual.
const DEPTH_MAX: usize = 4;
/// A value of BinXML.
const NESTED: u8 = 0x21;

/// A value of a template's instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Its type, as the format numbers them.
    pub kind: u8,
    /// Where it stands in the chunk.
    pub at: Range<usize>,
    /// True if it belongs to the provider's own template, not to the one that all events share.
    pub is_payload: bool,
}

/// The values of the event whose BinXML stands at `at`, as far as they can be told.
pub fn slots(chunk: &[u8], at: Range<usize>, slots: &mut Vec<Slot>) {
    slots.clear();
    let _ = fragment(chunk, at, 0, slots);
}

fn fragment(chunk: &[u8], at: Range<usize>, depth: usize, slots: &mut Vec<Slot>) -> Option<()> {
    const HEADER: &[u8] = &[0x0f, 1, 1, 0];
    const INSTANCE: u8 = 0x0c;
    if depth > DEPTH_MAX {
        return None;
    }
    let mut from = at.start;
    if chunk.get(from..from + 4)? == HEADER {
        from += 4;
    }
    if *chunk.get(from)? != INSTANCE {
        return None;
    }
    // Behind the token: a byte, the template's number, where its definition stands.
    let definition = number(chunk, from + 6)?;
    from += 10;
    // The first instance has the definition with it.
    if definition == from {
        from += 24 + number(chunk, from + 20)?;
    }
    let count = number(chunk, from)?;
    let sizes = from + 4;
    let mut value = sizes.checked_add(count.checked_mul(4)?)?;
    for index in 0..count {
        let entry = chunk.get(sizes + 4 * index..sizes + 4 * index + 4)?;
        let end = value + usize::from(u16::from_le_bytes([entry[0], entry[1]]));
        if end > at.end || end > chunk.len() {
            return None;
        }
        if entry[2] == NESTED {
            // One that cannot be told costs no other its values.
            let _ = fragment(chunk, value..end, depth + 1, slots);
        } else {
            slots.push(Slot { kind: entry[2], at: value..end, is_payload: depth > 0 });
        }
        value = end;
    }
    Some(())
}

fn number(chunk: &[u8], at: usize) -> Option<usize> {
    let bytes = chunk.get(at..at.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
}
