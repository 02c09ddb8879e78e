//! Publications of the size of real ones, made up: a large one, the least there is, and one whose every text is hostile.

use blanik_model::attack::TACTICS;
use blanik_model::{IndicatorType, Level, Timestamp, Tlp};
use blanik_share::publication::*;

/// Text that is markup in one place or another, reorders what is beside it, or does not break.
pub const HOSTILE: &str = "</span><script>alert(1)</script> #panic() $x$ *b* _i_ @ref <lab> \\u{202e} `raw` {{ w.key }} {% raw %} \
    ]]> <!-- --> \u{202e}gpj.exe\u{202c} 中文 'q' \"dq\" &amp; // /* comment";

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn hours(from: &str, hours: i64) -> Timestamp {
    Timestamp::from_nanos(time(from).as_nanos() + hours * 3_600_000_000_000)
}

fn cites(records: &[u64], further: u64) -> Cited {
    Cited { records: records.to_vec(), further }
}

fn both(en: &str, cs: &str) -> Wording {
    Wording { en: en.to_owned(), cs: cs.to_owned() }
}

/// Sentences with numbers of their own, so that none is another's.
struct Teller {
    told: u64,
}

impl Teller {
    fn claim(&mut self, en: &str, cs: &str) -> Claim {
        self.told += 1;
        let n = self.told;
        let records: Vec<u64> = (0..1 + n % 6).map(|i| 1_000 + n * 7 + i).collect();
        let ground = Ground {
            record: records[0],
            path: "event.Image".to_owned(),
            value: format!("C:\\ProgramData\\svc{n}.exe"),
        };
        Claim {
            id: format!("c{n}"),
            text: both(en, cs),
            marking: if n.is_multiple_of(3) { Tlp::Clear } else { Tlp::Amber },
            cites: cites(&records, if n.is_multiple_of(4) { 12 } else { 0 }),
            grounds: if n.is_multiple_of(2) { vec![ground] } else { Vec::new() },
        }
    }

    fn chapter(&mut self, kind: ChapterKind, claims: usize) -> Chapter {
        let claims = (0..claims)
            .map(|i| {
                let n = self.told + 1;
                let (day, minute) = (3 + n % 26, n % 60);
                let (en, cs) = match i % 3 {
                    0 => (
                        format!("On {day} March 2026 at 09:{minute:02} UTC the account svc-backup signed in to WS-{n:03} from 203.0.113.{n}, an address that it had not used before."),
                        format!("Dne {day}. března 2026 v 09:{minute:02} UTC se účet svc-backup přihlásil k zařízení WS-{n:03} z adresy 203.0.113.{n}, kterou dříve nepoužil."),
                    ),
                    1 => (
                        format!("{n} minutes later a scheduled task named MicrosoftEdgeUpdateCore{n} was created; it runs C:\\ProgramData\\svc{n}.exe at each start."),
                        format!("O {n} minut později byla vytvořena naplánovaná úloha MicrosoftEdgeUpdateCore{n}; při každém startu spouští C:\\ProgramData\\svc{n}.exe."),
                    ),
                    _ => (
                        format!("The memory of lsass.exe was read on DC-{n:02}."),
                        format!("Na zařízení DC-{n:02} byla čtena paměť procesu lsass.exe."),
                    ),
                };
                self.claim(&en, &cs)
            })
            .collect();
        Chapter { kind, claims }
    }
}

const LIKELIHOOD: (&str, &str) = (
    "It is very likely (about 85 %) that the actor known as APT31 (G0128) carried out this intrusion.",
    "Je velmi pravděpodobné (přibližně 85 %), že průnik provedl aktér známý jako APT31 (G0128).",
);
const CONFIDENCE: (&str, &str) = (
    "Our confidence in this assessment is moderate: two independent classes of evidence agree, and no ally has yet re-run it.",
    "Míra jistoty tohoto hodnocení je střední: shodují se dvě nezávislé třídy důkazů a žádný partner je zatím nezopakoval.",
);

