//! HTTP: a TAXII 2.1 server. It keeps STIX objects in collections and shows nobody what is marked above their clearance.
//! It knows nothing of what the objects mean, and touches no clock: whoever serves brings one.

mod collection;
mod error;
mod folder;
mod index;
mod marking;
mod media;
mod object;
mod query;
mod serve;
mod status;
mod strict;
mod taxii;
mod token;
mod uuid;

pub use collection::{Added, Collection};
pub use error::{Error, Result};
pub use folder::{Folder, Settings};
pub use index::{Filter, Versions};
pub use serve::{Clock, Limits, Stop, serve, tls};
pub use taxii::{Admitted, Bounds, Head, ROOT, Reply, Server};
pub use token::{Right, Rights, Token, Tokens};
