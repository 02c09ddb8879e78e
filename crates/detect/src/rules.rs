//! Compiled rules: immutable, shared by all scanners.

use std::sync::{Arc, OnceLock};

use blanik_model::{Interest, Interests, Kind, Level, Status};

use crate::correlation::routes::Routes;
use crate::correlation::{Correlation, CorrelationIx, Referent};
use crate::expr::Expr;
use crate::predicate::Predicates;
use crate::scan::index::Index;

/// Index of a rule in its [`Rules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleIx(pub u32);

/// Which kinds a rule is about: each part given must be the kind's (Sigma, "Log Source").
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogSource {
    /// `product`
    pub product: Option<String>,
    /// `service`
    pub service: Option<String>,
    /// `category`
    pub category: Option<String>,
}

impl LogSource {
    /// True if the rule is about events of this kind.
    pub fn names(&self, kind: &Kind) -> bool {
        kind.answers(self.product.as_deref(), self.service.as_deref(), self.category.as_deref())
    }

    /// True if the other has each part that this one names.
    pub fn covers(&self, other: &LogSource) -> bool {
        let covers = |own: &Option<String>, its: &Option<String>| own.is_none() || own == its;
        covers(&self.product, &other.product)
            && covers(&self.service, &other.service)
            && covers(&self.category, &other.category)
    }
}

impl std::fmt::Display for LogSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts =
            [("product", &self.product), ("service", &self.service), ("category", &self.category)];
        let mut first = true;
        for (name, value) in parts {
            if let Some(value) = value {
                write!(f, "{}{name}: {value}", if first { "" } else { ", " })?;
                first = false;
            }
        }
        if first { f.write_str("any log source") } else { Ok(()) }
    }
}

/// A named part of a rule's detection section.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Its name.
    pub name: String,
    /// What it says.
    pub expr: Expr,
}

/// One Sigma detection rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The rule's `id`; the origin's name where it has none.
    pub id: String,
    /// `title`
    pub title: String,
    /// `name`, by which correlation and filter rules may refer to it.
    pub name: Option<String>,
    /// `level`; medium where the rule has none.
    pub level: Level,
    /// `status`
    pub status: Option<Status>,
    /// `tags`
    pub tags: Vec<String>,
    /// `description`
    pub description: Option<String>,
    /// `logsource`
    pub log_source: LogSource,
    /// The document it came from.
    pub origin: Arc<str>,
    /// The line its document begins at, from 1.
    pub line: u32,
    /// Its selections, by name.
    pub selections: Vec<Selection>,
    /// Its conditions as written; the rule meets an event if one of them does.
    pub conditions: Vec<String>,
    /// The same, over predicates.
    pub expr: Expr,
    /// It makes findings: no correlation without `generate` refers to it.
    pub reports: bool,
}

/// What rules and correlations are chosen by.
#[derive(Clone, Copy, Debug)]
pub struct Head<'r> {
    /// `id`
    pub id: &'r str,
    /// `title`
    pub title: &'r str,
    /// `level`
    pub level: Level,
    /// `status`
    pub status: Option<Status>,
}

impl Rule {
    /// What it is chosen by.
    pub fn head(&self) -> Head<'_> {
        Head { id: &self.id, title: &self.title, level: self.level, status: self.status }
    }
}

impl Correlation {
    /// What it is chosen by.
    pub fn head(&self) -> Head<'_> {
        Head { id: &self.id, title: &self.title, level: self.level, status: self.status }
    }
}

/// A set of rules, ready to be scanned with. See [`Rules::compile`](crate::compile).
#[derive(Debug, Default)]
pub struct Rules {
    pub(crate) rules: Vec<Rule>,
    pub(crate) correlations: Vec<Correlation>,
    pub(crate) filters: Vec<Filter>,
    pub(crate) routes: Routes,
    pub(crate) predicates: Predicates,
    pub(crate) index: OnceLock<Index>,
}

/// A filter rule that was put into the rules it names.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Its `id`; the origin's name where it has none.
    pub id: String,
    /// `title`
    pub title: String,
    /// The document it came from.
    pub origin: Arc<str>,
    /// The line it begins at, from 1.
    pub line: u32,
    /// How many rules it narrows.
    pub rules: usize,
}

impl Rules {
    /// Number of rules.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// A rule. Panics on an index of another set.
    pub fn get(&self, ix: RuleIx) -> &Rule {
        &self.rules[ix.0 as usize]
    }

    /// The rules, by index.
    pub fn iter(&self) -> impl Iterator<Item = (RuleIx, &Rule)> {
        self.rules.iter().enumerate().map(|(i, r)| (RuleIx(i as u32), r))
    }

