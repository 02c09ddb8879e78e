//! A Windows event before it is spelled, who acts (sessions, processes), and what Windows itself
//! says of each event (provider, task, keywords).

use blanik_model::Timestamp;

use super::chronicle::{Body, Chronicle};
use super::network::{Host, NETBIOS, Person};

/// Names and values of an event, in the order that Windows has them.
pub type Fields = Vec<(&'static str, String)>;

/// An event log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Channel {
    /// Sysmon's.
    Sysmon,
    /// Security.
    Security,
    /// System.
    System,
    /// PowerShell's.
    PowerShell,
    /// The task scheduler's.
    TaskScheduler,
}

impl Channel {
    /// Its full name.
    pub fn name(self) -> &'static str {
        match self {
            Channel::Sysmon => "Microsoft-Windows-Sysmon/Operational",
            Channel::Security => "Security",
            Channel::System => "System",
            Channel::PowerShell => "Microsoft-Windows-PowerShell/Operational",
            Channel::TaskScheduler => "Microsoft-Windows-TaskScheduler/Operational",
        }
    }
}

/// An event.
#[derive(Debug)]
pub struct WindowsEvent {
    /// When.
    pub time: Timestamp,
    /// On which machine.
    pub host: &'static Host,
    /// In which log.
    pub channel: Channel,
    /// Which event.
    pub id: u32,
    /// Its data.
    pub fields: Fields,
    /// The process that wrote it.
    pub writer: (u64, u64),
}

/// Who provides an event, and how Windows files it.
#[derive(Debug)]
pub struct Provider {
    /// Its name.
    pub name: &'static str,
    /// Its GUID, with braces.
    pub guid: &'static str,
    /// The account under which it writes, if it says.
    pub user: Option<&'static str>,
}

const SYSMON: Provider = Provider {
    name: "Microsoft-Windows-Sysmon",
    guid: "{5770385F-C22A-43E0-BF4C-06F5698FFBD9}",
    user: Some("S-1-5-18"),
};
const AUDITING: Provider = Provider {
    name: "Microsoft-Windows-Security-Auditing",
    guid: "{54849625-5478-4994-A5BA-3E3B0328C30D}",
    user: None,
};
const EVENTLOG: Provider = Provider {
    name: "Microsoft-Windows-Eventlog",
    guid: "{FC65DDD8-D6EF-4962-83D5-6E5CFE9CE148}",
    user: None,
};
const SERVICES: Provider = Provider {
    name: "Service Control Manager",
    guid: "{555908D1-A6D7-4695-8E1E-26931D2012F4}",
    user: Some("S-1-5-18"),
};
const POWERSHELL: Provider = Provider {
    name: "Microsoft-Windows-PowerShell",
    guid: "{A0C1853B-5C40-4B15-8766-3CF1C58F985A}",
    user: None,
};
const TASKS: Provider = Provider {
    name: "Microsoft-Windows-TaskScheduler",
    guid: "{DE7B24EA-73C8-4A09-985D-5BDADCFA9017}",
    user: Some("S-1-5-18"),
};

impl WindowsEvent {
    /// Who provides it.
    pub fn provider(&self) -> &'static Provider {
        match (self.channel, self.id) {
            (_, 104 | 1102) => &EVENTLOG,
            (Channel::Sysmon, _) => &SYSMON,
            (Channel::Security, _) => &AUDITING,
            (Channel::System, _) => &SERVICES,
            (Channel::PowerShell, _) => &POWERSHELL,
            (Channel::TaskScheduler, _) => &TASKS,
        }
    }

    /// Its task number.
    pub fn task(&self) -> u32 {
        match (self.channel, self.id) {
            (_, 104 | 1102) => 104,
            (Channel::Security, id) => security_task(id),
            (Channel::System, _) => 0,
            (Channel::PowerShell, _) => 2,
            (Channel::Sysmon | Channel::TaskScheduler, id) => id,
        }
    }

    /// Its keywords, as a bit mask.
    pub fn keywords(&self) -> u64 {
        match (self.channel, self.id) {
            (Channel::Security, 1102) => 0x4020_0000_0000_0000,
            (Channel::Security, 4625 | 4771) => 0x8010_0000_0000_0000,
            (Channel::Security, _) => 0x8020_0000_0000_0000,
            (Channel::System, 7045) => 0x8080_0000_0000_0000,
            (Channel::PowerShell, _) => 0,
            _ => 0x8000_0000_0000_0000,
        }
    }

    /// The element that holds the data instead of `EventData`, in the few events that have one.
    pub fn user_data(&self) -> Option<&'static str> {
        matches!(self.id, 104 | 1102).then_some("LogFileCleared")
    }

    /// Its level: 0 for audits, 3 warning, 4 information, 5 verbose.
    pub fn level(&self) -> u8 {
        match (self.channel, self.id) {
            (_, 104 | 1102) => 4,
            (Channel::Security, _) => 0,
            (Channel::PowerShell, _) => 5,
            _ => 4,
        }
    }
}

