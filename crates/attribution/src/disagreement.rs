//! Where assessments disagree most, and on which evidence: the hypotheses on which two of them are farthest apart, and the items
//! that speak most for the one rather than the other. Whoever disagrees has to say what they hold of these.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::pool::Pool;
use crate::verdict::Verdict;

/// Items that are named of one disagreement.
const ITEMS_MAX: usize = 3;
/// Decibans below which an item does not tell two hypotheses apart.
const TELLS_MIN: f64 = 0.5;
const DECIBANS: f64 = 10.0 / std::f64::consts::LN_10;
/// How the model is called among the assessors.
pub const MODEL: &str = "the model";

/// Two assessors who are far apart.
#[derive(Clone, Debug, Serialize)]
pub struct Disagreement {
    /// The one.
    pub one: String,
    /// The other.
    pub other: String,
    /// The hypothesis to which the one gives more: id, and both probabilities.
    pub more: (String, f64, f64),
    /// The hypothesis to which the one gives less.
    pub less: (String, f64, f64),
    /// The evidence between the two hypotheses.
    pub on: Vec<Tells>,
}

/// An item that tells two hypotheses apart.
#[derive(Clone, Debug, Serialize)]
pub struct Tells {
    /// The item's name.
    pub item: String,
    /// What it is.
    pub what: String,
    /// Decibans: above 0 for the one's hypothesis, below for the other's.
    pub decibans: f64,
}

/// Each agency beside the model, then the two agencies that are farthest apart; the farthest first. Hypotheses are named by
/// their ids.
#[must_use]
pub fn disagreements(verdict: &Verdict, pool: &Pool) -> Vec<Disagreement> {
    let model: BTreeMap<String, f64> =
        verdict.hypotheses.iter().map(|h| (h.id.clone(), h.probability)).collect();
    let mut found: Vec<(f64, Disagreement)> = Vec::new();
    for a in &pool.assessments {
        found.extend(between(verdict, (&a.agency, &a.probabilities), (MODEL, &model)));
    }
    let mut pairs = Vec::new();
    for (i, a) in pool.assessments.iter().enumerate() {
        for b in &pool.assessments[i + 1..] {
            let (a, b) =
                ((a.agency.as_str(), &a.probabilities), (b.agency.as_str(), &b.probabilities));
            pairs.extend(between(verdict, a, b));
        }
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.extend(pairs.into_iter().take(1));
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, d)| d).collect()
}

type Assessor<'a> = (&'a str, &'a BTreeMap<String, f64>);

fn between(
    verdict: &Verdict,
    one: Assessor<'_>,
    other: Assessor<'_>,
) -> Option<(f64, Disagreement)> {
    let p = |of: Assessor<'_>, id: &str| of.1.get(id).copied().unwrap_or(0.0);
    let mut gaps: Vec<(f64, &String)> =
        one.1.keys().chain(other.1.keys()).map(|id| (p(one, id) - p(other, id), id)).collect();
    gaps.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let ((up, more), (down, less)) = (*gaps.first()?, *gaps.last()?);
    if up <= 0.0 || down >= 0.0 {
        return None;
    }
    let both = |id: &String| (id.clone(), p(one, id), p(other, id));
    let disagreement = Disagreement {
        one: one.0.to_owned(),
        other: other.0.to_owned(),
        more: both(more),
        less: both(less),
        on: tells(verdict, more, less),
    };
    Some((up - down, disagreement))
}

/// The items that speak most for one hypothesis rather than the other. An unknown actor has no part in any item.
fn tells(verdict: &Verdict, for_id: &str, against_id: &str) -> Vec<Tells> {
    let column = |id: &str| verdict.board.ids.iter().position(|known| known == id);
    let (plus, minus) = (column(for_id), column(against_id));
    let mut found: Vec<Tells> = Vec::new();
    for (row, parts) in verdict.matrix.iter().zip(&verdict.board.items).filter(|(r, _)| r.counts) {
        let of = |k: Option<usize>| k.and_then(|k| parts.get(k)).copied().unwrap_or(0.0);
        let decibans = (of(plus) - of(minus)) * DECIBANS;
        if decibans.abs() >= TELLS_MIN {
            found.push(Tells { item: row.id.clone(), what: row.what.clone(), decibans });
        }
    }
    found.sort_by(|a, b| b.decibans.abs().total_cmp(&a.decibans.abs()).then(a.item.cmp(&b.item)));
    found.truncate(ITEMS_MAX);
    found
}
