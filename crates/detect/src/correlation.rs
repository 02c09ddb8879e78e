//! A correlation rule: what several matches of other rules amount to within a time (Sigma correlation
//! rules specification 2.1). The rule alone; what is done with it is [`correlate`](crate::correlate).

pub mod condition;
pub mod routes;
pub mod timespan;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use blanik_model::{Level, Status};

pub use self::condition::{Bound, Condition, Operator};
pub use self::timespan::Timespan;
use crate::rules::RuleIx;

/// Index of a correlation in its [`Rules`](crate::Rules).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CorrelationIx(pub u32);

/// What is worked out over the matches of a group within the time span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CorrelationType {
    /// How many events.
    EventCount,
    /// How many distinct values a field has.
    ValueCount,
    /// How many of the rules were met.
    Temporal,
    /// How many of the rules were met in the order given.
    TemporalOrdered,
    /// The sum of a field's numbers.
    ValueSum,
    /// The greatest of them.
    ValueMax,
    /// The least of them.
    ValueMin,
    /// Their mean.
    ValueAvg,
    /// With `percentile`, the number at this percentile; without, the share of a value among all
    /// values observed, in percent.
    ValuePercentile,
    /// The number at percentile 50 (of pySigma; not in the specification).
    ValueMedian,
}

impl CorrelationType {
    /// All of them.
    pub const ALL: [CorrelationType; 10] = [
        Self::EventCount,
        Self::ValueCount,
        Self::Temporal,
        Self::TemporalOrdered,
        Self::ValueSum,
        Self::ValueMax,
        Self::ValueMin,
        Self::ValueAvg,
        Self::ValuePercentile,
        Self::ValueMedian,
    ];

    /// The word Sigma writes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EventCount => "event_count",
            Self::ValueCount => "value_count",
            Self::Temporal => "temporal",
            Self::TemporalOrdered => "temporal_ordered",
            Self::ValueSum => "value_sum",
            Self::ValueMax => "value_max",
            Self::ValueMin => "value_min",
            Self::ValueAvg => "value_avg",
            Self::ValuePercentile => "value_percentile",
            Self::ValueMedian => "value_median",
        }
    }

    /// True if it asks which rules were met, not what events hold.
    pub fn is_temporal(self) -> bool {
        matches!(self, Self::Temporal | Self::TemporalOrdered)
    }

    /// True if it works on the values of a field.
    pub fn needs_field(self) -> bool {
        !self.is_temporal() && self != Self::EventCount
    }

    /// True if a match that goes on counts once, as it begins; else each time it is met anew.
    pub(crate) fn counts_runs(self) -> bool {
        !self.is_temporal() && self != Self::ValueCount
    }
}

impl fmt::Display for CorrelationType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for CorrelationType {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|t| t.as_str() == word).ok_or(())
    }
}

/// A rule that a correlation refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Referent {
    /// A detection rule.
    Rule(RuleIx),
    /// Another correlation.
    Correlation(CorrelationIx),
}

/// One entry of `rules`.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The id or name as written.
    pub spelled: String,
    /// What it names.
    pub to: Referent,
}

/// A name that stands for different fields in the matches of different rules.
#[derive(Clone, Debug)]
pub struct Alias {
    /// The name.
    pub name: Box<str>,
    /// The field it stands for in the matches of a rule.
    pub of: Vec<(Referent, Box<str>)>,
}

/// One Sigma correlation rule, its references resolved.
#[derive(Clone, Debug)]
pub struct Correlation {
    /// The rule's `id`; the origin's name where it has none.
    pub id: String,
    /// `title`
    pub title: String,
    /// `name`, by which other correlations may refer to it.
    pub name: Option<String>,
    /// `level`; where it has none, the highest of the rules it refers to.
    pub level: Level,
    /// `status`
    pub status: Option<Status>,
    /// `tags`; where it has none, those of the rules it refers to.
    pub tags: Vec<String>,
    /// `description`
    pub description: Option<String>,
    /// The document it came from.
    pub origin: Arc<str>,
    /// The line it begins at, from 1.
    pub line: u32,
    /// `type`
    pub ty: CorrelationType,
    /// `rules`, in their order.
    pub rules: Vec<Reference>,
    /// `group-by`: fields or aliases. Empty: all matches are one group.
    pub group_by: Vec<Box<str>>,
    /// `aliases`, by name.
    pub aliases: Vec<Alias>,
    /// `timespan`
    pub timespan: Timespan,
    /// `condition`
    pub condition: Condition,
    /// `generate`: the rules it refers to make findings of their own, too.
    pub generate: bool,
    /// It makes findings: no other correlation without `generate` refers to it.
    pub reports: bool,
}

impl Correlation {
    /// The field of a match that a name stands for. `reference` is what the correlation refers to,
    /// `base` the detection rule whose match it is, or that completed it.
    pub fn field<'c>(&'c self, name: &'c str, reference: Referent, base: RuleIx) -> &'c str {
        let alias = self.aliases.iter().find(|alias| *alias.name == *name);
        let of = |referent| {
            alias.and_then(|a| a.of.iter().find(|(to, _)| *to == referent)).map(|(_, f)| &**f)
        };
        of(reference).or_else(|| of(Referent::Rule(base))).unwrap_or(name)
    }

    /// True if it asks which share of all values one has: `value_percentile` without `percentile`.
    pub fn is_share(&self) -> bool {
        self.ty == CorrelationType::ValuePercentile && self.condition.percentile.is_none()
    }

    /// The names of the fields it asks of a match: those it groups by, then those it counts.
    pub(crate) fn asked(&self) -> impl Iterator<Item = &str> {
        self.group_by.iter().chain(&self.condition.fields).map(|name| &**name)
    }
}

/// `event_count of failed_login by User within 10m: ≥ 10`
impl fmt::Display for Correlation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spelled: Vec<&str> = self.rules.iter().map(|r| r.spelled.as_str()).collect();
        write!(f, "{} of {}", self.ty, spelled.join(", "))?;
        if !self.group_by.is_empty() {
            write!(f, " by {}", self.group_by.join(", "))?;
        }
        write!(f, " within {}: {}", self.timespan, self.condition)
    }
}
