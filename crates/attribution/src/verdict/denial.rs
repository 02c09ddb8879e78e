//! The denial test: what becomes of the answer without an item, or if it was planted.

use std::collections::BTreeMap;

use super::{Denial, Hypothesis, Judge, Weighed};
use crate::model::softmax;
use crate::words::likelihood;

impl Judge {
    /// Without each item and each block, and if each was planted; then greedily the smallest set whose loss changes the
    /// leader.
    pub(super) fn denial(
        &self,
        weighed: &Weighed<'_>,
        leader: &Hypothesis,
    ) -> (Vec<Denial>, Vec<String>, bool) {
        let Weighed { observations, counted, parts, .. } = weighed;
        let lead = parts.actors.iter().position(|a| self.corpus.actors[*a] == leader.id);
        let band = likelihood(leader.probability);
        let answer = |on: &[bool]| {
            let (shares, unknown) = parts.shares(on);
            self.hypotheses(parts, &shares, unknown)
        };
        let mut groups: Vec<(String, Vec<usize>)> = (0..observations.len())
            .filter(|i| counted[*i])
            .map(|i| (observations[i].id.clone(), vec![i]))
            .collect();
        let mut blocks: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (i, o) in observations.iter().enumerate().filter(|(i, _)| counted[*i]) {
            if let Some(block) = &o.block {
                blocks.entry(block).or_default().push(i);
            }
        }
        let several = blocks.into_iter().filter(|(_, members)| members.len() > 1);
        groups.extend(several.map(|(name, members)| (format!("block {name}"), members)));
        let mut denial = Vec::new();
        for (without, members) in &groups {
            let mut on = vec![true; observations.len()];
            for i in members {
                on[*i] = false;
            }
            let then = answer(&on);
            let mut forged = parts.scores(&vec![true; observations.len()]);
            if let Some(k) = lead {
                // Planted to point to the leader: it then speaks against it as much as it spoke for it.
                forged[k] -= 2.0 * members.iter().map(|i| parts.items[*i][k].max(0.0)).sum::<f64>();
            }
            // An item speaks for no unknown actor: planted, it only speaks for nobody else.
            let if_forged = lead.map_or(then[0].probability, |k| softmax(&forged)[k]);
            let changes = then[0].id != leader.id || likelihood(then[0].probability) != band;
            denial.push(Denial {
                without: without.clone(),
                leader: then[0].name.clone(),
                probability: then[0].probability,
                if_forged,
                changes,
            });
        }
        let is_stable = denial.iter().all(|d| !d.changes);
        (denial, self.smallest_set(weighed, leader, lead), is_stable)
    }

    fn smallest_set(
        &self,
        weighed: &Weighed<'_>,
        leader: &Hypothesis,
        lead: Option<usize>,
    ) -> Vec<String> {
        let Weighed { observations, counted, parts, .. } = weighed;
        let Some(lead) = lead else { return Vec::new() };
        let mut on = vec![true; observations.len()];
        let mut lost = Vec::new();
        while lost.len() < observations.len() {
            let left: Vec<usize> = (0..on.len()).filter(|i| on[*i] && counted[*i]).collect();
            // The item whose loss costs the leader most.
            let worst = left
                .into_iter()
                .map(|i| {
                    on[i] = false;
                    let p = parts.shares(&on).0[lead];
                    on[i] = true;
                    (i, p)
                })
                .min_by(|a, b| a.1.total_cmp(&b.1));
            let Some((i, _)) = worst else { return Vec::new() };
            on[i] = false;
            lost.push(observations[i].id.clone());
            let (shares, unknown) = parts.shares(&on);
            if self.hypotheses(parts, &shares, unknown)[0].id != leader.id {
                return lost;
            }
        }
        Vec::new()
    }
}
