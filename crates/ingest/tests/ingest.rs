//! From files to records, as a caller sees it.

#[path = "ingest/corruption.rs"]
mod corruption;
#[path = "ingest/data.rs"]
mod data;
#[path = "ingest/inputs.rs"]
mod inputs;
#[path = "ingest/layouts.rs"]
mod layouts;
#[path = "ingest/reading.rs"]
mod reading;
#[path = "ingest/text.rs"]
mod text;
