//! The times that lines of text begin with, in the spellings that logs have for them, and the year
//! where they name none.
//!
//! A time without a zone counts as UTC. One without a year gets it from the [`Clock`], which goes
//! along with the log: a month that falls back by half a year begins the next one.

mod spellings;

use blanik_model::Timestamp;

pub(crate) use self::spellings::{access, at_start};

const DAY_SECONDS: i64 = 86_400;

/// A time as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// It says all.
    At(Timestamp),
    /// It says no year.
    Yearless(Yearless),
}

/// A time that names no year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Yearless {
    /// From 1.
    pub month: u8,
    /// From 1.
    pub day: u8,
    /// Since midnight.
    pub nanos: i64,
}

/// Which year it is in a log whose lines do not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    year: Option<i32>,
    // Of the last time; 0 before the first.
    month: u8,
    // No time is later.
    latest: Option<Timestamp>,
    // A year began in the log.
    turned: bool,
    refused: bool,
}

impl Clock {
    /// A clock that begins in that year.
    pub(crate) fn of_year(year: i32) -> Self {
        Clock { year: Some(year), ..Clock::default() }
    }

    /// A clock such that the log's first time is not after the moment it was last written to, but for
    /// a day (its zone is unknown). 29 February asks for a leap year.
    pub(crate) fn before(written: Timestamp, first: Yearless) -> Self {
        let latest = written.as_nanos().saturating_add(DAY_SECONDS * 1_000_000_000);
        let latest = Timestamp::from_nanos(latest);
        let this = year_of(written);
        let fits = |year: &i32| first.in_year(*year).is_some_and(|t| t <= latest);
        let year = (this - 8..=this + 1).rev().find(fits);
        Clock { year, latest: Some(latest), ..Clock::default() }
    }

    /// The year it is in, if that is known.
    pub(crate) fn year(self) -> Option<i32> {
        self.year
    }

    /// Whether a year should have begun that would end after the log was last written to.
    pub(crate) fn refused(self) -> bool {
        self.refused
    }

    /// The moment of the log's next time.
    pub(crate) fn read(&mut self, stamp: Stamp) -> Option<Timestamp> {
        let time = match stamp {
            Stamp::At(time) => return Some(time),
            Stamp::Yearless(time) => time,
        };
        let year = self.year?;
        if self.month == 0 {
            self.month = time.month;
        }
        let ahead = i32::from(time.month) - i32::from(self.month);
        // A line that is late by a day or two, at the turn of the year, does not turn it back.
        if ahead > LATE_MONTHS && self.turned {
            return time.in_year(year - 1);
        }
        self.month = time.month;
        if ahead < -TURN_MONTHS {
            let next = time.in_year(year + 1);
            if self.latest.is_none_or(|latest| next.is_some_and(|next| next <= latest)) {
                (self.year, self.turned) = (Some(year + 1), true);
                return next;
            }
            self.refused = true;
        }
        time.in_year(year)
    }
}

/// Months by which a time falls back where a year begins.
const TURN_MONTHS: i32 = 5;
/// Months by which one is ahead that belongs to the year before.
const LATE_MONTHS: i32 = 8;

impl Yearless {
    fn in_year(self, year: i32) -> Option<Timestamp> {
        civil(year, self.month, self.day, self.nanos)
    }
}

/// The moment of a date and a time of day in UTC; `None` if there is no such day.
pub(crate) fn civil(year: i32, month: u8, day: u8, nanos: i64) -> Option<Timestamp> {
    if !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return None;
    }
    let seconds = days_from_1970(year, month, day) * DAY_SECONDS;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanos).map(Timestamp::from_nanos)
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i32, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, counted in eras of 400 years from March on.
fn days_from_1970(year: i32, month: u8, day: u8) -> i64 {
    let (year, month) = (i64::from(year), i64::from(month));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The year a moment is in.
pub(crate) fn year_of(time: Timestamp) -> i32 {
    let days = time.as_nanos().div_euclid(DAY_SECONDS * 1_000_000_000);
    let guess = 1970 + (days * 400).div_euclid(146_097) as i32;
    let begins = |year: i32| days_from_1970(year, 1, 1);
    (guess - 1..=guess + 1).rev().find(|year| begins(*year) <= days).unwrap_or(guess)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yearless(month: u8, day: u8) -> Yearless {
        Yearless { month, day, nanos: 0 }
    }

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    #[test]
    fn days_and_years_are_those_of_the_calendar() {
        for text in ["1970-01-01T00:00:00Z", "2000-02-29T00:00:00Z", "1999-12-31T00:00:00Z"] {
            let number =
                |range: std::ops::Range<usize>| text[range].parse::<i32>().expect("digits");
            let (year, month, day) = (number(0..4), number(5..7) as u8, number(8..10) as u8);
            assert_eq!(civil(year, month, day, 0), Some(time(text)), "{text}");
            assert_eq!(year_of(time(text)), year, "{text}");
        }
        assert_eq!(civil(2023, 2, 29, 0), None);
        assert_eq!(civil(2023, 13, 1, 0), None);
    }

    #[test]
    fn a_month_that_falls_back_begins_a_year_and_a_late_line_none() {
        let mut clock = Clock::of_year(2023);
        let mut at = |month, day| {
            let time = clock.read(Stamp::Yearless(yearless(month, day))).expect("a day");
            time.to_string()[..10].to_owned()
        };
        assert_eq!(at(11, 30), "2023-11-30");
        assert_eq!(at(12, 31), "2023-12-31");
        assert_eq!(at(1, 1), "2024-01-01");
        assert_eq!(at(12, 31), "2023-12-31");
        assert_eq!(at(1, 2), "2024-01-02");
        assert_eq!(at(2, 29), "2024-02-29");
        // A log that was silent for long.
        let mut sparse = Clock::of_year(2023);
        for (month, want) in [(1, "2023-01"), (11, "2023-11"), (4, "2024-04")] {
            let time = sparse.read(Stamp::Yearless(yearless(month, 3))).expect("a day");
            assert_eq!(time.to_string()[..7], *want);
        }
    }

    #[test]
    fn no_year_begins_that_would_end_after_the_log() {
        let mut clock = Clock::before(time("2023-12-20T00:00:00Z"), yearless(12, 1));
        for (month, want) in [(12, "2023-12"), (3, "2023-03"), (12, "2023-12")] {
            let time = clock.read(Stamp::Yearless(yearless(month, 3))).expect("a day");
            assert_eq!(time.to_string()[..7], *want);
        }
        assert!(clock.refused());
    }

    #[test]
    fn the_first_line_is_not_after_the_file_was_written() {
        let year = |written, month, day| {
            Clock::before(time(written), yearless(month, day)).year.expect("known")
        };
        assert_eq!(year("2024-01-10T00:00:00Z", 12, 30), 2023);
        assert_eq!(year("2024-01-10T00:00:00Z", 1, 10), 2024);
        // Its clock is east of ours.
        assert_eq!(year("2023-12-31T20:00:00Z", 1, 1), 2024);
        assert_eq!(year("2023-05-01T00:00:00Z", 2, 29), 2020);
    }
}
