//! The one form in which values are compared: lists defang and capitalise as they like, logs too.
//!
//! What has no such form is no indicator of that type; the readers of lists name it as a loss.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use blanik_model::IndicatorType;

/// Bytes of a value: what is longer is no indicator.
pub const VALUE_BYTES_MAX: usize = 2048;

/// The marks that make an address or a link inert, and what they stand for.
const DEFANGED: &[(&str, &str)] = &[
    ("[://]", "://"),
    ("[:]//", "://"),
    ("[:]", ":"),
    ("[.]", "."),
    ("(.)", "."),
    ("{.}", "."),
    ("[.", "."),
    (".]", "."),
    ("[dot]", "."),
    ("(dot)", "."),
    ("[@]", "@"),
    ("[at]", "@"),
    ("(at)", "@"),
    ("[/]", "/"),
    ("\\.", "."),
];

/// True if the text may be defanged. Cheap, for it is asked of every text.
pub fn may_be_defanged(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_mark = |at: usize| {
        let rest = &bytes[at..bytes.len().min(at + 5)];
        match rest {
            [b'[', b'.', b']', ..] | [b'(', b'.', b')', ..] | [b'{', b'.', b'}', ..] => true,
            [b'[', b'.', next, ..] => next.is_ascii_alphanumeric(),
            [b'[', b':' | b'@' | b'/', b']' | b'/', ..] => true,
            _ => {
                matches!(rest, b"[dot]" | b"(dot)")
                    || matches!(rest.get(..4), Some(b"[at]" | b"(at)"))
            }
        }
    };
    memchr::memchr3_iter(b'[', b'(', b'{', bytes).any(is_mark) || scheme_at(text).is_some()
}

/// Where a defanged scheme (`hxxp`, `hXXps`) stands.
fn scheme_at(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let is = |at: &usize| {
        bytes.get(at.wrapping_sub(1)..at + 3).is_some_and(|w| w.eq_ignore_ascii_case(b"hxxp"))
    };
    let of = |xx: &[u8]| memchr::memmem::find_iter(bytes, xx).find(is).map(|at| at - 1);
    of(b"xx").or_else(|| of(b"XX"))
}

/// The text as it was before somebody made it inert.
pub fn refang(text: &str) -> Cow<'_, str> {
    if !may_be_defanged(text) && !text.contains("\\.") {
        return Cow::Borrowed(text);
    }
    let mut out = text.to_owned();
    while let Some(at) = scheme_at(&out) {
        out.replace_range(at..at + 4, "http");
    }
    for (inert, live) in DEFANGED {
        if out.contains(inert) {
            out = out.replace(inert, live);
        }
    }
    Cow::Owned(out)
}

/// An address, alone or in brackets; one that is IPv4 in IPv6's clothes is IPv4.
pub fn address(text: &str) -> Option<IpAddr> {
    let text = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    let text = text.split_once('%').map_or(text, |(address, _)| address);
    // Cheap refusal: most texts are none.
    if !text.as_bytes().first().is_some_and(|b| b.is_ascii_hexdigit() || *b == b':') {
        return None;
    }
    let address: IpAddr = text.parse().ok()?;
    Some(address.to_canonical())
}

/// An address with its port, or without.
pub fn endpoint(text: &str) -> Option<IpAddr> {
    if let Some(address) = address(text) {
        return Some(address);
    }
    let (host, port) = text.rsplit_once(':')?;
    let is_port = port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
    (is_port && (host.starts_with('[') || !host.contains(':'))).then(|| address(host)).flatten()
}

/// A range of addresses as prefixes: `192.0.2.0/24`, `2001:db8::/32`, `192.0.2.1-192.0.2.9`.
pub fn networks(text: &str) -> Option<Vec<(IpAddr, u8)>> {
    if let Some((address_text, length)) = text.split_once('/') {
        let address = address_text.trim().parse::<IpAddr>().ok()?;
        let length: u8 = length.trim().parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        return (length <= bits).then(|| vec![(masked(address, length), length)]);
    }
    let (first, last) = text.split_once('-')?;
    match (address(first.trim())?, address(last.trim())?) {
        (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => {
            let range = prefixes(u128::from(first.to_bits()), u128::from(last.to_bits()), 32);
            Some(
                range
                    .map(|(at, length)| (IpAddr::V4(Ipv4Addr::from_bits(at as u32)), length))
                    .collect(),
            )
        }
        (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => Some(
            prefixes(first.to_bits(), last.to_bits(), 128)
                .map(|(at, length)| (IpAddr::V6(Ipv6Addr::from_bits(at)), length))
                .collect(),
        ),
        _ => None,
    }
}

/// The fewest prefixes that cover a range: at most twice as many as an address has bits.
fn prefixes(first: u128, last: u128, bits: u32) -> impl Iterator<Item = (u128, u8)> {
    let mut next = Some(first);
    std::iter::from_fn(move || {
        let at = next.filter(|at| *at <= last)?;
        let mut size = at.trailing_zeros().min(bits);
        let end = |size: u32| if size >= 128 { u128::MAX } else { at + ((1u128 << size) - 1) };
        while end(size) > last {
            size -= 1;
        }
        next = end(size).checked_add(1);
        Some((at, (bits - size) as u8))
    })
}

/// The address with all bits behind the prefix cleared.
pub fn masked(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
        }
    }
}

