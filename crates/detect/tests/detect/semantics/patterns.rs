//! Modifiers appendix: "String Modifiers" (`windash`), "Regular Expression", "Encoding", "IP Modifiers".

use super::{L, N, Null, S, check};

#[test]
fn windash() {
    check(&[
        ("{A|contains|windash: ' -urlcache'}", S("certutil -urlcache"), true),
        ("{A|contains|windash: ' -urlcache'}", S("certutil /urlcache"), true),
        ("{A|contains|windash: ' -urlcache'}", S("certutil \u{2013}urlcache"), true),
        ("{A|contains|windash: ' -urlcache'}", S("certutil \u{2014}urlcache"), true),
        ("{A|contains|windash: ' -urlcache'}", S("certutil \u{2015}urlcache"), true),
        ("{A|contains|windash: ' -urlcache'}", S("certutil \u{2212}urlcache"), false),
        ("{A|contains|windash: ' /c'}", S("cmd -c x"), true),
        ("{A|contains|windash: ' \u{2013}c'}", S("cmd /c x"), true),
        ("{A|windash: '-a /b'}", S("/a \u{2014}b"), true),
        ("{A|contains|windash: '-a*-b'}", S("x /a x /b x"), true),
        ("{A|startswith|windash: -f}", S("/f x"), true),
        ("{A|endswith|windash|all: [' -a', ' -a']}", S("x /a"), true),
        // Of two dashes the second begins the word.
        ("{A|windash: '--a'}", S("-/a"), true),
        ("{A|windash: '--a'}", S("/-a"), false),
        // The dash of an option begins a word; others stay.
        ("{A|contains|windash: 'a-b'}", S("a/b"), false),
        ("{A|contains|windash: 'a-b'}", S("a-b"), true),
        ("{A|contains|windash: 'a - b'}", S("a / b"), false),
        ("{A|windash: 7}", N("7"), true),
        // Before an encoding, every spelling is encoded.
        ("{A|windash|base64: '-e'}", S("LWU="), true),
        ("{A|windash|base64: '-e'}", S("L2U="), true),
        ("{A|windash|wide|base64offset|contains: ' -enc'}", S("IAAvAGUAbgBjAA=="), true),
    ]);
}

#[test]
fn regular_expressions() {
    check(&[
        ("{A|re: '^a.c$'}", S("abc"), true),
        ("{A|re: 'b'}", S("abc"), true),
        ("{A|re: 'abc'}", S("ABC"), false),
        ("{A|re: '^(ab|cd)+[0-9]{2,3}x?$'}", S("abcd123"), true),
        ("{A|re: '[^a-z]'}", S("abc"), false),
        // No wildcards and no escapes of Sigma's.
        (r"{A|re: 'a\*b'}", S("a*b"), true),
        (r"{A|re: 'C:\\x'}", S(r"C:\x"), true),
        ("{A|re: 'a*$'}", S("xyz"), true),
        ("{A|re: [x, '^b']}", S("bc"), true),
        ("{A|re: '^7'}", N("789"), true),
        ("{A|re: '^b$'}", L(&["a", "b"]), true),
        ("{A|re: ''}", Null, false),
        ("{A|re|neq: '^a'}", S("b"), true),
    ]);
}

#[test]
fn flags_of_regular_expressions() {
    check(&[
        ("{A|re|i: 'abc'}", S("ABC"), true),
        ("{A|re: 'a.c'}", S("a\nc"), false),
        ("{A|re|s: 'a.c'}", S("a\nc"), true),
        ("{A|re: '^b'}", S("a\nb"), false),
        ("{A|re|m: '^b'}", S("a\nb"), true),
        ("{A|re|m: 'a$'}", S("a\nb"), true),
        ("{A|re|i|m|s: '^B.C$'}", S("a\nb\nc"), true),
        ("{A|re|i: ['x', 'ABC']}", S("abc"), true),
    ]);
}

#[test]
fn encodings() {
    check(&[
        ("{A|base64: foobar}", S("Zm9vYmFy"), true),
        ("{A|base64|contains: foobar}", S("x Zm9vYmFy x"), true),
        ("{A|base64: [a, foobar]}", S("Zm9vYmFy"), true),
        (r"{A|base64: 'a\*'}", S("YSo="), true),
        ("{A|base64: 123}", S("MTIz"), true),
        ("{A|base64: 123}", N("123"), false),
        ("{A|wide|base64: true}", S("dAByAHUAZQA="), true),
        // "http://" at the three places of a group.
        ("{A|base64offset|contains: 'http://'}", S("aHR0cDovL2V4YW1wbGU="), true),
        ("{A|base64offset|contains: 'http://'}", S("eGh0dHA6Ly9leGFtcGxl"), true),
        ("{A|base64offset|contains: 'http://'}", S("eHlodHRwOi8vZXhhbXBsZQ=="), true),
        ("{A|base64offset|contains: ['ftp://', 'http://']}", S("aHR0cDovL2E="), true),
        ("{A|base64offset|contains: 'http://'}", S("ZnRwOi8vYQ=="), false),
        ("{A|wide|base64offset|contains: ping}", S("cABpAG4AZwA="), true),
        ("{A|utf16le|base64offset|contains: ping}", S("cABpAG4AZwA="), true),
        ("{A|utf16be|base64: ab}", S("AGEAYg=="), true),
        ("{A|utf16|base64: a}", S("//5hAA=="), true),
        ("{A|wide: cmd}", S("c\0m\0d\0"), true),
        ("{A|utf16be|contains: cmd}", S("x\0c\0m\0d"), true),
    ]);
}

#[test]
fn networks() {
    check(&[
        ("{A|cidr: 192.168.0.0/16}", S("192.168.7.1"), true),
        ("{A|cidr: 192.168.0.0/16}", S("192.169.0.1"), false),
        ("{A|cidr: 10.0.0.0/8}", S("10.255.255.255"), true),
        ("{A|cidr: 0.0.0.0/0}", S("8.8.8.8"), true),
        ("{A|cidr: '::/0'}", S("8.8.8.8"), false),
        ("{A|cidr: 'fe80::/10'}", S("FE80::1"), true),
        ("{A|cidr: '2001:db8::/32'}", S("2001:0DB8:0000::0001"), true),
        ("{A|cidr: '2001:db8::/32'}", S("2001:db9::1"), false),
        ("{A|cidr: '::1/128'}", S("0:0:0:0:0:0:0:1"), true),
        ("{A|cidr: 10.0.0.1}", S("10.0.0.1"), true),
        ("{A|cidr: [10.0.0.0/8, 172.16.0.0/12]}", S("172.31.0.1"), true),
        ("{A|cidr: 10.0.0.0/8}", L(&["8.8.8.8", "10.1.1.1"]), true),
        ("{A|cidr: 10.0.0.0/8}", S("10.0.0.1:443"), false),
        ("{A|cidr: 10.0.0.0/8}", S("localhost"), false),
        ("{A|cidr: 10.0.0.0/8}", S(""), false),
        ("{A|cidr|neq: 10.0.0.0/8}", S("8.8.8.8"), true),
    ]);
}
