//! What administrators and their tools do rightly, and what looks like an intrusion and is none:
//! backups with shadow copies, replication, deployment, scans, PsExec, forwarding rules.

use blanik_model::Timestamp;
use jiff::civil::{Date, Weekday};

use super::chronicle::Chronicle;
use super::clock::{after, days, is_working, local, minutes};
use super::network::{
    ADMINS, APP01, BCK01, DC01, DC02, DEP01, EMBASSIES, FS01, GATEWAY, Host, PCS, Person, STAFF,
    SVC_BACKUP, SVC_DEPLOY, SVC_PRINT, SVC_SYNC, UPDATES, VPN, WEB01,
};
use super::ordinary::{AGENT, web};
use super::random::Random;
use super::security::{Audited, Origin};
use super::suricata::{Signature, Talk};
use super::sysmon::Launch;
use super::windows::{Process, Session};
use super::zeek::{Request, Traffic};

const AGENT_EXE: &str = "C:\\Program Files\\Deployment Suite\\DeployAgent.exe";
const DEFENDER: &str = "C:\\ProgramData\\Microsoft\\Windows Defender\\Platform\\MsMpEng.exe";

/// Fills the three years.
pub fn tell(c: &mut Chronicle, seed: u64) {
    let mut random = Random::stream(seed, "upkeep");
    for day in days() {
        every_day(c, &mut random, day);
        if is_working(day) {
            administration(c, &mut random, day);
        }
        match day.weekday() {
            Weekday::Saturday => weekly_backup(c, &mut random, day),
            Weekday::Wednesday if day.day() > 7 && day.day() <= 14 => patches(c, &mut random, day),
            _ => {}
        }
    }
    mailbox_matters(c, &mut random);
}

fn every_day(c: &mut Chronicle, random: &mut Random, day: Date) {
    let night = local(day, 1, 30, random.millis(0, minutes(90)));
    nightly_backup(c, random, night);
    // The scanner knocks at one machine a night.
    let target = random.pick(&PCS);
    let traffic = Traffic { service: "http", millis: 40, sent: 300, received: 0 };
    c.flow(after(night, minutes(40)), DEP01.address, target.address, 80, traffic);
    if random.percent(12) {
        scan_alert(c, random, after(night, minutes(50)));
    }
    if random.percent(8) {
        replication(c, random, after(night, minutes(70)));
    }
    if random.percent(30) {
        let host = random.pick(&PCS[1..]);
        antivirus(c, random, after(night, minutes(400)), host);
    }
}

fn service_session(c: &mut Chronicle, who: &Person, host: &'static Host) -> Session {
    c.session(who, host).raised()
}

fn services(c: &mut Chronicle, host: &'static Host) -> Process {
    let system = Session::system(host);
    c.running(&system, "C:\\Windows\\System32\\services.exe", "C:\\Windows\\system32\\services.exe")
}

fn nightly_backup(c: &mut Chronicle, random: &mut Random, at: Timestamp) {
    let there = service_session(c, &SVC_BACKUP, &FS01);
    c.service_ticket(after(at, -200), &DC01, SVC_BACKUP.account, &BCK01, "FS01$", "0x12");
    c.logged_on(at, &there, 3, Origin::kerberos(&BCK01));
    let traffic = Traffic {
        service: "gssapi,smb",
        millis: random.between(600_000, 2_400_000),
        sent: random.between(20_000, 90_000),
        received: random.between(900_000_000, 4_000_000_000),
    };
    c.flow(after(at, 90), BCK01.address, FS01.address, 445, traffic);
    if random.percent(30) {
        c.logged_off(after(at, minutes(45)), &there, 3);
    }
}

fn weekly_backup(c: &mut Chronicle, random: &mut Random, day: Date) {
    let at = local(day, 3, 15, random.millis(0, minutes(10)));
    let session = service_session(c, &SVC_BACKUP, &BCK01);
    let agent = c.running(
        &session,
        "C:\\Program Files\\Backup Suite\\BackupAgent.exe",
        "\"C:\\Program Files\\Backup Suite\\BackupAgent.exe\" /service",
    );
    let image = "C:\\Windows\\System32\\vssadmin.exe";
    c.start(at, &session, &agent, Launch::of(image, "vssadmin create shadow /for=D:"));
    if random.percent(40) {
        let later = after(at, minutes(55));
        c.start(later, &session, &agent, Launch::of(image, "vssadmin list shadows"));
    }
    let image = "C:\\Windows\\System32\\wbadmin.exe";
    let line = "wbadmin start backup -backupTarget:E: -include:D: -quiet";
    c.start(after(at, 9_000), &session, &agent, Launch::of(image, line));
}

