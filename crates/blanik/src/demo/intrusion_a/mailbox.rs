//! What A reads of the cabinet's mail, over seventeen months and from another relay nearly each time.

use super::super::chronicle::{Chronicle, Intruder};
use super::super::clock::{after, minutes};
use super::super::mail::{Access, OWA, Reading};
use super::super::network::{GATEWAY, Person, STAFF};
use super::super::relays::{CERT_FR, SEKOIA};
use super::super::signins::SignIn;
use super::super::transport::Message;
use super::{at, mail_deed};

/// The application that the secretary let in.
const APPLICATION: (&str, &str) = ("Calendar Companion", "c4113a0a-7777-4b1d-8f00-0000000000a1");
/// Where the chief of cabinet's mail is forwarded to.
const OUTSIDE: &str = "m.benes.archiv@post.webmail.example";
const REST: &str = "Client=REST;Client=RESTSystem;;";
const OLD_CLIENT: &str = "Client=POP3/IMAP4";

/// Does this part.
pub fn tell(c: &mut Chronicle) {
    let (secretary, chief) = (&STAFF[0], &STAFF[1]);
    let_application_in(c, secretary);
    read_by_application(c, secretary);
    forward(c, chief);
    copy_mailbox(c, chief);
}

fn let_application_in(c: &mut Chronicle, secretary: &Person) {
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
        c.mail_command(time, secretary, CERT_FR[2], "New-InboxRule", &parameters);
    });
}

/// Each time what came since the last; so nothing is read twice.
fn read_by_application(c: &mut Chronicle, secretary: &'static Person) {
    let days = [
        ("2023-12-03", 412),
        ("2024-01-14", 188),
        ("2024-03-10", 240),
        ("2024-05-26", 331),
        ("2024-09-15", 274),
    ];
    let mut first = 90_000;
    for (index, (day, count)) in days.into_iter().enumerate() {
        let time = at(c, &format!("{day}T23:08:00Z"));
        let what = format!(
            "The application reads {count} messages of the secretary's mailbox through a relay."
        );
        c.step(mail_deed("T1114.002", secretary, &what), |c| {
            let folder = if index % 2 == 0 { "\\Inbox" } else { "\\Inbox\\Kabinet" };
            let relay = CERT_FR[index % CERT_FR.len()];
            let mut left = count;
            let mut time = time;
            while left > 0 {
                let access = Access::Bind(first, left.min(90));
                let reading = Reading { application: APPLICATION.1, client: REST, folder, access };
                c.mail_read(time, secretary, relay, reading);
                c.took_mail(Intruder::A, time, secretary, (first, left.min(90)), true);
                first += left.min(90);
                left -= left.min(90);
                // The service gathers what is read within two minutes.
                time = after(time, minutes(2) + c.random.millis(0, 50_000));
            }
        });
    }
}

fn forward(c: &mut Chronicle, chief: &'static Person) {
    let time = at(c, "2024-04-07T22:30:00Z");
    let what = "The chief of cabinet's mail is forwarded to an address outside.";
    c.step(mail_deed("T1114.003", chief, what), |c| {
        let parameters = [
            ("Identity", chief.account),
            ("ForwardingSmtpAddress", &format!("smtp:{OUTSIDE}")),
            ("DeliverToMailboxAndForward", "True"),
        ];
        // With a session that was stolen from a browser: no second factor is asked for.
        let how = SignIn {
            address: CERT_FR[7],
            error: "0",
            client: "Browser",
            agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:102.0) Gecko/20100101 Firefox/102.0",
            second_factor: false,
        };
        c.signed_in_by(after(time, -90_000), chief, how);
        c.mail_command(time, chief, CERT_FR[7], "Set-Mailbox", &parameters);
    });
    let what = "From now on letters to the chief of cabinet go outside, one by one.";
    c.step(mail_deed("T1114.003", chief, what).towards("exfiltration"), |c| {
        let mut time = after(time, minutes(60 * 9));
        for number in 70_000..70_046 {
            let id = super::super::mail::message_id(chief, number);
            let bytes = super::super::mail::message_bytes(chief, number);
            let from = chief.mail();
            let message =
                Message {
                    from: &from, to: OUTSIDE, subject: "FW: (bez předmětu)", id: &id, bytes
                };
            c.message_went(time, message, "REDIRECT");
            c.took_mail(Intruder::A, time, chief, (number, 1), true);
            time = after(time, minutes(60 * 24 * 6) + c.random.millis(0, minutes(60 * 60)));
        }
    });
}

/// One night the whole mailbox is fetched, until the service stops telling of it.
fn copy_mailbox(c: &mut Chronicle, chief: &'static Person) {
    let time = at(c, "2024-06-22T21:50:00Z");
    let what = "The chief of cabinet's password opens the mailbox for an old client, without a second factor.";
    c.step(mail_deed("T1078.004", chief, what), |c| {
        let how = SignIn {
            address: SEKOIA[2],
            error: "0",
            client: "IMAP4",
            agent: "CBAInPROD",
            second_factor: false,
        };
        c.signed_in_by(time, chief, how);
    });
    let reading = |folder, access| Reading { application: OWA, client: OLD_CLIENT, folder, access };
    let what = "The inbox is brought up to date on the intruder's client: 640 messages, which no record names.";
    let time = after(time, minutes(2));
    c.step(mail_deed("T1114.002", chief, what), |c| {
        c.mail_read(time, chief, SEKOIA[2], reading("\\Inbox", Access::Sync));
        c.took_mail(Intruder::A, time, chief, (80_000, 640), false);
    });
    let what = "Older folders are read message by message: 1,500, of which the log names the first thousand.";
    let time = after(time, minutes(25));
    c.step(mail_deed("T1114.002", chief, what), |c| {
        let folder = "\\Archiv\\2023";
        let mut time = time;
        for part in 0..10 {
            let first = 50_000 + part * 100;
            c.mail_read(time, chief, SEKOIA[2], reading(folder, Access::Bind(first, 100)));
            c.took_mail(Intruder::A, time, chief, (first, 100), true);
            time = after(time, minutes(2) + c.random.millis(0, 30_000));
        }
        c.mail_read(time, chief, SEKOIA[2], reading(folder, Access::Throttled));
        c.took_mail(Intruder::A, time, chief, (51_000, 500), false);
    });
}
