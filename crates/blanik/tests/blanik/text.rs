//! Text logs hunted: rules written as SigmaHQ writes them, per log source, over the logs whose reading
//! `crates/ingest/tests/golden/text` holds; and SigmaHQ's own rules over real logs.

use std::collections::BTreeMap;
use std::path::Path;

use crate::data;
use crate::program::run;

/// Log, log source, detection, and the lines that the rule must find.
const RULES: &[(&str, &str, &str, &[u64])] = &[
    // A rule of the audit log asks one record's type and another's field.
    ("auditd", "{product: linux, service: auditd}", "{type: EXECVE, a0: touch, a1: '-t'}", &[2]),
    ("auditd", "{product: linux, service: auditd}", "{type: SYSCALL, SYSCALL: execve}", &[2]),
    (
        "auditd",
        "{product: linux, service: auditd}",
        "{type: PATH, nametype: CREATE, name|startswith: /etc/systemd/system}",
        &[12],
    ),
    ("auditd", "{product: linux, service: auditd}", "{type: SERVICE_STOP, unit: firewalld}", &[18]),
    (
        "auditd",
        "{product: linux, category: process_creation}",
        "{Image|endswith: /touch, CommandLine|contains: '/tmp/a file', User: root}",
        &[2],
    ),
    (
        "auditd",
        "{product: linux, category: network_connection}",
        "{DestinationIp: 203.0.113.9, DestinationPort: 443, Image|startswith: /tmp/, Initiated: 'true'}",
        &[3],
    ),
    (
        "auditd",
        "{product: linux, category: file_event}",
        "{TargetFilename: /etc/systemd/system/evil.service}",
        &[12],
    ),
    (
        "syslog",
        "{product: linux, service: sshd}",
        "[Failed password, authentication failure]",
        &[2, 6],
    ),
    ("syslog", "{product: linux, service: auth}", "['new user']", &[7]),
    ("syslog", "{product: linux, service: sudo}", "{USER: root, COMMAND|contains: shadow}", &[3]),
    ("syslog", "{product: linux, service: cron}", "[touch]", &[4]),
    ("syslog", "{product: linux, service: clamav}", "['Trojan*FOUND']", &[9]),
    ("syslog", "{category: antivirus}", "{Signature|contains: Trojan}", &[9]),
    ("syslog", "{category: firewall}", "{dst_port: 22, src_ip: 198.51.100.7}", &[8]),
    ("syslog", "{category: dns}", "{query: evil.example, record_type: TXT}", &[15]),
    ("syslog", "{product: cisco, service: aaa}", "[no logging]", &[17]),
    (
        "syslog",
        "{product: fortigate, service: event}",
        "{action: Edit, cfgpath: firewall.policy}",
        &[21],
    ),
    ("syslog", "{product: linux}", "[shadow]", &[3]),
    ("syslog", "{product: cisco, service: syslog}", "[CONFIG_I]", &[24]),
    ("syslog", "{product: cisco, service: bgp}", "[authentication failure]", &[25]),
    (
        "json_nginx",
        "{category: webserver}",
        "{cs-method: GET, cs-uri-query|contains: 'y=1', sc-status: 200}",
        &[1],
    ),
    ("nfdump_csv", "{category: firewall}", "{dst_ip: 222.33.70.124, dst_port: 3575}", &[2]),
    (
        "access",
        "{category: webserver}",
        "{cs-method: GET, cs-uri-query|contains: '%27', sc-status: 200}",
        &[1],
    ),
    ("access", "{category: webserver}", "['${jndi:']", &[3]),
    ("access", "{category: webserver}", "{cs-referer: null, cs-user-agent: w3af.org}", &[5]),
    (
        "w3c_iis",
        "{category: webserver}",
        "{cs-uri-query|contains: '/autodiscover/autodiscover.json?@x', cs-method: POST}",
        &[6],
    ),
    ("w3c_iis", "{category: webserver}", "{cs-user-agent|contains: Nmap Scripting Engine}", &[5]),
    (
        "w3c_proxy",
        "{category: proxy}",
        "{c-uri|contains: '://evil.example', c-uri-extension: exe}",
        &[4],
    ),
    ("squid", "{category: proxy}", "{cs-method: CONNECT, cs-host|endswith: '.example'}", &[2]),
    ("elb", "{category: webserver}", "{cs-uri-query|endswith: '/a?b=c'}", &[1]),
    ("cef", "{category: proxy}", "{c-uri|contains: 'a.php?x=1', cs-method: POST}", &[2]),
    ("nfdump", "{service: netflow}", "{destination.port: 3575}", &[2]),
    ("dns_windows", "{category: dns}", "{query|endswith: '.evil.example'}", &[2, 3]),
    ("lines", "{service: apache}", "['exit signal Segmentation Fault']", &[2]),
    ("lines", "{product: linux, service: vsftpd}", "[OK LOGIN]", &[4]),
    ("history", "{product: linux}", "['rm -f *']", &[1]),
    (
        "csv_windows",
        "{product: windows, category: process_creation}",
        "{CommandLine|contains: whoami}",
        &[2],
    ),
    ("mail", "{category: email}", "{url_host: evil.example, attachment_name|endswith: .zip}", &[1]),
];

