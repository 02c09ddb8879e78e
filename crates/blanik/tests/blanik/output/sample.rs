//! Findings to write: invented, the same on every run.

use blanik::summary::{Accounting, Count, ReadingStats, Rejection};
use blanik_model::finding::{Correlated, CorrelatedEvent, Fields};
use blanik_model::{Finding, Level, Status, Timestamp, Value};

type Rule = (&'static str, Level, &'static [&'static str], &'static str, &'static str);

const RULES: &[Rule] = &[
    (
        "Web shell spawns a command interpreter",
        Level::Critical,
        &["attack.initial-access", "attack.persistence", "attack.t1190", "attack.t1505.003"],
        "ParentImage",
        r"C:\Windows\System32\inetsrv\w3wp.exe",
    ),
    (
        "LSASS memory read by an unusual process",
        Level::Critical,
        &["attack.credential-access", "attack.t1003.001"],
        "TargetImage",
        r"C:\Windows\system32\lsass.exe",
    ),
    (
        "Scheduled task created from a temporary folder",
        Level::High,
        &["attack.persistence", "attack.execution", "attack.t1053.005"],
        "CommandLine",
        r#"schtasks /create /tn "Updater" /tr C:\Users\Public\Temp\svc.exe /sc onlogon /ru SYSTEM"#,
    ),
    (
        "Event log cleared",
        Level::High,
        &["attack.defense-evasion", "attack.t1070.001"],
        "Channel",
        "Security",
    ),
    (
        "Kerberos service ticket with weak encryption",
        Level::Medium,
        &["attack.credential-access", "attack.t1558.003"],
        "TicketEncryptionType",
        "0x17",
    ),
    (
        "Remote service installed",
        Level::Medium,
        &["attack.lateral-movement", "attack.t1021.002"],
        "ServiceName",
        "PSEXESVC",
    ),
    (
        "Archive with a password created by a script",
        Level::Medium,
        &["attack.collection", "attack.t1560.001"],
        "CommandLine",
        r"rar.exe a -hpS3cret -m5 -v100m C:\ProgramData\cache.dat \\FS01\Ministr\*",
    ),
    (
        "Account and group discovery",
        Level::Low,
        &["attack.discovery", "attack.t1087.002", "attack.t1069.002"],
        "CommandLine",
        "net group \"Domain Admins\" /domain",
    ),
    (
        "Long-lived outbound connection",
        Level::Low,
        &["attack.command-and-control", "attack.t1071.001"],
        "id.resp_h",
        "203.0.113.77",
    ),
    ("PowerShell started", Level::Informational, &["attack.execution"], "Image", "powershell.exe"),
];

const HOSTS: &[&str] =
    &["DC01", "WS-ŽIŽKA-17", "MAIL02", "FS01", "WEB-DMZ-1", "WS-204", "VPN-EDGE"];
const ACCOUNTS: &[&str] =
    &["MINISTRY\\novak", "MINISTRY\\svc_backup", "SYSTEM", "cerna@ministry.example"];

/// `n` findings over `span` seconds from March 2022, in order of time, in bursts with quiet between.
pub fn findings(n: u64, span: i64) -> Vec<Finding> {
    let start: Timestamp = "2022-03-03T08:14:07.125Z".parse().expect("a time");
    let mut seed = 7u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below.max(1)
    };
    let mut offsets: Vec<i64> = (0..n)
        .map(|_| {
            let burst = [0, 2, 3, 11, 17][next(5)];
            (burst * span + next(1 + span as usize) as i64) / 18
        })
        .collect();
    offsets.sort_unstable();
    offsets
        .into_iter()
        .enumerate()
        .map(|(i, offset)| {
            // The worse the level, the rarer.
            let rule = [9, 9, 9, 8, 8, 7, 7, 7, 6, 5, 4, 4, 3, 2, 2, 1, 0][next(17)];
            let host = HOSTS[next(HOSTS.len()) * next(HOSTS.len()) / HOSTS.len()];
            let account = ACCOUNTS[next(ACCOUNTS.len())];
            let nanos = start.as_nanos() + offset * 1_000_000_000 + next(1000) as i64 * 1_000_000;
            finding(i as u64, rule, host, account, Some(Timestamp::from_nanos(nanos)))
        })
        .collect()
}

/// One finding by a rule of the sample.
pub fn finding(i: u64, rule: usize, host: &str, account: &str, time: Option<Timestamp>) -> Finding {
    let (title, level, tags, field, value) = RULES[rule];
    let mut event = vec![("EventID".to_owned(), "1".into()), (field.to_owned(), value.into())];
    for (name, value) in [
        ("Computer", host),
        ("User", account),
        ("ProcessGuid", "{b9b5c1d2-77aa-6221-0d01-000000000b00}"),
        ("Hashes", "SHA256=9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08"),
        ("IntegrityLevel", "High"),
    ] {
        event.push((name.to_owned(), value.into()));
    }
    Finding {
        rule_id: format!("5f1c9a10-0000-4000-8000-{rule:012}"),
        rule_title: title.into(),
        level,
        status: (rule > 0).then_some(Status::Test),
        tags: tags.iter().map(|t| (*t).to_owned()).collect(),
        tool: None,
        kind: "windows/sysmon/process_creation/1".into(),
        time,
        host: Some(host.into()),
        account: (rule != 8).then(|| account.to_owned()),
        matched: Fields(event[..2].to_vec()),
        source: format!("evidence/{}.zip!Logs/Microsoft-Windows-Sysmon%4Operational.evtx", host),
        record: 1000 + i,
        event: Fields(event),
        raw: (rule < 3)
            .then(|| format!("<Event>\n  <Data Name='{field}'>{value}</Data>\n</Event>")),
        indicator: None,
        correlation: None,
    }
}

/// A finding of a correlation rule.
pub fn correlated() -> Finding {
    let time = |text: &str| text.parse().expect("a time");
    let mut f = finding(7, 3, "DC01", "MINISTRY\\novak", Some(time("2024-03-01T10:04:00Z")));
    let event = |record, at| CorrelatedEvent {
        rule_id: f.rule_id.clone(),
        time: time(at),
        source: f.source.clone(),
        record,
    };
    let correlation = Correlated {
        ty: "event_count".into(),
        group_by: Fields(vec![("TargetUserName".into(), "novak".into())]),
        timespan: "10m".into(),
        condition: "≥ 2".into(),
        value: Value::number("2").to_owned(),
        value_max: Value::number("57").to_owned(),
        first: time("2024-03-01T10:00:00Z"),
        last: time("2024-03-01T10:40:00Z"),
        events: vec![event(12, "2024-03-01T10:00:00Z"), event(14, "2024-03-01T10:04:00Z")],
        further_events: 55,
    };
    f.rule_title = "Many failed logons of an account".into();
    f.kind = "correlation".into();
    f.matched = correlation.group_by.clone();
    (f.event, f.raw) = (Fields::default(), None);
    f.correlation = Some(Box::new(correlation));
    f
}

/// A log line that attacks every reader at once.
pub fn hostile() -> Finding {
    let nasty = "</script><script>alert(1)</script><!--\"><img src=x onerror=alert(2)>\
                 \u{202e}gpj.exe\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{2028}'&amp;";
    let mut f = finding(0, 0, nasty, nasty, "2024-01-01T00:00:00Z".parse().ok());
    f.rule_title = format!("=cmd|' /C calc'!A0 {nasty}");
    f.rule_id = nasty.into();
    f.tags = vec!["attack.execution".into(), nasty.into()];
    f.kind = format!("@{nasty}");
    f.source = format!("-{nasty}");
    f.matched =
        Fields(vec![(format!("+{nasty}"), nasty.into()), ("__proto__".into(), "=1+1".into())]);
    f.event = f.matched.clone();
    f.raw = Some(format!("{nasty}\r\n{nasty}"));
    f
}

/// What the readers would have reported of a hunt with these findings.
pub fn reading(findings: &[Finding]) -> ReadingStats {
    let count = |name: &str, count| Count { name: name.into(), count };
    ReadingStats {
        events_of_further_hosts: 0,
        files: 212,
        sources: 231,
        bytes: 1_412_338_177,
        duration: None,
        hosts: HOSTS.iter().enumerate().map(|(i, h)| count(h, 900 + 77 * i as u64)).collect(),
        kinds: vec![
            count("zeek/conn", 3_201),
            count("windows/sysmon/process_creation/1", 8_099),
            count("other", 1_000),
        ],
        first: findings.first().and_then(|f| f.time).or("2022-03-03T08:14:07Z".parse().ok()),
        last: findings.last().and_then(|f| f.time).or("2022-03-03T08:20:00Z".parse().ok()),
        accounting: Accounting {
            events_read: 12_345,
            evaluated: 12_000,
            not_evaluated: 300,
            rejected: 45,
            events_with_findings: findings.len() as u64,
        },
        rules: 3_112,
        correlations: None,
        indicators: None,
        tool_alerts: Vec::new(),
        rejections: vec![
            Rejection {
                place: "evidence/FS01.zip!Logs/Security.evtx, chunk 17".into(),
                reason: "checksum of the chunk does not match; 41 records lost".into(),
            },
            Rejection {
                place: "evidence/conn.log:88123".into(),
                reason: "4 columns where the header names 21".into(),
            },
        ],
        rejections_total: if findings.is_empty() { 0 } else { 5 },
        exercise: true,
    }
}
