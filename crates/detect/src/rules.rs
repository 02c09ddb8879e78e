//! Compiled rules: immutable, shared by all scanners.

use std::sync::{Arc, OnceLock};

use blanik_model::{Interest, Interests, Kind, Level, Status};

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
}

/// A set of rules, ready to be scanned with. See [`Rules::compile`](crate::compile).
#[derive(Debug, Default)]
pub struct Rules {
    pub(crate) rules: Vec<Rule>,
    pub(crate) predicates: Predicates,
    pub(crate) index: OnceLock<Index>,
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

    /// Keeps the rules for which `keep`. Indices given out before are void.
    pub fn retain(&mut self, keep: impl FnMut(&Rule) -> bool) {
        self.rules.retain(keep);
        self.index = OnceLock::new();
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

/// What the rules that can match a kind ask of its events: their fields, those they are compared with,
/// and, where they have keywords, all other values too.
impl Interests for Rules {
    fn of(&self, kind: &Kind) -> Interest {
        self.index().plan(self, kind).interest.clone()
    }
}
