//! Mail messages.

#![no_main]

use blanik_ingest::{Format, TextFormat};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    blanik_fuzz::reading::read(bytes, Some(Format::Text(TextFormat::Mail)));
});
