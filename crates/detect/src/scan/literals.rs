//! Which of many texts stand in a value: an index that costs little to make and to keep.
//!
//! A text that must be the value, or stand at its beginning or end, is found by a hash of that part:
//! one look a length. A text that may stand anywhere is found by a *gram*: a window of four bytes
//! (fewer in shorter texts) in it that few texts share. A value's windows are asked of a small filter
//! one after the other; where it says "maybe", the texts of that gram are compared in place. Of longer
//! texts, four windows in a row are entered, so that only each fourth of a value need be looked at.
//!
//! It is not an automaton: those cost seconds and hundreds of megabytes for the rules of a whole
//! community, and run only on values never seen before. What an automaton guarantees, work linear in
//! the value, is kept by a bound: a gram that comes back too often is settled by one linear search
//! for each of its texts.

use hashbrown::{HashMap, HashTable};

use crate::need::Place;

/// Index of a text, in the order in which they were first added.
pub type LiteralIx = u32;

/// Lengths by which texts at a value's beginning or end are looked up: each by the longest that fits.
/// Close together where many paths have begun alike.
const LENGTHS: [usize; 21] =
    [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64];
/// How texts that may stand anywhere are looked up, by their length.
#[derive(Clone, Copy, Debug)]
struct Class {
    /// Texts of so many bytes or more, and fewer than the next class's.
    len_min: usize,
    /// The length of a gram.
    gram: usize,
    /// Windows in a row that are entered; a value's are looked at in steps of as many.
    stride: usize,
}

const CLASSES: [Class; 4] = [
    Class { len_min: 1, gram: 1, stride: 1 },
    Class { len_min: 2, gram: 2, stride: 1 },
    Class { len_min: 3, gram: 3, stride: 1 },
    Class { len_min: 7, gram: 4, stride: 4 },
];
/// Texts compared, for each byte of a value and class of texts, before grams that come back are settled.
const STEPS_PER_BYTE: u64 = 8;
const STEPS_FREE: u64 = 1024;
/// How often a gram may come back from then on.
const RETURNS_MAX: u32 = 32;
/// Bytes at the end of a text in which its grams are sought.
const CENSUS_MAX: usize = 32;
/// Texts of a class that are searched for one by one, by the processor's wide registers …
const FEW_MAX: usize = 8;
/// … in a value of so many bytes for each.
const SEARCHED_MIN: usize = 32;
/// The end of a chain.
const NONE: u32 = u32::MAX;

/// Texts on their way into the index.
#[derive(Debug, Default)]
pub struct Builder {
    bytes: Vec<u8>,
    literals: Vec<Literal>,
    known: HashTable<LiteralIx>,
}

#[derive(Clone, Copy, Debug)]
struct Literal {
    start: u32,
    len: u32,
    place: Place,
}

impl Builder {
    /// Adds a text, which is empty only for [`Place::Whole`]. The same text at the same place is one.
    pub fn add(&mut self, text: &str, place: Place) -> LiteralIx {
        let key = hash(text.as_bytes(), place);
        let (bytes, literals) = (&self.bytes, &self.literals);
        let of = |l: &Literal| &bytes[l.start as usize..][..l.len as usize];
        let same = |ix: &LiteralIx| {
            let literal = &literals[*ix as usize];
            literal.place == place && of(literal) == text.as_bytes()
        };
        if let Some(ix) = self.known.find(key, same) {
            return *ix;
        }
        let ix = literals.len() as LiteralIx;
        let start = u32::try_from(bytes.len()).expect("rules are far below 4 GiB");
        self.bytes.extend_from_slice(text.as_bytes());
        self.literals.push(Literal { start, len: text.len() as u32, place });
        let (bytes, literals) = (&self.bytes, &self.literals);
        self.known.insert_unique(key, ix, |ix| {
            let literal = &literals[*ix as usize];
            hash(&bytes[literal.start as usize..][..literal.len as usize], literal.place)
        });
        ix
    }

