//! Ordinary traffic of the servers that are no Windows machines: letters that come in, visitors of the
//! appointments' pages, people abroad on the VPN, what Linux does by itself and what its administrators do; and among
//! it what looks like an intrusion and is none.

use blanik_model::Timestamp;
use jiff::civil::Date;

use super::chronicle::Chronicle;
use super::clock::{after, days, is_working, local, minutes};
use super::linux::Shell;
use super::network::{ADMINS, Device, EMBASSIES, GATEWAY, MX01, PCS, SITES, STAFF, WWW02};
use super::ordinary::{AGENT, web};
use super::random::Random;
use super::transport::Message;
use super::zeek::{Request, Traffic};

/// Who writes from outside, and by which server.
const SENDERS: &[(&str, (&str, &str))] = &[
    ("sekretariat@union.example", ("mx1.union.example", "198.51.100.41")),
    ("press@daily.example", ("mail.daily.example", "198.51.100.42")),
    ("protocol@embassy-of-elbonia.example", ("smtp.elbonia.example", "203.0.113.61")),
    ("info@rail.tickets.example", ("out.tickets.example", "198.51.100.44")),
    ("bounce@newsletter.words.example", ("m7.words.example", "198.51.100.45")),
];

const SUBJECTS: &[&str] =
    &["Invitation", "Agenda", "Newsletter", "RE: visit", "Tickets", "Note verbale"];

/// The service account under which Apache runs.
pub const WWW_DATA: (u32, &str) = (33, "www-data");
const ROOT: (u32, &str) = (0, "root");

/// Fills the three years.
pub fn tell(c: &mut Chronicle, seed: u64) {
    let mut random = Random::stream(seed, "background");
    for day in days() {
        every_night(c, &mut random, day);
        visitors(c, &mut random, day);
        strangers(c, &mut random, day);
        if is_working(day) {
            letters(c, &mut random, day);
            administration(c, &mut random, day);
            archive(c, &mut random, day);
        }
        if random.percent(if is_working(day) { 45 } else { 15 }) {
            remote_work(c, &mut random, day);
        }
    }
}

fn letters(c: &mut Chronicle, random: &mut Random, day: Date) {
    for _ in 0..random.between(1, 2) {
        let (from, server) = *random.pick(SENDERS);
        let to = random.pick(&STAFF).mail();
        let id = format!("<{}@{}>", random.hex(20), server.0);
        let subject = *random.pick(SUBJECTS);
        let bytes = random.between(4_000, 900_000);
        let at = local(day, 7, 0, random.millis(0, minutes(660)));
        c.message_came(at, Message { from, to: &to, subject, id: &id, bytes }, server);
    }
}

/// The appointments' pages, which take forms and scans of documents.
fn visitors(c: &mut Chronicle, random: &mut Random, day: Date) {
    for _ in 0..random.between(1, 2) {
        let at = local(day, 6, 0, random.millis(0, minutes(1_000)));
        let from = format!("198.51.100.{}", random.between(100, 140));
        let (method, uri, status) = *random.pick(&[
            ("GET", "/", 200),
            ("GET", "/rezervace.php?urad=12&termin=2", 200),
            ("GET", "/img/vlajka.png", 200),
            ("POST", "/rezervace.php", 302),
            ("POST", "/doklady/nahrat.php", 200),
            ("GET", "/uploads/2024/formular.pdf", 200),
        ]);
        ask_web(c, at, &from, (method, uri, status), AGENT);
    }
}

/// A request to the appointments' server, as the sensor, the border and the server tell it.
pub fn ask_web(
    c: &mut Chronicle,
    at: Timestamp,
    from: &str,
    (method, uri, status): (&str, &str, u16),
    agent: &str,
) {
    let received = c.random.between(900, 60_000);
    let sent = if method == "POST" { c.random.between(900, 400_000) } else { 600 };
    let traffic = Traffic { service: "http", millis: c.random.between(80, 2_000), sent, received };
    let flow = c.flow(at, from, WWW02.address, 80, traffic);
    let request = Request {
        method,
        host: "termin.mzv.example",
        uri,
        agent,
        lengths: (if method == "POST" { sent - 400 } else { 0 }, received),
        status,
        mime: "text/html",
    };
    c.requested(&flow, request);
}

/// Scanners of the internet, whom nobody let in.
fn strangers(c: &mut Chronicle, random: &mut Random, day: Date) {
    let from = format!("198.51.100.{}", random.between(150, 190));
    let at = local(day, 0, 0, random.millis(0, minutes(1_380)));
    if random.percent(40) {
        let port = *random.pick(&[22, 23, 445, 3389, 8443]);
        c.refused(at, &from, port);
    }
    if random.percent(12) {
        let uris = [
            "/wp-login.php",
            "/.env",
            "/phpmyadmin/index.php",
            "/cgi-bin/luci",
            "/vendor/phpunit/x.php",
        ];
        for (index, uri) in (0_i64..).zip(uris) {
            ask_web(c, after(at, index * 700), &from, ("GET", uri, 404), "Mozilla/5.0 zgrab/0.x");
        }
    }
    if random.percent(4) {
        for attempt in 0..random.millis(2, 5) {
            let user = *random.pick(&["admin", "info", "test", "podatelna"]);
            c.asked_by_imap(after(at, attempt * 41_000), user, &from, false);
        }
    }
}

