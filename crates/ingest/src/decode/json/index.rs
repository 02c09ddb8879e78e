//! Where the strings of a JSON text begin and end, found sixteen bytes at a time.
//!
//! For texts as logs write them: printable, one record, no control characters. What is
//! otherwise is left to the parser. The method (a bit a byte, escapes by carrying subtraction) is that of
//! Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (2019), section 3.1.

use wide::u8x16;

/// Bytes looked at as one word of bits.
const WORD: usize = 64;
const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Index {
    quotes: Vec<u32>,
    slashes: Vec<u64>,
    escapes_oddly: bool,
}

impl Index {
    /// Looks through a text. False if it has a control character, or an escape that is none (or half
    /// of a pair of UTF-16).
    pub fn build(&mut self, text: &[u8]) -> bool {
        self.quotes.clear();
        self.slashes.clear();
        self.escapes_oddly = false;
        let mut escaped_first = 0;
        let mut controls = u8x16::splat(0);
        for (number, chunk) in text.chunks(WORD).enumerate() {
            let base = number * WORD;
            let mut padded = [b' '; WORD];
            let word: &[u8; WORD] = match chunk.try_into() {
                Ok(whole) => whole,
                Err(_) => {
                    padded[..chunk.len()].copy_from_slice(chunk);
                    &padded
                }
            };
            let found = Found::in_word(word);
            controls |= found.controls;
            let (escaping, escaped) = escapes(found.slashes, &mut escaped_first);
            if escaping != 0 && !self.are_escapes(text, base, escaping) {
                return false;
            }
            self.slashes.push(found.slashes);
            let mut quotes = found.quotes & !escaped;
            while quotes != 0 {
                self.quotes.push(base as u32 + quotes.trailing_zeros());
                quotes &= quotes - 1;
            }
        }
        controls.to_bitmask() == 0
    }

    fn are_escapes(&mut self, text: &[u8], base: usize, mut escaping: u64) -> bool {
        while escaping != 0 {
            let at = base + escaping.trailing_zeros() as usize;
            escaping &= escaping - 1;
            match text.get(at + 1) {
                Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') => {}
                Some(b'/') => self.escapes_oddly = true,
                Some(b'u') if unit(text, at + 2).is_some_and(|c| char::from_u32(c).is_some()) => {
                    self.escapes_oddly = true;
                }
                _ => return false,
            }
        }
        true
    }

    /// True if something is escaped that need not be, or by its number.
    pub fn escapes_oddly(&self) -> bool {
        self.escapes_oddly
    }

    /// Places of the quotation marks that are not escaped, ascending.
    pub fn quotes(&self) -> &[u32] {
        &self.quotes
    }

    /// True if there is a backslash from `start` to before `end`.
    pub fn has_slash(&self, start: usize, end: usize) -> bool {
        if start >= end {
            return false;
        }
        let (first, last) = (start / WORD, (end - 1) / WORD);
        let from = u64::MAX << (start % WORD);
        let to = u64::MAX >> (WORD - 1 - (end - 1) % WORD);
        if first == last {
            return self.slashes[first] & from & to != 0;
        }
        self.slashes[first] & from != 0
            || self.slashes[last] & to != 0
            || self.slashes[first + 1..last].iter().any(|word| *word != 0)
    }
}

/// What stands where in a word: a bit a byte.
struct Found {
    quotes: u64,
    slashes: u64,
    // Not zero where a byte is a control character.
    controls: u8x16,
}

impl Found {
    #[inline(always)]
    fn in_word(word: &[u8; WORD]) -> Found {
        let mut found = Found { quotes: 0, slashes: 0, controls: u8x16::splat(0) };
        let highest_control = u8x16::splat(0x1f);
        for (i, bytes) in word.chunks_exact(16).enumerate() {
            let bytes: [u8; 16] = bytes.try_into().expect("chunks of sixteen");
            let bytes = u8x16::new(bytes);
            let bits = |of: u8| u64::from(bytes.simd_eq(u8x16::splat(of)).to_bitmask()) << (16 * i);
            found.quotes |= bits(b'"');
            found.slashes |= bits(b'\\');
            found.controls |= bytes.min(highest_control).simd_eq(bytes);
        }
        found
    }
}

