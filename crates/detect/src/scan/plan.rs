//! What of the rules matters for a kind: made when its first batch arrives.
//!
//! A plan names the log sources that name the kind, and holds what is the kind's own: the rules that
//! ask for its event id, with that question decided, and what is asked of its events.

use std::sync::Arc;

use blanik_model::{Interest, Kind, Value};

use super::index::{Index, entry};
use super::keywords::{Keywords, Watched};
use crate::expr::Expr;
use crate::predicate::{FieldId, Predicate, PredicateId, Predicates, Target};
use crate::rules::{RuleIx, Rules};
use crate::test::Subject;

/// See the module.
#[derive(Debug)]
pub struct Plan {
    /// Whether any rule can meet an event of the kind.
    pub is_about: bool,
    /// What is asked of the kind's events.
    pub interest: Interest,
    /// The keywords looked for in any value.
    pub keywords: Option<Arc<Keywords>>,
    // Fields whose values are looked up, ascending.
    fields: Box<[FieldId]>,
    // By log source of the index: does it name the kind?
    sources: Box<[bool]>,
    always: Box<[RuleIx]>,
    own: Box<[Own]>,
}

/// A rule with what is known of the kind decided.
#[derive(Debug)]
struct Own {
    ix: RuleIx,
    expr: Expr,
    // None: it must always be looked at.
    entry: Option<Vec<PredicateId>>,
}

/// A rule to look at: its number, and its place among the kind's own, if it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Candidate {
    /// The rule.
    pub ix: RuleIx,
    own: Option<u32>,
}

impl Plan {
    /// Makes the plan.
    pub fn new(index: &Index, rules: &Rules, kind: &Kind) -> Self {
        let predicates = rules.predicates();
        let sources: Box<[bool]> = index.sources.iter().map(|s| s.log_source.names(kind)).collect();
        let named = || index.sources.iter().zip(&sources).filter(|(_, named)| **named);
        let mut own: Vec<Own> = named()
            .flat_map(|(source, _)| source.asking(kind.event_id))
            .map(|ix| (ix, rules.folded(&rules.get(ix).expr, kind)))
            .filter(|(_, expr)| *expr != Expr::Const(false))
            .map(|(ix, expr)| Own { ix, entry: entry(&expr, predicates), expr })
            .collect();
        own.sort_unstable_by_key(|own| own.ix);
        let plain = || named().flat_map(|(source, _)| &source.plain);
        let mut asked = Asked::default();
        plain().for_each(|ix| asked.add(&rules.get(*ix).expr, predicates));
        own.iter().for_each(|own| asked.add(&own.expr, predicates));
        let candidates = plain().copied().chain(own.iter().map(|own| own.ix));
        asked.carried = candidates.filter_map(|ix| rules.carried(ix)).flatten().cloned().collect();
        let (fields, names, keywords) = asked.finish(predicates);
        let keywords = (!keywords.is_empty()).then(|| index.keywords(keywords, predicates));
        let interest = match &keywords {
            None => Interest::Fields { names, rest: None, also: None },
            Some(_) => {
                let mut watched = Watched::default();
                plain().for_each(|ix| watched.add(&rules.get(*ix).expr, predicates));
                own.iter().for_each(|own| watched.add(&own.expr, predicates));
                match watched.search(predicates) {
                    None => Interest::All,
                    Some(search) => {
                        Interest::Fields { names, rest: Some(Arc::new(search)), also: None }
                    }
                }
            }
        };
        Plan {
            is_about: plain().next().is_some() || !own.is_empty(),
            interest,
            keywords,
            fields,
            always: named().flat_map(|(source, _)| &source.always).copied().collect(),
            sources,
            own: own.into(),
        }
    }

    /// True if a rule asks for the field's values one by one.
    pub fn asks(&self, field: FieldId) -> bool {
        self.fields.binary_search(&field).is_ok()
    }

