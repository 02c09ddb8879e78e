//! Intelligence in: the files in which others share what they know → indicators and warning lists. And out: what is
//! published of a case, in the formats of others.
//!
//! Knows STIX, MISP and the many ways of a list; nothing of logs, rules or files: what is read comes in as
//! bytes with a name. Whatever is no indicator is named as a [`Loss`], with its place and the reason.

pub mod advisory;
pub mod export;
pub mod intake;
pub mod pack;
pub mod publication;
pub mod reply;

pub use intake::{Intake, ListAs, Loss};
