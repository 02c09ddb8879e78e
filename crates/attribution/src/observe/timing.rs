//! When an intruder acts → the nations whose working hours that fits: by time zone, weekend and public holidays
//! (`knowledge/worktime.tsv`). Weak evidence, and it says so: relays stand anywhere, people work shifts, tasks run at night.

use std::collections::{BTreeMap, BTreeSet};

use super::{Feature, Forgeable, Grade, Observation, Pointing};

const TABLE: &str = include_str!("../../knowledge/worktime.tsv");

/// Active days below which nothing is said.
const DAYS_MIN: usize = 8;
/// Office hours of a working day, local time.
const OFFICE: std::ops::Range<i64> = 8..19;
/// How much of what somebody at work does falls into office hours.
const AT_WORK: f64 = 0.85;
/// Tempered log ratio, in nats, below which hours fit nobody.
const FITS_MIN: f64 = 1.0;
/// Nations this close to the best, in nats, fit as well.
const AS_GOOD: f64 = 0.7;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

struct Nation<'t> {
    code: &'t str,
    ahead_s: i64,
    weekend: BTreeSet<i64>,
    yearly: BTreeSet<&'t str>,
    dated: Vec<(i64, i64)>,
}

fn nations() -> impl Iterator<Item = Nation<'static>> {
    TABLE.lines().filter(|l| !l.starts_with('#')).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let minutes: i64 = cells[1].parse().expect("a test reads the table");
        let (dated, yearly): (Vec<&str>, Vec<&str>) =
            cells[3].split(',').partition(|d| d.contains('/'));
        let days = |text: &str| {
            let (from, n) = text.split_once('/').expect("it was parted by this");
            let part = |r| from.get(r).and_then(|p: &str| p.parse().ok()).expect("a test reads it");
            let first = days_from_civil(part(0..4), part(5..7), part(8..10));
            (first, first + n.parse::<i64>().expect("a test reads the table"))
        };
        Nation {
            code: cells[0],
            ahead_s: minutes * 60,
            weekend: cells[2].split(',').filter_map(|d| d.parse().ok()).collect(),
            yearly: yearly.into_iter().collect(),
            dated: dated.into_iter().map(days).collect(),
        }
    })
}

impl Nation<'_> {
    /// Whether people are at work there, at a time in seconds since 1970.
    fn works(&self, seconds: i64) -> bool {
        let local = seconds + self.ahead_s;
        let day = local.div_euclid(DAY);
        let (_, month, date) = civil_from_days(day);
        // 1 January 1970 was a Thursday.
        let weekday = (day + 4).rem_euclid(7);
        let is_free = self.weekend.contains(&weekday)
            || self.yearly.contains(format!("{month:02}-{date:02}").as_str())
            || self.dated.iter().any(|(from, to)| (*from..*to).contains(&day));
        !is_free && OFFICE.contains(&(local.rem_euclid(DAY) / HOUR))
    }

    /// Share of all hours that are office hours: that of what falls into them by chance.
    fn by_chance(&self) -> f64 {
        let days = 7.0 - self.weekend.len() as f64;
        let holidays = 1.0 - (self.yearly.len() as f64 + 5.0) / 365.0;
        days / 7.0 * holidays * (OFFICE.end - OFFICE.start) as f64 / 24.0
    }
}

/// What the hours say.
#[derive(Clone, Debug)]
pub enum Hours {
    /// They fit these working hours.
    Fit(Box<Observation>),
    /// Nothing: why.
    Nothing(String),
}

/// Of times at which the intruder acted (seconds since 1970, each with the record that tells of it). Hours of one day are one
/// sign, and n days are worth √n of them.
#[must_use]
pub fn from_times(times: &[(i64, u64)]) -> Hours {
    let mut hours: BTreeMap<i64, u64> = BTreeMap::new();
    for (seconds, record) in times {
        hours.entry(seconds.div_euclid(HOUR)).or_insert(*record);
    }
    let days: BTreeSet<i64> = hours.keys().map(|h| h.div_euclid(24)).collect();
    if days.len() < DAYS_MIN {
        return Hours::Nothing(format!(
            "timing: active on {} days; under {DAYS_MIN} nothing is said of working hours",
            days.len()
        ));
    }
    let mut scored: Vec<(f64, &str)> =
        nations().map(|n| (score(&n, &hours, days.len()), n.code)).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let best = scored[0].0;
    if best < FITS_MIN {
        return Hours::Nothing(format!(
            "timing: active on {} days, at hours that fit the working hours of none of {} nations: nothing is said of it",
            days.len(),
            scored.len()
        ));
    }
    let fits: Vec<&str> =
        scored.iter().filter(|(s, _)| *s >= best - AS_GOOD).map(|(_, code)| *code).collect();
    let of_day: BTreeSet<i64> = hours.keys().map(|h| h.rem_euclid(24)).collect();
    let value = format!(
        "active on {} days between {:02} and {:02} h UTC, which fits working hours, weekends and holidays of {}",
        days.len(),
        of_day.first().expect("there are days"),
        of_day.last().expect("there are days") + 1,
        fits.join(", ")
    );
    let to = fits.iter().map(|code| format!("nation:{code}")).collect();
    Hours::Fit(Box::new(Observation {
        id: "hours".into(),
        feature: Feature::Timing(Pointing { value, to }),
        grade: Grade { source: 2, information: 4 },
        source: "times of the findings".into(),
        origin: None,
        block: None,
        citation: hours.values().min().copied(),
        forgeable: Forgeable::Possible,
    }))
}