/// About fifteen sentences a chapter, 40 techniques, 60 indicators, 26 nodes.
pub fn large() -> Publication {
    let mut t = Teller { told: 0 };
    let mut summary = Chapter { kind: ChapterKind::Summary, claims: Vec::new() };
    for (en, cs) in [
        (
            "Between 3 and 29 March 2026 an intruder had access to the network of a ministry and read the mail of at least 14 persons.",
            "Mezi 3. a 29. březnem 2026 měl útočník přístup do sítě ministerstva a četl poštu nejméně 14 osob.",
        ),
        (
            "They came in through an unpatched gateway and moved on with stolen accounts of administrators.",
            "Pronikl přes neaktualizovanou bránu a dále postupoval s odcizenými účty správců.",
        ),
        ("Between 2.1 and 9.8 GB left the network.", "Síť opustilo 2,1 až 9,8 GB dat."),
        LIKELIHOOD,
    ] {
        summary.claims.push(t.claim(en, cs));
    }
    let mut chapters = vec![summary];
    for kind in [
        ChapterKind::CameIn,
        ChapterKind::Moved,
        ChapterKind::Stayed,
        ChapterKind::Left,
        ChapterKind::Unseen,
        ChapterKind::Scope,
        ChapterKind::Taken,
    ] {
        chapters.push(t.chapter(kind, 14));
    }
    let mut attribution = Chapter { kind: ChapterKind::Attribution, claims: Vec::new() };
    attribution.claims.push(t.claim(LIKELIHOOD.0, LIKELIHOOD.1));
    attribution.claims.push(t.claim(CONFIDENCE.0, CONFIDENCE.1));
    attribution.claims.extend(t.chapter(ChapterKind::Attribution, 6).claims);
    chapters.push(attribution);
    chapters.push(t.chapter(ChapterKind::Denial, 5));
    chapters.push(t.chapter(ChapterKind::Advice, 12));
    Publication {
        title: both(
            "Intrusion into the network of a ministry of foreign affairs",
            "Průnik do sítě ministerstva zahraničních věcí",
        ),
        chapters,
        steps: steps(),
        unseen: unseen(),
        techniques: (0..40).map(technique).collect(),
        software: vec![
            Software {
                id: Some("S0002".into()),
                name: "Mimikatz".into(),
                is_malware: false,
                cites: cites(&[412], 0),
            },
            Software {
                id: Some("S0154".into()),
                name: "Cobalt Strike".into(),
                is_malware: true,
                cites: cites(&[420, 431], 3),
            },
            Software {
                id: None,
                name: "EdgeUpdateCore loader".into(),
                is_malware: true,
                cites: cites(&[440], 0),
            },
        ],
        scope: (0..32).map(scoped).collect(),
        taken: (0..12).map(taken).collect(),
        indicators: (0..60).map(indicator).collect(),
        nodes: nodes(),
        edges: edges(),
        attribution: Some(attributed()),
        opinions: vec![
            Opinion {
                agency: "National Cyber Security Centre of a partner".into(),
                grade: "re-run".into(),
                on_attribution: false,
                about: Vec::new(),
                what: Vec::new(),
                at: Some(time("2026-04-10T10:00:00Z")),
                record: None,
                probabilities: Vec::new(),
            },
            Opinion {
                agency: "Second partner".into(),
                grade: "assessed".into(),
                on_attribution: true,
                about: Vec::new(),
                what: Vec::new(),
                at: None,
                record: Some(5120),
                probabilities: vec![
                    ("G0128".into(), "0.72".into()),
                    ("UNKNOWN".into(), "0.20".into()),
                ],
            },
            Opinion {
                agency: "Third partner".into(),
                grade: "strongly-disagree".into(),
                on_attribution: true,
                about: vec!["relationship--00000000-0000-4000-8000-000000000001".into()],
                what: vec!["Winter attributed-to APT28".into()],
                at: Some(time("2026-04-12T08:00:00Z")),
                record: Some(5133),
                probabilities: Vec::new(),
            },
        ],
        withheld: vec![("host".into(), 4), ("account".into(), 11)],
        ..small()
    }
}

