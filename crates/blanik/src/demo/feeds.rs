//! The logs that are lines of text or JSON and no Windows events, no Zeek and no Suricata: where each lies,
//! how it begins, and how its product writes a line. Who writes what when is told elsewhere.
//!
//! Sources: rsyslogd's RSYSLOG_FileFormat; auditd's enriched format (auditd.conf(5)); Apache's "combined"; IIS's W3C
//! extended format; Squid's native format; `nfdump -o csv`; BIND's query log; Fortinet's "CEF support"; Azure
//! Monitor's SignInLogs; Exchange's message tracking log.

use blanik_model::Timestamp;

use super::clock::day_of;
use super::network::Device;

/// A log of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// The Linux audit log of a machine.
    Audit(&'static Device),
    /// `auth.log` of a machine.
    Auth(&'static Device),
    /// Postfix and Dovecot.
    MailLog,
    /// The web server of the appointments' machine.
    Access,
    /// The public web server's IIS.
    Iis,
    /// The proxy.
    Squid,
    /// Flows at the border.
    Flows,
    /// Names that the forwarder was asked for.
    Queries,
    /// The firewall and its VPN.
    Firewall,
    /// Sign-ins to the cloud.
    SignIns,
    /// Messages through Exchange.
    Tracking,
}

impl Feed {
    /// The file in which a line of that moment lies.
    pub fn file(self, time: Timestamp) -> String {
        let day = day_of(time);
        let (year, month) = (day.year(), day.month());
        match self {
            Feed::Audit(device) => format!("{}/audit-{year}.log", device.folder()),
            Feed::Auth(device) => format!("{}/auth-{year}.log", device.folder()),
            Feed::MailLog => format!("mx01/mail-{year}.log"),
            Feed::Access => format!("www02/access-{year}.log"),
            Feed::Iis => format!("web01/W3SVC1/u_ex{:02}{month:02}.log", year % 100),
            Feed::Squid => format!("prx01/access-{year}.log.gz"),
            Feed::Flows => format!("nfdump/flows-{year}.csv"),
            Feed::Queries => format!("ns01/queries-{year}.log.gz"),
            Feed::Firewall => format!("fw01/cef-{year}.log"),
            Feed::SignIns => format!("entra/SignInLogs-{year}.json"),
            Feed::Tracking => format!("exch01/MSGTRK{year}{month:02}01-1.LOG"),
        }
    }

    /// The lines with which a file begins.
    pub fn header(self) -> Vec<String> {
        let text = match self {
            Feed::Iis => {
                "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Fields: date time s-ip \
                 cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) cs-host \
                 sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken"
            }
            Feed::Flows => "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt",
            Feed::Tracking => {
                "#Software: Microsoft Exchange Server\n#Version: 15.02.1118.007\n#Log-type: Message Tracking \
                 Log\n#Fields: date-time,client-ip,client-hostname,server-ip,server-hostname,source-context,\
                 connector-id,source,event-id,internal-message-id,message-id,recipient-address,recipient-status,\
                 total-bytes,recipient-count,message-subject,sender-address,return-path,directionality,\
                 original-client-ip"
            }
            _ => "",
        };
        text.lines().map(str::to_owned).collect()
    }
}

/// What blanik is to read a file as, by where it lies; the longest name that fits counts.
///
/// For the answer key, so that what was found can be counted by format.
pub const FORMATS: &[(&str, &str)] = &[
    ("wec01/", "Windows events, forwarded (NXLog JSON)"),
    ("app01/", "Windows events (Winlogbeat)"),
    ("pc-adm01/", "Windows events (Winlogbeat)"),
    ("web01/", "Windows events (evtx_dump JSON)"),
    ("web01/W3SVC1/", "IIS W3C"),
    ("pc-pro04/", "Windows events (XML)"),
    ("zeek/", "Zeek"),
    ("suricata/", "Suricata EVE"),
    ("m365/", "Microsoft 365 unified audit log"),
    ("entra/", "Entra sign-ins"),
    ("exch01/", "Exchange message tracking"),
    ("mx01/mail", "Postfix and Dovecot (syslog)"),
    ("mx01/auth", "Linux auth.log"),
    ("mx01/audit", "Linux auditd"),
    ("www02/access", "Web access log (combined)"),
    ("www02/auth", "Linux auth.log"),
    ("www02/audit", "Linux auditd"),
    ("prx01/", "Squid"),
    ("nfdump/", "nfdump CSV"),
    ("ns01/", "BIND query log"),
    ("fw01/", "CEF (firewall)"),
];

/// The moment as text, by jiff's directives, in UTC.
pub fn stamp(time: Timestamp, form: &str) -> String {
    time.to_jiff().strftime(form).to_string()
}

/// The head of a line that rsyslogd wrote: RSYSLOG_FileFormat.
pub fn syslog(time: Timestamp, host: &str, tag: &str, message: &str) -> String {
    format!("{} {host} {tag}: {message}", stamp(time, "%Y-%m-%dT%H:%M:%S%.6f+00:00"))
}

/// Text inside a CSV's quotes.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
