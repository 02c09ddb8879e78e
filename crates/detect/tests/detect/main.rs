//! Tests of the detection crate as a whole.

mod agreement;
mod correlation;
mod hostile;
mod mutation;
mod problems;
mod semantics;
mod stix;
