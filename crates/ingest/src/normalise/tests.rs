//! Record in → kind, time and fields out; and the tables as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;

use blanik_model::{ListBuilder, Value};

use super::*;

mod clouds;
mod endpoints;
mod exports;

/// Pushes a JSON value as the readers do: objects flattened, lists of objects as parallel lists.
fn flatten(prefix: &str, value: &serde_json::Value, out: &mut Vec<(String, serde_json::Value)>) {
    let join = |key: &str| if prefix.is_empty() { key.into() } else { format!("{prefix}.{key}") };
    match value {
        serde_json::Value::Object(object) => {
            for (key, value) in object {
                flatten(&join(key), value, out);
            }
        }
        serde_json::Value::Array(list) if list.iter().any(serde_json::Value::is_object) => {
            let mut gathered: Vec<(String, Vec<serde_json::Value>)> = Vec::new();
            for member in list {
                let mut fields = Vec::new();
                flatten(prefix, member, &mut fields);
                for (name, value) in fields {
                    match gathered.iter_mut().find(|(n, _)| *n == name) {
                        Some((_, values)) => values.push(value),
                        None => gathered.push((name, vec![value])),
                    }
                }
            }
            for (name, mut values) in gathered {
                let one = values.len() == 1;
                let value = if one { values.remove(0) } else { serde_json::Value::Array(values) };
                out.push((name, value));
            }
        }
        _ => out.push((prefix.into(), value.clone())),
    }
}

fn push(record: &mut Record, name: &str, value: &serde_json::Value) {
    match value {
        serde_json::Value::Null => record.push(name, Value::NULL),
        serde_json::Value::Bool(b) => record.push(name, Value::bool(*b)),
        serde_json::Value::Number(n) => record.push(name, Value::number(&n.to_string())),
        serde_json::Value::String(s) => record.push(name, Value::string(s)),
        serde_json::Value::Array(list) => {
            let mut built = ListBuilder::default();
            for member in list {
                let mut one = Record::default();
                push(&mut one, "", member);
                built.push(one.field(0).1);
            }
            record.push(name, built.value());
        }
        serde_json::Value::Object(_) => unreachable!("flattened"),
    }
}

fn record(json: &str) -> Record {
    let mut fields = Vec::new();
    flatten("", &serde_json::from_str(json).expect("JSON"), &mut fields);
    let mut record = Record::default();
    for (name, value) in &fields {
        push(&mut record, name, value);
    }
    record
}

/// `kind` and `time` as displayed; each of `fields` is `name=value`, or `!name` for one that must
/// not be there.
fn check(json: &str, kind: &str, time: &str, fields: &[&str]) {
    check_as(json, Hint::Json, kind, time, fields);
}

