//! Intrusion A: patient espionage, from July 2022 to April 2025, with long silences.
//!
//! In by the VPN device and a web shell; credentials, a side-loaded backdoor, an implant on the mail gateway, the
//! file server, the directory, the cabinet's mail; out over HTTPS and DNS. It works at night and at weekends, comes
//! through relays ([`super::relays`]), uses what is there, falls silent for months, and cleans up when it leaves.

mod departure;
mod entry;
mod gateway;
mod inside;
mod mailbox;
mod robbery;

use blanik_model::Timestamp;

use super::chronicle::{Chronicle, Deed, Intruder};
use super::clock::{after, minutes};
use super::network::{Host, Person};

/// Where the archives go.
const DROP: (&str, &str) = ("backup.file-relay.example", "203.0.113.140");

const CMD: &str = "C:\\Windows\\System32\\cmd.exe";
const BACKDOOR_FOLDER: &str = "C:\\ProgramData\\ScanUtil";
const BACKDOOR: &str = "C:\\ProgramData\\ScanUtil\\ScanUpd.exe";
const BACKDOOR_TASK: &str = "\\Microsoft\\Windows\\Scanner\\ScanUtil Update";

/// Does all of it.
pub fn tell(c: &mut Chronicle) {
    let portal = entry::tell(c);
    entry::steal_first_password(c, &portal);
    inside::tell(c);
    gateway::tell(c);
    robbery::tell(c);
    mailbox::tell(c);
    departure::tell(c);
}

/// Addresses outside that it used.
pub fn addresses() -> Vec<String> {
    let published = super::relays::CERT_FR.iter().chain(&super::relays::SEKOIA);
    published.copied().chain([DROP.1]).map(str::to_owned).collect()
}

fn deed(technique: &'static str, host: &Host, account: &str, what: &str) -> Deed {
    Deed::on(Intruder::A, technique, host, account, what)
}

fn device_deed(technique: &'static str, device: &str, account: &str, what: &str) -> Deed {
    Deed::at(Intruder::A, technique, device, account, what)
}

fn mail_deed(technique: &'static str, who: &Person, what: &str) -> Deed {
    Deed::in_cloud(Intruder::A, technique, &who.mail(), what)
}

/// The moment, up to ten minutes later by the seed.
fn at(c: &mut Chronicle, time: &str) -> Timestamp {
    let time = time.parse().expect("the story's times are times");
    after(time, c.random.millis(0, minutes(10)))
}