/// One sentence, one step, nothing else.
pub fn small() -> Publication {
    let mut t = Teller { told: 0 };
    let claim = t.claim(
        "On 3 March 2026 a web shell was written to the server of a municipality.",
        "Dne 3. března 2026 byl na server obce zapsán webový shell.",
    );
    Publication {
        title: both("Web shell on the server of a municipality", "Webový shell na serveru obce"),
        case: "2026-014".into(),
        intrusion: 1,
        exercise: true,
        tlp: Tlp::Amber,
        published: time("2026-04-14T08:00:00Z"),
        publisher: Publisher {
            name: "National Cyber and Information Security Agency".into(),
            contact: Some("cert@nukib.example".into()),
        },
        first: time("2026-03-03T07:12:00Z"),
        last: time("2026-03-29T19:40:00Z"),
        victim: Some("government".into()),
        chapters: vec![Chapter { kind: ChapterKind::Summary, claims: vec![claim] }],
        steps: steps().into_iter().take(1).collect(),
        unseen: Vec::new(),
        techniques: vec![technique(0)],
        software: Vec::new(),
        scope: vec![scoped(0)],
        taken: Vec::new(),
        indicators: Vec::new(),
        nodes: nodes().into_iter().take(1).collect(),
        edges: Vec::new(),
        attribution: None,
        opinions: Vec::new(),
        commitments: Vec::new(),
        withheld: Vec::new(),
        log: Log {
            origin: "log.cert.example/2026".into(),
            key: "log.cert.example/2026+5b2d9e1c+AVYaBZ3vP8jYQ0nqk2mC7rT4uW1xE6sD9fG0hJ5kL8pN"
                .into(),
        },
    }
}

/// The large one with [`HOSTILE`] wherever a text stands that a log or a list can bring.
pub fn hostile() -> Publication {
    let mut p = large();
    let long = format!("{}{HOSTILE}", "A".repeat(180));
    for (n, claim) in p.chapters.iter_mut().flat_map(|c| &mut c.claims).enumerate() {
        claim.text = both(&format!("{n} {HOSTILE}"), &format!("{n} č {long}"));
        claim.grounds.iter_mut().for_each(|g| {
            g.value = long.clone();
            g.path = HOSTILE.into();
        });
    }
    p.title = both(HOSTILE, HOSTILE);
    p.publisher.name = HOSTILE.into();
    p.case = HOSTILE.into();
    p.steps.iter_mut().for_each(|s| {
        s.host = Some(HOSTILE.into());
        s.rule_title = long.clone();
    });
    p.unseen.iter_mut().for_each(|u| u.host = Some(HOSTILE.into()));
    p.techniques.iter_mut().for_each(|t| t.name = Some(long.clone()));
    p.software.iter_mut().for_each(|s| s.name = long.clone());
    p.scope.iter_mut().for_each(|s| (s.name, s.standing) = (long.clone(), HOSTILE.into()));
    p.taken.iter_mut().for_each(|t| (t.object, t.act) = (long.clone(), HOSTILE.into()));
    p.indicators.iter_mut().for_each(|i| i.value = long.clone());
    p.nodes.iter_mut().for_each(|n| (n.name, n.kind) = (long.clone(), HOSTILE.into()));
    if let Some(a) = &mut p.attribution {
        a.matrix.iter_mut().for_each(|i| (i.what, i.source) = (long.clone(), HOSTILE.into()));
        a.hypotheses.iter_mut().for_each(|h| h.name = long.clone());
        a.against.iter_mut().for_each(|h| *h = HOSTILE.into());
        a.denial.iter_mut().for_each(|d| d.without = long.clone());
    }
    p.opinions.iter_mut().for_each(|o| (o.agency, o.what) = (long.clone(), vec![HOSTILE.into()]));
    p.log.key = long.clone();
    p
}

const HOSTS: [&str; 9] = [
    "GW-01",
    "WS-114",
    "WS-207",
    "SRV-FILE-02",
    "DC-01",
    "DC-02",
    "EXCH-01",
    "host-a3f1",
    "BACKUP-01",
];

fn steps() -> Vec<Step> {
    let place = |i: i64| match i {
        0..12 => i,
        12..30 => 100 + i * 3,
        30..52 => 300 + (i - 30) * 2,
        _ => 610 + (i - 52),
    };
    let step = |i: i64| {
        let first = hours("2026-03-03T07:12:00Z", place(i));
        let tactic = [2, 3, 4, 9, 10, 11, 6, 12, 13, 14][(i as usize * 7 + i as usize / 5) % 10];
        Step {
            first,
            last: hours("2026-03-03T07:12:00Z", place(i) + if i % 5 == 0 { 3 } else { 0 }),
            host: Some(HOSTS[i as usize % HOSTS.len()].to_owned()),
            tactic: (i % 17 != 16).then_some(tactic),
            techniques: vec!["T1003.001".into()],
            level: [Level::Medium, Level::High, Level::Low, Level::Critical][i as usize % 4],
            rule_id: format!("rule-{i}"),
            rule_title: "Memory of LSASS read by an unusual program".into(),
            findings: 1 + i as u64,
            cites: cites(&[1000 + i as u64], 0),
            marking: Tlp::Green,
        }
    };
    (0..64).map(step).collect()
}