    /// Makes the index.
    pub fn build(self) -> Literals {
        Literals::new(self.bytes, self.literals)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Literals {
    bytes: Box<[u8]>,
    literals: Box<[Literal]>,
    entries: Box<[Entry]>,
    heads: Box<[u32]>,
    // By how far a hash is shifted, it is an index into `heads`.
    shift: u32,
    // By class.
    filters: [Option<Filter>; CLASSES.len()],
    few: [Vec<Finder>; CLASSES.len()],
    prefix_lengths: Vec<usize>,
    suffix_lengths: Vec<usize>,
    whole_len_max: Option<usize>,
}

/// A text, and the search for it.
#[derive(Debug)]
struct Finder {
    literal: LiteralIx,
    search: memchr::memmem::Finder<'static>,
}

/// One text under one hash; entries of one slot are chained.
#[derive(Clone, Copy, Debug)]
struct Entry {
    tag: u32,
    next: u32,
    literal: LiteralIx,
    // Where in the text its gram stands.
    at: u32,
}

impl Literals {
    fn new(bytes: Vec<u8>, literals: Vec<Literal>) -> Self {
        let mut grams = [0; CLASSES.len()];
        for literal in literals.iter().filter(|l| l.place == Place::Anywhere) {
            let class = class_of(literal.len as usize);
            grams[class] += CLASSES[class].stride;
        }
        let at_ends = literals.iter().filter(|l| l.place != Place::Anywhere).count();
        let slots = (grams.iter().sum::<usize>() + at_ends).next_power_of_two().max(16);
        let mut index = Literals {
            bytes: bytes.into(),
            entries: Box::default(),
            heads: vec![NONE; slots].into(),
            shift: 64 - slots.trailing_zeros(),
            filters: grams.map(|count| (count > 0).then(|| Filter::for_grams(count))),
            few: Default::default(),
            prefix_lengths: Vec::new(),
            suffix_lengths: Vec::new(),
            whole_len_max: None,
            literals: literals.into(),
        };
        index.fill();
        index
    }

    fn fill(&mut self) {
        let census = Census::take(&self.bytes, &self.literals);
        let mut entries = Vec::with_capacity(self.literals.len());
        for i in 0..self.literals.len() {
            let literal = self.literals[i];
            let mut enter = |hash: u64, at: usize| {
                let slot = (hash >> self.shift) as usize;
                let next = std::mem::replace(&mut self.heads[slot], entries.len() as u32);
                let (tag, at) = (hash as u32, at as u32);
                entries.push(Entry { tag, next, literal: i as u32, at });
            };
            let text = &self.bytes[literal.start as usize..][..literal.len as usize];
            match literal.place {
                Place::Whole => {
                    self.whole_len_max = self.whole_len_max.max(Some(text.len()));
                    enter(hash(text, literal.place), 0);
                }
                Place::Prefix => {
                    let len = length_class(text.len());
                    note(&mut self.prefix_lengths, len);
                    enter(hash(&text[..len], literal.place), 0);
                }
                Place::Suffix => {
                    let len = length_class(text.len());
                    note(&mut self.suffix_lengths, len);
                    enter(hash(&text[text.len() - len..], literal.place), 0);
                }
                Place::Anywhere => {
                    let class = class_of(text.len());
                    let Class { gram: size, stride, .. } = CLASSES[class];
                    let first = census.rarest(text, size, stride);
                    for at in first..first + stride {
                        let hash = gram_hash(gram(&text[at..at + size]), size);
                        if let Some(filter) = &mut self.filters[class] {
                            filter.insert(hash);
                        }
                        enter(hash, at);
                    }
                }
            }
        }
        self.entries = entries.into();
        for class in 0..CLASSES.len() {
            self.few[class] = self.finders(class);
        }
        self.prefix_lengths.sort_unstable();
        self.suffix_lengths.sort_unstable();
    }

    /// The texts of a class that has few.
    fn finders(&self, class: usize) -> Vec<Finder> {
        let of_class =
            |l: &Literal| l.place == Place::Anywhere && class_of(l.len as usize) == class;
        let all = self.literals.iter().zip(0..).filter(|(l, _)| of_class(l));
        let few: Vec<LiteralIx> = all.map(|(_, ix)| ix).take(FEW_MAX + 1).collect();
        if few.len() > FEW_MAX {
            return Vec::new();
        }
        let finder = |literal| {
            let search = memchr::memmem::Finder::new(self.text(literal)).into_owned();
            Finder { literal, search }
        };
        few.into_iter().map(finder).collect()
    }

    /// Number of texts.
    pub fn len(&self) -> usize {
        self.literals.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.literals.is_empty()
    }

    /// Bytes held.
    pub fn memory(&self) -> usize {
        let filters: usize = self.filters.iter().flatten().map(|f| 8 * f.bits.len()).sum();
        self.bytes.len()
            + self.literals.len() * size_of::<Literal>()
            + self.entries.len() * size_of::<Entry>()
            + 4 * self.heads.len()
            + filters
    }

    /// Calls once with each text that stands in the value's lower-case text at its place. Returns the
    /// number of steps: texts compared, and texts searched for.
    pub fn find(&self, value: &str, known: &mut Known, mut found: impl FnMut(LiteralIx)) -> u64 {
        if self.literals.is_empty() {
            return 0;
        }
        known.begin(self.literals.len());
        let mut search = Search { index: self, value: value.as_bytes(), known, found: &mut found };
        let mut steps = search.at_ends();
        for class in 0..CLASSES.len() {
            steps += search.anywhere(class);
        }
        steps
    }

    fn text(&self, literal: LiteralIx) -> &[u8] {
        let literal = self.literals[literal as usize];
        &self.bytes[literal.start as usize..][..literal.len as usize]
    }

    fn chain(&self, hash: u64) -> impl Iterator<Item = &Entry> {
        let mut next = self.heads[(hash >> self.shift) as usize];
        let step = move || {
            let entry = self.entries.get(next as usize)?;
            next = entry.next;
            Some(entry)
        };
        std::iter::from_fn(step).filter(move |entry| entry.tag == hash as u32)
    }
}

/// Scratch: which texts of the present value are settled. One serves any number of indices in turn.
#[derive(Debug, Default)]
pub struct Known {
    round: u32,
    rounds: Vec<u32>,
    // Grams that come back too often: how often since they were noticed.
    returns: HashMap<u64, u32>,
}

impl Known {
    fn begin(&mut self, len: usize) {
        self.returns.clear();
        if self.rounds.len() < len {
            self.rounds.resize(len, 0);
        }
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.rounds.fill(0);
            self.round = 1;
        }
    }

    fn has(&self, literal: LiteralIx) -> bool {
        self.rounds[literal as usize] == self.round
    }

    fn add(&mut self, literal: LiteralIx) {
        self.rounds[literal as usize] = self.round;
    }
}

struct Search<'i, 's, F> {
    index: &'i Literals,
    value: &'s [u8],
    known: &'s mut Known,
    found: &'s mut F,
}

impl<F: FnMut(LiteralIx)> Search<'_, '_, F> {
    fn at_ends(&mut self) -> u64 {
        let (index, value) = (self.index, self.value);
        let mut steps = 0;
        if index.whole_len_max.is_some_and(|max| value.len() <= max) {
            steps += self.compare(Place::Whole, value, |text| value == text);
        }
        for &len in index.prefix_lengths.iter().take_while(|len| **len <= value.len()) {
            steps += self.compare(Place::Prefix, &value[..len], |text| value.starts_with(text));
        }
        for &len in index.suffix_lengths.iter().take_while(|len| **len <= value.len()) {
            let tail = &value[value.len() - len..];
            steps += self.compare(Place::Suffix, tail, |text| value.ends_with(text));
        }
        steps
    }

