//! The fast path: a batch of events of one kind × rules → which row met which rule.
//!
//! 1. Each column's distinct values are looked up in a memo (value → the predicates that hold); only
//!    values never seen before are tested. Keywords are searched for in all text at once.
//! 2. The predicates that held anywhere in the batch name the rules worth looking at: each rule is
//!    entered through its rarest necessary predicate.
//! 3. These rules are evaluated on bitmaps of rows, one per predicate, made when first asked for.
//!
//! Nothing remembered changes a result: memos and plans can be dropped at any time, and are when they
//! grow past their bounds.

pub mod bitmap;
mod columns;
mod evaluate;
pub mod field_matcher;
mod hit_sets;
pub mod index;
mod keywords;
pub mod literals;
mod memo;
pub mod plan;
mod source;

use std::sync::Arc;

use blanik_model::batch::ABSENT;
use blanik_model::{Code, Column, EventBatch, TextSearch, Value};

use crate::predicate::{FieldId, PredicateId};
use crate::rules::{RuleIx, Rules};
use evaluate::{Evaluation, Ground};
use field_matcher::{FieldMatcher, Scratch};
use hit_sets::{HitSetId, HitSets, SETS_BYTES_MAX};
use keywords::Keywords;
use memo::{Memo, Memos};
use plan::{Candidate, Plan};

/// One thread's scanner. Cheap to make; remembers across batches.
pub struct Scanner {
    rules: Arc<Rules>,
    memos: Memos<MemoOf>,
    matching: Matching,
    evaluation: Evaluation,
    candidates: Vec<Candidate>,
}

/// Whose memo it is: a field's, or that of the [`Keywords`] of this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum MemoOf {
    Field(FieldId),
    Keywords(u32),
}

impl Scanner {
    /// A scanner that has seen nothing yet.
    pub fn new(rules: Arc<Rules>) -> Self {
        Scanner {
            rules,
            memos: Memos::default(),
            matching: Matching::default(),
            evaluation: Evaluation::default(),
            candidates: Vec::new(),
        }
    }

    /// The rules it scans with.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// Bytes it holds, about; what it shares with other scanners is not counted.
    pub fn memory(&self) -> usize {
        self.memos.memory() + self.matching.sets.memory() + self.evaluation.memory()
    }

    /// Calls `met` for each row that meets a rule; rules in ascending order, each one's rows in
    /// ascending order. Returns whether any rule is about this kind.
    ///
    /// The batch has the fields that rules ask for ([`Interests`](blanik_model::Interests) of the
    /// rules), and, where they ask for other values too, these as its rest; or it has all fields.
    pub fn scan(&mut self, batch: &EventBatch, mut met: impl FnMut(usize, RuleIx)) -> bool {
        let rules = Arc::clone(&self.rules);
        let index = rules.index();
        let plan = index.plan(&rules, batch.kind());
        if !plan.is_about {
            return false;
        }
        if self.matching.sets.memory() > SETS_BYTES_MAX {
            self.memos.clear();
            self.matching.sets = HitSets::default();
        }
        self.evaluation.begin(rules.predicates().len());
        self.look_up_fields(batch, &plan);
        if let Some(keywords) = &plan.keywords {
            self.look_up_keywords(batch, keywords);
        }
        let Scanner { matching, evaluation, candidates, .. } = self;
        evaluation.note_hits(&matching.sets, |id| !index.entered(id).is_empty());
        plan.candidates(index, &evaluation.hit, |id| evaluation.is_hit(id), candidates);
        let predicates = rules.predicates();
        let on = Ground { batch, predicates };
        for candidate in candidates {
            let expr = plan.expr(&rules, *candidate);
            evaluation.rows(expr, on, |row| met(row, candidate.ix));
        }
        true
    }