fn security_task(id: u32) -> u32 {
    match id {
        4624 | 4625 | 4648 => 12544,
        4634 => 12545,
        4672 => 12548,
        4662 => 14080,
        4688 => 13312,
        4697 => 12289,
        4698 => 12804,
        4720 => 13824,
        4732 => 13826,
        4768 | 4771 => 14339,
        4769 => 14337,
        4776 => 14336,
        5140 => 12808,
        5145 => 12811,
        _ => 0,
    }
}

/// A logged-on account.
#[derive(Clone, Debug)]
pub struct Session {
    /// Where.
    pub host: &'static Host,
    /// The account.
    pub account: String,
    /// The account's domain.
    pub domain: String,
    /// The account's SID.
    pub sid: String,
    /// The logon's number, such as `0x3e7`.
    pub logon_id: String,
    /// `Medium`, `High` or `System`.
    pub integrity: &'static str,
}

impl Session {
    /// `MZV\hkralova`.
    pub fn user(&self) -> String {
        format!("{}\\{}", self.domain, self.account)
    }

    /// The operating system itself.
    pub fn system(host: &'static Host) -> Self {
        Session {
            host,
            account: "SYSTEM".into(),
            domain: "NT AUTHORITY".into(),
            sid: "S-1-5-18".into(),
            logon_id: "0x3e7".into(),
            integrity: "System",
        }
    }

    /// The same session with raised rights.
    pub fn raised(mut self) -> Self {
        self.integrity = "High";
        self
    }
}

/// A process that runs.
#[derive(Clone, Debug)]
pub struct Process {
    /// Where.
    pub host: &'static Host,
    /// Sysmon's identifier, with braces.
    pub guid: String,
    /// Its number.
    pub pid: u64,
    /// Its file.
    pub image: String,
    /// Its command line.
    pub command_line: String,
    /// Whose it is.
    pub session: Session,
}

impl Chronicle {
    /// Writes a Windows event down.
    pub fn windows(
        &mut self,
        time: Timestamp,
        host: &'static Host,
        channel: Channel,
        id: u32,
        fields: Fields,
    ) {
        let writer = match channel {
            Channel::Security => (4, self.random.between(60, 900) * 4),
            _ => (self.random.between(500, 900) * 4, self.random.between(600, 2400) * 4),
        };
        let event = WindowsEvent { time, host, channel, id, fields, writer };
        self.put(time, Body::Windows(event));
    }

    /// Somebody's session on a machine.
    pub fn session(&mut self, who: &Person, host: &'static Host) -> Session {
        Session {
            host,
            account: who.account.into(),
            domain: NETBIOS.into(),
            sid: who.sid(),
            logon_id: format!("0x{:x}", self.random.between(0x1_0000, 0xffff_ffff)),
            integrity: "Medium",
        }
    }

    /// A process that began before anybody looked.
    pub fn running(&mut self, session: &Session, image: &str, command_line: &str) -> Process {
        Process {
            host: session.host,
            guid: format!("{{{}}}", self.random.guid()),
            pid: self.random.between(150, 5000) * 4,
            image: image.into(),
            command_line: command_line.into(),
            session: session.clone(),
        }
    }
}
