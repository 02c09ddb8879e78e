//! Finding a few texts in much text, whatever their case.
//!
//! It looks at a window of four bytes *every so many bytes*, as a text of n bytes cannot stand
//! between windows that are less than n - 2 apart. It may stop at a value for nothing; it never passes
//! one by.

use hashbrown::HashMap;

/// Spreads a key over all bits (2⁶⁴ by the golden ratio).
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
/// Letters and digits of a text that is rarely met by chance. Another byte counts for two.
const TELLING_BYTES: usize = 5;
/// The longest window.
const WINDOW_MAX: usize = 4;
/// The farthest that windows stand apart.
const STRIDE_MAX: usize = 8;
/// Characters beyond ASCII whose lower case has ASCII in it: the Kelvin sign and the dotted I.
const LOWERED_TO_ASCII: [&str; 2] = ["\u{212A}", "\u{130}"];

/// Finds texts, whatever their case, in much text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextSearch {
    texts: Vec<Box<[u8]>>,
    window: usize,
    stride: usize,
    // A bit for each hash of a window.
    filter: Box<[u64]>,
    shift: u32,
    // By window: the texts that have it, and where.
    places: HashMap<u32, Vec<(u32, u32)>>,
}

impl TextSearch {
    /// For these texts, of ASCII in lower case; none is empty.
    pub fn new(texts: Vec<Box<[u8]>>) -> Self {
        let shortest = texts.iter().map(|t| t.len()).min().unwrap_or(WINDOW_MAX);
        let window = shortest.clamp(1, WINDOW_MAX);
        let stride = (shortest - window + 1).min(STRIDE_MAX);
        let bits = (texts.len() * stride * 256).next_power_of_two().clamp(1 << 12, 1 << 20);
        let mut search = TextSearch {
            window,
            stride,
            filter: vec![0; bits / 64].into(),
            shift: 64 - bits.trailing_zeros(),
            places: HashMap::new(),
            texts: Vec::new(),
        };
        for (i, text) in texts.iter().enumerate() {
            let first = rarest_run(text, window, stride);
            for at in first..first + stride {
                let key = folded(&text[at..at + window]);
                let bit = search.bit(key);
                search.filter[bit / 64] |= 1 << (bit % 64);
                search.places.entry(key).or_default().push((i as u32, at as u32));
            }
        }
        search.texts = texts;
        search
    }

    /// The texts.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.texts.iter().map(|text| &**text)
    }

    /// True if the texts are so long that they are rarely met by chance. Otherwise looking for them in
    /// much text hardly saves anything.
    pub fn is_telling(&self) -> bool {
        let weight = |byte: &u8| if byte.is_ascii_alphanumeric() { 1 } else { 2 };
        self.texts.iter().all(|text| text.iter().map(weight).sum::<usize>() >= TELLING_BYTES)
    }

    /// False if none of the texts stands in `text`.
    pub fn may_stand_in(&self, text: &str) -> bool {
        let beyond_ascii = || LOWERED_TO_ASCII.iter().any(|character| text.contains(character));
        self.next(text.as_bytes(), 0).is_some() || !text.is_ascii() && beyond_ascii()
    }

    /// Calls with an offset in `text` at which a value worth asking has a byte; `settle` gives back
    /// where that value ends. Values are met in no order, and may be met again.
    pub fn find(&self, text: &str, mut settle: impl FnMut(usize) -> usize) {
        self.find_windows(text.as_bytes(), &mut settle);
        if !text.is_ascii() {
            for character in LOWERED_TO_ASCII {
                let mut from = 0;
                while let Some(at) = text.get(from..).and_then(|rest| rest.find(character)) {
                    from = settle(from + at).max(from + at + character.len());
                }
            }
        }
    }

    fn find_windows(&self, text: &[u8], settle: &mut impl FnMut(usize) -> usize) {
        let mut from = 0;
        while let Some((start, end)) = self.next(text, from) {
            // What stands across the border of two values may hide what one of them has.
            from = start;
            while from < end {
                from = settle(from).max(from + 1);
            }
        }
    }

    /// Where the next text stands that has its window at `from` or behind.
    fn next(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        match self.window {
            1 => self.next_of::<1>(text, from),
            2 => self.next_of::<2>(text, from),
            3 => self.next_of::<3>(text, from),
            _ => self.next_of::<WINDOW_MAX>(text, from),
        }
    }

    fn next_of<const WINDOW: usize>(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        let (filter, shift) = (&self.filter[..], self.shift);
        let mut at = from;
        // Nearly all windows end here: nothing else belongs into this loop.
        while let Some(window) = text.get(at..at + WINDOW) {
            let window: &[u8; WINDOW] = window.try_into().expect("the slice is of that size");
            let key = folded(window);
            let bit = (u64::from(key).wrapping_mul(MULTIPLIER) >> shift) as usize;
            if filter[bit / 64] >> (bit % 64) & 1 != 0 {
                let place = self.confirm(text, key, at);
                if place.is_some() {
                    return place;
                }
            }
            at += self.stride;
        }
        None
    }

    /// Where a text stands that has its window at `at`.
    #[inline(never)]
    fn confirm(&self, text: &[u8], key: u32, at: usize) -> Option<(usize, usize)> {
        self.places.get(&key)?.iter().find_map(|(i, before)| {
            let wanted = &self.texts[*i as usize];
            let start = at.checked_sub(*before as usize)?;
            let end = start + wanted.len();
            text.get(start..end)?.eq_ignore_ascii_case(wanted).then_some((start, end))
        })
    }

    fn bit(&self, key: u32) -> usize {
        (u64::from(key).wrapping_mul(MULTIPLIER) >> self.shift) as usize
    }
}