fn check_as(json: &str, hint: Hint<'_>, kind: &str, time: &str, fields: &[&str]) {
    let mut out = Normalised::default();
    let normaliser = Normaliser::new();
    // Twice, as what one record leaves behind must not reach the next.
    normaliser.normalise(&record(r#"{"EventID":4688,"Channel":"Security"}"#), Hint::Json, &mut out);
    normaliser.normalise(&record(json), hint, &mut out);
    assert_eq!(out.kind.to_string(), kind, "{json}");
    assert_eq!(out.time.map_or(String::new(), |t| t.to_string()), time, "{json}");
    for field in fields {
        match field.strip_prefix('!') {
            Some(name) => assert!(out.fields.get(name).is_none(), "{name} in {json}"),
            None => {
                let (name, want) = field.split_once('=').expect("name=value");
                let got = out.fields.get(name).map(|v| v.display());
                assert_eq!(got.as_deref(), Some(want), "{name} of {json}");
                let times = out.fields.iter().filter(|(n, _)| *n == name).count();
                assert_eq!(times, 1, "{name} of {json}");
            }
        }
    }
}

#[test]
fn the_tree_that_evtx_and_its_converters_write() {
    check(
        r##"{"Event":{"#attributes":{"xmlns":"x"},"System":{"Provider":{"#attributes":{
        "Name":"Microsoft-Windows-Sysmon"}},"EventID":1,"Level":4,"TimeCreated":{"#attributes":{
        "SystemTime":"2025-11-28T08:30:20.966901Z"}},"Channel":"Microsoft-Windows-Sysmon/Operational",
        "Computer":"pc","Security":{"#attributes":{"UserID":"S-1-5-18"}}},"EventData":{
        "UtcTime":"2020-01-01 00:00:00.000","Image":"C:\\a.exe","Hashes":"MD5=AA,IMPHASH=BB"}}}"##,
        "windows/sysmon/process_creation/1",
        "2025-11-28T08:30:20.966901Z",
        &[
            "EventID=1",
            "Provider_Name=Microsoft-Windows-Sysmon",
            "Computer=pc",
            "Image=C:\\a.exe",
            "UserID=S-1-5-18",
            "md5=AA",
            "Imphash=BB",
            "!sha1",
            "!Event.#attributes.xmlns",
        ],
    );
    check(
        r##"{"Event":{"System":{"EventID":{"#attributes":{"Qualifiers":"0"},"#text":400},
        "Channel":"Windows PowerShell"},"EventData":{"Data":{"#text":["Available","None",
        "\tHostApplication=powershell.exe -e AAA\r\n\tEngineVersion=5.1"]}}}}"##,
        "windows/powershell-classic/ps_classic_start/400",
        "",
        &["EventID=400", "HostApplication=powershell.exe -e AAA", "EngineVersion=5.1"],
    );
    check(
        r##"{"Event":{"System":{"EventID":"4624","Channel":"Security"},"EventData":{"Data":[
        {"@Name":"TargetUserName","#text":"u"},{"@Name":"LogonType","#text":"3"}]}}}"##,
        "windows/security/4624",
        "",
        &["TargetUserName=u", "LogonType=3", "!Event.EventData.Data.@Name"],
    );
    check_as(
        r##"{"Event.System.EventID":"1102","Event.System.Channel":"Security",
        "Event.UserData.LogFileCleared.SubjectUserName":"eve",
        "Event.UserData.LogFileCleared.#attributes.xmlns":"x"}"##,
        Hint::WindowsXmlShape,
        "windows/security/1102",
        "",
        &["SubjectUserName=eve", "!xmlns"],
    );
}

#[test]
fn a_name_used_twice_keeps_both_values() {
    check(
        r#"{"Event":{"System":{"EventID":5007,"Level":4,"Computer":"pc","Channel":"System"},
        "EventData":{"EventID":"1","Level":"high","Computer":"liar"}}}"#,
        "windows/system",
        "",
        &[
            "EventID=5007",
            "Event.EventData.EventID=1",
            "Computer=pc",
            "Level=high",
            "Event.System.Level=4",
        ],
    );
}

#[test]
fn a_thing_said_in_two_spellings_has_one_name() {
    check(
        r#"{"EventCode":"4624","EventID":4625,"LogName":"Security","ComputerName":"a"}"#,
        "windows/security/4625",
        "",
        &["EventID=4625", "EventCode=4624", "Computer=a", "ComputerName=a"],
    );
}