/// The domain controllers replicate, and so does the directory synchronisation.
fn replication(c: &mut Chronicle, random: &mut Random, at: Timestamp) {
    let synchronised = random.percent(4);
    let session = if synchronised {
        service_session(c, &SVC_SYNC, &DC01)
    } else {
        let mut session = service_session(c, &SVC_SYNC, &DC01);
        session.account = DC02.machine_account();
        session.sid = "S-1-5-18".into();
        session
    };
    let from = if synchronised { DEP01.address } else { DC02.address };
    let traffic = Traffic { service: "dce_rpc", millis: 700, sent: 4_000, received: 90_000 };
    let flow = c.flow(at, from, DC01.address, 49_670, traffic);
    c.called(&flow, "49670", "drsuapi", "DRSGetNCChanges");
    c.replicated(after(at, 20), &session);
}

fn antivirus(c: &mut Chronicle, random: &mut Random, at: Timestamp, host: &'static Host) {
    let system = Session::system(host);
    let scanner = c.running(&system, DEFENDER, &format!("\"{DEFENDER}\""));
    let trace =
        "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\KERNELBASE.dll+2c13e";
    let access = *random.pick(&["0x1000", "0x1410"]);
    c.lsass_opened(at, &scanner, access, trace);
    let svchost = "C:\\Windows\\System32\\svchost.exe";
    let schedule = c.running(&system, svchost, "C:\\Windows\\system32\\svchost.exe -k netsvcs -p");
    let image = "C:\\Windows\\System32\\taskhostw.exe";
    c.start(after(at, 4_000), &system, &schedule, Launch::of(image, "taskhostw.exe Install"));
    c.task_run(
        after(at, 4_100),
        host,
        "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag",
        "defrag.exe",
    );
}

fn scan_alert(c: &mut Chronicle, random: &mut Random, at: Timestamp) {
    let from = format!("198.51.100.{}", random.between(150, 190));
    let (id, message) = *random.pick(&[
        (9_100_001, "MZV LOCAL SCAN many ports from one address"),
        (9_100_002, "MZV LOCAL SCAN request for a missing PHP page"),
        (9_100_003, "MZV LOCAL POLICY old TLS version offered"),
    ]);
    let signature = Signature { id, message, category: "Attempted Information Leak", severity: 3 };
    c.alerted(at, Talk { from: &from, to: VPN, port: 443 }, signature, None);
}

/// Patch day: the deployment tool installs a service, runs and leaves.
fn patches(c: &mut Chronicle, random: &mut Random, day: Date) {
    let start = local(day, 19, 0, random.millis(0, minutes(30)));
    for (index, host) in [&APP01, &FS01, &PCS[3], &PCS[5], &PCS[8]].into_iter().enumerate() {
        let at = after(start, minutes(7) * i64::try_from(index).expect("few"));
        deploy(c, random, at, host);
    }
    let flow = c.flow(start, DEP01.address, UPDATES.1, 443, web(random, 400_000_000));
    c.shook_hands(&flow, UPDATES.0, "ok");
}

fn deploy(c: &mut Chronicle, random: &mut Random, at: Timestamp, host: &'static Host) {
    let session = service_session(c, &SVC_DEPLOY, host);
    c.logged_on(at, &session, 3, Origin::kerberos(&DEP01));
    let command = format!("\"{AGENT_EXE}\" /service");
    c.service_installed(after(at, 900), &session, "DeployAgent", &command, Audited::Yes);
    let parent = services(c, host);
    let system = Session::system(host);
    let agent = c.start(after(at, 1_500), &system, &parent, Launch::of(AGENT_EXE, &command));
    // Now and then the tool hands its inventory script over encoded: "Get-HotFix".
    let powershell = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
    let line = if random.percent(10) {
        "powershell.exe -NoProfile -NonInteractive -EncodedCommand RwBlAHQALQBIAG8AdABGAGkAeAA="
    } else {
        "powershell.exe -NoProfile -NonInteractive -Command Get-HotFix"
    };
    c.start(after(at, 4_000), &system, &agent, Launch::of(powershell, line));
    c.script_ran(after(at, 4_400), host, "Get-HotFix", "");
    if random.percent(50) {
        let task = "\\Deployment Suite\\Inventory";
        c.task_registered(after(at, 9_000), &system, task, AGENT_EXE, "/inventory");
    }
}

