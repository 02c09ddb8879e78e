//! A ministry's ordinary days: people come, read mail, write, browse, and go home.
//!
//! Of each working day the traces of a few people are kept. Weekends and holidays are nearly empty.

use blanik_model::Timestamp;
use jiff::civil::Date;

use super::chronicle::Chronicle;
use super::clock::{after, attendance, days, is_working, local, minutes};
use super::mail::{Access, OWA, Reading};
use super::network::{
    CLOUD, CONTROLLERS, EMBASSIES, FS01, GATEWAY, Host, Person, SITES, STAFF, UPDATES,
};
use super::random::Random;
use super::security::Origin;
use super::suricata::Talk;
use super::sysmon::Launch;
use super::windows::{Process, Session};
use super::zeek::{Request, Traffic};

const OFFICE: &str = "C:\\Program Files\\Microsoft Office\\root\\Office16";
const EDGE: &str = "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe";
const READER: &str = "C:\\Program Files (x86)\\Adobe\\Acrobat Reader DC\\Reader\\AcroRd32.exe";
const ZIPPER: &str = "C:\\Program Files\\7-Zip\\7zFM.exe";
/// Whom people write to outside.
const PARTNERS: &[&str] =
    &["sekretariat@union.example", "press@daily.example", "protocol@embassy-of-elbonia.example"];
/// What browsers on the ministry's machines call themselves.
pub const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                         Gecko) Chrome/113.0.5672.93 Safari/537.36 Edg/113.0.1774.42";

/// Fills the three years.
pub fn tell(c: &mut Chronicle, seed: u64) {
    let mut random = Random::stream(seed, "ordinary");
    for day in days() {
        if is_working(day) {
            working_day(c, &mut random, day);
        } else if random.percent(20) {
            // Somebody abroad looks at the mail.
            mail_from_abroad(c, &mut random, day);
        }
    }
}

fn working_day(c: &mut Chronicle, random: &mut Random, day: Date) {
    let kept = if random.percent(attendance(day)) { 2 } else { 1 };
    for _ in 0..kept {
        let who = random.pick(&STAFF);
        OfficeDay::begin(c, random, day, who).pass(c, random);
    }
    if random.percent(30) {
        mail_from_abroad(c, random, day);
    }
    if random.percent(25) {
        visitor(c, random, day);
    }
}

/// One person's day at a machine.
struct OfficeDay {
    who: &'static Person,
    host: &'static Host,
    start: Timestamp,
    session: Session,
    shell: Process,
}

impl OfficeDay {
    fn begin(c: &mut Chronicle, random: &mut Random, day: Date, who: &'static Person) -> Self {
        let start = local(day, 7, 25, random.millis(0, minutes(110)));
        let session = c.session(who, who.host);
        let shell = c.running(&session, "C:\\Windows\\explorer.exe", "C:\\Windows\\Explorer.EXE");
        let dc = *random.pick(&CONTROLLERS);
        if random.percent(6) {
            c.logon_failed(after(start, -9_000), who.host, who.account, Origin::KEYBOARD);
        }
        c.ticket_granted(after(start, -300), dc, who, who.host.address);
        c.logged_on(start, &session, 2, Origin::KEYBOARD);
        OfficeDay { who, host: who.host, start, session, shell }
    }

    fn pass(self, c: &mut Chronicle, random: &mut Random) {
        self.mail(c, random);
        for _ in 0..random.between(1, 2) {
            let at = after(self.start, random.millis(minutes(20), minutes(420)));
            match random.between(1, 10) {
                1..=3 => self.write(c, random, at),
                4..=6 => self.browse(c, random, at),
                7..=8 => self.open_share(c, random, at),
                9 => self.read_document(c, random, at),
                _ => self.ask_intranet(c, random, at),
            }
        }
        let end = after(self.start, random.millis(minutes(450), minutes(570)));
        if random.percent(70) {
            c.logged_off(end, &self.session, 2);
        }
    }

    fn run(&self, c: &mut Chronicle, at: Timestamp, image: &str, arguments: &str) -> Process {
        let line = format!("\"{image}\" {arguments}");
        let home = format!("C:\\Users\\{}\\", self.who.account);
        let launch = Launch::of(image, line.trim_end()).in_directory(&home);
        c.start(at, &self.session, &self.shell, launch)
    }

