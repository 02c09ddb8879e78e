//! A chunk's template definitions: the elements they write, and which value goes where.
//!
//! Only what Windows' own logs use (MS-EVEN6, 2.2.12): elements, attributes, texts, substitutions. A
//! definition with anything else is not read; its records are rendered.

use std::ops::Range;

/// Levels of elements in a definition.
const LEVELS_MAX: usize = 32;
/// Tokens of a definition.
const TOKENS_MAX: usize = 1 << 14;
/// Bytes before a definition's fragment: next offset, GUID, size.
const HEADER_BYTES: usize = 24;
const NO_DEPENDENCY: u16 = 0xffff;

/// An element of a definition.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub name: String,
    pub attributes: Vec<(String, Vec<Node>)>,
    pub children: Vec<Node>,
    /// The value without which the element is left out.
    pub depends: Option<u16>,
}

/// What stands in an element or an attribute.
#[derive(Debug)]
pub(super) enum Node {
    Element(Element),
    Text(String),
    /// The value of that number.
    Slot(u16),
}

/// One token; its text is a span of the chunk.
#[derive(Clone, Debug)]
pub(super) struct Token {
    what: What,
    number: u16,
    text: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum What {
    Open,
    CloseStart,
    Close,
    Attribute,
    Text,
    Slot,
}

/// Where the definition at an offset of the chunk ends.
pub(super) fn end_of(chunk: &[u8], at: usize) -> Option<usize> {
    let size = u32_at(chunk, at.checked_add(HEADER_BYTES - 4)?)? as usize;
    let end = at.checked_add(HEADER_BYTES)?.checked_add(size)?;
    (end <= chunk.len()).then_some(end)
}

/// Reads the tokens of the definition at an offset. `None` if it has others than expected.
pub(super) fn tokens(chunk: &[u8], at: usize, out: &mut Vec<Token>) -> Option<()> {
    out.clear();
    let chunk = &chunk[..end_of(chunk, at)?];
    let mut at = at + HEADER_BYTES;
    if chunk.get(at)? == &0x0f {
        at += 4;
    }
    while let token @ 1.. = *chunk.get(at)? {
        at += 1;
        let mut push = |what, number, text| out.push(Token { what, number, text });
        match token {
            0x01 | 0x41 => {
                let depends = u16_at(chunk, at)?;
                let (name, end) = name(chunk, at + 6)?;
                at = end + if token == 0x41 { 4 } else { 0 };
                push(What::Open, depends, name);
            }
            0x02 => push(What::CloseStart, 0, 0..0),
            // An empty element's start ends the element.
            0x03 | 0x04 => push(What::Close, 0, 0..0),
            0x05 | 0x45 if chunk.get(at) == Some(&0x01) => {
                let start = at + 3;
                at = start + 2 * usize::from(u16_at(chunk, at + 1)?);
                chunk.get(start..at)?;
                push(What::Text, 0, start..at);
            }
            0x06 | 0x46 => {
                let (name, end) = name(chunk, at)?;
                at = end;
                push(What::Attribute, 0, name);
            }
            0x0d | 0x0e => {
                push(What::Slot, u16_at(chunk, at)?, 0..0);
                at += 3;
            }
            _ => return None,
        }
        if out.len() > TOKENS_MAX {
            return None;
        }
    }
    Some(())
}

/// What two definitions have in common that write the same, wherever their names stand.
pub(super) fn key(chunk: &[u8], tokens: &[Token], key: &mut Vec<u8>) {
    key.clear();
    for token in tokens {
        key.push(token.what as u8);
        key.extend(token.number.to_le_bytes());
        key.extend((token.text.len() as u32).to_le_bytes());
        key.extend(&chunk[token.text.clone()]);
    }
}

/// The element that tokens make.
pub(super) fn element(chunk: &[u8], tokens: &[Token]) -> Option<Element> {
    let mut open: Vec<Element> = Vec::new();
    let mut in_start = false;
    for (i, token) in tokens.iter().enumerate() {
        match token.what {
            What::Open => {
                let depends = (token.number != NO_DEPENDENCY).then_some(token.number);
                let name = text(chunk, token)?;
                open.push(Element { name, depends, ..Element::default() });
                in_start = true;
                if open.len() > LEVELS_MAX {
                    return None;
                }
            }
            What::CloseStart => in_start = false,
            What::Close => {
                in_start = false;
                let done = open.pop()?;
                let Some(parent) = open.last_mut() else {
                    return (i + 1 == tokens.len()).then_some(done);
                };
                parent.children.push(Node::Element(done));
            }
            What::Attribute => {
                open.last_mut()?.attributes.push((text(chunk, token)?, Vec::new()));
            }
            What::Text | What::Slot => {
                let node = match token.what {
                    What::Text => Node::Text(text(chunk, token)?),
                    _ => Node::Slot(token.number),
                };
                let element = open.last_mut()?;
                match element.attributes.last_mut() {
                    Some((_, nodes)) if in_start => nodes.push(node),
                    _ => element.children.push(node),
                }
            }
        }
    }
    None
}

fn text(chunk: &[u8], token: &Token) -> Option<String> {
    let (units, _) = chunk[token.text.clone()].as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_le_bytes(*unit));
    char::decode_utf16(units).collect::<Result<_, _>>().ok()
}

/// A reference to a name: the span of the name, and where the reference ends. A name stands where it
/// is first used.
fn name(chunk: &[u8], at: usize) -> Option<(Range<usize>, usize)> {
    const BEFORE_LENGTH: usize = 6;
    let start = u32_at(chunk, at)? as usize;
    let units = usize::from(u16_at(chunk, start.checked_add(BEFORE_LENGTH)?)?);
    let text = start + BEFORE_LENGTH + 2..start + BEFORE_LENGTH + 2 + 2 * units;
    chunk.get(text.clone())?;
    let end = at + 4;
    let end = if start == end { text.end + 2 } else { end };
    Some((text, end))
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..)?.first_chunk().copied()?))
}
