//! Records → an append-only Merkle log that outsiders can verify: formats of C2SP and RFC 6962, seals
//! that let any field be shown or withheld, keys, and storage that survives being killed anywhere.
//!
//! What a record means is no business of this crate: it takes JSON objects and gives them back.
//! `docs/EVIDENCE.md` describes every byte it writes, for who verifies without it.

pub mod allies;
pub mod anchor;
pub mod batches;
pub mod checkpoint;
pub mod commit;
pub mod disclosure;
pub mod disk;
pub mod error;
pub mod hash;
pub mod http;
pub mod key;
pub mod log_keys;
mod mldsa;
pub mod note;
pub mod pack;
pub mod policy;
pub mod proof;
pub mod reader;
pub mod returned;
pub mod seal;
pub mod tile;
pub mod tree;
pub mod verify;
pub mod witness;
pub mod workspace;

pub use checkpoint::Checkpoint;
pub use disclosure::Disclosure;
pub use disk::{Disk, Folder};
pub use error::{Error, Result};
pub use hash::Hash;
pub use key::{Grade, SigningKey};
pub use log_keys::LogKeys;
pub use note::{Note, SignatureType, VerifierKey};
pub use policy::Policy;
pub use proof::LogProof;
pub use reader::Reader;
pub use witness::Witness;
pub use workspace::Workspace;