fn unseen() -> Vec<Unseen> {
    let span = |host: Option<&str>, from: i64, to: i64| Unseen {
        host: host.map(str::to_owned),
        from: hours("2026-03-03T07:12:00Z", from),
        to: hours("2026-03-03T07:12:00Z", to),
        marking: Tlp::Green,
    };
    vec![
        span(None, 12, 136),
        span(Some("WS-114"), 140, 180),
        span(Some("EXCH-01"), 300, 330),
        span(None, 342, 610),
    ]
}

fn technique(i: usize) -> Technique {
    const NAMES: [&str; 6] = [
        "OS Credential Dumping: LSASS Memory",
        "Valid Accounts: Domain Accounts",
        "Scheduled Task/Job: Scheduled Task",
        "Exploit Public-Facing Application",
        "Exfiltration Over Web Service",
        "Remote Services: SMB/Windows Admin Shares",
    ];
    Technique {
        id: format!("T{}.{:03}", 1003 + i * 13, i % 5),
        name: Some(NAMES[i % 6].to_owned()),
        tactics: if i.is_multiple_of(4) { vec![4, 5] } else { vec![2 + i % (TACTICS.len() - 2)] },
        first: hours("2026-03-03T07:12:00Z", i as i64),
        last: hours("2026-03-03T07:12:00Z", 24 * i as i64),
        findings: 3 + 177 * i as u64,
        rules: vec!["Memory of LSASS read by an unusual program".into()],
        cites: cites(&[900 + i as u64, 950 + i as u64, 990, 991], 2),
    }
}

fn scoped(i: usize) -> Scoped {
    let kind = ["host", "account", "mailbox"][i % 3];
    Scoped {
        kind: kind.into(),
        name: match kind {
            "host" => HOSTS[i % HOSTS.len()].to_owned(),
            "account" => format!("MZV\\novak{i}"),
            _ => format!("mailbox-{i:02}"),
        },
        standing: ["confirmed", "confirmed", "suspected", "open", "cleared"][i % 5].into(),
        cites: cites(&[2000 + i as u64], 0),
        marking: Tlp::Amber,
    }
}

fn taken(i: usize) -> Taken {
    let act = ["mail", "file", "archive", "outbound"][i / 3];
    let items = 3 + 97 * i as u64;
    Taken {
        act: act.into(),
        object: match act {
            "mail" => format!("mailbox-{i:02}"),
            "outbound" => format!("198.51.100.{i}"),
            _ => format!("D:\\Sdilene\\Odbor zahranicni politiky\\2026\\zapis-{i}.docx"),
        },
        first: hours("2026-03-03T07:12:00Z", 300 + i as i64),
        last: hours("2026-03-03T07:12:00Z", 300 + 5 * i as i64),
        items: Bounds {
            confirmed: items,
            possible: if i.is_multiple_of(4) { None } else { Some(items * (1 + i as u64 % 3)) },
        },
        bytes: Bounds { confirmed: items * 48_211, possible: Some(items * 148_211) },
        cites: cites(&[3000 + i as u64], i as u64),
        marking: Tlp::Amber,
    }
}

fn indicator(i: usize) -> Indicator {
    let (kind, value) = match i % 6 {
        0 => (IndicatorType::Address, format!("203.0.113.{i}")),
        1 => (IndicatorType::Domain, format!("update{i}.edge-telemetry.example")),
        2 => (IndicatorType::Url, format!("https://cdn{i}.example/owa/auth/logon.aspx?id={i}")),
        3 => {
            (IndicatorType::Sha256, format!("{:064x}", 0x9f3b_77aa_u64 * (i as u64 + 1) * 0x1_0001))
        }
        4 => {
            (IndicatorType::FilePath, format!("C:\\ProgramData\\Microsoft\\EdgeUpdate\\svc{i}.exe"))
        }
        _ => (
            IndicatorType::RegistryKey,
            format!("HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Run\\EdgeUpdateCore{i}"),
        ),
    };
    Indicator {
        kind,
        value,
        first: hours("2026-03-03T07:12:00Z", i as i64),
        last: hours("2026-03-03T07:12:00Z", 9 * i as i64),
        findings: i as u64,
        sources: if i.is_multiple_of(2) { vec!["partner feed".into()] } else { Vec::new() },
        cites: cites(&[4000 + i as u64, 4100 + i as u64], 0),
        marking: Tlp::Green,
    }
}