#[test]
fn a_kind_with_a_number_has_it_as_its_event_id() {
    let of = |said: &[Value<'_>], hint, names: [&str; 2]| {
        let (mut record, mut out) = (Record::default(), Normalised::default());
        said.iter().for_each(|value| record.push(names[0], *value));
        record.push(names[1], Value::string("Security"));
        Normaliser::new().normalise(&record, hint, &mut out);
        let ids = out.fields.iter().filter(|(name, _)| *name == "EventID");
        let ids: Vec<_> = ids.map(|(_, value)| value.text.to_owned()).collect();
        (out.kind.to_string(), ids)
    };
    let flat = ["EventID", "Channel"];
    let xml = ["Event.System.EventID", "Event.System.Channel"];
    for said in [
        &[Value::number("4624"), Value::number("4625")][..],
        &[Value::string(" 4624")],
        &[Value::string("04624"), Value::string("4624")],
        &[Value::number("4624"), Value::NULL],
    ] {
        let want = ("windows/security/4624".to_owned(), vec!["4624".to_owned()]);
        assert_eq!(of(said, Hint::Json, flat), want, "{said:?}");
        assert_eq!(of(said, Hint::WindowsXmlShape, xml), want, "{said:?}");
    }
    let other = of(&[Value::string("4624x")], Hint::WindowsXmlShape, xml);
    assert_eq!(other, ("windows/security".to_owned(), vec!["4624x".to_owned()]));
}

#[test]
fn winlogbeat_of_each_generation() {
    check(
        r#"{"@timestamp":"2021-01-01T00:00:00Z","host":{"name":"collector"},"process":{"executable":"no"},
        "winlog":{"event_id":4688,"channel":"security","computer_name":"pc","event_data":{
        "NewProcessName":"C:\\b.exe"}}}"#,
        "windows/security/process_creation/4688",
        "2021-01-01T00:00:00Z",
        &["Computer=pc", "Image=C:\\b.exe", "host.name=collector"],
    );
    check(
        r#"{"@timestamp":"2019-05-18T20:19:20.052Z","event_id":800,"log_name":"Windows PowerShell",
        "computer_name":"pc","event_data":{"param1":"Get-Item","param2":"\tHostApplication=p.exe"}}"#,
        "windows/powershell-classic/ps_classic_script/800",
        "2019-05-18T20:19:20.052Z",
        &["Data=Get-Item, \tHostApplication=p.exe", "HostApplication=p.exe", "param1=Get-Item"],
    );
    check(
        r#"{"@timestamp":"2021-01-01T00:00:00Z","event":{"code":"1","provider":"Microsoft-Windows-Sysmon"},
        "host":{"name":"pc"},"process":{"executable":"C:\\a.exe","command_line":"a -x","parent":{
        "executable":"C:\\p.exe"}},"user":{"domain":"D","name":"u"}}"#,
        "windows/sysmon/process_creation/1",
        "2021-01-01T00:00:00Z",
        &[
            "Image=C:\\a.exe",
            "CommandLine=a -x",
            "ParentImage=C:\\p.exe",
            "User=D\\u",
            "Computer=pc",
        ],
    );
}

#[test]
fn flat_events_and_their_clocks() {
    // The collector's zone is unknown, so its UTC clock goes before the host's local one.
    check(
        r#"{"EventID":5158,"Channel":"Security","Hostname":"dc","EventTime":"2020-10-12 18:32:48",
        "@timestamp":"2020-10-12T22:32:50.963Z","SourceName":"Microsoft-Windows-Security-Auditing"}"#,
        "windows/security/5158",
        "2020-10-12T22:32:50.963Z",
        &[
            "Computer=dc",
            "Provider_Name=Microsoft-Windows-Security-Auditing",
            "SourceName=Microsoft-Windows-Security-Auditing",
        ],
    );
    check(
        r#"{"EventID":13,"Channel":"Microsoft-Windows-Sysmon/Operational","EventType":"INFO",
        "EventTime":"2020-10-12 18:32:48","UtcTime":"2020-10-12 22:32:46.069",
        "Message":"Registry value set:\r\nRuleName: -\r\nEventType: SetValue\r\n"}"#,
        "windows/sysmon/registry_set/13",
        "2020-10-12T22:32:46.069Z",
        &["EventType=SetValue"],
    );
    check(
        r#"{"EventCode":"4688","ComputerName":"pc","source":"XmlWinEventLog:Security","New_Process_ID":"1"}"#,
        "windows/security/process_creation/4688",
        "",
        &["EventID=4688", "Computer=pc", "Channel=Security"],
    );
    check(
        r#"{"preview":false,"result":{"EventCode":"4104","LogName":"Microsoft-Windows-PowerShell/Operational",
        "ComputerName":"pc","ScriptBlockText":"iex"}}"#,
        "windows/powershell/ps_script/4104",
        "",
        &["EventID=4104", "Computer=pc", "ScriptBlockText=iex", "preview=false"],
    );
    check(
        r#"{"EventID":1,"SourceName":"Microsoft-Windows-Sysmon"}"#,
        "windows/sysmon/process_creation/1",
        "",
        &[],
    );
}

