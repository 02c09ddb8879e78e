//! What was observed: one item each, with who says so, how far they are to be believed, and how easily it is
//! forged. And how a case's findings become such items.

pub mod findings;
pub mod pointers;
pub mod timing;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// More observations are not read.
pub const OBSERVATIONS_MAX: usize = 2_000;

/// What kind of thing was observed, and what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// A technique of ATT&CK: `T1059.001`.
    Technique(String),
    /// Software or a malware family: `S0154`, or its name.
    Software(String),
    /// An indicator that knowledge ties to actors.
    Indicator(Pointing),
    /// Infrastructure: relays, registrants, certificates.
    Infrastructure(Pointing),
    /// Whom the intrusion was after.
    Victimology(Pointing),
    /// Working hours, holidays.
    Timing(Pointing),
    /// Somebody's opinion who did it.
    Claim(Pointing),
    /// A technique or software that was looked for where telemetry would have shown it, and was not there. What was merely not
    /// seen is no evidence.
    Absence(String),
}

/// Something that points to actors or nations, by an analyst's judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointing {
    /// What it is, in words or as a value.
    pub value: String,
    /// Actors by id or name; a nation as `nation:CN`. Several: it is shared among them.
    pub to: Vec<String>,
}

/// A class of evidence. What is of one class errs together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Class {
    Techniques,
    Software,
    Indicators,
    Infrastructure,
    Victimology,
    Timing,
    Claims,
}

/// A vertex of the Diamond model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Vertex {
    Adversary,
    Capability,
    Infrastructure,
    Victim,
}

impl Class {
    /// Its vertex of the Diamond model.
    #[must_use]
    pub fn vertex(self) -> Vertex {
        match self {
            Class::Techniques | Class::Software => Vertex::Capability,
            Class::Indicators | Class::Infrastructure => Vertex::Infrastructure,
            Class::Victimology => Vertex::Victim,
            Class::Timing | Class::Claims => Vertex::Adversary,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Class::Techniques => "techniques",
            Class::Software => "software",
            Class::Indicators => "indicators",
            Class::Infrastructure => "infrastructure",
            Class::Victimology => "victimology",
            Class::Timing => "timing",
            Class::Claims => "claims",
        }
    }

    /// What one item that points to one actor is worth, in decibans, before its grade. Set by judgement: no public data
    /// validates it. Nothing for classes whose weight is fitted.
    #[must_use]
    pub fn judged_decibans(self) -> f64 {
        match self {
            Class::Techniques | Class::Software => 0.0,
            Class::Indicators => 13.0,
            Class::Infrastructure => 10.0,
            Class::Victimology => 3.0,
            Class::Timing => 2.0,
            Class::Claims => 8.0,
        }
    }

    /// The same as odds.
    #[must_use]
    pub fn judged_odds(self) -> f64 {
        10f64.powf(self.judged_decibans() / 10.0)
    }
}

impl Feature {
    /// Its class.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Feature::Technique(_) | Feature::Absence(_) => Class::Techniques,
            Feature::Software(_) => Class::Software,
            Feature::Indicator(_) => Class::Indicators,
            Feature::Infrastructure(_) => Class::Infrastructure,
            Feature::Victimology(_) => Class::Victimology,
            Feature::Timing(_) => Class::Timing,
            Feature::Claim(_) => Class::Claims,
        }
    }

    /// Whether its weight is fitted on reports, and not an analyst's.
    #[must_use]
    pub fn is_fitted(&self) -> bool {
        matches!(self, Feature::Technique(_) | Feature::Software(_))
    }

    /// Whether it says that something is not there.
    #[must_use]
    pub fn is_absence(&self) -> bool {
        matches!(self, Feature::Absence(_))
    }

    /// Whether it points to somebody by a judgement, and names no technique or software, there or not.
    #[must_use]
    pub fn is_pointing(&self) -> bool {
        !self.is_fitted() && !self.is_absence()
    }

    /// What it is, as given.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Feature::Technique(v) | Feature::Software(v) | Feature::Absence(v) => v,
            Feature::Indicator(p)
            | Feature::Infrastructure(p)
            | Feature::Victimology(p)
            | Feature::Timing(p)
            | Feature::Claim(p) => &p.value,
        }
    }

    /// Whom it points to, where that is a judgement.
    #[must_use]
    pub fn points_to(&self) -> &[String] {
        match self {
            Feature::Technique(_) | Feature::Software(_) | Feature::Absence(_) => &[],
            Feature::Indicator(p)
            | Feature::Infrastructure(p)
            | Feature::Victimology(p)
            | Feature::Timing(p)
            | Feature::Claim(p) => &p.to,
        }
    }
}

/// A grade of the Admiralty code: reliability of the source (A to F), credibility of what it says (1 to 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Grade {
    /// 0 = A, completely reliable, to 5 = F, cannot be judged.
    pub source: u8,
    /// 1 = confirmed, to 6 = cannot be judged.
    pub information: u8,
}

