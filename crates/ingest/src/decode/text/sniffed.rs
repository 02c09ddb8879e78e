//! Which text format the first bytes of a file are, by asking the formats' readers.

use super::{access, audit, cef, dns, elb, flow, history, lines, mail, squid, syslog, utmp};
use crate::clock::Clock;
use crate::record::Record;
use crate::text_format::TextFormat;

/// Lines that are looked at.
const LINES: usize = 200;
/// Bytes of a line that are.
const LINE_BYTES: usize = 4 << 10;

/// The format, if it is one of text.
pub(crate) fn recognise(head: &[u8]) -> Option<TextFormat> {
    if utmp::record_bytes(head).is_some() {
        return Some(TextFormat::Utmp);
    }
    if head.iter().take(4096).filter(|b| **b == 0).count() > 16 {
        return None;
    }
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}');
    if mail::begins(text) {
        return Some(TextFormat::Mail);
    }
    let sample = Sample::of(text);
    if sample.lines.is_empty() {
        return None;
    }
    let directives = sample.lines.iter().take(12).any(|l| l.starts_with("#Fields:"));
    if directives {
        return Some(TextFormat::W3c);
    }
    if text.starts_with("__CURSOR=") {
        return Some(TextFormat::Journal);
    }
    by_lines(&sample)
        .or_else(|| table(text))
        .or_else(|| sample.holds_times().then_some(TextFormat::Lines))
}

/// Lines of the beginning.
struct Sample<'t> {
    lines: Vec<&'t str>,
}

impl<'t> Sample<'t> {
    fn of(text: &'t str) -> Self {
        let whole = text.lines().map(|line| &line[..line.floor_char_boundary(LINE_BYTES)]);
        let lines = whole.filter(|l| !l.trim().is_empty()).take(LINES).collect();
        Sample { lines }
    }

    /// How many in a hundred lines are such.
    fn share(&self, is: impl Fn(&str) -> bool) -> usize {
        self.lines.iter().filter(|line| is(line)).count() * 100 / self.lines.len()
    }

    fn any(&self, is: impl Fn(&str) -> bool) -> bool {
        self.lines.iter().any(|line| is(line))
    }

    /// True if enough lines hold a time near their beginning.
    fn holds_times(&self) -> bool {
        let timed = self.lines.iter().filter(|l| lines::begins(l.as_bytes())).count();
        // A text that names a date somewhere is no log.
        timed > 0 && timed * 20 >= self.lines.len() && (timed > 1 || self.lines.len() < 4)
    }
}

/// The formats whose lines tell.
fn by_lines(sample: &Sample<'_>) -> Option<TextFormat> {
    let reads = |read: fn(&str, &mut Record) -> Option<super::Is>| {
        move |line: &str| read(line, &mut Record::default()).is_some()
    };
    let is_audit = |line: &str| audit::id(line.as_bytes()).is_some();
    let is_syslog = |line: &str| syslog_line(line);
    Some(match () {
        () if sample.share(is_audit) >= 20 => TextFormat::Auditd,
        () if sample.share(reads(access::read)) >= 50 => TextFormat::Access,
        () if sample.share(|l| l.starts_with("CEF:") || l.starts_with("LEEF:")) >= 50 => {
            TextFormat::Cef
        }
        () if sample.share(reads(elb::read)) >= 50 => TextFormat::Elb,
        () if sample.share(reads(squid::read)) >= 50 => TextFormat::Squid,
        () if sample.share(reads(flow::read)) >= 50 => TextFormat::Nfdump,
        () if sample.share(history::is_entry) >= 25 => TextFormat::History,
        () if sample.share(is_syslog) >= 40 && sample.any(is_audit) => TextFormat::Auditd,
        () if sample.share(is_syslog) >= 40 => TextFormat::Syslog,
        () if sample.share(dns_line) >= 5 => TextFormat::Dns,
        () if sample.share(|l| cef::read(l, &mut Record::default()).is_some()) >= 50 => {
            TextFormat::Cef
        }
        () => return None,
    })
}

/// A line with a time, and a host or a program behind it.
fn syslog_line(line: &str) -> bool {
    let mut record = Record::default();
    let read = syslog::read(line, &mut Clock::of_year(2000), &mut record, &mut Default::default());
    // A month's name, or a priority, is how syslog alone begins; of other times the tag must tell.
    let named = line.starts_with('<') || line.starts_with(|c: char| c.is_ascii_uppercase());
    let weekday = ["Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "];
    read.is_some()
        && !weekday.iter().any(|day| line.starts_with(day))
        && (named && (record.get("hostname").is_some() || record.get("program").is_some())
            || record.get("program").is_some()
                && (record.get("hostname").is_some() || record.get("severity").is_some())
                && line.as_bytes().get(10) == Some(&b'T'))
}

/// A query of a server that writes its own log.
fn dns_line(line: &str) -> bool {
    let mut record = Record::default();
    let is = dns::read(line, &mut Clock::of_year(2000), &mut record);
    is.is_some_and(|(log, _)| log != "dnsmasq" || record.get("query").is_some())
}

/// A table: its first lines have as many cells, and more than one; the first names columns.
fn table(text: &str) -> Option<TextFormat> {
    use super::csv::cells;
    let separator = crate::frame::csv::separator(text.as_bytes());
    let mut rows = crate::frame::csv::first_rows(text.as_bytes(), separator, 8);
    if rows.len() < 2 {
        // A quote may stay open farther down.
        rows = text.lines().map(str::as_bytes).filter(|l| !l.is_empty()).take(8).collect();
    }
    let [head, rows @ ..] = &rows[..] else { return None };
    let names: Vec<_> = cells(head, separator).collect();
    // A name is short, and is no number. The index of a data frame has none.
    let is_name = |cell: &[u8]| {
        let cell = cell.trim_ascii();
        cell.len() <= 128
            && !cell.iter().any(|b| matches!(b, b'\n' | b'=' | b'{' | b'<'))
            && std::str::from_utf8(cell)
                .is_ok_and(|c| c.parse::<f64>().is_err() && c.chars().all(|c| !c.is_control()))
    };
    let empty = names.iter().filter(|name| name.trim_ascii().is_empty()).count();
    let named = names.len() > 1 && names.iter().all(|name| is_name(name)) && empty <= 1;
    let width = names.len();
    let alike = rows.iter().filter(|row| cells(row, separator).count() == width).count();
    let alike = alike * 2 >= rows.len() && !lines::begins(head);
    let sentence = names.iter().any(|name| name.split(|b| *b == b' ').count() > 6);
    // Sentences have commas, too.
    let alike = alike && (width > 2 || rows.iter().all(|row| cells(row, separator).count() == 2));
    (named && alike && !sentence && (!rows.is_empty() || width > 2)).then_some(TextFormat::Csv)
}
