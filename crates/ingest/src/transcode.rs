//! UTF-16 text as UTF-8.

use std::io::{self, Read};

/// Reads UTF-16 of either byte order, with or without byte order mark; half a surrogate pair
/// becomes U+FFFD.
pub(crate) struct Utf16<'a> {
    inner: &'a mut dyn Read,
    big_endian: bool,
    pending: Vec<u8>,
    out: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<'a> Utf16<'a> {
    pub fn new(inner: &'a mut dyn Read, big_endian: bool) -> Self {
        Utf16 { inner, big_endian, pending: Vec::new(), out: Vec::new(), at: 0, ended: false }
    }

    fn refill(&mut self) -> io::Result<()> {
        const PIECE_BYTES: u64 = 64 << 10;
        let result = Read::take(&mut *self.inner, PIECE_BYTES).read_to_end(&mut self.pending);
        self.ended = !matches!(result, Ok(n) if n > 0);
        let units: Vec<u16> =
            self.pending.chunks_exact(2).map(|c| self.unit([c[0], c[1]])).collect();
        let mut used = units.len();
        // A pair's first half waits for the second one.
        if !self.ended && units.last().is_some_and(|u| (0xD800..0xDC00).contains(u)) {
            used -= 1;
        }
        self.out.clear();
        self.at = 0;
        let mut utf8 = [0; 4];
        for c in char::decode_utf16(units[..used].iter().copied()) {
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.out.extend_from_slice(c.encode_utf8(&mut utf8).as_bytes());
        }
        if self.ended && self.pending.len() > used * 2 {
            self.out.extend_from_slice("\u{FFFD}".as_bytes());
            used = self.pending.len() / 2 + 1;
        }
        self.pending.drain(..(used * 2).min(self.pending.len()));
        match result {
            Err(error) if self.out.is_empty() => Err(error),
            _ => Ok(()),
        }
    }

    fn unit(&self, bytes: [u8; 2]) -> u16 {
        if self.big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }
}

impl Read for Utf16<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.at == self.out.len() && !self.ended {
            self.refill()?;
        }
        let n = (&self.out[self.at..]).read(out)?;
        self.at += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_pairs_and_an_odd_end() {
        let text = "{\"a\":\"čau 🏔\"}";
        for big_endian in [false, true] {
            let order = |u: u16| if big_endian { u.to_be_bytes() } else { u.to_le_bytes() };
            let mut bytes: Vec<u8> = text.encode_utf16().flat_map(order).collect();
            let mut read = String::new();
            let mut reader = &bytes[..];
            Utf16::new(&mut reader, big_endian).read_to_string(&mut read).expect("valid");
            assert_eq!(read, text);
            bytes.push(b'x');
            let mut odd = String::new();
            Utf16::new(&mut &bytes[..], big_endian).read_to_string(&mut odd).expect("valid");
            assert_eq!(odd, format!("{text}\u{FFFD}"));
        }
    }
}
