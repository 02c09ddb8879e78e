//! Rules specification: "Lists", "Maps", "Field Usage", "Keywords search".

use super::{Given, L, N, Null, S, meets};

fn check(fields: &[(&str, Given)], cases: &[(&str, bool)]) {
    let wrong: Vec<_> =
        cases.iter().filter(|(s, expected)| meets(s, fields) != *expected).collect();
    assert!(wrong.is_empty(), "not so on {fields:?}: {wrong:#?}");
}

#[test]
fn maps_and_lists_of_maps() {
    check(
        &[("A", S("x")), ("B", S("y"))],
        &[
            ("{A: x, B: y}", true),
            ("{A: x, B: z}", false),
            ("[{A: z}, {B: y}]", true),
            ("[{A: x, B: z}, {A: z, B: y}]", false),
            ("[{A: z}, {A: x, B: y}]", true),
            // One field twice, by different modifiers.
            ("{A|startswith: x, A|endswith: y}", false),
            // Lists in lists are one list.
            ("[[{A: z}], [{B: y}]]", true),
            // Maps and keywords in one list.
            ("[{A: z}, 'y']", true),
            ("[{A: z}, 'w']", false),
        ],
    );
}

#[test]
fn names_of_fields_are_taken_as_written() {
    check(
        &[
            ("New Value", S("x")),
            ("winlog.event_data.Image", S("y")),
            ("cs(User-Agent)", S("z")),
            ("c-uri", S("u")),
            ("args[0]", S("v")),
            ("řádek", S("w")),
            ("@timestamp", S("t")),
        ],
        &[
            ("{New Value: x}", true),
            ("{NewValue: x}", false),
            ("{winlog.event_data.Image|contains: Y}", true),
            ("{'cs(User-Agent)': z}", true),
            ("{c-uri: u}", true),
            ("{C-URI: u}", false),
            ("{'args[0]': v}", true),
            ("{řádek: w}", true),
            ("{'@timestamp': t}", true),
        ],
    );
}

#[test]
fn keywords() {
    check(
        &[("A", S("Novak")), ("B", S("deleted MZNOVAKX on srv1")), ("C", N("4625"))],
        &[
            ("['novak']", true),
            ("['nova?']", true),
            ("['zzz', 'mzn']", true),
            ("['zzz', 'yyy']", false),
            ("'mznovakx'", true),
            ("[4625]", true),
            ("[462]", true),
            ("['deleted*srv1']", true),
            // All of them, each in a value of its own if need be.
            ("{'|all': ['mzn', 'novak']}", true),
            ("{'|all': ['srv1', '4625']}", true),
            ("{'|all': ['mzn', 'zzz']}", false),
            ("{'|re': '^Nov'}", true),
            ("{'|re|all': ['^Nov', 'srv[0-9]$']}", true),
            ("{'|contains': ['zzz', 'OVA']}", true),
            ("{'|startswith': 'srv1'}", false),
            ("{'|cased': 'novak'}", false),
            ("{'|cased': 'Novak'}", true),
            // One keyword does not reach over two values, and names of fields are not values.
            ("['Novak*4625']", false),
            ("['A']", true),
            ("['C:']", false),
        ],
    );
    check(&[("A", L(&["x", "needle"])), ("B", Null)], &[("['need']", true), ("['null']", false)]);
    // Beside a field in one map.
    check(
        &[("A", S("x")), ("B", S("needle"))],
        &[("{A: x, '|all': [need, x]}", true), ("{A: y, '|all': [need, x]}", false)],
    );
}
