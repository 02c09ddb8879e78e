//! What the targets share: reading bytes to the end, and holding the scanner against the slow
//! evaluator. Every assertion here is a promise of the crates under test.

pub mod agreement;
pub mod reading;
