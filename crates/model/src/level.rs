//! How bad a finding is, and how mature the rule that made it (Sigma's closed vocabularies).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A word that is not in the vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// The vocabulary, as people call it.
    pub of: &'static str,
    /// What stood there.
    pub word: String,
    /// The words that may stand there.
    pub known: &'static str,
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is no {}: use one of {}", self.word, self.of, self.known)
    }
}

impl std::error::Error for UnknownWord {}

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident, $of:literal, [$($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)?]) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            /// All of them, in ascending order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word Sigma writes.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::level::UnknownWord;
            fn from_str(word: &str) -> Result<Self, $crate::level::UnknownWord> {
                match word {
                    $($word => Ok($name::$variant),)+
                    _ => Err($crate::level::UnknownWord {
                        of: $of,
                        word: word.into(),
                        known: $crate::level::vocabulary!(@list $($word),+),
                    }),
                }
            }
        }
    };
    (@list $first:literal $(, $rest:literal)*) => { std::concat!($first $(, ", ", $rest)*) };
}
pub(crate) use vocabulary;

vocabulary! {
    /// Sigma's `level`, ascending.
    Level, "level", [
        /// Context, not an alert.
        Informational = "informational",
        /// Notable, rarely an incident.
        Low = "low",
        /// To be reviewed.
        Medium = "medium",
        /// To be reviewed promptly.
        High = "high",
        /// To be acted on now.
        Critical = "critical",
    ]
}

vocabulary! {
    /// Sigma's `status`, from the least to the most trusted.
    Status, "status", [
        /// Cannot be used in its present state.
        Unsupported = "unsupported",
        /// Replaced or no longer useful.
        Deprecated = "deprecated",
        /// May be noisy; also worth trying.
        Experimental = "experimental",
        /// Mostly stable.
        Test = "test",
        /// Fit for production.
        Stable = "stable",
    ]
}
