//! Tests of the detection crate as a whole.

mod agreement;
mod problems;
mod semantics;
