//! What somebody holds of what another says: STIX 2.1's `opinion-enum`, a closed vocabulary.

use serde::{Deserialize, Serialize};

use crate::level::vocabulary;

vocabulary! {
    /// STIX's `opinion-enum`, from no to yes.
    Position, "position", [
        /// They are sure that it is wrong.
        StronglyDisagree = "strongly-disagree",
        /// They hold it for wrong.
        Disagree = "disagree",
        /// Neither.
        Neutral = "neutral",
        /// They hold it for right.
        Agree = "agree",
        /// They are sure that it is right.
        StronglyAgree = "strongly-agree",
    ]
}
