//! The crate's integration tests, one binary.

mod advisory;
mod advisory_example;
