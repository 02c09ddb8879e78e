//! Tests of the detection crate as a whole.

mod agreement;
mod mutation;
mod problems;
mod semantics;
