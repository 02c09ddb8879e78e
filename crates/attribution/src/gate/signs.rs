//! What tells whether an actor's tools were planted: how the evidence without them bears the actor out.

use super::{Rest, Variants};
use crate::terms::{Term, WIDTH, ranks};

/// Signs of a variant; the first is one.
pub(super) const SIGNS: usize = 11;

/// The signs. `shares`: of the actors without the tools.
pub(super) fn signs(case: &Variants, rest: &Rest, shares: &[f64]) -> Vec<f64> {
    let of = |t: Term| f64::from(rest.terms.rows[rest.row * WIDTH + t as usize]);
    let others = shares.iter().enumerate().filter(|(i, _)| *i != rest.row);
    let best_other = others.map(|(_, p)| *p).fold(0.0, f64::max);
    let suits = f64::from(ranks(&rest.terms.rows, Term::Own)[rest.row]);
    let (techniques, tools) = (rest.seen.techniques.len() as f64, rest.tools as f64);
    let nearest = case.whole.rows[rest.row * WIDTH + Term::NearestSoftware as usize];
    vec![
        1.0,
        shares[rest.row].max(1e-9).ln(),
        best_other.max(1e-9).ln(),
        tools.ln(),
        suits.powi(2),
        techniques.ln_1p(),
        (rest.seen.software.len() as f64).ln_1p(),
        f64::from(nearest),
        of(Term::NearestTechniques),
        of(Term::SoftwareKnown),
        f64::from(u8::from(rest.tools > 1)),
    ]
}