#[test]
fn what_the_audit_log_tells_is_told_as_sysmon_would() {
    check(
        r#"{"EventID":4688,"Channel":"Security","NewProcessId":"0x1a4","ProcessId":"0x10",
        "NewProcessName":"C:\\a.exe","ParentProcessName":"C:\\p.exe","CommandLine":"a",
        "SubjectUserSid":"S-1-5-18","SubjectUserName":"PC$","SubjectDomainName":"D",
        "SubjectLogonId":"0x3e7","MandatoryLabel":"S-1-16-12288"}"#,
        "windows/security/process_creation/4688",
        "",
        &[
            "Image=C:\\a.exe",
            "ParentImage=C:\\p.exe",
            "ProcessId=420",
            "ParentProcessId=16",
            "User=NT AUTHORITY\\SYSTEM",
            "LogonId=0x3e7",
            "IntegrityLevel=High",
            "NewProcessName=C:\\a.exe",
            "NewProcessId=0x1a4",
        ],
    );
    check(
        r#"{"EventID":4657,"Channel":"Security","ObjectName":"\\REGISTRY\\MACHINE\\SOFTWARE\\K",
        "ObjectValueName":"v","OperationType":"%%1905","NewValueType":"%%1876","NewValue":"1",
        "ProcessName":"C:\\r.exe","EventType":"AUDIT_SUCCESS"}"#,
        "windows/security/registry_set/4657",
        "",
        &[
            "TargetObject=HKLM\\SOFTWARE\\K\\v",
            "Details=DWORD (0x00000001)",
            "EventType=SetValue",
            "Image=C:\\r.exe",
        ],
    );
    check(
        r#"{"EventID":4657,"Channel":"Security","OperationType":"%%1906"}"#,
        "windows/security/registry_delete/4657",
        "",
        &["EventType=DeleteValue"],
    );
    check(
        r#"{"EventID":5156,"Channel":"Security","Application":"\\device\\harddiskvolume2\\x.exe",
        "Direction":"%%14593","SourceAddress":"10.0.0.1","DestAddress":"10.0.0.2","DestPort":"445",
        "Protocol":"6"}"#,
        "windows/security/network_connection/5156",
        "",
        &[
            "Image=C:\\x.exe",
            "Application=\\device\\harddiskvolume2\\x.exe",
            "Initiated=true",
            "SourceIp=10.0.0.1",
            "DestinationIp=10.0.0.2",
            "DestinationPort=445",
            "Protocol=tcp",
        ],
    );
}

#[test]
fn registry_events_by_what_was_done() {
    for (done, kind) in [
        ("CreateKey", "windows/sysmon/registry_add/12"),
        ("DeleteKey", "windows/sysmon/registry_delete/12"),
        ("DeleteValue", "windows/sysmon/registry_delete/12"),
        // Nobody says which: it answers both.
        ("", "windows/sysmon/registry_event/12"),
    ] {
        let json = format!(
            r#"{{"EventID":12,"Channel":"Microsoft-Windows-Sysmon/Operational","EventType":"{done}"}}"#
        );
        check(&json, kind, "", &[&format!("EventType={done}")]);
    }
}

