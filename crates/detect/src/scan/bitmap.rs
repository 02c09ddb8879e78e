//! A set of a batch's rows.

/// One bit a row; bits past the last row are zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bitmap {
    words: Vec<u64>,
    len: usize,
}

impl Bitmap {
    /// All rows, or none.
    pub fn filled(len: usize, value: bool) -> Self {
        let mut bits =
            Bitmap { words: vec![if value { u64::MAX } else { 0 }; len.div_ceil(64)], len };
        bits.trim();
        bits
    }

    /// The rows for which `holds`.
    pub fn of(len: usize, mut holds: impl FnMut(usize) -> bool) -> Self {
        let word = |w: usize| {
            let rows = w * 64..len.min(w * 64 + 64);
            rows.fold(0u64, |word, row| word | u64::from(holds(row)) << (row % 64))
        };
        let words = (0..len.div_ceil(64)).map(word).collect();
        Bitmap { words, len }
    }

    /// Keeps the rows that are also in `other`.
    pub fn and(&mut self, other: &Bitmap) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= b);
    }

    /// Adds the rows of `other`.
    pub fn or(&mut self, other: &Bitmap) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }

    /// The other rows.
    pub fn invert(&mut self) {
        self.words.iter_mut().for_each(|w| *w = !*w);
        self.trim();
    }

    /// True if it holds no row.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|w| *w == 0)
    }

    /// The rows, ascending.
    pub fn ones(&self) -> impl Iterator<Item = usize> {
        self.words.iter().enumerate().flat_map(|(i, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    i * 64 + bit
                })
            })
        })
    }

    fn trim(&mut self) {
        if let (Some(last), rest @ 1..) = (self.words.last_mut(), self.len % 64) {
            *last &= (1 << rest) - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_and_out() {
        for len in [0, 1, 63, 64, 65, 130] {
            let mut bits = Bitmap::of(len, |row| row % 3 == 0);
            let threes: Vec<_> = (0..len).filter(|r| r % 3 == 0).collect();
            assert_eq!(bits.ones().collect::<Vec<_>>(), threes);
            bits.invert();
            assert_eq!(bits.ones().count(), len - threes.len());
            bits.and(&Bitmap::filled(len, false));
            assert!(bits.is_empty());
            bits.or(&Bitmap::filled(len, true));
            assert_eq!(bits, Bitmap::filled(len, true));
        }
    }
}
