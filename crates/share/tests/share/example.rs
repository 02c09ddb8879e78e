//! A publication made by hand: something of everything, and names as an intruder would choose them.

use blanik_model::{IndicatorType, Level, Timestamp, Tlp};
use blanik_share::publication::*;

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn cited(records: &[u64]) -> Cited {
    serde_json::from_value(serde_json::json!({"records": records, "further": 0})).unwrap()
}

fn claim(number: usize, en: &str, cs: &str, marking: Tlp, records: &[u64]) -> Claim {
    Claim {
        id: format!("c{number}"),
        text: Wording { en: en.into(), cs: cs.into() },
        marking,
        cites: cited(records),
        grounds: Vec::new(),
    }
}

fn step(first: &str, host: &str, tactic: usize, technique: &str, title: &str) -> Step {
    Step {
        first: at(first),
        last: Timestamp::from_nanos(at(first).as_nanos() + 90_000_000_000),
        host: (!host.is_empty()).then(|| host.into()),
        tactic: Some(tactic),
        techniques: vec![technique.into()],
        level: Level::High,
        rule_id: format!("rule-{technique}"),
        rule_title: title.into(),
        findings: 3,
        cites: cited(&[4, 7]),
        marking: Tlp::Amber,
    }
}

fn technique(id: &str, name: &str, tactic: usize) -> Technique {
    Technique {
        id: id.into(),
        name: Some(name.into()),
        tactics: vec![tactic],
        first: at("2026-03-02T08:15:00Z"),
        last: at("2026-03-09T17:40:10.25Z"),
        findings: 3,
        rules: vec![format!("Rule of {name}")],
        cites: cited(&[4, 7]),
    }
}

pub fn indicator(kind: IndicatorType, value: &str) -> Indicator {
    Indicator {
        kind,
        value: value.into(),
        first: at("2026-03-02T08:15:00Z"),
        last: at("2026-03-09T17:40:10.25Z"),
        findings: 12,
        sources: vec!["Ally's list; May".into()],
        cites: cited(&[4, 9]),
        marking: Tlp::Green,
    }
}