/// A domain in lower case, without what stands for its subdomains (`*.`, `.`) or for the root.
pub fn domain(text: &str) -> Option<String> {
    let text = text.strip_prefix("*.").or_else(|| text.strip_prefix('.')).unwrap_or(text);
    let text = text.strip_suffix('.').unwrap_or(text);
    is_domain(text).then(|| text.to_lowercase())
}

/// True if the text is a name of at least two labels, the last of which is no number.
pub fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        let of = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b >= 0x80;
        (1..=63).contains(&label.len()) && label.bytes().all(of)
    };
    let Some((rest, top)) = text.rsplit_once('.') else { return false };
    let top_is_one = top.len() >= 2
        && (top.bytes().all(|b| b.is_ascii_alphabetic() || b >= 0x80)
            || top.get(..4).is_some_and(|xn| xn.eq_ignore_ascii_case("xn--")));
    text.len() <= 253 && top_is_one && label(top) && rest.split('.').all(label)
}

/// A URL without scheme, account, usual port and fragment, its host in lower case.
pub fn url(text: &str) -> Option<String> {
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split('#').next().unwrap_or(text);
    let at = text.find(['/', '?']).unwrap_or(text.len());
    let (authority, rest) = text.split_at(at);
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match authority.rsplit_once(':') {
        Some((host, "80" | "443")) => host,
        _ => authority,
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !port.is_empty() => name,
        _ => host,
    };
    if address(name).is_none() && !is_domain(name.strip_suffix('.').unwrap_or(name)) {
        return None;
    }
    let slash = if rest.starts_with('/') { "" } else { "/" };
    Some(format!("{}{slash}{rest}", host.to_lowercase()))
}

