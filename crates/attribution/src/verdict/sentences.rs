//! The sentences of a verdict: likelihood and confidence, which are never mixed, and what is said beside them.

use super::{DECIBANS, Hypothesis, Judge, Weighed};
use crate::fitted::BAND_CASES_MIN;
use crate::terms::Seen;
use crate::words::{Confidence, likelihood};

impl Judge {
    pub(super) fn likelihood_sentence(
        &self,
        leader: &Hypothesis,
        runner_up: Option<&Hypothesis>,
        unknown: f64,
        seen: &Seen,
        best: f64,
    ) -> String {
        let tail = match runner_up {
            Some(r) => format!(
                " Next is {} ({}); that no known actor did it has {}.",
                r.name,
                percent(r.probability),
                percent(unknown)
            ),
            None => String::new(),
        };
        let band = self.fitted.band_of(seen, best);
        if band.cases < BAND_CASES_MIN && !seen.is_empty() {
            return format!(
                "No word of probability is given: only {} held-out cases stand behind this band. The model leads with {} ({}).{tail}",
                band.cases,
                leader.name,
                percent(leader.probability)
            );
        }
        format!(
            "It is {} ({}) that {} did it.{tail}",
            phrase(leader.probability),
            percent(leader.probability),
            leader.name
        )
    }

    /// Several actors and false flags leave the same traces as one actor: they are said beside the probabilities.
    pub(super) fn apart(&self, weighed: &Weighed<'_>, shares: &[f64]) -> Vec<String> {
        let Weighed { observations, counted, parts, .. } = weighed;
        let leading = self.leading(shares);
        let (Some(&first), Some(&second)) = (leading.first(), leading.get(1)) else {
            return Vec::new();
        };
        let name = |k: usize| self.knowledge.name(&self.corpus.actors[parts.actors[k]]);
        let items = || (0..observations.len()).filter(|i| counted[*i]);
        let gap = |i: usize| (parts.items[i][first] - parts.items[i][second]) * DECIBANS;
        let other: f64 = items().map(gap).filter(|g| *g < -3.0).map(f64::abs).sum();
        let own: f64 = items().map(gap).filter(|g| *g > 3.0).sum();
        let cheap: f64 = items()
            .filter(|i| observations[*i].contamination() > 0.1)
            .map(gap)
            .filter(|g| *g > 0.0)
            .sum();
        let all: f64 = items().map(gap).filter(|g| *g > 0.0).sum();
        vec![
            format!(
                "Several actors at once: not excluded. {other:.0} dB of the evidence speak for {} rather than {}, {own:.0} dB the other way.",
                name(second),
                name(first)
            ),
            format!(
                "False flag: not excluded. {:.0} % of what sets {} apart from the next rests on items that are easily forged or poorly graded.",
                100.0 * cheap / all.max(1e-9),
                name(first)
            ),
        ]
    }
}

fn percent(p: f64) -> String {
    match p {
        p if p > 0.0 && p < 0.01 => "under 1 %".to_owned(),
        p if p > 0.99 => "over 99 %".to_owned(),
        p => format!("{:.0} %", p * 100.0),
    }
}

fn phrase(p: f64) -> String {
    match likelihood(p) {
        word @ ("almost no chance" | "roughly even chance") => format!("of {word}"),
        word => word.to_owned(),
    }
}

/// The second sentence.
pub(super) fn confidence(level: Confidence, missing: usize) -> String {
    let why = match missing {
        0 => "all conditions for high confidence are met".to_owned(),
        1 => "one condition for high confidence is not met".to_owned(),
        n => format!("{n} conditions for high confidence are not met"),
    };
    format!("We have {} confidence in this judgement: {why}.", level.word())
}
