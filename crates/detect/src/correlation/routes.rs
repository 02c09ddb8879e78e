//! Where a match goes: which correlations it is for, and where in it the values stand that they ask.
//!
//! A match of a detection rule carries the values of some fields. A match of a correlation has the
//! values its group has in common and, for other names, those of the event that completed it: a
//! correlation above may group by what the one below does not (specification, "Ordered Temporal
//! Proximity", note).

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use super::{Correlation, CorrelationIx, Referent};
use crate::rules::RuleIx;

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// Among the values that the detection rule's match carries.
    Carried(u32),
    /// Among the group's values of the correlation that was met.
    Group(u32),
}

/// A way from a match to a correlation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Route {
    /// The correlation.
    pub to: CorrelationIx,
    /// Which of its references the match is of.
    pub reference: u32,
    /// The values it groups by.
    pub group: Box<[Place]>,
    /// The values it counts.
    pub fields: Box<[Place]>,
}

/// All ways of a set of rules.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    /// The fields that a rule's matches carry, ascending.
    carried: HashMap<RuleIx, Box<[Arc<str>]>>,
    of_rule: HashMap<RuleIx, Box<[Route]>>,
    // By the correlation that was met, and the rule of the event that completed it.
    of_correlation: HashMap<(CorrelationIx, RuleIx), Box<[Route]>>,
    /// The correlations, those first that others refer to.
    pub order: Box<[CorrelationIx]>,
}

impl Routes {
    /// The ways between these correlations, which refer to each other in no circle.
    pub fn new(correlations: &[Correlation]) -> Self {
        let order = order(correlations);
        let bases = bases(correlations, &order);
        let carried = carried(correlations, &bases);
        let mut of_rule: HashMap<RuleIx, Vec<Route>> = HashMap::new();
        let mut of_correlation: HashMap<(CorrelationIx, RuleIx), Vec<Route>> = HashMap::new();
        for (to, correlation) in numbered(correlations) {
            for (reference, named) in (0..).zip(&correlation.rules) {
                for base in bases_of(named.to, &bases) {
                    let names = Names { correlations, correlation, to: named.to, base };
                    let route = names.route(to, reference, &carried[&base]);
                    match named.to {
                        Referent::Rule(rule) => of_rule.entry(rule).or_default().push(route),
                        Referent::Correlation(inner) => {
                            of_correlation.entry((inner, base)).or_default().push(route);
                        }
                    }
                }
            }
        }
        let boxed = |(key, routes): (RuleIx, Vec<Route>)| (key, routes.into());
        Routes {
            carried,
            of_rule: of_rule.into_iter().map(boxed).collect(),
            of_correlation: of_correlation.into_iter().map(|(k, r)| (k, r.into())).collect(),
            order: order.into(),
        }
    }

    /// The fields that matches of the rule carry; `None` if no correlation wants them.
    pub fn carried(&self, rule: RuleIx) -> Option<&[Arc<str>]> {
        self.carried.get(&rule).map(|names| &**names)
    }

    /// Where matches of the rule go.
    pub fn of_rule(&self, rule: RuleIx) -> &[Route] {
        self.of_rule.get(&rule).map_or(&[], |routes| routes)
    }

    /// Where matches of the correlation go that an event of the rule `base` completed.
    pub fn of_correlation(&self, met: CorrelationIx, base: RuleIx) -> &[Route] {
        self.of_correlation.get(&(met, base)).map_or(&[], |routes| routes)
    }

    /// True if a correlation refers to another.
    pub fn has_chains(&self) -> bool {
        !self.of_correlation.is_empty()
    }

    /// The rules whose matches are wanted.
    pub fn rules(&self) -> impl Iterator<Item = RuleIx> {
        self.carried.keys().copied()
    }
}

fn numbered(correlations: &[Correlation]) -> impl Iterator<Item = (CorrelationIx, &Correlation)> {
    (0..).map(CorrelationIx).zip(correlations)
}

/// A reference of a correlation, and a detection rule below it.
struct Names<'c> {
    correlations: &'c [Correlation],
    correlation: &'c Correlation,
    to: Referent,
    base: RuleIx,
}