#[test]
fn defender_detections_answer_antivirus_rules() {
    check(
        r#"{"EventID":1116,"Channel":"Microsoft-Windows-Windows Defender/Operational",
        "Threat Name":"Trojan:X","Path":"file:_C:\\x","Process Name":"C:\\p.exe"}"#,
        "windows/windefend/antivirus/1116",
        "",
        &[
            "Signature=Trojan:X",
            "Filename=file:_C:\\x",
            "ThreatName=Trojan:X",
            "ProcessName=C:\\p.exe",
        ],
    );
}

#[test]
fn zeek_with_and_without_its_path() {
    let http = r#"{"ts":1517336042.279652,"uid":"C1","id.orig_h":"10.0.0.1","id.resp_h":"10.0.0.2",
        "trans_depth":1,"method":"GET","host":"h","uri":"/a/b.php?x=1","user_agent":"curl","status_code":200}"#;
    let fields = [
        "c-uri=/a/b.php?x=1",
        "cs-uri-stem=/a/b.php",
        "c-uri-query=x=1",
        "c-uri-extension=php",
        "cs-method=GET",
        "c-useragent=curl",
        "cs-host=h",
        "sc-status=200",
        "dst_ip=10.0.0.2",
        "uri=/a/b.php?x=1",
    ];
    let time = "2018-01-30T18:14:02.279652Z";
    check(http, "zeek/http/proxy", time, &fields);
    check_as(http, Hint::Zeek { path: "http" }, "zeek/http/proxy", time, &fields);
    check(
        r#"{"_path":"dns","ts":"2018-03-24T17:15:20.865716Z","query":"x.org","qtype_name":"A","answers":["1.2.3.4","::1"]}"#,
        "zeek/dns/dns",
        "2018-03-24T17:15:20.865716Z",
        &["query=x.org", "record_type=A", "answer=1.2.3.4, ::1"],
    );
    check(
        r#"{"_path":"conn","ts":1,"id_orig_h":"10.0.0.1","id_resp_h":"10.0.0.2"}"#,
        "zeek/conn/firewall",
        "1970-01-01T00:00:01Z",
        &["id.orig_h=10.0.0.1", "src_ip=10.0.0.1", "id_orig_h=10.0.0.1"],
    );
    check(r#"{"@stream":"x509","ts":1}"#, "zeek/x509", "1970-01-01T00:00:01Z", &[]);
    check(r#"{"_path":"made_up","ts":1}"#, "zeek", "1970-01-01T00:00:01Z", &[]);
    check(
        r#"{"ts":1704738946.055436,"uid":"A","id.orig_h":"10.0.0.1","proto":"udp","conn_state":"SF"}"#,
        "zeek/conn/firewall",
        "2024-01-08T18:35:46.055436Z",
        &["src_ip=10.0.0.1", "SourceIp=10.0.0.1"],
    );
}

#[test]
fn suricata_by_event_type() {
    check(
        r#"{"timestamp":"2024-03-01T10:00:00.123456+0000","flow_id":1,"event_type":"http","src_ip":"10.0.0.1",
        "dest_ip":"10.0.0.2","dest_port":80,"http":{"hostname":"h","url":"/x?y","http_user_agent":"ua",
        "http_method":"POST","status":404}}"#,
        "suricata/http/proxy",
        "2024-03-01T10:00:00.123456Z",
        &[
            "dst_ip=10.0.0.2",
            "dst_port=80",
            "cs-host=h",
            "c-uri=/x?y",
            "cs-method=POST",
            "sc-status=404",
        ],
    );
    check(
        r#"{"timestamp":"2024-03-01T10:00:00Z","event_type":"dns","src_ip":"a","dns":{"queries":[{"rrname":"x.org","rrtype":"A"}]}}"#,
        "suricata/dns/dns",
        "2024-03-01T10:00:00Z",
        &["query=x.org", "record_type=A"],
    );
    check(
        r#"{"timestamp":"2024-03-01T10:00:00Z","event_type":"novel","src_ip":"a"}"#,
        "suricata",
        "2024-03-01T10:00:00Z",
        &[],
    );
}

