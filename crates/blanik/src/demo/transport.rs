//! Messages on their way: the mail gateway's Postfix and Dovecot, and Exchange's message tracking.
//!
//! The gateway's clock runs ahead (see [`super::network::MX01`]); Exchange's does not, so that a message that went
//! through both tells by how much.

use blanik_model::Timestamp;

use super::chronicle::{Body, Chronicle};
use super::clock::after;
use super::feeds::{Feed, quoted, stamp, syslog};
use super::network::{DOMAIN, EXCH01, MX01};

/// A message.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Who sends it.
    pub from: &'a str,
    /// Who gets it.
    pub to: &'a str,
    /// Its subject.
    pub subject: &'a str,
    /// Its id, with brackets.
    pub id: &'a str,
    /// Its length in bytes.
    pub bytes: u64,
}

impl Chronicle {
    /// A message comes in from outside: through the gateway, then to a mailbox.
    pub fn message_came(&mut self, time: Timestamp, message: Message<'_>, server: (&str, &str)) {
        let queue = self.random.hex(10).to_ascii_uppercase();
        let (name, address) = server;
        self.postfix(time, "postfix/smtpd", &format!("{queue}: client={name}[{address}]"));
        self.postfix(
            after(time, 90),
            "postfix/cleanup",
            &format!("{queue}: message-id={}", message.id),
        );
        let text = format!(
            "{queue}: from=<{}>, size={}, nrcpt=1 (queue active)",
            message.from, message.bytes
        );
        self.postfix(after(time, 140), "postfix/qmgr", &text);
        let text = format!(
            "{queue}: to=<{}>, relay={}[{}]:25, delay=0.9, delays=0.4/0/0.1/0.4, dsn=2.6.0, status=sent (250 2.6.0 \
             {} Queued mail for delivery)",
            message.to, EXCH01.name, EXCH01.address, message.id
        );
        self.postfix(after(time, 900), "postfix/smtp", &text);
        self.tracked(
            after(time, 850),
            ("SMTP", "RECEIVE", "Incoming"),
            message,
            MX01.address,
            address,
        );
        self.tracked(
            after(time, 1_900),
            ("STOREDRIVER", "DELIVER", "Incoming"),
            message,
            "",
            address,
        );
    }

    /// A message goes out from a mailbox.
    pub fn message_went(&mut self, time: Timestamp, message: Message<'_>, why: &str) {
        self.tracked(time, ("STOREDRIVER", why, "Originating"), message, "", "");
        if message.to.ends_with(DOMAIN) {
            self.tracked(
                after(time, 700),
                ("STOREDRIVER", "DELIVER", "Originating"),
                message,
                "",
                "",
            );
            return;
        }
        self.tracked(
            after(time, 800),
            ("SMTP", "SENDEXTERNAL", "Originating"),
            message,
            EXCH01.address,
            "",
        );
        let queue = self.random.hex(10).to_ascii_uppercase();
        let time = after(time, 900);
        let text = format!("{queue}: client={}[{}]", EXCH01.name, EXCH01.address);
        self.postfix(time, "postfix/smtpd", &text);
        let text = format!(
            "{queue}: from=<{}>, size={}, nrcpt=1 (queue active)",
            message.from, message.bytes
        );
        self.postfix(after(time, 60), "postfix/qmgr", &text);
        let host = message.to.rsplit('@').next().unwrap_or_default();
        let text = format!(
            "{queue}: to=<{}>, relay=mx.{host}[203.0.113.25]:25, delay=1.4, delays=0.1/0/0.6/0.7, dsn=2.0.0, \
             status=sent (250 2.0.0 Ok)",
            message.to
        );
        self.postfix(after(time, 1_400), "postfix/smtp", &text);
    }

    fn postfix(&mut self, time: Timestamp, tag: &str, text: &str) {
        let tag = format!("{tag}[{}]", self.random.between(1_000, 30_000));
        self.line(time, &MX01, Feed::MailLog, |shown| syslog(shown, MX01.name, &tag, text));
    }

    /// Somebody opened an archive mailbox by IMAP, or tried to.
    pub fn asked_by_imap(&mut self, time: Timestamp, user: &str, from: &str, opened: bool) {
        let session = self
            .random
            .letters(16, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
        let ends = format!("rip={from}, lip={}, TLS, session=<{session}>", MX01.address);
        let text = if opened {
            let pid = self.random.between(1_000, 30_000);
            format!("imap-login: Login: user=<{user}>, method=PLAIN, {ends}, mpid={pid}")
        } else {
            format!(
                "imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<{user}>, method=PLAIN, {ends}"
            )
        };
        self.line(time, &MX01, Feed::MailLog, |shown| syslog(shown, MX01.name, "dovecot", &text));
    }

    /// A line of the message tracking.
    fn tracked(
        &mut self,
        time: Timestamp,
        (source, event, direction): (&str, &str, &str),
        message: Message<'_>,
        client: &str,
        origin: &str,
    ) {
        let number = self.random.between(1 << 32, 1 << 40);
        let client_name = if client == MX01.address { MX01.name } else { "" };
        let line = format!(
            "{},{client},{client_name},{},{},,,{source},{event},{number},{},{},,{},1,{},{},{},{direction},{origin}",
            stamp(time, "%Y-%m-%dT%H:%M:%S%.3fZ"),
            EXCH01.address,
            EXCH01.name,
            message.id,
            message.to,
            message.bytes,
            quoted(message.subject),
            message.from,
            message.from,
        );
        self.put(time, Body::Line(Feed::Tracking, line));
    }
}