    /// The rules to look at, ascending, into `out`. `hit` are predicates that held somewhere in the
    /// batch: all that rules are entered by; `is_hit` knows all that did.
    pub fn candidates(
        &self,
        index: &Index,
        hit: &[PredicateId],
        is_hit: impl Fn(PredicateId) -> bool,
        out: &mut Vec<Candidate>,
    ) {
        out.clear();
        let plain = |ix: &RuleIx| Candidate { ix: *ix, own: None };
        out.extend(self.always.iter().map(plain));
        for id in hit {
            let entered = index.entered(*id).iter();
            let named = |ix: &&RuleIx| self.sources[index.source_of[ix.0 as usize] as usize];
            out.extend(entered.filter(named).map(plain));
        }
        for (i, own) in self.own.iter().enumerate() {
            if own.entry.as_ref().is_none_or(|entry| entry.iter().any(|id| is_hit(*id))) {
                out.push(Candidate { ix: own.ix, own: Some(i as u32) });
            }
        }
        out.sort_unstable();
        out.dedup();
    }

    /// What the candidate says of the kind's events.
    pub fn expr<'a>(&'a self, rules: &'a Rules, candidate: Candidate) -> &'a Expr {
        match candidate.own {
            Some(i) => &self.own[i as usize].expr,
            None => &rules.get(candidate.ix).expr,
        }
    }

    /// Bytes held, about.
    pub fn memory(&self) -> usize {
        let names = match &self.interest {
            Interest::All => 0,
            Interest::Fields { names, .. } => names.len() * size_of::<Arc<str>>(),
        };
        let own: usize = self.own.iter().map(|own| 64 + 64 * count(&own.expr)).sum();
        4 * (self.fields.len() + self.always.len()) + self.sources.len() + names + own
    }
}

fn count(expr: &Expr) -> usize {
    let mut count = 0;
    expr.predicates(&mut |_| count += 1);
    count
}

/// What expressions ask of events.
#[derive(Default)]
struct Asked {
    fields: Vec<FieldId>,
    others: Vec<FieldId>,
    keywords: Vec<PredicateId>,
    /// What correlations ask of the rules' matches.
    carried: Vec<Arc<str>>,
    seen: Vec<bool>,
}

impl Asked {
    fn add(&mut self, expr: &Expr, predicates: &Predicates) {
        self.seen.resize(predicates.len(), false);
        expr.predicates(&mut |id| {
            if std::mem::replace(&mut self.seen[id.0 as usize], true) {
                return;
            }
            let predicate = predicates.get(id);
            match predicate.target {
                Target::Keywords => self.keywords.push(id),
                // Compared row by row, not looked up.
                Target::Field(field) if predicate.test.needs_other_field() => {
                    self.others.push(field);
                }
                Target::Field(field) => self.fields.push(field),
            }
            predicate.test.other_fields(&mut |field| self.others.push(field));
        });
    }

    /// The fields asked for, the names of these and of the fields compared with, and the keywords:
    /// each ascending, each once.
    fn finish(
        mut self,
        predicates: &Predicates,
    ) -> (Box<[FieldId]>, Vec<Arc<str>>, Vec<PredicateId>) {
        self.fields.sort_unstable();
        self.fields.dedup();
        self.keywords.sort_unstable();
        let named = self.fields.iter().chain(&self.others);
        let mut names: Vec<Arc<str>> =
            named.map(|field| Arc::clone(predicates.field_name(*field))).collect();
        names.append(&mut self.carried);
        names.sort_unstable();
        names.dedup();
        (self.fields.into(), names, self.keywords)
    }
}

/// The name of the field that says what a Windows kind's number says.
pub const EVENT_ID_FIELD: &str = "EventID";

/// The predicate's answer where the kind alone decides it: readers give every event of a Windows
/// kind the field `EventID` with the kind's number.
pub fn known_for_kind(predicate: &Predicate, predicates: &Predicates, kind: &Kind) -> Option<bool> {
    let id = kind.event_id?;
    let Target::Field(field) = predicate.target else { return None };
    if &**predicates.field_name(field) != EVENT_ID_FIELD || predicate.test.needs_other_field() {
        return None;
    }
    let text = id.to_string();
    Some(predicate.test.holds(&Subject::new(Value::number(&text)), &|_| None))
}