fn every_night(c: &mut Chronicle, random: &mut Random, day: Date) {
    for on in [&MX01, &WWW02] {
        if !random.percent(50) {
            continue;
        }
        let at = local(day, 4, 25, random.millis(0, minutes(3)));
        let text = "(root) CMD (test -x /usr/sbin/anacron || run-parts --report /etc/cron.daily)";
        c.auth(
            at,
            on,
            "CRON",
            "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)",
        );
        c.auth(after(at, 30), on, "CRON", text);
        let cron = Shell::service(on, ROOT);
        c.ran(
            after(at, 300),
            cron,
            "/usr/sbin/logrotate",
            &["/usr/sbin/logrotate", "/etc/logrotate.conf"],
            "/",
        );
    }
    if day.day() == 1 {
        let at = local(day, 2, 10, random.millis(0, minutes(5)));
        let cron = Shell::service(&WWW02, ROOT);
        let tar = ["tar", "-czf", "/var/backups/termin.tar.gz", "/var/www/termin"];
        c.ran(at, cron, "/usr/bin/tar", &tar, "/root");
        let copy = ["rsync", "-a", "/var/backups/", "bck01.mzv.example::termin"];
        c.ran(after(at, 90_000), cron, "/usr/bin/rsync", &copy, "/root");
    }
}

/// An administrator at a Linux machine.
fn administration(c: &mut Chronicle, random: &mut Random, day: Date) {
    if !random.percent(9) {
        return;
    }
    let who = random.pick(&ADMINS);
    let servers: [&'static Device; 2] = [&MX01, &WWW02];
    let on = *random.pick(&servers);
    let at = local(day, 9, 0, random.millis(0, minutes(400)));
    let number = 1000 + who.rid % 100;
    let shell = Shell {
        on,
        login: (number, who.account),
        user: (number, who.account),
        session: 200 + u32::try_from(random.between(0, 4_000)).expect("small"),
        tty: "pts0",
    };
    c.came_by_ssh(at, on, who.account, who.host.address);
    let work = after(at, 40_000);
    match random.between(1, 6) {
        1..=2 => {
            c.used_sudo(work, on, who.account, "/usr/bin/apt-get -y upgrade");
            let upgrade = ["apt-get", "-y", "upgrade"];
            c.ran(after(work, 40), shell.as_root(), "/usr/bin/apt-get", &upgrade, "/root");
            // A package brings its timer with it.
            let dpkg = "/usr/bin/dpkg";
            c.made_file(
                after(work, 31_000),
                shell.as_root(),
                dpkg,
                "/etc/cron.d/e2scrub_all.dpkg-new",
                "cron",
            );
            let unit = "/etc/systemd/system/apt-daily.service.d";
            c.made_file(after(work, 33_000), shell.as_root(), dpkg, unit, "systemd");
        }
        3 => {
            c.used_sudo(work, on, who.account, "/usr/bin/systemctl restart postfix");
            let restart = ["systemctl", "restart", "postfix"];
            c.ran(after(work, 40), shell.as_root(), "/usr/bin/systemctl", &restart, "/root");
        }
        4 => {
            c.ran(work, shell, "/usr/bin/id", &["id"], "/srv/users");
            c.ran(
                after(work, 9_000),
                shell,
                "/usr/bin/tail",
                &["tail", "-n", "50", "/var/log/syslog"],
                "/srv/users",
            );
        }
        5 => {
            // A key for the new colleague's machine, rightly.
            let file = format!("/srv/users/{}/.ssh/authorized_keys", who.account);
            c.made_file(work, shell, "/usr/bin/ssh-copy-id", &file, "ssh");
        }
        _ => {
            let fetch = ["curl", "-fsSLO", "https://download.updates.example/postfix.asc"];
            c.ran(work, shell, "/usr/bin/curl", &fetch, "/srv/users");
        }
    }
    c.auth(
        after(at, minutes(18)),
        on,
        "sshd",
        &format!("pam_unix(sshd:session): session closed for user {}", who.account),
    );
}

/// Old mail lies on the gateway, and is read by IMAP.
fn archive(c: &mut Chronicle, random: &mut Random, day: Date) {
    if random.percent(25) {
        let who = random.pick(&STAFF);
        let at = local(day, 8, 0, random.millis(0, minutes(500)));
        if random.percent(7) {
            c.asked_by_imap(after(at, -12_000), who.account, who.host.address, false);
        }
        c.asked_by_imap(at, who.account, who.host.address, true);
    }
    if random.percent(2) {
        // The press office sends a film.
        let (site, at) = (SITES[4], local(day, 14, 0, random.millis(0, minutes(120))));
        let sent = random.between(250_000_000, 700_000_000);
        let traffic = Traffic { sent, millis: 400_000, ..web(random, 90_000) };
        let flow = c.flow(at, PCS[13].address, site.1, 443, traffic);
        c.shook_hands(&flow, site.0, "ok");
    }
}

/// Somebody works from home or an embassy, through the VPN.
fn remote_work(c: &mut Chronicle, random: &mut Random, day: Date) {
    let index = random.between(0, 11);
    let who = &STAFF[usize::try_from(index).expect("small")];
    let home = format!("198.51.100.{}", 60 + index * 3);
    let from = if random.percent(30) { (*random.pick(EMBASSIES)).to_owned() } else { home };
    let at = local(day, 7, 30, random.millis(0, minutes(700)));
    let inside = format!("10.20.60.{}", random.between(10, 250));
    if random.percent(9) {
        c.failed_at_vpn(after(at, -25_000), who.account, &from);
    }
    c.came_by_vpn(at, who.account, &from, &inside);
    if random.percent(40) {
        c.signed_in(after(at, 90_000), who, GATEWAY, "0");
    }
}
