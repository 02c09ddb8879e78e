//! What is written of findings: one module per format, goldens under `tests/golden/`
//! (`UPDATE_EXPECT=1` writes them anew).

mod csv;
mod golden;
mod html;
mod jsonl;
mod sample;
mod schema;
mod summary;
mod table;
mod timesketch;
