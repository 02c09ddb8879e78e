//! Invented records: a week of an estate's ordinary findings, and intruders as asked for.

use blanik_case::Case;
use blanik_model::finding::Fields;
use blanik_model::{EventBatch, Fact, Finding, Level, OwnedValue, Record, RowTexts, Timestamp};

/// Seconds at which the week begins.
pub const WEEK: i64 = 1_700_000_000 - 1_700_000_000 % 86_400;
const HOUR: i64 = 3600;

pub fn time(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds).expect("within centuries")
}

/// That all rows of a batch are about one host, or about none.
pub fn hosts(batch: &EventBatch, host: Option<&str>) -> RowTexts {
    let mut hosts = RowTexts::default();
    let code = host.map(|host| hosts.intern(host));
    (0..batch.len()).for_each(|_| hosts.push(code));
    hosts
}

pub fn finding(
    rule: &str,
    level: Level,
    tactic: &str,
    host: &str,
    at: i64,
    fields: &[(&str, &str)],
) -> Finding {
    Finding {
        rule_id: rule.to_owned(),
        rule_title: format!("rule {rule}"),
        level,
        status: None,
        tags: vec![format!("attack.{tactic}")],
        tool: None,
        kind: "other".into(),
        time: Some(time(at)),
        host: Some(host.to_owned()),
        account: None,
        matched: Fields::default(),
        source: "log".into(),
        record: at as u64,
        event: Fields(
            fields.iter().map(|(n, v)| ((*n).to_owned(), OwnedValue::from(*v))).collect(),
        ),
        raw: None,
        indicator: None,
        correlation: None,
    }
}

pub fn record(fact: Fact) -> Record {
    Record { case: "c".into(), at: time(WEEK), by: "k".into(), fact }
}

pub fn found(finding: Finding) -> Record {
    record(Fact::Found(Box::new(finding)))
}

/// Six hosts, each with findings every few hours for a week.
pub fn ordinary() -> Vec<Record> {
    let mut records = Vec::new();
    for host in 0..6 {
        for hour in 0..7 * 24 {
            if (hour + host) % 5 == 0 {
                let name = format!("host{host}");
                let at = WEEK + hour * HOUR + host * 60;
                let rule = format!("ordinary{}", hour % 3);
                records.push(found(finding(
                    &rule,
                    Level::Medium,
                    "discovery",
                    &name,
                    at,
                    &[("User", "everyone")],
                )));
            }
        }
    }
    records
}

/// An intruder who comes from `address` to those hosts, one an hour, from hour `from` of the week.
pub fn intruder(name: &str, address: &str, hosts: &[&str], from: i64) -> Vec<Record> {
    let tactics =
        ["initial-access", "execution", "credential-access", "lateral-movement", "exfiltration"];
    let mut records = Vec::new();
    for (i, host) in hosts.iter().enumerate() {
        for (j, tactic) in tactics.iter().enumerate() {
            let at = WEEK + (from + i as i64) * HOUR + j as i64 * 300;
            let rule = format!("{name}-{i}-{tactic}");
            let fields = [("src_ip", address), ("User", name)];
            records.push(found(finding(&rule, Level::High, tactic, host, at, &fields)));
        }
    }
    records
}

pub fn numbered(records: Vec<Record>) -> Vec<(u64, Record)> {
    records.into_iter().enumerate().map(|(i, r)| (i as u64, r)).collect()
}

pub fn case(records: Vec<Record>) -> Case {
    Case::fold(numbered(records))
}

pub fn json(case: &Case) -> String {
    serde_json::to_string(&(case, case.views(), case.leads())).expect("a case is JSON")
}
