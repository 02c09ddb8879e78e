//! Words of estimative probability, and levels of analytic confidence: Intelligence Community Directive 203, section
//! D.6.e(2). The two are never mixed in one sentence.

use serde::Serialize;

/// The words for a probability (ICD 203, D.6.e(2)(a)).
#[must_use]
pub fn likelihood(p: f64) -> &'static str {
    match p {
        p if p < 0.05 => "almost no chance",
        p if p < 0.20 => "very unlikely",
        p if p < 0.45 => "unlikely",
        p if p <= 0.55 => "roughly even chance",
        p if p <= 0.80 => "likely",
        p if p <= 0.95 => "very likely",
        _ => "almost certain",
    }
}

/// How well a judgement is founded; not how probable it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Confidence {
    Low,
    Moderate,
    High,
}

impl Confidence {
    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Moderate => "moderate",
            Confidence::High => "high",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_change_at_the_directives_limits() {
        let words: Vec<&str> = [0.04, 0.05, 0.2, 0.45, 0.56, 0.81, 0.96].map(likelihood).to_vec();
        assert_eq!(
            words,
            [
                "almost no chance",
                "very unlikely",
                "unlikely",
                "roughly even chance",
                "likely",
                "very likely",
                "almost certain"
            ]
        );
    }
}
