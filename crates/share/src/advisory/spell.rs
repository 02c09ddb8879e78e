//! Numbers, times and names as a language writes them. All times are UTC.

use blanik_model::Timestamp;

use super::words::{fixed, get};
use crate::publication::{Bounds, Cited, Language};

/// A space at which no line breaks.
const FIRM: char = '\u{a0}';
/// Records named behind a sentence; the annex names all.
const NAMED_MAX: usize = 3;

/// `1,234,567` or `1 234 567`.
pub fn count(n: u64, language: Language) -> String {
    let digits = n.to_string();
    let mark = match language {
        Language::En => ',',
        Language::Cs => FIRM,
    };
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(mark);
        }
        out.push(digit);
    }
    out
}

fn decimal(text: String, language: Language) -> String {
    match language {
        Language::En => text,
        Language::Cs => text.replace('.', ","),
    }
}

/// A probability in percent; what is not quite nothing or all is not written as 0 or 100.
pub fn percent(probability: f64, language: Language) -> String {
    let percent = probability * 100.0;
    let text = match percent {
        p if p <= 0.0 => "0".to_owned(),
        p if p < 0.1 => "< 0.1".to_owned(),
        p if p < 100.0 && p > 99.9 => "> 99.9".to_owned(),
        p => format!("{p:.1}"),
    };
    match language {
        Language::En => format!("{text}%"),
        Language::Cs => format!("{}{FIRM}%", decimal(text, language)),
    }
}

/// Decibans with a sign.
pub fn decibans(value: f64, language: Language) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    let sign = if rounded > 0.0 {
        "+"
    } else if rounded < 0.0 {
        "−"
    } else {
        ""
    };
    decimal(format!("{sign}{:.1}", rounded.abs()), language)
}

/// Bytes with a unit of three digits.
pub fn bytes(n: u64, language: Language) -> String {
    const UNITS: &[&str] = &["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = n as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let text =
        if unit == 0 || value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") };
    format!("{}{FIRM}{}", decimal(text, language), UNITS[unit])
}

/// `14 – 120`, or `14 or more` as an open range.
pub fn bounds(b: Bounds, spell: fn(u64, Language) -> String, language: Language) -> String {
    let least = spell(b.confirmed, language);
    match b.possible {
        Some(most) if most == b.confirmed => least,
        Some(most) => format!("{least} – {}", spell(most, language)),
        None => format!("≥{FIRM}{least}"),
    }
}

/// `14 March 2026` or `14. března 2026`.
pub fn date(time: Timestamp, language: Language) -> String {
    const EN: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    const CS: [&str; 12] = [
        "ledna",
        "února",
        "března",
        "dubna",
        "května",
        "června",
        "července",
        "srpna",
        "září",
        "října",
        "listopadu",
        "prosince",
    ];
    let iso = time.to_seconds_string();
    let mut parts = iso.split(['-', ' ']);
    let year = parts.next().unwrap_or_default();
    let month: usize = parts.next().and_then(|m| m.parse().ok()).unwrap_or(1);
    let day: u32 = parts.next().and_then(|d| d.parse().ok()).unwrap_or(1);
    let at = month.clamp(1, 12) - 1;
    match language {
        Language::En => format!("{day}{FIRM}{} {year}", EN[at]),
        Language::Cs => format!("{day}.{FIRM}{} {year}", CS[at]),
    }
}

/// `2026-03-14 08:12`, for tables.
pub fn minute(time: Timestamp) -> String {
    time.to_seconds_string().chars().take(16).collect()
}

/// From when to when, for tables; one time if it is the same minute.
pub fn period(first: Timestamp, last: Timestamp) -> String {
    let (from, to) = (minute(first), minute(last));
    match (from == to, from.get(..10) == to.get(..10)) {
        (true, _) => from,
        (false, true) => format!("{from} – {}", to.get(11..).unwrap_or_default()),
        (false, false) => format!("{from} – {to}"),
    }
}

/// A time span with its largest unit: `3 d`, `5 h`, `12 min`.
pub fn span(seconds: i64) -> String {
    match seconds.max(0) {
        s if s >= 172_800 => format!("{}{FIRM}d", s / 86_400),
        s if s >= 7200 => format!("{}{FIRM}h", s / 3600),
        s => format!("{}{FIRM}min", s / 60),
    }
}

/// The records behind a sentence in short: `412, 415 +3`.
pub fn cited_shortly(cites: &Cited) -> String {
    let named: Vec<String> = cites.records.iter().take(NAMED_MAX).map(u64::to_string).collect();
    let rest = cites.records.len().saturating_sub(NAMED_MAX) as u64 + cites.further;
    match rest {
        0 => named.join(", "),
        rest => format!("{} +{rest}", named.join(", ")),
    }
}

/// All records that are named, and how many more there are.
pub fn cited(cites: &Cited, language: Language) -> String {
    let named: Vec<String> = cites.records.iter().map(u64::to_string).collect();
    match cites.further {
        0 => named.join(", "),
        more => format!(
            "{} {} {}",
            named.join(", "),
            fixed("and_further", language),
            count(more, language)
        ),
    }
}

/// The sector of a victim, in words where they are known.
pub fn sector(word: &str, language: Language) -> String {
    get(&format!("sector.{word}"), language).unwrap_or(word).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_the_language_writes_them() {
        assert_eq!(count(1_234_567, Language::En), "1,234,567");
        assert_eq!(count(1_234, Language::Cs), "1\u{a0}234");
        assert_eq!(count(123, Language::En), "123");
        assert_eq!(percent(0.125, Language::Cs), "12,5\u{a0}%");
        assert_eq!(percent(0.999_99, Language::En), "> 99.9%");
        assert_eq!(decibans(-4.96, Language::Cs), "−5,0");
        assert_eq!(decibans(-0.01, Language::En), "0.0");
        assert_eq!(bytes(999_600, Language::En), "1.0\u{a0}MB");
    }

    #[test]
    fn bounds_say_what_is_confirmed_and_what_is_possible() {
        let open = Bounds { confirmed: 14, possible: None };
        assert_eq!(bounds(open, count, Language::En), "≥\u{a0}14");
        let exact = Bounds { confirmed: 14, possible: Some(14) };
        assert_eq!(bounds(exact, count, Language::En), "14");
    }

    #[test]
    fn dates() {
        let time: Timestamp = "2026-03-04T08:12:00Z".parse().expect("a time");
        assert_eq!(date(time, Language::Cs), "4.\u{a0}března 2026");
        assert_eq!(date(time, Language::En), "4\u{a0}March 2026");
        assert_eq!(period(time, time), "2026-03-04 08:12");
    }
}
