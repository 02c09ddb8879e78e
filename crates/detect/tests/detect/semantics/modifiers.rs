//! Modifiers appendix: "Generic Modifiers", "Numeric Modifiers", "Time Modifiers", "Specific
//! Modifiers"; rules specification: "Field Existence", "Placeholders".

use super::{L, N, Ns, Null, S, check, meets};

#[test]
fn contains_startswith_endswith() {
    check(&[
        ("{A|contains: ' -enc'}", S("powershell -ENC x"), true),
        ("{A|startswith: power}", S("PowerShell"), true),
        ("{A|startswith: shell}", S("PowerShell"), false),
        ("{A|endswith: shell}", S("PowerShell"), true),
        ("{A|endswith: power}", S("PowerShell"), false),
        ("{A|contains: 'a*c'}", S("xabcx"), true),
        ("{A|startswith: 'a?c'}", S("abcx"), true),
        ("{A|startswith: 'a?c'}", S("xabc"), false),
        ("{A|endswith: 'a?c'}", S("xabc"), true),
        ("{A|contains: 7}", N("1789"), true),
        ("{A|contains: true}", S("is TRUE!"), true),
        ("{A|contains: [x, b]}", S("abc"), true),
        ("{A|contains: b}", L(&["x", "abc"]), true),
        ("{A|contains: b}", Null, false),
    ]);
}

#[test]
fn all() {
    check(&[
        ("{A|contains|all: [a, b]}", S("xbxa"), true),
        ("{A|contains|all: [a, b]}", S("xbx"), false),
        ("{A|all|contains: [a, b]}", S("xbxa"), true),
        ("{A|startswith|all: [a, ab]}", S("abc"), true),
        ("{A|re|all: [a, 'b$']}", S("ab"), true),
        ("{A|re|all: [a, 'b$']}", S("ba"), false),
        // Of a list, another member may meet each value.
        ("{A|contains|all: [a, b]}", L(&["a", "b"]), true),
        ("{A|all: [a, b]}", L(&["b", "a"]), true),
        ("{A|all: [a, b]}", S("a"), false),
        // A single value needs no `all`; it is not held against the rule.
        ("{A|contains|all: a}", S("xax"), true),
    ]);
}

#[test]
fn cased() {
    check(&[
        ("{A|cased: Ab}", S("Ab"), true),
        ("{A|cased: Ab}", S("AB"), false),
        ("{A|contains|cased: Ab}", S("xAbx"), true),
        ("{A|contains|cased: Ab}", S("xabx"), false),
        ("{A|startswith|cased: Ab}", S("abx"), false),
        ("{A|endswith|cased: Ab}", S("xAb"), true),
        ("{A|cased: 'A*b'}", S("Axb"), true),
        ("{A|cased: 'A*b'}", S("AxB"), false),
        ("{A|cased|contains|windash: ' -Ab'}", S("x /Ab"), true),
        ("{A|cased|contains|windash: ' -Ab'}", S("x /ab"), false),
        ("{A|cased: [ab, Ab]}", S("Ab"), true),
        ("{A|cased|re: Ab}", S("ab"), false),
        ("{A|cased: 7}", N("7"), true),
        ("{A|cased|expand: '%admins%'}", S("novak"), false),
    ]);
}

#[test]
fn exists() {
    check(&[
        ("{A|exists: true}", S("x"), true),
        ("{A|exists: true}", S(""), true),
        // Presence alone counts, not the value.
        ("{A|exists: true}", Null, true),
        ("{A|exists: false}", Null, false),
        ("{A|exists: false}", S(""), false),
        ("{B|exists: true}", S("x"), false),
        ("{B|exists: false}", S("x"), true),
        ("{B|exists: 'no'}", S("x"), true),
    ]);
}

#[test]
fn neq() {
    check(&[
        ("{A|neq: a}", S("b"), true),
        ("{A|neq: a}", S("A"), false),
        ("{A|neq|cased: a}", S("A"), true),
        ("{B|neq: a}", S("x"), false),
        ("{A|neq: [a, b]}", S("b"), false),
        ("{A|neq: [a, b]}", S("c"), true),
        ("{A|neq: 7}", N("8"), true),
        ("{A|neq: 7}", S("7"), false),
        ("{A|neq: 'a*'}", S("abc"), false),
        ("{A|contains|neq: a}", S("bab"), false),
        ("{A|neq: null}", S(""), true),
        ("{A|neq: null}", Null, false),
        ("{B|neq: null}", S("x"), false),
        // Of a list: no member is that.
        ("{A|neq: a}", L(&["a", "b"]), false),
    ]);
    assert!(meets("{A|fieldref|neq: B}", &[("A", S("x")), ("B", S("y"))]));
    assert!(!meets("{A|fieldref|neq: B}", &[("A", S("x")), ("B", S("X"))]));
}

