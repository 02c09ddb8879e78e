//! The operations of `mapping/fields.tsv` and `mapping/entities.tsv`: values in, one value out.
//!
//! An operation that finds nothing sensible to say says nothing; the log's own fields stay.

use blanik_model::{ListBuilder, Type, Value};

use super::tree;

/// How a value is made of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Copy,
    List,
    Hex,
    Join,
    Account,
    Registry,
    Details,
    Integrity,
    Device,
    Map(Vec<(&'static str, &'static str)>),
    Item(usize),
    Hash(&'static str),
    Setting(&'static str),
    Line(&'static str),
    Tail,
    UriStem,
    UriQuery,
    UriExtension,
    Tree,
    /// The members of an object of which these leaves are known; the sources are their values.
    TreeOf(Vec<Box<str>>),
    Pair(&'static str),
    Word(&'static str),
    After(&'static str),
    Path,
    Hashes,
    Utf8,
    Uri,
    Url,
    Nth(usize),
}

/// What an operation made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// The value of the source at that index, unchanged.
    Source(usize),
    /// A value of that type, whose text was written.
    Text(Type),
}

impl Operation {
    /// Reads the table's spelling; panics on any other.
    pub fn parse(text: &'static str) -> Self {
        let (name, argument) = match text.strip_suffix(')').and_then(|t| t.split_once('(')) {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        let pair = |p: &'static str| p.split_once('=').expect("a=b");
        match (name, argument) {
            ("copy", None) => Self::Copy,
            ("list", None) => Self::List,
            ("hex", None) => Self::Hex,
            ("join", None) => Self::Join,
            ("account", None) => Self::Account,
            ("registry", None) => Self::Registry,
            ("details", None) => Self::Details,
            ("integrity", None) => Self::Integrity,
            ("device", None) => Self::Device,
            ("map", Some(pairs)) => Self::Map(pairs.split(',').map(pair).collect()),
            ("item", Some(n)) => Self::Item(n.parse().expect("item(N)")),
            ("hash", Some(name)) => Self::Hash(name),
            ("setting", Some(name)) => Self::Setting(name),
            ("line", Some(name)) => Self::Line(name),
            ("tail", None) => Self::Tail,
            ("uri_stem", None) => Self::UriStem,
            ("uri_query", None) => Self::UriQuery,
            ("uri_extension", None) => Self::UriExtension,
            ("tree", None) => Self::Tree,
            ("pair", Some(name)) => Self::Pair(name),
            ("word", Some(word)) => Self::Word(word),
            ("after", Some(text)) => Self::After(text),
            ("path", None) => Self::Path,
            ("hashes", None) => Self::Hashes,
            ("utf8", None) => Self::Utf8,
            ("uri", None) => Self::Uri,
            ("url", None) => Self::Url,
            ("nth", Some(n)) => Self::Nth(n.parse().expect("nth(N)")),
            _ => panic!("no operation: {text}"),
        }
    }

    /// True if what it makes always stands, letter by letter, in a source's text.
    pub fn takes_a_part(&self) -> bool {
        match self {
            Self::Copy | Self::Item(_) | Self::Hash(_) | Self::Setting(_) | Self::Line(_) => true,
            Self::Nth(_) => true,
            Self::Tail | Self::UriStem | Self::UriQuery | Self::UriExtension => true,
            Self::Pair(_) | Self::After(_) => true,
            Self::Tree | Self::TreeOf(_) | Self::Word(_) | Self::Path | Self::Hashes => false,
            Self::Utf8 => false,
            Self::List | Self::Hex | Self::Join | Self::Account | Self::Registry => false,
            Self::Details | Self::Integrity | Self::Device | Self::Map(_) => false,
            Self::Uri | Self::Url => false,
        }
    }

    /// Applies it to the sources' values (`None` where the record lacks one). Text goes to `out`,
    /// which comes empty.
    pub fn apply(&self, sources: &[Option<Value<'_>>], out: &mut String) -> Option<Made> {
        let first = || sources.iter().flatten().next().copied();
        let one = |value: Option<&str>, out: &mut String| {
            out.push_str(value?);
            Some(Made::Text(Type::String))
        };
        match self {
            Self::Copy => sources.iter().position(Option::is_some).map(Made::Source),
            Self::List => list(sources, out),
            Self::Hex => hex(scalar(first()?)?, out),
            Self::Join => join(text(sources, 0), text(sources, 1)?, out),
            Self::Account => account(sources, out),
            Self::Registry => registry(text(sources, 0)?, text(sources, 1), out),
            Self::Details => details(text(sources, 0), text(sources, 1)?, out),
            Self::Integrity => one(integrity(scalar(first()?)?), out),
            Self::Device => device(scalar(first()?)?, out),
            Self::Map(pairs) => one(look_up(pairs, scalar(first()?)?), out),
            Self::Item(n) => one(first()?.members().nth(*n).and_then(scalar), out),
            Self::Hash(name) => one(hash(first()?, name), out),
            Self::Setting(name) => one(line(first()?, name, "="), out),
            Self::Line(name) => one(line(first()?, name, ": "), out),
            Self::Tail => one(tail(scalar(first()?)?), out),
            Self::UriStem => one(Some(uri_parts(scalar(first()?)?).0), out),
            Self::UriQuery => one(uri_parts(scalar(first()?)?).1, out),
            Self::UriExtension => one(extension(scalar(first()?)?), out),
            // Its sources are whatever stands below a name: see `tree_of`.
            Self::Tree => None,
            Self::TreeOf(names) => tree_of(names, sources, out),
            Self::Pair(name) => pair(sources, name, out),
            Self::Word(word) => first().and_then(|_| one(Some(word), out)),
            Self::After(text) => one(scalar(first()?)?.split_once(text).map(|(_, rest)| rest), out),
            Self::Path => path(text(sources, 0), text(sources, 1), out),
            Self::Hashes => hashes(sources, out),
            Self::Utf8 => utf8(first()?, out),
            Self::Uri => uri(text(sources, 0)?, text(sources, 1), out),
            Self::Url => url(sources, out),
            Self::Nth(n) => one(scalar(first()?)?.split(' ').nth(*n), out),
        }
    }
}

fn tree_of(names: &[Box<str>], sources: &[Option<Value<'_>>], out: &mut String) -> Option<Made> {
    let fields: Vec<_> =
        names.iter().zip(sources).filter_map(|(name, value)| Some((&**name, (*value)?))).collect();
    if fields.is_empty() {
        return None;
    }
    tree::write(&fields, out);
    Some(Made::Text(Type::String))
}

/// The value that stands where the name stands in a list of names: the first source holds the names,
/// the second the values, and so on in pairs. Quotation marks around the value are not part of it.
fn pair(sources: &[Option<Value<'_>>], name: &str, out: &mut String) -> Option<Made> {
    for two in sources.chunks_exact(2) {
        let (Some(names), Some(values)) = (two[0], two[1]) else { continue };
        if names.scalars().count() != values.scalars().count() {
            continue;
        }
        let mut pairs = names.scalars().zip(values.scalars());
        if let Some((_, value)) = pairs.find(|(n, _)| n.text.eq_ignore_ascii_case(name)) {
            let bare = value.text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            out.push_str(bare.unwrap_or(value.text));
            return Some(Made::Text(Type::String));
        }
    }
    None
}

/// A folder and a file's name, where the folder does not end in it already.
fn path(folder: Option<&str>, file: Option<&str>, out: &mut String) -> Option<Made> {
    out.push_str(folder.or(file)?);
    if let (Some(folder), Some(file)) = (folder, file) {
        let separator = if folder.contains('/') { '/' } else { '\\' };
        let last = folder.rsplit(['/', '\\']).next().unwrap_or(folder);
        if !last.eq_ignore_ascii_case(file) {
            if !folder.ends_with(['/', '\\']) {
                out.push(separator);
            }
            out.push_str(file);
        }
    }
    Some(Made::Text(Type::String))
}

/// `MD5=…,SHA1=…,SHA256=…`, as Sysmon writes them, of these three.
fn hashes(sources: &[Option<Value<'_>>], out: &mut String) -> Option<Made> {
    for (i, name) in ["MD5", "SHA1", "SHA256"].into_iter().enumerate() {
        let Some(hash) = text(sources, i) else { continue };
        if !out.is_empty() {
            out.push(',');
        }
        out.push_str(name);
        out.push('=');
        out.push_str(hash);
    }
    (!out.is_empty()).then_some(Made::Text(Type::String))
}

/// Text given as the list of its bytes, as `journalctl -o json` gives what is not printable.
fn utf8(value: Value<'_>, out: &mut String) -> Option<Made> {
    if value.ty != Type::List {
        return None;
    }
    let bytes: Option<Vec<u8>> =
        value.members().map(|m| m.text.parse().ok().filter(|_| m.ty == Type::Number)).collect();
    out.push_str(&String::from_utf8_lossy(&bytes.filter(|bytes| !bytes.is_empty())?));
    Some(Made::Text(Type::String))
}

/// The text of a value that is no list.
fn scalar(value: Value<'_>) -> Option<&str> {
    (value.ty != Type::List && !value.is_null()).then_some(value.text)
}

/// The text of a source that says something: Windows writes `-` for nothing.
fn text<'a>(sources: &[Option<Value<'a>>], i: usize) -> Option<&'a str> {
    let text = scalar((*sources.get(i)?)?)?;
    (!text.is_empty() && text != "-").then_some(text)
}

/// Path and query.
fn uri(path: &str, query: Option<&str>, out: &mut String) -> Option<Made> {
    out.push_str(path);
    if let Some(query) = query {
        if !query.starts_with('?') {
            out.push('?');
        }
        out.push_str(query);
    }
    Some(Made::Text(Type::String))
}

/// Scheme, host, port, path, query.
fn url(sources: &[Option<Value<'_>>], out: &mut String) -> Option<Made> {
    let (scheme, host) = (text(sources, 0)?, text(sources, 1)?);
    out.extend([scheme, "://", host]);
    if let Some(port) = text(sources, 2).filter(|port| !matches!(*port, "80" | "443")) {
        out.extend([":", port]);
    }
    uri(text(sources, 3).unwrap_or("/"), text(sources, 4), out)
}

fn list(sources: &[Option<Value<'_>>], out: &mut String) -> Option<Made> {
    let mut list = ListBuilder::default();
    for value in sources.iter().flatten() {
        list.push(*value);
    }
    if list.is_empty() {
        return None;
    }
    out.push_str(list.value().text);
    Some(Made::Text(Type::List))
}

fn hex(text: &str, out: &mut String) -> Option<Made> {
    let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok()?,
        None => text.parse().ok()?,
    };
    out.push_str(&number.to_string());
    Some(Made::Text(Type::Number))
}

fn join(first: Option<&str>, second: &str, out: &mut String) -> Option<Made> {
    if let Some(first) = first {
        out.push_str(first);
        out.push('\\');
    }
    out.push_str(second);
    Some(Made::Text(Type::String))
}

/// The machine's own accounts have a computer's name in the audit log (`HOST$`); Sysmon, and so the
/// rules, call them by these. Source: Microsoft, "Well-known SIDs".
const SYSTEM_ACCOUNTS: [(&str, &str); 3] = [
    ("S-1-5-18", "NT AUTHORITY\\SYSTEM"),
    ("S-1-5-19", "NT AUTHORITY\\LOCAL SERVICE"),
    ("S-1-5-20", "NT AUTHORITY\\NETWORK SERVICE"),
];

fn account(sources: &[Option<Value<'_>>], out: &mut String) -> Option<Made> {
    if let Some(name) = text(sources, 0).and_then(|sid| look_up(&SYSTEM_ACCOUNTS, sid)) {
        out.push_str(name);
        return Some(Made::Text(Type::String));
    }
    join(text(sources, 1), text(sources, 2)?, out)
}

fn look_up<'a>(pairs: &[(&str, &'a str)], text: &str) -> Option<&'a str> {
    let is = |key: &str| key == "*" || key.eq_ignore_ascii_case(text);
    pairs.iter().find(|(key, _)| is(key)).map(|(_, value)| *value)
}

/// The prefix's length if `text` begins with it, without case.
fn after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let head = text.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &text[prefix.len()..])
}

const ROOTS: [(&str, &str); 3] =
    [("HKEY_LOCAL_MACHINE", "HKLM"), ("HKEY_USERS", "HKU"), ("HKEY_CURRENT_USER", "HKCU")];

fn registry(object: &str, value: Option<&str>, out: &mut String) -> Option<Made> {
    if let Some(rest) = after(object, r"\REGISTRY\MACHINE\") {
        out.push_str(r"HKLM\");
        // Sysmon names the control set in use, whichever number it has.
        let number = |rest: &str| rest.get(..3)?.parse::<u16>().ok();
        match after(rest, r"SYSTEM\ControlSet").filter(|rest| number(rest).is_some()) {
            Some(rest) => {
                out.push_str(r"System\CurrentControlSet");
                out.push_str(&rest[3..]);
            }
            None => out.push_str(rest),
        }
    } else if let Some(rest) = after(object, r"\REGISTRY\USER\") {
        out.push_str(r"HKU\");
        out.push_str(rest);
    } else if let Some((root, rest)) = object.split_once('\\') {
        // Defender writes the roots' full names.
        out.push_str(look_up(&ROOTS, root).unwrap_or(root));
        out.push('\\');
        out.push_str(rest);
    } else {
        out.push_str(object);
    }
    if let Some(value) = value {
        out.push('\\');
        out.push_str(value);
    }
    Some(Made::Text(Type::String))
}

/// `%%1876` and its like are Windows' message numbers for the registry's value types.
fn details(ty: Option<&str>, value: &str, out: &mut String) -> Option<Made> {
    let number = || match value.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => value.parse::<u64>().ok(),
    };
    match (ty, number()) {
        (Some("%%1876" | "REG_DWORD"), Some(n)) => out.push_str(&format!("DWORD (0x{n:08x})")),
        (Some("%%1883" | "REG_QWORD"), Some(n)) => {
            let (high, low) = (n >> 32, n & 0xffff_ffff);
            out.push_str(&format!("QWORD (0x{high:08x}-0x{low:08x})"));
        }
        (Some("%%1875" | "REG_BINARY"), _) => out.push_str("Binary Data"),
        _ => out.push_str(value),
    }
    Some(Made::Text(Type::String))
}

/// Source: Microsoft, event 4688, "Mandatory Label".
fn integrity(sid: &str) -> Option<&'static str> {
    let rid: u32 = sid.strip_prefix("S-1-16-")?.parse().ok()?;
    Some(match rid {
        0 => "Untrusted",
        4096 => "Low",
        8192 => "Medium",
        8448 => "MediumPlus",
        12288 => "High",
        16384 => "System",
        20480 => "Protected",
        _ => return None,
    })
}

fn device(path: &str, out: &mut String) -> Option<Made> {
    match after(path, r"\device\harddiskvolume").and_then(|rest| rest.split_once('\\')) {
        Some((number, rest)) if number.bytes().all(|b| b.is_ascii_digit()) => {
            out.push_str(r"C:\");
            out.push_str(rest);
        }
        _ => out.push_str(path),
    }
    Some(Made::Text(Type::String))
}

fn hash<'a>(hashes: Value<'a>, name: &str) -> Option<&'a str> {
    hashes.scalars().flat_map(|v| v.text.split([',', '|', ' '])).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.eq_ignore_ascii_case(name).then_some(value)
    })
}