/// Which backslashes escape what follows them, and which bytes are escaped. `first`: whether the word's
/// first byte is escaped by the word before; becomes that of the next.
#[inline(always)]
fn escapes(slashes: u64, first: &mut u64) -> (u64, u64) {
    if slashes == 0 {
        return (0, std::mem::take(first));
    }
    let starts = slashes & !*first;
    // Where a run of backslashes begins, a subtraction borrows through to its end; with every other bit
    // set, it tells even places from odd ones.
    let escaping_and_ends = (((starts << 1) | ODD).wrapping_sub(starts)) ^ ODD;
    let escaped = escaping_and_ends ^ (slashes | *first);
    let escaping = escaping_and_ends & slashes;
    *first = escaping >> 63;
    (escaping, escaped)
}

/// The number that four hexadecimal digits write.
fn unit(text: &[u8], at: usize) -> Option<u32> {
    let mut unit = 0;
    for byte in text.get(at..at + 4)? {
        unit = unit << 4 | char::from(*byte).to_digit(16)?;
    }
    Some(unit)
}

/// The text of a string of valid escapes, behind what stands in `out`.
pub(super) fn unescape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let (c, len) = match rest.as_bytes().get(at + 1) {
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'u') => {
                let unit = unit(rest.as_bytes(), at + 2).and_then(char::from_u32);
                (unit.unwrap_or(char::REPLACEMENT_CHARACTER), 6)
            }
            Some(&other) => (char::from(other), 2),
            None => break,
        };
        out.push(c);
        rest = rest.get(at + len..).unwrap_or("");
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same, a byte at a time.
    fn slow(text: &[u8]) -> Vec<u32> {
        let mut quotes = Vec::new();
        let mut escaped = false;
        for (i, byte) in text.iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quotes.push(i as u32),
                _ => {}
            }
        }
        quotes
    }

    #[test]
    fn finds_what_a_byte_at_a_time_finds() {
        let mut index = Index::default();
        let mut seed = 11_u64;
        for len in (0..400).chain([1000, 4096]) {
            let mut text = Vec::new();
            while text.len() < len {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_041);
                let piece: &[u8] = match (seed >> 33) % 9 {
                    0 | 1 => b"\\\\",
                    2 => b"\\\"",
                    3 => b"\"",
                    4 => b"\\n",
                    5 => b"\\u00e9",
                    _ => b"abc",
                };
                text.extend_from_slice(piece);
            }
            assert!(index.build(&text), "{}", String::from_utf8_lossy(&text));
            assert_eq!(index.quotes(), slow(&text), "{}", String::from_utf8_lossy(&text));
            for start in (0..text.len()).step_by(7) {
                for end in [start, start + 1, start + 3, start + 64, start + 200] {
                    let end = end.min(text.len());
                    assert_eq!(index.has_slash(start, end), text[start..end].contains(&b'\\'));
                }
            }
        }
    }

    #[test]
    fn refuses_what_a_parser_should_look_at() {
        let mut index = Index::default();
        for text in ["a\tb", "a\u{0}", r"\x", r"\u12", r"\ud800\udc00", r"\u12g4", "\\", r"a\\\"] {
            assert!(!index.build(text.as_bytes()), "{text:?}");
        }
        for text in ["", "a\u{7f}ž", r"\u00e9\/\b\f\n\r\t\\"] {
            assert!(index.build(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn unescapes() {
        let mut out = String::from(">");
        unescape(r#"C:\\a\"\/\b\f\n\r\t\u010dž"#, &mut out);
        assert_eq!(out, ">C:\\a\"/\u{8}\u{c}\n\r\tčž");
    }
}
