//! The exercise's calendar: its three years, working days and holidays, and wall clock to UTC.
//!
//! No clock of the machine is read, and no time zone database: the fictitious Republic keeps Central
//! European Time by its rule.

use blanik_model::Timestamp;
use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;

/// The first day of the exercise.
pub const FIRST: Date = date(2022, 5, 2);
/// The last day of the exercise.
pub const LAST: Date = date(2025, 5, 30);

/// Days off, as month and day. The year's last week is quiet too.
const HOLIDAYS: &[(i8, i8)] = &[
    (1, 1),
    (5, 1),
    (5, 8),
    (7, 5),
    (9, 28),
    (10, 28),
    (11, 17),
    (12, 24),
    (12, 25),
    (12, 26),
    (12, 30),
    (12, 31),
];

/// Every day of the exercise.
pub fn days() -> impl Iterator<Item = Date> {
    std::iter::successors(Some(FIRST), |day| day.tomorrow().ok()).take_while(|day| *day <= LAST)
}

/// True on weekdays that are no holidays.
pub fn is_working(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
        && !HOLIDAYS.contains(&(day.month(), day.day()))
}

/// How many of a hundred people are at work on a working day: fewer in summer and on Fridays.
pub fn attendance(day: Date) -> u64 {
    match (day.month(), day.weekday()) {
        (7 | 8, _) => 55,
        (_, Weekday::Friday) => 75,
        _ => 95,
    }
}

/// The moment at which the ministry's clocks show this, plus so many milliseconds.
pub fn local(day: Date, hour: i8, minute: i8, millis: i64) -> Timestamp {
    let offset = if is_summer_time(day) { 2 } else { 1 };
    let midnight = day.to_zoned(TimeZone::UTC).expect("in range").timestamp();
    let minutes = (i64::from(hour) - offset) * 60 + i64::from(minute);
    let start = Timestamp::from_jiff(midnight).expect("this century fits");
    after(start, minutes * 60_000 + millis)
}

/// So many milliseconds later.
pub fn after(time: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_nanos(time.as_nanos() + millis * 1_000_000)
}

/// Milliseconds in so many minutes.
pub const fn minutes(count: i64) -> i64 {
    count * 60_000
}

/// `2022-08-09T02:13:44.120Z`.
pub fn iso(time: Timestamp) -> String {
    time.to_jiff().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// `2022-08-09 02:13:44.120`, as Sysmon writes it.
pub fn spaced(time: Timestamp) -> String {
    time.to_jiff().strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// The UTC day on which the moment lies.
pub fn day_of(time: Timestamp) -> Date {
    time.to_jiff().to_zoned(TimeZone::UTC).date()
}

/// From the last Sunday of March to the last Sunday of October, by the day.
fn is_summer_time(day: Date) -> bool {
    let begins = last_sunday(day.year(), 3);
    let ends = last_sunday(day.year(), 10);
    begins <= day && day < ends
}

fn last_sunday(year: i16, month: i8) -> Date {
    date(year, month, 1)
        .nth_weekday_of_month(-1, Weekday::Sunday)
        .expect("every month has a Sunday")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_follows_summer_time() {
        assert_eq!(iso(local(date(2024, 1, 15), 8, 30, 0)), "2024-01-15T07:30:00.000Z");
        assert_eq!(iso(local(date(2024, 7, 15), 8, 30, 5)), "2024-07-15T06:30:00.005Z");
        assert_eq!(iso(local(date(2024, 3, 31), 8, 0, 0)), "2024-03-31T06:00:00.000Z");
        assert_eq!(iso(local(date(2024, 10, 27), 8, 0, 0)), "2024-10-27T07:00:00.000Z");
    }

    #[test]
    fn weekends_and_holidays_are_free() {
        assert!(is_working(date(2024, 6, 3)));
        assert!(!is_working(date(2024, 6, 1)));
        assert!(!is_working(date(2024, 12, 24)));
        assert_eq!(days().filter(|day| is_working(*day)).count(), 779);
    }
}
