//! The differences that were looked into: which side is right, and by which clause.

use super::compare::Side;

/// A rule of SigmaHQ's by which one side finds events that the other does not.
pub struct Settled {
    /// Its id.
    pub rule: &'static str,
    /// Who finds them.
    pub only: Side,
}

/// All of them.
pub const SETTLED: &[Settled] = &[];
