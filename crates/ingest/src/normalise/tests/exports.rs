//! Events as other programs export them: in envelopes, with clocks as numbers; and what only looks
//! like an event of Windows.

use super::check;

#[test]
fn elasticsearch_hits() {
    check(
        r#"{"_index":"winlogbeat-1","_id":"x","_score":1,"_source":{"@timestamp":"2021-01-01T00:00:00Z",
        "winlog":{"event_id":4688,"channel":"Security","computer_name":"pc","event_data":{
        "NewProcessName":"C:\\b.exe"}}}}"#,
        "windows/security/process_creation/4688",
        "2021-01-01T00:00:00Z",
        &["EventID=4688", "Computer=pc", "Image=C:\\b.exe", "_index=winlogbeat-1", "!_source"],
    );
    check(
        r#"{"_index":"zeek","_source":{"_path":"conn","ts":1,"id.orig_h":"10.0.0.1"}}"#,
        "zeek/conn/firewall",
        "1970-01-01T00:00:01Z",
        &["src_ip=10.0.0.1"],
    );
    check(
        r#"{"_index":"eve","_source":{"event_type":"dns","timestamp":"2024-03-01T10:00:00Z","src_ip":"a"}}"#,
        "suricata/dns/dns",
        "2024-03-01T10:00:00Z",
        &["src_ip=a"],
    );
}

#[test]
fn get_winevent() {
    for (time, want) in [
        (r"\/Date(1700000000000)\/", "2023-11-14T22:13:20Z"),
        ("2023-11-14T23:13:20.5+01:00", "2023-11-14T22:13:20.5Z"),
    ] {
        check(
            &format!(
                r#"{{"Id":1,"Version":5,"ProviderName":"Microsoft-Windows-Sysmon","ProcessId":7,
                "LogName":"Microsoft-Windows-Sysmon/Operational","MachineName":"pc","RecordId":9,
                "UserId":{{"Value":"S-1-5-18"}},"TimeCreated":"{time}","Message":"Process Create",
                "Properties":[{{"Value":"-"}},{{"Value":"C:\\a.exe"}}]}}"#
            ),
            "windows/sysmon/process_creation/1",
            want,
            &[
                "EventID=1",
                "Provider_Name=Microsoft-Windows-Sysmon",
                "Channel=Microsoft-Windows-Sysmon/Operational",
                "Computer=pc",
                "UserID=S-1-5-18",
                "Execution_ProcessID=7",
                "!ProcessId",
                "Properties.Value=-, C:\\a.exe",
                "Message=Process Create",
            ],
        );
    }
}

#[test]
fn evtxecmd() {
    check(
        r##"{"PayloadData1":"x","UserName":"map","Payload":"{\"EventData\":{\"Data\":[{\"@Name\":\"RuleName\"},
        {\"@Name\":\"Image\",\"#text\":\"C:\\\\a.exe\"},{\"@Name\":\"ProcessId\",\"#text\":\"42\"}]}}",
        "Channel":"Microsoft-Windows-Sysmon/Operational","Provider":"Microsoft-Windows-Sysmon","EventId":1,
        "EventRecordId":"5","ProcessId":7,"ThreadId":8,"Computer":"pc","ChunkNumber":0,
        "SourceFile":"x.evtx","TimeCreated":"2022-01-01T00:00:00.1234567+00:00"}"##
            .replace("},\n        {", "},{")
            .as_str(),
        "windows/sysmon/process_creation/1",
        "2022-01-01T00:00:00.1234567Z",
        &[
            "EventID=1",
            "Image=C:\\a.exe",
            "ProcessId=42",
            "Execution_ProcessID=7",
            "RuleName=",
            "Computer=pc",
            "Provider_Name=Microsoft-Windows-Sysmon",
            "!Payload",
        ],
    );
    check(
        r##"{"Payload":"{\"UserData\":{\"LogFileCleared\":{\"@xmlns\":\"x\",\"SubjectUserName\":\"eve\"}}}",
        "Channel":"Security","EventId":1102,"ChunkNumber":0}"##,
        "windows/security/1102",
        "",
        &["SubjectUserName=eve"],
    );
}

#[test]
fn unified_audit_log_exports() {
    let inner = r#"{"CreationTime":"2021-03-23T15:45:38","Operation":"New-InboxRule","RecordType":1,"Workload":"Exchange","UserId":"a@b"}"#;
    let text = serde_json::to_string(inner).expect("a string");
    for data in [inner, &text] {
        check(
            &format!(
                r#"{{"RecordType":"ExchangeAdmin","CreationDate":"2021-03-23","UserIds":"a@b",
                "Operations":"New-InboxRule","AuditData":{data},"ResultIndex":1}}"#
            ),
            "m365/exchange",
            "2021-03-23T15:45:38Z",
            &[
                "eventName=New-InboxRule",
                "UserId=a@b",
                "RecordType=1",
                "ResultIndex=1",
                "!AuditData",
            ],
        );
    }
    check(r#"{"AuditData":"{cut"}"#, "other", "", &["AuditData={cut"]);
}

#[test]
fn clocks_that_are_numbers() {
    check(
        r#"{"System":{"EventID":{"Value":4688},"Channel":"Security",
        "TimeCreated":{"SystemTime":1603490845.12}},"EventData":{"NewProcessName":"a"}}"#,
        "windows/security/process_creation/4688",
        "2020-10-23T22:07:25.12Z",
        &["EventID=4688"],
    );
    for field in ["EventTime", "SystemTime", "timestamp", "@timestamp"] {
        check(
            &format!(r#"{{"EventID":4624,"Channel":"Security","{field}":1603490845120}}"#),
            "windows/security/4624",
            "2020-10-23T22:07:25.12Z",
            &[],
        );
    }
    // The event's own clock, before the collector's.
    check(
        r#"{"EventID":4624,"Channel":"Security","EventTime":1603490845120,"@timestamp":"2024-01-01T00:00:00Z"}"#,
        "windows/security/4624",
        "2020-10-23T22:07:25.12Z",
        &[],
    );
}

#[test]
fn an_event_id_alone_is_not_windows() {
    check(
        r#"{"eventid":"cowrie.login.success","source":"ssh","timestamp":"2024-01-01T00:00:00Z"}"#,
        "other",
        "2024-01-01T00:00:00Z",
        &["eventid=cowrie.login.success", "source=ssh", "!EventID", "!Channel"],
    );
    for json in [
        r#"{"event_id":17,"source":"nginx"}"#,
        r#"{"event_id":17,"channel":"sms"}"#,
        r#"{"EventID":"login","Channel":"web"}"#,
    ] {
        check(json, "other", "", &["!Provider_Name"]);
    }
    check(
        r#"{"event_id":"4624","channel":"security"}"#,
        "windows/security/4624",
        "",
        &["EventID=4624", "Channel=security"],
    );
}
