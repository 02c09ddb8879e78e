//! Archives and compressed files. The first byte may choose a container, so that the fuzzer does not
//! have to guess its magic number; the rest is what stands in it.

#![no_main]

const MAGICS: &[&[u8]] =
    &[b"", b"PK\x03\x04", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let container = match bytes.split_first() {
        Some((choice, rest)) if (*choice as usize) < MAGICS.len() => {
            [MAGICS[*choice as usize], rest].concat()
        }
        _ => bytes.to_vec(),
    };
    blanik_fuzz::reading::read(&container, None);
});
