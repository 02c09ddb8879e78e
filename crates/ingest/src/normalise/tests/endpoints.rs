//! What endpoints and their tools write as JSON: journald, osquery, Defender, ECS and OCSF, and the
//! alerts of other tools.

use super::check;

#[test]
fn journald() {
    check(
        r#"{"__REALTIME_TIMESTAMP":"1700000000123456","_HOSTNAME":"web1","SYSLOG_IDENTIFIER":"sshd","MESSAGE":"Accepted"}"#,
        "linux/sshd",
        "2023-11-14T22:13:20.123456Z",
        &["MESSAGE=Accepted", "message=Accepted", "hostname=web1"],
    );
    check(
        r#"{"__REALTIME_TIMESTAMP":"1700000000000000","_HOSTNAME":"web1","SYSLOG_IDENTIFIER":"app","MESSAGE":[104,27,196,141]}"#,
        "linux/syslog",
        "2023-11-14T22:13:20Z",
        &["MESSAGE=h\u{1b}č"],
    );
}

#[test]
fn osquery() {
    check(
        r#"{"name":"pack","hostIdentifier":"vm","calendarTime":"x","unixTime":1678936138,"columns":{"cmdline":"ls -l","path":"/bin/ls",
        "euid":"0","pid":"7","username":"root","pcmdline":"bash"},"action":"added"}"#,
        "linux/osquery/process_creation",
        "2023-03-16T03:08:58Z",
        &["Image=/bin/ls", "CommandLine=ls -l", "ParentCommandLine=bash", "User=root"],
    );
    check(
        r#"{"name":"fim","hostIdentifier":"vm","unixTime":1678936138,"columns":{"target_path":"/etc/x","action":"CREATED","uid":"0"}}"#,
        "linux/osquery/file_event",
        "2023-03-16T03:08:58Z",
        &["TargetFilename=/etc/x"],
    );
    check(
        r#"{"name":"users","hostIdentifier":"vm","unixTime":1678936138,"columns":{"uid":"0"},"action":"added"}"#,
        "osquery",
        "2023-03-16T03:08:58Z",
        &[],
    );
}

#[test]
fn defender_device_events() {
    let process = r#""Timestamp":"2023-01-01T00:00:00Z","DeviceName":"pc","ActionType":"ProcessCreated","FileName":"cmd.exe",
        "FolderPath":"C:\\Windows\\System32\\cmd.exe","ProcessCommandLine":"cmd /c x","AccountDomain":"d","AccountName":"u",
        "InitiatingProcessFolderPath":"c:\\windows\\explorer.exe","InitiatingProcessFileName":"explorer.exe","MD5":"AA","SHA1":"BB""#;
    let fields = [
        r"Image=C:\Windows\System32\cmd.exe",
        r"ParentImage=c:\windows\explorer.exe",
        "CommandLine=cmd /c x",
        r"User=d\u",
        "Hashes=MD5=AA,SHA1=BB",
        "Computer=pc",
    ];
    let (kind, time) = ("windows/deviceprocessevents/process_creation", "2023-01-01T00:00:00Z");
    check(&format!("{{{process}}}"), kind, time, &fields);
    check(
        &format!(
            r#"{{"time":"2023-01-01T00:00:09Z","tenantId":"t","category":"AdvancedHunting-DeviceProcessEvents","properties":{{{process}}}}}"#
        ),
        kind,
        time,
        &fields,
    );
    check(
        r#"{"Timestamp":"2023-01-01T00:00:00Z","DeviceName":"pc","ActionType":"RegistryValueSet","RegistryKey":"HKEY_LOCAL_MACHINE\\SOFTWARE\\Run",
        "RegistryValueName":"v","RegistryValueData":"d","InitiatingProcessFolderPath":"C:\\a","InitiatingProcessFileName":"b.exe"}"#,
        "windows/deviceregistryevents/registry_set",
        time,
        &[
            r"TargetObject=HKLM\SOFTWARE\Run\v",
            "Details=d",
            r"Image=C:\a\b.exe",
            "EventType=SetValue",
        ],
    );
    check(
        r#"{"Timestamp":"2023-01-01T00:00:00Z","DeviceName":"srv","ActionType":"ProcessCreated","FileName":"ls","FolderPath":"/usr/bin/ls"}"#,
        "linux/deviceprocessevents/process_creation",
        time,
        &["Image=/usr/bin/ls"],
    );
}

