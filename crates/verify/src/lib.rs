//! A publication pack → which of its sentences hold, and which of its files are what was put on record.
//!
//! Knows the pack's form, and nothing of cases, formats of intelligence, files or the network. Everything in a pack
//! is somebody's word until it is verified; whose log it is, only who verifies can know. `docs/SHARING.md` describes
//! the form for who verifies without this.

pub mod agree;
pub mod check;
pub mod container;
pub mod form;
pub mod told;

pub use check::{Report, Trust, verify};
