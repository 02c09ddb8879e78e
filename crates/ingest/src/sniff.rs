//! What a file is, by its first bytes. Names are never looked at.

use memchr::memchr;

use crate::decode::text::recognise;
use crate::frame::Frame;
use crate::frame::json::wrapper_prefix;

/// Bytes looked at.
pub(crate) const SNIFF_BYTES: usize = 64 << 10;

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// No bytes at all.
    Empty,
    /// An archive or a compressed file.
    Packed(Packing),
    /// Text in UTF-16.
    Utf16 { big_endian: bool },
    /// A log.
    Log(Frame),
    /// Data lines of a Zeek log.
    ZeekWithoutHeader,
    /// None of our formats: what it is, as far as that can be told, and what to do.
    Other(&'static str),
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Packing {
    Zip,
    Tar,
    Gzip,
    Bzip2,
    Xz,
    Zstd,
}

/// Formats known by the bytes they begin with, that hold no log we read.
const OTHERS: &[(&[u8], &str)] = &[
    (b"\xd4\xc3\xb2\xa1", PCAP),
    (b"\xa1\xb2\xc3\xd4", PCAP),
    (b"\x4d\x3c\xb2\xa1", PCAP),
    (b"\xa1\xb2\x3c\x4d", PCAP),
    (b"\x0a\x0d\x0d\x0a", PCAP),
    (b"MZ", "a Windows program (PE), no log"),
    (b"\x7fELF", "a program (ELF), no log"),
    (b"\xcf\xfa\xed\xfe", "a program (Mach-O), no log"),
    (b"SQLite format 3\0", "an SQLite database, no log we read: export it as JSON"),
    (b"%PDF-", "a PDF document, no log"),
    (b"\x89PNG", "an image, no log"),
    (b"\xff\xd8\xff", "an image, no log"),
    (b"GIF8", "an image, no log"),
    (b"\x00\x05\x16\x07", "macOS metadata of a file (AppleDouble), no log"),
    (b"regf", "a registry hive, no log"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it and read the folder"),
    (b"Rar!\x1a\x07", "a RAR archive: unpack it and read the folder"),
    (b"\xd0\xcf\x11\xe0", "an old Office or MSI file (OLE), no log"),
    (b"PAR1", "a Parquet file, no log we read: export it as JSON"),
    (b"LPKSHHRH", "a systemd journal: export it with `journalctl -o json --file`"),
    (b"utmpx-1.00", "login records of macOS, not read: export them with `last`"),
    (b"LfLe", "an old Windows event log (.evt): convert it with wevtutil"),
    (b"\x30\x00\x00\x00LfLe", "an old Windows event log (.evt): convert it with wevtutil"),
];

const PCAP: &str = "a packet capture: run Zeek or Suricata over it and hunt their logs";

/// Says what the file is that begins with these bytes.
pub(crate) fn sniff(head: &[u8]) -> Content {
    if head.is_empty() {
        return Content::Empty;
    }
    if let Some(packing) = packing(head) {
        return Content::Packed(packing);
    }
    if head.starts_with(b"ElfFile\0") {
        return Content::Log(Frame::Evtx { headless: false });
    }
    if head.starts_with(b"ElfChnk\0") {
        return Content::Log(Frame::Evtx { headless: true });
    }
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Content::Other(what);
    }
    if let Some(big_endian) = utf16(head) {
        return Content::Utf16 { big_endian };
    }
    text(head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head))
}

fn packing(head: &[u8]) -> Option<Packing> {
    let starts = |magic: &[u8]| head.starts_with(magic);
    Some(match () {
        () if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") => Packing::Zip,
        () if starts(b"\x1f\x8b\x08") => Packing::Gzip,
        () if starts(b"BZh") && head.get(4..10) == Some(b"1AY&SY") => Packing::Bzip2,
        () if starts(b"\xfd7zXZ\0") => Packing::Xz,
        () if starts(b"\x28\xb5\x2f\xfd") => Packing::Zstd,
        () if head.get(257..262) == Some(b"ustar") => Packing::Tar,
        () => return None,
    })
}

/// The byte order, if this is UTF-16: by its mark, or by markup's first characters.
fn utf16(head: &[u8]) -> Option<bool> {
    match head {
        [0xff, 0xfe, ..] | [b'<' | b'{' | b'[' | b'#', 0, 1..=255, 0, ..] => Some(false),
        [0xfe, 0xff, ..] | [0, b'<' | b'{' | b'[' | b'#', 0, 1..=255, ..] => Some(true),
        _ => None,
    }
}

fn text(head: &[u8]) -> Content {
    let body = head.trim_ascii_start();
    let lines = || body.split(|&b| b == b'\n').map(|l| l.trim_ascii());
    let first = lines().next().unwrap_or_default();
    if body.is_empty() {
        return Content::Other("nothing but blank space");
    }
    if first.starts_with(b"#separator") || first.starts_with(b"#fields") {
        return Content::Log(Frame::Zeek);
    }
    if body.starts_with(b"<Event") || (body.starts_with(b"<?xml") && has(body, b"<Event")) {
        return Content::Log(Frame::Xml);
    }
    if is_record_line(first) {
        match body.iter().find(|b| matches!(b, b'{' | b'<')) {
            Some(b'{') => return Content::Log(Frame::Json { wrapper: false }),
            Some(_) => return Content::Log(Frame::Xml),
            None => {}
        }
    }
    if let Some(frame) = json(body) {
        return Content::Log(frame);
    }
    if is_zeek_data(first) {
        return Content::ZeekWithoutHeader;
    }
    if let Some(format) = recognise(head) {
        return Content::Log(Frame::Text(format));
    }
    // A log whose beginning was cut off, so that its first line is half a record.
    if lines().skip(1).take(3).any(|l| l.starts_with(b"{\"") && l.ends_with(b"}")) {
        return Content::Log(Frame::JsonLines);
    }
    Content::Other(unknown(head, first, lines().nth(1).unwrap_or_default()))
}