/// No grade of the Admiralty code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no grade: a letter from A to F and a figure from 1 to 6")]
pub struct NoGrade(String);

impl Feature {
    /// Of a class, by the word on the command line and in records (`technique`, `claim` …).
    ///
    /// # Errors
    /// The word, if it names no class.
    pub fn of(class: &str, what: &str, to: &[String]) -> Result<Feature, NoClass> {
        let pointing = || Pointing { value: what.to_owned(), to: to.to_vec() };
        Ok(match class {
            "technique" => Feature::Technique(what.to_owned()),
            "software" => Feature::Software(what.to_owned()),
            "indicator" => Feature::Indicator(pointing()),
            "infrastructure" => Feature::Infrastructure(pointing()),
            "victimology" => Feature::Victimology(pointing()),
            "timing" => Feature::Timing(pointing()),
            "claim" => Feature::Claim(pointing()),
            "absence" => Feature::Absence(what.to_owned()),
            _ => return Err(NoClass(class.chars().take(20).collect())),
        })
    }
}

/// No class of evidence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no class of evidence: technique, software, indicator, infrastructure, victimology, timing, claim, absence"
)]
pub struct NoClass(String);

impl FromStr for Grade {
    type Err = NoGrade;

    fn from_str(text: &str) -> Result<Grade, NoGrade> {
        match *text.to_ascii_uppercase().as_bytes() {
            [s @ b'A'..=b'F', i @ b'1'..=b'6'] => {
                Ok(Grade { source: s - b'A', information: i - b'0' })
            }
            _ => Err(NoGrade(text.chars().take(20).collect())),
        }
    }
}

impl TryFrom<String> for Grade {
    type Error = NoGrade;

    fn try_from(text: String) -> Result<Grade, NoGrade> {
        text.parse()
    }
}

impl From<Grade> for String {
    fn from(grade: Grade) -> String {
        grade.to_string()
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", char::from(b'A' + self.source), self.information)
    }
}

impl Default for Grade {
    /// F6: nothing is known of it.
    fn default() -> Self {
        Grade { source: 5, information: 6 }
    }
}

impl Grade {
    /// Probability that what is said is wrong: the two judgements as independent errors. A1 is 2 %, B2 10 %, E5 60 %.
    #[must_use]
    pub fn error(self) -> f64 {
        const SOURCE: [f64; 6] = [0.01, 0.04, 0.10, 0.20, 0.35, 0.30];
        const INFORMATION: [f64; 7] = [0.0, 0.01, 0.06, 0.15, 0.25, 0.40, 0.30];
        1.0 - (1.0 - SOURCE[usize::from(self.source.min(5))])
            * (1.0 - INFORMATION[usize::from(self.information.min(6))])
    }

    /// B2 or better.
    #[must_use]
    pub fn is_good(self) -> bool {
        self.source <= 1 && self.information <= 2
    }
}

/// How easily somebody else makes it look so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forgeable {
    /// Strings, language, hashes, public tools.
    Cheap,
    /// Private tools that have leaked, rented infrastructure.
    #[default]
    Possible,
    /// Operational habits over months.
    Hard,
}

impl Forgeable {
    /// Probability that it was planted.
    #[must_use]
    pub fn planted(self) -> f64 {
        match self {
            Forgeable::Cheap => 0.15,
            Forgeable::Possible => 0.05,
            Forgeable::Hard => 0.01,
        }
    }
}

/// One item.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Observation {
    /// What it is called in the verdict.
    #[serde(default)]
    pub id: String,
    /// What was observed.
    pub feature: Feature,
    /// How far it is to be believed.
    #[serde(default)]
    pub grade: Grade,
    /// Who says so.
    #[serde(default)]
    pub source: String,
    /// Where it came from in the first place: copies of one report name the same origin, and count once.
    #[serde(default)]
    pub origin: Option<String>,
    /// Items of one tool, report or step of the intrusion stand and fall together.
    #[serde(default)]
    pub block: Option<String>,
    /// Index in the evidence log.
    #[serde(default)]
    pub citation: Option<u64>,
    /// How easily it is forged.
    #[serde(default)]
    pub forgeable: Forgeable,
}

impl Observation {
    /// Probability that the item says nothing of the actor: wrong, or planted.
    #[must_use]
    pub fn contamination(&self) -> f64 {
        1.0 - (1.0 - self.grade.error()) * (1.0 - self.forgeable.planted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_are_read_and_ordered() {
        assert_eq!("b2".parse::<Grade>().unwrap().to_string(), "B2");
        assert!("G1".parse::<Grade>().is_err());
        assert!("NaN".parse::<Grade>().is_err());
        let error = |g: &str| g.parse::<Grade>().unwrap().error();
        assert!(
            error("A1") < error("B2") && error("B2") < error("C3") && error("C3") < error("E5")
        );
    }
}
