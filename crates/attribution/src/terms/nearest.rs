//! How like the case each actor's reports are, one by one and together.

use super::{Seen, root};
use crate::corpus::{Corpus, Feature};
use crate::counts::Counts;

/// How like the case an actor's reports are: cosines over rarities, and likelihoods.
#[derive(Clone, Debug)]
pub(super) struct Near {
    pub(super) reports: f32,
    pub(super) all: f32,
    pub(super) techniques: f32,
    pub(super) software: f32,
    pub(super) expanded: f32,
    pub(super) sum: f32,
    pub(super) techniques_sum: f32,
    pub(super) techniques_mean: f32,
    pub(super) software_sum: f32,
    pub(super) likelihood: f32,
    pub(super) likelihood_techniques: f32,
}

/// That of each actor.
pub(super) struct Nearest {
    pub(super) of_actor: Vec<Near>,
}

const NOTHING: Near = Near {
    reports: 0.0,
    all: 0.0,
    techniques: 0.0,
    software: 0.0,
    expanded: 0.0,
    sum: 0.0,
    techniques_sum: 0.0,
    techniques_mean: 0.0,
    software_sum: 0.0,
    likelihood: f32::NEG_INFINITY,
    likelihood_techniques: f32::NEG_INFINITY,
};

impl Nearest {
    pub(super) fn of(corpus: &Corpus, counts: &Counts, seen: &Seen) -> Nearest {
        let mut of_actor = vec![NOTHING; counts.documents.len()];
        let nf = corpus.features.len();
        let mut here = vec![false; nf];
        for f in seen.techniques.iter().chain(&seen.software) {
            here[*f] = true;
        }
        let mut wide = here.clone();
        for t in seen.software.iter().flat_map(|s| &counts.brings[*s]) {
            wide[*t] = true;
        }
        let square = |f: Feature| counts.rarity[f] * counts.rarity[f];
        let squares = |list: &[Feature]| list.iter().map(|f| square(*f)).sum::<f32>();
        let (case_t, case_s) = (squares(&seen.techniques), squares(&seen.software));
        let case_wide: f32 = (0..nf).filter(|f| wide[*f]).map(square).sum();
        // Of each feature once, not of each in each document: what is not there adds nothing.
        let of_wide: Vec<f32> = (0..nf).map(|f| if wide[f] { square(f) } else { 0.0 }).collect();
        // The document as a distribution: what it shows, with a tenth of everyone's.
        let of_here = |f: Feature| (1.0 + 0.3 * counts.rarity[f].exp()).ln();
        let telling: Vec<f32> = (0..nf).map(|f| if here[f] { of_here(f) } else { 0.0 }).collect();
        let tempered = root(seen.techniques.len() + 3 * seen.software.len());
        let tempered_t = root(seen.techniques.len());
        for document in &counts.used {
            let near = &mut of_actor[document.actor];
            let (mut dot_t, mut dot_s, mut likely, mut likely_t) = (0.0, 0.0, 0.0, 0.0);
            for &f in document.features.iter().filter(|f| here[**f]) {
                likely += telling[f];
                if counts.software[f] {
                    dot_s += square(f);
                } else {
                    dot_t += square(f);
                    likely_t += telling[f];
                }
            }
            let dot_wide: f32 = document.expanded.iter().map(|f| of_wide[*f]).sum();
            let (own_t, own_s) = (document.squares, document.squares_software);
            let (t, s) = (cosine(dot_t, own_t, case_t), cosine(dot_s, own_s, case_s));
            near.reports += 1.0;
            near.techniques = near.techniques.max(t);
            near.software = near.software.max(s);
            let all = cosine(dot_t + dot_s, own_t + own_s, case_t + case_s);
            near.all = near.all.max(all);
            near.sum += all * all;
            near.techniques_mean += t;
            near.expanded =
                near.expanded.max(cosine(dot_wide, document.squares_expanded, case_wide));
            near.techniques_sum += t * t;
            near.software_sum += s * s;
            near.likelihood = log_sum(near.likelihood, 2.0 * likely / tempered);
            near.likelihood_techniques =
                log_sum(near.likelihood_techniques, 2.0 * likely_t / tempered_t);
        }
        Nearest { of_actor }
    }
}

fn cosine(dot: f32, a: f32, b: f32) -> f32 {
    if dot > 0.0 { dot / (a * b).sqrt() } else { 0.0 }
}

fn log_sum(a: f32, b: f32) -> f32 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    high + (low - high).exp().ln_1p()
}