/// What an administrator does by hand.
fn administration(c: &mut Chronicle, random: &mut Random, day: Date) {
    if !random.percent(28) {
        return;
    }
    let who = random.pick(&ADMINS);
    let at = local(day, 8, 0, random.millis(0, minutes(500)));
    let session = c.session(who, who.host).raised();
    let shell = c.running(
        &session,
        "C:\\Windows\\System32\\cmd.exe",
        "\"C:\\Windows\\system32\\cmd.exe\" ",
    );
    if random.percent(40) {
        c.logged_on(after(at, -60_000), &session, 2, Origin::KEYBOARD);
        c.special_rights(after(at, -59_990), &session);
    }
    match random.between(1, 12) {
        1..=2 => ask_account(c, random, at, &shell),
        3 => look_around(c, at, &shell),
        4..=5 => {
            let target = *random.pick(&[&APP01, &FS01]);
            psexec(c, at, &shell, target);
        }
        6 => tasks(c, at, &shell),
        7..=8 => remote_desktop(c, random, at, who),
        9 => export_log(c, at, &shell),
        10 => old_printer(c, random, at),
        11 => manage_by_wmi(c, at, who),
        _ => script(c, random, at, &shell),
    }
}

fn run(c: &mut Chronicle, at: Timestamp, shell: &Process, program: &str, line: &str) {
    let image = format!("C:\\Windows\\System32\\{program}");
    c.start(at, &shell.session.clone(), shell, Launch::of(&image, line));
}

fn ask_account(c: &mut Chronicle, random: &mut Random, at: Timestamp, shell: &Process) {
    let account = random.pick(&STAFF).account;
    run(c, at, shell, "net.exe", &format!("net  user {account} /domain"));
    if random.percent(40) {
        run(c, after(at, 30_000), shell, "whoami.exe", "whoami  /groups");
    }
}

fn look_around(c: &mut Chronicle, at: Timestamp, shell: &Process) {
    run(c, at, shell, "nltest.exe", "nltest  /dsgetdc:mzv.example");
    run(c, after(at, 40_000), shell, "ipconfig.exe", "ipconfig  /all");
}

fn psexec(c: &mut Chronicle, at: Timestamp, shell: &Process, target: &'static Host) {
    let image = "C:\\Tools\\Sysinternals\\PsExec64.exe";
    let line = format!("PsExec64.exe  \\\\{} -s ipconfig /flushdns", target.name.to_lowercase());
    let session = shell.session.clone();
    let tool = Launch::of(image, &line).in_directory("C:\\Tools\\Sysinternals\\");
    let tool = c.start(at, &session, shell, tool);
    c.used_credentials(after(at, 150), &tool, &session.account, target);
    let mut there = session.clone();
    there.host = target;
    c.logged_on(after(at, 300), &there, 3, Origin::kerberos(shell.host));
    let service = "%SystemRoot%\\PSEXESVC.exe";
    c.service_installed(after(at, 700), &there, "PSEXESVC", service, Audited::No);
}

fn tasks(c: &mut Chronicle, at: Timestamp, shell: &Process) {
    run(c, at, shell, "schtasks.exe", "schtasks  /query /s app01 /fo list");
    let line = "schtasks  /create /tn \"Provoz\\Rotace logu\" /tr C:\\Tools\\rotace.cmd /sc daily \
                /st 05:00";
    run(c, after(at, 90_000), shell, "schtasks.exe", line);
    let session = shell.session.clone();
    let task = "\\Provoz\\Rotace logu";
    c.task_registered(after(at, 90_400), &session, task, "C:\\Tools\\rotace.cmd", "");
}

fn remote_desktop(c: &mut Chronicle, random: &mut Random, at: Timestamp, who: &Person) {
    let target = *random.pick(&[&FS01, &APP01, &DC01, &WEB01]);
    let session = c.session(who, target).raised();
    let origin = Origin { workstation: who.host.name, ..Origin::kerberos(who.host) };
    c.logged_on(at, &session, 10, Origin { package: "Negotiate", ..origin });
    c.special_rights(after(at, 5), &session);
    let shell = c.running(&session, "C:\\Windows\\explorer.exe", "C:\\Windows\\Explorer.EXE");
    run(c, after(at, 40_000), &shell, "mmc.exe", "mmc.exe eventvwr.msc /s");
    c.logged_off(after(at, minutes(35)), &session, 10);
}

