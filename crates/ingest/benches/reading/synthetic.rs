//! Made-up logs in the shapes of real ones: values repeat as there, and a number makes them differ.

use std::fmt::Write;

const IMAGES: [&str; 8] = [
    "C:\\\\Windows\\\\System32\\\\svchost.exe",
    "C:\\\\Windows\\\\explorer.exe",
    "C:\\\\Windows\\\\System32\\\\cmd.exe",
    "C:\\\\Program Files\\\\Office\\\\winword.exe",
    "C:\\\\Windows\\\\System32\\\\wbem\\\\wmiprvse.exe",
    "C:\\\\Windows\\\\System32\\\\taskhostw.exe",
    "C:\\\\Windows\\\\System32\\\\lsass.exe",
    "C:\\\\Windows\\\\System32\\\\conhost.exe",
];

/// Sysmon's process creations and registry events, and logons, a JSON object a line.
pub fn windows(records: usize) -> String {
    let mut log = String::new();
    for n in 0..records {
        let (image, parent) = (IMAGES[n * 7 % 8], IMAGES[n * 5 % 8]);
        let (second, host) = (n % 60, n % 40);
        write!(
            log,
            "{{\"@timestamp\":\"2024-03-01T10:20:{second:02}.{:03}Z\",\"Hostname\":\"ws{host:02}.example.org\",\
             \"RecordNumber\":{n},\"ProcessID\":\"{}\",\"ThreadID\":{},\"Keywords\":-9223372036854775808,\
             \"Severity\":\"INFO\",\"port\":60000,\"tags\":[\"collected\"],",
            n % 1000,
            1000 + n % 97,
            2000 + n % 61
        )
        .expect("to memory");
        let sysmon = "\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\
                      \"SourceName\":\"Microsoft-Windows-Sysmon\"";
        match n % 3 {
            0 => write!(
                log,
                "{sysmon},\"EventID\":1,\"Image\":\"{image}\",\"CommandLine\":\"\\\"{image}\\\" -k \
                 group{n} --option value\",\"CurrentDirectory\":\"C:\\\\Windows\\\\system32\\\\\",\
                 \"ParentImage\":\"{parent}\",\"ParentCommandLine\":\"{parent}\",\"User\":\
                 \"EXAMPLE\\\\user{}\",\"IntegrityLevel\":\"Medium\",\"Hashes\":\"SHA1={:040x},\
                 MD5={:032x}\",\"Company\":\"Example\",\"Description\":\"A program\"",
                n % 300,
                n % 8,
                n % 8
            ),
            1 => write!(
                log,
                "{sysmon},\"EventID\":13,\"EventType\":\"SetValue\",\"Image\":\"{image}\",\
                 \"TargetObject\":\"HKLM\\\\System\\\\Example\\\\Services\\\\{n}\\\\Start\",\
                 \"Details\":\"DWORD (0x{:08x})\"",
                n % 5
            ),
            _ => write!(
                log,
                "\"Channel\":\"Security\",\"SourceName\":\"Microsoft-Windows-Security-Auditing\",\
                 \"EventID\":4624,\"TargetUserName\":\"user{}\",\"TargetDomainName\":\"EXAMPLE\",\
                 \"LogonType\":\"3\",\"IpAddress\":\"10.0.{}.{}\",\"IpPort\":\"{}\",\
                 \"LogonProcessName\":\"Kerberos\",\"WorkstationName\":\"-\"",
                n % 300,
                n % 4,
                n % 250,
                1024 + n % 60_000
            ),
        }
        .expect("to memory");
        log.push_str("}\n");
    }
    log
}

/// Zeek's log of connections.
pub fn conn(records: usize) -> String {
    let mut log = String::from(
        "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n\
         #fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration\t\
         orig_bytes\tresp_bytes\tconn_state\tmissed_bytes\thistory\torig_pkts\tresp_pkts\n\
         #types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount\tcount\tstring\t\
         count\tstring\tcount\tcount\n",
    );
    for n in 0..records {
        writeln!(
            log,
            "{}.{:06}\tC{n:016x}\t10.1.{}.{}\t{}\t192.0.2.{}\t443\ttcp\tssl\t0.{:06}\t{}\t{}\tSF\t0\t\
             ShADadFf\t{}\t{}",
            1_709_300_000 + n / 50,
            n % 1_000_000,
            n % 4,
            n % 250,
            1024 + n % 60_000,
            n % 90,
            n * 37 % 1_000_000,
            n * 13 % 90_000,
            n * 17 % 900_000,
            n % 50,
            n % 70
        )
        .expect("to memory");
    }
    log
}