#[test]
fn ecs_and_ocsf() {
    check(
        r#"{"@timestamp":"2023-01-01T00:00:00Z","ecs":{"version":"8.0"},"event":{"category":["process"],"type":["start"]},
        "host":{"os":{"type":"linux"},"name":"h"},"process":{"executable":"/bin/sh","command_line":"sh -c id","parent":{"executable":"/bin/x"}}}"#,
        "linux/ecs/process_creation",
        "2023-01-01T00:00:00Z",
        &["Image=/bin/sh", "CommandLine=sh -c id", "ParentImage=/bin/x"],
    );
    check(
        r#"{"@timestamp":"2023-01-01T00:00:00Z","event":{"dataset":"nginx.access"},"http":{"request":{"method":"GET"},
        "response":{"status_code":404}},"url":{"original":"/x?y"},"source":{"ip":"192.0.2.1"}}"#,
        "ecs/webserver",
        "2023-01-01T00:00:00Z",
        &["cs-method=GET", "c-uri=/x?y", "sc-status=404", "c-ip=192.0.2.1"],
    );
    check(
        r#"{"class_uid":1007,"category_uid":1,"time":1700000000000,"device":{"hostname":"h","os":{"name":"Windows 11"}},
        "process":{"cmd_line":"x","file":{"path":"C:\\a.exe"}},"actor":{"process":{"file":{"path":"C:\\b.exe"}}}}"#,
        "windows/process_activity/process_creation",
        "2023-11-14T22:13:20Z",
        &[r"Image=C:\a.exe", r"ParentImage=C:\b.exe", "CommandLine=x"],
    );
    check(
        r#"{"class_uid":4003,"category_uid":4,"time":1700000000000,"query":{"hostname":"x.example","type":"A"}}"#,
        "ocsf/dns",
        "2023-11-14T22:13:20Z",
        &["query=x.example", "record_type=A"],
    );
    check(r#"{"class_uid":5001,"category_uid":5,"metadata":{"version":"1.0"}}"#, "ocsf", "", &[]);
}

#[test]
fn alerts_of_other_tools() {
    for (json, kind, time) in [
        (
            r#"{"timestamp":"2022-01-20T12:00:00.123+0000","rule":{"level":10,"description":"d","id":"5710"},"agent":{"id":"001","name":"a"}}"#,
            "wazuh/alert",
            "2022-01-20T12:00:00.123Z",
        ),
        (
            r#"{"AnalysisComponent":{"AnalysisComponentName":"n","AnalysisComponentType":"t"},"LogData":{"Timestamps":[1642680000],"RawLogData":["x"]}}"#,
            "aminer/alert",
            "2022-01-20T12:00:00Z",
        ),
        (
            r#"{"Timestamp":"2021-12-13 12:49:23.000 +01:00","RuleTitle":"t","Level":"high","Computer":"pc","Channel":"Sec","EventID":4688}"#,
            "hayabusa/alert",
            "2021-12-13T11:49:23Z",
        ),
        (
            r#"{"group":"Sigma","kind":"individual","name":"n","level":"high","source":"sigma","timestamp":"2021-12-13T12:49:23+00:00",
            "document":{"kind":"evtx","path":"p","data":{"Event":{"System":{"Computer":"pc","EventID":1}}}}}"#,
            "chainsaw/alert",
            "2021-12-13T12:49:23Z",
        ),
        (
            r#"{"id":"1","incidentId":7,"severity":"High","title":"t","detectionSource":"WindowsDefenderAtp","alertCreationTime":"2021-12-13T12:49:23.5Z"}"#,
            "defender/alert",
            "2021-12-13T12:49:23.5Z",
        ),
    ] {
        check(json, kind, time, &[]);
    }
}
