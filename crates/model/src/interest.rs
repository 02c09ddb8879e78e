//! What somebody wants to know of a kind's events.
//!
//! Rules ask for a dozen of an event's fields, and a log has fifty. A reader that is told which may
//! leave the others in the raw record. It is a matter of cost alone: what is found must not differ.

use std::fmt;
use std::sync::Arc;

use crate::{Kind, TextSearch};

/// A set of names that is known by asking, not by its list.
pub trait Names: fmt::Debug + Send + Sync {
    /// True if the name is one of them. The same answer each time it is asked.
    fn has(&self, name: &str) -> bool;
}

/// Such a set, shared. Two are equal if they are one.
#[derive(Clone, Debug)]
pub struct SharedNames(pub Arc<dyn Names>);

impl PartialEq for SharedNames {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for SharedNames {}

/// Which fields of a kind's events are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interest {
    /// All of them, each as a column.
    All,
    /// These, each as a column.
    Fields {
        /// Their names, ascending, each once.
        names: Vec<Arc<str>>,
        /// The values of the other fields are wanted too, as [`Rest`](crate::Rest), if one of these
        /// texts stands in one of the event's values in lower case.
        rest: Option<Arc<TextSearch>>,
        /// Fields of these names too, each as a column.
        also: Option<SharedNames>,
    },
}

impl Interest {
    /// The same, and these fields, too.
    #[must_use]
    pub fn with<'n>(mut self, more: impl IntoIterator<Item = &'n str>) -> Self {
        if let Interest::Fields { names, .. } = &mut self {
            names.extend(more.into_iter().map(Arc::from));
            names.sort_unstable();
            names.dedup();
        }
        self
    }

    /// True if the field is asked for by name.
    pub fn names(&self, field: &str) -> bool {
        match self {
            Interest::All => true,
            Interest::Fields { names, also, .. } => {
                names.binary_search_by(|n| (**n).cmp(field)).is_ok()
                    || also.as_ref().is_some_and(|also| also.0.has(field))
            }
        }
    }
}

/// Says what is asked for of each kind. The same answer each time it is asked.
pub trait Interests: Send + Sync {
    /// The interest in a kind's events.
    fn of(&self, kind: &Kind) -> Interest;
}

/// An interest in everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Everything;

impl Interests for Everything {
    fn of(&self, _: &Kind) -> Interest {
        Interest::All
    }
}
