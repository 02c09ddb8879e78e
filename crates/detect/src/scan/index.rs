//! What scanners share of a set of rules, made once or when first asked for.
//!
//! Rules are grouped by log source, of which there are a few hundred, so that a kind's rules are found
//! without asking each. The matcher of a field serves all kinds. What is a kind's own is its
//! [`Plan`].

use std::sync::{Arc, Mutex, OnceLock};

use blanik_model::Kind;
use hashbrown::HashMap;

use super::field_matcher::FieldMatcher;
use super::keywords::Keywords;
use super::plan::Plan;
use super::source::Source;
use crate::expr::Expr;
use crate::predicate::{FieldId, PredicateId, Predicates, Target};
use crate::rules::{RuleIx, Rules};

/// Plans kept at a time; readers bound the number of kinds, this bounds it again.
const PLANS_MAX: usize = 8192;

const LOCK: &str = "no one panics while holding it";

/// See the module.
#[derive(Debug)]
pub struct Index {
    /// One for each distinct log source.
    pub sources: Vec<Source>,
    /// By rule: its log source, as an index into `sources`.
    pub source_of: Vec<u32>,
    entries: Entries,
    by_field: Vec<(Vec<PredicateId>, OnceLock<FieldMatcher>)>,
    keywords: Mutex<HashMap<Vec<PredicateId>, Arc<Keywords>>>,
    plans: Mutex<HashMap<Arc<Kind>, Arc<Plan>>>,
}

impl Index {
    /// Makes the index of these rules.
    pub fn new(rules: &Rules) -> Self {
        let predicates = rules.predicates();
        let event_id = EventIdPredicates::of(predicates);
        let mut sources: Vec<Source> = Vec::new();
        let mut numbers = HashMap::new();
        let mut source_of = Vec::with_capacity(rules.len());
        let mut entries = Vec::new();
        let mut used = vec![false; predicates.len()];
        for (ix, rule) in rules.iter() {
            let number = *numbers.entry(&rule.log_source).or_insert_with(|| {
                sources.push(Source::new(rule.log_source.clone()));
                sources.len() - 1
            });
            source_of.push(number as u32);
            let mut asks_event_id = false;
            rule.expr.predicates(&mut |id| {
                used[id.0 as usize] = true;
                asks_event_id = asks_event_id || event_id.has(id);
            });
            let source = &mut sources[number];
            if asks_event_id {
                source.add_asking(ix, event_id.ids(&rule.expr, predicates));
            } else if rule.expr.constant() != Some(false) {
                let entered = source.add(ix, entry(&rule.expr, predicates));
                entries.extend(entered.into_iter().map(|id| (id, ix)));
            }
        }
        Index {
            sources,
            source_of,
            entries: Entries::new(predicates.len(), entries),
            by_field: by_field(predicates, &used),
            keywords: Mutex::default(),
            plans: Mutex::default(),
        }
    }

    /// The plan for a kind, made when first asked for.
    pub fn plan(&self, rules: &Rules, kind: &Kind) -> Arc<Plan> {
        if let Some(plan) = self.plans.lock().expect(LOCK).get(kind) {
            return Arc::clone(plan);
        }
        let plan = Arc::new(Plan::new(self, rules, kind));
        let mut plans = self.plans.lock().expect(LOCK);
        if plans.len() >= PLANS_MAX {
            plans.clear();
        }
        plans.insert(Arc::new(kind.clone()), Arc::clone(&plan));
        plan
    }

    /// The matcher for a field of the rules, made when first asked for.
    pub fn matcher(&self, field: FieldId, predicates: &Predicates) -> &FieldMatcher {
        let (ids, matcher) = &self.by_field[field.0 as usize];
        matcher.get_or_init(|| FieldMatcher::new(ids, predicates))
    }

    /// The search for these keywords, ascending, each once.
    pub fn keywords(&self, ids: Vec<PredicateId>, predicates: &Predicates) -> Arc<Keywords> {
        let mut keywords = self.keywords.lock().expect(LOCK);
        let number = keywords.len() as u32;
        Arc::clone(
            keywords
                .entry(ids)
                .or_insert_with_key(|ids| Arc::new(Keywords::new(number, ids, predicates))),
        )
    }