fn export_log(c: &mut Chronicle, at: Timestamp, shell: &Process) {
    run(c, at, shell, "wevtutil.exe", "wevtutil  epl Security D:\\Archiv\\Security.evtx /r:dc02");
}

/// The print service knows no newer encryption than RC4.
fn old_printer(c: &mut Chronicle, random: &mut Random, at: Timestamp) {
    let who = random.pick(&STAFF);
    c.service_ticket(at, &DC02, who.account, who.host, SVC_PRINT.account, "0x17");
}

fn manage_by_wmi(c: &mut Chronicle, at: Timestamp, who: &Person) {
    let session = c.session(who, &APP01).raised();
    c.logged_on(at, &session, 3, Origin::kerberos(who.host));
    let system = Session::system(&APP01);
    let image = "C:\\Windows\\System32\\wbem\\WmiPrvSE.exe";
    let provider =
        c.running(&system, image, "C:\\Windows\\system32\\wbem\\wmiprvse.exe -Embedding");
    run_as(c, after(at, 900), &session, &provider);
}

fn run_as(c: &mut Chronicle, at: Timestamp, session: &Session, parent: &Process) {
    let image = "C:\\Windows\\System32\\robocopy.exe";
    let line = "robocopy D:\\Spisovka\\Log E:\\Archiv\\Log /MOV /MINAGE:90";
    c.start(at, session, parent, Launch::of(image, line));
}

fn script(c: &mut Chronicle, random: &mut Random, at: Timestamp, shell: &Process) {
    let name = *random.pick(&["Uctenky.ps1", "StavDisku.ps1", "NeaktivniUcty.ps1"]);
    let line = format!("powershell.exe  -ExecutionPolicy RemoteSigned -File C:\\Tools\\{name}");
    run(c, at, shell, "WindowsPowerShell\\v1.0\\powershell.exe", &line);
    let text = "Get-ADUser -Filter {Enabled -eq $true} -Properties LastLogonDate | \
                Where-Object LastLogonDate -lt (Get-Date).AddDays(-90) | Export-Csv prehled.csv";
    c.script_ran(after(at, 1_100), shell.host, text, &format!("C:\\Tools\\{name}"));
}

/// Rules, forwarding and applications in ordinary mailboxes.
fn mailbox_matters(c: &mut Chronicle, random: &mut Random) {
    for day in days().filter(|day| is_working(*day)) {
        let at = local(day, 10, 0, random.millis(0, minutes(300)));
        if random.percent(3) {
            let who = random.pick(&STAFF);
            let parameters = [
                ("Name", *random.pick(&["Newslettery", "Pozvánky", "Media monitoring"])),
                ("SubjectContainsWords", *random.pick(&["newsletter", "pozvánka", "přehled"])),
                ("MoveToFolder", *random.pick(&["Newslettery", "Akce", "Média"])),
            ];
            c.mail_command(at, who, GATEWAY, "New-InboxRule", &parameters);
        }
        if random.percent(1) {
            let who = random.pick(&STAFF);
            let parameters = [("Identity", who.account), ("ForwardingAddress", "podatelna")];
            c.mail_command(at, &ADMINS[0], GATEWAY, "Set-Mailbox", &parameters);
        }
        if random.percent(1) {
            let application = ("Anketa Forms", "7b0c11aa-1111-4e00-9000-00000000f0f0");
            let scope = "openid profile User.Read";
            c.consented(at, random.pick(&STAFF), GATEWAY, application, scope, "False");
        }
        if random.percent(4) {
            from_abroad_to_portal(c, random, at);
        }
    }
}

/// An embassy uses the portal through the VPN's device.
fn from_abroad_to_portal(c: &mut Chronicle, random: &mut Random, at: Timestamp) {
    let from = random.pick(EMBASSIES);
    let traffic = Traffic { service: "http", millis: 3_000, sent: 2_000, received: 40_000 };
    let flow = c.flow(at, from, WEB01.address, 80, traffic);
    c.requested(
        &flow,
        Request {
            method: "POST",
            host: "www.mzv.example",
            uri: "/portal/login.aspx",
            agent: AGENT,
            lengths: (420, 40_000),
            status: 302,
            mime: "text/html",
        },
    );
}
