//! Tests of the detection crate as a whole.

mod agreement;
mod hostile;
mod mutation;
mod problems;
mod semantics;