#[test]
fn everything_else() {
    check(r#"{"a":{"b":[1,"x"]}}"#, "other", "", &["a.b=1, x"]);
    check("{}", "other", "", &[]);
}

#[test]
fn unknown_channels_and_ids_share_kinds() {
    let (normaliser, mut out) = (Normaliser::new(), Normalised::default());
    let mut kinds = BTreeSet::new();
    for i in 0..50_000u32 {
        let json = format!(
            r#"{{"EventID":{},"Channel":"{}"}}"#,
            i * 7,
            ["Security", "System"][i as usize % 2]
        );
        normaliser.normalise(&record(&json), Hint::Json, &mut out);
        kinds.insert(out.kind.clone());
        let json = format!(r#"{{"EventID":1,"Channel":"Made-Up-{i}"}}"#);
        normaliser.normalise(&record(&json), Hint::Json, &mut out);
        assert_eq!(out.kind.to_string(), "windows");
    }
    assert!(kinds.len() < 1000, "{}", kinds.len());
    assert_eq!(out.fields.get("EventID").map(|v| v.text), Some("1"));
}

#[test]
fn random_names_and_values_are_no_trouble() {
    // Names of the tables themselves, cut anywhere, with values of every type: nothing may panic.
    let tables = [
        include_str!("../../mapping/shapes.tsv"),
        include_str!("../../mapping/windows_names.tsv"),
        include_str!("../../mapping/fields.tsv"),
    ];
    let words: Vec<&str> = tables
        .iter()
        .flat_map(|t| t.split(['\t', '|', ',', '\n', '{', '}', '*']))
        .filter(|w| !w.is_empty())
        .collect();
    let mut list = ListBuilder::default();
    list.push(Value::string("Available"));
    let values = [
        Value::NULL,
        Value::bool(true),
        Value::number("-1e400"),
        Value::string("0x"),
        Value::string("\\REGISTRY\\MACHINE\\SYSTEM\\ControlSetž"),
        Value::string("2020-13-45T99:99:99Zč"),
        Value::string("Security"),
        list.value(),
    ];
    let (normaliser, mut out) = (Normaliser::new(), Normalised::default());
    let mut state = 1u64;
    let mut next = |n: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % n
    };
    for _ in 0..20_000 {
        let mut record = Record::default();
        if next(2) == 0 {
            record.push("EventID", Value::number(["4688", "4657", "5156", "12"][next(4)]));
            record.push("Channel", Value::string(["Security", "Windows PowerShell"][next(2)]));
        }
        for _ in 0..next(12) {
            let word = words[next(words.len())];
            let joined = format!("{word}{}", words[next(words.len())]);
            record.push([word, joined.as_str()][next(2)], values[next(values.len())]);
        }
        let hint = [Hint::Json, Hint::WindowsXmlShape, Hint::Zeek { path: "http" }][next(3)];
        normaliser.normalise(&record, hint, &mut out);
        assert!(out.fields.len() <= record.len() + 64);
    }
}

#[test]
fn each_kind_stands_once_and_answers_its_own_log_source() {
    let normaliser = Normaliser::new();
    let kinds: Vec<_> = normaliser.kinds.all().collect();
    assert_eq!(kinds.iter().collect::<BTreeSet<_>>().len(), kinds.len());
    assert!(kinds.len() < 8000, "kinds cost memory: {}", kinds.len());
    for kind in kinds {
        let product = kind.product.as_deref();
        for service in &kind.services {
            assert!(kind.answers(product, Some(service), None), "{kind}");
        }
        for category in &kind.categories {
            assert!(kind.answers(product, None, Some(category)), "{kind}");
        }
    }
}

#[test]
fn no_row_of_the_tables_is_idle() {
    let normaliser = Normaliser::new();
    let used: BTreeSet<_> = normaliser
        .kinds
        .all()
        .flat_map(|kind| {
            Derivations::new()
                .of(kind)
                .into_iter()
                .map(|d| format!("{} {:?} {:?}", d.target.name, d.operation, d.sources))
        })
        .chain(
            normaliser
                .windows
                .iter()
                .map(|d| format!("{} {:?} {:?}", d.target.name, d.operation, d.sources)),
        )
        .collect();
    for derivation in Derivations::new().all() {
        let shown = format!(
            "{} {:?} {:?}",
            derivation.target.name, derivation.operation, derivation.sources
        );
        assert!(used.contains(&shown), "no kind uses {shown}");
    }
    for shape in normaliser.shapes.rows() {
        let has_names = normaliser.names.of(shape.name).is_some();
        assert!(!has_names || shape.product == "windows", "{}", shape.name);
    }
}

/// Log sources of Windows rules that nothing here answers to, and why.
const NOT_ANSWERED: [(&str, &str); 0] = [];

#[test]
fn every_log_source_of_the_public_rules_is_answered() {
    let Some(data) = std::env::var_os("BLANIK_DATA") else {
        // Straight to the stream: of a test that passes, the runner swallows what `eprintln!` says.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: set BLANIK_DATA to the unpacked data to check the public rules"
        );
        return;
    };
    let rules = std::path::Path::new(&data).join("rules/sigma-rules");
    let normaliser = Normaliser::new();
    let mut unanswered = BTreeMap::new();
    for (path, parts) in log_sources(&rules) {
        let [product, service, category] = &parts;
        let parts = (product.as_deref(), service.as_deref(), category.as_deref());
        let name = format!("{}/{}", parts.1.unwrap_or(""), parts.2.unwrap_or(""));
        let excused = NOT_ANSWERED.iter().any(|(source, _)| *source == name);
        let ours = matches!(
            parts.0,
            Some(
                "windows"
                    | "zeek"
                    | "aws"
                    | "azure"
                    | "gcp"
                    | "m365"
                    | "okta"
                    | "onelogin"
                    | "github"
                    | "kubernetes"
                    | "bitbucket"
                    | "opencanary"
                    | "rpc_firewall"
            )
        ) || parts.0.is_none()
            && matches!(parts.2, Some("dns" | "proxy" | "webserver" | "firewall" | "antivirus"));
        if ours && !excused && !normaliser.kinds.all().any(|k| k.answers(parts.0, parts.1, parts.2))
        {
            unanswered.insert(name, path);
        }
    }
    assert!(unanswered.is_empty(), "{unanswered:#?}");
}

