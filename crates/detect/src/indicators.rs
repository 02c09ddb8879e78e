//! Event batches × indicators of compromise → which row met which indicator.
//!
//! A [`set`] holds the indicators, an [`index`] finds values among them, a [`finder`] says which parts of
//! a value to ask for, by what its field [holds](fields), and a [`scan::IndicatorScanner`] per thread asks
//! once per distinct value. STIX [patterns](pattern) that say more than one value are evaluated on
//! the events that have one of the values they ask for.

pub mod canonical;
pub mod fields;
pub mod finder;
pub mod index;
pub mod pattern;
pub mod scan;
pub mod set;
pub mod warnings;

pub use index::Index;
pub use scan::{IndicatorScanner, Met};
pub use set::{EntryIx, IndicatorSet, NewEntry, SetBuilder};
pub use warnings::WarningLists;
