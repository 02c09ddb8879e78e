//! How well a verdict is founded: the conditions of high confidence, which no number replaces.

use std::collections::BTreeSet;

use super::{Hypothesis, Judge, Weighed};
use crate::fitted::{BAND_CASES_MIN, Band};
use crate::observe::{Class, Observation, Vertex};

/// What the conditions are asked of.
pub(super) struct Founding<'a> {
    pub(super) weighed: &'a Weighed<'a>,
    pub(super) unknown: f64,
    pub(super) leader: &'a Hypothesis,
    pub(super) is_stable: bool,
    pub(super) band: Band,
    pub(super) is_old: bool,
}

impl Weighed<'_> {
    /// The observations that count.
    fn counting(&self) -> impl Iterator<Item = &Observation> {
        let counting = self.observations.iter().zip(&self.counted).filter(|(_, counts)| **counts);
        // What is not there founds nothing.
        counting.map(|(o, _)| o).filter(|o| !o.feature.is_absence())
    }

    /// Their classes.
    pub(super) fn classes(&self) -> BTreeSet<Class> {
        self.counting().map(|o| o.feature.class()).collect()
    }
}

impl Judge {
    /// What the rules for high confidence ask for and the case has not.
    pub(super) fn missing(&self, f: &Founding<'_>) -> Vec<String> {
        let mut missing = Vec::new();
        if f.weighed.classes().len() < 2 {
            missing.push("a second, independent class of evidence".to_owned());
        }
        let vertices: BTreeSet<Vertex> =
            f.weighed.counting().map(|o| o.feature.class().vertex()).collect();
        if vertices.len() < 3 {
            missing.push(format!(
                "three vertices of the Diamond model (there are {})",
                vertices.len()
            ));
        }
        let good: BTreeSet<&str> = f
            .weighed
            .counting()
            .filter(|o| o.grade.is_good())
            .map(|o| o.origin.as_deref().unwrap_or(&o.source))
            .collect();
        if good.len() < 2 {
            missing.push(format!("two sources graded B2 or better (there are {})", good.len()));
        }
        if !f.is_stable {
            missing.push(
                "that no single item, no block and no actor's own tools carry the answer (see the denial test)"
                    .to_owned(),
            );
        }
        if f.unknown >= 0.05 {
            missing.push(format!("an unknown actor under 5 % (it is {:.0} %)", f.unknown * 100.0));
        }
        if f.band.cases < BAND_CASES_MIN {
            missing.push(format!(
                "{BAND_CASES_MIN} calibration cases in this band (there are {})",
                f.band.cases
            ));
        } else if f.band.promises_too_much() {
            missing.push("that held-out cases of this band were right as often as promised".into());
        }
        let reports =
            self.corpus.find_actor(&f.leader.id).map_or(0.0, |a| self.counts.documents[a]);
        if reports < 3.0 {
            missing.push(format!("three reports on the actor (there are {reports:.0})"));
        }
        if f.is_old {
            missing.push("knowledge as new as the case".to_owned());
        }
        missing
    }
}
