//! What became of the matches that correlation rules look at, in numbers and in sentences.

use serde::Serialize;

use crate::output::cell::{count, counted};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CorrelationStats {
    /// Correlation rules.
    pub rules: u64,
    /// Matches of the rules they refer to that bear a time.
    pub matches: u64,
    /// Matches that could not take part because their events bear no time.
    pub without_time: u64,
    /// How often a correlation could not take a match because it lacks a field.
    pub without_field: u64,
    /// Matches that had to be dropped before their time was over.
    pub dropped: u64,
    /// Values of which only the beginning was compared.
    pub values_cut: u64,
    /// Titles of correlations some of whose matches had to be dropped.
    pub shortened: Vec<String>,
    /// Titles of correlations all of whose matches lack a field that they ask for.
    pub blind: Vec<String>,
}

impl CorrelationStats {
    /// `correlated 12,345 matches by 3 rules`
    pub fn line(&self) -> String {
        format!("correlated {} by {}", matches(self.matches), counted(self.rules, "rule"))
    }

    /// What the user should know: a sentence each.
    pub fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.without_time > 0 {
            remarks.push(format!(
                "{} took no part in correlations because their events bear no time",
                matches(self.without_time)
            ));
        }
        if !self.blind.is_empty() {
            remarks.push(format!(
                "no match has the fields that these correlations group by or count: {}",
                self.blind.join("; ")
            ));
        }
        if self.dropped > 0 {
            remarks.push(format!(
                "{} had to be dropped before their time was over, so that these correlations may have \
                 missed something: {}",
                matches(self.dropped),
                self.shortened.join("; ")
            ));
        }
        if self.without_field > 0 {
            remarks.push(format!(
                "{} times a correlation passed over a match that lacks a field it asks for",
                count(self.without_field)
            ));
        }
        if self.values_cut > 0 {
            remarks.push(format!(
                "{} were correlated by their first KiB only",
                counted(self.values_cut, "longer value")
            ));
        }
        remarks
    }
}

fn matches(n: u64) -> String {
    if n == 1 { "1 match".to_owned() } else { format!("{} matches", count(n)) }
}