    fn mail(&self, c: &mut Chronicle, random: &mut Random) {
        let at = after(self.start, random.millis(40_000, minutes(9)));
        let outlook = self.run(c, at, &format!("{OFFICE}\\OUTLOOK.EXE"), "");
        let online = after(at, random.millis(900, 5_000));
        self.look_up(c, online, CLOUD);
        c.connected(after(online, 40), &outlook, CLOUD, 443);
        let flow = c.flow(after(online, 50), self.host.address, CLOUD.1, 443, web(random, 90_000));
        c.shook_hands(&flow, CLOUD.0, "ok");
        c.signed_in(after(online, 700), self.who, GATEWAY, "0");
        read_mail(c, random, after(at, minutes(1)), self.who, GATEWAY);
        if random.percent(60) {
            let topic = random.pick(self.who.topics);
            let sent = after(at, random.millis(minutes(3), minutes(300)));
            let colleague = random.pick(&STAFF).mail();
            let to = if random.percent(35) { *random.pick(PARTNERS) } else { colleague.as_str() };
            c.mail_sent(sent, self.who, GATEWAY, topic, to);
        }
    }

    fn look_up(&self, c: &mut Chronicle, at: Timestamp, site: (&str, &str)) {
        c.asked(at, self.host.address, site.0, "A", site.1);
    }

    fn write(&self, c: &mut Chronicle, random: &mut Random, at: Timestamp) {
        let (program, ending) =
            random.pick(&[("WINWORD.EXE", "docx"), ("EXCEL.EXE", "xlsx"), ("WINWORD.EXE", "docx")]);
        let document = self.document(random, ending);
        let file = format!("C:\\Users\\{}\\Documents\\{document}", self.who.account);
        let image = format!("{OFFICE}\\{program}");
        let editor = self.run(c, at, &image, &format!("/n \"{file}\" /o \"\""));
        let saved = after(at, random.millis(minutes(1), minutes(40)));
        c.file_created(saved, &editor, &file);
        if random.percent(30) {
            c.cloud_file(saved, self.who, GATEWAY, "FileModified", &document);
        }
    }

    fn document(&self, random: &mut Random, ending: &str) -> String {
        let topic = random.pick(self.who.topics);
        format!("{topic} {}.{ending}", random.between(1, 60))
    }

    fn browse(&self, c: &mut Chronicle, random: &mut Random, at: Timestamp) {
        let site = *random.pick(SITES);
        let browser = self.run(c, at, EDGE, "--single-argument https://intranet.mzv.example/");
        let seen = after(at, random.millis(2_000, 60_000));
        self.look_up(c, seen, site);
        if random.percent(50) {
            c.name_asked(after(seen, 3), &browser, site.0, site.1);
        }
        c.connected(after(seen, 30), &browser, site, 443);
        let traffic = web(random, 900_000);
        let flow = c.flow(after(seen, 35), self.host.address, site.1, 443, traffic);
        c.shook_hands(&flow, site.0, "ok");
        let talk = Talk { from: GATEWAY, to: site.1, port: 443 };
        if random.percent(40) {
            c.eve_tls(after(seen, 90), talk, site.0);
        } else if random.percent(40) {
            c.eve_flow(after(seen, 60_000), talk, (traffic.sent, traffic.received));
        }
        if random.percent(15) {
            let file = format!("C:\\Users\\{}\\Downloads\\", self.who.account);
            let name = self.document(random, "pdf");
            c.file_created(after(seen, 20_000), &browser, &(file + &name));
        }
    }

    fn open_share(&self, c: &mut Chronicle, random: &mut Random, at: Timestamp) {
        let dc = *random.pick(&CONTROLLERS);
        c.service_ticket(at, dc, self.who.account, self.host, "FS01$", "0x12");
        let session = c.session(self.who, &FS01);
        let there = after(at, 45);
        c.logged_on(there, &session, 3, Origin::kerberos(self.host));
        let document = self.document(random, "docx");
        c.share_opened(after(there, 200), &session, self.host.address, "Oddeleni", None);
        let file = Some(document.as_str());
        c.share_opened(after(there, 260), &session, self.host.address, "Oddeleni", file);
        let traffic = Traffic {
            service: "gssapi,smb",
            millis: random.between(2_000, 90_000),
            sent: random.between(3_000, 40_000),
            received: random.between(9_000, 3_000_000),
        };
        let flow = c.flow(after(at, 60), self.host.address, FS01.address, 445, traffic);
        let size = traffic.received;
        c.touched_file(&flow, "SMB::FILE_OPEN", "\\\\fs01\\Oddeleni", &document, size);
    }