/// One value of each type, in the form in which indicators are kept.
pub fn indicators() -> Vec<Indicator> {
    use IndicatorType::*;
    let values = [
        (Address, "198.51.100.23"),
        (Address, "2001:db8::5"),
        (Network, "203.0.113.0/24"),
        (Domain, "update.example.net"),
        (Url, "update.example.net/a'b/drop.php?id=%41"),
        (Md5, "d41d8cd98f00b204e9800998ecf8427e"),
        (Sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        (Sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            Sha512,
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
        ),
        (Imphash, "0123456789abcdef0123456789abcdef"),
        (Ssdeep, "3:abc:def"),
        (Mail, "sender@mail.example.org"),
        (FileName, "=cmd.exe"),
        (FilePath, "c:/windows/temp/o'neil.dll"),
        (Mutex, "global-mutex"),
        (RegistryKey, "hkcu/software/microsoft/windows/run"),
        (UserAgent, "Mozilla/4.0 (compatible; *)"),
        (Ja3, "aaaabbbbccccddddeeeeffff00001111"),
        (Ja4, "t13d1516h2_8daaf6152771_b0da82dd1658"),
        (Certificate, "85a7d6a9c2e26bbd9fa8a72c24e2d6c4a3fa2f4d1d0a2e1b0c9a8b7c6d5e4f30"),
        (Pattern, "[file:name = 'a.dll' AND file:parent_directory_ref.path = 'c:\\\\temp']"),
    ];
    values.into_iter().map(|(kind, value)| indicator(kind, value)).collect()
}

fn chapters() -> Vec<Chapter> {
    let chapter = |kind, claims| Chapter { kind, claims };
    vec![
        chapter(
            ChapterKind::Summary,
            vec![
                claim(
                    1,
                    "An intruder was in the network from 2 March to 9 March 2026.",
                    "Útočník byl v síti od 2. března do 9. března 2026.",
                    Tlp::Clear,
                    &[4, 7, 9],
                ),
                claim(
                    2,
                    "They read \"mail\" & <script>alert(1)</script>\nof one mailbox \u{202e}txt.exe",
                    "Četli „poštu“ & <script>alert(1)</script>\njedné schránky \u{202e}txt.exe",
                    Tlp::Clear,
                    &[7],
                ),
            ],
        ),
        chapter(
            ChapterKind::Attribution,
            vec![claim(
                3,
                "It is likely that APT31 did it; confidence is moderate.",
                "Je pravděpodobné, že to byl APT31; jistota je střední.",
                Tlp::Amber,
                &[11],
            )],
        ),
        chapter(
            ChapterKind::Advice,
            vec![claim(
                4,
                "=HYPERLINK(\"http://x\") Look for update.example.net.",
                "Hledejte update.example.net.",
                Tlp::Green,
                &[4],
            )],
        ),
    ]
}

fn attribution() -> Attribution {
    let hypothesis = |id: &str, name: &str, country: Option<&str>, probability| Hypothesis {
        id: id.into(),
        name: name.into(),
        country: country.map(str::to_owned),
        probability,
    };
    Attribution {
        likelihood: Wording {
            en: "It is likely that APT31 did it.".into(),
            cs: "Je pravděpodobné, že to byl APT31.".into(),
        },
        has_word: true,
        confidence_sentence: Wording {
            en: "Confidence is moderate.".into(),
            cs: "Jistota je střední.".into(),
        },
        confidence: "moderate".into(),
        unknown: 0.21,
        hypotheses: vec![
            hypothesis("G0128", "ZIRCONIUM", Some("CN"), 0.62),
            hypothesis("UNKNOWN", "no known actor", None, 0.21),
            hypothesis("UNKNOWN:CN", "an unknown actor of CN", Some("CN"), 0.1),
            hypothesis("G0016", "APT29", Some("RU"), 0.066),
            hypothesis("G0007", "APT28", Some("RU"), 0.004),
        ],
        against: vec!["ZIRCONIUM".into(), "APT29".into()],
        matrix: Vec::new(),
        denial: Vec::new(),
        cites: cited(&[11]),
    }
}

fn opinions() -> Vec<Opinion> {
    let opinion = |agency: &str, grade: &str, record| Opinion {
        agency: agency.into(),
        grade: grade.into(),
        on_attribution: matches!(grade, "concur" | "assessed" | "disagree"),
        about: Vec::new(),
        what: Vec::new(),
        at: Some(at("2026-03-20T09:00:00Z")),
        record,
        probabilities: Vec::new(),
    };
    let mut assessed = opinion("CERT C", "assessed", Some(13));
    assessed.probabilities = vec![("G0128".into(), "0.7".into()), ("UNKNOWN".into(), "0.3".into())];
    // About the second hypothesis, in a pack for others: known again by its words.
    let mut position = opinion("CERT D", "disagree", Some(14));
    position.about = vec!["relationship--00000000-0000-4000-8000-000000000014".into()];
    position.what = vec!["Intrusion at a ministry attributed-to APT29".into()];
    vec![
        opinion("CERT A", "consistent", None),
        opinion("CERT B", "re-run", None),
        opinion("CERT B", "concur", None),
        assessed,
        position,
    ]
}

/// See the module.
pub fn publication() -> Publication {
    Publication {
        title: Wording {
            en: "Intrusion at a ministry".into(),
            cs: "Průnik na ministerstvo".into(),
        },
        case: "exercise".into(),
        intrusion: 1,
        exercise: true,
        tlp: Tlp::Amber,
        published: at("2026-04-01T10:00:00Z"),
        publisher: Publisher {
            name: "CERT of Examples".into(),
            contact: Some("cert@cert.example".into()),
        },
        first: at("2026-03-02T08:15:00Z"),
        last: at("2026-03-09T17:40:10.25Z"),
        victim: Some("government".into()),
        chapters: chapters(),
        steps: vec![
            step("2026-03-02T08:15:00Z", "host-1", 2, "T1566.002", "Link in a mail; opened"),
            step("2026-03-03T01:00:00Z", "host-1", 9, "T1003.001", "LSASS is read"),
            step("2026-03-09T17:38:40.25Z", "", 14, "T1567.002", "Upload to a cloud store"),
        ],
        unseen: vec![Unseen {
            host: None,
            from: at("2026-03-03T01:02:00Z"),
            to: at("2026-03-09T17:00:00Z"),
            marking: Tlp::Amber,
        }],
        techniques: vec![
            technique("T1003.001", "LSASS Memory", 9),
            technique("T1566.002", "Spearphishing Link", 2),
            technique("T1567.002", "Exfiltration to Cloud Storage", 14),
        ],
        software: vec![
            Software {
                id: Some("S0002".into()),
                name: "Mimikatz".into(),
                is_malware: false,
                cites: cited(&[7]),
            },
            Software { id: None, name: "DropBook".into(), is_malware: true, cites: cited(&[7]) },
        ],
        scope: vec![Scoped {
            kind: "host".into(),
            name: "host-1".into(),
            standing: "confirmed".into(),
            cites: cited(&[4]),
            marking: Tlp::Amber,
        }],
        taken: vec![Taken {
            act: "mail".into(),
            object: "mailbox-1".into(),
            first: at("2026-03-05T11:00:00Z"),
            last: at("2026-03-06T11:00:00Z"),
            items: Bounds { confirmed: 4, possible: Some(120) },
            bytes: Bounds::default(),
            cites: cited(&[9]),
            marking: Tlp::Amber,
        }],
        indicators: indicators(),
        nodes: Vec::new(),
        edges: Vec::new(),
        attribution: Some(attribution()),
        opinions: opinions(),
        commitments: [4, 7, 9, 11]
            .map(|record| Commitment {
                record,
                entry: format!("01{}", format!("{record:02x}").repeat(32)),
            })
            .into(),
        withheld: vec![("host".into(), 2)],
        log: Log {
            origin: "log.cert.example/2026".into(),
            key: "log.cert.example/2026+c2d9aef5+AfB2Ky3b".into(),
        },
    }
}
