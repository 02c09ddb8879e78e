//! How long a correlation looks back: `90m`.

use std::fmt;

use blanik_model::Timestamp;

/// A number and a unit, as the rule wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timespan {
    spelled: Box<str>,
    nanos: i64,
}

/// Units and their seconds. The specification has those up to days; the others are pySigma's, with
/// its mean month and year.
const UNITS: [(char, u64); 7] = [
    ('s', 1),
    ('m', 60),
    ('h', 3_600),
    ('d', 86_400),
    ('w', 604_800),
    ('M', 2_629_746),
    ('y', 31_556_952),
];

impl Timespan {
    /// Reads one. `None` if it is no positive number and unit. What is longer than all time that can
    /// be told is as long as that.
    pub fn parse(text: &str) -> Option<Self> {
        let unit = text.chars().next_back()?;
        let (_, seconds) = UNITS.iter().find(|(letter, _)| *letter == unit)?;
        let count = &text[..text.len() - unit.len_utf8()];
        if count.is_empty() || !count.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let count: u64 = count.parse().unwrap_or(u64::MAX);
        let nanos = count.saturating_mul(*seconds).saturating_mul(1_000_000_000);
        let nanos = i64::try_from(nanos).unwrap_or(i64::MAX);
        (nanos > 0).then(|| Timespan { spelled: text.into(), nanos })
    }

    /// Its length in nanoseconds.
    pub fn as_nanos(&self) -> i64 {
        self.nanos
    }

    /// The first moment of the time span that ends with `last`.
    pub fn first(&self, last: Timestamp) -> Timestamp {
        Timestamp::from_nanos(last.as_nanos().saturating_sub(self.nanos))
    }
}

impl fmt::Display for Timespan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_units() {
        let seconds = |text: &str| Timespan::parse(text).map(|t| t.as_nanos() / 1_000_000_000);
        assert_eq!(seconds("15s"), Some(15));
        assert_eq!(seconds("90m"), Some(5_400));
        assert_eq!(seconds("24h"), Some(86_400));
        assert_eq!(seconds("7d"), Some(604_800));
        assert_eq!(seconds("1M"), Some(2_629_746));
        assert_eq!(seconds("99999999999999999999y"), Some(i64::MAX / 1_000_000_000));
        for text in ["", "m", "0m", "1", "1.5h", "-1h", "1H", "1 h", "h1", "1hč"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