    fn read_document(&self, c: &mut Chronicle, random: &mut Random, at: Timestamp) {
        if random.percent(70) {
            let file = self.document(random, "pdf");
            let file = format!("\"C:\\Users\\{}\\Downloads\\{file}\"", self.who.account);
            self.run(c, at, READER, &file);
        } else {
            let file = self.document(random, "zip");
            let file = format!("\"C:\\Users\\{}\\Downloads\\{file}\"", self.who.account);
            self.run(c, at, ZIPPER, &file);
        }
        c.cloud_file(after(at, 4_000), self.who, GATEWAY, "FileAccessed", "Telefonní seznam.pdf");
    }

    fn ask_intranet(&self, c: &mut Chronicle, random: &mut Random, at: Timestamp) {
        let traffic = Traffic { service: "http", ..web(random, 60_000) };
        let to = super::network::APP01.address;
        let flow = c.flow(at, self.host.address, to, 80, traffic);
        let uri = format!("/spis/dokument?cj={}-{}", random.between(100_000, 199_999), 2023);
        c.requested(
            &flow,
            Request {
                method: "GET",
                host: "spisovka.mzv.example",
                uri: &uri,
                agent: AGENT,
                lengths: (0, traffic.received),
                status: 200,
                mime: "text/html",
            },
        );
    }
}

/// How much goes over the wire when a page or a mailbox is read.
pub fn web(random: &mut Random, most: u64) -> Traffic {
    Traffic {
        service: "ssl",
        millis: random.between(120, 90_000),
        sent: random.between(900, 14_000),
        received: random.between(3_000, most),
    }
}

fn read_mail(c: &mut Chronicle, random: &mut Random, at: Timestamp, who: &Person, from: &str) {
    let folder = *random.pick(&["\\Inbox", "\\Inbox", "\\Sent Items", "\\Inbox\\Porady"]);
    let synchronised = random.percent(12);
    let first = random.between(1_000, 60_000);
    let access =
        if synchronised { Access::Sync } else { Access::Bind(first, random.between(1, 6)) };
    let client = if synchronised { "Client=MSExchangeRPC" } else { "Client=OWA;Action=ViaProxy" };
    let reading = Reading { application: OWA, client, folder, access };
    c.mail_read(at, who, from, reading);
}

fn mail_from_abroad(c: &mut Chronicle, random: &mut Random, day: Date) {
    let who = random.pick(&STAFF);
    let from = random.pick(EMBASSIES);
    let at = local(day, 9, 0, random.millis(0, minutes(700)));
    if random.percent(8) {
        c.signed_in(after(at, -20_000), who, from, "50126");
    }
    c.signed_in(at, who, from, "0");
    read_mail(c, random, after(at, 30_000), who, from);
}

/// Somebody outside reads the ministry's web pages.
fn visitor(c: &mut Chronicle, random: &mut Random, day: Date) {
    let at = local(day, 6, 0, random.millis(0, minutes(960)));
    let from = format!("198.51.100.{}", random.between(100, 140));
    let to = super::network::WEB01.address;
    let received = random.between(2_000, 90_000);
    let traffic = Traffic { service: "http", millis: 900, sent: 700, received };
    let flow = c.flow(at, &from, to, 80, traffic);
    let uri =
        *random.pick(&["/", "/cs/viza", "/en/travel", "/cs/tisk", "/wp-login.php", "/cs/urad"]);
    let missing = uri.ends_with(".php");
    c.requested(
        &flow,
        Request {
            method: "GET",
            host: "www.mzv.example",
            uri,
            agent: AGENT,
            lengths: (0, received),
            status: if missing { 404 } else { 200 },
            mime: "text/html",
        },
    );
    if random.percent(20) {
        let flow = c.flow(after(at, 40_000), to, UPDATES.1, 443, web(random, 400_000));
        c.shook_hands(&flow, UPDATES.0, "ok");
    }
}