/// What a name of a correlation stands for.
enum Meaning<'c> {
    Group(u32),
    Field(&'c str),
}

impl<'c> Names<'c> {
    fn meaning(&self, name: &'c str) -> Meaning<'c> {
        let field = self.correlation.field(name, self.to, self.base);
        if let Referent::Correlation(inner) = self.to {
            let group = &self.correlations[inner.0 as usize].group_by;
            if let Some(at) = group.iter().position(|own| **own == *field) {
                return Meaning::Group(at as u32);
            }
        }
        Meaning::Field(field)
    }

    fn route(&self, to: CorrelationIx, reference: u32, carried: &[Arc<str>]) -> Route {
        let place = |name: &'c str| match self.meaning(name) {
            Meaning::Group(at) => Place::Group(at),
            Meaning::Field(field) => {
                let at = carried.binary_search_by(|c| (**c).cmp(field));
                Place::Carried(at.expect("what is asked is carried") as u32)
            }
        };
        Route {
            to,
            reference,
            group: self.correlation.group_by.iter().map(|name| place(name)).collect(),
            fields: self.correlation.condition.fields.iter().map(|name| place(name)).collect(),
        }
    }
}

/// The correlations, each behind those it refers to.
fn order(correlations: &[Correlation]) -> Vec<CorrelationIx> {
    let mut above: Vec<Vec<u32>> = vec![Vec::new(); correlations.len()];
    let mut open: Vec<usize> = vec![0; correlations.len()];
    for (ix, correlation) in numbered(correlations) {
        for reference in &correlation.rules {
            if let Referent::Correlation(inner) = reference.to {
                above[inner.0 as usize].push(ix.0);
                open[ix.0 as usize] += 1;
            }
        }
    }
    let mut order: Vec<CorrelationIx> =
        numbered(correlations).map(|(ix, _)| ix).filter(|ix| open[ix.0 as usize] == 0).collect();
    let mut next = 0;
    while let Some(ix) = order.get(next).copied() {
        next += 1;
        for upper in &above[ix.0 as usize] {
            open[*upper as usize] -= 1;
            if open[*upper as usize] == 0 {
                order.push(CorrelationIx(*upper));
            }
        }
    }
    debug_assert_eq!(order.len(), correlations.len(), "no circle");
    order
}

/// The detection rules below each correlation, ascending.
fn bases(correlations: &[Correlation], order: &[CorrelationIx]) -> Vec<Vec<RuleIx>> {
    let mut bases: Vec<Vec<RuleIx>> = vec![Vec::new(); correlations.len()];
    for ix in order {
        let below = correlations[ix.0 as usize].rules.iter();
        let mut all: Vec<RuleIx> = below.flat_map(|r| bases_of(r.to, &bases)).collect();
        all.sort_unstable();
        all.dedup();
        bases[ix.0 as usize] = all;
    }
    bases
}

fn bases_of(to: Referent, bases: &[Vec<RuleIx>]) -> Vec<RuleIx> {
    match to {
        Referent::Rule(rule) => vec![rule],
        Referent::Correlation(inner) => bases[inner.0 as usize].clone(),
    }
}

/// The fields that somebody above a rule asks of its matches.
fn carried(
    correlations: &[Correlation],
    bases: &[Vec<RuleIx>],
) -> HashMap<RuleIx, Box<[Arc<str>]>> {
    let mut asked: HashMap<RuleIx, HashSet<&str>> = HashMap::new();
    for correlation in correlations {
        for reference in &correlation.rules {
            for base in bases_of(reference.to, bases) {
                let names = Names { correlations, correlation, to: reference.to, base };
                let of_base = asked.entry(base).or_default();
                for name in correlation.asked() {
                    if let Meaning::Field(field) = names.meaning(name) {
                        of_base.insert(field);
                    }
                }
            }
        }
    }
    let sorted = |names: HashSet<&str>| {
        let mut names: Vec<Arc<str>> = names.into_iter().map(Arc::from).collect();
        names.sort_unstable();
        names.into_boxed_slice()
    };
    asked.into_iter().map(|(base, names)| (base, sorted(names))).collect()
}
