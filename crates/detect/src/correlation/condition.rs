//! When a correlation holds: bounds on the number that its type works out, and, for the temporal
//! types, an expression over the rules it refers to.

use std::fmt;

use crate::expr::Expr;

/// A comparison of Sigma's correlation conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `gt`
    Greater,
    /// `gte`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `lte`
    LessOrEqual,
    /// `eq`
    Equal,
    /// `neq`
    NotEqual,
}

impl Operator {
    /// By Sigma's word.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "gt" => Self::Greater,
            "gte" => Self::GreaterOrEqual,
            "lt" => Self::Less,
            "lte" => Self::LessOrEqual,
            "eq" => Self::Equal,
            "neq" => Self::NotEqual,
            _ => return None,
        })
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Greater => ">",
            Self::GreaterOrEqual => "≥",
            Self::Less => "<",
            Self::LessOrEqual => "≤",
            Self::Equal => "=",
            Self::NotEqual => "≠",
        }
    }
}

/// A bound on a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// How it is compared.
    pub operator: Operator,
    /// With what.
    pub with: f64,
}

impl Bound {
    /// True if the number lies within.
    pub fn holds(self, number: f64) -> bool {
        match self.operator {
            Operator::Greater => number > self.with,
            Operator::GreaterOrEqual => number >= self.with,
            Operator::Less => number < self.with,
            Operator::LessOrEqual => number <= self.with,
            Operator::Equal => number == self.with,
            Operator::NotEqual => number != self.with,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operator.sign(), self.with)
    }
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Condition {
    /// All must hold. Never empty without `occurrence`.
    pub bounds: Vec<Bound>,
    /// `field`: of what the values are taken. Several are taken together.
    pub fields: Vec<Box<str>>,
    /// `percentile`, from 0 to 100.
    pub percentile: Option<f64>,
    /// Which rules must have been met.
    pub occurrence: Option<Occurrence>,
}

/// A condition over rules: `rule_a and not rule_b`.
#[derive(Clone, Debug)]
pub struct Occurrence {
    /// As written.
    pub spelled: String,
    /// `Is(i)` asks whether the rule that the correlation refers to as its `i`-th, from 0, was met.
    pub expr: Expr,
}

impl Condition {
    /// True if all bounds hold.
    pub fn holds(&self, number: f64) -> bool {
        self.bounds.iter().all(|bound| bound.holds(number))
    }

    /// How far the number is from holding: 0 where it does.
    pub fn distance(&self, number: f64) -> f64 {
        let off =
            |bound: &Bound| if bound.holds(number) { 0.0 } else { (number - bound.with).abs() };
        self.bounds.iter().map(off).sum()
    }

    /// True if no whole number of 0 or more, nor any number between, is within all bounds.
    pub(crate) fn contradicts_itself(&self) -> bool {
        // Only at and between the bounds' own numbers can the answer change.
        let mut at: Vec<f64> = self.bounds.iter().map(|b| b.with).collect();
        at.sort_by(f64::total_cmp);
        let between = at.windows(2).map(|two| (two[0] + two[1]) / 2.0);
        let beyond = at.first().into_iter().map(|f| f - 1.0).chain(at.last().map(|l| l + 1.0));
        !at.iter().copied().chain(between).chain(beyond).any(|number| self.holds(number))
    }
}

/// `≥ 10`, `bytes_sent > 1000`, `rule_a and not rule_b`
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(occurrence) = &self.occurrence {
            return f.write_str(&occurrence.spelled);
        }
        if let Some(percentile) = self.percentile {
            write!(f, "percentile {percentile} of ")?;
        }
        if !self.fields.is_empty() {
            write!(f, "{} ", self.fields.join(", "))?;
        }
        let bounds: Vec<String> = self.bounds.iter().map(Bound::to_string).collect();
        f.write_str(&bounds.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(bounds: &[(&str, f64)]) -> Condition {
        let bound = |(word, with): &(&str, f64)| Bound {
            operator: Operator::from_word(word).expect("a word"),
            with: *with,
        };
        Condition { bounds: bounds.iter().map(bound).collect(), ..Condition::default() }
    }

    #[test]
    fn bounds_are_joined_by_and() {
        let range = condition(&[("gt", 100.0), ("lte", 200.0)]);
        assert_eq!(
            [100.0, 101.0, 200.0, 201.0].map(|n| range.holds(n)),
            [false, true, true, false]
        );
        assert_eq!(range.to_string(), "> 100 and ≤ 200");
        assert!(condition(&[("neq", 3.0)]).holds(4.0) && !condition(&[("eq", 3.0)]).holds(4.0));
    }

    #[test]
    fn bounds_that_exclude_each_other() {
        assert!(condition(&[("gt", 5.0), ("lt", 3.0)]).contradicts_itself());
        assert!(condition(&[("eq", 5.0), ("neq", 5.0)]).contradicts_itself());
        assert!(!condition(&[("gt", 5.0), ("lt", 6.0)]).contradicts_itself());
        assert!(!condition(&[("gte", 5.0), ("lte", 5.0)]).contradicts_itself());
        assert!(!condition(&[("gte", 5.0)]).contradicts_itself());
    }
}
