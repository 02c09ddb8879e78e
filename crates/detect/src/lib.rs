//! Event batches × Sigma rules → which rule met which event.
//!
//! Knows Sigma and nothing of files, clocks or threads: rules come in as text, events as
//! [`EventBatch`](blanik_model::EventBatch)es, and what comes out depends on these alone.
//!
//! Rules are compiled once ([`Rules::compile`]) into *predicates* (one field, one test), shared by all
//! rules that ask the same. A [`Scanner`] per thread evaluates each predicate once per distinct value
//! and remembers the outcome; a rule is looked at only where its rarest necessary predicate held.
//! [`reference`] is the same meaning written slowly and plainly; tests hold one against the other.

pub mod builtin;
pub mod compile;
pub mod correlate;
pub mod correlation;
pub mod explain;
pub mod expr;
pub mod glob;
pub mod indicators;
pub mod need;
pub mod pattern;
pub mod predicate;
pub mod reference;
mod required;
pub mod rules;
pub mod scan;
pub mod test;

pub use compile::{Compiler, Document, Draft, Options, Problem};
pub use correlation::{Correlation, CorrelationIx};
pub use rules::{Head, LogSource, Rule, RuleIx, Rules};
pub use scan::Scanner;
