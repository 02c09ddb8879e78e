//! What the program does, from the outside: how it is run, what it writes of findings, and whether what it
//! finds in real telemetry is what Sigma's authors and another implementation of Sigma find in it.

mod attribution;
mod builtin;
mod cli;
mod correlate;
mod data;
mod demo;
mod evidence;
mod formats;
mod indicators;
mod oracle;
mod output;
mod program;
mod publish;
mod readme;
mod regression;
mod text;
