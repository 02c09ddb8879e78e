//! How logs spell a time at the beginning of a text.

use blanik_model::Timestamp;

use super::{Stamp, Yearless, civil};

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];
const DAYS: [&[u8; 3]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];
const SECOND_NANOS: i64 = 1_000_000_000;

/// The time that the text begins with, and how many bytes it takes.
pub(crate) fn at_start(text: &[u8]) -> Option<(Stamp, usize)> {
    let mut cursor = Cursor { text, at: 0 };
    let stamp = match text.first()? {
        b'0'..=b'9' => cursor.numeric()?,
        b'A'..=b'Z' | b'a'..=b'z' => cursor.named()?,
        _ => return None,
    };
    // `12:00:001` or `2020x` is something else that begins like a time.
    let ends = cursor.peek().is_none_or(|b| !b.is_ascii_alphanumeric());
    ends.then_some((stamp, cursor.at))
}

/// The time of access logs, `10/Oct/2000:13:55:36 -0700`, and how many bytes it takes.
pub(crate) fn access(text: &[u8]) -> Option<(Timestamp, usize)> {
    let mut cursor = Cursor { text, at: 0 };
    let time = cursor.access_time()?;
    Some((time, cursor.at))
}

/// Reads forward; what fails leaves it anywhere.
struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn skip_any(&mut self, bytes: &[u8]) -> Option<u8> {
        let byte = self.peek()?;
        bytes.contains(&byte).then(|| {
            self.at += 1;
            byte
        })
    }

    /// A number of that many digits.
    fn digits(&mut self, least: usize, most: usize) -> Option<i64> {
        let rest = &self.text[self.at..];
        let count = rest.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
        if count < least {
            return None;
        }
        self.at += count;
        Some(rest[..count].iter().fold(0, |n, b| n * 10 + i64::from(b - b'0')))
    }

    fn word_of<const N: usize>(&mut self, words: [&[u8; 3]; N]) -> Option<usize> {
        let word: [u8; 3] = self.text.get(self.at..self.at + 3)?.try_into().ok()?;
        let lower = word.map(|b| b.to_ascii_lowercase());
        let found = words.iter().position(|w| **w == lower)?;
        self.at += 3;
        Some(found)
    }

    fn month(&mut self) -> Option<u8> {
        Some(self.word_of(MONTHS)? as u8 + 1)
    }

    /// Does something, or stays where it was.
    fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let before = self.at;
        let got = read(self);
        if got.is_none() {
            self.at = before;
        }
        got
    }

    /// `13:55:36`, `13:55:36.123`, `13:55:36,123`, `1:55:36 PM`: nanoseconds since midnight.
    fn time_of_day(&mut self) -> Option<i64> {
        let mut hour = self.digits(1, 2)?;
        self.skip(b':')?;
        let minute = self.digits(2, 2)?;
        self.skip(b':')?;
        let second = self.digits(2, 2)?;
        let fraction = self.maybe(|c| {
            c.skip_any(b".,")?;
            c.fraction()
        });
        let half = self.maybe(|c| {
            c.skip(b' ')?;
            let half = c.skip_any(b"AP")?;
            c.skip(b'M')?;
            Some(half)
        });
        if half.is_some() {
            hour = hour % 12 + if half == Some(b'P') { 12 } else { 0 };
        }
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        Some((hour * 3600 + minute * 60 + second) * SECOND_NANOS + fraction.unwrap_or(0))
    }

    fn fraction(&mut self) -> Option<i64> {
        let before = self.at;
        let nanos = self.digits(1, 9)?;
        let nanos = nanos * 10_i64.pow(9 - (self.at - before) as u32);
        // Finer than a nanosecond.
        while self.peek().is_some_and(|b| b.is_ascii_digit()) {
            self.at += 1;
        }
        Some(nanos)
    }

    /// `Z`, `+02:00`, ` -0700`, ` UTC`: seconds east of Greenwich; 0 if none is named.
    fn zone(&mut self) -> i64 {
        self.maybe(|c| {
            let _ = c.maybe(|c| c.skip(b' '));
            match c.skip_any(b"Zz+-")? {
                b'Z' | b'z' => c.peek().is_none_or(|b| !b.is_ascii_alphanumeric()).then_some(0),
                sign => {
                    let hours = c.digits(2, 2)?;
                    let _ = c.maybe(|c| c.skip(b':'));
                    let minutes = c.digits(2, 2).unwrap_or(0);
                    let seconds = hours * 3600 + minutes * 60;
                    (hours < 24 && minutes < 60).then_some(if sign == b'-' {
                        -seconds
                    } else {
                        seconds
                    })
                }
            }
        })
        .or_else(|| {
            self.maybe(|c| {
                let named =
                    c.text[c.at..].starts_with(b" UTC") || c.text[c.at..].starts_with(b" GMT");
                c.at += 4;
                named.then_some(0)
            })
        })
        .unwrap_or(0)
    }

    /// A text that begins with a digit.
    fn numeric(&mut self) -> Option<Stamp> {
        self.maybe(Self::year_first)
            .or_else(|| self.maybe(Self::epoch))
            .or_else(|| self.maybe(Self::access_time).map(Stamp::At))
            .or_else(|| self.maybe(Self::day_month_name))
            .or_else(|| self.maybe(Self::slashes))
            .or_else(|| self.maybe(Self::day_first))
            .or_else(|| self.maybe(Self::month_dot_day))
    }

    /// `2020-10-12T22:32:48.932Z`, `2020/10/12 22:32:48,932 +0200`.
    fn year_first(&mut self) -> Option<Stamp> {
        let year = self.digits(4, 4)?;
        let separator = self.skip_any(b"-/.")?;
        let month = self.digits(1, 2)?;
        self.skip(separator)?;
        let day = self.digits(1, 2)?;
        self.skip_any(b"T t_-")?;
        // `apt` writes two spaces.
        let _ = self.maybe(|c| c.skip(b' '));
        self.finish(year, month, day)
    }

    fn finish(&mut self, year: i64, month: i64, day: i64) -> Option<Stamp> {
        let nanos = self.time_of_day()?;
        let zone = self.zone();
        let (year, month) = (i32::try_from(year).ok()?, u8::try_from(month).ok()?);
        Some(Stamp::At(civil(year, month, day as u8, nanos - zone * SECOND_NANOS)?))
    }

    /// `1517336042`, `1517336042.279`, `1517336042279`: since 1970, from 1990 to 2100.
    fn epoch(&mut self) -> Option<Stamp> {
        let before = self.at;
        let number = self.digits(10, 13)?;
        let (seconds, mut nanos) = match self.at - before {
            10 => (number, 0),
            13 => (number / 1000, number % 1000 * 1_000_000),
            _ => return None,
        };
        if !(631_152_000..4_102_444_800).contains(&seconds) {
            return None;
        }
        if let Some(fraction) = self.maybe(|c| {
            c.skip(b'.')?;
            c.fraction()
        }) {
            nanos += fraction;
        }
        Some(Stamp::At(Timestamp::from_nanos(seconds * SECOND_NANOS + nanos)))
    }

    fn access_time(&mut self) -> Option<Timestamp> {
        let day = self.digits(1, 2)?;
        self.skip(b'/')?;
        let month = self.month()?;
        self.skip(b'/')?;
        let year = self.digits(4, 4)?;
        self.skip_any(b": ")?;
        match self.finish(year, i64::from(month), day)? {
            Stamp::At(time) => Some(time),
            Stamp::Yearless(_) => None,
        }
    }

    /// `01-Jan-2020 12:00:00.000`, `01 Jan 2020 12:00:00`.
    fn day_month_name(&mut self) -> Option<Stamp> {
        let day = self.digits(1, 2)?;
        let separator = self.skip_any(b"- ")?;
        let month = self.month()?;
        self.skip(separator)?;
        let year = self.digits(4, 4)?;
        self.skip_any(b" :T")?;
        self.finish(year, i64::from(month), day)
    }

    /// `6/5/2013 10:00:32 AM`; Snort's and Suricata's `21/12/28-12:55:38.76` and `12/28-12:55:38.76`.
    fn slashes(&mut self) -> Option<Stamp> {
        let first = self.digits(1, 2)?;
        self.skip(b'/')?;
        let second = self.digits(1, 2)?;
        if self.skip(b'-').is_some() {
            return self.yearless(first, second);
        }
        self.skip(b'/')?;
        let before = self.at;
        let third = self.digits(2, 4)?;
        let long = self.at - before == 4;
        match (self.skip_any(b" -,")?, long) {
            (b'-', false) => self.finish(2000 + first, second, third),
            (b',', true) => {
                self.skip(b' ')?;
                self.finish(third, first, second)
            }
            // Where the first cannot be a month, the day comes first.
            (_, true) if first > 12 => self.finish(third, second, first),
            (_, true) => self.finish(third, first, second),
            _ => None,
        }
    }

    /// `20-02-2024 13:10:33`.
    fn day_first(&mut self) -> Option<Stamp> {
        let day = self.digits(1, 2)?;
        let separator = self.skip_any(b"-.")?;
        let month = self.digits(1, 2)?;
        self.skip(separator)?;
        let year = self.digits(4, 4)?;
        self.skip_any(b" T")?;
        self.finish(year, month, day)
    }

    /// `10.30 16:49:06`.
    fn month_dot_day(&mut self) -> Option<Stamp> {
        let month = self.digits(2, 2)?;
        self.skip(b'.')?;
        let day = self.digits(2, 2)?;
        self.skip(b' ')?;
        self.yearless(month, day)
    }

    fn yearless(&mut self, month: i64, day: i64) -> Option<Stamp> {
        let nanos = self.time_of_day()?;
        let (month, day) = (month as u8, day as u8);
        // A leap year, so that its day is one of some year.
        civil(2000, month, day, 0)?;
        Some(Stamp::Yearless(Yearless { month, day, nanos }))
    }

    /// A text that begins with the name of a day or a month.
    fn named(&mut self) -> Option<Stamp> {
        let weekday = self.maybe(|c| {
            c.word_of(DAYS)?;
            let _ = c.maybe(|c| c.skip(b','));
            c.skip(b' ')
        });
        if weekday.is_some() && self.peek()?.is_ascii_digit() {
            return self.day_month_name();
        }
        let month = i64::from(self.month()?);
        self.skip(b' ')?;
        let _ = self.maybe(|c| c.skip(b' '));
        let day = self.digits(1, 2)?;
        let _ = self.maybe(|c| c.skip(b','));
        self.skip(b' ')?;
        // `Oct 12 2020 22:32:48`, as Cisco's devices write.
        if let Some(year) = self.maybe(|c| {
            let year = c.digits(4, 4)?;
            c.skip(b' ')?;
            Some(year)
        }) {
            return self.finish(year, month, day);
        }
        let Stamp::Yearless(time) = self.yearless(month, day)? else { return None };
        // `Mon Jun  6 18:43:28 2016`, with the zone between them if the machine's `date` wrote it.
        let year = self.maybe(|c| {
            c.skip(b' ')?;
            let _ = c.maybe(|c| {
                let letters = c.text[c.at..].iter().take_while(|b| b.is_ascii_uppercase()).count();
                c.at += letters;
                (3..=5).contains(&letters).then(|| c.skip(b' ')).flatten()
            });
            let year = c.digits(4, 4)?;
            (c.peek().is_none_or(|b| !b.is_ascii_alphanumeric()) && (1970..2200).contains(&year))
                .then_some(year)
        });
        match year {
            // `Mar  6 04:07:28 2016`: without a weekday it may be a host's name.
            Some(year) if weekday.is_some() => {
                Some(Stamp::At(civil(year as i32, time.month, time.day, time.nanos)?))
            }
            _ => Some(Stamp::Yearless(time)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for (text, want, rest) in [
            ("2020-05-31T00:00:45.698463+00:00 h", "2020-05-31T00:00:45.698463Z", " h"),
            ("2016-10-25T12:37:23.297265-07:00 I", "2016-10-25T19:37:23.297265Z", " I"),
            ("2015-10-18 18:01:47,978 INFO", "2015-10-18T18:01:47.978Z", " INFO"),
            ("2022-04-12 00:16:05.526 UTC [1]", "2022-04-12T00:16:05.526Z", " [1]"),
            ("2024/02/16 06:05:19.349  2136", "2024-02-16T06:05:19.349Z", "  2136"),
            ("2019-07-10  16:38:08", "2019-07-10T16:38:08Z", ""),
            ("2016-10-06T00:17:09.669794202Z s", "2016-10-06T00:17:09.669794202Z", " s"),
            ("10/Oct/2000:13:55:36 -0700] x", "2000-10-10T20:55:36Z", "] x"),
            ("01-Jan-2020 12:00:00.001 q", "2020-01-01T12:00:00.001Z", " q"),
            ("6/5/2013 10:00:32 PM 0E70", "2013-06-05T22:00:32Z", " 0E70"),
            ("21/12/28-12:55:38.765402 [**]", "2021-12-28T12:55:38.765402Z", " [**]"),
            ("20-02-2024 13:10:33 x", "2024-02-20T13:10:33Z", " x"),
            ("Mon Jun  6 18:43:28 2016 [pid", "2016-06-06T18:43:28Z", " [pid"),
            ("Sun Dec 04 04:47:44.5 2005] x", "2005-12-04T04:47:44.5Z", "] x"),
            ("Oct 12 2020 22:32:48: %ASA", "2020-10-12T22:32:48Z", ": %ASA"),
            ("1550505627.301:9", "2019-02-18T16:00:27.301Z", ":9"),
            ("1550505627301 x", "2019-02-18T16:00:27.301Z", " x"),
            ("Thu, 16 Mar 2023 03:08:58 +0100 x", "2023-03-16T02:08:58Z", " x"),
        ] {
            let (stamp, len) = at_start(text.as_bytes()).expect(text);
            let Stamp::At(time) = stamp else { panic!("{text}") };
            assert_eq!((time.to_string().as_str(), &text[len..]), (want, rest), "{text}");
        }
    }

    #[test]
    fn times_without_a_year() {
        let at = |day, seconds: i64| {
            Stamp::Yearless(Yearless { month: 10, day, nanos: seconds * SECOND_NANOS })
        };
        for (text, want) in [
            ("Oct  1 00:00:02 h", at(1, 2)),
            ("oct 11 00:00:02 2016", at(11, 2)),
            ("10/01-00:00:02 x", at(1, 2)),
            ("10.30 00:00:02] x", at(30, 2)),
        ] {
            assert_eq!(at_start(text.as_bytes()).map(|(s, _)| s), Some(want), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_time() {
        for text in [
            "2020-13-01 00:00:00",
            "2020-02-30 00:00:00",
            "Octopus",
            "Oct 41 00:00:00 h",
            "10.0.0.1 - -",
            "1.2.3.4",
            "99999999999",
            "1234567890123456",
            "25:61:61",
            "Mon",
            "",
            "2020",
            "Oct 1 00:00:0",
        ] {
            assert_eq!(at_start(text.as_bytes()), None, "{text}");
        }
    }
}
