//! Rules specification: "General", "String Wildcard", "Escape Character", "Special Field Values".

use super::{B, L, N, Ns, Null, S, check};

#[test]
fn text_is_compared_whole_and_without_case() {
    check(&[
        ("{A: whoami}", S("WHOAMI"), true),
        ("{A: whoami}", S("whoami.exe"), false),
        ("{A: ČAU}", S("čau"), true),
        ("{A: ['x', 'y']}", S("y"), true),
        ("{A: ['x', 'y']}", S("z"), false),
        ("{A: b}", L(&["a", "B"]), true),
        ("{A: c}", L(&["a", "B"]), false),
        // Quotation marks are YAML's, not Sigma's.
        ("{A: 'it''s'}", S("it's"), true),
        (r#"{A: "it's"}"#, S("it's"), true),
        ("{A: '$(x).[y]'}", S("$(X).[Y]"), true),
    ]);
}

#[test]
fn wildcards() {
    check(&[
        ("{A: 'prog?.exe'}", S("progA.exe"), true),
        ("{A: 'prog?.exe'}", S("prog.exe"), false),
        ("{A: 'prog?.exe'}", S("progAB.exe"), false),
        ("{A: 'antivirus_V*.exe'}", S("antivirus_V21.2.1.exe"), true),
        ("{A: 'antivirus_V*.exe'}", S("antivirus_V.exe"), true),
        (r"{A: '*\cmd.exe'}", S(r"C:\Windows\System32\CMD.EXE"), true),
        ("{A: 'a*'}", S("a\nb"), true),
        ("{A: '?'}", S("č"), true),
        ("{A: '*'}", S(""), true),
        ("{A: '?*'}", S(""), false),
        ("{A: '*'}", N("7"), true),
        ("{A: '*'}", Null, false),
        ("{B: '*'}", S("x"), false),
    ]);
}

#[test]
fn escapes() {
    check(&[
        // A backslash before anything but a wildcard or a backslash is one.
        (r"{A: 'C:\x'}", S(r"C:\x"), true),
        (r"{A: 'C:\\x'}", S(r"C:\x"), true),
        (r"{A: 'x\'}", S(r"x\"), true),
        (r"{A: '\x'}", S(r"\x"), true),
        // An escaped wildcard is plain.
        (r"{A: 'a\*b'}", S("a*b"), true),
        (r"{A: 'a\*b'}", S("axb"), false),
        (r"{A: 'a\?b'}", S("a?b"), true),
        (r"{A: 'a\?b'}", S("axb"), false),
        (r"{A: '\*'}", S("*"), true),
        (r"{A: 'a\*'}", S("ab"), false),
        // An escaped backslash, then a wildcard.
        (r"{A: 'a\\*'}", S(r"a\bc"), true),
        (r"{A: 'a\\*'}", S("abc"), false),
        (r"{A: 'a\\?'}", S(r"a\b"), true),
        (r"{A: '\\*'}", S(r"\x"), true),
        // Both escaped.
        (r"{A: 'a\\\*'}", S(r"a\*"), true),
        (r"{A: 'a\\\*'}", S(r"a\b"), false),
        // Three or four are two.
        (r"{A: 'a\\\b'}", S(r"a\\b"), true),
        (r"{A: 'a\\\\b'}", S(r"a\\b"), true),
        (r"{A: 'a\\\\*'}", S(r"a\\b"), true),
        (r"{A: '\\\\srv\share'}", S(r"\\SRV\share"), true),
        // Under the modifiers that add wildcards, the text's own end does not escape them.
        (r"{A|endswith: '\cmd.exe'}", S(r"C:\cmd.exe"), true),
        (r"{A|startswith: 'C:\'}", S(r"C:\cmd.exe"), true),
        (r"{A|contains: '\Temp\'}", S(r"C:\Temp\x"), true),
        (r"{A|contains: 'a\*b'}", S("xa*bx"), true),
        (r"{A|contains: 'a\*b'}", S("xazbx"), false),
        (r"{A|contains: 'a\\*b'}", S(r"xa\zbx"), true),
    ]);
}

#[test]
fn empty_null_and_missing() {
    check(&[
        ("{A: ''}", S(""), true),
        ("{A: ''}", S("x"), false),
        ("{A: ''}", Null, false),
        ("{B: ''}", S("x"), false),
        ("{A: null}", Null, true),
        ("{A: null}", S(""), false),
        ("{A: null}", L(&[]), false),
        ("{A: }", Null, true),
        ("{A: 'null'}", S("NULL"), true),
        ("{A: 'null'}", Null, false),
        ("{B: null}", S("x"), true),
        // Not the specification's, but rules write it: null in a list is one of the choices.
        ("{A: [null, '']}", S(""), true),
        ("{A: [null, '']}", Null, true),
        ("{B: [null, '']}", S("x"), true),
    ]);
}

#[test]
fn numbers() {
    check(&[
        ("{A: 4688}", N("4688"), true),
        ("{A: 4688}", S("4688"), true),
        ("{A: '4688'}", N("4688"), true),
        ("{A: '46*'}", N("4688"), true),
        ("{A: 7}", N("7.0"), true),
        ("{A: '7'}", N("7.0"), false),
        ("{A: -1}", S("-1"), true),
        ("{A: 1.5}", N("1.50"), true),
        ("{A: [1, 2]}", N("2"), true),
        ("{A: 2}", Ns(&["1", "2"]), true),
        ("{A: 7}", S("seven"), false),
        // Beyond what a float can tell apart.
        ("{A: 9007199254740993}", N("9007199254740993"), true),
        ("{A: 9007199254740993}", N("9007199254740992"), false),
        ("{A: '0x17'}", S("0X17"), true),
    ]);
}

#[test]
fn truth_values() {
    check(&[
        ("{A: true}", B(true), true),
        ("{A: true}", S("True"), true),
        ("{A: 'true'}", B(true), true),
        ("{A: false}", B(true), false),
        ("{A: false}", S("0"), true),
        ("{A: true}", Null, false),
        ("{B: false}", B(true), false),
    ]);
}