    /// Finds for each distinct value of each column that rules ask about which predicates it meets.
    fn look_up_fields(&mut self, batch: &EventBatch, plan: &Plan) {
        let predicates = self.rules.predicates();
        for (i, column) in batch.columns().iter().enumerate() {
            let field = predicates.field_id(column.name()).filter(|field| plan.asks(*field));
            let Some(field) = field else { continue };
            let matcher = self.rules.index().matcher(field, predicates);
            let memo = self.memos.get(MemoOf::Field(field));
            let Matching { sets, scratch, found } = &mut self.matching;
            let mut matching = Lookup { rules: &self.rules, sets, scratch, found };
            let dictionary = column.dictionary();
            let hits = (0..dictionary.len() as Code).map(|code| {
                matching.recall(memo, matcher, dictionary.hash(code), dictionary.get(code))
            });
            self.evaluation.columns.add(field, i, hits);
        }
    }

    /// Finds the rows that have a value which meets a keyword.
    fn look_up_keywords(&mut self, batch: &EventBatch, keywords: &Keywords) {
        let memo = self.memos.get(MemoOf::Keywords(keywords.number));
        let Matching { sets, scratch, found } = &mut self.matching;
        let mut matching = Lookup { rules: &self.rules, sets, scratch, found };
        let matcher = &keywords.matcher;
        let rows = &mut self.evaluation.keyword_rows;
        for column in batch.columns() {
            let dictionary = column.dictionary();
            let mut by_code = Vec::new();
            match &keywords.search {
                Some(search) if search.is_telling() => search_column(search, column, |code| {
                    by_code.push((code, matching.ask(matcher, dictionary.get(code))));
                }),
                _ => by_code.extend((0..dictionary.len() as Code).map(|code| {
                    let (hash, value) = (dictionary.hash(code), dictionary.get(code));
                    (code, matching.recall(memo, matcher, hash, value))
                })),
            }
            by_code.retain(|(_, set)| *set != HitSetId::EMPTY);
            add_rows(column, by_code, rows);
        }
        let rest = batch.rest();
        let mut ask = |value: usize| {
            let set = matching.ask(matcher, rest.value(value));
            if set != HitSetId::EMPTY {
                rows.push((rest.row_of(value) as u32, set));
            }
        };
        match &keywords.search {
            Some(search) => search.find(rest.text(), |offset| {
                let value = rest.value_at(offset);
                ask(value);
                rest.end_of(value)
            }),
            None => (0..rest.len()).for_each(ask),
        }
    }
}

/// Calls with the values of the column that are worth asking.
fn search_column(search: &TextSearch, column: &Column, mut ask: impl FnMut(Code)) {
    let dictionary = column.dictionary();
    search.find(dictionary.text(), |offset| {
        let code = dictionary.code_at(offset);
        ask(code);
        dictionary.end_of(code)
    });
}

/// Adds the rows that hold one of these codes, with its set.
fn add_rows(column: &Column, mut sets: Vec<(Code, HitSetId)>, rows: &mut Vec<(u32, HitSetId)>) {
    if sets.is_empty() {
        return;
    }
    sets.sort_unstable();
    sets.dedup();
    for (row, code) in column.codes().iter().enumerate().filter(|(_, code)| **code != ABSENT) {
        if let Ok(i) = sets.binary_search_by_key(code, |(of, _)| *of) {
            rows.push((row as u32, sets[i].1));
        }
    }
}

/// What is needed to find the predicates that a value meets.
#[derive(Default)]
struct Matching {
    sets: HitSets,
    scratch: Scratch,
    found: Vec<PredicateId>,
}

struct Lookup<'s> {
    rules: &'s Rules,
    sets: &'s mut HitSets,
    scratch: &'s mut Scratch,
    found: &'s mut Vec<PredicateId>,
}

impl Lookup<'_> {
    fn recall(
        &mut self,
        memo: &mut Memo,
        matcher: &FieldMatcher,
        hash: u64,
        value: Value<'_>,
    ) -> HitSetId {
        memo.recall(hash, value).unwrap_or_else(|| {
            let set = self.ask(matcher, value);
            memo.remember(hash, value, set);
            set
        })
    }

    fn ask(&mut self, matcher: &FieldMatcher, value: Value<'_>) -> HitSetId {
        matcher.hits(value, self.rules.predicates(), self.scratch, self.found);
        self.sets.intern(self.found)
    }
}
