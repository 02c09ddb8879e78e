//! The fast path: a batch of events of one kind × rules → which row met which rule.
//!
//! 1. Each column's distinct values are looked up in a memo (value → the predicates that hold); only
//!    values never seen before are tested.
//! 2. The predicates that held anywhere in the batch name the rules worth looking at: each rule is
//!    entered through its rarest necessary predicate.
//! 3. These rules are evaluated on bitmaps of rows, one per predicate, made when first asked for.
//!
//! Nothing remembered changes a result: memos and plans can be dropped at any time, and are when they
//! grow past their bounds.

pub mod bitmap;
pub mod field_matcher;
mod memo;
pub mod plan;

use std::sync::Arc;

use blanik_model::batch::ABSENT;
use blanik_model::{EventBatch, Kind};
use hashbrown::HashMap;

use crate::expr::Expr;
use crate::predicate::{FieldId, PredicateId, Target};
use crate::reference::{self, BatchRow};
use crate::rules::{RuleIx, Rules};
use bitmap::Bitmap;
use memo::{HitSetId, HitSets, Memos};
use plan::Plan;

/// Plans kept at a time; readers bound the number of kinds, this bounds it again.
const PLANS_MAX: usize = 8192;

/// One thread's scanner. Cheap to make; remembers across batches.
pub struct Scanner {
    rules: Arc<Rules>,
    plans: HashMap<Arc<Kind>, Arc<Plan>>,
    memos: Memos,
    batch: BatchState,
}

/// What is known of the batch being scanned.
#[derive(Default)]
struct BatchState {
    sets: HitSets,
    columns: Vec<ColumnHits>,
    // By field: index into `columns`. A field's name stands for at most one column of a batch.
    by_field: HashMap<FieldId, usize>,
    hit: Vec<PredicateId>,
    is_hit: Vec<bool>,
    bitmaps: HashMap<PredicateId, Arc<Bitmap>>,
}

/// For one column and one target: the predicates each distinct value meets.
struct ColumnHits {
    target: Target,
    column: usize,
    by_code: Vec<HitSetId>,
}

impl Scanner {
    /// A scanner that has seen nothing yet.
    pub fn new(rules: Arc<Rules>) -> Self {
        let batch =
            BatchState { is_hit: vec![false; rules.predicates().len()], ..Default::default() };
        Scanner { rules, plans: HashMap::new(), memos: Memos::default(), batch }
    }

    /// The rules it scans with.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.rules
    }

    /// Calls `met` for each row that meets a rule; rules in ascending order, each one's rows in
    /// ascending order. Returns whether any rule is about this kind.
    pub fn scan(&mut self, batch: &EventBatch, mut met: impl FnMut(usize, RuleIx)) -> bool {
        let plan = self.plan(batch.kind());
        if plan.rules.is_empty() {
            return false;
        }
        self.batch.reset();
        self.look_up(batch, &plan);
        for local in plan.candidates(&self.batch.hit) {
            let (ix, expr) = &plan.rules[local];
            let rows = self.batch.evaluate(expr, batch, &self.rules);
            rows.ones().for_each(|row| met(row, *ix));
        }
        true
    }

    fn plan(&mut self, kind: &Arc<Kind>) -> Arc<Plan> {
        if let Some(plan) = self.plans.get(kind) {
            return Arc::clone(plan);
        }
        if self.plans.len() >= PLANS_MAX {
            self.plans.clear();
        }
        let plan = Arc::new(Plan::new(&self.rules, kind));
        self.plans.insert(Arc::clone(kind), Arc::clone(&plan));
        plan
    }

    /// Finds for each distinct value of each column that rules ask about which predicates it meets.
    fn look_up(&mut self, batch: &EventBatch, plan: &Plan) {
        self.memos.make_room(&mut self.batch.sets);
        let predicates = self.rules.predicates();
        for (i, column) in batch.columns().iter().enumerate() {
            let field = predicates.field_id(column.name()).map(Target::Field);
            for target in field.into_iter().chain([Target::Keywords]) {
                let Some(matcher) = plan.route.matcher(target, predicates) else { continue };
                let memo = self.memos.get(&plan.route, target);
                let sets = &mut self.batch.sets;
                let by_code: Vec<HitSetId> = column
                    .dictionary()
                    .iter()
                    .map(|value| memo.hits(value, matcher, predicates, sets))
                    .collect();
                self.batch.note(target, i, by_code);
            }
        }
    }
}

impl BatchState {
    fn reset(&mut self) {
        self.columns.clear();
        self.by_field.clear();
        self.bitmaps.clear();
        for id in self.hit.drain(..) {
            self.is_hit[id.0 as usize] = false;
        }
    }

