//! Text logs: the first byte chooses the format, or leaves that to the text.

#![no_main]

use blanik_ingest::{Format, TextFormat};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((choice, text)) = bytes.split_first() else { return };
    let format = TextFormat::ALL.get(usize::from(*choice) % (TextFormat::ALL.len() + 1));
    blanik_fuzz::reading::read(text, format.map(|(_, format)| Format::Text(*format)));
});
