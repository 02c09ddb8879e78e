//! Numbers that look random and depend on the seed alone: SplitMix64.
//!
//! Not for secrets. Each part of the exercise draws from a stream of its own, so that a change in
//! one part leaves the others as they were.

/// A stream of numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of that name under a seed.
    pub fn stream(seed: u64, name: &str) -> Self {
        // FNV-1a: any fixed, well spread number of the name will do.
        let name = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut random = Random(seed ^ name.rotate_left(17));
        random.next();
        random
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        let width = u128::from(high - low) + 1;
        low + u64::try_from((u128::from(self.next()) * width) >> 64).expect("less than the width")
    }

    /// As [`Random::between`], for times.
    pub fn millis(&mut self, low: i64, high: i64) -> i64 {
        let bound = |n: i64| u64::try_from(n).expect("delays are not negative");
        i64::try_from(self.between(bound(low), bound(high))).expect("between two of the type")
    }

    /// True in so many cases of a hundred.
    pub fn percent(&mut self, chance: u64) -> bool {
        self.between(1, 100) <= chance
    }

    /// One of them. The slice must not be empty.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        let last = u64::try_from(of.len() - 1).expect("a length fits");
        &of[usize::try_from(self.between(0, last)).expect("an index fits")]
    }

    /// So many hexadecimal digits, lower case.
    pub fn hex(&mut self, digits: usize) -> String {
        self.letters(digits, b"0123456789abcdef")
    }

    /// So many letters of an alphabet.
    pub fn letters(&mut self, count: usize, alphabet: &[u8]) -> String {
        (0..count).map(|_| char::from(*self.pick(alphabet))).collect()
    }

    /// `8-4-4-4-12` hexadecimal digits, without braces.
    pub fn guid(&mut self) -> String {
        [8, 4, 4, 4, 12].map(|digits| self.hex(digits)).join("-")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_fixed_by_seed_and_name() {
        let first = |seed, name| Random::stream(seed, name).next();
        assert_eq!(first(1, "a"), first(1, "a"));
        assert_ne!(first(1, "a"), first(2, "a"));
        assert_ne!(first(1, "a"), first(1, "b"));
    }

    #[test]
    fn between_reaches_both_ends_and_nothing_else() {
        let mut random = Random::stream(7, "ends");
        let mut seen = [0; 4];
        for _ in 0..200 {
            seen[usize::try_from(random.between(0, 3)).expect("small")] += 1;
        }
        assert!(seen.iter().all(|&count| count > 20), "{seen:?}");
    }
}
