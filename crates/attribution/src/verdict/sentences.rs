//! The sentences of a verdict: likelihood and confidence, which are never mixed, and what is said beside them.

use super::{DECIBANS, Denial, Hypothesis, Judge, Likelihood, Put, Weighed};
use crate::fitted::BAND_CASES_MIN;
use crate::terms::Seen;
use crate::words::{Confidence, likelihood};

impl Judge {
    /// Of hypotheses, the most probable first; `best`: the leading actor's share among the known ones.
    pub(super) fn likelihood_of(
        &self,
        hypotheses: &[Hypothesis],
        unknown: f64,
        seen: &Seen,
        best: f64,
    ) -> Likelihood {
        let leader = &hypotheses[0];
        let known = hypotheses.iter().find(|h| !h.id.starts_with("UNKNOWN"));
        let named = |h: &Hypothesis| (h.name.clone(), percent(h.probability));
        let nobody = || Some(percent(unknown));
        let (next, beside) = match (is_unknown(leader), known, hypotheses.get(1)) {
            // Which nation an unknown actor may be of is a guess from its neighbours: not for the first sentence.
            (true, known, _) => (known.map(named), None),
            (false, _, Some(r)) if is_unknown(r) => (None, nobody()),
            (false, _, Some(r)) => (Some(named(r)), nobody()),
            _ => (None, None),
        };
        let (who, p) = match is_unknown(leader) {
            true => (None, unknown),
            false => (Some(leader.name.clone()), leader.probability),
        };
        let band = self.fitted.band_of(seen, best);
        let put = if !seen.is_empty() && band.cases < BAND_CASES_MIN {
            Put::FewCases(band.cases)
        } else if !seen.is_empty() && band.promises_too_much() {
            let n = f64::from(band.cases);
            Put::PromisesTooMuch {
                cases: band.cases,
                right: percent(f64::from(band.right) / n),
                promised: percent(band.mean_promised()),
            }
        } else {
            Put::Word(likelihood(p).to_owned())
        };
        Likelihood { put, who, probability: percent(p), next, unknown: beside }
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
        // A sum of nothing is minus nothing.
        let sum = |of: &mut dyn Iterator<Item = f64>| of.sum::<f64>() + 0.0;
        let other = sum(&mut items().map(gap).filter(|g| *g < -3.0).map(f64::abs));
        let own = sum(&mut items().map(gap).filter(|g| *g > 3.0));
        let is_cheap = |i: &usize| observations[*i].contamination() > 0.1;
        let cheap = sum(&mut items().filter(is_cheap).map(gap).filter(|g| *g > 0.0));
        let all = sum(&mut items().map(gap).filter(|g| *g > 0.0));
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

/// Puts the confidence beside each state that lists name: a line that is quoted alone still has it.
pub(super) fn beside_states(
    hypotheses: &mut [Hypothesis],
    denial: &mut [Denial],
    confidence: Confidence,
) {
    let beside = |name: &str| format!("{name} ({} confidence)", confidence.word());
    for h in hypotheses.iter_mut().filter(|h| h.country.is_some()) {
        h.confidence = Some(confidence);
        if h.id.starts_with(NATION) {
            let with = beside(&h.name);
            for d in denial.iter_mut().filter(|d| d.leader == h.name) {
                d.leader.clone_from(&with);
            }
            h.name = with;
        }
    }
}

fn is_unknown(h: &Hypothesis) -> bool {
    h.id.starts_with("UNKNOWN")
}

/// How the id of an unknown actor of a nation begins.
const NATION: &str = "UNKNOWN:";

fn percent(p: f64) -> String {
    match p {
        p if p > 0.0 && p < 0.01 => "under 1 %".to_owned(),
        p if p > 0.99 => "over 99 %".to_owned(),
        p => format!("{:.0} %", p * 100.0),
    }
}

/// That tools may be planted is said from this probability on.
const PLANTED_MIN: f64 = 0.05;

/// What the numbers are worth where tools of one actor may have been planted.
pub(super) fn planted(p: f64) -> Option<String> {
    (p >= PLANTED_MIN).then(|| {
        format!(
            "software that one actor alone has shown carries it, and may have been planted ({}): probabilities hold on reports \
             that nobody tampered with; with planted tools, those between 20 and 95 % mostly promised more than came",
            percent(p)
        )
    })
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
