//! STIX patterns.

#![no_main]

use blanik_detect::indicators::pattern::Pattern;

libfuzzer_sys::fuzz_target!(|text: &str| {
    match Pattern::parse(text) {
        Ok(pattern) => {
            pattern.triggers();
            pattern.as_values();
            pattern.unknown_paths();
        }
        Err(error) => assert!(error.at <= text.len()),
    }
});