    fn compare(&mut self, place: Place, part: &[u8], stands: impl Fn(&[u8]) -> bool) -> u64 {
        let mut steps = 0;
        for entry in self.index.chain(hash(part, place)) {
            steps += 1;
            if !self.known.has(entry.literal) && stands(self.index.text(entry.literal)) {
                self.settled(entry.literal, place);
            }
        }
        steps
    }

    /// A text that was found, unless it is another place's, which has the same hash.
    fn settled(&mut self, literal: LiteralIx, place: Place) {
        if self.index.literals[literal as usize].place == place {
            self.known.add(literal);
            (self.found)(literal);
        }
    }

    fn anywhere(&mut self, class: usize) -> u64 {
        let index = self.index;
        let Some(filter) = &index.filters[class] else { return 0 };
        let few = &index.few[class];
        if !few.is_empty() && self.value.len() >= SEARCHED_MIN * few.len() {
            return self.search_each(few);
        }
        match CLASSES[class].gram {
            1 => self.slide::<1>(filter, CLASSES[class].stride),
            2 => self.slide::<2>(filter, CLASSES[class].stride),
            3 => self.slide::<3>(filter, CLASSES[class].stride),
            _ => self.slide::<4>(filter, CLASSES[class].stride),
        }
    }

    fn slide<const SIZE: usize>(&mut self, filter: &Filter, stride: usize) -> u64 {
        let value = self.value;
        let free = STEPS_FREE + STEPS_PER_BYTE * value.len() as u64;
        let (bits, shift) = (&filter.bits[..], filter.shift);
        let mut steps = 0;
        let mut at = 0;
        // Nearly all windows end here: nothing else belongs into this loop.
        while let Some(window) = value.get(at..at + SIZE) {
            let window: &[u8; SIZE] = window.try_into().expect("the slice is of that size");
            let hash = gram_hash(gram(window), SIZE);
            let bit = hash >> shift;
            if bits[(bit / 64) as usize] >> (bit % 64) & 1 != 0 {
                steps = self.meet(hash, at, steps, free);
            }
            at += stride;
        }
        steps
    }