/// A window without case. Some other characters fall together; [`TextSearch::confirm`] tells them.
#[inline]
fn folded(window: &[u8]) -> u32 {
    window.iter().rev().fold(0, |key, byte| key << 8 | u32::from(byte | 0x20))
}

/// Where in the text to begin so that the windows which follow are met rarely in logs.
fn rarest_run(text: &[u8], window: usize, stride: usize) -> usize {
    let cost = |at: usize| text[at..at + window].iter().map(|b| commonness(*b)).product::<u32>();
    let starts = 0..=text.len() - window + 1 - stride;
    let run = |first: &usize| (*first..*first + stride).map(cost).sum::<u32>();
    starts.min_by_key(run).unwrap_or(0)
}

/// How common a byte is in logs, in no unit.
fn commonness(byte: u8) -> u32 {
    match byte {
        b'e' | b't' | b'a' | b'i' | b'n' | b'o' | b's' | b'r' => 12,
        b'c' | b'd' | b'l' | b'm' | b'w' | b'p' | b'u' | b'0' => 8,
        b'j' | b'q' | b'z' | b'x' | b'k' | b'v' => 3,
        b' ' | b'\\' | b'.' | b'1'..=b'9' => 6,
        byte if byte.is_ascii_lowercase() => 5,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_kelvin_sign_and_the_dotted_i_alone_lower_to_ascii() {
        for c in ('\u{80}'..=char::MAX).filter(|c| c.to_lowercase().any(|l| l.is_ascii())) {
            assert!(LOWERED_TO_ASCII.contains(&c.to_string().as_str()), "{c:?}");
        }
    }

    proptest! {
        /// Each value that has one of the texts in its lower case is met.
        #[test]
        fn no_value_is_passed_by(
            texts in prop::collection::vec("[ak:]{1,4}|kerberos::[a-c]{1,3}|[a-z]{9}", 1..6),
            values in prop::collection::vec(
                "[akAK:\u{212A}]{0,9}|[xK\u{130}]{0,6}(K|k)ER[Bb]EROS::[abc]{0,4}|[a-z]{0,30}", 0..20),
        ) {
            let search = TextSearch::new(texts.iter().map(|t| t.as_bytes().into()).collect());
            let mut ends = Vec::new();
            let mut text = String::new();
            for value in &values {
                text.push_str(value);
                ends.push(text.len());
            }
            let mut met = vec![false; values.len()];
            search.find(&text, |offset| {
                let i = ends.partition_point(|end| *end <= offset);
                met[i] = true;
                ends[i]
            });
            for (value, met) in values.iter().zip(met) {
                let lower = value.to_lowercase();
                let held = texts.iter().any(|t| lower.contains(t.as_str()));
                prop_assert!(!held || met && search.may_stand_in(value), "{value}");
            }
        }
    }
}
