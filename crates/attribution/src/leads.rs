//! What to look for next: features not observed whose presence or absence would tell most between the hypotheses that
//! are left. Leads, never evidence.

use serde::Serialize;

use crate::corpus::{Actor, Corpus, Feature};
use crate::counts::{Channel, Counts};
use crate::knowledge::Knowledge;
use crate::terms::Seen;

/// A feature worth looking for.
#[derive(Clone, Debug, Serialize)]
pub struct Lead {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Expected information on who it was, in bits.
    pub bits: f64,
    /// For whom it would speak most.
    pub speaks_for: String,
}

const LEADS_MAX: usize = 8;

/// The leads for a case: `shares` are the actors' probabilities.
#[must_use]
pub fn leads(
    corpus: &Corpus,
    counts: &Counts,
    known: &Knowledge,
    seen: &Seen,
    actors: &[Actor],
    shares: &[f64],
) -> Vec<Lead> {
    let total: f64 = shares.iter().sum::<f64>().max(1e-12);
    let observed = |f: &Feature| seen.techniques.contains(f) || seen.software.contains(f);
    let mut found: Vec<(f64, Feature, Actor)> = Vec::new();
    for f in (0..corpus.features.len()).filter(|f| counts.everyone[*f] > 0.0 && !observed(f)) {
        let (mut all, mut each, mut best) = (0.0, 0.0, (0.0, 0));
        for (a, share) in actors.iter().zip(shares) {
            let share = share / total;
            let rate = f64::from(counts.ratio(Channel::Own, *a, f) - counts.rarity[f])
                .exp()
                .clamp(1e-6, 0.99);
            all += share * rate;
            each += share * entropy(rate);
            if share * rate > best.0 {
                best = (share * rate, *a);
            }
        }
        found.push((entropy(all) - each, f, best.1));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    found
        .into_iter()
        .take(LEADS_MAX)
        .map(|(bits, f, a)| Lead {
            id: corpus.features[f].clone(),
            name: known.name(&corpus.features[f]).to_owned(),
            bits,
            speaks_for: known.name(&corpus.actors[a]).to_owned(),
        })
        .collect()
}

fn entropy(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 { 0.0 } else { -(p * p.log2() + (1.0 - p) * (1.0 - p).log2()) }
}