    #[inline(never)]
    fn meet(&mut self, hash: u64, at: usize, steps: u64, free: u64) -> u64 {
        if steps <= free {
            steps + self.compare_at(hash, at)
        } else {
            steps + self.compare_or_settle(hash, at)
        }
    }

    /// Searches for each text of a class that has few.
    fn search_each(&mut self, few: &[Finder]) -> u64 {
        for finder in few {
            if finder.search.find(self.value).is_some() {
                self.settled(finder.literal, Place::Anywhere);
            }
        }
        few.len() as u64
    }

    /// Compares the texts of the gram that stands at `at`.
    fn compare_at(&mut self, hash: u64, at: usize) -> u64 {
        let value = self.value;
        let mut steps = 0;
        for entry in self.index.chain(hash) {
            steps += 1;
            if self.known.has(entry.literal) {
                continue;
            }
            let stands = at
                .checked_sub(entry.at as usize)
                .is_some_and(|start| value[start..].starts_with(self.index.text(entry.literal)));
            if stands {
                self.settled(entry.literal, Place::Anywhere);
            }
        }
        steps
    }

    /// The same in a value that is made to be slow, or looks like it: a gram that comes back too often
    /// is settled for the rest of the value.
    fn compare_or_settle(&mut self, hash: u64, at: usize) -> u64 {
        let returns = self.known.returns.entry(hash).or_insert(0);
        *returns += 1;
        match *returns {
            ..RETURNS_MAX => self.compare_at(hash, at),
            RETURNS_MAX => self.settle(hash),
            _ => 1,
        }
    }