fn has(body: &[u8], what: &[u8]) -> bool {
    memchr::memmem::find(body, what).is_some()
}

/// `Record 7`, as `evtx_dump` writes above each record.
pub(crate) fn is_record_line(line: &[u8]) -> bool {
    record_number(line).is_some()
}

/// The number of such a line.
pub(crate) fn record_number(line: &[u8]) -> Option<u64> {
    let digits = line.strip_prefix(b"Record ")?.trim_ascii();
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// How the JSON text is laid out; `None` if it is none.
fn json(body: &[u8]) -> Option<Frame> {
    match body.first()? {
        b'[' => {
            let inner = body[1..].trim_ascii_start();
            matches!(inner.first(), None | Some(b'{' | b'[' | b']'))
                .then_some(Frame::Json { wrapper: false })
        }
        b'{' => {
            let inner = body[1..].trim_ascii_start();
            if !matches!(inner.first(), None | Some(b'"' | b'}')) {
                return None;
            }
            if wrapper_prefix(body) {
                return Some(Frame::Json { wrapper: true });
            }
            Some(if one_object_a_line(body) {
                Frame::JsonLines
            } else {
                Frame::Json { wrapper: false }
            })
        }
        _ => None,
    }
}

fn one_object_a_line(body: &[u8]) -> bool {
    let Some(end) = memchr(b'\n', body) else {
        // One line, longer than was looked at or the whole file: objects side by side?
        return first_object(body).is_none_or(|end| body[end..].trim_ascii().is_empty());
    };
    let (line, rest) = (body[..end].trim_ascii(), body[end..].trim_ascii_start());
    match first_object(line) {
        Some(end) => end == line.len(),
        // Cut off, if another object follows where none can; else spread over lines.
        None => line.len() > 1 && !line.ends_with(b",") && rest.starts_with(b"{"),
    }
}

/// Where the object ends that the text begins with, if it does.
fn first_object(text: &[u8]) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (i, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth += 1,
            b'}' if !in_string => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(i + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// A line whose first columns are a time and a connection's or a file's id.
pub(crate) fn is_zeek_data(line: &[u8]) -> bool {
    let mut columns = line.split(|&b| b == b'\t');
    let (Some(ts), Some(uid)) = (columns.next(), columns.next()) else { return false };
    let time = ts.len() > 10
        && ts[..10].iter().all(u8::is_ascii_digit)
        && ts[10] == b'.'
        && ts[11..].iter().all(u8::is_ascii_digit);
    time && matches!(uid.first(), Some(b'C' | b'F'))
        && (10..=24).contains(&uid.len())
        && uid.iter().all(u8::is_ascii_alphanumeric)
}

fn unknown(head: &[u8], first: &[u8], second: &[u8]) -> &'static str {
    if head.iter().take(4096).any(|&b| b == 0) {
        return "binary data of an unknown format";
    }
    let commas = |line: &[u8]| line.iter().filter(|&&b| b == b',').count();
    if commas(first) > 1 && commas(second) >= commas(first) {
        return "CSV whose first line does not name its columns: write their names above it";
    }
    match () {
        () if first.starts_with(b"<![LOG[") => "a log of Configuration Manager, not read",
        () if first.starts_with(b"[Device Install Log]") => "a setup log of Windows, not read",
        () if first.starts_with(b"<?xml") => "XML without Windows events",
        () if first.starts_with(b"<!DOCTYPE") || first.starts_with(b"<html") => "HTML, no log",
        () => "text whose format is not known",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_of_json() {
        let lines = Content::Log(Frame::JsonLines);
        let spread = |wrapper| Content::Log(Frame::Json { wrapper });
        for (text, expected) in [
            ("{\"a\":1}", &lines),
            ("{\"a\":1}\n", &lines),
            ("\u{feff}{\"a\":1}\r\n{\"a\":2}", &lines),
            ("{\"a\":1}\n{\"a\":2", &lines),
            ("{\"a\":\n{\"a\":2}\n", &lines),
            ("{\n \"a\":1\n}", &spread(false)),
            ("{\"a\":1,\n \"b\":2}", &spread(false)),
            ("{\"a\":1}{\"a\":2}", &spread(false)),
            ("[{\"a\":1}]", &spread(false)),
            ("[\n]", &spread(false)),
            ("{\"Records\":[{\"a\":1}]}", &spread(true)),
            ("{ \"value\" : [ {\"a\":1} ] }", &spread(true)),
            ("Record 1\n{\n \"a\":1}", &spread(false)),
            ("broken\":1}\n{\"a\":1}\n", &lines),
        ] {
            assert_eq!(&sniff(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_log_is_named() {
        for (bytes, expected) in [
            (&b"\xd4\xc3\xb2\xa1\x02\0"[..], "packet capture"),
            (b"MZ\x90\0", "PE"),
            (b"2,b,c\n1,2,3\n", "CSV"),
            (b"Octopus on 2020-01-01 in prose\n\nand no log", "text"),
            (b"\x01\x02\0\x03", "binary"),
            (b"[226] | a\n", "text"),
            (b"{{ template }}", "text"),
        ] {
            let Content::Other(what) = sniff(bytes) else { panic!("{expected}") };
            assert!(what.contains(expected), "{what}");
        }
    }
}
