//! Any bytes at all: what they are is recognised by their content.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    blanik_fuzz::reading::read(bytes, None);
});
