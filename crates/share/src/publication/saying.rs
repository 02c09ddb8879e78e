//! The sentences of a publication, each in every language, from the same values. Names go through [`Names`] and raise
//! the sentence's marking.

use blanik_model::{Timestamp, Tlp};

use super::names::Names;
use super::{Bounds, Wording};

/// Names that a sentence lists.
const LISTED_MAX: usize = 12;

/// A sentence on its way: what it says in each language, and whom its names let see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saying {
    /// What it says.
    pub text: Wording,
    /// To whom it may be shown.
    pub marking: Tlp,
}

/// A moment, to the minute.
pub fn moment(time: Timestamp) -> String {
    let text = time.to_seconds_string();
    format!("{} UTC", text.get(..16).unwrap_or(&text))
}

/// A length of time in words.
pub fn span(seconds: i64) -> Wording {
    let (n, unit) = match seconds.abs() {
        s if s < 120 => (s, 0),
        s if s < 7_200 => (s / 60, 1),
        s if s < 172_800 => (s / 3_600, 2),
        s => (s / 86_400, 3),
    };
    let en = ["second", "minute", "hour", "day"][unit];
    let cs = [
        ["sekunda", "sekundy", "sekund"],
        ["minuta", "minuty", "minut"],
        ["hodina", "hodiny", "hodin"],
        ["den", "dny", "dní"],
    ][unit];
    Wording {
        en: format!("{n} {en}{}", if n == 1 { "" } else { "s" }),
        cs: format!("{n} {}", cs[form(n.unsigned_abs())]),
    }
}

/// Which form a Czech noun takes behind a number: 0 after one, 1 after two to four, 2 else.
pub fn form(n: u64) -> usize {
    match n {
        1 => 0,
        2..=4 => 1,
        _ => 2,
    }
}

/// A number with the noun that it counts, in both languages: `en` has the singular and the plural.
pub fn counted(n: u64, en: [&str; 2], cs: [&str; 3]) -> Wording {
    Wording { en: format!("{n} {}", en[usize::from(n != 1)]), cs: format!("{n} {}", cs[form(n)]) }
}

/// Names, sorted, with how many more there are.
pub fn listed(names: &[String]) -> Wording {
    let shown = names.iter().take(LISTED_MAX).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(LISTED_MAX) {
        0 => Wording { en: shown.clone(), cs: shown },
        more => Wording {
            en: format!("{shown} and {more} more"),
            cs: format!("{shown} a {more} {}", ["další", "další", "dalších"][form(more as u64)]),
        },
    }
}

/// An amount between its bounds, with its unit.
pub fn between(bounds: Bounds, unit: &Wording) -> Wording {
    let (en, cs) = (&unit.en, &unit.cs);
    let least = grouped(bounds.confirmed);
    match bounds.possible {
        Some(most) if most == bounds.confirmed => {
            Wording { en: format!("{} {en}", least.en), cs: format!("{} {cs}", least.cs) }
        }
        Some(most) => {
            let most = grouped(most);
            Wording {
                en: format!("between {} and {} {en}", least.en, most.en),
                cs: format!("{} až {} {cs}", least.cs, most.cs),
            }
        }
        None => Wording {
            en: format!("at least {} {en}, without a known upper bound", least.en),
            cs: format!("nejméně {} {cs}, horní mez není známa", least.cs),
        },
    }
}

/// A number in groups of three digits.
pub fn grouped(n: u64) -> Wording {
    let digits = n.to_string();
    let with = |between: &str| {
        let mut out = String::new();
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push_str(between);
            }
            out.push(digit);
        }
        out
    };
    Wording { en: with(","), cs: with("\u{a0}") }
}

/// A percentage that claims no more than it knows.
pub fn percent(p: f64) -> String {
    match p {
        p if p > 0.0 && p < 0.01 => "< 1 %".to_owned(),
        p if p > 0.99 => "> 99 %".to_owned(),
        p => format!("{:.0} %", p * 100.0),
    }
}

/// What a finding says.
pub struct Found<'a> {
    /// When.
    pub at: Timestamp,
    /// The rule's title.
    pub title: &'a str,
    /// Findings.
    pub times: u64,
    /// The host, if one is named.
    pub host: Option<&'a str>,
    /// True if that is an address outside, from or to which something went.
    pub is_outside: bool,
    /// The account, if one is named.
    pub account: Option<&'a str>,
}

/// How a finding is introduced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Intro {
    /// By itself.
    None,
    /// As the first that was seen at all, where nothing says how they came in.
    NoWay,
    /// As the first that was seen at all.
    First,
    /// As the first on a further host.
    Further,
    /// As the last.
    Last,
}