    /// The correlation rules, by index.
    pub fn correlations(&self) -> impl Iterator<Item = (CorrelationIx, &Correlation)> {
        (0..).map(CorrelationIx).zip(&self.correlations)
    }

    /// A correlation rule. Panics on an index of another set.
    pub fn correlation(&self, ix: CorrelationIx) -> &Correlation {
        &self.correlations[ix.0 as usize]
    }

    /// The filter rules in use.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// The fields that the rule's matches carry to correlations, ascending; `None` if no correlation
    /// refers to it.
    pub fn carried(&self, ix: RuleIx) -> Option<&[Arc<str>]> {
        self.routes.carried(ix)
    }

    /// True if a rule of this kind's log source has matches that correlations want.
    pub fn correlates(&self, kind: &Kind) -> bool {
        self.routes.rules().any(|ix| self.get(ix).log_source.names(kind))
    }

    /// Keeps the rules and correlations for which `keep`, and what these correlations refer to: that
    /// makes no findings unless it is kept itself. Indices given out before are void.
    pub fn retain(&mut self, mut keep: impl FnMut(Head<'_>) -> bool) {
        for rule in &mut self.rules {
            rule.reports = rule.reports && keep(rule.head());
        }
        for correlation in &mut self.correlations {
            correlation.reports = correlation.reports && keep(correlation.head());
        }
        let routes = std::mem::take(&mut self.routes);
        let mut correlations: Vec<bool> = self.correlations.iter().map(|c| c.reports).collect();
        let mut rules: Vec<bool> = self.rules.iter().map(|r| r.reports).collect();
        // From the outermost inwards.
        for ix in routes.order.iter().rev() {
            if !correlations[ix.0 as usize] {
                continue;
            }
            for reference in &self.correlations[ix.0 as usize].rules {
                match reference.to {
                    Referent::Rule(rule) => rules[rule.0 as usize] = true,
                    Referent::Correlation(inner) => correlations[inner.0 as usize] = true,
                }
            }
        }
        self.keep(&rules, &correlations);
        self.routes = Routes::new(&self.correlations);
        self.index = OnceLock::new();
    }

    fn keep(&mut self, rules: &[bool], correlations: &[bool]) {
        let new_rules = new_numbers(rules);
        let new_correlations = new_numbers(correlations);
        keep_flagged(&mut self.rules, rules);
        keep_flagged(&mut self.correlations, correlations);
        let renumber = |to: &mut Referent| match to {
            Referent::Rule(rule) => rule.0 = new_rules[rule.0 as usize],
            Referent::Correlation(inner) => inner.0 = new_correlations[inner.0 as usize],
        };
        for correlation in &mut self.correlations {
            correlation.rules.iter_mut().for_each(|reference| renumber(&mut reference.to));
            for alias in &mut correlation.aliases {
                // An alias may speak of rules that the correlation does not refer to.
                alias.of.retain(|(to, _)| match to {
                    Referent::Rule(rule) => rules[rule.0 as usize],
                    Referent::Correlation(inner) => correlations[inner.0 as usize],
                });
                alias.of.iter_mut().for_each(|(to, _)| renumber(to));
            }
        }
    }

    /// The predicates of all rules.
    pub fn predicates(&self) -> &Predicates {
        &self.predicates
    }

    /// True if the rule can meet an event of this kind: its log source names the kind, and its
    /// conditions do not rule out the kind's event id.
    pub fn can_match(&self, ix: RuleIx, kind: &Kind) -> bool {
        let rule = self.get(ix);
        rule.log_source.names(kind) && self.folded(&rule.expr, kind) != Expr::Const(false)
    }

    /// What scanners share, made when first asked for.
    pub fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(self))
    }

    /// The expression with what is known of the kind's events decided.
    pub(crate) fn folded(&self, expr: &Expr, kind: &Kind) -> Expr {
        expr.fold(&|id| {
            crate::scan::plan::known_for_kind(self.predicates.get(id), &self.predicates, kind)
        })
    }
}

/// For each that is kept, how many kept ones stand before it.
fn new_numbers(kept: &[bool]) -> Vec<u32> {
    let next = |before: &mut u32, kept: &bool| {
        let number = *before;
        *before += u32::from(*kept);
        Some(number)
    };
    kept.iter().scan(0, next).collect()
}

fn keep_flagged<T>(all: &mut Vec<T>, kept: &[bool]) {
    let mut flags = kept.iter();
    all.retain(|_| *flags.next().expect("a flag each"));
}

/// What the rules that can match a kind ask of its events: their fields, those they are compared with,
/// those that correlations ask of their matches, and, where they have keywords, all other values too.
impl Interests for Rules {
    fn of(&self, kind: &Kind) -> Interest {
        self.index().plan(self, kind).interest.clone()
    }
}
