//! What happened: every record of the exercise, as it happens, and the steps that some of them tell of.
//!
//! The other files write into it: ordinary work plain records, the intrusions records inside a
//! [`Chronicle::step`]. Where a record will lie, and as which line, is decided only afterwards.

use blanik_model::Timestamp;

use super::clock::after;
use super::feeds::Feed;
use super::network::{Device, GAP, Host};
use super::random::Random;
use super::taken::Loot;
use super::windows::WindowsEvent;
use super::zeek_log::ZeekRecord;

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
    /// A record of the Microsoft 365 unified audit log, as JSON.
    Mail(String),
    /// One record of another log: a line, or the lines of an audit event.
    Line(Feed, String),
}

/// A record with its moment.
#[derive(Debug)]
pub struct Entry {
    /// When, by the clock that the record has its time from.
    pub time: Timestamp,
    /// What.
    pub body: Body,
    /// The step that it tells of, an index into [`Chronicle::steps`].
    pub tells: Option<usize>,
    /// It was written on the machine, and never reached the collection.
    pub lost: bool,
}

/// Something that an intruder did.
#[derive(Debug)]
pub struct Deed {
    /// Who did it.
    pub by: Intruder,
    /// When it truly happened, where no record is left to say so.
    pub time: Option<Timestamp>,
    /// Its ATT&CK tactic, as ATT&CK's short name.
    pub tactic: &'static str,
    /// Its ATT&CK technique.
    pub technique: &'static str,
    /// Where: a full host name, or the cloud's.
    pub host: String,
    /// The machine from which, where that is another.
    pub from: Option<String>,
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
    /// What was taken, in truth.
    pub loot: Loot,
    telling: Option<usize>,
}

impl Chronicle {
    /// An empty one.
    pub fn new(seed: u64) -> Self {
        let random = Random::stream(seed, "details");
        Chronicle { entries: vec![], steps: vec![], random, loot: Loot::default(), telling: None }
    }

    /// Writes a record down.
    pub fn put(&mut self, time: Timestamp, body: Body) {
        let lost = match &body {
            Body::Windows(event) => GAP.covers(event.host, time),
            _ => false,
        };
        self.entries.push(Entry { time, body, tells: self.telling, lost });
        self.see(time);
    }

    /// Writes a line down that a device's own clock dates.
    pub fn line(
        &mut self,
        time: Timestamp,
        device: &Device,
        feed: Feed,
        text: impl FnOnce(Timestamp) -> String,
    ) {
        let shown = after(time, device.clock_ahead_ms);
        let body = Body::Line(feed, text(shown));
        self.entries.push(Entry { time: shown, body, tells: self.telling, lost: false });
        self.see(time);
    }

    /// The first moment that is told of a step is when it truly happened.
    fn see(&mut self, time: Timestamp) {
        if let Some(step) = self.telling {
            self.steps[step].time.get_or_insert(time);
        }
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
        Deed::at(by, technique, &host.fqdn(), account, what)
    }

    /// Done at a device that is no machine of Windows, or in a service.
    pub fn at(
        by: Intruder,
        technique: &'static str,
        host: &str,
        account: &str,
        what: &str,
    ) -> Self {
        let (host, account, what) = (host.into(), account.into(), what.into());
        let tactic = tactic(technique);
        Deed { by, time: None, tactic, technique, host, from: None, account, what }
    }

    /// The same at a device that is no machine of [`super::network`].
    pub fn at_device(mut self, name: &str) -> Self {
        self.host = name.into();
        self
    }

    /// The same, done from another machine.
    pub fn from(mut self, host: &Host) -> Self {
        self.from = Some(host.fqdn());
        self
    }

    /// The same, for another end than the technique mostly has.
    pub fn towards(mut self, tactic: &'static str) -> Self {
        self.tactic = tactic;
        self
    }

    /// Done in the mail service.
    pub fn in_cloud(by: Intruder, technique: &'static str, account: &str, what: &str) -> Self {
        Deed::at(by, technique, super::mail::SERVICE, account, what)
    }
}

/// What a technique of the exercise is mostly for (ATT&CK v18, where each may serve several tactics).
fn tactic(technique: &str) -> &'static str {
    match technique.split('.').next().unwrap_or(technique) {
        "T1595" => "reconnaissance",
        "T1190" | "T1566" | "T1133" | "T1078" => "initial-access",
        "T1047" | "T1059" | "T1569" => "execution",
        "T1053" | "T1136" | "T1505" | "T1543" | "T1546" | "T1547" | "T1098" => "persistence",
        "T1070" | "T1218" | "T1562" | "T1564" | "T1574" => "defense-evasion",
        "T1003" | "T1110" | "T1528" | "T1558" => "credential-access",
        "T1016" | "T1018" | "T1033" | "T1069" | "T1082" | "T1083" | "T1087" | "T1482" => {
            "discovery"
        }
        "T1021" | "T1550" => "lateral-movement",
        "T1039" | "T1074" | "T1114" | "T1560" => "collection",
        "T1071" | "T1090" | "T1105" | "T1572" => "command-and-control",
        "T1041" | "T1048" | "T1567" => "exfiltration",
        _ => unreachable!("the story's techniques are known"),
    }
}