/// `2023-06-03 22:07 UTC: "…" was found on dc01 (account x).`
pub fn found(names: &Names, intro: Intro, found: &Found<'_>) -> Saying {
    let mut marking = Tlp::Clear;
    let at = moment(found.at);
    let title = names.text(found.title);
    let host = found.host.map(|host| names.show(host, &mut marking));
    let account = found.account.map(|account| names.show(account, &mut marking));
    let (mut en, mut cs) = (String::new(), String::new());
    let times = match found.times {
        1 => Wording { en: String::new(), cs: String::new() },
        n => Wording { en: format!(" ({n} times)"), cs: format!(" ({n}×)") },
    };
    match &host {
        Some(address) if found.is_outside => {
            en += &format!(" (outside address {address})");
            cs += &format!(" (vnější adresa {address})");
        }
        Some(host) => {
            en += &format!(" on {host}");
            cs += &format!(" na stroji {host}");
        }
        None => {}
    }
    if let Some(account) = &account {
        en += &format!(" (account {account})");
        cs += &format!(" (účet {account})");
    }
    // Titles stay as their rules' authors wrote them, in English: whoever reads Czech is told what the foreign words are.
    let rule = format!("„{title}“ (název pravidla)");
    let title = format!("\"{title}\"{}", times.en);
    let rule = format!("{rule}{}", times.cs);
    let text = match intro {
        Intro::None => Wording {
            en: format!("{at}: {title} was found{en}."),
            cs: format!("{at}: zjištěno {rule}{cs}."),
        },
        Intro::NoWay => Wording {
            en: format!(
                "No finding says how they came in; the first is of {at}: {title} was found{en}."
            ),
            cs: format!(
                "Jak se útočník dostal dovnitř, žádný nález neříká; první je z {at}: {rule}{cs}."
            ),
        },
        Intro::First => Wording {
            en: format!("{at}: the intruder was first seen{en}: {title}."),
            cs: format!("{at}: útočník byl poprvé zaznamenán{cs}: {rule}."),
        },
        Intro::Further => Wording {
            en: format!("{at}: then seen{en}: {title}."),
            cs: format!("{at}: dále zaznamenán{cs}: {rule}."),
        },
        Intro::Last => Wording {
            en: format!("{at}: the last that was seen{en}: {title}."),
            cs: format!("{at}: poslední zaznamenaná činnost{cs}: {rule}."),
        },
    };
    Saying { text, marking }
}

/// `2023-06-03 22:07 UTC: x logged on from a to b.`
pub fn logged_on(names: &Names, at: Timestamp, account: &str, from: &str, to: &str) -> Saying {
    let mut marking = Tlp::Clear;
    let at = moment(at);
    let account = names.show(account, &mut marking);
    let from = names.show(from, &mut marking);
    let to = names.show(to, &mut marking);
    let text = Wording {
        en: format!("{at}: {account} logged on from {from} to {to}."),
        cs: format!("{at}: účet {account} se přihlásil ze stroje {from} na stroj {to}."),
    };
    Saying { text, marking }
}

/// Nothing was seen, or a host sent nothing, from one moment to another.
pub fn unseen(names: &Names, host: Option<&str>, from: Timestamp, to: Timestamp) -> Saying {
    let mut marking = Tlp::Clear;
    let length = span((to.as_nanos() - from.as_nanos()) / 1_000_000_000);
    let (a, b) = (moment(from), moment(to));
    let text = match host.map(|host| names.show(host, &mut marking)) {
        Some(host) => Wording {
            en: format!(
                "{host} sent no telemetry from {a} to {b} ({}): what happened there meanwhile is not known.",
                length.en
            ),
            cs: format!(
                "Stroj {host} neposkytl od {a} do {b} ({}) žádnou telemetrii: co se na něm v té době dělo, není známo.",
                length.cs
            ),
        },
        None => Wording {
            en: format!("No finding of the intrusion is from between {a} and {b} ({}).", length.en),
            cs: format!("Z doby od {a} do {b} ({}) není žádný nález.", length.cs),
        },
    };
    Saying { text, marking }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publication::Redactions;

    #[test]
    fn a_rules_title_is_called_one_in_czech() {
        let names = Names::new([], Tlp::Red, Redactions::default(), "").expect("no names");
        let at = Timestamp::parse("2025-05-28T10:00:00Z").expect("a time");
        let what = Found {
            at,
            title: "Log cleared",
            times: 1,
            host: Some("dc01"),
            is_outside: false,
            account: None,
        };
        for intro in [Intro::None, Intro::First, Intro::Further, Intro::Last] {
            let said = found(&names, intro, &what).text;
            assert!(said.cs.contains("„Log cleared“ (název pravidla)"), "{}", said.cs);
            assert!(!said.en.contains("název"), "{}", said.en);
        }
    }
}
