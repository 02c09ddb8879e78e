//! What each part of a rule means, value by value.

use std::sync::Arc;

use blanik_detect::{Document, Options, Rules, Scanner};
use blanik_model::{EventBatch, Kind, ListBuilder, OwnedValue, RawBlock, SourceId, Type, Value};

/// Whether a selection (YAML, one line) meets an event of these fields.
fn meets(selection: &str, fields: &[(&str, Given)]) -> bool {
    let text =
        format!("title: t\nlogsource: {{}}\ndetection:\n    s: {selection}\n    condition: s\n");
    let document = Document { origin: "t".into(), text };
    let options = Options {
        placeholders: [("admins".to_owned(), vec!["Novak".to_owned(), "svc-*".to_owned()])].into(),
    };
    let (rules, problems) = Rules::compile([&document], &options);
    assert!(problems.is_empty(), "{selection}: {problems:?}");
    let mut batch = EventBatch::new(Arc::new(Kind::default()));
    let block: RawBlock = Arc::new(Vec::new());
    batch.begin_row(None, SourceId(0), 1, 0, &block, 0..0);
    for (name, given) in fields {
        batch.set(name, given.value().get());
    }
    let mut found = false;
    Scanner::new(Arc::new(rules)).scan(&batch, |_, _| found = true);
    found
}