fn nodes() -> Vec<Node> {
    let node = |kind: &str, name: String, i: usize| Node {
        kind: kind.into(),
        name,
        first: hours("2026-03-03T07:12:00Z", i as i64),
        cites: cites(&[500 + i as u64], 0),
        marking: Tlp::Amber,
    };
    let hosts = HOSTS.iter().enumerate().map(|(i, h)| node("host", (*h).to_owned(), i));
    let accounts = (0..7).map(|i| node("account", format!("MZV\\svc-account-{i}"), i));
    let addresses = (0..5).map(|i| node("address", format!("203.0.113.{}", 10 + i), i));
    let files = (0..3)
        .map(|i| node("file", format!("C:\\ProgramData\\Microsoft\\EdgeUpdate\\svc{i}.exe"), i));
    let mailboxes = (0..2).map(|i| node("mailbox", format!("mailbox-{i:02}"), i));
    hosts.chain(accounts).chain(addresses).chain(files).chain(mailboxes).collect()
}

fn edges() -> Vec<Edge> {
    let edge = |from, to, observations| Edge { from, to, observations, cites: cites(&[600], 0) };
    let mut edges: Vec<Edge> = (9..26)
        .flat_map(|other| {
            [edge(other % 9, other, other as u64 * 3), edge((other * 5 + 2) % 9, other, 2)]
        })
        .collect();
    edges.extend([edge(0, 1, 40), edge(1, 4, 8), edge(4, 6, 300)]);
    edges
}

fn attributed() -> Attribution {
    let hypotheses = [
        ("G0128", "ZIRCONIUM (APT31)", Some("CN"), 0.846),
        ("UNKNOWN:CN", "an unknown actor suspected to act for China", Some("CN"), 0.074),
        ("G0007", "APT28", Some("RU"), 0.041),
        ("UNKNOWN", "an unknown actor", None, 0.028),
        ("G0016", "APT29", Some("RU"), 0.0105),
        ("FALSE-FLAG", "another actor who imitates APT31", None, 0.0005),
    ];
    let class = ["techniques", "software", "infrastructure", "victimology", "timing", "claims"];
    let item = |i: usize| Item {
        what: format!(
            "{} ({i})",
            [
                "Scheduled task named after a browser's updater, created over WMI",
                "Address range leased through the same reseller",
                "Working hours of UTC+8, without the days of the Chinese new year",
                "Loader shares its string encryption with RAWDOOR"
            ][i % 4]
        ),
        class: class[i % 6].into(),
        grade: ["B2", "A1", "C3", "F6"][i % 4].into(),
        source: ["this log", "partner feed", "public report of a vendor"][i % 3].into(),
        record: (i % 3 != 2).then_some(7000 + i as u64),
        decibans: (0..6).map(|h| ((i * 31 + h * 17) % 23) as f64 * 1.1 - 11.0).collect(),
    };
    let denial = |i: usize| Denial {
        without: item(i).what,
        leader: hypotheses[i / 5].1.into(),
        probability: 0.84 - 0.05 * i as f64,
        if_forged: 0.8 - 0.06 * i as f64,
        changes: i > 6,
    };
    Attribution {
        likelihood: both(LIKELIHOOD.0, LIKELIHOOD.1),
        has_word: true,
        confidence_sentence: both(CONFIDENCE.0, CONFIDENCE.1),
        confidence: "moderate".into(),
        unknown: 0.102,
        hypotheses: hypotheses
            .iter()
            .map(|(id, name, country, probability)| Hypothesis {
                id: (*id).into(),
                name: (*name).into(),
                country: country.map(str::to_owned),
                probability: *probability,
            })
            .collect(),
        against: hypotheses.iter().map(|h| h.1.to_owned()).collect(),
        matrix: (0..26).map(item).collect(),
        denial: (0..9).map(denial).collect(),
        cites: cites(&[7100], 0),
    }
}
