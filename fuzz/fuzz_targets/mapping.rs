//! A mapping of the user's own, and behind the first NUL a log that it may describe.

#![no_main]

use std::sync::Arc;

use blanik_fuzz::reading::read_with;
use blanik_ingest::{Mapping, Normaliser, Options};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    let Ok(text) = std::str::from_utf8(&bytes[..at]) else { return };
    match Mapping::parse("m.toml", text) {
        Ok(mapping) => {
            let normaliser = Arc::new(Normaliser::with(&mapping));
            let log = bytes.get(at + 1..).unwrap_or_default();
            read_with(log, Options { mapping, ..Options::default() }, &normaliser);
        }
        Err(error) => assert!(error.line > 0 && !error.reason.is_empty(), "{error}"),
    }
});
