//! Times in text, moved by whole days: `2020-10-12T22:32:48.932Z`, `2020-10-12 18:32:48`. Only the ten
//! bytes of the date change, so format, fraction and zone are kept.

/// Bytes of `2020-10-12T22:32`, enough to tell a time from a number.
const HEAD: usize = 16;

/// True if a time begins here.
pub fn begins(text: &[u8]) -> bool {
    text.len() >= HEAD
        && text[..HEAD].iter().zip(b"dddd-dd-ddTdd:dd").all(|(&byte, pattern)| match pattern {
            b'd' => byte.is_ascii_digit(),
            b'T' => byte == b'T' || byte == b' ',
            other => byte == *other,
        })
}

/// Moves every time in `text` by so many days, in place.
pub fn shift(text: &mut [u8], days: i64) {
    let mut at = 0;
    // A time has its first dash behind four digits: dashes are rarer than digits.
    while let Some(dash) = memchr::memchr(b'-', &text[at..]) {
        let dash = at + dash;
        at = dash + 1;
        if dash < 4 || dash >= 5 && text[dash - 5].is_ascii_digit() || !begins(&text[dash - 4..]) {
            continue;
        }
        let date = &mut text[dash - 4..dash + 6];
        if let Some(moved) = read(date).map(|day| civil(day + days)) {
            write(moved, date);
        }
        at = dash + 6;
    }
}

fn read(date: &[u8]) -> Option<i64> {
    let number = |part: &[u8]| part.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0'));
    let (year, month, day) = (number(&date[..4]), number(&date[5..7]), number(&date[8..]));
    let fits = year >= 1970 && (1..=12).contains(&month) && (1..=31).contains(&day);
    fits.then(|| days(year, month, day))
}

fn write((year, month, day): (i64, i64, i64), date: &mut [u8]) {
    // A year of five digits does not fit: it wraps, and is a time nonetheless.
    let mut put = |at: usize, width: usize, mut number: i64| {
        for place in (at..at + width).rev() {
            date[place] = b'0' + (number % 10) as u8;
            number /= 10;
        }
    };
    put(0, 4, year);
    put(5, 2, month);
    put(8, 2, day);
}

/// Days since 1970-01-01 in the Gregorian calendar. Years begin in March here, so that the leap day is
/// a year's last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let in_year = (153 * month + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + in_year - 719_468
}

/// Year, month and day of a day since 1970-01-01: the inverse of [`days`].
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day / 146_097;
    let in_era = day % 146_097;
    let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(text: &str, days: i64) -> String {
        let mut bytes = text.as_bytes().to_vec();
        shift(&mut bytes, days);
        String::from_utf8(bytes).expect("dates are ASCII")
    }

    #[test]
    fn only_the_date_moves() {
        assert_eq!(moved("2020-10-12T22:32:48.932Z", 30), "2020-11-11T22:32:48.932Z");
        assert_eq!(moved("a 2020-02-28 01:02:03 b", 1), "a 2020-02-29 01:02:03 b");
        assert_eq!(
            moved("2021-06-06T15:59:46.457984+0200", 365),
            "2022-06-06T15:59:46.457984+0200"
        );
        for other in ["2020-10-12", "12020-10-12T22:32", "1-2-3", "", "2020-99-12T22:32"] {
            assert_eq!(moved(other, 30), other);
        }
    }

    #[test]
    fn days_and_dates_are_inverse() {
        for day in (0..60_000).step_by(7) {
            let (year, month, date) = civil(day);
            assert_eq!(days(year, month, date), day);
        }
        assert_eq!(civil(0), (1970, 1, 1));
    }
}