/// File, product, service and category of each rule below a folder.
fn log_sources(folder: &std::path::Path) -> Vec<(String, [Option<String>; 3])> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of rules") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            out.extend(log_sources(&path));
        } else if path.extension().is_some_and(|e| e == "yml") {
            let text = std::fs::read_to_string(&path).expect("readable");
            let source = text.lines().skip_while(|l| !l.starts_with("logsource:")).skip(1);
            let source: Vec<_> = source.take_while(|l| l.starts_with(' ')).collect();
            let part = |name: &str| {
                let value =
                    |l: &&str| l.trim().strip_prefix(name)?.strip_prefix(':').map(str::to_owned);
                let value = source.iter().find_map(value)?;
                Some(value.split('#').next()?.trim().trim_matches('\'').to_owned())
            };
            let parts = [part("product"), part("service"), part("category")];
            out.push((path.display().to_string(), parts));
        }
    }
    out
}

/// On record, an event's kind goes by its name: who hunts sealed events again finds it by that.
#[test]
fn each_kind_has_a_name_of_its_own() {
    let kinds = Normaliser::new().known_kinds();
    let mut named: BTreeMap<String, Vec<&Kind>> = BTreeMap::new();
    for kind in &kinds {
        named.entry(kind.to_string()).or_default().push(kind);
    }
    named.retain(|_, kinds| kinds.len() > 1);
    assert!(named.is_empty(), "{named:#?}");
}
