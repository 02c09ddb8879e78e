//! What an intruder took, in truth: messages, files, and what went out. The key's word on it, against which
//! estimates made from the logs can be held.

use std::collections::BTreeMap;

use blanik_model::Timestamp;
use serde::{Deserialize, Serialize};

use super::chronicle::{Chronicle, Intruder};
use super::mail::message_bytes;
use super::network::Person;
use super::zeek::Flow;

/// All that one intruder took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// Messages, by mailbox.
    pub mailboxes: Vec<TakenMail>,
    /// Files, as they were gathered.
    pub files: Vec<TakenFiles>,
    /// What left the network.
    pub outbound: Vec<Outbound>,
}

/// Messages of one mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenMail {
    /// The mailbox.
    pub mailbox: String,
    /// The first time.
    pub first: Timestamp,
    /// The last time.
    pub last: Timestamp,
    /// Different messages whose content the intruder has.
    pub messages: u64,
    /// Of these, those that a collected record names, one by one.
    pub messages_recorded: u64,
    /// Their length in bytes.
    pub bytes: u64,
}

/// Files gathered in one go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenFiles {
    /// When.
    pub time: Timestamp,
    /// From which machine.
    pub host: String,
    /// From where on it.
    pub folder: String,
    /// How many.
    pub files: u64,
    /// Their length, before they were packed.
    pub bytes: u64,
}

/// Data that left the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbound {
    /// When it began.
    pub time: Timestamp,
    /// The machine's address inside.
    pub from: String,
    /// Where it went.
    pub to: String,
    /// Bytes of content.
    pub bytes: u64,
}

/// A mailbox's messages by number; true for those that a record names.
#[derive(Debug)]
struct Box {
    mail: String,
    first: Timestamp,
    last: Timestamp,
    messages: BTreeMap<u64, (bool, u64)>,
}

/// What is gathered while the story is told.
#[derive(Debug, Default)]
pub struct Loot {
    boxes: BTreeMap<(Intruder, &'static str), Box>,
    files: Vec<(Intruder, TakenFiles)>,
    outbound: Vec<(Intruder, Outbound)>,
}

impl Loot {
    /// What one of them took.
    pub fn of(&self, by: Intruder) -> Taken {
        let count = |number: usize| u64::try_from(number).expect("a count fits");
        let mailboxes =
            self.boxes.iter().filter(|((who, _), _)| *who == by).map(|(_, of)| TakenMail {
                mailbox: of.mail.clone(),
                first: of.first,
                last: of.last,
                messages: count(of.messages.len()),
                messages_recorded: count(
                    of.messages.values().filter(|(recorded, _)| *recorded).count(),
                ),
                bytes: of.messages.values().map(|(_, bytes)| bytes).sum(),
            });
        Taken {
            mailboxes: mailboxes.collect(),
            files: self
                .files
                .iter()
                .filter(|(who, _)| *who == by)
                .map(|(_, f)| f.clone())
                .collect(),
            outbound: self
                .outbound
                .iter()
                .filter(|(who, _)| *who == by)
                .map(|(_, o)| o.clone())
                .collect(),
        }
    }
}

impl Chronicle {
    /// The intruder has the mailbox's messages from that number on, so many; recorded one by one, or not.
    pub fn took_mail(
        &mut self,
        by: Intruder,
        time: Timestamp,
        who: &'static Person,
        (first, count): (u64, u64),
        recorded: bool,
    ) {
        let of = self.loot.boxes.entry((by, who.account)).or_insert_with(|| Box {
            mail: who.mail(),
            first: time,
            last: time,
            messages: BTreeMap::new(),
        });
        of.first = of.first.min(time);
        of.last = of.last.max(time);
        for number in first..first + count {
            let message = of.messages.entry(number).or_insert((false, message_bytes(who, number)));
            message.0 |= recorded;
        }
    }

    /// The intruder gathered files.
    pub fn took_files(
        &mut self,
        by: Intruder,
        time: Timestamp,
        (host, folder): (&str, &str),
        (files, bytes): (u64, u64),
    ) {
        let (host, folder) = (host.to_owned(), folder.to_owned());
        self.loot.files.push((by, TakenFiles { time, host, folder, files, bytes }));
    }

    /// What went over the connection was taken.
    pub fn sent_out(&mut self, by: Intruder, flow: &Flow) {
        let (from, to) = (flow.from.clone(), flow.to.clone());
        let out = Outbound { time: flow.time, from, to, bytes: flow.traffic.sent };
        self.loot.outbound.push((by, out));
    }
}