    fn settle(&mut self, hash: u64) -> u64 {
        let value = self.value;
        let mut steps = 0;
        for entry in self.index.chain(hash) {
            steps += 1;
            if !self.known.has(entry.literal)
                && memchr::memmem::find(value, self.index.text(entry.literal)).is_some()
            {
                self.settled(entry.literal, Place::Anywhere);
            }
        }
        steps
    }
}

/// A set of hashes that may say "maybe" where it should say no.
#[derive(Debug)]
struct Filter {
    bits: Box<[u64]>,
    shift: u32,
}

impl Filter {
    /// Some 16 to 32 bits a gram: 512 bytes to 2 MiB.
    fn for_grams(count: usize) -> Self {
        let bits = (count * 16).next_power_of_two().clamp(1 << 12, 1 << 24);
        Filter { bits: vec![0; bits / 64].into(), shift: 64 - bits.trailing_zeros() }
    }

    fn insert(&mut self, hash: u64) {
        let bit = hash >> self.shift;
        self.bits[(bit / 64) as usize] |= 1 << (bit % 64);
    }
}

/// How many texts have a window: a guess, from above.
struct Census {
    counts: Vec<u16>,
    shift: u32,
}

impl Census {
    fn take(bytes: &[u8], literals: &[Literal]) -> Self {
        let slots = bytes.len().next_power_of_two().clamp(1 << 8, 1 << 22);
        let mut census = Census { counts: vec![0; slots], shift: 64 - slots.trailing_zeros() };
        for literal in literals {
            let text = &bytes[literal.start as usize..][..literal.len as usize];
            let size = CLASSES[class_of(text.len())].gram;
            for window in tail(text).windows(size) {
                let slot = census.slot(window);
                let count = &mut census.counts[slot];
                *count = count.saturating_add(1);
            }
        }
        census
    }

    fn slot(&self, window: &[u8]) -> usize {
        (gram_hash(gram(window), window.len()) >> self.shift) as usize
    }