#[derive(Clone, Copy, Debug)]
enum Given {
    S(&'static str),
    N(&'static str),
    B(bool),
    Null,
    L(&'static [&'static str]),
}
use Given::{B, L, N, Null, S};

impl Given {
    fn value(self) -> OwnedValue {
        match self {
            S(text) => Value::string(text).to_owned(),
            N(text) => Value { ty: Type::Number, text }.to_owned(),
            B(b) => Value::bool(b).to_owned(),
            Null => Value::NULL.to_owned(),
            L(members) => {
                let mut list = ListBuilder::default();
                members.iter().for_each(|m| list.push(Value::string(m)));
                list.value().to_owned()
            }
        }
    }
}

/// Each line: a selection, the value of field `A`, and whether they meet.
fn check(cases: &[(&str, Given, bool)]) {
    for (selection, given, expected) in cases {
        assert_eq!(meets(selection, &[("A", *given)]), *expected, "{selection} on {given:?}");
    }
}

#[test]
fn values() {
    check(&[
        ("{A: whoami}", S("WHOAMI"), true),
        ("{A: whoami}", S("whoami.exe"), false),
        ("{A: ['x', 'y']}", S("y"), true),
        (r"{A: '*\cmd.exe'}", S(r"C:\Windows\System32\CMD.EXE"), true),
        (r"{A: 'a\*b'}", S("a*b"), true),
        (r"{A: 'a\*b'}", S("axb"), false),
        ("{A: 'a?c'}", S("abc"), true),
        ("{A: ''}", S(""), true),
        ("{A: ''}", S("x"), false),
        ("{A: null}", Null, true),
        ("{A: null}", S(""), false),
        ("{B: null}", S("x"), true),
        ("{A: 4688}", N("4688"), true),
        ("{A: 4688}", S("4688"), true),
        ("{A: '4688'}", N("4688"), true),
        ("{A: 7}", N("7.0"), true),
        ("{A: true}", B(true), true),
        ("{A: true}", S("True"), true),
        ("{A: 'true'}", B(true), true),
        ("{A: false}", B(true), false),
        ("{A: b}", L(&["a", "B"]), true),
        ("{A|contains|all: [a, b]}", L(&["a", "b"]), true),
        ("{A: ČAU}", S("čau"), true),
    ]);
}

#[test]
fn text_modifiers() {
    check(&[
        ("{A|contains: ' -enc'}", S("powershell -ENC x"), true),
        ("{A|startswith: power}", S("PowerShell"), true),
        ("{A|endswith: shell}", S("PowerShell"), true),
        ("{A|contains|all: [a, b]}", S("xbxa"), true),
        ("{A|contains|all: [a, b]}", S("xbx"), false),
        ("{A|contains|cased: Ab}", S("xAbx"), true),
        ("{A|contains|cased: Ab}", S("xabx"), false),
        ("{A|cased: Ab}", S("AB"), false),
        ("{A|contains: 'a*c'}", S("xabcx"), true),
        ("{A|startswith: 'a?c'}", S("abcx"), true),
        ("{A|contains: 7}", N("1789"), true),
        ("{A|neq: a}", S("b"), true),
        ("{A|neq: a}", S("A"), false),
        ("{B|neq: a}", S("x"), false),
        ("{A|neq: [a, b]}", S("b"), false),
    ]);
}

#[test]
fn encodings() {
    check(&[
        // "  http://" at the three places of a base64 group.
        ("{A|base64offset|contains: 'http://'}", S("aHR0cDovL2V4YW1wbGU="), true),
        ("{A|base64offset|contains: 'http://'}", S("eGh0dHA6Ly9leGFtcGxl"), true),
        ("{A|base64offset|contains: 'http://'}", S("eHlodHRwOi8vZXhhbXBsZQ=="), true),
        ("{A|base64: foobar}", S("Zm9vYmFy"), true),
        ("{A|wide|base64offset|contains: ping}", S("cABpAG4AZwA="), true),
        ("{A|utf16le|base64offset|contains: ping}", S("cABpAG4AZwA="), true),
        ("{A|utf16be|base64: ab}", S("AGEAYg=="), true),
        ("{A|utf16|base64: a}", S("//5hAA=="), true),
        ("{A|contains|windash: ' -urlcache'}", S("certutil /urlcache"), true),
        ("{A|contains|windash: ' -urlcache'}", S("certutil –urlcache"), true),
        ("{A|contains|windash: ' -urlcache'}", S("certutil -urlcache"), true),
        ("{A|contains|windash: ' /c'}", S("cmd -c x"), true),
        ("{A|contains|windash: 'a-b'}", S("a/b"), false),
        ("{A|expand: '%admins%'}", S("novak"), true),
        ("{A|expand: '%admins%'}", S("svc-backup"), true),
        ("{A|contains|expand: 'x%admins%'}", S("...xnovak..."), true),
    ]);
}

#[test]
fn other_comparisons() {
    check(&[
        ("{A|re: '^a.c$'}", S("abc"), true),
        ("{A|re: 'abc'}", S("ABC"), false),
        ("{A|re|i: 'abc'}", S("ABC"), true),
        ("{A|re|s: 'a.c'}", S("a\nc"), true),
        ("{A|re: 'a.c'}", S("a\nc"), false),
        ("{A|re|m: '^b'}", S("a\nb"), true),
        ("{A|cidr: 192.168.0.0/16}", S("192.168.7.1"), true),
        ("{A|cidr: 'fe80::/10'}", S("FE80::1"), true),
        ("{A|cidr: 192.168.0.0/16}", S("192.169.0.1"), false),
        ("{A|cidr: 10.0.0.1}", S("10.0.0.1"), true),
        ("{A|exists: true}", S(""), true),
        ("{A|exists: true}", Null, false),
        ("{B|exists: false}", S("x"), true),
        ("{A|gt: 5}", S("6"), true),
        ("{A|gte: 5}", N("5"), true),
        ("{A|lt: 5}", N("5"), false),
        ("{A|lte: 5.5}", N("5.4"), true),
        ("{A|gt: 5}", S("many"), false),
        ("{A|hour: 7}", S("2024-05-06T07:08:09Z"), true),
        ("{A|minute: 8}", S("2024-05-06 07:08:09"), true),
        ("{A|day: 6}", N("1714979289"), true),
        ("{A|week: 19}", S("2024-05-06T07:08:09+00:00"), true),
        ("{A|month: 5}", S("2024-05-06T07:08:09Z"), true),
        ("{A|year: 2024}", S("2024-05-06T07:08:09Z"), true),
    ]);
}

#[test]
fn other_fields_and_keywords() {
    let pair = [("A", S("Novak")), ("B", S("NOVAK")), ("C", S("mznovakx"))];
    assert!(meets("{A|fieldref: B}", &pair));
    assert!(!meets("{A|fieldref|cased: B}", &pair));
    assert!(meets("{C|fieldref|contains: A}", &pair));
    assert!(!meets("{A|fieldref: D}", &pair));
    assert!(meets("['nova?']", &pair));
    assert!(meets("['zzz', 'mzn']", &pair));
    assert!(meets("{'|all': ['mzn', 'novak']}", &pair));
    assert!(!meets("{'|all': ['mzn', 'zzz']}", &pair));
    assert!(meets("{'|re': '^Nov'}", &pair));
    assert!(meets("[4625]", &[("A", N("4625"))]));
}