    fn note(&mut self, target: Target, column: usize, by_code: Vec<HitSetId>) {
        let mut distinct: Vec<HitSetId> = by_code.clone();
        distinct.sort_unstable();
        distinct.dedup();
        for set in distinct {
            for &id in self.sets.get(set) {
                if !std::mem::replace(&mut self.is_hit[id.0 as usize], true) {
                    self.hit.push(id);
                }
            }
        }
        if let Target::Field(field) = target {
            self.by_field.insert(field, self.columns.len());
        }
        self.columns.push(ColumnHits { target, column, by_code });
    }

    /// The rows for which the expression holds.
    fn evaluate(&mut self, expr: &Expr, batch: &EventBatch, rules: &Rules) -> Bitmap {
        let rows = batch.len();
        match expr {
            Expr::Is(id) => (*self.rows_of(*id, batch, rules)).clone(),
            Expr::Const(b) => Bitmap::filled(rows, *b),
            Expr::Not(part) => {
                let mut bits = self.evaluate(part, batch, rules);
                bits.invert();
                bits
            }
            Expr::All(parts) => {
                if parts.iter().any(|p| self.cannot_hold(p, rules)) {
                    return Bitmap::filled(rows, false);
                }
                let mut bits = Bitmap::filled(rows, true);
                for part in parts {
                    match part {
                        Expr::Is(id) => bits.and(&self.rows_of(*id, batch, rules)),
                        _ => bits.and(&self.evaluate(part, batch, rules)),
                    }
                    if bits.is_empty() {
                        break;
                    }
                }
                bits
            }
            Expr::Any(parts) => {
                let mut bits = Bitmap::filled(rows, false);
                for part in parts.iter().filter(|p| !self.cannot_hold(p, rules)).collect::<Vec<_>>()
                {
                    bits.or(&self.evaluate(part, batch, rules));
                }
                bits
            }
            Expr::AtLeast(n, parts) => {
                let mut counts = vec![0usize; rows];
                for part in parts {
                    self.evaluate(part, batch, rules).ones().for_each(|row| counts[row] += 1);
                }
                Bitmap::of(rows, |row| counts[row] >= *n)
            }
        }
    }

    /// True if a predicate is asked for that no value of the batch meets.
    fn cannot_hold(&self, expr: &Expr, rules: &Rules) -> bool {
        match expr {
            Expr::Is(id) => {
                let predicate = rules.predicates().get(*id);
                !self.is_hit[id.0 as usize]
                    && !predicate.holds_for_absent()
                    && !predicate.test.needs_other_field()
            }
            Expr::All(parts) => parts.iter().any(|p| self.cannot_hold(p, rules)),
            Expr::Any(parts) => parts.iter().all(|p| self.cannot_hold(p, rules)),
            Expr::Const(b) => !b,
            Expr::Not(_) | Expr::AtLeast(..) => false,
        }
    }

    fn rows_of(&mut self, id: PredicateId, batch: &EventBatch, rules: &Rules) -> Arc<Bitmap> {
        if let Some(bits) = self.bitmaps.get(&id) {
            return Arc::clone(bits);
        }
        let bits = Arc::new(self.compute_rows(id, batch, rules));
        self.bitmaps.insert(id, Arc::clone(&bits));
        bits
    }

    fn compute_rows(&self, id: PredicateId, batch: &EventBatch, rules: &Rules) -> Bitmap {
        let predicate = rules.predicates().get(id);
        let rows = batch.len();
        if predicate.test.needs_other_field() {
            return Bitmap::of(rows, |row| {
                reference::holds(rules.predicates(), id, &BatchRow { batch, row })
            });
        }
        let absent = predicate.holds_for_absent();
        match predicate.target {
            Target::Field(field) => match self.by_field.get(&field) {
                Some(&i) => self.rows_in_column(&self.columns[i], id, batch, absent),
                None => Bitmap::filled(rows, absent),
            },
            Target::Keywords => {
                let mut bits = Bitmap::filled(rows, false);
                for column in self.columns.iter().filter(|c| c.target == Target::Keywords) {
                    bits.or(&self.rows_in_column(column, id, batch, false));
                }
                bits
            }
        }
    }

    fn rows_in_column(
        &self,
        hits: &ColumnHits,
        id: PredicateId,
        batch: &EventBatch,
        absent: bool,
    ) -> Bitmap {
        let meets: Vec<bool> =
            hits.by_code.iter().map(|set| self.sets.get(*set).binary_search(&id).is_ok()).collect();
        if !absent && !meets.contains(&true) {
            return Bitmap::filled(batch.len(), false);
        }
        let codes = batch.columns()[hits.column].codes();
        Bitmap::of(batch.len(), |row| match codes.get(row) {
            None | Some(&ABSENT) => absent,
            Some(&code) => meets[code as usize],
        })
    }
}
