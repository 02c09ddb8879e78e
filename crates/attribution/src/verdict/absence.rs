//! What is not there. That something was not seen is no evidence, unless telemetry would have shown it: that is an analyst's
//! word. Then whoever shows it often in reports is the less likely. A technique is there where one of its sub-techniques is.

use super::Judge;
use crate::corpus::{Actor, Feature};

/// No actor's reports show a thing so often that its absence rules the actor out.
const SHARE_MAX: f64 = 0.9;
/// Reports' worth of everyone's share that each actor's is smoothed with.
const KAPPA: f64 = 30.0;

impl Judge {
    /// For each actor the log ratio of a feature's absence against everyone, in nats, before its grade: shares of reports as
    /// they are smoothed with κ = 30.
    pub(super) fn absent(&self, feature: Feature, actors: &[Actor]) -> Vec<f64> {
        let (everyone, shares) = self.shown_shares(feature);
        let ratio = |a: &Actor| ((1.0 - shares[*a]) / (1.0 - everyone)).ln();
        actors.iter().map(ratio).collect()
    }

    /// The share of everyone's reports, and of each actor's, that show a feature or one of its sub-techniques.
    fn shown_shares(&self, feature: Feature) -> (f64, Vec<f64>) {
        let is_it = |f: &Feature| *f == feature || self.corpus.parents[*f] == feature;
        let counts = &self.counts;
        let mut shown = vec![0.0; counts.documents.len()];
        for document in counts.used.iter().filter(|d| d.features.iter().any(is_it)) {
            shown[document.actor] += 1.0;
        }
        let all = shown.iter().sum::<f64>() + f64::from(counts.unseen(feature));
        let everyone = (all / (counts.used.len() as f64 + 1.0)).min(SHARE_MAX);
        let share = |(n, reports): (&f64, &f32)| {
            ((n + KAPPA * everyone) / (f64::from(*reports) + KAPPA)).min(SHARE_MAX)
        };
        let shares = shown.iter().zip(&counts.documents).map(share).collect();
        (everyone, shares)
    }
}
