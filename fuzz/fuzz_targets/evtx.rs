//! EVTX: whole files or chunks, however damaged.

#![no_main]

use blanik_ingest::Format;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    blanik_fuzz::reading::read(bytes, Some(Format::Evtx));
});
