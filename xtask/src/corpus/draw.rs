//! Draws: numbers that look random and depend on a seed and on what is drawn for, and on nothing
//! else. Written here, not taken from a crate, so that no update of one changes the corpus.

/// A hash of bytes, the same on every machine and in every version of the compiler.
pub fn hash(seed: u64, bytes: &[u8]) -> u64 {
    let mut state = mix(seed ^ bytes.len() as u64);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        state = fold(state ^ u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(state ^ u64::from_le_bytes(last))
}

/// One multiplication, both halves of the product folded: weak alone, good enough between two words.
fn fold(word: u64) -> u64 {
    let product = u128::from(word ^ 0x9E37_79B9_7F4A_7C15) * 0xD6E8_FEB8_6659_FD93;
    (product as u64) ^ (product >> 64) as u64
}

/// Spreads every bit over all: the finaliser of SplitMix64.
fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// A row of draws.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    /// The draws for `what` under a seed: always the same row.
    pub fn of(seed: u64, what: &[u8], number: u64) -> Draw {
        Draw(mix(hash(seed, what) ^ mix(number)))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `bound` (which is not 0). The bias of the remainder does not matter here.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.bits() % bound
    }

    /// One of these bytes.
    pub fn one_of(&mut self, bytes: &[u8]) -> u8 {
        bytes[self.below(bytes.len() as u64) as usize]
    }

    /// A word of lower-case letters and digits that begins with a letter.
    pub fn word(&mut self, length: usize, out: &mut Vec<u8>) {
        for at in 0..length {
            let alphabet: &[u8] =
                if at == 0 { b"bcdfghjkmnpqrstvwxz" } else { b"bcdfghjkmnpqrstvwxz23456789" };
            out.push(self.one_of(alphabet));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_for_the_same_and_fixed_for_ever() {
        let row = |seed, what: &[u8]| {
            let mut draw = Draw::of(seed, what, 3);
            [draw.bits(), draw.bits()]
        };
        assert_eq!(row(1, b"abc"), row(1, b"abc"));
        assert_ne!(row(1, b"abc"), row(2, b"abc"));
        assert_ne!(row(1, b"abc"), row(1, b"abd"));
        // Digests of corpora in reports hold only as long as this does.
        assert_eq!(hash(0, b""), 12_035_550_249_420_947_055);
    }

    #[test]
    fn no_two_of_many_like_texts_share_a_hash() {
        let mut hashes: Vec<u64> =
            (0..200_000).map(|n| hash(7, format!("C:\\a\\{n}.exe").as_bytes())).collect();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), 200_000);
    }
}
