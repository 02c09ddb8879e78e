//! Patterns as chapter 9 of STIX 2.1 has them, against one event.

use super::*;
use crate::indicators::fields::{Holds, holds};
use blanik_model::{Kind, Value};

/// An event of names and values.
struct Event {
    fields: Vec<(&'static str, &'static str)>,
    time: Option<Timestamp>,
}

impl EventFields for Event {
    fn each(&self, f: &mut dyn FnMut(&str, Option<Holds>, Value<'_>)) {
        let kind = Kind { product: Some("test".into()), ..Kind::default() };
        self.fields.iter().for_each(|(n, v)| f(n, holds(&kind, n), Value::string(v)));
    }

    fn time(&self) -> Option<Timestamp> {
        self.time
    }
}

fn event() -> Event {
    Event {
        fields: vec![
            ("src_ip", "192.0.2.7"),
            ("dst_ip", "198.51.100.9"),
            ("dst_port", "443"),
            ("host", "www.Evil.example"),
            ("uri", "/a.php?x=1"),
            ("sha256", "AA11223344556677889900aabbccddeeff00112233445566778899aabbccddee"),
            ("CommandLine", r"cmd /c whoami > C:\temp\out.txt"),
            ("TargetFilename", r"C:\Users\Public\upd.exe"),
        ],
        time: Timestamp::parse("2024-03-01T10:00:00Z"),
    }
}

/// Holds each pattern against the same event.
fn check(cases: &[(&str, Outcome)]) {
    for (text, want) in cases {
        let pattern = Pattern::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(pattern.meets(&event()), *want, "{text}");
    }
}

#[test]
fn comparison_operators() {
    use Outcome::{No, Whole};
    check(&[
        ("[ipv4-addr:value = '192.0.2.7']", Whole),
        ("[ipv4-addr:value == '192.0.2.8']", No),
        ("[ipv4-addr:value IN ('192.0.2.8', '192.0.2.7')]", Whole),
        ("[ipv4-addr:value ISSUBSET '192.0.2.0/24']", Whole),
        ("[ipv4-addr:value ISSUBSET '192.0.3.0/24']", No),
        ("[ipv4-addr:value = '198.51.100.0/24']", Whole),
        ("[network-traffic:dst_ref.value = '198.51.100.9']", Whole),
        ("[network-traffic:dst_ref.value = '192.0.2.7']", No),
        ("[network-traffic:dst_ref.type = 'ipv4-addr']", Whole),
        ("[network-traffic:dst_port = 443]", Whole),
        ("[network-traffic:dst_port > 443]", No),
        ("[network-traffic:dst_port >= 443 AND network-traffic:dst_port < 1024]", Whole),
        ("[network-traffic:dst_port != 443]", No),
        ("[NOT network-traffic:dst_port = 80]", Whole),
        ("[domain-name:value = 'www.evil.example']", Whole),
        ("[domain-name:value LIKE '%.Evil.example']", Whole),
        ("[domain-name:value LIKE 'w_w.%']", Whole),
        ("[process:command_line MATCHES 'who(ami)?']", Whole),
        ("[process:command_line MATCHES '^who']", No),
        ("[url:value = 'http://www.evil.example/a.php?x=1']", Whole),
        ("[file:name = 'UPD.exe']", Whole),
        ("[directory:path = 'C:\\\\Users\\\\Public']", Whole),
        ("[EXISTS mutex:name]", No),
        ("[EXISTS file:name]", Whole),
    ]);
}

#[test]
fn hashes_by_their_sort_and_without_case() {
    let hash = "aa11223344556677889900aabbccddeeff00112233445566778899aabbccddee";
    check(&[
        (&format!("[file:hashes.'SHA-256' = '{hash}']"), Outcome::Whole),
        (&format!("[file:hashes.SHA256 = '{hash}']"), Outcome::Whole),
        ("[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']", Outcome::No),
    ]);
}

#[test]
fn observations_that_need_several_events_are_met_in_part() {
    use Outcome::{No, Part, Whole};
    let (yes, no) = ("[ipv4-addr:value = '192.0.2.7']", "[ipv4-addr:value = '192.0.2.99']");
    check(&[
        (&format!("{yes} OR {no}"), Whole),
        (&format!("{no} OR {no}"), No),
        (&format!("{yes} AND {no}"), Part),
        (&format!("{no} AND {no}"), No),
        (&format!("{yes} AND {yes}"), Part),
        (&format!("{yes} FOLLOWEDBY {no} WITHIN 300 SECONDS"), Part),
        (&format!("({no} FOLLOWEDBY {no}) OR {yes}"), Whole),
        (&format!("{yes} WITHIN 10 SECONDS"), Whole),
        (&format!("{yes} REPEATS 1 TIMES"), Whole),
        (&format!("{yes} REPEATS 5 TIMES WITHIN 60 SECONDS"), Part),
        (&format!("{yes} START t'2024-03-01T10:00:00Z' STOP t'2024-03-02T00:00:00Z'"), Whole),
        (&format!("{yes} START t'2024-02-01T00:00:00Z' STOP t'2024-03-01T10:00:00Z'"), No),
        // AND binds tighter than OR.
        (&format!("{no} AND {no} OR {yes}"), Whole),
    ]);
}

#[test]
fn what_is_no_pattern_is_told_with_its_place() {
    for (text, at) in [
        ("", 0),
        ("[", 1),
        ("[ipv4-addr:value = '1.2.3.4'", 28),
        ("[ipv4-addr:value '1.2.3.4']", 17),
        ("[ipv4-addr = '1.2.3.4']", 11),
        ("[ipv4-addr:value = '1.2.3.4]", 19),
        ("[a:b = 1] FOLLOWEDBY", 20),
        ("[a:b = 1] REPEATS 0 TIMES", 25),
        ("rule x { condition: true }", 7),
    ] {
        let error = Pattern::parse(text).expect_err(text);
        assert_eq!(error.at, at, "{text}: {error}");
    }
    let deep = "(".repeat(10_000);
    assert!(Pattern::parse(&deep).is_err());
    assert!(Pattern::parse(&format!("[a:b MATCHES '{}']", "(a{99}){99}{99}")).is_err());
}

#[test]
fn a_list_of_values_is_known_as_one() {
    use IndicatorType::{Address, Domain, Network};
    let values = |text: &str| Pattern::parse(text).expect("a pattern").as_values();
    assert_eq!(
        values(
            "[domain-name:value = 'A.cz'] OR [ipv4-addr:value IN ('192.0.2.1', '192.0.2.0/24')]"
        ),
        Some(vec![
            (Domain, "a.cz".into()),
            (Address, "192.0.2.1".into()),
            (Network, "192.0.2.0/24".into()),
        ])
    );
    for more in [
        "[domain-name:value = 'a.cz' AND domain-name:value = 'b.cz']",
        "[domain-name:value != 'a.cz']",
        "[domain-name:value LIKE 'a%']",
        "[domain-name:value = 'a.cz'] AND [domain-name:value = 'b.cz']",
        "[domain-name:value = 'a.cz'] START t'2024-01-01T00:00:00Z' STOP t'2025-01-01T00:00:00Z'",
    ] {
        assert_eq!(values(more), None, "{more}");
    }
}

#[test]
fn an_event_that_meets_a_pattern_has_one_of_its_triggers() {
    let triggers = |text: &str| Pattern::parse(text).expect("a pattern").triggers();
    assert_eq!(
        triggers("[domain-name:value = 'a.cz' AND network-traffic:dst_port = 443]"),
        Some(vec![(IndicatorType::Domain, "a.cz".into())])
    );
    assert_eq!(triggers("[domain-name:value = 'a.cz' OR network-traffic:dst_port = 443]"), None);
    assert_eq!(triggers("[domain-name:value = 'a.cz'] FOLLOWEDBY [process:pid > 4]"), None);
    assert_eq!(
        triggers(
            "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.1']"
        ),
        Some(vec![(IndicatorType::Address, "192.0.2.1".into())])
    );
    assert_eq!(
        triggers("[email-message:from_ref.value = 'a@b.cz']"),
        Some(vec![(IndicatorType::Mail, "a@b.cz".into())])
    );
    let possible = |text: &str| Pattern::parse(text).expect("a pattern").is_possible();
    assert!(possible("[weird:thing = 'x' OR domain-name:value = 'a.cz']"));
    assert!(!possible("[weird:thing = 'x' AND domain-name:value = 'a.cz']"));
    assert_eq!(
        Pattern::parse("[weird:thing = 'x']").expect("a pattern").unknown_paths(),
        ["weird:thing"]
    );
}
