//! All predicates on one target at once: a value → the predicates that hold for it.
//!
//! Most predicates can hold only for a value that has one of their texts ([`Need`]). An
//! [index](super::literals) finds the texts that stand in the value; where a text suffices, its
//! predicate holds, and where it does not, the predicate is a candidate and is tested. Predicates that
//! need no text are tested always, or for numbers and addresses only.

use blanik_model::Value;
use hashbrown::HashMap;

use super::literals::{Builder, Known, LiteralIx, Literals};
use crate::need::Need;
use crate::predicate::{PredicateId, Predicates};
use crate::test::{Number, Subject, Test};

/// Immutable; shared by scanners.
#[derive(Debug)]
pub struct FieldMatcher {
    predicates: Box<[PredicateId]>,
    literals: Literals,
    // Of literal i: `postings[starts[i]..starts[i + 1]]`.
    starts: Box<[u32]>,
    postings: Box<[Posting]>,
    // What follows are candidates, as indices into `predicates`.
    always: Box<[u32]>,
    unless_ascii: Box<[u32]>,
    for_addresses: Box<[u32]>,
    by_number: HashMap<Number, Vec<u32>>,
}

/// A predicate, by its index in a matcher, that a text speaks for.
#[derive(Clone, Copy, Debug)]
struct Posting {
    local: u32,
    suffices: bool,
}

/// What a matcher is made from.
#[derive(Default)]
struct Sorted {
    builder: Builder,
    postings: Vec<(LiteralIx, Posting)>,
    always: Vec<u32>,
    unless_ascii: Vec<u32>,
    for_addresses: Vec<u32>,
    by_number: HashMap<Number, Vec<u32>>,
}

impl FieldMatcher {
    /// For these predicates, ascending.
    pub fn new(ids: &[PredicateId], predicates: &Predicates) -> Self {
        let mut sorted = Sorted::default();
        let mut needs = Vec::new();
        for (local, id) in ids.iter().enumerate() {
            sorted.add(local as u32, &predicates.get(*id).test, &mut needs);
        }
        let literals = sorted.builder.build();
        let (starts, postings) = by_literal(literals.len(), &sorted.postings);
        FieldMatcher {
            predicates: ids.into(),
            literals,
            starts,
            postings,
            always: sorted.always.into(),
            unless_ascii: sorted.unless_ascii.into(),
            for_addresses: sorted.for_addresses.into(),
            by_number: sorted.by_number,
        }
    }

    /// The predicates that hold for the value, ascending, into `out`. Returns the number of steps, as
    /// [`Literals::find`] does, and candidates tested.
    pub fn hits(
        &self,
        value: Value<'_>,
        predicates: &Predicates,
        scratch: &mut Scratch,
        out: &mut Vec<PredicateId>,
    ) -> u64 {
        out.clear();
        let Scratch { lower, known, seen } = scratch;
        let subject = Subject::with_buffer(value, lower);
        seen.begin(self.predicates.len());
        let mut steps = 0;
        for text in subject.lowered() {
            steps += self.literals.find(text, known, |literal| {
                for posting in self.postings(literal) {
                    seen.add(posting.local, posting.suffices);
                }
            });
        }
        self.add_textless(&subject, seen);
        out.extend(seen.certain.iter().map(|local| self.predicates[*local as usize]));
        for local in &seen.candidates {
            let id = self.predicates[*local as usize];
            // Tests that need another field never come here.
            if !seen.is_certain(*local) && predicates.get(id).test.holds(&subject, &|_| None) {
                out.push(id);
            }
            steps += 1;
        }
        out.sort_unstable();
        steps
    }

