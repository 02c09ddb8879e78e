//! What is not there. That something was not seen is no evidence, unless telemetry would have shown it: that is an analyst's
//! word. Then whoever shows it often in reports is the less likely.

use super::Judge;
use super::parts::contaminated;
use crate::corpus::{Actor, Feature};
use crate::counts::Channel;

/// No actor's reports show a thing so often that its absence rules the actor out.
const SHARE_MAX: f64 = 0.9;

impl Judge {
    /// For each actor the log ratio of a feature's absence against everyone, in nats: shares of reports as they are smoothed with
    /// κ = 30. n absences are worth about √n.
    pub(super) fn absent(
        &self,
        feature: Feature,
        actors: &[Actor],
        absences: usize,
        wrong: f64,
    ) -> Vec<f64> {
        let everyone = f64::from(-self.counts.rarity[feature]).exp().min(SHARE_MAX);
        let column = self.counts.column(Channel::Broad, feature);
        let root = (absences.max(1) as f64).sqrt();
        let ratio = |a: &Actor| {
            let share = (everyone * f64::from(column[*a]).exp()).min(SHARE_MAX);
            contaminated(((1.0 - share) / (1.0 - everyone)).ln() / root, wrong)
        };
        actors.iter().map(ratio).collect()
    }
}
