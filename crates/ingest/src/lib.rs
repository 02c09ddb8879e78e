//! Bytes → event batches. Knows log formats and archives, and nothing of rules.
//!
//! A [`Feeder`] walks the inputs, opens archives and cuts logs into [`Block`]s; [`Decoder`]s, one a
//! thread, turn blocks into [`Record`]s.

pub mod alert;
mod archive;
pub mod batcher;
pub mod block;
mod clock;
pub mod decode;
mod digested;
pub mod entity;
pub mod feeder;
mod frame;
mod gather;
pub mod input;
pub mod layout;
pub mod mapping;
mod meter;
pub mod normalise;
mod open;
pub mod record;
pub mod rejection;
mod reread;
mod sniff;
mod text_format;
mod transcode;
pub mod turns;
mod walk;
mod wanted;
mod window;

pub use batcher::{Batcher, VALUE_BYTES_MAX};
pub use block::{Block, Framing};
pub use decode::{Decoder, Origin, RecordSink};
pub use digested::Digested;
pub use feeder::{Feeder, Progress, Recycler};
pub use input::{Format, Input, Limits, Options};
pub use layout::{LayoutId, Leaf, Leaves, Unread, Written};
pub use mapping::{Mapping, MappingError};
pub use normalise::{Normalised, Normaliser};
pub use record::{Hint, Record};
pub use rejection::{Place, Rejection, Severity};
pub use text_format::TextFormat;
pub use turns::Turns;
pub use walk::files_below;
