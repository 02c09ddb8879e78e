//! Intelligence from others and for others, over the network: TAXII 2.1 and MISP, and what publishers give. What comes in is kept as
//! it came; its digest is on record before it is believed.

pub mod fetch;
mod intake;
mod misp;
mod place;
pub mod pull;
pub mod push;
pub mod replies;
mod taxii;
mod web;