fn score(nation: &Nation<'_>, hours: &BTreeMap<i64, u64>, days: usize) -> f64 {
    let by_chance = nation.by_chance();
    let mut of_day: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for hour in hours.keys() {
        let ratio = if nation.works(hour * HOUR) {
            (AT_WORK / by_chance).ln()
        } else {
            ((1.0 - AT_WORK) / (1.0 - by_chance)).ln()
        };
        let (sum, n) = of_day.entry(hour.div_euclid(24)).or_default();
        *sum += ratio;
        *n += 1.0;
    }
    of_day.values().map(|(sum, n)| sum / n).sum::<f64>() / (days as f64).sqrt()
}

/// Days since 1970 of a date of the Gregorian calendar (Hinnant, `days_from_civil`).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let of_era = y - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z - era * 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let m = (5 * of_year + 2) / 153;
    let month = if m < 10 { m + 3 } else { m - 9 };
    (year + era * 400 + i64::from(month <= 2), month, of_year - (153 * m + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_and_dates_are_dates() {
        assert!(nations().count() > 10);
        for days in [0, 59, 789, 19_782, 20_000] {
            let (y, m, d) = civil_from_days(days);
            assert_eq!(days_from_civil(y, m, d), days);
        }
        assert_eq!(civil_from_days(19_782), (2024, 2, 29));
    }

    /// Working days of some weeks from Monday 4 March 2024, at these hours UTC.
    fn weeks(n: i64, hours: &[i64]) -> Vec<(i64, u64)> {
        let monday = days_from_civil(2024, 3, 4);
        let day = |i: i64| monday + i / 5 * 7 + i % 5;
        (0..n * 5)
            .flat_map(|i| hours.iter().map(move |h| (day(i) * DAY + h * HOUR, i as u64)))
            .collect()
    }

    fn fits(times: &[(i64, u64)]) -> Vec<String> {
        match from_times(times) {
            Hours::Fit(o) => o.feature.points_to().to_vec(),
            Hours::Nothing(_) => Vec::new(),
        }
    }

    #[test]
    fn office_hours_of_china_are_not_those_of_russia() {
        let found = fits(&weeks(4, &[0, 1, 2, 3, 5, 6, 7, 8, 9]));
        assert!(found.contains(&"nation:CN".to_owned()), "{found:?}");
        assert!(!found.contains(&"nation:RU".to_owned()), "{found:?}");
        let found = fits(&weeks(4, &[6, 7, 8, 9, 11, 12, 13, 14]));
        assert!(found.contains(&"nation:RU".to_owned()), "{found:?}");
        assert!(!found.contains(&"nation:US".to_owned()), "{found:?}");
    }

    #[test]
    fn rest_on_their_weekend_tells_iran_apart() {
        // Sunday to Wednesday only, at Iran's hours.
        let sunday = days_from_civil(2024, 4, 7);
        let times: Vec<(i64, u64)> = (0..5)
            .flat_map(|w| (0..4).map(move |d| sunday + w * 7 + d))
            .flat_map(|day| [5, 6, 8, 10, 12].map(|h| (day * DAY + h * HOUR, 1)))
            .collect();
        let found = fits(&times);
        assert_eq!(found.first().map(String::as_str), Some("nation:IR"), "{found:?}");
    }

    #[test]
    fn work_on_a_holiday_speaks_against() {
        let nation = nations().find(|n| n.code == "CN").unwrap();
        let noon = |y, m, d| days_from_civil(y, m, d) * DAY + 4 * HOUR;
        assert!(nation.works(noon(2024, 3, 5)));
        assert!(!nation.works(noon(2024, 10, 2)) && !nation.works(noon(2024, 2, 12)));
        assert!(!nation.works(noon(2024, 3, 9)));
    }

    #[test]
    fn nights_weekends_and_few_days_say_nothing() {
        assert!(fits(&weeks(1, &[9])).is_empty());
        let all_day: Vec<i64> = (0..24).collect();
        assert!(fits(&weeks(4, &all_day)).is_empty());
    }
}
