//! How A came in: a look around from outside, the VPN device, and a web shell on the public server.

use blanik_model::Timestamp;

use super::super::background::ask_web;
use super::super::chronicle::Chronicle;
use super::super::clock::{after, minutes};
use super::super::network::{VPN, VPN_NAME, WEB01};
use super::super::relays::CERT_FR;
use super::super::suricata::{Signature, Talk};
use super::super::sysmon::Launch;
use super::super::windows::{Process, Session};
use super::super::zeek::{Request, Traffic};
use super::{CMD, at, deed, device_deed};

/// From where the VPN device is attacked and the web shell used at first.
const ENTRY: &str = CERT_FR[1];
/// The web shell.
const SHELL: &str = "/aspnet_client/system_web/errorPage.aspx";

/// Does this part. Gives back a process that the web shell started.
pub fn tell(c: &mut Chronicle) -> Process {
    look_around_outside(c);
    try_passwords(c);
    break_in(c);
    web_shell(c)
}

/// Relays ask the servers at the edge what they are, on several days.
fn look_around_outside(c: &mut Chronicle) {
    let time = at(c, "2022-07-21T12:10:00Z");
    let what = "Relays look at the public servers and the VPN device, each for a few requests.";
    c.step(device_deed("T1595.002", "www02.mzv.example", "", what), |c| {
        let uris = ["/", "/robots.txt", "/server-status", "/rezervace.php?urad=%27"];
        for (index, uri) in (0_i64..).zip(uris) {
            let relay = CERT_FR[usize::try_from(index).expect("few") + 3];
            let agent = "Mozilla/5.0 (Windows NT 6.1; WOW64; rv:52.0) Gecko/20100101 Firefox/52.0";
            ask_web(c, after(time, index * 5_400_000), relay, ("GET", uri, 200), agent);
        }
        c.refused(after(time, minutes(40)), CERT_FR[5], 10443);
    });
}

/// Few tries from each relay, hours apart: no threshold sees them.
fn try_passwords(c: &mut Chronicle) {
    let time = at(c, "2022-07-27T19:20:00Z");
    let what = "Relays try passwords of two accounts at the archive's IMAP, a few an hour.";
    c.step(device_deed("T1110.001", "mx01.mzv.example", "", what), |c| {
        for attempt in 0..9_i64 {
            let relay = CERT_FR[usize::try_from(attempt % 3).expect("small") + 4];
            let user = ["podatelna", "svc-portal"][usize::from(attempt % 2 == 0)];
            let wait = minutes(27) * attempt + c.random.millis(0, minutes(9));
            c.asked_by_imap(after(time, wait), user, relay, false);
        }
    });
}

fn break_in(c: &mut Chronicle) {
    let time = at(c, "2022-08-09T01:13:00Z");
    let what = "The VPN device is exploited through a crafted request to its portal.";
    c.step(deed("T1190", &WEB01, "", what).at_device(VPN_NAME), |c| {
        let uri = "/remote/portal/..;/admin/api/v1/diag?host=127.0.0.1%3Bid";
        let traffic = Traffic { service: "http", millis: 2_210, sent: 2_840, received: 6_120 };
        let flow = c.flow(time, ENTRY, VPN, 443, traffic);
        let request = Request {
            method: "POST",
            host: VPN_NAME,
            uri,
            agent: "python-requests/2.27.1",
            lengths: (2_210, 5_480),
            status: 200,
            mime: "text/html",
        };
        c.requested(&flow, request);
        let signature = Signature {
            id: 9_100_010,
            message: "MZV LOCAL EXPLOIT VPN portal path traversal",
            category: "Attempted Administrator Privilege Gain",
            severity: 1,
        };
        let talk = Talk { from: ENTRY, to: VPN, port: 443 };
        c.alerted(after(time, 3), talk, signature, Some(("POST", VPN_NAME, uri)));
    });
}