#[test]
fn greater_and_less() {
    check(&[
        ("{A|gt: 5}", S("6"), true),
        ("{A|gt: 5}", N("5"), false),
        ("{A|gte: 5}", N("5"), true),
        ("{A|lt: 5}", N("5"), false),
        ("{A|lt: 5}", N("-7"), true),
        ("{A|lte: 5.5}", N("5.4"), true),
        ("{A|gt: '5'}", N("6"), true),
        // As numbers, not as text.
        ("{A|gt: 9}", S("10"), true),
        ("{A|gt: 5}", S("many"), false),
        ("{A|gt: 5}", Null, false),
        ("{B|lt: 5}", N("1"), false),
        ("{A|gt: [5, 10]}", N("7"), true),
        ("{A|gt|all: [5, 10]}", N("7"), false),
        ("{A|gt: 5}", Ns(&["1", "6"]), true),
        ("{A|gt|neq: 5}", N("5"), true),
    ]);
}

#[test]
fn parts_of_a_time() {
    let time = S("2024-05-06T07:08:09Z");
    check(&[
        ("{A|minute: 8}", time, true),
        ("{A|hour: 7}", time, true),
        ("{A|hour: 8}", time, false),
        ("{A|day: 6}", time, true),
        ("{A|week: 19}", time, true),
        ("{A|month: 5}", time, true),
        ("{A|year: 2024}", time, true),
        ("{A|hour: [6, 7]}", time, true),
        ("{A|hour: '7'}", time, true),
        ("{A|hour|neq: 7}", time, false),
        ("{A|minute: 8}", S("2024-05-06 07:08:09"), true),
        ("{A|week: 19}", S("2024-05-06T07:08:09.123456+00:00"), true),
        // Seconds and milliseconds since 1970.
        ("{A|day: 6}", N("1714979289"), true),
        ("{A|minute: 8}", N("1714979289.5"), true),
        ("{A|hour: 7}", N("1714979289000"), true),
        // In UTC, whatever zone the text names.
        ("{A|hour: 5}", S("2024-05-06T07:08:09+02:00"), true),
        // ISO 8601: a week belongs to the year that has its Thursday.
        ("{A|week: 53}", S("2021-01-01T00:00:00Z"), true),
        ("{A|hour: 7}", S("soon"), false),
        ("{A|hour: 7}", Null, false),
        // A part is a number, and compared as one.
        ("{A|hour|gte: 7}", time, true),
        ("{A|hour|gt: 7}", time, false),
        ("{A|hour|lt: 8}", time, true),
        ("{A|lte|hour: 6}", time, false),
    ]);
}

#[test]
fn fieldref() {
    let pair = [("A", S("Novak")), ("B", S("NOVAK")), ("C", S("mznovakx")), ("E", Null)];
    for (selection, expected) in [
        ("{A|fieldref: B}", true),
        ("{A|fieldref: C}", false),
        ("{A|fieldref|cased: B}", false),
        ("{C|fieldref|contains: A}", true),
        ("{C|contains|fieldref: A}", true),
        ("{C|fieldref|startswith: A}", false),
        ("{B|fieldref|startswith: A}", true),
        ("{B|fieldref|endswith: A}", true),
        ("{A|fieldref: [C, B]}", true),
        ("{A|fieldref|all: [C, B]}", false),
        // Where there is nothing to compare with, nothing is equal.
        ("{A|fieldref: D}", false),
        ("{D|fieldref: A}", false),
        ("{E|fieldref: D}", false),
    ] {
        assert_eq!(meets(selection, &pair), expected, "{selection}");
    }
    let lists = [("A", L(&["x", "y"])), ("B", S("Y")), ("N", N("7")), ("T", S("7"))];
    assert!(meets("{A|fieldref: B}", &lists));
    assert!(meets("{N|fieldref: T}", &lists));
    // The value is a name, not a pattern: wildcards of the other field's value mean nothing.
    assert!(!meets("{A|fieldref: B}", &[("A", S("abc")), ("B", S("a*"))]));
}

#[test]
fn expand() {
    check(&[
        ("{A|expand: '%admins%'}", S("novak"), true),
        // Values are patterns.
        ("{A|expand: '%admins%'}", S("svc-backup"), true),
        ("{A|expand: '%admins%'}", S("kral"), false),
        ("{A|contains|expand: 'x%admins%'}", S("...xnovak..."), true),
        ("{A|expand: '%admins%@%admins%'}", S("novak@svc-1"), true),
        ("{A|expand: '%admins%@%admins%'}", S("novak@kral"), false),
        ("{A|expand: ['kral', '%admins%']}", S("kral"), true),
        ("{A|expand|re: '^%admins%$'}", S("Novak"), true),
        // Without the modifier, percent signs are text; with it, an escaped one is.
        ("{A: '%admins%'}", S("%ADMINS%"), true),
        (r"{A|expand: '\%plain%admins%'}", S("%plainNovak"), true),
        (r"{A|expand: 'C:\\%admins%'}", S(r"C:\novak"), true),
        ("{A|expand: '100%'}", S("100%"), true),
        ("{A|expand: 7}", N("7"), true),
        ("{A|expand|base64: '%name%'}", S("Tm92YWs="), true),
    ]);
}
