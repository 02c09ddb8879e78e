//! Bytes → event batches. Knows log formats and archives, and nothing of rules.

pub mod record;

pub use record::Record;