    fn add_textless(&self, subject: &Subject<'_>, seen: &mut Seen) {
        let mut candidates = |locals: &[u32]| locals.iter().for_each(|l| seen.add(*l, false));
        candidates(&self.always);
        if !self.unless_ascii.is_empty() && !subject.is_ascii() {
            candidates(&self.unless_ascii);
        }
        if !self.for_addresses.is_empty() && subject.has_address() {
            candidates(&self.for_addresses);
        }
        if !self.by_number.is_empty() {
            for number in subject.numbers().filter_map(Number::new) {
                if let Some(locals) = self.by_number.get(&number) {
                    candidates(locals);
                }
            }
        }
    }

    fn postings(&self, literal: LiteralIx) -> &[Posting] {
        let i = literal as usize;
        &self.postings[self.starts[i] as usize..self.starts[i + 1] as usize]
    }

    /// Bytes held, about.
    pub fn memory(&self) -> usize {
        let textless = self.always.len() + self.unless_ascii.len() + self.for_addresses.len();
        self.literals.memory()
            + 4 * (self.predicates.len() + self.starts.len() + textless)
            + size_of::<Posting>() * self.postings.len()
            + 48 * self.by_number.len()
    }
}

impl Sorted {
    /// Sorts a predicate by what it needs.
    fn add<'t>(&mut self, local: u32, test: &'t Test, needs: &mut Vec<Need<'t>>) {
        needs.clear();
        if test.needs(needs).is_some() {
            return self.post(local, needs);
        }
        needs.clear();
        if test.needs_in_ascii(needs).is_some() {
            self.unless_ascii.push(local);
            return self.post(local, needs);
        }
        let mut numbers = Vec::new();
        if test.needs_address() {
            self.for_addresses.push(local);
        } else if test.needed_numbers(&mut numbers).is_some() {
            for number in numbers {
                self.by_number.entry(number).or_default().push(local);
            }
        } else {
            self.always.push(local);
        }
    }

    fn post(&mut self, local: u32, needs: &[Need<'_>]) {
        for need in needs {
            let literal = self.builder.add(&need.text, need.place);
            self.postings.push((literal, Posting { local, suffices: need.suffices }));
        }
    }
}

/// Postings in the order of their literals, and where each literal's begin.
fn by_literal(literals: usize, postings: &[(LiteralIx, Posting)]) -> (Box<[u32]>, Box<[Posting]>) {
    let mut starts = vec![0u32; literals + 1];
    for (literal, _) in postings {
        starts[*literal as usize + 1] += 1;
    }
    for i in 0..literals {
        starts[i + 1] += starts[i];
    }
    let mut next = starts.clone();
    let mut sorted = vec![Posting { local: 0, suffices: false }; postings.len()];
    for (literal, posting) in postings {
        let at = &mut next[*literal as usize];
        sorted[*at as usize] = *posting;
        *at += 1;
    }
    (starts.into(), sorted.into())
}

/// What matching needs to write to; one serves any number of matchers in turn.
#[derive(Debug, Default)]
pub struct Scratch {
    lower: String,
    known: Known,
    seen: Seen,
}

/// Which predicates of the present value were named already, and whether they surely hold.
#[derive(Debug, Default)]
struct Seen {
    round: u32,
    // Twice the round for a candidate, one more for what is certain.
    rounds: Vec<u32>,
    candidates: Vec<u32>,
    certain: Vec<u32>,
}

impl Seen {
    fn begin(&mut self, len: usize) {
        self.candidates.clear();
        self.certain.clear();
        if self.rounds.len() < len {
            self.rounds.resize(len, 0);
        }
        self.round += 1;
        if self.round >= u32::MAX / 2 {
            self.rounds.fill(0);
            self.round = 1;
        }
    }

    fn add(&mut self, local: u32, certain: bool) {
        let known = &mut self.rounds[local as usize];
        if certain && *known != 2 * self.round + 1 {
            *known = 2 * self.round + 1;
            self.certain.push(local);
        } else if *known < 2 * self.round {
            *known = 2 * self.round;
            self.candidates.push(local);
        }
    }

    fn is_certain(&self, local: u32) -> bool {
        self.rounds[local as usize] == 2 * self.round + 1
    }
}
