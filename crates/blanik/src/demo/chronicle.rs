//! What happened: every record of the exercise, as it happens, and the steps that some of them tell of.
//!
//! The other files write into it: ordinary work plain records, the intrusions records inside a
//! [`Chronicle::step`]. Where a record will lie, and as which line, is decided only afterwards.

use blanik_model::Timestamp;

use super::network::Host;
use super::random::Random;
use super::windows::WindowsEvent;
use super::zeek::ZeekRecord;

/// Which of the two intrusions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Intruder {
    /// The patient one.
    A,
    /// The noisy one.
    B,
}

/// A log record, before it has a place.
#[derive(Debug)]
pub enum Body {
    /// A Windows event.
    Windows(WindowsEvent),
    /// A line of a Zeek log.
    Zeek(ZeekRecord),
    /// A line of Suricata's EVE, as JSON.
    Eve(String),
    /// A line of the Microsoft 365 unified audit log, as JSON.
    Mail(String),
}

/// A record with its moment.
#[derive(Debug)]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// What.
    pub body: Body,
    /// The step that it tells of, an index into [`Chronicle::steps`].
    pub tells: Option<usize>,
}

/// Something that an intruder did.
#[derive(Debug)]
pub struct Deed {
    /// Who did it.
    pub by: Intruder,
    /// Its ATT&CK technique.
    pub technique: &'static str,
    /// Where: a full host name, or the cloud's.
    pub host: String,
    /// The account used, if one was.
    pub account: String,
    /// One plain sentence.
    pub what: String,
}

/// See the module.
#[derive(Debug)]
pub struct Chronicle {
    /// All records, in the order in which they were written down.
    pub entries: Vec<Entry>,
    /// All steps.
    pub steps: Vec<Deed>,
    /// Where details (identifiers, ports, delays) are drawn from.
    pub random: Random,
    telling: Option<usize>,
}

impl Chronicle {
    /// An empty one.
    pub fn new(seed: u64) -> Self {
        let random = Random::stream(seed, "details");
        Chronicle { entries: vec![], steps: vec![], random, telling: None }
    }

    /// Writes a record down.
    pub fn put(&mut self, time: Timestamp, body: Body) {
        self.entries.push(Entry { time, body, tells: self.telling });
    }

    /// Does something as a step of an intrusion: what `tell` puts down are the step's records.
    pub fn step<T>(&mut self, deed: Deed, tell: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.telling.replace(self.steps.len());
        assert!(outer.is_none(), "steps do not nest");
        self.steps.push(deed);
        let result = tell(self);
        self.telling = None;
        result
    }
}

impl Deed {
    /// Done on a machine of the ministry.
    pub fn on(
        by: Intruder,
        technique: &'static str,
        host: &Host,
        account: &str,
        what: &str,
    ) -> Self {
        Deed { by, technique, host: host.fqdn(), account: account.into(), what: what.into() }
    }

    /// The same at a device that is no machine of [`super::network`].
    pub fn at_device(mut self, name: &str) -> Self {
        self.host = name.into();
        self
    }

    /// Done in the mail service.
    pub fn in_cloud(by: Intruder, technique: &'static str, account: &str, what: &str) -> Self {
        let host = super::mail::SERVICE.to_owned();
        Deed { by, technique, host, account: account.into(), what: what.into() }
    }
}
