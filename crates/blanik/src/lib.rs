//! blanik's own parts: the command line, the pipeline, and how what was found is shown. `main.rs` is a
//! shell around this library, so that tests can reach its parts.

pub mod attribute;
pub mod attribution;
pub mod case;
pub mod check;
pub mod cli;
pub mod demo;
pub mod evidence;
pub mod exchange;
pub mod explain;
pub mod fields;
pub mod hunt;
pub mod indicators;
pub mod logs;
pub mod outfile;
pub mod output;
pub mod pipeline;
pub mod progress;
pub mod publish;
pub mod rules;
pub mod serve;
pub mod summary;
