//! Rules specification: "Condition".

use super::{S, rule_meets};

/// Each line: a condition over five selections, and the sets of them that it holds for. A set is
/// given by letters: `a` is `selection_a`, `b` `selection_b`, `f` `filter_main`, `k` `keywords`, `h`
/// `_hidden`.
fn check(cases: &[(&str, &[(&str, bool)])]) {
    for (condition, events) in cases {
        let rule = format!(
            "title: t\nlogsource: {{product: p}}\ndetection:\n    selection_a: {{A: x}}\n    \
             selection_b: {{B: x}}\n    filter_main: {{F: x}}\n    keywords: [needle]\n    _hidden: {{H: x}}\n    \
             condition: {condition}\n"
        );
        for (holding, expected) in *events {
            let value = |letter, yes| S(if holding.contains(letter) { yes } else { "-" });
            let event = [
                ("A", value('a', "x")),
                ("B", value('b', "x")),
                ("F", value('f', "x")),
                ("K", value('k', "a needle")),
                ("H", value('h', "x")),
            ];
            assert_eq!(rule_meets(&rule, &event), *expected, "{condition} on '{holding}'");
        }
    }
}

#[test]
fn and_or_not_and_brackets() {
    check(&[
        ("selection_a", &[("a", true), ("b", false)]),
        ("selection_a and selection_b", &[("ab", true), ("a", false)]),
        ("selection_a or selection_b", &[("b", true), ("", false)]),
        ("keywords and not filter_main", &[("k", true), ("kf", false), ("", false)]),
        ("not selection_a", &[("", true), ("a", false)]),
        ("not not selection_a", &[("a", true), ("", false)]),
        // From the least to the most binding: or, and, not, brackets.
        ("selection_a or selection_b and filter_main", &[("a", true), ("bf", true), ("b", false)]),
        ("(selection_a or selection_b) and filter_main", &[("a", false), ("bf", true)]),
        ("not selection_a and selection_b", &[("b", true), ("ab", false), ("", false)]),
        ("not (selection_a and selection_b)", &[("b", true), ("", true), ("ab", false)]),
        ("not selection_a or selection_b", &[("", true), ("ab", true), ("a", false)]),
        (
            "selection_a and (keywords or (selection_b and not filter_main))",
            &[("ab", true), ("abf", false)],
        ),
        ("_hidden and selection_a", &[("ah", true), ("a", false)]),
        (">-\n        selection_a\n        and selection_b", &[("ab", true), ("a", false)]),
    ]);
}

#[test]
fn one_and_all_of() {
    check(&[
        ("1 of selection_*", &[("a", true), ("b", true), ("fk", false)]),
        ("all of selection_*", &[("ab", true), ("a", false)]),
        ("any of selection_*", &[("b", true), ("f", false)]),
        ("selection_a and not 1 of filter*", &[("a", true), ("af", false)]),
        ("not all of selection_*", &[("a", true), ("ab", false)]),
        ("1 of selection_* and keywords", &[("bk", true), ("b", false)]),
        ("2 of selection_*", &[("ab", true), ("b", false)]),
        // A name without a star is a pattern too.
        ("1 of selection_a", &[("a", true), ("b", false)]),
        // Stars stand anywhere.
        ("1 of *_main", &[("f", true), ("ab", false)]),
        ("1 of sel*_b", &[("b", true), ("a", false)]),
        ("all of *lection*", &[("ab", true), ("a", false)]),
        ("1 of *i*e*_m*", &[("f", true), ("ab", false)]),
        ("1 of f*r_main", &[("f", true)]),
        ("1 of selection_**", &[("a", true)]),
    ]);
}

#[test]
fn them_leaves_out_names_with_an_underscore() {
    check(&[
        ("1 of them", &[("a", true), ("k", true), ("h", false)]),
        ("all of them", &[("abfk", true), ("abf", false), ("abkh", false)]),
        ("1 of *", &[("h", false), ("b", true)]),
        // A pattern that asks for them by the underscore gets them.
        ("1 of _*", &[("h", true), ("a", false)]),
        ("all of _hid*", &[("h", true)]),
    ]);
}

#[test]
fn a_list_of_conditions_is_one_of_them() {
    check(&[
        ("[selection_a, keywords and not filter_main]", &[("a", true), ("k", true), ("kf", false)]),
        ("[selection_a]", &[("a", true), ("b", false)]),
    ]);
}