    /// Where to begin so that of so many windows of this size in a row the one that most texts have
    /// is had by the fewest; the first of equals.
    fn rarest(&self, text: &[u8], size: usize, count: usize) -> usize {
        let skipped = text.len() - tail(text).len();
        let mut shared = [0u16; CENSUS_MAX];
        let windows = tail(text).windows(size);
        for (shared, window) in shared.iter_mut().zip(windows.clone()) {
            *shared = self.counts[self.slot(window)];
        }
        let runs = shared[..windows.len()].windows(count);
        let most = |(_, run): &(usize, &[u16])| run.iter().max().copied();
        skipped + runs.enumerate().min_by_key(most).map_or(0, |(first, _)| first)
    }
}

/// The part of a text in which grams are sought: the end says more than the beginning, and all of a
/// long text (a hash, a script) would say no more.
fn tail(text: &[u8]) -> &[u8] {
    &text[text.len().saturating_sub(CENSUS_MAX)..]
}

fn class_of(len: usize) -> usize {
    CLASSES.iter().rposition(|class| class.len_min <= len).unwrap_or(0)
}

fn length_class(len: usize) -> usize {
    LENGTHS.into_iter().rev().find(|class| *class <= len).unwrap_or(0)
}

fn note(lengths: &mut Vec<usize>, len: usize) {
    if !lengths.contains(&len) {
        lengths.push(len);
    }
}

/// Fixed, not seeded: a collision costs a comparison, and comparisons are bounded.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline]
fn gram(window: &[u8]) -> u32 {
    window.iter().rev().fold(0, |gram, byte| gram << 8 | u32::from(*byte))
}

/// The high bits are the good ones.
fn gram_hash(gram: u32, size: usize) -> u64 {
    (u64::from(gram) | (size as u64) << 32).wrapping_mul(MULTIPLIER)
}

fn hash(bytes: &[u8], place: Place) -> u64 {
    let mut hash = (place as u64 + 16) << 40 | bytes.len() as u64;
    let mut words = bytes.chunks_exact(8);
    let mut mix = |word: u64| {
        hash = (hash ^ word).wrapping_mul(MULTIPLIER);
        hash ^= hash >> 29;
    };
    for word in &mut words {
        mix(u64::from_le_bytes(word.try_into().expect("chunks are of eight")));
    }
    let rest = words.remainder().iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    mix(rest);
    hash.wrapping_mul(MULTIPLIER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLACES: [Place; 4] = [Place::Whole, Place::Prefix, Place::Suffix, Place::Anywhere];

    fn stands(value: &str, text: &str, place: Place) -> bool {
        match place {
            Place::Whole => value == text,
            Place::Prefix => value.starts_with(text),
            Place::Suffix => value.ends_with(text),
            Place::Anywhere => value.contains(text),
        }
    }

    fn found(index: &Literals, value: &str, known: &mut Known) -> (Vec<LiteralIx>, u64) {
        let mut found = Vec::new();
        let steps = index.find(value, known, |literal| found.push(literal));
        found.sort_unstable();
        (found, steps)
    }

    proptest! {
        #[test]
        fn what_stands_there_is_found_once(
            texts in prop::collection::vec(("[abč]{1,7}|a{8,40}", 0usize..4), 1..60),
            values in prop::collection::vec("[abč]{0,12}|a{0,60}b?|(ab){0,3000}", 1..6),
        ) {
            let mut builder = Builder::default();
            let mut expected: Vec<(&str, Place)> = Vec::new();
            for (text, place) in &texts {
                let ix = builder.add(text, PLACES[*place]) as usize;
                if ix == expected.len() {
                    expected.push((text, PLACES[*place]));
                }
                prop_assert_eq!(expected[ix], (text.as_str(), PLACES[*place]));
            }
            let index = builder.build();
            let mut known = Known::default();
            for value in &values {
                let holding: Vec<LiteralIx> = (0..expected.len() as u32)
                    .filter(|i| stands(value, expected[*i as usize].0, expected[*i as usize].1))
                    .collect();
                prop_assert_eq!(found(&index, value, &mut known).0, holding);
            }
        }
    }

    /// Steps in a value made to be slow, and how many texts stand there.
    fn steps(texts: impl Iterator<Item = String>, value: &str) -> (u64, usize) {
        let mut builder = Builder::default();
        texts.for_each(|text| {
            builder.add(&text, Place::Anywhere);
        });
        let (found, steps) = found(&builder.build(), value, &mut Known::default());
        (steps, found.len())
    }

    #[test]
    fn texts_that_share_all_their_grams_stay_linear() {
        let value = "a".repeat(1 << 20);
        let bound = (2 * STEPS_PER_BYTE + 4) * value.len() as u64;
        let (present, count) = steps((1..=400).map(|n| "a".repeat(n)), &value);
        assert_eq!(count, 400);
        assert!(present < bound, "{present}");
        let absent = |n: usize| format!("{}b{}", "a".repeat(n), "a".repeat(n));
        let (absent, count) = steps((4..=400).map(absent), &value);
        assert_eq!(count, 0);
        assert!(absent < bound, "{absent}");
    }

    #[test]
    fn grams_in_turn_stay_linear() {
        let word =
            |n: usize| format!("{}{}", (b'a' + (n % 26) as u8) as char, "xyzw".repeat(n / 26 + 1));
        let value: String = (0..40_000).map(word).take(400).collect::<String>().repeat(20);
        let texts = (0..400).map(|n| format!("{}{n}", word(n)));
        let (steps, _) = steps(texts, &value);
        assert!(steps < (2 * STEPS_PER_BYTE + 4) * value.len() as u64 + 400 * 400, "{steps}");
    }

    #[test]
    fn memory_is_a_few_times_the_text() {
        let mut builder = Builder::default();
        for n in 0..20_000u32 {
            builder.add(&format!("\\some program {n}.exe"), PLACES[n as usize % 4]);
        }
        let index = builder.build();
        assert!(index.memory() < 20_000 * 100, "{}", index.memory());
    }
}