/// The rest of the line that begins with the name, in a text or any of a list of texts.
fn line<'a>(value: Value<'a>, name: &str, separator: &str) -> Option<&'a str> {
    value.scalars().flat_map(|v| v.text.lines()).find_map(|line| {
        Some(line.trim().strip_prefix(name)?.strip_prefix(separator)?.trim_start())
    })
}

/// `WinEventLog:Security`, `XmlWinEventLog:Microsoft-Windows-Sysmon/Operational`.
fn tail(text: &str) -> Option<&str> {
    let (head, tail) = text.split_once(':')?;
    head.ends_with("WinEventLog").then_some(tail)
}

fn uri_parts(uri: &str) -> (&str, Option<&str>) {
    match uri.split_once('?') {
        Some((stem, query)) => (stem, Some(query)),
        None => (uri, None),
    }
}

fn extension(uri: &str) -> Option<&str> {
    let file = uri_parts(uri).0.rsplit('/').next()?;
    file.rsplit_once('.').map(|(_, extension)| extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(operation: &'static str, sources: &[&str], want: Option<(Type, &str)>) {
        let sources: Vec<_> = sources.iter().map(|&s| Some(Value::string(s))).collect();
        let mut out = String::new();
        let got = match Operation::parse(operation).apply(&sources, &mut out) {
            Some(Made::Text(ty)) => Some((ty, out.as_str())),
            Some(Made::Source(i)) => sources[i].map(|v| (v.ty, v.text)),
            None => None,
        };
        assert_eq!(got, want, "{operation} {sources:?}");
    }

    #[test]
    fn a_list_and_its_members() {
        let mut list = ListBuilder::default();
        list.push(Value::string("a"));
        list.push(Value::string("b"));
        let mut out = String::new();
        let made = Operation::parse("item(1)").apply(&[None, Some(list.value())], &mut out);
        assert_eq!((made, out.as_str()), (Some(Made::Text(Type::String)), "b"));
        assert_eq!(Operation::parse("item(2)").apply(&[Some(list.value())], &mut out), None);
        let (mut bytes, mut out) = (ListBuilder::default(), String::new());
        ["104", "196", "141"].iter().for_each(|b| bytes.push(Value::number(b)));
        let made = Operation::parse("utf8").apply(&[Some(bytes.value())], &mut out);
        assert_eq!((made, out.as_str()), (Some(Made::Text(Type::String)), "h\u{10d}"));
        bytes.push(Value::number("256"));
        assert_eq!(Operation::parse("utf8").apply(&[Some(bytes.value())], &mut out), None);
        check("item(0)", &["a"], None);
    }

    #[test]
    fn each_operation() {
        let string = |s| Some((Type::String, s));
        check("copy", &["a", "b"], string("a"));
        check("copy", &[], None);
        check("list", &["a", "b"], Some((Type::List, "s1:as1:b")));
        check("hex", &["0x1A4"], Some((Type::Number, "420")));
        check("hex", &["420"], Some((Type::Number, "420")));
        check("hex", &["0xzz"], None);
        check("join", &["D", "u"], string(r"D\u"));
        check("join", &["-", "u"], string("u"));
        check("join", &["D", "-"], None);
        check("account", &["S-1-5-18", "WORKGROUP", "PC$"], string(r"NT AUTHORITY\SYSTEM"));
        check("account", &["S-1-5-21-1", "D", "u"], string(r"D\u"));
        check("registry", &[r"\REGISTRY\MACHINE\SOFTWARE\A", "v"], string(r"HKLM\SOFTWARE\A\v"));
        check(
            "registry",
            &[r"\Registry\Machine\SYSTEM\ControlSet001\Services\x", "-"],
            string(r"HKLM\System\CurrentControlSet\Services\x"),
        );
        check(
            "registry",
            &[r"\REGISTRY\USER\S-1-5-21-1\Run", "v"],
            string(r"HKU\S-1-5-21-1\Run\v"),
        );
        check("details", &["%%1876", "1"], string("DWORD (0x00000001)"));
        check("details", &["%%1873", "calc.exe"], string("calc.exe"));
        check("integrity", &["S-1-16-12288"], string("High"));
        check("integrity", &["S-1-5-18"], None);
        check("device", &[r"\device\harddiskvolume2\windows\a.exe"], string(r"C:\windows\a.exe"));
        check("device", &["System"], string("System"));
        check("map(%%14593=true,%%14592=false)", &["%%14592"], string("false"));
        check("map(6=tcp)", &["7"], None);
        check("hash(IMPHASH)", &["MD5=AB,IMPHASH=CD"], string("CD"));
        check("hash(SHA256)", &["MD5=AB"], None);
        check(
            "setting(HostApplication)",
            &["x\r\n\tHostApplication=p.exe -e\r\n"],
            string("p.exe -e"),
        );
        check("line(EventType)", &["Registry\r\nEventType: SetValue\r\n"], string("SetValue"));
        check("tail", &["XmlWinEventLog:Security"], string("Security"));
        check("tail", &["udp:514"], None);
        check("uri_stem", &["/a/b.php?x=1"], string("/a/b.php"));
        check("uri_query", &["/a/b.php?x=1"], string("x=1"));
        check("uri_query", &["/a/b.php"], None);
        check("uri_extension", &["/a.d/b.php?x=1.zip"], string("php"));
        check("uri_extension", &["/a.d/b"], None);
        check("map(0=Success,*=Failure)", &["0"], string("Success"));
        check("map(0=Success,*=Failure)", &["50126"], string("Failure"));
        check(
            "registry",
            &[r"HKEY_LOCAL_MACHINE\SOFTWARE\Run", "v"],
            string(r"HKLM\SOFTWARE\Run\v"),
        );
        check("pair(b)", &["b", "\"2\""], string("2"));
        check("pair(b)", &["a", "2"], None);
        check("word(Sign-ins)", &["anything"], string("Sign-ins"));
        check("after(graph.)", &["#microsoft.graph.staleAlert"], string("staleAlert"));
        check("path", &[r"C:\Windows", "a.exe"], string(r"C:\Windows\a.exe"));
        check("path", &[r"C:\Windows\A.exe", "a.exe"], string(r"C:\Windows\A.exe"));
        check("path", &["/usr/bin", "ls"], string("/usr/bin/ls"));
        check("path", &["-", "a.exe"], string("a.exe"));
        check("hashes", &["AA", "", "CC"], string("MD5=AA,SHA256=CC"));
        check("utf8", &["text"], None);
        check("nth(1)", &["GET /a HTTP/1.1"], string("/a"));
        check("nth(1)", &["GET"], None);
        check("uri", &["/a", "x=1"], string("/a?x=1"));
        check("uri", &["/a", "-"], string("/a"));
        check("url", &["http", "h", "8080", "/a", "?x=1"], string("http://h:8080/a?x=1"));
        check("url", &["tcp", "h", "443"], string("tcp://h/"));
        check("url", &["http"], None);
    }
}
