//! The formats of logs that are lines of text, tables or messages: one word each, by which a user
//! names it. What begins a record, and what its fields are, stands in `frame/` and `decode/text/`.

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextFormat {
    /// Linux audit records, `type=… msg=audit(…): …`; the records of an event are joined.
    Auditd,
    /// RFC 3164, RFC 5424 and what syslog daemons write into files.
    Syslog,
    /// The access logs of Apache and nginx: common, combined, with a virtual host.
    Access,
    /// W3C extended logs with `#Fields` lines: IIS, proxies, Exchange's message tracking.
    W3c,
    /// A table whose first line names the columns.
    Csv,
    /// ArcSight's CEF and QRadar's LEEF, a line each.
    Cef,
    /// Access logs of AWS load balancers.
    Elb,
    /// Squid's native access log.
    Squid,
    /// Flows as `nfdump` prints them.
    Nfdump,
    /// Query logs of DNS servers: BIND, Unbound, Windows.
    Dns,
    /// A mail message, or several in an mbox.
    Mail,
    /// The login records of `utmp`, `wtmp` and `btmp`.
    Utmp,
    /// What `journalctl -o export` writes.
    Journal,
    /// A shell's history with times.
    History,
    /// Lines that hold a time, of no format known.
    Lines,
}

impl TextFormat {
    /// All of them, with their words.
    pub const ALL: &'static [(&'static str, TextFormat)] = &[
        ("auditd", TextFormat::Auditd),
        ("syslog", TextFormat::Syslog),
        ("access", TextFormat::Access),
        ("w3c", TextFormat::W3c),
        ("csv", TextFormat::Csv),
        ("cef", TextFormat::Cef),
        ("elb", TextFormat::Elb),
        ("squid", TextFormat::Squid),
        ("nfdump", TextFormat::Nfdump),
        ("dns", TextFormat::Dns),
        ("mail", TextFormat::Mail),
        ("utmp", TextFormat::Utmp),
        ("journal", TextFormat::Journal),
        ("history", TextFormat::History),
        ("lines", TextFormat::Lines),
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, format)| *format == self);
        found.map(|(word, _)| *word).expect("every format has a word")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_word_of_its_own() {
        for (word, format) in TextFormat::ALL {
            assert_eq!(format.as_str(), *word);
        }
    }
}
