//! A moment in UTC, in nanoseconds since 1970.
//!
//! Years 1677 to 2262 fit; what lies outside (a FILETIME of zero, say) is no time at all.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Nanoseconds since 1970-01-01T00:00:00Z. Displays as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From nanoseconds since 1970.
    pub const fn from_nanos(nanos: i64) -> Self {
        Timestamp(nanos)
    }

    /// Nanoseconds since 1970.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// From seconds since 1970, if it fits.
    pub fn from_seconds(seconds: i64) -> Option<Self> {
        seconds.checked_mul(1_000_000_000).map(Timestamp)
    }

    /// From a jiff timestamp, if it fits.
    pub fn from_jiff(t: jiff::Timestamp) -> Option<Self> {
        i64::try_from(t.as_nanosecond()).ok().map(Timestamp)
    }

    /// As jiff's type, for calendars.
    pub fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_nanosecond(i128::from(self.0))
            .expect("an i64 of ns is in jiff's range")
    }

    /// Decimal seconds since 1970 (`1517336042.279652`), exact to the nanosecond.
    pub fn from_decimal_seconds(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let seconds: i64 = whole.parse().ok()?;
        if fraction.len() > 18 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let mut nanos: i64 = 0;
        for digit in 0..9 {
            let d = fraction.as_bytes().get(digit).map_or(0, |b| i64::from(b - b'0'));
            nanos = nanos * 10 + d;
        }
        if whole.starts_with('-') {
            nanos = -nanos;
        }
        seconds.checked_mul(1_000_000_000)?.checked_add(nanos).map(Timestamp)
    }

    /// Reads the spellings logs use: RFC 3339 (`2020-10-12T22:32:48.932Z`, with any offset), the same
    /// with a space, and without offset (then UTC). `None` if it is none of these.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        // Cheap refusal: logs hold many strings, and few are times.
        let bytes = text.as_bytes();
        if bytes.len() < 19
            || !bytes[0].is_ascii_digit()
            || !matches!(bytes[10], b'T' | b' ' | b't')
        {
            return None;
        }
        if let Ok(t) = text.parse::<jiff::Timestamp>() {
            return Self::from_jiff(t);
        }
        // `+0000` without a colon (Suricata) and `Z` after a space are not RFC 3339, but common.
        if let Some(t) = parse_offset_without_colon(text) {
            return Some(t);
        }
        let civil: civil::DateTime = text.parse().ok()?;
        Self::from_jiff(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
    }

    /// Reads a time written by a pattern of `strftime`'s directives (`%d/%b/%Y:%H:%M:%S %z`); UTC if it
    /// has no zone. `None` if it is not so written.
    pub fn parse_as(text: &str, pattern: &str) -> Option<Self> {
        let parsed = jiff::fmt::strtime::parse(pattern, text).ok()?;
        let zoned = || parsed.to_datetime().ok()?.to_zoned(TimeZone::UTC).ok();
        let told = parsed.to_timestamp().ok();
        Self::from_jiff(told.or_else(|| Some(zoned()?.timestamp()))?)
    }

    /// `2020-10-12 22:32:48`, for tables.
    pub fn to_seconds_string(self) -> String {
        self.to_jiff().strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

fn parse_offset_without_colon(text: &str) -> Option<Timestamp> {
    let sign = text.len().checked_sub(5)?;
    let (head, offset) = (text.get(..sign)?, text.get(sign..)?);
    if !offset.starts_with(['+', '-']) || !offset[1..].bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let spelled = format!("{head}{}:{}", &offset[..3], &offset[3..]);
    Timestamp::from_jiff(spelled.parse().ok()?)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.to_jiff())
    }
}

/// What stood where a time was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotATime(pub String);

impl fmt::Display for NotATime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}' is no time: write 2025-05-28 or 2025-05-28T12:30:00Z", self.0)
    }
}

impl std::error::Error for NotATime {}

/// RFC 3339, or a date alone (its midnight in UTC).
impl FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        let midnight = || {
            let date: civil::Date = text.parse().ok()?;
            Self::from_jiff(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
        };
        Self::parse(text).or_else(midnight).ok_or_else(|| NotATime(text.to_owned()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_logs_use() {
        for (text, utc) in [
            ("2020-10-12T22:32:48.932Z", "2020-10-12T22:32:48.932Z"),
            ("2020-10-12 22:32:46.069", "2020-10-12T22:32:46.069Z"),
            ("2020-10-12T22:32:48+02:00", "2020-10-12T20:32:48Z"),
            ("2024-03-01T10:00:00.123456+0000", "2024-03-01T10:00:00.123456Z"),
            ("2020-10-12 22:32:46", "2020-10-12T22:32:46Z"),
            ("2020-09-02 11:25:53.2434215 UTC", "none"),
            ("not a time, but long enough", "none"),
            ("2020-13-12T22:32:48Z", "none"),
        ] {
            let got = Timestamp::parse(text).map_or("none".into(), |t| t.to_string());
            assert_eq!(got, utc, "{text}");
        }
    }

    #[test]
    fn by_a_pattern() {
        for (text, pattern, utc) in [
            ("29/Mar/2023:10:00:00 +0200", "%d/%b/%Y:%H:%M:%S %z", "2023-03-29T08:00:00Z"),
            ("29.3.2023 10:00:00.5", "%d.%m.%Y %H:%M:%S%.f", "2023-03-29T10:00:00.5Z"),
            ("29.3.2023", "%d.%m.%Y %H:%M", "none"),
            ("29.3.2023", "%Q %", "none"),
        ] {
            let got = Timestamp::parse_as(text, pattern).map_or("none".into(), |t| t.to_string());
            assert_eq!(got, utc, "{text}");
        }
    }

    #[test]
    fn decimal_seconds_are_exact() {
        let t = Timestamp::from_decimal_seconds("1517336042.279652").expect("a time");
        assert_eq!(t.to_string(), "2018-01-30T18:14:02.279652Z");
        let before = Timestamp::from_decimal_seconds("-1.5").expect("a time");
        assert_eq!(before.as_nanos(), -1_500_000_000);
        assert_eq!(Timestamp::from_decimal_seconds("12a.5"), None);
        assert_eq!(Timestamp::from_decimal_seconds("99999999999999"), None);
    }

    #[test]
    fn a_date_alone_is_its_midnight() {
        let t: Timestamp = "2025-05-28".parse().expect("a date");
        assert_eq!(t.to_string(), "2025-05-28T00:00:00Z");
        assert!("yesterday".parse::<Timestamp>().is_err());
    }
}
