//! The marks that a record's fields make, one bit for each that `mapping/shapes.tsv` or a mapping
//! of the user's mentions.

/// Marks that may be mentioned.
const MARKS_MAX: usize = 1024;
const WORD_BITS: usize = u64::BITS as usize;

/// A set of marks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks([u64; MARKS_MAX / WORD_BITS]);

/// Number of a mark.
pub(crate) type Mark = u16;

impl Marks {
    /// Marks that there can be.
    pub const MAX: usize = MARKS_MAX;

    /// Adds a mark. Panics if there are not so many.
    pub fn add(&mut self, mark: Mark) {
        self.0[usize::from(mark) / WORD_BITS] |= 1 << (usize::from(mark) % WORD_BITS);
    }

    /// True if it has the mark.
    pub fn has(&self, mark: Mark) -> bool {
        self.0[usize::from(mark) / WORD_BITS] & 1 << (usize::from(mark) % WORD_BITS) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_what_was_added() {
        let mut marks = Marks::default();
        let some = [0, 63, 64, 200, Marks::MAX as Mark - 1];
        some.iter().for_each(|&mark| marks.add(mark));
        let have: Vec<Mark> = (0..Marks::MAX as Mark).filter(|&mark| marks.has(mark)).collect();
        assert_eq!(have, some);
    }
}