fn iis(c: &mut Chronicle) -> (Session, Process) {
    let session = Session {
        host: &WEB01,
        account: "DefaultAppPool".into(),
        domain: "IIS APPPOOL".into(),
        sid: "S-1-5-82-3006700770-424185619-1745488364-794895919-4004696415".into(),
        logon_id: "0x3b1f2".into(),
        integrity: "High",
    };
    let line = "c:\\windows\\system32\\inetsrv\\w3wp.exe -ap \"DefaultAppPool\" -v \"v4.0\"";
    let worker = c.running(&session, "C:\\Windows\\System32\\inetsrv\\w3wp.exe", line);
    (session, worker)
}

fn shell_request(c: &mut Chronicle, time: Timestamp, from: &str) {
    let sent = c.random.between(600, 3_000);
    let received = c.random.between(400, 20_000);
    let traffic = Traffic { service: "http", millis: 1_300, sent, received };
    let flow = c.flow(time, from, WEB01.address, 80, traffic);
    let request = Request {
        method: "POST",
        host: "www.mzv.example",
        uri: SHELL,
        agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:91.0) Gecko/20100101 Firefox/91.0",
        lengths: (sent - 300, received - 200),
        status: 200,
        mime: "text/plain",
    };
    c.requested(&flow, request);
}

/// Runs a command line through the web shell.
fn by_shell(c: &mut Chronicle, time: Timestamp, image: &str, command: &str) -> Process {
    let (session, worker) = iis(c);
    let line = format!("\"cmd.exe\" /c {command} 2>&1");
    let launch = Launch::of(CMD, &line).in_directory("c:\\windows\\system32\\inetsrv\\");
    let cmd = c.start(time, &session, &worker, launch);
    c.start(after(time, 60), &session, &cmd, Launch::of(image, command))
}

fn web_shell(c: &mut Chronicle) -> Process {
    let time = at(c, "2022-08-09T02:41:00Z");
    let pool = "DefaultAppPool";
    let what = "A web shell is written into the web site's folder.";
    c.step(deed("T1505.003", &WEB01, pool, what), |c| {
        let (_, worker) = iis(c);
        c.file_created(time, &worker, &format!("C:\\inetpub\\wwwroot{}", SHELL.replace('/', "\\")));
    });
    let time = after(time, minutes(3));
    c.step(deed("T1071.001", &WEB01, pool, "The web shell is called from abroad."), |c| {
        shell_request(c, time, ENTRY);
    });
    let commands = [
        ("T1033", "whoami.exe", "whoami /all", "The intruder asks which account the shell has."),
        ("T1482", "nltest.exe", "nltest /domain_trusts", "The intruder asks for domain trusts."),
        (
            "T1069.002",
            "net.exe",
            "net group \"Domain Admins\" /domain",
            "The intruder lists the domain's administrators.",
        ),
    ];
    let mut last = None;
    for (index, (technique, program, command, what)) in (1_i64..).zip(commands) {
        let time = after(time, index * 95_000);
        c.step(deed(technique, &WEB01, pool, what), |c| {
            let image = format!("C:\\Windows\\System32\\{program}");
            last = Some(by_shell(c, time, &image, command));
        });
    }
    last.expect("there were commands")
}

pub fn steal_first_password(c: &mut Chronicle, portal: &Process) {
    let time = at(c, "2022-08-23T23:52:00Z");
    let what = "The memory of LSASS is dumped with a library of Windows.";
    c.step(deed("T1003.001", &WEB01, "SYSTEM", what), |c| {
        let system = Session::system(&WEB01);
        let image = "C:\\Windows\\System32\\rundll32.exe";
        let line = "rundll32.exe C:\\Windows\\System32\\comsvcs.dll, MiniDump 692 \
                    C:\\Windows\\Temp\\~DF3A1.tmp full";
        let dumper = c.start(time, &system, portal, Launch::of(image, line));
        let trace = "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\\
                     KERNELBASE.dll+2c13e|C:\\Windows\\System32\\comsvcs.dll+2c2ad";
        c.lsass_opened(after(time, 210), &dumper, "0x1fffff", trace);
        c.file_created(after(time, 320), &dumper, "C:\\Windows\\Temp\\~DF3A1.tmp");
    });
}