/// The host of a canonical URL, without its port.
pub fn url_host(url: &str) -> &str {
    let authority = url.split('/').next().unwrap_or(url);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// What of a canonical URL follows its host; at least `/`.
pub fn url_path(url: &str) -> &str {
    url.find('/').map_or("/", |at| &url[at..])
}

/// Hexadecimal digits in lower case, colons and blanks between them left out.
pub fn hex(text: &str) -> Option<String> {
    let digits: String =
        text.chars().filter(|c| !matches!(c, ':' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
    let all = digits.bytes().all(|b| b.is_ascii_hexdigit());
    (all && matches!(digits.len(), 32 | 40 | 64 | 128)).then_some(digits)
}

/// A mail address in lower case.
pub fn mail(text: &str) -> Option<String> {
    let text = text.trim_matches(['<', '>']).trim();
    let (local, host) = text.split_once('@')?;
    let is_local = !local.is_empty()
        && local.len() <= 64
        && !local.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | ',' | ';'));
    (is_local && is_domain(host)).then(|| text.to_lowercase())
}

/// A path in lower case, divided by slashes, without what only the machine knows: a variable, or
/// a `~`, in its beginning.
pub fn path(text: &str) -> Option<String> {
    let lower = text.trim().to_lowercase().replace('\\', "/");
    let mut path = lower.as_str();
    if let Some(rest) = path.strip_prefix('%') {
        path = rest.split_once('%').map_or(path, |(_, rest)| rest);
    }
    path = path.strip_prefix('~').unwrap_or(path);
    path = path.strip_prefix("/??/").or_else(|| path.strip_prefix("//?/")).unwrap_or(path);
    let is_one = path.contains('/')
        && !path.contains(['\n', '*', '<', '>', '|', '"'])
        && path.bytes().filter(|b| b.is_ascii_alphanumeric() || *b >= 0x80).count() >= 4;
    is_one.then(|| path.trim_end_matches('/').to_owned())
}

/// The last part of a path, in lower case.
pub fn file_name(text: &str) -> Option<String> {
    let name = text.trim().rsplit(['/', '\\']).next()?;
    let is_one = name.chars().count() >= 4
        && name.len() <= 255
        && !name.contains(['\n', '*', '<', '>', '|', '"', '?', '%']);
    is_one.then(|| name.to_lowercase())
}

/// A mutex's name in lower case, without its namespace.
pub fn mutex(text: &str) -> Option<String> {
    let name = text.trim().rsplit('\\').next()?;
    (name.chars().count() >= 4).then(|| name.to_lowercase())
}

/// The ways to write a hive, and its short name.
const HIVES: &[(&str, &str)] = &[
    ("hkey_local_machine", "hklm"),
    ("hkey_current_user", "hkcu"),
    ("hkey_classes_root", "hkcr"),
    ("hkey_users", "hku"),
    ("registry/machine", "hklm"),
    ("registry/user", "hku"),
];

/// A key in lower case, divided by slashes, its hive by the short name; a user's is `hkcu`,
/// and whichever control set is the current one.
pub fn registry(text: &str) -> Option<String> {
    let lower = text.trim().to_lowercase().replace(":\\", "\\").replace('\\', "/");
    let mut key = lower.trim_matches('/').replace("//", "/");
    for (long, short) in HIVES {
        if let Some(rest) = key.strip_prefix(long) {
            key = format!("{short}{rest}");
        }
    }
    if let Some(rest) = key.strip_prefix("hku/") {
        let (user, rest) = rest.split_once('/').unwrap_or((rest, ""));
        if user.starts_with("s-1-5-21-") || user.starts_with("s-1-12-1-") {
            key = match user.strip_suffix("_classes") {
                Some(_) => format!("hkcu/software/classes/{rest}"),
                None => format!("hkcu/{rest}"),
            };
        }
    }
    for set in ["controlset001", "controlset002"] {
        key = key.replace(&format!("hklm/system/{set}/"), "hklm/system/currentcontrolset/");
    }
    (key.starts_with("hk") && key.matches('/').count() >= 2).then_some(key)
}

/// The canonical form of a value that is said to be of that type. Ranges have
/// [one of their own](networks).
pub fn of(ty: IndicatorType, text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > VALUE_BYTES_MAX {
        return None;
    }
    let digits = |length: usize| hex(text).filter(|digits| digits.len() == length);
    match ty {
        IndicatorType::Address => endpoint(text).map(|address| address.to_string()),
        IndicatorType::Network => match networks(text)?[..] {
            [(address, length)] => Some(format!("{address}/{length}")),
            _ => None,
        },
        IndicatorType::Domain => domain(text),
        IndicatorType::Url => url(text),
        IndicatorType::Md5 | IndicatorType::Imphash | IndicatorType::Ja3 => digits(32),
        IndicatorType::Sha1 => digits(40),
        IndicatorType::Sha256 => digits(64),
        IndicatorType::Sha512 => digits(128),
        IndicatorType::Certificate => hex(text),
        IndicatorType::Ssdeep => (text.matches(':').count() >= 2).then(|| text.to_owned()),
        IndicatorType::Mail => mail(text),
        IndicatorType::FileName => file_name(text),
        IndicatorType::FilePath => path(text),
        IndicatorType::Mutex => mutex(text),
        IndicatorType::RegistryKey => registry(text),
        IndicatorType::UserAgent => (text.len() >= 6).then(|| text.to_owned()),
        IndicatorType::Ja4 => (text.len() >= 20 && text.contains('_')).then(|| text.to_lowercase()),
        IndicatorType::Pattern => Some(text.to_owned()),
    }
}

/// What a value is by its shape alone, and its canonical form. The text is no longer defanged.
pub fn guess(text: &str) -> Option<(IndicatorType, String)> {
    let text = text.trim();
    if text.is_empty() || text.len() > VALUE_BYTES_MAX {
        return None;
    }
    if let Some(digits) = hex(text).filter(|_| !text.contains(' ')) {
        let ty = match digits.len() {
            32 => IndicatorType::Md5,
            40 => IndicatorType::Sha1,
            64 => IndicatorType::Sha256,
            _ => IndicatorType::Sha512,
        };
        return Some((ty, digits));
    }
    let lower = text.get(..5).unwrap_or(text).to_ascii_lowercase();
    let tried: &[IndicatorType] = if text.contains("://") {
        &[IndicatorType::Url]
    } else if lower.starts_with("hklm") || lower.starts_with("hkcu") || lower.starts_with("hkey_") {
        &[IndicatorType::RegistryKey]
    } else if text.contains(char::is_whitespace) && !text.contains(":\\") {
        return None;
    } else if text.contains('@') {
        &[IndicatorType::Mail]
    } else {
        &[
            IndicatorType::Address,
            IndicatorType::Network,
            IndicatorType::Domain,
            IndicatorType::Url,
            IndicatorType::FilePath,
        ]
    };
    for ty in tried {
        // Without a host's port or path a URL is a domain; without a drive a path may be anything.
        let fits = match ty {
            IndicatorType::Url => text.contains("://") || text.contains('/') || text.contains(':'),
            IndicatorType::FilePath => text.get(1..3) == Some(":\\") || text.starts_with('%'),
            _ => true,
        };
        if fits && let Some(value) = of(*ty, text) {
            return Some((*ty, value));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_inert_is_live_again() {
        for (inert, live) in [
            ("hxxps[://]is[.]gd/38qeon", "https://is.gd/38qeon"),
            ("hxxp[:]//23[.]95[.]182[.]59/x", "http://23.95.182.59/x"),
            ("adumtree[.]co(.)uk", "adumtree.co.uk"),
            ("a[at]b[dot]cz", "a@b.cz"),
            ("168.100.9[.]238", "168.100.9.238"),
            ("plain text", "plain text"),
            ("evil[.com", "evil.com"),
            ("evil[.com", "evil.com"),
            ("hXXp://a.cz", "http://a.cz"),
        ] {
            assert_eq!(refang(inert), live);
        }
    }

    #[test]
    fn shapes_are_told_apart() {
        use IndicatorType::*;
        for (text, want) in [
            ("192.0.2.7", Some((Address, "192.0.2.7"))),
            ("::ffff:192.0.2.7", Some((Address, "192.0.2.7"))),
            ("20.11.11.67:443", Some((Address, "20.11.11.67"))),
            ("[2001:DB8::1]:443", Some((Address, "2001:db8::1"))),
            ("192.0.2.77/24", Some((Network, "192.0.2.0/24"))),
            ("Evil.Example.COM.", Some((Domain, "evil.example.com"))),
            ("*.evil.com", Some((Domain, "evil.com"))),
            ("evil.com:8080", Some((Url, "evil.com:8080/"))),
            ("HTTP://Evil.com:80/A?b#c", Some((Url, "evil.com/A?b"))),
            ("evil.com/a.php", Some((Url, "evil.com/a.php"))),
            ("D41D8CD98F00B204E9800998ECF8427E", Some((Md5, "d41d8cd98f00b204e9800998ecf8427e"))),
            ("Foo@Bar.cz", Some((Mail, "foo@bar.cz"))),
            (r"C:\Users\Public\x y.exe", Some((FilePath, "c:/users/public/x y.exe"))),
            (r"HKEY_CURRENT_USER\Software\Evil\X", Some((RegistryKey, "hkcu/software/evil/x"))),
            ("SameCoin Loader", None),
            ("word", None),
            ("1.2.3", None),
            ("/tbl_add.php", None),
        ] {
            let got = guess(text);
            assert_eq!(got.as_ref().map(|(t, v)| (*t, v.as_str())), want, "{text}");
        }
    }

    #[test]
    fn a_range_is_the_fewest_prefixes() {
        let text = |range: &str| {
            let all = networks(range).expect("a range");
            all.iter().map(|(a, n)| format!("{a}/{n}")).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(text("10.0.0.0-10.255.255.255"), "10.0.0.0/8");
        assert_eq!(
            text("192.0.2.1-192.0.2.6"),
            "192.0.2.1/32 192.0.2.2/31 192.0.2.4/31 192.0.2.6/32"
        );
        assert_eq!(text("0.0.0.0-255.255.255.255"), "0.0.0.0/0");
        assert_eq!(text("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "::/0");
        assert!(networks("192.0.2.6-192.0.2.1").is_none());
        let all = networks("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe").expect("a range");
        assert_eq!(all.len(), 254);
    }

    #[test]
    fn a_key_by_whichever_name() {
        for key in [
            r"HKEY_LOCAL_MACHINE\SYSTEM\ControlSet001\Services\evil",
            r"\REGISTRY\MACHINE\SYSTEM\CurrentControlSet\Services\Evil",
            r"HKLM:\System\CurrentControlSet\Services\evil\",
        ] {
            assert_eq!(
                registry(key).as_deref(),
                Some("hklm/system/currentcontrolset/services/evil")
            );
        }
        assert_eq!(
            registry(r"HKU\S-1-5-21-1-2-3-1001\Software\Evil").as_deref(),
            Some("hkcu/software/evil")
        );
    }
}
