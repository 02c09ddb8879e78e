//! Observations × knowledge of actors → a verdict with a degree of certainty.
//!
//! Pure: no files, no clocks, no randomness. The mathematics: counts by report smoothed towards a background
//! ([`counts`]), the terms of a case ([`terms`]), weights fitted on held-out reports ([`logit`], [`model`]).

pub mod bench;
pub mod corpus;
pub mod counts;
pub mod disagreement;
pub mod fitted;
pub mod gate;
pub mod intake;
pub mod knowledge;
pub mod leads;
pub mod logit;
pub mod model;
pub mod observe;
pub mod pool;
pub mod report;
pub mod terms;
pub mod verdict;
pub mod words;