    /// The rules that are entered through a predicate, ascending. Rules that ask for the event id are
    /// not among them.
    pub fn entered(&self, id: PredicateId) -> &[RuleIx] {
        self.entries.of(id)
    }

    /// Bytes held, about; what was not asked for yet is not counted.
    pub fn memory(&self) -> usize {
        let matchers: usize =
            self.by_field.iter().filter_map(|(_, m)| m.get()).map(FieldMatcher::memory).sum();
        let plans: usize = self.plans.lock().expect(LOCK).values().map(|p| p.memory()).sum();
        let fixed = self.entries.starts.len() + self.entries.rules.len() + self.source_of.len();
        matchers + plans + 4 * fixed
    }
}

/// The predicates through which a rule is entered; `None` if it must always be looked at.
pub fn entry(expr: &Expr, predicates: &Predicates) -> Option<Vec<PredicateId>> {
    let (_, ids) = expr.necessary(predicates)?;
    // A comparison with another field is not evaluated per value, so it is never seen to hold.
    let seen = |id: &PredicateId| !predicates.get(*id).test.needs_other_field();
    ids.iter().all(seen).then_some(ids)
}

/// By predicate: the rules entered through it.
#[derive(Debug)]
struct Entries {
    starts: Box<[u32]>,
    rules: Box<[RuleIx]>,
}

impl Entries {
    fn new(predicates: usize, mut entries: Vec<(PredicateId, RuleIx)>) -> Self {
        entries.sort_unstable();
        let mut starts = vec![0u32; predicates + 1];
        for (id, _) in &entries {
            starts[id.0 as usize + 1] += 1;
        }
        for i in 0..predicates {
            starts[i + 1] += starts[i];
        }
        let rules = entries.into_iter().map(|(_, ix)| ix).collect();
        Entries { starts: starts.into(), rules }
    }

    fn of(&self, id: PredicateId) -> &[RuleIx] {
        let i = id.0 as usize;
        &self.rules[self.starts[i] as usize..self.starts[i + 1] as usize]
    }
}

/// The predicates of each field that are evaluated per value.
fn by_field(
    predicates: &Predicates,
    used: &[bool],
) -> Vec<(Vec<PredicateId>, OnceLock<FieldMatcher>)> {
    let mut by_field = Vec::new();
    by_field.resize_with(predicates.fields(), Default::default);
    for id in predicates.ids().filter(|id| used[id.0 as usize]) {
        let predicate = predicates.get(id);
        if let (Target::Field(field), false) =
            (predicate.target, predicate.test.needs_other_field())
        {
            let (ids, _): &mut (Vec<PredicateId>, _) = &mut by_field[field.0 as usize];
            ids.push(id);
        }
    }
    by_field
}

/// Which predicates a Windows kind alone decides, and what they say of rules.
struct EventIdPredicates {
    field: Option<FieldId>,
    is_one: Vec<bool>,
}

impl EventIdPredicates {
    fn of(predicates: &Predicates) -> Self {
        let field = predicates.field_id(super::plan::EVENT_ID_FIELD);
        let is_one = |id| {
            let predicate = predicates.get(id);
            let target = field.map(Target::Field);
            target == Some(predicate.target) && !predicate.test.needs_other_field()
        };
        EventIdPredicates { field, is_one: predicates.ids().map(is_one).collect() }
    }

    fn has(&self, id: PredicateId) -> bool {
        self.field.is_some() && self.is_one[id.0 as usize]
    }

    /// Event ids of which a kind must have one for the expression to hold for its events, where this
    /// is plain to see.
    fn ids(&self, expr: &Expr, predicates: &Predicates) -> Option<Vec<u32>> {
        let union = |parts: &[Expr]| {
            let mut all = Vec::new();
            for part in parts {
                all.extend(self.ids(part, predicates)?);
            }
            Some(all)
        };
        match expr {
            Expr::Is(id) if self.has(*id) => {
                let mut ids = Vec::new();
                predicates.get(*id).test.whole_numbers(&mut ids)?;
                Some(ids)
            }
            Expr::All(parts) => {
                let known = parts.iter().filter_map(|p| self.ids(p, predicates));
                known.min_by_key(Vec::len)
            }
            Expr::Any(parts) => union(parts),
            Expr::AtLeast(n, parts) if *n > 0 => union(parts),
            Expr::Const(false) => Some(Vec::new()),
            _ => None,
        }
    }
}