#[test]
fn rules_of_each_log_source_find_its_lines() {
    let logs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ingest/tests/golden/text");
    let folder = tempfile::tempdir().expect("writable");
    for (log, _, _, _) in RULES {
        std::fs::create_dir_all(folder.path().join(log)).expect("new");
        let name = format!("{log}.log");
        std::fs::copy(logs.join(&name), folder.path().join(log).join("log")).expect("it is there");
    }
    let mut logs: Vec<&str> = RULES.iter().map(|(log, ..)| *log).collect();
    logs.dedup();
    for log in logs {
        let mut rules = String::new();
        let mut want: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for (i, (_, source, detection, lines)) in
            RULES.iter().enumerate().filter(|(_, (l, ..))| *l == log)
        {
            rules += &format!(
                "title: rule {i}\nlogsource: {source}\ndetection:\n  a: {detection}\n  condition: a\n---\n"
            );
            want.insert(format!("rule {i}"), lines.to_vec());
        }
        std::fs::write(folder.path().join("rules.yml"), &rules).expect("writable");
        let args = ["hunt", log, "--rules", "rules.yml", "--json", "--quiet", "--year", "2023"];
        let ran = run(folder.path(), &args);
        let mut got: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for line in ran.out.lines() {
            let finding: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let title = finding["rule_title"].as_str().expect("a title").to_owned();
            got.entry(title).or_default().push(finding["record"].as_u64().expect("a number"));
        }
        got.values_mut().for_each(|lines| lines.sort_unstable());
        assert_eq!(got, want, "{log}: {}{rules}", ran.err);
    }
}

/// What SigmaHQ's rules find in real text logs: log, rule, and how often, by this program's count; some
/// of each were looked at, and hold what the rule names.
const FOUND: &[(&str, &str, usize)] = &[
    ("web/scanner-acunetix.txt", "Path Traversal Exploitation Attempts", 48),
    ("web/scanner-acunetix.txt", "SQL Injection Strings In URI", 20),
    ("web/scanner-acunetix.txt", "Cross Site Scripting Strings", 20),
    ("web/scanner-acunetix.txt", "Server Side Template Injection Strings", 12),
    ("linux/msticpy-auditd_log.txt", "System Network Discovery - Linux", 7),
    ("linux/msticpy-auditd_log.txt", "System Information Discovery - Auditd", 1),
    ("linux/msticpy-linux_events.csv", "System Network Discovery - Linux", 3),
    ("linux/plaso-format-samples/audit_enriched.log", "Creation Of An User Account", 1),
];

#[test]
fn sigma_hq_rules_match_on_real_text_logs() {
    let (Some(rules), Some(root)) = (data::path("rules/sigma-rules/rules"), data::path("")) else {
        return;
    };
    let rules = rules.to_string_lossy().into_owned();
    let mut logs: Vec<&str> = FOUND.iter().map(|(log, ..)| *log).collect();
    logs.dedup();
    for log in logs {
        let ran = run(&root, &["hunt", log, "--rules", &rules, "--json", "--quiet"]);
        for (_, title, want) in FOUND.iter().filter(|(l, ..)| *l == log) {
            let title = format!("\"rule_title\":\"{title}\"");
            let got = ran.out.lines().filter(|line| line.contains(&title)).count();
            assert_eq!(got, *want, "{log}: {title}: {}", ran.err);
        }
    }
}
