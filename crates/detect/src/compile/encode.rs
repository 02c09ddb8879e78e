//! The value transformations of the modifiers appendix: what a text looks like in UTF-16, in base64,
//! and in base64 at each of the three places it can begin.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The UTF-16 spellings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wide {
    /// `wide`, `utf16le`
    LittleEndian,
    /// `utf16be`
    BigEndian,
    /// `utf16`: little endian behind a byte order mark
    Marked,
}

/// The text's bytes in UTF-16.
pub fn utf16(text: &str, wide: Wide) -> Vec<u8> {
    let mut bytes = if wide == Wide::Marked { vec![0xFF, 0xFE] } else { Vec::new() };
    for unit in text.encode_utf16() {
        bytes.extend(if wide == Wide::BigEndian { unit.to_be_bytes() } else { unit.to_le_bytes() });
    }
    bytes
}

/// `base64`: the bytes encoded on their own.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// `base64offset`: the characters that the bytes always produce, wherever in a group of three they
/// begin. Characters that depend on neighbours are cut off at both ends.
pub fn base64_offsets(bytes: &[u8]) -> Vec<String> {
    let one = |offset: usize| {
        let mut padded = vec![0; offset];
        padded.extend_from_slice(bytes);
        let encoded = STANDARD.encode(&padded);
        let start = (offset * 8).div_ceil(6);
        // Only whole sixes of bits are the text's own.
        let end = padded.len() * 8 / 6;
        encoded.get(start..end).unwrap_or("").to_owned()
    };
    (0..3).map(one).filter(|s| !s.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encoded amid any neighbours, one of the three spellings occurs.
    #[test]
    fn one_of_the_offsets_occurs_amid_any_neighbours() {
        for text in ["http://", "a\0b\0c\0", "IEX(New-Object"] {
            let offsets = base64_offsets(text.as_bytes());
            for before in ["", "x", "xy", "xyz", "long before "] {
                for after in ["", "1", "12", "123"] {
                    let encoded = STANDARD.encode(format!("{before}{text}{after}"));
                    assert!(
                        offsets.iter().any(|o| encoded.contains(o.as_str())),
                        "{text} in {encoded}"
                    );
                }
            }
        }
    }

    #[test]
    fn wide() {
        assert_eq!(utf16("ab", Wide::LittleEndian), b"a\0b\0");
        assert_eq!(utf16("a", Wide::BigEndian), b"\0a");
        assert_eq!(utf16("a", Wide::Marked), b"\xFF\xFEa\0");
        assert_eq!(base64(b"foo"), "Zm9v");
    }
}
