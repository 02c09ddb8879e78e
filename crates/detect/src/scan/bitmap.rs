//! A set of a batch's rows.

/// One bit a row; bits past the last row are zero.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Bitmap {
    words: Vec<u64>,
    len: usize,
}

impl Clone for Bitmap {
    fn clone(&self) -> Self {
        Bitmap { words: self.words.clone(), len: self.len }
    }

    /// Keeps the memory.
    fn clone_from(&mut self, other: &Self) {
        self.words.clone_from(&other.words);
        self.len = other.len;
    }
}

impl Bitmap {
    /// Makes it all rows of so many, or none; keeps the memory.
    pub fn reset(&mut self, len: usize, value: bool) {
        self.words.clear();
        self.words.resize(len.div_ceil(64), if value { u64::MAX } else { 0 });
        self.len = len;
        self.trim();
    }

    /// Removes all rows.
    pub fn clear(&mut self) {
        self.words.fill(0);
    }

    /// Adds a row. Panics if there is no such row.
    pub fn set(&mut self, row: usize) {
        self.words[row / 64] |= 1 << (row % 64);
    }

    /// Keeps the rows for which `holds`.
    pub fn retain(&mut self, mut holds: impl FnMut(usize) -> bool) {
        for (i, word) in self.words.iter_mut().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                if !holds(i * 64 + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// Removes the rows of `other`.
    pub fn and_not(&mut self, other: &Bitmap) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= !b);
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        8 * self.words.capacity()
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
            let filled = |value| {
                let mut bits = Bitmap::default();
                bits.reset(len, value);
                bits
            };
            let mut bits = filled(true);
            bits.retain(|row| row % 3 == 0);
            let threes: Vec<_> = (0..len).filter(|r| r % 3 == 0).collect();
            assert_eq!(bits.ones().collect::<Vec<_>>(), threes);
            let mut others = filled(true);
            others.and_not(&bits);
            bits.invert();
            assert_eq!(bits, others);
            assert_eq!(bits.ones().count(), len - threes.len());
            bits.and(&filled(false));
            assert!(bits.is_empty());
            (0..len).for_each(|row| bits.set(row));
            assert_eq!(bits, filled(true));
            bits.clear();
            bits.or(&filled(true));
            assert_eq!(bits, filled(true));
        }
    }
}
