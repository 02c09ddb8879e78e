//! Records of the evidence log → the case: which findings are one intrusion and why, when what
//! happened, which hosts, accounts and mailboxes it reached, and what was taken.
//!
//! Pure: no file, no clock, no thread, no hash order. Knows no log format and no output format.

pub mod case;
pub mod citation;
pub mod clock;
pub mod coverage;
pub mod entity;
pub mod exposure;
pub mod gather;
pub mod graph;
pub mod intrusion;
pub mod judgement;
pub mod link;
pub mod observation;
pub mod order;
pub mod place;
pub mod route;
pub mod scope;
mod surprise;
pub mod tactic;
pub mod timeline;
pub mod view;

pub use case::Case;
pub use citation::{Citations, Sentence};
pub use entity::{Entity, EntityKind};
pub use intrusion::{Intrusion, Intrusions};
pub use observation::Observation;
pub use place::Site;
pub use view::View;
