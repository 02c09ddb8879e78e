//! A remembered set of indicators, of which any byte may be another.

#![no_main]

use blanik_detect::indicators::{Index, IndicatorSet};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(set) = IndicatorSet::from_bytes(bytes) {
        Index::new(set);
    }
});
